// Command inventory says what is backed up and what needs attention: backup and copy jobs of AWS
// Backup, backups of CloudHSM v2 and of OpsWorks CM.
//
//	go run ./examples/inventory                                      recorded data, no network
//	go run ./examples/inventory -live                                your account and region
//	go run ./examples/inventory -live -region us-east-1,eu-west-1 -profile audit -days 1
//	go run ./examples/inventory -json
//
// It prints totals by service, region and state, then what needs attention: jobs that failed, expired,
// were aborted, or ended in part or with issues, by vault, plan and message category; jobs that did
// not start by their StartBy; copies that failed; CloudHSM backups that are about to be deleted, and
// in how many hours; and at last what could not be reached, and why. A service that fails does not
// hide the others.
//
// Jobs with a parent are left out: the parent tells how they ended. Sizes stand beside each resource
// type and are never added up across types: AWS reports the provisioned size for some types, the
// increment for others, and nothing for the rest.
//
// # Exit status
//
//	0  nothing needs attention
//	1  something needs attention
//	2  the report is incomplete, or there is none: a service could not be reached, or the flags are wrong
//
// go run itself prints "exit status 1" where something needs attention, as it does on the recorded data.
//
// # Live
//
// -live takes the configuration that the AWS CLI takes: environment, shared files, SSO, roles. It needs
// the permissions backup:ListBackupJobs, backup:ListCopyJobs and cloudhsm:DescribeBackups, and changes
// nothing. AWS keeps jobs for 30 days. OpsWorks CM is asked only with -opsworks: AWS switched it off in
// May 2024.
package main

import (
	"context"
	"io"
	"time"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// The exit status of the program.
const (
	exitClean = iota
	exitFindings
	exitIncomplete
)

func main() { cli.Main("inventory", program{load: cli.LoadConfig, now: time.Now}.run) }

// program is what a live run depends on.
type program struct {
	load cli.ConfigLoader
	now  func() time.Time
}

// run is the [cli.Program].
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
