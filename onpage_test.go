package backupx_test

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func TestOnPageTellsOfEachPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fakeaws.New(fakeaws.Data{HSM: runs(), BackupJobs: alive(10, "COMPLETED", "FAILED")}, fakeaws.WithLatency(time.Second))
		var got []backupx.PageInfo
		note := func(p backupx.PageInfo) { got = append(got, p) }
		odd := func(j types.BackupJob) bool { return (*j.BackupJobId)[5]%2 == 1 }

		listing := clientOf(s).BackupJobs(backupx.BackupJobFilter{}.States("COMPLETED", "FAILED")).Where(odd).PageSize(3).OnPage(note)
		requireCount(t, 5, listing)
		page := func(shard string, number, items, kept int) backupx.PageInfo {
			return backupx.PageInfo{Operation: "ListBackupJobs", Shard: shard, Number: number, Items: items, Kept: kept, Duration: time.Second}
		}
		require.Equal(t, []backupx.PageInfo{
			page("states=COMPLETED", 1, 3, 0), page("states=COMPLETED", 2, 2, 0),
			page("states=FAILED", 1, 3, 3), page("states=FAILED", 2, 2, 2),
		}, got)

		got = nil
		take(t, listing.All(t.Context()), 2)
		require.Equal(t, page("states=FAILED", 1, 3, 2), got[2], "a page that a break cut short is reported as well")
		require.Len(t, got, 3)

		got = nil
		merged := clientOf(s).HSMBackups(backupx.HSMFilter{}.States("READY", "PENDING_DELETION")).PageSize(6).OnPage(note)
		requireCount(t, 12, merged)
		require.Equal(t, []int{12, 12}, []int{
			lo.SumBy(got, func(p backupx.PageInfo) int { return p.Items }), lo.SumBy(got, func(p backupx.PageInfo) int { return p.Kept }),
		})
	})
}

func TestOnPageTellsOfEachPageOfParallelChainsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, l := range slowListings() {
			var within atomic.Bool
			var told []backupx.PageInfo
			n, err := l.Where(notThirds).Parallel(4).OnPage(func(p backupx.PageInfo) {
				require.False(t, within.Swap(true), "calls overlap")
				time.Sleep(time.Minute)
				told = append(told, p)
				within.Store(false)
			}).Count(t.Context())
			require.NoError(t, err)
			require.Equal(t, n, lo.SumBy(told, func(p backupx.PageInfo) int { return p.Kept }), name)
			if name != "jobs" && name != "shelves" && name != "merged" && name != "fleet" { // these have chains with the same or no shard
				pages := lo.Map(told, func(p backupx.PageInfo, _ int) string { return fmt.Sprint(p.Shard, p.Number) })
				require.Empty(t, lo.FindDuplicates(pages), name)
			}
		}
	})
}

func TestOnPageComesWhenAPageWasDelivered(t *testing.T) {
	var log []string
	l := newShelf("a", 3, 2).list().OnPage(func(p backupx.PageInfo) { log = append(log, fmt.Sprint("page ", p.Number)) })
	for item, err := range l.All(t.Context()) {
		require.NoError(t, err)
		log = append(log, item)
	}
	require.Equal(t, []string{"a-000", "a-001", "page 1", "a-002", "page 2"}, log)
}

// The callback for a page whose last items are filtered out comes as soon as they are, not at the end of the
// range.
func TestOnPageOfAMergeComesInTime(t *testing.T) {
	var log []string
	shelf := func(name string, items ...int) backupx.Listing[int] {
		return backupx.List(name, func(context.Context, string, int) (backupx.Page[int], error) {
			return backupx.Page[int]{Items: items}, nil
		})
	}
	l := backupx.Merge(cmp.Compare[int], shelf("a", 1, 2, -1), shelf("b", 3, 4)).
		Where(func(v int) bool { return v > 0 }).
		OnPage(func(p backupx.PageInfo) { log = append(log, fmt.Sprint("page of ", p.Operation)) })
	for v, err := range l.All(t.Context()) {
		require.NoError(t, err)
		log = append(log, fmt.Sprint(v))
	}
	require.Equal(t, []string{"1", "2", "page of a", "3", "4", "page of b"}, log)
}

func TestCallbacksOfPartsAndOfTheWholeAreCalled(t *testing.T) {
	var of []string
	note := func(who string) func(backupx.PageInfo) {
		return func(p backupx.PageInfo) { of = append(of, fmt.Sprint(who, p.Number)) }
	}
	a, b := newShelf("a", 2, 1), newShelf("b", 1, 1)
	whole := backupx.Concat(a.list().OnPage(note("a")), b.list()).OnPage(note("whole"))
	_, err := drain(whole.All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, []string{"a1", "whole1", "a2", "whole2", "whole1"}, of)
}

func TestOnPageIsToldNothingOfAPageThatFailed(t *testing.T) {
	s := newShelf("a", 5, 2)
	s.fails = 2
	var got []int
	_, err := drain(s.list().OnPage(func(p backupx.PageInfo) { got = append(got, p.Number) }).All(t.Context()))
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, []int{1}, got)
}

func TestAnOnPageThatPanicsLosesNoItem(t *testing.T) {
	s := newShelf("a", 5, 2)
	cursor := s.list().OnPage(func(p backupx.PageInfo) {
		if p.Number == 1 {
			panic("callback")
		}
	}).Cursor()
	var got []string
	require.Panics(t, func() {
		for item := range cursor.All(t.Context()) {
			got = append(got, item)
		}
	})
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, s.items, append(got, rest...))
}

func TestACheckpointTakenInOnPageIsBehindWhatWasDelivered(t *testing.T) {
	s := newShelf("a", 5, 2)
	var cursor *backupx.Cursor[string]
	var at []backupx.Checkpoint
	var delivered []int
	got := []string{}
	cursor = s.list().OnPage(func(backupx.PageInfo) {
		at, delivered = append(at, cursor.Checkpoint()), append(delivered, len(got))
	}).Cursor()
	for item, err := range cursor.All(t.Context()) {
		require.NoError(t, err)
		got = append(got, item)
	}
	require.Equal(t, []int{2, 4, 5}, delivered)
	for i, cp := range at {
		require.Equal(t, s.items[delivered[i]:], append([]string{}, resumeFrom(t, s.list(), cp)...))
	}
}
