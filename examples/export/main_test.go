package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
)

func exported(ctx context.Context, args ...string) clitest.Printed {
	return clitest.Run(ctx, run, args...)
}

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "jobs.ndjson") }

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// whole is what an export from the start to the end writes.
func whole(t *testing.T, args ...string) string {
	t.Helper()
	out := file(t)
	require.Zero(t, exported(t.Context(), append([]string{"-out", out}, args...)...).Status)
	return read(t, out)
}

func TestExportIsAsRecorded(t *testing.T) {
	got := whole(t, "-jobs", "60")
	clitest.Golden(t, "jobs.ndjson", got)
	require.Equal(t, got, whole(t, "-jobs", "60", "-parallel", "1", "-page-size", "7"), "in one order, however it is read")
}

func TestExportSaysWhenItIsComplete(t *testing.T) {
	out := file(t)
	for range 2 {
		got := exported(t.Context(), "-out", out, "-jobs", "100")
		said := fmt.Sprintf("export: %s is complete with %d jobs\n", out, strings.Count(read(t, out), "\n"))
		require.Equal(t, clitest.Printed{Status: exitComplete, Stderr: said}, got)
	}
}

func TestExportGoesOnAfterItsContextEnds(t *testing.T) {
	out, want := file(t), whole(t, "-jobs", "500")
	args := []string{"-out", out, "-jobs", "500", "-latency", "3ms", "-page-size", "20", "-save", "30"}
	tries := 0
	for status := exitIncomplete; status != exitComplete; tries++ {
		require.Less(t, tries, 200)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(15+tries)*time.Millisecond) // more, where it is slow
		status = exported(ctx, args...).Status
		cancel()
		require.Contains(t, want, read(t, out), "what is there is a beginning")
	}
	require.Equal(t, want, read(t, out))
}

// The real thing: the program is killed at any moment, again and again, and started again.
func TestExportSurvivesKill9(t *testing.T) {
	program := filepath.Join(t.TempDir(), "export")
	build, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, string(build))
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 9))
			out, kills := file(t), 0
			args := []string{"-out", out, "-jobs", "1500", "-latency", "4ms", "-page-size", "50", "-save", "25", "-parallel", fmt.Sprint(1 + r.IntN(4))}
			for killed(t, time.Duration(r.IntN(120))*time.Millisecond, program, args) {
				kills++
				require.Less(t, kills, 500, "it comes to no end")
			}
			t.Log(kills, "kills")
			require.Equal(t, whole(t, "-jobs", "1500"), read(t, out))
			require.NoFileExists(t, out+suffix+".new")
		})
	}
}

// killed starts the program and kills it after a while; it tells whether that was before its end.
func killed(t *testing.T, after time.Duration, program string, args []string) bool {
	t.Helper()
	cmd := exec.Command(program, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	if err != nil {
		require.EqualError(t, err, "signal: killed", stderr.String())
	}
	return err != nil
}

func TestExportCutsOffWhatWasNotSaved(t *testing.T) {
	out, want := file(t), whole(t, "-jobs", "300")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, exitIncomplete, exported(ctx, "-out", out, "-jobs", "300").Status)
	require.NoError(t, os.WriteFile(out, []byte(`{"id":"half a li`), 0o600))
	require.Equal(t, exitComplete, exported(t.Context(), "-out", out, "-jobs", "300").Status)
	require.Equal(t, want, read(t, out))
}

func TestExportLeavesAloneWhatIsNotItsOwn(t *testing.T) {
	for name, c := range map[string]struct{ file, checkpoint, want string }{
		"a file without a checkpoint":        {"precious\n", "", "it is there and has no checkpoint"},
		"a checkpoint that is none":          {"", "{", "jobs.ndjson.checkpoint: unexpected end of JSON input"},
		"a file shorter than its checkpoint": {"x", `{"length":20,"jobs":1}`, "it is shorter than its checkpoint says: 1 bytes of 20"},
		"a checkpoint that was altered":      {"", `{"length":0,"checkpoint":"backupx1.e30.0000"}`, "checkpoint cannot be used"},
	} {
		t.Run(name, func(t *testing.T) {
			out := file(t)
			require.NoError(t, os.WriteFile(out, []byte(c.file), 0o600))
			if c.checkpoint != "" {
				require.NoError(t, os.WriteFile(out+suffix, []byte(c.checkpoint), 0o600))
			}
			got := exported(t.Context(), "-out", out)
			require.Equal(t, exitIncomplete, got.Status)
			require.Contains(t, got.Stderr, c.want)
			require.Equal(t, c.file, read(t, out))
		})
	}
}

func TestExportTakesTheFilterOfTheCheckpoint(t *testing.T) {
	out := file(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	args := []string{"-out", out, "-jobs", "600"}
	require.Equal(t, exitIncomplete, exported(ctx, append(args, "-completed-after", "48h")...).Status)
	require.Equal(t, exitComplete, exported(t.Context(), args...).Status)
	require.Equal(t, whole(t, "-jobs", "600", "-completed-after", "48h"), read(t, out))
	require.Less(t, strings.Count(read(t, out), "\n"), 60)
}

func TestFlagsThatCannotBeMeant(t *testing.T) {
	for want, args := range map[string][]string{
		"-save 0: it must be at least 1":                      {"-save", "0"},
		"-profile, -region go with -live":                   {"-region", "us-east-1", "-profile", "audit"},
		"-jobs, -latency do not go with -live":              {"-live", "-jobs", "5", "-latency", "1s"},
		"-out: a file has to have a name":                     {"-out", ""},
		"-completed-after -1h0m0s: it must not be below zero": {"-completed-after", "-1h"},
	} {
		got := exported(t.Context(), args...)
		require.Equal(t, exitNothing, got.Status)
		require.Contains(t, got.Stderr, want)
	}
	help := exported(t.Context(), "-h")
	require.Equal(t, exitComplete, help.Status)
	require.Contains(t, help.Stderr, "Exit status: 0 the file is complete")
	require.Equal(t, exitIncomplete, exported(t.Context(), "-out", file(t), "-parallel", "0").Status)
}
