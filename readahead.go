package backupx

import (
	"context"
	"sync"
	"sync/atomic"
)

// Reading ahead. Each chain that reads ahead has a goroutine, which never outlives the range: it
// reads pages as long as there is room for them. Everything else, the filters, the positions and the
// callbacks, stays with the goroutine that ranges.

// orderedDepth is how many pages of a chain Ordered holds. With several chains a worker most are
// read whole while the ones before them are delivered.
const orderedDepth = 4

// orderedWindow is how many chains for each request under way Ordered reads ahead of the one that is
// being delivered.
const orderedWindow = 4

// pool is what the readers of one range share.
type pool struct {
	requests chan struct{} // one place for each request that may be under way
	depth    int           // pages that a chain reads ahead
	wide     int           // chains that may be read side by side
	ordered  bool
	wake     chan struct{} // tells that something was read
	readers  sync.WaitGroup
	active   int          // readers that were started and have more to give; the ranging goroutine's
	reading  atomic.Int32 // goroutines
}

func newPool(s settings) *pool {
	wide := max(1, value(s.parallel))
	depth := max(1, value(s.prefetch))
	if wide > 1 && s.ordered {
		depth = max(depth, orderedDepth)
	}
	return &pool{
		requests: make(chan struct{}, wide), depth: depth, wide: wide, ordered: s.ordered || wide == 1,
		wake: make(chan struct{}, 1),
	}
}

// tell wakes the goroutine that ranges.
func (p *pool) tell() {
	select {
	case p.wake <- struct{}{}:
	default: // it has been told
	}
}

// readersActive is how many readers have more to give.
func (p *pool) readersActive() int {
	if p == nil {
		return 0
	}
	return p.active
}

// wait sleeps until something was read or the context ends, which is an error. It does not where fewer
// readers have more to give than before the poll: another part may begin in their place, and nothing
// else would tell.
func (p *pool) wait(ctx context.Context, before int) error {
	if p.active >= before {
		select {
		case <-p.wake:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return cause(ctx)
	}
	return nil
}

// scope is a part of a range that fails as one: the whole range, or one source of a fleet. Its
// requests end together, those of the fleets within it included.
type scope struct {
	outer  *scope // nil for the whole range's
	ctx    context.Context
	cancel context.CancelFunc
	places chan struct{} // one for each request that may be under way; nil for as many as the outer one has

	// What follows is the ranging goroutine's.
	active int   // readers, as the pool's
	err    error // the first failure
}

func newScope(ctx context.Context) *scope {
	s := &scope{}
	s.ctx, s.cancel = context.WithCancel(ctx)
	return s
}

// within is a scope within another, with a bound of its own if atMost is above zero.
func (s *scope) within(atMost int) *scope {
	in := newScope(s.ctx)
	in.outer = s
	if atMost > 0 {
		in.places = make(chan struct{}, atMost)
	}
	return in
}

// free reports whether one more chain may be read.
func (s *scope) free() bool {
	return s == nil || (s.places == nil || s.active < cap(s.places)) && s.outer.free()
}

// count counts readers among those with more to give, or no longer.
func (s *scope) count(n int) {
	for ; s != nil; s = s.outer {
		s.active += n
	}
}

// failure is what ended the scope, or one around it.
func (s *scope) failure() error {
	for ; s != nil; s = s.outer {
		if s.err != nil {
			return s.err
		}
	}
	return nil
}

// bounds are the places that a request has to have, the innermost first.
func (s *scope) bounds(requests chan struct{}) []chan struct{} {
	var bounds []chan struct{}
	for ; s != nil; s = s.outer {
		bounds = append(bounds, s.places)
	}
	return append(bounds, requests)
}

// fail ends the scope's requests. What it was first told stands: the requests that it ends fail too.
func (s *scope) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.cancel()
}

// ahead is what one reader has read ahead of its delivery.
type ahead[T any] struct {
	mu     sync.Mutex
	room   sync.Cond
	pages  []page[T]
	err    error
	ended  bool // the goroutine is, or is about to be, gone
	parked bool // … because no more is wanted, not because there is no more
	panic  any  // what the fetch panicked with
}

// grow begins to read a chain ahead, once.
func (r *reader[T]) grow() bool {
	if r.pool == nil || r.ahead != nil || r.pos.Done {
		return false
	}
	r.ahead = &ahead[T]{}
	r.ahead.room.L = &r.ahead.mu
	r.base = r.taken
	r.count(1)
	ctx := r.scope.ctx
	stop := context.AfterFunc(ctx, r.ahead.wakeUp)
	r.pool.reading.Add(1)
	r.pool.readers.Go(func() {
		defer r.pool.tell()
		defer r.pool.reading.Add(-1)
		defer stop()
		r.readAhead(ctx)
	})
	return true
}

// count counts the reader among those with more to give, or no longer.
func (r *reader[T]) count(n int) {
	r.pool.active += n
	r.scope.count(n)
}

// wakeUp has a goroutine that waits for room look at its context.
func (a *ahead[T]) wakeUp() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.room.Broadcast()
}

// readAhead reads pages while there is room, to the chain's end.
func (r *reader[T]) readAhead(ctx context.Context) {
	defer r.ahead.close()
	bounds := r.scope.bounds(r.pool.requests)
	for r.ahead.roomFor(ctx, r.pool.depth) {
		wanted := r.limit - r.base - r.feed.fetched
		if wanted <= 0 && !r.feed.chain.filtered {
			r.ahead.park()
			return
		}
		pg, err := r.feed.next(ctx, wanted, bounds...)
		r.ahead.add(pg, err)
		if err != nil || r.feed.ended || pg.parts > 0 {
			return
		}
		r.pool.tell()
	}
}

// roomFor waits until fewer than depth pages are held; false means that the context ended.
func (a *ahead[T]) roomFor(ctx context.Context, depth int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.pages) >= depth && ctx.Err() == nil {
		a.room.Wait()
	}
	if ctx.Err() != nil {
		a.err = ctx.Err()
		return false
	}
	return true
}

func (a *ahead[T]) add(pg page[T], err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err = err; err == nil {
		a.pages = append(a.pages, pg)
	}
}

func (a *ahead[T]) park() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.parked = true
}

// close says that nothing more is read. A panic of the fetch is kept for the goroutine that ranges.
func (a *ahead[T]) close() {
	p := recover()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended, a.panic = true, p
}

// take gives the next page that was read, or says why there is none.
func (a *ahead[T]) take() (pg page[T], out outcome, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case len(a.pages) > 0:
		pg, a.pages[0] = a.pages[0], page[T]{}
		a.pages = a.pages[1:]
		a.room.Signal()
		return pg, got, nil
	case a.panic != nil:
		panic(a.panic)
	case a.err != nil:
		return pg, ended, a.err
	case a.ended:
		return pg, ended, nil
	default:
		return pg, pending, nil
	}
}
