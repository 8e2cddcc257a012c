package opsworkscm_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/opsworkscm"
)

// endpointVariants of an endpoint, to be added up.
const (
	plainEndpoint = 0
	fipsOnly      = 1
	dualStack     = 2
)

// All 29 endpoints, or errors in place of one, that AWS published for OpsWorks CM.
func TestEndpointsAreThePublishedOnes(t *testing.T) {
	const custom = "https://example.com"
	cases := []struct {
		region  string
		variant int
		base    string
		want    string
	}{
		{"ap-northeast-1", plainEndpoint, "", "https://opsworks-cm.ap-northeast-1.amazonaws.com/"},
		{"ap-southeast-1", plainEndpoint, "", "https://opsworks-cm.ap-southeast-1.amazonaws.com/"},
		{"ap-southeast-2", plainEndpoint, "", "https://opsworks-cm.ap-southeast-2.amazonaws.com/"},
		{"eu-central-1", plainEndpoint, "", "https://opsworks-cm.eu-central-1.amazonaws.com/"},
		{"eu-west-1", plainEndpoint, "", "https://opsworks-cm.eu-west-1.amazonaws.com/"},
		{"us-east-1", plainEndpoint, "", "https://opsworks-cm.us-east-1.amazonaws.com/"},
		{"us-east-2", plainEndpoint, "", "https://opsworks-cm.us-east-2.amazonaws.com/"},
		{"us-west-1", plainEndpoint, "", "https://opsworks-cm.us-west-1.amazonaws.com/"},
		{"us-west-2", plainEndpoint, "", "https://opsworks-cm.us-west-2.amazonaws.com/"},
		{"us-east-1", fipsOnly + dualStack, "", "https://opsworks-cm-fips.us-east-1.api.aws/"},
		{"us-east-1", fipsOnly, "", "https://opsworks-cm-fips.us-east-1.amazonaws.com/"},
		{"us-east-1", dualStack, "", "https://opsworks-cm.us-east-1.api.aws/"},
		{"cn-north-1", fipsOnly + dualStack, "", "https://opsworks-cm-fips.cn-north-1.api.amazonwebservices.com.cn/"},
		{"cn-north-1", fipsOnly, "", "https://opsworks-cm-fips.cn-north-1.amazonaws.com.cn/"},
		{"cn-north-1", dualStack, "", "https://opsworks-cm.cn-north-1.api.amazonwebservices.com.cn/"},
		{"cn-north-1", plainEndpoint, "", "https://opsworks-cm.cn-north-1.amazonaws.com.cn/"},
		{"us-gov-east-1", fipsOnly + dualStack, "", "https://opsworks-cm-fips.us-gov-east-1.api.aws/"},
		{"us-gov-east-1", fipsOnly, "", "https://opsworks-cm-fips.us-gov-east-1.amazonaws.com/"},
		{"us-gov-east-1", dualStack, "", "https://opsworks-cm.us-gov-east-1.api.aws/"},
		{"us-gov-east-1", plainEndpoint, "", "https://opsworks-cm.us-gov-east-1.amazonaws.com/"},
		{"us-iso-east-1", fipsOnly, "", "https://opsworks-cm-fips.us-iso-east-1.c2s.ic.gov/"},
		{"us-iso-east-1", plainEndpoint, "", "https://opsworks-cm.us-iso-east-1.c2s.ic.gov/"},
		{"us-isob-east-1", fipsOnly, "", "https://opsworks-cm-fips.us-isob-east-1.sc2s.sgov.gov/"},
		{"us-isob-east-1", plainEndpoint, "", "https://opsworks-cm.us-isob-east-1.sc2s.sgov.gov/"},
		{"us-east-1", plainEndpoint, custom, "https://example.com/"},
		{"", plainEndpoint, custom, "https://example.com/"},
		{"us-east-1", fipsOnly, custom, "Invalid Configuration: FIPS and custom endpoint are not supported"},
		{"us-east-1", dualStack, custom, "Invalid Configuration: Dualstack and custom endpoint are not supported"},
		{"", plainEndpoint, "", "Invalid Configuration: Missing Region"},
	}
	require.Len(t, cases, 29)
	for _, c := range cases {
		name := c.region + []string{"", " FIPS", " dual-stack", " FIPS dual-stack"}[c.variant] + " " + c.base
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, resolvedHost(t, c.region, c.variant, c.base))
		})
	}
}

func TestEndpointsFollowEveryPartition(t *testing.T) {
	suffixes := map[string][2]string{ // plain and dual-stack
		"ca-west-1":       {"amazonaws.com", "api.aws"},
		"cn-northwest-1":  {"amazonaws.com.cn", "api.amazonwebservices.com.cn"},
		"us-gov-west-1":   {"amazonaws.com", "api.aws"},
		"us-iso-west-1":   {"c2s.ic.gov", "api.aws.ic.gov"},
		"us-isob-east-1":  {"sc2s.sgov.gov", "api.aws.scloud"},
		"eu-isoe-west-1":  {"cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
		"us-isof-south-1": {"csp.hci.ic.gov", "api.aws.hci.ic.gov"},
		"eusc-de-east-1":  {"amazonaws.eu", "api.amazonwebservices.eu"},
	}
	for region, suffix := range suffixes {
		t.Run(region, func(t *testing.T) {
			for variant, want := range []string{
				plainEndpoint:        "https://opsworks-cm." + region + "." + suffix[0] + "/",
				fipsOnly:             "https://opsworks-cm-fips." + region + "." + suffix[0] + "/",
				dualStack:            "https://opsworks-cm." + region + "." + suffix[1] + "/",
				fipsOnly + dualStack: "https://opsworks-cm-fips." + region + "." + suffix[1] + "/",
			} {
				require.Equal(t, want, resolvedHost(t, region, variant, ""))
			}
		})
	}
}

// resolvedHost returns where a request went, or what was wrong with the configuration.
func resolvedHost(t *testing.T, region string, variant int, base string) string {
	t.Helper()
	transport := answersPage(`{}`)
	cfg := testConfig(t, transport)
	cfg.Region = region
	_, err := opsworkscm.NewFromConfig(cfg, func(o *opsworkscm.Options) {
		if base != "" {
			o.BaseEndpoint = &base
		}
		if variant&fipsOnly != 0 {
			o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
		}
		if variant&dualStack != 0 {
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
		}
	}).DescribeBackups(t.Context(), nil)
	if err == nil {
		return transport.sent[0].URL.String()
	}
	require.Empty(t, transport.sent)
	_, what, ok := strings.Cut(err.Error(), "failed to resolve service endpoint, endpoint rule error, ")
	require.True(t, ok, err)
	return what
}

func TestTakesItsOwnEndpointFromTheSharedConfiguration(t *testing.T) {
	all := aws.String("https://all.example")
	cases := map[string]struct {
		base    *string
		sources []any
		want    string
	}{
		"none":                    {nil, nil, "opsworks-cm.eu-west-1.amazonaws.com"},
		"one for all services":    {all, nil, "all.example"},
		"one for this service":    {nil, []any{endpointSourceStub{url: "https://own.example"}}, "own.example"},
		"both":                    {all, []any{endpointSourceStub{url: "https://own.example"}}, "own.example"},
		"the first of several":    {nil, []any{1, endpointSourceStub{}, endpointSourceStub{url: "https://own.example"}, endpointSourceStub{url: "https://x.example"}}, "own.example"},
		"all ignored":             {nil, []any{endpointSourceStub{url: "https://own.example", ignore: true}}, "opsworks-cm.eu-west-1.amazonaws.com"},
		"a source that is broken": {all, []any{endpointSourceStub{err: errors.New("x")}, endpointSourceStub{url: "https://own.example"}}, "all.example"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			transport := answersPage(`{}`)
			cfg := testConfig(t, transport)
			cfg.BaseEndpoint, cfg.ConfigSources = c.base, c.sources
			_, err := opsworkscm.NewFromConfig(cfg).DescribeBackups(t.Context(), nil)
			require.NoError(t, err)
			require.Equal(t, c.want, transport.sent[0].URL.Host)
		})
	}
}

// endpointSourceStub is a source of shared configuration with an endpoint for OpsWorks CM.
type endpointSourceStub struct {
	url    string
	ignore bool
	err    error
}

func (s endpointSourceStub) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	if service != "OpsWorksCM" {
		return "", false, errors.New("asked for " + service)
	}
	return s.url, s.url != "", s.err
}

func (s endpointSourceStub) GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error) {
	return s.ignore, s.ignore, nil
}

func TestFollowsALoadedConfiguration(t *testing.T) {
	const file = `
[default]
region = us-west-2

[profile own]
region = us-west-2
endpoint_url = https://all.example
services = mine

[services mine]
opsworkscm =
  endpoint_url = https://own.example

[profile fips]
region = us-west-2
use_fips_endpoint = true
use_dualstack_endpoint = true
`
	cases := map[string]struct {
		profile string
		env     map[string]string
		want    string
	}{
		"a region":               {"default", nil, "opsworks-cm.us-west-2.amazonaws.com"},
		"an endpoint":            {"own", nil, "own.example"},
		"FIPS and dual-stack":    {"fips", nil, "opsworks-cm-fips.us-west-2.api.aws"},
		"the environment":        {"default", map[string]string{"AWS_ENDPOINT_URL": "https://env.example"}, "env.example"},
		"its own variable":       {"own", map[string]string{"AWS_ENDPOINT_URL_OPSWORKSCM": "https://env.example"}, "env.example"},
		"all endpoints ignored":  {"own", map[string]string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "opsworks-cm.us-west-2.amazonaws.com"},
		"another service's only": {"default", map[string]string{"AWS_ENDPOINT_URL_BACKUP": "https://env.example"}, "opsworks-cm.us-west-2.amazonaws.com"},
	}
	path := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(path, []byte(file), 0o600))
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			transport := answersPage(`{}`)
			base := testConfig(t, transport)
			t.Setenv("AWS_CONFIG_FILE", path)
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", path)
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			cfg, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile(c.profile),
				config.WithCredentialsProvider(base.Credentials), config.WithHTTPClient(transport))
			require.NoError(t, err)
			_, err = opsworkscm.NewFromConfig(cfg).DescribeBackups(t.Context(), nil)
			require.NoError(t, err)
			require.Equal(t, c.want, transport.sent[0].URL.Host)
		})
	}
}

func TestReadsNoEndpointFromTheEnvironment(t *testing.T) {
	transport := answersPage(`{}`)
	cfg := testConfig(t, transport)
	t.Setenv("AWS_ENDPOINT_URL", "https://env.example")
	t.Setenv("AWS_ENDPOINT_URL_OPSWORKSCM", "https://env.example")
	t.Setenv("AWS_ENDPOINT_URL_BACKUP", "https://env.example")
	_, err := opsworkscm.NewFromConfig(cfg).DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "opsworks-cm.eu-west-1.amazonaws.com", transport.sent[0].URL.Host)
}

func TestCanDoWithoutTLS(t *testing.T) {
	transport := answersPage(`{}`)
	_, err := opsworkscm.NewFromConfig(testConfig(t, transport), func(o *opsworkscm.Options) {
		o.EndpointOptions.DisableHTTPS = true
	}).DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "http://opsworks-cm.eu-west-1.amazonaws.com/", transport.sent[0].URL.String())
}
