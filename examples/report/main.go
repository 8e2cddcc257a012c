// Command report draws the backups of an account as one HTML page: CloudHSM backups and when they are deleted, resources
// by the age of their newest backup, failures that no later backup cured, copies by destination, jobs a day by state, the
// success rate, and bytes by resource type.
//
//	go run . -o report.html                                  made-up data, no network
//	go run . -text                                           the same in the terminal
//	go run . -org                                            a made-up organisation, no network
//	go run . -live -region us-east-1,eu-west-1 -profile audit -tz Europe/Berlin
//	go run . -live -max-age 36h -since 7d -protected
//	go run . -live -org -role BackupAudit -units ou-ab12-11111111 -tag team=data
//
// A resource is marked if it has no completed backup within -max-age. AWS keeps jobs for 30 days, so a resource whose
// backups stopped earlier has no job; -protected asks AWS Backup for these too. A failure is cured by a later completed job
// of the same resource, and that of a copy by a later copy to the same vault; -cured shows such failures like the others.
// CloudHSM backups are marked if they are deleted within -due.
//
// What could not be read is never shown as zero. The figures and sections of a service that was denied say so. Where a
// part was read, numbers are "at least" what was read, and it is not known which of its resources are late.
//
// The page needs only a browser: it loads nothing from the network and runs no script. Its pictures are SVG,
// drawn with gonum.org/v1/plot, in the colours of the reader's light or dark mode. Below each picture is a
// table of its numbers.
//
// Days and times are in the zone of -tz. Without -children, jobs with a parent are left out, because the
// parent's state says how they ended. Bytes are shown by resource type and never added up across types: AWS
// reports the provisioned size for some types, the increment for others, and nothing for the rest.
//
// # Exit status
//
//	0  the report is complete
//	1  the report lacks something that could not be read, and says what
//	2  there is no report
//
// # Live
//
// -live uses the configuration that the AWS CLI uses. It needs the permissions
// backup:ListBackupJobs, backup:ListCopyJobs and cloudhsm:DescribeBackups, with -protected also
// backup:ListProtectedResources, and changes nothing. It asks STS for the id of the account, which needs no permission.
// With -org it needs the permissions of the package accounts too: the report is of every active account of the organisation,
// in the regions that the account has opted in to, with the role -role in each. An account whose role cannot be assumed is a
// part that could not be read.
// On a terminal it shows its progress on stderr. AWS keeps jobs for 30 days. The page names the resources of the account,
// so only the owner can read a new file (mode 0600). An existing file keeps its mode.
package main

import (
	"context"
	"io"
	"os"
	"time"
	_ "time/tzdata" // for -tz on a system without time zones

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// The exit statuses of the program.
const (
	exitWhole = iota
	exitIncomplete
	exitNothing
)

func main() {
	cli.Main("report", program{load: cli.LoadConfig, now: time.Now, screen: cli.ScreenOf(os.Stdout, os.Stderr)}.run)
}

// program holds what a live run depends on; tests replace it.
type program struct {
	load   cli.ConfigLoader
	now    func() time.Time
	screen cli.Screen
}

// run is the program, a [cli.Program].
func (p program) run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	o, err := parse(args, stderr)
	if err != nil {
		return exitNothing, err
	}
	if err := o.writable(); err != nil {
		return exitNothing, err
	}
	report, err := p.report(ctx, o, stderr)
	if err != nil {
		return exitNothing, err
	}
	if err := o.write(report, p.screen.Columns(), stdout, stderr); err != nil {
		return exitNothing, err
	}
	if len(report.Missing) > 0 {
		return exitIncomplete, nil
	}
	return exitWhole, nil
}

// report reads everything. An error means that there is no report at all.
func (p program) report(ctx context.Context, o options, stderr io.Writer) (Report, error) {
	now := p.clock(o)
	if _, _, err := o.days(now); err != nil {
		return Report{}, err // before anything is asked
	}
	progress := p.screen.Progress(stderr, "item")
	defer progress.Stop()
	from, err := p.origin(ctx, o, now, progress)
	if err != nil {
		return Report{}, err
	}
	words := lo.Async(func() string { return from.words(ctx, progress) }) // beside the listings
	report, err := collect(ctx, from, o, progress)
	report.Source = <-words
	return report, err
}

// clock returns the time of the run: that of the made-up data, or now.
func (p program) clock(o options) time.Time {
	if !o.live {
		return madeUpNow
	}
	return p.now()
}
