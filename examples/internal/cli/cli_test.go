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
	"time"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/internal/testenv"
)

const asProgram = "CLI_TEST_AS_PROGRAM"

// TestMain makes the test binary a program if a test asks for that: Main ends the process.
func TestMain(m *testing.M) {
	switch os.Getenv(asProgram) {
	case "1":
		cli.Main("wait", untilInterrupted)
	case "stuck":
		cli.Main("stuck", stuck)
	}
	testenv.SetHostile()
	m.Run()
}

func untilInterrupted(ctx context.Context, args []string, stdout, _ io.Writer) (int, error) {
	fmt.Fprintln(stdout, args)
	<-ctx.Done()
	return 7, ctx.Err()
}

// stuck is a program that hangs, as one whose output nobody reads.
func stuck(ctx context.Context, _ []string, stdout, _ io.Writer) (int, error) {
	fmt.Fprintln(stdout, "runs")
	<-ctx.Done()
	for {
		fmt.Fprintln(stdout, "goes on")
		time.Sleep(10 * time.Millisecond)
	}
}

func TestASecondInterruptEndsAProgramThatHangs(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = testenv.Environ(asProgram + "=stuck")
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	ended := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer ended.Stop()
	for lines.Scan() { // the first line is before the first interrupt, the others are behind it
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
	}
	require.EqualError(t, cmd.Wait(), "signal: interrupt")
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
			require.Equal(t, "wait: context canceled\n", stderr.String())
		})
	}
}

func TestAProgramEndsWithItsStatusAndItsError(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		err    error
		want   clitest.Printed
	}{
		"done":         {0, nil, clitest.Printed{}},
		"findings":     {1, nil, clitest.Printed{Status: 1}},
		"failed":       {2, errors.New("no region"), clitest.Printed{Status: 2, Stderr: "ask: no region\n"}},
		"asked for -h": {2, fmt.Errorf("flags: %w", flag.ErrHelp), clitest.Printed{}},
	} {
		t.Run(name, func(t *testing.T) {
			program := func(context.Context, []string, io.Writer, io.Writer) (int, error) { return c.status, c.err }
			require.Equal(t, c.want, clitest.Run(t.Context(), "ask", program))
		})
	}
}
