// Command export writes the backup jobs and the copy jobs of AWS Backup that have ended to a file, of one account or of
// many, each with all that AWS says of it. It can be killed at any moment: when it is started again it continues, and
// the complete file has each job exactly once.
//
//	go run ./examples/export                                 made-up accounts, no network, into made-up.ndjson
//	go run ./examples/export -live                           your account and region, into jobs.ndjson
//	go run ./examples/export -live -since 25h -out jobs-$(date +%F).ndjson
//	go run ./examples/export -live -profile prod,test -region us-east-1,eu-west-1 -kind copy -format csv
//	go run ./examples/export -live -role 'arn:aws:iam::{account}:role/BackupAudit' -accounts 111122223333,444455556666
//
// The third command is for every night. Each night has its own file. 25h is an hour more than a day, so that
// no job is missing between two nights; the jobs of that hour are in both files. The export has all jobs that
// ended, successful or not. With -since it has those that have a completion time, and ended after that time.
//
// # Rows
//
// A row has columns that all kinds of jobs share, and in the column item the whole job: every member of the type
// BackupJob or CopyJob of the AWS SDK for Go, under its name there. A member that AWS did not give is null. The columns are
// those of examples/fleet and of beam/examples/lake. -format csv writes the same columns for spreadsheets, the item
// as JSON. A text there that a spreadsheet would run as a formula has an apostrophe before it; in the item it is as
// it was.
//
// # Going on
//
// Beside the file is its checkpoint, jobs.ndjson.checkpoint: the length of the file, and the position in the
// listing. After every -save jobs the program forces the file to the disk and then replaces the checkpoint in
// one step. A program that is started again cuts the file to the length in the checkpoint and continues from
// there. It lists again the jobs that were not saved before a kill, which are all if fewer than -save were
// written. An interrupt, SIGTERM or a failure saves the jobs written so far.
//
// A source is an account in a region. A kind of jobs of a source that fails does not stop the others: it is named on
// stderr, and the next start continues where it stopped. To continue, run the same command. The bound of -since stays
// where it was at the first start. An account, a region or a kind that is added is exported into the same file. One that
// is left out before it was read to its end is refused, and so is a checkpoint that was made with other settings: live
// or made up, the endpoint, -since, -format. (A source is known by the name of its profile, or by the id of its account
// with -role, and by its region. The program cannot tell one key in the environment from another.) It leaves a complete
// file as it is and sends no request. It never overwrites a file without a checkpoint: to start from the beginning,
// remove both files or name another one.
//
// One program at a time may write a file: another one ends at once, with the exit status 2. The lock is the file
// jobs.ndjson.lock, which stays; it is free when the process has ended, however that was. A link stands for the file that
// it leads to. A pipe or a device is refused, because it cannot be cut.
//
// # Exit status
//
//	0  the file is complete
//	1  the file is not complete: start the program again to continue. The sources that failed are named on stderr.
//	2  no job was asked for, and another start would not change that: the flags, the configuration or the
//	   file are wrong, or another run writes the file
//
// # Live
//
// -live uses the configuration that the AWS CLI uses. It needs the permissions backup:ListBackupJobs and
// backup:ListCopyJobs (or that of the -kind), and sts:AssumeRole for -role. It changes nothing.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/lock"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// The exit statuses of the program.
const (
	exitComplete = iota
	exitIncomplete
	exitNothing
)

func main() {
	cli.Main("export", program{load: cli.LoadConfig, now: time.Now, screen: cli.ScreenOf(os.Stdout, os.Stderr)}.run)
}

// program holds what a live run depends on; tests replace it.
type program struct {
	load   cli.ConfigLoader
	now    func() time.Time
	screen cli.Screen
}

// run is the program, a [cli.Program].
func (p program) run(ctx context.Context, args []string, _, stderr io.Writer) (int, error) {
	o, err := parse(args, stderr)
	if err != nil {
		return exitNothing, err
	}
	fleet, err := p.fleet(ctx, o)
	if err != nil {
		return exitNothing, err
	}
	unlock, err := lock.File(o.out)
	if err != nil {
		return exitNothing, err
	}
	defer unlock()
	progress := p.screen.Progress(stderr, "job")
	defer progress.Stop()
	fleet, stderr = progress.Fleet(fleet), progress.Above(stderr)
	e, err := o.prepare(fleet, p.clock(o), progress.Page)
	if err != nil {
		return exitNothing, err
	}
	defer e.file.Close()
	if e.at.Checkpoint.Done() {
		fmt.Fprintf(stderr, "export: %s was already complete with %s; nothing was asked\n", e.name, cli.Count(e.at.Jobs, "job"))
		return exitComplete, nil
	}
	if o.live {
		fmt.Fprint(stderr, cli.Wrap("export: "+sources.Header(ctx, fleet), p.screen.Columns(), ""))
	}
	return e.finish(ctx, stderr), nil
}

// finish writes the jobs that are not in the file yet, prints the result on stderr, and returns the exit
// status.
func (e *exporter) finish(ctx context.Context, stderr io.Writer) int {
	if e.at.Jobs > 0 {
		fmt.Fprintf(stderr, "export: going on after %s\n", cli.Count(e.at.Jobs, "job"))
	}
	if err := e.export(ctx); err != nil {
		are := lo.Ternary(e.at.Jobs == 1, "is", "are")
		fmt.Fprintf(stderr, "%sexport: %s %s in %s; start again to go on\n", e.reasons(err), cli.Count(e.at.Jobs, "job"), are, e.name)
		return exitIncomplete
	}
	fmt.Fprintf(stderr, "export: %s is complete with %s\n", e.name, cli.Count(e.at.Jobs, "job"))
	return exitComplete
}

// reasons returns a line for each source that failed, and one for an error that is not that of a source.
func (e *exporter) reasons(err error) string {
	var lines strings.Builder
	for _, f := range e.cursor.Failed() {
		fmt.Fprintf(&lines, "export: %s: %s: %s\n", f.Source, f.Kind, sources.Reason(f))
	}
	if failed := backupx.SourceErrors(nil); !errors.As(err, &failed) {
		fmt.Fprintf(&lines, "export: %s\n", cli.OneLine(err.Error()))
	}
	return lines.String()
}
