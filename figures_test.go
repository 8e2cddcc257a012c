package backupx_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// reading is a row of the figures: how many jobs of one account, where they lie in time or how they are listed, the
// requests that may be under way, and the rate; 0 is no rate.
type reading struct {
	jobs  int
	where string
	n     int
	rate  float64
}

func (r reading) String() string {
	return fmt.Sprintf("%s jobs, %s, Parallel(%d), Rate(%v)", thousands(r.jobs), r.where, r.n, r.rate)
}

// bound is what a figure may be. Zero is not checked.
type bound struct {
	ofLimit  float64 // the time, in times of the limit, at most
	requests int     // at most; a range that is stopped needs a bound above mostRequests
}

// leastSpeed is the least speed of a row over 300,000 or 20,000 jobs, in times of one chain's.
const leastSpeed = 0.95

// rowBounds are the bounds of single rows. The other rows have none but leastSpeed.
var rowBounds = map[reading]bound{
	{300_000, "even over 30 days", 8, 0}:             {1.25, 375},
	{300_000, "nightly, 90 % in two hours", 8, 0}:    {1.25, 375},
	{300_000, "nightly, all in five minutes", 8, 0}:  {1.25, 375},
	{300_000, "Zipf over days", 8, 0}:                {1.25, 375},
	{300_000, "even over 30 days", 32, 0}:            {1.35, 0},
	{300_000, "nightly, 90 % in two hours", 32, 0}:   {1.35, 0},
	{300_000, "nightly, all in five minutes", 32, 0}: {1.35, 0},
	{300_000, "Zipf over days", 32, 0}:               {1.35, 0},
	{20_000, "all in one hour", 8, 0}:                {2.2, 0},

	{6, "of one moment", 2, 0}:              {0, 6},
	{6, "of one moment", 4, 0}:              {0, 10},
	{6, "of one moment", 8, 0}:              {0, 18},
	{6, "of one moment, `Rate(15)`", 2, 15}: {0, 4},
	{6, "of one moment, `Rate(15)`", 4, 15}: {0, 4},
	{6, "of one moment, `Rate(15)`", 8, 15}: {0, 4},

	{6, "of one moment, time filters passed over", 2, 0}: {0, 10},
	{6, "of one moment, time filters passed over", 4, 0}: {0, 16},
	{6, "of one moment, time filters passed over", 8, 0}: {0, 28},

	{20_000, "`Limit(3)`", 8, 0}:                {1, 1},
	{20_000, "in a fleet of one account", 8, 0}: {1.8, 0},
	{20_000, "in an inventory", 8, 0}:           {1.8, 0},
	{20_000, "in a `Concat`", 8, 0}:             {1.8, 0},
}

// TestFiguresOnVirtualTime measures how long listings take over stubs with 200 ms a request, on the time of
// testing/synctest, so that the figures do not depend on the machine. docs/figures.md has the tables, which this
// command prints:
//
//	FIGURES=1 go test -run TestFiguresOnVirtualTime -count 1 -v .
//
// Without FIGURES the test measures some of the rows.
func TestFiguresOnVirtualTime(t *testing.T) {
	f := newFigures()
	t.Run("one account", f.oneAccount)
	t.Run("six jobs", f.sixJobs)
	t.Run("other listings", f.otherListings)
	t.Run("an account with a quota", f.accountWithAQuota)
	t.Run("a fleet with quotas", f.fleetWithQuotas)
	fmt.Fprintln(t.Output(), strings.Join(f.lines, "\n"))
	if f.whole {
		require.Subset(t, f.rows, lo.Keys(rowBounds), "every bound is that of a row")
	}
}

// oneAccount measures the jobs of one account, for each distribution.
func (f *figures) oneAccount(t *testing.T) {
	for _, jobs := range []int{300_000, 20_000} {
		for _, rate := range []float64{0, 15} {
			title := thousands(jobs) + " jobs"
			if rate > 0 {
				title += fmt.Sprintf(", `Rate(%v)`", rate)
			}
			f.add("", title+":", "", columns)
			for _, d := range distributions {
				for _, n := range []int{2, 8, 16, 32} {
					r := reading{jobs, d.name, n, rate}
					if f.whole || n == 8 && (jobs == 20_000 || rate == 0 && d.name == "nightly, all in five minutes") {
						a := newAccount(f.created(d, jobs))
						fig := f.read(t, r, a, ids(a.client()), jobs)
						if fig.speed() < leastSpeed {
							t.Errorf("%s: %.2f times as fast as one chain, not %v", r, fig.speed(), leastSpeed)
						}
					}
				}
			}
		}
	}
}

// sixJobs measures six jobs on two pages. A stub that passes over time filters answers each request as if it had
// none, as a stub in the tests of a program may.
func (f *figures) sixJobs(t *testing.T) {
	f.add("", "Six jobs on two pages:", "", columns)
	even, moment := distributions[0], distributions[len(distributions)-1]
	for _, c := range []struct {
		where   string
		lie     distribution
		untimed bool
		rate    float64
	}{
		{"even over 30 days", even, false, 0},
		{"of one moment", moment, false, 0},
		{"of one moment, `Rate(15)`", moment, false, 15},
		{"even over 30 days, time filters passed over", even, true, 0},
		{"of one moment, time filters passed over", moment, true, 0},
	} {
		for _, n := range []int{2, 4, 8} {
			if f.whole || n == 2 || !c.untimed {
				a := newAccount(f.created(c.lie, 6))
				a.pageSize, a.untimed = 3, c.untimed
				f.read(t, reading{6, c.where, n, c.rate}, a, ids(a.client()), 6)
			}
		}
	}
}

// otherListings measures 20,000 jobs that are listed in other ways.
func (f *figures) otherListings(t *testing.T) {
	const jobs = 20_000
	f.add("", "20,000 jobs, even over 30 days:", "", columns)
	created := f.created(distributions[0], jobs)
	old := lo.Map(created, func(at time.Time, _ int) time.Time { return at.AddDate(0, -2, 0) })
	for _, c := range []struct {
		how  string
		list func(*account) backupx.Listing[string]
		want int
	}{
		{"`Limit(3)`", func(a *account) backupx.Listing[string] { return ids(a.client()).Limit(3) }, 3},
		{"`Ordered()`", func(a *account) backupx.Listing[string] { return ids(a.client()).Ordered() }, jobs},
		{"in four states", func(a *account) backupx.Listing[string] {
			return backupx.Map(a.client().BackupJobs(backupx.BackupJobFilter{}.States(finalStates...)), idOf)
		}, jobs},
		{"time filters include their ends", func(a *account) backupx.Listing[string] {
			a.inclusive = true
			return ids(a.client())
		}, jobs},
		{"two months older than the clock", func(a *account) backupx.Listing[string] {
			a.created = old
			return ids(a.client())
		}, jobs},
		{"in a fleet of one account", func(a *account) backupx.Listing[string] {
			fleet := backupx.Fleet{{Name: "prod", Client: a.client()}}
			return backupx.Map(backupx.Across(fleet, ids), func(v backupx.Sourced[string]) string { return v.Item })
		}, jobs},
		{"in an inventory", func(a *account) backupx.Listing[string] {
			return backupx.Map(a.client().Inventory(backupx.ServiceBackupJobs), func(r backupx.Record) string { return r.ID })
		}, jobs},
		{"in a `Concat`", func(a *account) backupx.Listing[string] { return backupx.Concat(ids(a.client())) }, jobs},
	} {
		a := newAccount(created)
		f.read(t, reading{jobs, c.how, 8, 0}, a, c.list(a), c.want)
	}
}

// publishedQuota is the quota of ListBackupJobs that AWS publishes for an account and region.
var publishedQuota = quota{perSecond: 20, burst: 20}

// quotaPages is how many pages of even jobs an account with a quota has.
const quotaPages = 300

// accountWithAQuota measures an account with a quota, with the SDK's client in standard retry mode, which makes three
// attempts. The delays between the attempts are random, so that the figures differ from run to run.
func (f *figures) accountWithAQuota(t *testing.T) {
	const size = 100
	f.add("", "An account with a quota of 20 requests a second:", "", quotaColumns)
	for _, c := range []struct {
		n       int
		ofLimit float64 // the time, in times of the limit, at most
	}{{1, 1.01}, {4, 1.3}, {8, 1.3}, {32, 1.3}} {
		inBubble(t, fmt.Sprintf("Parallel(%d)", c.n), func(t *testing.T) {
			a := newAccount(f.created(distributions[0], quotaPages*size))
			a.pageSize, a.quota = size, lo.ToPtr(publishedQuota)
			fig := measured(t, a, ids(a.sdkClient()).Parallel(c.n), c.n, len(a.created))
			f.add(quotaRow(fmt.Sprintf("`Parallel(%d)`", c.n), fig.took, a, c.n, fig.delivered, fig.err))
			require.NoError(t, fig.err)
			require.LessOrEqual(t, float64(fig.took)/float64(a.quota.limit(c.n)), c.ofLimit, "the time, in times of the limit")
		})
	}
}

// fleetWithQuotas measures a fleet of accounts with quotas, of which one has little left.
func (f *figures) fleetWithQuotas(t *testing.T) {
	const n, size = 80, 10 // eight requests for each of ten accounts
	f.add("", "Ten such accounts, `Parallel(80)`; the tenth allows two requests a second:", "", quotaColumns)
	inBubble(t, "fleet", func(t *testing.T) {
		whole, accounts, fleet := &gauge{}, []*account{}, backupx.Fleet{}
		for i := range 10 {
			a := newAccount(f.created(distributions[0], quotaPages*size))
			a.pageSize, a.quota, a.fleet = size, lo.ToPtr(publishedQuota), whole
			if i == 9 {
				a.quota = &quota{perSecond: 2, burst: 2}
			}
			accounts = append(accounts, a)
			fleet = append(fleet, backupx.Source{Name: strconv.Itoa(i), Client: a.sdkClient()})
		}
		seen := lo.Map(accounts, func(a *account, _ int) *marks { return newMarks(a) })
		took := make([]time.Duration, len(accounts)) // until the last job of an account
		began := time.Now()
		var failed error
		for v, err := range backupx.Across(fleet, ids).Parallel(n).All(t.Context()) {
			if err != nil {
				failed = err
				continue
			}
			i := lo.Must(strconv.Atoi(v.Source))
			seen[i].mark(t, v.Item)
			took[i] = time.Since(began)
		}
		require.LessOrEqual(t, whole.highest(), n, "requests under way")
		failures := map[string]backupx.Kind{}
		if failed != nil {
			failures = kindsOf(t, failed)
		}
		for i, a := range accounts[:9] {
			require.Equal(t, quotaPages*size, seen[i].delivered, "jobs of account %d: %v", i, failed)
			require.LessOrEqual(t, float64(took[i])/float64(a.quota.limit(n)), 1.5, "the time, in times of the limit, of account %d", i)
		}
		f.add(quotaRow("the slowest of nine", slices.Max(took[:9]), accounts[0], n, quotaPages*size, nil))
		f.add(quotaRow("the tenth", took[9], accounts[9], n, seen[9].delivered, lo.Ternary(failures["9"] == "", nil, failed)))
	})
}

// The pages of a merge that stops at a limit are read one at a time if Parallel is unset.
func TestRequestsUnderWayOfAMergeWithALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(benchLatency)
		a, b, c := s.list(newShelf("a", 1, 2)), s.list(newShelf("b", 10, 3)), s.list(newShelf("c", 10, 1))
		requireCount(t, 2, backupx.Merge(strings.Compare, backupx.Concat(a, b), c).Prefetch(1).Limit(2))
		require.LessOrEqual(t, s.mostUnderWay(), 1, "requests under way")
	})
}

// figure is one measured range.
type figure struct {
	counts

	reading   reading
	delivered int
	took      time.Duration // until the end of the range
	limit     time.Duration // the shortest time that is possible
	oneChain  time.Duration // the time of one chain
	stopped   bool          // after mostRequests
	err       error
}

const columns = "| jobs | n | time | of the limit | requests | empty | jobs read | speed |\n|---|---|---|---|---|---|---|---|"

// row is a row of a Markdown table with these columns.
func (f figure) row() string {
	where := f.reading.where
	if f.stopped {
		return fmt.Sprintf("| %s | %d | | | over %s | | | |", where, f.reading.n, thousands(mostRequests))
	}
	return fmt.Sprintf("| %s | %d | %.1f s | %s | %s | %s | %s | %s |", where, f.reading.n, f.took.Seconds(), ratio(f.ofLimit()),
		thousands(f.sent), thousands(f.empty), thousands(f.items), ratio(f.speed()))
}

func (f figure) ofLimit() float64 { return float64(f.took) / float64(f.limit) }

// speed is how many times as fast as one chain the range is.
func (f figure) speed() float64 { return float64(f.oneChain) / float64(f.took) }

const quotaColumns = "| listing | time | of the limit | requests | refused | jobs delivered |\n|---|---|---|---|---|---|"

// quotaRow is a row of a Markdown table with these columns.
func quotaRow(listing string, took time.Duration, a *account, n, delivered int, err error) string {
	c, ofLimit, end := a.counted(), ratio(float64(took)/float64(a.quota.limit(n))), "all"
	if err != nil {
		ofLimit, end = "", thousands(delivered)+" of "+thousands(len(a.created))+", then an error"
	}
	return fmt.Sprintf("| %s | %.1f s | %s | %s | %s | %s |", listing, took.Seconds(), ofLimit,
		thousands(c.served), thousands(c.throttled), end)
}

// thousands writes a number with commas.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// ratio writes a ratio with two decimals, a very small one with more and a large one without.
func ratio(r float64) string {
	switch {
	case r < 0.01:
		return fmt.Sprintf("%.1g", r)
	case r >= 100:
		return thousands(int(math.Round(r)))
	default:
		return fmt.Sprintf("%.2f", r)
	}
}

// figures measures rows and collects them for the tables.
type figures struct {
	whole  bool                      // all rows are measured
	rows   []reading                 // the rows measured so far, without those of quotas
	lines  []string                  // of the tables
	chains map[reading]time.Duration // the time of one chain, for rows without where and n
	drawn  map[string][]time.Time    // creation times by distribution and number
}

func newFigures() *figures {
	return &figures{
		whole:  os.Getenv("FIGURES") != "",
		chains: map[reading]time.Duration{}, drawn: map[string][]time.Time{},
	}
}

func (f *figures) add(lines ...string) { f.lines = append(f.lines, lines...) }

// created draws the creation times of n jobs, once.
func (f *figures) created(d distribution, n int) []time.Time {
	key := fmt.Sprint(d.name, n)
	if f.drawn[key] == nil {
		f.drawn[key] = d.newestFirst(n)
	}
	return f.drawn[key]
}

// read measures one row: a listing of the ids of an account's jobs, of which want are delivered.
func (f *figures) read(t *testing.T, r reading, a *account, l backupx.Listing[string], want int) (fig figure) {
	t.Helper()
	inBubble(t, r.String(), func(t *testing.T) {
		fig = measured(t, a, r.rated(l).Parallel(r.n), r.n, want)
		pages := (want + a.pageSize - 1) / a.pageSize
		fig.reading, fig.limit, fig.oneChain = r, r.limit(pages), f.oneChain(t, r, a, want)
		b := rowBounds[r]
		if fig.stopped {
			require.Greater(t, b.requests, mostRequests, "the bound of a range that was stopped")
			return
		}
		require.NoError(t, fig.err)
		if b.ofLimit > 0 {
			require.LessOrEqual(t, fig.ofLimit(), b.ofLimit, "the time, in times of the limit: %s", fig.row())
		}
		if b.requests > 0 {
			require.LessOrEqual(t, fig.sent, b.requests, "the requests: %s", fig.row())
		}
	})
	f.rows = append(f.rows, r)
	if fig.limit > 0 { // the measurement did not fail
		f.add(fig.row())
	}
	return fig
}

// oneChain is the time of one chain over the jobs of a row, as far as want.
func (f *figures) oneChain(t *testing.T, r reading, a *account, want int) time.Duration {
	t.Helper()
	key := reading{jobs: want, rate: r.rate}
	if f.chains[key] == 0 {
		one := &account{created: a.created, pageSize: a.pageSize, latency: a.latency}
		fig := measured(t, one, r.rated(ids(one.client())).Limit(want), 1, want)
		require.NoError(t, fig.err)
		f.chains[key] = fig.took
	}
	return f.chains[key]
}

func (r reading) rated(l backupx.Listing[string]) backupx.Listing[string] {
	if r.rate == 0 {
		return l
	}
	return l.Rate(r.rate)
}

// limit is the shortest time in which pages can be read: in rounds of n requests, and with a rate.
func (r reading) limit(pages int) time.Duration {
	rounds := time.Duration((pages+r.n-1)/r.n) * benchLatency
	if r.rate == 0 {
		return rounds
	}
	lastStarts := time.Duration(float64(pages-1) / r.rate * float64(time.Second))
	return max(rounds, lastStarts+benchLatency)
}

// limit is the shortest time in which an account's quotaPages can be read by n requests at a time.
func (q quota) limit(n int) time.Duration {
	lastStarts := time.Duration((quotaPages - q.burst) / q.perSecond * float64(time.Second))
	return max(reading{n: n}.limit(quotaPages), lastStarts+benchLatency)
}

// ids lists the ids of all backup jobs of a client.
func ids(c backupx.Client) backupx.Listing[string] {
	return backupx.Map(c.BackupJobs(backupx.BackupJobFilter{}), idOf)
}

// mostRequests is how many requests a range may send before it is stopped.
const mostRequests = 20_000

// measured ranges over a listing of the ids of an account's jobs. No job may come twice, no more than n requests may
// be under way, and a range that ends without an error has delivered want jobs.
func measured(t *testing.T, a *account, l backupx.Listing[string], n, want int) figure {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a.most, a.cancel = mostRequests, cancel
	fig, seen := figure{}, newMarks(a)
	began := time.Now()
	for id, err := range l.All(ctx) {
		if err != nil {
			fig.err = err
			continue
		}
		seen.mark(t, id)
	}
	fig.took, fig.counts, fig.delivered, fig.stopped = time.Since(began), a.counted(), seen.delivered, ctx.Err() != nil
	require.LessOrEqual(t, a.underWay.highest(), n, "requests under way")
	if fig.err == nil {
		require.Equal(t, want, seen.delivered, "jobs delivered")
	}
	return fig
}

// marks are the jobs of one account that a range has delivered.
type marks struct {
	of        []bool
	delivered int
}

func newMarks(a *account) *marks { return &marks{of: make([]bool, len(a.created))} }

// mark fails the test if a job comes for the second time.
func (m *marks) mark(t *testing.T, id string) {
	i, err := strconv.Atoi(id)
	if err != nil || m.of[i] {
		t.Fatalf("job %s came twice, or is no job of the account", id)
	}
	m.of[i] = true
	m.delivered++
}
