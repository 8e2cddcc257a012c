//go:build !race

package backupx_test

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// The race detector takes memory of its own, and many times as long.

// No text up to the longest one makes reading, resuming or writing hold much memory. 400 MB of garbage is allocated at
// most, and 256 MiB are held.
func TestForgedTextsTakeLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("makes texts of 32 MiB")
	}
	client := clientOf(service())
	for name, forge := range forgeries() {
		t.Run(name, func(t *testing.T) {
			text := checksummed(t, []byte(forge()))
			var cp backupx.Checkpoint
			steps := map[string]func() error{
				"resuming":        func() error { _, err := newShelf("a", 1, 1).list().Resume(cp); return err },
				"resuming jobs":   func() error { _, err := client.BackupJobs(backupx.BackupJobFilter{}).Resume(cp); return err },
				"resuming hsm":    func() error { _, err := client.HSMBackups(backupx.HSMFilter{}).Resume(cp); return err },
				"resuming fleets": func() error { _, err := newShelfFleet("s", 2, 1).list().Resume(cp); return err },
				"resuming five": func() error {
					_, err := backupx.Concat(lo.RepeatBy(5, func(int) backupx.Listing[types.BackupJob] { return client.BackupJobs(failedJobs) })...).Resume(cp)
					return err
				},
				"filter":     func() error { return cp.Filter(new(backupx.BackupJobFilter)) },
				"hsm filter": func() error { return cp.Filter(new(backupx.HSMFilter)) },
				"writing":    func() error { _, err := cp.MarshalText(); return err },
			}
			held := heldBy(t, "reading", func() error { return cp.UnmarshalText(text) })
			for name, step := range steps {
				if !lo.IsEmpty(cp) { // it was read
					held = max(held, heldBy(t, name, step))
				}
			}
			require.Less(t, held, uint64(256<<20))
		})
	}
}

// The same for followers, whose texts have the ids behind the JSON.
func TestForgedFollowersTakeLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("makes texts of 32 MiB")
	}
	const (
		most = 24<<20 - 1000 // bytes in the longest text
		jobs = `{"id":{"op":"backup:ListBackupJobs","filter":{}},"follow":[`
	)
	day := func(i int) string { return fmt.Sprintf(`{"day":%d,"count":1}`, i+1) }
	fleet := func(sources int, place string) string {
		return `{"id":{"op":"FollowAcross","parts":[{"op":"backup:ListBackupJobs","filter":{},"sources":[` +
			elements(sources, func(i int) string { return fmt.Sprintf(`"%x"`, i) }) + `]}]},"follow":[` + elements(sources, func(int) string { return place }) + `]}`
	}
	for name, test := range map[string]struct {
		json string
		ids  int // bytes
		why  string
	}{
		"told":        {jobs + fmt.Sprintf(`{"told":%d}]}`, most/8), most / 8 * 8, ""},
		"live":        {jobs + fmt.Sprintf(`{"live":%d}]}`, most/12), most / 12 * 12, ""},
		"noted":       {jobs + `{"noted":[` + elements(10_000, day) + `]}]}`, 80_000, ""},
		"nulls":       {jobs + `{"noted":[` + strings.Repeat("null,", most/5) + `null]}]}`, 0, "out of range"},
		"no days":     {jobs + `{"noted":[` + strings.Repeat("{},", most/3) + `{}]}]}`, 0, "out of range"},
		"days":        {jobs + `{"noted":[` + elements(most/33, day) + `]}]}`, most / 33 * 8, "out of range"},
		"places":      {jobs + strings.Repeat("{},", most/3) + `{}]}`, 0, "more than 200000 sources"},
		"sources":     {fleet(199_000, `{}`), 0, ""},
		"their ids":   {fleet(199_000, `{"told":10}`), 199_000 * 80, ""},
		"their days":  {fleet(73, `{"noted":[`+elements(10_000, day)+`]}`), 73 * 80_000, ""},
		"their times": {fleet(150_000, `{"from":"2026-03-10T12:00:00Z","mark":"2026-03-10T12:00:00Z","told":1}`), 150_000 * 8, ""},
	} {
		t.Run(name, func(t *testing.T) {
			behind, err := base64.StdEncoding.DecodeString(random(test.ids))
			require.NoError(t, err)
			text := checksummed(t, []byte(test.json), behind...)
			client := clientOf(service())
			w := client.FollowBackupJobs(backupx.BackupJobFilter{}, time.Time{})
			across := newClock().followFailed(backupx.Fleet{{Name: "none", Client: client}})
			var cp backupx.Checkpoint
			for _, step := range []struct {
				name string
				do   func() error
			}{
				{"reading", func() error { return cp.UnmarshalText(text) }},
				{"resuming", func() error { return w.Resume(cp) }},
				{"resuming fleets", func() error { return across.Resume(cp) }},
				{"writing", func() error { _, err := cp.MarshalText(); return err }},
				{"writing anew", func() error { _, err := w.Checkpoint().MarshalText(); return err }},
				{"writing fleets anew", func() error { _, err := across.Checkpoint().MarshalText(); return err }},
			} {
				held := heldBy(t, step.name, func() (err error) {
					if err = step.do(); step.name == "reading" && test.why != "" {
						require.ErrorContains(t, err, test.why)
					} else if step.name == "reading" {
						require.NoError(t, err)
					}
					return err
				})
				require.Less(t, held, uint64(256<<20), step.name)
			}
		})
	}
}

// heldBy returns the largest growth of the heap in a step, with the garbage that was not collected yet. An error of the
// step is ErrCheckpoint.
func heldBy(t *testing.T, name string, step func() error) (most uint64) {
	t.Helper()
	runtime.GC()
	heap := func() (m runtime.MemStats) { runtime.ReadMemStats(&m); return m }
	before := heap()
	var over atomic.Bool
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for !over.Load() {
			most = max(most, heap().HeapAlloc)
			time.Sleep(time.Millisecond)
		}
	}()
	err := step()
	over.Store(true)
	<-ended
	after := heap()
	if err != nil {
		require.ErrorIs(t, err, backupx.ErrCheckpoint, name)
		require.Less(t, len(err.Error()), 2000, name)
	}
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(512<<20), name)
	return max(most, before.HeapAlloc) - before.HeapAlloc
}
