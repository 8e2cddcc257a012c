package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/samber/lo"
)

// options are what the caller asked for.
type options struct {
	live     bool
	regions  regions
	profile  string
	days     int
	accounts bool
	opsworks bool
	json     bool
	show     int
}

// regions is a flag that may be repeated, and holds several values between commas.
type regions []string

func (r *regions) String() string { return strings.Join(*r, ",") }

func (r *regions) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name == "" {
			return errors.New("the name of a region is empty")
		}
		if !slices.Contains(*r, name) {
			*r = append(*r, name)
		}
	}
	return nil
}

const usage = `Usage: inventory [flags]

What is backed up with AWS and what needs attention. Without flags it reports on data that are
recorded in the program, offline; with -live on your account.

`

const exitUsage = `
Exit status: 0 nothing needs attention; 1 something does; 2 the report is incomplete (which counts
more than 1), or the flags are wrong.
`

// parse reads the flags. What is wrong with them it says on stderr, and -h prints the help there.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := o.flags(stderr)
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if err := o.check(fs); err != nil {
		fmt.Fprintf(stderr, "inventory: %v (-h for help)\n", err)
		return o, err
	}
	return o, nil
}

func (o *options) flags(stderr io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet("inventory", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.BoolVar(&o.live, "live", false, "ask AWS, with your configuration")
	fs.Var(&o.regions, "region", "live: the `regions` to ask, between commas or repeated (default: the configured one)")
	fs.StringVar(&o.profile, "profile", "", "live: the `name` of a profile of your AWS configuration")
	fs.IntVar(&o.days, "days", 0, "live: only jobs of the last `n` days (default: the 30 that AWS keeps)")
	fs.BoolVar(&o.accounts, "all-accounts", false, "live: backup jobs of the whole organisation, asked of its management account")
	fs.BoolVar(&o.opsworks, "opsworks", false, "live: ask OpsWorks CM too, which AWS switched off in May 2024")
	fs.BoolVar(&o.json, "json", false, "print JSON")
	fs.IntVar(&o.show, "show", 20, "list at most `n` of a kind; all are counted")
	fs.Usage = func() {
		fmt.Fprint(stderr, usage)
		fs.PrintDefaults()
		fmt.Fprint(stderr, exitUsage)
	}
	return fs
}

// check finds flags that cannot be meant.
func (o *options) check(fs *flag.FlagSet) error {
	var set []string
	fs.Visit(func(f *flag.Flag) { set = append(set, f.Name) })
	stray := lo.Intersect(set, []string{"region", "profile", "days", "all-accounts", "opsworks"})
	switch {
	case fs.NArg() > 0:
		return fmt.Errorf("%q is not a flag", fs.Arg(0))
	case !o.live && len(stray) > 0:
		return fmt.Errorf("-%s goes with -live", strings.Join(stray, ", -"))
	case o.show < 1:
		return fmt.Errorf("-show %d: it must be at least 1", o.show)
	case slices.Contains(set, "days") && (o.days < 1 || o.days > 30):
		return fmt.Errorf("-days %d: AWS keeps jobs for 30 days", o.days)
	}
	return nil
}
