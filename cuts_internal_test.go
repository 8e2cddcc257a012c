package backupx

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"
)

// The first page of a cut has to list every item again that is newer than the oldest one.
func TestACutWhoseFirstPageLacksAJobIsWrong(t *testing.T) {
	type job struct {
		id string
		at time.Time
	}
	day := time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)
	jobs := make([]job, 10)
	c := &cut[job]{ids: map[uint64]time.Time{}}
	for i := range jobs {
		jobs[i] = job{string(rune('a' + i)), day.Add(-time.Duration(i) * time.Hour)}
		c.ids[hash(jobs[i].id)] = jobs[i].at
	}
	c.from = jobs[9].at
	c.parts = []*reader[job]{{progress: &progress{at: window{to: day.Add(time.Second)}}}}
	w := &windowed[job]{created: func(j *job) *time.Time { return &j.at }}
	lists := func(items []job) bool {
		p := pageOf(items, "", middleware.Metadata{})
		p.identify(func(j *job) *string { return &j.id })
		return w.lists(c, &p)
	}
	require.True(t, lists(jobs))
	require.True(t, lists(jobs[:9]), "jobs of the oldest time may be on the next page")
	for i := range 9 {
		require.False(t, lists(slices.Delete(slices.Clone(jobs), i, i+1)), "job %d is not listed again", i)
		strange := slices.Insert(slices.Clone(jobs), i, job{"strange", jobs[i].at})
		require.False(t, lists(strange), "a job before job %d that the chain has not listed", i)
	}
}

// Two pages that idle requests read in one round are split, and the first window lists nothing but the last page again.
// Otherwise the chain reads them itself.
func TestTheLastPagesOfAChainAreReadInOneRound(t *testing.T) {
	day := time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)
	sh := shown{newest: day, oldest: day.Add(-999 * time.Second), items: 1000} // a page covers 1,000 seconds
	at := window{from: sh.oldest.Add(-2000 * time.Second), to: day}
	sp := &split{windows: 1}
	require.Equal(t, []time.Time{
		sh.oldest.Add(-1334 * time.Second), sh.oldest.Add(-667 * time.Second), sh.oldest,
	}, sp.points(at, sh, 3))
	require.Empty(t, sp.points(at, sh, 2), "two requests do not read them in one round")
	require.Empty(t, sp.points(window{from: sh.oldest.Add(-1000 * time.Second), to: day}, sh, 3), "one page is one round")
	require.Empty(t, sp.points(at, sh, 0))
}
