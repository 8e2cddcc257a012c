package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// place is the position of an export, as its checkpoint file stores it.
type place struct {
	Format     format             `json:"format"`
	Since      string             `json:"since,omitempty"` // the flag, as it was given
	From       time.Time          `json:"from,omitzero"`   // what the flag meant in the first run
	Length     int64              `json:"length"`          // of the file, in bytes
	Jobs       int                `json:"jobs"`            // in the file
	Checkpoint backupx.Checkpoint `json:"checkpoint"`

	complete bool // when it was stored: a source that is new since then is still to be read
}

const suffix = ".checkpoint"

// stored reports whether the place was read from a file: every place that is stored has a checkpoint.
func (at place) stored() bool { return at.Checkpoint != (backupx.Checkpoint{}) }

// useless returns the error for a file that the program cannot continue, with what to do about it.
func useless(file string, why error) error {
	return fmt.Errorf("%w: remove %s and %s, or name another file with -out", why, file, file+suffix)
}

// load reads the place of a file. It returns the zero place, the start, if there is no checkpoint.
func load(file string) (at place, err error) {
	text, err := os.ReadFile(file + suffix)
	if errors.Is(err, fs.ErrNotExist) {
		return at, nil
	}
	if err != nil {
		return at, err
	}
	err = json.Unmarshal(text, &at)
	if err == nil && (!at.stored() || at.Length < 0) {
		err = errors.New("it is not a checkpoint of this program")
	}
	if err != nil {
		return at, useless(file, fmt.Errorf("%s: %w", file+suffix, err))
	}
	at.complete = at.Checkpoint.Done()
	return at, nil
}

// store replaces the place of a file in one step: after a crash the old or the new one is there.
func (at place) store(file string) error {
	text, err := json.Marshal(at)
	if err != nil {
		return err
	}
	replace, err := cli.Prepare(file+suffix, append(text, '\n'))
	if err != nil {
		return err
	}
	return replace()
}

// open opens the file at a place and cuts off what was written after it. At the start the file must not exist,
// or must be empty. The place is stored before anything is written to the file, so that a file with jobs
// always has a checkpoint.
func open(name string, at place) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := cut(f, at); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func cut(f *os.File, at place) error {
	if err := fits(f, at); err != nil {
		return err
	}
	if err := at.store(f.Name()); err != nil {
		return err
	}
	if err := f.Truncate(at.Length); err != nil {
		return err
	}
	_, err := f.Seek(at.Length, io.SeekStart)
	return err
}

// fits returns an error if the file is not as an export left it at a place.
func fits(f *os.File, at place) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = os.Stat(f.Name() + suffix)
	stored, size := err == nil, info.Size()
	switch {
	case !stored && size > 0:
		err = errors.New("it is there and has no checkpoint")
	case size < at.Length:
		err = fmt.Errorf("it is shorter than its checkpoint says: %s of %d", cli.Count(int(size), "byte"), at.Length)
	case size > at.Length && at.complete:
		err = fmt.Errorf("it was complete and is longer than its checkpoint says: %s, not %d", cli.Count(int(size), "byte"), at.Length)
	case !endsRow(f, at.Length):
		err = errors.New("it was changed: its checkpoint is within a row")
	default:
		return nil
	}
	return useless(f.Name(), fmt.Errorf("%s: %w", f.Name(), err))
}

// endsRow reports whether a row ends at a length of the file, as each does in both formats. The start is an end too.
func endsRow(f *os.File, length int64) bool {
	last := []byte{0}
	_, err := f.ReadAt(last, length-1)
	return length == 0 || err == nil && last[0] == '\n'
}
