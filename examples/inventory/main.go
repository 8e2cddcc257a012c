// Command inventory reports what is backed up and what needs attention: backup and copy jobs of AWS
// Backup, backups of CloudHSM v2 and of OpsWorks CM.
//
//	go run ./examples/inventory                                      recorded data, no network
//	go run ./examples/inventory -live                                your account and region
//	go run ./examples/inventory -live -region us-east-1,eu-west-1 -profile audit -days 1
//	go run ./examples/inventory -json
//
// It prints totals by service, region and state, then what needs attention:
//
//   - backup jobs that failed, expired, were aborted, completed partially or completed with issues, by
//     vault, plan and message category;
//   - backup jobs that did not start by their StartBy;
//   - copy jobs that failed;
//   - CloudHSM backups that are pending deletion, with the hours that are left.
//
// At the end it lists the services that could not be reached, and why. The failure of one service does not
// hide the others.
//
// Jobs with a parent are left out, because the parent's state says how they ended. Sizes are shown by resource
// type and never added up across types: AWS reports the provisioned size for some types, the increment for
// others, and nothing for the rest.
//
// # Exit status
//
//	0  nothing needs attention
//	1  something needs attention
//	2  the report is incomplete, or there is none: a service could not be reached, or the flags are wrong
//
// If something needs attention, as in the recorded data, go run itself prints "exit status 1".
//
// # Live
//
// -live uses the configuration that the AWS CLI uses: environment, shared files, SSO, roles. It needs
// the permissions backup:ListBackupJobs, backup:ListCopyJobs and cloudhsm:DescribeBackups, and changes
// nothing. AWS keeps jobs for 30 days. OpsWorks CM is listed only with -opsworks: AWS switched it off in
// May 2024.
package main

import (
	"context"
	"io"
	"time"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// The exit statuses of the program.
const (
	exitClean = iota
	exitFindings
	exitIncomplete
)

func main() { cli.Main("inventory", program{load: cli.LoadConfig, now: time.Now}.run) }

// program holds what a live run depends on; tests replace it.
type program struct {
	load cli.ConfigLoader
	now  func() time.Time
}

// run is the program, a [cli.Program].
func (p program) run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	o, err := parse(args, stderr)
	if err != nil {
		return exitIncomplete, err
	}
	from, err := p.origin(ctx, o)
	if err != nil {
		return exitIncomplete, err
	}
	report := collect(ctx, from, o)
	if err := o.print(stdout, report); err != nil {
		return exitIncomplete, err
	}
	return report.exitStatus(), nil
}
