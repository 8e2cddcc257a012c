package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// state is what the file of -state has: what each follower remembers, and of which sources.
type state struct {
	Live    bool                          `json:"live"`
	Sources []string                      `json:"sources"` // of this run and those before
	Told    map[string]backupx.Checkpoint `json:"told"`    // by the kind of jobs

	// Unread are the accounts of which no source could be listed, with the time since which their jobs are to be told. The
	// regions of such an account may not be known: those that come later begin there too.
	Unread map[string]time.Time `json:"unread,omitempty"`
}

// since returns the time since which the jobs of a source that has no place yet are told.
func (s *state) since(of backupx.Source, usual time.Time) time.Time {
	if s == nil {
		return usual
	}
	if at, ok := s.Unread[of.Account]; ok && at.Before(usual) {
		return at
	}
	return usual
}

// read returns the state that an earlier run left; nil if there is no file. It finds what is wrong with it whatever the
// sources are, before any of them is asked.
func (o options) read() (*state, error) {
	text, err := os.ReadFile(o.state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var was state
	err = json.Unmarshal(text, &was)
	switch {
	case err != nil:
	case !lo.EveryBy([]string{backupKind, copyKind}, func(kind string) bool { return was.Told[kind] != backupx.Checkpoint{} }):
		err = errors.New("it is not a state of this program")
	case was.Live != o.live:
		err = errors.New(lo.Ternary(was.Live, "it is of a live run, not of made-up accounts", "it is of made-up accounts, not of a live run"))
	}
	if err != nil {
		return nil, o.refused(err)
	}
	return &was, nil
}

func (o options) refused(err error) error {
	return fmt.Errorf("%s: %w: remove it, or name another file with -state", o.state, err)
}

// load makes the followers continue where the state ends. Without a state it is the first run.
func (a *alert) load(was *state) error {
	if err := a.resume(nil); err != nil || was == nil {
		return err // the flags are wrong, not the state
	}
	if !lo.Some(was.Sources, a.names) {
		return a.refused(fmt.Errorf("it is of other sources: %q, not %q", was.Sources, a.names))
	}
	if err := a.resume(was.Told); err != nil {
		return a.refused(err)
	}
	a.names = lo.Union(was.Sources, a.names)
	return nil
}

// resume makes the followers continue from their checkpoints, or start at the beginning without.
func (a *alert) resume(told map[string]backupx.Checkpoint) error {
	for _, w := range a.watches {
		if err := w.Resume(told[w.kind]); err != nil {
			return err
		}
	}
	return nil
}

// text returns the content of the file for what was delivered so far.
func (a *alert) text() ([]byte, error) {
	told := map[string]backupx.Checkpoint{}
	for _, w := range a.watches {
		told[w.kind] = w.Checkpoint()
	}
	text, err := json.Marshal(state{a.live, a.names, told, a.unread})
	return append(text, '\n'), err
}
