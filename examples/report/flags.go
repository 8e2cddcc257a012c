package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// options are the values of the flags.
type options struct {
	live     bool
	org      sources.OrgFlags
	role     string
	regions  cli.List
	profile  string
	zone     zone
	since    cli.Since
	maxAge   time.Duration
	due      time.Duration
	cured    bool
	children bool

	protected bool
	parallel  int
	rate      float64

	text bool
	out  string
}

// zone is the value of a flag that takes the name of a time zone.
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

const about = "Draws what is backed up with AWS as one HTML page. Without -live it does so over made-up data, offline.\n"

const exitStatus = `Exit status: 0 the report is whole; 1 something could not be read, and the report says what; 2 there is
no report.
`

// parse parses the flags. If they ask for help, it prints the help on stderr and returns flag.ErrHelp.
func parse(args []string, stderr io.Writer) (options, error) {
	o := options{zone: zone{time.UTC}}
	f := cli.NewFlags("report", about, exitStatus, &o.live)
	o.org.Define(f)
	f.StringVar(&o.role, "role", "", "-org: the `name` of the role to assume in each account")
	f.Var(&o.regions, "region", "live or -org: the `regions` to ask, between commas or repeated (default: the configured one; with -org those that an account has opted in to)")
	f.StringVar(&o.profile, "profile", "", "live: the `name` of a profile of your AWS configuration")
	f.Var(&o.zone, "tz", "the `zone` of days and times: Europe/Berlin, Local")
	f.SinceVar(&o.since, "", "only jobs")
	f.DurationVar(&o.maxAge, "max-age", 24*time.Hour, "mark resources without a completed backup within this `time`; 0 marks none")
	f.DurationVar(&o.due, "due", 72*time.Hour, "mark CloudHSM backups that are deleted within this `time`")
	f.BoolVar(&o.cured, "cured", false, "show failures that a later backup cured like the others")
	f.BoolVar(&o.protected, "protected", false, "live: ask for the resources that have no job any more, too (ListProtectedResources)")
	f.IntVar(&o.parallel, "parallel", 4, "read up to `n` pages at the same time")
	f.Float64Var(&o.rate, "rate", 0, "send at most `n` requests a second (default: no limit)")
	f.BoolVar(&o.children, "children", false, "count jobs with a parent too")
	f.BoolVar(&o.text, "text", false, "print a summary for the terminal instead")
	f.StringVar(&o.out, "o", "", "write to a `file`, - for stdout (default report.html; with -text: stdout)")
	err := f.Parse(args, stderr, o.check)
	return o, err
}

// check rejects flags whose values make no sense.
func (o *options) check(*cli.Flags) error {
	switch {
	case o.parallel < 1:
		return fmt.Errorf("-parallel %d: it must be at least 1", o.parallel)
	case !(o.rate >= 0) || o.rate > 1e6:
		return fmt.Errorf("-rate %g: it must be a number of requests, 0 for no limit", o.rate)
	case o.maxAge < 0:
		return fmt.Errorf("-max-age %s: it must not be negative", o.maxAge)
	case o.due < 0:
		return fmt.Errorf("-due %s: it must not be negative", o.due)
	}
	return nil
}

// file returns the file to write; empty for stdout.
func (o options) file() string {
	switch {
	case o.out == "-" || o.out == "" && o.text:
		return ""
	case o.out == "":
		return "report.html"
	}
	return o.out
}

// writable returns an error if the file cannot be written, before anything is read for it.
func (o options) writable() error {
	if o.file() == "" {
		return nil
	}
	f, err := os.OpenFile(o.file(), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(filepath.Dir(o.file()))
		return err
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// write writes the report as a page, or with -text as text. It writes nothing if the page cannot be made.
func (o options) write(r Report, width int, stdout, stderr io.Writer) error {
	var b bytes.Buffer
	if o.text {
		b.WriteString(terminal(r, width))
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
