package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// options are the values of the flags.
type options struct {
	live      bool
	region    string
	profile   string
	clusters  cli.List
	ids       cli.List
	tags      []string
	dueWithin time.Duration
	yes       bool
	wait      time.Duration
}

const about = `Shows the CloudHSM backups that are pending deletion, and restores them with -yes. Without -live it does
so over made-up data, offline. Flags that choose narrow each other.
`

const exitStatus = `Exit status: 0 all that was chosen is READY again, or it was a dry run, or nothing was chosen; 1 some
failed, or nobody knows whether they were restored; 2 nothing was tried.
`

// parse parses the flags. If they ask for help, it prints the help on stderr and returns flag.ErrHelp.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := cli.NewFlags("restore", about, exitStatus, &o.live)
	f.StringVar(&o.region, "region", "", "live: the `region` to ask (default: the configured one)")
	f.StringVar(&o.profile, "profile", "", "live: the `name` of a profile of your AWS configuration")
	f.Var(&o.clusters, "cluster", "choose backups of this cluster, by `id`; repeat for several")
	f.Var(&o.ids, "id", "choose the backup with this `id`; repeat for several")
	f.Func("tag", "choose backups with this tag, `key=value` or key; repeated, with all of them", o.addTag)
	f.DurationVar(&o.dueWithin, "due-within", 0, "choose backups that will be deleted within this `duration`: 48h, 2d")
	f.BoolVar(&o.yes, "yes", false, "restore them")
	f.DurationVar(&o.wait, "wait", 5*time.Minute, "wait for this `duration` for each to be READY")
	err := f.Parse(args, stderr, o.check)
	return o, err
}

// addTag adds one tag. Unlike other flags it does not split at commas, because the value of a tag may have
// some.
func (o *options) addTag(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("it is empty")
	}
	o.tags = append(o.tags, text)
	return nil
}

// check rejects flags whose values make no sense.
func (o *options) check(f *cli.Flags) error {
	switch {
	case f.Given("due-within") && o.dueWithin <= 0:
		return fmt.Errorf("-due-within %s: it must be above zero", o.dueWithin)
	case o.wait <= 0:
		return fmt.Errorf("-wait %s: it must be above zero", o.wait)
	}
	for _, id := range o.ids {
		if err := checkID("id", "backup", id); err != nil {
			return err
		}
	}
	for _, id := range o.clusters {
		if err := checkID("cluster", "cluster", id); err != nil {
			return err
		}
	}
	return o.filter(time.Unix(0, 0)).Validate()
}

// hsmID is the form of the ids of CloudHSM, as its API reference gives it.
var hsmID = regexp.MustCompile(`^(backup|cluster)-[2-7a-zA-Z]{11,16}$`)

// checkID rejects the value of a flag that cannot be the id of its kind, so that a typo is no backup that is not pending.
func checkID(flag, kind, id string) error {
	switch form := hsmID.FindStringSubmatch(id); {
	case form == nil:
		return fmt.Errorf("-%s %q: it is not the id of a %s: %s-abcdefghijk", flag, id, kind, kind)
	case form[1] != kind:
		return fmt.Errorf("-%s %s: it is the id of a %s, not of a %s", flag, id, form[1], kind)
	}
	return nil
}

// filter returns the filter of the backups that are pending deletion and that the flags choose. -due-within
// counts from now.
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
