package backupx

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/filters"
)

var planned = time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)

// ago returns the times that lie as many seconds before planned.
func ago(seconds ...float64) []time.Time {
	return lo.Map(seconds, func(s float64, _ int) time.Time { return planned.Add(-time.Duration(s * float64(time.Second))) })
}

func TestASpanIsSplitEvenly(t *testing.T) {
	for name, c := range map[string]struct {
		span  time.Duration
		parts int
		want  []time.Time
	}{
		"in two":               {time.Hour, 2, ago(1800)},
		"in four":              {time.Hour, 4, ago(2700, 1800, 900)},
		"in whole seconds":     {100 * time.Minute, 7, ago(5143, 4286, 3429, 2572, 1715, 858)},
		"in minutes":           {3 * time.Minute, 4, ago(120, 60)},
		"in two minutes":       {2 * time.Minute, 4, ago(60)},
		"in longer ones":       {179 * time.Second, 4, ago(90)},
		"not in one part":      {time.Hour, 1, nil},
		"not in no part":       {time.Hour, 0, nil},
		"no shorter":           {119 * time.Second, 4, nil},
		"no span":              {0, 4, nil},
		"one that ends before": {-time.Hour, 4, nil},
	} {
		require.Equal(t, c.want, evenly(planned.Add(-c.span), planned, c.parts), name)
	}
	require.Len(t, evenly(planned.AddDate(0, -1, 0), planned, 20_000), filters.MaxWindows-1)
	require.Len(t, evenly(planned.AddDate(0, -1, 0), planned, filters.MaxWindows), filters.MaxWindows-1)
}

// lastPage is what a chain has shown whose last page has items up to planned, seconds after the oldest.
func lastPage(items int, seconds float64) shown {
	oldest := ago(seconds)[0]
	return shown{pages: 1, listed: items, items: items, newest: planned, oldest: oldest, last: oldest}
}

func TestWhatAPageCovers(t *testing.T) {
	for name, c := range map[string]struct {
		items   int
		seconds float64
		want    time.Duration
	}{
		"many items":         {10, 900, 1000 * time.Second},
		"two items":          {2, 2, 4 * time.Second},
		"one item":           {1, 900, 0},
		"none":               {0, 900, 0},
		"of almost one time": {10, 1.999, 0},
		"of one time":        {10, 0, 0},
		"of two seconds":     {3, 2, 3 * time.Second},
	} {
		require.Equal(t, c.want, lastPage(c.items, c.seconds).page(), name)
	}
}

func TestAChainMayBeCutIfItListsTheNewestFirst(t *testing.T) {
	require.True(t, shown{listed: leastListed}.mayBeCut())
	require.False(t, shown{listed: leastListed - 1}.mayBeCut())
	require.False(t, shown{listed: 100, unsorted: true}.mayBeCut())
}

func TestWhereAWindowStarts(t *testing.T) {
	sh := lastPage(10, 900)
	known, older := split{first: ago(5000)[0]}, split{first: ago(900)[0]}
	require.Equal(t, ago(7000)[0], known.start(window{from: ago(7000)[0]}, sh))
	require.Equal(t, ago(5000)[0], known.start(window{}, sh))
	require.Equal(t, ago(900)[0].Add(-retention), older.start(window{}, sh), "jobs are older than expected")
}

func TestWhatIsLeftOfAWindow(t *testing.T) {
	since := func(seconds float64) window { return window{from: ago(seconds)[0]} }
	sp := &split{}
	require.InDelta(t, 4, sp.left(since(4900), lastPage(10, 900)), 1e-9)
	require.InDelta(t, 0.5, sp.left(since(1400), lastPage(10, 900)), 1e-9)
	require.Zero(t, sp.left(since(900), lastPage(10, 900)))
	require.Zero(t, sp.left(since(100), lastPage(10, 900)), "the page has items older than its window")
	require.Zero(t, sp.left(since(4900), lastPage(1, 900)), "one item is no evidence")
	sp.untimed.Store(true)
	require.Zero(t, sp.left(since(4900), lastPage(10, 900)), "the service passes over times")
}

func TestWhetherAWindowIsSplit(t *testing.T) {
	long := lastPage(2, 500) // a page of 1000 seconds
	for name, c := range map[string]struct {
		shown shown
		left  int // seconds of the window behind the page
		idle  int
		want  bool
	}{
		"much is left":                {long, 100_000, 1, true},
		"as little as is worth it":    {long, 2500, 1, true},
		"too little":                  {long, 2499, 1, false},
		"no request is idle":          {long, 100_000, 0, false},
		"fewer than none":             {long, 100_000, -1, false},
		"jobs too near to each other": {lastPage(2, 1), 1000, 2, false},
		"no part is long enough":      {lastPage(11, 2), 4, 3, false},
		"one part is long enough":     {lastPage(2, 2), 10, 2, true},
	} {
		from := c.shown.oldest.Add(-time.Duration(c.left) * time.Second)
		require.Equal(t, c.want, len((&split{}).points(window{from: from}, c.shown, c.idle)) > 0, name)
		require.Equal(t, c.want, len((&split{first: from}).points(window{}, c.shown, c.idle)) > 0, name)
	}
}

// The points of every window obey the bounds, whatever the page covers, is left and is idle.
func TestWhereAWindowIsSplit(t *testing.T) {
	for _, page := range []float64{4, 20, 1000, 90_000} {
		for _, pages := range []float64{2.6, 4, 8, 30, 200, 5000} {
			for _, idle := range []int{1, 2, 3, 7, 17, 40} {
				sh := lastPage(2, page/2+0.5) // not at a whole second
				covers := sh.page()
				from := wholeSecond(sh.oldest.Add(-time.Duration(pages * float64(covers))))
				points := (&split{}).points(window{from: from}, sh, idle)
				name := fmt.Sprintf("%v seconds, %v pages, %d idle: %v", page, pages, idle, points)
				require.NotEmpty(t, points, name)
				open := (&split{first: from}).points(window{}, sh, idle)
				require.Equal(t, append([]time.Time{from}, points...), open, "what is older than an open window's start stays open: "+name)

				parts := []time.Duration{points[0].Sub(from)} // the oldest first
				for i, p := range points {
					require.Equal(t, p.Truncate(time.Second), p, name)
					if i > 0 {
						parts = append(parts, p.Sub(points[i-1]))
					}
				}
				slices.Reverse(parts)
				require.Positive(t, sh.oldest.Sub(points[len(points)-1]), "the last page stays whole: "+name)
				near := min(max(idle, leastNear), mostNear)
				for i, part := range parts {
					require.GreaterOrEqual(t, part, shortestPart, name)
					switch {
					case i >= near:
					case i < len(parts)-1: // the oldest part has what is left
						require.InDelta(t, parts[0].Seconds(), part.Seconds(), 1, "near windows have one length: "+name)
						require.Less(t, part, 3*covers+shortestPart+time.Second, name)
						require.Greater(t, part, covers*8/10-time.Second, name)
					}
				}
				for i := near + 1; i < len(parts)-1; i++ {
					require.Greater(t, parts[i], 3*parts[i-1], "behind them the windows grow: "+name)
				}
				if pages <= 4 {
					require.Greater(t, parts[len(parts)-1], time.Duration(float64(parts[0])/5), "no part is too short: "+name)
				}
			}
		}
	}
}
