package backupx_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// fleetOf is a fleet whose sources list what they are given.
func fleetOf(parts map[string]backupx.Listing[string], parallel map[string]int) backupx.Listing[string] {
	names := lo.Keys(parts)
	slices.Sort(names)
	fleet := lo.Map(names, func(name string, _ int) backupx.Source {
		return backupx.Source{Name: name, Client: backupx.Client{Backup: carrying{listing: parts[name]}}, Parallel: parallel[name]}
	})
	return backupx.Map(backupx.Across(fleet, func(c backupx.Client) backupx.Listing[string] {
		return c.Backup.(carrying).listing
	}), func(v backupx.Sourced[string]) string { return v.Item })
}

func TestAFailureWithinASourceLeavesNoRequestCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Second)
		broken := newShelf("broken", 4, 2)
		broken.fails = 2
		within := func(name string) backupx.Listing[string] {
			return fleetOf(map[string]backupx.Listing[string]{name: s.list(newShelf(name, 40, 1))}, nil)
		}
		l := fleetOf(map[string]backupx.Listing[string]{
			"a": backupx.Merge(strings.Compare, s.list(broken), within("x"), within("y")),
			"b": s.list(newShelf("b", 4, 2)),
			"c": s.list(newShelf("c", 4, 2)),
		}, nil)
		items, err := drain(l.Parallel(2).All(t.Context()))
		require.ErrorIs(t, err, errBoom)
		require.Subset(t, items, []string{"b-000", "b-003", "c-000", "c-003"})
		var sources backupx.SourceErrors
		require.ErrorAs(t, err, &sources)
		require.Equal(t, []string{"a"}, lo.Map(sources, func(s *backupx.SourceError, _ int) string { return s.Source }))
	})
}

func TestAFailureEndsTheFleetsWithinItQuietly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Second)
		broken := newShelf("broken", 4, 2)
		broken.fails = 2
		within := map[string]backupx.Listing[string]{"x": s.list(newShelf("x", 40, 1)), "y": s.list(newShelf("y", 40, 1))}
		l := fleetOf(map[string]backupx.Listing[string]{"a": backupx.Concat(s.list(broken), fleetOf(within, nil))}, nil)
		_, err := drain(l.Parallel(3).All(t.Context()))
		var sources backupx.SourceErrors
		require.ErrorAs(t, err, &sources)
		require.Equal(t, []string{"a"}, lo.Map(sources, func(s *backupx.SourceError, _ int) string { return s.Source }),
			"x and y did not fail: their requests were ended")
	})
}

func TestABoundOfASourceHoldsForTheFleetsWithinIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Second)
		within := map[string]backupx.Listing[string]{"x": s.list(newShelf("x", 4, 1)), "y": s.list(newShelf("y", 4, 1))}
		requireCount(t, 8, fleetOf(map[string]backupx.Listing[string]{"a": fleetOf(within, nil)}, map[string]int{"a": 1}).Parallel(4))
		require.Equal(t, 1, s.mostUnderWay())
	})
}

func TestWhatFailedBeforeIsNotHiddenByWhatEndsTheRange(t *testing.T) {
	broken, later := newShelf("broken", 4, 2), newShelf("later", 4, 2)
	broken.fails, later.fails = 1, 1
	fleet := fleetOf(map[string]backupx.Listing[string]{"a": broken.list(), "b": newShelf("b", 2, 2).list()}, nil)
	_, err := drain(backupx.Concat(fleet, later.list()).All(t.Context()))
	var sources backupx.SourceErrors
	require.ErrorAs(t, err, &sources)
	require.Equal(t, "a", sources[0].Source)
	require.ErrorContains(t, err, "page 1: boom; 1 source failed: a: other")
}

func TestNamesThatLookAlikeWhenJoinedAreNotTheSameChain(t *testing.T) {
	shelves := 0
	within := func(names ...string) backupx.Listing[backupx.Sourced[string]] {
		fleet := lo.Map(names, func(n string, _ int) backupx.Source { return backupx.Source{Name: n} })
		return backupx.Across(fleet, func(backupx.Client) backupx.Listing[string] {
			shelves++
			return newShelf(string(rune('a'+shelves)), 2, 5).list()
		})
	}
	outer := backupx.Fleet{{Name: "a"}, {Name: "a/b"}}

	items, err := backupx.Across(outer, func(backupx.Client) backupx.Listing[backupx.Sourced[string]] {
		return within("b/c", "c")
	}).Collect(t.Context())

	require.NoError(t, err)
	require.Len(t, items, 8)

	s := fakeaws.New(fakeaws.Data{})
	_, err = clientOf(s).BackupJobs(backupx.BackupJobFilter{}.Vaults("a", "a,resourceTypes=b").ResourceTypes("b,resourceTypes=c", "c")).Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, 4, s.RequestCount())
}
