package backupx

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"
)

// cutJob is a job of a cut.
type cutJob struct {
	id string // empty: it has none
	at time.Time
}

// newCut returns the jobs that a cut lists again, newest first, and what reports whether a page of jobs, with the token of
// the next page, is right.
func newCut() (jobs []cutJob, lists func(next string, items []cutJob) bool) {
	jobs = make([]cutJob, 10)
	c := &cut[cutJob]{ids: map[uint64]time.Time{}}
	for i := range jobs {
		jobs[i] = cutJob{string(rune('a' + i)), planned.Add(-time.Duration(i) * time.Hour)}
		c.ids[hash(jobs[i].id)] = jobs[i].at
	}
	c.from = jobs[9].at
	c.parts = []*reader[cutJob]{{progress: &progress{at: window{to: planned.Add(time.Second)}}}}
	w := &windowed[cutJob]{created: func(j *cutJob) *time.Time { return &j.at }}
	return jobs, func(next string, items []cutJob) bool {
		p := pageOf(items, next, middleware.Metadata{})
		p.identify(func(j *cutJob) *string { return optional(j.id) })
		return w.lists(c, &p)
	}
}

// The first page of a cut has to list every item again that is newer than the oldest one.
func TestACutWhoseFirstPageLacksAJobIsWrong(t *testing.T) {
	jobs, on := newCut()
	lists := func(items []cutJob) bool { return on("", items) }
	require.True(t, lists(jobs))
	require.True(t, lists(jobs[:9]), "jobs of the oldest time may be on the next page")
	for i := range 9 {
		require.False(t, lists(slices.Delete(slices.Clone(jobs), i, i+1)), "job %d is not listed again", i)
		strange := slices.Insert(slices.Clone(jobs), i, cutJob{"strange", jobs[i].at})
		require.False(t, lists(strange), "a job before job %d that the chain has not listed", i)
	}
}

// The first page of a cut that another page follows has to list the items that are newer than its own oldest.
func TestACutWhosePageHasANextOneIsWrongIfItLacksAJob(t *testing.T) {
	jobs, on := newCut()
	lists := func(items []cutJob) bool { return on("t", items) }
	without := func(items []cutJob, i int) []cutJob { return slices.Delete(slices.Clone(items), i, i+1) }
	for n := 1; n <= len(jobs); n++ {
		require.True(t, lists(jobs[:n]), "the others may follow after %d", n)
		require.Equal(t, n >= 9, on("", jobs[:n]), "no others follow after %d", n)
		for i := range n - 1 {
			require.False(t, lists(without(jobs[:n], i)), "job %d of %d is not listed again", i, n)
		}
		require.Equal(t, n > 1, lists(without(jobs[:n], n-1)), "the last of %d may follow, unless the page has none", n)
	}
	later := cutJob{"later", planned.Add(time.Second)}
	require.True(t, lists(slices.Insert(slices.Clone(jobs), 0, later)), "a job that is not in the window is not of the cut")
	older := cutJob{"older", jobs[9].at}
	require.True(t, lists(append(slices.Clone(jobs), older)), "the page has the jobs behind the last page too")
	for _, strange := range []cutJob{{"undated", time.Time{}}, {"", jobs[5].at}, {"strange", jobs[5].at}} {
		require.False(t, lists(slices.Insert(slices.Clone(jobs), 5, strange)), strange.id)
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
