package backupx

import (
	"time"

	"github.com/samber/lo"
)

// maxWindows is the largest number of windows, or of shards, that one listing or filter is split into.
const maxWindows = 10_000

// shards splits criteria by creation time into disjoint criteria that together match the same items, oldest
// first. Their ends are multiples of every in UTC, within the 30 days before now and within the times of the
// criteria. The first shard has no start and the last has no end, unless the criteria set one. Criteria that
// match nothing have no shards.
func (c criteria) shards(now time.Time, every time.Duration) []criteria {
	if c.matchesNothing() {
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

// grid returns the multiples of every that lie strictly between two times. The multiples count from a Monday
// at midnight UTC, so that they do not depend on the two times. If there were more than maxWindows windows, a
// multiple of every is used instead. A length that is not positive gives no points.
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

// shardsOf returns the shards of a filter as filters. An invalid filter is returned unsplit, so that listing
// it reports the error.
func shardsOf[T, F any](t *table[T], c criteria, now time.Time, every time.Duration, filter func(criteria) F) []F {
	if t.validate(c) != nil {
		return []F{filter(c)}
	}
	return lo.Map(c.shards(now, every), func(c criteria, _ int) F { return filter(c) })
}
