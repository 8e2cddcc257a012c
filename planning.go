package backupx

import (
	"time"
)

// shortestWindow is the least that Parallel splits a span of time into before the first request.
const shortestWindow = time.Minute

// evenly returns the points that split a span of time into parts of the same length, or into fewer parts that are not
// too short.
func evenly(first, last time.Time, parts int) []time.Time {
	span := last.Sub(first)
	parts = min(parts, int(span/shortestWindow), maxWindows)
	if parts < 2 {
		return nil
	}
	step := span / time.Duration(parts)
	points := make([]time.Time, 0, parts)
	for i := 1; i < parts; i++ {
		points = append(points, first.Add(time.Duration(i)*step).Truncate(exactMargin).UTC())
	}
	return points
}

// split is what is known of a query that may be read in windows. The scheduler's mutex guards its fields, but for the
// bounds.
type split struct {
	lower, upper time.Time // the creation times that the filter permits; zero for an open end
	windows      int       // that were made
	untimed      bool      // a page had items outside its window: the service passes over the filters for times
}

// shown is what the pages of a chain have shown of its window.
type shown struct {
	pages          int           // pages that were read
	first          time.Time     // creation time of the newest item of the first page
	newest, oldest time.Time     // creation times of the items of the last page within the window
	items          int           // number of these items
	last           time.Time     // creation time of the last item
	took           time.Duration // the time that the last request took
	unsorted       bool          // items did not come newest first, or had no creation time
	outside        bool          // items were outside the window
}

// divide returns the points at which a window is split whose first page has arrived; nil if it is not.
func (sp *split) divide(s *scheduler, t *task, w window, sh shown) []time.Time {
	return nil
}

// cut returns the points at which what is left of a chain is split; nil if the chain continues.
func (sp *split) cut(s *scheduler, t *task, w window, sh shown, end time.Time) []time.Time {
	return nil
}
