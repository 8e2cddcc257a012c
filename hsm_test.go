package backupx_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func TestHSMFiltersOnTheWire(t *testing.T) {
	type f = backupx.HSMFilter
	for name, c := range map[string]struct {
		filter f
		asked  []params
	}{
		"everything":     {f{}, []params{{}}},
		"ids":            {f{}.IDs("backup-b", "backup-a"), []params{{"Filters.backupIds": "backup-a|backup-b"}}},
		"no id":          {f{}.IDs(), nil},
		"clusters":       {f{}.Clusters("cluster-a", "cluster-b"), []params{{"Filters.clusterIds": "cluster-a|cluster-b"}}},
		"source backups": {f{}.SourceBackups("backup-a"), []params{{"Filters.sourceBackupIds": "backup-a"}}},
		"one state":      {f{}.States("READY"), []params{{"Filters.states": "READY"}}},
		"several states": {f{}.States("READY", "CREATE_IN_PROGRESS", "DELETED"), []params{
			{"Filters.states": "CREATE_IN_PROGRESS", "SortAscending": "false"}, {"Filters.states": "READY", "SortAscending": "false"}, {"Filters.states": "DELETED", "SortAscending": "false"},
		}},
		"states, oldest first": {f{}.States("READY", "DELETED").OldestFirst(), []params{
			{"Filters.states": "READY", "SortAscending": "true"}, {"Filters.states": "DELETED", "SortAscending": "true"},
		}},
		"never expires":    {f{}.NeverExpires(true), []params{{"Filters.neverExpires": "true"}}},
		"expires":          {f{}.NeverExpires(false), []params{{"Filters.neverExpires": "false"}}},
		"does and doesn't": {f{}.NeverExpires(false).NeverExpires(true), nil},
		"shared":           {f{}.Shared(true), []params{{"Shared": "true"}}},
		"own":              {f{}.Shared(false), []params{{"Shared": "false"}}},
		"shared and own":   {f{}.Shared(false).Shared(true), nil},
		"oldest first":     {f{}.OldestFirst(), []params{{"SortAscending": "true"}}},
		"checked on items": {f{}.HasTag("a").Tagged("b", "c").Modes("FIPS").HSMTypes("hsm1.medium").SourceRegions("us-west-2").DeletionDueBefore(day).CreatedAfter(day).CreatedBefore(day).CreatedBetween(day, day.Add(1)), []params{{}}},
		"no tag value":     {f{}.Tagged("a", "b").Tagged("a", "c"), nil},
		"no mode":          {f{}.Modes(), nil},
		"between nothing":  {f{}.CreatedBetween(day, day), nil},
		"all there is to ask": {f{}.IDs("backup-a").Clusters("cluster-a").SourceBackups("backup-b").States("READY").NeverExpires(true).Shared(true).OldestFirst(), []params{{
			"Filters.backupIds": "backup-a", "Filters.clusterIds": "cluster-a", "Filters.sourceBackupIds": "backup-b",
			"Filters.states": "READY", "Filters.neverExpires": "true", "Shared": "true", "SortAscending": "true",
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := fakeaws.New(fakeaws.Data{})
			requireAsks(t, s, clientOf(s).HSMBackups(c.filter), c.asked)
			require.Equal(t, len(c.asked), c.filter.Explain().Chains)
		})
	}
}

func TestSharedBackupsAreThoseOfOthers(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{HSM: runs(), HSMShared: []hsmtypes.Backup{hsmBackup("shared00000", "READY", 1)}})
	client := clientOf(s)
	got, err := drain(backupx.Map(client.HSMBackups(backupx.HSMFilter{}.Shared(true)), hsmID).All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, []string{"backup-shared00000"}, got)
	requireCount(t, len(runs()), client.HSMBackups(backupx.HSMFilter{}.Shared(false)))
}

func TestABackupThatIsRestoredMeanwhileIsDeliveredOnce(t *testing.T) {
	all := lo.Times(12, func(i int) hsmtypes.Backup {
		return hsmBackup(fmt.Sprintf("aaaaaaaaa%02d", i), lo.Ternary(i%2 == 0, hsmtypes.BackupStateReady, hsmtypes.BackupStatePendingDeletion), i)
	})
	for after := range 12 {
		moving := []fakeaws.Moving{
			{ID: hsmID(all[1]), Steps: []fakeaws.Step{{AfterRequests: after, State: "READY"}}},
			{ID: hsmID(all[8]), Steps: []fakeaws.Step{{AfterRequests: after, State: "PENDING_DELETION"}}},
		}
		s := fakeaws.New(fakeaws.Data{HSM: all}, fakeaws.WithMoving(moving...))
		got, err := drain(backupx.Map(clientOf(s).HSMBackups(backupx.HSMFilter{}.States("READY", "PENDING_DELETION").OldestFirst()).PageSize(1), hsmID).All(t.Context()))
		require.NoError(t, err)
		require.Empty(t, lo.FindDuplicates(got), "moved after %d requests", after)
		require.True(t, slices.IsSorted(got))
	}
}

func TestDeletedBackupsAreNotRemembered(t *testing.T) {
	saved := func(n int) int {
		all := lo.Times(n, func(i int) hsmtypes.Backup { return hsmBackup(fmt.Sprintf("aaaaaaaaa%02d", i), "DELETED", i) })
		listing := clientOf(fakeaws.New(fakeaws.Data{HSM: all})).HSMBackups(backupx.HSMFilter{}.States("READY", "DELETED"))
		cursor := listing.PageSize(5).Cursor()
		take(t, cursor.All(t.Context()), n-1)
		text, err := cursor.Checkpoint().MarshalText()
		require.NoError(t, err)
		return len(text)
	}
	require.Less(t, saved(99), saved(19)+500, "a checkpoint grows by the tokens alone")
}

// timeless removes the creation time of one backup, which no service lacks.
type timeless struct {
	backupx.HSMAPI
	id string
}

func (api timeless) DescribeBackups(ctx context.Context, in *cloudhsmv2.DescribeBackupsInput, opts ...func(*cloudhsmv2.Options)) (*cloudhsmv2.DescribeBackupsOutput, error) {
	out, err := api.HSMAPI.DescribeBackups(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	for i := range out.Backups {
		if hsmID(out.Backups[i]) == api.id {
			out.Backups[i].CreateTimestamp = nil
		}
	}
	return out, nil
}

func TestBackupsWithoutACreationTimeAreListed(t *testing.T) {
	oldest := hsmBackup("timeless000", "READY", -24*365)
	client := clientOf(fakeaws.New(fakeaws.Data{HSM: append(runs(), oldest)}))
	client.HSM = timeless{client.HSM, hsmID(oldest)}
	for _, f := range []backupx.HSMFilter{{}, backupx.HSMFilter{}.States("READY", "PENDING_DELETION"), backupx.HSMFilter{}.States("READY", "PENDING_DELETION").OldestFirst()} {
		requireCount(t, len(runs())+1, client.HSMBackups(f))
	}
	requireCount(t, len(runs()), client.HSMBackups(backupx.HSMFilter{}.CreatedAfter(day.Add(-time.Hour))))
}

func TestHSMExplain(t *testing.T) {
	require.Equal(t, backupx.Explanation{
		Chains:   2,
		Requests: []string{"states: PENDING_DELETION|READY", "oldestFirst"},
		Items:    []string{"modes: FIPS", "createdAfter: 2026-03-14T00:00:00Z", "tag owner: payments"},
	}, backupx.HSMFilter{}.States("READY", "PENDING_DELETION").OldestFirst().Modes("FIPS").Tagged("owner", "payments").CreatedAfter(day).Explain())
}
