package callwatch

import (
	"errors"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
)

// CredentialsFailure returns why a call had no credentials, nil if the call failed for another reason. A call without
// credentials sends nothing to its service, so what its error holds (codes, statuses, hosts) is not the service's.
//
// The clients of the SDK have no type for this failure: only the text that their step puts before the cause shows it.
// The cause can be any error, also one of another SDK client, with an error code and a status of its own.
func CredentialsFailure(err error) error {
	var call *smithy.OperationError // the outermost one: that of the call
	if errors.As(err, &call) {
		err = call.Err
	}
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		if strings.HasPrefix(cause.Error(), "get identity: ") {
			return cause
		}
	}
	var signing *v4.SigningError // older clients get credentials in their signing step
	if errors.As(err, &signing) {
		return signing
	}
	var other *smithy.OperationError // of a client that a client of another kind called for its credentials
	if errors.As(err, &other) {
		return other
	}
	return nil
}
