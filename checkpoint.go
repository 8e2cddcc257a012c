package backupx

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
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
// Of a fleet or an inventory, the text has 8 bytes for a source that was delivered to its end, a hash of its name
// and filter. A source that was not begun has its name and such a hash, and is planned anew when the listing is
// resumed. The other sources have the position of every chain as well. The order of the sources does not count.
//
// A checkpoint does not contain functions (Where, Map) or settings (PageSize, Limit, Parallel, …): the
// program that resumes must set them again.
type Checkpoint struct{ s *saved }

// saved is the content of a checkpoint.
type saved struct {
	ID      identity            `json:"id"`
	Done    bool                `json:"done,omitempty"`
	Start   *savedPos           `json:"start,omitempty"` // the listing's StartAt, until the first range makes the plan
	Opened  bool                `json:"opened,omitempty"`
	Chains  map[string]savedPos `json:"chains,omitempty"`
	Windows map[string][]string `json:"windows,omitempty"` // the unfinished windows of each query
	Seen    map[string][]byte   `json:"seen,omitempty"`    // hashes of the items remembered for good, by path
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
	s := &saved{ID: o.id, Opened: st.opened, Done: st.done(), Chains: map[string]savedPos{}}
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
		left := lo.Reject(windows, func(w window, _ int) bool { return st.delivered(key + w.String()) })
		for _, w := range lo.Without(windows, left...) {
			delete(s.Chains, key+w.String())
		}
		names := lo.Map(left, func(w window, _ int) string { return w.String() })
		s.Windows = lo.Assign(s.Windows, map[string][]string{key: names})
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

// state returns the state of a range that starts at the checkpoint, for a listing with the identity id.
func (s *saved) state(id identity) (*state, error) {
	st := newState()
	st.opened, st.sources = s.Opened, s.sources(id)
	for name, p := range s.Chains {
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
	for key, texts := range s.Windows {
		windows := make([]window, len(texts))
		for i, text := range texts {
			w, err := parseWindow(text)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
			}
			windows[i] = w
		}
		st.windows[key] = windows
	}
	for path, b := range s.Seen {
		m := &memory{ids: map[uint64]bool{}}
		for _, id := range unpacked(b) {
			m.ids[id] = true
		}
		st.memories[path] = m
	}
	return st, nil
}

// matches returns an error that says how the checkpoint's listing differs from another, nil if it does not.
func (s *saved) matches(id identity) error {
	switch {
	case !id.comparable():
		return fmt.Errorf("%w: the input of the operation cannot be written as JSON, and so not be compared", ErrCheckpoint)
	case s.ID.hash() == id.hash():
		return nil
	case s.ID.Op != id.Op:
		return fmt.Errorf("%w: it is of the operation %s, not %s", ErrCheckpoint, s.ID.Op, id.Op)
	case s.ID.Scope != id.Scope:
		return fmt.Errorf("%w: it is of the scope %q, not %q", ErrCheckpoint, s.ID.Scope, id.Scope)
	default:
		return fmt.Errorf("%w: it is of another filter, input or combination of listings", ErrCheckpoint)
	}
}

// Done reports whether the listing was delivered to its end. It is false for the zero value, and for a
// position at which only another request can show that nothing follows.
func (cp Checkpoint) Done() bool { return cp.s != nil && cp.s.Done }

// Filter stores the filter of the listing that made the checkpoint in f, a pointer to a filter of the same
// type, so that one program can resume the listing of another. It fails with [ErrCheckpoint] if the
// checkpoint has a filter of another type or none. The zero value has none, nor have checkpoints of List,
// FromOperation, Concat, Merge, Across and Inventory.
func (cp Checkpoint) Filter(f json.Unmarshaler) error {
	if cp.s == nil || cp.s.ID.Filter == nil {
		return fmt.Errorf("backupx: %w: it holds no filter", ErrCheckpoint)
	}
	if of, ok := f.(interface{ operation() string }); ok && of.operation() != cp.s.ID.Op {
		return fmt.Errorf("backupx: %w: it holds a filter of %s, not of %s", ErrCheckpoint, cp.s.ID.Op, of.operation())
	}
	return f.UnmarshalJSON(cp.s.ID.Filter)
}

var (
	_ encoding.TextMarshaler   = Checkpoint{}
	_ encoding.TextUnmarshaler = (*Checkpoint)(nil)
)

// A checkpoint's text is prefix, payload in base64, a dot, and a checksum over both.
const (
	textPrefix = "backupx1."
	sumLength  = 8
	maxText    = 64 << 20 // bytes; no listing makes a text that is nearly as long
)

// MarshalText returns the checkpoint as text: printable ASCII without spaces, with a version and a checksum.
// The zero value gives an empty text. The error is always nil.
func (cp Checkpoint) MarshalText() ([]byte, error) {
	if cp.s == nil {
		return []byte{}, nil
	}
	b, err := json.Marshal(cp.s)
	if err != nil {
		return nil, fmt.Errorf("backupx: checkpoint: %w", err)
	}
	text := base64.RawURLEncoding.AppendEncode([]byte(textPrefix), b)
	return append(append(text, '.'), checksum(text)...), nil
}

// UnmarshalText reads what MarshalText wrote. It fails with [ErrCheckpoint] if the text was cut or altered,
// or has another version.
func (cp *Checkpoint) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*cp = Checkpoint{}
		return nil
	}
	s, err := parseText(text)
	if err != nil {
		return fmt.Errorf("backupx: %w: %w", ErrCheckpoint, err)
	}
	*cp = Checkpoint{s: s}
	return nil
}

func parseText(text []byte) (*saved, error) {
	dot := bytes.LastIndexByte(text, '.')
	switch {
	case len(text) > maxText:
		return nil, errors.New("its text is too long")
	case !bytes.HasPrefix(text, []byte("backupx")):
		return nil, errors.New("its text is not a checkpoint's")
	case !bytes.HasPrefix(text, []byte(textPrefix)):
		return nil, errors.New("its text is of another version")
	case dot < len(textPrefix) || string(text[dot+1:]) != string(checksum(text[:dot])):
		return nil, errors.New("its text was cut or altered")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(text[len(textPrefix):dot]))
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	s := new(saved)
	if err := d.Decode(s); err != nil {
		return nil, err
	}
	return s, s.validate()
}

// validate rejects values that no listing saves.
func (s *saved) validate() error {
	if s.Start != nil && s.Start.Skip < 0 {
		return errors.New("its start is out of range")
	}
	if len(s.ID.Hash) > 0 || !s.ID.wellFormed() {
		return errors.New("the hashes of its sources are cut")
	}
	for name, p := range s.Chains {
		if p.Skip < 0 || p.Pages < 0 || p.Largest < 0 || len(p.Seen)%8 != 0 || len(p.Last)%8 != 0 || len(p.Passed)%8 != 0 || len(p.Front)%8 != 0 {
			return fmt.Errorf("the position of %q is out of range", name)
		}
	}
	for path, b := range s.Seen {
		if len(b)%8 != 0 {
			return fmt.Errorf("what was seen of %q is cut", path)
		}
	}
	return nil
}

// checksum returns the checksum of a text, in hexadecimal.
func checksum(text []byte) []byte {
	sum := sha256.Sum256(text)
	return hex.AppendEncode(nil, sum[:sumLength])
}

// packed returns hashes as bytes, eight for each; unpacked is the inverse.
func packed(hashes []uint64) []byte {
	b := make([]byte, 0, 8*len(hashes))
	for _, h := range hashes {
		b = binary.BigEndian.AppendUint64(b, h)
	}
	return b
}

func unpacked(b []byte) []uint64 {
	hashes := make([]uint64, 0, len(b)/8)
	for chunk := range slices.Chunk(b, 8) {
		hashes = append(hashes, binary.BigEndian.Uint64(chunk))
	}
	return hashes
}
