//go:build unix

package backupx_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// BenchmarkSources reports the CPU time for each source of a fleet of 10,000 sources with one job each. The more
// requests may be under way, the longer a request takes, so that reading the fleet takes two seconds or more and n
// requests are under way nearly all the time. The latencies of the sources differ, so that their pages arrive one
// after another:
//
//	go test -run '^$' -bench Sources -benchtime 3x .
func BenchmarkSources(b *testing.B) {
	const sources = 10_000
	for _, n := range []int{16, 256, 1024} {
		b.Run(fmt.Sprintf("parallel=%d", n), func(b *testing.B) {
			fleet := lo.Times(sources, func(i int) backupx.Source {
				a := newAccount([]time.Time{day})
				a.latency = time.Duration(n) * time.Second / sources * time.Duration(100+i*37%201) / 100 // 2 s in all on average
				return backupx.Source{Name: strconv.Itoa(i), Client: a.client()}
			})
			l := backupx.Across(fleet, ids).Parallel(n)
			var used []float64
			for b.Loop() {
				c := costOf(b, func() {
					if got := backupxCount(b, l); got != sources {
						b.Fatalf("%d jobs", got)
					}
				})
				used = append(used, float64(c.cpu.Microseconds())/sources)
			}
			b.ReportMetric(median(used), "cpu-µs/source")
			b.ReportMetric(0, "ns/op") // most of the time is spent waiting
		})
	}
}
