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

// BenchmarkSources reports the CPU time for each source of a fleet of 10,000 sources with one job each. A request
// takes longer the more requests may be under way, so that each fleet waits two seconds in all and n requests are
// under way nearly all the time:
//
//	go test -run '^$' -bench Sources -benchtime 3x .
func BenchmarkSources(b *testing.B) {
	const sources = 10_000
	for _, n := range []int{16, 256, 1024} {
		b.Run(fmt.Sprintf("parallel=%d", n), func(b *testing.B) {
			fleet := lo.Times(sources, func(i int) backupx.Source {
				a := newAccount([]time.Time{day})
				a.latency = 2 * time.Second * time.Duration(n) / sources
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
