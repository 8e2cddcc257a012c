package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
)

// options are what the caller asked for.
type options struct {
	live     bool
	regions  regions
	profile  string
	zone     zone
	children bool
	text     bool
	out      string
}

// regions is a flag that may be repeated, and holds several values between commas.
type regions []string

func (r *regions) String() string { return strings.Join(*r, ",") }

func (r *regions) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name == "" {
			return errors.New("the name of a region is empty")
		}
		if !slices.Contains(*r, name) {
			*r = append(*r, name)
		}
	}
	return nil
}

// zone is a flag with the name of a time zone.
type zone struct{ *time.Location }

func (z *zone) String() string {
	if z.Location == nil {
		return ""
	}
	return z.Location.String()
}

func (z *zone) Set(name string) (err error) {
	if name == "" {
		return errors.New("the name of the zone is empty")
	}
	z.Location, err = time.LoadLocation(name)
	return err
}

const usage = `Usage: report [flags]

Draws what is backed up with AWS as one HTML page. Without -live it does so over made-up data, offline.

`

const exitUsage = `
Exit status: 0 the report is whole; 1 something could not be read, and the report says what; 2 there is
no report.
`

// parse reads the flags. What is wrong with them it says on stderr, and -h prints the help there.
func parse(args []string, stderr io.Writer) (options, error) {
	o := options{zone: zone{time.UTC}}
	fs := o.flags(stderr)
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if err := o.check(fs); err != nil {
		fmt.Fprintf(stderr, "report: %v (-h for help)\n", err)
		return o, err
	}
	return o, nil
}

func (o *options) flags(stderr io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet("report", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.BoolVar(&o.live, "live", false, "ask AWS, with your configuration")
	fs.Var(&o.regions, "region", "live: the `regions` to ask, between commas or repeated (default: the configured one)")
	fs.StringVar(&o.profile, "profile", "", "live: the `name` of a profile of your AWS configuration")
	fs.Var(&o.zone, "tz", "the `zone` of days and times: Europe/Berlin, Local")
	fs.BoolVar(&o.children, "children", false, "count jobs with a parent too")
	fs.BoolVar(&o.text, "text", false, "print a summary for the terminal instead")
	fs.StringVar(&o.out, "o", "", "write to a `file`, - for stdout (default report.html; with -text: stdout)")
	fs.Usage = func() {
		fmt.Fprint(stderr, usage)
		fs.PrintDefaults()
		fmt.Fprint(stderr, exitUsage)
	}
	return fs
}

// check finds flags that cannot be meant.
func (o *options) check(fs *flag.FlagSet) error {
	var set []string
	fs.Visit(func(f *flag.Flag) { set = append(set, f.Name) })
	stray := lo.Intersect(set, []string{"region", "profile"})
	switch {
	case fs.NArg() > 0:
		return fmt.Errorf("%q is not a flag", fs.Arg(0))
	case !o.live && len(stray) > 0:
		return fmt.Errorf("-%s goes with -live", strings.Join(stray, ", -"))
	}
	return nil
}

// file is where the report goes; empty for stdout.
func (o options) file() string {
	switch {
	case o.out == "-" || o.out == "" && o.text:
		return ""
	case o.out == "":
		return "report.html"
	}
	return o.out
}

// write writes the report in the form that was asked for, once it is whole.
func (o options) write(r Report, stdout, stderr io.Writer) error {
	var b bytes.Buffer
	if o.text {
		b.WriteString(terminal(r))
	} else if err := page(&b, r); err != nil {
		return err
	}
	file := o.file()
	if file == "" {
		_, err := stdout.Write(b.Bytes())
		return err
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "report: wrote %s\n", file)
	return nil
}
