package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Prepare writes the next content of a file to another file beside it, name.new, and waits until it is on the disk. The
// function that it returns replaces the file in one step: after a crash the old or the new content is there. Where the name
// is that of a link, the file that it leads to is replaced, and the link stays. A pipe or a device is never replaced.
func Prepare(name string, text []byte) (replace func() error, err error) {
	name = Target(name)
	if err := Replaceable(name); err != nil {
		return nil, err
	}
	next := name + ".new"
	if err := writeThrough(next, text); err != nil {
		return nil, err
	}
	return func() error {
		if err := os.Rename(next, name); err != nil {
			return err
		}
		return syncFolder(filepath.Dir(name))
	}, nil
}

// Replaceable returns an error for the name of anything but a file. A file that is not there yet is one.
func Replaceable(name string) error {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: it is not a file, but a folder, a pipe or a device", name)
	}
	return nil
}

const mostLinks = 40 // as many as Linux follows

// Target returns the name of the file that a name leads to through links. The file need not exist.
func Target(name string) string {
	for range mostLinks {
		to, err := os.Readlink(name)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			folder := filepath.Dir(name)
			if real, err := filepath.EvalSymlinks(folder); err == nil {
				folder = real // where ".." in the link starts
			}
			to = filepath.Join(folder, to)
		}
		name = to
	}
	return name
}

// writeThrough writes a file and waits until it is on the disk.
func writeThrough(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolder waits until the names in a folder are on the disk. Windows denies that, and keeps names by itself.
func syncFolder(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
