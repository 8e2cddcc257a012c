package backupx_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func TestNothingIsSentBeforeTheFirstRange(t *testing.T) {
	w := newWorld()
	for _, listing := range worlds {
		l := listing(w).PageSize(2).Limit(3).Where(all).Rate(1e9).OnPage(func(backupx.PageInfo) {}).Scope("x")
		l.All(t.Context())
		l.Pages(t.Context())
		cp := l.Cursor().Checkpoint()
		cursor, err := l.Resume(cp)
		require.NoError(t, err)
		cursor.All(t.Context())
		_, err = cp.CLIToken()
		require.NoError(t, err)
	}
	require.Zero(t, w.service.RequestCount())
	require.Zero(t, w.requests)
}

func TestABreakSendsNothingMore(t *testing.T) {
	for n := 1; n < 10; n++ {
		s := newShelf("a", 10, 3)
		take(t, s.list().All(t.Context()), n)
		require.Equal(t, (n+2)/3, s.count(), "broken after %d", n)
	}
	s := newShelf("a", 10, 3)
	for range s.list().Pages(t.Context()) {
		break
	}
	require.Equal(t, 1, s.count())
}

func TestEachRangeStartsAfresh(t *testing.T) {
	eachWorld(t, func(t *testing.T, _ *world, l backupx.Listing[string], whole []string) {
		seq := l.All(t.Context())
		take(t, seq, 3)
		for range 2 {
			items, err := drain(seq)
			require.NoError(t, err)
			require.Equal(t, whole, items)
		}
		n, err := l.Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, len(whole), n)
		items, err := l.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, whole, items)
		first, ok, err := l.Limit(3).First(t.Context())
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, whole[0], first)
	})
}

func TestItemsThenOneErrorThenTheEnd(t *testing.T) {
	s := newShelf("a", 9, 2)
	s.fails = 3
	var items []string
	var errs []error
	for item, err := range s.list().All(t.Context()) { // goes on, whatever comes
		items, errs = append(items, item), append(errs, err)
	}
	require.Equal(t, append(numbers("a", 4), ""), items, "the item beside the error is zero")
	require.Equal(t, make([]error, 4), errs[:4])
	require.ErrorIs(t, errs[4], errBoom)

	s.requests = nil
	got, err := s.list().Collect(t.Context())
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, numbers("a", 4), got, "what was read, with the error")
	s.requests = nil
	n, err := s.list().Count(t.Context())
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, 4, n)
}

func TestFirstOfAnEmptyListing(t *testing.T) {
	item, ok, err := newShelf("a", 0, 2).list().First(t.Context())
	require.NoError(t, err)
	require.False(t, ok)
	require.Empty(t, item)

	s := newShelf("a", 3, 2)
	s.fails = 1
	_, ok, err = s.list().First(t.Context())
	require.ErrorIs(t, err, errBoom)
	require.False(t, ok)
}

func TestFirstAsksForOneItem(t *testing.T) {
	s := newShelf("a", 9, 5)
	_, _, err := s.list().PageSize(5).First(t.Context())
	require.NoError(t, err)
	require.Equal(t, []request{{Size: 1}}, s.requests)
}

func TestTheCallersInputIsNotChanged(t *testing.T) {
	client := clientOf(service())
	input := backup.ListBackupJobsInput{ByState: "COMPLETED", MaxResults: aws.Int32(7), NextToken: aws.String("mine")}
	var sent []*backup.ListBackupJobsInput
	l := backupx.FromOperation("ListBackupJobs",
		func(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
			sent = append(sent, in)
			return client.Backup.ListBackupJobs(ctx, in, opts...)
		}, input,
		func(in *backup.ListBackupJobsInput, token *string, size *int32) {
			in.NextToken, in.MaxResults = token, size
		},
		func(out *backup.ListBackupJobsOutput) ([]types.BackupJob, *string) {
			return out.BackupJobs, out.NextToken
		})
	n, err := l.PageSize(40).Count(t.Context())
	require.NoError(t, err)
	require.Positive(t, n)
	require.Equal(t, backup.ListBackupJobsInput{ByState: "COMPLETED", MaxResults: aws.Int32(7), NextToken: aws.String("mine")}, input)
	require.Len(t, lo.Uniq(sent), len(sent), "each request has an input of its own")
	require.Nil(t, sent[0].NextToken)
	require.NotNil(t, sent[1].NextToken)
}

func TestListingsAreSharedByGoroutines(t *testing.T) {
	client := clientOf(service())
	f := backupx.BackupJobFilter{}.States("COMPLETED", "FAILED")
	var pages sync.Map
	listing := client.BackupJobs(f).Where(func(types.BackupJob) bool { return true }).Rate(1e6).
		OnPage(func(p backupx.PageInfo) { pages.Store(p.Number, p) }).PageSize(20)
	want, err := listing.Collect(t.Context())
	require.NoError(t, err)

	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			got, err := listing.Limit(len(want) + i).Collect(t.Context())
			if err != nil || len(got) != len(want) {
				t.Errorf("%d of %d jobs, %v", len(got), len(want), err)
			}
			_ = f.TopLevel().States("FAILED").String()
		})
	}
	wg.Wait()
}

func TestEmptyPagesWithATokenAreNotTheEnd(t *testing.T) {
	jobs := alive(40, "COMPLETED", "COMPLETED", "COMPLETED", "COMPLETED", "COMPLETED", "FAILED")
	s := fakeaws.New(fakeaws.Data{BackupJobs: lo.Map(jobs, func(j types.BackupJob, i int) types.BackupJob {
		j.BackupVaultName = aws.String(lo.Ternary(i%20 == 3, "rare", "Default"))
		return j
	})}, fakeaws.WithScanLimit(3))
	got, err := drain(clientOf(s).BackupJobs(backupx.BackupJobFilter{}.Vaults("rare")).All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, []string{"job-23", "job-03"}, lo.Map(got, jobID))
	require.Contains(t, lo.Map(s.Requests(), func(r fakeaws.Request, _ int) int { return r.Items }), 0)
}

func TestLastPagesOfAllForms(t *testing.T) {
	for _, form := range []fakeaws.LastToken{fakeaws.LastTokenAbsent, fakeaws.LastTokenEmpty, fakeaws.LastTokenNull} {
		s := fakeaws.New(fakeaws.Data{HSM: runs(), OpsWorks: opsWorksKind().items, BackupJobs: dense(), CopyJobs: copyJobKind().items},
			fakeaws.WithLastToken(form), fakeaws.WithUnknownMembers(), fakeaws.WithOpsWorksPaging(30))
		client := clientOf(s)
		requireCount(t, 12, client.HSMBackups(backupx.HSMFilter{}).PageSize(5))
		requireCount(t, filterItems, client.OpsWorksBackups(backupx.OpsWorksFilter{}))
		requireCount(t, 41, client.BackupJobs(backupx.BackupJobFilter{}).PageSize(20))
		requireCount(t, filterItems, client.CopyJobs(backupx.CopyJobFilter{}).PageSize(filterItems))
	}
}

func requireCount[T any](t *testing.T, want int, l backupx.Listing[T]) {
	t.Helper()
	n, err := l.Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, n)
}

func TestAServiceThatRepeatsATokenIsAnError(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: dense()}, fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.RepeatToken()}))
	listing := clientOf(s).BackupJobs(backupx.BackupJobFilter{}).PageSize(10)
	got, err := drain(listing.All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrTokenLoop)
	require.EqualError(t, err, "backupx: ListBackupJobs: page 3: the service repeated a page token")
	require.Len(t, got, 20, "the items of the page come first")
	require.Equal(t, 2, s.RequestCount())

	var list *backupx.ListError
	require.ErrorAs(t, err, &list)
	_, err = listing.Resume(list.Checkpoint)
	require.ErrorIs(t, err, backupx.ErrCheckpoint)
}

func TestALoopOfManyPagesIsFound(t *testing.T) {
	const pages = 3000
	n := 0
	l := backupx.List("ListThings", func(_ context.Context, token string, _ int) (backupx.Page[int], error) {
		n++
		return backupx.Page[int]{Items: []int{n}, Next: fmt.Sprint(n % pages)}, nil
	})
	count, err := l.Count(t.Context())
	require.ErrorIs(t, err, backupx.ErrTokenLoop)
	require.Equal(t, pages+1, count)
}

func TestSettingsThatCannotBeHonouredAreErrorsBeforeAnyRequest(t *testing.T) {
	s := service()
	client := clientOf(s)
	hsm := client.HSMBackups(backupx.HSMFilter{})
	jobs := client.BackupJobs(backupx.BackupJobFilter{})
	ids := backupx.Map(hsm, hsmID)
	things := newShelf("a", 1, 1).list()
	for name, c := range map[string]struct {
		err  error
		text string
	}{
		"limit zero":           {errOf(t, hsm.Limit(0)), "backupx: DescribeBackups: Limit: 0: it must be at least 1"},
		"limit negative":       {errOf(t, jobs.Limit(-1)), "backupx: ListBackupJobs: Limit: -1: it must be at least 1"},
		"size zero":            {errOf(t, things.PageSize(0)), "backupx: ListThings: PageSize: 0: it must be at least 1"},
		"size above CloudHSM":  {errOf(t, hsm.PageSize(51)), "backupx: DescribeBackups: PageSize: 51: the service gives 50 at most"},
		"size above Backup":    {errOf(t, jobs.PageSize(1001)), "PageSize: 1001: the service gives 1000 at most"},
		"size above, copies":   {errOf(t, client.CopyJobs(backupx.CopyJobFilter{}).PageSize(1001)), "PageSize: 1001: the service gives 1000 at most"},
		"size above, mapped":   {errOf(t, ids.Where(all).PageSize(51)), "PageSize: 51: the service gives 50 at most"},
		"size above, of parts": {errOf(t, backupx.Concat(ids, things).PageSize(51)), "PageSize: 51: the service gives 50 at most"},
		"no predicate":         {errOf(t, things.Where(nil)), "Where: the function is nil"},
		"no callback":          {errOf(t, things.OnPage(nil)), "OnPage: the function is nil"},
		"rate zero":            {errOf(t, things.Rate(0)), "Rate: 0 a second: it must be above zero"},
		"rate negative":        {errOf(t, things.Rate(-1)), "Rate: -1 a second"},
		"rate NaN":             {errOf(t, things.Rate(math.NaN())), "Rate: NaN a second"},
		"rate infinite":        {errOf(t, things.Rate(math.Inf(1))), "Rate: +Inf a second"},
		"start of many":        {errOf(t, client.BackupJobs(backupx.BackupJobFilter{}.States("FAILED", "ABORTED")).StartAt("t")), "StartAt: a token belongs to one chain, and this listing has several"},
		"no fetch":             {errOf(t, backupx.List[string]("ListThings", nil)), "backupx: ListThings: List: the fetch function is nil"},
		"no call":              {errOf(t, backupx.FromOperation[string, int, int, int]("ListThings", nil, 0, nil, nil)), "backupx: ListThings: FromOperation: a function is nil"},
		"the zero listing":     {errOf(t, backupx.Listing[string]{}), "backupx: the zero Listing lists nothing"},
		"the zero, mapped":     {errOf(t, backupx.Map(backupx.Listing[string]{}, same)), "the zero Listing lists nothing"},
	} {
		require.ErrorContains(t, c.err, c.text, name)
		var list *backupx.ListError
		require.ErrorAs(t, c.err, &list, name)
		require.Equal(t, []int{0, 0}, []int{list.Page, list.Delivered}, name)
	}
	err := errOf(t, jobs.Limit(0).PageSize(0).Rate(0))
	for _, text := range []string{"Limit: 0", "PageSize: 0", "Rate: 0"} {
		require.ErrorContains(t, err, text, "all that is wrong is named")
	}
	require.Zero(t, s.RequestCount())
}

// errOf is the error of a listing that delivers nothing, by item and by page.
func errOf[T any](t *testing.T, l backupx.Listing[T]) error {
	t.Helper()
	items, err := drain(l.All(t.Context()))
	require.Empty(t, items)
	pages, byPage := drain(l.Pages(t.Context()))
	require.Empty(t, pages)
	require.Equal(t, err == nil, byPage == nil)
	return err
}

func TestListingsWithoutAClientSayWhich(t *testing.T) {
	var none backupx.Client
	typed := backupx.Client{HSM: (*nobody)(nil), Backup: (*nobody)(nil)}
	for _, client := range []backupx.Client{none, typed} {
		require.EqualError(t, errOf(t, client.HSMBackups(backupx.HSMFilter{})), "backupx: DescribeBackups: no cloudhsm client was given")
		require.EqualError(t, errOf(t, client.OpsWorksBackups(backupx.OpsWorksFilter{})), "backupx: DescribeBackups: no opsworks-cm client was given")
		require.EqualError(t, errOf(t, client.BackupJobs(backupx.BackupJobFilter{})), "backupx: ListBackupJobs: no backup client was given")
		require.EqualError(t, errOf(t, client.CopyJobs(backupx.CopyJobFilter{})), "backupx: ListCopyJobs: no backup client was given")
	}
	require.EqualError(t, errOf(t, backupx.OpsWorksBackups((*backupx.OpsWorksClient)(nil), backupx.OpsWorksFilter{})), "backupx: DescribeBackups: no opsworks-cm client was given")
}

// nobody is a client whose pointer is nil.
type nobody struct {
	backupx.HSMAPI
	backupx.BackupAPI
}

func TestThePageSizeIsTheServicesMostUnlessSet(t *testing.T) {
	s := service()
	client := clientOf(s)
	sizes := func() []int {
		defer s.ResetRequests()
		return lo.Map(s.Requests(), func(r fakeaws.Request, _ int) int { return r.PageSize })
	}
	requireCount(t, filterItems, client.HSMBackups(backupx.HSMFilter{}))
	require.Equal(t, []int{50, 50}, sizes())
	requireCount(t, filterItems, client.BackupJobs(backupx.BackupJobFilter{}))
	require.Equal(t, []int{1000}, sizes())
	requireCount(t, filterItems, client.CopyJobs(backupx.CopyJobFilter{}))
	require.Equal(t, []int{1000}, sizes())
	requireCount(t, filterItems, client.OpsWorksBackups(backupx.OpsWorksFilter{}))
	requireCount(t, 3, client.OpsWorksBackups(backupx.OpsWorksFilter{}).Limit(3))
	require.Equal(t, []int{0, 0}, sizes(), "OpsWorks CM implements no sizes")
	requireCount(t, filterItems, client.OpsWorksBackups(backupx.OpsWorksFilter{}).PageSize(7))
	require.Equal(t, []int{7}, sizes(), "unless it is asked")
	requireCount(t, 60, client.HSMBackups(backupx.HSMFilter{}).Limit(60))
	require.Equal(t, []int{50, 10}, sizes(), "the last request asks for no more than is left")
	requireCount(t, 5, client.BackupJobs(backupx.BackupJobFilter{}.TopLevel()).Limit(5))
	require.Equal(t, []int{1000}, sizes(), "with a filter on items nobody knows how many are needed")
	requireCount(t, 5, client.BackupJobs(backupx.BackupJobFilter{}.States("COMPLETED")).Limit(5))
	require.Equal(t, []int{5}, sizes(), "what the service filters is no filter on items")
}

func TestPages(t *testing.T) {
	client := clientOf(fakeaws.New(fakeaws.Data{BackupJobs: dense()}))
	var got [][]string
	for p, err := range client.BackupJobs(backupx.BackupJobFilter{}).PageSize(3).Limit(7).Pages(t.Context()) {
		require.NoError(t, err)
		got = append(got, lo.Map(p.Items, jobID))
		require.Equal(t, len(got), p.Number)
		require.NotEmpty(t, p.Next)
		id, ok := awsmiddleware.GetRequestIDMetadata(p.Metadata)
		require.True(t, ok)
		require.NotEmpty(t, id)
	}
	require.Equal(t, [][]string{{"job-40", "job-39", "job-38"}, {"job-37", "job-36", "job-35"}, {"job-34"}}, got)
}

func TestPagesWithAFilterMayBeEmpty(t *testing.T) {
	var got [][]string
	s := newShelf("a", 6, 2)
	for p, err := range s.list().Where(func(s string) bool { return s > "a-003" }).Pages(t.Context()) {
		require.NoError(t, err)
		got = append(got, p.Items)
	}
	require.Equal(t, [][]string{nil, nil, {"a-004", "a-005"}}, got)
}

func TestAPageThatEndsWithItsContextIsDeliveredAsFar(t *testing.T) {
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

// answering is an HTTP client that answers everything alike.
type answering func(*http.Request) (*http.Response, error)

func (f answering) Do(r *http.Request) (*http.Response, error) { return f(r) }

func withBody(body func() io.ReadCloser, length int64) aws.HTTPClient {
	return answering(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body(), ContentLength: length, Request: r}, nil
	})
}

// bodies are those in which a page is missing.
func bodies() map[string]func() io.ReadCloser {
	text := func(s string) func() io.ReadCloser {
		return func() io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
	}
	return map[string]func() io.ReadCloser{
		"no body":  func() io.ReadCloser { return nil },
		"NoBody":   func() io.ReadCloser { return http.NoBody },
		"empty":    text(""),
		"blank":    text(" \r\n\t "),
		"one byte": func() io.ReadCloser { return io.NopCloser(io.MultiReader(bytes.NewReader([]byte{' '}))) },
	}
}

func TestASuccessWithoutAPageIsAnError(t *testing.T) {
	for name, body := range bodies() {
		for _, length := range []int64{0, -1, 5} {
			cfg := fakeaws.New(fakeaws.Data{}).Config()
			cfg.HTTPClient = withBody(body, length)
			client := backupx.New(cfg)
			for op, err := range map[string]error{
				"HSMBackups":      errOf(t, client.HSMBackups(backupx.HSMFilter{})),
				"OpsWorksBackups": errOf(t, client.OpsWorksBackups(backupx.OpsWorksFilter{})),
				"BackupJobs":      errOf(t, client.BackupJobs(backupx.BackupJobFilter{})),
				"CopyJobs":        errOf(t, client.CopyJobs(backupx.CopyJobFilter{})),
			} {
				require.ErrorContains(t, err, ": page 1: ", "%s of %s, length %d, looks complete", name, op, length)
			}
		}
	}
}

func TestABodyOfUnknownLengthIsRead(t *testing.T) {
	cfg := fakeaws.New(fakeaws.Data{}).Config()
	cfg.HTTPClient = withBody(func() io.ReadCloser {
		return io.NopCloser(strings.NewReader(` {"Backups":[{"BackupId":"b"}],"BackupJobs":[{"BackupJobId":"j"}],"CopyJobs":[{"CopyJobId":"c"}]} `))
	}, 0)
	client := backupx.New(cfg)
	requireCount(t, 1, client.HSMBackups(backupx.HSMFilter{}))
	requireCount(t, 1, client.OpsWorksBackups(backupx.OpsWorksFilter{}))
	requireCount(t, 1, client.BackupJobs(backupx.BackupJobFilter{}))
	requireCount(t, 1, client.CopyJobs(backupx.CopyJobFilter{}))
}

func TestAnEmptyBodyInTheMiddleComesAfterTheItemsBefore(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: dense()}, fakeaws.WithFaults(fakeaws.Fault{Nth: 3, Do: fakeaws.EmptyBody()}))
	listing := clientOf(s).BackupJobs(backupx.BackupJobFilter{}).PageSize(10)
	first, err := drain(listing.All(t.Context()))
	require.EqualError(t, err, "backupx: ListBackupJobs: page 3: the service answered with an empty body where a page is owed")
	require.Len(t, first, 20)
	var list *backupx.ListError
	require.ErrorAs(t, err, &list)
	cursor, err := listing.Resume(list.Checkpoint)
	require.NoError(t, err)
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	require.Len(t, append(first, rest...), len(dense()))
}

func TestAStubAndFromOperationAreNotHeldToTheirBodies(t *testing.T) {
	stub := stubJobs(func(*backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
		return &backup.ListBackupJobsOutput{}, nil
	})
	requireCount(t, 0, backupx.BackupJobs(stub, backupx.BackupJobFilter{}))

	cfg := fakeaws.New(fakeaws.Data{}).Config()
	cfg.HTTPClient = withBody(func() io.ReadCloser { return http.NoBody }, 0)
	requireCount(t, 0, backupx.FromOperation("ListBackupJobs", backup.NewFromConfig(cfg).ListBackupJobs, backup.ListBackupJobsInput{},
		func(in *backup.ListBackupJobsInput, token *string, size *int32) {
			in.NextToken, in.MaxResults = token, size
		},
		func(out *backup.ListBackupJobsOutput) ([]types.BackupJob, *string) {
			return out.BackupJobs, out.NextToken
		}))
}

func TestAStubThatReturnsNothingIsAnError(t *testing.T) {
	stub := stubJobs(func(*backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) { return nil, nil })
	require.EqualError(t, errOf(t, backupx.BackupJobs(stub, backupx.BackupJobFilter{})),
		"backupx: ListBackupJobs: page 1: the client returned neither an output nor an error")
}

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

func TestRateSpacesRequestsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		listing := backupx.List("ListThings", func(_ context.Context, token string, _ int) (backupx.Page[int], error) {
			at = append(at, time.Since(began))
			time.Sleep(time.Duration(len(at)%3) * 50 * time.Millisecond) // what a request takes is no pause on top
			return backupx.Page[int]{Items: []int{len(at)}, Next: lo.Ternary(len(at)%3 == 0, "", fmt.Sprint(len(at)))}, nil
		}).Rate(10)
		for range 2 {
			requireCount(t, 3, listing.Where(func(int) bool { return true }))
		}
		require.Equal(t, lo.Times(6, func(i int) time.Duration { return time.Duration(i) * 100 * time.Millisecond }), at,
			"all ranges of a listing and of its copies share a rate")
		time.Sleep(time.Second)
		at, began = nil, time.Now()
		requireCount(t, 3, listing)
		require.Equal(t, 200*time.Millisecond, at[2], "a pause before does not allow a burst")
	})
}

func TestTheSlowestOfSeveralRatesHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newShelf("a", 3, 1), newShelf("b", 3, 1)
		began := time.Now()
		requireCount(t, 6, backupx.Concat(a.list().Rate(1), b.list()).Rate(2))
		require.Equal(t, 3500*time.Millisecond, time.Since(began))
	})
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
		require.Equal(t, page("states=FAILED", 1, 3, 2), got[2], "a page that a break cut short is told of as well")
		require.Len(t, got, 3)

		got = nil
		merged := clientOf(s).HSMBackups(backupx.HSMFilter{}.States("READY", "PENDING_DELETION")).PageSize(6).OnPage(note)
		requireCount(t, 12, merged)
		require.Equal(t, []int{12, 12}, []int{
			lo.SumBy(got, func(p backupx.PageInfo) int { return p.Items }), lo.SumBy(got, func(p backupx.PageInfo) int { return p.Kept }),
		})
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

func TestOnPageIsToldNothingOfAPageThatFailed(t *testing.T) {
	s := newShelf("a", 5, 2)
	s.fails = 2
	var got []int
	_, err := drain(s.list().OnPage(func(p backupx.PageInfo) { got = append(got, p.Number) }).All(t.Context()))
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, []int{1}, got)
}

func TestListingsAreImmutable(t *testing.T) {
	s := newShelf("a", 6, 2)
	base := s.list()
	base.Limit(1)
	base.PageSize(1)
	base.Where(func(string) bool { return false })
	base.StartAt(shelfToken + "4")
	base.Scope("x")
	base.OnPage(func(backupx.PageInfo) { t.Error("called") })
	items, err := drain(base.All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, s.items, items)
	require.Equal(t, 3, s.count())

	one, two := base.Where(func(s string) bool { return s > "a-001" }), base.Where(func(s string) bool { return s < "a-002" })
	a, err := one.Where(func(s string) bool { return s < "a-004" }).Collect(t.Context())
	require.NoError(t, err)
	b, err := two.Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, slices.Concat(b, a), s.items[:4], "branches do not see each other")
}

func TestRetriesAreTheSDKsAndUnseen(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{HSM: runs()}, fakeaws.WithFaults(fakeaws.Fault{Every: 2, Do: fakeaws.Throttle()}))
	n := 0
	requireCount(t, len(runs()), clientOf(s).HSMBackups(backupx.HSMFilter{}).PageSize(3).OnPage(func(backupx.PageInfo) { n++ }))
	require.Equal(t, 4, n)
	require.Equal(t, 7, s.RequestCount())
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
		stop() // in the first page: the second item is not delivered
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
			synctest.Wait() // five more are read
			cancel()
		}
		require.Equal(t, 1, pages)
	})
}

// A page whose last items are dropped is told of when they are, not when the range ends.
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
