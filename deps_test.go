package backupx_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/testenv"
)

// burdens are the modules that only nested modules may require.
var burdens = regexp.MustCompile(`(?m)^\s*(?:require\s+)?(\S*(?:apache/beam|parquet|grpc|protobuf|cloud\.google\.com|service/organizations|service/account|gonum)\S*)\s`)

func TestTheModuleRequiresNothingOfItsNestedModules(t *testing.T) {
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Empty(t, burdens.FindAllString(string(text), -1), name)
	}
	for _, line := range []string{"require github.com/apache/beam/sdks/v2 v2.77.0\n", "\tgoogle.golang.org/grpc v1.83.2 // indirect\n", "\tgithub.com/aws/aws-sdk-go-v2/service/organizations v1.62.8\n"} {
		require.Regexp(t, burdens, line)
	}
}

func TestThePackageImportsTheSDKAndLoAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("runs go list")
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-mod=readonly", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
	list.Env = testenv.Environ("GOPROXY=off", "GOWORK=off")
	out, err := list.Output()
	require.NoError(t, err)
	allowed := regexp.MustCompile(`^github\.com/(backupx-go/backupx|aws/aws-sdk-go-v2(/.+)?|aws/smithy-go|samber/lo)$|^golang\.org/x/text$`)
	modules := strings.Fields(string(out))
	require.Contains(t, modules, "github.com/samber/lo")
	for _, module := range modules {
		require.Regexp(t, allowed, module)
	}
}
