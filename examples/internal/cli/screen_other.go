//go:build !unix || solaris || illumos || aix

package cli

import "os"

// columns reports whether a file is a terminal. It cannot tell the width.
func columns(f *os.File) (width int, terminal bool) {
	info, err := f.Stat()
	return 0, err == nil && info.Mode()&os.ModeCharDevice != 0
}
