package backupx

import (
	"fmt"
	"math"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/prelude"
	smithytime "github.com/aws/smithy-go/time"
)

// wireStruct is a shape with members, and how a T is read from it.
type wireStruct[T any] struct {
	schema  *smithy.Schema
	members map[*smithy.Schema]wireReader[T]
}

// wireField is one member of a structure: its name, its shape and how it is read into a T.
type wireField[T any] struct {
	name  string
	shape *smithy.Schema
	read  wireReader[T]
}

type wireReader[T any] func(d smithy.ShapeDeserializer, s *smithy.Schema, to *T) error

func newWireStruct[T any](name string, fields []wireField[T], ts ...smithy.Trait) wireStruct[T] {
	s := wireStruct[T]{
		schema:  smithy.NewSchema(opsWorksShape(name), smithy.ShapeTypeStructure, len(fields), ts...),
		members: make(map[*smithy.Schema]wireReader[T], len(fields)),
	}
	for _, f := range fields {
		s.members[s.schema.AddMember(f.name, f.shape)] = f.read
	}
	return s
}

// read reads a T. The runtime passes over members that are null or unknown.
func (s wireStruct[T]) read(d smithy.ShapeDeserializer, _ *smithy.Schema, to *T) error {
	return smithy.ReadStruct(d, s.schema, func(member *smithy.Schema) error {
		if err := s.members[member](d, member, to); err != nil {
			return fmt.Errorf("%s: %w", member.MemberName(), err)
		}
		return nil
	})
}

func wireScalar[T, V any](name string, shape *smithy.Schema, at func(*T) **V, read wireReader[V]) wireField[T] {
	return wireField[T]{name, shape, func(d smithy.ShapeDeserializer, s *smithy.Schema, to *T) error {
		v := new(V)
		*at(to) = v
		return read(d, s, v)
	}}
}

func wireText[T any](name string, at func(*T) **string) wireField[T] {
	return wireScalar(name, prelude.String, at, readWireString)
}

// wireEnum is a string that may have a value which nobody documented.
func wireEnum[T any, E ~string](name string, at func(*T) *E) wireField[T] {
	return wireField[T]{name, prelude.String, func(d smithy.ShapeDeserializer, s *smithy.Schema, to *T) error {
		var v string
		err := d.ReadString(s, &v)
		*at(to) = E(v)
		return err
	}}
}

func wireList[T, E any](name string, item *smithy.Schema, at func(*T) *[]E, read wireReader[E]) wireField[T] {
	shape := smithy.NewSchema(opsWorksShape(name), smithy.ShapeTypeList, 1)
	shape.AddMember("member", item)
	return wireField[T]{name, shape, func(d smithy.ShapeDeserializer, s *smithy.Schema, to *T) error {
		return readWireList(d, s, at(to), read)
	}}
}

// readWireList reads a list, never to nil. It stands in for smithy.ReadList, which takes a list that is
// broken off for one that ends.
func readWireList[E any](d smithy.ShapeDeserializer, s *smithy.Schema, to *[]E, read wireReader[E]) error {
	if err := d.ReadList(s); err != nil {
		return err
	}
	*to = []E{}
	for {
		more, err := d.ReadListItem(s.ListMember())
		if err != nil || !more {
			return err
		}
		var item E
		if err := readWireItem(d, s.ListMember(), &item, read); err != nil {
			return err
		}
		*to = append(*to, item)
	}
}

// readWireItem leaves the zero value where an item is null, as the SDK's clients do.
func readWireItem[E any](d smithy.ShapeDeserializer, s *smithy.Schema, to *E, read wireReader[E]) error {
	if null, err := d.ReadNil(s); null || err != nil {
		return err
	}
	return read(d, s, to)
}

func readWireString(d smithy.ShapeDeserializer, s *smithy.Schema, to *string) error {
	return d.ReadString(s, to)
}

// readWireTime reads seconds since 1970. It does not use ReadTime, which panics at the string "NaN" and
// turns a number beyond what a time.Time of nanoseconds holds (the years 1678 to 2262) into some date.
func readWireTime(d smithy.ShapeDeserializer, s *smithy.Schema, to *time.Time) error {
	const most = float64(math.MaxInt64 / int64(time.Second))
	var seconds float64
	if err := d.ReadFloat64(s, &seconds); err != nil {
		return err
	}
	if math.IsNaN(seconds) || math.Abs(seconds) > most {
		return fmt.Errorf("%v seconds since 1970 are no time", seconds)
	}
	*to = smithytime.ParseEpochSeconds(seconds)
	return nil
}
