package backupx_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// A state that jobs leave is listed in one chain: in windows, a job could be missed.
func TestEveryDoesNotSplitStatesThatChange(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: onTheEdge()})
	_, err := at(s, day).BackupJobs(backupx.BackupJobFilter{}.States("CREATED", "RUNNING", "FAILED")).Every(10 * 24 * time.Hour).Count(t.Context())
	require.NoError(t, err)
	states := lo.CountValues(lo.Map(asked(s), func(in map[string]string, _ int) string { return in["state"] }))
	require.Equal(t, map[string]int{"CREATED": 1, "RUNNING": 1, "FAILED": 4}, states)
	require.Equal(t, []map[string]string{{"state": "CREATED"}, {"state": "RUNNING"}}, asked(s)[:2])
}

// Jobs outside the filter's own bounds show, on the first page, that the service passes over times.
func TestAServiceThatPassesOverTimesIsReadInOneChain(t *testing.T) {
	f := backupx.BackupJobFilter{}
	for name, f := range map[string]backupx.BackupJobFilter{
		"before":  f.CreatedBefore(day.AddDate(0, 0, -20)),
		"between": f.CreatedBetween(day.AddDate(0, 0, -25), day.AddDate(0, 0, -20)),
		"after":   f.CreatedAfter(day.AddDate(0, 0, 20)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(lo.Map(spread(500, month, day), func(j types.BackupJob, _ int) time.Time { return *j.CreationDate }))
				a.pageSize, a.untimed = 20, true
				_, err := a.client().BackupJobs(f).Rate(100).Parallel(4).Count(t.Context())
				require.NoError(t, err)
				require.Equal(t, 25, a.counted().sent)
			})
		})
	}
}

// The windows of a source that was new when a listing was resumed stay as they are, also in later ranges.
func TestTheWindowsOfANewSourceStay(t *testing.T) {
	s, now := newStore(), day
	client := backupx.Client{Backup: s, Now: func() time.Time { return now }}
	fleet := func(names ...string) backupx.Listing[string] {
		return fleetOf(lo.SliceToMap(names, func(name string) (string, backupx.Listing[string]) {
			return name, backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), func(j types.BackupJob) string { return name + idOf(j) }).Every(7 * 24 * time.Hour)
		}), nil)
	}
	want, err := drain(fleet("a", "b").All(t.Context()))
	require.NoError(t, err)
	cursor, err := fleet("a", "b").Resume(cpAfter(t, fleet("a"), 1))
	require.NoError(t, err)
	got := slices.Clone(want[:1])
	for n := 0; n < len(want); n += 3 {
		var some []string
		for item, err := range cursor.All(t.Context()) {
			require.NoError(t, err)
			if some = append(some, item); len(some) == 3 {
				break
			}
		}
		got = append(got, some...)
		now = now.AddDate(0, 0, 6)
	}
	require.Equal(t, want, got)
	require.True(t, cursor.Checkpoint().Done())
}
