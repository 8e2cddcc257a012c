package main

import (
	"errors"
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
	state    string
	since    cli.Since
	json     bool
	each     bool
	parallel int
	latency  time.Duration
}

const about = `Tells which backup and copy jobs have gone wrong since its last run, each once. Without -live it does so
over made-up accounts, offline. -org asks all accounts of an organisation.
`

const exitStatus = `Exit status: 0 nothing new; 1 jobs have gone wrong, and are on stdout; 2 incomplete: a source failed, the flags, the
configuration or the state are wrong, another run is under way, or this one was interrupted.
`

// parse parses the flags. If they ask for help, it prints the help on stderr and returns flag.ErrHelp.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := cli.NewFlags("alert", about, exitStatus, &o.live)
	o.sources.DefineOrg(f)
	f.StringVar(&o.state, "state", "", "the `file` that has what was told (default alert.state; offline: made-up.state, with -org made-up-org.state)")
	f.SinceVar(&o.since, "24h", "a source without a state: tell the jobs that ended")
	f.BoolVar(&o.json, "json", false, "print one JSON object a job, not a text")
	f.BoolVar(&o.each, "each", false, "print and save each job by itself, not all at the end")
	f.IntVar(&o.parallel, "parallel", 16, "live: at most `n` requests at once")
	f.DurationVar(&o.latency, "latency", 0, "offline: each request takes this `duration`")
	err := f.Parse(args, stderr, o.check)
	return o, err
}

// check rejects flags whose values make no sense.
func (o *options) check(f *cli.Flags) error {
	if !f.Given("state") {
		o.state = o.usual()
	}
	switch {
	case o.state == "":
		return errors.New("-state: a file has to have a name")
	case o.parallel < 1:
		return fmt.Errorf("-parallel %d: it must be at least 1", o.parallel)
	}
	return o.sources.Check()
}

// usual returns the default of -state. The name says whether the jobs are made up, and of which accounts.
func (o *options) usual() string {
	if o.live {
		return "alert.state"
	}
	if _, ok := o.sources.Organization(); ok {
		return "made-up-org.state"
	}
	return "made-up.state"
}

// The filters of the jobs to tell. Narrow them to what somebody has to look at; a state of another filter is
// refused.
func backupJobs() backupx.BackupJobFilter { return backupx.BackupJobFilter{}.Unsuccessful() }
func copyJobs() backupx.CopyJobFilter     { return backupx.CopyJobFilter{}.Unsuccessful() }
