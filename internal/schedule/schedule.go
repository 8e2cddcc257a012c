// Package schedule decides which request a range over a listing sends next. It knows chains of requests as tasks, and
// pages as values that it keeps until the range takes them. It does not know items, tokens or services.
//
// All decisions are made by one method, schedule. Goroutines that read pages and the ranging goroutine call it under one
// lock, after each event.
package schedule

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Scheduler decides which request a range sends next. No other code does: streams take pages, and tell when the range
// cannot continue without a page. A range that reads nothing ahead has a nil Scheduler, whose methods Begin, Collect,
// Drop, DropStages and Close do nothing.
//
// The method schedule is called after each event: a page arrived, a page was taken, a chain came to its end, the time of
// a [Pacer] has come. It does two things. First it starts chains, in the order of the listing, while fewer chains are
// active than may be read at the same time. Then it sends the next request of each started chain that has room for a
// page, as far as the bounds permit.
type Scheduler struct {
	set  Settings // do not change after the first request
	root *Scope   // of the whole range: it counts all tasks and all requests under way

	requests sync.WaitGroup // the goroutines of requests, and the timer
	wake     chan struct{}  // wakes the ranging goroutine
	news     atomic.Bool    // arrived is not empty

	mu sync.Mutex // guards the fields below, and the fields of tasks, stages and scopes that say so

	open      bool        // the range has begun and not ended
	stages    int         // stages that have a number
	clock     int         // counts the requests and attempts that were sent
	reading   int         // active tasks that have a further page to request
	unstarted int         // tasks that were not started
	taken     int         // items of the pages that were taken
	wanting   []*Task     // tasks that want to send a request, in the order in which they will
	waiting   []*Stage    // stages with tasks that were not started and may be, in the order of the listing
	arrived   []*Task     // tasks whose request ended since the last Collect
	timer     *time.Timer // calls schedule when a pacer permits the next request; nil if there is none
}

// Settings bound what a range reads ahead.
type Settings struct {
	Parallel int  // requests under way, at most
	Depth    int  // pages that a chain may hold
	Ordered  bool // chains are delivered one after another, although several are read at the same time
	Limit    int  // items that the range delivers, at most
}

// orderedChains is how many chains an ordered range holds for each request that may be under way. With several
// chains for each request, most are read to their end while earlier chains are delivered.
const orderedChains = 4

// orderedDepth is how many pages of a chain an ordered range holds, at least.
const orderedDepth = 4

// New returns the scheduler of a range. The scope is that of the whole range.
func New(s Settings, root *Scope) *Scheduler {
	if s.Parallel > 1 && s.Ordered {
		s.Depth = max(s.Depth, orderedDepth)
	}
	return &Scheduler{set: s, root: root, wake: make(chan struct{}, 1)}
}

// Parallel returns how many requests may be under way. A range without a scheduler has one.
func (s *Scheduler) Parallel() int {
	if s == nil {
		return 1
	}
	return s.set.Parallel
}

// InOrder reports whether chains are delivered one after another.
func (s *Scheduler) InOrder() bool { return s.Parallel() == 1 || s.set.Ordered }

// ReadInTurn makes the range read its chains one after another if one page of any chain satisfies its limit. It reports
// whether it did.
func (s *Scheduler) ReadInTurn() bool {
	for _, t := range s.root.tasks {
		if t.Size < s.set.Limit || t.Filters {
			return false
		}
	}
	s.set.Parallel = 1
	return true
}

// Task is a chain of requests as the scheduler sees it.
type Task struct {
	Fetch   func(wanted int) Arrival // requests the next page, in a goroutine of its own
	Notify  func()                   // says, in the ranging goroutine, that a request ended
	Scope   *Scope
	Stage   *Stage
	Pacers  []*Pacer
	Filters bool // items may be dropped, so that the size of a page does not tell how many items are delivered
	Size    int  // items that a request asks for; 0 if the service decides

	// The scheduler's mutex guards the fields below.
	phase    phase
	pages    []Arrival     // pages that were read and not taken
	items    int           // items of these pages
	end      error         // why there is no page after those; nil if that is not known or the chain is over
	spent    bool          // there is no further page to request
	paused   bool          // no page is requested until the ranging goroutine has considered the last one
	listed   bool          // it is in Scheduler.wanting
	underWay bool          // its request is
	needed   int           // items that the range still delivers, if it cannot continue without the next page; 0 if it can
	refused  int           // how often the page was refused for throttling
	sentAt   int           // Scheduler.clock at the request
	left     float64       // pages that seem to be left, for a chain that may be cut
	took     time.Duration // the time that the last request took
}

// phase is where a task is in its life.
type phase uint8

const (
	unstarted phase = iota
	active          // it was started, and its last page was not taken
	parked          // it was cut, and is not counted as active until the cut is verified
	over            // nothing of it is taken any more
)

// Stage is a number of chains that may be read at the same time, in their order. It starts when the stage before is
// over.
type Stage struct {
	scope *Scope
	after *Stage // nil for none

	// The scheduler's mutex guards the fields below.
	number int     // the place among the stages of the range, from 1; 0 before the first chain
	tasks  []*Task // those that were not started, and some that were started out of turn
	left   int     // tasks that are not over
	next   *Stage  // the stage that may start after this one
	queued bool    // it is in Scheduler.waiting, or in Scope.blocked
}

// NewStage returns a stage of the chains of a scope. The stages of a range get their order from their first chains.
func NewStage(scope *Scope, after *Stage) *Stage {
	st := &Stage{scope: scope, after: after}
	if after != nil {
		after.next = st
	}
	return st
}

// mayStart reports whether all stages before this one are over.
func (st *Stage) mayStart() bool { return st.after == nil || st.after.left == 0 && st.after.mayStart() }

// first returns the first chain that was not started, nil if there is none.
func (st *Stage) first() *Task {
	for len(st.tasks) > 0 && st.tasks[0].phase != unstarted {
		st.tasks = st.tasks[1:]
	}
	if len(st.tasks) == 0 {
		return nil
	}
	return st.tasks[0]
}

// Add registers a chain, as the last one of its stage.
func (s *Scheduler) Add(t *Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(t)
	t.Stage.tasks = append(t.Stage.tasks, t)
	s.queue(t.Stage)
}

// AddFirst registers chains of one stage, before those of it that were not started.
func (s *Scheduler) AddFirst(tasks []*Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range tasks {
		s.add(t)
	}
	st := tasks[0].Stage
	st.tasks = slices.Concat(tasks, st.tasks)
	s.queue(st)
}

// add counts a chain in its stage and in its scopes.
func (s *Scheduler) add(t *Task) {
	s.unstarted++
	t.Stage.left++
	if t.Stage.number == 0 {
		s.stages++
		t.Stage.number = s.stages
	}
	for sc := range t.Scope.outwards() {
		sc.tasks = append(sc.tasks, t)
	}
}

// queue puts a stage among those that may start, if it may and has a chain that was not started.
func (s *Scheduler) queue(st *Stage) {
	if st.queued || st.first() == nil || !st.mayStart() {
		return
	}
	st.queued = true
	i, _ := slices.BinarySearchFunc(s.waiting, st.number, func(o *Stage, n int) int { return cmp.Compare(o.number, n) })
	s.waiting = slices.Insert(s.waiting, i, st)
}

// schedule starts chains and sends requests, as many as permitted.
func (s *Scheduler) schedule() {
	if !s.open {
		return
	}
	for s.mayStart() {
		t := s.nextToStart()
		if t == nil {
			break
		}
		s.start(t)
	}
	var wait time.Duration // until a pacer permits the next request; 0 for none
	kept := s.wanting[:0]
	for i, t := range s.wanting {
		if s.root.underWay == s.set.Parallel {
			kept = append(kept, s.wanting[i:]...)
			break
		}
		if t.phase == over || t.Scope.ctx.Err() != nil {
			t.listed = false
			continue
		}
		if t.Scope.permits(t) {
			d := reserve(t.Pacers)
			if d == 0 {
				s.send(t)
				continue
			}
			wait = min(cmp.Or(wait, d), d)
		}
		kept = append(kept, t)
	}
	clear(s.wanting[len(kept):])
	s.wanting = kept
	s.callAfter(wait)
}

// mayStart reports whether one more chain may be started.
func (s *Scheduler) mayStart() bool {
	if s.set.Ordered && s.set.Parallel > 1 {
		return s.root.active < orderedChains*s.set.Parallel && s.reading < s.set.Parallel
	}
	return s.root.active < s.set.Parallel
}

// nextToStart returns the first chain of the listing that may be started, nil if there is none.
func (s *Scheduler) nextToStart() *Task {
	for len(s.waiting) > 0 {
		st := s.waiting[0]
		t, full := st.first(), st.scope.full()
		if t != nil && full == nil && st.scope.ctx.Err() == nil {
			return t
		}
		s.waiting = s.waiting[1:]
		st.queued = full != nil
		if full != nil {
			full.blocked = append(full.blocked, st)
		}
	}
	return nil
}

// start makes a chain active.
func (s *Scheduler) start(t *Task) {
	s.unstarted--
	t.phase = active
	s.count(t, 1)
	s.want(t)
}

// count adds n, which is 1 or -1, to the active chains of the scopes around a chain, and to the chains that are being
// read if the chain has a further page.
func (s *Scheduler) count(t *Task, n int) {
	if !t.spent {
		s.reading += n
	}
	for sc := range t.Scope.outwards() {
		sc.active += n
	}
}

// want lists a chain among those that want to send a request, if it has room for a page. A chain whose pages
// satisfy the limit of the range waits until it is needed.
func (s *Scheduler) want(t *Task) {
	switch {
	case t.listed || t.underWay || t.spent || t.paused || len(t.pages) >= s.set.Depth:
	case t.needed == 0 && !t.Filters && s.set.Limit-s.taken-t.items <= 0:
	default:
		t.listed = true
		s.wanting = append(s.wanting, t)
	}
}

// need says that the range cannot continue without the next page of a chain. The chain is started if it was not,
// whatever the number of active chains is. The argument items is how many items the range still delivers, at most.
func (s *Scheduler) need(t *Task, items int) {
	if t.underWay || t.phase == over {
		return
	}
	t.needed = max(1, items)
	if t.phase == unstarted {
		s.start(t)
	}
	s.want(t)
	s.schedule()
}

// send sends the next request of a chain.
func (s *Scheduler) send(t *Task) {
	wanted := t.needed
	if wanted == 0 {
		wanted = s.set.Limit - s.taken - t.items
	}
	s.clock++
	t.listed, t.underWay, t.sentAt = false, true, s.clock
	t.Scope.sent(t)
	s.requests.Go(func() { s.fetch(t, wanted) })
}

// Arrival is what a request brought.
type Arrival struct {
	Page  any           // for Take
	Items int           // items of the page
	Last  bool          // the page has no successor
	After error         // why the page's successor cannot be requested; nil if it can, or there is none
	Took  time.Duration // the time that the request took
	Left  float64       // pages that seem to be left, for a chain that may be cut
	Pause bool          // the page has to be considered before the next request

	Err       error // why there is no page
	Throttled bool  // the service refused the request because there were too many
	Refused   int   // how often the page was refused for throttling before; the scheduler counts that
}

// fetch sends a request, and keeps what it brings.
func (s *Scheduler) fetch(t *Task, wanted int) {
	a := Arrival{Err: &crash{}}
	defer func() {
		if c, ok := a.Err.(*crash); ok {
			c.panicked = recover()
		}
		s.arrive(t, a)
	}()
	a = t.Fetch(wanted)
}

// arrive notes that the request of a chain ended.
func (s *Scheduler) arrive(t *Task, a Arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	again := t.Scope.answered(s, t, a)
	t.underWay = false
	switch {
	case t.phase == over:
	case again:
		t.listed = true
		s.wanting = slices.Insert(s.wanting, 0, t)
	default:
		s.keep(t, a)
		s.want(t)
		s.arrived = append(s.arrived, t)
		s.news.Store(true)
	}
	s.schedule()
	select {
	case s.wake <- struct{}{}:
	default: // the ranging goroutine will look
	}
}

// keep stores what a request brought.
func (s *Scheduler) keep(t *Task, a Arrival) {
	if a.Err == nil {
		a.Refused = t.refused
		t.pages = append(t.pages, a)
		t.items += a.Items
		t.left, t.took, t.paused = a.Left, a.Took, a.Pause
	}
	t.needed, t.refused = 0, 0
	if end := cmp.Or(a.Err, a.After); end != nil || a.Last {
		s.end(t, end)
	}
}

// end notes that a chain has no further page, and the error that comes in its place, nil for none.
func (s *Scheduler) end(t *Task, err error) {
	t.end, t.spent = err, true
	s.reading--
}

// Outcome is what a stream has to give.
type Outcome uint8

const (
	Ended   Outcome = iota // there is nothing more
	Got                    // there is a page
	Pending                // there is no page yet: the ranging goroutine calls Wait
)

// Take returns the next page of a chain. [Scheduler.Took] or [Scheduler.Cut] has to follow. If there is no page, the
// outcome and the error say why. With need, the range cannot continue without the page, so that the chain is started if
// it was not. The argument items is how many items the range still delivers, at most.
func (s *Scheduler) Take(t *Task, need bool, items int) (Arrival, Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended := t.Scope.ctx.Err()
	switch {
	case t.paused && ended == nil: // the page has to be considered first
	case len(t.pages) > 0:
		t.paused = false
		return t.pages[0], Got
	case t.end != nil:
		t.repeatCrash()
		s.finish(t)
		s.schedule()
		return Arrival{Err: t.end}, Ended
	case t.phase == over:
		return Arrival{}, Ended
	case !t.underWay && ended != nil:
		s.finish(t)
		return Arrival{Err: ended}, Ended
	case need:
		s.need(t, items)
	}
	return Arrival{}, Pending
}

// Took says that the range takes the page that Take returned, and requests the next one. The argument repeated is how
// many items of the page were delivered before.
func (s *Scheduler) Took(t *Task, repeated int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release(t, repeated)
	s.want(t)
	s.schedule()
}

// release removes the first page of a chain.
func (s *Scheduler) release(t *Task, repeated int) {
	items := t.pages[0].Items
	t.pages[0] = Arrival{} // frees the page
	t.pages = t.pages[1:]
	t.items -= items
	s.taken += items - repeated
	if t.spent && len(t.pages) == 0 {
		s.finish(t)
	}
}

// finish ends a chain: nothing of it is taken any more.
func (s *Scheduler) finish(t *Task) {
	switch t.phase {
	case over:
		return
	case unstarted:
		s.unstarted--
	case active:
		s.count(t, -1)
	}
	t.phase, t.spent, t.pages = over, true, nil
	for sc := range t.Scope.outwards() {
		sc.finished(s)
	}
	h := &t.Scope.throttle
	h.refused = slices.DeleteFunc(h.refused, func(o *Task) bool { return o == t })
	t.Stage.left--
	for st := t.Stage; st.left == 0 && st.next != nil; st = st.next {
		s.queue(st.next)
	}
}

// Drop ends all chains of a scope.
func (s *Scheduler) Drop(sc *Scope) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range slices.Clone(sc.tasks) {
		s.finish(t)
	}
	s.schedule()
}

// DropStages ends all chains of stages of one scope. Requests that are under way end by themselves; their pages are not
// kept.
func (s *Scheduler) DropStages(stages []*Stage) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range slices.Clone(stages[0].scope.tasks) {
		if slices.Contains(stages, t.Stage) {
			s.finish(t)
		}
	}
	s.schedule()
}

// Begin starts the first chains.
func (s *Scheduler) Begin() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = true
	s.schedule()
}

// Collect notifies the tasks whose requests ended since the last call.
func (s *Scheduler) Collect() {
	if s == nil || !s.news.Swap(false) {
		return
	}
	s.mu.Lock()
	arrived := s.arrived
	s.arrived = nil
	slices.SortStableFunc(arrived, func(a, b *Task) int { return cmp.Compare(b.left, a.left) }) // the longest is split first
	s.mu.Unlock()
	for _, t := range arrived {
		t.Notify()
	}
}

// Wait blocks until a request ends. If the context ends, it waits for all requests, so that their errors are there to be
// taken, and returns true. The caller has delivered or dropped all items of the pages that it took. The argument delivered
// is how many items the range has delivered.
func (s *Scheduler) Wait(ctx context.Context, delivered int) (ended bool) {
	s.mu.Lock()
	if s.root.underWay == 0 && len(s.wanting) == 0 && s.taken > delivered {
		// Items were dropped, and chains wait because they seemed to have enough items for the limit.
		s.taken = delivered
		for _, t := range s.root.tasks {
			if t.phase != unstarted {
				s.want(t)
			}
		}
		s.schedule()
	}
	s.mu.Unlock()
	select {
	case <-s.wake:
		runtime.Gosched() // requests that end at the same time are considered together
	case <-ctx.Done():
	}
	if ctx.Err() == nil {
		return false
	}
	s.mu.Lock()
	s.callAfter(0)
	s.mu.Unlock()
	s.requests.Wait()
	return true
}

// callAfter calls schedule after a time, or not at all for 0. A later call replaces an earlier one.
func (s *Scheduler) callAfter(d time.Duration) {
	if s.timer != nil && s.timer.Stop() {
		s.requests.Done()
	}
	s.timer = nil
	if d == 0 {
		return
	}
	s.requests.Add(1)
	s.timer = time.AfterFunc(d, func() {
		defer s.requests.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.schedule()
	})
}

// Close waits until the requests that are under way have ended. The context of the root scope has to be cancelled
// before.
func (s *Scheduler) Close() {
	if s == nil {
		return
	}
	s.mu.Lock()
	s.open = false
	s.callAfter(0)
	s.mu.Unlock()
	s.requests.Wait()
}

// crash is how a fetch ended that did not return: with a panic, or with [runtime.Goexit].
type crash struct {
	panicked any // what the function panicked with; nil if it did not
}

func (*crash) Error() string { return "the function that fetches pages did not return" }

// repeatCrash ends the calling goroutine as the fetch of the task ended, if that did not return.
func (t *Task) repeatCrash() {
	c, crashed := t.end.(*crash)
	switch {
	case crashed && c.panicked != nil:
		panic(c.panicked)
	case crashed:
		runtime.Goexit()
	}
}
