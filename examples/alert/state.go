package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// state is what the file of -state has: what each follower remembers, and of which sources.
type state struct {
	Live    bool                          `json:"live"`
	Sources []string                      `json:"sources"` // of this run and those before
	Told    map[string]backupx.Checkpoint `json:"told"`    // by the kind of jobs
}

// load makes the followers continue where the state ends. If there is no file, it is the first run.
func (a *alert) load() error {
	if err := a.resume(nil); err != nil {
		return err // the flags are wrong, not the state
	}
	text, err := os.ReadFile(a.state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var was state
	err = json.Unmarshal(text, &was)
	switch {
	case err != nil:
	case !lo.EveryBy(a.watches, func(w watch) bool { return was.Told[w.kind] != backupx.Checkpoint{} }):
		err = errors.New("it is not a state of this program")
	case was.Live != a.live:
		err = errors.New(lo.Ternary(was.Live, "it is of a live run, not of made-up accounts", "it is of made-up accounts, not of a live run"))
	case !lo.Some(was.Sources, a.names):
		err = fmt.Errorf("it is of other sources: %q, not %q", was.Sources, a.names)
	default:
		err = a.resume(was.Told)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: remove it, or name another file with -state", a.state, err)
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
	text, err := json.Marshal(state{a.live, a.names, told})
	return append(text, '\n'), err
}
