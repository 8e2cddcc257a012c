// Package clitest runs the programs under examples in their tests.
package clitest

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

var update = flag.Bool("update", false, "write what the program prints to testdata")

// Printed is the result of a run: its exit status and what it printed.
type Printed struct {
	Status         int
	Stdout, Stderr string
}

// Run runs a program to its end, as [cli.Main] does.
func Run(ctx context.Context, name string, program cli.Program, args ...string) Printed {
	var stdout, stderr bytes.Buffer
	status := cli.Run(ctx, name, program, args, &stdout, &stderr)
	return Printed{status, stdout.String(), stderr.String()}
}

// Loads returns a loader that returns cfg and err for every profile.
func Loads(cfg aws.Config, err error) cli.ConfigLoader {
	return func(context.Context, string) (aws.Config, error) { return cfg, err }
}

// Golden requires that got is the text of a file in testdata. go test -update rewrites the file.
func Golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "go test -update writes it anew")
}
