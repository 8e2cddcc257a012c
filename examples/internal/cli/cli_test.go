package cli_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/internal/testenv"
)

const asProgram = "CLI_TEST_AS_PROGRAM"

// TestMain makes a program of the test binary where a test asks for it: Main ends the process.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		cli.Main(untilInterrupted)
	}
	testenv.SetHostile()
	m.Run()
}

func untilInterrupted(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fmt.Fprintln(stdout, args)
	<-ctx.Done()
	fmt.Fprintln(stderr, ctx.Err())
	return 7
}

func TestMainEndsWithTheStatusOfAnInterruptedRun(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-a", "b")
			cmd.Env = testenv.Environ(asProgram + "=1")
			var stderr strings.Builder
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			line, err := bufio.NewReader(stdout).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "[-a b]\n", line)
			require.NoError(t, cmd.Process.Signal(signal))
			require.EqualError(t, cmd.Wait(), "exit status 7")
			require.Equal(t, "context canceled\n", stderr.String())
		})
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	require.Equal(t, 0, cli.Status(flag.ErrHelp, 2))
	require.Equal(t, 2, cli.Status(errors.New("wrong"), 2))
}
