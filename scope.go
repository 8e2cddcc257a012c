package backupx

import (
	"context"
	"iter"
	"slices"
)

// scope is a part of a range that fails as one: the whole range, or one source of a fleet. Its requests end together,
// with those of the scopes within it. A scope also bounds the requests that are under way to its service, because a
// service counts the requests of each account and region.
type scope struct {
	outer    *scope // nil for the scope of the whole range
	ctx      context.Context
	cancel   context.CancelFunc
	requests int // requests under way at most; 0 for as many as the outer scope permits

	err error // the first failure; only the ranging goroutine uses it

	// The scheduler's mutex guards the fields below. Requests of the scopes within count for tasks, active,
	// underWay and blocked only.
	tasks    []*task
	active   int      // tasks that were started and are not over
	underWay int      // requests
	blocked  []*stage // stages that wait until a task is over
	throttle throttle
}

// newScope returns a scope within another one, nil for none. A number of requests of 0 sets no bound.
func newScope(ctx context.Context, outer *scope, requests int) *scope {
	s := &scope{outer: outer, requests: requests}
	s.ctx, s.cancel = context.WithCancel(ctx)
	return s
}

// outwards ranges over the scope and the scopes around it. The scope of the whole range is the last one.
func (s *scope) outwards() iter.Seq[*scope] {
	return func(yield func(*scope) bool) {
		for ; s != nil && yield(s); s = s.outer {
		}
	}
}

// full returns the innermost scope that bounds its requests and has as many active chains, nil if there is none.
func (s *scope) full() *scope {
	for sc := range s.outwards() {
		if sc.requests > 0 && sc.active >= sc.requests {
			return sc
		}
	}
	return nil
}

// failure returns the error that ended the scope, or a scope around it; nil if there is none.
func (s *scope) failure() error {
	for sc := range s.outwards() {
		if sc.err != nil {
			return sc.err
		}
	}
	return nil
}

// fail ends the requests of the scope. The first error stays: the requests that are ended fail too.
func (s *scope) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.cancel()
}

// throttle is what the refusals of a service have shown: how many requests may be under way to it, and which pages
// are to be requested again. A throttled attempt halves the number, an answer increases it by one.
type throttle struct {
	allowed  int     // requests that may be under way; 0 for no bound
	sole     *task   // the task whose request is the only one under way since it was sent; nil if there is none
	alone    *task   // the task whose request has to be the only one; nil if there is none
	refused  []*task // tasks whose page was refused, in the order in which they are requested again
	halvedAt int     // scheduler.clock when allowed was halved last
	changed  int     // scheduler.clock when allowed changed last
	before   int     // requests under way that were sent before
}

// mostCalls is how often a page is requested if the service refuses it for throttling.
const mostCalls = 3

// permits reports whether the refusals of the service permit the request of a task. Refused pages are requested before
// any other page, and for the last time only while nothing else is under way.
func (s *scope) permits(t *task) bool {
	h := &s.throttle
	switch {
	case h.alone != nil, len(h.refused) > 0 && h.refused[0] != t:
		return false
	case t.refused == mostCalls-1:
		return s.underWay == 0
	default:
		return h.allowed == 0 || s.underWay < h.allowed
	}
}

// sent notes that a request was sent.
func (s *scope) sent(t *task) {
	h := &s.throttle
	h.sole = nil
	if s.underWay == 1 {
		h.sole = t
	}
	if len(h.refused) > 0 && h.refused[0] == t {
		h.refused = h.refused[1:]
	}
	if t.refused == mostCalls-1 {
		h.alone = t
	}
}

// answered notes how a request ended, and reports whether it is to be sent again.
func (s *scope) answered(sched *scheduler, t *task, err error) (again bool) {
	h := &s.throttle
	if t.sentAt <= h.changed {
		h.before--
	}
	wasAlone := h.sole == t
	if h.sole == t {
		h.sole = nil
	}
	if h.alone == t {
		h.alone = nil
	}
	switch {
	case err == nil:
		s.grow(sched, t.sentAt)
	case s.ctx.Err() == nil && !t.over && throttled(err):
		if !t.observed && s.halve(sched, t.sentAt) {
			h.before-- // this request
		}
		if t.refused == mostCalls-1 || t.refused == 0 && wasAlone {
			return false
		}
		t.refused++
		h.refused = append(h.refused, t)
		return true
	}
	return false
}

// halve halves the requests that may be under way after a throttled attempt, unless the attempt was sent before they
// were halved last.
func (s *scope) halve(sched *scheduler, sentAt int) bool {
	h := &s.throttle
	if sentAt <= h.halvedAt {
		return false
	}
	if h.allowed == 0 || s.underWay < h.allowed {
		h.allowed = s.underWay
	}
	h.allowed = max(1, h.allowed/2)
	h.halvedAt, h.changed, h.before = sched.clock, sched.clock, s.underWay
	return true
}

// grow increases the requests that may be under way by one, if that many are, once all requests that were sent before the
// number changed last have been answered.
func (s *scope) grow(sched *scheduler, sentAt int) {
	h := &s.throttle
	if h.allowed == 0 || s.underWay < h.allowed || sentAt <= h.changed || h.before > 0 {
		return
	}
	h.allowed++
	h.changed, h.before = sched.clock, s.underWay-1
	if h.allowed >= sched.parallel {
		h.allowed = 0
	}
}

// drop forgets the pages of a task that are to be requested again.
func (h *throttle) drop(t *task) {
	h.refused = slices.DeleteFunc(h.refused, func(o *task) bool { return o == t })
}

// attempts observes the attempts of one request of a task: each attempt that the service throttles is evidence of how
// many requests it permits.
type attempts struct {
	sched  *scheduler
	task   *task
	sentAt int // scheduler.clock at the attempt
}

// began notes that an attempt is sent.
func (a *attempts) began() {
	a.sched.Lock()
	defer a.sched.Unlock()
	a.task.observed = true
	a.sched.clock++
	a.sentAt = a.sched.clock
}

// ended notes that an attempt is over.
func (a *attempts) ended(throttled bool) {
	if !throttled {
		return
	}
	a.sched.Lock()
	defer a.sched.Unlock()
	a.task.scope.halve(a.sched, a.sentAt)
}
