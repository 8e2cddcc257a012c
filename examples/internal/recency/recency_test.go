package recency_test

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/recency"
)

var (
	now   = time.Date(2026, time.November, 20, 6, 0, 0, 0, time.UTC)
	place = recency.Place{Source: "prod/us-east-1", Account: "111122223333", Region: "us-east-1"}
)

const volume = "arn:aws:ec2:us-east-1:111122223333:volume/vol-1"

func ago(hours int) *time.Time { return aws.Time(now.Add(-time.Duration(hours) * time.Hour)) }

// job is a backup job of the volume that was created some hours ago and took one hour.
func job(state types.BackupJobState, created int, change ...func(*types.BackupJob)) types.BackupJob {
	j := types.BackupJob{
		BackupJobId: aws.String(fmt.Sprintf("%s-%d", state, created)), State: state, AccountId: aws.String("111122223333"),
		ResourceArn: aws.String(volume), ResourceType: aws.String("EBS"), BackupVaultName: aws.String("daily"),
		CreationDate: ago(created), CompletionDate: ago(created - 1),
	}
	for _, f := range change {
		f(&j)
	}
	return j
}

// resources are those of jobs that were listed at the place.
func resources(jobs ...types.BackupJob) []*recency.Resource {
	var r recency.Resources
	for _, j := range jobs {
		r.Backup(place, j)
	}
	return r.All()
}

func TestFailuresAndTheirCures(t *testing.T) {
	const completed, failed, partial = types.BackupJobStateCompleted, types.BackupJobStateFailed, types.BackupJobStatePartial
	vault := func(name string) func(*types.BackupJob) {
		return func(j *types.BackupJob) { j.BackupVaultName = aws.String(name) }
	}
	category := func(text string) func(*types.BackupJob) {
		return func(j *types.BackupJob) { j.MessageCategory = aws.String(text) }
	}
	ended := func(hours int) func(*types.BackupJob) {
		return func(j *types.BackupJob) { j.CompletionDate = ago(hours) }
	}
	nowhere := func(j *types.BackupJob) { j.ResourceArn = nil }
	child := func(j *types.BackupJob) { j.ParentJobId = aws.String("parent") }
	another := func(j *types.BackupJob) { j.ResourceArn = aws.String(volume + "0") }
	for name, c := range map[string]struct {
		jobs            []types.BackupJob
		uncured, cured  int
		newestCompleted string // empty: none
	}{
		"a success after the failure cures":        {[]types.BackupJob{job(failed, 480), job(completed, 24)}, 0, 1, "COMPLETED-24"},
		"a success before the failure does not":    {[]types.BackupJob{job(failed, 24), job(completed, 48)}, 1, 0, "COMPLETED-48"},
		"one of another vault does":                {[]types.BackupJob{job(failed, 48, vault("yearly")), job(completed, 24)}, 0, 1, "COMPLETED-24"},
		"one of another resource does not":         {[]types.BackupJob{job(failed, 48), job(completed, 24, another)}, 1, 0, ""},
		"one that began before and ended after":    {[]types.BackupJob{job(failed, 24), job(completed, 48, ended(1))}, 1, 0, "COMPLETED-48"},
		"one that began at the same time":          {[]types.BackupJob{job(failed, 24), job(completed, 24)}, 1, 0, "COMPLETED-24"},
		"a running job does not":                   {[]types.BackupJob{job(failed, 24), job(types.BackupJobStateRunning, 2)}, 1, 0, ""},
		"a state that nobody knows does not":       {[]types.BackupJob{job(failed, 24), job("PAUSED", 2)}, 1, 0, ""},
		"a partial job does not, and is a failure": {[]types.BackupJob{job(failed, 24), job(partial, 2)}, 2, 0, ""},
		"a partial job is cured as others are":     {[]types.BackupJob{job(partial, 24), job(completed, 2)}, 0, 1, "COMPLETED-2"},
		"an aborted and an expired job are too": {
			[]types.BackupJob{job(types.BackupJobStateAborted, 24), job(types.BackupJobStateExpired, 24), job(completed, 2)}, 0, 2, "COMPLETED-2",
		},
		"a job with issues cures, and has issues": {[]types.BackupJob{job(failed, 24), job(completed, 2, category("VSSFailure"))}, 1, 1, "COMPLETED-2"},
		"issues are cured by a job without": {
			[]types.BackupJob{job(completed, 24, category("VSSFailure")), job(completed, 2, category("Success"))}, 0, 1, "COMPLETED-2",
		},
		"issues are not cured by issues": {
			[]types.BackupJob{job(completed, 24, category("VSSFailure")), job(completed, 2, category("Aggregated"))}, 2, 0, "COMPLETED-2",
		},
		"a running job with a category has no issues": {
			[]types.BackupJob{job(types.BackupJobStateRunning, 24, category("Aggregated"))}, 0, 0, "",
		},
		"child jobs are in their parents":    {[]types.BackupJob{job(failed, 24, child), job(completed, 2, child)}, 0, 0, ""},
		"jobs without an ARN cure nothing":   {[]types.BackupJob{job(failed, 24, nowhere), job(completed, 2, nowhere)}, 1, 0, "COMPLETED-2"},
		"a job without a time of completion": {[]types.BackupJob{job(failed, 24), job(completed, 2, func(j *types.BackupJob) { j.CompletionDate = nil })}, 0, 1, "COMPLETED-2"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // in both orders
				slices.Reverse(c.jobs)
				var uncured, cured int
				all := resources(c.jobs...)
				for _, r := range all {
					for _, f := range r.Failures() {
						if f.CuredBy == nil {
							uncured++
						} else {
							cured++
						}
					}
				}
				require.Equal(t, []int{c.uncured, c.cured}, []int{uncured, cured}, "failures without and with a cure")
				newest := ""
				for _, r := range all {
					if r.ARN != volume+"0" && r.Completed != nil {
						newest = r.Completed.ID
					}
				}
				require.Equal(t, c.newestCompleted, newest)
			}
		})
	}
}

func TestTheAgeCountsFromTheLastCompletion(t *testing.T) {
	long := job(types.BackupJobStateCompleted, 48, func(j *types.BackupJob) { j.CompletionDate = ago(10) })
	r := resources(long, job(types.BackupJobStateCompleted, 30), job(types.BackupJobStateFailed, 2))[0]
	age, ok := r.Age(now)
	require.True(t, ok)
	require.Equal(t, 10*time.Hour, age)
	require.Equal(t, "COMPLETED-48", r.Completed.ID)
	require.Equal(t, "FAILED-2", r.Latest.ID)
	require.Equal(t, 3, r.Jobs)
	require.False(t, r.Overdue(now, 10*time.Hour), "an age of exactly the time is within it")
	require.True(t, r.Overdue(now, 10*time.Hour-1))

	never := resources(job(types.BackupJobStateRunning, 2))[0]
	_, ok = never.Age(now)
	require.False(t, ok)
	require.True(t, never.Overdue(now, 1000*time.Hour))
	nowhere := resources(job(types.BackupJobStateFailed, 2, func(j *types.BackupJob) { j.ResourceArn = nil }))[0]
	require.False(t, nowhere.Overdue(now, time.Hour), "nobody knows which resource it was")
	ahead := resources(job(types.BackupJobStateCompleted, -5))[0]
	age, _ = ahead.Age(now)
	require.Zero(t, age, "the service's clock is ahead")
}

func TestResourcesAreSortedByAge(t *testing.T) {
	var jobs []types.BackupJob
	for name, hours := range map[string]int{"fresh": 3, "old": 300, "older": 301} {
		jobs = append(jobs, job(types.BackupJobStateCompleted, hours, func(j *types.BackupJob) { j.ResourceArn = aws.String(name) }))
	}
	jobs = append(jobs, job(types.BackupJobStateFailed, 2, func(j *types.BackupJob) { j.ResourceArn = aws.String("never") }))
	require.Equal(t, []string{"never", "older", "old", "fresh"},
		lo.Map(resources(jobs...), func(r *recency.Resource, _ int) string { return r.ARN }))
}

func TestFailuresAreGroupedByCause(t *testing.T) {
	vss := func(j *types.BackupJob) { j.MessageCategory = aws.String("VSSFailure") }
	plan := func(j *types.BackupJob) {
		j.CreatedBy = &types.RecoveryPointCreator{BackupPlanId: aws.String("p-1"), BackupPlanName: aws.String("nightly")}
	}
	r := resources(job(types.BackupJobStateFailed, 9, plan), job(types.BackupJobStateFailed, 3, plan), job(types.BackupJobStateFailed, 6, plan),
		job(types.BackupJobStateCompleted, 5, vss))[0]
	all := r.Failures()
	require.Equal(t, []recency.Cause{
		{Outcome: "FAILED", Vault: "daily", Plan: "nightly"},
		{Outcome: recency.WithIssues, Vault: "daily", Plan: "on demand", Category: "VSSFailure"},
	}, lo.Map(all, func(f recency.Failure, _ int) recency.Cause { return f.Cause }))
	require.Equal(t, 3, all[0].Jobs)
	require.Equal(t, "FAILED-3", all[0].Newest.ID)
}

func TestACopyIsCuredByOneToTheSameVault(t *testing.T) {
	copied := func(state types.CopyJobState, created int, vault string) types.CopyJob {
		return types.CopyJob{
			CopyJobId: aws.String(fmt.Sprintf("%s-%d", state, created)), State: state, ResourceArn: aws.String(volume),
			CreationDate: ago(created), CompletionDate: ago(created - 1), DestinationBackupVaultArn: aws.String(vault),
		}
	}
	var r recency.Resources
	r.Copy(place, copied(types.CopyJobStateFailed, 40, "offsite"))
	r.Copy(place, copied(types.CopyJobStateFailed, 30, "isolated"))
	r.Copy(place, copied(types.CopyJobStateCompleted, 20, "offsite"))
	child := copied(types.CopyJobStateCompleted, 10, "isolated")
	child.ParentJobId = aws.String("parent")
	r.Copy(place, child)
	require.Len(t, r.All(), 2)
	cures := map[string]*recency.Job{}
	for _, one := range r.All() {
		require.Equal(t, place, one.Place)
		cures[one.Destination] = one.Failures()[0].CuredBy
	}
	require.Nil(t, cures["isolated"])
	require.Equal(t, "COMPLETED-20", cures["offsite"].ID)
}

func TestEachSourceHasItsResources(t *testing.T) {
	var r recency.Resources
	elsewhere := recency.Place{Source: "prod/eu-west-1", Region: "eu-west-1"}
	r.Backup(place, job(types.BackupJobStateFailed, 9))
	r.Backup(elsewhere, job(types.BackupJobStateCompleted, 2))
	all := r.All()
	require.Len(t, all, 2)
	require.Nil(t, all[0].Failures()[0].CuredBy)
	require.Equal(t, recency.Place{Source: "prod/eu-west-1", Account: "111122223333", Region: "eu-west-1"}, all[1].Place)
}

func TestJobsWithoutAResourceAreKeptByTypeAndAccount(t *testing.T) {
	nowhere := func(kind, account string) func(*types.BackupJob) {
		return func(j *types.BackupJob) {
			j.ResourceArn, j.ResourceType, j.AccountId = nil, aws.String(kind), aws.String(account)
		}
	}
	all := resources(job(types.BackupJobStateFailed, 9, nowhere("EBS", "1")), job(types.BackupJobStateFailed, 8, nowhere("EBS", "1")),
		job(types.BackupJobStateFailed, 7, nowhere("EBS", "2")), job(types.BackupJobStateFailed, 6, nowhere("EC2", "2")))
	require.Equal(t, []int{2, 1, 1}, lo.Map(all, func(r *recency.Resource, _ int) int { return r.Jobs }))
}

func TestProtectedResources(t *testing.T) {
	var r recency.Resources
	protect := func(arn string, last *time.Time) {
		r.Protect(place, types.ProtectedResource{ResourceArn: aws.String(arn), ResourceType: aws.String("EBS"), LastBackupTime: last})
	}
	const forgotten = "arn:aws:ec2:us-east-1:444455556666:volume/vol-9"
	protect(volume, ago(4))
	r.Backup(place, job(types.BackupJobStateCompleted, 48))
	protect(forgotten, ago(900))
	protect("arn:aws:s3:::never", nil)
	all := r.All()
	require.Equal(t, []string{"arn:aws:s3:::never", forgotten, volume}, lo.Map(all, func(r *recency.Resource, _ int) string { return r.ARN }))
	require.Equal(t, "444455556666", all[1].Place.Account)
	require.Zero(t, all[1].Jobs)
	age, _ := all[2].Age(now)
	require.Equal(t, 4*time.Hour, age, "of its parent's backup, which is no job of its own")
	require.False(t, all[2].Overdue(now, 5*time.Hour))
}

// Who has no recent backup is certain only where nothing newer can be unread.
func TestWhatProvesThatThereIsNoNewerBackup(t *testing.T) {
	const week = 7 * 24 * time.Hour
	long, short := now.Add(-week), now.Add(-week+1)
	never := resources(job(types.BackupJobStateFailed, 2))[0]
	var seen recency.Resources
	seen.Protect(place, types.ProtectedResource{ResourceArn: aws.String(volume), LastBackupTime: ago(900)})
	for name, c := range map[string]struct {
		read recency.Reading
		of   *recency.Resource
		want bool
	}{
		"all jobs of the time":                {recency.Reading{Since: long, Jobs: true}, never, true},
		"some jobs of the time":               {recency.Reading{Since: long}, never, false},
		"some jobs and all that is backed up": {recency.Reading{Since: long, Protected: true}, never, false},
		"all jobs of a shorter time":          {recency.Reading{Since: short, Jobs: true}, never, false},
		"these, and all that is backed up":    {recency.Reading{Since: short, Jobs: true, Protected: true}, never, true},
		"the word of AWS Backup":              {recency.Reading{Since: short}, seen.All()[0], true},
	} {
		require.Equal(t, c.want, c.read.Proves(c.of, now, week), name)
	}
}

func TestMemoryDoesNotGrowWithJobs(t *testing.T) {
	held := func(n int) int {
		var r recency.Resources
		for i := range n {
			r.Backup(place, job(lo.Ternary(i%3 == 0, types.BackupJobStateFailed, types.BackupJobStateCompleted), i, func(j *types.BackupJob) {
				j.ResourceArn = aws.String(strconv.Itoa(i % 10))
			}))
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		runtime.KeepAlive(&r)
		return int(m.HeapAlloc)
	}
	few := held(1_000)
	require.Less(t, held(100_000)-few, 200_000)
}
