package cli_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/internal/testenv"
)

func TestLoadConfigTakesTheProfile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(file, []byte("[default]\nregion = us-east-1\n[profile audit]\nregion = eu-west-1\n"), 0o600))
	testenv.Clean(t, "AWS_CONFIG_FILE="+file)
	for profile, want := range map[string]string{"": "us-east-1", "audit": "eu-west-1"} {
		cfg, err := cli.LoadConfig(t.Context(), profile)
		require.NoError(t, err)
		require.Equal(t, want, cfg.Region)
		require.Equal(t, aws.RetryModeAdaptive, cfg.RetryMode)
		require.Equal(t, 30*time.Second, cfg.HTTPClient.(*awshttp.BuildableClient).GetTimeout())
	}
	_, err := cli.LoadConfig(t.Context(), "none")
	require.ErrorContains(t, err, "the AWS configuration: ")
	require.ErrorContains(t, err, "none")
}

// The certificates of a company's proxy go with the client of LoadConfig.
func TestLoadConfigTakesTheCertificates(t *testing.T) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	file := filepath.Join(t.TempDir(), "bundle.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	require.NoError(t, os.WriteFile(file, text, 0o600))
	testenv.Clean(t, "AWS_CA_BUNDLE="+file)
	cfg, err := cli.LoadConfig(t.Context(), "")
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
	require.NoError(t, err)
	answer, err := cfg.HTTPClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
}

func TestProfileName(t *testing.T) {
	testenv.Clean(t)
	name := func(profile string) string {
		name, ok := cli.ProfileName(profile)
		require.Equal(t, ok, name != "")
		return name
	}
	require.Equal(t, []string{"default", "audit"}, []string{name(""), name("audit")})
	t.Setenv("AWS_DEFAULT_PROFILE", "old")
	require.Equal(t, "old", name(""))
	t.Setenv("AWS_PROFILE", "prod")
	require.Equal(t, []string{"prod", "audit"}, []string{name(""), name("audit")})
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	require.Equal(t, []string{"", "audit"}, []string{name(""), name("audit")})
}

func TestInRegions(t *testing.T) {
	for name, c := range map[string]struct {
		own   string
		asked []string
		want  []string
	}{
		"those asked for":                {"us-east-1", []string{"eu-west-1", "eu-north-1"}, []string{"eu-west-1", "eu-north-1"}},
		"its own":                        {"us-east-1", nil, []string{"us-east-1"}},
		"asked for, and none of its own": {"", []string{"eu-west-1"}, []string{"eu-west-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := aws.Config{Region: c.own}
			got, err := cli.InRegions(cfg, c.asked)
			require.NoError(t, err)
			require.Equal(t, c.want, lo.Map(got, func(cfg aws.Config, _ int) string { return cfg.Region }))
			require.Equal(t, c.own, cfg.Region)
		})
	}
	_, err := cli.InRegions(aws.Config{}, nil)
	require.EqualError(t, err, "no region is configured: give one with -region")
}
