// Command restore saves CloudHSM backups that are about to be deleted.
//
//	go run ./examples/restore                                made-up data, no network: what would happen
//	go run ./examples/restore -yes                           the same, and restores them
//	go run ./examples/restore -live -due-within 48h          your account: what would happen
//	go run ./examples/restore -live -tag owner=payments -yes your account: restores them
//
// It prints the account and the region, and lists the backups in PENDING_DELETION that the flags choose, the first to be
// deleted first, with the hours that are left. Without -yes it changes nothing. An -id or a -cluster that no backup has,
// because of a typo for example, is an error, and nothing is restored; a backup of -id that is not pending deletion is
// named. With -yes it restores the backups one after another, waits until each is READY, and prints the outcome of each.
// It lists all backups before it restores the first: a restore during the listing would shift the pages, and backups
// would be missed.
//
// A backup is "perhaps restored" if the answer to its restore was lost and the backup was not seen READY
// afterwards. Run the program again later: it lists the backups that are still pending deletion.
//
// # Exit status
//
//	0  all chosen backups are restored and READY, or it was a dry run, or no backup was chosen
//	1  some backups could not be restored, or were not READY in time, or are perhaps restored
//	2  nothing was tried: the flags are wrong, a backup does not exist, or the backups could not be listed
//
// # Live
//
// -live uses the configuration that the AWS CLI uses. It needs the permission
// cloudhsm:DescribeBackups, and with -yes also cloudhsm:RestoreBackup. It asks STS for the account, which needs no
// permission. Only the account that owns a backup can restore it.
package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// The exit statuses of the program.
const (
	exitDone = iota
	exitFailures
	exitNothing
)

func main() {
	cli.Main("restore", program{load: cli.LoadConfig, now: time.Now, screen: cli.ScreenOf(os.Stdout, os.Stderr)}.run)
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
		return exitNothing, err
	}
	progress := p.screen.Progress(stderr, "backup")
	defer progress.Stop()
	from, err := p.origin(ctx, o, progress)
	if err != nil {
		return exitNothing, err
	}
	r := rescue{options: o, origin: from, progress: progress, stdout: progress.Above(stdout), width: p.screen.Columns()}
	return r.restore(ctx)
}
