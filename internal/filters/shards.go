package filters

import "time"

// MaxWindows is the largest number of windows, or of shards, that one listing or filter is split into.
const MaxWindows = 10_000

// Shards splits criteria by creation time into disjoint criteria that together match the same items, oldest
// first. Their ends are multiples of every in UTC, within the retention before now and within the times of the
// criteria. The first shard has no start and the last has no end, unless the criteria set one. Criteria that
// match nothing have no shards. Invalid criteria are returned unsplit, so that listing them reports the error.
func (t *Table[T]) Shards(c Criteria, now time.Time, retention, every time.Duration) []Criteria {
	if t.Validate(c) != nil {
		return []Criteria{c}
	}
	if c.matchesNothing() {
		return nil
	}
	lower, upper := c.created()
	first := Latest(lower, now.Add(-retention))
	last := Earliest(upper, now)
	ends := Grid(first, last, every)
	shards := make([]Criteria, 0, len(ends)+1)
	var begin time.Time
	for _, end := range ends {
		shards = append(shards, c.between(begin, end))
		begin = end
	}
	return append(shards, c.between(begin, time.Time{}))
}

// Grid returns the multiples of every that lie strictly between two times. The multiples count from a Monday
// at midnight UTC, so that they do not depend on the two times. If there were more than MaxWindows windows, a
// multiple of every is used instead. A length that is not positive gives no points.
func Grid(first, last time.Time, every time.Duration) []time.Time {
	if every <= 0 {
		return nil
	}
	if n := last.Sub(first) / every; n >= MaxWindows-1 {
		every *= n/(MaxWindows-1) + 1
	}
	var points []time.Time
	for at := first.UTC().Truncate(every).Add(every); at.Before(last); at = at.Add(every) {
		points = append(points, at)
	}
	return points
}
