package backupx

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"
)

// The first page of a cut that another page follows has to list the items that are newer than its own oldest.
func TestACutWhosePageHasANextOneIsWrongIfItLacksAJob(t *testing.T) {
	type job struct {
		id string
		at time.Time
	}
	jobs := make([]job, 10)
	c := &cut[job]{ids: map[uint64]time.Time{}}
	for i := range jobs {
		jobs[i] = job{string(rune('a' + i)), planned.Add(-time.Duration(i) * time.Hour)}
		c.ids[hash(jobs[i].id)] = jobs[i].at
	}
	c.from = jobs[9].at
	c.parts = []*reader[job]{{progress: &progress{at: window{to: planned.Add(time.Second)}}}}
	w := &windowed[job]{created: func(j *job) *time.Time { return &j.at }}
	on := func(next string, items []job) bool {
		p := pageOf(items, next, middleware.Metadata{})
		p.identify(func(j *job) *string {
			if j.id == "" {
				return nil
			}
			return &j.id
		})
		return w.lists(c, &p)
	}
	lists := func(items []job) bool { return on("t", items) }
	without := func(items []job, i int) []job { return slices.Delete(slices.Clone(items), i, i+1) }
	for n := 1; n <= len(jobs); n++ {
		require.True(t, lists(jobs[:n]), "the others may follow after %d", n)
		require.Equal(t, n >= 9, on("", jobs[:n]), "no others follow after %d", n)
		for i := range n - 1 {
			require.False(t, lists(without(jobs[:n], i)), "job %d of %d is not listed again", i, n)
		}
		require.Equal(t, n > 1, lists(without(jobs[:n], n-1)), "the last of %d may follow, unless the page has none", n)
	}
	later := job{"later", planned.Add(time.Second)}
	require.True(t, lists(slices.Insert(slices.Clone(jobs), 0, later)), "a job that is not in the window is not of the cut")
	older := job{"older", jobs[9].at}
	require.True(t, lists(append(slices.Clone(jobs), older)), "the page has the jobs behind the last page too")
	for _, strange := range []job{{"undated", time.Time{}}, {"", jobs[5].at}, {"strange", jobs[5].at}} {
		require.False(t, lists(slices.Insert(slices.Clone(jobs), 5, strange)), strange.id)
	}
}
