package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/rows"
	"github.com/backupx-go/backupx/internal/testenv"
)

func TestExportGoesOnAfterItsContextEnds(t *testing.T) {
	out, want := file(t), program{}.whole(t, "-jobs", "80")
	args := []string{"-out", out, "-jobs", "80", "-latency", "3ms", "-page-size", "20", "-save", "30"}
	tries := 0
	for status := exitIncomplete; status != exitComplete; tries++ {
		require.Less(t, tries, 200)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(15+tries)*time.Millisecond) // longer each time, for slow machines
		status = program{}.print(ctx, args...).Status
		cancel()
		require.Contains(t, want, read(t, out), "what is there is a beginning")
	}
	require.Equal(t, want, read(t, out))
}

// deniedCopies makes the copy jobs of a region fail.
func deniedCopies(times int) fakeaws.Fault {
	return fakeaws.Fault{Times: times, Do: fakeaws.AccessDenied(), When: func(r fakeaws.Request) bool {
		return r.Region == "eu-west-1" && r.Operation == "ListCopyJobs"
	}}
}

// The process itself is killed at random moments and started again, until it completes the file. A source fails in
// the first runs.
func TestExportSurvivesKill9(t *testing.T) {
	program := clitest.Build(t)
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 9))
			service := account(400, fakeaws.WithLatency(10*time.Millisecond))
			server := httptest.NewServer(service)
			defer server.Close()
			env := []string{"AWS_ENDPOINT_URL=" + server.URL, "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI"}
			live := []string{"-live", "-region", "us-east-1,eu-west-1", "-page-size", "50"}
			whole := file(t)
			got, _ := clitest.KillWith(t, env, time.Minute, program, append(live, "-out", whole)...)
			require.Zero(t, got.Status, got.Stderr)

			service.Fault(deniedCopies(3))
			out, kills, runs := file(t), 0, 0
			args := append(live, "-out", out, "-save", "25", "-parallel", fmt.Sprint(1+r.IntN(4)))
			for complete := false; !complete; runs++ {
				require.Less(t, runs, 500, "it comes to no end")
				got, killed := clitest.KillWith(t, env, time.Duration(r.IntN(150))*time.Millisecond, program, args...)
				if killed {
					kills++
					continue
				}
				require.Less(t, got.Status, exitNothing, got.Stderr)
				complete = got.Status == exitComplete
			}
			t.Log(kills, "kills")
			require.Positive(t, kills)
			require.Equal(t, written(t, read(t, whole)), written(t, read(t, out)))
			require.NoFileExists(t, out+suffix+".new")
		})
	}
}

// Whatever is on the disk at any moment of a run, another run completes it. A moment is that of a request.
func TestExportGoesOnFromEveryMoment(t *testing.T) {
	for _, format := range []string{"ndjson", "csv"} {
		t.Run(format, func(t *testing.T) {
			s := account(60)
			args := []string{"-live", "-region", "us-east-1,eu-west-1", "-format", format, "-page-size", "10"}
			want := over(s).whole(t, args...)
			dir := t.TempDir()
			out := filepath.Join(dir, "jobs")
			var mu sync.Mutex
			moments := 0
			watch := s.Fault(fakeaws.Fault{Times: 1, Nth: 1 << 30, Do: fakeaws.Drop(), When: func(fakeaws.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				moments++
				for _, suffix := range []string{suffix, ""} { // the file last: it may be longer than its checkpoint says, not shorter
					if text, err := os.ReadFile(out + suffix); err == nil {
						_ = os.WriteFile(fmt.Sprint(out, moments, suffix), text, 0o600)
					}
				}
				return false
			}})
			require.Zero(t, over(s).print(t.Context(), append(args, "-save", "13", "-out", out)...).Status)
			watch.Remove()
			require.Equal(t, want, read(t, out))
			require.Greater(t, moments, 30)
			for n := range moments {
				again := fmt.Sprint(out, n+1)
				got := over(s).print(t.Context(), append(args, "-out", again)...)
				require.Zero(t, got.Status, got.Stderr)
				require.Equal(t, want, read(t, again))
			}
		})
	}
}

// Between the two writes the file is longer than the checkpoint says.
func TestExportGoesOnBetweenTheFileAndItsCheckpoint(t *testing.T) {
	for _, format := range []string{"ndjson", "csv"} {
		t.Run(format, func(t *testing.T) {
			s, out := account(100), file(t)
			args := []string{"-live", "-format", format, "-page-size", "10", "-save", "7", "-parallel", "1"}
			want := over(s).whole(t, args...)
			asked := 0
			full := s.Fault(fakeaws.Fault{Nth: 1 << 30, Do: fakeaws.Drop(), When: func(fakeaws.Request) bool {
				if asked++; asked == 8 {
					_ = os.Mkdir(out+suffix+".new", 0o700) // the checkpoint cannot be written now
				}
				return false
			}})
			got := over(s).print(t.Context(), append(args, "-out", out)...)
			full.Remove()
			require.Equal(t, exitIncomplete, got.Status)
			require.Contains(t, got.Stderr, "export: the checkpoint: ")
			at, err := load(out)
			require.NoError(t, err)
			require.Positive(t, at.Jobs)
			require.Greater(t, len(read(t, out)), int(at.Length))
			require.NoError(t, os.Remove(out+suffix+".new"))
			require.Zero(t, over(s).print(t.Context(), append(args, "-out", out)...).Status)
			require.Equal(t, want, read(t, out))
		})
	}
}

// The cursor has passed a job that the program could not write, and its checkpoint must not.
func TestAJobThatCannotBeWrittenIsNotLost(t *testing.T) {
	out, p := file(t), over(account(60))
	want := p.whole(t, "-live")
	o, err := parse([]string{"-live", "-out", out, "-save", "7"}, io.Discard)
	require.NoError(t, err)
	fleet, err := p.fleet(t.Context(), o)
	require.NoError(t, err)
	e, err := o.prepare(fleet, p.now(), func(backupx.PageInfo) {})
	require.NoError(t, err)
	left, write := 30, e.write
	e.write = func(r rows.Row) error {
		if left--; left < 0 {
			return errors.New("it has no form in JSON")
		}
		return write(r)
	}
	require.EqualError(t, e.export(t.Context()), "it has no form in JSON")
	require.NoError(t, e.file.Close())
	require.Equal(t, 28, e.at.Jobs)
	require.Zero(t, p.print(t.Context(), "-live", "-out", out).Status)
	require.Equal(t, want, read(t, out))
}

// A source that fails hides no other. It is read in the next run, and the others are not read again.
func TestAFailedSourceIsReadInTheNextRun(t *testing.T) {
	s, out := account(300), file(t)
	args := []string{"-live", "-profile", "prod,test", "-region", "us-east-1,eu-west-1", "-page-size", "40"}
	want := written(t, over(s).whole(t, args...))
	s.ResetRequests()
	fault := s.Fault(deniedCopies(0))
	got := over(s).print(t.Context(), append(args, "-out", out)...)
	require.Equal(t, exitIncomplete, got.Status)
	for _, profile := range []string{"prod", "test"} {
		require.Contains(t, got.Stderr, "export: "+profile+"/eu-west-1/copy: denied: AccessDeniedException: ")
	}
	require.Equal(t, 2, strings.Count(got.Stderr, "denied: "))
	first := written(t, read(t, out))
	for key, r := range want {
		if r.Region == "eu-west-1" && r.Kind == "copy" {
			require.NotContains(t, first, key)
			continue
		}
		require.Equal(t, r, first[key])
	}
	again := over(s).print(t.Context(), append(args, "-out", out)...)
	require.Equal(t, exitIncomplete, again.Status, "as long as it fails")
	require.Contains(t, again.Stderr, fmt.Sprintf("export: going on after %d jobs\n", len(first)))
	require.Equal(t, first, written(t, read(t, out)))

	fault.Remove()
	s.ResetRequests()
	require.Zero(t, over(s).print(t.Context(), append(args, "-out", out)...).Status)
	require.Equal(t, want, written(t, read(t, out)))
	for _, r := range s.Requests() {
		require.Equal(t, []string{"eu-west-1", "ListCopyJobs"}, []string{r.Region, r.Operation})
	}
}

// A region, a profile or a kind that is new is added to the file, complete or not. One that is gone is refused if it was
// not read whole.
func TestSourcesThatAreNewAndGone(t *testing.T) {
	s, out := account(100), file(t)
	args := []string{"-live", "-kind", "backup", "-region", "us-east-1"}
	more := []string{"-live", "-region", "us-east-1,eu-west-1"}
	require.Zero(t, over(s).print(t.Context(), append(args, "-out", out)...).Status)
	first := read(t, out)
	got := over(s).print(t.Context(), append(more, "-out", out)...)
	require.Zero(t, got.Status, got.Stderr)
	require.True(t, strings.HasPrefix(read(t, out), first))
	require.Equal(t, written(t, over(s).whole(t, more...)), written(t, read(t, out)))
	got = over(s).print(t.Context(), append(args, "-out", out)...)
	require.Zero(t, got.Status, got.Stderr)
	require.Contains(t, got.Stderr, "already complete")

	out = file(t)
	s.Fault(deniedCopies(0))
	require.Equal(t, exitIncomplete, over(s).print(t.Context(), append(more, "-page-size", "5", "-out", out)...).Status)
	got = over(s).print(t.Context(), append(args, "-out", out)...)
	require.Equal(t, exitNothing, got.Status)
	require.Contains(t, got.Stderr, "eu-west-1")
	require.Contains(t, got.Stderr, "remove "+out)
}

// A run that comes a week later finds that the page tokens of its checkpoint have died.
func TestExportGoesOnWithDeadTokens(t *testing.T) {
	now := sources.MadeUp()
	s := fakeaws.New(sources.MadeUpJobs(1, 300), fakeaws.WithClock(func() time.Time { return now }), fakeaws.WithTokenLife(time.Hour))
	args := []string{"-live", "-region", "us-east-1,eu-west-1", "-page-size", "20"}
	want, out := written(t, over(s).whole(t, args...)), file(t)
	broken := s.Fault(fakeaws.Fault{Nth: 9, Every: 2, Do: fakeaws.AccessDenied()})
	require.Equal(t, exitIncomplete, over(s).print(t.Context(), append(args, "-out", out)...).Status)
	broken.Remove()
	require.NotEmpty(t, written(t, read(t, out)))
	require.Less(t, len(written(t, read(t, out))), len(want))
	now = now.AddDate(0, 0, 7)
	got := over(s).print(t.Context(), append(args, "-out", out)...)
	require.Zero(t, got.Status, got.Stderr)
	require.Equal(t, want, written(t, read(t, out)))
}

func TestExportCutsOffWhatWasNotSaved(t *testing.T) {
	out, want := file(t), program{}.whole(t, "-jobs", "30")
	require.Equal(t, exitIncomplete, program{}.print(endedContext(t), "-out", out, "-jobs", "30").Status)
	require.NoError(t, os.WriteFile(out, []byte(`{"id":"half a li`), 0o600))
	require.Equal(t, exitComplete, program{}.print(t.Context(), "-out", out, "-jobs", "30").Status)
	require.Equal(t, want, read(t, out))
}

// Another start would fail in the same way, so the status is not the one that asks for a restart.
func TestExportLeavesAloneWhatIsNotItsOwn(t *testing.T) {
	out := file(t)
	require.Zero(t, program{}.print(t.Context(), "-out", out, "-jobs", "20").Status)
	jobs, checkpoint := read(t, out), read(t, out+suffix)
	for name, c := range map[string]struct{ file, checkpoint, want string }{
		"a file without a checkpoint":                {"precious\n", "", out + ": it is there and has no checkpoint"},
		"a checkpoint that is none":                  {"", "{", out + suffix + ": unexpected end of JSON input"},
		"a checkpoint of nothing":                    {jobs, "null", out + suffix + ": it is not a checkpoint of this program"},
		"a checkpoint without its members":           {jobs, "{}", out + suffix + ": it is not a checkpoint of this program"},
		"a length below zero":                        {jobs, strings.Replace(checkpoint, `"length":`, `"length":-`, 1), "it is not a checkpoint of this program"},
		"a file that was edited":                     {jobs[:len(jobs)-1] + " ", checkpoint, "it was changed: its checkpoint is within a row"},
		"a checkpoint that was altered":              {"", `{"format":"ndjson","length":0,"checkpoint":"backupx1.e30.0000"}`, "checkpoint cannot be used"},
		"a file shorter than its checkpoint":         {"x", checkpoint, "it is shorter than its checkpoint says: 1 byte of "},
		"a complete file longer than its checkpoint": {jobs + "mine\n", checkpoint, "it was complete and is longer than its checkpoint says: "},
		"a checkpoint of an earlier version":         {jobs, strings.Replace(checkpoint, `"format":"ndjson",`, "", 1), "it is of an earlier version of this program"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(out, []byte(c.file), 0o600))
			require.NoError(t, os.Remove(out+suffix))
			if c.checkpoint != "" {
				require.NoError(t, os.WriteFile(out+suffix, []byte(c.checkpoint), 0o600))
			}
			got := program{}.print(t.Context(), "-out", out, "-jobs", "20")
			require.Equal(t, exitNothing, got.Status)
			require.Contains(t, got.Stderr, c.want)
			require.True(t, strings.HasSuffix(got.Stderr, fmt.Sprintf(": remove %s and %[1]s.checkpoint, or name another file with -out\n", out)), got.Stderr)
			require.NotContains(t, got.Stderr, "start again")
			require.Equal(t, c.file, read(t, out))
			require.NoError(t, os.WriteFile(out+suffix, nil, 0o600)) // the next case removes it
		})
	}
}

// A file has the jobs of one bound, and made-up jobs or those of accounts, so that nobody mistakes the ones for the others.
func TestExportRefusesTheFileOfAnother(t *testing.T) {
	testenv.Clean(t)
	live := []string{"-live", "-region", "eu-west-1", "-since", "24h"}
	half := append(live, "-page-size", "3") // an export that did not come to its end
	for name, c := range map[string]struct {
		begun, then []string
		env, want   string
	}{
		"live after made up":       {[]string{"-jobs", "20"}, []string{"-live"}, "", `it is of the scope "made up, 20 jobs", not "live"`},
		"made up after live":       {live, []string{"-since", "24h"}, "", `it is of the scope "live", not "made up, 500 jobs"`},
		"other made-up jobs":       {[]string{"-jobs", "20"}, []string{"-jobs", "50"}, "", `"made up, 50 jobs"`},
		"another region":           {half, []string{"-live", "-region", "us-west-2", "-since", "24h"}, "", "default/eu-west-1"},
		"another profile":          {half, append(live, "-profile", "audit"), "", "default/eu-west-1"},
		"keys in the environment":  {half, live, "AWS_ACCESS_KEY_ID", "default/eu-west-1"},
		"a profile from elsewhere": {half, live, "AWS_PROFILE", "default/eu-west-1"},
		"another bound":            {live, append(live, "-since", "48h"), "", `it was started with -since "24h", not "48h"`},
		"no bound":                 {live, live[:3:3], "", `it was started with -since "24h", not ""`},
		"another format":           {live, append(live, "-format", "csv"), "", "it was started with -format ndjson, not csv"},
	} {
		t.Run(name, func(t *testing.T) {
			out, s := file(t), account(300)
			p := over(s)
			fault := s.Fault(deniedCopies(0))
			if len(c.begun) < len(half) {
				fault.Remove()
			}
			p.print(t.Context(), append(c.begun, "-out", out)...)
			fault.Remove()
			require.NotEmpty(t, read(t, out))
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

// Another endpoint is another source of the same name.
func TestExportRefusesTheFileOfAnotherEndpoint(t *testing.T) {
	s, out := account(100), file(t)
	s.Fault(fakeaws.Fault{Operation: "ListCopyJobs", Do: fakeaws.AccessDenied()})
	require.Equal(t, exitIncomplete, over(s).print(t.Context(), "-live", "-out", out).Status)
	cfg := s.Config()
	elsewhere := "https://backup.example"
	cfg.BaseEndpoint = &elsewhere
	got := program{load: clitest.Loads(cfg, nil), now: sources.MadeUp}.print(t.Context(), "-live", "-out", out)
	require.Equal(t, exitNothing, got.Status)
	require.Contains(t, got.Stderr, elsewhere)

	testenv.Clean(t)
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ENDPOINT_URL_BACKUP", elsewhere)
	cfg, err := cli.LoadConfig(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, elsewhere, options{live: true}.endpoint(backupx.Source{Config: cfg}))
}

// A start that wrote no job binds the file to nothing: with other settings the same file can be written.
func TestExportBeginsAnewWhereNothingIsWritten(t *testing.T) {
	out, p := file(t), over(account(300))
	require.Equal(t, exitIncomplete, p.print(endedContext(t), "-live", "-profile", "wrong", "-format", "csv", "-out", out).Status)
	require.Zero(t, p.print(t.Context(), "-live", "-since", "2d", "-out", out).Status)
	require.Equal(t, p.whole(t, "-live", "-since", "2d"), read(t, out))
}

func TestExportKeepsTheBoundOfTheFirstStart(t *testing.T) {
	out, s := file(t), account(300)
	args := []string{"-live", "-since", "48h", "-out", out}
	require.Equal(t, exitIncomplete, over(s).print(endedContext(t), args...).Status)
	later := over(s)
	later.now = func() time.Time { return sources.MadeUp().AddDate(0, 0, 40) }
	require.Zero(t, later.print(t.Context(), args...).Status)
	require.Equal(t, over(s).whole(t, "-live", "-since", "48h"), read(t, out))
	n := strings.Count(read(t, out), "\n")
	require.Positive(t, n)
	require.Less(t, n, 80)
	var at map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(read(t, out+suffix)), &at))
	require.Equal(t, `"2026-03-12T06:00:00Z"`, string(at["from"]))
}
