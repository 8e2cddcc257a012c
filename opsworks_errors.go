package backupx

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
)

// The errors that DescribeBackups documents. Any other is a *smithy.GenericAPIError.
var (
	_ smithy.APIError = (*OpsWorksValidationException)(nil)
	_ smithy.APIError = (*OpsWorksResourceNotFoundException)(nil)
	_ smithy.APIError = (*OpsWorksInvalidNextTokenException)(nil)
)

// OpsWorksValidationException comes when a value in the request is malformed: a BackupId outside its
// pattern, say. Sending the same again does not help.
type OpsWorksValidationException struct {
	// What the service said, nil if nothing.
	Message *string

	// The code to report instead of ValidationException, nil for none.
	ErrorCodeOverride *string
}

// Error returns the code and the message.
func (e *OpsWorksValidationException) Error() string {
	return fmt.Sprintf("%s: %s", e.ErrorCode(), e.ErrorMessage())
}

// ErrorCode returns ValidationException, the name on the wire, unless it is overridden.
func (e *OpsWorksValidationException) ErrorCode() string {
	if e == nil || e.ErrorCodeOverride == nil {
		return "ValidationException"
	}
	return *e.ErrorCodeOverride
}

// ErrorMessage returns the message, empty if there is none.
func (e *OpsWorksValidationException) ErrorMessage() string { return aws.ToString(e.Message) }

// ErrorFault says that the request is to blame.
func (e *OpsWorksValidationException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// OpsWorksResourceNotFoundException comes when the backup or the server that the request names does
// not exist.
type OpsWorksResourceNotFoundException struct {
	// What the service said, nil if nothing.
	Message *string

	// The code to report instead of ResourceNotFoundException, nil for none.
	ErrorCodeOverride *string
}

// Error returns the code and the message.
func (e *OpsWorksResourceNotFoundException) Error() string {
	return fmt.Sprintf("%s: %s", e.ErrorCode(), e.ErrorMessage())
}

// ErrorCode returns ResourceNotFoundException, the name on the wire, unless it is overridden.
func (e *OpsWorksResourceNotFoundException) ErrorCode() string {
	if e == nil || e.ErrorCodeOverride == nil {
		return "ResourceNotFoundException"
	}
	return *e.ErrorCodeOverride
}

// ErrorMessage returns the message, empty if there is none.
func (e *OpsWorksResourceNotFoundException) ErrorMessage() string { return aws.ToString(e.Message) }

// ErrorFault says that the request is to blame.
func (e *OpsWorksResourceNotFoundException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// OpsWorksInvalidNextTokenException comes when the service does not know the request's NextToken:
// one of another account or region, or an old one. Start again without a token.
type OpsWorksInvalidNextTokenException struct {
	// What the service said, nil if nothing.
	Message *string

	// The code to report instead of InvalidNextTokenException, nil for none.
	ErrorCodeOverride *string
}

// Error returns the code and the message.
func (e *OpsWorksInvalidNextTokenException) Error() string {
	return fmt.Sprintf("%s: %s", e.ErrorCode(), e.ErrorMessage())
}

// ErrorCode returns InvalidNextTokenException, the name on the wire, unless it is overridden.
func (e *OpsWorksInvalidNextTokenException) ErrorCode() string {
	if e == nil || e.ErrorCodeOverride == nil {
		return "InvalidNextTokenException"
	}
	return *e.ErrorCodeOverride
}

// ErrorMessage returns the message, empty if there is none.
func (e *OpsWorksInvalidNextTokenException) ErrorMessage() string { return aws.ToString(e.Message) }

// ErrorFault says that the request is to blame.
func (e *OpsWorksInvalidNextTokenException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// opsWorksError reads one of the errors above from a response, and is replaced by it.
type opsWorksError struct {
	error
	schema  *smithy.Schema
	message **string
}

// Deserialize implements smithy.DeserializableError. The type of an error may come in a header, with
// nothing in the body but null.
func (e *opsWorksError) Deserialize(d smithy.ShapeDeserializer) error {
	if null, err := d.ReadNil(e.schema); null || err != nil {
		return err
	}
	return smithy.ReadStruct(d, e.schema, func(member *smithy.Schema) error {
		*e.message = new(string)
		return d.ReadString(member, *e.message)
	})
}

func newOpsWorksErrors() *smithy.TypeRegistry {
	return &smithy.TypeRegistry{Entries: map[string]*smithy.TypeRegistryEntry{
		"ValidationException": opsWorksErrorEntry("ValidationException", func() (**string, error) {
			e := &OpsWorksValidationException{}
			return &e.Message, e
		}),
		"ResourceNotFoundException": opsWorksErrorEntry("ResourceNotFoundException", func() (**string, error) {
			e := &OpsWorksResourceNotFoundException{}
			return &e.Message, e
		}),
		"InvalidNextTokenException": opsWorksErrorEntry("InvalidNextTokenException", func() (**string, error) {
			e := &OpsWorksInvalidNextTokenException{}
			return &e.Message, e
		}),
	}}
}

func opsWorksErrorEntry(name string, blank func() (**string, error)) *smithy.TypeRegistryEntry {
	schema := opsWorksErrorSchema(name)
	return &smithy.TypeRegistryEntry{Schema: schema, New: func() any {
		message, err := blank()
		return &opsWorksError{error: err, schema: schema, message: message}
	}}
}
