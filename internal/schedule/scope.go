package schedule

import (
	"context"
	"iter"
	"slices"
)

// Scope is a part of a range that fails as one: the whole range, or one source of a fleet. Its requests end together,
// with those of the scopes within it. A scope also bounds the requests that are under way to its service, because a
// service counts the requests of each account and region.
type Scope struct {
	outer    *Scope // nil for the scope of the whole range
	ctx      context.Context
	cancel   context.CancelFunc // nil if the requests of the range are sent one after another
	requests int                // requests under way at most; 0 for as many as the outer scope permits

	err error // the first failure; only the ranging goroutine uses it

	// The scheduler's mutex guards the fields below. All of them but throttle include the tasks and the requests of the
	// scopes within this one.
	tasks    []*Task  // in the order in which they were added; some of them may be over
	ended    int      // how many of these are over
	active   int      // tasks
	underWay int      // requests
	blocked  []*Stage // stages that wait until a task is over
	throttle throttle
}

// NewScope returns the scope of a range. With several requests at a time the requests get a context that the scope
// ends. Without, they get the context of the range itself, as a client that compares contexts expects.
func NewScope(ctx context.Context, several bool) *Scope {
	s := &Scope{ctx: ctx}
	if several {
		s.ctx, s.cancel = context.WithCancel(ctx)
	}
	return s
}

// Within returns a scope within this one. A number of requests of 0 sets no bound.
func (s *Scope) Within(requests int) *Scope {
	in := NewScope(s.ctx, s.cancel != nil)
	in.outer, in.requests = s, requests
	return in
}

// Context returns the context of the requests.
func (s *Scope) Context() context.Context { return s.ctx }

// outwards ranges over the scope and the scopes around it. The scope of the whole range is the last one.
func (s *Scope) outwards() iter.Seq[*Scope] {
	return func(yield func(*Scope) bool) {
		for ; s != nil && yield(s); s = s.outer {
		}
	}
}

// full returns the innermost scope that has as many active chains as its bound of requests, nil if there is none.
func (s *Scope) full() *Scope {
	for sc := range s.outwards() {
		if sc.requests > 0 && sc.active >= sc.requests {
			return sc
		}
	}
	return nil
}

// Failure returns the error that ended the scope, or a scope around it; nil if there is none.
func (s *Scope) Failure() error {
	for sc := range s.outwards() {
		if sc.err != nil {
			return sc.err
		}
	}
	return nil
}

// Fail ends the requests of the scope. The first error stays: the requests that are ended fail too.
func (s *Scope) Fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.Close()
}

// Close ends the requests of the scope.
func (s *Scope) Close() {
	if s.cancel != nil {
		s.cancel()
	}
}

// FailedFromOutside reports whether a scope around this one failed, which ends the requests of this one too.
func (s *Scope) FailedFromOutside() bool { return s.outer != nil && s.outer.Failure() != nil }

// finished notes that a task of the scope, or of one within it, is over. Stages that waited for that may start.
func (s *Scope) finished(sched *Scheduler) {
	for _, st := range s.blocked {
		st.queued = false
		sched.queue(st)
	}
	s.blocked = nil
	if s.ended++; s.ended > len(s.tasks)/2 {
		s.tasks = slices.DeleteFunc(s.tasks, func(t *Task) bool { return t.phase == over })
		s.ended = 0
	}
}

// throttle is what the refusals of a service have shown: how many requests may be under way to it, and which pages
// are to be requested again. A throttled attempt halves the number, an answer increases it by one.
type throttle struct {
	underWay int     // requests, without those of the scopes within: their services are others
	allowed  int     // requests that may be under way; 0 for no bound
	sole     *Task   // the task whose request has been the only one under way since it was sent; nil if there is none
	refused  []*Task // tasks whose page was refused, in the order in which they are requested again
	halvedAt int     // Scheduler.clock when allowed was halved last
	changed  int     // Scheduler.clock when allowed changed last
	before   int     // requests under way that were sent before allowed changed last
}

// mostCalls is how often a page is requested if the service refuses it for throttling.
const mostCalls = 3

// permits reports whether the bounds of the scopes and the refusals of the service permit the request of a task. Refused
// pages are requested before all other pages, and for the last time only while nothing else is under way.
func (s *Scope) permits(t *Task) bool {
	for sc := range s.outwards() {
		if sc.requests > 0 && sc.underWay >= sc.requests {
			return false
		}
	}
	h := &s.throttle
	switch {
	case h.sole != nil && h.sole.lastCall(), len(h.refused) > 0 && h.refused[0] != t:
		return false
	case t.lastCall():
		return h.underWay == 0
	default:
		return h.allowed == 0 || h.underWay < h.allowed
	}
}

// lastCall reports whether the page of the task is not requested again if the service refuses the next request.
func (t *Task) lastCall() bool { return t.refused == mostCalls-1 }

// sent notes that a request is sent.
func (s *Scope) sent(t *Task) {
	for sc := range s.outwards() {
		sc.underWay++
	}
	h := &s.throttle
	h.underWay++
	h.sole = nil
	if h.underWay == 1 {
		h.sole = t
	}
	if len(h.refused) > 0 && h.refused[0] == t {
		h.refused = h.refused[1:]
	}
}

// answered notes how a request ended, and reports whether it is to be sent again.
func (s *Scope) answered(sched *Scheduler, t *Task, a Arrival) (again bool) {
	h := &s.throttle
	wasSole := h.sole == t
	if wasSole {
		h.sole = nil
	}
	switch {
	case a.Err == nil:
		s.grow(sched, t.sentAt)
	case a.Throttled && s.ctx.Err() == nil && t.phase != over:
		s.halve(sched, t.sentAt) // in vain if an attempt of the request has done it
		again = !t.lastCall() && (t.refused > 0 || !wasSole)
	}
	if t.sentAt <= h.changed {
		h.before--
	}
	if again {
		t.refused++
		h.refused = append(h.refused, t)
	}
	h.underWay--
	for sc := range s.outwards() {
		sc.underWay--
	}
	return again
}

// halve halves the number of requests that may be under way after a throttled attempt, unless the attempt was sent
// before the number was halved last.
func (s *Scope) halve(sched *Scheduler, sentAt int) {
	h := &s.throttle
	if sentAt <= h.halvedAt {
		return
	}
	if h.allowed == 0 || h.underWay < h.allowed {
		h.allowed = h.underWay
	}
	h.allowed = max(1, h.allowed/2)
	h.halvedAt, h.changed, h.before = sched.clock, sched.clock, h.underWay
}

// grow increases the number of requests that may be under way by one after an answer, if as many are under way as may
// be, and if all requests that were sent before the number changed last have been answered.
func (s *Scope) grow(sched *Scheduler, sentAt int) {
	h := &s.throttle
	if h.allowed == 0 || h.underWay < h.allowed || sentAt <= h.changed || h.before > 0 {
		return
	}
	h.allowed++
	h.changed, h.before = sched.clock, h.underWay
	if h.allowed >= sched.set.Parallel {
		h.allowed = 0
	}
}

// Attempt notes that an attempt of the request of a task is sent. The function that it returns has to be called when the
// attempt is over. A throttled attempt is evidence of how many requests the service permits.
func (s *Scheduler) Attempt(t *Task) (ended func(throttled bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	sentAt := s.clock
	return func(throttled bool) {
		if throttled {
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Scope.halve(s, sentAt)
		}
	}
}
