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
	next    int         // the part to poll first, so that none is left waiting
}

// inARow makes a sequence whose parts may be read side by side.
func inARow[T any](f frame, parts []stream[T]) stream[T] {
	return &sequence[T]{pool: f.pool, scope: f.scope, parts: parts}
}

// oneByOne makes a sequence whose parts may not.
func oneByOne[T any](f frame, parts []stream[T]) stream[T] {
	return &sequence[T]{pool: f.pool, scope: f.scope, parts: parts, inTurn: true}
}

func (s *sequence[T]) poll(ctx context.Context) (segment[T], outcome, error) {
	s.start()
	if s.pool != nil && !s.pool.ordered && !s.inTurn {
		return s.pollAny(ctx)
	}
	for len(s.parts) > 0 {
		seg, out, err := s.parts[0].poll(ctx)
		if out == got && err == nil && s.parts[0].spent() && len(s.parts) > 1 {
			s.parts[1].start() // nothing of the part at hand is left to read ahead
		}
		if out != ended || err != nil {
			return seg, out, err
		}
		s.drop(0)
		s.start()
	}
	return segment[T]{}, ended, nil
}

// pollAny takes the next page of whichever part has one. A part that fails ends the requests of the
// others; what they have read is still delivered before its error.
func (s *sequence[T]) pollAny(ctx context.Context) (segment[T], outcome, error) {
	for tried := 0; tried < s.started; {
		i := s.next % s.started
		seg, out, err := s.parts[i].poll(ctx)
		switch {
		case err != nil:
			s.scope.fail(err)
			s.drop(i)
		case out == ended:
			s.drop(i)
			s.start()
			tried = 0
		case out == got:
			s.next = i + 1
			return seg, got, nil
		default:
			tried++
			s.next = i + 1
		}
	}
	switch {
	case s.started > 0:
		return segment[T]{}, pending, nil
	case s.scope.err != nil:
		return segment[T]{}, ended, s.scope.err
	case len(s.parts) > 0:
		return segment[T]{}, pending, nil
	default:
		return segment[T]{}, ended, nil
	}
}

func (s *sequence[T]) drop(i int) {
	s.parts = slices.Delete(s.parts, i, i+1)
	s.started = max(0, s.started-1)
}

// start begins to read as many parts as the range allows.
func (s *sequence[T]) start() {
	if s.pool == nil {
		return
	}
	for s.started < len(s.parts) && s.mayStart() {
		s.parts[s.started].start()
		s.started++
	}
}

func (s *sequence[T]) mayStart() bool {
	switch {
	case s.scope.err != nil:
		return false
	case s.inTurn || s.pool.wide == 1:
		return s.started == 0
	case s.pool.ordered:
		return s.started == 0 || s.started < orderedWindow*s.pool.wide && int(s.pool.reading.Load()) < s.pool.wide
	default:
		return s.pool.active < s.pool.wide
	}
}

func (s *sequence[T]) spent() bool {
	return len(s.parts) == 0 || len(s.parts) == 1 && s.parts[0].spent()
}
