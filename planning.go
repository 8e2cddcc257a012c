package backupx

import (
	"slices"
	"sync/atomic"
	"time"
)

// This file decides when a window of creation time is split while a range runs, and at which points. docs/engine.md has
// the rules. The functions see only what pages have shown.

const (
	shortestWindow = time.Minute     // the shortest window before the first request: shorter ones cost more than they save
	shortestPart   = 5 * time.Second // the shortest window while a range runs: a request asks for a second more
	leastSpan      = 2 * time.Second // a page of a shorter span is of one moment, which no window divides
	leastListed    = 10              // fewer items come newest first by chance
	divideAbove    = 4               // pages: a smaller window is read as fast in one chain as in parts
	cutAbove       = 3               // pages: the first request of the parts reads a page again
	pagePart       = 0.7             // of a page: the span of a window that most probably has one page only
	ladderStep     = 4               // each window of a ladder is longer by this factor, so that few cover a month
	evenFactor     = 2               // pages are even if the last one spans at least half of the average
	evenRange      = 20              // pages that were even say nothing about a time that is 20 times longer
	longestFactor  = 5               // x
)

// evenly returns the points that split a span of time into parts of the same length, or into fewer parts that are not
// too short.
func evenly(first, last time.Time, parts int, shortest time.Duration) []time.Time {
	span := last.Sub(first)
	parts = min(parts, int(span/shortest), maxWindows)
	if parts < 2 {
		return nil
	}
	step := span / time.Duration(parts)
	points := make([]time.Time, 0, parts)
	for i := 1; i < parts; i++ {
		points = append(points, wholeSecond(first.Add(time.Duration(i)*step)))
	}
	return slices.Compact(points)
}

// wholeSecond rounds a time down: the ends of windows are whole seconds, see exactMargin.
func wholeSecond(t time.Time) time.Time { return t.Truncate(exactMargin).UTC() }

// ladder returns the points that split the time from a start to an end: near the end some windows that have about a page
// each, and behind them a ladder of windows, because jobs come in bursts: where a burst ends, few windows are empty.
func ladder(from, end time.Time, page time.Duration, near int) []time.Time {
	step := max(time.Duration(pagePart*float64(page)), shortestPart)
	points := []time.Time{}
	for at := end.Add(-step); at.Sub(from) >= shortestPart; at = at.Add(-step) {
		points = append(points, wholeSecond(at))
		if len(points) >= near {
			step *= ladderStep
		}
	}
	slices.Reverse(points)
	return slices.Compact(points)
}

// split is what is known of a query that may be read in windows.
type split struct {
	lower, upper time.Time   // the creation times that the filter permits; zero for an open end
	first        time.Time   // the start of the span in which the jobs were created, as far as it is known
	untimed      atomic.Bool // a page had items outside its window: the service passes over the filters for times
	windows      int         // the number of windows; only the ranging goroutine uses it
}

// shown is what the pages of a chain have shown of its window.
type shown struct {
	pages          int           // pages that were read
	listed         int           // items of all pages
	first          time.Time     // creation time of the newest item of the first page
	newest, oldest time.Time     // creation times of the items of the last page within the window
	items          int           // number of these items
	last           time.Time     // creation time of the last item
	took           time.Duration // the time that the last request took
	unsorted       bool          // items did not come newest first, or had no creation time
}

// estimate is what the pages of a chain say about the rest of its window.
type estimate struct {
	from  time.Time     // the start of the window
	page  time.Duration // the span of a page
	pages float64       // pages that are left; 0 if the pages say nothing
	even  bool          // jobs are spread evenly
}

// estimate returns what the pages of a chain say about the rest of its window. An open window starts where the jobs
// are expected to start, or if they are older, as long before as AWS Backup lists jobs.
func (sp *split) estimate(w window, sh shown) estimate {
	e := estimate{from: w.from, page: sh.newest.Sub(sh.oldest)}
	if sp.untimed.Load() || sh.items == 0 || e.page < leastSpan {
		return e
	}
	if e.from.IsZero() {
		if e.from = sp.first; !e.from.Before(sh.oldest) {
			e.from = sh.oldest.Add(-retention)
		}
	}
	left, seen := sh.oldest.Sub(e.from), sh.first.Sub(sh.oldest)
	e.pages = float64(left) / float64(e.page)
	first := sh.pages == 1 && (w.to.IsZero() || w.to.Sub(sh.newest) >= e.page)
	e.even = !first && seen/time.Duration(max(1, sh.pages)) <= evenFactor*e.page && left <= evenRange*seen
	return e
}

// mayBeCut reports whether the chain has listed its items newest first.
func (sh shown) mayBeCut() bool { return !sh.unsorted && sh.listed >= leastListed }

// divide returns the points at which a window is split whose first page has arrived, nil if it is not. As many parts
// are wanted as requests can be sent.
func (sp *split) divide(w window, sh shown, wanted int) []time.Time {
	e := sp.estimate(w, sh)
	switch {
	case e.pages <= divideAbove || wanted < 2:
		return nil
	case e.even:
		return evenly(e.from, latest(sh.newest, w.to), min(wanted, int(e.pages)+1), shortestPart)
	default:
		return ladder(e.from, sh.newest, e.page, wanted)
	}
}

// cut returns the points at which what is left of a window is split, nil if the chain continues.
func (sp *split) cut(w window, sh shown, wanted int) []time.Time {
	e := sp.estimate(w, sh)
	switch {
	case !sh.mayBeCut() || e.pages < cutAbove || wanted < 2:
		return nil
	case e.even:
		return evenly(e.from, sh.oldest, min(wanted, int(e.pages)+1), shortestPart)
	default:
		return ladder(e.from, sh.oldest, e.page, wanted)
	}
}
