package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/examples/internal/lock"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/testenv"
)

func (p program) print(ctx context.Context, args ...string) clitest.Printed {
	return clitest.Run(ctx, "alert", p.run, args...)
}

// over returns the program with an in-memory service for every profile.
func over(services map[string]*fakeaws.Service) program {
	return program{
		load: func(_ context.Context, profile string) (aws.Config, error) { return services[profile].Config(), nil },
		now:  sources.MadeUp,
	}
}

// failed returns a job that failed half an hour before the run.
func failed(id string) types.BackupJob {
	at := sources.MadeUp()
	return types.BackupJob{
		BackupJobId: &id, State: types.BackupJobStateFailed, ResourceArn: aws.String("arn:aws:ec2:::instance/" + id),
		CreationDate: aws.Time(at.Add(-40 * time.Minute)), CompletionDate: aws.Time(at.Add(-30 * time.Minute)),
	}
}

func account(opts []fakeaws.Option, jobs ...types.BackupJob) *fakeaws.Service {
	return fakeaws.New(fakeaws.Data{BackupJobs: jobs}, append(opts, fakeaws.WithClock(sources.MadeUp))...)
}

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "alert.state") }

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// linesOf returns the sorted lines of what an undisturbed run of made-up accounts prints.
func linesOf(t *testing.T, args ...string) []string {
	t.Helper()
	got := program{}.print(t.Context(), append(args, "-state", file(t))...)
	require.Equal(t, exitTold, got.Status, got.Stderr)
	return sorted(got.Stdout)
}

func sorted(text string) []string { return slices.Sorted(strings.Lines(text)) }

func TestOfflineRunIsAsRecorded(t *testing.T) {
	for name, args := range map[string][]string{"alert.txt": nil, "alert.ndjson": {"-json"}, "each.txt": {"-each"}} {
		t.Run(name, func(t *testing.T) {
			args = append(args, "-state", file(t))
			first := program{}.print(t.Context(), args...)
			require.Equal(t, clitest.Printed{Status: exitTold, Stdout: first.Stdout}, first)
			clitest.Golden(t, name, first.Stdout)
			require.Equal(t, clitest.Printed{Status: exitNothing}, program{}.print(t.Context(), args...))
		})
	}
	require.Equal(t, linesOf(t, "-json"), linesOf(t, "-json", "-each"))
}

func TestTheReadmeShowsWhatIsPrinted(t *testing.T) {
	require.Contains(t, read(t, "README.md"), "The first run prints\n\n```\n"+read(t, filepath.Join("testdata", "alert.txt"))+"```\n")
}

func TestSinceIsADurationADateOrATime(t *testing.T) {
	for since, want := range map[string]int{"2d": 1, "40m": 1, "20m": 0, "2026-03-14": 1, "2026-03-14T05:40:00Z": 0, "0s": 0} {
		p := over(map[string]*fakeaws.Service{"prod": account(nil, failed("first"))})
		got := p.print(t.Context(), "-live", "-profile", "prod", "-region", "us-east-1", "-json", "-state", file(t), "-since", since)
		require.Equal(t, want, strings.Count(got.Stdout, "\n"), "%s: %s", since, got.Stderr)
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	services := func() map[string]*fakeaws.Service {
		slow := []fakeaws.Option{fakeaws.WithLatency(3 * time.Second)}
		return map[string]*fakeaws.Service{"prod": account(nil, failed("first")), "test": account(slow, failed("second"))}
	}
	args := []string{"-live", "-profile", "prod,test", "-region", "us-east-1", "-each"}
	synctest.Test(t, func(t *testing.T) {
		plain := over(services()).print(t.Context(), append(args, "-state", file(t))...)
		require.Equal(t, exitTold, plain.Status)
		require.Empty(t, plain.Stderr)
		p := over(services())
		p.screen.Line = func() int { return 80 }
		p.load = func(_ context.Context, profile string) (aws.Config, error) {
			return clitest.WithAccount(services()[profile].Config(), "111122223333"), nil
		}
		got := p.print(t.Context(), append(args, "-state", file(t))...)
		require.Equal(t, plain.Stdout, strings.ReplaceAll(got.Stdout, "\r\x1b[K", ""))
		require.True(t, strings.HasPrefix(got.Stderr, "account 111122223333 in us-east-1; account 111122223333 in us-east-1\n"), got.Stderr)
		require.Contains(t, got.Stderr, "\r\x1b[K1 of 2 sources · 1 job · waiting 1 s for test/us-east-1 ListBackupJobs\r")
		require.True(t, strings.HasSuffix(got.Stderr, "\r\x1b[K"), "the line is erased")
	})
}

func TestAJobIsToldWhenItHasGoneWrong(t *testing.T) {
	late := failed("late")
	late.State, late.CompletionDate = types.BackupJobStateRunning, nil
	s, state := account(nil, failed("first"), late), file(t)
	p, args := over(map[string]*fakeaws.Service{"prod": s}), []string{"-live", "-profile", "prod", "-region", "us-east-1", "-state", state}
	require.Equal(t, clitest.Printed{
		Status: exitTold,
		Stdout: "1 job went wrong:\n- FAILED backup job first of arn:aws:ec2:::instance/first in prod/us-east-1, 14 Mar 05:30 UTC: no message\n",
	}, p.print(t.Context(), args...))
	require.Equal(t, clitest.Printed{}, p.print(t.Context(), args...))
	s.UpdateBackupJob("late", func(j *types.BackupJob) { // an expired job without a completion time, and with a message of two lines
		j.State, j.StatusMessage = types.BackupJobStateExpired, aws.String("not\nstarted")
	})
	require.Equal(t, clitest.Printed{
		Status: exitTold,
		Stdout: "1 job went wrong:\n- EXPIRED backup job late of arn:aws:ec2:::instance/late in prod/us-east-1, 14 Mar 05:20 UTC: not started\n",
	}, p.print(t.Context(), args...))
	require.Equal(t, clitest.Printed{}, p.print(t.Context(), args...))
	require.NoFileExists(t, state+".new")
}

// stopping is a stdout that takes a number of writes more and then fails: as after a kill, the last one was printed and
// the state of the one before is saved.
type stopping struct {
	bytes.Buffer

	left int
}

func (s *stopping) Write(text []byte) (int, error) {
	n, _ := s.Buffer.Write(text)
	if s.left--; s.left == 0 {
		return n, errors.New("killed")
	}
	return n, nil
}

func TestAStopBeforeTheStateIsSavedRepeatsOneMessage(t *testing.T) {
	whole := program{}.print(t.Context(), "-state", file(t)).Stdout
	args := []string{"-state", file(t)}
	out := &stopping{left: 1}
	status, err := program{}.run(t.Context(), args, out, io.Discard)
	require.Equal(t, exitIncomplete, status)
	require.EqualError(t, err, "writing: killed")
	require.Equal(t, whole, out.String())
	require.Equal(t, clitest.Printed{Status: exitTold, Stdout: whole}, program{}.print(t.Context(), args...))
	require.Equal(t, clitest.Printed{}, program{}.print(t.Context(), args...))
}

func TestAStopBeforeTheStateIsSavedRepeatsOneJobWithEach(t *testing.T) {
	want := linesOf(t, "-each")
	for n := range want {
		args := []string{"-each", "-state", file(t)}
		out := &stopping{left: n + 1}
		_, err := program{}.run(t.Context(), args, out, io.Discard)
		require.EqualError(t, err, "writing: killed")
		before := slices.Collect(strings.Lines(out.String()))
		require.Len(t, before, n+1)
		got := program{}.print(t.Context(), args...)
		after := slices.Collect(strings.Lines(got.Stdout))
		require.Equal(t, want, slices.Sorted(slices.Values(append(before[:n:n], after...))), "stopped at job %d", n)
		require.Contains(t, after, before[n], "the last job was not saved")
	}
}

// The process itself is killed at random moments and started again, until it comes to its end.
func TestAlertSurvivesKill9(t *testing.T) {
	program := clitest.Build(t)
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 9))
			each, state := seed%2 == 0, file(t)
			args := []string{"-state", state, "-json", fmt.Sprint("-each=", each), "-latency", "1ms"}
			want := linesOf(t, "-json")
			var told, last []string
			kills, more := 0, true
			for ; more; kills++ {
				require.Less(t, kills, 500, "it comes to no end")
				got, killed := clitest.Kill(t, time.Duration(r.IntN(60+kills))*time.Millisecond, program, args...)
				require.Empty(t, got.Stderr)
				now := slices.Collect(strings.Lines(got.Stdout))
				again := lo.Intersect(told, now)
				require.Subset(t, last, again, "only what the run before told last may come again")
				if len(now) > 0 {
					told, last = append(told, now...), lo.Ternary(each, now[len(now)-1:], now)
				}
				more = killed
			}
			t.Log(kills, "kills,", len(told)-len(want), "jobs told again")
			require.Equal(t, want, slices.Sorted(slices.Values(lo.Uniq(told))))
			got, _ := clitest.Kill(t, time.Minute, program, args...)
			require.Equal(t, clitest.Printed{}, got)
			require.NoFileExists(t, state+".new")
		})
	}
}

func TestASourceThatFailsKeepsItsPlace(t *testing.T) {
	denied := account(nil, failed("denied"))
	fault := denied.Fault(fakeaws.Fault{Do: fakeaws.AccessDenied()})
	p := over(map[string]*fakeaws.Service{"prod": account(nil, failed("first")), "test": denied})
	args := []string{"-live", "-profile", "test,prod", "-region", "us-east-1", "-state", file(t)}
	got := p.print(t.Context(), args...)
	require.Equal(t, exitIncomplete, got.Status)
	require.Contains(t, got.Stdout, "1 job went wrong:\n- FAILED backup job first ")
	require.Regexp(t, `^alert: test/us-east-1: no list of backup jobs: denied: AccessDeniedException: .*\n`+
		`alert: test/us-east-1: no list of copy jobs: denied: AccessDeniedException: .*\n$`, got.Stderr)
	again := p.print(t.Context(), args...)
	require.Equal(t, clitest.Printed{Status: exitIncomplete, Stderr: got.Stderr}, again)
	fault.Remove()
	got = p.print(t.Context(), args...)
	require.Equal(t, exitTold, got.Status)
	require.Contains(t, got.Stdout, "1 job went wrong:\n- FAILED backup job denied ")
	require.Equal(t, clitest.Printed{}, p.print(t.Context(), args...))
}

func TestARunWithoutConfigurationSaysWhatIsMissing(t *testing.T) {
	testenv.Clean(t)
	p, state := program{load: cli.LoadConfig, now: time.Now}, file(t)
	require.Equal(t, clitest.Printed{Status: exitIncomplete, Stderr: "alert: no region is configured: give one with -region\n"},
		p.print(t.Context(), "-live", "-state", state))
	got := p.print(t.Context(), "-live", "-region", "us-east-1", "-state", state)
	require.Equal(t, exitIncomplete, got.Status)
	require.Contains(t, got.Stderr, "alert: default/us-east-1: no list of backup jobs: other: no credentials: access disabled to EC2 IMDS ")
}

func TestAReasonIsALine(t *testing.T) {
	s := account(nil)
	s.Fault(fakeaws.Fault{Do: fakeaws.Error(http.StatusForbidden, "AccessDeniedException", "no\nlist")})
	got := over(map[string]*fakeaws.Service{"prod": s}).print(t.Context(), "-live", "-profile", "prod", "-region", "us-east-1", "-state", file(t))
	require.Equal(t, "alert: prod/us-east-1: no list of backup jobs: denied: AccessDeniedException: no list\n"+
		"alert: prod/us-east-1: no list of copy jobs: denied: AccessDeniedException: no list\n", got.Stderr)
}

func TestAJobAsJSONHasItsAccountAndItsRegion(t *testing.T) {
	job := failed("first")
	job.AccountId = aws.String("111122223333")
	p := over(map[string]*fakeaws.Service{"prod": account(nil, job)})
	got := p.print(t.Context(), "-live", "-profile", "prod", "-region", "eu-west-1", "-json", "-state", file(t))
	require.Contains(t, got.Stdout, `"source":"prod/eu-west-1","account":"111122223333","region":"eu-west-1","id":"first"`)
}

func TestALineNamesTheAccountThatTheSourceDoesNot(t *testing.T) {
	job := failed("first")
	job.AccountId = aws.String("111122223333")
	p := over(map[string]*fakeaws.Service{"prod": account(nil, job)})
	got := p.print(t.Context(), "-live", "-profile", "prod", "-region", "eu-west-1", "-state", file(t))
	require.Contains(t, got.Stdout, "in prod/eu-west-1 (account 111122223333), 14 Mar 05:30 UTC: ")
}

func TestSourcesMayBeAddedAndLeftOut(t *testing.T) {
	p := over(map[string]*fakeaws.Service{"a": account(nil, failed("of a")), "b": account(nil, failed("of b"))})
	state := file(t)
	told := func(profiles string) string {
		got := p.print(t.Context(), "-live", "-profile", profiles, "-region", "us-east-1", "-json", "-state", state)
		require.NotEqual(t, exitIncomplete, got.Status, got.Stderr)
		return strings.Join(lo.Map(sorted(got.Stdout), func(line string, _ int) string {
			var j sources.Job
			require.NoError(t, json.Unmarshal([]byte(line), &j))
			return j.ID
		}), ",")
	}
	require.Equal(t, []string{"of a", "of b", "", ""}, []string{told("a"), told("b,a"), told("a"), told("b")})
}

func TestStatesOfOthersAreRefused(t *testing.T) {
	testenv.Clean(t)
	s := account(nil, failed("first"))
	p := over(map[string]*fakeaws.Service{"": s, "prod": s})
	live := []string{"-live", "-region", "us-east-1"}
	valid := func(args ...string) string {
		name := file(t)
		require.Equal(t, exitTold, p.print(t.Context(), append(args, "-state", name)...).Status)
		return read(t, name)
	}
	of, madeUp := valid(live...), valid()
	var narrow state
	require.NoError(t, json.Unmarshal([]byte(of), &narrow))
	narrow.Told["backup"] = backupx.FollowAcross(backupx.Fleet{{Name: "default/us-east-1"}}, func(s backupx.Source) *backupx.Follower[types.BackupJob] {
		return s.Client.FollowBackupJobs(backupJobs().States(types.BackupJobStateFailed), time.Time{})
	}).Checkpoint()
	swapped := narrow
	swapped.Told = map[string]backupx.Checkpoint{"backup": narrow.Told["copy"], "copy": narrow.Told["copy"]}
	for name, c := range map[string]struct {
		state string
		args  []string
		want  string
	}{
		"of made-up accounts":   {madeUp, live, "it is of made-up accounts, not of a live run"},
		"of a live run":         {of, nil, "it is of a live run, not of made-up accounts"},
		"of another region":     {of, []string{"-live", "-region", "eu-west-1"}, `it is of other sources: ["default/us-east-1"], not ["default/eu-west-1"]`},
		"of another profile":    {of, append(live, "-profile", "prod"), `not ["prod/us-east-1"]`},
		"of another filter":     {string(lo.Must(json.Marshal(narrow))), live, "FAILED"},
		"of other jobs":         {string(lo.Must(json.Marshal(swapped))), live, "ListCopyJobs"},
		"empty":                 {"", live, "unexpected end of JSON input"},
		"cut":                   {of[:len(of)/2], live, "unexpected end of JSON input"},
		"with a changed byte":   {strings.Replace(of, `"backup":"backupx1.eyJ`, `"backup":"backupx1.eyK`, 1), live, "its text was cut or altered"},
		"of another program":    {`{"live":true,"sources":["default/us-east-1"]}`, live, "it is not a state of this program"},
		"without one of two":    {strings.Replace(of, `"copy"`, `"kopy"`, 1), live, "it is not a state of this program"},
		"no object":             {"null", live, "it is not a state of this program"},
		"followed by something": {of + of, live, "after top-level value"},
	} {
		t.Run(name, func(t *testing.T) {
			state := file(t)
			require.NoError(t, os.WriteFile(state, []byte(c.state), 0o600))
			asked := len(s.Requests())
			got := p.print(t.Context(), append(c.args, "-state", state)...)
			require.Equal(t, exitIncomplete, got.Status)
			require.Empty(t, got.Stdout)
			require.True(t, strings.HasPrefix(got.Stderr, "alert: "+state+": "), got.Stderr)
			require.Contains(t, got.Stderr, c.want)
			require.True(t, strings.HasSuffix(got.Stderr, ": remove it, or name another file with -state\n"), got.Stderr)
			require.Equal(t, c.state, read(t, state))
			require.NoFileExists(t, state+".new")
			require.Len(t, s.Requests(), asked)
		})
	}
}

func TestOneRunAtATimeUsesAState(t *testing.T) {
	state := file(t)
	unlock, err := lock.File(state)
	require.NoError(t, err)
	require.Equal(t, clitest.Printed{
		Status: exitIncomplete, Stderr: "alert: " + state + ": another run is under way with this file\n",
	}, program{}.print(t.Context(), "-state", state))
	require.NoFileExists(t, state)
	require.Equal(t, exitTold, program{}.print(t.Context(), "-state", file(t)).Status, "another state is free")
	unlock()
	require.Equal(t, exitTold, program{}.print(t.Context(), "-state", state).Status)
}

// What cannot be remembered is not told: it would be told in each run.
func TestNothingIsToldThatCannotBeSaved(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "missing", "state")
	taken, folder := file(t), t.TempDir()
	require.NoError(t, os.Mkdir(taken+".new", 0o700))
	for _, state := range []string{nowhere, taken, folder} {
		got := program{}.print(t.Context(), "-state", state)
		require.Equal(t, exitIncomplete, got.Status)
		require.Empty(t, got.Stdout)
		require.Contains(t, got.Stderr, state)
	}
	require.NoFileExists(t, taken)
}

func TestAnInterruptedRunTellsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	state := file(t)
	require.Equal(t, clitest.Printed{Status: exitIncomplete, Stderr: "alert: interrupted\n"}, program{}.print(ctx, "-state", state))
	require.NoFileExists(t, state)
}

func TestFlagsThatCannotBeMeant(t *testing.T) {
	state := file(t)
	for want, args := range map[string][]string{
		"-profile, -region go with -live":                                     {"-region", "us-east-1", "-profile", "audit"},
		"-parallel goes with -live":                                           {"-parallel", "3"},
		"-latency does not go with -live":                                     {"-live", "-latency", "1s"},
		"-role and -accounts go together":                                     {"-live", "-role", "arn:aws:iam::{account}:role/x"},
		"-state: a file has to have a name":                                   {"-state", ""},
		"-since -1h: it is in the future":                                     {"-since", "-1h"},
		"-since 2026-03-15: it is in the future: now is 2026-03-14T06:00:00Z": {"-since", "2026-03-15"},
		"-since 31d: AWS keeps jobs for 30 days":                              {"-live", "-region", "us-east-1", "-since", "31d"},
		"it takes a duration, a date or a time: 36h, 2d":                      {"-since", "yesterday"},
		"no region is configured":                                             {"-live"},
		`"now" is not a flag`:                                                 {"now"},
		"-parallel 0: it must be at least 1":                                  {"-live", "-region", "us-east-1", "-parallel", "0"},
	} {
		t.Run(want, func(t *testing.T) {
			p := program{load: clitest.Loads(aws.Config{}, nil), now: time.Now}
			got := p.print(t.Context(), append([]string{"-state", state}, args...)...)
			require.Equal(t, exitIncomplete, got.Status)
			require.Empty(t, got.Stdout)
			require.Contains(t, got.Stderr, want)
			require.NoFileExists(t, state)
		})
	}
	require.NoError(t, os.WriteFile(state, []byte("{"), 0o600))
	got := over(map[string]*fakeaws.Service{"a": account(nil)}).print(t.Context(), "-state", state, "-live", "-profile", "a", "-parallel", "0")
	require.Equal(t, "alert: -parallel 0: it must be at least 1 (-h for help)\n", got.Stderr, "the state is not to blame")
	help := program{}.print(t.Context(), "-h")
	require.Equal(t, exitNothing, help.Status)
	require.Contains(t, help.Stderr, "Exit status: 0 nothing new")
}
