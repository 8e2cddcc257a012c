package backupx

import (
	"slices"

	"github.com/backupx-go/backupx/internal/schedule"
)

// group is the stream of several streams. In order, it delivers one after another. Otherwise it delivers pages as
// they arrive, from each part in turn.
type group[T any] struct {
	node
	scope   *schedule.Scope
	inOrder bool
	parts   []stream[T] // in order: those that have not ended; otherwise nil where a part has ended
	left    int         // not in order: parts that have not ended
	failed  bool        // the scope has failed, and every part was marked
}

// node is a group in the tree of groups that deliver pages as they arrive. It knows which parts may have a page.
type node struct {
	outer  place // of the group
	ready  []int // parts that may have a page, in the order in which they are asked
	queued []bool
}

// place is where a stream stands in the tree of groups: a part of a node. Outside of all groups the node is nil.
type place struct {
	node *node
	slot int // the number of the part
}

// mark notes that a stream may have a page, in the group of the stream and in the groups around that group. A stream
// that was not appended to its group yet is marked when it is.
func (p place) mark() {
	for ; p.node != nil && p.slot < len(p.node.queued) && !p.node.queued[p.slot]; p = p.node.outer {
		p.node.queued[p.slot] = true
		p.node.ready = append(p.node.ready, p.slot)
	}
}

// newGroup returns a group without parts, to be filled with append.
func newGroup[T any](f frame) *group[T] {
	return &group[T]{node: node{outer: f.place}, scope: f.scope, inOrder: f.merged || f.sched.InOrder()}
}

// part returns the frame in which the next part of the group is opened.
func (g *group[T]) part(f frame) frame {
	f.place = g.placeOf(len(g.parts))
	return f
}

// placeOf returns the place of part i. A group in order asks only its first part, whether or not the part was marked.
// Its parts therefore have the place of the group itself.
func (g *group[T]) placeOf(i int) place {
	if g.inOrder {
		return g.outer
	}
	return place{&g.node, i}
}

// append adds parts to the end of the group.
func (g *group[T]) append(parts ...stream[T]) {
	for _, p := range parts {
		g.parts, g.queued = append(g.parts, p), append(g.queued, false)
		g.left++
		g.placeOf(len(g.parts) - 1).mark()
	}
}

// substitute puts parts in the place of another one. If the group is not in order, they get the next slots.
func (g *group[T]) substitute(old stream[T], parts ...stream[T]) {
	i := slices.Index(g.parts, old)
	if g.inOrder {
		g.parts = slices.Replace(g.parts, i, i+1, parts...)
		return
	}
	g.end(i)
	g.append(parts...)
}

func (g *group[T]) next(need bool) (segment[T], schedule.Outcome, error) {
	if !g.inOrder {
		return g.nextToArrive()
	}
	for len(g.parts) > 0 {
		seg, out, err := g.parts[0].next(need)
		if out != schedule.Ended || err != nil {
			return seg, out, err
		}
		g.parts[0] = nil // frees the stream
		g.parts = g.parts[1:]
	}
	return segment[T]{}, schedule.Ended, nil
}

// nextToArrive returns the next page of whichever part has one. If a part fails, the requests of the others end, but
// pages that were read are delivered before the error.
func (g *group[T]) nextToArrive() (segment[T], schedule.Outcome, error) {
	for {
		if !g.failed && g.scope.Failure() != nil {
			g.failed = true
			for i := range g.parts {
				place{&g.node, i}.mark()
			}
		}
		if len(g.ready) == 0 {
			break
		}
		i := g.ready[0]
		g.ready = g.ready[1:]
		g.queued[i] = false
		if g.parts[i] == nil {
			continue
		}
		seg, out, err := g.parts[i].next(false)
		switch {
		case err != nil:
			g.scope.Fail(err)
			g.end(i)
		case out == schedule.Ended:
			g.end(i)
		case out == schedule.Got:
			place{&g.node, i}.mark() // it may have another page
			return seg, schedule.Got, nil
		}
	}
	if g.left > 0 {
		return segment[T]{}, schedule.Pending, nil
	}
	return segment[T]{}, schedule.Ended, g.scope.Failure()
}

// end notes that part i of a group that is not in order has ended.
func (g *group[T]) end(i int) {
	g.parts[i] = nil
	g.left--
}
