package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// options are the values of the flags.
type options struct {
	live     bool
	sources  sources.Flags
	kinds    cli.List
	format   format
	out      string
	since    cli.Since
	parallel int
	pageSize int
	save     int
	jobs     int
	latency  time.Duration
}

const about = `Writes the backup jobs and the copy jobs of AWS Backup that have ended to a file, each with all that AWS says of it.
Killed and started again, it goes on. Without -live it does so over made-up accounts, offline.
`

const exitStatus = `Exit status: 0 the file is complete; 1 it is not: start again to go on, the lines on stderr say what failed; 2 nothing
was asked: the flags, the configuration or the file are wrong, or another run writes the file.
`

// The kinds of jobs, as in the rows.
const (
	backupJobs = "backup"
	copyJobs   = "copy"
)

// parse parses the flags. If they ask for help, it prints the help on stderr and returns flag.ErrHelp.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := cli.NewFlags("export", about, exitStatus, &o.live)
	o.sources.Define(f)
	f.Var(&o.kinds, "kind", "only these `kinds` of jobs, between commas or repeated: backup, copy (default both)")
	f.StringVar((*string)(&o.format), "format", string(ndjsonFormat), "the `format` of the file: ndjson, one JSON object a line, or csv")
	f.StringVar(&o.out, "out", "", "the `file` to write; its checkpoint is beside it (default jobs.ndjson or .csv; offline: made-up.ndjson or .csv)")
	f.SinceVar(&o.since, "", "only jobs that have ended")
	f.IntVar(&o.parallel, "parallel", 8, "at most `n` requests at once")
	f.IntVar(&o.pageSize, "page-size", 1000, "ask for `n` jobs a request")
	f.IntVar(&o.save, "save", 1000, "force the file to the disk every `n` jobs")
	f.IntVar(&o.jobs, "jobs", 500, "offline: make up `n` backup jobs and as many copy jobs of each account and region")
	f.DurationVar(&o.latency, "latency", 0, "offline: each request takes this `duration`")
	err := f.Parse(args, stderr, o.check)
	return o, err
}

// check rejects flags whose values make no sense. It leaves out what the listing checks itself.
func (o *options) check(f *cli.Flags) error {
	if !f.Given("out") {
		o.out = o.usual()
	}
	known := []string{backupJobs, copyJobs}
	if len(o.kinds) == 0 {
		o.kinds = known
	}
	switch unknown := lo.Without(o.kinds, known...); {
	case len(unknown) > 0:
		return fmt.Errorf("-kind: %q: the kinds are backup and copy", unknown[0])
	case o.format != ndjsonFormat && o.format != csvFormat:
		return fmt.Errorf("-format: %q: the formats are ndjson and csv", o.format)
	case o.out == "":
		return fmt.Errorf("-out: a file has to have a name")
	case o.save < 1:
		return fmt.Errorf("-save %d: it must be at least 1", o.save)
	case o.jobs < 0:
		return fmt.Errorf("-jobs %d: it must not be below zero", o.jobs)
	case o.latency < 0:
		return fmt.Errorf("-latency %s: it must not be below zero", o.latency)
	}
	slices.Sort(o.kinds) // the order of the rows does not depend on that of the flag
	if err := o.sources.Check(); err != nil {
		return err
	}
	return o.follow()
}

// follow replaces a link by the file that it leads to, so that the checkpoint and the lock are the same by each name of the
// file. A pipe or a device cannot be cut to the length in the checkpoint.
func (o *options) follow() error {
	if err := cli.Replaceable(o.out); err != nil {
		return fmt.Errorf("-out %w", err)
	}
	o.out = cli.Target(o.out)
	return nil
}

// usual returns the default of -out. The name says whether the jobs are made up.
func (o *options) usual() string {
	return lo.Ternary(o.live, "jobs.", "made-up.") + string(o.format)
}
