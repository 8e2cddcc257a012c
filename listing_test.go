package backupx_test

import (
	"context"
	"fmt"
	"math"
	"slices"
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
	for item, err := range s.list().All(t.Context()) { // does not stop at the error
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

func TestALastPageHasNoTokenAnEmptyOneOrNull(t *testing.T) {
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

func TestRetriesAreTheSDKsAndUnseen(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{HSM: runs()}, fakeaws.WithFaults(fakeaws.Fault{Every: 2, Do: fakeaws.Throttle()}))
	n := 0
	requireCount(t, len(runs()), clientOf(s).HSMBackups(backupx.HSMFilter{}).PageSize(3).OnPage(func(backupx.PageInfo) { n++ }))
	require.Equal(t, 4, n)
	require.Equal(t, 7, s.RequestCount())
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

func TestFirstAsksForOneItemWhereTheServiceIsKnown(t *testing.T) {
	s := fakeaws.New(fakeaws.Generate(1, time.Now(), 9))
	_, _, err := clientOf(s).BackupJobs(backupx.BackupJobFilter{}).PageSize(5).First(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{1}, sizes(s))

	shelf := newShelf("a", 9, 5)
	for _, size := range []int{0, 5} {
		l := shelf.list()
		if size > 0 {
			l = l.PageSize(size)
		}
		shelf.requests = nil
		_, _, err := l.First(t.Context())
		require.NoError(t, err)
		require.Equal(t, []request{{Size: size}}, shelf.requests)
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

func TestFirstSaysWhatItsListingWouldSay(t *testing.T) {
	l := newShelf("item", 3, 2).list()
	for _, wrong := range []backupx.Listing[string]{l.Limit(0), l.Parallel(0), l.Prefetch(-1)} {
		_, ok, err := wrong.First(t.Context())
		require.Error(t, err)
		require.False(t, ok)
	}
	fleet := backupx.Fleet{{Name: "bad"}, {Name: "good"}}
	sources := []backupx.Listing[string]{(&shelf{fails: 1, size: 1}).list(), l}
	first, ok, err := backupx.Across(fleet, func(backupx.Client) backupx.Listing[string] {
		next := sources[0]
		sources = sources[1:]
		return next
	}).First(t.Context())

	require.Equal(t, backupx.Sourced[string]{Source: "good", Item: "item-000"}, first)
	require.True(t, ok)
	require.ErrorIs(t, err, errBoom)
}

func TestFirstRejectsTheSettingsThatItsListingRejects(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{HSM: runs(), BackupJobs: dense()})
	_, _, err := clientOf(s).HSMBackups(backupx.HSMFilter{}).Every(time.Hour).First(t.Context())
	require.ErrorContains(t, err, "Every: DescribeBackups has no filter on creation times")
	_, _, err = clientOf(s).BackupJobs(backupx.BackupJobFilter{}).Every(time.Hour).StartAt("token").First(t.Context())
	require.ErrorContains(t, err, "StartAt")
	require.Zero(t, s.RequestCount())
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

func TestSettingsAreCheckedEvenIfNothingCanMatch(t *testing.T) {
	client := clientOf(fakeaws.New(fakeaws.Data{}))
	_, err := client.BackupJobs(backupx.BackupJobFilter{}.States()).PageSize(5000).Count(t.Context())
	require.ErrorContains(t, err, "PageSize: 5000: the service gives 1000 at most")
	_, err = client.HSMBackups(backupx.HSMFilter{}.States()).Every(time.Hour).Count(t.Context())
	require.ErrorContains(t, err, "Every: DescribeBackups has no filter on creation times")
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
