package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func TestConcatReadsOneListingAfterAnother(t *testing.T) {
	a, none, b := newShelf("a", 5, 2), newShelf("none", 0, 2), newShelf("b", 3, 2)
	both := backupx.Concat(a.list(), none.list(), b.list())

	items, err := drain(both.All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, slices.Concat(a.items, b.items), items)
	require.Equal(t, []int{3, 1, 2}, []int{a.count(), none.count(), b.count()})
}

func TestConcatAsksASecondListingOnlyWhenTheFirstIsUsedUp(t *testing.T) {
	a, b := newShelf("a", 4, 2), newShelf("b", 4, 2)
	take(t, backupx.Concat(a.list(), b.list()).All(t.Context()), 4)
	require.Equal(t, 2, a.count())
	require.Zero(t, b.count())
}

func TestConcatAndMergeOfNothingAreEmpty(t *testing.T) {
	for _, l := range []backupx.Listing[string]{backupx.Concat[string](), backupx.Merge(strings.Compare)} {
		cursor := l.Cursor()
		items, err := drain(cursor.All(t.Context()))
		require.NoError(t, err)
		require.Empty(t, items)
		require.True(t, cursor.Checkpoint().Done())
	}
}

func TestMergeIsInOrderAndStable(t *testing.T) {
	byLetter := func(a, b string) int { return strings.Compare(a[:1], b[:1]) }
	listOf := func(items ...string) backupx.Listing[string] {
		return (&shelf{items: items, size: 2}).list()
	}
	merged := backupx.Merge(byLetter,
		listOf("a1", "b1", "b2", "d1", "d2"), listOf(), listOf("a3", "b3", "c3"), listOf("d4"))

	items, err := drain(merged.All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, []string{"a1", "a3", "b1", "b2", "b3", "c3", "d1", "d2", "d4"}, items)
}

func TestMergeHoldsOnePageOfEachListing(t *testing.T) {
	a, b := newShelf("a", 9, 3), newShelf("b", 9, 3)
	take(t, backupx.Merge(strings.Compare, a.list(), b.list()).All(t.Context()), 3)
	require.Equal(t, []int{1, 1}, []int{a.count(), b.count()}, "a page is read once the one before is used up")
}

func TestMergeHonoursWhereOnItsPartsAndOnItself(t *testing.T) {
	even := func(s string) bool { return (s[len(s)-1]-'0')%2 == 0 }
	late := func(s string) bool { return s[len(s)-1] > '2' }
	a, b := newShelf("x", 9, 2), newShelf("x", 9, 3)
	merged := backupx.Merge(strings.Compare, a.list().Where(even), b.list()).Where(late)

	items, err := drain(merged.All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, []string{"x-003", "x-004", "x-004", "x-005", "x-006", "x-006", "x-007", "x-008", "x-008"}, items)
}

func TestAFailedMergeDeliversWhatSortsBeforeTheFailureAndCheckpointsTheRest(t *testing.T) {
	a, b := newShelf("a", 3, 1), newShelf("b", 3, 1)
	a.fails = 3
	merged := backupx.Merge(strings.Compare, a.list(), b.list())

	items, err := drain(merged.All(t.Context()))
	var list *backupx.ListError
	require.ErrorAs(t, err, &list)
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, []string{"a-000", "a-001"}, items, "b comes behind the gap in a")

	cursor, err := merged.Resume(throughText(t, list.Checkpoint))
	require.NoError(t, err)
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, []string{"a-002", "b-000", "b-001", "b-002"}, rest)
}

func TestPartsKeepTheirSettingsUnderThoseOfTheWhole(t *testing.T) {
	sizes := func(l func(a, b *shelf) backupx.Listing[string]) []int {
		a, b := newShelf("a", 4, 100), newShelf("b", 4, 100)
		_, err := drain(l(a, b).All(t.Context()))
		require.NoError(t, err)
		return lo.Map(slices.Concat(a.requests, b.requests), func(r request, _ int) int { return r.Size })
	}
	require.Equal(t, []int{4, 2, 2}, sizes(func(a, b *shelf) backupx.Listing[string] {
		return backupx.Concat(a.list().PageSize(4), b.list().PageSize(2))
	}))
	require.Equal(t, []int{3, 3, 3, 3}, sizes(func(a, b *shelf) backupx.Listing[string] {
		return backupx.Concat(a.list().PageSize(4), b.list().PageSize(2)).PageSize(3)
	}))
	require.Equal(t, []int{4, 0}, sizes(func(a, b *shelf) backupx.Listing[string] {
		return backupx.Concat(a.list().StartAt(shelfToken+"1").PageSize(4), b.list())
	}), "a part may have a start of its own")
}

func TestAStartOverOneChainReachesIt(t *testing.T) {
	for name, wrap := range map[string]func(backupx.Listing[string]) backupx.Listing[string]{
		"Where":           func(l backupx.Listing[string]) backupx.Listing[string] { return l.Where(all) },
		"Map":             func(l backupx.Listing[string]) backupx.Listing[string] { return backupx.Map(l, same) },
		"Concat":          func(l backupx.Listing[string]) backupx.Listing[string] { return backupx.Concat(l) },
		"Merge":           func(l backupx.Listing[string]) backupx.Listing[string] { return backupx.Merge(strings.Compare, l) },
		"Concat, two off": func(l backupx.Listing[string]) backupx.Listing[string] { return backupx.Concat(backupx.Concat(l)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf("a", 5, 2)
			items, err := drain(wrap(s.list()).StartAt(shelfToken + "3").All(t.Context()))
			require.NoError(t, err)
			require.Equal(t, s.items[3:], items, "StartAt was passed over")
		})
	}
}

func TestConcatMergeAndMapRejectWhatTheirPartsCannotHonour(t *testing.T) {
	for name, c := range map[string]struct {
		listing func(l backupx.Listing[string]) backupx.Listing[string]
		text    string
	}{
		"a limit within Concat": {
			func(l backupx.Listing[string]) backupx.Listing[string] { return backupx.Concat(l, l.Limit(1)) },
			"listing 2: it has its own Limit: set it on the whole",
		},
		"a limit within Merge, mapped": {
			func(l backupx.Listing[string]) backupx.Listing[string] {
				return backupx.Merge(strings.Compare, backupx.Map(l.Limit(1), same), l)
			},
			"listing 1: it has its own Limit: set it on the whole",
		},
		"a start over several chains": {
			func(l backupx.Listing[string]) backupx.Listing[string] { return backupx.Concat(l, l).StartAt("t") },
			"StartAt: a token belongs to one chain, and this listing has several",
		},
		"a zero listing": {
			func(l backupx.Listing[string]) backupx.Listing[string] {
				return backupx.Concat(l, backupx.Listing[string]{})
			},
			"listing 2: the zero Listing lists nothing",
		},
		"a part at fault": {
			func(l backupx.Listing[string]) backupx.Listing[string] { return backupx.Concat(l, l.PageSize(0)) },
			"listing 2: PageSize: 0: it must be at least 1",
		},
		"no comparison": {
			func(l backupx.Listing[string]) backupx.Listing[string] { return backupx.Merge(nil, l) },
			"Merge: the function is nil",
		},
		"no mapping": {
			func(l backupx.Listing[string]) backupx.Listing[string] { return backupx.Map[string, string](l, nil) },
			"Map: the function is nil",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf("a", 3, 1)
			items, err := drain(c.listing(s.list()).All(t.Context()))
			require.ErrorContains(t, err, c.text)
			require.Empty(t, items)
			require.Zero(t, s.count(), "nothing is sent")
			var list *backupx.ListError
			require.ErrorAs(t, err, &list)
			require.Zero(t, list.Page)
		})
	}
}

func TestPagesOfAMergeAreAnError(t *testing.T) {
	a, b := newShelf("a", 3, 1), newShelf("b", 3, 1)
	for name, l := range map[string]backupx.Listing[string]{
		"merge":           backupx.Merge(strings.Compare, a.list(), b.list()),
		"within a concat": backupx.Concat(a.list(), backupx.Merge(strings.Compare, a.list(), b.list())),
		"filtered":        backupx.Merge(strings.Compare, a.list(), b.list()).Where(all),
	} {
		t.Run(name, func(t *testing.T) {
			pages, err := drain(l.Pages(t.Context()))
			require.ErrorContains(t, err, "Pages: items of several chains are merged one by one")
			require.Empty(t, pages)
			require.Zero(t, a.count()+b.count(), "nothing is sent")
		})
	}
}

func TestListingsMadeOfSeveralStatesLoseNothing(t *testing.T) {
	client := clientOf(fakeaws.New(fakeaws.Data{HSM: runs()}))
	both := client.HSMBackups(backupx.HSMFilter{}.OldestFirst().
		States(hsmtypes.BackupStateReady, hsmtypes.BackupStatePendingDeletion)).PageSize(2)
	want := lo.Map(runs(), func(b hsmtypes.Backup, _ int) string { return hsmID(b) })

	for name, l := range map[string]backupx.Listing[string]{
		"Map":            backupx.Map(both, hsmID),
		"Where":          backupx.Map(both.Where(func(hsmtypes.Backup) bool { return true }), hsmID),
		"Concat":         backupx.Concat(backupx.Map(both, hsmID)),
		"Merge":          backupx.Merge(strings.Compare, backupx.Map(both, hsmID)),
		"Map of a Merge": backupx.Map(backupx.Merge(strings.Compare, backupx.Map(both, hsmID)), same),
	} {
		t.Run(name, func(t *testing.T) {
			items, err := drain(l.All(t.Context()))
			require.NoError(t, err)
			require.Equal(t, want, items)
		})
	}
}

func TestMappedAndFilteredListingsKeepTheTokensOfTheirPages(t *testing.T) {
	s := newShelf("a", 5, 2)
	var next []string
	for p, err := range backupx.Map(s.list().Where(all), same).Where(all).Pages(t.Context()) {
		require.NoError(t, err)
		next = append(next, p.Next)
	}
	require.Equal(t, []string{shelfToken + "2", shelfToken + "4", ""}, next)
}

func TestMapsFunctionSeesEachItemOnceJustBeforeItsDelivery(t *testing.T) {
	var calls []string
	l := backupx.Map(newShelf("a", 5, 3).list(), func(s string) int {
		calls = append(calls, s)
		return len(calls)
	})
	got := take(t, l.All(t.Context()), 4)
	require.Equal(t, []int{1, 2, 3, 4}, got)
	require.Equal(t, numbers("a", 4), calls)
}

func TestValuesLeavesTheErrorToItsVariable(t *testing.T) {
	s := newShelf("a", 5, 2)
	s.fails = 2
	var err error
	items := slices.Collect(backupx.Values(s.list().All(t.Context()), &err))
	require.Equal(t, s.items[:2], items)
	require.ErrorIs(t, err, errBoom)

	items = slices.Collect(backupx.Values(s.list().All(t.Context()), &err))
	require.Equal(t, s.items, items)
	require.NoError(t, err, "the error of an earlier range is gone")

	for range backupx.Values(s.list().All(t.Context()), &err) {
		break
	}
	require.NoError(t, err)
}

func TestAnErrorWithinNamesTheOperationOfThePart(t *testing.T) {
	failing := backupx.List("ListOthers", func(context.Context, string, int) (backupx.Page[string], error) {
		return backupx.Page[string]{}, errors.New("no")
	})
	_, err := backupx.Concat(newShelf("a", 1, 1).list(), failing).Collect(t.Context())
	require.EqualError(t, err, "backupx: ListOthers: page 1: no")
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
