package backupx_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
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
	t.Parallel()
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

// However slow the loop is, no more pages are read ahead than the settings allow.
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

// With Parallel(n), Ordered holds at most four pages of each chain, or as many as Prefetch allows if that is more. At
// most 4n chains are started and not delivered to their end, and at most n chains are started and not read to their end.
// While the consumer sleeps all requests are answered, so that a page is held if it was requested and not delivered.
func TestOrderedHoldsFewPagesOfFewChains(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]struct{ chains, pages int }{
		"long chains":             {12, 20},
		"chains of four pages":    {40, 4},
		"chains of one page":      {80, 1},
		"chains of several pages": {30, 6},
	} {
		for _, c := range []struct{ n, prefetch, depth int }{{2, 0, 4}, {3, 1, 4}, {5, 0, 4}, {2, 6, 6}} {
			inBubble(t, fmt.Sprint(name, c), func(t *testing.T) {
				s := newSlow(time.Second)
				shelves := lo.Times(shape.chains, func(i int) *shelf { return newShelf(fmt.Sprintf("%03d", i), shape.pages, 1) })
				lists := lo.Map(shelves, func(of *shelf, _ int) backupx.Listing[string] { return s.list(of) })
				delivered := 0
				var most bounds
				for _, err := range backupx.Concat(lists...).Parallel(c.n).Prefetch(c.prefetch).Ordered().All(t.Context()) {
					require.NoError(t, err)
					delivered++
					time.Sleep(time.Hour)
					most.note(shelves, delivered)
				}
				require.Equal(t, shape.chains*shape.pages, delivered)
				require.LessOrEqual(t, s.mostUnderWay(), c.n, "requests under way")
				require.LessOrEqual(t, most.pages, c.depth, "pages of one chain")
				require.LessOrEqual(t, most.started, 4*c.n, "chains that were started and not delivered to their end")
				require.LessOrEqual(t, most.reading, c.n, "chains that were started and not read to their end")
				require.Greater(t, most.started, 1, "chains are read ahead")
			})
		}
	}
}

// bounds are the largest numbers observed during an ordered range over shelves with pages of one item.
type bounds struct {
	pages   int // pages held of one shelf
	started int // shelves that were started and not delivered to their end
	reading int // shelves that were started and not read to their end
}

// note observes the shelves after the consumer received the given number of items, in the order of the shelves.
func (b *bounds) note(shelves []*shelf, delivered int) {
	started, reading := 0, 0
	for _, s := range shelves {
		of := min(delivered, len(s.items))
		delivered -= of
		read := s.count()
		b.pages = max(b.pages, read-of)
		if read > 0 && of < len(s.items) {
			started++
		}
		if read > 0 && read < len(s.items) {
			reading++
		}
	}
	b.started, b.reading = max(b.started, started), max(b.reading, reading)
}

func TestOrderedIsTheOrderOfOneAfterAnother(t *testing.T) {
	t.Parallel()
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

func TestParallelHonoursLimitAndWhere(t *testing.T) {
	t.Parallel()
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

// Resuming many times, each time with another number of parallel requests, delivers each item once.
func TestACheckpointOfParallelChainsResumesWithAnyNumber(t *testing.T) {
	t.Parallel()
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
