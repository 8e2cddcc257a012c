package callwatch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/callwatch"
)

// throttledCredentials are providers of credentials whose services throttle, by their names.
func throttledCredentials(t *testing.T) map[string]aws.CredentialsProvider {
	t.Helper()
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"code":"ThrottlingException","message":"Rate exceeded"}`)
	}))
	t.Cleanup(agent.Close)
	refuses := sdkConfig(status(http.StatusBadRequest, "",
		`<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`))
	return map[string]aws.CredentialsProvider{
		"STS": stscreds.NewAssumeRoleProvider(sts.NewFromConfig(refuses), "arn:aws:iam::111122223333:role/audit"),
		"an agent of a container": endpointcreds.New(agent.URL, func(o *endpointcreds.Options) {
			o.HTTPClient, o.Retryer = agent.Client(), aws.NopRetryer{}
		}),
		"a provider with a code": aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}
		}),
	}
}

func TestThrottlingOfTheCredentialsIsNotThatOfTheCall(t *testing.T) {
	for name, provider := range throttledCredentials(t) {
		t.Run(name, func(t *testing.T) {
			cfg := func() aws.Config {
				cfg := sdkConfig(served)
				cfg.Credentials = provider
				return cfg
			}
			eachOperation(t, cfg, func(t *testing.T, seen []string, err error) {
				require.ErrorContains(t, err, "Rate exceeded")
				require.NotEmpty(t, seen)
				require.NotContains(t, seen, "throttled")
				require.False(t, callwatch.Throttled(err), "%v", err)
				require.ErrorContains(t, callwatch.CredentialsFailure(err), "Rate exceeded")
			})
		})
	}
}

func TestCredentialsFailure(t *testing.T) {
	refusal := &smithy.GenericAPIError{Code: "AccessDenied"}
	operation := func(service string, err error) error {
		return &smithy.OperationError{ServiceID: service, OperationName: "Operation", Err: err}
	}
	identity := fmt.Errorf("get identity: %w", refusal)
	signing := &v4.SigningError{Err: refusal}
	role := operation("STS", refusal)
	for name, c := range map[string]struct {
		err, want error
	}{
		"no error":                    {nil, nil},
		"another error":               {errors.New("boom"), nil},
		"an operation without cause":  {operation("Backup", nil), nil},
		"refused":                     {operation("Backup", refusal), nil},
		"refused, without operation":  {refusal, nil},
		"STS itself":                  {role, nil},
		"not sent":                    {operation("Backup", &smithyhttp.RequestSendError{Err: &net.DNSError{IsNotFound: true}}), nil},
		"no identity":                 {operation("Backup", identity), identity},
		"no identity, in an attempt":  {identity, identity},
		"a page without identity":     {fmt.Errorf("page: %w", operation("Backup", identity)), identity},
		"three attempts":              {operation("Backup", &retry.MaxAttemptsError{Attempt: 3, Err: identity}), identity},
		"no signature":                {operation("EC2", fmt.Errorf("failed to sign: %w", signing)), signing},
		"another client":              {operation("EC2", fmt.Errorf("credentials: %w", role)), role},
		"another client, then joined": {operation("EC2", errors.Join(role, errors.New("retry quota exceeded"))), role},
	} {
		require.Equal(t, c.want, callwatch.CredentialsFailure(c.err), name)
	}
}
