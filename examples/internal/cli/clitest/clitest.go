// Package clitest runs the programs under examples in their tests.
package clitest

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/internal/testenv"
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

// Build builds the program in the folder of the test, and returns the name of the executable file.
func Build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Env = testenv.Environ()
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// Kill starts a program as a process and kills it after a while. It returns what the program printed, and whether it was
// still running; if not, also its exit status.
func Kill(t *testing.T, after time.Duration, program string, args ...string) (got Printed, killed bool) {
	t.Helper()
	return KillWith(t, nil, after, program, args...)
}

// KillWith is [Kill] of a program with more variables in its environment ("NAME=value").
func KillWith(t *testing.T, env []string, after time.Duration, program string, args ...string) (got Printed, killed bool) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = testenv.Environ(env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Start())
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	_ = cmd.Wait() // the state of the process has the error
	return Printed{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}, !cmd.ProcessState.Exited()
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
