package backupx

import (
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/backupx-go/backupx/internal/filters"
	"github.com/backupx-go/backupx/internal/schedule"
)

// This file decides when a window of creation time is split while a range runs, and at which points. docs/engine.md has
// the rules. The functions see only what pages have shown.

// Splitting a window costs one request, because the last page is read again, and one more for each part that turns out to
// be empty. Requests that would not be sent otherwise pay for that. A chain that crosses a gap without jobs pays nothing
// for the gap.
const (
	// shortestWindow is the length of the shortest window before the first request.
	shortestWindow = time.Minute
	// shortestPart is the length of the shortest window while a range runs: a request reads up to two seconds more.
	shortestPart = 5 * time.Second
	// leastSpan is the least time between the newest and the oldest job of a page that is evidence. Jobs of one moment
	// are not separated by windows.
	leastSpan = 2 * time.Second
	// leastListed is how many items must have come newest first: fewer do so by chance.
	leastListed = 10
	// nearPages is how many pages a near window seems to have: a little less than a whole number, because a window of
	// three pages needs a fourth request in every second case.
	nearPages = 2.8
	// fewestPages is the least that a near window has if little is left, so that it needs one request.
	fewestPages = 0.9
	// severalRounds is how many pages must be left of a chain that is split, unless one round reads all of them: fewer
	// are read in two or three rounds, which a split cannot shorten by more than one.
	severalRounds = 2.5
	// leastNear and mostNear bound how many near windows follow the first one. With two, the next chain that ends finds a
	// window waiting. More than 16 are mostly empty if a burst ends; a longer burst is split again.
	leastNear, mostNear = 2, 16
	// ladderFactor is how much farther back each window behind the near ones reaches than the one before. A smaller
	// factor makes more empty requests in a gap of days, a larger one leaves windows that are split again.
	ladderFactor = 5
)

// evenly returns the points that split a span of time into parts of the same length, or into fewer parts that are not
// too short.
func evenly(first, last time.Time, parts int) []time.Time {
	span := last.Sub(first)
	parts = min(parts, int(span/shortestWindow), filters.MaxWindows)
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

// wholeSecond rounds a time down: the ends of windows are whole seconds, see [filters.ExactMargin].
func wholeSecond(t time.Time) time.Time { return t.Truncate(filters.ExactMargin).UTC() }

// split is what is known of a query that may be read in windows.
type split struct {
	lower, upper time.Time   // the creation times that the filter permits; zero for an open end
	first        time.Time   // the start of the span in which the jobs were created, as far as it is known
	untimed      atomic.Bool // a page had items outside its window: the service passes over the filters for times
	windows      int         // the number of windows; only the ranging goroutine uses it
}

// shown is what the pages of a chain have shown of its window.
type shown struct {
	pages          int       // pages that were read
	listed         int       // items of all pages
	newest, oldest time.Time // creation times of the items of the last page within the window
	items          int       // number of these items
	last           time.Time // creation time of the last item
	unsorted       bool      // items did not come newest first, or had no creation time
}

// mayBeCut reports whether the chain has listed its items newest first.
func (sh shown) mayBeCut() bool { return !sh.unsorted && sh.listed >= leastListed }

// page returns the time that a page covers where jobs lie as densely as on the last page, 0 if the page is no evidence.
// A page has one gap less between its items than it has items.
func (sh shown) page() time.Duration {
	span := sh.newest.Sub(sh.oldest)
	if sh.items < 2 || span < leastSpan {
		return 0
	}
	return time.Duration(float64(span) * float64(sh.items) / float64(sh.items-1))
}

// bounded returns a window within the creation times that the filter permits.
func (sp *split) bounded(w window) window {
	return window{filters.Latest(w.from, sp.lower), filters.Earliest(w.to, sp.upper)}
}

// start returns the start of a window within the filter's times. An open window starts where the jobs are expected to
// start or, if they are older, as long before as AWS Backup lists jobs.
func (sp *split) start(w window, sh shown) time.Time {
	switch from := sp.bounded(w).from; {
	case !from.IsZero():
		return from
	case sp.first.Before(sh.oldest):
		return sp.first
	default:
		return sh.oldest.Add(-retention)
	}
}

// left estimates how many pages the window has behind the last one, if jobs lie there as densely as on that page. It is 0
// if the page is no evidence. The estimate is far too high at the end of a burst.
func (sp *split) left(w window, sh shown) float64 {
	page := sh.page()
	if page == 0 || sp.untimed.Load() {
		return 0
	}
	return max(0, float64(sh.oldest.Sub(sp.start(w, sh)))/float64(page))
}

// points returns the times, ascending, at which what is left of a window is split, nil if the chain continues. The part
// behind the last of these times contains all of the last page. A query has at most filters.MaxWindows windows.
//
// Jobs often come in bursts, and a page does not show where its burst ends. The parts are therefore near windows of
// nearPages, one for each request that is idle, and behind them a ladder of windows of growing length. If little is left,
// the near windows divide it evenly, and if the idle requests read all of it in one round, a page or two are worth a split.
// The first near window reads the last page again, and is one page shorter behind it.
func (sp *split) points(w window, sh shown, idle int) []time.Time {
	left := sp.left(w, sh)
	near := min(max(idle, leastNear), mostNear)
	least, pages := severalRounds, min(nearPages, max(fewestPages, (left+1)/float64(near+1)))
	if parts := math.Ceil(left / fewestPages); parts <= float64(min(idle, mostNear)) { // one round reads all of it
		least, pages = schedule.LeastLeft, left/parts
	}
	if idle <= 0 || left < least {
		return nil
	}
	first, length := max(0, pages-1)*float64(sh.page()), pages*float64(sh.page())
	length = max(length, float64(shortestPart))
	shortest := max(shortestPart, time.Duration(length/4)) // the last part is not worth a request of its own
	start := sp.start(w, sh)
	points := []time.Time{}
	for back := first; ; {
		at := wholeSecond(sh.oldest.Add(-time.Duration(back)))
		if at.Sub(start) < shortest {
			break
		}
		points = append(points, at)
		if len(points) <= near {
			back += length
		} else {
			back *= ladderFactor
		}
	}
	if sp.bounded(w).from.IsZero() && len(points) > 0 {
		points = append(points, wholeSecond(start)) // what is older stays open
	}
	slices.Reverse(points)
	return points[max(0, len(points)-filters.MaxWindows+sp.windows):]
}
