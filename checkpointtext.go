package backupx

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/filters"
)

var (
	_ encoding.TextMarshaler   = Checkpoint{}
	_ encoding.TextUnmarshaler = (*Checkpoint)(nil)
)

// A checkpoint's text is prefix, payload in base64, a dot, and a checksum over both. The checkpoint of a follower may have
// bytes behind its payload: another dot, and the bytes in base64.
const (
	textPrefix = "backupx1."
	sumLength  = 8
)

// Reading a text takes memory and time in proportion to its length, and to the number of its members, because a member
// may have few bytes in the text and many in memory. The checksum does not protect against forged texts.
const (
	maxText    = 32 << 20 // bytes
	maxFilter  = 4 << 20  // bytes of one filter
	maxChains  = 200_000  // positions, and windows as well: the windows of 16 queries are 160,000
	maxParts   = 100_000  // listings
	maxSources = 200_000  // of all fleets
	maxName    = 4 << 10  // bytes of the name of a source: paths repeat the names of the fleets that a source is in
	maxDepth   = 32       // listings in listings; a source takes one level
)

// MarshalText returns the checkpoint as text: printable ASCII without spaces, with a version and a checksum.
// The zero value gives an empty text. It fails with [ErrCheckpoint] if the text would be beyond the bounds of
// UnmarshalText.
func (cp Checkpoint) MarshalText() ([]byte, error) {
	if cp.s == nil {
		return []byte{}, nil
	}
	if err := cp.s.bounded(); err != nil {
		return nil, fmt.Errorf("backupx: %w: %w", ErrCheckpoint, err)
	}
	b, err := json.Marshal(cp.s)
	if err != nil {
		return nil, fmt.Errorf("backupx: checkpoint: %w", err)
	}
	size := base64.RawURLEncoding.EncodedLen(len(b)) + 1 + base64.RawURLEncoding.EncodedLen(len(cp.s.hashes))
	text := make([]byte, 0, len(textPrefix)+size+1+2*sumLength)
	text = base64.RawURLEncoding.AppendEncode(append(text, textPrefix...), b)
	if len(cp.s.hashes) > 0 {
		text = base64.RawURLEncoding.AppendEncode(append(text, '.'), cp.s.hashes)
	}
	text = append(append(text, '.'), checksum(text)...)
	if len(text) > maxText {
		return nil, fmt.Errorf("backupx: %w: %w", ErrCheckpoint, errTooLong)
	}
	return text, nil
}

// UnmarshalText reads what MarshalText wrote. It fails with [ErrCheckpoint] if the text was cut or altered, has another
// version, contradicts itself, or is beyond the bounds that [Checkpoint] has.
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

var errTooLong = errors.New("its text is too long")

func parseText(text []byte) (*saved, error) {
	dot := bytes.LastIndexByte(text, '.')
	switch {
	case len(text) > maxText:
		return nil, errTooLong
	case !bytes.HasPrefix(text, []byte("backupx")):
		return nil, errors.New("its text is not a checkpoint's")
	case !bytes.HasPrefix(text, []byte(textPrefix)):
		return nil, errors.New("its text is of another version")
	case dot < len(textPrefix) || string(text[dot+1:]) != string(checksum(text[:dot])):
		return nil, errors.New("its text was cut or altered")
	}
	payload, behind, hashed := bytes.Cut(text[len(textPrefix):dot], []byte("."))
	b, err := base64.RawURLEncoding.Strict().AppendDecode(nil, payload)
	if err != nil {
		return nil, err
	}
	p := &textParser{json: json.NewDecoder(bytes.NewReader(b))}
	p.json.DisallowUnknownFields()
	s := p.saved()
	if _, err := p.json.Token(); p.err == nil && !errors.Is(err, io.EOF) {
		p.fail(errors.New("something comes after the JSON object"))
	}
	if p.err != nil {
		return nil, p.err
	}
	if hashed {
		if s.hashes, err = base64.RawURLEncoding.Strict().AppendDecode(nil, behind); err != nil {
			return nil, err
		}
		if s.Follow == nil || len(behind) == 0 {
			return nil, errors.New("something comes after the JSON object")
		}
	}
	return s, s.validate(p.wasDone)
}

// checksum returns the checksum of a text, in hexadecimal.
func checksum(text []byte) []byte {
	sum := sha256.Sum256(text)
	return hex.AppendEncode(nil, sum[:sumLength])
}

// size is how much a checkpoint contains.
type size struct{ chains, windows, parts, sources int }

// check returns an error if the size is beyond the bounds.
func (n size) check() error {
	switch {
	case n.chains > maxChains:
		return fmt.Errorf("it has more than %d positions", maxChains)
	case n.windows > maxChains:
		return fmt.Errorf("it has more than %d windows", maxChains)
	case n.parts > maxParts:
		return fmt.Errorf("it has more than %d listings", maxParts)
	case n.sources > maxSources:
		return fmt.Errorf("it has more than %d sources", maxSources)
	}
	return nil
}

var (
	errTooDeep    = fmt.Errorf("it has listings in more than %d others", maxDepth)
	errLongFilter = fmt.Errorf("it has a filter of more than %d bytes", maxFilter)
	errLongName   = fmt.Errorf("it has the name of a source of more than %d bytes", maxName)
)

// isLong reports whether the name of a source is beyond the bounds.
func isLong(name string) bool { return len(textInJSON(name)) > maxName }

// add adds what the identity of a listing contains.
func (n *size) add(id identity, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	if len(id.Filter) > maxFilter {
		return errLongFilter
	}
	if isLong(id.Source) || slices.ContainsFunc(id.Sources, isLong) {
		return errLongName
	}
	n.parts++
	n.sources += len(id.Sources) + len(id.Read)/recordBytes + len(id.Done)/hashBytes
	for _, p := range id.Parts {
		if err := n.add(p, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// bounded returns an error if the text would be beyond the bounds.
func (s *saved) bounded() error {
	n := size{chains: len(s.Chains) + len(s.Seen) + len(s.Windows)}
	if err := n.add(s.ID, 0); err != nil {
		return err
	}
	for _, windows := range s.Windows {
		n.windows += len(windows)
	}
	return n.check()
}

// textParser reads the payload of a text. It counts what it reads, so that it ends before it holds much. After an error
// it reads nothing.
type textParser struct {
	json *json.Decoder
	size size
	err  error

	wasDone *bool // the member done, which texts of earlier versions have
}

func (p *textParser) fail(err error) {
	if p.err == nil {
		p.err = brief(err)
	}
}

// count counts a member against the bounds.
func (p *textParser) count(n *int) {
	*n++
	if err := p.size.check(); err != nil {
		p.fail(err)
	}
}

// delim reads the delimiter that starts or ends an object or an array.
func (p *textParser) delim(want json.Delim) {
	if p.err != nil {
		return
	}
	t, err := p.json.Token()
	if err != nil {
		p.fail(err)
	} else if t != want {
		p.fail(fmt.Errorf("it has a value of another type where %v is due", want))
	}
}

// more reports whether the current object or array has another member.
func (p *textParser) more() bool { return p.err == nil && p.json.More() }

// object reads an object with few members. The function member reads the value of each, which must not come twice.
func (p *textParser) object(member func(name string)) {
	var names []string
	p.members(func(name string) bool { return slices.Contains(names, name) }, func(name string) {
		names = append(names, name)
		member(name)
	})
}

// members reads an object. The function member reads the value of each member, and before tells whether it came before.
func (p *textParser) members(before func(name string) bool, member func(name string)) {
	p.delim('{')
	for p.more() {
		t, err := p.json.Token()
		if err != nil {
			p.fail(err)
			return
		}
		name := t.(string) // the decoder accepts no other key in an object
		if before(name) {
			p.fail(fmt.Errorf("the member %q comes twice", shortened(name, 0)))
			return
		}
		member(name)
	}
	p.delim('}')
}

// array reads an array. The function element reads each element.
func (p *textParser) array(element func()) {
	p.delim('[')
	for p.more() {
		element()
	}
	p.delim(']')
}

// value reads a value into what v points to.
func (p *textParser) value(v any) {
	if p.err != nil {
		return
	}
	if err := p.json.Decode(v); err != nil {
		p.fail(err)
	}
}

// text reads a string.
func (p *textParser) text() (s string) {
	p.value(&s)
	return s
}

func (p *textParser) saved() *saved {
	s := new(saved)
	p.object(func(name string) {
		switch name {
		case "id":
			s.ID = p.identity(0)
		case "done":
			p.value(&p.wasDone)
		case "start":
			s.Start = lo.ToPtr(p.position())
		case "opened":
			p.value(&s.Opened)
		case "chains":
			s.Chains = entries(p, p.position)
		case "windows":
			s.Windows = entries(p, p.windows)
		case "follow":
			s.Follow = make([]savedPlace, 0, p.size.sources+1)
			p.array(func() {
				if s.Follow = append(s.Follow, p.place()); len(s.Follow) > maxSources {
					p.fail(fmt.Errorf("it has more than %d sources", maxSources))
				}
			})
		case "seen":
			s.Seen = entries(p, func() (b []byte) { p.value(&b); return b })
		default:
			p.unknown(name)
		}
	})
	return s
}

// entries reads an object that has a value for each path of a chain, a query or a listing.
func entries[V any](p *textParser, value func() V) map[string]V {
	all := map[string]V{}
	p.members(func(path string) bool { return lo.HasKey(all, path) }, func(path string) {
		p.count(&p.size.chains)
		all[path] = value()
	})
	return all
}

// position reads the position of a chain.
func (p *textParser) position() (pos savedPos) {
	p.object(func(name string) {
		switch name {
		case "token":
			p.value(&pos.Token)
		case "skip":
			p.value(&pos.Skip)
		case "pages":
			p.value(&pos.Pages)
		case "done":
			p.value(&pos.Done)
		case "loop":
			p.value(&pos.Loop)
		case "seen":
			p.value(&pos.Seen)
		case "last":
			p.value(&pos.Last)
		case "largest":
			p.value(&pos.Largest)
		case "partial":
			p.value(&pos.Partial)
		case "passed":
			p.value(&pos.Passed)
		case "oldest":
			p.value(&pos.Oldest)
		case "reached":
			p.value(&pos.Reached)
		case "front":
			p.value(&pos.Front)
		default:
			p.unknown(name)
		}
	})
	return pos
}

// unknown fails because of a member that this version does not know: it may change the meaning of the others.
func (p *textParser) unknown(name string) {
	p.fail(fmt.Errorf("unknown member %q", shortened(name, 0)))
}

// windows reads the windows of one query.
func (p *textParser) windows() []window {
	windows := []window{}
	p.array(func() {
		p.count(&p.size.windows)
		text := p.text()
		if p.err != nil {
			return
		}
		w, err := parseWindow(text)
		if err != nil {
			p.fail(err)
		}
		windows = append(windows, w)
	})
	if len(windows) > filters.MaxWindows {
		p.fail(fmt.Errorf("it has more than %d windows of one query", filters.MaxWindows))
	} else if err := disjoint(windows); err != nil {
		p.fail(err)
	}
	return windows
}

// identity reads the identity of a listing at a depth.
func (p *textParser) identity(depth int) (id identity) {
	if depth > maxDepth {
		p.fail(errTooDeep)
		return id
	}
	p.count(&p.size.parts)
	p.object(func(name string) {
		switch name {
		case "op":
			p.value(&id.Op)
		case "input":
			p.value(&id.Input)
		case "shown":
			p.value(&id.Shown)
		case "filter":
			if p.value(&id.Filter); len(id.Filter) > maxFilter {
				p.fail(errLongFilter)
			}
		case "scope":
			p.value(&id.Scope)
		case "source":
			id.Source = p.name()
		case "parts":
			p.array(func() { id.Parts = append(id.Parts, p.identity(depth+1)) })
		case "sources":
			id.Sources = p.names()
		case "scopes":
			id.Scopes = p.names()
		case "read":
			p.hashes(&id.Read, recordBytes)
		case "done":
			p.hashes(&id.Done, hashBytes)
		case "hash":
			p.value(&id.Hash)
		default:
			p.unknown(name)
		}
	})
	return id
}

// names reads an array of strings.
func (p *textParser) names() (names []string) {
	p.array(func() {
		p.count(&p.size.sources)
		names = append(names, p.name())
	})
	return names
}

// name reads the name or the scope of a source.
func (p *textParser) name() string {
	name := p.text()
	if isLong(name) {
		p.fail(errLongName)
	}
	return name
}

// hashes reads packed hashes or records of a length.
func (p *textParser) hashes(b *[]byte, length int) {
	p.value(b)
	if len(*b)%length != 0 {
		p.fail(errors.New("the hashes of its sources are cut"))
	}
	p.size.sources += len(*b)/length - 1
	p.count(&p.size.sources)
}

// validate rejects values that no listing saves. wasDone is what a text of an earlier version says about the end of the
// listing, nil if it says nothing.
func (s *saved) validate(wasDone *bool) error {
	if s.Start != nil && (s.Opened || s.Start.Skip < 0) {
		return errors.New("its start is out of range")
	}
	if s.ID.Source != "" || len(s.ID.Hash) > 0 || len(s.ID.Sources) > 0 {
		return errors.New("the listing as a whole is no source")
	}
	if err := s.ID.validate(); err != nil {
		return err
	}
	if s.Follow != nil {
		return s.validateFollow()
	}
	for name, p := range s.Chains {
		if !p.valid() {
			return fmt.Errorf("the position of %q is out of range", shortened(name, 0))
		}
	}
	for path, b := range s.Seen {
		if len(b)%hashBytes != 0 {
			return fmt.Errorf("what was seen of %q is cut", shortened(path, 0))
		}
	}
	s.done = s.complete()
	if wasDone != nil && *wasDone != s.done {
		return errors.New("it contradicts itself about whether the listing has ended")
	}
	return nil
}

// valid reports whether a chain can have the position. A chain that is done has no next page, and one that has read a page
// and is not done has one.
func (p savedPos) valid() bool {
	hasNext := len(p.Token) > 0
	return p.Skip >= 0 && p.Pages >= 0 && p.Largest >= 0 &&
		len(p.Seen)%hashBytes == 0 && len(p.Seen) <= seenTokens*hashBytes && len(p.Last)%hashBytes == 0 && len(p.Passed)%hashBytes == 0 &&
		len(p.Front)%hashBytes == 0 && len(p.Front) <= mostAtFront*hashBytes &&
		(!p.Done || !hasNext && !p.Loop) && (p.Done || p.Pages == 0 || hasNext) && (!p.Loop || hasNext)
}
