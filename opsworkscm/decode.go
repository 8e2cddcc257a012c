package opsworkscm

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/prelude"

	"github.com/backupx-go/backupx/internal/epoch"
)

// reader reads a value of one shape into a V.
type reader[V any] func(d smithy.ShapeDeserializer, s *smithy.Schema, to *V) error

// structure is the shape of a T with a reader for each member.
type structure[T any] struct {
	schema  *smithy.Schema
	members map[*smithy.Schema]reader[T]
}

// field is a member of a structure. Its reader sets the member of a T.
type field[T any] struct {
	name  string
	shape *smithy.Schema
	read  reader[T]
}

func newStructure[T any](name string, fields []field[T]) structure[T] {
	s := structure[T]{
		schema:  smithy.NewSchema(shapeID(name), smithy.ShapeTypeStructure, len(fields)),
		members: make(map[*smithy.Schema]reader[T], len(fields)),
	}
	for _, f := range fields {
		s.members[s.schema.AddMember(f.name, f.shape)] = f.read
	}
	return s
}

// read reads a T. The runtime skips members that are null or unknown.
func (s structure[T]) read(d smithy.ShapeDeserializer, _ *smithy.Schema, to *T) error {
	return smithy.ReadStruct(d, s.schema, func(member *smithy.Schema) error {
		if err := s.members[member](d, member, to); err != nil {
			return fmt.Errorf("%s: %w", member.MemberName(), err)
		}
		return nil
	})
}

func text[T any](name string, at func(*T) **string) field[T] {
	return field[T]{name, prelude.String, func(d smithy.ShapeDeserializer, s *smithy.Schema, to *T) error {
		v := new(string)
		*at(to) = v
		return readString(d, s, v)
	}}
}

// enum is a string member. It accepts values that are not documented.
func enum[T any, E ~string](name string, at func(*T) *E) field[T] {
	return field[T]{name, prelude.String, func(d smithy.ShapeDeserializer, s *smithy.Schema, to *T) error {
		var v string
		err := readString(d, s, &v)
		*at(to) = E(v)
		return err
	}}
}

func timestamp[T any](name string, at func(*T) **time.Time) field[T] {
	return field[T]{name, prelude.Timestamp, func(d smithy.ShapeDeserializer, s *smithy.Schema, to *T) error {
		t, err := epoch.Read(d, s)
		*at(to) = &t
		return err
	}}
}

func integer[T any](name string, at func(*T) **int32) field[T] {
	return field[T]{name, prelude.Integer, func(d smithy.ShapeDeserializer, s *smithy.Schema, to *T) (err error) {
		*at(to), err = readInt32(d, s)
		return err
	}}
}

// list is a member with a list of E. A list in the response is never nil, even if it is empty.
func list[T, E any](name string, item *smithy.Schema, at func(*T) *[]E, read reader[E]) field[T] {
	shape := smithy.NewSchema(shapeID(name), smithy.ShapeTypeList, 1)
	shape.AddMember("member", item)
	return field[T]{name, shape, func(d smithy.ShapeDeserializer, s *smithy.Schema, to *T) error {
		return readList(d, s, at(to), read)
	}}
}

// readList reads a list. It replaces smithy.ReadList, which accepts a list that is cut off.
func readList[E any](d smithy.ShapeDeserializer, s *smithy.Schema, to *[]E, read reader[E]) error {
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
		if err := readItem(d, s.ListMember(), &item, read); err != nil {
			return err
		}
		*to = append(*to, item)
	}
}

// readItem reads an item of a list. A null item is the zero value, as in the SDK's clients.
func readItem[E any](d smithy.ShapeDeserializer, s *smithy.Schema, to *E, read reader[E]) error {
	if null, err := d.ReadNil(s); null || err != nil {
		return err
	}
	return read(d, s, to)
}

func readString(d smithy.ShapeDeserializer, s *smithy.Schema, to *string) error {
	return d.ReadString(s, to)
}

// readInt32 reads an integer. It returns nil for one that does not fit into 32 bits: a value that the type cannot
// hold must not fail the page. ReadInt32 of the runtime would fail.
func readInt32(d smithy.ShapeDeserializer, s *smithy.Schema) (*int32, error) {
	var n float64 // exact within 32 bits
	err := d.ReadFloat64(s, &n)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("expected number: %w", err)
	case math.IsNaN(n) || math.IsInf(n, 0): // the strings "NaN" and "Infinity"
		return nil, fmt.Errorf("expected number, got %q", fmt.Sprint(n))
	case n != math.Trunc(n):
		return nil, fmt.Errorf("invalid int: %v", n)
	case n < math.MinInt32 || n > math.MaxInt32:
		return nil, nil
	}
	i := int32(n)
	return &i, nil
}
