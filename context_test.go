package backupx_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/smithy-go"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func TestAContextThatHasEndedSendsNothing(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the operator left")
	cancel(reason)
	s := newShelf("a", 5, 2)
	items, err := drain(s.list().All(ctx))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, reason)
	require.EqualError(t, err, "backupx: ListThings: page 1: context canceled: the operator left")
	require.Empty(t, items)
	require.Zero(t, s.count())
}

func TestAContextThatEndsBetweenItems(t *testing.T) {
	eachWorld(t, func(t *testing.T, _ *world, l backupx.Listing[string], whole []string) {
		for n := 1; n < len(whole); n += 2 {
			ctx, cancel := context.WithCancel(t.Context())
			cursor, got := l.Cursor(), []string{}
			var last error
			for item, err := range cursor.All(ctx) {
				if last = err; err != nil {
					continue
				}
				if got = append(got, item); len(got) == n {
					cancel()
				}
			}
			require.ErrorIs(t, last, context.Canceled)
			require.Equal(t, whole[:n], got, "nothing comes after the end of the context")
			require.Equal(t, whole[n:], append([]string{}, resumeFrom(t, l, cursor.Checkpoint())...))
			cancel()
		}
	})
}

func TestItemsOfAPageBeforeItsContextEndedAreDelivered(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var got [][]string
	var last error
	listing := newShelf("a", 6, 4).list().Where(func(s string) bool {
		if s == "a-001" {
			cancel()
		}
		return true
	})
	for p, err := range listing.Pages(ctx) {
		got, last = append(got, p.Items), err
	}
	require.ErrorIs(t, last, context.Canceled)
	require.Equal(t, [][]string{{"a-000", "a-001"}, nil}, got, "items first, then the error with nothing beside it")
}

func TestAContextThatEndsDuringARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fakeaws.New(fakeaws.Data{BackupJobs: dense()}, fakeaws.WithLatency(time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		began := time.Now()
		got, err := drain(clientOf(s).BackupJobs(backupx.BackupJobFilter{}).PageSize(10).All(ctx))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "backupx: ListBackupJobs: page 3: ")
		require.Len(t, got, 20)
		require.Equal(t, 2500*time.Millisecond, time.Since(began))
	})
}

func TestAContextThatEndsDuringARequestAheadIsTheErrorOfItsPage(t *testing.T) {
	for name, ahead := range map[string]func(backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob]{
		"Prefetch": func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] { return l.Prefetch(1) },
		"Parallel": func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] { return l.Parallel(2) },
		"Ordered": func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] {
			return l.Parallel(2).Ordered()
		},
		"Rate": func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] {
			return l.Prefetch(1).Rate(0.9)
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			s := fakeaws.New(fakeaws.Data{BackupJobs: dense()}, fakeaws.WithLatency(time.Second))
			ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
			defer cancel()
			began := time.Now()
			one := backupx.BackupJobFilter{}.States(types.BackupJobStateCompleted)
			l := ahead(clientOf(s).BackupJobs(one).PageSize(10))
			_, err := drain(l.All(ctx))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			var list *backupx.ListError
			require.ErrorAs(t, err, &list)
			require.Positive(t, list.Page, "%v", err)
			var operation *smithy.OperationError
			require.ErrorAs(t, err, &operation, "the request's own error: %v", err)
			require.Equal(t, 2500*time.Millisecond, time.Since(began))
			rest := resumeFrom(t, l, list.Checkpoint)
			require.Len(t, rest, len(dense())-list.Delivered)
		})
	}
}

// A client that compares contexts, such as a mock, gets the caller's context where nothing is read ahead, and one made
// from it otherwise.
func TestTheContextOfTheCallerReachesTheClient(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "the caller's"))
	defer cancel()
	var got []context.Context
	var mu sync.Mutex
	client := jobsAPI(func(ctx context.Context, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, ctx)
		out := &backup.ListBackupJobsOutput{BackupJobs: []types.BackupJob{{}}}
		if in.NextToken == nil {
			out.NextToken = aws.String("next")
		}
		return out, nil
	})
	l := backupx.BackupJobs(client, backupx.BackupJobFilter{})
	fleet := backupx.Fleet{{Name: "a", Client: backupx.Client{Backup: client}}}
	names := func(l backupx.Listing[types.BackupJob]) backupx.Listing[string] { return backupx.Map(l, idOrNone) }
	across := backupx.Map(backupx.Across(fleet, listJobs), func(v backupx.Sourced[types.BackupJob]) string { return v.Source })
	for name, read := range map[string]func() error{
		"All":        func() error { _, err := drain(l.All(ctx)); return err },
		"Pages":      func() error { _, err := drain(l.Pages(ctx)); return err },
		"Collect":    func() error { _, err := l.Collect(ctx); return err },
		"First":      func() error { _, _, err := l.Parallel(8).First(ctx); return err },
		"Count":      func() error { _, err := l.Count(ctx); return err },
		"a cursor":   func() error { _, err := drain(l.Cursor().All(ctx)); return err },
		"Parallel":   func() error { _, err := l.Parallel(1).Count(ctx); return err }, // nothing is read ahead
		"a rate":     func() error { _, err := l.Rate(1e9).Count(ctx); return err },
		"a fleet":    func() error { _, err := across.Count(ctx); return err },
		"Concat":     func() error { _, err := backupx.Concat(names(l), across).Count(ctx); return err },
		"Merge":      func() error { _, err := backupx.Merge(strings.Compare, names(l), across).Count(ctx); return err },
		"operations": func() error { _, err := jobsByOperation(client, backup.ListBackupJobsInput{}).Count(ctx); return err },
	} {
		got = nil
		require.NoError(t, read(), name)
		require.NotEmpty(t, got, name)
		for _, c := range got {
			require.True(t, c == ctx, "%s: the client got another context", name)
		}
	}
	got = nil
	require.NoError(t, func() error { _, err := l.Prefetch(1).Count(ctx); return err }())
	require.Len(t, got, 2)
	for _, c := range got {
		require.Equal(t, "the caller's", c.Value(key{}))
	}
}

func idOrNone(j types.BackupJob) string { return aws.ToString(j.BackupJobId) }

// jobsAPI is a client of AWS Backup in the form of a function. It has no copy jobs.
type jobsAPI func(context.Context, *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error)

func (f jobsAPI) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, _ ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	return f(ctx, in)
}

func (jobsAPI) ListCopyJobs(context.Context, *backup.ListCopyJobsInput, ...func(*backup.Options)) (*backup.ListCopyJobsOutput, error) {
	return &backup.ListCopyJobsOutput{}, nil
}

func TestAContextThatEndsWhileARateWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Minute)
		defer cancel()
		s := newShelf("a", 5, 1)
		items, err := drain(s.list().Rate(1.0 / 3600).All(ctx))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "page 3")
		require.Equal(t, s.items[:2], items)
		require.Equal(t, 2, s.count())
	})
}

func TestAContextThatEndsBehindTheLastItemIsNoError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, n := newShelf("a", 4, 2), 0
	for _, err := range s.list().All(ctx) {
		require.NoError(t, err)
		if n++; n == len(s.items) {
			cancel()
		}
	}

	early, stop := context.WithCancel(t.Context())
	defer stop()
	var last error
	for _, err := range s.list().All(early) {
		last = err
		stop() // within the first page, before its second item
	}
	require.EqualError(t, last, "backupx: ListThings: page 1: context canceled")
}

func TestEmptyPagesEndWithTheContext(t *testing.T) {
	inBubble(t, "empty", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		l := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[string], error) {
			n++
			return backupx.Page[string]{Next: fmt.Sprint(n)}, nil
		})
		pages := 0
		for _, err := range l.Prefetch(5).Pages(ctx) {
			if err == nil {
				pages++
			}
			synctest.Wait() // until five more pages are read
			cancel()
		}
		require.Equal(t, 1, pages)
	})
}

func TestAContextCancelledWhileChainsAreReadEndsTheRangeAtOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 8} {
		inBubble(t, fmt.Sprint(n), func(t *testing.T) {
			for name, l := range slowListings() {
				for _, after := range []time.Duration{0, 1, 2500, 7001} {
					ctx, cancel := context.WithTimeout(t.Context(), after*time.Millisecond)
					began, cursor := time.Now(), l.Parallel(n).Prefetch(1).Cursor()
					got, err := drain(cursor.All(ctx))
					cancel()
					if err == nil {
						continue // the range had ended before the deadline
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
				time.Sleep(time.Second) // even if the context has ended
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

// A client may return an error of its own when the context ends.
func TestAContextThatEndedIsInTheErrorWhateverTheClientSays(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[string], error) {
		cancel()
		return backupx.Page[string]{}, errBoom
	})
	_, err := l.Collect(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errBoom)
	require.EqualError(t, err, "backupx: ListThings: page 1: context canceled: boom")
}

func TestTheReasonOfAContextIsInTheErrorWhereverItEnds(t *testing.T) {
	why := errors.New("the operator left")
	for name, l := range map[string]backupx.Listing[string]{
		"a request":                         stuck(nil),
		"an error of the client's own":      stuck(errBoom),
		"a request that several wait for":   backupx.Concat(stuck(nil), stuck(nil)).Parallel(2),
		"a request that is read in advance": stuck(nil).Prefetch(1),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Millisecond, func() { cancel(why) })
			_, err := l.Collect(ctx)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, why)
		})
	}
}

// stuck lists nothing until its context ends, and then fails with own, or with the context's error if own is
// nil.
func stuck(own error) backupx.Listing[string] {
	return backupx.List("ListThings", func(ctx context.Context, _ string, _ int) (backupx.Page[string], error) {
		<-ctx.Done()
		return backupx.Page[string]{}, cmp.Or(own, ctx.Err())
	})
}
