package backupx_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// The benchmarks list 20,000 jobs at 1,000 a page from a server in the same process: once with the
// loop that one writes with the SDK's paginator, once with backupx. One timing says little, since
// they swing by several percent from run to run: BenchmarkRatio compares.
const (
	benchJobs = 20_000
	benchPage = 1_000
)

// The benchmarks of reading ahead and in parallel, each beside the loop that one writes with the SDK's
// paginator, in the same run: 20,000 jobs at 1,000 a page, from a server in the same process that takes
// its time with each request. "requests" is how many were sent.
//
//	go test -run '^$' -bench 'Windows|Prefetch|Fleet' -count 6 . | benchstat -col /how -

const benchLatency = 200 * time.Millisecond

func benchClient(b testing.TB, jobs int) backupx.Client {
	b.Helper()
	s := fakeaws.New(fakeaws.Data{BackupJobs: fakeaws.GenerateBackupJobs(1, day.AddDate(0, 0, -30), day, jobs)}, fakeaws.WithLog(0))
	s.Prepare()
	return clientOf(s)
}

// paginatorLoop is what backupx replaces.
func paginatorLoop(b testing.TB, client backupx.Client) (bytes int64) {
	p := backup.NewListBackupJobsPaginator(client.Backup, &backup.ListBackupJobsInput{MaxResults: aws.Int32(benchPage)})
	for p.HasMorePages() {
		page, err := p.NextPage(b.Context())
		require.NoError(b, err)
		for _, job := range page.BackupJobs {
			bytes += aws.ToInt64(job.BackupSizeInBytes)
		}
	}
	return bytes
}

func backupxLoop(b testing.TB, listing backupx.Listing[types.BackupJob]) (bytes int64) {
	for job, err := range listing.PageSize(benchPage).All(b.Context()) {
		if err != nil {
			b.Fatal(err)
		}
		bytes += aws.ToInt64(job.BackupSizeInBytes)
	}
	return bytes
}

// sdkLoop counts the jobs that a client lists, as it is done by hand.
func sdkLoop(b *testing.B, c backupx.Client, each func()) (n int) {
	p := backup.NewListBackupJobsPaginator(c.Backup, &backup.ListBackupJobsInput{MaxResults: aws.Int32(benchPage)})
	for p.HasMorePages() {
		page, err := p.NextPage(b.Context())
		require.NoError(b, err)
		n += len(page.BackupJobs)
		each()
	}
	return n
}

// jobsOf counts the jobs of a listing.
func jobsOf[T any](b *testing.B, l backupx.Listing[T]) int {
	n, err := l.Count(b.Context())
	require.NoError(b, err)
	return n
}

// measure runs a way of listing over a service and reports its requests.
func measure(b *testing.B, name string, s *fakeaws.Service, want int, list func(b *testing.B) int) {
	b.Run("how="+name, func(b *testing.B) {
		s.ResetRequests()
		runs := 0
		for b.Loop() {
			require.Equal(b, want, list(b))
			runs++
		}
		b.ReportMetric(float64(s.RequestCount())/float64(runs), "requests")
	})
}

func TestAnItemCostsHardlyAnAllocation(t *testing.T) {
	const jobs = 4 * benchPage
	client := benchClient(t, jobs)
	loop := testing.AllocsPerRun(1, func() { paginatorLoop(t, client) })
	ours := testing.AllocsPerRun(1, func() { backupxLoop(t, client.BackupJobs(backupx.BackupJobFilter{})) })
	require.LessOrEqual(t, (ours-loop)/jobs, 0.1, "allocations an item above those of the SDK's loop")
}

func BenchmarkOneChain(b *testing.B) {
	client := benchClient(b, benchJobs)
	want := paginatorLoop(b, client)
	b.Run("loop", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.Equal(b, want, paginatorLoop(b, client))
		}
	})
	b.Run("backupx", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.Equal(b, want, backupxLoop(b, client.BackupJobs(backupx.BackupJobFilter{})))
		}
	})
}

func BenchmarkWindows(b *testing.B) {
	type listing = backupx.Listing[types.BackupJob]
	for _, c := range []struct {
		name string
		jobs []types.BackupJob
		ways map[string]func(listing) listing
	}{
		{"evenly", spread(benchJobs, month, day), map[string]func(listing) listing{
			"every":   func(l listing) listing { return l.Every(36 * time.Hour).Parallel(8) },
			"alone":   func(l listing) listing { return l.Parallel(8) },
			"ordered": func(l listing) listing { return l.Parallel(8).Ordered() },
		}},
		{"two-days", spread(benchJobs, 48*time.Hour, day.AddDate(0, 0, -5)), map[string]func(listing) listing{
			"alone": func(l listing) listing { return l.Parallel(8) },
		}},
		{"one-moment", spread(benchJobs, 0, day.AddDate(0, 0, -5)), map[string]func(listing) listing{
			"alone": func(l listing) listing { return l.Parallel(8) },
		}},
	} {
		b.Run("jobs="+c.name, func(b *testing.B) {
			s := fakeaws.New(fakeaws.Data{BackupJobs: c.jobs}, fakeaws.WithLatency(benchLatency), fakeaws.WithLog(0))
			client := at(s, day)
			measure(b, "loop", s, benchJobs, func(b *testing.B) int { return sdkLoop(b, client, func() {}) })
			for _, name := range slices.Sorted(maps.Keys(c.ways)) {
				l := c.ways[name](client.BackupJobs(backupx.BackupJobFilter{}))
				measure(b, name, s, benchJobs, func(b *testing.B) int { return jobsOf(b, l) })
			}
		})
	}
}

// BenchmarkPrefetch has a consumer that takes as long over a page as the service does.
func BenchmarkPrefetch(b *testing.B) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: spread(benchJobs, month, day)}, fakeaws.WithLatency(benchLatency), fakeaws.WithLog(0))
	client := at(s, day)
	consume := func() { time.Sleep(benchLatency) }
	measure(b, "loop", s, benchJobs, func(b *testing.B) int { return sdkLoop(b, client, consume) })
	measure(b, "prefetch", s, benchJobs, func(b *testing.B) (n int) {
		for _, err := range client.BackupJobs(backupx.BackupJobFilter{}).Prefetch(1).All(b.Context()) {
			require.NoError(b, err)
			if n++; n%benchPage == 0 {
				consume()
			}
		}
		return n
	})
}

// BenchmarkFleet lists seventeen regions of 1,000 to 17,000 jobs. "slowest" is the one that takes
// longest, alone.
func BenchmarkFleet(b *testing.B) {
	var fleet backupx.Fleet
	total, slowest := 0, 17*benchPage
	services := lo.Times(17, func(i int) *fakeaws.Service {
		n := (i + 1) * benchPage
		total += n
		s := fakeaws.New(fakeaws.Data{BackupJobs: spread(n, month, day)}, fakeaws.WithLatency(benchLatency), fakeaws.WithLog(0))
		fleet = append(fleet, backupx.Source{Name: fmt.Sprint("region-", i), Client: at(s, day)})
		return s
	})
	last := services[16]
	measure(b, "slowest", last, slowest, func(b *testing.B) int { return sdkLoop(b, fleet[16].Client, func() {}) })
	measure(b, "loop", last, total, func(b *testing.B) int {
		return lo.SumBy(fleet, func(s backupx.Source) int { return sdkLoop(b, s.Client, func() {}) })
	})
	l := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(backupx.BackupJobFilter{})
	})
	measure(b, "parallel", last, total, func(b *testing.B) int { return jobsOf(b, l.Parallel(17)) })
}

// BenchmarkMemory reports the heap in use at the end of a listing that is ten times as long as
// another: it does not grow with it.
func BenchmarkMemory(b *testing.B) {
	client := benchClient(b, benchJobs)
	for _, c := range []struct {
		name  string
		limit int
	}{{"2000", 2_000}, {"20000", 20_000}} {
		b.Run(c.name, func(b *testing.B) {
			var peak float64
			for b.Loop() {
				base, n := heapInUse(), 0
				for _, err := range client.BackupJobs(backupx.BackupJobFilter{}).PageSize(200).Limit(c.limit).All(b.Context()) {
					require.NoError(b, err)
					if n++; n == c.limit {
						peak = max(peak, heapInUse()-base)
					}
				}
			}
			b.ReportMetric(peak, "heap-B")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkStream reports the most that was alive at once while a stream was read, with its jobs in the
// server not counted: it must not grow with the stream's length.
func BenchmarkStream(b *testing.B) {
	for _, jobs := range []int{100_000, 1_000_000} {
		s := fakeaws.New(fakeaws.Data{BackupJobs: spread(jobs, month, day)}, fakeaws.WithLog(0))
		s.Prepare()
		client := at(s, day)
		for name, l := range map[string]backupx.Listing[types.BackupJob]{
			"in-turn":  client.BackupJobs(backupx.BackupJobFilter{}),
			"parallel": client.BackupJobs(backupx.BackupJobFilter{}).Parallel(8),
		} {
			b.Run(fmt.Sprintf("jobs=%d/how=%s", jobs, name), func(b *testing.B) {
				most := 0.0
				for b.Loop() {
					most = max(most, liveHeap(b, l, jobs))
				}
				b.ReportMetric(most, "live-B")
			})
		}
	}
}

// liveHeap samples the heap, after a collection, at twenty points of a stream.
func liveHeap(b *testing.B, l backupx.Listing[types.BackupJob], jobs int) (most float64) {
	before, n := heapInUse(), 0
	for _, err := range l.All(b.Context()) {
		require.NoError(b, err)
		if n++; n%(jobs/20) == 0 {
			most = max(most, heapInUse()-before)
		}
	}
	require.Equal(b, jobs, n)
	return most
}

// heapInUse is what is alive, in bytes.
func heapInUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
