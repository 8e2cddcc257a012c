package backupx_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// hundred has 100 jobs, job-000000 the newest, in pages of 10.
func hundred() (*fakeaws.Service, func(ids ...string) backupx.Listing[string]) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: spread(100, 20*24*time.Hour, day)})
	return s, func(ids ...string) backupx.Listing[string] {
		return backupx.Map(at(s, day).BackupJobs(backupx.BackupJobFilter{}.IDs(ids...)), idOf).PageSize(10)
	}
}

func TestAListingOfJobsByIDEndsWhenEachWasDelivered(t *testing.T) {
	type l = backupx.Listing[string]
	for name, c := range map[string]struct {
		ids      []string
		set      func(l) l
		want     []string
		requests int
	}{
		"on the first page":    {[]string{"job-000003"}, nil, []string{"job-000003"}, 1},
		"last of its page":     {[]string{"job-000009"}, nil, []string{"job-000009"}, 1},
		"on two pages":         {[]string{"job-000025", "job-000003"}, nil, []string{"job-000003", "job-000025"}, 3},
		"one twice":            {[]string{"job-000025", "job-000025"}, nil, []string{"job-000025"}, 3},
		"one that is missing":  {[]string{"job-000003", "no-such-job"}, nil, []string{"job-000003"}, 10},
		"the very last":        {[]string{"job-000099"}, nil, []string{"job-000099"}, 10},
		"dropped by the loop":  {[]string{"job-000003", "job-000012"}, func(x l) l { return x.Where(func(id string) bool { return id != "job-000012" }) }, []string{"job-000003"}, 2},
		"in a window":          {[]string{"job-000033"}, func(x l) l { return x.Every(4 * 24 * time.Hour).PageSize(50) }, []string{"job-000033"}, 2},
		"windows left":         {[]string{"job-000003"}, func(x l) l { return x.Every(24 * time.Hour) }, []string{"job-000003"}, 1},
		"a limit that is less": {[]string{"job-000003", "job-000025"}, func(x l) l { return x.Limit(1) }, []string{"job-000003"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, list := hundred()
			listing := list(c.ids...)
			if c.set != nil {
				listing = c.set(listing)
			}
			for range 2 { // every range starts afresh
				s.ResetRequests()
				got, err := drain(listing.All(t.Context()))
				require.NoError(t, err)
				require.Equal(t, c.want, got)
				require.Equal(t, c.requests, s.RequestCount())
			}
		})
	}
}

func TestAListingOfJobsByIDEndsAmongStates(t *testing.T) {
	jobs := alive(60, "CREATED", "FAILED", "PARTIAL")
	s := fakeaws.New(fakeaws.Data{BackupJobs: jobs})
	failed, _ := lo.Find(jobs, func(j types.BackupJob) bool { return j.State == "FAILED" })
	got, err := drain(clientOf(s).BackupJobs(backupx.BackupJobFilter{}.IDs(*failed.BackupJobId).States("CREATED", "FAILED", "PARTIAL")).All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, []string{*failed.BackupJobId}, lo.Map(got, jobID))
	require.Equal(t, states("CREATED", "FAILED"), asked(s), "PARTIAL is not read any more")
}

func TestAListingOfCopiesByIDEndsWhenEachWasDelivered(t *testing.T) {
	copies := fakeaws.GenerateCopyJobs(1, day.AddDate(0, 0, -20), day, 50)
	s := fakeaws.New(fakeaws.Data{CopyJobs: copies})
	got, err := drain(clientOf(s).CopyJobs(backupx.CopyJobFilter{}.IDs(*copies[44].CopyJobId)).PageSize(5).All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, []types.CopyJob{copies[44]}, got)
	require.Equal(t, 2, s.RequestCount())
}

func TestEachListingOfACombinationEndsByItself(t *testing.T) {
	s, list := hundred()
	first, second := list("job-000012"), list("job-000003", "job-000018")
	for name, l := range map[string]backupx.Listing[string]{
		"Concat": backupx.Concat(first, second),
		"Merge":  backupx.Merge(func(a, b string) int { return 0 }, first, second),
		"Across": backupx.Map(backupx.Across(
			backupx.Fleet{{Name: "a", Client: clientOf(s)}, {Name: "b", Client: clientOf(s)}},
			func(backupx.Client) backupx.Listing[string] { return second },
		), func(v backupx.Sourced[string]) string { return v.Item }),
		"with all": backupx.Concat(second, backupx.Map(at(s, day).BackupJobs(backupx.BackupJobFilter{}), idOf).PageSize(50)),
	} {
		s.ResetRequests()
		got, err := drain(l.All(t.Context()))
		require.NoError(t, err, name)
		slices.Sort(got)
		want := map[string][]string{
			"Concat": {"job-000003", "job-000012", "job-000018"}, "Merge": {"job-000003", "job-000012", "job-000018"},
			"Across": {"job-000003", "job-000003", "job-000018", "job-000018"},
		}[name]
		if name == "with all" {
			require.Len(t, got, 102)
		} else {
			require.Equal(t, want, got, name)
		}
		require.Equal(t, 4, s.RequestCount(), name)
	}
}

func TestAResumedListingOfJobsByIDEndsWhenEachWasDelivered(t *testing.T) {
	s, list := hundred()
	listing := list("job-000003", "job-000025", "job-000047")

	cursor := listing.Cursor()
	require.Equal(t, []string{"job-000003", "job-000025"}, take(t, cursor.All(t.Context()), 2))
	s.ResetRequests()
	require.Equal(t, []string{"job-000047"}, resumeFrom(t, listing, cursor.Checkpoint()))
	require.Equal(t, 3, s.RequestCount(), "the pages from the third to the fifth")

	require.Equal(t, []string{"job-000047"}, take(t, cursor.All(t.Context()), 1))
	s.ResetRequests()
	again, err := listing.Parallel(4).Resume(throughText(t, cursor.Checkpoint()))
	require.NoError(t, err)
	require.True(t, again.Checkpoint().Done(), "no chain is started")
	require.Empty(t, resumeFrom(t, listing, cursor.Checkpoint()))
	require.Empty(t, resumeFrom(t, listing.Parallel(4), cursor.Checkpoint()))
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	require.Empty(t, rest)
	require.True(t, cursor.Checkpoint().Done())
	require.Zero(t, s.RequestCount(), "nothing is left to find")
}

// TestJobsByIDAtRandom breaks and resumes listings of ids with any settings. Each id is delivered once.
func TestJobsByIDAtRandom(t *testing.T) {
	jobs := spread(300, 20*24*time.Hour, day)
	for i, state := range []types.BackupJobState{"COMPLETED", "FAILED", "CREATED"} {
		for j := i; j < len(jobs); j += 3 {
			jobs[j].State = state
		}
	}
	s := fakeaws.New(fakeaws.Data{BackupJobs: jobs})
	r := rand.New(rand.NewPCG(21, 22))
	for round := range 100 {
		ids := lo.Samples(lo.Map(jobs, jobID), 1+r.IntN(6))
		f := backupx.BackupJobFilter{}.IDs(ids...)
		if r.IntN(2) == 0 {
			f = f.States("COMPLETED", "FAILED", "CREATED")
		}
		list := func(c backupx.Client) backupx.Listing[string] { return backupx.Map(c.BackupJobs(f), idOf) }
		listing, want := list(at(s, day)), ids
		if shape := r.IntN(6); shape < 3 {
			want = slices.Concat(ids, ids)
			switch shape {
			case 0:
				listing = backupx.Concat(listing, listing)
			case 1:
				listing = backupx.Merge(func(a, b string) int { return 0 }, listing, listing)
			case 2:
				both := backupx.Gather(listing.Named("a"), listing.Named("b"))
				listing = backupx.Map(both, func(v backupx.Sourced[string]) string { return v.Item })
			}
		}
		listing = listing.PageSize(1 + r.IntN(40))
		name := fmt.Sprintf("round %d: %s", round, f)
		var got []string
		cp := backupx.Checkpoint{}
		for left := len(want); left > 0; left = len(want) - len(got) {
			l := listing
			if r.IntN(2) == 0 {
				l = l.Parallel(1 + r.IntN(8))
			}
			if r.IntN(3) == 0 {
				l = l.Ordered()
			}
			if r.IntN(4) == 0 {
				l = l.Prefetch(1 + r.IntN(3))
			}
			cursor, err := l.Resume(throughText(t, cp))
			require.NoError(t, err, name)
			got = append(got, take(t, cursor.All(t.Context()), 1+r.IntN(left))...)
			cp = cursor.Checkpoint()
		}
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(t, want, got, name)
		s.ResetRequests()
		require.Empty(t, resumeFrom(t, listing, cp), name)
		require.Zero(t, s.RequestCount(), name)
	}
}

func TestAListingOfJobsByIDReadsLittleAhead(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: spread(10_000, 29*24*time.Hour, day)})
	listing := at(s, day).BackupJobs(backupx.BackupJobFilter{}.IDs("job-000005")).PageSize(10)
	for name, l := range map[string]backupx.Listing[types.BackupJob]{
		"parallel": listing.Parallel(4), "ordered": listing.Parallel(4).Ordered(), "ahead": listing.Prefetch(3),
		"windows": listing.Parallel(4).Every(time.Hour),
	} {
		s.ResetRequests()
		got, err := drain(l.All(t.Context()))
		require.NoError(t, err)
		require.Equal(t, []string{"job-000005"}, lo.Map(got, jobID), name)
		require.Less(t, s.RequestCount(), 60, "%s: of the 1,000 requests of the whole listing", name)
	}
}

func TestWhichStatesHaveEnded(t *testing.T) {
	type (
		job = types.BackupJobState
		cp  = types.CopyJobState
	)
	jobs := lo.Filter(append(job("").Values(), "", "SLEEPING", "completed", "SUCCESS"), func(s job, _ int) bool { return backupx.BackupJobEnded(s) })
	require.ElementsMatch(t, []job{"ABORTED", "COMPLETED", "EXPIRED", "FAILED", "PARTIAL"}, jobs)
	copies := lo.Filter(append(cp("").Values(), "", "ABORTED", "SLEEPING", "completed"), func(s cp, _ int) bool { return backupx.CopyJobEnded(s) })
	require.ElementsMatch(t, []cp{"COMPLETED", "FAILED", "PARTIAL"}, copies)

	for _, s := range append(job("").Values(), "SLEEPING", "") {
		require.Equal(t, backupx.BackupJobEnded(s), backupx.BackupJobFilter{}.Ended().Match(types.BackupJob{State: s}), s)
		require.Equal(t, backupx.BackupJobEnded(s) && s != "COMPLETED", backupx.BackupJobFilter{}.Unsuccessful().Match(types.BackupJob{State: s}), s)
	}
	for _, s := range append(cp("").Values(), "SLEEPING", "") {
		require.Equal(t, backupx.CopyJobEnded(s), backupx.CopyJobFilter{}.Ended().Match(types.CopyJob{State: s}), s)
		require.Equal(t, backupx.CopyJobEnded(s) && s != "COMPLETED", backupx.CopyJobFilter{}.Unsuccessful().Match(types.CopyJob{State: s}), s)
	}
	require.Equal(t, "BackupJobFilter{states: ABORTED|COMPLETED|EXPIRED|FAILED|PARTIAL}", backupx.BackupJobFilter{}.Ended().String())
	require.Equal(t, backupx.CopyJobFilter{}.States("PARTIAL", "FAILED"), backupx.CopyJobFilter{}.Unsuccessful(), "it is States")
}

func TestJobsByPlanAndBySource(t *testing.T) {
	by := func(plan string) *types.RecoveryPointCreator {
		return &types.RecoveryPointCreator{BackupPlanId: aws.String(plan), BackupPlanArn: aws.String("arn:aws:backup:us-east-1:111122223333:backup-plan:" + plan)}
	}
	client := clientOf(fakeaws.New(fakeaws.Data{
		BackupJobs: []types.BackupJob{
			{BackupJobId: aws.String("a"), CreationDate: aws.Time(day), CreatedBy: by("nightly")},
			{BackupJobId: aws.String("b"), CreationDate: aws.Time(day), CreatedBy: by("weekly")},
			{BackupJobId: aws.String("c"), CreationDate: aws.Time(day)},
			{BackupJobId: aws.String("d"), CreationDate: aws.Time(day), CreatedBy: &types.RecoveryPointCreator{}},
		},
		CopyJobs: []types.CopyJob{
			{CopyJobId: aws.String("A"), CreationDate: aws.Time(day), CreatedBy: by("nightly"), CreatedByBackupJobId: aws.String("a")},
			{CopyJobId: aws.String("AA"), CreationDate: aws.Time(day), CreatedBy: by("nightly"), CreatedByBackupJobId: aws.String("a")},
			{CopyJobId: aws.String("B"), CreationDate: aws.Time(day), CreatedBy: by("weekly"), CreatedByBackupJobId: aws.String("b")},
			{CopyJobId: aws.String("C"), CreationDate: aws.Time(day)},
		},
	}))
	type (
		job = backupx.BackupJobFilter
		cp  = backupx.CopyJobFilter
	)
	for _, c := range []struct {
		f    job
		want []string
	}{
		{job{}.Plans("nightly"), []string{"a"}},
		{job{}.Plans("nightly", "weekly", "yearly"), []string{"a", "b"}},
		{job{}.Plans("nightly", "weekly").Plans("weekly"), []string{"b"}},
		{job{}.Plans("nightly").IDs("a", "b"), []string{"a"}},
	} {
		got, err := drain(client.BackupJobs(c.f).All(t.Context()))
		require.NoError(t, err)
		require.ElementsMatch(t, c.want, lo.Map(got, jobID), c.f)
	}
	for _, c := range []struct {
		f    cp
		want []string
	}{
		{cp{}.Plans("nightly"), []string{"A", "AA"}},
		{cp{}.SourceBackupJobs("a"), []string{"A", "AA"}},
		{cp{}.SourceBackupJobs("a", "b").Plans("weekly"), []string{"B"}},
		{cp{}.SourceBackupJobs("c"), []string{}},
		{cp{}.IDs("AA", "C").SourceBackupJobs("a"), []string{"AA"}},
	} {
		got, err := drain(client.CopyJobs(c.f).All(t.Context()))
		require.NoError(t, err)
		require.ElementsMatch(t, c.want, lo.Map(got, func(j types.CopyJob, _ int) string { return copyID(j) }), c.f)
	}
}
