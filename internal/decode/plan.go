package decode

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/traits"

	"github.com/backupx-go/backupx/internal/epoch"
)

// plan says how the objects of a page are decoded to a struct of the SDK. The exported fields of the SDK's structs are
// the members of the objects, so that members which the SDK adds come by themselves.
type plan struct {
	named    map[string]*member
	modelled bool // the names are those of a schema
	start    int  // the index of the memory of what comes first in an object
	size     int  // of the memory for this plan, those of its members, and the members before
}

// member is a member of an object.
type member struct {
	key    string // its name as most texts have it: quoted, with a colon
	field  int    // of the struct
	bit    uint64 // tells the member from the others of its object
	index  int    // of its memory
	object *plan  // of the struct that the field is, points to or lists
	decode func(p *page, m *member, to reflect.Value) bool
}

const (
	mostMembers = 64 // of an object
	deepestPlan = 8  // of structs in each other
)

// planOf returns the plan of a struct. It is an error if the client may decode a member to something else than its name
// and Go type say.
func planOf(t reflect.Type) (*plan, error) {
	size := 0
	return newPlan(t, &size, 0)
}

func newPlan(t reflect.Type, size *int, depth int) (*plan, error) {
	if depth > deepestPlan {
		return nil, fmt.Errorf("%v: its structs are too deep", t)
	}
	p := &plan{named: map[string]*member{}, start: *size}
	*size++
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Type == reflect.TypeFor[middleware.Metadata]() {
			continue
		}
		m := &member{key: strconv.Quote(f.Name) + ":", field: i, bit: 1 << len(p.named), index: *size}
		*size++
		if err := m.setType(f.Type, size, depth); err != nil {
			return nil, fmt.Errorf("%v.%s: %w", t, f.Name, err)
		}
		p.named[f.Name] = m
	}
	if len(p.named) > mostMembers {
		return nil, fmt.Errorf("%v: it has %d members", t, len(p.named))
	}
	p.size = *size
	return p, p.check(t)
}

// resembles reports whether a member that the plan does not have may be the one of a field whose name in Go differs from
// that in a response. Structs of older clients have no schema that would tell.
func (p *plan) resembles(name []byte) bool {
	if p.modelled {
		return false
	}
	for field := range p.named {
		if strings.EqualFold(strings.TrimSuffix(field, "_"), string(name)) {
			return true
		}
	}
	return false
}

// setType sets how the member is decoded to a field of type t.
func (m *member) setType(t reflect.Type, size *int, depth int) (err error) {
	switch {
	case t == reflect.TypeFor[*string]():
		m.decode = decodeStringPointer
	case t == reflect.TypeFor[*time.Time]():
		m.decode = decodeTime
	case t == reflect.TypeFor[*int64]():
		m.decode = decodeInt64
	case t == reflect.TypeFor[*int32]():
		m.decode = decodeInt32
	case t == reflect.TypeFor[*bool]():
		m.decode = decodeBoolPointer
	case t.Kind() == reflect.Bool:
		m.decode = decodeBool
	case t.Kind() == reflect.String:
		m.decode = decodeString
	case t == reflect.TypeFor[map[string]string]():
		m.decode = decodeTexts
	case t == reflect.TypeFor[map[string]int64]():
		m.decode = decodeCounts
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		m.decode = decodeStruct
		m.object, err = newPlan(t.Elem(), size, depth+1)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		m.decode = decodeStructs
		m.object, err = newPlan(t.Elem(), size, depth+1)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		m.decode = decodeStrings
	default:
		err = fmt.Errorf("a field of type %v is not known here", t)
	}
	return err
}

// check compares the plan with the schema of the struct, if it has one. Older clients have none.
func (p *plan) check(t reflect.Type) error {
	decodable, ok := reflect.New(t).Interface().(smithy.Deserializable)
	if !ok {
		return nil
	}
	schema := schemaOf(decodable)
	if schema == nil {
		return fmt.Errorf("%v: it shows no schema", t)
	}
	p.modelled = true
	members := schema.Members()
	if len(members) != len(p.named) {
		return fmt.Errorf("%v: it has %d members, and its schema has %d", t, len(p.named), len(members))
	}
	for name, s := range members {
		if p.named[name] == nil || isBound(s) {
			return fmt.Errorf("%v: the member %s of its schema has another name, place or format in a response", t, name)
		}
	}
	return nil
}

// isBound reports whether a member is read from elsewhere than the member of its name, or in a format of its own.
func isBound(s *smithy.Schema) bool {
	return hasTrait[*traits.JSONName](s) || hasTrait[*traits.TimestampFormat](s) || hasTrait[*traits.MediaType](s) ||
		hasTrait[*traits.HTTPHeader](s) || hasTrait[*traits.HTTPPrefixHeaders](s) || hasTrait[*traits.HTTPPayload](s) ||
		hasTrait[*traits.HTTPResponseCode](s)
}

func hasTrait[T smithy.Trait](s *smithy.Schema) bool {
	_, ok := smithy.SchemaTrait[T](s)
	return ok
}

// schemaOf returns the schema of a struct, nil if it does not read it before anything else.
func schemaOf(s smithy.Deserializable) (schema *smithy.Schema) {
	defer func() {
		if recover() != nil {
			schema = nil
		}
	}()
	var r schemaReader
	if err := s.Deserialize(&r); !errors.Is(err, errStop) {
		return nil
	}
	return r.schema
}

// schemaReader takes the schema of the struct that is decoded with it.
type schemaReader struct {
	smithy.ShapeDeserializer // nil: whatever else is read panics
	schema                   *smithy.Schema
}

var errStop = errors.New("the schema was read")

func (r *schemaReader) ReadStruct(s *smithy.Schema) error {
	r.schema = s
	return errStop
}

// lists reports whether the plan's member is a list of structs.
func (p *plan) lists(name string) bool {
	m := p.named[name]
	return m != nil && m.object != nil
}

func decodeStringPointer(p *page, m *member, to reflect.Value) bool {
	s, ok := p.string(&p.memory[m.index])
	if ok {
		to.Set(reflect.ValueOf(p.strings.pointer(s)))
	}
	return ok
}

func decodeString(p *page, m *member, to reflect.Value) bool {
	s, ok := p.string(&p.memory[m.index])
	to.SetString(s)
	return ok
}

func decodeTime(p *page, _ *member, to reflect.Value) bool {
	n, ok := p.number()
	if !ok {
		return false
	}
	seconds, ok := n.float()
	if !ok || n.negative {
		return false
	}
	t, err := epoch.Time(seconds)
	to.Set(reflect.ValueOf(p.times.pointer(t)))
	return err == nil
}

func decodeInt64(p *page, _ *member, to reflect.Value) bool {
	n, ok := p.integer()
	to.Set(reflect.ValueOf(p.integers.pointer(n)))
	return ok
}

func decodeInt32(p *page, _ *member, to reflect.Value) bool {
	n, ok := p.integer()
	to.Set(reflect.ValueOf(p.shorts.pointer(int32(n))))
	return ok && n >= math.MinInt32 && n <= math.MaxInt32
}

// integer reads a short integer.
func (p *page) integer() (int64, bool) {
	n, ok := p.number()
	if !ok {
		return 0, false
	}
	return n.integer()
}

func decodeBoolPointer(p *page, _ *member, to reflect.Value) bool {
	b := p.literal("true")
	to.Set(reflect.ValueOf(p.booleans.pointer(b)))
	return b || p.literal("false")
}

func decodeBool(p *page, _ *member, to reflect.Value) bool {
	b := p.literal("true")
	to.SetBool(b)
	return b || p.literal("false")
}

func decodeStruct(p *page, m *member, to reflect.Value) bool {
	to.Set(p.memory[m.index].structs.next(to.Type().Elem()))
	return p.object(m.object, to.Elem())
}

// decodeStructs decodes a list of objects.
func decodeStructs(p *page, m *member, to reflect.Value) bool {
	to.Set(reflect.MakeSlice(to.Type(), 0, 0)) // an empty list is not nil
	start := p.at
	return p.list(func(n int) bool {
		if n == to.Cap() {
			to.Grow(p.more(n, start))
		}
		to.SetLen(n + 1)
		return p.object(m.object, to.Index(n))
	})
}

// more returns for how many elements more a list of n gets memory, which starts at start in the text. It is a guess: too
// little costs a copy of the list, and too much costs memory for as long as the page is kept.
func (p *page) more(n, start int) int {
	if n < 64 {
		return max(1, 7*n)
	}
	rest := p.left() / ((p.at - start) / n)
	return min(rest+rest/64+1, 15*n) // the first may be shorter than the rest
}

// decodeStrings decodes a list of strings.
func decodeStrings(p *page, m *member, to reflect.Value) bool {
	to.Set(reflect.MakeSlice(to.Type(), 0, 0))
	return p.list(func(n int) bool {
		s, ok := p.string(&p.memory[m.index])
		to.Grow(1)
		to.SetLen(n + 1)
		to.Index(n).SetString(s)
		return ok
	})
}

// list reads a list, each element with read, which gets the number of those before.
func (p *page) list(read func(n int) bool) bool {
	n := -1
	return p.take('[') && p.members(']', func() bool {
		n++
		return read(n)
	})
}

func decodeTexts(p *page, m *member, to reflect.Value) bool {
	return decodeMap(p, m, to.Addr().Interface().(*map[string]string), func() (string, bool) {
		return p.string(new(memory))
	})
}

func decodeCounts(p *page, m *member, to reflect.Value) bool {
	return decodeMap(p, m, to.Addr().Interface().(*map[string]int64), p.integer)
}

// decodeMap decodes an object to a map. A key that comes twice is declined.
func decodeMap[V any](p *page, m *member, to *map[string]V, value func() (V, bool)) bool {
	*to = map[string]V{}
	return p.take('{') && p.members('}', func() bool {
		raw, ok := p.name()
		if _, twice := (*to)[string(raw)]; !ok || twice || !p.take(':') {
			return false
		}
		v, ok := value()
		(*to)[p.texts.copy(raw)] = v
		return ok
	})
}
