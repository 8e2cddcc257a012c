package backupx_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// resized returns a listing with several settings to resume it with.
func resized(l backupx.Listing[string]) []backupx.Listing[string] {
	return []backupx.Listing[string]{
		l, l.PageSize(1), l.PageSize(3).Prefetch(2), l.PageSize(50), l.PageSize(2).Parallel(3).Ordered(),
	}
}

func TestResumeAfterABreakAtEveryItem(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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

func TestEachRangeOfACursorWithALimitIsTheNextBatch(t *testing.T) {
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

func TestBatchesContinueThroughCheckpoints(t *testing.T) {
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
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world, l backupx.Listing[string], whole []string) {
		for seed := range uint64(6) {
			require.Equal(t, whole, randomWalk(t, rand.New(rand.NewPCG(seed, 1)), w, l), "seed %d", seed)
		}
	})
}

// randomWalk reads a listing to its end with random breaks, failures, limits and checkpoints.
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
	require.Equal(t, []request{{Size: 5}, {Token: shelfToken + "5", Size: 5}}, s.requests, "the service may refuse a smaller size")

	fake := fakeaws.New(fakeaws.Generate(1, time.Now(), 12))
	jobs := clientOf(fake).BackupJobs(backupx.BackupJobFilter{})
	all, err := jobs.Collect(t.Context())
	require.NoError(t, err)
	first := jobs.Cursor()
	take(t, first.All(t.Context()), 7)
	before := len(sizes(fake))
	rest, err := jobs.PageSize(5).Limit(2).Resume(first.Checkpoint())
	require.NoError(t, err)
	require.Equal(t, all[7:9], take(t, rest.All(t.Context()), 2))
	require.Equal(t, []int{5, 4}, sizes(fake)[before:])
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
		if n == 3 { // the page that repeats a token was delivered
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

func TestACursorIsUsedAgainAfterItsClockPanicked(t *testing.T) {
	a := newAccount(distributions[0].newestFirst(400))
	a.latency = 0
	calls := 0
	client := backupx.Client{Backup: a, Now: func() time.Time {
		calls++
		if calls == 2 {
			panic("clock")
		}
		return day.AddDate(0, 0, calls)
	}}
	c := client.BackupJobs(backupx.BackupJobFilter{}.States("COMPLETED", "FAILED")).Every(24 * time.Hour).Cursor()
	func() {
		defer func() { _ = recover() }()
		for range c.All(t.Context()) {
		}
	}()
	for range 2 {
		for _, err := range c.All(t.Context()) {
			require.NoError(t, err)
			break
		}
	}
}

// A chain that goes on from a checkpoint tells the others what it has delivered.
func TestAJobInTheChainsOfTwoFinalStatesIsDeliveredOnceAcrossACheckpoint(t *testing.T) {
	moved := types.BackupJob{BackupJobId: aws.String("moved"), CreationDate: aws.Time(day)}
	other := types.BackupJob{BackupJobId: aws.String("other"), CreationDate: aws.Time(day)}
	l := backupx.BackupJobs(jobsAPI(func(_ context.Context, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
		if in.ByState == types.BackupJobStateCompleted {
			return &backup.ListBackupJobsOutput{BackupJobs: []types.BackupJob{moved}}, nil
		}
		return &backup.ListBackupJobsOutput{BackupJobs: []types.BackupJob{moved, other}}, nil
	}), backupx.BackupJobFilter{}.States("COMPLETED", "FAILED"))
	cursor := l.Cursor()
	require.Equal(t, []types.BackupJob{moved}, take(t, cursor.All(t.Context()), 1))
	require.Equal(t, []types.BackupJob{other}, resumeFrom(t, l, cursor.Checkpoint()))
}

func TestAContextThatEndsWithinThePagesToSkip(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: dense()})
	l := clientOf(s).BackupJobs(backupx.BackupJobFilter{}).PageSize(10)
	begun := l.Cursor()
	first := take(t, begun.All(t.Context()), 7)
	for size := 1; size <= 8; size++ {
		cursor, err := l.PageSize(size).Resume(throughText(t, begun.Checkpoint()))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		fault := s.Fault(fakeaws.Fault{When: func(fakeaws.Request) bool { cancel(); return false }})
		got, err := drain(cursor.All(ctx))
		require.ErrorIs(t, err, context.Canceled, size)
		require.Empty(t, got, size)
		fault.Remove()
		rest := resumeFrom(t, l, cursor.Checkpoint())
		require.Equal(t, lo.Map(reversed(dense()), jobID), lo.Map(append(slices.Clip(first), rest...), jobID), size)
	}
}

// In a chain that jobs leave while it is read, ids tell which were delivered. Jobs without one are told by their places.
func TestJobsWithoutIDsThatMayMoveAreToldByTheirPlaces(t *testing.T) {
	jobs := lo.Times(5, func(i int) types.BackupJob {
		return types.BackupJob{CreationDate: aws.Time(day.Add(-time.Duration(i) * time.Hour)), State: types.BackupJobStateRunning}
	})
	l := backupx.BackupJobs(jobsAPI(func(_ context.Context, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
		if in.ByState == types.BackupJobStateRunning {
			return &backup.ListBackupJobsOutput{BackupJobs: jobs}, nil
		}
		return &backup.ListBackupJobsOutput{}, nil
	}), backupx.BackupJobFilter{}.States("RUNNING", "COMPLETED"))
	for n := range len(jobs) + 1 {
		cursor := l.Cursor()
		require.Equal(t, jobs[:n], take(t, cursor.All(t.Context()), n))
		require.Equal(t, append([]types.BackupJob{}, jobs[n:]...), append([]types.BackupJob{}, resumeFrom(t, l, cursor.Checkpoint())...), "after %d", n)
	}
}

func TestALimitAsksForWholePagesWhereItemsAreDropped(t *testing.T) {
	for name, c := range map[string]struct {
		keep func(types.BackupJob) bool
		want []string
	}{
		"nothing is dropped": {nil, []string{"3"}},
		"a function drops":   {func(types.BackupJob) bool { return true }, []string{"10"}},
	} {
		s := fakeaws.New(fakeaws.Data{BackupJobs: dense()})
		l := clientOf(s).BackupJobs(backupx.BackupJobFilter{}).PageSize(10).Limit(3)
		if c.keep != nil {
			l = l.Where(c.keep)
		}
		requireCount(t, 3, l)
		require.Equal(t, c.want, lo.Map(s.Requests(), func(r fakeaws.Request, _ int) string { return r.Parameter("maxResults") }), name)
	}
}

func TestAResumedListingAsksForWholePagesUnlessALimitIsReached(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: dense()})
	l := clientOf(s).BackupJobs(backupx.BackupJobFilter{}).PageSize(10)
	begun := l.Cursor()
	take(t, begun.All(t.Context()), 4)
	for name, c := range map[string]struct {
		l    backupx.Listing[types.BackupJob]
		want int
	}{"no limit": {l, 10}, "a limit": {l.Limit(2), 6}, "a limit beyond the page": {l.Limit(7), 10}} {
		s.ResetRequests()
		cursor, err := c.l.Resume(throughText(t, begun.Checkpoint()))
		require.NoError(t, err)
		_, err = drain(cursor.All(t.Context()))
		require.NoError(t, err)
		require.Equal(t, c.want, s.Requests()[0].PageSize, name)
	}
}

func TestALimitIsASizeForAServiceWithoutPageSizesOnlyIfTheCallerSetsOne(t *testing.T) {
	s := service()
	requireCount(t, 1, clientOf(s).OpsWorksBackups(backupx.OpsWorksFilter{}).Limit(1))
	requireCount(t, 1, clientOf(s).OpsWorksBackups(backupx.OpsWorksFilter{}).PageSize(10).Limit(1))
	require.Equal(t, []int{0, 1}, lo.Map(s.Requests(), func(r fakeaws.Request, _ int) int { return r.PageSize }))
}
