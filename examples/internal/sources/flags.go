package sources

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// Flags are the flags that choose the sources of a live run, or those of an organisation.
type Flags struct {
	regions  cli.List
	profiles cli.List
	role     string
	accounts cli.List
	org      OrgFlags
}

// Define adds -region, -profile, -role and -accounts to the flags of a program.
func (s *Flags) Define(f *cli.Flags) {
	f.Var(&s.regions, "region", "live: the `regions` to ask, between commas or repeated (default: the configured one)")
	s.defineAccounts(f)
	f.StringVar(&s.role, "role", "", "live: the `ARN` of the role to assume in each account, with {account} for its id")
}

// DefineOrg adds the flags of [Flags.Define] and [OrgFlags.Define].
func (s *Flags) DefineOrg(f *cli.Flags) {
	s.org.Define(f)
	f.Var(&s.regions, "region", "live or -org: the `regions` to ask, between commas or repeated (default: the configured one; with -org those that an account has opted in to)")
	s.defineAccounts(f)
	f.StringVar(&s.role, "role", "", "live or -org: the `role` to assume in each account: its ARN, with {account} for the account's id; with -org its name")
}

func (s *Flags) defineAccounts(f *cli.Flags) {
	f.Var(&s.profiles, "profile", "live: the `names` of profiles of your AWS configuration (default: the configured one)")
	f.Var(&s.accounts, "accounts", "live: the `ids` of the accounts to assume the role in")
}

const placeholder = "{account}"

var accountID = regexp.MustCompile(`^\d{12}$`)

// Check rejects values that make no sense.
func (s *Flags) Check() error {
	wrong, _ := lo.Find(s.accounts, func(id string) bool { return !accountID.MatchString(id) })
	switch {
	case s.org.on:
		return s.checkOrg()
	case (s.role == "") != (len(s.accounts) == 0):
		return errors.New("-role and -accounts go together")
	case s.role != "" && !strings.Contains(s.role, placeholder):
		return fmt.Errorf("-role %q: it does not say where the account goes: %s", s.role, placeholder)
	case wrong != "":
		return fmt.Errorf("-accounts: %q is not an account id of twelve digits", wrong)
	case len(s.profiles) > 1 && s.role != "":
		return errors.New("-role is assumed from one -profile")
	}
	return nil
}

func (s *Flags) checkOrg() error {
	switch {
	case len(s.accounts) > 0:
		return errors.New("-accounts does not go with -org, which lists the accounts: choose by -units or -tag")
	case len(s.profiles) > 1:
		return errors.New("-org asks the organisation of one -profile")
	}
	return nil
}

// Organization returns what -org chooses; false if it is not given.
func (s *Flags) Organization() (Organization, bool) {
	return s.org.Organization(strings.Join(s.profiles, ""), s.role, s.regions)
}
