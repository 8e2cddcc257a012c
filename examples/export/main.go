// Command export writes the jobs of AWS Backup that have ended to a file, one JSON object a line. It can be
// killed at any moment: when it is started again it continues, and the complete file has each job exactly
// once.
//
//	go run ./examples/export                                 made-up jobs, no network, into made-up.ndjson
//	go run ./examples/export -live                           your account and region, into jobs.ndjson
//	go run ./examples/export -live -completed-after 25h -out jobs-$(date +%F).ndjson
//
// The last command is for every night. Each night has its own file. 25h is an hour more than a day, so that
// no job is missing between two nights; the jobs of that hour are in both files. The export has all jobs that
// ended, successful or not.
//
// Beside the file is its checkpoint, jobs.ndjson.checkpoint: the length of the file, and the position in the
// listing. After every -save jobs the program forces the file to the disk and then replaces the checkpoint in
// one step. A program that is started again cuts the file to the length in the checkpoint and continues from
// there. It lists again the jobs that were not saved before a kill, which are all if fewer than -save were
// written. An interrupt, SIGTERM or a failure saves the jobs written so far.
//
// To continue, run the same command. The bound of -completed-after stays where it was at the first start. The
// program refuses a checkpoint that was made with other settings: live or made up, the profile, the region,
// the endpoint, -completed-after. (It cannot tell one key in the environment from another: that would take a
// request.) It leaves a complete file as it is and sends no request. It never overwrites a file without a
// checkpoint: to start from the beginning, remove both files or name another one. Only one program at a time
// may write a file.
//
// # Exit status
//
//	0  the file is complete
//	1  the file is not complete: start the program again to continue
//	2  no request was sent, and another start would not change that: the flags, the configuration or the
//	   file are wrong
//
// # Live
//
// -live uses the configuration that the AWS CLI uses. It needs the permission backup:ListBackupJobs,
// and changes nothing.
package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// The exit statuses of the program.
const (
	exitComplete = iota
	exitIncomplete
	exitNothing
)

func main() { cli.Main("export", program{load: cli.LoadConfig, now: time.Now}.run) }

// program holds what a live run depends on; tests replace it.
type program struct {
	load cli.ConfigLoader
	now  func() time.Time
}

// run is the program, a [cli.Program].
func (p program) run(ctx context.Context, args []string, _, stderr io.Writer) (int, error) {
	o, err := parse(args, stderr)
	if err != nil {
		return exitNothing, err
	}
	e, err := p.begin(ctx, o)
	if err != nil {
		return exitNothing, err
	}
	defer e.file.Close()
	return e.finish(ctx, stderr), nil
}

// finish writes the jobs that are not in the file yet, prints the result on stderr, and returns the exit
// status.
func (e *exporter) finish(ctx context.Context, stderr io.Writer) int {
	if e.at.Checkpoint.Done() {
		fmt.Fprintf(stderr, "export: %s was already complete with %s; nothing was asked\n", e.name, cli.Count(e.at.Jobs, "job"))
		return exitComplete
	}
	if e.at.Jobs > 0 {
		fmt.Fprintf(stderr, "export: going on after %s\n", cli.Count(e.at.Jobs, "job"))
	}
	if err := e.write(ctx); err != nil {
		are := lo.Ternary(e.at.Jobs == 1, "is", "are")
		fmt.Fprintf(stderr, "export: %v\nexport: %s %s in %s; start again to go on\n", err, cli.Count(e.at.Jobs, "job"), are, e.name)
		return exitIncomplete
	}
	fmt.Fprintf(stderr, "export: %s is complete with %s\n", e.name, cli.Count(e.at.Jobs, "job"))
	return exitComplete
}
