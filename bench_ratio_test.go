//go:build unix

package backupx_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// cost is the CPU time of a run, over all threads, and its allocations.
type cost struct {
	cpu           time.Duration
	allocs, bytes uint64
}

func costOf(b *testing.B, run func()) cost {
	runtime.GC() // so that each run pays for its own garbage
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := cpuTime(b)
	run()
	runtime.GC()
	cpu := cpuTime(b) - began
	runtime.ReadMemStats(&after)
	return cost{cpu, after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc}
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRatio runs the SDK's loop and backupx alternately over the same pages, which come from memory. It reports the
// median ratio of their CPU times, and what backupx allocates for each item:
//
//	go test -run '^$' -bench Ratio -benchtime 40x .
func BenchmarkRatio(b *testing.B) {
	since := day.AddDate(0, 0, -30)
	s := fakeaws.New(fakeaws.Data{
		BackupJobs: fakeaws.GenerateBackupJobs(1, since, day, benchJobs),
		CopyJobs:   fakeaws.GenerateCopyJobs(1, since, day, benchJobs),
		HSM:        fakeaws.GenerateHSM(1, since, day, benchJobs),
	}, fakeaws.WithLog(0))
	cfg := s.Config()
	memory := &inMemory{service: cfg.HTTPClient, bodies: map[string][]byte{}}
	cfg.HTTPClient = memory
	client := backupx.New(cfg)
	runs := map[string]struct{ loop, ours func() int }{
		"jobs": {
			func() int { return sdkCount(b, client, func() {}) },
			func() int { return backupxCount(b, client.BackupJobs(backupx.BackupJobFilter{})) },
		},
		"copies": {
			func() int {
				p := backup.NewListCopyJobsPaginator(client.Backup, &backup.ListCopyJobsInput{MaxResults: aws.Int32(benchPage)})
				return countPages(b, p, func(out *backup.ListCopyJobsOutput) int { return len(out.CopyJobs) })
			},
			func() int { return backupxCount(b, client.CopyJobs(backupx.CopyJobFilter{})) },
		},
		"cloudhsm": {
			func() int {
				p := cloudhsmv2.NewDescribeBackupsPaginator(client.HSM, &cloudhsmv2.DescribeBackupsInput{MaxResults: aws.Int32(50)})
				return countPages(b, p, func(out *cloudhsmv2.DescribeBackupsOutput) int { return len(out.Backups) })
			},
			func() int { return backupxCount(b, client.HSMBackups(backupx.HSMFilter{})) },
		},
	}
	for _, run := range runs {
		require.Equal(b, benchJobs, run.loop())
		require.Equal(b, benchJobs, run.ours())
	}
	memory.service = nil // or its items would be marked in each collection of garbage
	for name, run := range runs {
		b.Run(name, func(b *testing.B) {
			var ratios, allocs, bytes []float64
			for i := 0; b.Loop(); i++ {
				theirs, mine := inTurn(b, i%2 == 0, func() { run.loop() }, func() { run.ours() })
				ratios = append(ratios, float64(mine.cpu)/float64(theirs.cpu))
				allocs = append(allocs, float64(mine.allocs)/benchJobs)
				bytes = append(bytes, float64(mine.bytes)/benchJobs)
			}
			b.ReportMetric(median(ratios), "ratio")
			b.ReportMetric(median(allocs), "allocs/item")
			b.ReportMetric(median(bytes), "B/item")
			b.ReportMetric(0, "ns/op") // the time of both together says nothing
		})
	}
}

// countPages counts the items of an SDK paginator.
func countPages[O, F any](b *testing.B, p interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*F)) (*O, error)
}, items func(*O) int,
) (n int) {
	for p.HasMorePages() {
		page, err := p.NextPage(b.Context())
		require.NoError(b, err)
		n += items(page)
	}
	return n
}

// inMemory is an HTTP client that asks a service once for each request, and remembers the body of the response.
type inMemory struct {
	service aws.HTTPClient
	bodies  map[string][]byte
}

func (m *inMemory) Do(r *http.Request) (*http.Response, error) {
	key := r.URL.String()
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		key += string(body)
	}
	if m.bodies[key] == nil {
		resp, err := m.service.Do(r)
		if err != nil {
			return nil, err
		}
		if m.bodies[key], err = io.ReadAll(resp.Body); err != nil {
			return nil, err
		}
	}
	body := m.bodies[key]
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, ContentLength: int64(len(body)),
		Body: io.NopCloser(bytes.NewReader(body)), Request: r,
	}, nil
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
