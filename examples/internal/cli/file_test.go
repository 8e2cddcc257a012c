package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

func TestPrepareReplacesTheFileThatALinkLeadsTo(t *testing.T) {
	for name, link := range map[string]string{
		"within a folder": "real/file", "through another link": "again", "within a folder that is a link": "folder/up",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file, name := filepath.Join(dir, "real", "file"), filepath.Join(dir, "link")
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "real", "deep"), 0o700))
			require.NoError(t, os.Symlink("real/deep", filepath.Join(dir, "folder")))
			require.NoError(t, os.Symlink("../file", filepath.Join(dir, "folder", "up")))
			require.NoError(t, os.Symlink(file, filepath.Join(dir, "again")))
			require.NoError(t, os.Symlink(link, name))
			for _, text := range []string{"first", "second"} { // at first the link leads to no file
				replace, err := cli.Prepare(name, []byte(text))
				require.NoError(t, err)
				require.NoError(t, replace())
				got, err := os.ReadFile(file)
				require.NoError(t, err)
				require.Equal(t, text, string(got))
				require.NoFileExists(t, file+".new")
			}
			to, err := os.Readlink(name)
			require.NoError(t, err)
			require.Equal(t, link, to)
		})
	}
}

func TestPrepareFailsOnALinkThatLeadsToItself(t *testing.T) {
	name := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(name, name))
	replace, err := cli.Prepare(name, []byte("text"))
	require.NoError(t, err)
	require.NoError(t, replace(), "the link is replaced")
}
