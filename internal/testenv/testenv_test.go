package testenv_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/testenv"
)

const printEnvironment = "TESTENV_PRINT"

func TestMain(m *testing.M) {
	if os.Getenv(printEnvironment) != "" {
		os.Stdout.WriteString(strings.Join(os.Environ(), "\n"))
		os.Exit(0)
	}
	testenv.SetHostile()
	m.Run()
}

func TestAConfigurationLoadsInACleanEnvironmentOnly(t *testing.T) {
	t.Setenv("BACKUPX_FIXTURES", "")
	testenv.SetHostile() // also while cassettes are recorded
	_, err := config.LoadDefaultConfig(t.Context())
	require.Error(t, err)
	t.Run("clean", func(t *testing.T) {
		testenv.Clean(t, "AWS_REGION=eu-west-1")
		cfg, err := config.LoadDefaultConfig(t.Context())
		require.NoError(t, err)
		require.Equal(t, "eu-west-1", cfg.Region)
		require.NotEmpty(t, os.Getenv("PATH"))
		require.Empty(t, os.Getenv("HTTP_PROXY"))
	})
	_, err = config.LoadDefaultConfig(t.Context())
	require.Error(t, err, "the environment is restored")
	_, offset := time.Now().Zone()
	require.Equal(t, 20_700, offset)
}

func TestAProcessInheritsWhatProgramsNeed(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = testenv.Environ(printEnvironment + "=1")
	out, err := cmd.Output()
	require.NoError(t, err)
	names := lo.Map(strings.Split(string(out), "\n"), func(pair string, _ int) string {
		name, _, _ := strings.Cut(pair, "=")
		return strings.ToUpper(name) // Windows has Path
	})
	require.Subset(t, names, []string{"PATH", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"})
	require.Empty(t, lo.Intersect(names, []string{"AWS_PROFILE", "HTTP_PROXY", "LANG", "CI"}))
}

// A package whose tests do not call SetHostile could read the environment unnoticed.
func TestEveryPackageIsTestedInAHostileEnvironment(t *testing.T) {
	calls := map[string]bool{} // by the folder of the package
	repository := os.DirFS("../..")
	require.NoError(t, fs.WalkDir(repository, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (d.Name() == "testdata" || d.Name()[0] == '.'):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(repository, name)
		folder := path.Dir(name)
		calls[folder] = calls[folder] || bytes.Contains(text, []byte("\ttestenv.SetHostile()"))
		return err
	}))
	require.Contains(t, calls, "fixtures/cassettes")
	for folder, does := range calls {
		require.True(t, does, "the tests in %s have no TestMain that calls testenv.SetHostile first", folder)
	}
}
