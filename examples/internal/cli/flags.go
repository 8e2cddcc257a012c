package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// Flags are the flags of a program that runs offline, or with -live on the caller's account.
//
// A flag whose usage starts with "live: " is allowed only with -live, one whose usage starts with "offline: "
// only without. Parse returns an error for a misplaced flag, so that nobody mistakes made-up data for those of
// a region.
type Flags struct {
	*flag.FlagSet

	about, exitStatus string
	live              *bool
}

// NewFlags returns a set of flags that has only -live, which sets live. A program without an offline run passes nil, and
// has no -live. The help is about, then the flags, then exitStatus. Both texts must end with a newline.
func NewFlags(name, about, exitStatus string, live *bool) *Flags {
	f := &Flags{flag.NewFlagSet(name, flag.ContinueOnError), about, exitStatus, live}
	if live != nil {
		f.BoolVar(live, "live", false, "ask AWS, with your configuration")
	}
	f.SetOutput(io.Discard) // Parse returns what is wrong
	f.Usage = func() {}
	return f
}

func (f *Flags) help(w io.Writer) {
	f.SetOutput(w)
	fmt.Fprintf(w, "Usage: %s [flags]\n\n%s\n", f.Name(), f.about)
	f.PrintDefaults()
	fmt.Fprintf(w, "\n%s", f.exitStatus)
}

// Parse sets the flags, then calls check, which may be nil, to check them together. If the arguments ask for
// help, Parse prints the help on stderr and returns [flag.ErrHelp]. Any other error says in one line what is
// wrong with the flags.
func (f *Flags) Parse(args []string, stderr io.Writer, check func(*Flags) error) error {
	err := f.FlagSet.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		f.help(stderr)
		return err
	}
	if err == nil {
		err = f.misplaced()
	}
	if err == nil && check != nil {
		err = check(f)
	}
	if err != nil {
		return fmt.Errorf("%w (-h for help)", err)
	}
	return nil
}

// Given reports whether a flag was given, also if its value is the default.
func (f *Flags) Given(name string) bool {
	given := false
	f.Visit(func(g *flag.Flag) { given = given || g.Name == name })
	return given
}

// misplaced returns an error for an argument that is not a flag, and for flags that do not go with -live, or
// without it.
func (f *Flags) misplaced() error {
	if f.NArg() > 0 {
		return fmt.Errorf("%q is not a flag", f.Arg(0))
	}
	elsewhere, one, several := "live: ", "goes with -live", "go with -live"
	if f.live == nil || *f.live {
		elsewhere, one, several = "offline: ", "does not go with -live", "do not go with -live"
	}
	var stray []string
	f.Visit(func(g *flag.Flag) {
		if strings.HasPrefix(g.Usage, elsewhere) {
			stray = append(stray, "-"+g.Name)
		}
	})
	switch len(stray) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s %s", stray[0], one)
	}
	return fmt.Errorf("%s %s", strings.Join(stray, ", "), several)
}
