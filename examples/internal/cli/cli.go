// Package cli is what the programs under examples have in common and what is not backupx: how they end,
// their flags, the AWS configuration of a live run, and text for a terminal.
//
// A program is a function that gets arguments and streams and returns its exit status, so that its tests
// run it as a shell does, in one process:
//
//	func main() { cli.Main(program{load: cli.LoadConfig, now: time.Now}.run) }
package cli

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Main runs a program with the arguments and streams of the process, and ends the process with the status
// that run returns. The context of run ends with the first interrupt or SIGTERM.
func Main(run func(ctx context.Context, args []string, stdout, stderr io.Writer) int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// Status is how a program ends after an error of [Flags.Parse]: with zero where help was asked for, and
// with wrong where the flags are.
func Status(err error, wrong int) int {
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	return wrong
}
