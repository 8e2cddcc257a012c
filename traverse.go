package backupx

import (
	"context"
	"errors"
	"fmt"
	"math"
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
	id   lazyIdentity
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

// state is what outlives a range: the position of each chain, and the items to be remembered.
type state struct {
	chains   map[string]*position
	windows  map[string][]window // of queries that are read in windows of time
	memories map[string]*memory
	opened   bool // a plan was made: the chains are all there are
	active   bool // a range is under way

	sources sources // of fleets
}

func newState() *state {
	return &state{chains: map[string]*position{}, windows: map[string][]window{}, memories: map[string]*memory{}}
}

// done reports whether every chain of the plan was delivered whole.
func (st *state) done() bool {
	for _, p := range st.chains {
		if !p.Done {
			return false
		}
	}
	return st.opened
}

// traversal is one range.
type traversal struct {
	operation string
	state     *state
	limit     int
	delivered int
	taken     int // items of the pages whose delivery began
	chains    []*progress
	ids       map[string]bool // of the chains
	itemwise  bool            // items of several chains are interleaved, there are no pages
	pool      *pool           // what reads ahead; nil where nothing does
	failed    SourceErrors

	checkpoint func() Checkpoint // where the range is
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
	t := &traversal{
		operation: l.src.id.name(), state: st, limit: math.MaxInt, ids: map[string]bool{},
		checkpoint: func() Checkpoint { return l.checkpoint(st) },
	}
	if l.src.open == nil && len(l.set.errs) == 0 {
		return t, nil, errNothing
	}
	if l.set.limit != nil {
		t.limit = *l.set.limit
	}
	if l.set.ahead() {
		t.pool = newPool(l.set)
	}
	root, err := openIn(frame{traversal: t, scope: newScope(ctx)}, l)
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
		return nil, errors.New("StartAt: a token belongs to one chain, and this listing has several")
	}
	return s, nil
}

// drive polls a listing to its end and hands each segment to deliver, until that has enough.
func drive[T any](
	ctx context.Context, l Listing[T], st *state, check func(*traversal) error,
	deliver func(segment[T]) (more bool, err error),
) error {
	if st.active {
		busy := errors.New("this cursor is being ranged over already")
		return &ListError{Operation: l.src.id.name(), Checkpoint: l.checkpoint(st), Err: busy}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t, root, err := l.open(ctx, st)
	if err == nil {
		err = check(t)
	}
	if err != nil {
		return t.fail(err)
	}
	st.active = true
	defer t.close(cancel)
	for {
		growAll(root)
		before := t.pool.readersActive()
		seg, out, err := root.poll(ctx)
		switch {
		case err != nil:
			return t.fail(endedBy(ctx, err))
		case out == ended:
			return t.failures()
		case out == pending:
			if err := t.pool.wait(ctx, before); err != nil {
				return t.fail(err)
			}
			continue
		case seg.end-seg.start < t.limit-t.delivered: // this segment is not all that is wanted
			growAll(root)
		}
		more, err := deliver(seg)
		switch {
		case err != nil:
			return t.fail(err)
		case !more:
			return t.failures()
		}
		seg.from.tellFinished()
	}
}

// growAll begins to read ahead whatever may be.
func growAll[T any](root stream[T]) {
	for root.grow() { // the condition does the work
	}
}

// fail makes the error of a range. Sources that failed before are in it too.
func (t *traversal) fail(err error) error {
	e := t.describe(err)
	if _, all := err.(SourceErrors); !all && len(t.failed) > 0 { // failures returns it unwrapped
		e.Err = fmt.Errorf("%w; %w", e.Err, t.failed)
	}
	e.Delivered, e.Checkpoint = t.delivered, t.checkpoint()
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
func (t *traversal) failures() error {
	if len(t.failed) == 0 {
		return nil
	}
	return t.fail(t.failed)
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
		if ctx.Err() != nil {
			return false, &stop{at: s.from, err: cause(ctx)}
		}
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

// endedBy is an error under a context. Where that ended, the error says so: what a client makes of it
// may not.
func endedBy(ctx context.Context, err error) error {
	if s := (*stop)(nil); errors.As(err, &s) {
		return &stop{at: s.at, err: endedBy(ctx, s.err)}
	}
	if ctx.Err() == nil || errors.Is(err, ctx.Err()) && errors.Is(err, context.Cause(ctx)) {
		return err
	}
	return fmt.Errorf("%w: %w", cause(ctx), err)
}

// cause is why a context ended: always its Err, with the reason that was given to it.
func cause(ctx context.Context) error {
	if c := context.Cause(ctx); !errors.Is(c, ctx.Err()) {
		return fmt.Errorf("%w: %w", ctx.Err(), c)
	}
	return ctx.Err()
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
