package organization

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/accounts"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/fakeorg"
)

// What the made-up organisation has.
const (
	madeUpRole = "BackupAudit"
	root       = "r-ab12"
	production = "ou-ab12-11111111"
	web        = "ou-ab12-22222222" // in production
	test       = "ou-ab12-33333333"
	unknown    = "ou-ab12-99999999" // a unit that the organisation does not list
)

// Services returns the services of an account in a region. Each has another seed.
type Services func(account, region string, seed uint64) *fakeaws.Service

// Jobs returns services with a few made-up jobs, which end at [sources.MadeUp].
func Jobs(opts ...fakeaws.Option) Services {
	return func(account, region string, seed uint64) *fakeaws.Service {
		return fakeaws.New(sources.MadeUpJobsOf(account, seed, 30), append([]fakeaws.Option{
			fakeaws.WithAccount(account), fakeaws.WithRegion(region), fakeaws.WithClock(sources.MadeUp), fakeaws.WithLog(0),
		}, opts...)...)
	}
}

// MadeUp returns an organisation of forty accounts: ten that are suspended, three whose role is denied, and one in a unit
// that is not known. Each account has opted in to two of its three regions.
func MadeUp(services Services) *fakeorg.Organization {
	o := &fakeorg.Organization{
		Caller: madeUpID(0), Role: "/" + madeUpRole,
		Regions: []string{"eu-west-1", "me-south-1", "us-east-1"},
		Units:   map[string]string{root: root, production: root, web: production, test: root},
	}
	units, teams := []string{root, production, web, test}, []string{"data", "shop"}
	for n := range 40 {
		o.Accounts = append(o.Accounts, fakeorg.Account{
			ID: madeUpID(n), Name: fmt.Sprintf("account %d", n), Unit: lo.Ternary(n == 30, unknown, units[n%len(units)]),
			State: lo.Ternary(n >= 10 && n < 20, "SUSPENDED", ""), Denied: n >= 20 && n < 23,
			Tags: map[string]string{"team": teams[n%len(teams)]}, Regions: []string{"eu-west-1", "us-east-1"},
		})
	}
	o.Services = func(account, region string) *fakeaws.Service {
		n := slices.IndexFunc(o.Accounts, func(a fakeorg.Account) bool { return a.ID == account })
		return services(account, region, uint64(n*len(o.Regions)+slices.Index(o.Regions, region)+1))
	}
	return o
}

// madeUpID returns the id of the nth account.
func madeUpID(n int) string { return fmt.Sprintf("%012d", 100000000000+n) }

// MadeUpFleet returns the sources that the flags choose of the made-up organisation. Their clock is now.
func MadeUpFleet(ctx context.Context, program string, chosen sources.Organization, services Services, now func() time.Time) (backupx.Fleet, error) {
	chosen.Role = cmp.Or(chosen.Role, madeUpRole)
	load := func(context.Context, string) (aws.Config, error) { return MadeUp(services).Config("us-east-1"), nil }
	return fleet(ctx, chosen, load, now, append(options(program, chosen), accounts.Parallel(1))) // requests have the same ids each time
}
