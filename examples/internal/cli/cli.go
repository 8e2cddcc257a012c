// Package cli is the code that the programs under examples share and that is not about backupx: exit status,
// flags, AWS configuration of a live run, text for a terminal.
//
// A program is a [Program], a function of arguments and streams, so that its tests run it in their process:
//
//	func main() { cli.Main("report", program{load: cli.LoadConfig, now: time.Now}.run) }
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Program is a whole program except its end. It returns its exit status, with an error that [Run] prints.
// The arguments do not include the name of the program; [Flags.Parse] parses them.
type Program func(ctx context.Context, args []string, stdout, stderr io.Writer) (status int, err error)

// Main runs a program with the arguments and streams of the process, then ends the process with the
// program's exit status. The first interrupt or SIGTERM cancels the context of the program, and a second one ends
// the process: the program may hang, for example in a write that nobody reads.
func Main(name string, program Program) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	status := Run(ctx, name, program, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// Run runs a program, prints its error on stderr in a line that starts with the name, and returns its exit
// status: zero if the program returns [flag.ErrHelp], which is not printed.
func Run(ctx context.Context, name string, program Program, args []string, stdout, stderr io.Writer) int {
	status, err := program(ctx, args, stdout, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
	}
	return status
}
