// Package decode decodes pages of JSON faster than the SDK's clients, to the same values.
//
// It is a fast path and no decoder of its own right: it declines whatever is not plainly regular, so that the client
// decodes that, and errors and oddities stay the client's. Where it accepts a page, the client must decode the page to
// equal values: a differential fuzz checks that.
package decode

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Decoder decodes the pages of an operation. It may be used by several goroutines at the same time.
type Decoder struct {
	output    reflect.Type // the SDK's output type, a struct
	operation string       // by whose name the SDK has named the type
	list      string       // the member with the items, without which an object is no page
	plan      func() *plan // nil if the type cannot be decoded here
}

// New returns the decoder of an operation with the output type O, whose member list has the items. The type is looked
// at when the first page is decoded.
func New[O any](list string) *Decoder {
	t := reflect.TypeFor[O]()
	return &Decoder{output: t, operation: strings.TrimSuffix(t.Name(), "Output"), list: list, plan: sync.OnceValue(func() *plan {
		p, err := planOf(t)
		if err != nil || !p.lists(list) {
			return nil
		}
		return p
	})}
}

// Decode returns a pointer to a new output that is decoded from the body of a response, or false if it declines the
// body. It keeps nothing of the body.
func (d *Decoder) Decode(body []byte) (output any, ok bool) {
	plan := d.plan()
	if plan == nil {
		return nil, false
	}
	to := reflect.New(d.output)
	p := page{scanner: scanner{text: body}, memory: make([]memory, plan.size)}
	if !p.object(plan, to.Elem()) || !p.end() || to.Elem().FieldByName(d.list).IsNil() {
		return nil, false
	}
	return to.Interface(), true
}

// page is the decoding of one page. Pointers and text are cut from slabs, which are small: what a caller keeps of a page
// keeps only the slabs alive that its values are in. Each pointer is to a value of its own, as the caller may change it.
type page struct {
	scanner
	memory   []memory // what is known of each member of a plan, by its index
	strings  slab[string]
	times    slab[time.Time]
	integers slab[int64]
	shorts   slab[int32]
	booleans slab[bool]
	texts    texts
	repeated texts // that came again
}

// memory is what is known of a member from the objects before.
type memory struct {
	next    *member // the member that came behind it
	recent  [4]text // the last different values of a string
	values  int     // how many values recent has had
	structs structSlab
}

// text is a value of a string.
type text struct {
	string
	again bool // it came again
}

// object decodes an object to a struct.
func (p *page) object(plan *plan, to reflect.Value) bool {
	if !p.take('{') {
		return false
	}
	if p.take('}') {
		return true
	}
	var seen uint64
	last := &p.memory[plan.start]
	for {
		m := last.next
		if m == nil || !p.literally(m.key) {
			name, ok := p.name()
			if !ok || !p.take(':') {
				return false
			}
			if m = plan.named[string(name)]; m == nil && plan.resembles(name) {
				return false
			}
		}
		switch {
		case m == nil:
			if !p.skip(0) {
				return false
			}
		case seen&m.bit != 0: // a client may take the first or the last
			return false
		default:
			last.next, seen = m, seen|m.bit
			last = &p.memory[m.index]
			if !p.null() && !m.decode(p, m, to.Field(m.field)) {
				return false
			}
		}
		if p.take('}') {
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

// string decodes a string.
func (p *page) string(m *memory) (string, bool) {
	if s, ok := p.again(m); ok {
		return s, true
	}
	raw, kind := p.scanner.string()
	switch {
	case kind == invalidString, kind != plainString && !utf8.Valid(raw):
		return "", false
	case kind == escapedString:
		var s string
		return s, json.Unmarshal(p.quoted(raw), &s) == nil
	default:
		return p.remember(m, raw), true
	}
}

// again decodes a string that the member had before: most members have few values.
func (p *page) again(m *memory) (string, bool) {
	if p.at == len(p.text) || p.text[p.at] != '"' {
		return "", false
	}
	rest := p.text[p.at+1:]
	for i := range m.recent {
		t := &m.recent[i]
		if n := len(t.string); n == 0 || n >= len(rest) || rest[n] != '"' || string(rest[:n]) != t.string {
			continue
		}
		if !t.again { // values that come again have slabs of their own, so that they keep no others alive
			*t = text{p.repeated.copy(rest[:len(t.string)]), true}
		}
		p.at += len(t.string) + 2
		return t.string, true
	}
	return "", false
}

// remember returns a copy of a text without escapes, which again finds.
func (p *page) remember(m *memory, raw []byte) string {
	t := &m.recent[m.values%len(m.recent)]
	m.values++
	*t = text{string: p.texts.copy(raw)}
	return t.string
}

const (
	textSlab    = 1024 // bytes
	largeText   = 256  // bytes; a longer text has memory of its own
	fullSlab    = 32   // values
	fullStructs = 8    // structs
)

// texts is memory for several texts.
type texts struct{ strings.Builder }

// copy returns a copy of a text.
func (t *texts) copy(raw []byte) string {
	if len(raw) > largeText {
		return string(raw)
	}
	if t.Cap()-t.Len() < len(raw) {
		size := min(max(2*t.Cap(), 2*largeText), textSlab)
		t.Builder = strings.Builder{}
		t.Grow(size)
	}
	start := t.Len()
	t.Write(raw)
	return t.String()[start:]
}

// slab is memory for several values, which are allocated at once.
type slab[T any] struct {
	left []T
	size int // of the last allocation
}

// pointer returns a pointer to a copy of v.
func (s *slab[T]) pointer(v T) *T {
	if len(s.left) == 0 {
		s.size = min(max(4, 2*s.size), fullSlab)
		s.left = make([]T, s.size)
	}
	p := &s.left[0]
	s.left = s.left[1:]
	*p = v
	return p
}

// structSlab is memory for several structs of a type.
type structSlab struct {
	all  reflect.Value // a slice
	used int
}

// next returns a pointer to a struct of type t.
func (s *structSlab) next(t reflect.Type) reflect.Value {
	if s.used == 0 || s.used == s.all.Len() {
		size := min(max(1, 2*s.used), fullStructs)
		s.all, s.used = reflect.MakeSlice(reflect.SliceOf(t), size, size), 0
	}
	s.used++
	return s.all.Index(s.used - 1).Addr()
}
