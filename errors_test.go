package backupx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// failing lists jobs in pages of ten from a service whose third request fails with the effect.
func failing(t *testing.T, effect fakeaws.Effect) ([]types.BackupJob, *backupx.ListError) {
	t.Helper()
	s := fakeaws.New(fakeaws.Data{BackupJobs: dense()}, fakeaws.WithFaults(fakeaws.Fault{Nth: 3, Every: 1, Do: effect}))
	jobs, err := drain(clientOf(s).BackupJobs(backupx.BackupJobFilter{}).PageSize(10).All(t.Context()))
	var list *backupx.ListError
	require.ErrorAs(t, err, &list)
	return jobs, list
}

func TestWhateverFailsComesAfterTheItemsBeforeAndCanBeResumed(t *testing.T) {
	for name, c := range map[string]struct {
		effect fakeaws.Effect
		text   string
	}{
		"throttled":     {fakeaws.Throttle(), "ThrottlingException: Rate exceeded"},
		"failing":       {fakeaws.InternalError(), "ServiceUnavailableException: Internal failure"},
		"unavailable":   {fakeaws.Unavailable(), "StatusCode: 503"},
		"denied":        {fakeaws.AccessDenied(), "AccessDenied"},
		"not enabled":   {fakeaws.NotEnabled(), "UnrecognizedClientException"},
		"nameless":      {fakeaws.NamelessError(http.StatusBadRequest, "ERROR_2603", "Invalid token."), "ERROR_2603: Invalid token."},
		"dropped":       {fakeaws.Drop(), "connection reset by peer"},
		"truncated":     {fakeaws.Truncate(), "unterminated string"},
		"cut":           {fakeaws.Cut(), "unexpected EOF"},
		"empty":         {fakeaws.EmptyBody(), "empty body where a page is owed"},
		"a bare status": {fakeaws.Status(http.StatusTeapot), "StatusCode: 418"},
		"no JSON":       {fakeaws.Body("<html>proxy</html>"), "unexpected token"},
		"a bare list":   {fakeaws.Body("[]"), "ListBackupJobs"},
	} {
		t.Run(name, func(t *testing.T) {
			jobs, err := failing(t, c.effect)
			require.Len(t, jobs, 20)
			require.Equal(t, []any{"ListBackupJobs", "", 3, 20}, []any{err.Operation, err.Shard, err.Page, err.Delivered})
			require.True(t, strings.HasPrefix(err.Error(), "backupx: ListBackupJobs: page 3: "), err.Error())
			require.ErrorContains(t, err, c.text)

			healthy := clientOf(fakeaws.New(fakeaws.Data{BackupJobs: dense()})).BackupJobs(backupx.BackupJobFilter{})
			rest := resumeFrom(t, healthy, err.Checkpoint)
			require.Equal(t, lo.Map(reversed(dense()), jobID), lo.Map(append(jobs, rest...), jobID))
		})
	}
}

func reversed[T any](items []T) []T {
	return lo.Map(items, func(_ T, i int) T { return items[len(items)-1-i] })
}

func TestTheTextOfAnErrorNamesTheChain(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{}, fakeaws.WithFaults(fakeaws.Fault{
		When: func(r fakeaws.Request) bool { return r.Parameter("state") == "FAILED" },
		Do:   fakeaws.Error(http.StatusBadRequest, "InvalidParameterValueException", "no"),
	}))
	_, err := clientOf(s).BackupJobs(backupx.BackupJobFilter{}.States("ABORTED", "FAILED").Vaults("a", "b")).Collect(t.Context())
	require.ErrorContains(t, err, "backupx: ListBackupJobs: page 1 of vaults=a,states=FAILED: ")
	var list *backupx.ListError
	require.ErrorAs(t, err, &list)
	require.Equal(t, "vaults=a,states=FAILED", list.Shard)
}

func TestTheServicesTypedErrorsAreFound(t *testing.T) {
	typed := func(status int, name string) fakeaws.Effect { return fakeaws.Error(status, name, "because") }
	for name, target := range map[string]any{
		"CloudHsmAccessDeniedException":     new(*hsmtypes.CloudHsmAccessDeniedException),
		"CloudHsmInternalFailureException":  new(*hsmtypes.CloudHsmInternalFailureException),
		"CloudHsmInvalidRequestException":   new(*hsmtypes.CloudHsmInvalidRequestException),
		"CloudHsmResourceNotFoundException": new(*hsmtypes.CloudHsmResourceNotFoundException),
		"CloudHsmServiceException":          new(*hsmtypes.CloudHsmServiceException),
		"CloudHsmTagException":              new(*hsmtypes.CloudHsmTagException),
	} {
		requireTyped(t, "DescribeBackups", name, target, func(c backupx.Client) error {
			return errOf(t, c.HSMBackups(backupx.HSMFilter{}))
		}, typed(http.StatusBadRequest, name))
	}
	for name, target := range map[string]any{
		"ValidationException":       new(*backupx.OpsWorksValidationException),
		"ResourceNotFoundException": new(*backupx.OpsWorksResourceNotFoundException),
		"InvalidNextTokenException": new(*backupx.OpsWorksInvalidNextTokenException),
	} {
		requireTyped(t, "DescribeBackups", name, target, func(c backupx.Client) error {
			return errOf(t, c.OpsWorksBackups(backupx.OpsWorksFilter{}))
		}, typed(http.StatusBadRequest, name))
	}
	for name, target := range map[string]any{
		"InvalidParameterValueException": new(*types.InvalidParameterValueException),
		"ServiceUnavailableException":    new(*types.ServiceUnavailableException),
	} {
		requireTyped(t, "ListBackupJobs", name, target, func(c backupx.Client) error {
			return errOf(t, c.BackupJobs(backupx.BackupJobFilter{}))
		}, typed(http.StatusBadRequest, name))
		requireTyped(t, "ListCopyJobs", name, target, func(c backupx.Client) error {
			return errOf(t, c.CopyJobs(backupx.CopyJobFilter{}))
		}, typed(http.StatusBadRequest, name))
	}
}

// requireTyped requires that errors.As finds each of the SDK's types in the error of a listing.
func requireTyped(t *testing.T, operation, name string, target any, list func(backupx.Client) error, effect fakeaws.Effect) {
	t.Helper()
	err := list(clientOf(fakeaws.New(fakeaws.Data{}, fakeaws.WithFaults(fakeaws.Fault{Do: effect}))))
	require.ErrorAs(t, err, target, name)
	var api smithy.APIError
	require.ErrorAs(t, err, &api, name)
	require.Equal(t, []string{name, "because"}, []string{api.ErrorCode(), api.ErrorMessage()})
	var response *smithyhttp.ResponseError
	require.ErrorAs(t, err, &response, name)
	require.Equal(t, http.StatusBadRequest, response.HTTPStatusCode())
	var op *smithy.OperationError
	require.ErrorAs(t, err, &op, name)
	require.Equal(t, operation, op.Operation())
	require.True(t, strings.HasPrefix(err.Error(), "backupx: "+operation+": page 1: "), err.Error())
}

func TestABackupErrorWithoutItsTypeStillSaysWhichAndWhy(t *testing.T) {
	_, err := failing(t, fakeaws.NamelessError(http.StatusBadRequest, "ERROR_2603", "the vault is locked"))
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, []string{"ERROR_2603", "the vault is locked"}, []string{api.ErrorCode(), api.ErrorMessage()})
	var typed *types.InvalidParameterValueException
	require.False(t, errors.As(err, &typed))
	require.ErrorContains(t, err, "backupx: ListBackupJobs: page 3: ")
	require.ErrorContains(t, err, "api error ERROR_2603: the vault is locked")
}

func TestAnAccessDeniedWithoutAMessage(t *testing.T) {
	_, err := failing(t, fakeaws.AccessDenied())
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, "AccessDeniedException", api.ErrorCode())
	var response *smithyhttp.ResponseError
	require.ErrorAs(t, err, &response)
	require.Equal(t, http.StatusForbidden, response.HTTPStatusCode())
}

// tokenOf is an HTTP client that answers one page with a token, and then fails to connect.
func tokenOf(token string) aws.HTTPClient {
	n := 0
	return roundTripClient(func(r *http.Request) (*http.Response, error) {
		if n++; n > 1 {
			return nil, errors.New("no route to host")
		}
		body := fmt.Sprintf(`{"BackupJobs":[],"Backups":[],"NextToken":%s}`, lo.Must(json.Marshal(token)))
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})
}

// pageTokens are tokens of lengths 1 to 60 with characters that URLs escape.
func pageTokens() []string {
	letters := []rune("abcXYZ0189+/=-_.~ &%?#:\"\\<>é")
	r := rand.New(rand.NewPCG(11, 12))
	tokens := []string{"t", "a+b/c==", "%2B%2f", "nextToken=x", `{"a":"b"}`}
	for n := range 60 {
		tokens = append(tokens, string(lo.Times(n+1, func(int) rune { return letters[r.IntN(len(letters))] })))
	}
	return tokens
}

func TestTokensAreKeptOutOfTheText(t *testing.T) {
	for _, token := range pageTokens() {
		cfg := fakeaws.New(fakeaws.Data{}).Config()
		cfg.HTTPClient = tokenOf(token)
		_, err := backupx.New(cfg).BackupJobs(backupx.BackupJobFilter{}).Collect(t.Context())
		var list *backupx.ListError
		require.ErrorAs(t, err, &list)
		sent := strings.ReplaceAll(url.QueryEscape(token), "+", "%20")
		require.Contains(t, list.Err.Error(), "nextToken="+sent, "the SDK's own error has it")
		require.Contains(t, err.Error(), "nextToken=[redacted]", "%q", token)
		require.ErrorContains(t, err, "no route to host")
		for _, form := range []string{token, sent, url.QueryEscape(token), url.PathEscape(token)} {
			if len(form) >= 4 && form != "nextToken=x" {
				require.NotContains(t, err.Error(), form)
			}
		}
	}
}

func TestNothingSecretIsInTheText(t *testing.T) {
	const token = "AQICAHh+secret/token=="
	canonical := "The request signature we calculated does not match. The Canonical String should have been 'GET\n/backup-jobs\n" +
		"maxResults=10&nextToken=AQICAHh%2Bsecret%2Ftoken%3D%3D\nhost:backup.us-east-1.amazonaws.com\nx-amz-date:20260314T000000Z\n" +
		"x-amz-security-token:IQoJb3JpZ2luX2VjSESSION\n\nhost;x-amz-date;x-amz-security-token\ne3b0c442'"
	for _, text := range []string{
		canonical,
		"Get \"https://backup.us-east-1.amazonaws.com/backup-jobs?nextToken=AQICAHh%2Bsecret%2Ftoken%3D%3D&state=FAILED\": EOF",
		`proxy: {"NextToken": "AQICAHh+secret/token==", "MaxResults": 10}`,
		`proxy: {\"NextToken\":\"AQICAHh+secret/token==\"}`,
		"proxy: next=https%3A%2F%2Fx%2F%3FnextToken%3DAQICAHh%252Bsecret%252Ftoken%253D%253D",
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260314/us-east-1/backup/aws4_request, SignedHeaders=host, Signature=deadbeefdeadbeef",
		"X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260314&X-Amz-Security-Token=IQoJb3JpZ2luX2VjSESSION&X-Amz-Signature=deadbeefdeadbeef",
		"the key AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE are not allowed",
		`{"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG", "SessionToken" : "IQoJb3JpZ2luX2VjSESSION"}`,
		"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG AWS_SESSION_TOKEN=IQoJb3JpZ2luX2VjSESSION",
	} {
		l := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[int], error) {
			return backupx.Page[int]{}, errors.New(text)
		})
		got := errOf(t, l.StartAt(token)).Error()
		for _, secret := range []string{
			"secret", "AKIA", "ASIA", "deadbeef", "wJalr", "IQoJ", "K7MDENG", "SESSION",
		} {
			require.NotContains(t, strings.ReplaceAll(strings.ReplaceAll(got, "AWS_SECRET", ""), "SESSION_TOKEN", ""), secret, text)
		}
		require.Contains(t, got, "[redacted]")
	}
	plain := errors.New("the vault prod-a is locked; state=FAILED, maxResults=10; signature versions differ")
	l := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[int], error) {
		return backupx.Page[int]{}, plain
	})
	require.EqualError(t, errOf(t, l.StartAt("t")), "backupx: ListThings: page 1: "+plain.Error(), "what is no secret stays")
}

func TestTheCauseKeepsWhatTheTextLeavesOut(t *testing.T) {
	cause := errors.New("nextToken=visible-to-debuggers")
	l := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[int], error) {
		return backupx.Page[int]{}, cause
	})
	var list *backupx.ListError
	require.ErrorAs(t, errOf(t, l), &list)
	require.Equal(t, cause, list.Err)
	require.ErrorIs(t, list, cause)
}

func TestTheSDKsErrorsOfASuccessThatCannotBeReadNameTheOperation(t *testing.T) {
	for _, body := range []string{`{"Backups":`, `{"Backups":[1]}`, `{"Backups":{}}`, `{"BackupJobs":[{"CreationDate":"x"}],"Backups":"x"}`, "\x00"} {
		s := fakeaws.New(fakeaws.Data{}, fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.Body(body)}))
		require.ErrorContains(t, errOf(t, clientOf(s).HSMBackups(backupx.HSMFilter{})), "backupx: DescribeBackups: page 1: ", body)
		require.ErrorContains(t, errOf(t, clientOf(s).OpsWorksBackups(backupx.OpsWorksFilter{})), "backupx: DescribeBackups: page 1: ", body)
	}
}

// The error is the first failure, not that of the requests which this failure cancelled.
func TestTheErrorIsTheFailureThatCancelledTheOtherRequests(t *testing.T) {
	for range 60 {
		bad := backupx.List("bad", func(context.Context, string, int) (backupx.Page[string], error) {
			time.Sleep(time.Millisecond)
			return backupx.Page[string]{}, errBoom
		})
		slow := backupx.List("slow", func(ctx context.Context, _ string, _ int) (backupx.Page[string], error) {
			return backupx.Page[string]{}, pause(ctx, 50*time.Millisecond)
		})
		_, err := backupx.Merge(func(a, b string) int { return 0 }, backupx.Concat(bad, slow), slow).Parallel(3).Collect(t.Context())
		require.ErrorIs(t, err, errBoom)
		require.False(t, errors.Is(err, context.Canceled))
	}
}

func TestTokensAreKeptOutOfTheTextHoweverTheyAreSpelled(t *testing.T) {
	const token = `TkN/+=secret<&>token"odd one`
	l := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[int], error) {
		b, err := json.Marshal(map[string]string{"NextToken": token})
		require.NoError(t, err)
		slashes := strings.ReplaceAll(string(b), "/", `\/`)
		return backupx.Page[int]{}, fmt.Errorf("sent %s, or %s, or %q, or %q", b, slashes, token, b)
	})
	got := errOf(t, l.StartAt(token)).Error()
	for _, part := range []string{"TkN", "secret", "odd"} {
		require.NotContains(t, got, part)
	}
}

// Texts of real services, SDKs and proxies that have no secrets stay as they are, to the letter.
func TestRealTextsStayAsTheyAre(t *testing.T) {
	for _, text := range []string{
		"api error IncompleteSignature: Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
		"api error IncompleteSignature: The request signature does not conform to AWS standards.",
		"api error IncompleteSignatureException: Missing key=value pair in Authorization header",
		"api error InvalidSignatureException: Signature expired: 20260314T000000Z is now earlier than 20260314T001000Z (20260314T001500Z - 5 min.)",
		"api error InvalidSignatureException: Signature not yet current: 20260314T001000Z is still later than 20260314T000500Z",
		"api error InvalidSignatureException: Credential should be scoped to a valid region, not 'us-east-1'.",
		"api error InvalidSignatureException: Credential should be scoped to correct service: 'backup'.",
		"api error SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
		"api error InvalidSignature: wrong",
		"api error MissingCredential: none was sent",
		"api error InvalidCredential: expired",
		"api error InvalidSessionToken: The session token is invalid",
		"api error InvalidSecretAccessKey: Check the key",
		"api error AuthorizationHeaderMalformed: The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
		"api error AuthorizationQueryParametersError: Error parsing the X-Amz-Credential parameter; the region 'us-east-1' is wrong",
		"api error MissingAuthenticationToken: Missing Authentication Token",
		"api error InvalidClientTokenId: The security token included in the request is invalid.",
		"api error ExpiredTokenException: The security token included in the request is expired",
		"api error UnrecognizedClientException: The security token included in the request is invalid.",
		"api error AccessDenied: User: arn:aws:sts::123456789012:assumed-role/audit/i-0123456789abcdef0 is not authorized to perform: backup:ListBackupJobs",
		"api error AccessDenied: No session policy allows the sts:GetSessionToken action",
		"operation error STS: GetSessionToken: api error AccessDenied: Cannot call GetSessionToken with session credentials",
		"api error InvalidNextTokenException: The provided next token is not valid",
		"api error InvalidParameterValueException: Value at 'nextToken' failed to satisfy constraint: Member must have length less than or equal to 2048",
		"api error InvalidParameterValueException: Invalid nextToken: must not be empty",
		"api error ValidationException: NextToken: expired",
		"api error ValidationException: sessionToken: must have length less than or equal to 2048",
		"api error RequestExpired: Request has expired.",
		"get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, http response error StatusCode: 404, request to EC2 IMDS failed",
		"failed to get credential: EC2RoleRequestError: no EC2 instance role found",
		"no credential: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials2.html",
		"cannot assume with this credential: arn:aws:iam::123456789012:role/audit",
		"error retrieving credential: operation error SSO: GetRoleCredentials, https response error StatusCode: 401",
		"NoCredentialProviders: no valid providers in chain. Deprecated.\n\tFor verbose messaging see aws.Config.CredentialsChainVerboseErrors",
		"credential_process: exec: \"aws-vault2\": executable file not found in $PATH",
		"invalid credential: expected 3 fields\nsignature:\n  missing",
		"x509: invalid signature: parent certificate cannot sign this kind of certificate",
		"tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of \"crypto/rsa: verification error\" while trying to verify candidate authority certificate)",
		"proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused",
		"Proxy Authorization: required, basic authentication is not offered, bearer tokens are",
		"WWW-Authenticate: Bearer realm is missing",
		"Get \"https://backup.us-east-1.amazonaws.com/backup-jobs?maxResults=1000&state=FAILED\": dial tcp: lookup backup.us-east-1.amazonaws.com: no such host",
		"https response error StatusCode: 400, RequestID: 3f1c8a0e-0f8b-4c43-9d8a-6f1f6a4b2c1d, api error ThrottlingException: Rate exceeded",
	} {
		l := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[int], error) {
			return backupx.Page[int]{}, errors.New(text)
		})
		require.EqualError(t, errOf(t, l), "backupx: ListThings: page 1: "+text)
	}
}

// Of these texts only the secret goes, in whatever form it is written.
func TestOnlyTheSecretGoes(t *testing.T) {
	const key, secret, session = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjEKr//////////wEaCXVzLWVhc3Qtx+y/z=="
	for text, want := range map[string]string{
		"api error IncompleteSignature: '" + key + "' not a valid key=value pair":                 "api error IncompleteSignature: '[redacted]' not a valid key=value pair",
		"api error SignatureDoesNotMatch: Signature: 0a1b2c3d4e5f0a1b, want another":              "api error SignatureDoesNotMatch: Signature: [redacted], want another",
		"signature: deadbeefdeadbeefdeadbeef is wrong":                                            "signature: [redacted] is wrong",
		"aws_secret_access_key = " + secret + " is wrong":                                         "aws_secret_access_key = [redacted] is wrong",
		"aws_session_token: " + session + " is wrong":                                             "aws_session_token: [redacted] is wrong",
		"awsSecretAccessKey: '" + secret + "' is wrong":                                           "awsSecretAccessKey: '[redacted]' is wrong",
		`{"secretAccessKey":"` + secret + `","x":"y"}`:                                            `{"secretAccessKey":"[redacted]","x":"y"}`,
		`{\"SessionToken\": \"` + session + `\",\"x\":\"y\"}`:                                     `{\"SessionToken\": \"[redacted]\",\"x\":\"y\"}`,
		`{"X-Amz-Security-Token":"` + session + `","x":"y"}`:                                      `{"X-Amz-Security-Token":"[redacted]","x":"y"}`,
		`{"X-Amz-Security-Token":["` + session + `"],"x":"y"}`:                                    `{"X-Amz-Security-Token":["[redacted]"],"x":"y"}`,
		"X-Amz-Credential%3D" + key + "%2F20260314&x=y":                                           "X-Amz-Credential%3D[redacted]&x=y",
		"key%3D" + key + "%2F20260314":                                                            "key%3D[redacted]%2F20260314",
		"<a href='https://x/?nextToken=AQICAHh'>the next page</a>":                                "<a href='https://x/?nextToken=[redacted]'>the next page</a>",
		"Authorization: Bearer eyJhbGciOi.J9 was refused":                                         "Authorization: Bearer [redacted] was refused",
		"in Authorization header: 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x' (missing)":                  "in Authorization header: 'Bearer [redacted]' (missing)",
		`Proxy-Authorization: Basic dXNlcjpwYXNz, refused`:                                        "Proxy-Authorization: Basic [redacted], refused",
		"proxyconnect: http://user:p4ss@proxy:3128 refused":                                       "proxyconnect: http://user:[redacted]@proxy:3128 refused",
		"Credential=" + key + "/20260314/us-east-1, SignedHeaders=host, Signature=ab12 was wrong": "Credential=[redacted], SignedHeaders=host, Signature=[redacted] was wrong",
	} {
		l := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[int], error) {
			return backupx.Page[int]{}, errors.New(text)
		})
		require.EqualError(t, errOf(t, l), "backupx: ListThings: page 1: "+want)
	}
}

func TestATokenIsReplacedWholeInEachSpelling(t *testing.T) {
	for name, c := range map[string]struct{ token, text, want string }{
		"four bytes":                           {"abcd", "sent abcd", "sent [redacted]"},
		"three bytes, which may be a word":     {"abc", "sent abc", "sent abc"},
		"a form that contains another one":     {`\abcd`, `sent \\abcd, or \abcd`, "sent [redacted], or [redacted]"},
		"escaped slashes, but no escaped HTML": {"ab<c/d", `sent ab<c\/d`, "sent [redacted]"},
		"escaped slashes and HTML":             {"ab<c/d", `sent ab\u003cc\/d`, "sent [redacted]"},
		"quoted JSON":                          {`ab"cd`, `sent ab\\\"cd`, "sent [redacted]"},
	} {
		l := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[int], error) {
			return backupx.Page[int]{}, errors.New(c.text)
		})
		require.EqualError(t, errOf(t, l.StartAt(c.token)), "backupx: ListThings: page 1: "+c.want, name)
	}
}
