package cli_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

func TestPrepareReplacesFilesOnly(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, os.Symlink("pipe", link))
	for name, is := range map[string]string{pipe: pipe, link: pipe, dir: dir} {
		_, err := cli.Prepare(name, []byte("text"))
		require.EqualError(t, err, is+": it is not a file, but a folder, a pipe or a device")
		require.NoFileExists(t, is+".new")
	}
}
