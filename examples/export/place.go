package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/backupx-go/backupx"
)

// place is how far an export has come.
type place struct {
	Length     int64              `json:"length"` // of the file
	Jobs       int                `json:"jobs"`   // in it
	Checkpoint backupx.Checkpoint `json:"checkpoint"`
}

const suffix = ".checkpoint"

// load reads the place of a file; the zero place is the start.
func load(file string) (at place, err error) {
	text, err := os.ReadFile(file + suffix)
	if errors.Is(err, fs.ErrNotExist) {
		return at, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &at)
	}
	if err != nil {
		return at, fmt.Errorf("%s: %w", file+suffix, err)
	}
	return at, nil
}

// store replaces the place of a file in one step: after a crash there is the old one or the new one.
func (at place) store(file string) error {
	text, err := json.Marshal(at)
	if err != nil {
		return err
	}
	next := file + suffix + ".new"
	if err := writeThrough(next, append(text, '\n')); err != nil {
		return err
	}
	if err := os.Rename(next, file+suffix); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(file))
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

// open opens the file at a place: what was written after it is cut off. At the start there must not be
// a file, unless it is empty; its place is stored before anything is written to it, so that a file with
// jobs always has one.
func open(name string, at place) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := cut(f, at); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return f, nil
}

func cut(f *os.File, at place) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = os.Stat(f.Name() + suffix)
	switch started := err == nil; {
	case !started && info.Size() > 0:
		return errors.New("it is there and has no checkpoint: remove it, or name another file")
	case info.Size() < at.Length:
		return fmt.Errorf("it is shorter than its checkpoint says: %d bytes of %d", info.Size(), at.Length)
	case !started:
		if err := at.store(f.Name()); err != nil {
			return err
		}
	}
	if err := f.Truncate(at.Length); err != nil {
		return err
	}
	_, err = f.Seek(at.Length, io.SeekStart)
	return err
}
