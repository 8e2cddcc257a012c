package backupx_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// slow is a service of shelves, whose requests take their time and are counted.
type slow struct {
	takes time.Duration

	mu             sync.Mutex
	underWay, most int
	began          []time.Time // each request
}

// shelves are listings of so many shelves, each of so many items, in pages of so many.
func (s *slow) shelves(shelves, n, size int) []backupx.Listing[string] {
	return lo.Times(shelves, func(i int) backupx.Listing[string] {
		return s.list(newShelf(string(rune('a'+i)), n, size))
	})
}

// inBubble runs a test under a clock of its own, in which nothing takes time but waiting.
func inBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func newSlow(takes time.Duration) *slow { return &slow{takes: takes} }

// list is the listing of a shelf of the service.
func (s *slow) list(of *shelf) backupx.Listing[string] {
	return backupx.List("ListThings", func(ctx context.Context, token string, size int) (backupx.Page[string], error) {
		s.begin()
		defer s.end()
		if err := pause(ctx, s.takes); err != nil {
			return backupx.Page[string]{}, err
		}
		return of.fetch(ctx, token, size)
	})
}

func (s *slow) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = append(s.began, time.Now())
	s.underWay++
	s.most = max(s.most, s.underWay)
}

func (s *slow) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underWay--
}

// requests is how many were begun.
func (s *slow) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.began)
}

func (s *slow) requestsUnderWay() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.underWay
}

func (s *slow) mostUnderWay() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}
