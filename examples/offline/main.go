// Offline prints the backup jobs that have failed in the last 24 hours. The program itself needs AWS: it uses the
// configuration of the environment. Its tests run offline, from a recording:
//
//	go run ./examples/offline             your account and region
//	go run ./examples/offline -since 2d   since a duration, a date or a time
//	go test ./examples/offline            no network, no account
//
// The recording is made with
//
//	BACKUPX_FIXTURES=record go test ./examples/offline
//
// The exit status is 0 if all was listed, and 2 if not.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

const about = "Asks AWS, with your configuration, for the backup jobs that have failed.\n"

const exitStatus = "Exit status: 0 all was listed; 2 it was not.\n"

func main() {
	cli.Main("offline", program{load: cli.LoadConfig, now: time.Now, screen: cli.ScreenOf(os.Stdout, os.Stderr)}.run)
}

// program holds what a run depends on; tests replace it.
type program struct {
	load   cli.ConfigLoader
	now    func() time.Time
	screen cli.Screen
}

// run is the program, a [cli.Program].
func (p program) run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	since, region, err := p.parse(args, stderr)
	if err != nil {
		return 2, err
	}
	cfg, err := p.load(ctx, "")
	if err == nil {
		cfg, err = cli.InRegion(cfg, region)
	}
	if err != nil {
		return 2, err
	}
	progress := p.screen.Progress(stderr, "job")
	defer progress.Stop()
	cfg = progress.Watch(cfg.Region, cfg)
	stdout = progress.Above(stdout)
	fmt.Fprint(stdout, cli.Wrap(sources.Account(ctx, cfg)+" in "+cfg.Region, p.screen.Columns(), ""))
	if err := report(ctx, stdout, p.screen.Columns(), backupx.New(cfg), since, progress.Page); err != nil {
		return 2, err
	}
	return 0, nil
}

// parse returns the values of the flags. If they ask for help, it prints the help and returns flag.ErrHelp.
func (p program) parse(args []string, stderr io.Writer) (from time.Time, region string, err error) {
	var since cli.Since
	f := cli.NewFlags("offline", about, exitStatus, nil)
	f.SinceVar(&since, "24h", "only jobs created")
	f.StringVar(&region, "region", "", "the `region` to ask (default: the configured one)")
	err = f.Parse(args, stderr, func(*cli.Flags) (err error) {
		from, err = since.From(p.now())
		return err
	})
	return from, region, err
}

// report writes the jobs created since a time that have failed, in lines of at most width columns.
func report(
	ctx context.Context, w io.Writer, width int, client backupx.Client, since time.Time, onPage func(backupx.PageInfo),
) error {
	failed := backupx.BackupJobFilter{}.Unsuccessful().CreatedAfter(since)
	rows := [][]string{{"STATE", "TYPE", "VAULT"}}
	for job, err := range client.BackupJobs(failed).OnPage(onPage).All(ctx) {
		if err != nil {
			return err
		}
		rows = append(rows, []string{string(job.State), aws.ToString(job.ResourceType), aws.ToString(job.BackupVaultName)})
	}
	_, err := fmt.Fprintf(w, "%s\n%s failed since %s\n", cli.Fit(width, []cli.Column{cli.Short, cli.Text, cli.Text}, rows),
		cli.Count(len(rows)-1, "job"), since.Format("2006-01-02 15:04 UTC"))
	return err
}
