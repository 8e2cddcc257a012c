package backupx_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// sharded is a filter that can be split.
type sharded[F, T any] interface {
	filter[T]
	Shards(now time.Time, every time.Duration) []F
}

func TestShardsAreDisjointAndTheirUnionIsTheFilter(t *testing.T) {
	t.Run("BackupJobFilter", func(t *testing.T) { disjoint(t, backupJobKind()) })
	t.Run("CopyJobFilter", func(t *testing.T) { disjoint(t, copyJobKind()) })
}

func disjoint[F sharded[F, T], T any](t *testing.T, k kind[F, T]) {
	r := rand.New(rand.NewPCG(13, 14))
	nows := []time.Time{day, day.Add(-10*24*time.Hour + 17*time.Minute), day.AddDate(1, 0, 0)}
	spans := []time.Duration{24 * time.Hour, 7*time.Hour + time.Second, 90 * 24 * time.Hour, 5 * 24 * time.Hour, 0, -1}
	for range 30 {
		f, name := k.random(r, 3)
		now, every := nows[r.IntN(len(nows))], spans[r.IntN(len(spans))]
		var got []string
		for _, shard := range f.Shards(now, every) {
			got = append(got, k.ids(throughJSON(t, shard))...)
		}
		slices.Sort(got)
		require.Equal(t, append([]string{}, k.ids(f)...), append([]string{}, got...), "%s by %s from %s", name, every, now)
	}
}

// throughJSON sends a filter where a distributed engine would.
func throughJSON[F json.Marshaler](t *testing.T, f F) F {
	t.Helper()
	text, err := json.Marshal(f)
	require.NoError(t, err)
	var back F
	require.NoError(t, json.Unmarshal(text, &back))
	return back
}

func TestShardsDeliverWhatTheFilterDoes(t *testing.T) {
	client := clientOf(service())
	f := backupx.BackupJobFilter{}.States("COMPLETED").TopLevel()
	want, err := drain(client.BackupJobs(f).All(t.Context()))
	require.NoError(t, err)
	var got []types.BackupJob
	for _, shard := range f.Shards(day, 3*24*time.Hour) {
		jobs, err := drain(client.BackupJobs(shard).All(t.Context()))
		require.NoError(t, err)
		got = append(jobs, got...) // the newest first
	}
	require.Equal(t, want, got)
}

func TestShardsAreOnAGridOfUTC(t *testing.T) {
	now := time.Date(2026, 3, 14, 15, 9, 26, 0, time.FixedZone("CET", 3600))
	zone := backupx.BackupJobFilter{}
	shards := zone.Shards(now, 10*24*time.Hour)
	require.Equal(t, []string{
		"BackupJobFilter{createdTo: 2026-02-14T00:00:00Z}",
		"BackupJobFilter{createdFrom: 2026-02-14T00:00:00Z, createdTo: 2026-02-24T00:00:00Z}",
		"BackupJobFilter{createdFrom: 2026-02-24T00:00:00Z, createdTo: 2026-03-06T00:00:00Z}",
		"BackupJobFilter{createdFrom: 2026-03-06T00:00:00Z}",
	}, texts(shards), "the first and the last are open")
	require.Equal(t, texts(shards), texts(zone.Shards(now.Add(7*time.Hour).UTC(), 10*24*time.Hour)), "the grid does not move with the clock")
}

func texts[F interface{ String() string }](filters []F) []string {
	out := make([]string, len(filters))
	for i, f := range filters {
		out[i] = f.String()
	}
	return out
}

func TestShardsStayWithinTheFilter(t *testing.T) {
	f := backupx.CopyJobFilter{}.CreatedBetween(day.AddDate(0, 0, -3), day.AddDate(0, 0, -1)).States("FAILED")
	require.Equal(t, []string{
		"CopyJobFilter{states: FAILED, createdFrom: 2026-03-11T00:00:00Z, createdTo: 2026-03-12T00:00:00Z}",
		"CopyJobFilter{states: FAILED, createdFrom: 2026-03-12T00:00:00Z, createdTo: 2026-03-13T00:00:00Z}",
	}, texts(f.Shards(day, 24*time.Hour)))

	old := backupx.CopyJobFilter{}.CreatedBefore(day.AddDate(0, 0, -60))
	require.Equal(t, texts([]backupx.CopyJobFilter{old}), texts(old.Shards(day, time.Hour)))
}

func TestShardsOfNothingAndOfWhatCannotBeMeant(t *testing.T) {
	require.Empty(t, backupx.BackupJobFilter{}.States().Shards(day, time.Hour))
	require.Empty(t, backupx.BackupJobFilter{}.CreatedBetween(day, day).Shards(day, time.Hour))

	wrong := backupx.BackupJobFilter{}.Vaults("").Shards(day, time.Hour)
	require.Len(t, wrong, 1)
	require.ErrorIs(t, wrong[0].Validate(), backupx.ErrFilter, "it says so itself")
}

func TestShardsAreAtMost10000(t *testing.T) {
	for _, every := range []time.Duration{1, time.Millisecond, time.Second, 4*time.Minute + 19*time.Second} {
		shards := backupx.BackupJobFilter{}.Shards(day, every)
		require.LessOrEqual(t, len(shards), 10_000, every)
		require.Greater(t, len(shards), 4_000, every)
	}
}
