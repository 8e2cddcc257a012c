package cli_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

const erase = "\r\x1b[K"

// drawn is a terminal that remembers each drawing, and when it was.
type drawn struct {
	mu    sync.Mutex
	text  bytes.Buffer
	times []time.Time
}

func (d *drawn) Write(text []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.times = append(d.times, time.Now())
	return d.text.Write(text)
}

func (d *drawn) lines() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Split(d.text.String(), erase)
}

func (d *drawn) last() string { return lo.LastOrEmpty(d.lines()) }

func screen(width int) cli.Screen { return cli.Screen{Line: func() int { return width }} }

// madeUp returns a fleet of n sources with made-up jobs, whose requests take a while.
func madeUp(n int, latency time.Duration) backupx.Fleet {
	return lo.Times(n, func(i int) backupx.Source {
		jobs := fakeaws.GenerateBackupJobs(uint64(i), time.Now().AddDate(0, 0, -1), time.Now(), 40)
		s := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithLatency(latency))
		return backupx.Source{Name: fmt.Sprintf("prod/region-%d", i), Config: s.Config()}
	})
}

func list(t *testing.T, fleet backupx.Fleet, p *cli.Progress) {
	jobs := backupx.Across(p.Fleet(fleet), func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(backupx.BackupJobFilter{}).PageSize(10)
	})
	_, err := jobs.Parallel(1).OnPage(p.Page).Collect(t.Context())
	require.NoError(t, err)
}

func TestProgressSaysHowFarAndWhatItWaitsFor(t *testing.T) {
	t.Run("of configurations", func(t *testing.T) { howFarAndWhatItWaitsFor(t, madeUp) })
	t.Run("of clients", func(t *testing.T) {
		howFarAndWhatItWaitsFor(t, func(n int, latency time.Duration) backupx.Fleet {
			return lo.Map(madeUp(n, latency), func(s backupx.Source, _ int) backupx.Source {
				s.Client = backupx.New(s.Config)
				return s
			})
		})
	})
}

func howFarAndWhatItWaitsFor(t *testing.T, fleet func(n int, latency time.Duration) backupx.Fleet) {
	synctest.Test(t, func(t *testing.T) {
		out, start := new(drawn), time.Now()
		p := screen(80).Progress(out, "job")
		listed := make(chan bool)
		go func() { list(t, fleet(2, 4*time.Second), p); close(listed) }()
		got := map[time.Duration]string{}
		for _, after := range []time.Duration{300, 900, 3900, 4300, 8900} {
			time.Sleep(after*time.Millisecond - time.Since(start))
			got[after] = out.last()
		}
		<-listed
		p.Stop()
		require.Equal(t, map[time.Duration]string{
			300:  "0 of 2 sources · 0 jobs",
			900:  "0 of 2 sources · 0 jobs · waiting 1 s for prod/region-0 ListBackupJobs",
			3900: "0 of 2 sources · 0 jobs · waiting 4 s for prod/region-0 ListBackupJobs",
			4300: "1 of 2 sources · 1 page · 10 jobs · 2 jobs/s",
			8900: "1 of 2 sources · 2 pages · 20 jobs · 2 jobs/s · waiting 1 s for prod/region-0",
		}, got)
		require.Empty(t, out.last(), "the line is erased")
		size := len(out.lines())
		p.Stop()
		time.Sleep(time.Minute)
		require.Len(t, out.lines(), size, "nothing is drawn after the end")
	})
}

func TestProgressFitsTheTerminal(t *testing.T) {
	for width, want := range map[int]string{
		120: "0 of 2 sources · 0 jobs · waiting 1 s for prod/region-0 ListBackupJobs",
		60:  "0 of 2 sources · 0 jobs · waiting 1 s for prod/region-0",
		50:  "0 of 2 sources · waiting 1 s for prod/region-0",
		30:  "waiting 1 s for prod/region-0",
		20:  "waiting 1 s for pr…",
		4:   "wa…",
		0:   "",
	} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := new(drawn)
				p := screen(width).Progress(out, "job")
				defer p.Stop()
				listed := make(chan bool)
				go func() { list(t, madeUp(2, time.Second), p); close(listed) }()
				time.Sleep(900 * time.Millisecond)
				got := out.last()
				<-listed
				require.Equal(t, want, got)
			})
		})
	}
}

func TestProgressIsDrawnAFewTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := new(drawn)
		p := screen(80).Progress(out, "job")
		for range 1000 {
			p.Page(backupx.PageInfo{Kept: 1})
			p.Item()
			time.Sleep(time.Millisecond)
		}
		p.Stop()
		require.Contains(t, out.text.String(), " pages · ")
		require.LessOrEqual(t, len(out.times), 10)
	})
}

func TestWithoutATerminalThereIsNoProgress(t *testing.T) {
	before := runtime.NumGoroutine()
	var stderr, stdout bytes.Buffer
	p := cli.Screen{}.Progress(&stderr, "job")
	require.Equal(t, before, runtime.NumGoroutine())
	fleet := madeUp(1, 0)
	require.Empty(t, p.Fleet(fleet)[0].Config.APIOptions)
	list(t, fleet, p)
	require.Same(t, &stdout, p.Above(&stdout).(*bytes.Buffer))
	p.Stop()
	require.Empty(t, stderr.String())
}

func TestOutputStandsAboveTheProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := new(drawn)
		p := screen(80).Progress(out, "job")
		w := p.Above(out)
		fmt.Fprintln(w, "first")
		p.Item()
		time.Sleep(300 * time.Millisecond)
		fmt.Fprintln(w, "second")
		fmt.Fprintln(w, "third")
		time.Sleep(300 * time.Millisecond)
		p.Stop()
		require.Equal(t, "first\n"+erase+"1 job"+erase+"second\nthird\n"+erase+"1 job"+erase, out.text.String())
	})
}

// What a program waits for is not in the way of its errors, and a source that fails has answered.
func TestASourceThatFailsHasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := new(drawn)
		p := screen(80).Progress(out, "job")
		defer p.Stop()
		denied := fakeaws.New(fakeaws.Data{}, fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.AccessDenied()}))
		fleet := append(madeUp(1, time.Minute), backupx.Source{Name: "denied", Config: denied.Config()})
		failed := make(chan error)
		go func() {
			_, err := backupx.Across(p.Fleet(fleet), func(c backupx.Client) backupx.Listing[types.BackupJob] {
				return c.BackupJobs(backupx.BackupJobFilter{})
			}).Parallel(2).Collect(t.Context())
			failed <- err
		}()
		time.Sleep(10 * time.Second)
		got := out.last()
		var apart backupx.SourceErrors
		require.ErrorAs(t, <-failed, &apart)
		require.Equal(t, "1 of 2 sources · 0 jobs · waiting 10 s for prod/region-0 ListBackupJobs", got)
		require.True(t, slices.ContainsFunc(apart, func(e *backupx.SourceError) bool { return e.Kind == backupx.KindDenied }))
	})
}

func TestProgressOfManyGoroutines(t *testing.T) {
	p := screen(80).Progress(io.Discard, "job")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { list(t, madeUp(1, 0), p) })
	}
	all.Wait()
	p.Stop()
}
