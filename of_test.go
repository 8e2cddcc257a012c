package backupx_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func TestOfDeliversItemsAndThenTheError(t *testing.T) {
	invalid := &types.InvalidParameterValueException{Message: aws.String("no")}
	for _, err := range []error{nil, errBoom, invalid, context.Canceled, backupx.ErrTokenLoop, errThrottled, backupx.ErrTokenExpired} {
		for _, n := range []int{0, 1, 5, 1200} {
			items := numbers("v", n)
			l := backupx.Of(items, err)
			for _, l := range []backupx.Listing[string]{
				l, l.PageSize(1), l.PageSize(2), l.PageSize(math.MaxInt), l.Prefetch(2), l.Parallel(3), l.Parallel(3).Ordered().PageSize(2),
				l.Rate(1e6), l.Scope("s"), backupx.Concat(l), backupx.Merge(strings.Compare, l), l.Where(all), backupx.Map(l, same),
			} {
				got, failure := drain(l.All(t.Context()))
				require.Equal(t, items, got)
				again, twice := drain(l.All(t.Context()))
				require.Equal(t, items, again, "each range starts anew")
				if err == nil {
					require.NoError(t, failure)
					continue
				}
				require.ErrorIs(t, failure, err)
				require.Equal(t, failure.Error(), twice.Error())
				var list *backupx.ListError
				require.ErrorAs(t, failure, &list)
				require.Equal(t, n, list.Delivered)
				require.Equal(t, backupx.KindOf(err), backupx.KindOf(failure))
				if !errors.Is(err, backupx.ErrTokenExpired) {
					require.NotErrorIs(t, failure, backupx.ErrTokenExpired, "no service refused a token")
				}
			}
		}
	}
	requireCount(t, 0, backupx.Of[string](nil, nil))
}

func TestOfIsTheInverseOfCollect(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: spread(9, month, day)}, fakeaws.WithFaults(fakeaws.Fault{Nth: 3, Every: 1, Do: fakeaws.AccessDenied()}))
	l := clientOf(s).BackupJobs(backupx.BackupJobFilter{}).PageSize(2)
	jobs, err := l.Collect(t.Context())
	require.Len(t, jobs, 4)
	got, same := backupx.Of(jobs, err).Collect(t.Context())
	require.Equal(t, jobs, got)
	require.ErrorIs(t, same, err)
	require.Equal(t, backupx.KindDenied, backupx.KindOf(same))
	require.Contains(t, same.Error(), "backupx: Of: page 2: ListBackupJobs: page 3: ")

	fleet := backupx.Fleet{{Name: "a", Client: clientOf(s)}, {Name: "b", Client: clientOf(fakeaws.New(fakeaws.Data{BackupJobs: spread(2, month, day)}))}}
	sourced, err := backupx.Across(fleet, listJobs).Collect(t.Context())
	again, same := backupx.Of(sourced, err).Collect(t.Context())
	require.Equal(t, sourced, again)
	require.Equal(t, kindsOf(t, err), kindsOf(t, same), "the code under test finds the sources that failed")
}

// Values in any other listing are as those of a service: cursors, limits and parts of combinations.
func TestACursorOverValuesStopsAndGoesOnAnywhere(t *testing.T) {
	for _, err := range []error{nil, errBoom, &types.InvalidParameterValueException{}} {
		for size := 1; size < 7; size++ {
			items := numbers("v", 7)
			whole := backupx.Of(items, err).PageSize(size).Where(notThirds)
			if size == 6 {
				whole = backupx.Of(items, err).Where(notThirds) // one page
			}
			kept := lo.Filter(items, func(v string, _ int) bool { return notThirds(v) })
			for n := range len(kept) + 1 {
				cursor := whole.Cursor()
				require.Equal(t, kept[:n], take(t, cursor.All(t.Context()), n))
				cp := throughText(t, cursor.Checkpoint())
				for _, left := range [][]string{kept[n:], {}} { // the error comes again in each range
					rest, failure := drain(cursor.All(t.Context()))
					require.Equal(t, left, rest)
					require.Equal(t, err == nil, failure == nil)
					require.ErrorIs(t, failure, err)
					require.NotErrorIs(t, failure, backupx.ErrTokenExpired)
					require.Equal(t, err == nil, cursor.Checkpoint().Done(), "an error is not the end")
				}
				mended, failure := backupx.Of(append(slices.Clone(items), "v-new"), nil).PageSize(2).Where(notThirds).Resume(cp)
				require.NoError(t, failure)
				rest, failure := drain(mended.All(t.Context()))
				require.NoError(t, failure)
				require.Equal(t, append(slices.Clone(kept[n:]), "v-new"), rest, "the next run, without the error")
			}
		}
	}
}

func TestABatchOfValuesAtATime(t *testing.T) {
	cursor := backupx.Of(numbers("v", 5), errBoom).Limit(2).Cursor()
	var batches [][]string
	for range 2 {
		batch, err := drain(cursor.All(t.Context()))
		require.NoError(t, err, "a limit that is reached ends the range before the error")
		batches = append(batches, batch)
	}
	last, err := drain(cursor.All(t.Context()))
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, [][]string{{"v-000", "v-001"}, {"v-002", "v-003"}, {"v-004"}}, append(batches, last))
}

func TestValuesAreAListing(t *testing.T) {
	items := numbers("v", 5)
	l := backupx.Of(items, errBoom)

	v, ok, err := l.First(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "v-000", v)
	_, ok, err = backupx.Of[string](nil, errBoom).First(t.Context())
	require.ErrorIs(t, err, errBoom)
	require.False(t, ok)
	_, ok, err = backupx.Of[string](nil, nil).First(t.Context())
	require.NoError(t, err)
	require.False(t, ok)

	pagesOf := func(l backupx.Listing[string]) [][]string {
		pages, _ := drain(l.Pages(t.Context()))
		return lo.Map(pages, func(p backupx.Page[string], _ int) []string { return p.Items })
	}
	require.Equal(t, [][]string{items}, pagesOf(l))
	require.Equal(t, [][]string{items[:2], items[2:4], items[4:]}, pagesOf(l.PageSize(2)))
	require.Equal(t, [][]string{items[:2], items[2:3]}, pagesOf(l.PageSize(2).Limit(3)))
	require.Equal(t, [][]string{items}, pagesOf(backupx.Of(items, nil)))
	require.Equal(t, [][]string{nil}, pagesOf(backupx.Of[string](nil, nil)), "as a service answers that has nothing")

	var told []backupx.PageInfo
	requireCount(t, 5, backupx.Of(items, nil).PageSize(3).OnPage(func(p backupx.PageInfo) { p.Duration = 0; told = append(told, p) }))
	require.Equal(t, []backupx.PageInfo{{Operation: "Of", Number: 1, Items: 3, Kept: 3}, {Operation: "Of", Number: 2, Items: 2, Kept: 2}}, told)

	a, b := backupx.Of([]string{"a", "d"}, nil), backupx.Of([]string{"b", "c", "e"}, nil)
	merged, err := backupx.Merge(strings.Compare, a, b).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c", "d", "e"}, merged)
	joined, err := backupx.Concat(a, l, b).Collect(t.Context())
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, append([]string{"a", "d"}, items...), joined)
	for _, n := range []int{1, 3} {
		cursor := fleetOf(map[string]backupx.Listing[string]{"a": a, "bad": l, "c": b}, nil).Parallel(n).Cursor()
		found, err := drain(cursor.All(t.Context()))
		require.ElementsMatch(t, slices.Concat([]string{"a", "d"}, items, []string{"b", "c", "e"}), found)
		require.Equal(t, map[string]backupx.Kind{"bad": backupx.KindOther}, kindsOf(t, err))
		require.False(t, cursor.Checkpoint().Done())
	}
	require.EqualError(t, errOf(t, l.Every(time.Hour)), "backupx: Of: Every: Of has no filter on creation times")
	require.EqualError(t, errOf(t, l.Limit(0)), "backupx: Of: Limit: 0: it must be at least 1")
}

func TestValuesDoNotChangeWithTheSlice(t *testing.T) {
	items := numbers("v", 3)
	l := backupx.Of(items, nil)
	items[1] = "changed"
	pages, err := drain(l.Pages(t.Context()))
	require.NoError(t, err)
	pages[0].Items[2] = "changed"
	got, err := l.Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, numbers("v", 3), got)
}

// A token of values is a place in them; one that is none is refused as a service refuses a dead token.
func TestTokensOfValues(t *testing.T) {
	l := backupx.Of(numbers("v", 5), nil).PageSize(2)
	pages, err := drain(l.Pages(t.Context()))
	require.NoError(t, err)
	rest, err := l.StartAt(pages[0].Next).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, numbers("v", 5)[2:], rest)
	for _, token := range []string{"2", "x", "backupx.Of:", "backupx.Of:0", "backupx.Of:-1", "backupx.Of:6", "backupx.Of:99999999999999999999", "AAAA"} {
		err := errOf(t, l.StartAt(token))
		require.ErrorIs(t, err, backupx.ErrTokenExpired, token)
		require.EqualError(t, err, "backupx: Of: page 1: the service refused the page token, which may have expired: the listing has 5 items")
	}
	_, err = backupx.Of(make([]int, 1200), errors.New("quota of 1200 jobs")).Collect(t.Context())
	require.EqualError(t, err, "backupx: Of: page 2: quota of 1200 jobs", "a token is no word of other texts")

	cursor := l.Cursor()
	take(t, cursor.All(t.Context()), 3)
	require.Contains(t, refused(t, newShelf("v", 5, 2).list(), cursor.Checkpoint()), "it is of the operation Of, not ListThings")
	shorter, err := backupx.Of(numbers("v", 1), nil).Resume(cursor.Checkpoint())
	require.NoError(t, err)
	_, err = drain(shorter.All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrTokenExpired)
}
