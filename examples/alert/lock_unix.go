//go:build unix && !solaris && !illumos && !aix

package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock lets one run at a time use a state. The system frees the lock when the process ends, also if it is killed. A
// lock on the state itself would go with the file that is replaced.
func lock(state string) (unlock func(), err error) {
	f, err := os.OpenFile(state+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errors.New("another run is under way with this state")
		}
		return nil, errors.Join(fmt.Errorf("%s: %w", state, err), f.Close())
	}
	return func() { f.Close() }, nil
}
