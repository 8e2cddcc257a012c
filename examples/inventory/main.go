// Command inventory reports what is backed up and what needs attention: backup and copy jobs of AWS
// Backup, backups of CloudHSM v2 and of OpsWorks CM.
//
//	go run ./examples/inventory                                      recorded data, no network
//	go run ./examples/inventory -protected -all                      every resource, also those without a job
//	go run ./examples/inventory -live                                your account and region
//	go run ./examples/inventory -live -region us-east-1,eu-west-1 -profile audit -max-age 2d
//	go run ./examples/inventory -json
//
// The answer comes first, in a few lines:
//
//   - resources that have no backup within -max-age, of those with a job in the 30 days that AWS keeps; with -protected
//     also of those that AWS Backup says it has backed up before (ListProtectedResources);
//   - backup jobs, copy jobs and OpsWorks CM backups that failed, expired, were aborted, completed partially or completed
//     with issues, unless a later success of the same resource cured that; see the package recency for the rules;
//   - CloudHSM backups that are deleted within -due, or at a time that the service does not tell;
//   - backup jobs that did not start by their StartBy;
//   - what could not be read, and why. The failure of one service does not hide the others. What was not read is "not
//     read" in every total, and null in JSON.
//
// The details follow, then totals by service, region and state. JSON has every resource with its newest backup, and
// every failed resource.
//
// The age of a backup counts from the completion of its job. A resource that no longer exists is named until AWS forgets
// its jobs. In a region whose jobs could not all be read, no resource is named for want of a backup, and no failure counts
// as one that is not cured: the job may be among those that were not read.
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
// the permissions backup:ListBackupJobs, backup:ListCopyJobs and cloudhsm:DescribeBackups, with -protected
// backup:ListProtectedResources, and changes nothing. On a terminal it shows on stderr how far it is. OpsWorks CM is
// listed only with -opsworks: AWS switched it off in May 2024.
package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// The exit statuses of the program.
const (
	exitClean = iota
	exitFindings
	exitIncomplete
)

func main() {
	p := program{load: cli.LoadConfig, now: time.Now, screen: cli.ScreenOf(os.Stdout, os.Stderr)}
	cli.Main("inventory", p.run)
}

// program holds what a run depends on; tests replace it.
type program struct {
	load   cli.ConfigLoader
	now    func() time.Time
	screen cli.Screen
}

// run is the program, a [cli.Program].
func (p program) run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	o, err := parse(args, stderr)
	if err != nil {
		return exitIncomplete, err
	}
	progress := p.screen.Progress(stderr, "item")
	defer progress.Stop()
	from, err := p.origin(ctx, o, progress)
	if err != nil {
		return exitIncomplete, err
	}
	report := collect(ctx, reader{options: o, origin: from, progress: progress})
	progress.Stop()
	if err := o.print(stdout, report, p.screen.Columns()); err != nil {
		return exitIncomplete, err
	}
	return report.exitStatus(), nil
}
