package backupx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// window is a span of creation time, [from, to); zero is an open end.
type window struct{ from, to time.Time }

// String is the window as chains and checkpoints name it.
func (w window) String() string { return edge(w.from) + ".." + edge(w.to) }

func edge(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// parseWindow reads what String wrote.
func parseWindow(text string) (w window, err error) {
	first, last, ok := strings.Cut(text, "..")
	if !ok {
		return w, errors.New("not a window of time")
	}
	for end, text := range map[*time.Time]string{&w.from: first, &w.to: last} {
		if text == "" {
			continue
		}
		if *end, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return w, errors.New("not a window of time")
		}
	}
	return w, nil
}

// between are the windows that some points of time separate, the newest first, open at both ends of
// the outer window where that is.
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

// windowsPerRequest is how many windows Parallel plans for each request that may be under way: enough
// to even out that some hold more jobs than others.
const windowsPerRequest = 3

// windowed is what the shards of a query's windows begin with.
func (q query) windowed() string { return strings.TrimPrefix(q.shard+",created=", ",") }

// windows are those that a query is to be read in, nil for none. A plan that was made stands.
func (op operation[T]) windows(f frame, q query, beside int) ([]window, error) {
	key := f.path + q.windowed()
	if f.planned() || op.table.created() == nil || q.moving {
		return f.state.windows[key], nil
	}
	points, err := f.points(q.criteria, beside)
	if err != nil || points == nil {
		return nil, err
	}
	windows := window{}.between(points)
	f.state.windows[key] = windows
	return windows, nil
}

// points are the times at which to split a query that has so many beside it.
func (f frame) points(c criteria, beside int) ([]time.Time, error) {
	first, last := f.span(c)
	if f.set.every != nil {
		if last.Sub(first) / *f.set.every >= maxWindows-1 {
			return nil, fmt.Errorf("Every: %s makes more than %d windows of %s", *f.set.every, maxWindows, last.Sub(first))
		}
		return grid(first, last, *f.set.every), nil
	}
	if f.pool == nil || f.pool.wide == 1 || f.within || f.set.start != nil {
		return nil, nil
	}
	return evenly(first, last, (windowsPerRequest*f.pool.wide+beside-1)/beside), nil
}

// span is the time that jobs of the criteria can be from.
func (f frame) span(c criteria) (first, last time.Time) {
	now := time.Now
	if f.set.now != nil {
		now = f.set.now
	}
	at := now()
	lower, upper := c.created()
	return latest(lower, at.Add(-retention)), earliest(upper, at)
}

// shortestWindow is the least that Parallel splits a span of time into. The margins that a window is
// asked for with would otherwise bring more than the window, time and again where many jobs are of one
// moment.
const shortestWindow = time.Minute

// evenly are the points that split a span of time into so many parts, or fewer that are not too short.
func evenly(first, last time.Time, parts int) []time.Time {
	span := last.Sub(first)
	parts = min(parts, int(span/shortestWindow), maxWindows)
	if parts < 2 {
		return nil
	}
	step := span / time.Duration(parts)
	points := make([]time.Time, 0, parts)
	for i := 1; i < parts; i++ {
		points = append(points, first.Add(time.Duration(i)*step).Truncate(exactMargin).UTC())
	}
	return points
}

// maxDivisions is how often a window and its parts are split again. Jobs that were all created in one
// moment stay in one chain.
const maxDivisions = 3

// spanned reports whether the filter asks for a span of creation time on items.
func (c criteria) spanned() bool {
	_, first := c.times[keyCreatedFrom]
	_, last := c.times[keyCreatedTo]
	return first || last
}

// openWindow makes the stream of one window of a query.
func (op operation[T]) openWindow(f frame, p plan, q query, w window, depth int) (stream[T], error) {
	part := q
	part.criteria = q.criteria.between(w.from, w.to)
	part.criteria.undated = w.from.IsZero() && !q.spanned()
	part.shard = q.windowed() + w.String()
	c := op.chain(f, p, part)
	c.window = true
	if f.set.every == nil && f.pool != nil && f.pool.wide > 1 && depth < maxDivisions {
		begin, end := f.span(part.criteria)
		most := min(spareParts*f.pool.wide, int(end.Sub(begin)/shortestWindow))
		c.divide = func(first *page[T]) int { return op.parts(first, end.Sub(begin), most) }
	}
	r, err := openChain(f, c)
	if err != nil || c.divide == nil {
		return r, err
	}
	return &divisible[T]{stream: r, divide: func(parts int) (stream[T], error) {
		return op.openParts(f, p, q, w, parts, depth+1)
	}}, nil
}

// largePages is how many pages a window is thought to have before it is split, and spareParts how many
// parts it is split into for each three of these pages, so that a part is likely to fit in one.
const (
	largePages = 4
	spareParts = 4
)

// parts is into how many parts to split a window of so much time whose first page is known: as many as
// it seems to have pages, from the share of its time that the first one covers.
func (op operation[T]) parts(first *page[T], span time.Duration, most int) int {
	created := op.table.created()
	var oldest, newest time.Time
	for i := range first.n {
		v, _ := first.raw(i)
		if at := aws.ToTime(created(v)); !at.IsZero() {
			oldest, newest = earliest(at, oldest), latest(at, newest)
		}
	}
	pages := float64(span) / max(1, float64(newest.Sub(oldest)))
	if pages <= largePages || most < 2 {
		return 0
	}
	return int(min(pages*spareParts/3, float64(most)))
}

// openParts puts parts in the place of a window.
func (op operation[T]) openParts(f frame, p plan, q query, w window, parts, depth int) (stream[T], error) {
	first, last := f.span(q.criteria.between(w.from, w.to))
	windows := w.between(evenly(first, last, parts))
	key := f.path + q.windowed()
	all := f.state.windows[key]
	i := slices.Index(all, w)
	f.state.windows[key] = slices.Replace(slices.Clone(all), i, i+1, windows...)
	streams := make([]stream[T], len(windows))
	for i, part := range windows {
		f.state.chains[key+part.String()] = &position{}
		s, err := op.openWindow(f, p, q, part, depth)
		if err != nil {
			return nil, err
		}
		streams[i] = s
	}
	return inARow(f, streams), nil
}

// divisible is a chain that becomes several when it turns out to be long.
type divisible[T any] struct {
	stream[T]

	divide func(parts int) (stream[T], error)
}

func (d *divisible[T]) poll(ctx context.Context) (segment[T], outcome, error) {
	seg, out, err := d.stream.poll(ctx)
	if out != divided || err != nil {
		return seg, out, err
	}
	if d.stream, err = d.divide(seg.page.parts); err != nil {
		return segment[T]{}, ended, err
	}
	return d.stream.poll(ctx)
}
