package accounts_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/fakeorg"
)

const (
	root    = "r-ab12"
	prod    = "ou-ab12-11111111"
	web     = "ou-ab12-22222222" // in prod
	test    = "ou-ab12-33333333"
	foreign = "ou-ab12-99999999" // of no organisation
)

// id returns the nth account id. The first is that of the caller.
func id(n int) string { return fmt.Sprintf("%012d", 100000000000+n) }

// forty returns an organisation of forty accounts: that of the caller, ten that are suspended, three whose role is denied,
// and one in a unit that is not known.
func forty() *fakeorg.Organization {
	o := fakeorg.Forty(oneJob)
	o.PageSize = 7
	return o
}

// oneJob returns the services of an account in a region, with a job that is named after both.
func oneJob(account, region string) *fakeaws.Service {
	job := types.BackupJob{BackupJobId: aws.String(account + "/" + region), State: types.BackupJobStateFailed, CreationDate: aws.Time(time.Unix(1e9, 0))}
	return fakeaws.New(fakeaws.Data{BackupJobs: []types.BackupJob{job}}, fakeaws.WithAccount(account), fakeaws.WithRegion(region))
}

// names returns the names of the sources for these accounts in these regions.
func names(accounts []string, regions ...string) []string {
	return lo.FlatMap(accounts, func(account string, _ int) []string {
		return lo.Map(regions, func(region string, _ int) string { return account + "/" + region })
	})
}

// ids returns the account ids from one number to before another.
func ids(from, to int) []string {
	return lo.Map(lo.RangeFrom(from, to-from), func(n, _ int) string { return id(n) })
}

func namesOf(fleet backupx.Fleet) []string {
	return lo.Map(fleet, func(s backupx.Source, _ int) string { return s.Name })
}

func listing(fleet backupx.Fleet) backupx.Listing[backupx.Sourced[types.BackupJob]] {
	return backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(backupx.BackupJobFilter{})
	})
}

// jobsOf lists the jobs of a fleet: their ids, and the sources that failed.
func jobsOf(t *testing.T, fleet backupx.Fleet) ([]string, backupx.SourceErrors) {
	t.Helper()
	jobs, err := listing(fleet).Collect(t.Context())
	var failed backupx.SourceErrors
	if err != nil {
		require.ErrorAs(t, err, &failed)
	}
	found := lo.Map(jobs, func(j backupx.Sourced[types.BackupJob], _ int) string {
		require.Equal(t, j.Source, *j.Item.BackupJobId)
		require.Equal(t, j.Source, j.Account+"/"+j.Region)
		return j.Source
	})
	slices.Sort(found)
	return found, failed
}
