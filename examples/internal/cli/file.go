package cli

import (
	"errors"
	"os"
	"path/filepath"
)

// Prepare writes the next content of a file to another file beside it, name.new, and waits until it is on the disk. The
// function that it returns replaces the file in one step: after a crash the old or the new content is there.
func Prepare(name string, text []byte) (replace func() error, err error) {
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

// writeThrough writes a file and waits until it is on the disk.
func writeThrough(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolder waits until the names in a folder are on the disk.
func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
