package backupx

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aws/smithy-go/middleware"

	"github.com/backupx-go/backupx/internal/callwatch"
	"github.com/backupx-go/backupx/internal/schedule"
)

// chain is a series of requests that differ in their page token only.
type chain[T any] struct {
	operation  string
	shard      string // names the chain among those of the listing; empty if it is the only one
	maxSize    int    // items in a page, at most; 0 if unknown
	noSize     bool   // the service does not implement page sizes
	filtered   bool   // items are dropped, so that a request cannot tell how many items are needed
	fetch      fetcher[T]
	memory     *memory // of items that other chains delivered; nil if no other chain can repeat them
	identified bool    // items have identities
	changing   bool    // an item may leave this chain for another one while it is read
	local      bool    // there is no service that could refuse a page token
}

// progress is the delivery of a chain within a range. Only the ranging goroutine uses it.
type progress struct {
	*traversal
	id       string // names the chain in checkpoints
	pos      *position
	info     PageInfo // of the page that is being delivered
	onPage   []func(PageInfo)
	memory   *memory
	sieve    *sieve // of pos.recent; nil until an item was delivered
	changing bool
	at       window // of creation time; the zero window is the whole query

	untold  bool // the callbacks were not called for the page that is, or was last, being delivered
	skipped int  // items of that page that an earlier range delivered
}

// reader is the stream of one chain. Only the ranging goroutine uses its fields, apart from feed and shown, which a
// fetch goroutine uses.
type reader[T any] struct {
	*progress
	feed  feed[T]
	place place
	task  *schedule.Task
	over  bool // nothing is left to deliver

	query   *windowed[T] // the query that the chain is a window of; nil if the service has no filter on creation times
	shown   shown        // what the pages have shown of the window
	uncut   bool         // a cut was wrong: the chain is read to its end
	resumed bool         // an earlier range has read a part of the chain
	check   *cut[T]      // the cut that this chain is a part of, until the cut is verified; nil for none
}

// feed reads the pages of a chain, one after another.
type feed[T any] struct {
	chain chain[T]
	token string
	skip  int             // items of the next pages that were delivered before
	size  int             // items that a request asks for; 0 if the service decides
	seen  map[uint64]bool // hashes of the tokens that were followed
	loops bool            // token was followed before: there is no next page
	begun bool            // a page was read
}

// openChain returns the stream of a chain at its place in a listing.
func openChain[T any](f frame, c chain[T]) (*reader[T], error) {
	if f.stage == nil {
		f = f.newStage()
	}
	size, err := f.size(c.maxSize, c.noSize)
	if err != nil {
		return nil, err
	}
	id := f.path + c.shard
	pos := f.state.position(id)
	switch {
	case pos == nil && f.planned():
		return nil, fmt.Errorf("%w: it knows nothing of the chain %q", ErrCheckpoint, id)
	case f.ids[id]:
		return nil, fmt.Errorf("two chains are named %q", id)
	case pos == nil:
		pos = f.set.from()
	}
	if c.memory != nil {
		c.memory.hold(pos.recent)
	}
	r := newReader(f, c, pos, size)
	r.register()
	if f.sched != nil && !pos.Done {
		f.sched.Add(r.task)
	}
	return r, nil
}

// newReader returns the stream of a chain that is not part of the range yet.
func newReader[T any](f frame, c chain[T], pos *position, size int) *reader[T] {
	c.filtered = c.filtered || f.filtered
	pos.unsaved = c.memory == nil
	r := &reader[T]{
		progress: &progress{
			traversal: f.traversal, id: f.path + c.shard, pos: pos, onPage: f.set.onPage,
			memory: c.memory, changing: c.changing,
			info: PageInfo{Operation: c.operation, Source: f.sourceName(), Shard: c.shard},
		},
		feed: feed[T]{
			chain: c, size: size, token: pos.Token, skip: pos.Skip, loops: pos.Loop,
			seen: make(map[uint64]bool, len(pos.seen)),
		},
		place: f.place,
	}
	for _, h := range pos.seen {
		r.feed.seen[h] = true
	}
	r.task = &schedule.Task{
		Fetch: r.fetchAhead, Notify: r.arrived,
		Scope: f.scope, Stage: f.stage, Pacers: f.set.pacers, Filters: c.filtered, Size: size,
	}
	return r
}

// register makes the chain part of the range and of its checkpoints.
func (p *progress) register() {
	p.ids[p.id] = true
	p.state.add(p.id, p.pos)
	p.chains = append(p.chains, p)
}

// unregister removes the chain from the range and from its checkpoints.
func (p *progress) unregister() {
	p.state.remove(p.id)
	delete(p.ids, p.id)
	p.chains = slices.DeleteFunc(p.chains, func(o *progress) bool { return o == p })
}

// next returns the next page of the chain.
func (r *reader[T]) next(need bool) (segment[T], schedule.Outcome, error) {
	if r.over || r.pos.Done {
		return segment[T]{}, schedule.Ended, nil
	}
	pg, out, err := r.read(need)
	if err != nil {
		r.over = true
		if why := r.task.Scope.Failure(); why != nil && r.ctx.Err() == nil {
			return segment[T]{}, schedule.Ended, why // the failure that ended this request
		}
		if errors.Is(err, ErrTokenExpired) {
			r.pos.refused = r.refusal()
		}
		return segment[T]{}, schedule.Ended, &chainError{at: r.progress, err: err}
	}
	if out != schedule.Got {
		r.over = out == schedule.Ended
		return segment[T]{}, out, nil
	}
	r.over = pg.next == ""
	return r.begin(pg), schedule.Got, nil
}

// read returns the next page: one that was read ahead, or one that it requests now if nothing is read ahead.
func (r *reader[T]) read(need bool) (*page[T], schedule.Outcome, error) {
	if r.sched == nil {
		ctx := r.task.Scope.Context()
		if err := schedule.Pace(ctx, r.task.Pacers); err != nil {
			return nil, schedule.Ended, cause(ctx)
		}
		pg, err := r.feed.next(ctx, r.limit-r.delivered)
		if err == nil {
			r.query.observe(r, pg, &schedule.Arrival{})
		}
		return pg, schedule.Got, err
	}
	a, out := r.sched.Take(r.task, need, r.limit-r.delivered)
	if out != schedule.Got {
		return nil, out, a.Err
	}
	pg := a.Page.(*page[T])
	r.info.Refused = a.Refused
	if !r.query.cutAfter(r, pg) {
		r.sched.Took(r.task, r.repeated(pg))
	}
	return pg, out, nil
}

// refusal returns what the position needs to be read anew.
func (r *reader[T]) refusal() *refusal {
	f := &refusal{identified: r.feed.chain.identified}
	if r.query != nil {
		f.query, f.at = r.query.key, r.at
	}
	return f
}

// repeated returns how many items of a page another chain has delivered.
func (r *reader[T]) repeated(pg *page[T]) int { return min(pg.n, len(r.pos.passed)) }

// fetchAhead requests the next page, in a goroutine of its own.
func (r *reader[T]) fetchAhead(wanted int) schedule.Arrival {
	attempt := func() func(bool) { return r.sched.Attempt(r.task) }
	pg, err := r.feed.next(callwatch.WithObserver(r.task.Scope.Context(), attempt), wanted)
	if err != nil {
		return schedule.Arrival{Err: err, Throttled: callwatch.Throttled(err)}
	}
	a := schedule.Arrival{Page: pg, Items: pg.n, Last: pg.next == ""}
	if pg.loops {
		a.After = ErrTokenLoop
	}
	r.query.observe(r, pg, &a)
	return a
}

// arrived decides whether the chain is split after a request has ended, and marks the chain in the groups around it.
func (r *reader[T]) arrived() {
	r.query.consider(r)
	r.place.mark()
}

// begin starts the delivery of a page, and returns the items that are left of it.
func (r *reader[T]) begin(pg *page[T]) segment[T] {
	r.pos.within = r.pos.inPage()
	r.pos.reading, r.untold = &pg.response, true
	r.info.Number, r.info.Items, r.info.Kept, r.info.Duration = r.pos.Pages+1, pg.n, 0, pg.took
	start := min(r.pos.Skip, pg.n)
	r.skipped = start
	if r.changing { // delivered items may have left the page since: the memory knows them, their number does not
		start = 0
	}
	return segment[T]{from: r.progress, at: pg.at, start: start, end: pg.n}
}

// next requests the page at the token of the feed. It asks for no more items than wanted, unless items are dropped.
func (f *feed[T]) next(ctx context.Context, wanted int) (*page[T], error) {
	if f.loops {
		return nil, ErrTokenLoop
	}
	if ctx.Err() != nil {
		return nil, cause(ctx)
	}
	began := time.Now()
	pg, err := f.chain.fetch(ctx, f.token, f.ask(wanted))
	if err != nil {
		if f.token != "" && !f.chain.local && refusesToken(err, !f.begun) {
			return nil, fmt.Errorf("%w: %w", ErrTokenExpired, err)
		}
		return nil, err
	}
	f.begun = true
	pg.took = time.Since(began)
	f.skip = max(0, f.skip-pg.n)
	f.token = pg.next
	if pg.next != "" {
		token := hash(pg.next)
		f.loops = f.seen[token]
		f.seen[token] = true
	}
	pg.loops = f.loops
	return &pg, nil
}

// ask returns how many items to ask for: no more than those that are skipped and those that are wanted. A service whose
// page sizes are unknown may refuse a smaller size than the caller's.
func (f *feed[T]) ask(wanted int) int {
	unknown := f.chain.maxSize == 0 && !f.chain.noSize
	if unknown || f.size == 0 || f.chain.filtered || wanted > math.MaxInt32-f.skip {
		return f.size
	}
	return min(f.size, max(1, wanted)+f.skip)
}

// reached moves the position behind item i-1 of the page, and at its end to the next page. The item was kept or dropped.
func (p *progress) reached(i int, kept bool) {
	if kept {
		p.info.Kept++
		p.delivered++
	}
	p.pos.Skip = max(p.pos.Skip, i) // the items to skip may extend beyond this page
	if i == p.pos.reading.n {
		p.finish()
	}
}

// finish moves the position to the next page.
func (p *progress) finish() {
	pos, pg := p.pos, p.pos.reading
	pos.Token, pos.Skip = pg.next, pos.Skip-pg.n
	pos.Pages++
	pos.Done, pos.Loop = pg.next == "", pg.loops
	pos.see(pg.next)
	pos.largest = max(pos.largest, pg.n)
	pos.ended, pos.reading = pos.ended.then(pos.within.then(pg.front(pg.n))), nil
	if pos.Skip == 0 {
		pos.within = front{}
	}
	p.trim()
}

// repeats reports whether item i of the page was delivered before, from this chain or another one, and remembers the
// item.
func (p *progress) repeats(i int) bool {
	key := p.pos.reading.key
	if key == nil {
		return false
	}
	id, ok := key(i)
	if !ok {
		return i < p.skipped // an item without an identity is known by its place in the page only
	}
	if at := slices.Index(p.pos.passed, id); at >= 0 {
		p.pos.passed = slices.Delete(p.pos.passed, at, at+1)
		p.remember(id)
		return true
	}
	if p.sieve == nil {
		p.sieve = new(sieve)
		p.sieve.reset(p.pos.recent)
	}
	if p.sieve.has(id) && slices.Contains(p.pos.recent, id) || p.memory.has(id) {
		return true
	}
	if p.memory != nil {
		p.memory.add(id, p.changing)
	}
	p.remember(id)
	return false
}

// remember notes an item as one of those that the chain has listed last. The sieve may not be made yet.
func (p *progress) remember(id uint64) {
	if p.changing {
		return
	}
	p.pos.recent = append(p.pos.recent, id)
	if p.sieve != nil {
		p.sieve.add(id)
	}
}

// trim forgets, at the end of a page, all but the last items of the chain. It keeps as many as the largest
// page had, because paging can shift by at most one page. A chain that is done keeps none, unless another chain may
// repeat its items.
func (p *progress) trim() {
	old := len(p.pos.recent) - p.pos.largest
	if p.pos.Done && (p.at != (window{}) || p.memory == nil) {
		old = len(p.pos.recent)
	}
	if old <= 0 {
		return
	}
	if p.memory != nil {
		p.memory.forget(p.pos.recent[:old])
	}
	kept := p.pos.recent[old:]
	if p.pos.Done {
		p.pos.recent, p.sieve = slices.Clone(kept), nil
		return
	}
	p.pos.recent = append(make([]uint64, 0, len(kept)+p.pos.largest), kept...) // frees the array, with room for a page
	p.sieve.reset(p.pos.recent)
}

// tellFinished calls the callbacks for a page that was delivered to its end.
func (p *progress) tellFinished() {
	if p.pos.reading == nil {
		p.tell()
	}
}

// tell calls the callbacks for the last page, unless it did.
func (p *progress) tell() {
	if !p.untold {
		return
	}
	p.untold = false
	for _, f := range p.onPage {
		f(p.info)
	}
}

// page is one response, with its items. Filters look at an item just before its delivery.
type page[T any] struct {
	response
	items []T
	at    func(i int) (*T, bool) // item i, and whether filters keep it
}

// response is a page without its items.
type response struct {
	n        int                        // items that the service sent
	key      func(i int) (uint64, bool) // the identity of item i; nil if nothing compares items
	next     string
	metadata middleware.Metadata
	took     time.Duration
	loops    bool                  // next was followed before
	shown    shown                 // what the pages of the chain have shown of its window, with this one
	created  func(i int) time.Time // the creation time of item i; nil where shown is not known
}

func pageOf[T any](items []T, next string, md middleware.Metadata) page[T] {
	return page[T]{
		response: response{n: len(items), next: next, metadata: md},
		items:    items,
		at:       func(i int) (*T, bool) { return &items[i], true },
	}
}

// identify gives the items their identities.
func (p *page[T]) identify(id func(*T) *string) {
	items := p.items
	p.key = func(i int) (uint64, bool) {
		if s := id(&items[i]); s != nil {
			return hash(*s), true
		}
		return 0, false
	}
}

// keep drops the items for which a function returns false.
func (p *page[T]) keep(f func(*T) bool) {
	items := p.items
	p.at = func(i int) (*T, bool) { return &items[i], f(&items[i]) }
}

// segment is a run of items of the page that a chain delivers. Functions make an item just before its delivery.
type segment[T any] struct {
	from       *progress
	at         func(i int) (*T, bool) // item i of the page, valid until the next call, and whether it is kept
	start, end int
}

// page returns the page of a segment, without its items.
func (s segment[T]) page() Page[T] {
	from := s.from.pos.reading
	return Page[T]{Next: from.next, Number: s.from.info.Number, Metadata: from.metadata}
}

// each delivers the items of a segment, until yield or the limit ends the range. The position is behind an item
// before the item is yielded, because a yielded item counts as delivered.
func (s segment[T]) each(ctx context.Context, yield func(*T) bool) (more bool, err error) {
	p := s.from
	if s.start == s.end {
		if ctx.Err() != nil {
			return false, &chainError{at: p, err: cause(ctx)}
		}
		p.finish()
		return true, nil
	}
	for i := s.start; i < s.end; i++ {
		if ctx.Err() != nil {
			return false, &chainError{at: p, err: cause(ctx)}
		}
		v, keep := s.at(i)
		keep = keep && !p.repeats(i)
		p.reached(i+1, keep)
		if keep && (!yield(v) || p.delivered == p.limit) {
			return false, nil
		}
	}
	return true, nil
}
