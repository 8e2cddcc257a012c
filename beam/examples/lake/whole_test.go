package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/memfs"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/testenv"
)

// The file systems of the tests: local files, and objects in memory without Rename that appear when they are closed. The
// writers of both call inTheMiddle.
const (
	localFiles = "interrupted://"
	objects    = "objects://"
)

func init() {
	filesystem.Register("interrupted", func(ctx context.Context) filesystem.Interface {
		return interrupted{local.New(ctx).(localFS)}
	})
	filesystem.Register("objects", func(ctx context.Context) filesystem.Interface {
		return objectStore{memfs.New(ctx)}
	})
}

// inTheMiddle is called when half of a file is written.
var inTheMiddle atomic.Pointer[func(name string) error]

// halfway sets what the writers do in the middle, for one test.
func halfway(t *testing.T, f func(name string) error) {
	t.Helper()
	inTheMiddle.Store(&f)
	t.Cleanup(func() { inTheMiddle.Store(nil) })
}

type halves struct {
	io.WriteCloser
	name string
}

func (w halves) Write(p []byte) (int, error) {
	n, err := w.WriteCloser.Write(p[:len(p)/2])
	if f := inTheMiddle.Load(); f != nil && err == nil {
		err = (*f)(w.name)
	}
	if err != nil {
		return n, err
	}
	m, err := w.WriteCloser.Write(p[n:])
	return n + m, err
}

type localFS interface {
	filesystem.Interface
	filesystem.Remover
	filesystem.Renamer
}

type interrupted struct{ localFS }

func at(name string) string { return strings.TrimPrefix(name, localFiles) }

func (f interrupted) List(ctx context.Context, glob string) ([]string, error) {
	return f.localFS.List(ctx, at(glob))
}

func (f interrupted) OpenWrite(ctx context.Context, name string) (io.WriteCloser, error) {
	w, err := f.localFS.OpenWrite(ctx, at(name))
	return halves{w, name}, err
}

func (f interrupted) Remove(ctx context.Context, name string) error {
	return f.localFS.Remove(ctx, at(name))
}

func (f interrupted) Rename(ctx context.Context, from, to string) error {
	return f.localFS.Rename(ctx, at(from), at(to))
}

type objectStore struct{ filesystem.Interface }

func (f objectStore) OpenWrite(ctx context.Context, name string) (io.WriteCloser, error) {
	w, err := f.Interface.OpenWrite(ctx, name)
	return halves{w, name}, err
}

// read returns the content of a file in one of the file systems.
func read(t *testing.T, name string) string {
	t.Helper()
	fs, err := filesystem.New(t.Context(), at(name))
	require.NoError(t, err)
	text, err := filesystem.Read(t.Context(), fs, at(name))
	require.NoError(t, err)
	return string(text)
}

// namesBeside lists the folder of a file, temporary names included.
func namesBeside(t *testing.T, name string) []string {
	t.Helper()
	fs, err := filesystem.New(t.Context(), name)
	require.NoError(t, err)
	names, err := fs.List(t.Context(), name[:strings.LastIndex(name, "/")]+"/*")
	require.NoError(t, err)
	return names
}

// tree are the files below a folder with their contents. Where temporary is true, it has only the temporary ones.
func tree(t *testing.T, folder string, temporary bool) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") != temporary {
			return err
		}
		within, err := filepath.Rel(folder, name)
		all[filepath.ToSlash(within)] = read(t, name)
		return err
	}))
	return all
}

// small are flags of a run of some files.
var small = []string{"-fake-jobs", "60", "-list", "backup-jobs", "-accounts", "111122223333", "-window", "0", "-since", "5d", "-run", "r", "-out"}

// child is the variable that makes TestAKilledRun… the run that is killed.
const child = "LAKE_TEST_OUT"

func TestAKilledRunLeavesWholeFilesAndTheNextOneRemovesTheRest(t *testing.T) {
	if out := os.Getenv(child); out != "" {
		runUntilTheMiddleOfAFile(t, out)
	}
	whole, killed := t.TempDir(), filepath.Join(t.TempDir(), "a [lake]*")
	status, said := lake(t, append(small, whole)...)
	require.Equal(t, complete, status, said)
	want := tree(t, whole, false)

	killInTheMiddle(t, killed)
	left := tree(t, killed, false)
	require.NotEmpty(t, left)
	require.Less(t, len(left), len(want))
	for name, text := range left {
		require.Equal(t, want[name], text, name)
	}
	partial := tree(t, killed, true)
	require.Len(t, partial, 1)
	for name, text := range partial {
		require.Regexp(t, `/\.[A-Z2-7]{26}\.partial$`, name)
		require.NotEmpty(t, text)
	}

	status, said = lake(t, append(small, killed)...)
	require.Equal(t, complete, status, said)
	require.Equal(t, want, tree(t, killed, false))
	require.Empty(t, tree(t, killed, true))
}

// runUntilTheMiddleOfAFile is the child process: it stays in the middle of the fourth file.
func runUntilTheMiddleOfAFile(t *testing.T, out string) {
	var written atomic.Int32
	halfway(t, func(string) error {
		if written.Add(1) == 4 {
			fmt.Println("in the middle")
			select {}
		}
		return nil
	})
	lake(t, append(small, localFiles+out)...)
	t.Fatal("the run was not killed")
}

func killInTheMiddle(t *testing.T, out string) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	run := exec.CommandContext(t.Context(), program, "-test.run=^"+t.Name()+"$")
	run.Env = testenv.Environ(child + "=" + out)
	stdout, err := run.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, run.Start())
	lines, said := bufio.NewScanner(stdout), ""
	for lines.Scan() && lines.Text() != "in the middle" {
		said += lines.Text() + "\n"
	}
	require.NoError(t, run.Process.Kill(), said)
	_ = run.Wait() // killed
	require.Equal(t, "in the middle", lines.Text(), said)
}

func TestAFailedWriteLeavesTheFileThatWasThere(t *testing.T) {
	full := errors.New("no space left")
	for _, scheme := range []string{localFiles, objects} {
		for _, before := range []string{"", "the earlier file"} {
			t.Run(scheme+before, func(t *testing.T) {
				name := scheme + filepath.ToSlash(t.TempDir()) + "/a/b.ndjson"
				if before != "" {
					require.NoError(t, writeFile(t.Context(), name, []byte(before)))
				}
				fails := true
				halfway(t, func(string) error {
					if fails {
						return full
					}
					return nil
				})
				require.ErrorIs(t, writeFile(t.Context(), name, []byte("the next file")), full)
				if before == "" {
					require.Empty(t, namesBeside(t, name))
				} else {
					require.Equal(t, before, read(t, name))
					require.Len(t, namesBeside(t, name), 1)
				}
				fails = false
				require.NoError(t, writeFile(t.Context(), name, []byte("the next file")))
				require.Equal(t, "the next file", read(t, name))
			})
		}
	}
}

func TestAWorkerThatRunsABundleAgainDoesNotDisturbTheOther(t *testing.T) {
	folder := t.TempDir()
	name := localFiles + filepath.ToSlash(folder) + "/a/b.ndjson"
	body := []byte(strings.Repeat("whole ", 1000))
	require.NoError(t, writeFile(t.Context(), name, body))

	stuck, proceed := make(chan struct{}), make(chan struct{})
	var started atomic.Bool
	halfway(t, func(string) error {
		if !started.Swap(true) {
			close(stuck)
			<-proceed
		}
		return nil
	})
	slow := make(chan error)
	go func() { slow <- writeFile(context.WithoutCancel(t.Context()), name, body) }()
	<-stuck
	require.Equal(t, string(body), read(t, name), "while the first worker is in the middle")
	require.Len(t, tree(t, folder, true), 1)
	require.NoError(t, writeFile(t.Context(), name, body))
	require.Empty(t, tree(t, folder, true), "the second worker removed what the first one had written")
	close(proceed)
	require.NoError(t, <-slow)
	require.Equal(t, map[string]string{"a/b.ndjson": string(body)}, tree(t, folder, false))
	require.Empty(t, tree(t, folder, true))
}

func TestWorkersThatWriteAFileAtOnceEndInOneWholeFile(t *testing.T) {
	folder := t.TempDir()
	name := filepath.ToSlash(folder) + "/a.ndjson"
	var workers sync.WaitGroup
	failed := make([]error, 16)
	for i := range failed {
		workers.Go(func() {
			body := bytes.Repeat([]byte{byte('a' + i)}, 1<<16+i)
			for range 5 {
				failed[i] = cmp.Or(failed[i], writeFile(context.WithoutCancel(t.Context()), name, body))
				text, err := os.ReadFile(name)
				if err == nil && (len(text) < 1<<16 || !bytes.Equal(text, bytes.Repeat(text[:1], 1<<16+int(text[0]-'a')))) {
					err = fmt.Errorf("%d bytes are not a whole file", len(text))
				}
				failed[i] = cmp.Or(failed[i], err)
			}
		})
	}
	workers.Wait()
	require.NoError(t, errors.Join(failed...))
	require.Len(t, tree(t, folder, false), 1)
	require.Empty(t, tree(t, folder, true))
}

func TestALakeInAFileSystemWithoutRename(t *testing.T) {
	folder, store := t.TempDir(), objects+filepath.ToSlash(t.TempDir())
	for _, out := range []string{folder, store} {
		status, said := lake(t, append(small, out)...)
		require.Equal(t, complete, status, said)
	}
	names, err := memfs.New(t.Context()).List(t.Context(), store+"/*/*/*/*/*") // also those that begin with a dot
	require.NoError(t, err)
	got := map[string]string{}
	for _, name := range names {
		name = strings.TrimPrefix(name, "memfs://")
		got[strings.TrimPrefix(name, store+"/")] = read(t, name)
	}
	require.Equal(t, tree(t, folder, false), got)
}

// An object of Google Cloud Storage is one upload under its own name: it is neither copied nor deleted.
func TestAnObjectIsUploadedOnce(t *testing.T) {
	var mu sync.Mutex
	var requests, bodies []string
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		requests, bodies = append(requests, r.Method+" "+r.URL.Path), append(bodies, string(body))
		if r.Method != http.MethodPost || strings.Contains(r.URL.Path, "/rewriteTo/") {
			http.Error(w, "only uploads", http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, `{"bucket": "bucket", "name": "lake/a.ndjson"}`)
	}))
	t.Cleanup(service.Close)
	testenv.Clean(t, "STORAGE_EMULATOR_HOST="+service.Listener.Addr().String())
	require.NoError(t, writeFile(t.Context(), "gs://bucket/lake/a.ndjson", []byte("the only line\n")))
	require.Equal(t, []string{"POST /upload/storage/v1/b/bucket/o"}, requests)
	require.Contains(t, bodies[0], `"name":"lake/a.ndjson"`)
	require.Contains(t, bodies[0], "the only line\n")
}
