package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// options are what the caller asked for.
type options struct {
	live     bool
	regions  list
	profiles list
	role     string
	accounts list
	days     int
	parallel int
	rate     float64
}

// list is a flag that may be repeated, and holds several values between commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(text string) error {
	for value := range strings.SplitSeq(text, ",") {
		if value = strings.TrimSpace(value); value == "" {
			return errors.New("a value is empty")
		}
		if !slices.Contains(*l, value) {
			*l = append(*l, value)
		}
	}
	return nil
}

const usage = `Usage: fleet [flags]

Lists the backup jobs of many accounts and regions that went wrong, one JSON object a line. Without -live
it does so over made-up accounts, offline.

`

const exitUsage = `
Exit status: 0 all sources were listed whole; 1 a source failed, and its row says how; 2 there is no
listing.
`

// parse reads the flags. What is wrong with them it says on stderr, and -h prints the help there.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := o.flags(stderr)
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if err := o.check(fs); err != nil {
		fmt.Fprintf(stderr, "fleet: %v (-h for help)\n", err)
		return o, err
	}
	return o, nil
}

func (o *options) flags(stderr io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet("fleet", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.BoolVar(&o.live, "live", false, "ask AWS, with your configuration")
	fs.Var(&o.regions, "region", "live: the `regions` to ask, between commas or repeated (default: the configured one)")
	fs.Var(&o.profiles, "profile", "live: the `names` of profiles of your AWS configuration (default: the configured one)")
	fs.StringVar(&o.role, "role", "", "live: the `ARN` of the role to assume in each account, with {account} for its id")
	fs.Var(&o.accounts, "accounts", "live: the `ids` of the accounts to assume the role in")
	fs.IntVar(&o.days, "days", 0, "only jobs of the last `n` days (default: the 30 that AWS keeps)")
	fs.IntVar(&o.parallel, "parallel", 16, "at most `n` requests at once")
	fs.Float64Var(&o.rate, "rate", 10, "at most `n` requests a second to each source")
	fs.Usage = func() {
		fmt.Fprint(stderr, usage)
		fs.PrintDefaults()
		fmt.Fprint(stderr, exitUsage)
	}
	return fs
}

const placeholder = "{account}"

var accountID = regexp.MustCompile(`^\d{12}$`)

// check finds flags that cannot be meant. What a listing can tell by itself is left to it.
func (o *options) check(fs *flag.FlagSet) error {
	var set []string
	fs.Visit(func(f *flag.Flag) { set = append(set, f.Name) })
	stray := lo.Intersect(set, []string{"region", "profile", "role", "accounts"})
	wrong, _ := lo.Find(o.accounts, func(id string) bool { return !accountID.MatchString(id) })
	switch {
	case fs.NArg() > 0:
		return fmt.Errorf("%q is not a flag", fs.Arg(0))
	case !o.live && len(stray) > 0:
		return fmt.Errorf("-%s goes with -live", strings.Join(stray, ", -"))
	case (o.role == "") != (len(o.accounts) == 0):
		return errors.New("-role and -accounts go together")
	case o.role != "" && !strings.Contains(o.role, placeholder):
		return fmt.Errorf("-role %q: it does not say where the account goes: %s", o.role, placeholder)
	case wrong != "":
		return fmt.Errorf("-accounts: %q is not an account id of twelve digits", wrong)
	case len(o.profiles) > 1 && o.role != "":
		return errors.New("-role is assumed from one -profile")
	case slices.Contains(set, "days") && (o.days < 1 || o.days > 30):
		return fmt.Errorf("-days %d: AWS keeps jobs for 30 days", o.days)
	}
	return nil
}

// filter is what to list: jobs that did not end well.
func (o *options) filter(now time.Time) backupx.BackupJobFilter {
	f := backupx.BackupJobFilter{}.States(types.BackupJobStateFailed, types.BackupJobStateAborted,
		types.BackupJobStateExpired, types.BackupJobStatePartial)
	if o.days > 0 {
		f = f.CreatedAfter(now.UTC().AddDate(0, 0, -o.days).Truncate(time.Second))
	}
	return f
}
