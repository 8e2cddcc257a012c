package lock_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/lock"
	"github.com/backupx-go/backupx/internal/testenv"
)

const holds = "LOCK_TEST_HOLDS"

// TestMain makes the test binary a process that holds a lock if a test asks for that.
func TestMain(m *testing.M) {
	if name := os.Getenv(holds); name != "" {
		_, err := lock.File(name)
		fmt.Println(err)
		select {}
	}
	testenv.SetHostile()
	m.Run()
}

func TestALockIsHeldUntilItsProcessIsKilled(t *testing.T) {
	name := filepath.Join(t.TempDir(), "jobs.ndjson")
	other := exec.CommandContext(t.Context(), os.Args[0])
	other.Env = testenv.Environ(holds + "=" + name)
	stdout, err := other.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, other.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "<nil>\n", line)

	_, err = lock.File(name)
	require.ErrorIs(t, err, lock.ErrHeld)
	require.EqualError(t, err, name+": another run is under way with this file")
	require.NoError(t, other.Process.Kill())
	require.Error(t, other.Wait())
	unlock, err := lock.File(name)
	require.NoError(t, err)
	unlock()
	require.NoFileExists(t, name)
}

func TestALockIsHeldUntilItIsFreed(t *testing.T) {
	dir := t.TempDir()
	name, link := filepath.Join(dir, "jobs.ndjson"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(name, nil, 0o600))
	require.NoError(t, os.Symlink(name, link))
	unlock, err := lock.File(name)
	require.NoError(t, err)
	for _, name := range []string{name, link} {
		_, err = lock.File(name)
		require.ErrorIs(t, err, lock.ErrHeld)
	}
	unlock()
	unlock, err = lock.File(link)
	require.NoError(t, err)
	unlock()
}

// The file of the first start need not exist.
func TestALockIsThatOfTheFileThatALinkLeadsTo(t *testing.T) {
	dir := t.TempDir()
	name, link := filepath.Join(dir, "jobs.ndjson"), filepath.Join(dir, "link")
	require.NoError(t, os.Symlink("jobs.ndjson", link))
	unlock, err := lock.File(link)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, nil, 0o600))
	for _, name := range []string{name, link} {
		_, err = lock.File(name)
		require.ErrorIs(t, err, lock.ErrHeld)
	}
	unlock()
}

func TestAFolderThatCannotBeWritten(t *testing.T) {
	_, err := lock.File(filepath.Join(t.TempDir(), "none", "jobs.ndjson"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
