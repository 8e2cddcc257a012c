package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// options are what the caller asked for.
type options struct {
	live      bool
	region    string
	profile   string
	clusters  list
	ids       list
	tags      list
	dueWithin time.Duration
	yes       bool
	wait      time.Duration
}

// list is a flag that may be repeated.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(value string) error {
	if strings.TrimSpace(value) == "" {
		return errors.New("it is empty")
	}
	*l = append(*l, value)
	return nil
}

const usage = `Usage: restore [flags]

Shows the CloudHSM backups that are pending deletion, and restores them with -yes. Without -live it does
so over made-up data, offline. Flags that choose narrow each other.

`

const exitUsage = `
Exit status: 0 all that was chosen is READY again, or it was a dry run, or nothing was chosen; 1 some
failed; 2 nothing was tried.
`

// parse reads the flags. What is wrong with them it says on stderr, and -h prints the help there.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := o.flags(stderr)
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if err := o.check(fs); err != nil {
		fmt.Fprintf(stderr, "restore: %v (-h for help)\n", err)
		return o, err
	}
	return o, nil
}

func (o *options) flags(stderr io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet("restore", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.BoolVar(&o.live, "live", false, "ask AWS, with your configuration")
	fs.StringVar(&o.region, "region", "", "live: the `region` to ask (default: the configured one)")
	fs.StringVar(&o.profile, "profile", "", "live: the `name` of a profile of your AWS configuration")
	fs.Var(&o.clusters, "cluster", "choose backups of this cluster, by `id`; repeat for several")
	fs.Var(&o.ids, "id", "choose the backup with this `id`; repeat for several")
	fs.Var(&o.tags, "tag", "choose backups with this tag, `key=value` or key; repeated, with all of them")
	fs.DurationVar(&o.dueWithin, "due-within", 0, "choose backups that will be deleted within this `time`: 48h")
	fs.BoolVar(&o.yes, "yes", false, "restore them")
	fs.DurationVar(&o.wait, "wait", 5*time.Minute, "wait so long for each to be READY")
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
	stray := lo.Intersect(set, []string{"region", "profile"})
	switch {
	case fs.NArg() > 0:
		return fmt.Errorf("%q is not a flag", fs.Arg(0))
	case !o.live && len(stray) > 0:
		return fmt.Errorf("-%s goes with -live", strings.Join(stray, ", -"))
	case lo.Contains(set, "due-within") && o.dueWithin <= 0:
		return fmt.Errorf("-due-within %s: it must be above zero", o.dueWithin)
	case o.wait <= 0:
		return fmt.Errorf("-wait %s: it must be above zero", o.wait)
	}
	return o.filter(time.Unix(0, 0)).Validate()
}

// filter is what the flags choose among the backups that are pending deletion, as of now.
func (o *options) filter(now time.Time) backupx.HSMFilter {
	f := backupx.HSMFilter{}.States(hsmtypes.BackupStatePendingDeletion)
	if len(o.clusters) > 0 {
		f = f.Clusters(o.clusters...)
	}
	if len(o.ids) > 0 {
		f = f.IDs(o.ids...)
	}
	for _, tag := range o.tags {
		if key, value, ok := strings.Cut(tag, "="); ok {
			f = f.Tagged(key, value)
		} else {
			f = f.HasTag(key)
		}
	}
	if o.dueWithin > 0 {
		f = f.DeletionDueBefore(now.Add(o.dueWithin))
	}
	return f
}
