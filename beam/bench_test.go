//go:build unix

package backupxbeam

import (
	"context"
	"encoding/json"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// The benchmarks give CPU time, of all threads: SCALE.md reckons with it, and it does not depend on what
// else the machine is doing.

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure runs f as a benchmark of so many items each.
func measure(b *testing.B, items int, f func()) {
	b.ReportAllocs()
	began := cpu()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(cpu()-began)/float64(b.N*max(1, items)), "cpu-ns/item")
}

// BenchmarkShard lists one shard, of no jobs, one page or several, over an in-memory service that answers
// in process. What the service does itself is BenchmarkShare's of fakeaws.
func BenchmarkShard(b *testing.B) {
	for _, n := range []int{0, 100, 1000, 10_000} {
		service := fakeaws.New(fakeaws.Data{BackupJobs: fakeaws.GenerateBackupJobs(1, day.AddDate(0, 0, -30), day, max(1, n))},
			fakeaws.WithLog(1), fakeaws.WithoutAuthentication())
		service.Prepare()
		filter := backupx.BackupJobFilter{}
		if n == 0 {
			filter = filter.CreatedAfter(day.AddDate(1, 0, 0))
		}
		shard, err := NewShard("111122223333/us-east-1", filter)
		require.NoError(b, err)
		f := listing(service)
		b.Run("jobs="+strconv.Itoa(n), func(b *testing.B) {
			records, size := 0, 0
			measure(b, n, func() {
				records, size = 0, 0
				err := f.ProcessElement(context.Background(), shard,
					func(_ string, r []byte) { records++; size += len(r) }, func(DeadLetter) {})
				require.NoError(b, err)
			})
			require.Equal(b, n, records)
			b.ReportMetric(float64(size)/float64(max(1, n)), "record-bytes/item")
		})
	}
}

// BenchmarkUnique reads a record back from its group.
func BenchmarkUnique(b *testing.B) {
	job := fakeaws.GenerateBackupJobs(1, day.AddDate(0, 0, -30), day, 1)[0]
	text, err := json.Marshal(BackupJob{Source: "111122223333/us-east-1", Item: job})
	require.NoError(b, err)
	measure(b, 1, func() {
		left := 1
		err := (&uniqueFn[types.BackupJob]{}).ProcessElement(context.Background(), "", func(r *[]byte) bool {
			*r = text
			left--
			return left == 0
		}, func(BackupJob) {})
		require.NoError(b, err)
	})
}

// BenchmarkClient makes the clients of one account and region.
func BenchmarkClient(b *testing.B) {
	cfg := fakeaws.New(fakeaws.Data{}).Config()
	measure(b, 1, func() { backupx.New(cfg) })
}
