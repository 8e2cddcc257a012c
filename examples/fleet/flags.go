package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// options are the values of the flags.
type options struct {
	live     bool
	regions  cli.List
	profiles cli.List
	role     string
	accounts cli.List
	days     int
	parallel int
	rate     float64
}

const about = `Lists the backup jobs of many accounts and regions that went wrong, one JSON object a line. Without -live
it does so over made-up accounts, offline.
`

const exitStatus = `Exit status: 0 all sources were listed whole; 1 a source failed, and its row says how; 2 there is no
listing.
`

// parse parses the flags. If they ask for help, it prints the help on stderr and returns flag.ErrHelp.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := cli.NewFlags("fleet", about, exitStatus, &o.live)
	f.Var(&o.regions, "region", "live: the `regions` to ask, between commas or repeated (default: the configured one)")
	f.Var(&o.profiles, "profile", "live: the `names` of profiles of your AWS configuration (default: the configured one)")
	f.StringVar(&o.role, "role", "", "live: the `ARN` of the role to assume in each account, with {account} for its id")
	f.Var(&o.accounts, "accounts", "live: the `ids` of the accounts to assume the role in")
	f.IntVar(&o.days, "days", 0, "only jobs of the last `n` days (default: the 30 that AWS keeps)")
	f.IntVar(&o.parallel, "parallel", 16, "at most `n` requests at once")
	f.Float64Var(&o.rate, "rate", 10, "at most `n` requests a second to each source")
	err := f.Parse(args, stderr, o.check)
	return o, err
}

const placeholder = "{account}"

var accountID = regexp.MustCompile(`^\d{12}$`)

// check rejects flags whose values make no sense. It leaves out what the listing checks itself.
func (o *options) check(f *cli.Flags) error {
	wrong, _ := lo.Find(o.accounts, func(id string) bool { return !accountID.MatchString(id) })
	switch {
	case (o.role == "") != (len(o.accounts) == 0):
		return errors.New("-role and -accounts go together")
	case o.role != "" && !strings.Contains(o.role, placeholder):
		return fmt.Errorf("-role %q: it does not say where the account goes: %s", o.role, placeholder)
	case wrong != "":
		return fmt.Errorf("-accounts: %q is not an account id of twelve digits", wrong)
	case len(o.profiles) > 1 && o.role != "":
		return errors.New("-role is assumed from one -profile")
	case f.Given("days") && (o.days < 1 || o.days > 30):
		return fmt.Errorf("-days %d: AWS keeps jobs for 30 days", o.days)
	}
	return nil
}

// filter returns the filter of the jobs to list: those that ended without a whole recovery point.
func (o *options) filter(now time.Time) backupx.BackupJobFilter {
	f := backupx.BackupJobFilter{}.Unsuccessful()
	if o.days > 0 {
		f = f.CreatedAfter(now.UTC().AddDate(0, 0, -o.days).Truncate(time.Second))
	}
	return f
}
