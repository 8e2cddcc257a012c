package opsworkscm

import (
	"github.com/aws/smithy-go"

	"github.com/backupx-go/backupx/opsworkscm/types"
)

// newErrorRegistry returns the errors that DescribeBackups documents, by the code on the wire.
func newErrorRegistry() *smithy.TypeRegistry {
	return &smithy.TypeRegistry{Entries: map[string]*smithy.TypeRegistryEntry{
		"ValidationException": errorEntry("ValidationException", func() (**string, error) {
			e := &types.ValidationException{}
			return &e.Message, e
		}),
		"ResourceNotFoundException": errorEntry("ResourceNotFoundException", func() (**string, error) {
			e := &types.ResourceNotFoundException{}
			return &e.Message, e
		}),
		"InvalidNextTokenException": errorEntry("InvalidNextTokenException", func() (**string, error) {
			e := &types.InvalidNextTokenException{}
			return &e.Message, e
		}),
	}}
}

// errorEntry registers an error. newError returns a new error and the place of its message.
func errorEntry(code string, newError func() (**string, error)) *smithy.TypeRegistryEntry {
	schema := errorSchema(code)
	return &smithy.TypeRegistryEntry{Schema: schema, New: func() any {
		message, err := newError()
		return &modelledError{error: err, schema: schema, message: message}
	}}
}

// modelledError deserializes an error of package types. As in the SDK, the types of the errors have no method
// for that. Callers get the embedded error, not the modelledError.
type modelledError struct {
	error
	schema  *smithy.Schema
	message **string
}

// Deserialize implements smithy.DeserializableError. A body of null leaves the error without a message: the
// error's code can be in a header.
func (e *modelledError) Deserialize(d smithy.ShapeDeserializer) error {
	if null, err := d.ReadNil(e.schema); null || err != nil {
		return err
	}
	return smithy.ReadStruct(d, e.schema, func(member *smithy.Schema) error {
		*e.message = new(string)
		return d.ReadString(member, *e.message)
	})
}
