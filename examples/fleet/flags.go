package main

import (
	"fmt"
	"io"
	"time"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// options are the values of the flags.
type options struct {
	live     bool
	sources  sources.Flags
	days     int
	parallel int
	rate     float64
}

const about = `Lists the backup jobs of many accounts and regions that went wrong, one JSON object a line. Without -live
it does so over made-up accounts, offline.
`

const exitStatus = `Exit status: 0 all sources were listed whole; 1 a source failed, and its row says how; 2 there is no
listing.
`

// parse parses the flags. If they ask for help, it prints the help on stderr and returns flag.ErrHelp.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := cli.NewFlags("fleet", about, exitStatus, &o.live)
	o.sources.Define(f)
	f.IntVar(&o.days, "days", 0, "only jobs of the last `n` days (default: the 30 that AWS keeps)")
	f.IntVar(&o.parallel, "parallel", 16, "at most `n` requests at once")
	f.Float64Var(&o.rate, "rate", 10, "at most `n` requests a second to each source")
	err := f.Parse(args, stderr, o.check)
	return o, err
}

// check rejects flags whose values make no sense. It leaves out what the listing checks itself.
func (o *options) check(f *cli.Flags) error {
	if f.Given("days") && (o.days < 1 || o.days > 30) {
		return fmt.Errorf("-days %d: AWS keeps jobs for 30 days", o.days)
	}
	return o.sources.Check()
}

// filter returns the filter of the jobs to list: those that ended without a whole recovery point.
func (o *options) filter(now time.Time) backupx.BackupJobFilter {
	f := backupx.BackupJobFilter{}.Unsuccessful()
	if o.days > 0 {
		f = f.CreatedAfter(now.UTC().AddDate(0, 0, -o.days).Truncate(time.Second))
	}
	return f
}
