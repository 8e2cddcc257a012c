package cli_test

import (
	"os"
	"strconv"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/internal/testenv"
)

// terminal opens a pseudo-terminal with a number of columns.
func terminal(t *testing.T, columns int) *os.File {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this system has no pseudo-terminals: ", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	var locked, number int32
	ioctl(t, master, syscall.TIOCSPTLCK, unsafe.Pointer(&locked))
	ioctl(t, master, syscall.TIOCGPTN, unsafe.Pointer(&number))
	f, err := os.OpenFile("/dev/pts/"+strconv.Itoa(int(number)), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	resize(t, f, columns)
	return f
}

func resize(t *testing.T, f *os.File, columns int) {
	t.Helper()
	ioctl(t, f, syscall.TIOCSWINSZ, unsafe.Pointer(&[4]uint16{24, uint16(columns)}))
}

func ioctl(t *testing.T, f *os.File, request uintptr, argument unsafe.Pointer) {
	t.Helper()
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(argument))
	require.Zero(t, errno, errno.Error())
}

func TestTheScreenIsThatOfTheTerminal(t *testing.T) {
	testenv.Clean(t, "TERM=xterm")
	f := terminal(t, 20)
	s := cli.ScreenOf(f, f)
	require.Equal(t, []int{20, 20}, []int{s.Columns(), s.Line()})
	resize(t, f, 120)
	require.Equal(t, 120, s.Line(), "the terminal was made wider")
	resize(t, f, 0)
	require.Equal(t, []int{80, 80}, []int{cli.ScreenOf(f, f).Columns(), s.Line()}, "the terminal does not tell its width")
	t.Setenv("COLUMNS", "50")
	require.Equal(t, []int{50, 50}, []int{cli.ScreenOf(f, f).Columns(), s.Line()})
	t.Setenv("TERM", "dumb")
	require.Nil(t, cli.ScreenOf(f, f).Line, "it cannot redraw a line")
}

func TestAPipeAndNowhereAreNoTerminal(t *testing.T) {
	testenv.Clean(t, "TERM=xterm")
	pipe, end, err := os.Pipe()
	require.NoError(t, err)
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	for _, f := range []*os.File{pipe, end, nowhere} {
		s := cli.ScreenOf(f, f)
		require.Equal(t, 80, s.Columns())
		require.Nil(t, s.Line)
	}
	for value, want := range map[string]int{"120": 120, "-3": 80, "wide": 80, "0": 80} {
		t.Setenv("COLUMNS", value)
		require.Equal(t, want, cli.ScreenOf(end, end).Columns(), value)
	}
}
