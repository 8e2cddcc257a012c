package main

import (
	"fmt"
	"io"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// options are the values of the flags.
type options struct {
	live     bool
	regions  cli.List
	profile  string
	days     int
	accounts bool
	opsworks bool
	json     bool
	show     int
}

const about = `What is backed up with AWS and what needs attention. Without flags it reports on data that are
recorded in the program, offline; with -live on your account.
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
	f.IntVar(&o.days, "days", 0, "live: only jobs of the last `n` days (default: the 30 that AWS keeps)")
	f.BoolVar(&o.accounts, "all-accounts", false, "live: backup jobs of the whole organisation, asked of its management account")
	f.BoolVar(&o.opsworks, "opsworks", false, "live: ask OpsWorks CM too, which AWS switched off in May 2024")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.IntVar(&o.show, "show", 20, "list at most `n` of a kind; all are counted")
	err := f.Parse(args, stderr, o.check)
	return o, err
}

// check rejects flags whose values make no sense.
func (o *options) check(f *cli.Flags) error {
	switch {
	case o.show < 1:
		return fmt.Errorf("-show %d: it must be at least 1", o.show)
	case f.Given("days") && (o.days < 1 || o.days > 30):
		return fmt.Errorf("-days %d: AWS keeps jobs for 30 days", o.days)
	}
	return nil
}
