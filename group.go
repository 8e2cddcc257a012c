package backupx

import "slices"

// group is the stream of several streams. In order, it delivers one after another. Otherwise it delivers pages as
// they arrive, from each part in turn.
type group[T any] struct {
	node
	sched   *scheduler
	scope   *scope
	ordered bool        // in order, whatever the settings of the range are
	parts   []stream[T] // nil where a part has ended
	left    int         // parts that have not ended
	first   int         // in order: the first part that has not ended
	failed  bool        // the scope has failed, and every part was marked
}

// node is the place of a group in the tree of groups. It knows which parts may have a page.
type node struct {
	outer  *node // nil for the outermost group
	slot   int   // the number of the group among the parts of the outer one
	ready  []int // parts that may have a page, in the order in which they are asked
	queued []bool
}

// mark notes that a part may have a page, in this group and in those around it. A group that is not a part of the
// outer one yet is marked when it becomes one.
func (n *node) mark(slot int) {
	for ; n != nil && slot < len(n.queued) && !n.queued[slot]; n, slot = n.outer, n.slot {
		n.queued[slot] = true
		n.ready = append(n.ready, slot)
	}
}

// newGroup returns a group without parts, to be filled with append.
func newGroup[T any](f frame, ordered bool) *group[T] {
	return &group[T]{node: node{outer: f.node, slot: f.slot}, sched: f.sched, scope: f.scope, ordered: ordered || f.merged}
}

// part returns the frame in which the next part of the group is opened.
func (g *group[T]) part(f frame) frame {
	f.node, f.slot = g.place(0)
	return f
}

// place returns the group to mark when a part has a page, and the number to mark there. The part is the one that is
// appended after i others. A group in order asks its first part anyway, so that the group around it is marked instead.
func (g *group[T]) place(i int) (*node, int) {
	if g.inOrder() {
		return g.outer, g.slot
	}
	return &g.node, len(g.parts) + i
}

// append adds parts to the end of the group.
func (g *group[T]) append(parts ...stream[T]) {
	g.parts = append(g.parts, parts...)
	g.left += len(parts)
	for range parts {
		g.queued = append(g.queued, false)
		if !g.inOrder() {
			g.mark(len(g.queued) - 1)
		}
	}
}

// substitute puts parts in the place of another one. Its slot is the first of theirs.
func (g *group[T]) substitute(old stream[T], parts ...stream[T]) {
	i := slices.Index(g.parts, old)
	if g.inOrder() {
		g.parts = slices.Replace(g.parts, i, i+1, parts...)
		return
	}
	g.parts[i] = nil
	g.left--
	g.append(parts...)
}

func (g *group[T]) inOrder() bool { return g.ordered || g.sched.inOrder() }

func (g *group[T]) next(need bool) (segment[T], outcome, error) {
	if !g.inOrder() {
		return g.nextToArrive()
	}
	for g.first < len(g.parts) {
		seg, out, err := g.parts[g.first].next(need)
		if out != ended || err != nil {
			return seg, out, err
		}
		g.parts[g.first] = nil
		g.first++
	}
	return segment[T]{}, ended, nil
}

// nextToArrive returns the next page of whichever part has one. If a part fails, the requests of the others end, but
// pages that were read are delivered before the error.
func (g *group[T]) nextToArrive() (segment[T], outcome, error) {
	for {
		if !g.failed && g.scope.failure() != nil {
			g.failed = true
			for i := range g.parts {
				g.mark(i)
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
			g.scope.fail(err)
			g.end(i)
		case out == ended:
			g.end(i)
		case out == got:
			g.mark(i) // it may have another page
			return seg, got, nil
		}
	}
	if g.left > 0 {
		return segment[T]{}, pending, nil
	}
	return segment[T]{}, ended, g.scope.failure()
}

func (g *group[T]) end(i int) {
	g.parts[i] = nil
	g.left--
}
