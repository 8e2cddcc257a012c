package main

import (
	"fmt"
	"io"
	"time"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// options are the values of the flags.
type options struct {
	live           bool
	profile        string
	region         string
	out            string
	parallel       int
	pageSize       int
	save           int
	completedAfter time.Duration
	jobs           int
	latency        time.Duration
}

const about = `Writes the jobs of AWS Backup that have ended to a file, one JSON object a line. Killed and started again,
it goes on. Without -live it does so over made-up jobs, offline.
`

const exitStatus = `Exit status: 0 the file is complete; 1 it is not, start again to go on; 2 nothing was asked: the flags, the
configuration or the file are wrong.
`

// parse parses the flags. If they ask for help, it prints the help on stderr and returns flag.ErrHelp.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := cli.NewFlags("export", about, exitStatus, &o.live)
	f.StringVar(&o.profile, "profile", "", "live: the `name` of a profile of your AWS configuration")
	f.StringVar(&o.region, "region", "", "live: the `region` to ask (default: the configured one)")
	f.StringVar(&o.out, "out", "", "the `file` to write; its checkpoint is beside it (default jobs.ndjson; offline: made-up.ndjson)")
	f.IntVar(&o.parallel, "parallel", 8, "at most `n` requests at once")
	f.IntVar(&o.pageSize, "page-size", 1000, "ask for `n` jobs a request")
	f.IntVar(&o.save, "save", 1000, "force the file to the disk every `n` jobs")
	f.DurationVar(&o.completedAfter, "completed-after", 0, "only jobs that ended within this `duration` (default: the 30 days that AWS keeps)")
	f.IntVar(&o.jobs, "jobs", 5000, "offline: make up `n` jobs")
	f.DurationVar(&o.latency, "latency", 0, "offline: each request takes this `duration`")
	err := f.Parse(args, stderr, o.check)
	return o, err
}

// check rejects flags whose values make no sense. It leaves out what the listing checks itself.
func (o *options) check(f *cli.Flags) error {
	if !f.Given("out") {
		o.out = o.usual()
	}
	switch {
	case o.out == "":
		return fmt.Errorf("-out: a file has to have a name")
	case o.save < 1:
		return fmt.Errorf("-save %d: it must be at least 1", o.save)
	case o.completedAfter < 0:
		return fmt.Errorf("-completed-after %s: it must not be below zero", o.completedAfter)
	}
	return nil
}

// usual returns the default of -out. The name says whether the jobs are made up.
func (o *options) usual() string {
	if o.live {
		return "jobs.ndjson"
	}
	return "made-up.ndjson"
}
