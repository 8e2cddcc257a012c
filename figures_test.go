package backupx_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// figure is one measured range.
type figure struct {
	counts

	listing   string
	pages     int // the fewest that hold all jobs
	n         int // Parallel; 1 for one chain
	rate      float64
	delivered int
	took      time.Duration // until the last job was delivered
	limit     time.Duration // the shortest time that is possible
	oneChain  time.Duration // what one chain takes
	stopped   bool          // after mostRequests
	err       error
}

// String is a row of a Markdown table with the columns of columns.
func (f figure) String() string {
	if f.stopped {
		return fmt.Sprintf("| %s | %d | | | over %s | | | |", f.listing, f.n, thousands(mostRequests))
	}
	return fmt.Sprintf("| %s | %d | %.1f s | %.2f | %s | %s | %s | %.2f |", f.listing, f.n, f.took.Seconds(), f.ofLimit(),
		thousands(f.served), thousands(f.empty), thousands(f.items), f.speed())
}

const columns = "| jobs | n | time | of the limit | requests | empty | jobs read | speed |\n|---|---|---|---|---|---|---|---|"

func (f figure) ofLimit() float64 { return float64(f.took) / float64(f.limit) }

// speed is how many times as fast as one chain the range is.
func (f figure) speed() float64 { return float64(f.oneChain) / float64(f.took) }

// thousands writes a number with commas.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// bound is what a figure may be at most, or at least. Zero is not checked.
type bound struct {
	ofLimit float64 // at most: the time, in times of the limit
	perPage float64 // at most: requests for each page of one chain
	speed   float64 // at least: times as fast as one chain
}

func (b bound) check(t *testing.T, f figure) {
	t.Helper()
	if b.ofLimit > 0 {
		require.LessOrEqual(t, f.ofLimit(), b.ofLimit, "time, in times of the limit: %s", f)
	}
	if b.perPage > 0 {
		require.LessOrEqual(t, float64(f.served)/float64(f.pages), b.perPage, "requests a page: %s", f)
	}
	require.GreaterOrEqual(t, f.speed(), b.speed, "times as fast as one chain: %s", f)
}

// reading is a row of the figures over the jobs of one account: how many jobs, how they lie, the requests under
// way and the rate.
type reading struct {
	jobs  int
	where string
	n     int
	rate  float64
}

// bounds are those of single rows, as measured. With a tighter bound, change the number. The rows that have
// none are checked for exactly one delivery of each job and for the requests under way.
var bounds = map[reading]bound{}

// short reports whether the ordinary run of the tests has the row.
func (r reading) short() bool {
	return r.n == 8 && (r.jobs == 20_000 || r.where == "nightly, all in five minutes" && r.rate == 0)
}

// figures measures rows and collects them for the tables.
type figures struct {
	whole  bool // all rows, not only short ones
	tables []string
	chains map[reading]time.Duration // of one chain; where and n are zero
	drawn  map[string][]time.Time    // creation times, by distribution and number
}

func newFigures() *figures {
	return &figures{
		whole:  os.Getenv("FIGURES") != "",
		chains: map[reading]time.Duration{}, drawn: map[string][]time.Time{},
	}
}

// add adds lines to the tables.
func (f *figures) add(lines ...string) { f.tables = append(f.tables, lines...) }

// print writes the tables to the output of a test.
func (f *figures) print(t *testing.T) {
	fmt.Fprintln(t.Output(), strings.Join(f.tables, "\n"))
}

func (f *figures) created(d distribution, n int) []time.Time {
	key := fmt.Sprint(d.name, n)
	if f.drawn[key] == nil {
		f.drawn[key] = d.newestFirst(n)
	}
	return f.drawn[key]
}

// ids lists the ids of all jobs of a client.
func ids(c backupx.Client) backupx.Listing[string] {
	return backupx.Map(c.BackupJobs(backupx.BackupJobFilter{}), idOf)
}

// mostRequests is when a range that would send ever more requests is stopped.
const mostRequests = 20_000

// measured ranges over a listing of the ids of an account's jobs. No job may come twice, and no more than n
// requests may be under way; without an error, all wanted jobs have to come.
func measured(t *testing.T, a *account, l backupx.Listing[string], n, want int) figure {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a.most, a.cancel = mostRequests, cancel
	f := figure{n: n}
	seen := make([]bool, len(a.created))
	began := time.Now()
	for id, err := range l.All(ctx) {
		if err != nil {
			f.err = err
			continue
		}
		i, err := strconv.Atoi(id)
		if err != nil || seen[i] {
			t.Fatalf("job %s came twice: %v", id, err)
		}
		seen[i] = true
		f.delivered++
	}
	f.took, f.counts, f.stopped = time.Since(began), a.counted(), ctx.Err() != nil
	require.LessOrEqual(t, f.mostUnderWay, n, "requests under way")
	if f.err == nil {
		require.Equal(t, want, f.delivered, "jobs delivered")
	}
	return f
}

// limitOf is the shortest time in which pages can be read: in rounds of n requests, at a rate.
func limitOf(pages, n int, rate float64, latency time.Duration) time.Duration {
	rounds := time.Duration((pages+n-1)/n) * latency
	if rate == 0 {
		return rounds
	}
	lastBegins := time.Duration(float64(pages-1) / rate * float64(time.Second))
	return max(rounds, lastBegins+latency)
}

// read measures one row.
func (f *figures) read(t *testing.T, r reading, listing string, a *account, l backupx.Listing[string], want int) (fig figure) {
	t.Helper()
	rated := func(l backupx.Listing[string]) backupx.Listing[string] {
		if r.rate > 0 {
			return l.Rate(r.rate)
		}
		return l
	}
	chain := reading{jobs: r.jobs, n: a.pageSize, rate: r.rate}
	if f.chains[chain] == 0 {
		inBubble(t, "one chain of "+listing, func(t *testing.T) {
			one := &account{created: a.created, pageSize: a.pageSize, latency: a.latency}
			got := measured(t, one, rated(ids(one.client())), 1, r.jobs)
			require.NoError(t, got.err)
			f.chains[chain] = got.took
		})
	}
	inBubble(t, fmt.Sprintf("%s, Parallel(%d), Rate(%v)", listing, r.n, r.rate), func(t *testing.T) {
		fig = measured(t, a, rated(l).Parallel(r.n), r.n, want)
		fig.listing, fig.rate, fig.oneChain = listing, r.rate, f.chains[chain]
		fig.pages = (min(want, r.jobs) + a.pageSize - 1) / a.pageSize
		fig.limit = limitOf(fig.pages, r.n, r.rate, a.latency)
		if !fig.stopped {
			require.NoError(t, fig.err)
		}
		bounds[r].check(t, fig)
		t.Log(fig)
	})
	f.add(fig.String())
	return fig
}

// TestFiguresOnVirtualTime measures how long listings take over a stub with 200 ms a request, on the time of
// testing/synctest, so that the figures do not depend on the machine. docs/figures.md has the tables, which
// this command prints:
//
//	FIGURES=1 go test -run TestFiguresOnVirtualTime -v .
//
// Without FIGURES it measures a few rows.
func TestFiguresOnVirtualTime(t *testing.T) {
	f := newFigures()
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
					if !f.whole && !r.short() {
						continue
					}
					a := newAccount(f.created(d, jobs))
					f.read(t, r, d.name, a, ids(a.client()), jobs)
				}
			}
		}
	}
	f.add("", "Other listings:", "", columns)
	f.smallAccount(t)
	f.otherListings(t)
	f.print(t)
}

// smallAccount measures six jobs on two pages. The stub that passes over time filters answers every request as
// if it had none, as a stub in a program's own tests may.
func (f *figures) smallAccount(t *testing.T) {
	even := distributions[0]
	for _, c := range []struct {
		listing string
		untimed bool
		n       int
		rate    float64
	}{
		{"six on two pages", false, 2, 0},
		{"six on two pages", false, 4, 0},
		{"six on two pages", false, 8, 0},
		{"six on two pages, `Rate(15)`", false, 8, 15},
		{"six on two pages, time filters passed over", true, 2, 0},
		{"six on two pages, time filters passed over", true, 4, 0},
		{"six on two pages, time filters passed over", true, 8, 0},
	} {
		if c.untimed && c.n > 2 && !f.whole {
			continue
		}
		a := newAccount(f.created(even, 6))
		a.pageSize, a.untimed = 3, c.untimed
		f.read(t, reading{6, c.listing, c.n, c.rate}, c.listing, a, ids(a.client()), 6)
	}
}

// otherListings measures 20,000 jobs that lie evenly in 30 days, listed in other ways.
func (f *figures) otherListings(t *testing.T) {
	const jobs = 20_000
	f.drawn["old"] = lo.Map(f.created(distributions[0], jobs), func(at time.Time, _ int) time.Time { return at.AddDate(0, -2, 0) })
	for _, c := range []struct {
		listing string
		list    func(*account) backupx.Listing[string]
		want    int
	}{
		{"20,000, `Limit(3)`", func(a *account) backupx.Listing[string] { return ids(a.client()).Limit(3) }, 3},
		{"20,000 of four states", func(a *account) backupx.Listing[string] {
			return backupx.Map(a.client().BackupJobs(backupx.BackupJobFilter{}.States(finalStates...)), idOf)
		}, jobs},
		{"20,000, time filters with their ends", func(a *account) backupx.Listing[string] {
			a.inclusive = true
			return ids(a.client())
		}, jobs},
		{"20,000, two months old", func(a *account) backupx.Listing[string] {
			a.created = f.drawn["old"]
			return ids(a.client())
		}, jobs},
		{"20,000 of a fleet of one account", func(a *account) backupx.Listing[string] {
			fleet := backupx.Fleet{{Name: "prod", Client: a.client()}}
			return backupx.Map(backupx.Across(fleet, ids), func(v backupx.Sourced[string]) string { return v.Item })
		}, jobs},
		{"20,000 of an inventory", func(a *account) backupx.Listing[string] {
			return backupx.Map(a.client().Inventory(backupx.ServiceBackupJobs), func(r backupx.Record) string { return r.ID })
		}, jobs},
		{"20,000 of a `Concat`", func(a *account) backupx.Listing[string] { return backupx.Concat(ids(a.client())) }, jobs},
	} {
		a := newAccount(f.created(distributions[0], jobs))
		f.read(t, reading{jobs, c.listing, 8, 0}, c.listing, a, c.list(a), c.want)
	}
}

var _ = types.BackupJob{}
var _ = math.Inf
