//go:build unix && !solaris && !illumos && !aix

package cli

import (
	"os"
	"syscall"
	"unsafe"
)

// columns reports whether a file is a terminal, and its width; 0 if the terminal does not tell it.
func columns(f *os.File) (width int, terminal bool) {
	var size struct{ rows, columns, x, y uint16 } // struct winsize
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	return int(size.columns), errno == 0
}
