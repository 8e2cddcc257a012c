package backupx

import (
	"time"

	"github.com/samber/lo"
)

// maxWindows is how many windows of time one listing is split into at most.
const maxWindows = 10_000

// shards splits criteria into disjoint ones whose union they are, by creation time on a grid of UTC.
// The grid covers what the criteria leave of the 30 days before now; the first shard takes all that is
// before it, the last all that is after.
func (c criteria) shards(now time.Time, every time.Duration) []criteria {
	if c.nothing() {
		return nil
	}
	lower, upper := c.created()
	first := latest(lower, now.Add(-retention))
	last := earliest(upper, now)
	ends := grid(first, last, every)
	shards := make([]criteria, 0, len(ends)+1)
	var begin time.Time
	for _, end := range ends {
		shards = append(shards, c.between(begin, end))
		begin = end
	}
	return append(shards, c.between(begin, time.Time{}))
}

// grid is the points of time between two, on a grid that begins at midnight UTC of a Monday. Where
// there would be too many, it is made wider.
func grid(first, last time.Time, every time.Duration) []time.Time {
	span := last.Sub(first)
	if every <= 0 || span <= 0 {
		return nil
	}
	if n := span / every; n >= maxWindows-1 {
		every *= n/(maxWindows-1) + 1
	}
	var points []time.Time
	for at := first.UTC().Truncate(every).Add(every); at.Before(last); at = at.Add(every) {
		points = append(points, at)
	}
	return points
}

// shardsOf are the shards of a filter as filters. One that is invalid stays whole, to say so itself.
func shardsOf[T, F any](t *table[T], c criteria, now time.Time, every time.Duration, filter func(criteria) F) []F {
	if t.validate(c) != nil {
		return []F{filter(c)}
	}
	return lo.Map(c.shards(now, every), func(c criteria, _ int) F { return filter(c) })
}
