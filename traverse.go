package backupx

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aws/smithy-go/middleware"
)

// source is what a listing reads.
type source[T any] struct {
	id   lazyIdentity
	open func(frame) (stream[T], error)
}

// stream delivers the pages of a part of a listing. docs/engine.md describes the streams and the scheduler.
type stream[T any] interface {
	// next returns the next segment. A segment has to be used up before the next call. With need, the range cannot
	// continue without the segment: chains that it depends on are started whatever the number of active chains is.
	next(need bool) (segment[T], outcome, error)
}

// outcome is the result of stream.next if it is not an error.
type outcome uint8

const (
	ended   outcome = iota // the stream has no further segment
	got                    // a segment
	pending                // no segment yet: the scheduler wakes the ranging goroutine when a request ends
)

// segment is a run of items of one page.
type segment[T any] struct {
	from  *progress
	page  *page[T]
	start int
	end   int
}

// page is one response. Filters and functions look at an item just before its delivery.
type page[T any] struct {
	n        int                        // items that the service sent
	at       func(i int) (*T, bool)     // item i, valid until the next call, and whether it is kept
	raw      func(i int) (*T, bool)     // item i as the service sent it
	key      func(i int) (uint64, bool) // the identity of item i; nil if nothing compares items
	next     string
	metadata middleware.Metadata
	took     time.Duration
	refused  int       // how often the page was refused for throttling
	loops    bool      // next was followed before
	oldest   time.Time // see position.oldest, after the page
}

func pageOf[T any](items []T, next string, md middleware.Metadata) page[T] {
	item := func(i int) (*T, bool) { return &items[i], true }
	return page[T]{n: len(items), at: item, raw: item, next: next, metadata: md}
}

// state is what outlives a range: the position of each chain, and the items to remember.
type state struct {
	chains   map[string]*position
	windows  map[string][]window // of queries that are read in windows of creation time
	memories map[string]*memory
	opened   bool // a range has made the plan: there are no other chains
	active   bool // a range is under way

	sources sources // of fleets
}

func newState() *state {
	return &state{chains: map[string]*position{}, windows: map[string][]window{}, memories: map[string]*memory{}}
}

// done reports whether every chain of the plan was delivered to its end.
func (st *state) done() bool {
	for _, p := range st.chains {
		if !p.Done {
			return false
		}
	}
	return st.opened
}

// traversal is one range. Only the ranging goroutine uses its fields.
type traversal struct {
	ctx       context.Context // of the range: a traversal never outlives the call that made it
	operation string
	state     *state
	sched     *scheduler // nil if nothing is read ahead
	limit     int
	delivered int
	chains    []*progress
	ids       map[string]bool // of the chains
	stages    int             // stages of the scheduler
	splits    []splittable    // queries that may be read in windows
	timed     int             // listings that have a filter on creation times
	itemwise  bool            // items of several chains are merged, so that there are no pages
	failed    SourceErrors

	checkpoint func() Checkpoint // the position of the range
}

// frame is the place in a listing where a source is opened, with the settings that apply there.
type frame struct {
	*traversal
	path     string
	set      settings
	filtered bool
	scope    *scope
	stage    *stage // nil: each chain has its own
	node     *node  // the innermost group that delivers pages as they arrive, and
	slot     int    // … the number of its part
	source   string // the name of the source in a fleet
	merged   bool   // within a merge: chains are delivered in order, and not split
	within   bool   // within a combination of listings: a query is split only by what its pages show
}

// newStage returns a frame whose chains may be read at the same time, once the chains of the stage before are over.
func (f frame) newStage() frame {
	f.stage = &stage{number: f.traversal.stages, scope: f.scope, after: f.stage}
	f.traversal.stages++
	if f.stage.after != nil {
		f.stage.after.next = f.stage
	}
	return f
}

// chainError is an error with the chain that it comes from.
type chainError struct {
	at  *progress
	err error
}

func (e *chainError) Error() string { return e.err.Error() }

var (
	// errNothing is the error of a zero Listing.
	errNothing = errors.New("the zero Listing lists nothing: make one with BackupJobs, List or their like")

	// errCrashed is the error of a fetch that did not return. The ranging goroutine repeats the panic.
	errCrashed = errors.New("the function that fetches pages did not return")
)

// open prepares a range. It reports every error that is known before the first request.
func (l Listing[T]) open(ctx context.Context, st *state) (*traversal, stream[T], error) {
	t := &traversal{
		ctx: ctx, operation: l.src.id.name(), state: st, limit: math.MaxInt, ids: map[string]bool{},
		checkpoint: func() Checkpoint { return l.checkpoint(st) },
	}
	if l.src.open == nil && len(l.set.errs) == 0 {
		return t, nil, errNothing
	}
	if l.set.limit != nil {
		t.limit = *l.set.limit
	}
	root := newScope(ctx, nil, 0)
	if l.set.ahead() {
		t.sched = newScheduler(l.set, root, t.limit)
	}
	s, err := openIn(frame{traversal: t, scope: root}, l)
	if err != nil {
		return t, nil, err
	}
	if st.opened && len(t.chains) != len(st.chains) {
		return t, nil, fmt.Errorf("%w: its chains are not this listing's", ErrCheckpoint)
	}
	t.plan()
	st.opened = true
	return t, s, nil
}

// openIn opens a listing in a frame. The listing's own settings come after those of the frame.
func openIn[T any](f frame, l Listing[T]) (stream[T], error) {
	if err := l.set.validate(); err != nil {
		return nil, err
	}
	f.set = l.set.under(f.set)
	chains, timed := len(f.chains), f.timed
	s, err := l.src.open(f)
	switch {
	case err != nil:
		return nil, err
	case l.set.start != nil && len(f.chains)-chains > 1:
		return nil, errors.New("StartAt: a token belongs to one chain, and this listing has several")
	case l.set.every != nil && f.timed == timed:
		return nil, fmt.Errorf("Every: %s has no filter on creation times", l.src.id.name())
	}
	return s, nil
}

// drive reads a listing to its end and passes each segment to deliver, until deliver wants no more.
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
	t.sched.begin()
	for {
		t.sched.collect()
		seg, out, err := root.next(true)
		switch {
		case err != nil:
			return t.fail(endedBy(ctx, err))
		case out == ended:
			return t.failures()
		case out == pending:
			if err := t.sched.wait(ctx, t.delivered); err != nil {
				return t.fail(err)
			}
			continue
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

// fail returns the error of a range. It contains the errors of the sources that failed before.
func (t *traversal) fail(err error) error {
	e := t.describe(err)
	if _, all := err.(SourceErrors); !all && len(t.failed) > 0 { // failures passes them unwrapped
		e.Err = fmt.Errorf("%w; %w", e.Err, t.failed)
	}
	e.Delivered, e.Checkpoint = t.delivered, t.checkpoint()
	return e
}

// describe returns an error with the chain and the page that it belongs to.
func (t *traversal) describe(err error) *ListError {
	var c *chainError
	if !errors.As(err, &c) {
		return &ListError{Operation: t.operation, Err: err}
	}
	return &ListError{
		Operation: c.at.info.Operation, Shard: c.at.info.Shard, Page: c.at.pos.Pages + 1,
		Err: c.err, token: c.at.pos.Token,
	}
}

// failures returns the error of a range in which sources of a fleet failed, nil if none did.
func (t *traversal) failures() error {
	if len(t.failed) == 0 {
		return nil
	}
	return t.fail(t.failed)
}

// close ends a range. It waits for all goroutines, and calls the callbacks for the pages that were being delivered.
func (t *traversal) close(cancel context.CancelFunc) {
	t.sched.close(cancel)
	t.state.active = false
	for _, p := range t.chains {
		p.tell()
	}
}

// each delivers the items of a segment, until yield or the limit ends the range. The position is behind an item
// before the item is yielded, because a yielded item counts as delivered.
func (s segment[T]) each(ctx context.Context, yield func(*T) bool) (more bool, err error) {
	if s.start == s.end {
		if ctx.Err() != nil {
			return false, &chainError{at: s.from, err: cause(ctx)}
		}
		s.from.finish()
		return true, nil
	}
	for i := s.start; i < s.end; i++ {
		if err := ctx.Err(); err != nil {
			return false, &chainError{at: s.from, err: cause(ctx)}
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

// endedBy returns an error that says so if the context ended: the error of a client may hide it.
func endedBy(ctx context.Context, err error) error {
	if c := (*chainError)(nil); errors.As(err, &c) {
		return &chainError{at: c.at, err: endedBy(ctx, c.err)}
	}
	if ctx.Err() == nil || errors.Is(err, ctx.Err()) && errors.Is(err, context.Cause(ctx)) {
		return err
	}
	return fmt.Errorf("%w: %w", cause(ctx), err)
}

// cause returns why a context ended: its Err, with the cause that was given.
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
