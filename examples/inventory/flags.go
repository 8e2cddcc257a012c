package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// options are the values of the flags.
type options struct {
	live     bool
	regions  cli.List
	profile  string
	since    cli.Since
	accounts bool
	opsworks bool
	parallel int
	rate     float64

	maxAge    time.Duration // 0: ages are shown and not judged
	due       time.Duration
	protected bool
	cured     bool
	all       bool
	json      bool
	show      int
}

const about = `What is backed up with AWS and what needs attention: resources without a recent backup, failures that no
later success has cured, CloudHSM backups that are about to be deleted. Without flags it reports on data that
are recorded in the program, offline; with -live on your account.
`

const exitStatus = `Exit status: 0 nothing needs attention; 1 something does; 2 the report is incomplete (which counts
more than 1), or the flags are wrong.
`

// parse parses the flags. If they ask for help, it prints the help on stderr and returns flag.ErrHelp.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := cli.NewFlags("inventory", about, exitStatus, &o.live)
	f.Var(&o.regions, "region", "live: the `regions` to ask, between commas or repeated (default: the configured one)")
	f.StringVar(&o.profile, "profile", "", "live: the `name` of a profile of your AWS configuration")
	f.SinceVar(&o.since, "", "live: jobs that were created (default: in the 30 days that AWS keeps)")
	f.BoolVar(&o.accounts, "all-accounts", false, "live: backup jobs of the whole organisation, asked of its management account")
	f.BoolVar(&o.opsworks, "opsworks", false, "live: ask OpsWorks CM too, which AWS switched off in May 2024")
	f.IntVar(&o.parallel, "parallel", 4, "live: at most `n` requests at a time for each listing of each region")
	f.Float64Var(&o.rate, "rate", 0, "live: at most `n` requests a second for each listing of each region (default: no limit)")
	f.DurationVar(&o.maxAge, "max-age", 24*time.Hour, "name resources whose newest backup is older than this `duration`: 24h, 2d; 0 names none")
	f.BoolVar(&o.protected, "protected", false, "also name resources that were backed up once and have no job any more")
	f.DurationVar(&o.due, "due", 72*time.Hour, "name CloudHSM backups that are deleted within this `duration`: 72h, 7d")
	f.BoolVar(&o.cured, "cured", false, "also list failures that a later success cured")
	f.BoolVar(&o.all, "all", false, "list every resource, every failed one, and all of a kind")
	f.BoolVar(&o.json, "json", false, "print JSON, which has every resource")
	f.IntVar(&o.show, "show", 20, "list at most `n` of a kind; all are counted")
	err := f.Parse(args, stderr, o.check)
	return o, err
}

// check rejects flags whose values make no sense.
func (o *options) check(f *cli.Flags) error {
	switch {
	case o.show < 1:
		return fmt.Errorf("-show %d: it must be at least 1", o.show)
	case o.all && f.Given("show"):
		return errors.New("-all and -show do not go together")
	case o.parallel < 1:
		return fmt.Errorf("-parallel %d: it must be at least 1", o.parallel)
	case f.Given("rate") && !(o.rate > 0 && o.rate <= 1e6):
		return fmt.Errorf("-rate %v: it must be more than 0 and at most a million", o.rate)
	case o.maxAge < 0:
		return fmt.Errorf("-max-age %v: it must not be negative", o.maxAge)
	case o.due < 0:
		return fmt.Errorf("-due %v: it must not be negative", o.due)
	}
	if o.all || o.json && !f.Given("show") {
		o.show = math.MaxInt
	}
	return nil
}

// kept is how long AWS Backup lists a job after its creation.
const kept = 30 * 24 * time.Hour

// listedFrom returns the time since which jobs are listed; zero for all that AWS keeps. It returns an error if that time says
// nothing about resources whose newest backup is as old as -max-age.
func (o *options) listedFrom(now time.Time) (time.Time, error) {
	begin, err := o.since.From(now)
	if err != nil {
		return begin, err
	}
	listed, why := kept, "AWS keeps jobs for 30 days"
	if !begin.IsZero() {
		listed, why = now.Sub(begin), "jobs are listed -since "+o.since.String()+" only"
	}
	if o.maxAge > listed && (!o.protected || o.accounts) {
		return begin, fmt.Errorf("-max-age %s: %s; give a shorter -max-age, or 0", span(o.maxAge), why)
	}
	return begin, nil
}
