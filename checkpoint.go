package backupx

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/samber/lo"
)

// Checkpoint is a position in a listing, from which a later range, even in another process, continues. It is
// an immutable value; the zero value is the start of any listing.
//
// [Checkpoint.MarshalText] turns a checkpoint into text, and encoding/json uses that text. The text has a
// version, a checksum, the operation, the filter, the scope and the position of every chain. It contains page
// tokens of the service: store it only where the items of the listing may be stored.
//
// The sources of a fleet or an inventory are matched by name. Their order does not count, and a new source starts
// at its beginning. A source may be gone only if it was delivered to its end, and it is not read again if it comes
// back. All others must list the same as before. The text has 20 bytes for a source that was delivered to its end,
// hashes of its name, its listing and its scope. A source that was not begun has its name, and is planned anew when
// the listing is resumed. The other sources have the position of every chain as well. Filters that several sources
// have are in the text once.
//
// A text is bounded, because it may be forged: 32 MiB, 200,000 positions of chains, 200,000 windows of creation time
// and 10,000 of one query, 200,000 sources with names of 4 KiB, 100,000 listings that a listing is made of, 32 of them in
// each other, and filters of 4 MiB. To read a text, to resume from it and to write it again holds less than 256 MiB. The
// checksum detects errors, not forgeries.
//
// A checkpoint does not contain functions (Where, Map) or settings (PageSize, Limit, Parallel, …): the
// program that resumes must set them again.
type Checkpoint struct{ s *saved }

// checkpointOf returns the checkpoint with a content.
func checkpointOf(s *saved) Checkpoint { return Checkpoint{s} }

// content returns what the checkpoint has, nil for the zero Checkpoint.
func (cp Checkpoint) content() *saved { return cp.s }

// saved is the content of a checkpoint.
type saved struct {
	ID      identity            `json:"id"`
	Start   *savedPos           `json:"start,omitempty"` // the listing's StartAt, until the first range makes the plan
	Opened  bool                `json:"opened,omitempty"`
	Chains  map[string]savedPos `json:"chains,omitempty"`
	Windows map[string][]window `json:"windows,omitempty"` // the unfinished windows of each query; one without a chain was not begun
	Seen    map[string][]byte   `json:"seen,omitempty"`    // hashes of the items remembered for good, by path
	Follow  []savedPlace        `json:"follow,omitzero"`   // of a follower, which has none of the members above but ID

	hashes []byte // of the places of a follower; in the text they are behind the JSON

	done bool // nothing is left; the text does not have it, because the chains say it
}

// savedPos is the position of a chain, with the hashes that detect repeated tokens and items.
type savedPos struct {
	Token   []byte `json:"token,omitempty"` // bytes, because text in JSON must be UTF-8 and a token may not be
	Skip    int    `json:"skip,omitempty"`
	Pages   int    `json:"pages,omitempty"`
	Done    bool   `json:"done,omitempty"`
	Loop    bool   `json:"loop,omitempty"`
	Seen    []byte `json:"seen,omitempty"`
	Last    []byte `json:"last,omitempty"`    // hashes of the items delivered last
	Largest int    `json:"largest,omitempty"` // the number of items of the largest page
	Partial bool   `json:"partial,omitempty"` // the chain began at a token of the caller
	Passed  []byte `json:"passed,omitempty"`  // hashes of the items that another chain has delivered

	Oldest  time.Time `json:"oldest,omitzero"`  // position.ended.at
	Reached time.Time `json:"reached,omitzero"` // position.within.at
	Front   []byte    `json:"front,omitempty"`  // the ids of position.front
}

// seenTokens is how many of a chain's tokens a checkpoint remembers. If the service repeats a cycle of more
// tokens, a resumed range detects that only after it has followed the cycle once more.
const seenTokens = 256

// checkpoint returns the position of a range or a cursor of the listing.
func (l Listing[T]) checkpoint(st *state) Checkpoint {
	cp := st.checkpoint(l.identity())
	if start, ok := l.start(); ok && !st.opened {
		cp.s.Start = &savedPos{Token: []byte(start.Token), Skip: start.Skip, Loop: start.Loop}
	}
	return cp
}

// checkpoint returns the position that a state has. It leaves out the windows that were delivered to their end, and
// the chains of the sources of fleets that were delivered to their end or were not begun.
func (st *state) checkpoint(id identity) Checkpoint {
	o := st.outline(id)
	s := &saved{ID: o.id, Opened: st.opened, done: st.done()}
	if !st.opened {
		return Checkpoint{s: s}
	}
	s.Chains = map[string]savedPos{}
	for name, p := range st.chains {
		if o.omits(name) {
			continue
		}
		pos := savedPos{
			Token: []byte(p.Token), Skip: p.Skip, Pages: p.Pages, Done: p.Done, Loop: p.Loop, Partial: p.Partial,
			Seen:   packed(p.seen[max(0, len(p.seen)-seenTokens):]),
			Passed: packed(p.passed), Oldest: p.ended.at, Reached: p.inPage().at, Front: packed(p.front().ids),
		}
		if !p.unsaved {
			pos.Last, pos.Largest = packed(p.recent), p.largest
		}
		s.Chains[name] = pos
	}
	for key, windows := range st.windows {
		if o.omits(key) {
			continue
		}
		left := []window{}
		for _, w := range windows {
			name := key + w.String()
			p := st.chains[name]
			if p == nil || !p.Done {
				left = append(left, w)
			}
			if p != nil && (p.Done || !p.begun()) {
				delete(s.Chains, name)
			}
		}
		if s.Windows == nil {
			s.Windows = map[string][]window{}
		}
		s.Windows[key] = left
	}
	for path, m := range st.memories {
		if o.omits(path) {
			continue
		}
		if b := m.packed(); len(b) > 0 {
			if s.Seen == nil {
				s.Seen = map[string][]byte{}
			}
			s.Seen[path] = b
		}
	}
	return Checkpoint{s: s}
}

// packed returns the hashes of the items remembered for good, in order.
func (m *memory) packed() []byte {
	var stay []uint64
	for id, stays := range m.ids {
		if stays {
			stay = append(stay, id)
		}
	}
	slices.Sort(stay)
	return packed(stay)
}

// state returns the state of a range that starts at the checkpoint, for a listing with the identity id. It fails if the
// checkpoint is that of another listing.
func (s *saved) state(id identity) (*state, error) {
	if s.Follow != nil {
		return nil, errFollower
	}
	m, err := s.match(id)
	st := newState()
	if err != nil || !s.Opened {
		return st, err
	}
	st.opened, st.sources = true, m.sources
	for name, p := range s.Chains {
		if m.dropped[name] {
			continue
		}
		st.chains[name] = &position{
			Token: string(p.Token), Skip: p.Skip, Pages: p.Pages, Done: p.Done, Loop: p.Loop, Partial: p.Partial,
			seen: unpacked(p.Seen), recent: unpacked(p.Last), largest: p.Largest, passed: unpacked(p.Passed),
			ended: front{at: p.Oldest}, within: front{at: p.Reached},
		}
		if p.Reached.IsZero() {
			st.chains[name].ended.ids = unpacked(p.Front)
		} else {
			st.chains[name].within.ids = unpacked(p.Front)
		}
	}
	for key, windows := range s.Windows {
		if m.dropped[key] {
			continue
		}
		st.windows[key] = windows
		for _, w := range windows {
			if name := key + w.String(); st.chains[name] == nil {
				st.chains[name] = &position{}
			}
		}
	}
	for path, b := range s.Seen {
		if m.dropped[path] {
			continue
		}
		remembered := newMemory()
		for _, id := range unpacked(b) {
			remembered.ids[id] = true
		}
		st.memories[path] = remembered
	}
	return st, nil
}

// Done reports whether the listing was delivered to its end. It is false for the zero value, and for a
// position at which only another request can show that nothing follows.
func (cp Checkpoint) Done() bool { return cp.s != nil && cp.s.done }

// Filter stores the filter of the listing that made the checkpoint in f, a pointer to a filter of the same
// type, so that one program can resume the listing of another. For a listing made of several, such as those of
// [Across] and [Concat], all of them must have this filter. It fails with [ErrCheckpoint] if the checkpoint has a
// filter of another type, different filters or none. The zero value has none, nor have checkpoints of [List] and
// [FromOperation]. Of a large fleet whose sources have different filters, the text does not have those that only one
// source has, once that source was delivered to its end.
func (cp Checkpoint) Filter(f json.Unmarshaler) error { return prefixed(cp.filter(f)) }

func (cp Checkpoint) filter(f json.Unmarshaler) error {
	if lo.IsNil(f) {
		return errors.New("Checkpoint.Filter: the pointer to the filter is nil")
	}
	if cp.s == nil {
		return fmt.Errorf("%w: it holds no filter", ErrCheckpoint)
	}
	id, err := cp.s.ID.filtered()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	if of, ok := f.(interface{ operation() string }); ok && of.operation() != id.Op {
		return fmt.Errorf("%w: it holds a filter of %s, not of %s", ErrCheckpoint, shortened(id.Op, 0), of.operation())
	}
	if err := f.UnmarshalJSON(id.Filter); err != nil {
		return fmt.Errorf("%w: %w", ErrCheckpoint, brief(err))
	}
	return nil
}

// packed returns hashes as bytes, hashBytes for each; unpacked is the inverse.
func packed(hashes []uint64) []byte {
	b := make([]byte, 0, hashBytes*len(hashes))
	for _, h := range hashes {
		b = binary.BigEndian.AppendUint64(b, h)
	}
	return b
}

func unpacked(b []byte) []uint64 {
	hashes := make([]uint64, 0, len(b)/hashBytes)
	for chunk := range slices.Chunk(b, hashBytes) {
		hashes = append(hashes, binary.BigEndian.Uint64(chunk))
	}
	return hashes
}
