package filters_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/filters"
)

const oneDay = 24 * time.Hour

// days returns midnights: for each number, the one that many days after day.
func days(after ...int) []time.Time {
	var out []time.Time
	for _, n := range after {
		out = append(out, day.AddDate(0, 0, n))
	}
	return out
}

func TestAGridLiesStrictlyBetweenTwoTimes(t *testing.T) {
	east := time.FixedZone("east", 5*3600+1800)
	for name, test := range map[string]struct {
		first, last time.Time
		every       time.Duration
		want        []time.Time
	}{
		"from a point to a point":   {day, day.AddDate(0, 0, 3), oneDay, days(1, 2)},
		"around points":             {day.Add(-1), day.AddDate(0, 0, 2).Add(1), oneDay, days(0, 1, 2)},
		"in any zone":               {day.In(east), day.AddDate(0, 0, 2).In(east), oneDay, days(1)},
		"weeks start on Mondays":    {day, day.AddDate(0, 0, 16), 7 * oneDay, days(2, 9)},
		"between two points":        {day.Add(1), day.Add(oneDay), oneDay, nil},
		"a length that is zero":     {day, day.AddDate(0, 0, 3), 0, nil},
		"a length that is negative": {day, day.AddDate(0, 0, 3), -oneDay, nil},
		"no span":                   {day, day, oneDay, nil},
		"a span in reverse":         {day.AddDate(0, 0, 3), day, oneDay, nil},
	} {
		require.Equal(t, test.want, filters.Grid(test.first, test.last, test.every), name)
	}
}

func TestAGridOfTooManyPointsHasTheNextMultiple(t *testing.T) {
	const most = filters.MaxWindows
	for windows, hours := range map[int]int{
		most - 2: 1, most: 2, 2*most - 4: 2, 2 * most: 3, 7*most - 10: 7, 7 * most: 8,
	} {
		points := filters.Grid(day, day.Add(time.Duration(windows)*time.Hour), time.Hour)
		step := time.Duration(hours) * time.Hour
		require.Less(t, len(points), most, windows)
		require.Equal(t, day.Truncate(step).Add(step), points[0], windows)
		require.Equal(t, step, points[1].Sub(points[0]), windows)
	}
}

func TestShardsAreTheWindowsOfTheRetention(t *testing.T) {
	var all filters.Criteria
	after := func(c filters.Criteria, at time.Time) filters.Criteria {
		return listed.Limit(c, filters.KeyCreatedAfter, at)
	}
	before := func(c filters.Criteria, at time.Time) filters.Criteria {
		return listed.Limit(c, filters.KeyCreatedBefore, at)
	}
	// windows returns c between each two of some times, the first and the last window without an end.
	windows := func(c filters.Criteria, ends ...time.Time) []filters.Criteria {
		ends = append(append([]time.Time{{}}, ends...), time.Time{})
		var out []filters.Criteria
		for i := range ends[1:] {
			out = append(out, listed.Between(c, ends[i], ends[i+1]))
		}
		return out
	}
	states := listed.Narrow(all, filters.KeyStates, []string{"a"})
	reversed := listed.Between(all, day, day.Add(-1))
	for name, test := range map[string]struct {
		c    filters.Criteria
		want []filters.Criteria
	}{
		"all":               {all, windows(all, days(-2, -1, 0)...)},
		"a state":           {states, windows(states, days(-2, -1, 0)...)},
		"later":             {after(all, day.AddDate(0, 0, -1)), windows(after(all, day.AddDate(0, 0, -1)), days(0)...)},
		"earlier":           {before(all, day), windows(before(all, day), days(-2, -1)...)},
		"older than that":   {after(all, day.AddDate(0, 0, -90)), windows(after(all, day.AddDate(0, 0, -90)), days(-2, -1, 0)...)},
		"to the future":     {before(all, day.AddDate(0, 0, 9)), windows(before(all, day.AddDate(0, 0, 9)), days(-2, -1, 0)...)},
		"only the future":   {after(all, day.AddDate(0, 0, 9)), windows(after(all, day.AddDate(0, 0, 9)))},
		"nothing":           {listed.Narrow(all, filters.KeyStates, nil), nil},
		"what is a mistake": {reversed, []filters.Criteria{reversed}},
	} {
		require.Equal(t, test.want, listed.Shards(test.c, day.Add(time.Hour), 3*oneDay, oneDay), name)
	}
	require.Equal(t, windows(all), listed.Shards(all, day, 3*oneDay, 0), "a length that is not positive")
}
