package main

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/stretchr/testify/require"
)

func TestChildJobsAreSingularAndPlural(t *testing.T) {
	require.Equal(t, "1 child job is in its parent", (&Total{Children: 1}).covers())
	require.Equal(t, "2 child jobs are in their parents", (&Total{Children: 2}).covers())
}

func TestOutcomeOfABackupJob(t *testing.T) {
	for name, c := range map[string]struct {
		job  types.BackupJob
		want string
	}{
		"failed":                            {types.BackupJob{State: types.BackupJobStateFailed}, "FAILED"},
		"expired":                           {types.BackupJob{State: types.BackupJobStateExpired}, "EXPIRED"},
		"partial":                           {types.BackupJob{State: types.BackupJobStatePartial}, "PARTIAL"},
		"aborted":                           {types.BackupJob{State: types.BackupJobStateAborted}, "ABORTED"},
		"completed":                         {types.BackupJob{State: types.BackupJobStateCompleted}, ""},
		"completed, category of success":    {types.BackupJob{State: types.BackupJobStateCompleted, MessageCategory: aws.String("Success")}, ""},
		"completed with issues":             {types.BackupJob{State: types.BackupJobStateCompleted, MessageCategory: aws.String("Aggregated")}, withIssues},
		"running":                           {types.BackupJob{State: types.BackupJobStateRunning}, ""},
		"a state that nobody knows yet":     {types.BackupJob{State: "PAUSED"}, ""},
		"running, with a category all same": {types.BackupJob{State: types.BackupJobStateRunning, MessageCategory: aws.String("Aggregated")}, ""},
	} {
		require.Equal(t, c.want, backupJob(c.job).outcome, name)
	}
}

func TestOutcomeOfACopyJob(t *testing.T) {
	for name, c := range map[string]struct {
		job  types.CopyJob
		want string
	}{
		"failed":                {types.CopyJob{State: types.CopyJobStateFailed}, "FAILED"},
		"partial":               {types.CopyJob{State: types.CopyJobStatePartial}, "PARTIAL"},
		"completed":             {types.CopyJob{State: types.CopyJobStateCompleted}, ""},
		"completed with issues": {types.CopyJob{State: types.CopyJobStateCompleted, MessageCategory: aws.String("Aggregated")}, withIssues},
		"created: AWS retries":  {types.CopyJob{State: types.CopyJobStateCreated}, ""},
	} {
		require.Equal(t, c.want, copyJob(c.job).outcome, name)
	}
}

func TestJobsPastTheirStartBy(t *testing.T) {
	for name, c := range map[string]struct {
		state   types.BackupJobState
		startBy *time.Time
		late    bool
	}{
		"created and over":     {types.BackupJobStateCreated, aws.Time(now.Add(-time.Minute)), true},
		"pending and over":     {types.BackupJobStatePending, aws.Time(now.Add(-time.Minute)), true},
		"pending, time left":   {types.BackupJobStatePending, aws.Time(now.Add(time.Minute)), false},
		"pending, just now":    {types.BackupJobStatePending, aws.Time(now), false},
		"pending, none told":   {types.BackupJobStatePending, nil, false},
		"running: it started":  {types.BackupJobStateRunning, aws.Time(now.Add(-time.Minute)), false},
		"expired: it is ended": {types.BackupJobStateExpired, aws.Time(now.Add(-time.Minute)), false},
	} {
		tally := newTally("us-east-1", now, 20)
		tally.add(backupJob(types.BackupJob{State: c.state, StartBy: c.startBy}))
		require.Equal(t, c.late, tally.late.total == 1, name)
	}
}

func TestHoursLeftOfAPendingDeletion(t *testing.T) {
	for name, c := range map[string]struct {
		deleteAt *time.Time
		want     *float64
	}{
		"hours, rounded down": {aws.Time(now.Add(90*time.Minute + 5*time.Minute)), aws.Float64(1.5)},
		"days":                {aws.Time(now.AddDate(0, 0, 7)), aws.Float64(168)},
		"over":                {aws.Time(now.Add(-time.Hour)), aws.Float64(0)},
		"not told":            {nil, nil},
	} {
		tally := newTally("us-east-1", now, 20)
		tally.add(hsmBackup(hsmtypes.Backup{
			BackupId: aws.String("backup-ro5c4er4aac"), ClusterId: aws.String("cluster-dygnwhmscg5"),
			BackupState: hsmtypes.BackupStatePendingDeletion, DeleteTimestamp: c.deleteAt,
		}))
		want := Deletion{
			BackupID: "backup-ro5c4er4aac", ClusterID: "cluster-dygnwhmscg5", Region: "us-east-1",
			DeleteAt: c.deleteAt, HoursLeft: c.want,
		}
		require.Equal(t, []Deletion{want}, tally.deletions.list().First, name)
	}
}

func TestProblemsAreGroupedByCause(t *testing.T) {
	failed := func(id, vault string, age time.Duration) types.BackupJob {
		return types.BackupJob{
			BackupJobId: aws.String(id), State: types.BackupJobStateFailed, BackupVaultName: aws.String(vault),
			MessageCategory: aws.String("AccessDenied"), CreationDate: aws.Time(now.Add(-age)),
			CreatedBy: &types.RecoveryPointCreator{BackupPlanId: aws.String("4aee0f48")},
		}
	}
	tally := newTally("us-east-1", now, 20)
	for _, job := range []types.BackupJob{
		failed("old", "daily", 48*time.Hour), failed("new", "daily", time.Hour), failed("other", "monthly", time.Hour),
		{BackupJobId: aws.String("fine"), State: types.BackupJobStateCompleted},
	} {
		tally.add(backupJob(job))
	}
	cause := Cause{Outcome: "FAILED", Region: "us-east-1", Vault: "daily", Plan: "4aee0f48", Category: "AccessDenied"}
	elsewhere := cause
	elsewhere.Vault = "monthly"
	require.Equal(t, []Problem{
		{Cause: cause, Count: 2, Newest: Job{ID: "new", Created: now.Add(-time.Hour)}},
		{Cause: elsewhere, Count: 1, Newest: Job{ID: "other", Created: now.Add(-time.Hour)}},
	}, mostFirst(tally.grouped()))
}

func TestSizesStayWithTheirTypes(t *testing.T) {
	tally := newTally("us-east-1", now, 20)
	for _, job := range []types.BackupJob{
		{ResourceType: aws.String("EBS"), State: types.BackupJobStateCompleted, BackupSizeInBytes: aws.Int64(8)},
		{ResourceType: aws.String("EBS"), State: types.BackupJobStateCompleted, BackupSizeInBytes: aws.Int64(8)},
		{ResourceType: aws.String("EBS"), State: types.BackupJobStateFailed, BackupSizeInBytes: aws.Int64(8)},
		{ResourceType: aws.String("RDS"), State: types.BackupJobStateCompleted, BackupSizeInBytes: aws.Int64(0)},
		{ResourceType: aws.String("Aurora"), State: types.BackupJobStateCompleted},
	} {
		tally.add(backupJob(job))
	}
	require.Equal(t, []Size{
		{ResourceType: "Aurora", Jobs: 1, Meaning: "not reported"},
		{ResourceType: "EBS", Jobs: 2, Reporting: 2, Bytes: 16, Meaning: "provisioned size, each job anew"},
		{ResourceType: "RDS", Jobs: 1, Reporting: 1, Meaning: "not reported: AWS says 0"},
	}, tally.sized())
}

func TestASizeMeansWhatWasReported(t *testing.T) {
	for want, s := range map[string]Size{
		"not reported: AWS says 0": {ResourceType: "RDS", Jobs: 1, Reporting: 1},
		"as reported":              {ResourceType: "RDS", Jobs: 1, Reporting: 1, Bytes: 5},
		"not reported":             {ResourceType: "EBS", Jobs: 1},
	} {
		require.Equal(t, want, s.meaning())
	}
}

func TestText(t *testing.T) {
	require.Equal(t, "a b…", cut("a\tb\ncd", 4))
	require.Equal(t, "[31mred", cut("\x1b[31mred", 20)[1:], "a message cannot colour a terminal")
	copied := Cause{Region: "us-east-1", Account: "111122223333", Vault: "arn:aws:backup:us-east-1:111122223333:backup-vault:daily"}
	require.Equal(t, "daily", copied.vaultName())
	copied.Vault = "arn:aws:backup:eu-west-1:444455556666:backup-vault:offsite"
	require.Equal(t, "offsite in eu-west-1 of 444455556666", copied.vaultName())
	require.Equal(t, "i-0123", resourceName("arn:aws:ec2:us-east-1:111122223333:instance/i-0123"))
	require.Equal(t, "exports", resourceName("arn:aws:s3:::exports"))
}
