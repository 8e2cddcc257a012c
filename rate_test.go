package backupx_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

func TestRateSpacesRequestsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		listing := backupx.List("ListThings", func(_ context.Context, token string, _ int) (backupx.Page[int], error) {
			at = append(at, time.Since(began))
			time.Sleep(time.Duration(len(at)%3) * 50 * time.Millisecond) // the duration of a request is not added to the pause
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

func TestRateUnderParallelSpacesTheRequestsOfAllChains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Second)
		parts := lo.Times(4, func(i int) backupx.Listing[string] { return s.list(newShelf(strconv.Itoa(i), 10, 1)) })
		requireCount(t, 40, backupx.Concat(parts...).Parallel(4).Rate(2))
		require.Len(t, s.began, 40)
		for i, at := range s.began[1:] {
			require.GreaterOrEqual(t, at.Sub(s.began[i]), 500*time.Millisecond)
		}
		require.Equal(t, 10*time.Second, s.began[20].Sub(s.began[0]), "as long as there are chains to read, no turn is lost")
	})
}

func TestARateOfEachSourceWithinOneOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(50 * time.Millisecond)
		fleet := lo.SliceToMap([]string{"a", "b", "c"}, func(name string) (string, backupx.Listing[string]) {
			return name, s.list(newShelf(name, 15, 1)).Rate(10)
		})
		began := time.Now()
		requireCount(t, 45, fleetOf(fleet, nil).Parallel(3).Rate(25))
		took := time.Since(began)
		require.InDelta(t, 44.0/25, took.Seconds(), 0.15, "the rate of all is used up, none waits for a turn that it lost")
	})
}

func TestASourceThatWaitsForItsRateLeavesItsPlaceToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Second)
		began := time.Now()
		var others time.Duration
		l := fleetOf(map[string]backupx.Listing[string]{
			"limited": s.list(newShelf("limited", 5, 1)).Rate(0.1),
			"other":   s.list(newShelf("other", 20, 1)).OnPage(func(backupx.PageInfo) { others = time.Since(began) }),
		}, nil).Parallel(2)
		requireCount(t, 25, l)
		require.Equal(t, 20*time.Second, others)
		require.Equal(t, 41*time.Second, time.Since(began))
	})
}
