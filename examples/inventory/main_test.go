package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
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
		load: clitest.Loads(clitest.WithAccount(s.Config(), fakeaws.ExampleAccount), nil),
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
	for name, args := range map[string][]string{
		"offline.txt": nil, "offline.json": {"-json"}, "offline-all.txt": {"-all", "-cured", "-protected"},
	} {
		t.Run(name, func(t *testing.T) {
			got := program{}.print(t.Context(), args...)
			require.Empty(t, got.Stderr)
			require.Equal(t, exitFindings, got.Status)
			clitest.Golden(t, name, got.Stdout)
		})
	}
}

// A word that is too long for its line stands alone on it, so that it can be pasted.
func TestTextFitsTheTerminal(t *testing.T) {
	denied := fakeaws.WithFaults(fakeaws.Fault{Service: "cloudhsm", Do: fakeaws.AccessDenied()})
	account := over(fakeaws.New(fakeaws.Generate(1, now, 3000), denied))
	for _, width := range []int{0, 20, 40, 80, 132} {
		screen := cli.Screen{Width: width}
		account.screen = screen
		for _, text := range []string{
			program{screen: screen}.print(t.Context(), "-all", "-cured", "-protected").Stdout,
			account.print(t.Context(), "-live", "-all-accounts", "-all", "-cured").Stdout,
		} {
			require.NotEmpty(t, text)
			for line := range strings.Lines(text) {
				if len(strings.Fields(line)) > 1 {
					require.LessOrEqual(t, cli.Cells(strings.TrimSuffix(line, "\n")), screen.Columns(), line)
				}
			}
			require.NotContains(t, text, "\x1b", "no colour")
		}
	}
}

func TestREADMEShowsWhatTheProgramPrints(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	shown := regexp.MustCompile("(?s)```text\n\\$ go run ./examples/inventory(.*?)\n(.*?)…\n```").FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, shown)
	for _, one := range shown {
		got := program{}.print(t.Context(), strings.Fields(one[1])...)
		require.True(t, strings.HasPrefix(got.Stdout, one[2]), "README has\n%s\nand the program prints\n%s", one[2], got.Stdout)
	}
}

const volume = "arn:aws:ec2:us-east-1:111122223333:volume/vol-"

// job is a backup job of a volume that was created some hours ago and took half an hour.
func job(state types.BackupJobState, of string, ago float64) types.BackupJob {
	created := now.Add(-time.Duration(ago * float64(time.Hour)))
	return types.BackupJob{
		BackupJobId: aws.String(fmt.Sprint(of, "-", ago)), State: state, AccountId: aws.String(fakeaws.ExampleAccount),
		ResourceArn: aws.String(volume + of), ResourceType: aws.String("EBS"), BackupVaultName: aws.String("daily"),
		CreationDate: aws.Time(created), CompletionDate: aws.Time(created.Add(30 * time.Minute)),
	}
}

// daily are completed jobs of a volume, from the oldest to the newest in days before now.
func daily(of string, oldest, newest int) (jobs []types.BackupJob) {
	for day := newest; day <= oldest; day++ {
		jobs = append(jobs, job(types.BackupJobStateCompleted, of, float64(24*day)+1))
	}
	return jobs
}

func TestExitStatus(t *testing.T) {
	const completed, failed = types.BackupJobStateCompleted, types.BackupJobStateFailed
	denied := fakeaws.WithFaults(fakeaws.Fault{Service: "cloudhsm", Do: fakeaws.AccessDenied()})
	cured := append(daily("1", 19, 0), job(failed, "1", 20*24))
	stopped := append(daily("1", 20, 0), daily("2", 25, 10)...)
	for name, c := range map[string]struct {
		jobs []types.BackupJob
		opts []fakeaws.Option
		args []string
		want int
	}{
		"an empty account is clean":                {nil, nil, nil, exitClean},
		"completed jobs are clean":                 {daily("1", 3, 0), nil, nil, exitClean},
		"a failed job is a finding":                {append(daily("1", 3, 0), job(failed, "1", 0.5)), nil, nil, exitFindings},
		"a failure that was cured is none":         {cured, nil, nil, exitClean},
		"backups that stopped are a finding":       {stopped, nil, nil, exitFindings},
		"they are not if ages are not judged":      {stopped, nil, []string{"-max-age", "0"}, exitClean},
		"they are not if they may be as old":       {stopped, nil, []string{"-max-age", "11d"}, exitClean},
		"a first job that still runs is no backup": {[]types.BackupJob{job(types.BackupJobStateRunning, "1", 1)}, nil, nil, exitFindings},
		"a service that fails is incomplete":       {[]types.BackupJob{job(completed, "1", 2)}, []fakeaws.Option{denied}, nil, exitIncomplete},
		"incomplete counts more than a finding":    {[]types.BackupJob{job(failed, "1", 2)}, []fakeaws.Option{denied}, nil, exitIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			got := over(fakeaws.New(fakeaws.Data{BackupJobs: c.jobs}, c.opts...)).print(t.Context(), append(c.args, "-live")...)
			require.Equal(t, c.want, got.Status, got.Stdout)
			require.Empty(t, got.Stderr)
		})
	}
}

func TestFlagsThatCannotBeMeant(t *testing.T) {
	for want, args := range map[string][]string{
		"-profile, -region go with -live":                           {"-region", "us-east-1", "-profile", "audit"},
		"-show 0: it must be at least 1":                            {"-show", "0"},
		"-all and -show do not go together":                         {"-all", "-show", "3"},
		"-since 31d: AWS keeps jobs for 30 days":                    {"-live", "-since", "31d"},
		"-max-age 744h: AWS keeps jobs for 30 d":                    {"-max-age", "31d"},
		"-max-age 24h: jobs are listed -since 12h":                  {"-live", "-since", "12h"},
		"-max-age -1h0m0s: it must not be negative":                 {"-max-age", "-1h"},
		"-due -1h0m0s: it must not be negative":                     {"-due", "-1h"},
		"-parallel 0: it must be at least 1":                        {"-live", "-parallel", "0"},
		"-rate 0: it must be more than 0":                           {"-live", "-rate", "0"},
		"-rate NaN: it must be more than 0":                         {"-live", "-rate", "NaN"},
		"-rate 1e+07: it must be more than 0 and at most a million": {"-live", "-rate", "1e7"},
		"-parallel goes with -live":                                 {"-parallel", "2"},
		"no region is configured: give one with -":                  {"-live"},
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
	r, _ := report(t, over(s), "-parallel", "1")
	jobs := r.Totals[0]
	require.Equal(t, 200, *jobs.Count+*jobs.Children)
	require.False(t, jobs.Complete)
	require.Equal(t, "the credentials have expired", r.NotReached[0].Reason)
	require.Equal(t, *jobs.Count, r.NotReached[0].Read)
	require.NotContains(t, r.NotReached[0].Error, "\n")
	text := over(s).print(t.Context(), "-live", "-parallel", "1").Stdout
	require.Contains(t, text, "  Not read: Backup jobs in us-east-1: the credentials have expired\n")
	require.Contains(t, text, fmt.Sprintf("\n  Backup jobs in us-east-1: the credentials have expired, after %d\n", *jobs.Count))
	require.Contains(t, text, "not all read in us-east-1")
	require.Contains(t, text, fmt.Sprintf("  us-east-1: at least %d, not all read: ", *jobs.Count))
}

func TestLiveAsksEachRegionOfTheProfile(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{})
	var profile string
	p := over(s)
	p.load = func(_ context.Context, name string) (aws.Config, error) {
		profile = name
		return clitest.WithAccount(s.Config(), fakeaws.ExampleAccount), nil
	}
	got := p.print(t.Context(), "-live", "-profile", "audit", "-region", "us-east-1,eu-west-1", "-region", "eu-west-1", "-region", "eu-north-1",
		"-since", "2d", "-parallel", "1")
	require.Equal(t, exitClean, got.Status, got.Stderr)
	require.Equal(t, "audit", profile)
	asked := lo.CountValuesBy(s.Requests(), func(r fakeaws.Request) string { return r.Region + " " + r.Service })
	require.Equal(t, map[string]int{
		"us-east-1 backup": 2, "eu-west-1 backup": 2, "eu-north-1 backup": 2,
		"us-east-1 cloudhsm": 1, "eu-west-1 cloudhsm": 1, "eu-north-1 cloudhsm": 1,
	}, asked)
	for _, r := range s.Requests() {
		if r.Service == "backup" {
			require.Contains(t, r.Parameter("createdAfter"), "2026-11-18T05:59:59")
		}
	}
	require.Contains(t, got.Stdout, "Live at 2026-11-20 06:00 UTC: account 111122223333 in us-east-1, eu-west-1,\n"+
		"  eu-north-1, jobs since 2026-11-18 06:00 UTC\n")
}

func TestOpsWorksIsAskedOnRequest(t *testing.T) {
	s := fakeaws.New(fakeaws.Generate(1, now, 100))
	r, _ := report(t, over(s))
	require.Len(t, r.Totals, 3)
	r, _ = report(t, over(s), "-opsworks")
	require.Len(t, r.Totals, 4)
	require.Equal(t, 5, *r.Totals[3].Count)
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
	require.Equal(t, 1, *r.Totals[0].Count)
	r, _ = report(t, over(s), "-all-accounts")
	require.Equal(t, 2, *r.Totals[0].Count)
	require.Contains(t, r.Source, "account 111122223333 in us-east-1, jobs since 2026-10-21 06:00 UTC, backup jobs of the whole organisation")
}

func TestInterruptedRunSaysWhatIsMissing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := over(fakeaws.New(fakeaws.Data{})).print(ctx, "-live")
	require.Equal(t, exitIncomplete, got.Status)
	require.Equal(t, 6, strings.Count(got.Stdout, ": interrupted\n"), "at the top and in the details: %s", got.Stdout)
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
	require.Equal(t, 30, *r.Summary.Due)
	text := over(fakeaws.New(data)).print(t.Context(), "-live", "-show", "3").Stdout
	require.Contains(t, text, "  … and 27 more (-all)\n")
}

func TestChildJobsAreNotCounted(t *testing.T) {
	parent := types.BackupJob{BackupJobId: aws.String("p"), State: types.BackupJobStatePartial, IsParent: true, CreationDate: aws.Time(now)}
	child := types.BackupJob{BackupJobId: aws.String("c"), State: types.BackupJobStateFailed, ParentJobId: aws.String("p"), CreationDate: aws.Time(now)}
	r, _ := report(t, over(fakeaws.New(fakeaws.Data{BackupJobs: []types.BackupJob{parent, child}})))
	require.Equal(t, map[string]int{"PARTIAL": 1}, r.Totals[0].States)
	require.Equal(t, 1, *r.Totals[0].Children)
	require.Equal(t, 1, r.Findings)
}

func TestOpsWorksFailuresAreFindings(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{OpsWorks: []backupx.OpsWorksBackup{
		{BackupId: aws.String("a-1"), Status: backupx.OpsWorksBackupStatusFailed, CreatedAt: aws.Time(time.Unix(1, 0))},
	}})
	r, status := report(t, over(s), "-opsworks")
	require.Equal(t, exitFindings, status)
	require.Equal(t, 1, r.OpsWorksBackups[0].Count)
	require.Equal(t, 1, *r.Summary.FailedOpsWorks)
}
