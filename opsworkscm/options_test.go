package opsworkscm_test

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

	"github.com/backupx-go/backupx/opsworkscm"
)

func TestOptionsAreACopy(t *testing.T) {
	client := opsworkscm.NewFromConfig(testConfig(t, answersPage(`{}`)))
	options := client.Options()
	options.Region = "changed"
	options.APIOptions = append(options.APIOptions, nil)
	options.Interceptors.AddBeforeExecution(nil)
	require.Equal(t, "eu-west-1", client.Options().Region)
	require.Empty(t, client.Options().APIOptions)
	_, err := client.DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
}

func TestOptionsOfACallHoldForThatCall(t *testing.T) {
	transport := answersPage(`{}`)
	client := opsworkscm.NewFromConfig(testConfig(t, transport))
	_, err := client.DescribeBackups(t.Context(), nil, func(o *opsworkscm.Options) {
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

func TestServiceOptionsComeBeforeThoseOfTheClient(t *testing.T) {
	var got []string
	cfg := testConfig(t, answersPage(`{}`))
	cfg.ServiceOptions = append(cfg.ServiceOptions, func(service string, options any) {
		o, ok := options.(*opsworkscm.Options)
		require.True(t, ok, "%T", options)
		got = append(got, service, o.Region)
		o.Region = "from-service"
	})
	client := opsworkscm.NewFromConfig(cfg, func(o *opsworkscm.Options) {
		got = append(got, o.Region)
		o.Region = "from-client"
	})
	require.Equal(t, []string{"OpsWorksCM", "eu-west-1", "from-service"}, got)
	require.Equal(t, "from-client", client.Options().Region)
}

func TestFillsInDefaults(t *testing.T) {
	options := opsworkscm.NewFromConfig(aws.Config{DefaultsMode: aws.DefaultsModeStandard}).Options()
	require.IsType(t, &retry.Standard{}, options.Retryer)
	require.Equal(t, 3, options.Retryer.MaxAttempts())
	require.NotNil(t, options.Logger)
	client, ok := options.HTTPClient.(*awshttp.BuildableClient)
	require.True(t, ok)
	require.Equal(t, 3100*time.Millisecond, client.GetDialer().Timeout)
	require.Equal(t, 3100*time.Millisecond, client.GetTransport().TLSHandshakeTimeout)

	near := opsworkscm.NewFromConfig(aws.Config{
		Region: "us-west-2", DefaultsMode: aws.DefaultsModeAuto, RuntimeEnvironment: aws.RuntimeEnvironment{
			EnvironmentIdentifier: "AWS_ECS_FARGATE", Region: "us-west-2",
		},
	}).Options().HTTPClient.(*awshttp.BuildableClient)
	require.Equal(t, 1100*time.Millisecond, near.GetDialer().Timeout)

	adaptive := opsworkscm.NewFromConfig(aws.Config{RetryMode: aws.RetryModeAdaptive, RetryMaxAttempts: 7}).Options()
	require.Equal(t, 7, adaptive.Retryer.MaxAttempts())
}

func TestDoesNotChangeTheConfiguration(t *testing.T) {
	cfg := testConfig(t, answersPage(`{}`))
	cfg.APIOptions = slices.Grow(cfg.APIOptions, 4)
	before := cfg.Copy()
	client := opsworkscm.NewFromConfig(cfg, func(o *opsworkscm.Options) {
		o.APIOptions = append(o.APIOptions, awsmiddleware.AddUserAgentKey("mine"))
	})
	_, err := client.DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
	require.Nil(t, before.APIOptions[:1][0], "the spare room of the caller's list is not written to")
}

// fixedEndpoint resolves to a fixed endpoint.
type fixedEndpoint struct {
	endpoint smithyendpoints.Endpoint
	err      error
}

func (r fixedEndpoint) ResolveEndpoint(context.Context, backup.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return r.endpoint, r.err
}

func TestGoesWhereAnEndpointResolverSays(t *testing.T) {
	signed := &auth.Option{SchemeID: auth.SchemeIDSigV4}
	smithyhttp.SetSigV4SigningName(&signed.SignerProperties, "proxy")
	endpoint := smithyendpoints.Endpoint{
		URI:     url.URL{Scheme: "https", Host: "proxy.example", Path: "/aws"},
		Headers: http.Header{"X-Route": {"a"}},
	}
	auth.SetAuthOptions(&endpoint.Properties, []*auth.Option{signed})

	transport := answersPage(`{}`)
	_, err := opsworkscm.NewFromConfig(testConfig(t, transport), func(o *opsworkscm.Options) {
		o.EndpointResolverV2 = fixedEndpoint{endpoint: endpoint}
	}).DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "https://proxy.example/aws", transport.sent[0].URL.String())
	require.Equal(t, "a", transport.sent[0].Header.Get("X-Route"))
	require.Contains(t, transport.sent[0].Header.Get("Authorization"), "/eu-west-1/proxy/aws4_request")
}

// fixedSchemes resolves to fixed ways of signing.
type fixedSchemes struct {
	options []*auth.Option
	err     error
}

func (s fixedSchemes) ResolveAuthSchemes(context.Context, *backup.AuthResolverParameters) ([]*auth.Option, error) {
	return s.options, s.err
}

func TestSaysWhatIsWrongWithItsOptions(t *testing.T) {
	cases := map[string]struct {
		option func(*opsworkscm.Options)
		want   string
	}{
		"an endpoint resolver that fails": {
			func(o *opsworkscm.Options) { o.EndpointResolverV2 = fixedEndpoint{err: errors.New("nowhere")} },
			"failed to resolve service endpoint, nowhere",
		},
		"an auth resolver that fails": {
			func(o *opsworkscm.Options) { o.AuthSchemeResolver = fixedSchemes{err: errors.New("no idea")} },
			"resolve auth scheme: no idea",
		},
		"no way to sign": {
			func(o *opsworkscm.Options) { o.AuthSchemeResolver = fixedSchemes{} },
			"could not select an auth scheme",
		},
		"a way to sign without its name": {
			func(o *opsworkscm.Options) {
				o.AuthSchemeResolver = fixedSchemes{options: []*auth.Option{{SchemeID: "sigv4"}}}
			},
			"sign request: sigv4 signing name is required",
		},
		"a step taken out that signing needs": {
			withoutStep("ResolveAuthScheme"), "no resolved auth scheme",
		},
		"no identity": {
			withoutStep("GetIdentity"), "no identity or no signer",
		},
		"a result of another kind": {
			func(o *opsworkscm.Options) {
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
			func(o *opsworkscm.Options) {
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
			transport := answersPage(`{}`)
			_, err := opsworkscm.NewFromConfig(testConfig(t, transport)).DescribeBackups(t.Context(), nil, c.option)
			require.ErrorContains(t, err, c.want)
			require.Empty(t, transport.sent)
		})
	}
}

func withoutStep(step string) func(*opsworkscm.Options) {
	return func(o *opsworkscm.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			_, err := s.Finalize.Remove(step)
			return err
		})
	}
}

// Options and resolvers as programs for the removed client write them.
func TestOptionFunctions(t *testing.T) {
	signed := func(t *testing.T, set func(*opsworkscm.Options)) *http.Request {
		t.Helper()
		transport := answersPage(`{}`)
		_, err := opsworkscm.NewFromConfig(testConfig(t, transport)).DescribeBackups(t.Context(), nil, set)
		require.NoError(t, err)
		return transport.sent[0]
	}
	t.Run("WithSigV4SigningName", func(t *testing.T) {
		require.Contains(t, signed(t, opsworkscm.WithSigV4SigningName("proxy")).Header.Get("Authorization"), "/eu-west-1/proxy/aws4_request")
	})
	t.Run("WithSigV4SigningRegion", func(t *testing.T) {
		require.Contains(t, signed(t, opsworkscm.WithSigV4SigningRegion("us-east-1")).Header.Get("Authorization"), "/us-east-1/opsworks-cm/aws4_request")
	})
	t.Run("WithEndpointResolverV2", func(t *testing.T) {
		sent := signed(t, opsworkscm.WithEndpointResolverV2(fixedEndpoint{
			endpoint: smithyendpoints.Endpoint{URI: url.URL{Scheme: "https", Host: "proxy.example"}},
		}))
		require.Equal(t, "proxy.example", sent.URL.Host)
	})
	t.Run("WithEndpointResolver", func(t *testing.T) {
		sent := signed(t, opsworkscm.WithEndpointResolver(opsworkscm.EndpointResolverFromURL("https://old.example")))
		require.Equal(t, "old.example", sent.URL.Host)
		require.Contains(t, sent.Header.Get("Authorization"), "/eu-west-1/opsworks-cm/aws4_request")
	})
	t.Run("WithAPIOptions", func(t *testing.T) {
		called := false
		signed(t, opsworkscm.WithAPIOptions(func(*middleware.Stack) error { called = true; return nil }))
		require.True(t, called)
	})
	t.Run("GetIdentityResolver", func(t *testing.T) {
		options := opsworkscm.Options{}
		require.Nil(t, options.GetIdentityResolver(auth.SchemeIDSigV4))
		require.NotNil(t, options.GetIdentityResolver(auth.SchemeIDAnonymous))
		options.Credentials = credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")
		require.NotNil(t, options.GetIdentityResolver(auth.SchemeIDSigV4))
	})
}

func TestNewTakesOptions(t *testing.T) {
	transport := answersPage(`{}`)
	cfg := testConfig(t, transport)
	options := opsworkscm.Options{
		Region: cfg.Region, Credentials: cfg.Credentials, HTTPClient: transport, APIOptions: make([]func(*middleware.Stack) error, 0, 1),
	}
	client := opsworkscm.New(options, func(o *opsworkscm.Options) { o.AppID = "app" })
	_, err := client.DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
	_, err = opsworkscm.New(client.Options()).DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
	for _, sent := range transport.sent {
		require.Equal(t, "https://opsworks-cm.eu-west-1.amazonaws.com/", sent.URL.String())
		require.Contains(t, sent.Header.Get("Authorization"), "/eu-west-1/opsworks-cm/aws4_request")
		require.Contains(t, sent.Header.Get("User-Agent"), "app/app")
	}
	require.Empty(t, options.AppID)

	_, err = opsworkscm.New(opsworkscm.Options{HTTPClient: transport}).DescribeBackups(t.Context(), nil)
	require.EqualError(t, err, "operation error OpsWorksCM: DescribeBackups, failed to resolve service endpoint, "+
		"endpoint rule error, Invalid Configuration: Missing Region")
}
