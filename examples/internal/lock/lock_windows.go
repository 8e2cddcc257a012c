package lock

import (
	"errors"
	"os"
	"syscall"
)

// sharingViolation is the error of opening a file that another process has opened and does not share.
const sharingViolation = syscall.Errno(32)

// lock opens the file without sharing it: Windows refuses to open it again until the handle is closed.
func lock(name string) (unlock func(), err error) {
	path, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case errors.Is(err, sharingViolation):
		return nil, ErrHeld
	case err != nil:
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return func() { _ = syscall.CloseHandle(h) }, nil
}
