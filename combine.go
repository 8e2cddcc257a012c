package backupx

import (
	"errors"
	"fmt"
	"iter"
	"strconv"

	"github.com/backupx-go/backupx/internal/schedule"
)

// Map returns a listing that delivers f(item) for each item of l. The goroutine that ranges calls f once for
// each item, just before its delivery. The listing keeps the settings of l, and its checkpoints are those of
// l.
func Map[T, U any](l Listing[T], f func(T) U) Listing[U] {
	if f == nil {
		return invalid[U](l.operation(), errors.New("Map: the function is nil"))
	}
	return transform(l, func(v *T, to *U) (*U, bool) {
		*to = f(*v)
		return to, true
	}, false)
}

// Concat returns one listing of several, one after another. Each keeps its own filter, functions, page size,
// rate, start and callbacks. Set Limit, Parallel, Prefetch and Ordered on the result; a listing that has one
// of them is an error.
func Concat[T any](ls ...Listing[T]) Listing[T] {
	return combined("Concat", nil, ls)
}

// Merge returns one listing of several that are each in the order of compare. The result is in that order
// too, with equal items in the order of the listings. One page of each listing is held in memory. Set Limit,
// Parallel, Prefetch and Ordered on the result; a listing that has one of them is an error. If one of the
// listings fails, items that sort after its position are left out; resuming from the checkpoint delivers
// them.
func Merge[T any](compare func(a, b T) int, ls ...Listing[T]) Listing[T] {
	if compare == nil {
		return invalid[T]("Merge", errors.New("the function is nil"))
	}
	return combined("Merge", compare, ls)
}

// Values returns the items of a range as an [iter.Seq], for functions of the standard library and of lo, and
// stores the error of the range in err. The error is nil after a range that succeeds, and is reset when a
// range starts. Values panics if err is nil, because the error of a range would be lost; a nil seq is an error of the
// range.
//
//	var err error
//	jobs := slices.SortedFunc(backupx.Values(listing.All(ctx), &err), byCreation)
//	if err != nil {
//		return err // jobs has the items that were read before the error
//	}
func Values[T any](seq iter.Seq2[T, error], err *error) iter.Seq[T] {
	if err == nil {
		panic("backupx: Values: the pointer for the error is nil")
	}
	return func(yield func(T) bool) {
		*err = nil
		if seq == nil {
			*err = errors.New("backupx: the sequence is nil")
			return
		}
		for v, e := range seq {
			if e != nil {
				*err = e
				return
			}
			if !yield(v) {
				return
			}
		}
	}
}

// combined returns one listing of several: merged in the order of compare, one after another if that is nil.
func combined[T any](name string, compare func(a, b T) int, ls []Listing[T]) Listing[T] {
	id := identified(name, func(id *identity) {
		for _, l := range ls {
			id.Parts = append(id.Parts, l.identity())
		}
	})
	return newListing(id, func(f frame) (stream[T], error) {
		if compare != nil {
			f = f.merging()
		}
		g := newGroup[T](f)
		for i, l := range ls {
			s, err := openPart(g.part(f), strconv.Itoa(i), l)
			if err != nil {
				return nil, fmt.Errorf("listing %d: %w", i+1, err)
			}
			g.append(s)
		}
		if compare != nil {
			return mergeOf(compare, g.parts), nil
		}
		return g, nil
	}).startingAs(ls)
}

// merged is the stream of several streams, of which it delivers the least next item first.
type merged[T any] struct {
	compare func(a, b T) int
	heads   []*head[T]
	least   *head[T] // the stream that delivered the last item
}

// head is one stream of a merge, with its next item.
type head[T any] struct {
	in    stream[T]
	seg   segment[T] // the last segment
	i     int        // the place of item in its page
	item  *T         // the next item; nil if it is still to be read
	ended bool
	at    func(int) (*T, bool) // returns item
}

// mergeOf returns the stream that merges others in the order of compare.
func mergeOf[T any](compare func(a, b T) int, parts []stream[T]) stream[T] {
	m := &merged[T]{compare: compare}
	for _, p := range parts {
		h := &head[T]{in: p}
		h.at = func(int) (*T, bool) { return h.item, true }
		m.heads = append(m.heads, h)
	}
	return m
}

func (m *merged[T]) next(need bool) (segment[T], schedule.Outcome, error) {
	if m.least != nil {
		m.least.item = nil
		m.least.i++
		m.least = nil
	}
	out, err := m.findLeast(need)
	if err == nil && out == schedule.Pending && m.least != nil && !need {
		out, err = m.findLeast(true) // the merge has begun, and needs every listing to continue
	}
	if err != nil || out != schedule.Got {
		m.least = nil
		return segment[T]{}, out, err
	}
	h := m.least
	return segment[T]{from: h.seg.from, at: h.at, start: h.i, end: h.i + 1}, schedule.Got, nil
}

// findLeast reads the next item of each listing and finds the least. The outcome is pending if a listing has no item yet,
// and ended if all listings have ended.
func (m *merged[T]) findLeast(need bool) (schedule.Outcome, error) {
	m.least = nil
	waits := false
	for _, h := range m.heads {
		out, err := h.fill(need)
		if err != nil {
			return schedule.Ended, err
		}
		waits = waits || out == schedule.Pending
		if h.item != nil && (m.least == nil || m.compare(*h.item, *m.least.item) < 0) {
			m.least = h
		}
	}
	switch {
	case waits:
		return schedule.Pending, nil
	case m.least == nil:
		return schedule.Ended, nil
	default:
		return schedule.Got, nil
	}
}

// fill reads up to the stream's next item that filters keep, unless there is one already. The outcome is
// pending if the item is still to be read.
func (h *head[T]) fill(need bool) (schedule.Outcome, error) {
	for h.item == nil && !h.ended {
		if h.i < h.seg.end {
			h.look()
			continue
		}
		seg, out, err := h.in.next(need)
		if err != nil || out == schedule.Pending {
			return out, err
		}
		h.ended = out == schedule.Ended
		h.seg, h.i = seg, seg.start
		if out == schedule.Got && seg.start == seg.end {
			seg.from.finish()
			seg.from.tellFinished()
		}
	}
	return schedule.Got, nil
}

// look takes item i of the segment as the next one, or advances i if filters drop it.
func (h *head[T]) look() {
	if v, keep := h.seg.at(h.i); keep {
		h.item = v
		return
	}
	h.i++
	h.seg.from.reached(h.i, false)
	h.seg.from.tellFinished()
}

// transform returns a listing whose items are made from those of l. For an item to drop, f returns nil and
// false. It may store the new item in to and return that pointer. The argument filters says whether f may
// drop items.
func transform[T, U any](l Listing[T], f func(v *T, to *U) (*U, bool), filters bool) Listing[U] {
	out := Listing[U]{id: l.id, set: l.set}
	if l.open == nil {
		return out
	}
	out.open = func(fr frame) (stream[U], error) {
		in, err := l.open(fr.filtering(filters))
		if err != nil {
			return nil, err
		}
		t := &transformed[T, U]{in: in, f: f}
		t.made = t.item
		return t, nil
	}
	return out
}

// transformed is a stream whose items are made from those of another.
type transformed[T, U any] struct {
	in   stream[T]
	f    func(v *T, to *U) (*U, bool)
	at   func(i int) (*T, bool) // of the last segment of in
	made func(i int) (*U, bool) // the method item, once for all segments
	to   U                      // the last new item
}

func (t *transformed[T, U]) next(need bool) (segment[U], schedule.Outcome, error) {
	seg, out, err := t.in.next(need)
	t.at = seg.at
	return segment[U]{from: seg.from, at: t.made, start: seg.start, end: seg.end}, out, err
}

// item returns the new item that is made from item i of the page.
func (t *transformed[T, U]) item(i int) (*U, bool) {
	v, keep := t.at(i)
	if !keep {
		return nil, false
	}
	return t.f(v, &t.to)
}
