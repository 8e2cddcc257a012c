//go:build unix

package backupx_test

import (
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// cost is the CPU time of a run, over all threads, and its number of allocations.
type cost struct {
	cpu    time.Duration
	allocs uint64
}

func costOf(b *testing.B, run func()) cost {
	runtime.GC() // so that each run pays for its own garbage
	before, allocs := cpuTime(b), mallocs()
	run()
	runtime.GC()
	return cost{cpuTime(b) - before, mallocs() - allocs}
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// BenchmarkRatio runs the SDK's loop and backupx alternately and reports the median ratio of their CPU times,
// and the median number of allocations for each item that backupx makes more than the loop:
//
//	go test -run '^$' -bench Ratio -benchtime 40x .
func BenchmarkRatio(b *testing.B) {
	client := benchClient(b, benchJobs)
	loop := func() { sdkBytes(b, client) }
	ours := func() { backupxBytes(b, client.BackupJobs(backupx.BackupJobFilter{})) }
	loop()
	ours()
	var ratios, extra []float64
	for i := 0; b.Loop(); i++ {
		theirs, mine := inTurn(b, i%2 == 0, loop, ours)
		ratios = append(ratios, float64(mine.cpu)/float64(theirs.cpu))
		extra = append(extra, (float64(mine.allocs)-float64(theirs.allocs))/benchJobs)
	}
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(median(extra), "extra-allocs/item")
	b.ReportMetric(0, "ns/op") // the time of both together says nothing
}

// inTurn runs x and y, x first if first is set, and returns the cost of each.
func inTurn(b *testing.B, first bool, x, y func()) (ofX, ofY cost) {
	if first {
		ofX = costOf(b, x)
		return ofX, costOf(b, y)
	}
	ofY = costOf(b, y)
	return costOf(b, x), ofY
}

func median(of []float64) float64 {
	slices.Sort(of)
	return (of[(len(of)-1)/2] + of[len(of)/2]) / 2
}
