package cli_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

func TestBytes(t *testing.T) {
	require.Equal(t, []string{"0 B", "1023 B", "1.0 KiB", "1.5 GiB", "8.0 EiB"}, []string{
		cli.Bytes(0), cli.Bytes(1023), cli.Bytes(1024), cli.Bytes(3 << 29), cli.Bytes(1<<63 - 1),
	})
}

func TestCount(t *testing.T) {
	require.Equal(t, []string{"0 jobs", "1 job", "2 jobs"}, []string{cli.Count(0, "job"), cli.Count(1, "job"), cli.Count(2, "job")})
}

func TestOneLineHasNoControls(t *testing.T) {
	require.Equal(t, "a b  [31mred c", cli.OneLine("a\nb\t\x1b[31mred\u2028c"))
}

func TestWrapBreaksBetweenWords(t *testing.T) {
	require.Equal(t, "> one two\n> three\n> überlang\n", cli.Wrap("one  two\nthree überlang", 8, "> "))
	require.Equal(t, "\n", cli.Wrap(" ", 8, "> "))
}
