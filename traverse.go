package backupx

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"time"

	"github.com/aws/smithy-go/middleware"
)

// How a listing is read. A source opens, for each range, a tree of streams: chains of pages at the
// leaves, above them what puts several in a row, merges or transforms them. Whoever ranges polls the
// root for segments of pages and delivers their items one by one. Each chain remembers how far it
// was delivered in a position of the state, which outlives the range in a Cursor, and the process in
// a Checkpoint.

// source is what a listing reads.
type source[T any] struct {
	id   identity
	open func(frame) (stream[T], error)
}

// stream delivers segments of pages, one a poll. A segment is to be used up before the next poll.
type stream[T any] interface {
	poll(ctx context.Context) (segment[T], outcome, error)
	grow() bool  // begins to read one more chain ahead; false if there is none, or none is allowed
	spent() bool // the segment polled last was the last there is
}

// outcome is what a poll came to, where it is no error.
type outcome uint8

const (
	ended   outcome = iota // there is nothing more
	got                    // a segment
	pending                // nothing yet: what reads ahead will tell
	divided                // the chain is to be read in parts instead: the segment's page says how many
)

// segment is a run of one page's items.
type segment[T any] struct {
	from  *progress
	page  *page[T]
	start int
	end   int
}

// page is one response. Items are looked at when their turn comes, so that filters and functions
// run just before the delivery.
type page[T any] struct {
	n        int                        // items that the service sent
	at       func(i int) (*T, bool)     // item i, valid until the next call, and whether it is kept
	raw      func(i int) (*T, bool)     // item i as it was sent
	key      func(i int) (uint64, bool) // item i's identity, where a listing remembers items
	next     string
	metadata middleware.Metadata
	took     time.Duration
	loops    bool // next was followed before
	parts    int  // the chain is to be read in so many parts instead; 0 for as it is
}

func pageOf[T any](items []T, next string, md middleware.Metadata) page[T] {
	item := func(i int) (*T, bool) { return &items[i], true }
	return page[T]{n: len(items), at: item, raw: item, next: next, metadata: md}
}

// chain is a run of requests that differ in their token alone.
type chain[T any] struct {
	operation string
	shard     string // what sets it apart from the listing's other chains; empty where it is the one
	maxSize   int    // items a request at most; 0 where that is unknown
	noSize    bool   // the service does not implement sizes
	filtered  bool   // items are dropped, so that a request cannot tell how many are needed
	fetch     func(ctx context.Context, token string, size int) (page[T], error)
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

	last, current []uint64 // what the memory holds of the page before, and of this one
}

// state is what outlives a range: the position of each chain, and the items to be remembered.
type state struct {
	chains   map[string]*position
	windows  map[string][]window // of queries that are read in windows of time
	memories map[string]*memory
	opened   bool // a plan was made: the chains are all there are
	active   bool // a range is under way
}

func newState() *state {
	return &state{chains: map[string]*position{}, windows: map[string][]window{}, memories: map[string]*memory{}}
}

// done reports whether every chain of the plan was delivered whole.
func (s *state) done() bool {
	for _, p := range s.chains {
		if !p.Done {
			return false
		}
	}
	return s.opened
}

// traversal is one range.
type traversal struct {
	operation string
	state     *state
	limit     int
	delivered int
	chains    []*progress
	itemwise  bool  // items of several chains are interleaved, there are no pages
	pool      *pool // what reads ahead; nil where nothing does
	failed    SourceErrors
}

// frame is where in a listing a source is opened, and the settings in force there.
type frame struct {
	*traversal
	path     string
	set      settings
	filtered bool
	scope    *scope
	source   string // of a fleet
	within   bool   // another listing
	needed   bool   // by a merge, which cannot go on without any of its parts
}

// progress is one chain within a range.
type progress struct {
	*traversal
	id     string
	pos    *position
	info   PageInfo // of the page that is being delivered
	page   bool     // one is
	onPage []func(PageInfo)
	next   string // the token behind that page
	loops  bool
	memory *memory

	changing bool
	window   bool
}

// reader is the stream of one chain.
type reader[T any] struct {
	*progress
	feed  feed[T]
	scope *scope
	ahead *ahead[T] // once it reads ahead
	last  bool      // the page taken last was the chain's last
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
	size, err := f.pageSize(c.maxSize, c.noSize)
	if err != nil {
		return nil, err
	}
	if f.set.every != nil && !c.timed {
		return nil, fmt.Errorf("Every: %s has no filter on creation times", c.operation)
	}
	id := f.path + c.shard
	if f.state.opened && f.state.chains[id] == nil {
		return nil, fmt.Errorf("%w: it knows nothing of the chain %q", ErrCheckpoint, id)
	}
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
		c.memory.hold(pos.current)
	}
	p := &progress{
		traversal: f.traversal, pos: pos, onPage: f.set.onPage, memory: c.memory, changing: c.changing,
		info: PageInfo{Operation: c.operation, Source: f.source, Shard: c.shard},
	}
	f.traversal.chains = append(f.traversal.chains, p)
	c.filtered = c.filtered || f.filtered
	p.id, p.window = id, c.window
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

// pageSize is the size to ask of a service whose pages hold at most so many.
func (f frame) pageSize(atMost int, none bool) (int, error) {
	switch n := f.set.pageSize; {
	case n == nil && none:
		return 0, nil
	case n == nil:
		return atMost, nil
	case atMost > 0 && *n > atMost:
		return 0, fmt.Errorf("PageSize: %d: the service gives %d at most", *n, atMost)
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
	if r.ahead != nil && (err != nil || out == ended || out == got && r.ahead.spent()) && !r.last {
		r.last = true
		r.count(-1)
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
	r.chains = slices.DeleteFunc(r.chains, func(p *progress) bool { return p == r.progress })
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

// exact reports whether every item read is one delivered.
func (f *feed[T]) exact() bool { return !f.chain.filtered && f.chain.memory == nil }

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
	p.pos.Skip = i
	if i == p.info.Items {
		p.finish()
	}
}

// finish moves the position to the next page.
func (p *progress) finish() {
	pos := p.pos
	pos.Token, pos.Skip = p.next, pos.Skip-p.info.Items
	pos.Pages++
	pos.Done, pos.Loop = p.next == "", p.loops
	pos.see(p.next)
	p.tell()
	p.forget()
}

// tell reports the page that was being delivered.
func (p *progress) tell() {
	if !p.page {
		return
	}
	p.page = false
	for _, f := range p.onPage {
		f(p.info)
	}
}

// stop is the error of a stream: where it happened, and what.
type stop struct {
	at  *progress
	err error
}

func (s *stop) Error() string { return s.err.Error() }

// errNothing is the error of a zero Listing.
var errNothing = errors.New("the zero Listing lists nothing: make one with BackupJobs, List or their like")

// open makes a range ready: it checks everything that can be checked before a request.
func (l Listing[T]) open(ctx context.Context, st *state) (*traversal, stream[T], error) {
	t := &traversal{operation: l.src.id.name(), state: st, limit: math.MaxInt}
	if l.src.open == nil && len(l.set.errs) == 0 {
		return t, nil, errNothing
	}
	if l.set.limit != nil {
		t.limit = *l.set.limit
	}
	if l.set.ahead() {
		t.pool = newPool(l.set)
	}
	root, err := openIn(frame{traversal: t, scope: newScope(ctx, 0)}, l)
	if err != nil {
		return t, nil, err
	}
	if st.opened && len(t.chains) != len(st.chains) {
		return t, nil, fmt.Errorf("%w: its chains are not this listing's", ErrCheckpoint)
	}
	st.opened = true
	return t, root, nil
}

// openIn opens a listing under a frame, with its own settings under the frame's.
func openIn[T any](f frame, l Listing[T]) (stream[T], error) {
	if err := l.set.validate(); err != nil {
		return nil, err
	}
	f.set = l.set.under(f.set)
	before := len(f.chains)
	s, err := l.src.open(f)
	if err != nil {
		return nil, err
	}
	if n := len(f.traversal.chains) - before; l.set.start != nil && n > 1 {
		return nil, fmt.Errorf("StartAt: a token belongs to one chain, and this listing has %d", n)
	}
	return s, nil
}

// under puts the settings of a listing within another under those of the outer one.
func (s settings) under(outer settings) settings {
	if outer.pageSize != nil {
		s.pageSize = outer.pageSize
	}
	if outer.start != nil {
		s.start = outer.start
	}
	if outer.every != nil {
		s.every = outer.every
	}
	if s.now == nil {
		s.now = outer.now
	}
	s.pacers = slices.Concat(s.pacers, outer.pacers)
	s.onPage = slices.Concat(s.onPage, outer.onPage)
	return s
}

// drive polls a listing to its end and hands each segment to deliver, until that has enough.
func drive[T any](
	ctx context.Context, l Listing[T], st *state, check func(*traversal) error,
	deliver func(segment[T]) (more bool, err error),
) error {
	if st.active {
		return &ListError{Operation: l.src.id.name(), Err: errors.New("this cursor is being ranged over already")}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t, root, err := l.open(ctx, st)
	if err == nil {
		err = check(t)
	}
	if err != nil {
		return t.fail(l.identity(), err)
	}
	st.active = true
	defer t.close(cancel)
	for {
		if ctx.Err() != nil {
			return t.fail(l.identity(), cause(ctx))
		}
		for root.grow() { //nolint:revive // it has to be asked until it has enough
		}
		seg, out, err := root.poll(ctx)
		switch {
		case err != nil:
			return t.fail(l.identity(), err)
		case out == ended:
			return t.failures(l.identity())
		case out == pending:
			t.pool.wait(ctx)
			continue
		}
		more, err := deliver(seg)
		switch {
		case err != nil:
			return t.fail(l.identity(), err)
		case !more:
			return t.failures(l.identity())
		}
	}
}

// fail makes the error of a range.
func (t *traversal) fail(id identity, err error) error {
	e := t.describe(err)
	e.Delivered, e.Checkpoint = t.delivered, t.state.checkpoint(id)
	return e
}

// describe says where an error happened.
func (t *traversal) describe(err error) *ListError {
	var s *stop
	if !errors.As(err, &s) {
		return &ListError{Operation: t.operation, Err: err}
	}
	return &ListError{
		Operation: s.at.info.Operation, Shard: s.at.info.Shard, Page: s.at.pos.Pages + 1,
		Err: s.err, token: s.at.pos.Token,
	}
}

// failures is the error of a range in which sources of a fleet failed, nil if none did.
func (t *traversal) failures(id identity) error {
	if len(t.failed) == 0 {
		return nil
	}
	return t.fail(id, t.failed)
}

// close ends a range: no goroutine outlives it, and pages that were being delivered are told of.
func (t *traversal) close(cancel context.CancelFunc) {
	cancel()
	if t.pool != nil {
		t.pool.readers.Wait()
	}
	t.state.active = false
	for _, p := range t.chains {
		p.tell()
	}
}

// each delivers a segment's items, until yield or the limit ends the range. The position is behind an
// item before it is yielded: what is yielded counts as delivered.
func (s segment[T]) each(ctx context.Context, yield func(*T) bool) (more bool, err error) {
	if s.start == s.end {
		s.from.finish()
		return true, nil
	}
	for i := s.start; i < s.end; i++ {
		if err := ctx.Err(); err != nil {
			return false, &stop{at: s.from, err: cause(ctx)}
		}
		v, keep := s.page.at(i)
		keep = keep && !s.from.repeats(s.page.key, i)
		if keep {
			s.from.info.Kept++
			s.from.delivered++
		}
		s.from.reached(i + 1)
		if keep && (!yield(v) || s.from.delivered == s.from.limit) {
			return false, nil
		}
	}
	return true, nil
}

// repeats reports whether item i was delivered before, from here or from another chain, and
// remembers it.
func (p *progress) repeats(key func(int) (uint64, bool), i int) bool {
	if p.memory == nil || key == nil {
		return false
	}
	id, ok := key(i)
	if !ok {
		return false
	}
	if _, before := p.memory.ids[id]; before {
		return true
	}
	p.memory.ids[id] = p.changing
	if !p.changing {
		p.pos.current = append(p.pos.current, id)
	}
	return false
}

// forget lets go, at the end of a page, of the items of the page before it: those that can come
// again are the ones that a shift moves over the page's end.
func (p *progress) forget() {
	if p.memory == nil {
		return
	}
	for _, id := range p.pos.last {
		delete(p.memory.ids, id)
	}
	p.pos.last, p.pos.current = p.pos.current, nil
	if p.window && p.pos.Done && p.pos.last != nil {
		p.forget()
	}
}

// memory holds the identities of items that may come again from another chain: those of jobs that
// were delivered while they could still change, for good, and those of each chain's last page.
type memory struct {
	ids map[uint64]bool // whether it stays
}

// hold remembers the items of a page that a checkpoint was taken in.
func (m *memory) hold(page []uint64) {
	for _, id := range page {
		if _, held := m.ids[id]; !held {
			m.ids[id] = false
		}
	}
}

// memory is the one of the listing opened here.
func (f frame) memory() *memory {
	m := f.state.memories[f.path]
	if m == nil {
		m = &memory{ids: map[uint64]bool{}}
		f.state.memories[f.path] = m
	}
	return m
}

// cause is why a context ended: always its Err, with the reason that was given to it.
func cause(ctx context.Context) error {
	if c := context.Cause(ctx); !errors.Is(c, ctx.Err()) {
		return fmt.Errorf("%w: %w", ctx.Err(), c)
	}
	return ctx.Err()
}

// hash is a name for a token or an id that takes eight bytes.
func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// items delivers a listing item by item.
func (l Listing[T]) items(ctx context.Context, st *state, yield func(T, error) bool) {
	stopped := false
	err := drive(ctx, l, st, anyPlan, func(seg segment[T]) (bool, error) {
		return seg.each(ctx, func(v *T) bool {
			stopped = !yield(*v, nil)
			return !stopped
		})
	})
	if err != nil && !stopped {
		var zero T
		yield(zero, err)
	}
}

// pages delivers a listing page by page.
func (l Listing[T]) pages(ctx context.Context, st *state, yield func(Page[T], error) bool) {
	stopped := false
	err := drive(ctx, l, st, pagewise, func(seg segment[T]) (bool, error) {
		p := Page[T]{Next: seg.page.next, Number: seg.from.info.Number, Metadata: seg.page.metadata}
		more, err := seg.each(ctx, func(v *T) bool {
			p.Items = append(p.Items, *v)
			return true
		})
		if err == nil || len(p.Items) > 0 {
			stopped = !yield(p, nil)
		}
		return more && !stopped, err
	})
	if err != nil && !stopped {
		yield(Page[T]{}, err)
	}
}

func anyPlan(*traversal) error { return nil }

// pagewise accepts the plans whose items come page by page.
func pagewise(t *traversal) error {
	if t.itemwise {
		return errors.New("Pages: items of several chains are merged one by one, there are no pages: use All")
	}
	return nil
}
