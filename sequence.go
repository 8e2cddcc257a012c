package backupx

import (
	"context"
	"slices"
)

// sequence is several streams. Without Parallel it polls one after another; with it those that were
// started side by side, in their order (Ordered) or as their pages come.
type sequence[T any] struct {
	pool    *pool
	scope   *scope
	parts   []stream[T] // that have not ended
	started int         // of these
	inTurn  bool        // a part begins when the one before has ended, whatever the range says
	needed  bool        // a merge waits for it: one part is read, whatever the range allows
	next    int         // the part to poll first, so that none is left waiting

	deepened int // the part that was asked last to read more
}

// inARow makes a sequence whose parts may be read side by side.
func inARow[T any](f frame, parts []stream[T]) stream[T] {
	return &sequence[T]{pool: f.pool, scope: f.scope, parts: parts, needed: f.needed}
}

// oneByOne makes a sequence whose parts may not.
func oneByOne[T any](f frame, parts []stream[T]) stream[T] {
	return &sequence[T]{pool: f.pool, scope: f.scope, parts: parts, needed: f.needed, inTurn: true}
}

func (s *sequence[T]) poll(ctx context.Context) (segment[T], outcome, error) {
	if s.sideBySide() && !s.pool.ordered {
		return s.pollAny(ctx)
	}
	for len(s.parts) > 0 {
		seg, out, err := s.parts[0].poll(ctx)
		if out != ended || err != nil {
			return seg, out, err
		}
		s.drop(0)
	}
	return segment[T]{}, ended, nil
}

// sideBySide reports whether more than one part may be read at once.
func (s *sequence[T]) sideBySide() bool { return s.pool != nil && s.pool.wide > 1 && !s.inTurn }

// pollAny takes the next page of whichever part has one. A part that fails ends the requests of the
// others; what they have read is still delivered before its error.
func (s *sequence[T]) pollAny(ctx context.Context) (segment[T], outcome, error) {
	if s.started == 0 {
		s.grow()
	}
	for tried := 0; tried < s.started; {
		i := s.next % s.started
		seg, out, err := s.parts[i].poll(ctx)
		switch {
		case err != nil:
			s.scope.fail(err)
			s.drop(i)
			tried = 0 // the parts behind it have moved up: each is to be asked
		case out == ended:
			s.drop(i)
			tried = 0
		case out == got:
			s.next = i + 1
			return seg, got, nil
		default:
			tried++
			s.next = i + 1
		}
		if s.started == 0 {
			s.grow()
		}
	}
	switch {
	case s.started > 0 || len(s.parts) > 0 && s.scope.failure() == nil:
		return segment[T]{}, pending, nil
	default:
		return segment[T]{}, ended, s.scope.failure()
	}
}

func (s *sequence[T]) drop(i int) {
	s.parts = slices.Delete(s.parts, i, i+1)
	s.started = max(0, s.started-1)
}

// grow begins to read one more part, or more of one that is being read.
func (s *sequence[T]) grow() bool {
	if s.pool == nil || len(s.parts) == 0 || s.scope.failure() != nil {
		return false
	}
	if !s.sideBySide() {
		return s.parts[0].grow() || len(s.parts) > 1 && s.parts[0].spent() && s.parts[1].grow()
	}
	if !s.mayStart() {
		return false
	}
	if s.started < len(s.parts) {
		s.started++
		s.parts[s.started-1].grow()
		return true
	}
	for range s.started {
		s.deepened++
		if s.parts[s.deepened%s.started].grow() {
			return true
		}
	}
	return false
}

// mayStart reports whether the range may read one more chain.
func (s *sequence[T]) mayStart() bool {
	if s.started == 0 && (s.needed || s.pool.ordered) {
		return true
	}
	if s.pool.ordered && (s.started >= orderedWindow*s.pool.wide || int(s.pool.reading.Load()) >= s.pool.wide) {
		return false
	}
	return s.scope.free() && (s.pool.ordered || s.pool.active < s.pool.wide)
}

func (s *sequence[T]) spent() bool {
	return len(s.parts) == 0 || len(s.parts) == 1 && s.parts[0].spent()
}
