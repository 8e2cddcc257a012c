package backupx_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

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
