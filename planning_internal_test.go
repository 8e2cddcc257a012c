package backupx

import (
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
	require.Equal(t, planned, shown{last: planned}.inOrder())
	require.Zero(t, shown{last: planned, unsorted: true}.inOrder())
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

// The points lie as many seconds before the oldest item of the last page: near windows of 2.8 pages, and a ladder.
func TestWhereAWindowIsSplit(t *testing.T) {
	long, short := lastPage(2, 500), lastPage(2, 2) // pages of 1000 and of 4 seconds
	for name, c := range map[string]struct {
		shown shown
		left  int // seconds of the window behind the page
		idle  int
		want  []int
	}{
		"no request is idle":            {long, 100_000, 0, nil},
		"fewer than none":               {long, 100_000, -1, nil},
		"two near windows at least":     {long, 100_000, 1, []int{37_100, 7420, 4620, 1820}},
		"one for each that is idle":     {long, 100_000, 3, []int{51_100, 10_220, 7420, 4620, 1820}},
		"a ladder":                      {long, 1_000_000, 2, []int{927_500, 185_500, 37_100, 7420, 4620, 1820}},
		"sixteen at most":               {long, 49_420, 17, []int{46_620, 43_820, 41_020, 38_220, 35_420, 32_620, 29_820, 27_020, 24_220, 21_420, 18_620, 15_820, 13_020, 10_220, 7420, 4620, 1820}},
		"what is left, evenly":          {long, 6000, 2, []int{5300, 3300, 1300}},
		"by one more than are idle":     {long, 6000, 3, []int{5475, 3975, 2475, 975}},
		"no part below 0.9 of a page":   {long, 4000, 9, []int{3285, 2385, 1485, 585}},
		"the last part is long enough":  {long, 2610, 2, []int{2385, 1485, 585}},
		"the last part is too short":    {long, 2609, 2, []int{1485, 585}},
		"as little as is worth it":      {long, 2500, 2, []int{1485, 585}},
		"too little":                    {long, 2499, 2, nil},
		"no part below five seconds":    {short, 30, 9, []int{24, 19, 14, 9, 4}},
		"the last part of five seconds": {short, 29, 9, []int{24, 19, 14, 9, 4}},
		"jobs too near to each other":   {lastPage(2, 1), 1000, 2, nil},
		"no part is long enough":        {lastPage(11, 2), 6, 2, nil},
	} {
		from := c.shown.oldest.Add(-time.Duration(c.left) * time.Second)
		want := lo.Map(c.want, func(s, _ int) time.Time { return c.shown.oldest.Add(-time.Duration(s) * time.Second) })
		require.Equal(t, want, append([]time.Time{}, (&split{}).points(window{from: from}, c.shown, c.idle)...), name)
		if len(want) > 0 { // a window that is open keeps its open end
			want = append([]time.Time{from}, want...)
		}
		require.Equal(t, want, append([]time.Time{}, (&split{first: from}).points(window{}, c.shown, c.idle)...), name)
	}
	sh := lastPage(2, 500.5)
	require.Equal(t, ago(5806, 3804, 1802), (&split{}).points(window{from: ago(6506.5)[0]}, sh, 2), "points are whole seconds")
}
