package backupx_test

import (
	"runtime"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
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

// heapInUse is what is alive, in bytes.
func heapInUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
