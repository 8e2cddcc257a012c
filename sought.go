package backupx

import (
	"github.com/backupx-go/backupx/internal/schedule"
)

// sought are the items of a listing whose filter names their ids, which no request can carry. The listing ends when each
// was delivered: no other item can match. Only the ranging goroutine uses it.
type sought[T any] struct {
	frame  frame
	id     func(*T) string
	left   map[string]bool   // the ids of the items that were not delivered or dropped yet
	stages []*schedule.Stage // of the listing
}

// newSought returns the items that a filter names by ids, without those that were delivered before the range. If none is
// left, the chains that the state has are done.
func newSought[T any](f frame, ids []string, id func(*T) string) *sought[T] {
	s := &sought[T]{frame: f, id: id, left: make(map[string]bool, len(ids))}
	delivered := f.memory()
	delivered.forGood = true // the range that resumes a checkpoint needs them all
	for _, id := range ids {
		if !delivered.has(hash(id)) {
			s.left[id] = true
		}
	}
	if len(s.left) == 0 {
		f.finish()
	}
	return s
}

// readIn adds a stage that chains of the listing are read in.
func (s *sought[T]) readIn(stage *schedule.Stage) {
	s.stages = append(s.stages, stage)
}

// noting returns the check of items that notes which were found. An item that passes it is delivered, or dropped by a
// function of the caller.
func (s *sought[T]) noting(keeps func(*T) bool) func(*T) bool {
	return func(item *T) bool {
		keep := keeps(item)
		if keep {
			delete(s.left, s.id(item))
		}
		return keep
	}
}

// end returns the stream of the listing. It ends once nothing is left to find.
func (s *sought[T]) end(in stream[T]) stream[T] {
	return &untilFound[T]{in, s}
}

// untilFound is a stream that ends when all that is sought was found.
type untilFound[T any] struct {
	stream[T]
	sought *sought[T]
}

// next is called when the last segment was used up: what was found was delivered.
func (u *untilFound[T]) next(need bool) (segment[T], schedule.Outcome, error) {
	if len(u.sought.left) > 0 {
		return u.stream.next(need)
	}
	u.sought.frame.finish()
	u.sought.frame.drop(u.sought.stages)
	return segment[T]{}, schedule.Ended, nil
}
