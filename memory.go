package backupx

import (
	"hash/fnv"
)

// repeats reports whether item i was delivered before, from here or from another chain, and
// remembers it.
func (p *progress) repeats(key func(int) (uint64, bool), i int) bool {
	if p.memory == nil || key == nil {
		return false
	}
	id, ok := key(i)
	if !ok {
		return p.changing && i < p.skipped // only the number is known of it
	}
	if _, before := p.memory.ids[id]; before {
		return true
	}
	p.memory.ids[id] = p.changing
	if !p.changing {
		p.pos.recent = append(p.pos.recent, id)
	}
	return false
}

// forget lets go, at the end of a page, of all but the items delivered last, as many as the largest page
// has: those that can come again are the ones that a shift moves over a page's end. Nothing comes again
// from a window that is done.
func (p *progress) forget() {
	if p.memory == nil {
		return
	}
	p.pos.largest = max(p.pos.largest, p.info.Items)
	keep := p.pos.largest
	if p.window && p.pos.Done {
		keep = 0
	}
	for len(p.pos.recent) > keep {
		delete(p.memory.ids, p.pos.recent[0])
		p.pos.recent = p.pos.recent[1:]
	}
}

// memory holds the identities of items that may come again from another chain: those of jobs that
// were delivered while they could still change, for good, and those that each chain delivered last.
type memory struct {
	ids map[uint64]bool // whether it stays
}

// hold remembers the items of a page that a checkpoint was taken in.
func (m *memory) hold(page []uint64) {
	for _, id := range page {
		if _, held := m.ids[id]; !held {
			m.ids[id] = false
		}
	}
}

// memory is the one of the listing opened here.
func (f frame) memory() *memory {
	m := f.state.memories[f.path]
	if m == nil {
		m = &memory{ids: map[uint64]bool{}}
		f.state.memories[f.path] = m
	}
	return m
}

// hash is a name for a token or an id that takes eight bytes.
func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
