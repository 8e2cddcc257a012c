package backupx

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// chain is a series of requests that differ in their page token only.
type chain[T any] struct {
	operation string
	shard     string // names the chain among those of the listing; empty if it is the only one
	maxSize   int    // items in a page, at most; 0 if unknown
	noSize    bool   // the service does not implement page sizes
	filtered  bool   // items are dropped, so that a request cannot tell how many items are needed
	fetch     fetcher[T]
	memory    *memory // of delivered items; nil if no other chain can repeat them
	changing  bool    // an item may leave this chain for another one while it is read
	window    bool    // the chain is a window of creation time
}

// position is how far a chain was delivered.
type position struct {
	Token string   // of the next page to read
	Skip  int      // items of that page, and of the pages after it, that were delivered or dropped
	Pages int      // pages that were delivered to their end
	Done  bool     // nothing is left
	Loop  bool     // Token was followed before, so that the chain cannot continue
	seen  []uint64 // hashes of the tokens that were followed, with Token

	recent  []uint64 // the items that were delivered last, as the memory has them
	largest int      // items of the largest page
	passed  []uint64 // items that another chain has delivered: they are dropped here

	oldest time.Time // creation time of the last delivered item, if all pages came newest first; zero if that is unknown
}

// see remembers a token that is about to be followed.
func (p *position) see(token string) {
	if token != "" {
		p.seen = append(p.seen, hash(token))
	}
}

// progress is the delivery of a chain within a range. Only the ranging goroutine uses it.
type progress struct {
	*traversal
	id        string // names the chain in checkpoints
	pos       *position
	info      PageInfo // of the page that is being delivered
	open      bool     // a page is being delivered
	finished  bool     // the last item of that page was delivered or dropped
	onPage    []func(PageInfo)
	nextToken string    // the token after that page
	oldest    time.Time // see position.oldest, after that page
	loops     bool      // that token was followed before
	memory    *memory
	changing  bool
	window    bool
	skipped   int // items of the page that an earlier range delivered
}

// reader is the stream of one chain. A fetch goroutine uses feed and seen, and the scheduler's mutex guards pages and
// shown. The ranging goroutine uses the other fields.
type reader[T any] struct {
	*progress
	feed   feed[T]
	scope  *scope
	pacers []*pacer
	task   *task
	over   bool      // nothing is left to deliver
	pages  []page[T] // that were read ahead

	node    *node // the place of the chain in a group that delivers pages as they arrive; nil if there is none
	slot    int
	query   *windowed[T] // the query that the chain is a window of; nil if the query is never split
	at      window       // the window
	seen    shown        // what the pages have shown of the window, for the fetch goroutine
	shown   shown        // the same; the scheduler's mutex guards it
	uncut   bool         // a cut was wrong: the chain is read to its end
	resumed bool         // an earlier range has read a part of the chain
	check   *cut[T]      // the cut that the first page of this chain verifies; nil for none
}

// feed reads the pages of a chain, one after another.
type feed[T any] struct {
	chain chain[T]
	token string
	skip  int // items of the next pages that were delivered before
	size  int // items that a request asks for; 0 if the service decides
	seen  map[uint64]struct{}
	loops bool
}

// openChain returns the stream of a chain at its place in a listing.
func openChain[T any](f frame, c chain[T]) (*reader[T], error) {
	if f.stage == nil {
		f = f.newStage()
	}
	size, err := c.size(f.set)
	if err != nil {
		return nil, err
	}
	id := f.path + c.shard
	if f.planned() && f.state.chains[id] == nil {
		return nil, fmt.Errorf("%w: it knows nothing of the chain %q", ErrCheckpoint, id)
	}
	if f.traversal.ids[id] {
		return nil, fmt.Errorf("two chains are named %q", id)
	}
	pos := f.state.chains[id]
	if pos == nil {
		pos = &position{}
		if f.set.start != nil {
			pos.Token, pos.Skip = f.set.start.Token, f.set.start.Skip
		}
		pos.see(pos.Token)
	}
	if c.memory != nil {
		c.memory.hold(pos.recent)
	}
	r := newReader(f, c, pos, size)
	r.register()
	if f.sched != nil && !pos.Done {
		f.sched.add(math.MaxInt, r.task)
	}
	return r, nil
}

// newReader returns the stream of a chain that is not part of the range yet.
func newReader[T any](f frame, c chain[T], pos *position, size int) *reader[T] {
	c.filtered = c.filtered || f.filtered
	r := &reader[T]{
		progress: &progress{
			traversal: f.traversal, id: f.path + c.shard, pos: pos, onPage: f.set.onPage,
			memory: c.memory, changing: c.changing, window: c.window,
			info: PageInfo{Operation: c.operation, Source: f.source, Shard: c.shard},
		},
		feed: feed[T]{
			chain: c, size: size, token: pos.Token, skip: pos.Skip, loops: pos.Loop,
			seen: make(map[uint64]struct{}, len(pos.seen)),
		},
		scope: f.scope, pacers: f.set.pacers, node: f.node, slot: f.slot,
	}
	for _, h := range pos.seen {
		r.feed.seen[h] = struct{}{}
	}
	r.task = &task{
		fetch: r.fetchAhead, discard: r.discard, notify: r.arrived,
		scope: f.scope, stage: f.stage, pacers: f.set.pacers, filter: c.filtered, size: size,
	}
	return r
}

// register makes the chain part of the range and of its checkpoints.
func (p *progress) register() {
	p.ids[p.id] = true
	p.state.chains[p.id] = p.pos
	p.chains = append(p.chains, p)
}

// unregister removes the chain from the range and from its checkpoints.
func (p *progress) unregister() {
	if p.pos.begun() {
		p.state.sources.note(p.id)
	}
	delete(p.ids, p.id)
	delete(p.state.chains, p.id)
	p.chains = slices.DeleteFunc(p.chains, func(o *progress) bool { return o == p })
}

// size returns how many items a request asks for.
func (c chain[T]) size(set settings) (int, error) {
	switch n := set.pageSize; {
	case n == nil && c.noSize:
		return 0, nil
	case n == nil:
		return c.maxSize, nil
	case c.maxSize > 0 && *n > c.maxSize:
		return 0, fmt.Errorf("PageSize: %d: the service gives %d at most", *n, c.maxSize)
	default:
		return *n, nil
	}
}

// next returns the next page of the chain.
func (r *reader[T]) next(need bool) (segment[T], outcome, error) {
	if r.over || r.pos.Done {
		return segment[T]{}, ended, nil
	}
	pg, out, err := r.read(need)
	if err != nil {
		r.over = true
		if why := r.scope.failure(); why != nil && r.ctx.Err() == nil {
			return segment[T]{}, ended, why // the failure that ended this request
		}
		return segment[T]{}, ended, &chainError{at: r.progress, err: err}
	}
	if out != got {
		r.over = out == ended
		return segment[T]{}, out, nil
	}
	r.over = pg.next == ""
	return r.begin(&pg), got, nil
}

// read returns the next page: one that was read ahead, or one that it requests now if nothing is read ahead.
func (r *reader[T]) read(need bool) (pg page[T], out outcome, err error) {
	if r.sched == nil {
		if err := pace(r.scope.ctx, r.pacers); err != nil {
			return pg, ended, err
		}
		pg, err = r.feed.next(r.scope.ctx, r.limit-r.delivered)
		return pg, got, err
	}
	out, err = r.sched.take(r.task, need, r.limit-r.delivered, func() bool {
		if len(r.pages) == 0 {
			return false
		}
		pg, r.pages[0] = r.pages[0], page[T]{}
		r.pages = r.pages[1:]
		return true
	})
	if out == got && !r.query.cutAfter(r, &pg) {
		r.sched.took(r.task, pg.n, r.repeated(&pg))
	}
	return pg, out, err
}

// repeated returns how many items of a page another chain has delivered.
func (r *reader[T]) repeated(pg *page[T]) int { return min(pg.n, len(r.pos.passed)) }

// fetchAhead requests the next page, in a goroutine of its own.
func (r *reader[T]) fetchAhead(wanted int) {
	a := arrival{err: errCrashed, crash: &crash{}}
	defer func() {
		if a.crash != nil {
			a.crash.value = recover()
			a.crash.panicked = a.crash.value != nil
		}
		r.sched.arrive(r.task, a)
	}()
	pg, err := r.feed.next(withAttempts(r.scope.ctx, &attempts{sched: r.sched, task: r.task}), wanted)
	if err == nil {
		r.query.look(r, &pg, &a)
		a.items, a.last, a.loops = pg.n, pg.next == "", pg.loops
		a.keep = func(refused int) {
			pg.refused = refused
			r.pages, r.shown = append(r.pages, pg), r.seen
		}
	}
	a.err, a.crash = err, nil
}

// discard drops the pages that were read ahead.
func (r *reader[T]) discard() { r.pages = nil }

// arrived tells the groups around the chain that a request of the chain ended.
func (r *reader[T]) arrived() {
	if r.query.consider(r) {
		r.node.mark(r.slot)
	}
}

// begin begins the delivery of a page.
func (r *reader[T]) begin(pg *page[T]) segment[T] {
	r.open, r.nextToken, r.loops, r.oldest = true, pg.next, pg.loops, pg.oldest
	r.info.Number, r.info.Items, r.info.Kept = r.pos.Pages+1, pg.n, 0
	r.info.Duration, r.info.Refused = pg.took, pg.refused
	start := min(r.pos.Skip, pg.n)
	r.skipped = start
	if r.changing { // delivered items may have left the page since: the memory knows them, their number does not
		start = 0
	}
	return segment[T]{from: r.progress, page: pg, start: start, end: pg.n}
}

// next requests the page at the token of the feed. It asks for no more items than wanted, unless items are dropped.
func (f *feed[T]) next(ctx context.Context, wanted int) (page[T], error) {
	if f.loops {
		return page[T]{}, ErrTokenLoop
	}
	if ctx.Err() != nil {
		return page[T]{}, cause(ctx)
	}
	began := time.Now()
	pg, err := f.chain.fetch(ctx, f.token, f.ask(wanted))
	if err != nil {
		return page[T]{}, err
	}
	pg.took = time.Since(began)
	f.skip = max(0, f.skip-pg.n)
	f.token = pg.next
	pg.loops = pg.next != "" && !f.follow(pg.next)
	f.loops = pg.loops
	return pg, nil
}

// follow remembers a token, and reports whether it was not followed before.
func (f *feed[T]) follow(token string) bool {
	h := hash(token)
	_, before := f.seen[h]
	f.seen[h] = struct{}{}
	return !before
}

// ask returns how many items to ask for: enough for the items that are skipped and those that are wanted.
func (f *feed[T]) ask(wanted int) int {
	if f.chain.filtered || wanted > math.MaxInt32-f.skip || f.size == 0 && f.chain.noSize {
		return f.size
	}
	need := max(1, wanted) + f.skip
	if f.size == 0 {
		return need
	}
	return min(f.size, need)
}

// reached moves the position behind item i-1 of the page, and at its end to the next page.
func (p *progress) reached(i int) {
	p.pos.Skip = max(p.pos.Skip, i) // the items to skip may extend beyond this page
	if i == p.info.Items {
		p.finish()
	}
}

// finish moves the position to the next page.
func (p *progress) finish() {
	pos := p.pos
	pos.Token, pos.Skip = p.nextToken, pos.Skip-p.info.Items
	pos.Pages++
	pos.Done, pos.Loop = p.nextToken == "", p.loops
	pos.see(p.nextToken)
	pos.oldest = p.oldest
	p.finished = true
	p.trim()
}

// tellFinished calls the callbacks for the page that was delivered to its end, if there is one.
func (p *progress) tellFinished() {
	if p.finished {
		p.tell()
	}
}

// tell calls the callbacks for the page that is being delivered, if there is one.
func (p *progress) tell() {
	if !p.open {
		return
	}
	p.open, p.finished = false, false
	for _, f := range p.onPage {
		f(p.info)
	}
}
