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

// The benchmarks list 20,000 jobs in pages of 1,000 from a service in the same process: in the same run once
// with a loop over the SDK's paginator, and with backupx.
//
// OneChain has a service without latency. Single timings differ by several percent from run to run:
// BenchmarkRatio compares the two.
//
// Windows, Prefetch and Fleet measure reading ahead and in parallel, with a latency for each request. The
// metric "requests" is the number of requests of one listing.
//
//	go test -run '^$' -bench 'Windows|Prefetch|Fleet' -count 6 . | benchstat -col /how -
const (
	benchJobs    = 20_000
	benchPage    = 1_000
	benchLatency = 200 * time.Millisecond
)

func benchClient(b testing.TB, jobs int) backupx.Client {
	b.Helper()
	s := fakeaws.New(fakeaws.Data{BackupJobs: fakeaws.GenerateBackupJobs(1, day.AddDate(0, 0, -30), day, jobs)}, fakeaws.WithLog(0))
	s.Prepare()
	return clientOf(s)
}

// sdkLoop reads all jobs with the SDK's paginator: the loop that backupx replaces.
func sdkLoop(b testing.TB, client backupx.Client, each func(page []types.BackupJob)) {
	p := backup.NewListBackupJobsPaginator(client.Backup, &backup.ListBackupJobsInput{MaxResults: aws.Int32(benchPage)})
	for p.HasMorePages() {
		page, err := p.NextPage(b.Context())
		require.NoError(b, err)
		each(page.BackupJobs)
	}
}

// sdkBytes adds up the sizes of all jobs with the SDK's paginator, backupxBytes with a listing.
func sdkBytes(b testing.TB, client backupx.Client) (bytes int64) {
	sdkLoop(b, client, func(page []types.BackupJob) {
		for _, job := range page {
			bytes += aws.ToInt64(job.BackupSizeInBytes)
		}
	})
	return bytes
}

func backupxBytes(b testing.TB, listing backupx.Listing[types.BackupJob]) (bytes int64) {
	for job, err := range listing.PageSize(benchPage).All(b.Context()) {
		if err != nil {
			b.Fatal(err)
		}
		bytes += aws.ToInt64(job.BackupSizeInBytes)
	}
	return bytes
}

// sdkCount counts the jobs of a client with the SDK's paginator, and calls each after every page.
func sdkCount(b *testing.B, client backupx.Client, each func()) (n int) {
	sdkLoop(b, client, func(page []types.BackupJob) {
		n += len(page)
		each()
	})
	return n
}

// backupxCount counts the jobs of a listing.
func backupxCount[T any](b *testing.B, l backupx.Listing[T]) int {
	n, err := l.Count(b.Context())
	require.NoError(b, err)
	return n
}

// measure is a sub-benchmark of one way to list the jobs of a service. It reports the requests of one run.
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
	loop := testing.AllocsPerRun(1, func() { sdkBytes(t, client) })
	ours := testing.AllocsPerRun(1, func() { backupxBytes(t, client.BackupJobs(backupx.BackupJobFilter{})) })
	require.LessOrEqual(t, (ours-loop)/jobs, 0.1, "allocations an item above those of the SDK's loop")
}

func BenchmarkOneChain(b *testing.B) {
	client := benchClient(b, benchJobs)
	want := sdkBytes(b, client)
	b.Run("loop", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.Equal(b, want, sdkBytes(b, client))
		}
	})
	b.Run("backupx", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.Equal(b, want, backupxBytes(b, client.BackupJobs(backupx.BackupJobFilter{})))
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
			measure(b, "loop", s, benchJobs, func(b *testing.B) int { return sdkCount(b, client, func() {}) })
			for _, name := range slices.Sorted(maps.Keys(c.ways)) {
				l := c.ways[name](client.BackupJobs(backupx.BackupJobFilter{}))
				measure(b, name, s, benchJobs, func(b *testing.B) int { return backupxCount(b, l) })
			}
		})
	}
}

// BenchmarkPrefetch has a loop that takes as long for a page as the service does.
func BenchmarkPrefetch(b *testing.B) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: spread(benchJobs, month, day)}, fakeaws.WithLatency(benchLatency), fakeaws.WithLog(0))
	client := at(s, day)
	consume := func() { time.Sleep(benchLatency) }
	measure(b, "loop", s, benchJobs, func(b *testing.B) int { return sdkCount(b, client, consume) })
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

// BenchmarkFleet lists seventeen regions of 1,000 to 17,000 jobs. "slowest" is the largest region alone.
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
	measure(b, "slowest", last, slowest, func(b *testing.B) int { return sdkCount(b, fleet[16].Client, func() {}) })
	measure(b, "loop", last, total, func(b *testing.B) int {
		return lo.SumBy(fleet, func(s backupx.Source) int { return sdkCount(b, s.Client, func() {}) })
	})
	l := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(backupx.BackupJobFilter{})
	})
	measure(b, "parallel", last, total, func(b *testing.B) int { return backupxCount(b, l.Parallel(17)) })
}

// BenchmarkMemory reports the heap in use at the end of two listings, one ten times as long as the other. It
// does not grow with the number of items.
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

// BenchmarkStream reports the largest heap in use during a listing, without the data of the service. It does
// not grow with the number of items.
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

// liveHeap returns the largest of twenty samples of the heap in use during a listing.
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

// heapInUse returns the bytes that are allocated after a garbage collection.
func heapInUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
