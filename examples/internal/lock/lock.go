// Package lock lets one process at a time use a file. The system frees a lock when the process that has it ends, also if
// that process is killed.
package lock

import (
	"errors"
	"fmt"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// ErrHeld is the cause of the error of [File] if another process has the lock.
var ErrHeld = errors.New("another run is under way with this file")

const suffix = ".lock"

// File locks a file that need not exist, and returns the function that frees the lock. If another process has the lock,
// the error wraps [ErrHeld]. Where the file is a link, the lock is that of the file that it leads to.
//
// The lock is on an empty file beside it, name.lock, which stays: a lock on the file itself would go with a file that
// is replaced, and a lock file that is removed could be one that another process has just locked. Where the system
// has no such locks (Solaris, AIX, Plan 9), File locks nothing.
func File(name string) (unlock func(), err error) {
	if unlock, err = lock(cli.Target(name) + suffix); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return unlock, nil
}
