// Command restore saves CloudHSM backups that are about to be deleted.
//
//	go run ./examples/restore                                made-up data, no network: what would happen
//	go run ./examples/restore -yes                           the same, and restores them
//	go run ./examples/restore -live -due-within 48h          your account: what would happen
//	go run ./examples/restore -live -tag owner=payments -yes your account: restores them
//
// It lists the backups in PENDING_DELETION that the flags choose, the first to go first, with the hours
// that are left. Nothing changes without -yes. With it they are restored one after another, each is
// looked at until it is READY, and the outcome of each is told. It lists everything before it restores
// anything: to restore while listing would shift the pages and miss backups.
//
// # Exit status
//
//	0  all that was chosen is restored and READY; or it was a dry run; or nothing was chosen
//	1  some could not be restored, or were not seen READY in time
//	2  nothing was tried: the flags are wrong, or the backups could not be listed
//
// # Live
//
// -live takes the configuration that the AWS CLI takes. It needs the permission
// cloudhsm:DescribeBackups, and with -yes also cloudhsm:RestoreBackup. Only the account that owns a
// backup can restore it.
package main

import (
	"context"
	"io"
	"time"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// The exit status of the program.
const (
	exitDone = iota
	exitFailures
	exitNothing
)

func main() { cli.Main("restore", program{load: cli.LoadConfig, now: time.Now}.run) }

// program is what a live run depends on.
type program struct {
	load cli.ConfigLoader
	now  func() time.Time
}

// run is the [cli.Program].
func (p program) run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	o, err := parse(args, stderr)
	if err != nil {
		return exitNothing, err
	}
	from, err := p.origin(ctx, o)
	if err != nil {
		return exitNothing, err
	}
	return o.restore(ctx, from, stdout)
}
