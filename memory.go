package backupx

import (
	"hash/fnv"
	"slices"
)

// repeats reports whether item i was delivered before, from this chain or another one, and remembers the
// item.
func (p *progress) repeats(key func(int) (uint64, bool), i int) bool {
	if key == nil || p.memory == nil && len(p.pos.passed) == 0 {
		return false
	}
	id, ok := key(i)
	if at := slices.Index(p.pos.passed, id); ok && at >= 0 {
		p.pos.passed = slices.Delete(p.pos.passed, at, at+1)
		return true
	}
	if p.memory == nil {
		return false
	}
	if !ok {
		return p.changing && i < p.skipped // an item without an identity is known by its place in the page only
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

// trim forgets, at the end of a page, all but the last items of the chain. It keeps as many as the largest
// page had, because paging can shift by at most one page. A window that is done keeps none: its items cannot
// come again.
func (p *progress) trim() {
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
	if keep == 0 {
		p.pos.recent = nil // frees the array
	}
}

// memory holds the identities of delivered items that another chain or page may deliver again. Identities of
// items that could still change their state are remembered for good. Of the other items, each chain remembers
// only those that it delivered last.
type memory struct {
	ids map[uint64]bool // hashes of ids; true for those that are remembered for good
}

// hold adds the items that a chain delivered last before a checkpoint. page holds the hashes of their ids.
func (m *memory) hold(page []uint64) {
	for _, id := range page {
		if _, held := m.ids[id]; !held {
			m.ids[id] = false
		}
	}
}

// hash returns a 64-bit hash of a token or an id.
func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
