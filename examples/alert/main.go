// Command alert tells which backup and copy jobs have gone wrong since its last run, each once, over many
// accounts and regions. Run it every few minutes: if nothing is new, it prints nothing.
//
//	go run .                                  made-up accounts, no network
//	go run . -org                             a made-up organisation, no network
//	go run . -live -region us-east-1,eu-west-1
//	go run . -live -json -role 'arn:aws:iam::{account}:role/BackupAudit' \
//		-accounts 111122223333,444455556666 -region us-east-1,eu-west-1
//	go run . -live -org -role BackupAudit -units ou-ab12-11111111 -tag team=data
//
// It prints one text for a chat, or with -json one JSON object a job. What it has told is in the file of -state
// (alert.state; offline: made-up.state, and made-up-org.state with -org). Without that file the first run tells what has
// ended since -since. On a terminal, stderr shows the accounts of a live run, and how far the run is.
//
// # Once
//
// A run prints its jobs and then saves its state, in one step. A program that is killed in between, or cannot
// write its output, tells the same jobs again in the next run; with -each, which saves after each job, it is one
// job. No job is lost. A job counts as told when stdout has taken it.
//
// A source that cannot be listed is named on stderr, and does not hide the others. Its jobs are told when it can
// be listed again.
//
// The program refuses, and leaves as it is, a state that is damaged, that is of made-up accounts if the run is
// live (or the reverse), of another filter, or that has none of the sources of this run. Sources may be added and
// left out. One run at a time may use a state: another one ends at once, with the exit status 2. The lock is the
// file alert.state.lock, which stays; it is free when the process has ended, however that was.
//
// # Exit status
//
//	0  nothing new
//	1  jobs have gone wrong, and are on stdout
//	2  incomplete: a source failed, or the flags, the configuration or the state are wrong, another run is
//	   under way, or this one was interrupted. What is on stdout was told.
//
// # Live
//
// A source is a profile in a region, or with -role an account in a region. The program needs the permissions
// backup:ListBackupJobs and backup:ListCopyJobs, and sts:AssumeRole for -role. It changes nothing. It has to
// run at least every 29 days, because AWS keeps jobs for 30.
//
// With -org a source is an active account of the organisation in a region that it has opted in to. Each run asks anew
// which these are. The program needs the permissions of the package accounts: those to list the organisation in its
// management account, or that of a delegated administrator, and account:ListRegions in the role. An account whose role
// cannot be assumed is a source that fails. The first run that can assume the role tells the jobs of all the account's
// regions, back to the run that failed first.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/lock"
	"github.com/backupx-go/backupx/examples/internal/organization"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// The exit statuses of the program.
const (
	exitNothing = iota
	exitTold
	exitIncomplete
)

func main() {
	cli.Main("alert", program{load: cli.LoadConfig, now: time.Now, screen: cli.ScreenOf(os.Stdout, os.Stderr)}.run)
}

// program holds what a live run depends on; tests replace it.
type program struct {
	load   cli.ConfigLoader
	now    func() time.Time
	screen cli.Screen
}

// run is the program, a [cli.Program].
func (p program) run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	o, err := parse(args, stderr)
	if err != nil {
		return exitIncomplete, err
	}
	since, err := o.since.From(p.clock(o))
	if err != nil {
		return exitIncomplete, err
	}
	unlock, err := lock.File(o.state)
	if err != nil {
		return exitIncomplete, err
	}
	defer unlock()
	was, err := o.read()
	if err != nil {
		return exitIncomplete, err
	}
	progress := p.screen.Progress(stderr, "job")
	defer progress.Stop()
	fleet, err := p.fleet(ctx, o, progress)
	if err != nil {
		return exitIncomplete, err
	}
	a, err := begin(o, was, progress.Fleet(fleet), since, progress, progress.Above(stdout))
	if err != nil {
		return exitIncomplete, err
	}
	if o.live && p.screen.Line != nil { // a program that reads stderr gets failures only
		fmt.Fprintln(progress.Above(stderr), sources.Header(ctx, fleet))
	}
	failed, err := a.poll(ctx)
	progress.Stop()
	for _, why := range failed {
		fmt.Fprintf(stderr, "alert: %s\n", why)
	}
	switch {
	case err != nil || len(failed) > 0:
		return exitIncomplete, err
	case a.told > 0:
		return exitTold, nil
	}
	return exitNothing, nil
}

// fleet returns the sources that the flags choose, or the made-up ones.
func (p program) fleet(ctx context.Context, o options, progress *cli.Progress) (backupx.Fleet, error) {
	switch org, ok := o.sources.Organization(); {
	case ok && o.live:
		defer progress.Waiting("the organisation", "and its accounts")()
		return organization.Fleet(ctx, "alert", org, p.load, p.now)
	case ok:
		return organization.MadeUpFleet(ctx, "alert", org, organization.Jobs(fakeaws.WithLatency(o.latency)), sources.MadeUp)
	case o.live:
		return o.sources.Fleet(ctx, "alert", p.load, p.now)
	}
	return offline(o.latency), nil
}

// clock returns the time of the run: for made-up accounts, the time that their jobs end at.
func (p program) clock(o options) time.Time {
	if !o.live {
		return sources.MadeUp()
	}
	return p.now()
}
