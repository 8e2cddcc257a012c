package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// nestings is the number of random trees of listings. Each has a seed: run a failing one alone with
// -run 'Nested/seed_123$'.
const nestings = 2000

// Listings within listings, to any depth and with any settings, deliver each item once, with no more requests
// under way than allowed, and in the listings' order where that is promised. A tree that deadlocks fails at
// once, because all goroutines of its bubble are blocked.
func TestNestedListingsEndAndLoseNothing(t *testing.T) {
	t.Parallel()
	for seed := range nestings {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &nesting{Rand: rand.New(rand.NewPCG(uint64(seed), 2))}
				n.run(t, n.tree(3))
			})
		})
	}
}

// nesting is a random tree of listings over slow shelves, some of which fail.
type nesting struct {
	*rand.Rand
	shelves  int
	fails    bool // a shelf fails until healed is set
	healed   bool
	underWay atomic.Int32
	most     atomic.Int32
}

func (n *nesting) tree(depth int) backupx.Listing[string] {
	if depth == 0 || n.IntN(5) == 0 {
		return n.leaf()
	}
	parts := lo.Times(n.IntN(5), func(int) backupx.Listing[string] { return n.tree(depth - 1) })
	switch n.IntN(3) {
	case 0:
		return backupx.Concat(parts...)
	case 1:
		return backupx.Merge(strings.Compare, parts...)
	default:
		return n.across(parts)
	}
}

func (n *nesting) across(parts []backupx.Listing[string]) backupx.Listing[string] {
	sources, parallel := map[string]backupx.Listing[string]{}, map[string]int{}
	for i, l := range parts {
		name := strconv.Itoa(i)
		sources[name], parallel[name] = l, n.IntN(3)
	}
	return fleetOf(sources, parallel)
}

func (n *nesting) leaf() backupx.Listing[string] {
	n.shelves++
	s := newShelf(fmt.Sprintf("%03d", n.shelves), n.IntN(10), 1+n.IntN(4))
	takes := time.Duration(n.IntN(4)) * time.Millisecond
	fails := n.IntN(8) == 0
	at := 1 + n.IntN(3)
	n.fails = n.fails || fails
	l := backupx.List("ListThings", func(ctx context.Context, token string, size int) (backupx.Page[string], error) {
		defer n.underWay.Add(-1)
		for now := n.underWay.Add(1); ; {
			if most := n.most.Load(); now <= most || n.most.CompareAndSwap(most, now) {
				break
			}
		}
		if err := pause(ctx, takes); err != nil {
			return backupx.Page[string]{}, err
		}
		if fails && !n.healed && s.count() >= at {
			return backupx.Page[string]{}, errBoom
		}
		return s.fetch(ctx, token, size)
	})
	if n.IntN(3) == 0 {
		l = l.Where(func(v string) bool { return !strings.HasSuffix(v, "2") })
	}
	return l
}

func (n *nesting) settings(l backupx.Listing[string]) (_ backupx.Listing[string], wide int, ordered bool) {
	wide, ordered = 1+n.IntN(4), n.IntN(2) == 0
	l = l.Parallel(wide).Prefetch(n.IntN(3))
	if ordered {
		l = l.Ordered()
	}
	return l, wide, ordered || wide == 1
}

// run reads a tree, resuming after each failure, and compares the items with those of the healed tree read in
// turn.
func (n *nesting) run(t *testing.T, tree backupx.Listing[string]) {
	var items []string
	var at backupx.Checkpoint
	inOrder := true
	for tries := range 3 {
		l, wide, ordered := n.settings(tree)
		n.most.Store(0)
		cursor, err := l.Resume(at)
		require.NoError(t, err)
		got, err := drain(cursor.All(t.Context()))
		require.LessOrEqual(t, int(n.most.Load()), wide)
		items, inOrder = append(items, got...), inOrder && ordered
		at = throughText(t, cursor.Checkpoint())
		if err == nil {
			break
		}
		n.explained(t, err)
		require.Zero(t, tries, "nothing fails any more")
		n.healed, inOrder = true, false
	}
	n.healed = true
	whole, err := tree.Collect(t.Context())
	require.NoError(t, err)
	if !inOrder {
		slices.Sort(whole)
		slices.Sort(items)
	}
	require.Equal(t, append([]string{}, whole...), append([]string{}, items...))
	require.True(t, at.Done())
}

// explained requires that an error comes from a shelf, and not from a request that was cancelled after
// another failure.
func (n *nesting) explained(t *testing.T, err error) {
	t.Helper()
	require.True(t, n.fails)
	require.ErrorIs(t, err, errBoom)
	var sources backupx.SourceErrors
	if errors.As(err, &sources) {
		for _, s := range sources {
			require.ErrorIs(t, s, errBoom)
		}
	}
}
