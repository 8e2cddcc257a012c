package cli

import (
	"errors"
	"time"

	"github.com/backupx-go/backupx/internal/since"
)

// DurationVar defines a flag for a duration, as [flag.FlagSet.DurationVar] does, that also takes days and weeks: 2d. Its
// error for any other value says what the flag takes.
func (f *Flags) DurationVar(d *time.Duration, name string, value time.Duration, usage string) {
	*d = value
	f.Var((*duration)(d), name, usage)
}

type duration time.Duration

func (d *duration) String() string { return time.Duration(*d).String() }

func (d *duration) Set(text string) error {
	value, err := since.ParseDuration(text)
	if err != nil {
		return errors.New("it takes a duration: 48h, 90m, 2d")
	}
	*d = duration(value)
	return nil
}
