//go:build !race

package backupx_test

import (
	"runtime"
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
