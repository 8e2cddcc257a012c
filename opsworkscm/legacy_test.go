//lint:file-ignore SA1019 the deprecated parts of aws.Config still work in the SDK's clients

package opsworkscm_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/opsworkscm"
)

func TestAsksEndpointResolversOfOld(t *testing.T) {
	asked := func(endpoint aws.Endpoint, err error) func(string, string, ...any) (aws.Endpoint, error) {
		return func(service, region string, _ ...any) (aws.Endpoint, error) {
			if service != "OpsWorksCM" || region != "eu-west-1" {
				return aws.Endpoint{}, fmt.Errorf("asked for %s in %s", service, region)
			}
			return endpoint, err
		}
	}
	elsewhere := aws.Endpoint{URL: "https://old.example/path", SigningRegion: "us-old-1"}
	cases := map[string]struct {
		resolve   func(string, string, ...any) (aws.Endpoint, error)
		url, sign string
		err       string
	}{
		"an endpoint":         {asked(elsewhere, nil), "https://old.example/path", "/us-old-1/opsworks-cm/aws4_request", ""},
		"its signing name":    {asked(aws.Endpoint{URL: "https://old.example", SigningName: "proxy", SigningRegion: "r"}, nil), "https://old.example/", "/r/proxy/aws4_request", ""},
		"an endpoint unknown": {asked(aws.Endpoint{}, &aws.EndpointNotFoundError{}), "https://opsworks-cm.eu-west-1.amazonaws.com/", "/eu-west-1/opsworks-cm/aws4_request", ""},
		"a failure":           {asked(aws.Endpoint{}, errors.New("broken")), "", "", "failed to resolve service endpoint, broken"},
	}
	for name, c := range cases {
		configure := map[string]func(*aws.Config) func(*opsworkscm.Options){
			"with options": func(cfg *aws.Config) func(*opsworkscm.Options) {
				cfg.EndpointResolverWithOptions = aws.EndpointResolverWithOptionsFunc(c.resolve)
				return func(*opsworkscm.Options) {}
			},
			"without": func(cfg *aws.Config) func(*opsworkscm.Options) {
				cfg.EndpointResolver = aws.EndpointResolverFunc(func(service, region string) (aws.Endpoint, error) {
					return c.resolve(service, region)
				})
				return func(*opsworkscm.Options) {}
			},
			"of the client": func(*aws.Config) func(*opsworkscm.Options) {
				return func(o *opsworkscm.Options) {
					o.EndpointResolver = backup.EndpointResolverFunc(
						func(region string, _ backup.EndpointResolverOptions) (aws.Endpoint, error) {
							return c.resolve("OpsWorksCM", region)
						})
				}
			},
		}
		for kind, set := range configure {
			t.Run(name+" "+kind, func(t *testing.T) {
				transport := answersPage(`{}`)
				cfg := testConfig(t, transport)
				option := set(&cfg)
				_, err := opsworkscm.NewFromConfig(cfg, option).DescribeBackups(t.Context(), nil)
				if c.err != "" {
					require.ErrorContains(t, err, c.err)
					return
				}
				require.NoError(t, err)
				require.Equal(t, c.url, transport.sent[0].URL.String())
				require.Contains(t, transport.sent[0].Header.Get("Authorization"), c.sign)
			})
		}
	}
}

func TestTellsResolversOfOldWhatIsWanted(t *testing.T) {
	var got backup.EndpointResolverOptions
	cfg := testConfig(t, answersPage(`{}`))
	cfg.Region = "fips-us-east-1"
	cfg.ClientLogMode = aws.LogDeprecatedUsage
	_, err := opsworkscm.NewFromConfig(cfg, func(o *opsworkscm.Options) {
		o.EndpointResolver = backup.EndpointResolverFunc(
			func(_ string, options backup.EndpointResolverOptions) (aws.Endpoint, error) {
				got = options
				return aws.Endpoint{URL: "https://old.example", SigningRegion: "us-east-1"}, nil
			})
	}).DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
	got.Logger = nil
	require.Equal(t, backup.EndpointResolverOptions{
		LogDeprecated: true, ResolvedRegion: "us-east-1", UseFIPSEndpoint: aws.FIPSEndpointStateEnabled,
	}, got)
}

func TestSignsAsTheContextSays(t *testing.T) {
	transport := answersPage(`{}`)
	cfg := testConfig(t, transport)
	cfg.APIOptions = append(cfg.APIOptions, func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("sign otherwise",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				ctx = awsmiddleware.SetSigningName(ctx, "proxy")
				return next.HandleInitialize(awsmiddleware.SetSigningRegion(ctx, "us-other-1"), in)
			}), middleware.Before)
	})
	_, err := opsworkscm.NewFromConfig(cfg).DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
	require.Contains(t, transport.sent[0].Header.Get("Authorization"), "/us-other-1/proxy/aws4_request")
}

// A custom resolver falls back on the default one.
func TestTheDefaultEndpointResolverIsThatOfTheClient(t *testing.T) {
	cases := map[string]func(*opsworkscm.Options){
		"a region":          func(o *opsworkscm.Options) {},
		"another partition": func(o *opsworkscm.Options) { o.Region = "cn-north-1" },
		"FIPS":              func(o *opsworkscm.Options) { o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled },
		"a FIPS region":     func(o *opsworkscm.Options) { o.Region = "fips-us-east-1" },
		"dual-stack": func(o *opsworkscm.Options) {
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
		},
		"without TLS":         func(o *opsworkscm.Options) { o.EndpointOptions.DisableHTTPS = true },
		"no region":           func(o *opsworkscm.Options) { o.Region = "" },
		"a region that is no": func(o *opsworkscm.Options) { o.Region = "evil.example/x" },
	}
	for name, set := range cases {
		t.Run(name, func(t *testing.T) {
			seen := map[bool][]string{}
			for _, custom := range []bool{false, true} {
				transport := answersPage(`{}`)
				_, err := opsworkscm.NewFromConfig(testConfig(t, transport), set, func(o *opsworkscm.Options) {
					if custom {
						o.EndpointResolver = opsworkscm.EndpointResolverFunc(
							func(region string, options opsworkscm.EndpointResolverOptions) (aws.Endpoint, error) {
								return opsworkscm.NewDefaultEndpointResolver().ResolveEndpoint(region, options)
							})
					}
				}).DescribeBackups(t.Context(), nil)
				if err != nil {
					seen[custom] = []string{"an error"}
					continue
				}
				seen[custom] = []string{transport.sent[0].URL.String()}
				require.Contains(t, transport.sent[0].Header.Get("Authorization"), "/opsworks-cm/aws4_request")
			}
			require.Equal(t, seen[false], seen[true])
		})
	}
}
