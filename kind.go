package backupx

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/backupx-go/backupx/internal/callwatch"
)

// Kind is the sort of a failure, by which a program decides what to do about it. [KindOf] returns that of an
// error.
type Kind string

// The kinds of failure.
const (
	// KindNotOffered means that the region does not have the service: the host of the service's endpoint in the
	// region does not exist. Leave the source out, if other sources were read and the name of the region is right:
	// a region that is mistyped has no host either. If no source was read, look at the DNS server first: one that
	// knows no host of AWS gives every source this kind.
	KindNotOffered Kind = "not offered"
	// KindNotEnabled means that the account has not opted in to the region or signed up for the service, or that
	// its credentials are not valid in the region. Leave the source out, if another source of the same account
	// was read. If none was read, the credentials may be wrong.
	KindNotEnabled Kind = "not enabled"
	// KindDenied means that the caller lacks a permission: that for the operation, or that for the role which the
	// caller assumes. The error names the operation that was denied.
	KindDenied Kind = "denied"
	// KindThrottled means that the service refused requests because there were too many. Use Rate and the SDK's
	// adaptive retry mode.
	KindThrottled Kind = "throttled"
	// KindOther is any other failure: the network, a proxy, credentials that expired or could not be obtained, a
	// fault of the service, an invalid request. See the error.
	KindOther Kind = "other"
)

// KindOf returns the kind of an error of this package or of a client of the SDK, and "" for nil.
//
//   - The error code of the service's own answer decides. An HTTP status without a code decides nothing, because a
//     proxy may have sent it. The exception is 429, which is [KindThrottled] whoever sent it.
//   - A host that does not resolve is [KindNotOffered] only if it is the regional host of the service whose
//     operation failed. The hosts of proxies, of STS and IAM Identity Center, of FIPS and dual-stack endpoints, and
//     of endpoints that the caller configured are [KindOther]. DNS servers that fail or do not answer are
//     [KindOther] too.
//   - Credentials that could not be obtained are [KindOther], except if STS denied AssumeRole or one of its
//     variants: [KindDenied].
//   - An error of several sources of a fleet has the kind that all of them have, and [KindOther] if they differ.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var ended *endedError
	if errors.As(err, &ended) {
		return KindOf(ended.cause)
	}
	var sources SourceErrors
	if errors.As(err, &sources) {
		return sources.kind()
	}
	if cause := callwatch.CredentialsFailure(err); cause != nil {
		return kindOfCredentials(cause)
	}
	var op *smithy.OperationError // the outermost one: the operation that the caller called
	if errors.As(err, &op) && lacksHost(op) {
		return KindNotOffered
	}
	return kindOfAnswer(err)
}

// kind returns the kind that all errors have, KindOther if they differ.
func (e SourceErrors) kind() Kind {
	kinds := map[Kind]bool{}
	for _, s := range e {
		kinds[KindOf(s)] = true
	}
	for kind := range kinds {
		if len(kinds) == 1 {
			return kind
		}
	}
	return KindOther
}

// notEnabled are the error codes, without Exception, of a service that does not know the account's credentials in the
// region, or that the account has not signed up for. EC2 (AuthFailure), S3 (InvalidAccessKeyId, NotSignedUp) and the
// services with XML have codes of their own.
var notEnabled = []string{
	"UnrecognizedClient", "InvalidClientTokenId", "AuthFailure", "InvalidAccessKeyId", "OptInRequired", "SubscriptionRequired", "NotSignedUp",
}

// denied are the error codes, without Exception, of denials that do not contain AccessDenied: those of EC2 and SNS.
var denied = []string{"UnauthorizedOperation", "AuthorizationError"}

// kindOfAnswer returns the kind of a failure that the service answered.
func kindOfAnswer(err error) Kind {
	code := errorCode(err)
	var response *smithyhttp.ResponseError
	switch {
	case slices.Contains(notEnabled, code):
		return KindNotEnabled
	case callwatch.Throttled(err), errors.As(err, &response) && response.HTTPStatusCode() == http.StatusTooManyRequests:
		return KindThrottled
	case strings.Contains(code, "AccessDenied"), slices.Contains(denied, code):
		return KindDenied
	default:
		return KindOther
	}
}

// kindOfCredentials returns the kind of a failure to obtain credentials.
func kindOfCredentials(err error) Kind {
	var op *smithy.OperationError
	if errors.As(err, &op) && op.ServiceID == stsID && strings.HasPrefix(op.OperationName, "AssumeRole") && KindOf(op) == KindDenied {
		return KindDenied
	}
	return KindOther
}

const stsID = "STS"

// lacksHost reports whether an operation failed because its service's own host in a region does not exist. The error
// has only the name of the host, so the region is read from it: the host must be the one that the SDK's rules for
// endpoints return for the region. STS is in every region, so a host of STS that does not resolve is another fault.
func lacksHost(op *smithy.OperationError) bool {
	var dns *net.DNSError
	if !errors.As(op.Err, &dns) || !dns.IsNotFound || op.ServiceID == stsID {
		return false
	}
	label, domain, _ := strings.Cut(strings.ToLower(strings.TrimSuffix(dns.Name, ".")), ".")
	region, _, _ := strings.Cut(domain, ".")
	if letters(label) != letters(op.ServiceID) {
		return false
	}
	rules := backup.NewDefaultEndpointResolverV2() // the hosts of other services differ only in the first label
	own, err := rules.ResolveEndpoint(context.Background(), backup.EndpointParameters{Region: aws.String(region)})
	return err == nil && own.URI.Host == "backup."+domain
}

// letters returns a text in lower case without blanks and hyphens, in which most names of services in the SDK and in
// hosts agree: CloudHSM V2 and cloudhsmv2, OpsWorksCM and opsworks-cm.
func letters(s string) string {
	return strings.NewReplacer(" ", "", "-", "").Replace(strings.ToLower(s))
}
