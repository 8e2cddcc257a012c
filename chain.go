package backupx

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// chain is a run of requests that differ in their token alone.
type chain[T any] struct {
	operation string
	shard     string // what sets it apart from the listing's other chains; empty where it is the one
	maxSize   int    // items a request at most; 0 where that is unknown
	noSize    bool   // the service does not implement sizes
	filtered  bool   // items are dropped, so that a request cannot tell how many are needed
	fetch     fetcher[T]
	memory    *memory                          // of items delivered, where chains may repeat each other's
	changing  bool                             // an item may leave this chain for another while it is read
	timed     bool                             // the service filters by creation time
	window    bool                             // it does so for this chain, one of several windows
	divide    func(first *page[T]) (parts int) // into how many parts a long chain is better read; nil for never
}

// position is how far one chain was delivered.
type position struct {
	Token string   // of the page to read next, or again
	Skip  int      // how many of its items were delivered or dropped
	Pages int      // pages delivered whole
	Done  bool     // there is nothing more
	Loop  bool     // Token was followed before: there is nowhere to go on from
	seen  []uint64 // hashes of the tokens followed, Token's among them

	recent  []uint64 // items delivered last, as the memory holds them
	largest int      // items of the largest page
}

// progress is one chain within a range.
type progress struct {
	*traversal
	id       string
	pos      *position
	info     PageInfo // of the page that is being delivered
	page     bool     // one is
	finished bool     // its last item was taken
	onPage   []func(PageInfo)
	next     string // the token behind that page
	loops    bool
	memory   *memory

	changing bool
	window   bool
	skipped  int // items of the page at hand that were delivered before
}

// reader is the stream of one chain.
type reader[T any] struct {
	*progress
	feed  feed[T]
	scope *scope
	ahead *ahead[T] // once it reads ahead
	last  bool      // the page taken last was the chain's last
	base  int       // items of other chains that were taken before it began to read ahead
}

// feed reads a chain's pages, one after another.
type feed[T any] struct {
	chain   chain[T]
	pacers  []*pacer
	token   string
	skip    int // items of the coming pages that were delivered before
	size    int // items to ask for; 0 leaves it to the service
	fetched int
	seen    map[uint64]struct{}
	ended   bool
	loops   bool

	divisible bool // nothing of it was read
}

// openChain makes the stream of one chain at its place in a listing.
func openChain[T any](f frame, c chain[T]) (*reader[T], error) {
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
	f.traversal.ids[id] = true
	pos := f.state.chains[id]
	if pos == nil {
		pos = &position{}
		if f.set.start != nil {
			pos.Token, pos.Skip = f.set.start.Token, f.set.start.Skip
		}
		pos.see(pos.Token)
		f.state.chains[id] = pos
	}
	if c.memory != nil {
		c.memory.hold(pos.recent)
	}
	p := &progress{
		traversal: f.traversal, id: id, pos: pos, onPage: f.set.onPage,
		memory: c.memory, changing: c.changing, window: c.window,
		info: PageInfo{Operation: c.operation, Source: f.source, Shard: c.shard},
	}
	f.traversal.chains = append(f.traversal.chains, p)
	c.filtered = c.filtered || f.filtered
	return &reader[T]{progress: p, feed: newFeed(c, f.set.pacers, pos, size), scope: f.scope}, nil
}

func newFeed[T any](c chain[T], pacers []*pacer, pos *position, size int) feed[T] {
	seen := make(map[uint64]struct{}, len(pos.seen))
	for _, h := range pos.seen {
		seen[h] = struct{}{}
	}
	return feed[T]{
		chain: c, pacers: pacers, size: size, seen: seen,
		token: pos.Token, skip: pos.Skip, loops: pos.Loop, ended: pos.Done,
		divisible: c.divide != nil && pos.Pages == 0 && pos.Skip == 0,
	}
}

// size is how many items to ask for, once it is clear that the chain can honour the settings.
func (c chain[T]) size(set settings) (int, error) {
	switch n := set.pageSize; {
	case set.every != nil && !c.timed:
		return 0, fmt.Errorf("Every: %s has no filter on creation times", c.operation)
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

// see remembers a token that is about to be followed.
func (p *position) see(token string) {
	if token != "" {
		p.seen = append(p.seen, hash(token))
	}
}

// poll gives the chain's next page: the one that was read ahead, or one that it reads now.
func (r *reader[T]) poll(ctx context.Context) (segment[T], outcome, error) {
	if r.pos.Done || r.last {
		return segment[T]{}, ended, nil
	}
	r.grow()
	pg, out, err := r.read(ctx)
	if r.ahead != nil && (err != nil || out == ended || out == got && pg.next == "") {
		r.exhaust()
	}
	if why := r.scope.failure(); err != nil && why != nil && ctx.Err() == nil {
		return segment[T]{}, ended, why // what ended this request
	}
	if err != nil {
		return segment[T]{}, ended, &stop{at: r.progress, err: err}
	}
	if out != got {
		return segment[T]{}, out, nil
	}
	if pg.parts > 0 {
		r.withdraw()
		return segment[T]{page: &pg}, divided, nil
	}
	return r.take(&pg), got, nil
}

// withdraw takes the chain out of the range: it is to be read in parts.
func (r *reader[T]) withdraw() {
	delete(r.state.chains, r.id)
	delete(r.ids, r.id)
	r.chains = slices.DeleteFunc(r.chains, func(p *progress) bool { return p == r.progress })
	r.exhaust()
}

// exhaust counts a reader that reads ahead off, once: it has no more to give.
func (r *reader[T]) exhaust() {
	if !r.last {
		r.last = true
		r.count(-1)
	}
}

func (r *reader[T]) read(ctx context.Context) (page[T], outcome, error) {
	if r.ahead != nil {
		pg, out, err := r.ahead.take()
		if out != ended || err != nil || r.feed.ended {
			return pg, out, err
		}
	}
	pg, err := r.feed.next(ctx, r.limit-r.delivered)
	return pg, got, err
}

func (r *reader[T]) spent() bool { return r.pos.Done || r.last }

// take begins the delivery of a page.
func (r *reader[T]) take(pg *page[T]) segment[T] {
	r.page, r.next, r.loops = true, pg.next, pg.loops
	r.info.Number, r.info.Items, r.info.Kept, r.info.Duration = r.pos.Pages+1, pg.n, 0, pg.took
	start := min(r.pos.Skip, pg.n)
	r.skipped = start
	r.taken += pg.n - start
	if r.changing { // what was delivered may have left the page since: the memory knows it, not the number
		start = 0
	}
	return segment[T]{from: r.progress, page: pg, start: start, end: pg.n}
}

// next reads the page at the feed's token. It asks for no more items than are wanted, where no
// filter stands between items read and items delivered.
func (f *feed[T]) next(ctx context.Context, wanted int, places ...chan struct{}) (page[T], error) {
	if f.loops {
		return page[T]{}, ErrTokenLoop
	}
	leave, err := enter(ctx, places, f.pacers)
	if err != nil {
		return page[T]{}, err
	}
	defer leave()
	began := time.Now()
	pg, err := f.chain.fetch(ctx, f.token, f.ask(wanted))
	if err != nil {
		return page[T]{}, err
	}
	pg.took = time.Since(began)
	f.fetched += max(0, pg.n-f.skip)
	f.skip = max(0, f.skip-pg.n)
	f.token, f.ended = pg.next, pg.next == ""
	pg.loops = !f.ended && !f.follow(pg.next)
	f.loops = pg.loops
	if f.divisible && !f.ended {
		pg.parts = f.chain.divide(&pg)
	}
	f.divisible = false
	return pg, nil
}

// follow remembers a token; false means that it was followed before.
func (f *feed[T]) follow(token string) bool {
	h := hash(token)
	_, before := f.seen[h]
	f.seen[h] = struct{}{}
	return !before
}

// ask is the size to ask for: enough to hold what is skipped of the page and what is wanted.
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

// reached moves the position behind item i-1 of the page; at the page's end, to the next page.
func (p *progress) reached(i int) {
	p.pos.Skip = max(p.pos.Skip, i) // what is skipped can go on beyond this page
	if i == p.info.Items {
		p.finish()
	}
}

// finish moves the position to the next page. The page is told of once its last item was delivered.
func (p *progress) finish() {
	pos := p.pos
	pos.Token, pos.Skip = p.next, pos.Skip-p.info.Items
	pos.Pages++
	pos.Done, pos.Loop = p.next == "", p.loops
	pos.see(p.next)
	p.finished = true
	p.trim()
}

// tellFinished reports the page whose last item was delivered or dropped, if it was.
func (p *progress) tellFinished() {
	if p.finished {
		p.tell()
	}
}

// tell reports the page that was being delivered.
func (p *progress) tell() {
	if !p.page {
		return
	}
	p.page, p.finished = false, false
	for _, f := range p.onPage {
		f(p.info)
	}
}
