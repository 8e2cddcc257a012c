// Command alert tells which backup and copy jobs have gone wrong since its last run, each once, over many
// accounts and regions. Run it every few minutes: if nothing is new, it prints nothing.
//
//	go run ./examples/alert                                  made-up accounts, no network
//	go run ./examples/alert -live -region us-east-1,eu-west-1
//	go run ./examples/alert -live -json -role 'arn:aws:iam::{account}:role/BackupAudit' \
//		-accounts 111122223333,444455556666 -region us-east-1,eu-west-1
//
// It prints one text for a chat, or with -json one JSON object a job. What it has told is in the file of -state
// (alert.state; offline: made-up.state). Without that file the first run tells what has ended since -since. On a
// terminal, stderr shows the accounts of a live run, and how far the run is.
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
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
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
	fleet, err := p.fleet(ctx, o)
	if err != nil {
		return exitIncomplete, err
	}
	unlock, err := lock(o.state)
	if err != nil {
		return exitIncomplete, err
	}
	defer unlock()
	progress := p.screen.Progress(stderr, "job")
	defer progress.Stop()
	a, err := begin(o, progress.Fleet(fleet), since, progress, progress.Above(stdout))
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
func (p program) fleet(ctx context.Context, o options) (backupx.Fleet, error) {
	if !o.live {
		return offline(o.latency), nil
	}
	return o.sources.Fleet(ctx, "alert", p.load, p.now)
}

// clock returns the time of the run: for made-up accounts, the time that their jobs end at.
func (p program) clock(o options) time.Time {
	if !o.live {
		return sources.MadeUp()
	}
	return p.now()
}
