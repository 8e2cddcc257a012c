// Command fleet lists the unsuccessful backup jobs of many accounts and regions as one listing. It prints one
// JSON object a job on stdout. On stderr it prints how many requests the listing takes, its progress (on a
// terminal only), and at the end the result of each source. A region that fails does not hide the others.
//
//	go run .                                      made-up accounts, no network
//	go run . -org                                 a made-up organisation, no network
//	go run . -live -region us-east-1,eu-west-1
//	go run . -live -profile prod,test -region us-east-1,eu-west-1 -since 1d
//	go run . -live -role 'arn:aws:iam::{account}:role/BackupAudit' \
//		-accounts 111122223333,444455556666 -region us-east-1,eu-west-1 | jq .resource
//	go run . -live -org -role BackupAudit -units ou-ab12-11111111 -tag team=data
//
// # Live
//
// A source is a profile in a region, or with -role an account in a region. The regions of an account share
// its credentials, which are kept until they expire. The program needs the permission backup:ListBackupJobs,
// and sts:AssumeRole for -role. It changes nothing.
//
// With -org a source is an active account of the organisation in a region that it has opted in to. The program needs the
// permissions of the package accounts: those to list the organisation in its management account, or that of a delegated
// administrator, and account:ListRegions in the role. An account whose role cannot be assumed is a source that fails.
//
// # Exit status
//
//	0  all sources were listed whole
//	1  a source failed: its row says how
//	2  there is no listing: the flags or the configuration are wrong, or it was interrupted
//
// If a source failed, as some made-up ones do on purpose, go run itself prints "exit status 1".
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/organization"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// The exit statuses of the program.
const (
	exitWhole = iota
	exitPartial
	exitNone
)

func main() {
	cli.Main("fleet", program{load: cli.LoadConfig, now: time.Now, screen: cli.ScreenOf(os.Stdout, os.Stderr)}.run)
}

// program holds what a run depends on; tests replace it.
type program struct {
	load   cli.ConfigLoader
	now    func() time.Time
	screen cli.Screen
}

// run is the program, a [cli.Program].
func (p program) run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	o, err := parse(args, stderr)
	if err != nil {
		return exitNone, err
	}
	progress := p.screen.Progress(stderr, "job")
	defer progress.Stop()
	fleet, err := p.fleet(ctx, o, progress)
	if err != nil {
		return exitNone, err
	}
	filter, err := o.filter(p.clock(o))
	if err != nil {
		return exitNone, err
	}
	l := listing{fleet: progress.Fleet(fleet), filter: filter, options: o}
	results := newReport(fleet)
	jobs, err := l.jobs(func(page backupx.PageInfo) {
		results[page.Source].pages++
		progress.Page(page)
	})
	if err != nil {
		return exitNone, err
	}
	stderr = progress.Above(stderr)
	if o.live {
		fmt.Fprint(stderr, cli.Wrap(sources.Header(ctx, l.fleet), p.screen.Columns(), ""))
	}
	fmt.Fprint(stderr, cli.Wrap(l.estimate(), p.screen.Columns(), ""))
	err = results.write(ctx, progress.Above(stdout), jobs)
	fmt.Fprint(stderr, results.table(fleet, p.screen.Columns()))
	if err != nil {
		return exitNone, err
	}
	return results.status(), nil
}

// fleet returns the sources that the flags choose, or the made-up ones.
func (p program) fleet(ctx context.Context, o options, progress *cli.Progress) (backupx.Fleet, error) {
	switch org, ok := o.sources.Organization(); {
	case ok:
		return p.organization(ctx, o, org, progress)
	case o.live:
		return o.sources.Fleet(ctx, "fleet", p.load, p.now)
	}
	return offline(), nil
}

// organization returns the sources of the organisation. Flags that are wrong are found before it is asked.
func (p program) organization(ctx context.Context, o options, org sources.Organization, progress *cli.Progress) (backupx.Fleet, error) {
	if err := o.tryOut(p.clock(o)); err != nil {
		return nil, err
	}
	if !o.live {
		return organization.MadeUpFleet(ctx, "fleet", org, organization.Jobs(), sources.MadeUp)
	}
	defer progress.Waiting("the organisation", "and its accounts")()
	return organization.Fleet(ctx, "fleet", org, p.load, p.now)
}

// clock returns the time of the run: for made-up accounts, the time that their jobs end at.
func (p program) clock(o options) time.Time {
	if !o.live {
		return sources.MadeUp()
	}
	return p.now()
}
