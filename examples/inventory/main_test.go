package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

var now = time.Date(2026, time.November, 20, 6, 0, 0, 0, time.UTC)

func (p program) print(ctx context.Context, args ...string) clitest.Printed {
	return clitest.Run(ctx, "inventory", p.run, args...)
}

// over returns the program with an in-memory service for every profile, at now.
func over(s *fakeaws.Service) program {
	return program{
		load: clitest.Loads(s.Config(), nil),
		now:  func() time.Time { return now },
	}
}

// report runs the program live and reads its JSON.
func report(t *testing.T, p program, args ...string) (Report, int) {
	t.Helper()
	got := p.print(t.Context(), append([]string{"-live", "-json"}, args...)...)
	require.Empty(t, got.Stderr)
	var r Report
	require.NoError(t, json.Unmarshal([]byte(got.Stdout), &r))
	return r, got.Status
}

func TestOfflineRunPrintsTheRecordedInventory(t *testing.T) {
	for name, args := range map[string][]string{"offline.txt": nil, "offline.json": {"-json"}} {
		t.Run(name, func(t *testing.T) {
			got := program{}.print(t.Context(), args...)
			require.Empty(t, got.Stderr)
			require.Equal(t, exitFindings, got.Status)
			clitest.Golden(t, name, got.Stdout)
		})
	}
}

func TestOfflineRunFitsTheTerminal(t *testing.T) {
	for line := range strings.Lines((program{}.print(t.Context()).Stdout)) {
		require.LessOrEqual(t, len([]rune(line)), 101, line)
	}
}

func TestExitStatus(t *testing.T) {
	completed := types.BackupJob{BackupJobId: aws.String("1"), State: types.BackupJobStateCompleted, CreationDate: aws.Time(now)}
	failed := types.BackupJob{BackupJobId: aws.String("2"), State: types.BackupJobStateFailed, CreationDate: aws.Time(now)}
	denied := fakeaws.WithFaults(fakeaws.Fault{Service: "cloudhsm", Do: fakeaws.AccessDenied()})
	for name, c := range map[string]struct {
		jobs []types.BackupJob
		opts []fakeaws.Option
		want int
	}{
		"an empty account is clean":             {nil, nil, exitClean},
		"completed jobs are clean":              {[]types.BackupJob{completed}, nil, exitClean},
		"a failed job is a finding":             {[]types.BackupJob{completed, failed}, nil, exitFindings},
		"a service that fails is incomplete":    {[]types.BackupJob{completed}, []fakeaws.Option{denied}, exitIncomplete},
		"incomplete counts more than a finding": {[]types.BackupJob{failed}, []fakeaws.Option{denied}, exitIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			got := over(fakeaws.New(fakeaws.Data{BackupJobs: c.jobs}, c.opts...)).print(t.Context(), "-live")
			require.Equal(t, c.want, got.Status, got.Stdout)
			require.Empty(t, got.Stderr)
		})
	}
}

func TestFlagsThatCannotBeMeant(t *testing.T) {
	for want, args := range map[string][]string{
		"-profile, -region go with -live":          {"-region", "us-east-1", "-profile", "audit"},
		"-show 0: it must be at least 1":           {"-show", "0"},
		"-days 31: AWS keeps jobs for 30 days":     {"-live", "-days", "31"},
		"-days 0: AWS keeps jobs for 30 days":      {"-live", "-days", "0"},
		"no region is configured: give one with -": {"-live"},
	} {
		t.Run(want, func(t *testing.T) {
			p := program{load: clitest.Loads(aws.Config{}, nil), now: time.Now}
			got := p.print(t.Context(), args...)
			require.Equal(t, exitIncomplete, got.Status)
			require.Empty(t, got.Stdout)
			require.Contains(t, got.Stderr, want)
		})
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	got := program{}.print(t.Context(), "-h")
	require.Equal(t, exitClean, got.Status)
	require.Contains(t, got.Stderr, "Exit status: 0 nothing needs attention; 1 something does; 2 the report is incomplete")
}

func TestConfigurationThatCannotBeLoaded(t *testing.T) {
	p := program{load: clitest.Loads(aws.Config{}, errors.New("no such profile"))}
	got := p.print(t.Context(), "-live")
	require.Equal(t, clitest.Printed{Status: exitIncomplete, Stderr: "inventory: no such profile\n"}, got)
}

func TestOneServiceThatFailsDoesNotHideTheOthers(t *testing.T) {
	for _, broken := range []struct{ operation, service string }{
		{"ListBackupJobs", "backup-jobs"},
		{"ListCopyJobs", "copy-jobs"},
		{"DescribeBackups", "hsm-backups"},
	} {
		t.Run(broken.service, func(t *testing.T) {
			s := fakeaws.New(fakeaws.Generate(1, now, 400))
			whole, _ := report(t, over(s))
			s.Fault(fakeaws.Fault{Operation: broken.operation, Do: fakeaws.AccessDenied()})
			r, status := report(t, over(s))
			require.Equal(t, exitIncomplete, status)
			require.Len(t, r.NotReached, 1)
			require.Equal(t, broken.service, r.NotReached[0].Service)
			require.Contains(t, r.NotReached[0].Reason, "access denied: it takes the permission ")
			others := func(r Report) []Total {
				return lo.Reject(r.Totals, func(total Total, _ int) bool { return total.Service == broken.service })
			}
			require.Equal(t, others(whole), others(r))
		})
	}
}

func TestWhatWasReadBeforeAFailureCounts(t *testing.T) {
	expired := fakeaws.Fault{Operation: "ListBackupJobs", Nth: 3, Every: 3, Do: fakeaws.Error(400, "ExpiredTokenException", "two\nlines")}
	s := fakeaws.New(
		fakeaws.Data{BackupJobs: fakeaws.GenerateBackupJobs(1, now.AddDate(0, 0, -1), now, 250)},
		fakeaws.WithPageSize(100), fakeaws.WithFaults(expired),
	)
	r, _ := report(t, over(s))
	jobs := r.Totals[0]
	require.Equal(t, 200, jobs.Count+jobs.Children)
	require.False(t, jobs.Complete)
	require.Equal(t, "the credentials have expired", r.NotReached[0].Reason)
	require.Equal(t, jobs.Count, r.NotReached[0].Read)
	require.NotContains(t, r.NotReached[0].Error, "\n")
	text := over(s).print(t.Context(), "-live").Stdout
	require.Contains(t, text, "NOT REACHED — this report is incomplete\n"+
		fmt.Sprintf("  Backup jobs in us-east-1: the credentials have expired, after %d\n", jobs.Count))
}

func TestLiveAsksEachRegionOfTheProfile(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{})
	var profile string
	p := over(s)
	p.load = func(_ context.Context, name string) (aws.Config, error) {
		profile = name
		return s.Config(), nil
	}
	got := p.print(t.Context(), "-live", "-profile", "audit", "-region", "us-east-1,eu-west-1", "-region", "eu-west-1", "-region", "eu-north-1", "-days", "1")
	require.Equal(t, exitClean, got.Status, got.Stderr)
	require.Equal(t, "audit", profile)
	asked := lo.CountValuesBy(s.Requests(), func(r fakeaws.Request) string { return r.Region + " " + r.Service })
	require.Equal(t, map[string]int{
		"us-east-1 backup": 2, "eu-west-1 backup": 2, "eu-north-1 backup": 2,
		"us-east-1 cloudhsm": 1, "eu-west-1 cloudhsm": 1, "eu-north-1 cloudhsm": 1,
	}, asked)
	for _, r := range s.Requests() {
		if r.Service == "backup" {
			require.Equal(t, "2026-11-19T06:00:00Z", r.Parameter("createdAfter"))
		}
	}
	require.Contains(t, got.Stdout, "your account in us-east-1, eu-west-1, eu-north-1, jobs of the last 1 day\n")
}

func TestOpsWorksIsAskedOnRequest(t *testing.T) {
	s := fakeaws.New(fakeaws.Generate(1, now, 100))
	r, _ := report(t, over(s))
	require.Len(t, r.Totals, 3)
	r, _ = report(t, over(s), "-opsworks")
	require.Len(t, r.Totals, 4)
	require.Equal(t, 5, r.Totals[3].Count)
}

func TestAllAccountsAreAskedOnRequest(t *testing.T) {
	job := func(id, account string) types.BackupJob {
		return types.BackupJob{BackupJobId: aws.String(id), AccountId: aws.String(account), CreationDate: aws.Time(now)}
	}
	s := fakeaws.New(
		fakeaws.Data{BackupJobs: []types.BackupJob{job("1", fakeaws.ExampleAccount), job("2", fakeaws.ExampleAccount2)}},
		fakeaws.WithAccount(fakeaws.ExampleAccount),
	)
	r, _ := report(t, over(s))
	require.Equal(t, 1, r.Totals[0].Count)
	r, _ = report(t, over(s), "-all-accounts")
	require.Equal(t, 2, r.Totals[0].Count)
}

func TestInterruptedRunSaysWhatIsMissing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := over(fakeaws.New(fakeaws.Data{})).print(ctx, "-live")
	require.Equal(t, exitIncomplete, got.Status)
	require.Equal(t, 3, strings.Count(got.Stdout, ": interrupted\n"), got.Stdout)
}

func TestListsEndAfterShowAndCountAll(t *testing.T) {
	var data fakeaws.Data
	for i := range 30 {
		id := "backup-aaaaaaaaa" + string([]byte{'a' + byte(i%26), 'a' + byte(i/26)})
		data.HSM = append(data.HSM, hsmtypes.Backup{
			BackupId: aws.String(id), BackupState: hsmtypes.BackupStatePendingDeletion,
			CreateTimestamp: aws.Time(now), DeleteTimestamp: aws.Time(now.Add(time.Duration(i+1) * time.Hour)),
		})
	}
	r, status := report(t, over(fakeaws.New(data)), "-show", "3")
	require.Equal(t, exitFindings, status)
	require.Equal(t, 30, r.Deletions.Total)
	left := lo.Map(r.Deletions.First, func(d Deletion, _ int) float64 { return *d.HoursLeft })
	require.Equal(t, []float64{1, 2, 3}, left)
	text := over(fakeaws.New(data)).print(t.Context(), "-live", "-show", "3").Stdout
	require.Contains(t, text, "  … and 27 more (-show 30)\n")
}

func TestChildJobsAreNotCounted(t *testing.T) {
	parent := types.BackupJob{BackupJobId: aws.String("p"), State: types.BackupJobStatePartial, IsParent: true, CreationDate: aws.Time(now)}
	child := types.BackupJob{BackupJobId: aws.String("c"), State: types.BackupJobStateFailed, ParentJobId: aws.String("p"), CreationDate: aws.Time(now)}
	r, _ := report(t, over(fakeaws.New(fakeaws.Data{BackupJobs: []types.BackupJob{parent, child}})))
	require.Equal(t, map[string]int{"PARTIAL": 1}, r.Totals[0].States)
	require.Equal(t, 1, r.Totals[0].Children)
	require.Equal(t, 1, r.Findings)
}

func TestOpsWorksFailuresAreFindings(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{OpsWorks: []backupx.OpsWorksBackup{
		{BackupId: aws.String("a-1"), Status: backupx.OpsWorksBackupStatusFailed, CreatedAt: aws.Time(time.Unix(1, 0))},
	}})
	r, status := report(t, over(s), "-opsworks")
	require.Equal(t, exitFindings, status)
	require.Equal(t, 1, r.OpsWorksBackups[0].Count)
}
