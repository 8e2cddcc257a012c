// Command report draws what is backed up as one HTML page: jobs a day by state, how many succeeded,
// bytes by resource type, failures by message category and resource type, copies by destination, and
// CloudHSM backups with those that are about to be deleted.
//
//	go run . -o report.html                                  made-up data, no network
//	go run . -text                                           the same in the terminal
//	go run . -live -region us-east-1,eu-west-1 -profile audit -tz Europe/Berlin
//
// The page needs nothing but a browser: no network, no script, no font from elsewhere. Pictures are
// SVG by gonum.org/v1/plot, in the colours of the reader's light or dark mode, and each has its
// numbers in a table below it.
//
// Days and times are those of -tz. Jobs with a parent are left out unless -children asks for them: the
// parent tells how they ended. Bytes are shown for each resource type and never added up across types:
// AWS reports the provisioned size for some, the increment for others, and nothing for the rest.
//
// # Exit status
//
//	0  the report is whole
//	1  the report is there, but something could not be read; it says what
//	2  there is no report
//
// # Live
//
// -live takes the configuration that the AWS CLI takes. It needs the permissions
// backup:ListBackupJobs, backup:ListCopyJobs and cloudhsm:DescribeBackups, and changes nothing. AWS
// keeps jobs for 30 days. A page over a real account names its resources: a new file is for its owner
// alone (mode 0600); one that is there keeps its mode.
package main

import (
	"context"
	"io"
	"time"
	_ "time/tzdata" // -tz works where the system knows no zones

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// The exit status of the program.
const (
	exitWhole = iota
	exitIncomplete
	exitNothing
)

func main() { cli.Main("report", program{load: cli.LoadConfig, now: time.Now}.run) }

// program is what a live run depends on.
type program struct {
	load cli.ConfigLoader
	now  func() time.Time
}

// run is the [cli.Program].
func (p program) run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	o, err := parse(args, stderr)
	if err != nil {
		return exitNothing, err
	}
	report, err := p.report(ctx, o)
	if err != nil {
		return exitNothing, err
	}
	if err := o.write(report, stdout, stderr); err != nil {
		return exitNothing, err
	}
	if len(report.Missing) > 0 {
		return exitIncomplete, nil
	}
	return exitWhole, nil
}

// report reads everything. An error means that there is no report at all.
func (p program) report(ctx context.Context, o options) (Report, error) {
	from, err := p.origin(ctx, o)
	if err != nil {
		return Report{}, err
	}
	return collect(ctx, from, o)
}
