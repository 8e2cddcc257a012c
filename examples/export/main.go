// Command export writes the jobs of AWS Backup that have ended to a file, one JSON object a line, and
// can be killed at any moment: started again, it goes on, and the file ends with each job exactly once.
//
//	go run ./examples/export                                 made-up jobs, no network, into jobs.ndjson
//	go run ./examples/export -live -out failed.ndjson        your account and region
//	go run ./examples/export -live -completed-after 24h      those that ended within a day
//
// Beside the file is its checkpoint, jobs.ndjson.checkpoint: how long the file was, and where in the
// listing. Every thousand jobs the file is forced to the disk, then the checkpoint replaced in one step;
// when the program starts again it cuts the file to the length in the checkpoint and goes on there,
// with the filter that is in the checkpoint. A file without a checkpoint is never overwritten; for an
// export from the start remove both, or name another file. One program at a time may write a file.
//
// # Exit status
//
//	0  the file is complete
//	1  it is not: start the program again to go on
//	2  the flags are wrong
package main

import (
	"context"
	"fmt"
	"io"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// The exit status of the program.
const (
	exitComplete = iota
	exitIncomplete
	exitNothing
)

func main() { cli.Main(run) }

// run is the whole program but for its end; it returns the exit status.
func run(ctx context.Context, args []string, _, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if err != nil {
		return cli.Status(err, exitNothing)
	}
	n, err := export(ctx, o)
	if err != nil {
		fmt.Fprintf(stderr, "export: %v\nexport: %d jobs are in %s; start again to go on\n", err, n, o.out)
		return exitIncomplete
	}
	fmt.Fprintf(stderr, "export: %s is complete with %d jobs\n", o.out, n)
	return exitComplete
}
