package backupx

import (
	"cmp"
	"container/heap"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// scheduler decides which request a range sends next. It is the only place that does: streams deliver pages, and
// tell the scheduler that they took a page or that they need one. A range that reads nothing ahead has no
// scheduler; its readers send each request when the loop reaches it.
//
// The method schedule is called after each event: a page arrived, a page was taken, a chain came to its end, the
// time of a [Listing.Rate] has come. It does two things. First it starts chains, in the order of the listing,
// while fewer chains are active than may be read at the same time. Then it sends the next request of each started
// chain that has room for a page, as far as the bounds permit.
type scheduler struct {
	// The fields of this block do not change after the first request.
	parallel int    // requests under way, at most
	depth    int    // pages that a chain may hold
	ordered  bool   // see [Listing.Ordered]
	limit    int    // items that the range delivers, at most
	root     *scope // of the whole range: it counts all tasks and all requests under way

	requests sync.WaitGroup
	wake     chan struct{} // wakes the ranging goroutine
	news     atomic.Bool   // arrived is not empty

	sync.Mutex // guards the fields below and those of tasks, stages, scopes and splits that say so

	open      bool        // the range has begun and not ended
	clock     int         // counts the requests and attempts that were sent
	reading   int         // tasks that were started and not read to their end
	unstarted int         // tasks that were not started
	taken     int         // items of the pages that were taken
	wanting   []*task     // tasks that want to send a request, in the order in which they will
	waiting   stageHeap   // stages with tasks that were not started and may be
	arrived   []*task     // tasks whose request ended since the last collect
	timer     *time.Timer // calls schedule when a rate permits the next request; nil if there is none
}

// orderedChains is how many chains [Listing.Ordered] holds for each request that may be under way. With several
// chains for each request, most are read to their end while earlier chains are delivered.
const orderedChains = 4

// orderedDepth is how many pages of a chain [Listing.Ordered] holds, at least.
const orderedDepth = 4

func newScheduler(s settings, root *scope, limit int) *scheduler {
	parallel := max(1, value(s.parallel))
	depth := max(1, value(s.prefetch))
	if parallel > 1 && s.ordered {
		depth = max(depth, orderedDepth)
	}
	return &scheduler{
		parallel: parallel, depth: depth, ordered: s.ordered, limit: limit, root: root,
		wake: make(chan struct{}, 1),
	}
}

// inOrder reports whether chains are delivered one after another.
func (s *scheduler) inOrder() bool { return s == nil || s.ordered || s.parallel == 1 }

// task is a chain as the scheduler sees it.
type task struct {
	fetch   func(wanted int) // requests the next page, and calls arrive
	discard func()           // drops the pages that are held
	notify  func()           // tells the stream, in the ranging goroutine, that a request ended
	scope   *scope
	stage   *stage
	pacers  []*pacer
	filter  bool // items are dropped, so that pages do not tell how many items are delivered
	size    int  // items that a request asks for; 0 if the service decides

	// The scheduler's mutex guards the fields below.
	started  bool          // it counts as active
	over     bool          // nothing of it is taken any more
	spent    bool          // there is no further page to request
	paused   bool          // no page is requested until the ranging goroutine has seen the last one
	hidden   bool          // its pages are not delivered before a cut is verified
	parked   bool          // it was cut, and does not count until the cut is verified
	listed   bool          // it is in scheduler.wanting
	underWay bool          // its request is
	observed bool          // attempts of the request were observed
	held     int           // pages that were read and not taken
	err      error         // why there is no page after those
	crash    *crash        // how the fetch ended instead; nil if it returned
	items    int           // items of these pages
	needed   int           // how many items the range needs of it to continue; 0 if it can continue without
	refused  int           // how often the page was refused for throttling
	sentAt   int           // scheduler.clock at the request
	left     float64       // pages that seem to be left, for a chain that may be cut
	took     time.Duration // the time that the last request took
}

// stage is a number of chains that may be read at the same time, in their order.
type stage struct {
	number int // the place among the stages of the range
	scope  *scope
	after  *stage // the stage that has to be over before; nil for none

	// The scheduler's mutex guards the fields below.
	tasks  []*task // tasks that were not started
	left   int     // tasks that are not over
	next   *stage  // the stage that may start after this one
	queued bool    // it is in scheduler.waiting, or in the list of a scope
}

// mayStart reports whether all stages before this one are over.
func (st *stage) mayStart() bool { return st.after == nil || st.after.left == 0 && st.after.mayStart() }

// remove removes a task from those that were not started.
func (st *stage) remove(t *task) {
	st.tasks = slices.DeleteFunc(st.tasks, func(o *task) bool { return o == t })
}

// stageHeap is a heap of stages, the first of the listing at the top.
type stageHeap []*stage

func (h stageHeap) Len() int           { return len(h) }
func (h stageHeap) Less(i, j int) bool { return h[i].number < h[j].number }
func (h stageHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *stageHeap) Push(x any)        { *h = append(*h, x.(*stage)) }
func (h *stageHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// add registers chains of one stage. The first of them is number at among those of the stage that were not started.
func (s *scheduler) add(at int, tasks ...*task) {
	s.Lock()
	defer s.Unlock()
	for _, t := range tasks {
		t.stage.left++
		s.unstarted++
		for sc := range t.scope.outwards() {
			sc.tasks = append(sc.tasks, t)
		}
	}
	st := tasks[0].stage
	st.tasks = slices.Insert(st.tasks, min(at, len(st.tasks)), tasks...)
	s.queue(st)
}

// queue puts a stage among those that may start.
func (s *scheduler) queue(st *stage) {
	if !st.queued && len(st.tasks) > 0 && st.mayStart() {
		st.queued = true
		heap.Push(&s.waiting, st)
	}
}

// schedule starts chains and sends requests, as many as permitted.
func (s *scheduler) schedule() {
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
	var wait time.Duration // until a rate permits the next request; 0 for none
	kept := s.wanting[:0]
	for i, t := range s.wanting {
		if s.root.underWay == s.parallel {
			kept = append(kept, s.wanting[i:]...)
			break
		}
		if t.over || t.scope.ctx.Err() != nil {
			t.listed = false
			continue
		}
		if !s.maySend(t) {
			kept = append(kept, t)
			continue
		}
		if d := reserve(t.pacers); d > 0 {
			kept = append(kept, t)
			wait = min(cmp.Or(wait, d), d)
			continue
		}
		s.send(t)
	}
	clear(s.wanting[len(kept):])
	s.wanting = kept
	s.callAfter(wait)
}

// mayStart reports whether one more chain may be started.
func (s *scheduler) mayStart() bool {
	if s.ordered && s.parallel > 1 {
		return s.root.active < orderedChains*s.parallel && s.reading < s.parallel
	}
	return s.root.active < s.parallel
}

// nextToStart returns the first chain of the listing that may be started, nil if there is none.
func (s *scheduler) nextToStart() *task {
	for len(s.waiting) > 0 {
		st := s.waiting[0]
		full := st.scope.full()
		if len(st.tasks) > 0 && full == nil && st.scope.ctx.Err() == nil {
			t := st.tasks[0]
			st.tasks = st.tasks[1:]
			return t
		}
		heap.Pop(&s.waiting)
		st.queued = full != nil
		if full != nil {
			full.blocked = append(full.blocked, st)
		}
	}
	return nil
}

// start makes a chain active.
func (s *scheduler) start(t *task) {
	t.started = true
	s.unstarted--
	s.count(t, 1)
	s.want(t)
}

// count counts a started chain, or no longer: as active, and as being read if there is a further page.
func (s *scheduler) count(t *task, n int) {
	if !t.spent {
		s.reading += n
	}
	for sc := range t.scope.outwards() {
		sc.active += n
	}
}

// want lists a chain among those that want to send a request, if it has room for a page. A chain whose pages
// satisfy the limit of the range waits until it is needed.
func (s *scheduler) want(t *task) {
	switch {
	case t.listed || t.underWay || t.spent || t.over || t.paused || t.held >= s.depth:
	case t.needed == 0 && !t.filter && s.limit-s.taken-t.items <= 0:
	default:
		t.listed = true
		s.wanting = append(s.wanting, t)
	}
}

// need says that the range cannot continue without the next page of a chain. The chain is started if it was not,
// whatever the number of active chains is. The number of items is how many the range still delivers.
func (s *scheduler) need(t *task, items int) {
	if t.underWay || t.over {
		return
	}
	t.needed = max(1, items)
	if !t.started {
		t.stage.remove(t)
		s.start(t)
	}
	s.want(t)
	s.schedule()
}

// maySend reports whether the bounds of the scopes of a chain permit its request.
func (s *scheduler) maySend(t *task) bool {
	for sc := range t.scope.outwards() {
		if sc.requests > 0 && sc.underWay >= sc.requests {
			return false
		}
	}
	return t.scope.permits(t)
}

// send sends the next request of a chain.
func (s *scheduler) send(t *task) {
	wanted := t.needed
	if wanted == 0 {
		wanted = s.limit - s.taken - t.items
	}
	s.clock++
	t.listed, t.underWay, t.observed, t.sentAt = false, true, false, s.clock
	for sc := range t.scope.outwards() {
		sc.underWay++
	}
	t.scope.sent(t)
	s.requests.Go(func() { t.fetch(wanted) })
}

// arrival is what a request brought.
type arrival struct {
	err   error         // why it brought no page
	crash *crash        // how the fetch ended instead; nil if it returned
	items int           // items of the page
	last  bool          // the page has no successor
	loops bool          // the token of its successor was followed before
	left  float64       // pages that seem to be left, see task.left
	took  time.Duration // the time that the request took
	pause bool          // the page has to be considered before the next request
	keep  func(refused int)
}

// arrive notes that the request of a chain ended. The function keep stores the page for take.
func (s *scheduler) arrive(t *task, a arrival) {
	s.Lock()
	defer s.Unlock()
	again := t.scope.answered(s, t, a.err)
	t.underWay = false
	for sc := range t.scope.outwards() {
		sc.underWay--
	}
	switch {
	case t.over:
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
	s.tell()
}

// keep stores what a request brought.
func (s *scheduler) keep(t *task, a arrival) {
	t.err, t.crash = a.err, a.crash
	if a.err == nil {
		a.keep(t.refused)
		t.held++
		t.items += a.items
		t.left, t.took, t.paused = a.left, a.took, a.pause
	}
	if a.loops {
		t.err = ErrTokenLoop
	}
	t.needed, t.refused = 0, 0
	if t.err != nil || a.last {
		t.spent = true
		s.reading--
	}
}

// take takes the next page of a chain, which pop removes from those that were read. Without one, it says why. With need,
// the range cannot continue without the page; it delivers as many items, at most.
func (s *scheduler) take(t *task, need bool, items int, pop func() bool) (outcome, error) {
	s.Lock()
	defer s.Unlock()
	switch {
	case t.paused && t.scope.ctx.Err() == nil: // the page has to be considered first
		return pending, nil
	case pop():
		t.paused = false
		return got, nil
	case t.crash != nil:
		t.crash.repeat()
	case t.err != nil:
		s.finish(t)
		s.schedule()
		return ended, t.err
	case t.over:
		return ended, nil
	case !t.underWay && t.scope.ctx.Err() != nil:
		s.finish(t)
		return ended, t.scope.ctx.Err()
	case need:
		s.need(t, items)
	}
	return pending, nil
}

// took notes that a page was taken, and requests the next one. Some of its items were delivered before.
func (s *scheduler) took(t *task, items, repeated int) {
	s.Lock()
	defer s.Unlock()
	s.release(t, items, repeated)
	s.want(t)
	s.schedule()
}

// release frees the room that a page has taken.
func (s *scheduler) release(t *task, items, repeated int) {
	t.held--
	t.items -= items
	s.taken += items - repeated
	if t.spent && t.held == 0 {
		s.finish(t)
	}
}

// consider decides, after the first page of a chain has arrived, whether the chain is divided, and at which points.
// Otherwise it continues. A chain is visible if its pages may be delivered.
func (s *scheduler) consider(t *task, divide func(idle int) []time.Time) (points []time.Time, visible bool) {
	s.Lock()
	defer s.Unlock()
	if t.paused && !t.over && !t.hidden {
		if points = divide(s.idle(t)); len(points) == 0 {
			t.paused = false
			s.want(t)
			s.schedule()
		}
	}
	return points, !t.over && !t.hidden && len(points) == 0
}

// considerCut decides whether a chain is cut after the page that was just taken, and at which points.
func (s *scheduler) considerCut(t *task, cut func(idle int) []time.Time) []time.Time {
	s.Lock()
	defer s.Unlock()
	if t.spent || t.underWay || t.held > 1 || t.left < leastLeft {
		return nil
	}
	return cut(s.idle(t))
}

// idle returns how many requests nothing needs, so that the chain may be split for them: no more than the share of its
// source. It is 0 if the chain seems to have far fewer pages left than another one.
func (s *scheduler) idle(t *task) int {
	idle := min(s.parallel-s.reading, s.room(t))
	if idle <= 0 || s.unstarted > 0 {
		return 0
	}
	sources := map[*scope]bool{t.scope: true}
	for _, o := range s.root.tasks {
		if o == t || !o.started || o.over {
			continue
		}
		if o.scope == t.scope && t.left < leastShare*o.left {
			return 0
		}
		sources[o.scope] = true
	}
	if len(sources) > 1 {
		idle = min(idle, s.parallel/len(sources)-t.scope.active)
	}
	return idle
}

// room returns how many more chains of a source its bounds, its throttling and its rates feed.
func (s *scheduler) room(t *task) int {
	room := s.parallel
	for sc := range t.scope.outwards() {
		if sc.requests > 0 {
			room = min(room, sc.requests-sc.active)
		}
	}
	if allowed := t.scope.throttle.allowed; allowed > 0 {
		room = min(room, allowed-t.scope.active)
	}
	for _, p := range t.pacers {
		room = min(room, p.feeds(t.took)-s.reading)
	}
	return room
}

// replaced ends a chain that others replace.
func (s *scheduler) replaced(t *task) {
	s.Lock()
	defer s.Unlock()
	s.finish(t)
	s.schedule()
}

// cut stops a chain after a page that was just taken, and requests the pages of its parts. They are hidden until the
// first of them has arrived.
func (s *scheduler) cut(t *task, items, repeated int, parts []*task, needed int) {
	s.Lock()
	defer s.Unlock()
	t.paused, t.parked = true, true
	s.count(t, -1)
	for _, p := range parts {
		p.hidden = true
	}
	s.release(t, items, repeated)
	s.need(parts[0], needed)
	s.schedule()
}

// settle shows the parts of a cut if the cut was right. Otherwise it drops them, and the chain continues.
func (s *scheduler) settle(t *task, parts []*task, right bool) {
	s.Lock()
	defer s.Unlock()
	for _, p := range parts {
		if p.crash != nil {
			p.crash.repeat()
		}
		p.hidden = false
		if !right {
			s.finish(p)
		}
	}
	t.parked = false
	if !t.over {
		s.count(t, 1)
	}
	next := parts[0]
	if !right {
		next = t
	}
	next.paused = false // the first part is not divided, because it drops items that the chain has delivered
	s.want(next)
	s.schedule()
}

// tell wakes the ranging goroutine.
func (s *scheduler) tell() {
	select {
	case s.wake <- struct{}{}:
	default: // it will look
	}
}

// finish ends a chain: nothing of it is taken any more.
func (s *scheduler) finish(t *task) {
	if t.over {
		return
	}
	t.over = true
	if t.started {
		if !t.parked {
			s.count(t, -1)
		}
		s.unblock(t.scope)
	} else {
		s.unstarted--
		t.stage.remove(t)
	}
	t.spent = true
	t.discard()
	t.scope.throttle.drop(t)
	t.stage.left--
	for st := t.stage; st.left == 0 && st.next != nil; st = st.next {
		s.queue(st.next)
	}
}

// unblock lists the stages again that waited until a chain of a scope, or of one around it, is over.
func (s *scheduler) unblock(sc *scope) {
	for sc := range sc.outwards() {
		for _, st := range sc.blocked {
			st.queued = false
			s.queue(st)
		}
		sc.blocked = nil
	}
}

// drop ends all chains of a scope.
func (s *scheduler) drop(sc *scope) {
	if s == nil {
		return
	}
	s.Lock()
	defer s.Unlock()
	for _, t := range sc.tasks {
		s.finish(t)
	}
	s.schedule()
}

// begin starts the first chains.
func (s *scheduler) begin() {
	if s == nil {
		return
	}
	s.Lock()
	defer s.Unlock()
	s.open = true
	s.schedule()
}

// collect tells the streams of the requests that ended since the last call.
func (s *scheduler) collect() {
	if s == nil || !s.news.Swap(false) {
		return
	}
	s.Lock()
	arrived := s.arrived
	s.arrived = nil
	slices.SortStableFunc(arrived, func(a, b *task) int { return cmp.Compare(b.left, a.left) }) // the longest is split first
	s.Unlock()
	for _, t := range arrived {
		t.notify()
	}
}

// wait blocks until a request ends or the context does, which is an error. All items of the pages that were taken have
// been delivered or dropped.
func (s *scheduler) wait(ctx context.Context, delivered int) error {
	s.Lock()
	if s.root.underWay == 0 && len(s.wanting) == 0 && s.taken > delivered { // items were dropped: the limit needs more pages
		s.taken = delivered
		for _, t := range s.root.tasks {
			if t.started {
				s.want(t)
			}
		}
		s.schedule()
	}
	s.Unlock()
	select {
	case <-s.wake:
		runtime.Gosched() // requests that end at the same time are considered together
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return cause(ctx)
	}
	return nil
}

// callAfter calls schedule after a time, or not at all for 0. A later call replaces an earlier one.
func (s *scheduler) callAfter(d time.Duration) {
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
		s.Lock()
		defer s.Unlock()
		s.schedule()
	})
}

// close ends the requests that are under way and waits for them.
func (s *scheduler) close(cancel context.CancelFunc) {
	cancel()
	if s == nil {
		return
	}
	s.Lock()
	s.open = false
	s.callAfter(0)
	s.Unlock()
	s.requests.Wait()
}

// crash is how a function ended that did not return: with a panic, or with [runtime.Goexit].
type crash struct {
	panicked bool
	value    any
}

// repeat ends the calling goroutine in the same way.
func (c *crash) repeat() {
	if c.panicked {
		panic(c.value)
	}
	runtime.Goexit()
}
