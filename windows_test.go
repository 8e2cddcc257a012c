package backupx_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// meanings are the ways in which a service may treat the ends of its time filters.
var meanings = map[string][]fakeaws.Option{
	"exclusive":            nil,
	"inclusive":            {fakeaws.WithInclusiveTimes()},
	"seconds":              {fakeaws.WithTimeResolution(time.Second)},
	"inclusive of seconds": {fakeaws.WithTimeResolution(time.Second), fakeaws.WithInclusiveTimes()},
}

// onTheEdge are jobs created at and around the ends of windows of a day, from 40 days before day to two days
// after.
func onTheEdge() []types.BackupJob {
	var jobs []types.BackupJob
	for hour := -40 * 24; hour <= 48; hour += 24 {
		for _, beside := range []time.Duration{-time.Second, -time.Millisecond, 0, 0, time.Millisecond, 999 * time.Millisecond, time.Second} {
			when := day.Add(time.Duration(hour)*time.Hour + beside)
			jobs = append(jobs, types.BackupJob{BackupJobId: aws.String(fmt.Sprintf("job-%04d", len(jobs))), CreationDate: &when, State: "COMPLETED"})
		}
	}
	return jobs
}

func TestWindowsAreExactHoweverTheServiceTreatsTheirEnds(t *testing.T) {
	t.Parallel()
	f := backupx.BackupJobFilter{}
	filters := map[string]backupx.BackupJobFilter{
		"all":        f,
		"between":    f.CreatedBetween(day.AddDate(0, 0, -9), day.AddDate(0, 0, -2).Add(time.Millisecond)),
		"after":      f.CreatedAfter(day.AddDate(0, 0, -3).Add(500 * time.Millisecond)),
		"before":     f.CreatedBefore(day.AddDate(0, 0, -20)),
		"long since": f.CreatedBetween(day.AddDate(0, 0, -39), day.AddDate(0, 0, -35)),
		"states":     f.States("COMPLETED", "RUNNING"),
	}
	for meaning, opts := range meanings {
		t.Run(meaning, func(t *testing.T) {
			client := at(fakeaws.New(fakeaws.Data{BackupJobs: onTheEdge()}, opts...), day)
			for name, f := range filters {
				l := backupx.Map(client.BackupJobs(f), idOf)
				want, err := drain(l.All(t.Context()))
				require.NoError(t, err)
				require.NotEmpty(t, want)
				for how, l := range map[string]backupx.Listing[string]{
					"Every(24h)": l.Every(24 * time.Hour), "Every(36h).Parallel(3)": l.Every(36 * time.Hour).Parallel(3),
					"Every(2160h)": l.Every(90 * 24 * time.Hour).Parallel(2), "Parallel(4)": l.Parallel(4).PageSize(3),
				} {
					got, err := drain(l.All(t.Context()))
					require.NoError(t, err)
					require.ElementsMatch(t, want, got, "%s %s", name, how)
				}
			}
		})
	}
}

func TestEveryAsksForWindowsOnAGridOfUTCNewestFirst(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: onTheEdge()})
	now := day.Add(5 * time.Hour).In(time.FixedZone("", 3600))
	f := backupx.BackupJobFilter{}.CreatedBetween(day.AddDate(0, 0, -3), time.Time{})
	var shards []string
	n, err := at(s, now).BackupJobs(f).Every(24 * time.Hour).OnPage(func(p backupx.PageInfo) { shards = append(shards, p.Shard) }).Count(t.Context())
	require.NoError(t, err)
	require.Positive(t, n)
	require.Equal(t, []string{
		"created=2026-03-14T00:00:00Z..",
		"created=2026-03-13T00:00:00Z..2026-03-14T00:00:00Z",
		"created=2026-03-12T00:00:00Z..2026-03-13T00:00:00Z",
		"created=..2026-03-12T00:00:00Z",
	}, shards)
	require.Equal(t, []map[string]string{
		{"createdAfter": "2026-03-13T23:59:59Z"},
		{"createdAfter": "2026-03-12T23:59:59Z", "createdBefore": "2026-03-14T00:00:00Z"},
		{"createdAfter": "2026-03-11T23:59:59Z", "createdBefore": "2026-03-13T00:00:00Z"},
		{"createdAfter": "2026-03-10T23:59:59Z", "createdBefore": "2026-03-12T00:00:00Z"},
	}, asked(s))
}

func TestSettingsOfWindowsThatCannotBeHonouredAreErrors(t *testing.T) {
	s := service()
	client := at(s, day)
	jobs := client.BackupJobs(backupx.BackupJobFilter{})
	short := backupx.BackupJobFilter{}.CreatedBetween(day.Add(-time.Hour), day)
	for text, err := range map[string]error{
		"Every: 0s: it must be above zero":                                                  errOf(t, jobs.Every(0)),
		"Every: -1h0m0s: it must be above zero":                                             errOf(t, jobs.Every(-time.Hour)),
		"Every: 4m0s makes more than 10000 windows of 720h0m0s":                             errOf(t, jobs.Every(4*time.Minute)),
		"Every: 1ms makes more than 10000 windows of 1h0m0s":                                errOf(t, client.BackupJobs(short).Every(time.Millisecond)),
		"DescribeBackups has no filter on creation times":                                   errOf(t, client.HSMBackups(backupx.HSMFilter{}).Every(time.Hour)),
		"Every: DescribeBackups has no filter":                                              errOf(t, client.OpsWorksBackups(backupx.OpsWorksFilter{}).Every(time.Hour)),
		"Every: ListThings has no filter on creation times":                                 errOf(t, newShelf("a", 1, 1).list().Every(time.Hour)),
		"Concat: listing 2: Every: ListThings has no filter on creation times":              errOf(t, backupx.Concat(backupx.Map(jobs, idOf), newShelf("a", 1, 1).list().Every(time.Hour))),
		"Every: Concat has no filter on creation times":                                     errOf(t, backupx.Concat(newShelf("a", 1, 1).list(), newShelf("b", 1, 1).list()).Every(time.Hour)),
		"StartAt: a token belongs to one chain, and this listing has several":               errOf(t, jobs.Every(24*time.Hour).StartAt("t")),
		"Parallel: 0: it must be at least 1":                                                errOf(t, jobs.Parallel(0)),
		"Parallel: -8: it must be at least 1":                                               errOf(t, jobs.Parallel(-8)),
		"Prefetch: -1: it must not be below zero":                                           errOf(t, jobs.Prefetch(-1)),
		"Pages: items of several chains are merged one by one, there are no pages: use All": lo.T2(drain(backupx.Merge(byCreation, jobs, jobs).Parallel(2).Pages(t.Context()))).B,
		"Concat: listing 1: it has its own Parallel: set it on the whole":                   errOf(t, backupx.Concat(jobs.Parallel(2))),
		"Merge: listing 2: it has its own Prefetch: set it on the whole":                    lo.T2(drain(backupx.Merge(byCreation, jobs, jobs.Prefetch(1)).All(t.Context()))).B,
		"Across: a: it has its own StartAt: a token belongs to one chain":                   errOf(t, backupx.Across(backupx.Fleet{{Name: "a", Client: client}}, func(c backupx.Client) backupx.Listing[types.BackupJob] { return jobs.StartAt("t") })),
		"Every: Inventory has no filter on creation times":                                  errOf(t, client.Inventory(backupx.ServiceHSM).Every(time.Hour)),
	} {
		require.ErrorContains(t, err, text)
	}
	require.Zero(t, s.RequestCount())
	requireCount(t, 0, at(fakeaws.New(fakeaws.Data{}), day).BackupJobs(short).Every(time.Minute).Parallel(9))
}

func byCreation(a, b types.BackupJob) int { return a.CreationDate.Compare(*b.CreationDate) }

// howJobsLie are distributions of the creation times of n jobs, by name.
func howJobsLie(n int) map[string][]types.BackupJob {
	r := rand.New(rand.NewPCG(3, 3))
	nightly := spread(n, month, day)
	for i := range nightly {
		nightly[i].CreationDate = aws.Time(nightly[i].CreationDate.Truncate(24 * time.Hour).Add(time.Duration(r.IntN(600)) * time.Second))
	}
	return map[string][]types.BackupJob{
		"evenly":        spread(n, month, day),
		"in two days":   spread(n, 48*time.Hour, day.AddDate(0, 0, -7)),
		"at night":      nightly,
		"in one second": spread(n, time.Second, day.AddDate(0, 0, -20)),
		"at one moment": spread(n, 0, day.AddDate(0, 0, -10)),
		"long ago":      spread(n, month, day.AddDate(0, -2, 0)),
		"in future":     spread(n, month, day.AddDate(0, 0, 20)),
		"not at all":    nil,
		"just one":      spread(1, month, day),
	}
}

func TestParallelPlansAndSplitsItsOwnWindows(t *testing.T) {
	t.Parallel()
	for name, jobs := range howJobsLie(90) {
		t.Run(name, func(t *testing.T) {
			for meaning, opts := range meanings {
				for _, size := range []int{3, 25} {
					client := at(fakeaws.New(fakeaws.Data{BackupJobs: jobs}, opts...), day)
					l := backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), idOf).PageSize(size)
					want := lo.Map(jobs, jobID)
					for _, l := range []backupx.Listing[string]{l.Parallel(2), l.Parallel(5).Ordered()} {
						got, err := drain(l.All(t.Context()))
						require.NoError(t, err)
						slices.Sort(got)
						require.Equal(t, append([]string{}, want...), append([]string{}, got...), "%s, by %d", meaning, size)
					}
				}
			}
		})
	}
}

// The windows of a checkpoint stay as they were planned, whatever the resuming listing and its clock would
// plan.
func TestAResumedCheckpointKeepsItsWindows(t *testing.T) {
	t.Parallel()
	for name, jobs := range howJobsLie(150) {
		inBubble(t, name, func(t *testing.T) {
			s := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithLatency(time.Second))
			begin := backupx.Map(at(s, day).BackupJobs(backupx.BackupJobFilter{}), idOf).PageSize(20)
			later := backupx.Map(at(s, day.AddDate(0, 0, 12)).BackupJobs(backupx.BackupJobFilter{}), idOf).PageSize(30)
			for _, first := range []backupx.Listing[string]{begin.Parallel(3), begin.Every(50 * time.Hour), begin.Every(72 * time.Hour).Parallel(4)} {
				for _, rest := range []backupx.Listing[string]{later, later.Parallel(8), later.Every(6 * time.Hour).Parallel(2), later.Prefetch(2).Every(month)} {
					for _, n := range []int{1, 20, 110} {
						cursor := first.Limit(n).Cursor()
						got, err := drain(cursor.All(t.Context()))
						require.NoError(t, err)
						require.ElementsMatch(t, lo.Map(jobs, jobID), append(got, resumeFrom(t, rest, cursor.Checkpoint())...))
					}
				}
			}
		})
	}
}

func TestAChainThatIsListedInWindowsCannotBeResumedWithout(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: spread(100, month, day)})
	l := at(s, day).BackupJobs(backupx.BackupJobFilter{}).PageSize(10)
	plain := l.Limit(30).Cursor()
	_, err := drain(plain.All(t.Context()))
	require.NoError(t, err)
	rest, err := l.Every(24 * time.Hour).Parallel(4).Resume(plain.Checkpoint())
	require.NoError(t, err)
	items, err := drain(rest.All(t.Context()))
	require.NoError(t, err)
	require.Len(t, items, 70, "a plan of one chain stays one chain")
	require.Len(t, lo.Uniq(lo.Map(s.Requests(), func(r fakeaws.Request, _ int) string { return r.Parameter("createdAfter") })), 1)
}

// A listing in windows costs one request for each full page, one for each window, and those that a split
// discards.
func TestWindowsCostFewRequests(t *testing.T) {
	t.Parallel()
	const n, size = 20_000, 1000
	for name, c := range map[string]struct {
		jobs    []types.BackupJob
		how     func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob]
		windows int
		least   float64 // times faster than one chain
	}{
		"Every and Parallel": {spread(n, month, day), func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] {
			return l.Every(36 * time.Hour).Parallel(8)
		}, 21, 6},
		"Parallel alone":   {spread(n, month, day), func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] { return l.Parallel(8) }, 24, 5},
		"bunched into two": {spread(n, 48*time.Hour, day.AddDate(0, 0, -5)), func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] { return l.Parallel(8) }, 24 + 96, 2.5},
		"at one moment":    {spread(n, 0, day.AddDate(0, 0, -5)), func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] { return l.Parallel(8) }, 24 + 2*33, 0.6},
	} {
		inBubble(t, name, func(t *testing.T) {
			s := fakeaws.New(fakeaws.Data{BackupJobs: c.jobs}, fakeaws.WithLatency(200*time.Millisecond))
			began := time.Now()
			requireCount(t, n, c.how(at(s, day).BackupJobs(backupx.BackupJobFilter{})))
			took := time.Since(began)
			t.Log(took, s.RequestCount())
			require.LessOrEqual(t, s.RequestCount(), n/size+c.windows)
			require.LessOrEqual(t, took.Seconds(), n/size*0.2/c.least)
		})
	}
}

func TestPlansAreMadeAtTheClientsNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fakeaws.New(fakeaws.Data{})
		requireCount(t, 0, at(s, day).BackupJobs(backupx.BackupJobFilter{}).Parallel(2))
		here := asked(s)
		time.Sleep(1000 * time.Hour)
		s.ResetRequests()
		requireCount(t, 0, at(s, day).BackupJobs(backupx.BackupJobFilter{}).Parallel(2))
		require.ElementsMatch(t, here, asked(s), "the same requests at any time")
		require.Len(t, here, 2)
	})
}

// steady answers each request with the jobs of its state and span of time, one every 45 seconds, on one page. It
// stores none of them.
type steady struct{}

func (steady) ListBackupJobs(_ context.Context, in *backup.ListBackupJobsInput, _ ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	const each = 45 * time.Second
	from, to := day.Add(-month), day
	if in.ByCreatedAfter != nil {
		from = *in.ByCreatedAfter
	}
	if in.ByCreatedBefore != nil {
		to = *in.ByCreatedBefore
	}
	var jobs []types.BackupJob
	for at := to.Truncate(each); at.After(from); at = at.Add(-each) {
		if at.Before(to) {
			id := fmt.Sprint(in.ByState, at.Unix())
			jobs = append(jobs, types.BackupJob{BackupJobId: &id, CreationDate: &at, State: in.ByState})
		}
	}
	return &backup.ListBackupJobsOutput{BackupJobs: jobs}, nil
}

// The ids of a window's jobs are forgotten when the window was delivered: neither the memory nor the checkpoint grows
// with the number of delivered windows. The listing has two states, because ids are remembered only where a job may be
// in several chains.
func TestADeliveredWindowIsForgotten(t *testing.T) {
	client := backupx.Client{Backup: struct {
		steady
		backup.ListCopyJobsAPIClient
	}{}, Now: func() time.Time { return day }}
	l := client.BackupJobs(backupx.BackupJobFilter{}.States("COMPLETED", "FAILED")).Every(3 * time.Hour)
	total := 2 * (int(month/(45*time.Second)) - 1)
	cursor, n := l.Cursor(), 0
	var heap, text []int
	for _, err := range cursor.All(t.Context()) {
		require.NoError(t, err)
		if n++; n == total/4 || n == total*3/4 {
			heap, text = append(heap, heapSize()), append(text, len(textOf(t, cursor.Checkpoint())))
		}
	}
	require.Equal(t, total, n)
	// A remembered id takes at least 24 bytes: 8 in the position of its chain, and an entry of a map.
	require.Less(t, heap[1]-heap[0], 2*total/2, "bytes that the delivery of half of the jobs adds")
	require.Less(t, 2*text[1], text[0], "the checkpoint leaves out the windows that were delivered")
}

// heapSize returns the number of bytes of all reachable objects.
func heapSize() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // empties what the first one left in each sync.Pool
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// undated answers each request with two jobs, of which one has no creation time.
type undated struct{}

func (undated) ListBackupJobs(context.Context, *backup.ListBackupJobsInput, ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	return &backup.ListBackupJobsOutput{BackupJobs: []types.BackupJob{{BackupJobId: aws.String("a")}, {BackupJobId: aws.String("b"), CreationDate: aws.Time(time.Now().Add(-time.Hour))}}}, nil
}

func TestWindowsKeepJobsWithoutATime(t *testing.T) {
	l := backupx.BackupJobs(undated{}, backupx.BackupJobFilter{})
	for _, how := range []backupx.Listing[types.BackupJob]{l, l.Parallel(4), l.Every(24 * time.Hour)} {
		n, err := how.Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, n)
	}
}
