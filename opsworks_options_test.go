package backupx_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/smithy-go/auth"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

func TestOpsWorksOptionsAreACopy(t *testing.T) {
	client := backupx.NewOpsWorks(owConfig(t, owPage(`{}`)))
	options := client.Options()
	options.Region = "changed"
	options.APIOptions = append(options.APIOptions, nil)
	options.Interceptors.AddBeforeExecution(nil)
	require.Equal(t, "eu-west-1", client.Options().Region)
	require.Empty(t, client.Options().APIOptions)
	_, err := client.DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
}

func TestOpsWorksOptionsOfACallHoldForThatCall(t *testing.T) {
	transport := owPage(`{}`)
	client := backupx.NewOpsWorks(owConfig(t, transport))
	_, err := client.DescribeBackups(t.Context(), nil, func(o *backupx.OpsWorksOptions) {
		o.Region = "us-east-1"
		o.Credentials = credentials.NewStaticCredentialsProvider("AKIDOTHER", "secret", "")
	})
	require.NoError(t, err)
	_, err = client.DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "opsworks-cm.us-east-1.amazonaws.com", transport.sent[0].URL.Host)
	require.Contains(t, transport.sent[0].Header.Get("Authorization"), "Credential=AKIDOTHER/")
	require.Contains(t, transport.sent[0].Header.Get("Authorization"), "/us-east-1/opsworks-cm/aws4_request")
	require.Equal(t, "opsworks-cm.eu-west-1.amazonaws.com", transport.sent[1].URL.Host)
	require.Contains(t, transport.sent[1].Header.Get("Authorization"), "Credential=AKIDEXAMPLE/")
}

func TestOpsWorksServiceOptionsComeBeforeThoseOfTheClient(t *testing.T) {
	var got []string
	cfg := owConfig(t, owPage(`{}`))
	cfg.ServiceOptions = append(cfg.ServiceOptions, func(service string, options any) {
		o, ok := options.(*backupx.OpsWorksOptions)
		require.True(t, ok, "%T", options)
		got = append(got, service, o.Region)
		o.Region = "from-service"
	})
	client := backupx.NewOpsWorks(cfg, func(o *backupx.OpsWorksOptions) {
		got = append(got, o.Region)
		o.Region = "from-client"
	})
	require.Equal(t, []string{"OpsWorksCM", "eu-west-1", "from-service"}, got)
	require.Equal(t, "from-client", client.Options().Region)
}

func TestOpsWorksFillsInDefaults(t *testing.T) {
	options := backupx.NewOpsWorks(aws.Config{DefaultsMode: aws.DefaultsModeStandard}).Options()
	require.IsType(t, &retry.Standard{}, options.Retryer)
	require.Equal(t, 3, options.Retryer.MaxAttempts())
	require.NotNil(t, options.Logger)
	client, ok := options.HTTPClient.(*awshttp.BuildableClient)
	require.True(t, ok)
	require.Equal(t, 3100*time.Millisecond, client.GetDialer().Timeout)
	require.Equal(t, 3100*time.Millisecond, client.GetTransport().TLSHandshakeTimeout)

	near := backupx.NewOpsWorks(aws.Config{
		Region: "us-west-2", DefaultsMode: aws.DefaultsModeAuto, RuntimeEnvironment: aws.RuntimeEnvironment{
			EnvironmentIdentifier: "AWS_ECS_FARGATE", Region: "us-west-2",
		},
	}).Options().HTTPClient.(*awshttp.BuildableClient)
	require.Equal(t, 1100*time.Millisecond, near.GetDialer().Timeout)

	adaptive := backupx.NewOpsWorks(aws.Config{RetryMode: aws.RetryModeAdaptive, RetryMaxAttempts: 7}).Options()
	require.Equal(t, 7, adaptive.Retryer.MaxAttempts())
}

func TestOpsWorksDoesNotChangeTheConfiguration(t *testing.T) {
	cfg := owConfig(t, owPage(`{}`))
	cfg.APIOptions = slices.Grow(cfg.APIOptions, 4)
	before := cfg.Copy()
	client := backupx.NewOpsWorks(cfg, func(o *backupx.OpsWorksOptions) {
		o.APIOptions = append(o.APIOptions, awsmiddleware.AddUserAgentKey("mine"))
	})
	_, err := client.DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
	require.Nil(t, before.APIOptions[:1][0], "the spare room of the caller's list is not written to")
}

// owResolver resolves to a fixed endpoint.
type owResolver struct {
	endpoint smithyendpoints.Endpoint
	err      error
}

func (r owResolver) ResolveEndpoint(context.Context, backup.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return r.endpoint, r.err
}

func TestOpsWorksGoesWhereAnEndpointResolverSays(t *testing.T) {
	signed := &auth.Option{SchemeID: auth.SchemeIDSigV4}
	smithyhttp.SetSigV4SigningName(&signed.SignerProperties, "proxy")
	endpoint := smithyendpoints.Endpoint{
		URI:     url.URL{Scheme: "https", Host: "proxy.example", Path: "/aws"},
		Headers: http.Header{"X-Route": {"a"}},
	}
	auth.SetAuthOptions(&endpoint.Properties, []*auth.Option{signed})

	transport := owPage(`{}`)
	_, err := backupx.NewOpsWorks(owConfig(t, transport), func(o *backupx.OpsWorksOptions) {
		o.EndpointResolverV2 = owResolver{endpoint: endpoint}
	}).DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "https://proxy.example/aws", transport.sent[0].URL.String())
	require.Equal(t, "a", transport.sent[0].Header.Get("X-Route"))
	require.Contains(t, transport.sent[0].Header.Get("Authorization"), "/eu-west-1/proxy/aws4_request")
}

// owSchemes resolves to fixed ways of signing.
type owSchemes struct {
	options []*auth.Option
	err     error
}

func (s owSchemes) ResolveAuthSchemes(context.Context, *backup.AuthResolverParameters) ([]*auth.Option, error) {
	return s.options, s.err
}

func TestOpsWorksSaysWhatIsWrongWithItsOptions(t *testing.T) {
	cases := map[string]struct {
		option func(*backupx.OpsWorksOptions)
		want   string
	}{
		"an endpoint resolver that fails": {
			func(o *backupx.OpsWorksOptions) { o.EndpointResolverV2 = owResolver{err: errors.New("nowhere")} },
			"failed to resolve service endpoint, nowhere",
		},
		"an auth resolver that fails": {
			func(o *backupx.OpsWorksOptions) { o.AuthSchemeResolver = owSchemes{err: errors.New("no idea")} },
			"resolve auth scheme: no idea",
		},
		"no way to sign": {
			func(o *backupx.OpsWorksOptions) { o.AuthSchemeResolver = owSchemes{} },
			"could not select an auth scheme",
		},
		"a way to sign without its name": {
			func(o *backupx.OpsWorksOptions) {
				o.AuthSchemeResolver = owSchemes{options: []*auth.Option{{SchemeID: "sigv4"}}}
			},
			"sign request: sigv4 signing name is required",
		},
		"a step taken out that signing needs": {
			owWithout("ResolveAuthScheme"), "no resolved auth scheme",
		},
		"no identity": {
			owWithout("GetIdentity"), "no identity or no signer",
		},
		"a result of another kind": {
			func(o *backupx.OpsWorksOptions) {
				o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
					return s.Initialize.Add(middleware.InitializeMiddlewareFunc("short",
						func(context.Context, middleware.InitializeInput, middleware.InitializeHandler) (out middleware.InitializeOutput, _ middleware.Metadata, _ error) {
							out.Result = 7
							return out, middleware.Metadata{}, nil
						}), middleware.Before)
				})
			},
			"backupx: DescribeBackups: unexpected result int",
		},
		"an input of another kind": {
			func(o *backupx.OpsWorksOptions) {
				o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
					return s.Initialize.Add(middleware.InitializeMiddlewareFunc("swap",
						func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
							in.Parameters = 7
							return next.HandleInitialize(ctx, in)
						}), middleware.Before)
				})
			},
			"unexpected input int",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			transport := owPage(`{}`)
			_, err := backupx.NewOpsWorks(owConfig(t, transport)).DescribeBackups(t.Context(), nil, c.option)
			require.ErrorContains(t, err, c.want)
			require.Empty(t, transport.sent)
		})
	}
}

func owWithout(step string) func(*backupx.OpsWorksOptions) {
	return func(o *backupx.OpsWorksOptions) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			_, err := s.Finalize.Remove(step)
			return err
		})
	}
}
