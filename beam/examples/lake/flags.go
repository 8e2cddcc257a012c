package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	backupxbeam "github.com/backupx-go/backupx/beam"
	"github.com/backupx-go/backupx/internal/since"
)

// options are what the caller asked for.
type options struct {
	accounts, accountsFile, regions string
	list, formats                   string
	since                           since.Value
	window                          time.Duration
	out, runName, resume            string
	live, org                       bool
	units, tags                     []string
	role                            string
	rate                            float64
	fakeJobs, fakePage              int
	fakeLatency                     time.Duration
	faults, verbose                 bool
	args                            []string // what is left, and should not be
}

// madeUpAccounts are listed where no others are given and no real ones are meant.
const madeUpAccounts = "111122223333,444455556666,123456789012"

func (o *options) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.accounts, "accounts", "", "accounts to list, between commas; without -live there are three made up ones")
	fs.StringVar(&o.accountsFile, "accounts-file", "", "a file of accounts to list, one a line, instead of -accounts")
	fs.StringVar(&o.regions, "regions", "us-east-1,eu-west-1", "regions to list, between commas")
	fs.StringVar(&o.list, "list", "backup-jobs,copy-jobs", "what to list: backup-jobs, copy-jobs, hsm-backups, opsworks-backups")
	fs.StringVar(&o.formats, "formats", "ndjson,parquet", "formats to write")
	fs.Var(&o.since, "since", "what was created "+since.Takes+" (default: 30 days, as long as AWS Backup keeps jobs)")
	fs.DurationVar(&o.window, "window", 24*time.Hour, "creation times of one shard; 0 makes one shard of each account and region")
	fs.StringVar(&o.out, "out", "lake", "folder to write to, a gs:// URL too")
	fs.StringVar(&o.runName, "run", "", "name of this run, in the names of its files; the time by default")
	fs.StringVar(&o.resume, "resume", "", "a file of dead letters: list what they left, instead of -accounts, -regions and -list")
	fs.BoolVar(&o.live, "live", false, "list real accounts")
	fs.BoolVar(&o.org, "org", false, "list all active accounts of the organisation instead of -accounts, those of a made up one without -live")
	fs.Func("units", "with -org: units whose accounts to list, and those below, between commas", func(list string) error {
		units := values(list)
		o.units = append(o.units, units...)
		return lo.Ternary(len(units) == 0, errors.New("it has no unit: leave it out for the whole organisation"), nil)
	})
	fs.Func("tag", "with -org: a tag that the accounts have, key=value; given again, all of them", func(tag string) error {
		o.tags = append(o.tags, tag)
		return nil
	})
	fs.StringVar(&o.role, "role", "", "with -live: the role to assume in each account, {account} for its id: arn:aws:iam::{account}:role/backup-reader; none lists with the worker's own identity; with -org the name of the role: backup-reader")
	fs.Float64Var(&o.rate, "rate", 0, "requests a second of one shard at most; 0 sets no bound")
	fs.IntVar(&o.fakeJobs, "fake-jobs", 500, "without -live: backup jobs of each made up account and region")
	fs.IntVar(&o.fakePage, "fake-page", 10, "without -live: items of a page at most")
	fs.DurationVar(&o.fakeLatency, "fake-latency", 2*time.Millisecond, "without -live: how long a page takes")
	fs.BoolVar(&o.faults, "faults", false, "without -live: have some of them fail")
	fs.BoolVar(&o.verbose, "verbose", false, "show what Beam logs")
}

// job is what a run is to do: the options, read and checked.
type job struct {
	accounts, regions []string
	lists             []listing
	formats           []string
	from, now         time.Time
	window            time.Duration
	out, name         string
	clients           backupxbeam.Clients
	options           backupxbeam.Options
	letters           []backupxbeam.DeadLetter // instead of accounts and regions
}

func (o options) job(now time.Time) (j job, err error) {
	j = job{
		regions: values(o.regions), formats: values(o.formats),
		now: now, window: o.window,
		out: strings.TrimSuffix(o.out, "/"), name: o.runName,
		options: backupxbeam.Options{Rate: o.rate},
	}
	if j.from, err = o.since.From(now); err != nil {
		return j, err
	}
	if j.from.IsZero() {
		j.from = now.Add(-since.Kept).UTC().Truncate(time.Second)
	}
	if j.name == "" {
		j.name = now.UTC().Format("20060102T150405Z")
	}
	if j.accounts, err = o.accountsToList(); err != nil {
		return j, err
	}
	if j.lists, err = listings(values(o.list)); err != nil {
		return j, err
	}
	if j.letters, err = o.lettersToResume(); err != nil {
		return j, err
	}
	if j.letters != nil {
		if j.lists, err = listingsOf(j.letters); err != nil {
			return j, err
		}
	}
	j.clients = o.clients(j, now)
	return j, o.check(j)
}

func (o options) check(j job) error {
	unknown, _ := lo.Difference(j.formats, []string{"ndjson", "parquet"})
	switch {
	case len(o.args) > 0:
		return fmt.Errorf("%q is not a flag", o.args[0])
	case len(j.accounts) == 0 && !o.live && !o.org || len(j.regions) == 0 || len(j.lists) == 0 || len(j.formats) == 0:
		return errors.New("-accounts, -regions, -list and -formats need a value")
	case len(unknown) > 0:
		return fmt.Errorf("-formats: %s: ndjson and parquet are known", strings.Join(unknown, ","))
	case o.window < 0 || o.rate < 0 || o.fakeJobs < 0 || o.fakePage < 1:
		return errors.New("-window, -rate and -fake-jobs must not be below zero, -fake-page not below 1")
	case path.Base(j.name) != j.name:
		return fmt.Errorf("-run: %q is no name of a file", j.name)
	case o.resume != "" && filepath.Base(o.resume) == path.Base(j.deadLetters()):
		return fmt.Errorf("-run: %q is the run that left these dead letters, and its files would be replaced", j.name)
	}
	if o.org {
		return o.checkOrg()
	}
	return o.checkLive(j)
}

// checkLive finds real accounts that are not named, or that nothing leads to: without a role every account
// would be the worker's own under another name.
func (o options) checkLive(j job) error {
	switch {
	case len(o.units) > 0 || len(o.tags) > 0:
		return errors.New("-units and -tag are for -org")
	case !o.live && o.role != "":
		return errors.New("-role is for -live")
	case !o.live || j.letters != nil:
		return nil
	case len(j.accounts) == 0:
		return errors.New("-live needs -accounts or -accounts-file")
	case o.role == "" && len(j.accounts) > 1:
		return errors.New("-live without -role lists the worker's own account: name that one alone")
	}
	return nil
}

// clients is the factory of the clients, and what it is told.
func (o options) clients(j job, now time.Time) backupxbeam.Clients {
	if o.org {
		return o.orgClients(j, now)
	}
	if o.live {
		return backupxbeam.Clients{Factory: liveClients, Config: o.role}
	}
	f := o.fakes(now)
	if o.faults && len(j.accounts) > 0 && len(j.regions) > 0 {
		f.Cut = source(j.accounts[0], j.regions[0])
		f.Refused = source(j.accounts[len(j.accounts)-1], j.regions[len(j.regions)-1])
	}
	return f.clients()
}

// fakes are the made up accounts, none of which fails.
func (o options) fakes(now time.Time) fakes {
	return fakes{Now: now.UTC().Truncate(24 * time.Hour), Jobs: o.fakeJobs, Page: o.fakePage, Latency: o.fakeLatency}
}

func (o options) accountsToList() ([]string, error) {
	switch {
	case o.accountsFile != "":
		text, err := os.ReadFile(o.accountsFile)
		return values(strings.ReplaceAll(string(text), "\n", ",")), err
	case o.accounts == "" && !o.live && !o.org:
		return values(madeUpAccounts), nil
	}
	return values(o.accounts), nil
}

func (o options) lettersToResume() ([]backupxbeam.DeadLetter, error) {
	if o.resume == "" {
		return nil, nil
	}
	in, err := os.Open(o.resume)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	letters, err := backupxbeam.ReadDeadLetters(in)
	if err == nil && len(letters) == 0 {
		err = fmt.Errorf("-resume: %s holds no dead letters", o.resume)
	}
	return letters, err
}

// values are the parts of a list between commas, each once.
func values(list string) []string {
	parts := lo.Map(strings.Split(list, ","), func(s string, _ int) string { return strings.TrimSpace(s) })
	return lo.Uniq(slices.DeleteFunc(parts, func(s string) bool { return s == "" }))
}
