package fakeorg

import (
	"fmt"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// The role and the units of [Forty].
const (
	FortyRole = "BackupAudit"

	root       = "r-ab12"
	production = "ou-ab12-11111111"
	web        = "ou-ab12-22222222" // in production
	test       = "ou-ab12-33333333"
	unknown    = "ou-ab12-99999999" // a unit that the organisation does not list
)

// Forty returns an organisation of forty accounts for offline runs: ten that are suspended, three whose role is denied, and
// one in a unit that is not known. Each account has opted in to two of its three regions.
func Forty(services func(account, region string) *fakeaws.Service) *Organization {
	id := func(n int) string { return fmt.Sprintf("%012d", 100000000000+n) }
	o := &Organization{
		Caller: id(0), Role: "/" + FortyRole, Services: services,
		Regions: []string{"eu-west-1", "me-south-1", "us-east-1"},
		Units:   map[string]string{root: root, production: root, web: production, test: root},
	}
	units, teams := []string{root, production, web, test}, []string{"data", "shop"}
	for n := range 40 {
		o.Accounts = append(o.Accounts, Account{
			ID: id(n), Name: fmt.Sprintf("account %d", n), Unit: lo.Ternary(n == 30, unknown, units[n%len(units)]),
			State: lo.Ternary(n >= 10 && n < 20, "SUSPENDED", ""), Denied: n >= 20 && n < 23,
			Tags: map[string]string{"team": teams[n%len(teams)]}, Regions: []string{"eu-west-1", "us-east-1"},
		})
	}
	return o
}
