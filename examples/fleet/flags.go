package main

import (
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
	since    cli.Since
	parallel int
	rate     float64
}

const about = `Lists the backup jobs of many accounts and regions that went wrong, each whole, one JSON object a line. Without -live
it does so over made-up accounts, offline. -org lists all accounts of an organisation.
`

const exitStatus = `Exit status: 0 all sources were listed whole; 1 a source failed, and its row says how; 2 there is no
listing.
`

// parse parses the flags. If they ask for help, it prints the help on stderr and returns flag.ErrHelp.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := cli.NewFlags("fleet", about, exitStatus, &o.live)
	o.sources.DefineOrg(f)
	f.SinceVar(&o.since, "", "only jobs that were created")
	f.IntVar(&o.parallel, "parallel", 16, "at most `n` requests at once")
	f.Float64Var(&o.rate, "rate", 10, "at most `n` requests a second to each source")
	err := f.Parse(args, stderr, func(*cli.Flags) error { return o.sources.Check() })
	return o, err
}

// filter returns the filter of the jobs to list: those that ended without a whole recovery point.
func (o *options) filter(now time.Time) (backupx.BackupJobFilter, error) {
	f := backupx.BackupJobFilter{}.Unsuccessful()
	since, err := o.since.From(now)
	if err == nil && !since.IsZero() {
		f = f.CreatedAfter(since)
	}
	return f, err
}
