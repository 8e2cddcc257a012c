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
