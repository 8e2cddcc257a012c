package backupx_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// world is data that do not change, behind a service and shelves whose requests are counted together.
type world struct {
	service *fakeaws.Service
	client  backupx.Client

	mu       sync.Mutex
	requests int
	failAt   int // the request that fails, from 1; 0 for none
}

func newWorld() *world {
	w := &world{}
	w.service = fakeaws.New(fakeaws.Data{
		HSM: runs(), OpsWorks: fakeaws.GenerateOpsWorks(3, day.AddDate(0, 0, -30), day, 11),
		BackupJobs: alive(14, "CREATED", "FAILED", "RUNNING", "FAILED", "COMPLETED"),
		CopyJobs:   fakeaws.GenerateCopyJobs(3, day.AddDate(0, 0, -30), day, 13),
	}, fakeaws.WithOpsWorksPaging(3), fakeaws.WithLog(0), fakeaws.WithScanLimit(4), fakeaws.WithFaults(fakeaws.Fault{
		When: func(fakeaws.Request) bool { return w.fails() },
		Do:   fakeaws.Error(http.StatusBadRequest, "InvalidParameterValueException", "boom"),
	}))
	w.client = clientOf(w.service)
	return w
}

func (w *world) fails() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	return w.requests == w.failAt
}

// fail makes one of the requests from now on fail, none for 0.
func (w *world) fail(at int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests, w.failAt = 0, at
}

// shelf lists numbers, a few a page; every fourth page or so is empty.
func (w *world) shelf(prefix string, n, size int) backupx.Listing[string] {
	s := newShelf(prefix, n, size)
	return backupx.List("ListThings", func(ctx context.Context, token string, size int) (backupx.Page[string], error) {
		if w.fails() {
			return backupx.Page[string]{}, errBoom
		}
		if at, empty := strings.CutSuffix(token, "-empty"); empty {
			return backupx.Page[string]{Next: at}, nil
		}
		p, err := s.fetch(ctx, token, size)
		if strings.HasSuffix(p.Next, "6") {
			p.Next += "-empty"
		}
		return p, err
	})
}

func (w *world) jobs() backupx.Listing[string] {
	f := backupx.BackupJobFilter{}.States("CREATED", "RUNNING", "FAILED", "COMPLETED")
	return backupx.Map(w.client.BackupJobs(f), func(j types.BackupJob) string { return *j.BackupJobId })
}

func (w *world) hsm(f backupx.HSMFilter) backupx.Listing[string] {
	return backupx.Map(w.client.HSMBackups(f.OldestFirst().States("READY", "PENDING_DELETION")), hsmID)
}

func notThirds(s string) bool { return !strings.HasSuffix(s, "3") && !strings.HasSuffix(s, "6") }

// worlds are listings of every shape.
var worlds = map[string]func(*world) backupx.Listing[string]{
	"one chain":          func(w *world) backupx.Listing[string] { return w.shelf("a", 13, 4) },
	"one chain, dropped": func(w *world) backupx.Listing[string] { return w.shelf("a", 13, 4).Where(notThirds) },
	"one chain, made twice": func(w *world) backupx.Listing[string] {
		return backupx.Map(w.shelf("a", 13, 4).Where(notThirds), strings.ToUpper).Where(all)
	},
	"several states": (*world).jobs,
	"several states, dropped": func(w *world) backupx.Listing[string] {
		return w.jobs().Where(notThirds).Where(all)
	},
	"a product, checked on items": func(w *world) backupx.Listing[string] {
		f := backupx.CopyJobFilter{}.ResourceTypes("EBS", "EFS", "S3", "RDS", "EC2").States("COMPLETED", "FAILED", "RUNNING").TopLevel()
		return backupx.Map(w.client.CopyJobs(f), func(j types.CopyJob) string { return *j.CopyJobId })
	},
	"an exact span": func(w *world) backupx.Listing[string] {
		f := backupx.CopyJobFilter{}.CreatedBetween(day.AddDate(0, 0, -20), day.AddDate(0, 0, -4))
		return backupx.Map(w.client.CopyJobs(f), func(j types.CopyJob) string { return *j.CopyJobId })
	},
	"several servers": func(w *world) backupx.Listing[string] {
		f := backupx.OpsWorksFilter{}.Servers("automate-01", "automate-02", "puppet-01").States("OK")
		return backupx.Map(w.client.OpsWorksBackups(f), func(b backupx.OpsWorksBackup) string { return *b.BackupId })
	},
	"states merged":          func(w *world) backupx.Listing[string] { return w.hsm(backupx.HSMFilter{}) },
	"states merged, dropped": func(w *world) backupx.Listing[string] { return w.hsm(backupx.HSMFilter{}).Where(notThirds).Where(all) },
	"states merged, checked": func(w *world) backupx.Listing[string] { return w.hsm(backupx.HSMFilter{}.CreatedAfter(day)) },
	"any operation": func(w *world) backupx.Listing[string] {
		l := backupx.FromOperation("ListBackupJobs", w.client.Backup.ListBackupJobs, backup.ListBackupJobsInput{},
			func(in *backup.ListBackupJobsInput, token *string, size *int32) {
				in.NextToken, in.MaxResults = token, size
			},
			func(out *backup.ListBackupJobsOutput) ([]types.BackupJob, *string) {
				return out.BackupJobs, out.NextToken
			})
		return backupx.Map(l, func(j types.BackupJob) string { return *j.BackupJobId })
	},
	"a concat": func(w *world) backupx.Listing[string] {
		return backupx.Concat(w.shelf("a", 5, 2), w.shelf("none", 0, 1), w.jobs(), w.shelf("b", 4, 4).Where(notThirds))
	},
	"a merge": func(w *world) backupx.Listing[string] {
		return backupx.Merge(strings.Compare, w.shelf("a", 5, 2), w.shelf("a", 4, 3).Where(notThirds), w.shelf("b", 2, 1))
	},
	"a merge, dropped": func(w *world) backupx.Listing[string] {
		return backupx.Merge(strings.Compare, w.shelf("a", 7, 2), w.shelf("a", 7, 3)).Where(notThirds).Where(all)
	},
	"nested": func(w *world) backupx.Listing[string] {
		inner := backupx.Merge(strings.Compare, w.shelf("a", 3, 2), backupx.Concat(w.shelf("a", 2, 1), w.shelf("b", 3, 2)))
		return backupx.Concat(
			backupx.Merge(strings.Compare, backupx.Map(inner, same), w.hsm(backupx.HSMFilter{}), w.shelf("c", 2, 1)).Where(notThirds),
			w.jobs(), inner)
	},
}

// eachWorld runs a property for listings of every shape, with the whole of what each delivers.
func eachWorld(t *testing.T, property func(t *testing.T, w *world, l backupx.Listing[string], whole []string)) {
	for name, listing := range worlds {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			l := listing(w)
			whole, err := drain(l.All(t.Context()))
			require.NoError(t, err)
			require.Greater(t, len(whole), 3)
			property(t, w, l, whole)
		})
	}
}

// resized are the ways in which a listing may be resumed otherwise than it was begun.
func resized(l backupx.Listing[string]) []backupx.Listing[string] {
	return []backupx.Listing[string]{
		l, l.PageSize(1), l.PageSize(3).Prefetch(2), l.PageSize(50), l.PageSize(2).Parallel(3).Ordered(),
	}
}

// resumeFrom is what a listing delivers from a checkpoint that was stored, to the end.
func resumeFrom[T any](t *testing.T, l backupx.Listing[T], cp backupx.Checkpoint) []T {
	t.Helper()
	cursor, err := l.Resume(throughText(t, cp))
	require.NoError(t, err)
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	require.True(t, cursor.Checkpoint().Done(), "all is delivered")
	return rest
}

func TestResumeAfterABreakAtEveryItem(t *testing.T) {
	eachWorld(t, func(t *testing.T, _ *world, l backupx.Listing[string], whole []string) {
		for n := range len(whole) + 1 {
			for _, begun := range []backupx.Listing[string]{l, l.PageSize(3)} {
				cursor := begun.Cursor()
				first := take(t, cursor.All(t.Context()), n)
				cp := cursor.Checkpoint()
				for how, again := range resized(l) {
					require.Equal(t, whole, slices.Concat(first, resumeFrom(t, again, cp)), "broken after %d, resumed the way %d", n, how)
				}
				rest, err := drain(cursor.All(t.Context()))
				require.NoError(t, err)
				require.Equal(t, whole, slices.Concat(first, rest), "the cursor itself goes on after %d", n)
			}
		}
	})
}

func TestResumeAfterAFailureOfEveryRequest(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world, l backupx.Listing[string], whole []string) {
		for at := 1; ; at++ {
			w.fail(at)
			cursor := l.PageSize(3).Cursor()
			first, err := drain(cursor.All(t.Context()))
			if at > w.requests {
				require.NoError(t, err)
				return
			}
			var list *backupx.ListError
			require.ErrorAs(t, err, &list)
			require.Equal(t, len(first), list.Delivered)
			for how, again := range resized(l) {
				require.Equal(t, whole, slices.Concat(first, resumeFrom(t, again, list.Checkpoint)), "request %d failed, resumed the way %d", at, how)
			}
			rest, err := drain(cursor.All(t.Context()))
			require.NoError(t, err)
			require.Equal(t, whole, slices.Concat(first, rest), "the cursor itself goes on after request %d", at)
		}
	})
}

func TestBatches(t *testing.T) {
	eachWorld(t, func(t *testing.T, _ *world, l backupx.Listing[string], whole []string) {
		for _, n := range []int{1, 2, 5, len(whole)} {
			cursor, got := l.Limit(n).Cursor(), []string{}
			for !cursor.Checkpoint().Done() {
				batch, err := drain(cursor.All(t.Context()))
				require.NoError(t, err)
				require.LessOrEqual(t, len(batch), n)
				got = append(got, batch...)
			}
			require.Equal(t, whole, got, "in batches of %d", n)
			rest, err := drain(cursor.All(t.Context()))
			require.NoError(t, err)
			require.Empty(t, rest, "at the end a range yields nothing")
		}
	})
}

func TestBatchesThroughCheckpoints(t *testing.T) {
	eachWorld(t, func(t *testing.T, _ *world, l backupx.Listing[string], whole []string) {
		var cp backupx.Checkpoint
		var got []string
		for round := 0; !cp.Done(); round++ {
			cursor, err := resized(l)[round%5].Limit(1 + round%3).Resume(throughText(t, cp))
			require.NoError(t, err)
			batch, err := drain(cursor.All(t.Context()))
			require.NoError(t, err)
			got, cp = append(got, batch...), cursor.Checkpoint()
		}
		require.Equal(t, whole, got)
	})
}

func TestResumeAgainAndAgainAtRandom(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world, l backupx.Listing[string], whole []string) {
		for seed := range uint64(6) {
			require.Equal(t, whole, randomWalk(t, rand.New(rand.NewPCG(seed, 1)), w, l), "seed %d", seed)
		}
	})
}

// randomWalk reads a listing with breaks, failures, limits and checkpoints, until it is done.
func randomWalk(t *testing.T, r *rand.Rand, w *world, l backupx.Listing[string]) []string {
	var cp backupx.Checkpoint
	got := []string{}
	for !cp.Done() {
		cursor, err := resized(l)[r.IntN(5)].Limit(1 + r.IntN(9)).Resume(throughText(t, cp))
		require.NoError(t, err)
		for range 1 + r.IntN(3) {
			w.fail(r.IntN(6))
			breakAfter := 1 + r.IntN(9)
			for item, err := range cursor.All(t.Context()) {
				if err != nil {
					break
				}
				got = append(got, item)
				if breakAfter--; breakAfter == 0 {
					break
				}
			}
		}
		cp = cursor.Checkpoint()
	}
	w.fail(0)
	return got
}

func TestACheckpointWithinTheLoopIsBehindTheItemAtHand(t *testing.T) {
	eachWorld(t, func(t *testing.T, _ *world, l backupx.Listing[string], whole []string) {
		cursor, n := l.PageSize(3).Cursor(), 0
		for _, err := range cursor.All(t.Context()) {
			require.NoError(t, err)
			n++
			require.Equal(t, whole[n:], append([]string{}, resumeFrom(t, l, cursor.Checkpoint())...))
		}
	})
}

func TestAnErrorsCheckpointIsThatOfItsCursor(t *testing.T) {
	w := newWorld()
	w.fail(3)
	cursor := w.shelf("a", 13, 4).Cursor()
	_, err := drain(cursor.All(t.Context()))
	var list *backupx.ListError
	require.ErrorAs(t, err, &list)
	require.Equal(t, textOf(t, cursor.Checkpoint()), textOf(t, list.Checkpoint))
}

func textOf(t *testing.T, cp backupx.Checkpoint) string {
	t.Helper()
	text, err := cp.MarshalText()
	require.NoError(t, err)
	return string(text)
}

func TestResumeDoesNotReadDeliveredPagesAgain(t *testing.T) {
	s := newShelf("a", 12, 3)
	cursor := s.list().Cursor()
	take(t, cursor.All(t.Context()), 7)
	s.requests = nil
	require.Equal(t, s.items[7:], resumeFrom(t, s.list(), cursor.Checkpoint()))
	require.Equal(t, []request{{Token: shelfToken + "6"}, {Token: shelfToken + "9"}}, s.requests)
}

func TestResumeSkipsOverSeveralSmallerPages(t *testing.T) {
	s := newShelf("a", 12, 12)
	cursor := s.list().PageSize(9).Cursor()
	take(t, cursor.All(t.Context()), 7)
	s.requests = nil
	require.Equal(t, s.items[7:], resumeFrom(t, s.list().PageSize(2), cursor.Checkpoint()))
	tokens := lo.Map(s.requests, func(r request, _ int) string { return strings.TrimPrefix(r.Token, shelfToken) })
	require.Equal(t, []string{"", "2", "4", "6", "8", "10"}, tokens)
}

func TestResumeAsksForWhatIsSkippedAndWanted(t *testing.T) {
	s := newShelf("a", 12, 12)
	cursor := s.list().Cursor()
	take(t, cursor.All(t.Context()), 7)
	s.requests = nil
	cursor, err := s.list().PageSize(5).Limit(2).Resume(cursor.Checkpoint())
	require.NoError(t, err)
	require.Equal(t, s.items[7:9], take(t, cursor.All(t.Context()), 2))
	require.Equal(t, []request{{Size: 5}, {Token: shelfToken + "5", Size: 4}}, s.requests)
}

func TestALoopIsFoundAcrossCheckpoints(t *testing.T) {
	pages := map[string]string{"": "one", "one": "two", "two": "one"}
	l := backupx.List("ListThings", func(_ context.Context, token string, _ int) (backupx.Page[string], error) {
		return backupx.Page[string]{Items: []string{"after " + token}, Next: pages[token]}, nil
	})
	for n := range 4 {
		cursor := l.Cursor()
		first := take(t, cursor.All(t.Context()), n)
		cursor, err := l.Resume(throughText(t, cursor.Checkpoint()))
		if n == 3 { // the page with the repeated token was delivered
			require.ErrorIs(t, err, backupx.ErrCheckpoint)
			require.ErrorIs(t, err, backupx.ErrTokenLoop)
			continue
		}
		require.NoError(t, err)
		rest, err := drain(cursor.All(t.Context()))
		require.ErrorIs(t, err, backupx.ErrTokenLoop)
		require.Equal(t, []string{"after ", "after one", "after two"}, slices.Concat(first, rest), "broken after %d", n)
	}
}

func TestTokensOfAnyBytesAreResumedFrom(t *testing.T) {
	l := backupx.List("ListThings", func(_ context.Context, token string, _ int) (backupx.Page[string], error) {
		next := map[string]string{"": "\xff\x00\xfe", "\xff\x00\xfe": "\xff\x00\xfd"}[token]
		return backupx.Page[string]{Items: []string{fmt.Sprintf("%q", token)}, Next: next}, nil
	})
	cursor := l.Cursor()
	take(t, cursor.All(t.Context()), 2)
	require.Equal(t, []string{`"\xff\x00\xfd"`}, resumeFrom(t, l, cursor.Checkpoint()))
}

func TestMergedStatesAreInOrderOfCreation(t *testing.T) {
	for _, oldest := range []bool{true, false} {
		s := fakeaws.New(fakeaws.Data{HSM: runs()})
		f := backupx.HSMFilter{}.States("READY", "PENDING_DELETION", "DELETED")
		want := runs()
		if oldest {
			f = f.OldestFirst()
		} else {
			slices.Reverse(want)
		}
		got, err := drain(clientOf(s).HSMBackups(f).PageSize(2).All(t.Context()))
		require.NoError(t, err)
		require.Equal(t, lo.Map(want, func(b hsmtypes.Backup, _ int) string { return hsmID(b) }), lo.Map(got, func(b hsmtypes.Backup, _ int) string { return hsmID(b) }))
		for _, r := range s.Requests() {
			require.Equal(t, fmt.Sprint(oldest), r.Parameter("SortAscending"), "the order is always asked for")
		}
	}
}
