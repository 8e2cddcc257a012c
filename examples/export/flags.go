package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/samber/lo"
)

// options are what the caller asked for.
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

const usage = `Usage: export [flags]

Writes the jobs of AWS Backup that have ended to a file, one JSON object a line. Killed and started again,
it goes on. Without -live it does so over made-up jobs, offline.

`

const exitUsage = `
Exit status: 0 the file is complete; 1 it is not, start again to go on; 2 the flags are wrong.
`

// parse reads the flags. What is wrong with them it says on stderr, and -h prints the help there.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := o.flags(stderr)
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if err := o.check(fs); err != nil {
		fmt.Fprintf(stderr, "export: %v (-h for help)\n", err)
		return o, err
	}
	return o, nil
}

func (o *options) flags(stderr io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet("export", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.BoolVar(&o.live, "live", false, "ask AWS, with your configuration")
	fs.StringVar(&o.profile, "profile", "", "live: the `name` of a profile of your AWS configuration")
	fs.StringVar(&o.region, "region", "", "live: the `region` to ask (default: the configured one)")
	fs.StringVar(&o.out, "out", "jobs.ndjson", "the `file` to write; its checkpoint is beside it")
	fs.IntVar(&o.parallel, "parallel", 8, "at most `n` requests at once")
	fs.IntVar(&o.pageSize, "page-size", 1000, "ask for `n` jobs a request")
	fs.IntVar(&o.save, "save", 1000, "force the file to the disk every `n` jobs")
	fs.DurationVar(&o.completedAfter, "completed-after", 0, "only jobs that ended within this `time` (default: the 30 days that AWS keeps)")
	fs.IntVar(&o.jobs, "jobs", 5000, "offline: make up `n` jobs")
	fs.DurationVar(&o.latency, "latency", 0, "offline: each request takes this `time`")
	fs.Usage = func() {
		fmt.Fprint(stderr, usage)
		fs.PrintDefaults()
		fmt.Fprint(stderr, exitUsage)
	}
	return fs
}

// check finds flags that cannot be meant. What a listing can tell by itself is left to it.
func (o *options) check(fs *flag.FlagSet) error {
	var set []string
	fs.Visit(func(f *flag.Flag) { set = append(set, f.Name) })
	stray, with := lo.Intersect(set, []string{"region", "profile"}), "goes with -live"
	if o.live {
		stray, with = lo.Intersect(set, []string{"jobs", "latency"}), "does not go with -live"
	}
	switch {
	case fs.NArg() > 0:
		return fmt.Errorf("%q is not a flag", fs.Arg(0))
	case len(stray) > 0:
		return fmt.Errorf("-%s %s", strings.Join(stray, ", -"), with)
	case o.out == "":
		return fmt.Errorf("-out: a file has to have a name")
	case o.save < 1:
		return fmt.Errorf("-save %d: it must be at least 1", o.save)
	case o.completedAfter < 0:
		return fmt.Errorf("-completed-after %s: it must not be below zero", o.completedAfter)
	}
	return nil
}
