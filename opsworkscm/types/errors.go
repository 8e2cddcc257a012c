package types

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
)

// The errors that DescribeBackups documents. Every other error of the service is a *smithy.GenericAPIError.
var (
	_ smithy.APIError = (*ValidationException)(nil)
	_ smithy.APIError = (*ResourceNotFoundException)(nil)
	_ smithy.APIError = (*InvalidNextTokenException)(nil)
)

// ValidationException is the error for a request with a malformed value, a BackupId that does not match
// its pattern for example. Correct the request: the same request fails again.
type ValidationException struct {
	// The message of the service, nil if the response had none.
	Message *string

	// The code that ErrorCode returns instead of ValidationException, nil for no override.
	ErrorCodeOverride *string
}

// Error returns the code and the message.
func (e *ValidationException) Error() string {
	return fmt.Sprintf("%s: %s", e.ErrorCode(), e.ErrorMessage())
}

// ErrorMessage returns the message, or "" if there is none.
func (e *ValidationException) ErrorMessage() string {
	return aws.ToString(e.Message)
}

// ErrorCode returns ValidationException, the code on the wire, or the override.
func (e *ValidationException) ErrorCode() string {
	if e == nil || e.ErrorCodeOverride == nil {
		return "ValidationException"
	}
	return *e.ErrorCodeOverride
}

// ErrorFault returns smithy.FaultClient: the request caused the error.
func (e *ValidationException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// ResourceNotFoundException is the error for a request that names a backup or a server that does not exist.
type ResourceNotFoundException struct {
	// The message of the service, nil if the response had none.
	Message *string

	// The code that ErrorCode returns instead of ResourceNotFoundException, nil for no override.
	ErrorCodeOverride *string
}

// Error returns the code and the message.
func (e *ResourceNotFoundException) Error() string {
	return fmt.Sprintf("%s: %s", e.ErrorCode(), e.ErrorMessage())
}

// ErrorMessage returns the message, or "" if there is none.
func (e *ResourceNotFoundException) ErrorMessage() string {
	return aws.ToString(e.Message)
}

// ErrorCode returns ResourceNotFoundException, the code on the wire, or the override.
func (e *ResourceNotFoundException) ErrorCode() string {
	if e == nil || e.ErrorCodeOverride == nil {
		return "ResourceNotFoundException"
	}
	return *e.ErrorCodeOverride
}

// ErrorFault returns smithy.FaultClient: the request caused the error.
func (e *ResourceNotFoundException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// InvalidNextTokenException is the error for a NextToken that the service does not accept: it has
// expired, or comes from another account or region. Start again without a token.
type InvalidNextTokenException struct {
	// The message of the service, nil if the response had none.
	Message *string

	// The code that ErrorCode returns instead of InvalidNextTokenException, nil for no override.
	ErrorCodeOverride *string
}

// Error returns the code and the message.
func (e *InvalidNextTokenException) Error() string {
	return fmt.Sprintf("%s: %s", e.ErrorCode(), e.ErrorMessage())
}

// ErrorMessage returns the message, or "" if there is none.
func (e *InvalidNextTokenException) ErrorMessage() string {
	return aws.ToString(e.Message)
}

// ErrorCode returns InvalidNextTokenException, the code on the wire, or the override.
func (e *InvalidNextTokenException) ErrorCode() string {
	if e == nil || e.ErrorCodeOverride == nil {
		return "InvalidNextTokenException"
	}
	return *e.ErrorCodeOverride
}

// ErrorFault returns smithy.FaultClient: the request caused the error.
func (e *InvalidNextTokenException) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }
