package backupx

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Map makes a listing of f(item) for each item. It is called in the goroutine that ranges, just
// before an item's delivery. The listing keeps its settings and its checkpoints.
func Map[T, U any](l Listing[T], f func(T) U) Listing[U] {
	if f == nil {
		return invalid[U](l.src.id.name(), errors.New("Map: the function is nil"))
	}
	return transform(l, func(v *T, to *U) (*U, bool) {
		*to = f(*v)
		return to, true
	}, false)
}

// Concat makes one listing of several, one after another. Each keeps its own filters, page size,
// rate, start and callbacks; how many items and how fast is for the whole to say, so that a listing
// with a limit of its own is an error.
func Concat[T any](ls ...Listing[T]) Listing[T] {
	return combined("Concat", false, ls, inARow[T])
}

// Merge makes one listing of several that are each in the order of compare: the result is in that
// order too, equal items in the order of the listings. One page of each listing is held. As with
// [Concat], a listing with a limit of its own is an error. Where one of them fails, items that
// come behind its gap are not delivered: the checkpoint has them.
func Merge[T any](compare func(a, b T) int, ls ...Listing[T]) Listing[T] {
	if compare == nil {
		return invalid[T]("Merge", errors.New("the function is nil"))
	}
	return combined("Merge", true, ls, func(f frame, parts []stream[T]) stream[T] {
		return mergeOf(f, compare, parts)
	})
}

// Values ranges over the items of a listing and leaves its error, if any, in err: for functions of
// the standard library and of lo that take an [iter.Seq]. The error is reset when a range begins.
//
//	var err error
//	jobs := slices.SortedFunc(backupx.Values(listing.All(ctx), &err), byCreation)
//	if err != nil {
//		return err // jobs are those that were read before it
//	}
func Values[T any](seq iter.Seq2[T, error], err *error) iter.Seq[T] {
	return func(yield func(T) bool) {
		*err = nil
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

// combined is a listing over others.
func combined[T any](name string, needed bool, ls []Listing[T], join func(frame, []stream[T]) stream[T]) Listing[T] {
	id := identity{Op: name}
	for _, l := range ls {
		id.Parts = append(id.Parts, l.identity())
	}
	return Listing[T]{src: source[T]{id: id, open: func(f frame) (stream[T], error) {
		f.needed = f.needed || needed
		parts := make([]stream[T], len(ls))
		for i, l := range ls {
			s, err := openPart(f, strconv.Itoa(i), l)
			if err != nil {
				return nil, fmt.Errorf("listing %d: %w", i+1, err)
			}
			parts[i] = s
		}
		return join(f, parts), nil
	}}}
}

// openPart opens a listing within another.
func openPart[T any](f frame, name string, l Listing[T]) (stream[T], error) {
	if own := l.set.forTheWhole(); own != "" {
		return nil, fmt.Errorf("it has its own %s: set it on the whole", own)
	}
	if l.src.open == nil && len(l.set.errs) == 0 {
		return nil, errNothing
	}
	f.path += escaped(name) + "/"
	f.within = true
	return openIn(f, l)
}

// escaped is a name as a part of a path or of a shard, where no two lists of parts may look alike.
func escaped(name string) string { return pathEscapes.Replace(name) }

var pathEscapes = strings.NewReplacer("%", "%25", "/", "%2F")

// merged is several streams, the least of their next items first.
type merged[T any] struct {
	compare func(a, b T) int
	heads   []*head[T]
	least   *head[T] // whose item was delivered last
}

// head is the next item of one stream of a merge.
type head[T any] struct {
	in    stream[T]
	seg   segment[T]
	i     int
	item  *T
	ended bool
	view  page[T] // shows the item as a page's
}

func mergeOf[T any](f frame, compare func(a, b T) int, parts []stream[T]) stream[T] {
	f.itemwise = true
	m := &merged[T]{compare: compare}
	for _, p := range parts {
		h := &head[T]{in: p}
		h.view.at = func(int) (*T, bool) { return h.item, true }
		h.view.key = h.key
		m.heads = append(m.heads, h)
	}
	return m
}

func (m *merged[T]) poll(ctx context.Context) (segment[T], outcome, error) {
	if m.least != nil {
		m.least.item = nil
		m.least.i++
		m.least = nil
	}
	waiting := false
	for _, h := range m.heads {
		out, err := h.fill(ctx)
		if err != nil {
			return segment[T]{}, ended, err
		}
		waiting = waiting || out == pending
		if h.item != nil && (m.least == nil || m.compare(*h.item, *m.least.item) < 0) {
			m.least = h
		}
	}
	if waiting {
		m.least = nil
		return segment[T]{}, pending, nil
	}
	if m.least == nil {
		return segment[T]{}, ended, nil
	}
	return m.least.segment(), got, nil
}

func (m *merged[T]) grow() bool {
	return slices.ContainsFunc(m.heads, func(h *head[T]) bool { return h.in.grow() })
}

func (m *merged[T]) spent() bool { return false }

// fill finds the stream's next kept item, unless there is one or it is still to be read.
func (h *head[T]) fill(ctx context.Context) (outcome, error) {
	for h.item == nil && !h.ended {
		if h.seg.page != nil && h.i < h.seg.end {
			h.look()
			continue
		}
		seg, out, err := h.in.poll(ctx)
		if err != nil || out == pending {
			return out, err
		}
		h.ended = out == ended
		h.seg, h.i = seg, seg.start
		if out == got && seg.start == seg.end {
			seg.from.finish()
			seg.from.tellFinished()
		}
	}
	return got, nil
}

// look takes the item at hand, or passes it by if filters drop it.
func (h *head[T]) look() {
	if v, keep := h.seg.page.at(h.i); keep {
		h.item = v
		return
	}
	h.i++
	h.seg.from.reached(h.i)
	h.seg.from.tellFinished()
}

// key is the identity of item i of the page at hand. It looks the page up when it is called: what is
// made over the view keeps the function from page to page.
func (h *head[T]) key(i int) (uint64, bool) {
	if h.seg.page.key == nil {
		return 0, false
	}
	return h.seg.page.key(i)
}

func (h *head[T]) segment() segment[T] {
	return segment[T]{from: h.seg.from, page: &h.view, start: h.i, end: h.i + 1}
}

// transform is a listing whose items are made of another's: f returns nil and false for those to
// drop, and may build the others in the place it is given.
func transform[T, U any](l Listing[T], f func(v *T, to *U) (*U, bool), filters bool) Listing[U] {
	out := Listing[U]{set: l.set, src: source[U]{id: l.src.id}}
	if l.src.open == nil {
		return out
	}
	out.src.open = func(fr frame) (stream[U], error) {
		fr.filtered = fr.filtered || filters
		in, err := l.src.open(fr)
		if err != nil {
			return nil, err
		}
		return &transformed[T, U]{in: in, f: f}, nil
	}
	return out
}

// transformed is a stream whose items are made of another's.
type transformed[T, U any] struct {
	in   stream[T]
	f    func(v *T, to *U) (*U, bool)
	of   *page[T] // the page that was made over last
	made *page[U] // another one for each page: what is made over it tells pages apart by it
}

func (t *transformed[T, U]) poll(ctx context.Context) (segment[U], outcome, error) {
	seg, out, err := t.in.poll(ctx)
	if err != nil || out != got {
		return segment[U]{}, out, err
	}
	if seg.page != t.of {
		t.of, t.made = seg.page, t.over(seg.page)
	}
	return segment[U]{from: seg.from, page: t.made, start: seg.start, end: seg.end}, got, nil
}

func (t *transformed[T, U]) grow() bool  { return t.in.grow() }
func (t *transformed[T, U]) spent() bool { return t.in.spent() }

func (t *transformed[T, U]) over(p *page[T]) *page[U] {
	to := new(U)
	return &page[U]{
		n: p.n, key: p.key, next: p.next, metadata: p.metadata, took: p.took, loops: p.loops,
		at: func(i int) (*U, bool) {
			v, keep := p.at(i)
			if !keep {
				return nil, false
			}
			return t.f(v, to)
		},
	}
}
