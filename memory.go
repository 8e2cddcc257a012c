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
		p.pos.current = append(p.pos.current, id)
	}
	return false
}

// forget lets go, at the end of a page, of the items of the page before it: those that can come
// again are the ones that a shift moves over the page's end.
func (p *progress) forget() {
	if p.memory == nil {
		return
	}
	for _, id := range p.pos.last {
		delete(p.memory.ids, id)
	}
	p.pos.last, p.pos.current = p.pos.current, nil
	if p.window && p.pos.Done && p.pos.last != nil {
		p.forget()
	}
}

// memory holds the identities of items that may come again from another chain: those of jobs that
// were delivered while they could still change, for good, and those of each chain's last page.
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
