package backupx

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/filters"
	"github.com/backupx-go/backupx/internal/schedule"
)

// window is a span of creation time, [from, to). A zero time is an open end.
type window struct{ from, to time.Time }

// String returns the window as chains and checkpoints name it.
func (w window) String() string { return edge(w.from) + ".." + edge(w.to) }

// shardOf names the chain of the window among those of a query's listing. The zero window is the whole query.
func (w window) shardOf(q filters.Query) string {
	if w == (window{}) {
		return q.Shard()
	}
	return windowsOf(q) + w.String()
}

// windowsOf is what the names of the windows of a query start with.
func windowsOf(q filters.Query) string { return strings.TrimPrefix(q.Shard()+",created=", ",") }

func edge(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// parseWindow is the inverse of String. It rejects a window that String writes differently, and one without a time in it.
func parseWindow(text string) (w window, err error) {
	first, last, ok := strings.Cut(text, "..")
	if w.from, err = parseEdge(first); err == nil {
		w.to, err = parseEdge(last)
	}
	switch {
	case !ok || err != nil || w.String() != text || w == (window{}):
		return w, fmt.Errorf("%q is not a window of time", shortened(text, 0))
	case !w.from.IsZero() && !w.to.IsZero() && !w.from.Before(w.to):
		return w, fmt.Errorf("the window %s ends before it starts", text)
	}
	return w, nil
}

func parseEdge(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339Nano, text)
}

// disjoint returns an error for two windows with a time in common.
func disjoint(windows []window) error {
	sorted := slices.SortedFunc(slices.Values(windows), func(a, b window) int { return a.from.Compare(b.from) })
	for i := range max(0, len(sorted)-1) {
		if a, b := sorted[i], sorted[i+1]; a.to.IsZero() || b.from.Before(a.to) {
			return fmt.Errorf("the windows %s and %s overlap", a, b)
		}
	}
	return nil
}

// until returns the part of the window before a time, none if the window starts then or later.
func (w window) until(t time.Time) []window {
	w.to = filters.Earliest(w.to, t)
	if !w.from.Before(w.to) {
		return nil
	}
	return []window{w}
}

// MarshalText writes the window as checkpoints have it.
func (w window) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// between returns the windows that points of time separate, the newest first.
func (w window) between(points []time.Time) []window {
	windows := make([]window, 0, len(points)+1)
	begin := w.from
	for _, p := range points {
		windows = append(windows, window{begin, p})
		begin = p
	}
	windows = append(windows, window{begin, w.to})
	slices.Reverse(windows)
	return windows
}

// windowed is the stream of one query of a listing of jobs. It reads the query in one chain, or in a chain for each
// window of creation time. Windows are split while the range runs, as the scheduler decides.
type windowed[T any] struct {
	*group[T]

	f       frame
	q       filters.Query
	chainOf func(window) chain[T]
	created func(*T) *time.Time // nil if the service does not filter by creation time
	key     string              // names the windows of the query in a state
	split   *split              // nil if windows are not split
}

// openQuery returns the stream of one query. The function chainOf returns the chain of a window; the zero window is the
// whole query.
func openQuery[T any](
	f frame, q filters.Query, created func(*T) *time.Time, chainOf func(window) chain[T],
) (stream[T], error) {
	w := &windowed[T]{group: newGroup[T](f), f: f, q: q, chainOf: chainOf, created: created, key: f.path + windowsOf(q)}
	windows, err := w.stored()
	if err != nil {
		return nil, err
	}
	if f.sched.Parallel() > 1 && f.set.every == nil && w.created != nil && !q.Moving() && !f.merged && f.set.start == nil {
		w.split = &split{windows: max(1, len(windows))}
		w.split.lower, w.split.upper = q.Created()
		w.split.first, _ = w.span()
	}
	if windows == nil {
		windows = []window{{}}
	}
	for _, at := range windows {
		r, err := openChain(w.part(f), w.chainOf(at))
		if err != nil {
			return nil, err
		}
		w.adopt(r, at)
		w.append(r)
	}
	if w.split != nil && !f.planned() && !f.within {
		f.splits = append(f.splits, w.begin)
	}
	return w, nil
}

// stored returns the windows that a checkpoint or [Listing.Every] sets, nil for none.
func (w *windowed[T]) stored() ([]window, error) {
	f := w.f
	if f.planned() || w.created == nil || w.q.Moving() || f.set.every == nil {
		return f.state.windowsOf(w.key), nil
	}
	first, last := w.span()
	if last.Sub(first) / *f.set.every >= filters.MaxWindows-1 {
		return nil, fmt.Errorf("Every: %s makes more than %d windows of %s", *f.set.every, filters.MaxWindows, last.Sub(first))
	}
	points := filters.Grid(first, last, *f.set.every)
	if points == nil {
		return nil, nil
	}
	windows := window{}.between(points)
	f.state.setWindows(w.key, windows)
	return windows, nil
}

// adopt gives a chain its window. If the service has a filter on creation times, the query observes the pages of the chain,
// and considers it for a split after each page.
func (w *windowed[T]) adopt(r *reader[T], at window) {
	r.at = at
	if w.created == nil {
		return
	}
	r.query, r.resumed = w, r.pos.begun()
	r.shown.last, r.shown.unsorted = r.pos.ended.at, r.pos.moved() && r.pos.front().at.IsZero()
}

// span returns the span of time in which the jobs of the query were created, as far as it is known now.
func (w *windowed[T]) span() (first, last time.Time) {
	lower, upper := w.q.Created()
	last = filters.Earliest(upper, w.f.set.clock())
	return filters.Latest(lower, last.Add(-retention)), last
}

// begin splits the query into windows of equal length before the first request. With a rate, the first page is to show
// first how long a request takes.
func (w *windowed[T]) begin(windows int) {
	r := w.parts[0].(*reader[T])
	if windows < 2 || len(r.task.Pacers) > 0 || r.resumed {
		return
	}
	first, last := w.span()
	if points := evenly(first, last, windows); points != nil {
		w.divide(r, points)
	}
}

// divide replaces a chain by windows that points of time separate. Nothing of the chain was delivered.
func (w *windowed[T]) divide(r *reader[T], points []time.Time) {
	w.replace(r, w.open(r, r.at.between(points)))
}

// open returns the chains of windows, which the scheduler may start. They are not part of the range yet.
func (w *windowed[T]) open(r *reader[T], windows []window) []*reader[T] {
	parts := lo.Map(windows, func(at window, _ int) *reader[T] {
		p := newReader(w.f, w.chainOf(at), &position{}, r.task.Size)
		w.adopt(p, at)
		return p
	})
	w.split.windows += len(windows) - 1
	w.f.sched.AddFirst(tasksOf(parts))
	return parts
}

// replace puts chains in the place of another one, in the range and in its checkpoints.
func (w *windowed[T]) replace(r *reader[T], parts []*reader[T]) {
	r.unregister()
	r.over = true
	streams, windows := make([]stream[T], len(parts)), make([]window, len(parts))
	for i, p := range parts {
		p.register()
		p.check = nil
		p.place = w.placeOf(len(w.parts) + i)
		streams[i], windows[i] = p, p.at
	}
	w.f.state.replaceWindow(w.key, r.at, windows)
	w.substitute(r, streams...)
	w.f.sched.Divided(r.task)
}

// createdAt returns the creation time of item i of a page, the zero time if it has none.
func (w *windowed[T]) createdAt(pg *page[T], i int) time.Time {
	return aws.ToTime(w.created(&pg.items[i]))
}

// observe notes what a page shows of the window of its chain. The fetch goroutine calls it.
func (w *windowed[T]) observe(r *reader[T], pg *page[T], a *schedule.Arrival) {
	if w == nil {
		return
	}
	s := &r.shown
	s.pages++
	s.listed += pg.n
	for i := range pg.n {
		t := w.createdAt(pg, i)
		s.unsorted = s.unsorted || t.IsZero() || !s.last.IsZero() && t.After(s.last)
		s.last = t
	}
	if w.split != nil {
		w.estimate(r, pg, a)
	}
	pg.shown, pg.created = *s, func(i int) time.Time { return w.createdAt(pg, i) }
}

// estimate notes what a page shows of the chain's window, and of what is left of it.
func (w *windowed[T]) estimate(r *reader[T], pg *page[T], a *schedule.Arrival) {
	at, s := w.split.bounded(r.at), &r.shown
	s.items, s.newest, s.oldest = 0, time.Time{}, time.Time{}
	for i := range pg.n {
		switch t := w.createdAt(pg, i); {
		case t.IsZero():
		case at.holds(t, 0):
			s.items++
			s.newest, s.oldest = filters.Latest(s.newest, t), filters.Earliest(s.oldest, t)
		case !at.holds(t, evidenceMargin):
			w.split.untimed.Store(true)
		}
	}
	if pg.next != "" {
		a.Took = pg.took
		if s.mayBeCut() {
			a.Left = w.split.left(r.at, *s)
		}
		a.Pause = s.pages == 1 && !r.resumed
	}
}

// evidenceMargin is how far outside its window an item may lie before it shows that the service passes over the
// filters for times. Requests ask for a little more than the window, see [filters.ExactMargin].
const evidenceMargin = 5 * time.Second

// holds reports whether a time is in the window, extended at both ends.
func (w window) holds(t time.Time, by time.Duration) bool {
	return (w.from.IsZero() || !t.Before(w.from.Add(-by))) && (w.to.IsZero() || t.Before(w.to.Add(by)))
}

// consider decides, after a request of a chain ended, whether the chain is divided, and whether a cut was right.
func (w *windowed[T]) consider(r *reader[T]) {
	if w == nil || w.split == nil {
		return
	}
	if c := r.check; c != nil {
		if r == c.parts[0] {
			w.verify(c)
		}
		return
	}
	first, idle := w.f.sched.MayDivide(r.task)
	if first == nil {
		return
	}
	// The parts read the page again. For a query of a few pages that is not worth it, and if its source fails, the page
	// has still been delivered.
	sh := first.(*page[T]).shown
	if r.at == (window{}) && w.split.left(r.at, sh) < severalRounds {
		idle = 0
	}
	if points := w.split.points(r.at, sh, idle); len(points) > 0 {
		w.divide(r, points)
		return
	}
	w.f.sched.Continue(r.task)
}

// cut is the end of a chain before its last page: what is left of its window is read in parts. The parts are delivered
// when the first page of the first part has shown that the chain lists the newest items first.
type cut[T any] struct {
	chain *reader[T]
	parts []*reader[T]
	ids   map[uint64]time.Time // creation times of the items of the chain's last page that the parts list again
	from  time.Time            // creation time of the oldest of them
}

// cutAfter cuts a chain after a page that was just taken, if the scheduler decides so. It reports whether it did.
func (w *windowed[T]) cutAfter(r *reader[T], pg *page[T]) bool {
	if w == nil || w.split == nil || r.uncut || r.pos.Skip > pg.n {
		return false
	}
	sh := pg.shown
	end := wholeSecond(sh.newest) // the chain has read everything from here on
	points := w.split.points(r.at, sh, w.f.sched.MayCut(r.task))
	if len(points) == 0 || !sh.oldest.Before(end) {
		return false
	}
	c := &cut[T]{chain: r, ids: map[uint64]time.Time{}, from: sh.oldest}
	passed := slices.Clone(r.pos.passed)
	for i := range pg.n {
		id, ok := pg.key(i)
		if !ok {
			return false
		}
		if at := w.createdAt(pg, i); at.Before(end) {
			c.ids[id] = at
			passed = append(passed, id)
		}
	}
	c.parts = w.open(r, window{r.at.from, end}.between(points))
	for _, p := range c.parts {
		p.check = c
	}
	c.parts[0].pos.passed = passed
	w.f.sched.Cut(r.task, r.repeated(pg), tasksOf(c.parts), r.limit-r.delivered)
	return true
}

// tasksOf returns the tasks of chains.
func tasksOf[T any](readers []*reader[T]) []*schedule.Task {
	return lo.Map(readers, func(r *reader[T], _ int) *schedule.Task { return r.task })
}

// verify decides whether a cut is right, when the request of its first part has ended. The page has to list the items
// of the chain's last page again, and no other item that is newer than the oldest of them.
func (w *windowed[T]) verify(c *cut[T]) {
	first, _ := w.f.sched.First(c.parts[0].task).(*page[T])
	right := first != nil && !c.chain.over && !w.split.untimed.Load() && w.lists(c, first)
	w.f.sched.Settle(c.chain.task, tasksOf(c.parts), right)
	if !right {
		c.chain.uncut = true
		c.chain.place.mark() // it may have ended with the context
		return
	}
	c.chain.pos.Done = true
	c.chain.trim()
	w.replace(c.chain, c.parts)
	for _, p := range c.parts[1:] {
		w.consider(p)
	}
}

// lists reports whether a page lists the items that a cut expects.
func (w *windowed[T]) lists(c *cut[T], pg *page[T]) bool {
	oldest, listed := time.Time{}, map[uint64]bool{}
	for i := range pg.n {
		at := w.createdAt(pg, i)
		id, ok := pg.key(i)
		if !ok || at.IsZero() {
			return false
		}
		oldest = filters.Earliest(oldest, at)
		listed[id] = true
		if _, known := c.ids[id]; !known && at.After(c.from) && at.Before(c.parts[0].at.to) {
			return false // more items may follow only at the oldest one's time
		}
	}
	for id, at := range c.ids {
		if !listed[id] && at.After(c.from) && (pg.next == "" || at.After(oldest)) {
			return false
		}
	}
	return true
}
