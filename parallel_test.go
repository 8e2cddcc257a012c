package backupx_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
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

func TestParallelTakesItsShareOfTheTime(t *testing.T) {
	for n, want := range map[int]time.Duration{1: 40, 2: 20, 4: 10, 9: 10} {
		inBubble(t, fmt.Sprint(n), func(t *testing.T) {
			s := newSlow(time.Second)
			began := time.Now()
			requireCount(t, 40, backupx.Concat(s.shelves(4, 10, 1)...).Parallel(n))
			require.Equal(t, want*time.Second, time.Since(began))
			require.Equal(t, min(n, 4), s.mostUnderWay())
		})
	}
}

func TestParallelSendsAtMostNRequestsAtOnce(t *testing.T) {
	f := backupx.BackupJobFilter{}.States("COMPLETED", "FAILED", "RUNNING", "PARTIAL").ResourceTypes("EBS", "EFS", "S3", "RDS")
	for _, how := range []string{"arrival", "Ordered", "Prefetch"} {
		for _, n := range []int{1, 2, 5, 12} {
			inBubble(t, fmt.Sprint(how, n), func(t *testing.T) {
				s := fakeaws.New(fakeaws.Generate(1, time.Now(), 500), fakeaws.WithLatency(time.Second))
				l := clientOf(s).BackupJobs(f).PageSize(5).Parallel(n)
				l = map[string]backupx.Listing[types.BackupJob]{"arrival": l, "Ordered": l.Ordered(), "Prefetch": l.Prefetch(3)}[how]
				_, err := l.Count(t.Context())
				require.NoError(t, err)
				require.Equal(t, n, s.MostUnderWay())
			})
		}
	}
}

func TestNoChainWaitsForAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quick, stuck := newSlow(time.Second), newSlow(time.Hour)
		l := backupx.Concat(append([]backupx.Listing[string]{stuck.list(newShelf("z", 1, 1))}, quick.shelves(3, 5, 1)...)...)
		items, err := drain(l.Parallel(2).All(t.Context()))
		require.NoError(t, err)
		require.Equal(t, slices.Concat(numbers("a", 5), numbers("b", 5), numbers("c", 5), numbers("z", 1)), items)

		items, err = drain(l.Parallel(2).Ordered().All(t.Context()))
		require.NoError(t, err)
		require.Equal(t, "z-000", items[0], "unless the order is wanted")
	})
}

// However slow the consumer is, no more pages are held than were asked for.
func TestParallelHoldsAtMostNPages(t *testing.T) {
	for _, c := range []struct{ n, prefetch int }{{2, 0}, {3, 1}, {5, 0}, {3, 2}, {2, 4}} {
		inBubble(t, fmt.Sprint(c), func(t *testing.T) {
			s, begun, most := newSlow(time.Second), 0, 0
			for _, err := range backupx.Concat(s.shelves(8, 12, 1)...).Parallel(c.n).Prefetch(c.prefetch).All(t.Context()) {
				require.NoError(t, err)
				begun++
				time.Sleep(time.Hour)
				most = max(most, s.requests()-begun)
			}
			require.Equal(t, 8*12, begun)
			require.Equal(t, c.n*max(1, c.prefetch), most)
		})
	}
}

func TestOrderedHoldsABoundedNumberOfPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3
		s, begun := newSlow(time.Second), 0
		for _, err := range backupx.Concat(s.shelves(26, 40, 1)...).Parallel(n).Ordered().All(t.Context()) {
			require.NoError(t, err)
			begun++
			time.Sleep(time.Hour)
			require.LessOrEqual(t, s.requests()-begun, 4*n*4, "four pages of each of four chains a request")
		}
	})
}

func TestOrderedIsTheOrderOfOneAfterAnother(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7} {
		inBubble(t, fmt.Sprint(n), func(t *testing.T) {
			for name, l := range slowListings() {
				whole, err := drain(l.All(t.Context()))
				require.NoError(t, err)
				for prefetch := range 3 {
					got, err := drain(l.Parallel(n).Ordered().Prefetch(prefetch).All(t.Context()))
					require.NoError(t, err)
					require.Equal(t, whole, got, name)
				}
			}
		})
	}
}

// slowListings are listings of several shapes whose chains are not equally fast.
func slowListings() map[string]backupx.Listing[string] {
	r := rand.New(rand.NewPCG(1, 1))
	latency := func() fakeaws.Option { return fakeaws.WithLatency(time.Duration(1+r.IntN(5)) * time.Second) }
	client := clientOf(fakeaws.New(fakeaws.Generate(5, day, 400), latency(), fakeaws.WithPageSize(20)))
	client.Now = func() time.Time { return day }
	shelves := lo.Times(9, func(i int) backupx.Listing[string] {
		return newSlow(time.Duration(r.IntN(5)) * time.Second).list(newShelf(string(rune('a'+i)), r.IntN(30), 1+r.IntN(4)))
	})
	states := backupx.BackupJobFilter{}.States("CREATED", "RUNNING", "FAILED", "COMPLETED", "PARTIAL")
	return map[string]backupx.Listing[string]{
		"shelves": backupx.Concat(shelves...),
		"merged":  backupx.Merge(strings.Compare, shelves...),
		"jobs":    backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), idOf),
		"days":    backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), idOf).Every(24 * time.Hour),
		"states":  backupx.Map(client.BackupJobs(states), idOf),
		"fleet": fleetOf(map[string]backupx.Listing[string]{
			"a": shelves[0], "b": backupx.Concat(shelves[1:4]...), "c": backupx.Map(client.BackupJobs(states), idOf),
		}, map[string]int{"b": 1}),
	}
}

func TestParallelHonoursLimitAndWhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, l := range slowListings() {
			kept := l.Where(notThirds)
			whole, err := drain(kept.All(t.Context()))
			require.NoError(t, err)
			for _, n := range []int{1, 2, 5} {
				for _, limit := range []int{1, 2, len(whole) / 2, len(whole), len(whole) + 1} {
					got, err := drain(kept.Parallel(n).Limit(limit).All(t.Context()))
					require.NoError(t, err)
					require.Len(t, got, min(limit, len(whole)), name)
					require.Empty(t, lo.FindDuplicates(got))
					require.Subset(t, whole, got)
				}
			}
		}
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
			if name != "jobs" && name != "shelves" && name != "merged" && name != "fleet" { // shelves are of one name
				pages := lo.Map(told, func(p backupx.PageInfo, _ int) string { return fmt.Sprint(p.Shard, p.Number) })
				require.Empty(t, lo.FindDuplicates(pages), name)
			}
		}
	})
}

// Resuming with another number of requests, again and again, delivers each item once.
func TestACheckpointOfParallelChainsResumesWithAnyNumber(t *testing.T) {
	for seed := range uint64(10) {
		inBubble(t, fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			for name, l := range slowListings() {
				whole, err := drain(l.All(t.Context()))
				require.NoError(t, err)
				got := []string{}
				for cp := (backupx.Checkpoint{}); !cp.Done(); {
					how := l.Parallel(1 + r.IntN(6)).Prefetch(r.IntN(3)).Limit(1 + r.IntN(len(whole)/2))
					if r.IntN(2) == 0 {
						how = how.Ordered()
					}
					cursor, err := how.Resume(cp)
					require.NoError(t, err)
					some, err := drain(cursor.All(t.Context()))
					require.NoError(t, err)
					got, cp = append(got, some...), throughText(t, cursor.Checkpoint())
				}
				require.ElementsMatch(t, whole, got, name)
			}
		})
	}
}

func TestFirstUnderParallelReadsOneChainOnePageAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fakeaws.New(fakeaws.Generate(1, time.Now(), 500), fakeaws.WithLatency(time.Second))
		l := clientOf(s).BackupJobs(backupx.BackupJobFilter{}).Parallel(8).Prefetch(4).Every(24 * time.Hour)
		item, ok, err := l.First(t.Context())
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, 1, s.RequestCount())
		newest, _, err := clientOf(s).BackupJobs(backupx.BackupJobFilter{}).First(t.Context())
		require.NoError(t, err)
		require.Equal(t, newest, item)

		s.ResetRequests()
		_, ok, err = l.Where(func(types.BackupJob) bool { return false }).PageSize(10).First(t.Context())
		require.NoError(t, err)
		require.False(t, ok)
		require.Equal(t, 1, s.MostUnderWay())
	})
}

func TestAFailureOfOneChainComesAfterWhatTheOthersHadRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, broken := newSlow(time.Second), newShelf("broken", 6, 1)
		broken.fails = 3
		l := backupx.Concat(append(s.shelves(2, 50, 1), s.list(broken))...).Parallel(3)
		began := time.Now()
		got, err := drain(l.All(t.Context()))
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, 3*time.Second, time.Since(began), "the others end with it")
		require.Subset(t, got, []string{"a-001", "b-001", "broken-001"})
		var list *backupx.ListError
		require.ErrorAs(t, err, &list)
		require.Equal(t, []int{3, len(got)}, []int{list.Page, list.Delivered})
		require.ElementsMatch(t, slices.Concat(numbers("a", 50), numbers("b", 50), broken.items),
			append(got, resumeFrom(t, l, list.Checkpoint)...))
	})
}

func TestAContextCancelledWhileChainsAreReadEndsTheRangeAtOnce(t *testing.T) {
	for _, n := range []int{1, 2, 8} {
		inBubble(t, fmt.Sprint(n), func(t *testing.T) {
			for name, l := range slowListings() {
				for _, after := range []time.Duration{0, 1, 2500, 7001} {
					ctx, cancel := context.WithTimeout(t.Context(), after*time.Millisecond)
					began, cursor := time.Now(), l.Parallel(n).Prefetch(1).Cursor()
					got, err := drain(cursor.All(ctx))
					cancel()
					if err == nil {
						continue // it had ended
					}
					require.ErrorIs(t, err, context.DeadlineExceeded, name)
					require.Equal(t, after*time.Millisecond, time.Since(began), name)
					whole, err := drain(l.All(t.Context()))
					require.NoError(t, err)
					require.ElementsMatch(t, whole, append(got, resumeFrom(t, l, cursor.Checkpoint())...), name)
				}
			}
		})
	}
}

func TestACancelledContextWaitsForNoMoreThanARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deaf := lo.Times(5, func(i int) backupx.Listing[string] {
			of := newShelf(string(rune('a'+i)), 50, 1)
			return backupx.List("ListThings", func(ctx context.Context, token string, size int) (backupx.Page[string], error) {
				time.Sleep(time.Second) // whatever its context says
				return of.fetch(ctx, token, size)
			})
		})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5500*time.Millisecond, cancel)
		began := time.Now()
		_, err := drain(backupx.Concat(deaf...).Parallel(4).All(ctx))
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 6*time.Second, time.Since(began))
	})
}
