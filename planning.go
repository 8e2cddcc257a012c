package backupx

import (
	"os"
	"slices"
	"strconv"
	"sync/atomic"
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
	lower, upper time.Time   // the creation times that the filter permits; zero for an open end
	first        time.Time   // the start of the span in which jobs were created, as far as it is known
	windows      int         // that were made
	untimed      atomic.Bool // a page had items outside its window: the service passes over the filters for times
}

// shown is what the pages of a chain have shown of its window.
type shown struct {
	pages          int           // pages that were read
	first          time.Time     // creation time of the newest item of the first page
	newest, oldest time.Time     // creation times of the items of the last page within the window
	items          int           // number of these items
	last           time.Time     // creation time of the last item
	took           time.Duration // the time that the last request took
	listed         int           // items of all pages
	unsorted       bool          // items did not come newest first, or had no creation time
}

// parallel returns how many requests of a chain's query can be under way: as many as the range and its source permit, and
// no more than a rate feeds.
func (s *scheduler) parallelFor(t *task, took time.Duration) int {
	n := s.parallel
	for sc := t.scope; sc != nil; sc = sc.outer {
		if sc.requests > 0 {
			n = min(n, sc.requests)
		}
	}
	if allowed := t.scope.throttle.allowed; allowed > 0 {
		n = min(n, allowed)
	}
	for _, p := range t.pacers {
		n = min(n, int((took+p.interval-1)/p.interval))
	}
	return max(1, n)
}

const (
	manyPages   = 4               // a window that seems to have more pages is worth dividing
	leastSpan   = 2 * time.Second // a page of jobs of a shorter span is of one moment: no window separates them
	leastListed = 10              // items that come newest first by chance only in one of three million listings
	leastPart   = 5 * time.Second // the shortest window that is made while a range runs
	ladderStep  = 4               // how many times longer each window of a ladder is than the one before
)

// evidence reports whether the pages of a chain show how its jobs lie in time.
func (sp *split) evidence(sh shown) bool {
	return !sp.untimed.Load() && sh.items > 0 && sh.newest.Sub(sh.oldest) >= leastSpan
}

// left estimates the pages that are left of a window, and returns the start of the window: an open window is taken to
// extend for as long as AWS Backup lists jobs.
func (sp *split) left(w window, sh shown) (pages float64, from time.Time, even bool) {
	from = w.from
	if from.IsZero() {
		if from = sp.first; !from.Before(sh.oldest) {
			from = sh.oldest.Add(-retention)
		}
	}
	first := sh.first
	if knob("TO", 0) > 0 && !w.to.IsZero() {
		first = w.to
	}
	page := sh.newest.Sub(sh.oldest)
	average := first.Sub(sh.oldest) / time.Duration(max(1, sh.pages))
	even = float64(average) <= knob("EV", 2)*float64(page) && (sh.pages > 1 || !w.to.IsZero() && w.to.Sub(sh.newest) < page) && float64(sh.oldest.Sub(from)) <= knob("EF", 20)*float64(first.Sub(sh.oldest))
	return float64(sh.oldest.Sub(from)) / float64(max(1, page, time.Duration(knob("AV", 0)*float64(average)))), from, even
}

// pagesLeft estimates the pages that are left of a chain that may be cut, 0 for one that may not.
func (sp *split) pagesLeft(w window, sh shown) float64 {
	if sh.unsorted || sh.listed < leastListed || !sp.evidence(sh) {
		return 0
	}
	pages, _, _ := sp.left(w, sh)
	return pages
}

// divide returns the points at which a window is split whose first page has arrived; nil if it is not.
func (sp *split) divide(s *scheduler, t *task, w window, sh shown) []time.Time {
	pages, from, even := sp.left(w, sh)
	if !sp.evidence(sh) || pages <= knob("DP", 4) {
		return nil
	}
	n := sp.worth(s, t, sh, pages, knob("IPD", 1))
	if n < 2 {
		return nil
	}
	if even {
		return parts(from, latest(sh.newest, w.to), min(n, int(pages)+1))
	}
	return sp.ladder(from, sh.newest, sh.newest.Sub(sh.oldest), n)
}

func (sp *split) worth(s *scheduler, t *task, sh shown, pages float64, ip float64) int {
	n := s.parallelFor(t, sh.took)
	idle := n - s.reading
	total, known, most := pages, 1.0, 0.0
	for _, o := range s.root.tasks {
		if o.started && !o.over && o != t && o.split != nil {
			total += o.left
			most = max(most, o.left)
			if o.left > 0 || o.spent {
				known++
			}
		}
	}
	share := total / float64(n)
	if idle > 0 && s.unstarted == 0 && most*knob("VF", 0.5) <= pages {
		return max(idle+int(ip), min(n, int(knob("SHI", 0)*pages/share)))
	}
	if known >= float64(s.active)/2 && n > 1 && float64(s.unstarted) < knob("UN", 1)*float64(n) && pages > knob("SF", 100000)*max(share, 4) {
		return min(n, int(pages/share*knob("SH", 1)))
	}
	return 0
}

// cut returns the points at which what is left of a chain is split; nil if the chain continues.
func (sp *split) cut(s *scheduler, t *task, w window, sh shown) []time.Time {
	if sh.unsorted || sh.listed < leastListed || !sp.evidence(sh) {
		return nil
	}
	pages, from, even := sp.left(w, sh)
	if pages < knob("CP", 3) {
		return nil
	}
	n := sp.worth(s, t, sh, pages, knob("IP", 1))
	if n < 2 {
		return nil
	}
	if even {
		return parts(from, sh.oldest, min(n, int(pages+1)))
	}
	return sp.ladder(from, sh.oldest, sh.newest.Sub(sh.oldest), n)
}

// ladder returns the points that split the time from from to end: near windows of one page each, then windows that are
// each longer than the one before.
func (sp *split) ladder(from, end time.Time, page time.Duration, near int) []time.Time {
	page = max(time.Duration(float64(page)*knob("PG", 0.7)), leastPart)
	near = int(float64(near) * knob("NR", 1))
	points := []time.Time{}
	step := page
	for at := end.Add(-step); at.Sub(from) >= leastPart; at = at.Add(-step) {
		points = append(points, at.Truncate(exactMargin).UTC())
		if len(points) >= near {
			step = time.Duration(float64(step) * knob("LS", 4))
		}
	}
	slices.Reverse(points)
	return slices.Compact(points)
}

func knob(name string, v float64) float64 {
	if s := os.Getenv(name); s != "" {
		v, _ = strconv.ParseFloat(s, 64)
	}
	return v
}

func parts(from, to time.Time, n int) []time.Time {
	points := []time.Time{}
	n = max(1, min(n, int(to.Sub(from)/leastPart)))
	step := to.Sub(from) / time.Duration(n)
	for i := 1; i < n; i++ {
		points = append(points, from.Add(time.Duration(i)*step).Truncate(exactMargin).UTC())
	}
	return slices.Compact(points)
}
