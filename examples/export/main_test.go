package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/examples/internal/lock"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/rows"
	"github.com/backupx-go/backupx/internal/testenv"
)

func (p program) print(ctx context.Context, args ...string) clitest.Printed {
	return clitest.Run(ctx, "export", p.run, args...)
}

// over returns the program with an in-memory service for every profile and region.
func over(s *fakeaws.Service) program {
	return program{load: clitest.Loads(clitest.WithAccount(s.Config(), "111122223333"), nil), now: sources.MadeUp}
}

// account returns a service with a number of backup jobs and as many copy jobs.
func account(jobs int, opts ...fakeaws.Option) *fakeaws.Service {
	return fakeaws.New(sources.MadeUpJobs(1, jobs), append(opts, fakeaws.WithClock(sources.MadeUp))...)
}

// endedContext returns a cancelled context, that of a program that was interrupted.
func endedContext(t *testing.T) context.Context {
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

// whole returns what an uninterrupted run writes.
func (p program) whole(t *testing.T, args ...string) string {
	t.Helper()
	out := file(t)
	got := p.print(t.Context(), append([]string{"-out", out}, args...)...)
	require.Zero(t, got.Status, got.Stderr)
	return read(t, out)
}

// written are the rows of a file, by kind, source and id. Each is there once.
func written(t *testing.T, text string) map[string]rows.Row {
	t.Helper()
	all := map[string]rows.Row{}
	for line := range strings.Lines(text) {
		var r rows.Row
		require.NoError(t, json.Unmarshal([]byte(line), &r), line)
		key := strings.Join([]string{r.Kind, r.Source, r.ID}, " ")
		require.NotContains(t, all, key)
		all[key] = r
	}
	return all
}

func TestExportIsAsRecorded(t *testing.T) {
	for name, args := range map[string][]string{"jobs.ndjson": nil, "jobs.csv": {"-format", "csv"}} {
		args = append(args, "-jobs", "5")
		got := program{}.whole(t, args...)
		clitest.Golden(t, name, got)
		require.Equal(t, got, program{}.whole(t, append(args, "-parallel", "1", "-page-size", "3")...), "in one order, however it is read")
	}
}

// Each line holds what a loop over the SDK's own client gets, to the letter.
func TestExportLosesNothingThatTheSDKGives(t *testing.T) {
	s := account(200)
	got := written(t, over(s).whole(t, "-live", "-region", "us-east-1"))
	client := backup.NewFromConfig(s.Config())
	want := map[string]string{}
	for p := backup.NewListBackupJobsPaginator(client, &backup.ListBackupJobsInput{}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		for _, j := range page.BackupJobs {
			if !lo.Contains([]types.BackupJobState{"CREATED", "PENDING", "RUNNING", "ABORTING"}, j.State) {
				want["backup environment/us-east-1 "+*j.BackupJobId] = string(lo.Must(json.Marshal(j)))
			}
		}
	}
	for p := backup.NewListCopyJobsPaginator(client, &backup.ListCopyJobsInput{}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		for _, j := range page.CopyJobs {
			if !lo.Contains([]types.CopyJobState{"CREATED", "RUNNING"}, j.State) {
				want["copy environment/us-east-1 "+*j.CopyJobId] = string(lo.Must(json.Marshal(j)))
			}
		}
	}
	require.NotEmpty(t, want)
	require.Equal(t, want, lo.MapValues(got, func(r rows.Row, _ string) string { return string(r.Item) }))
}

func TestBothFormatsHoldTheSame(t *testing.T) {
	lines, table := program{}.whole(t, "-jobs", "50"), program{}.whole(t, "-jobs", "50", "-format", "csv")
	got, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	require.NoError(t, err)
	want := [][]string{rows.Header()}
	for line := range strings.Lines(lines) {
		var r rows.Row
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		want = append(want, r.Cells())
	}
	require.Equal(t, want, got)
}

func TestExportOfAKindAlone(t *testing.T) {
	both := written(t, program{}.whole(t, "-jobs", "50"))
	for _, kind := range []string{"backup", "copy"} {
		want := lo.PickBy(both, func(_ string, r rows.Row) bool { return r.Kind == kind })
		require.NotEmpty(t, want)
		require.Equal(t, want, written(t, program{}.whole(t, "-jobs", "50", "-kind", kind)))
	}
	require.Equal(t, both, written(t, program{}.whole(t, "-jobs", "50", "-kind", "copy,backup")))
}

func TestExportSaysWhatItDid(t *testing.T) {
	out, s := file(t), account(500)
	args := []string{"-live", "-out", out, "-page-size", "20", "-parallel", "1", "-kind", "backup"}
	want := over(s).whole(t, append(args[:1:1], args[3:]...)...)
	all := strings.Count(want, "\n")
	broken := s.Fault(fakeaws.Fault{Nth: 4, Do: fakeaws.AccessDenied()})
	got := over(s).print(t.Context(), args...)
	broken.Remove()
	begun := strings.Count(read(t, out), "\n")
	require.NotZero(t, begun)
	require.Equal(t, exitIncomplete, got.Status)
	require.Contains(t, got.Stderr, "export: environment/us-east-1/backup: denied: AccessDeniedException: ")
	require.Contains(t, got.Stderr, fmt.Sprintf("\nexport: %d jobs are in %s; start again to go on\n", begun, out))

	got = over(s).print(endedContext(t), args...)
	require.Equal(t, exitIncomplete, got.Status)
	require.Contains(t, got.Stderr, fmt.Sprintf("export: going on after %d jobs\nexport: interrupted\nexport: %[1]d jobs are in %[2]s; start again to go on\n", begun, out))
	require.Equal(t, clitest.Printed{
		Stderr: fmt.Sprintf("export: account 111122223333 in us-east-1\nexport: going on after %d jobs\nexport: %s is complete with %d jobs\n", begun, out, all),
	}, over(s).print(t.Context(), args...))
	require.Equal(t, want, read(t, out))

	asked := len(s.Requests())
	require.Equal(t, clitest.Printed{
		Stderr: fmt.Sprintf("export: %s was already complete with %d jobs; nothing was asked\n", out, all),
	}, over(s).print(t.Context(), args...))
	require.Len(t, s.Requests(), asked)
	require.Equal(t, want, read(t, out))
}

func TestOneJobIsSingular(t *testing.T) {
	out := file(t)
	args := []string{"-live", "-out", out, "-kind", "backup"}
	p := over(fakeaws.New(fakeaws.Data{BackupJobs: []types.BackupJob{{
		BackupJobId: aws.String("job-1"), State: types.BackupJobStateCompleted, CreationDate: aws.Time(sources.MadeUp().AddDate(0, 0, -1)),
	}}}))
	require.Equal(t, "export: account 111122223333 in us-east-1\nexport: "+out+" is complete with 1 job\n", p.print(t.Context(), args...).Stderr)
	require.Equal(t, "export: "+out+" was already complete with 1 job; nothing was asked\n", p.print(t.Context(), args...).Stderr)
}

func TestOneRunAtATimeWritesAFile(t *testing.T) {
	out := file(t)
	unlock, err := lock.File(out)
	require.NoError(t, err)
	require.Equal(t, clitest.Printed{
		Status: exitNothing, Stderr: "export: " + out + ": another run is under way with this file\n",
	}, program{}.print(t.Context(), "-out", out))
	require.NoFileExists(t, out)
	unlock()
	require.Zero(t, program{}.print(t.Context(), "-out", out, "-jobs", "5").Status)
}

// The names of a file are one export, also before the file exists.
func TestALinkIsTheFileThatItLeadsTo(t *testing.T) {
	out, want := file(t), program{}.whole(t, "-jobs", "9")
	link := out + ".link"
	require.NoError(t, os.Symlink(filepath.Base(out), link))
	require.Equal(t, exitIncomplete, program{}.print(endedContext(t), "-out", link, "-jobs", "9").Status)
	require.NoFileExists(t, link+suffix)
	unlock, err := lock.File(out)
	require.NoError(t, err)
	require.Equal(t, exitNothing, program{}.print(t.Context(), "-out", link, "-jobs", "9").Status)
	unlock()
	require.Zero(t, program{}.print(t.Context(), "-out", link, "-jobs", "9").Status)
	require.Equal(t, want, read(t, out))
	require.Contains(t, program{}.print(t.Context(), "-out", out, "-jobs", "9").Stderr, out+" was already complete")
}

// Nothing is written beside what is not a file.
func TestExportWritesOnlyFiles(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(os.DevNull, link))
	for _, out := range []string{dir, link} {
		require.Equal(t, clitest.Printed{
			Status: exitNothing, Stderr: "export: -out " + out + ": it is not a file, but a folder, a pipe or a device (-h for help)\n",
		}, program{}.print(t.Context(), "-out", out, "-jobs", "5"))
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{link}, left)
	require.NoFileExists(t, dir+".lock")
	require.NoFileExists(t, os.DevNull+".lock")
}

func TestExportNamesMadeUpJobsSo(t *testing.T) {
	t.Chdir(t.TempDir())
	require.Contains(t, program{}.print(t.Context(), "-jobs", "9").Stderr, "export: made-up.ndjson is complete")
	require.Contains(t, program{}.print(t.Context(), "-jobs", "9", "-format", "csv").Stderr, "export: made-up.csv is complete")
	require.Contains(t, over(account(9)).print(t.Context(), "-live").Stderr, "export: jobs.ndjson is complete")
}

// The README shows what the first of its commands prints and writes.
func TestTheREADMEIsWhatTheProgramDoes(t *testing.T) {
	readme := read(t, "README.md")
	t.Chdir(t.TempDir())
	require.Contains(t, readme, "\n"+program{}.print(t.Context()).Stderr)
	row, _, ok := strings.Cut(readme[strings.Index(readme, `{"kind"`):], "…")
	require.True(t, ok)
	require.True(t, strings.HasPrefix(read(t, "made-up.ndjson"), row))
	require.Contains(t, readme, "\n"+strings.Join(rows.Header(), ",")+"\n")
}

func TestProgressIsForTerminals(t *testing.T) {
	p := program{}
	p.screen.Line = func() int { return 60 }
	got := p.print(t.Context(), "-out", file(t), "-jobs", "40", "-latency", "100ms", "-parallel", "1")
	require.Contains(t, got.Stderr, "\r\x1b[K")
	require.Contains(t, got.Stderr, " of 4 sources · ")
	require.True(t, strings.HasSuffix(got.Stderr, " jobs\n"), got.Stderr)
	require.NotContains(t, program{}.print(t.Context(), "-out", file(t), "-jobs", "40").Stderr, "\r")
}

func TestFlagsThatCannotBeMeant(t *testing.T) {
	testenv.Clean(t)
	for want, args := range map[string][]string{
		"-save 0: it must be at least 1":                     {"-save", "0"},
		"-jobs -1: it must not be below zero":                {"-jobs", "-1"},
		"-latency -1s: it must not be below zero":            {"-latency", "-1s"},
		"-profile, -region go with -live":                    {"-region", "us-east-1", "-profile", "audit"},
		"-jobs, -latency do not go with -live":               {"-live", "-jobs", "5", "-latency", "1s"},
		"-since: it takes a duration, a date or a time":      {"-since", "foo"},
		"-since 2027-01-01: it is in the future":             {"-since", "2027-01-01"},
		"Parallel: 0: it must be at least 1":                 {"-parallel", "0"},
		"-out: a file has to have a name":                    {"-out", ""},
		`-kind: "restore": the kinds are backup and copy`:    {"-kind", "copy,restore"},
		`-format: "parquet": the formats are ndjson and csv`: {"-format", "parquet"},
		"-role and -accounts go together":                    {"-live", "-accounts", "111122223333"},
	} {
		got := program{}.print(t.Context(), append([]string{"-out", file(t)}, args...)...)
		require.Equal(t, exitNothing, got.Status)
		require.Contains(t, got.Stderr, want)
		require.Equal(t, 1, strings.Count(got.Stderr, "\n"), got.Stderr)
	}
	help := program{}.print(t.Context(), "-h")
	require.Equal(t, exitComplete, help.Status)
	require.Contains(t, help.Stderr, "Exit status: 0 the file is complete")
	missing := program{load: clitest.Loads(aws.Config{}, errors.New("no such profile"))}
	require.Equal(t, clitest.Printed{Status: exitNothing, Stderr: "export: no such profile\n"}, missing.print(t.Context(), "-live"))
	require.Equal(t, exitNothing, program{}.print(t.Context(), "-out", filepath.Join(t.TempDir(), "none", "jobs.ndjson")).Status)
}
