package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/testenv"
)

func exported(ctx context.Context, args ...string) clitest.Printed {
	return program{}.print(ctx, args...)
}

func (p program) print(ctx context.Context, args ...string) clitest.Printed {
	return clitest.Run(ctx, "export", p.run, args...)
}

// over returns the program with an in-memory service for every profile, at a fixed time.
func over(s *fakeaws.Service, now time.Time) program {
	return program{load: clitest.Loads(s.Config(), nil), now: func() time.Time { return now }}
}

// account returns a service with a number of jobs created before madeUpAt.
func account(jobs int, opts ...fakeaws.Option) *fakeaws.Service {
	return fakeaws.New(fakeaws.Data{
		BackupJobs: fakeaws.GenerateBackupJobs(1, madeUpAt.AddDate(0, 0, -30), madeUpAt, jobs),
	}, opts...)
}

// ended returns a cancelled context, that of a program that was interrupted.
func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "jobs.ndjson") }

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// whole returns what an uninterrupted export writes.
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

func TestExportSaysWhatItDid(t *testing.T) {
	out, want := file(t), whole(t, "-jobs", "500")
	all := strings.Count(want, "\n")
	args := []string{"-live", "-out", out, "-page-size", "20", "-parallel", "1"}
	broken := over(account(500, fakeaws.WithFaults(fakeaws.Fault{Nth: 4, Do: fakeaws.AccessDenied()})), madeUpAt)
	got := broken.print(t.Context(), args...)
	begun := strings.Count(read(t, out), "\n")
	require.NotZero(t, begun)
	require.Equal(t, exitIncomplete, got.Status)
	require.Contains(t, got.Stderr, fmt.Sprintf("\nexport: %d jobs are in %s; start again to go on\n", begun, out))

	s := account(500)
	require.Equal(t, clitest.Printed{
		Status: exitIncomplete,
		Stderr: fmt.Sprintf("export: going on after %d jobs\nexport: interrupted\nexport: %[1]d jobs are in %[2]s; start again to go on\n", begun, out),
	}, over(s, madeUpAt).print(ended(t), args...))
	require.Equal(t, clitest.Printed{
		Stderr: fmt.Sprintf("export: going on after %d jobs\nexport: %s is complete with %d jobs\n", begun, out, all),
	}, over(s, madeUpAt).print(t.Context(), args...))
	require.Equal(t, want, read(t, out))

	asked := len(s.Requests())
	require.Equal(t, clitest.Printed{
		Stderr: fmt.Sprintf("export: %s was already complete with %d jobs; nothing was asked\n", out, all),
	}, over(s, madeUpAt).print(t.Context(), args...))
	require.Len(t, s.Requests(), asked)
	require.Equal(t, want, read(t, out))
}

func TestExportGoesOnAfterItsContextEnds(t *testing.T) {
	out, want := file(t), whole(t, "-jobs", "500")
	args := []string{"-out", out, "-jobs", "500", "-latency", "3ms", "-page-size", "20", "-save", "30"}
	tries := 0
	for status := exitIncomplete; status != exitComplete; tries++ {
		require.Less(t, tries, 200)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(15+tries)*time.Millisecond) // longer each time, for slow machines
		status = exported(ctx, args...).Status
		cancel()
		require.Contains(t, want, read(t, out), "what is there is a beginning")
	}
	require.Equal(t, want, read(t, out))
}

// The process itself is killed at random moments and started again, until it completes the file.
func TestExportSurvivesKill9(t *testing.T) {
	program := clitest.Build(t)
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

// killed runs the program until it is killed, and reports whether that was before its end.
func killed(t *testing.T, after time.Duration, program string, args []string) bool {
	t.Helper()
	got, killed := clitest.Kill(t, after, program, args...)
	if !killed {
		require.Zero(t, got.Status, got.Stderr)
	}
	return killed
}

func TestOneJobIsSingular(t *testing.T) {
	out := file(t)
	require.Equal(t, "export: "+out+" is complete with 1 job\n", exported(t.Context(), "-out", out, "-jobs", "2").Stderr)
	require.Equal(t, "export: "+out+" was already complete with 1 job; nothing was asked\n", exported(t.Context(), "-out", out, "-jobs", "2").Stderr)
}

func TestExportCutsOffWhatWasNotSaved(t *testing.T) {
	out, want := file(t), whole(t, "-jobs", "300")
	require.Equal(t, exitIncomplete, exported(ended(t), "-out", out, "-jobs", "300").Status)
	require.NoError(t, os.WriteFile(out, []byte(`{"id":"half a li`), 0o600))
	require.Equal(t, exitComplete, exported(t.Context(), "-out", out, "-jobs", "300").Status)
	require.Equal(t, want, read(t, out))
}

// Another start would fail in the same way, so the status is not the one that asks for a restart.
func TestExportLeavesAloneWhatIsNotItsOwn(t *testing.T) {
	out := file(t)
	require.Zero(t, exported(t.Context(), "-out", out, "-jobs", "60").Status)
	jobs, checkpoint := read(t, out), read(t, out+suffix)
	for name, c := range map[string]struct{ file, checkpoint, want string }{
		"a file without a checkpoint":                {"precious\n", "", out + ": it is there and has no checkpoint"},
		"a checkpoint that is none":                  {"", "{", out + suffix + ": unexpected end of JSON input"},
		"a checkpoint that was altered":              {"", `{"length":0,"checkpoint":"backupx1.e30.0000"}`, "checkpoint cannot be used"},
		"a file shorter than its checkpoint":         {"x", checkpoint, "it is shorter than its checkpoint says: 1 byte of "},
		"a complete file longer than its checkpoint": {jobs + "mine\n", checkpoint, "it was complete and is longer than its checkpoint says: "},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(out, []byte(c.file), 0o600))
			require.NoError(t, os.Remove(out+suffix))
			if c.checkpoint != "" {
				require.NoError(t, os.WriteFile(out+suffix, []byte(c.checkpoint), 0o600))
			}
			got := exported(t.Context(), "-out", out, "-jobs", "60")
			require.Equal(t, exitNothing, got.Status)
			require.Contains(t, got.Stderr, c.want)
			require.True(t, strings.HasSuffix(got.Stderr, fmt.Sprintf(": remove %s and %[1]s.checkpoint, or name another file with -out\n", out)), got.Stderr)
			require.NotContains(t, got.Stderr, "start again")
			require.Equal(t, c.file, read(t, out))
			require.NoError(t, os.WriteFile(out+suffix, nil, 0o600)) // the next case removes it
		})
	}
}

// A file has the jobs of one source and one bound, so that nobody mistakes made-up jobs for those of an
// account, or the jobs of one day for those of another.
func TestExportRefusesTheFileOfAnother(t *testing.T) {
	testenv.Clean(t)
	live := []string{"-live", "-region", "eu-west-1", "-completed-after", "24h"}
	for name, c := range map[string]struct {
		begun, then []string
		env, want   string
	}{
		"live after made up":       {nil, []string{"-live"}, "", `it is of the scope "made up, 5000 jobs", not "live, profile default, region us-east-1`},
		"made up after live":       {live, []string{"-completed-after", "24h"}, "", `it is of the scope "live, profile default, region eu-west-1`},
		"other made-up jobs":       {nil, []string{"-jobs", "50"}, "", `"made up, 50 jobs"`},
		"another region":           {live, append(live, "-region", "us-west-2"), "", "region us-west-2"},
		"another profile":          {live, append(live, "-profile", "audit"), "", "profile audit"},
		"keys in the environment":  {live, live, "AWS_ACCESS_KEY_ID", "keys of the environment"},
		"a profile from elsewhere": {live, live, "AWS_PROFILE", "profile AKIA"},
		"another bound":            {live, append(live, "-completed-after", "48h"), "", "it was begun with -completed-after 24h0m0s, not 48h0m0s"},
		"no bound":                 {live, live[:3:3], "", "it was begun with -completed-after 24h0m0s, not 0s"},
	} {
		t.Run(name, func(t *testing.T) {
			out, s := file(t), account(300)
			p := over(s, madeUpAt)
			require.Zero(t, p.print(t.Context(), append(c.begun, "-out", out)...).Status)
			was, asked := read(t, out), len(s.Requests())
			if c.env != "" {
				t.Setenv(c.env, "AKIA")
			}
			got := p.print(t.Context(), append(c.then, "-out", out)...)
			require.Equal(t, exitNothing, got.Status)
			require.Contains(t, got.Stderr, backupx.ErrCheckpoint.Error())
			require.Contains(t, got.Stderr, c.want)
			require.Contains(t, got.Stderr, "remove "+out+" and "+out+suffix+", or name another file with -out\n")
			require.Equal(t, was, read(t, out))
			require.Len(t, s.Requests(), asked)
		})
	}
}

// A start that wrote no job binds the file to nothing: with other settings the same file can be written.
func TestExportBeginsAnewWhereNothingIsWritten(t *testing.T) {
	out, p := file(t), over(account(300), madeUpAt)
	require.Equal(t, exitIncomplete, p.print(ended(t), "-live", "-profile", "wrong", "-out", out).Status)
	require.Zero(t, p.print(t.Context(), "-live", "-completed-after", "48h", "-out", out).Status)
	require.Equal(t, whole(t, "-jobs", "300", "-completed-after", "48h"), read(t, out))
}

func TestExportKeepsTheBoundOfTheFirstStart(t *testing.T) {
	out, s := file(t), account(600)
	args := []string{"-live", "-completed-after", "48h", "-out", out}
	require.Equal(t, exitIncomplete, over(s, madeUpAt).print(ended(t), args...).Status)
	require.Zero(t, over(s, madeUpAt.Add(30*time.Hour)).print(t.Context(), args...).Status)
	require.Equal(t, whole(t, "-jobs", "600", "-completed-after", "48h"), read(t, out))
	require.Less(t, strings.Count(read(t, out), "\n"), 60)
}

func TestExportNamesMadeUpJobsSo(t *testing.T) {
	t.Chdir(t.TempDir())
	require.Contains(t, exported(t.Context(), "-jobs", "9").Stderr, "export: made-up.ndjson is complete")
	require.Contains(t, over(account(9), madeUpAt).print(t.Context(), "-live").Stderr, "export: jobs.ndjson is complete")
}

func TestFlagsThatCannotBeMeant(t *testing.T) {
	for want, args := range map[string][]string{
		"-save 0: it must be at least 1":                      {"-save", "0"},
		"-profile, -region go with -live":                     {"-region", "us-east-1", "-profile", "audit"},
		"-jobs, -latency do not go with -live":                {"-live", "-jobs", "5", "-latency", "1s"},
		"it takes a duration: 48h, 90m, 2d (-h for help)":     {"-completed-after", "foo"},
		"Parallel: 0: it must be at least 1":                  {"-out", file(t), "-parallel", "0"},
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
	missing := program{load: clitest.Loads(aws.Config{}, errors.New("no such profile"))}
	require.Equal(t, clitest.Printed{Status: exitNothing, Stderr: "export: no such profile\n"}, missing.print(t.Context(), "-live"))
}
