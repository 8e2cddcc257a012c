package organization

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/accounts"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/fakeorg"
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

// MadeUp returns the organisation of [fakeorg.Forty] with these services.
func MadeUp(services Services) *fakeorg.Organization {
	o := fakeorg.Forty(nil)
	o.Services = func(account, region string) *fakeaws.Service {
		n := slices.IndexFunc(o.Accounts, func(a fakeorg.Account) bool { return a.ID == account })
		return services(account, region, uint64(n*len(o.Regions)+slices.Index(o.Regions, region)+1))
	}
	return o
}

// MadeUpFleet returns the sources that the flags choose of the made-up organisation. Their clock is now.
func MadeUpFleet(ctx context.Context, program string, chosen sources.Organization, services Services, now func() time.Time) (backupx.Fleet, error) {
	chosen.Role = cmp.Or(chosen.Role, fakeorg.FortyRole)
	load := func(context.Context, string) (aws.Config, error) { return MadeUp(services).Config("us-east-1"), nil }
	return fleet(ctx, chosen, load, now, append(options(program, chosen), accounts.Parallel(1))) // requests have the same ids each time
}
