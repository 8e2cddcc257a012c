package sources

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// Flags are the flags that choose the sources of a live run.
type Flags struct {
	regions  cli.List
	profiles cli.List
	role     string
	accounts cli.List
}

// Define adds -region, -profile, -role and -accounts to the flags of a program.
func (s *Flags) Define(f *cli.Flags) {
	f.Var(&s.regions, "region", "live: the `regions` to ask, between commas or repeated (default: the configured one)")
	f.Var(&s.profiles, "profile", "live: the `names` of profiles of your AWS configuration (default: the configured one)")
	f.StringVar(&s.role, "role", "", "live: the `ARN` of the role to assume in each account, with {account} for its id")
	f.Var(&s.accounts, "accounts", "live: the `ids` of the accounts to assume the role in")
}

const placeholder = "{account}"

var accountID = regexp.MustCompile(`^\d{12}$`)

// Check rejects values that make no sense.
func (s *Flags) Check() error {
	wrong, _ := lo.Find(s.accounts, func(id string) bool { return !accountID.MatchString(id) })
	switch {
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
