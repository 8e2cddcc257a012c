package opsworkscm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/opsworkscm"
)

// operationCall sends one request of the service and returns what the SDK recorded of it.
type operationCall func(context.Context) (middleware.Metadata, error)

// comparedClients are the clients to compare: the one of this package, and two of the SDK.
var comparedClients = map[string]func(aws.Config) operationCall{
	"OpsWorksCM": func(cfg aws.Config) operationCall {
		client := opsworkscm.NewFromConfig(cfg)
		return func(ctx context.Context) (middleware.Metadata, error) {
			return metadataOf(client.DescribeBackups(ctx, nil))
		}
	},
	"CloudHSM V2": func(cfg aws.Config) operationCall {
		client := cloudhsmv2.NewFromConfig(cfg)
		return func(ctx context.Context) (middleware.Metadata, error) {
			return metadataOf(client.DescribeBackups(ctx, nil))
		}
	},
	"Backup": func(cfg aws.Config) operationCall {
		client := backup.NewFromConfig(cfg)
		return func(ctx context.Context) (middleware.Metadata, error) {
			return metadataOf(client.ListBackupJobs(ctx, nil))
		}
	},
}

func metadataOf(out any, err error) (middleware.Metadata, error) {
	if err != nil {
		return middleware.Metadata{}, err
	}
	switch out := out.(type) {
	case *opsworkscm.DescribeBackupsOutput:
		return out.ResultMetadata, nil
	case *cloudhsmv2.DescribeBackupsOutput:
		return out.ResultMetadata, nil
	default:
		return out.(*backup.ListBackupJobsOutput).ResultMetadata, nil
	}
}

// requireSameAs observes the client of this package and that of another service, and requires the same result,
// once what differs by nature (names of services, hosts and operations) is made equal.
func requireSameAs(t *testing.T, other string, observe func(t *testing.T, service string, open func(aws.Config) operationCall) []string) []string {
	t.Helper()
	neutral := strings.NewReplacer(
		"CloudHSM V2", "SERVICE", "OpsWorksCM", "SERVICE", "Backup:", "SERVICE:", "Backup/", "SERVICE/", "Backup.", "SERVICE.",
		"DescribeBackups", "OPERATION", "ListBackupJobs", "OPERATION",
		"opsworks-cm", "HOST", "cloudhsmv2", "HOST", "backup.", "HOST.", "backup-fips.", "HOST-fips.",
	)
	seen := map[string][]string{}
	for _, service := range []string{other, "OpsWorksCM"} {
		for _, line := range observe(t, service, comparedClients[service]) {
			seen[service] = append(seen[service], neutral.Replace(line))
		}
	}
	require.Equal(t, seen[other], seen["OpsWorksCM"])
	return seen["OpsWorksCM"]
}

func TestTreatsConfigurationAsTheSDKDoes(t *testing.T) {
	fails := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no role today")
	})
	cases := map[string]struct {
		configure func(*aws.Config)
		want      string // in what each client does
	}{
		"as it comes":            {nil, "attempt=1; max=3"},
		"no region":              {func(c *aws.Config) { c.Region = "" }, "Invalid Configuration: Missing Region"},
		"a region of two labels": {func(c *aws.Config) { c.Region = "eu-west-1.evil.example" }, "HOST.eu-west-1.evil.example.amazonaws.com"},
		"a region that is none":  {func(c *aws.Config) { c.Region = "evil.example/x" }, "invalid input region"},
		"a region with a hyphen": {func(c *aws.Config) { c.Region = "-eu" }, "invalid input region"},
		"a region nobody knows":  {func(c *aws.Config) { c.Region = "xx-new-1" }, "HOST.xx-new-1.amazonaws.com"},
		"a FIPS region":          {func(c *aws.Config) { c.Region = "fips-us-east-1" }, "HOST-fips.us-east-1"},
		"a region with FIPS":     {func(c *aws.Config) { c.Region = "us-gov-west-1-fips" }, "HOST-fips.us-gov-west-1"},
		"a region around FIPS":   {func(c *aws.Config) { c.Region = "us-fips-east-1" }, "HOST-fips.us-east-1"},
		"FIPS":                   {func(c *aws.Config) { c.ConfigSources = variantSources(variantSource{fips: true}) }, "POST https://HOST-fips.eu-west-1"},
		"dual-stack":             {func(c *aws.Config) { c.ConfigSources = variantSources(variantSource{dual: true}) }, "POST https://HOST.eu-west-1.api.aws/"},
		"FIPS and dual-stack":    {func(c *aws.Config) { c.ConfigSources = variantSources(variantSource{fips: true, dual: true}) }, "POST https://HOST-fips.eu-west-1.api.aws/"},
		"sources that fail": {func(c *aws.Config) {
			c.ConfigSources = variantSources(variantSource{err: errors.New("x")}, variantSource{fips: true})
		}, "POST https://HOST.eu-west-1.amazonaws.com/"},
		"sources in turn": {func(c *aws.Config) {
			c.ConfigSources = variantSources(variantSource{fips: true}, variantSource{dual: true})
		}, "POST https://HOST-fips.eu-west-1.api.aws/"},
		"a base endpoint":       {func(c *aws.Config) { c.BaseEndpoint = aws.String("http://localhost:4566") }, "POST http://localhost:4566/"},
		"one with a path":       {func(c *aws.Config) { c.BaseEndpoint = aws.String("https://proxy.example/aws/v1/") }, "POST https://proxy.example/aws/v1/"},
		"one with a short path": {func(c *aws.Config) { c.BaseEndpoint = aws.String("https://proxy.example/aws") }, "POST https://proxy.example/aws"},
		"one with odd letters":  {func(c *aws.Config) { c.BaseEndpoint = aws.String("https://proxy.example/a%2Fb") }, "POST https://proxy.example/a%2Fb"},
		"one and no region":     {func(c *aws.Config) { c.Region, c.BaseEndpoint = "", aws.String("http://localhost") }, ""},
		"one that is no URL":    {func(c *aws.Config) { c.BaseEndpoint = aws.String("://") }, "Failed to parse uri"},
		"one with FIPS": {func(c *aws.Config) {
			c.BaseEndpoint, c.ConfigSources = aws.String("http://localhost"), variantSources(variantSource{fips: true})
		}, "FIPS and custom endpoint are not supported"},
		"one with dual-stack": {func(c *aws.Config) {
			c.BaseEndpoint, c.ConfigSources = aws.String("http://localhost"), variantSources(variantSource{dual: true})
		}, "Dualstack and custom endpoint are not supported"},
		"no credentials":        {func(c *aws.Config) { c.Credentials = nil }, "Authorization []"},
		"anonymous credentials": {func(c *aws.Config) { c.Credentials = aws.AnonymousCredentials{} }, "Authorization []"},
		"failing credentials":   {func(c *aws.Config) { c.Credentials = fails }, "get identity: get credentials: no role today"},
		"empty credentials":     {func(c *aws.Config) { c.Credentials = credentials.NewStaticCredentialsProvider("", "", "") }, "static credentials are empty"},
		"unsigned by choice":    {func(c *aws.Config) { c.AuthSchemePreference = []string{"noAuth"} }, "Authorization []"},
		"signed by choice":      {func(c *aws.Config) { c.AuthSchemePreference = []string{"sigv4a", "sigv4"} }, "AWS4-HMAC-SHA256"},
		"unsigned sooner":       {func(c *aws.Config) { c.AuthSchemePreference = []string{"noAuth", "sigv4"} }, "Authorization []"},
		"one attempt":           {func(c *aws.Config) { c.RetryMaxAttempts = 1 }, "attempt=1; max=1"},
		"many attempts":         {func(c *aws.Config) { c.RetryMaxAttempts = 9 }, "attempt=1; max=9"},
		"no retries":            {func(c *aws.Config) { c.Retryer = func() aws.Retryer { return aws.NopRetryer{} } }, "attempt=1; max=1"},
		"the default retryer":   {func(c *aws.Config) { c.Retryer = nil }, "m/E"},
		"adaptive retries":      {func(c *aws.Config) { c.Retryer, c.RetryMode = nil, aws.RetryModeAdaptive }, "m/F"},
		"an application":        {func(c *aws.Config) { c.AppID = "night export" }, "app/night-export"},
		"a header of one's own": {func(c *aws.Config) {
			c.APIOptions = append(c.APIOptions, smithyhttp.AddHeaderValue("X-Mine", "yes"))
		}, "X-Mine [yes]"},
		"a path of one's own": {func(c *aws.Config) {
			c.BaseEndpoint = aws.String("https://proxy.example/p")
			c.APIOptions = append(c.APIOptions, func(s *middleware.Stack) error {
				return s.Build.Add(middleware.BuildMiddlewareFunc("path",
					func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
						u := in.Request.(*smithyhttp.Request).URL
						u.Path, u.RawPath = "/a/b", "/a%2Fb"
						return next.HandleBuild(ctx, in)
					}), middleware.After)
			})
		}, "POST https://proxy.example/p/a%2Fb"},
		"an agent of one's own": {func(c *aws.Config) {
			c.APIOptions = append(c.APIOptions, awsmiddleware.AddUserAgentKeyValue("mine", "2"))
		}, "mine/2"},
		"an option that fails": {func(c *aws.Config) {
			c.APIOptions = append(c.APIOptions, func(*middleware.Stack) error { return errors.New("not like this") })
		}, "not like this"},
		"an interceptor that fails": {func(c *aws.Config) {
			c.Interceptors.AddBeforeTransmit(&recordingInterceptor{fail: "BeforeTransmit"})
		}, "operation error SERVICE: OPERATION, stopped at BeforeTransmit"},
		"a transport that fails": {func(c *aws.Config) {
			c.HTTPClient = answers(cannedReply{err: errors.New("no route")})
		}, "request send failed"},
		"a transport that fails in passing": {func(c *aws.Config) {
			c.HTTPClient = answers(cannedReply{err: io.ErrUnexpectedEOF}, cannedReply{status: 200, body: `{}`})
		}, "attempt=2; max=3"},
		"an empty body": {func(c *aws.Config) { c.HTTPClient = answersPage("") }, ""},
		"a throttle": {func(c *aws.Config) {
			c.HTTPClient = answers(cannedReply{status: 400, body: `{"__type":"ThrottlingException"}`})
		}, "exceeded maximum number of attempts, 3"},
		"an expired token": {func(c *aws.Config) {
			c.HTTPClient = answers(cannedReply{status: 400, body: `{"__type":"ExpiredTokenException"}`})
		}, "ExpiredTokenException"},
		"a request id": {func(c *aws.Config) {
			c.HTTPClient = answers(cannedReply{status: 200, body: `{}`, header: http.Header{"X-Amzn-Requestid": {"r"}}})
		}, "request id r"},
		"another request id": {func(c *aws.Config) {
			c.HTTPClient = answers(cannedReply{status: 404, header: http.Header{"X-Amz-Requestid": {"r"}}})
		}, "RequestID: r"},
		"a Lambda's trace id": {func(c *aws.Config) {}, "X-Amzn-Trace-Id [Root=1]"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := requireSameAs(t, "CloudHSM V2", func(t *testing.T, _ string, open func(aws.Config) operationCall) []string {
				cfg := testConfig(t, answersPage(`{}`))
				if name == "a Lambda's trace id" {
					t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "f")
					t.Setenv("_X_AMZN_TRACE_ID", "Root=1")
				}
				if c.configure != nil {
					c.configure(&cfg)
				}
				transport := cfg.HTTPClient.(*cannedTransport)
				transport.mu.Lock()
				transport.sent = nil // a case's transport serves all clients
				transport.mu.Unlock()
				metadata, err := open(cfg)(foreignCall(t))
				return observed(transport, metadata, err)
			})
			require.Contains(t, strings.Join(got, "\n"), c.want)
		})
	}
}

// foreignCall is a context as a step in the call of another client has it: nothing of that call may get
// into this one.
func foreignCall(t *testing.T) context.Context {
	ctx := v4.SetPayloadHash(t.Context(), "of another body")
	return awsmiddleware.SetRequiresLegacyEndpoints(ctx, true)
}

// observed describes what a call sent and returned, but for what differs from time to time.
func observed(transport *cannedTransport, metadata middleware.Metadata, err error) []string {
	var lines []string
	for _, r := range transport.sent {
		lines = append(lines, r.Method+" "+r.URL.String(), "Authorization "+fmt.Sprint(signedScope(r)))
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			switch name {
			case "User-Agent":
				lines = append(lines, userAgentFeatures.ReplaceAllString(r.Header.Get(name), "api/SERVICE"))
			case "Amz-Sdk-Request", "Content-Type", "X-Mine", "X-Amzn-Trace-Id":
				lines = append(lines, name+" "+fmt.Sprint(r.Header[name]))
			default:
				lines = append(lines, name)
			}
		}
	}
	id, _ := awsmiddleware.GetRequestIDMetadata(metadata)
	attempts, _ := retry.GetAttemptResults(metadata)
	_, at := awsmiddleware.GetResponseAt(metadata)
	return append(lines, "request id "+id, fmt.Sprint(len(attempts.Results), at), fmt.Sprint(err))
}

var userAgentFeatures = regexp.MustCompile(`api/\w+#\S+`)

// signedScope returns the parts of an Authorization header that do not depend on the service or the time.
func signedScope(r *http.Request) []string {
	algorithm, rest, _ := strings.Cut(r.Header.Get("Authorization"), " Credential=")
	scope := strings.Split(rest, "/")
	if len(scope) < 3 {
		return nil
	}
	return []string{algorithm, scope[0], scope[2]} // and the access key id and the region
}

// variantSource is a source of shared configuration.
type variantSource struct {
	fips, dual bool
	err        error
}

func variantSources(variants ...variantSource) []any {
	sources := []any{"a source that knows neither"}
	for _, v := range variants {
		sources = append(sources, v)
	}
	return sources
}

func (v variantSource) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	return aws.FIPSEndpointStateEnabled, v.fips, v.err
}

func (v variantSource) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	return aws.DualStackEndpointStateEnabled, v.dual, v.err
}

func TestSendsTheHeadersOfCloudHSM(t *testing.T) {
	sent := map[string][]string{}
	agents := map[string]string{}
	for service, open := range comparedClients {
		transport := answersPage(`{}`)
		_, err := open(testConfig(t, transport))(t.Context())
		require.NoError(t, err)
		sent[service] = slices.Sorted(maps.Keys(transport.sent[0].Header))
		agents[service] = userAgentFeatures.ReplaceAllString(transport.sent[0].Header.Get("User-Agent"), "api/X")
	}
	require.Equal(t, sent["CloudHSM V2"], sent["OpsWorksCM"])
	require.Equal(t, agents["CloudHSM V2"], agents["OpsWorksCM"])
}

func TestRetriesWhatTheSDKRetries(t *testing.T) {
	attempts := map[int]int{
		400: 1, 401: 1, 403: 1, 404: 1, 408: 1, 409: 1, 413: 1, 429: 3, 500: 3, 501: 1, 502: 3, 503: 3, 504: 3,
	}
	for status, want := range attempts {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			for service, open := range comparedClients {
				transport := answers(cannedReply{status: status})
				_, err := open(testConfig(t, transport))(t.Context())
				require.ErrorContains(t, err, fmt.Sprintf("StatusCode: %d", status))
				require.Len(t, transport.sent, want, service)
			}
		})
	}
}

func TestRetriesAsOftenAsACallSays(t *testing.T) {
	transport := answers(cannedReply{status: 500})
	client := opsworkscm.NewFromConfig(testConfig(t, transport))
	for _, n := range []int{5, 1, 2} {
		transport.sent = nil
		_, err := client.DescribeBackups(t.Context(), nil, func(o *opsworkscm.Options) { o.RetryMaxAttempts = n })
		var most *retry.MaxAttemptsError
		require.ErrorAs(t, err, &most)
		require.Len(t, transport.sent, n)
	}
}

func TestFollowsTheClockOfTheService(t *testing.T) {
	for _, ahead := range []time.Duration{time.Hour, -time.Hour} {
		for service, open := range comparedClients {
			t.Run(service+" "+ahead.String(), func(t *testing.T) {
				var signed []time.Duration
				call := open(testConfig(t, skewedService(ahead, &signed)))
				for range 2 {
					_, err := call(t.Context())
					require.NoError(t, err)
				}
				require.Len(t, signed, 3, "the second call knows the time at once")
				require.InDelta(t, 0, signed[0].Seconds(), 5)
				require.InDelta(t, ahead.Seconds(), signed[1].Seconds(), 5)
				require.InDelta(t, ahead.Seconds(), signed[2].Seconds(), 5)
			})
		}
	}
}

func TestLeavesTheClockAloneWhereToldTo(t *testing.T) {
	requireSameAs(t, "Backup", func(t *testing.T, _ string, open func(aws.Config) operationCall) []string {
		var signed []time.Duration
		cfg := testConfig(t, skewedService(time.Hour, &signed))
		cfg.DisableClockSkewCorrection = true
		_, err := open(cfg)(t.Context())
		return []string{fmt.Sprint(len(signed), err)}
	})
}

// skewedService is a service whose clock is ahead, and that rejects what was not signed by it. It notes how far
// ahead of the local clock each request was signed.
func skewedService(ahead time.Duration, signed *[]time.Duration) aws.HTTPClient {
	return doFunc(func(r *http.Request) (*http.Response, error) {
		at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil {
			return nil, err
		}
		*signed = append(*signed, time.Until(at))
		answer := cannedReply{status: 403, body: `{"__type":"InvalidSignatureException","message":"Signature not yet current"}`}
		if d := time.Until(at) - ahead; d.Abs() < time.Minute {
			answer = cannedReply{status: 200, body: `{}`}
		}
		answer.header = http.Header{"Date": {time.Now().Add(ahead).UTC().Format(http.TimeFormat)}}
		return answers(answer).Do(r)
	})
}
