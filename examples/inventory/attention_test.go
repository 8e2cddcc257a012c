package main

import (
	"encoding/json"
	"fmt"
	"net/http"
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
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// byARN returns the resources of a report by the ends of their ARNs.
func byARN(all []Resource) map[string]Resource {
	return lo.KeyBy(all, func(r Resource) string { return strings.TrimPrefix(r.Resource, volume) })
}

func TestEachResourceHasItsNewestBackup(t *testing.T) {
	long := job(types.BackupJobStateCompleted, "long", 30)
	long.CompletionDate = aws.Time(now.Add(-2 * time.Hour))
	jobs := append(daily("fine", 20, 0), append(daily("stopped", 25, 10), job(types.BackupJobStateFailed, "never", 5), long)...)
	r, status := report(t, over(fakeaws.New(fakeaws.Data{BackupJobs: jobs})))
	require.Equal(t, exitFindings, status)
	require.Equal(t, []string{"never", "stopped", "long", "fine"}, lo.Map(r.Resources, func(one Resource, _ int) string {
		return strings.TrimPrefix(one.Resource, volume)
	}), "those without a backup first, then the oldest")
	all := byARN(r.Resources)
	require.Equal(t, []*bool{aws.Bool(true), aws.Bool(true), aws.Bool(false), aws.Bool(false)},
		lo.Map(r.Resources, func(one Resource, _ int) *bool { return one.Overdue }))
	require.Nil(t, all["never"].Newest)
	require.Nil(t, all["never"].AgeHours)
	require.Equal(t, 240.5, *all["stopped"].AgeHours)
	require.Equal(t, "stopped-241", all["stopped"].Newest.ID)
	require.Equal(t, 2.0, *all["long"].AgeHours, "its age counts from its completion")
	require.Equal(t, 2, *r.Summary.NotBackedUp)
	require.Equal(t, 1, *r.Summary.Failed)

	text := over(fakeaws.New(fakeaws.Data{BackupJobs: jobs})).print(t.Context(), "-live").Stdout
	require.Contains(t, text, "  Not backed up within 24h: 2 resources: EBS vol-never (none), EBS vol-stopped\n    (10.0 d)\n")
	require.Contains(t, text, "\n"+"    "+volume+"stopped\n")
	require.NotContains(t, text, "vol-fine")
	text = over(fakeaws.New(fakeaws.Data{BackupJobs: jobs})).print(t.Context(), "-live", "-all").Stdout
	require.Contains(t, text, "\n    "+volume+"fine\n")
}

func TestACuredFailureIsShownOnRequest(t *testing.T) {
	copied := func(state types.CopyJobState, ago int, vault string) types.CopyJob {
		return types.CopyJob{
			CopyJobId: aws.String(fmt.Sprint("copy-", ago)), State: state, CreationDate: aws.Time(now.Add(-time.Duration(ago) * time.Hour)),
			ResourceArn: aws.String(volume + "1"), DestinationBackupVaultArn: aws.String("arn:aws:backup:eu-west-1:111122223333:backup-vault:" + vault),
		}
	}
	data := fakeaws.Data{
		BackupJobs: append(daily("1", 19, 0), job(types.BackupJobStateFailed, "1", 20*24)),
		CopyJobs: []types.CopyJob{
			copied(types.CopyJobStateFailed, 50, "offsite"), copied(types.CopyJobStateCompleted, 40, "offsite"),
		},
	}
	r, status := report(t, over(fakeaws.New(data)))
	require.Equal(t, exitClean, status)
	require.Empty(t, r.BackupJobs)
	require.Empty(t, r.CopyJobs)
	require.Equal(t, "1-480", r.CuredBackupJobs[0].Newest.ID)
	require.Equal(t, "1-1", r.CuredBackupJobs[0].Resources[0].CuredBy.ID)
	require.Equal(t, "copy-40", r.CuredCopyJobs[0].Resources[0].CuredBy.ID)
	p := over(fakeaws.New(data))
	text := p.print(t.Context(), "-live").Stdout
	require.Contains(t, text, "  Failed and cured since: 1 resource (-cured)\n")
	require.NotContains(t, text, "1-480")
	text = p.print(t.Context(), "-live", "-cured").Stdout
	require.Contains(t, text, "job 1-480\n    cured by job 1-1, 2026-11-20 05:00 UTC, vault daily\n")

	data.CopyJobs[1] = copied(types.CopyJobStateCompleted, 40, "isolated")
	r, status = report(t, over(fakeaws.New(data)))
	require.Equal(t, exitFindings, status, "a copy to another vault cures nothing")
	require.Equal(t, 1, *r.Summary.FailedCopies)
	require.Len(t, r.Copies, 2)

	data.CopyJobs = append(data.CopyJobs, copied(types.CopyJobStateFailed, 30, "isolated"))
	r, _ = report(t, over(fakeaws.New(data)))
	require.Equal(t, 1, *r.Summary.FailedCopies, "one resource, to two vaults")
	require.Len(t, r.CopyJobs, 2)
}

func TestEveryFailedResourceIsNamed(t *testing.T) {
	var data fakeaws.Data
	for i := range 60 {
		data.BackupJobs = append(data.BackupJobs, job(types.BackupJobStateFailed, fmt.Sprintf("%03d", i), float64(i+1)))
	}
	p := over(fakeaws.New(data))
	r, _ := report(t, p)
	require.Len(t, r.BackupJobs, 1)
	require.Equal(t, 60, r.BackupJobs[0].Count)
	require.Equal(t, "000-1", r.BackupJobs[0].Newest.ID)
	require.Len(t, lo.UniqBy(r.BackupJobs[0].Resources, func(f Failed) string { return f.Resource }), 60)
	text := p.print(t.Context(), "-live", "-max-age", "0").Stdout
	require.Contains(t, text, "    of 60 resources, the newest:\n    "+volume+"000\n")
	require.NotContains(t, text, volume+"001")
	text = p.print(t.Context(), "-live", "-max-age", "0", "-all").Stdout
	for i := range 60 {
		require.Contains(t, text, fmt.Sprintf("\n    %s%03d\n", volume, i))
	}
}

// protecting is a service that answers ListProtectedResources.
func protecting(jobs []types.BackupJob, all ...types.ProtectedResource) *fakeaws.Service {
	pages := fakeaws.Pages(fakeaws.Paging{List: "Results"}, func(*http.Request) ([]types.ProtectedResource, error) { return all, nil })
	return fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithPageSize(2), fakeaws.WithOperation("backup GET /resources", pages))
}

func TestProtectedResourcesWithoutAJobAreNamed(t *testing.T) {
	protected := func(of string, days float64) types.ProtectedResource {
		return types.ProtectedResource{
			ResourceArn: aws.String(volume + of), ResourceType: aws.String("EBS"), LastBackupTime: aws.Time(now.Add(-time.Duration(days*24) * time.Hour)),
		}
	}
	s := protecting(daily("1", 3, 0), protected("1", 0), protected("forgotten", 49), protected("nested", 0.5),
		types.ProtectedResource{ResourceArn: aws.String(volume + "never")})
	r, status := report(t, over(s))
	require.Equal(t, exitClean, status)
	require.Len(t, r.Resources, 1, "it is not asked without the flag")
	r, status = report(t, over(s), "-protected")
	require.Equal(t, exitFindings, status)
	require.Equal(t, []string{"never", "forgotten"}, lo.Map(r.overdue(), func(one Resource, _ int) string {
		return strings.TrimPrefix(one.Resource, volume)
	}), "what a job with a parent backed up is no finding")
	require.Zero(t, byARN(r.Resources)["forgotten"].Jobs)
	require.Equal(t, 49*24.0, *byARN(r.Resources)["forgotten"].AgeHours)
	_, status = report(t, over(s), "-protected", "-max-age", "60d")
	require.Equal(t, exitFindings, status, "one was never backed up")

	s.Fault(fakeaws.Fault{Operation: "GET /resources", Do: fakeaws.AccessDenied()})
	got := over(s).print(t.Context(), "-live", "-protected")
	require.Equal(t, exitIncomplete, got.Status)
	require.Contains(t, got.Stdout, "  Not backed up within 24h: none that was read, not all read in us-east-1\n")
	require.Contains(t, got.Stdout, "  Not read: Protected resources in us-east-1: access denied: it takes the\n    permission backup:ListProtectedResources\n")
	require.Contains(t, got.Stdout, "Protected resources\n  us-east-1: not read\n")
}

func TestBackupsDueForDeletionAreFindings(t *testing.T) {
	pending := func(id string, hours int) hsmtypes.Backup {
		return hsmtypes.Backup{
			BackupId: aws.String("backup-" + id), BackupState: hsmtypes.BackupStatePendingDeletion, CreateTimestamp: aws.Time(now),
			DeleteTimestamp: aws.Time(now.Add(time.Duration(hours) * time.Hour)),
		}
	}
	data := fakeaws.Data{HSM: []hsmtypes.Backup{pending("aaaaaaaaaaa", 100), pending("bbbbbbbbbbb", 160)}}
	r, status := report(t, over(fakeaws.New(data)))
	require.Equal(t, exitClean, status)
	require.Equal(t, 2, r.Deletions.Total)
	require.Zero(t, *r.Summary.Due)
	r, status = report(t, over(fakeaws.New(data)), "-due", "5d")
	require.Equal(t, exitFindings, status)
	require.Equal(t, 1, *r.Summary.Due)
	text := over(fakeaws.New(data)).print(t.Context(), "-live", "-due", "5d").Stdout
	require.Contains(t, text, "  Deleted within 120h: 1 CloudHSM backup: backup-aaaaaaaaaaa in 100.0 h\n")
	require.NotContains(t, text, "backup-bbbbbbbbbbb")
	require.Contains(t, over(fakeaws.New(data)).print(t.Context(), "-live", "-all").Stdout, "backup-bbbbbbbbbbb")

	data.HSM[0].DeleteTimestamp = aws.Time(now.Add(-time.Hour))
	text = over(fakeaws.New(data)).print(t.Context(), "-live").Stdout
	require.Contains(t, text, "  Deleted within 72h: 1 CloudHSM backup: backup-aaaaaaaaaaa at any moment\n")

	data.HSM[0].DeleteTimestamp = nil
	r, _ = report(t, over(fakeaws.New(data)))
	require.Equal(t, 1, *r.Summary.Due, "one without a time may be deleted at any moment")
}

// What was not read is null in JSON and "not read" in text: no number, no dot.
func TestWhatWasNotReadIsNotZero(t *testing.T) {
	s := fakeaws.New(fakeaws.Generate(1, now, 300), fakeaws.WithFaults(fakeaws.Fault{Service: "backup", Do: fakeaws.AccessDenied()}))
	got := over(s).print(t.Context(), "-live", "-json")
	require.Equal(t, exitIncomplete, got.Status)
	var r map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.Stdout), &r))
	for _, key := range []string{"resources", "copies", "backupJobs", "pastStartBy", "copyJobs", "curedBackupJobs", "curedCopyJobs", "sizes"} {
		require.Contains(t, r, key)
		require.Nil(t, r[key], key)
	}
	require.NotNil(t, r["pendingDeletion"])
	summary := r["summary"].(map[string]any)
	for _, key := range []string{"notBackedUp", "failed", "failedCopies", "pastStartBy"} {
		require.Contains(t, summary, key)
		require.Nil(t, summary[key], key)
	}
	require.NotNil(t, summary["due"])
	total := r["totals"].([]any)[0].(map[string]any)
	require.Equal(t, []any{"backup-jobs", nil, nil, nil, false},
		[]any{total["service"], total["count"], total["states"], total["children"], total["complete"]})

	text := over(s).print(t.Context(), "-live", "-region", "us-east-1,eu-west-1").Stdout
	for _, want := range []string{
		"  Not backed up within 24h: not read\n", "  Failed, not cured: not read\n", "  Copies failed, not cured: not read\n",
		"  Not started in time: not read\n", "  us-east-1: not read\n  eu-west-1: not read\n  all: not read\n",
		"  Not read: Backup jobs in us-east-1, eu-west-1: access denied: it takes the\n    permission backup:ListBackupJobs\n",
		"Sizes of completed backup jobs — not read\n",
	} {
		require.Contains(t, text, want)
	}
}

func TestARegionThatWasNotReadIsNamed(t *testing.T) {
	denied := fakeaws.Fault{Service: "backup", Do: fakeaws.AccessDenied(), When: func(r fakeaws.Request) bool { return r.Region == "eu-west-1" }}
	p := over(fakeaws.New(fakeaws.Data{BackupJobs: daily("1", 3, 0)}, fakeaws.WithFaults(denied)))
	text := p.print(t.Context(), "-live", "-region", "us-east-1,eu-west-1").Stdout
	require.Contains(t, text, "Nothing that was read needs attention — this report is incomplete\n"+
		"  Not backed up within 24h: none that was read, not read in eu-west-1\n")
	require.Contains(t, text, "\nSizes of completed backup jobs — not added up: AWS reports different things,\n  not read in eu-west-1\n")
	text = p.print(t.Context(), "-live", "-region", "us-east-1,eu-west-1", "-max-age", "15m").Stdout
	require.Contains(t, text, "\nNot backed up within 15m — 1 of 1 resource, not read in eu-west-1\n")
	require.Contains(t, text, "  us-east-1: 4: 4 COMPLETED\n  eu-west-1: not read\n  all: at least 4, not all read: 4 COMPLETED\n")
}

// The newest job may be among those that were not read.
func TestNoResourceOfAnUnreadRegionIsCalledNotBackedUp(t *testing.T) {
	jobs := append(daily("1", 29, 0), daily("2", 29, 10)...)
	s := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithPageSize(10),
		fakeaws.WithFaults(fakeaws.Fault{Operation: "ListBackupJobs", Nth: 3, Every: 3, Do: fakeaws.AccessDenied()}))
	r, status := report(t, over(s), "-parallel", "1")
	require.Equal(t, exitIncomplete, status)
	require.Zero(t, *r.Summary.NotBackedUp)
	require.Equal(t, aws.Bool(false), byARN(r.Resources)["1"].Overdue)
	require.Nil(t, byARN(r.Resources)["2"].Overdue)
}

// Without all protected resources, the jobs of two days do not tell who was backed up five days ago.
func TestFewerDaysThanTheAgeProveNothing(t *testing.T) {
	s := protecting([]types.BackupJob{job(types.BackupJobStateFailed, "1", 5)})
	args := []string{"-protected", "-since", "2d", "-max-age", "5d"}
	r, _ := report(t, over(s), args...)
	require.Equal(t, 1, *r.Summary.NotBackedUp, "AWS Backup knows of no backup either")
	s.Fault(fakeaws.Fault{Operation: "GET /resources", Do: fakeaws.AccessDenied()})
	r, _ = report(t, over(s), args...)
	require.Zero(t, *r.Summary.NotBackedUp)
	require.Nil(t, r.Resources[0].Overdue)
}

// What AWS Backup itself says of a resource is known without its jobs.
func TestProtectedResourcesTellWhereJobsAreDenied(t *testing.T) {
	s := protecting(nil, types.ProtectedResource{ResourceArn: aws.String(volume + "old"), LastBackupTime: aws.Time(now.AddDate(0, 0, -3))})
	s.Fault(fakeaws.Fault{Operation: "ListBackupJobs", Do: fakeaws.AccessDenied()})
	r, status := report(t, over(s), "-protected")
	require.Equal(t, exitIncomplete, status)
	require.Equal(t, 1, *r.Summary.NotBackedUp)
	require.Nil(t, r.Summary.Failed)
}

func TestALaterBackupCuresAServer(t *testing.T) {
	server := func(id string, status backupx.OpsWorksBackupStatus, day int) backupx.OpsWorksBackup {
		return backupx.OpsWorksBackup{
			BackupId: aws.String(id), Status: status, ServerName: aws.String("automate"), CreatedAt: aws.Time(now.AddDate(0, 0, -day)),
		}
	}
	r, status := report(t, over(fakeaws.New(fakeaws.Data{OpsWorks: []backupx.OpsWorksBackup{
		server("a-1", backupx.OpsWorksBackupStatusFailed, 9), server("a-2", backupx.OpsWorksBackupStatusOk, 8),
	}})), "-opsworks")
	require.Equal(t, exitClean, status)
	require.Equal(t, "a-2", r.CuredOpsWorks[0].Resources[0].CuredBy.ID)
}

func TestReadingSideBySideGivesTheSameReport(t *testing.T) {
	s := fakeaws.New(fakeaws.Generate(7, now, 9000), fakeaws.WithPageSize(200))
	one, _ := report(t, over(s), "-all-accounts", "-parallel", "1")
	many, _ := report(t, over(s), "-all-accounts", "-parallel", "8")
	require.Equal(t, one, many)
	require.Positive(t, *one.Totals[0].Children)
}

func TestParallelAndRateBoundTheRequests(t *testing.T) {
	slow := fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.Latency(20 * time.Millisecond)})
	data := fakeaws.Data{BackupJobs: daily("1", 29, 0)}
	most := func(args ...string) int {
		s := fakeaws.New(data, slow, fakeaws.WithPageSize(3))
		report(t, over(s), args...)
		return s.MostUnderWay()
	}
	require.LessOrEqual(t, most("-parallel", "1"), 3, "one for each listing")
	require.Greater(t, most("-parallel", "8"), 4)

	s := fakeaws.New(data, fakeaws.WithPageSize(3)) // ten pages
	begin := time.Now()
	report(t, over(s), "-parallel", "1", "-rate", "20")
	require.GreaterOrEqual(t, time.Since(begin), 300*time.Millisecond)
}

func TestProgressIsShownOnATerminalOnly(t *testing.T) {
	slow := fakeaws.WithFaults(fakeaws.Fault{Operation: "ListBackupJobs", Do: fakeaws.Latency(700 * time.Millisecond)})
	p := over(fakeaws.New(fakeaws.Data{BackupJobs: daily("1", 3, 0)}, slow))
	require.Empty(t, p.print(t.Context(), "-live").Stderr)
	p.screen = cli.Screen{Line: func() int { return 80 }}
	got := p.print(t.Context(), "-live", "-json")
	require.Contains(t, got.Stderr, "ListBackupJobs")
	require.True(t, json.Valid([]byte(got.Stdout)))
	require.True(t, strings.HasSuffix(got.Stderr, "\r\x1b[K"), "the line is erased at the end")
}

func TestFiveThousandResources(t *testing.T) {
	var data fakeaws.Data
	for i := range 5000 {
		state := lo.Ternary(i%5 == 0, types.BackupJobStateFailed, types.BackupJobStateCompleted)
		data.BackupJobs = append(data.BackupJobs, job(state, fmt.Sprintf("%04d", i), float64(i%200)))
	}
	p := over(fakeaws.New(data))
	r, _ := report(t, p)
	require.Len(t, r.Resources, 5000)
	require.Equal(t, 1000, *r.Summary.Failed)
	text := p.print(t.Context(), "-live").Stdout
	require.Less(t, strings.Count(text, "\n"), 120, "a person reads it")
	require.Contains(t, text, fmt.Sprintf("  … and %d more (-all)\n", *r.Summary.NotBackedUp-20))
}

func TestNothingWasRead(t *testing.T) {
	s := fakeaws.New(fakeaws.Generate(1, now, 300), fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.AccessDenied()}))
	got := over(s).print(t.Context(), "-live")
	require.Equal(t, exitIncomplete, got.Status)
	require.Contains(t, got.Stdout, "\nNOTHING WAS READ — this report is incomplete\n")
}

// The success that cures a failure may be among the jobs that were not read.
func TestAFailureOfAnUnreadRegionIsNotCalledUncured(t *testing.T) {
	jobs := append(daily("1", 29, 0), job(types.BackupJobStateFailed, "2", 3))
	nowhere := job(types.BackupJobStateFailed, "3", 4)
	nowhere.ResourceArn = nil
	s := fakeaws.New(fakeaws.Data{BackupJobs: append(jobs, nowhere)}, fakeaws.WithPageSize(10),
		fakeaws.WithFaults(fakeaws.Fault{Operation: "ListBackupJobs", Nth: 2, Every: 2, Do: fakeaws.AccessDenied()}))
	r, _ := report(t, over(s), "-parallel", "1")
	require.Equal(t, 1, *r.Summary.Failed, "nothing cures the one without an ARN")
	require.Equal(t, "3-4", r.BackupJobs[0].Newest.ID)
	require.Equal(t, "2-3", r.UnsureBackupJobs[0].Newest.ID)
	require.Nil(t, byARN(r.Resources)["2"].Failures[0].Cured)
	text := over(s).print(t.Context(), "-live", "-parallel", "1").Stdout
	require.Contains(t, text, "  Failed, not cured: 1 resource, not all read in us-east-1: EBS without an ARN\n")
	require.Contains(t, text, "  Failed, a later success may be unread: 1 resource: EBS vol-2\n")
	require.Contains(t, text, "\nBackup jobs that failed; a later success may be unread — 1 failed\n")
}

// Tables of two accounts may have the same name. Each counts, and is named with its place.
func TestResourcesOfTheSameNameAreToldApart(t *testing.T) {
	failed := func(state types.BackupJobState, account string, ago float64) types.BackupJob {
		j := job(state, account, ago)
		j.AccountId, j.ResourceType = aws.String(account), aws.String("RDS")
		j.ResourceArn = aws.String("arn:aws:rds:us-east-1:" + account + ":db:orders")
		return j
	}
	data := fakeaws.Data{BackupJobs: []types.BackupJob{
		failed(types.BackupJobStateFailed, fakeaws.ExampleAccount, 2), failed(types.BackupJobStateFailed, fakeaws.ExampleAccount2, 3),
	}}
	text := over(fakeaws.New(data)).print(t.Context(), "-live", "-all-accounts").Stdout
	require.Contains(t, text, "  Failed, not cured: 2 resources: RDS orders in us-east-1 111122223333, RDS\n    orders in us-east-1 444455556666\n")
	data.BackupJobs = append(data.BackupJobs, failed(types.BackupJobStateCompleted, fakeaws.ExampleAccount, 1), failed(types.BackupJobStateCompleted, fakeaws.ExampleAccount2, 1))
	text = over(fakeaws.New(data)).print(t.Context(), "-live", "-all-accounts").Stdout
	require.Contains(t, text, "  Failed and cured since: 2 resources (-cured)\n")
}
