// Command export writes the jobs of AWS Backup that have ended to a file, one JSON object a line, and
// can be killed at any moment: started again, it goes on, and the file ends with each job exactly once.
//
//	go run ./examples/export                                 made-up jobs, no network, into made-up.ndjson
//	go run ./examples/export -live                           your account and region, into jobs.ndjson
//	go run ./examples/export -live -completed-after 25h -out jobs-$(date +%F).ndjson
//
// The last is for every night: a night has a file of its own, and an hour more than a day leaves no gap
// between two nights, for which a few jobs are in both. All that ended are written, whether well or not.
//
// Beside the file is its checkpoint, jobs.ndjson.checkpoint: how long the file was, and where in the
// listing. Every -save jobs the file is forced to the disk, then the checkpoint replaced in one step;
// when the program starts again it cuts the file to the length in the checkpoint and goes on there. So
// what a kill finds unsaved is asked for again, which is everything if it comes before the first -save
// jobs; an interrupt, SIGTERM or a failure saves what is there.
//
// The same command goes on. A bound of -completed-after stays where it was at the first start. A
// checkpoint is bound to what it was made with, and another is refused: live or made up, the profile, the
// region and the endpoint, -completed-after. (Keys in the environment are not told from other such keys:
// that would take a request.) A file that is complete stays as it is, and nothing is asked. A file without
// a checkpoint is never overwritten; for an export from the start remove both, or name another file. One
// program at a time may write a file.
//
// # Exit status
//
//	0  the file is complete
//	1  it is not: start the program again to go on
//	2  nothing was asked, nor will be if it is started again: the flags, the configuration or the file
//	   are wrong
//
// # Live
//
// -live takes the configuration that the AWS CLI takes. It needs the permission backup:ListBackupJobs,
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

// The exit status of the program.
const (
	exitComplete = iota
	exitIncomplete
	exitNothing
)

func main() { cli.Main("export", program{load: cli.LoadConfig, now: time.Now}.run) }

// program is what a live run depends on.
type program struct {
	load cli.ConfigLoader
	now  func() time.Time
}

// run is the [cli.Program].
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

// finish writes what is not in the file yet, and says so; it returns the exit status.
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
