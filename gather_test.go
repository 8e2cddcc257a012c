package backupx_test

import (
	"context"
	"fmt"
	"slices"
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

func TestPartsOfAGatherFailApart(t *testing.T) {
	for _, n := range []int{1, 2, 5} {
		for _, ordered := range []bool{false, true} {
			s := fakeaws.New(onePerService(), fakeaws.WithFaults(fakeaws.Fault{Operation: "ListCopyJobs", Do: fakeaws.AccessDenied()}))
			client := clientOf(s)
			l := backupx.Gather(
				backupx.Map(client.CopyJobs(backupx.CopyJobFilter{}), backupx.RecordOf).Named("copies"),
				backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), backupx.RecordOf).Named("jobs"),
				backupx.Map(jobsByOperation(client.Backup, backup.ListBackupJobsInput{ByState: "RUNNING"}), backupx.RecordOf).Named("running"),
			).Parallel(n)
			if ordered {
				l = l.Ordered()
			}
			cursor := l.Cursor()
			items, err := drain(cursor.All(t.Context()))
			got := lo.Map(items, func(v backupx.Sourced[backupx.Record], _ int) backupx.Sourced[string] {
				return backupx.Sourced[string]{Source: v.Source, Account: v.Account, Region: v.Region, Item: v.Item.ID}
			})
			want := []backupx.Sourced[string]{{Source: "jobs", Item: "job-a"}, {Source: "jobs", Item: "job-b"}, {Source: "running", Item: "job-b"}}
			if ordered || n == 1 {
				require.Equal(t, want, got)
			}
			require.ElementsMatch(t, want, got)
			require.Equal(t, map[string]backupx.Kind{"copies": backupx.KindDenied}, kindsOf(t, err))
			require.ErrorContains(t, err, "backupx: Gather: 1 source failed: copies: denied: ListCopyJobs: page 1: ")
			require.Len(t, cursor.Failed(), 1)
		}
	}
}

// gathered returns shelves as parts of a Gather, in the order of names.
func gathered(shelves map[string]*shelf, names ...string) backupx.Listing[string] {
	parts := lo.Map(names, func(name string, _ int) backupx.Part[string] { return shelves[name].list().Named(name) })
	return backupx.Map(backupx.Gather(parts...), sourcedText)
}

func TestACheckpointOfAGatherMatchesPartsByName(t *testing.T) {
	shelves := map[string]*shelf{"a/1": newShelf("a", 5, 2), "b": newShelf("b", 4, 3), "new": newShelf("new", 2, 1)}
	l := gathered(shelves, "a/1", "b")
	whole, err := l.Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, whole, 9)
	added := of("new", shelves["new"].items)
	for n := range len(whole) + 1 {
		cp := throughText(t, cpAfter(t, l, n))
		for _, parallel := range []int{1, 3} {
			require.ElementsMatch(t, whole[n:], resumeFrom(t, gathered(shelves, "b", "a/1").Parallel(parallel), cp), "another order")
			require.ElementsMatch(t, append(slices.Clone(whole[n:]), added...), resumeFrom(t, gathered(shelves, "new", "a/1", "b").Parallel(parallel), cp))
		}
		if n < 5 {
			require.Equal(t, `the source "a/1" was not read to its end and is gone: this listing has the source "b"`, refused(t, gathered(shelves, "b"), cp))
		} else {
			require.ElementsMatch(t, whole[n:], resumeFrom(t, gathered(shelves, "b"), cp), "a part that was read whole may be gone")
		}
		require.Contains(t, refused(t, fleetOf(map[string]backupx.Listing[string]{"a/1": shelves["a/1"].list()}, nil), cp), "it is of the operation Gather, not Across")
	}
}

func TestResumingAGatherTriesTheFailedPartsAgain(t *testing.T) {
	for _, n := range []int{1, 4} {
		bad := newShelf("bad", 5, 2)
		bad.fails = 2
		shelves := map[string]*shelf{"bad": bad, "good": newShelf("good", 5, 2)}
		l := gathered(shelves, "bad", "good").Parallel(n)
		items, err := l.Collect(t.Context())
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, map[string]backupx.Kind{"bad": backupx.KindOther}, kindsOf(t, err))
		require.ElementsMatch(t, append(of("bad", bad.items[:2]), of("good", numbers("good", 5))...), items)
		var list *backupx.ListError
		require.ErrorAs(t, err, &list)
		require.Equal(t, of("bad", bad.items[2:]), resumeFrom(t, l, list.Checkpoint))
	}
}

func TestInvalidGathersAreErrorsBeforeAnyRequest(t *testing.T) {
	s := newShelf("a", 3, 1)
	l := s.list()
	for text, l := range map[string]backupx.Listing[backupx.Sourced[string]]{
		"backupx: Gather: a part has no name":                                                                     backupx.Gather(l.Named("a"), l.Named(" \t")),
		`backupx: Gather: two parts are named "a"`:                                                                backupx.Gather(l.Named("a"), l.Named("b"), l.Named("a")),
		"backupx: Gather: b: it has its own Limit: set it on the whole":                                           backupx.Gather(l.Named("a"), l.Limit(1).Named("b")),
		"backupx: Gather: b: it has its own Parallel: set it on the whole":                                        backupx.Gather(l.Named("a"), l.Parallel(1).Named("b")),
		"backupx: Gather: b: it has its own StartAt: a token belongs to one chain":                                backupx.Gather(l.Named("a"), l.StartAt("t").Named("b")),
		"backupx: Gather: b: the zero Listing lists nothing: make one with BackupJobs, List or their like":        backupx.Gather(l.Named("a"), backupx.Listing[string]{}.Named("b")),
		"backupx: Gather: b: Where: the function is nil":                                                          backupx.Gather(l.Named("a"), l.Where(nil).Named("b")),
		"backupx: Gather: b: " + `no backup client was given`:                                                     backupx.Gather(l.Named("a"), backupx.Map(backupx.Client{}.BackupJobs(backupx.BackupJobFilter{}), idOf).Named("b")),
		"backupx: Gather: Limit: 0: it must be at least 1":                                                        backupx.Gather(l.Named("a")).Limit(0),
		"backupx: Gather: StartAt: a token belongs to one chain, and this listing has several":                    backupx.Gather(l.Named("a"), l.Named("b")).StartAt("t"),
		"backupx: Gather: Every: Gather has no filter on creation times":                                          backupx.Gather(l.Named("a"), l.Named("b")).Every(time.Hour),
		"backupx: AcrossSources: the function is nil":                                                             backupx.AcrossSources[string](backupx.Fleet{{Name: "a"}}, nil),
		"backupx: AcrossSources: a source has no name":                                                            backupx.AcrossSources(backupx.Fleet{{}}, func(backupx.Source) backupx.Listing[string] { return l }),
		`backupx: AcrossSources: two sources are named "a"`:                                                       backupx.AcrossSources(backupx.Fleet{{Name: "a"}, {Name: "a"}}, func(backupx.Source) backupx.Listing[string] { return l }),
		"backupx: AcrossSources: a: Parallel: -2: it must not be below zero":                                      backupx.AcrossSources(backupx.Fleet{{Name: "a", Parallel: -2}}, func(backupx.Source) backupx.Listing[string] { return l }),
		"backupx: AcrossSources: b: the zero Listing lists nothing: make one with BackupJobs, List or their like": backupx.AcrossSources(backupx.Fleet{{Name: "b"}}, func(backupx.Source) backupx.Listing[string] { return backupx.Listing[string]{} }),
	} {
		require.EqualError(t, errOf(t, l), text)
	}
	require.EqualError(t, errOf(t, backupx.Gather(backupx.Part[string]{})), "backupx: Gather: a part has no name")
	require.Zero(t, s.count())
	requireCount(t, 0, backupx.Gather[string]().Parallel(2))
}

// accounts is a fleet of two accounts in two regions each, with the ids of their jobs after the name of the source. The
// last source denies access.
func accounts() backupx.Fleet {
	var fleet backupx.Fleet
	for _, account := range []string{"111122223333", "444455556666"} {
		for _, region := range []string{"eu-west-1", "us-east-1"} {
			name := account[:4] + "-" + region
			jobs := lo.Map(spread(5, month, day), func(j types.BackupJob, _ int) types.BackupJob {
				j.BackupJobId = aws.String(name + "/" + *j.BackupJobId)
				return j
			})
			s := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithRegion(region))
			if len(fleet) == 3 {
				s.Fault(fakeaws.Fault{Do: fakeaws.AccessDenied()})
			}
			fleet = append(fleet, backupx.Source{Name: name, Account: account, Region: region, Config: s.Config()})
		}
	}
	return fleet
}

func TestItemsAndErrorsOfAFleetHaveAccountAndRegion(t *testing.T) {
	fleet := accounts()
	want := lo.FlatMap(fleet[:3], func(s backupx.Source, _ int) []backupx.Sourced[string] {
		return lo.Map(spread(5, month, day), func(j types.BackupJob, _ int) backupx.Sourced[string] {
			return backupx.Sourced[string]{Source: s.Name, Account: s.Account, Region: s.Region, Item: s.Name + "/" + *j.BackupJobId}
		})
	})
	ids := func(c backupx.Client) backupx.Listing[string] {
		return backupx.Map(c.BackupJobs(backupx.BackupJobFilter{}).PageSize(2), idOf)
	}
	across := backupx.Across(fleet, ids)
	requireDenied := func(failed backupx.SourceErrors) {
		t.Helper()
		require.Len(t, failed, 1)
		require.Equal(t, backupx.SourceError{
			Source: "4444-us-east-1", Account: "444455556666", Region: "us-east-1", Kind: backupx.KindDenied, Err: failed[0].Err,
		}, *failed[0])
		require.Contains(t, failed.Error(), "1 source failed: 4444-us-east-1: denied: ListBackupJobs: page 1: ")
	}
	for name, l := range map[string]backupx.Listing[backupx.Sourced[string]]{
		"one": across, "parallel": across.Parallel(5), "ordered": across.Parallel(5).Ordered(), "ahead": across.Prefetch(2),
		"of sources": backupx.AcrossSources(fleet, func(s backupx.Source) backupx.Listing[string] { return ids(s.Client) }),
	} {
		for n := range len(want) + 1 {
			cursor := l.Cursor()
			first := take(t, cursor.All(t.Context()), n)
			resumed, err := l.Resume(throughText(t, cursor.Checkpoint()))
			require.NoError(t, err)
			rest, err := drain(resumed.All(t.Context()))
			require.ElementsMatch(t, want, append(first, rest...), name)
			var failed backupx.SourceErrors
			require.ErrorAs(t, err, &failed)
			requireDenied(failed)
			requireDenied(resumed.Failed())
		}
	}
}

// In a fleet of fleets an error has what the inner source says, and what it does not say from the outer one.
func TestErrorsInFleetsOfFleetsHaveAccountAndRegion(t *testing.T) {
	failed := func(outer, inner backupx.Source) backupx.SourceError {
		inner.Name, outer.Name = "in", "out"
		l := backupx.AcrossSources(backupx.Fleet{outer}, func(backupx.Source) backupx.Listing[backupx.Sourced[string]] {
			return backupx.AcrossSources(backupx.Fleet{inner}, func(backupx.Source) backupx.Listing[string] {
				return backupx.Of(numbers("bad", 3), errBoom)
			})
		})
		cursor := l.Parallel(2).Cursor()
		items, err := drain(cursor.All(t.Context()))
		require.Error(t, err)
		require.Len(t, items, 3)
		require.Equal(t, outer.Account, items[0].Account)
		require.Equal(t, inner.Account, items[0].Item.Account)
		require.Len(t, cursor.Failed(), 1)
		e := *cursor.Failed()[0]
		require.ErrorIs(t, e.Err, errBoom)
		e.Err = nil
		return e
	}
	type s = backupx.Source
	with := func(account, region string) backupx.SourceError {
		return backupx.SourceError{Source: "out/in", Account: account, Region: region, Kind: backupx.KindOther}
	}
	require.Equal(t, with("1", "r1"), failed(s{Account: "1", Region: "r1"}, s{}))
	require.Equal(t, with("2", "r2"), failed(s{Account: "1", Region: "r1"}, s{Account: "2", Region: "r2"}))
	require.Equal(t, with("1", "r2"), failed(s{Account: "1"}, s{Region: "r2"}))

	client := clientOf(fakeaws.New(onePerService(), fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.AccessDenied()})))
	_, err := backupx.Across(backupx.Fleet{{Name: "prod", Account: "1", Region: "r", Client: client}}, func(c backupx.Client) backupx.Listing[backupx.Record] {
		return c.Inventory()
	}).Collect(t.Context())
	var sources backupx.SourceErrors
	require.ErrorAs(t, err, &sources)
	require.Equal(t, []string{"prod/hsm 1 r", "prod/backup-jobs 1 r", "prod/copy-jobs 1 r"}, lo.Map(sources, func(e *backupx.SourceError, _ int) string {
		return fmt.Sprint(e.Source, " ", e.Account, " ", e.Region)
	}))
}

func TestASourceIsListedWithItsClientOrItsConfig(t *testing.T) {
	serving := func(id string) *fakeaws.Service {
		return fakeaws.New(fakeaws.Data{BackupJobs: []types.BackupJob{{BackupJobId: aws.String(id), CreationDate: aws.Time(day)}}})
	}
	a, b := serving("of-a"), serving("of-b")
	clock := 0
	now := func() time.Time { clock++; return day }
	var given []backupx.Source
	list := func(fleet backupx.Fleet) []string {
		t.Helper()
		given = nil
		l := backupx.AcrossSources(fleet, func(s backupx.Source) backupx.Listing[string] {
			given = append(given, s)
			return backupx.Map(s.Client.BackupJobs(backupx.BackupJobFilter{}), idOf)
		})
		same := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[string] {
			return backupx.Map(c.BackupJobs(backupx.BackupJobFilter{}), idOf)
		})
		ids, err := backupx.Map(l.Every(24*time.Hour), sourcedText).Collect(t.Context())
		require.NoError(t, err)
		again, err := backupx.Map(same, sourcedText).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, ids, again)
		return ids
	}
	require.Equal(t, []string{"x: of-a"}, list(backupx.Fleet{{Name: "x", Config: a.Config()}}))
	require.NotNil(t, given[0].Client.HSM)
	require.NotNil(t, given[0].Client.OpsWorks)
	require.Equal(t, []string{"x: of-b"}, list(backupx.Fleet{{Name: "x", Client: clientOf(b), Config: a.Config()}}), "Client lists")
	require.Equal(t, a.Config().BaseEndpoint, given[0].Config.BaseEndpoint, "Config is for other services")
	for _, c := range []backupx.Client{{HSM: clientOf(b).HSM}, {OpsWorks: clientOf(b).OpsWorks}, {Backup: clientOf(b).Backup}} {
		backupx.AcrossSources(backupx.Fleet{{Name: "x", Client: c, Config: a.Config()}}, func(s backupx.Source) backupx.Listing[string] {
			require.Equal(t, c, s.Client, "a client that has a service is left as it is")
			return backupx.Of[string](nil, nil)
		})
	}
	require.Equal(t, []string{"x: of-a"}, list(backupx.Fleet{{Name: "x", Client: backupx.Client{HSM: (*nobody)(nil)}, Config: a.Config()}}))
	require.Zero(t, clock)
	require.Equal(t, []string{"x: of-a"}, list(backupx.Fleet{{Name: "x", Client: backupx.Client{Now: now}, Config: a.Config()}}))
	require.NotZero(t, clock, "the clock of a Client without clients plans the windows")

	requests := a.RequestCount()
	l := backupx.Across(backupx.Fleet{{Name: "x", Config: a.Config()}, {Name: "none"}}, listJobs)
	require.EqualError(t, errOf(t, l), "backupx: Across: none: no backup client was given")
	require.Equal(t, requests, a.RequestCount(), "nothing is sent to the other source either")
}

// Services that backupx does not name are listed over a fleet from the configurations of its sources.
func TestOtherOperationsOverAFleet(t *testing.T) {
	l := backupx.AcrossSources(accounts(), func(s backupx.Source) backupx.Listing[string] {
		api := backup.NewFromConfig(s.Config)
		return backupx.Map(jobsByOperation(api, backup.ListBackupJobsInput{}), idOf).Scope(s.Account + "/" + s.Region)
	}).Parallel(4)
	items, err := l.Collect(t.Context())
	require.Len(t, items, 15)
	require.Equal(t, map[string]backupx.Kind{"4444-us-east-1": backupx.KindDenied}, kindsOf(t, err))
	var list *backupx.ListError
	require.ErrorAs(t, err, &list)
	require.Equal(t, "AcrossSources", list.Operation)
}

func TestACheckpointOfAcrossResumesAcrossSources(t *testing.T) {
	fleet := accounts()[:3]
	across := backupx.Map(backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] { return listJobs(c).PageSize(2) }), sourcedJob)
	sources := backupx.Map(backupx.AcrossSources(fleet, func(s backupx.Source) backupx.Listing[types.BackupJob] { return listJobs(s.Client).PageSize(2) }), sourcedJob)
	whole, err := across.Collect(t.Context())
	require.NoError(t, err)
	for n := range len(whole) + 1 {
		cp := cpAfter(t, across, n)
		require.Equal(t, whole[n:], resumeFrom(t, sources, cp))
		require.Equal(t, whole[n:], resumeFrom(t, across, cpAfter(t, sources, n)))
	}
	require.Contains(t, refused(t, gathered(nil), cpAfter(t, sources, 3)), "it is of the operation Across, not Gather")
}

func sourcedJob(v backupx.Sourced[types.BackupJob]) string { return *v.Item.BackupJobId }

// The parts may be fleets: the names in errors are joined, and checkpoints resume the sources of each.
func TestAGatherOfFleets(t *testing.T) {
	fleet := accounts()
	ids := func(f backupx.BackupJobFilter) backupx.Listing[backupx.Sourced[string]] {
		return backupx.Across(fleet, func(c backupx.Client) backupx.Listing[string] { return backupx.Map(c.BackupJobs(f), idOf).PageSize(2) })
	}
	l := backupx.Gather(ids(backupx.BackupJobFilter{}).Named("all"), ids(backupx.BackupJobFilter{}.States("COMPLETED")).Named("done")).Parallel(3)
	text := func(v backupx.Sourced[backupx.Sourced[string]]) string {
		return v.Source + " " + v.Item.Account + " " + v.Item.Item
	}
	whole, err := backupx.Map(l, text).Collect(t.Context())
	require.Len(t, lo.Uniq(whole), 30)
	require.Equal(t, map[string]backupx.Kind{"all/4444-us-east-1": backupx.KindDenied, "done/4444-us-east-1": backupx.KindDenied}, kindsOf(t, err))
	for n := range len(whole) {
		cursor := backupx.Map(l, text).Cursor()
		first := take(t, cursor.All(t.Context()), n)
		resumed, err := backupx.Map(l, text).Resume(throughText(t, cursor.Checkpoint()))
		require.NoError(t, err)
		rest, _ := drain(resumed.All(t.Context()))
		require.ElementsMatch(t, whole, append(first, rest...))
	}
}

// A Gather is a listing like any other: limits, first items, pages, and as a part of others.
func TestAGatherIsAListing(t *testing.T) {
	shelves := map[string]*shelf{"a": newShelf("a", 3, 2), "b": newShelf("b", 3, 2)}
	l := gathered(shelves, "a", "b")
	whole := append(of("a", shelves["a"].items), of("b", shelves["b"].items)...)
	items, err := l.Limit(4).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, whole[:4], items)
	first, ok, err := l.First(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, whole[0], first)
	pages, err := drain(l.Pages(t.Context()))
	require.NoError(t, err)
	require.Equal(t, [][]string{whole[:2], whole[2:3], whole[3:5], whole[5:]}, lo.Map(pages, func(p backupx.Page[string], _ int) []string { return p.Items }))
	items, err = backupx.Concat(l, l).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, append(slices.Clone(whole), whole...), items)
	var told []string
	requireCount(t, 6, l.OnPage(func(p backupx.PageInfo) { told = append(told, fmt.Sprint(p.Source, p.Number)) }))
	require.Equal(t, []string{"a1", "a2", "b1", "b2"}, told)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Collect(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorAs(t, err, new(backupx.SourceErrors))
}
