package backupx_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/internal/testenv"
)

// What is tested here reads texts in one goroutine. The race detector would take memory of its own, and many times as long.

// No text up to the longest one makes reading, resuming or writing hold much memory. 400 MB of garbage is allocated at
// most, and 256 MiB are held.
func TestForgedTextsTakeLittleMemory(t *testing.T) {
	testenv.SkipWithRace(t)
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
	testenv.SkipWithRace(t)
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

func TestTextsThatAreTooLongAreRefused(t *testing.T) {
	testenv.SkipWithRace(t)
	requireTooMuch := func(payload, why string) {
		t.Helper()
		require.ErrorContains(t, new(backupx.Checkpoint).UnmarshalText(checksummed(t, []byte(payload))), why)
	}
	for name, why := range map[string]string{
		"too many chains": "it has more than 200000 positions", "windows": "it has more than 200000 windows",
		"more listings": "it has more than 100000 listings", "depth": "it has listings in more than 32 others",
		"empty names": "it has more than 200000 sources", "a long one": "it has a filter of more than 4194304 bytes",
		"a name": "it has the name of a source of more than 4096 bytes", "an input": "the input of the operation is not that of its hash",
	} {
		requireTooMuch(forgeries()[name](), why)
	}
	requireTooMuch(strings.Repeat(" ", 24<<20), "its text is too long")
}

// As much as a text may have is read and written again, and one more is refused.
func TestTheBoundsOfATextAreExact(t *testing.T) {
	testenv.SkipWithRace(t)
	const things = `{"id":{"op":"ListThings"},"opened":true,`
	window := func(i int) string {
		from := time.Date(2000, 1, 1, 0, i, 0, 0, time.UTC)
		return fmt.Sprintf("%q", from.Format(time.RFC3339)+".."+from.Add(time.Minute).Format(time.RFC3339))
	}
	for why, payload := range map[string]func(more int) string{
		"it has more than 10000 windows of one query": func(more int) string {
			return things + `"windows":{"":[` + elements(10_000+more, window) + `]}}`
		},
		"it has more than 200000 positions": func(more int) string {
			return things + `"seen":{"":""},"windows":{"":[]},"chains":{` +
				elements(199_998+more, func(i int) string { return fmt.Sprintf(`"%x":{}`, i) }) + `}}`
		},
		"it has more than 100000 listings": func(more int) string {
			return `{"id":{"op":"Concat","parts":[` + elements(99_999+more, func(int) string { return `{}` }) + `]},"opened":true}`
		},
		"it has listings in more than 32 others": func(more int) string {
			return `{"id":` + strings.Repeat(`{"parts":[`, 32+more) + `{}` + strings.Repeat(`]}`, 32+more) + `}`
		},
		"it has more than 200000 sources": func(more int) string {
			return `{"id":{"op":"Across","parts":[{"op":"ListThings","sources":["a"]}],"read":"` + random(199_999*20+more*20) + `"}}`
		},
		"it has a filter of more than 4194304 bytes": func(more int) string {
			return `{"id":{"op":"ListThings","filter":"` + strings.Repeat("x", 4<<20-2+more) + `"}}`
		},
	} {
		var cp backupx.Checkpoint
		require.ErrorContains(t, cp.UnmarshalText(checksummed(t, []byte(payload(1)))), why)
		require.NoError(t, cp.UnmarshalText(checksummed(t, []byte(payload(0)))), why)
		_, err := cp.MarshalText()
		require.NoError(t, err, why)
	}
}

// manyPages is a client with four jobs, each on a page of its own, in each window.
type manyPages struct{ backupx.BackupAPI }

func (manyPages) ListBackupJobs(_ context.Context, in *backup.ListBackupJobsInput, _ ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	job := types.BackupJob{BackupJobId: aws.String("job"), CreationDate: aws.Time(day), ResourceType: in.ByResourceType}
	out := &backup.ListBackupJobsOutput{BackupJobs: []types.BackupJob{job}}
	if token := aws.ToString(in.NextToken); len(token) < 3 {
		out.NextToken = aws.String(token + "t")
	}
	return out, nil
}

// The texts of the largest listings are read: sixteen queries of 10,000 windows, 10,000 sources, and fleets in each other.
func TestTextsOfLargeListingsAreRead(t *testing.T) {
	testenv.SkipWithRace(t)
	client := backupx.Client{Backup: manyPages{}, Now: func() time.Time { return day }}
	windows := client.BackupJobs(backupx.BackupJobFilter{}.ResourceTypes(numbers("type", 16)...)).Every(month / 9998)
	sources, nested := newShelfFleet("account/", 10_000, 1).list(), newShelf("a", 4, 2).list()
	for i := range 8 {
		name := fmt.Sprint(i)
		nested = fleetOf(map[string]backupx.Listing[string]{"in" + name: nested, "beside" + name: newShelf(name, 2, 1).list()}, nil)
	}
	for name, l := range map[string]backupx.Listing[string]{"windows": backupx.Map(windows, idOf), "sources": sources, "nested": nested} {
		for _, n := range []int{0, 2} {
			cp := throughText(t, cpAfter(t, l, n))
			cursor, err := l.Resume(cp)
			require.NoError(t, err, name)
			take(t, cursor.All(t.Context()), 1)
		}
	}
	require.Len(t, resumeFrom(t, nested, throughText(t, cpAfter(t, nested, 7))), 13)
	require.Len(t, resumeFrom(t, sources, throughText(t, cpAfter(t, sources, 9_990))), 10)
}
