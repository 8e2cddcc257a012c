package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func TestPrefetchReadsWhileTheConsumerWorks(t *testing.T) {
	for pages, want := range map[int]time.Duration{0: 20, 1: 11, 3: 11} {
		inBubble(t, fmt.Sprint(pages), func(t *testing.T) {
			s := newSlow(time.Second)
			began := time.Now()
			for _, err := range s.list(newShelf("a", 10, 1)).Prefetch(pages).All(t.Context()) {
				require.NoError(t, err)
				time.Sleep(time.Second) // as long as a request takes
			}
			require.Equal(t, want*time.Second, time.Since(began))
			require.Equal(t, 1, s.mostUnderWay())
		})
	}
}

func TestPrefetchReadsAtMostNPagesAhead(t *testing.T) {
	for pages := range 5 {
		inBubble(t, fmt.Sprint(pages), func(t *testing.T) {
			s, delivered := newSlow(time.Second), 0
			for _, err := range s.list(newShelf("a", 30, 3)).Prefetch(pages).All(t.Context()) {
				require.NoError(t, err)
				time.Sleep(time.Hour) // all reading ahead that is allowed is done
				begun := delivered/3 + 1
				require.Equal(t, min(10, begun+pages), s.requests(), "after item %d", delivered)
				delivered++
			}
			require.Equal(t, 30, delivered)
		})
	}
}

func TestPrefetchGoesOnIntoTheNextChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Second)
		began := time.Now()
		for _, err := range backupx.Concat(s.shelves(10, 1, 1)...).Prefetch(1).All(t.Context()) {
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		require.Equal(t, 11*time.Second, time.Since(began), "short chains are read ahead as long ones are")
	})
}

func TestPrefetchDeliversAPageBeforeTheErrorOfTheNext(t *testing.T) {
	for pages := range 4 {
		inBubble(t, fmt.Sprint(pages), func(t *testing.T) {
			s, of := newSlow(time.Second), newShelf("a", 9, 2)
			of.fails = 3
			l, got := s.list(of).Prefetch(pages), []string{}
			var last error
			for v, err := range l.All(t.Context()) {
				if last = err; err != nil {
					continue
				}
				got = append(got, v)
				time.Sleep(time.Hour) // the failing request has ended
			}
			require.Equal(t, of.items[:4], got)
			var list *backupx.ListError
			require.ErrorAs(t, last, &list)
			require.Equal(t, []int{3, 4}, []int{list.Page, list.Delivered})
			require.ErrorIs(t, last, errBoom)
			require.Equal(t, of.items[4:], resumeFrom(t, l, list.Checkpoint))
		})
	}
}

func TestABreakEndsWhatIsReadAheadAndWaitsForIt(t *testing.T) {
	for name, l := range map[string]func(backupx.Listing[string]) backupx.Listing[string]{
		"Prefetch": func(l backupx.Listing[string]) backupx.Listing[string] { return l.Prefetch(2) },
		"Parallel": func(l backupx.Listing[string]) backupx.Listing[string] { return l.Parallel(3) },
		"Ordered":  func(l backupx.Listing[string]) backupx.Listing[string] { return l.Parallel(3).Ordered() },
	} {
		inBubble(t, name, func(t *testing.T) {
			s := newSlow(time.Second)
			began := time.Now()
			take(t, l(backupx.Concat(s.shelves(4, 6, 2)...)).All(t.Context()), 1)
			require.Equal(t, time.Second, time.Since(began), "requests end with their context")
			require.Zero(t, s.requestsUnderWay())
			sent := s.requests()
			time.Sleep(time.Hour)
			require.Equal(t, sent, s.requests(), "nothing more is sent")
		})
	}
}

func TestABreakWaitsForARequestThatDoesNotHeedItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := 0
		l := backupx.List("ListThings", func(_ context.Context, token string, _ int) (backupx.Page[string], error) {
			time.Sleep(time.Second)
			ended++
			return backupx.Page[string]{Items: []string{token}, Next: token + "+"}, nil
		})
		began := time.Now()
		for range l.Prefetch(1).All(t.Context()) {
			time.Sleep(time.Millisecond) // the next request is under way
			break
		}
		require.Equal(t, 2*time.Second, time.Since(began))
		require.Equal(t, 2, ended, "no goroutine is left to write to it")
	})
}

func TestPrefetchAsksForNoMoreThanTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		of := newShelf("a", 30, 4)
		items, err := drain(newSlow(time.Second).list(of).PageSize(4).Prefetch(5).Limit(10).All(t.Context()))
		require.NoError(t, err)
		require.Equal(t, of.items[:10], items)
		require.Equal(t, []int{4, 4, 4}, lo.Map(of.requests, func(r request, _ int) int { return r.Size }), "the service may refuse a smaller size")

		s := fakeaws.New(fakeaws.Generate(1, time.Now(), 30), fakeaws.WithLatency(time.Second))
		_, err = drain(clientOf(s).BackupJobs(backupx.BackupJobFilter{}).PageSize(4).Prefetch(5).Limit(10).All(t.Context()))
		require.NoError(t, err)
		require.Equal(t, []int{4, 4, 2}, sizes(s))
	})
}

func TestAPageReadAheadIsReadAgainByTheNextRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		of := newShelf("a", 10, 2)
		cursor := newSlow(time.Second).list(of).Prefetch(3).Cursor()
		got := []string{}
		for !cursor.Checkpoint().Done() {
			for v, err := range cursor.All(t.Context()) {
				require.NoError(t, err)
				got = append(got, v)
				time.Sleep(10 * time.Second)
				break
			}
		}
		require.Equal(t, of.items, got)
	})
}

func TestAPanicOfTheFetchReachesTheGoroutineThatRanges(t *testing.T) {
	boom := errors.New("a bug")
	for name, l := range map[string]func(backupx.Listing[string]) backupx.Listing[string]{
		"in turn":  func(l backupx.Listing[string]) backupx.Listing[string] { return l },
		"Prefetch": func(l backupx.Listing[string]) backupx.Listing[string] { return l.Prefetch(2) },
		"Parallel": func(l backupx.Listing[string]) backupx.Listing[string] { return l.Parallel(3) },
		"Ordered":  func(l backupx.Listing[string]) backupx.Listing[string] { return l.Parallel(3).Ordered() },
	} {
		inBubble(t, name, func(t *testing.T) {
			s, fixed := newSlow(time.Second), false
			buggy := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[string], error) {
				if !fixed {
					panic(boom)
				}
				return backupx.Page[string]{Items: []string{"z"}}, nil
			})
			cursor := l(backupx.Concat(append(s.shelves(2, 3, 1), buggy)...)).Cursor()
			got := []string{}
			require.PanicsWithValue(t, boom, func() {
				for v, err := range cursor.All(t.Context()) {
					require.NoError(t, err)
					got = append(got, v)
				}
			})
			require.Zero(t, s.requestsUnderWay())
			fixed = true
			rest, err := drain(cursor.All(t.Context()))
			require.NoError(t, err)
			require.ElementsMatch(t, append(numbers("a", 3), append(numbers("b", 3), "z")...), append(got, rest...))
		})
	}
}
