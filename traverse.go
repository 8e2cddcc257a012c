package backupx

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/decode"
	"github.com/backupx-go/backupx/internal/schedule"
)

// stream delivers the pages of a part of a listing. docs/engine.md describes the streams and the scheduler.
type stream[T any] interface {
	// next returns the next segment. A segment has to be used up before the next call. With need, the range cannot
	// continue without the segment: chains that it depends on are started whatever the number of active chains is.
	next(need bool) (segment[T], schedule.Outcome, error)
}

// traversal is one range. Only the ranging goroutine uses its fields.
type traversal struct {
	ctx       context.Context // of the range: a traversal never outlives the call that made it
	operation string
	state     *state
	sched     *schedule.Scheduler // nil if nothing is read ahead
	scope     *schedule.Scope     // of the whole range
	limit     int
	delivered int
	chains    []*progress
	ids       map[string]bool     // of the chains
	splits    []func(windows int) // split the queries that may be read in windows
	timed     int                 // listings that have a filter on creation times
	itemwise  bool                // items of several chains are merged, so that there are no pages
	buffers   *decode.Buffers     // of all chains

	checkpoint func() Checkpoint // the position of the range
}

// frame is the place in a listing where a stream is opened, with the settings that apply there.
type frame struct {
	*traversal
	place
	path     string
	set      settings
	filtered bool
	scope    *schedule.Scope
	stage    *schedule.Stage // nil: each chain has its own
	source   origin          // the source of a fleet; in a fleet of fleets the name is both names, joined by a slash
	merged   bool            // within a merge: chains are delivered in order, and not split
	within   bool            // within a combination of listings: a query is split only by what its pages show
}

// newStage returns a frame whose chains may be read at the same time, once the chains of the stage before are over.
func (f frame) newStage() frame {
	f.stage = schedule.NewStage(f.scope, f.stage)
	return f
}

// merging returns a frame for streams whose items are merged one by one.
func (f frame) merging() frame {
	f.itemwise = true
	f.merged = true
	return f
}

// filtering returns a frame for a stream whose items are dropped if filters is true.
func (f frame) filtering(filters bool) frame {
	f.filtered = f.filtered || filters
	return f
}

// filtersByTime says that the listing in this frame has a filter on creation times.
func (f frame) filtersByTime() { f.timed++ }

// size returns how many items a request asks for. The service gives at most as many as most, if that is not 0.
func (f frame) size(most int, noSize bool) (int, error) { return f.set.size(most, noSize) }

// inSource returns a frame for a source of a fleet, which fails by itself and has its own bound of requests.
func (f frame) inSource(s origin, parallel int) frame {
	f.source = s.within(f.source)
	f.scope = f.scope.Within(parallel)
	return f
}

// readWhole reports whether a source was delivered to its end before the checkpoint that the range starts at.
func (f frame) readWhole(name string) bool { return f.state.sources.done[f.path+element(name)] }

// opened says that the state has the chains of a source from now on.
func (f frame) opened(name string) { delete(f.state.sources.fresh, f.path+element(name)) }

// planned reports whether the state has the chains and the windows of the listing that is opened in this frame.
func (f frame) planned() bool { return f.state.opened && !holds(f.state.sources.fresh, f.path) }

// pagesOf returns the reader of the pages that d decodes, nil if the client is to decode them.
func (f frame) pagesOf(d *decode.Decoder) *decode.Reader {
	if d == nil || f.set.sdkDecoding {
		return nil
	}
	return d.Reader(f.buffers)
}

// sourceName returns the name of the source, empty outside of fleets.
func (f frame) sourceName() string { return f.source.name }

// finish says that the listing that is opened in this frame is read.
func (f frame) finish() { f.state.finish(f.path) }

// drop says that the chains of stages need no more pages.
func (f frame) drop(stages []*schedule.Stage) { f.sched.DropStages(stages) }

// ownStage returns the stage that the frame's chains are read in, nil if each has its own.
func (f frame) ownStage() *schedule.Stage { return f.stage }

// memory returns the memory of the listing that is opened in this frame.
func (f frame) memory() *memory {
	m := f.state.memories[f.path]
	if m == nil {
		m = newMemory()
		f.state.memories[f.path] = m
	}
	return m
}

// chainError is an error with the chain that it comes from.
type chainError struct {
	at  *progress
	err error
}

func (e *chainError) Error() string { return e.err.Error() }

// endedError is the error of a range that ended after sources of a fleet had failed.
type endedError struct {
	cause  error // why the range ended
	failed SourceErrors
}

func (e *endedError) Error() string   { return e.cause.Error() + "; " + e.failed.Error() }
func (e *endedError) Unwrap() []error { return []error{e.cause, e.failed} }

// errActive is the error of a cursor that is used within a range over it.
var errActive = errors.New("this cursor is being ranged over already")

// errNothing is the error of a zero Listing.
var errNothing = errors.New("the zero Listing lists nothing: make one with BackupJobs, List or their like")

// begin prepares a range. It reports every error that is known before the first request.
func (l Listing[T]) begin(ctx context.Context, st *state) (*traversal, stream[T], error) {
	st.failed = nil
	if !st.opened { // a panic may have left a part of a plan
		clear(st.chains)
		clear(st.windows)
		clear(st.memories)
	}
	t := &traversal{
		ctx: ctx, operation: l.operation(), state: st, limit: l.set.most(), ids: map[string]bool{}, buffers: new(decode.Buffers),
		checkpoint: func() Checkpoint { return l.checkpoint(st) },
	}
	ahead := l.set.ahead()
	t.scope = schedule.NewScope(ctx, ahead != nil)
	if ahead != nil {
		t.sched = schedule.New(*ahead, t.scope)
	}
	s, err := openIn(frame{traversal: t, scope: t.scope}, l)
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

// openIn opens a listing in a frame, with the listing's own settings under those of the frame.
func openIn[T any](f frame, l Listing[T]) (stream[T], error) {
	if l.open == nil && len(l.set.errs) == 0 {
		return nil, errNothing
	}
	if err := l.set.validate(); err != nil {
		return nil, err
	}
	f.set = l.set.under(f.set)
	chains, timed := len(f.chains), f.timed
	s, err := l.open(f)
	switch {
	case err != nil:
		return nil, err
	case l.set.start != nil && len(f.chains)-chains > 1:
		return nil, errors.New("StartAt: a token belongs to one chain, and this listing has several")
	case l.set.every != nil && f.timed == timed:
		return nil, fmt.Errorf("Every: %s has no filter on creation times", l.operation())
	}
	return s, nil
}

// openPart opens a listing that is part of another one. The name identifies its chains in checkpoints.
func openPart[T any](f frame, name string, l Listing[T]) (stream[T], error) {
	if own := l.set.onlyOnWhole(); own != "" {
		return nil, fmt.Errorf("it has its own %s: set it on the whole", own)
	}
	f.path += element(name)
	f.within = true
	return openIn(f, l)
}

// element returns a name as an element of a path, with a slash. Different lists of names give different paths.
func element(name string) string { return pathEscapes.Replace(name) + "/" }

var pathEscapes = strings.NewReplacer("%", "%25", "/", "%2F")

// plan splits the queries of a range into windows before the first request, unless one page satisfies its limit.
func (t *traversal) plan() {
	if t.sched == nil || t.sched.ReadInTurn() {
		return
	}
	chains := lo.CountBy(t.chains, func(p *progress) bool { return !p.pos.Done && !p.changing })
	for _, split := range t.splits {
		split(t.sched.Parallel() / max(1, chains))
	}
}

// loops reports whether the range cannot continue because a page token of the service was repeated. In a fleet only
// one source cannot.
func (t *traversal) loops() bool {
	return lo.SomeBy(t.chains, func(p *progress) bool { return p.pos.Loop && p.info.Source == "" })
}

// check reports the error with which a range from a state would fail before its first request.
func (l Listing[T]) check(st *state) error {
	t, _, err := l.begin(context.Background(), st.planOnly())
	t.scope.Close()
	switch {
	case err != nil:
		return err
	case t.loops():
		return fmt.Errorf("%w: %w", errNowhere, ErrTokenLoop)
	}
	return nil
}

// drive reads a listing to its end and passes each segment to deliver, until deliver wants no more. If check is not nil,
// it may refuse the plan before the first request.
func drive[T any](
	ctx context.Context, l Listing[T], st *state, check func(*traversal) error,
	deliver func(segment[T]) (more bool, err error),
) error {
	if st.active {
		return &ListError{Operation: l.operation(), Checkpoint: l.checkpoint(st), Err: errActive}
	}
	t, root, err := l.begin(ctx, st)
	if err == nil && check != nil {
		err = check(t)
	}
	if err != nil {
		t.scope.Close()
		return t.fail(err)
	}
	st.active = true
	defer t.close()
	t.sched.Begin()
	for ended := false; ; {
		t.sched.Collect()
		seg, out, err := root.next(true)
		switch {
		case err != nil:
			return t.fail(endedBy(ctx, err))
		case out == schedule.Ended:
			return t.failures()
		case out == schedule.Pending:
			if ended {
				return t.fail(cause(ctx)) // no request was under way
			}
			ended = t.sched.Wait(ctx, t.delivered)
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
	if _, all := err.(SourceErrors); !all && len(t.state.failed) > 0 { // failures passes them unwrapped
		e.Err = &endedError{cause: e.Err, failed: t.state.failed}
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
		Operation: c.at.info.Operation, Source: c.at.info.Source, Shard: c.at.info.Shard, Page: c.at.pos.Pages + 1,
		Err: c.err, token: c.at.pos.Token,
	}
}

// sourceFailed ends the source that the frame is in, and records its error. It does neither if the range or a scope
// around the source has ended, which is not a failure of the source.
func (f frame) sourceFailed(err error) (alone bool) {
	if f.ctx.Err() != nil {
		return false
	}
	f.scope.Fail(err)
	f.sched.Drop(f.scope)
	if f.scope.FailedFromOutside() {
		return false
	}
	why := f.describe(err)
	why.Source = "" // the SourceError has it
	f.state.failed = append(f.state.failed, f.source.failure(why))
	return true
}

// failures returns the error of a range in which sources of a fleet failed, nil if none did.
func (t *traversal) failures() error {
	if len(t.state.failed) == 0 {
		return nil
	}
	return t.fail(t.state.failed)
}

// close ends a range. It waits for all goroutines, and calls the callbacks for the pages that were being delivered.
func (t *traversal) close() {
	t.scope.Close()
	t.sched.Close()
	t.state.active = false
	for _, p := range t.chains {
		p.tell()
	}
}

// endedBy returns the error, with the reason why the context ended if it did: the error of a client may hide that
// reason.
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
	err := drive(ctx, l, st, nil, func(seg segment[T]) (bool, error) {
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
		p := seg.page()
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

// pagewise accepts the plans whose items come page by page.
func pagewise(t *traversal) error {
	if t.itemwise {
		return errors.New("Pages: items of several chains are merged one by one, there are no pages: use All")
	}
	return nil
}
