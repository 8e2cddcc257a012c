package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/samber/lo"
)

// Flags are the flags of a program that runs offline, or with -live on the caller's account.
//
// A flag whose usage starts with "live: " is allowed only with -live, one whose usage starts with "offline: "
// only without, and one whose usage starts with "-org: " only with the flag -org; "live or -org: " stands for either.
// Parse returns an error for a misplaced flag, so that nobody mistakes made-up data for those of a region.
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

// misplaced returns an error for an argument that is not a flag, and for flags without the flag that they go with.
func (f *Flags) misplaced() error {
	if f.NArg() > 0 {
		return fmt.Errorf("%q is not a flag", f.Arg(0))
	}
	stray := map[string][]string{} // by the first of what they go with
	f.Visit(func(g *flag.Flag) {
		if with := goesWith(g); len(with) > 0 && !slices.ContainsFunc(with, f.given) {
			stray[with[0]] = append(stray[with[0]], "-"+g.Name)
		}
	})
	if len(stray) == 0 {
		return nil
	}
	with := slices.Min(lo.Keys(stray))
	names, one, several := stray[with], "goes with", "go with"
	if with == "offline" {
		with, one, several = "live", "does not go with", "do not go with"
	}
	return fmt.Errorf("%s %s -%s", strings.Join(names, ", "), lo.Ternary(len(names) == 1, one, several), strings.TrimPrefix(with, "-"))
}

var conditions = regexp.MustCompile(`^((?:live|offline|-[a-z]+)(?: or (?:live|offline|-[a-z]+))*): `)

// goesWith returns what the usage of a flag says that it goes with: "live", "offline", or another flag.
func goesWith(g *flag.Flag) []string {
	if found := conditions.FindStringSubmatch(g.Usage); found != nil {
		return strings.Split(found[1], " or ")
	}
	return nil
}

// given reports whether the run is what a flag goes with.
func (f *Flags) given(with string) bool {
	live := f.live == nil || *f.live
	switch with {
	case "live":
		return live
	case "offline":
		return !live
	}
	return f.Lookup(strings.TrimPrefix(with, "-")).Value.String() == "true"
}
