package organization_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/examples/internal/organization"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func TestASourceIsAnAccountInARegion(t *testing.T) {
	o := organization.MadeUp(organization.Jobs())
	fleet, err := organization.Fleet(t.Context(), "audit", sources.Organization{Role: "BackupAudit"}, clitest.Loads(o.Config("us-east-1"), nil), sources.MadeUp)
	require.NoError(t, err)
	require.Len(t, lo.UniqBy(fleet, func(s backupx.Source) string { return s.Account }), 30)
	for _, s := range fleet {
		require.Equal(t, sources.MadeUp(), s.Client.Now())
	}
	jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(backupx.BackupJobFilter{})
	})
	n, err := jobs.Count(t.Context())
	var failed backupx.SourceErrors
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed, 3)
	require.Equal(t, 27*2*30, n)
	sessions := lo.FilterMap(o.Global(o.Caller).Requests(), func(r fakeaws.Request, _ int) (string, bool) {
		return r.Parameter("RoleSessionName"), r.Operation == "AssumeRole"
	})
	require.Equal(t, []string{"backupx-audit"}, lo.Uniq(sessions))
}

// The region of STS and AWS Organizations is one that is asked, if none is configured.
func TestNoRegionIsConfigured(t *testing.T) {
	o := organization.MadeUp(organization.Jobs())
	fleet, err := organization.Fleet(t.Context(), "audit", sources.Organization{Role: "BackupAudit", Regions: []string{"eu-west-1"}}, clitest.Loads(o.Config(""), nil), sources.MadeUp)
	require.NoError(t, err)
	require.Equal(t, []string{"eu-west-1"}, lo.Uniq(lo.Map(fleet, func(s backupx.Source, _ int) string { return s.Region })))
}
