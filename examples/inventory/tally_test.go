package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/stretchr/testify/require"
)

func TestChildJobsAreSingularAndPlural(t *testing.T) {
	require.Equal(t, "1 child job is in its parent", (&Total{Children: aws.Int(1)}).covers())
	require.Equal(t, "2 child jobs are in their parents", (&Total{Children: aws.Int(2)}).covers())
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
		tally := newTally("us-east-1", now, options{show: 20, due: 72 * time.Hour})
		tally.add(backupJob(types.BackupJob{State: c.state, StartBy: c.startBy}))
		require.Equal(t, c.late, tally.late.total == 1, name)
	}
}

func TestHoursLeftOfAPendingDeletion(t *testing.T) {
	for name, c := range map[string]struct {
		deleteAt *time.Time
		want     *float64
		due      bool
	}{
		"hours, rounded down": {aws.Time(now.Add(90*time.Minute + 5*time.Minute)), aws.Float64(1.5), true},
		"just due":            {aws.Time(now.Add(72 * time.Hour)), aws.Float64(72), true},
		"not due":             {aws.Time(now.Add(72*time.Hour + time.Second)), aws.Float64(72), false},
		"days":                {aws.Time(now.AddDate(0, 0, 7)), aws.Float64(168), false},
		"over":                {aws.Time(now.Add(-time.Hour)), aws.Float64(0), true},
		"not told":            {nil, nil, true},
	} {
		tally := newTally("us-east-1", now, options{show: 20, due: 72 * time.Hour})
		tally.add(hsmBackup(hsmtypes.Backup{
			BackupId: aws.String("backup-ro5c4er4aac"), ClusterId: aws.String("cluster-dygnwhmscg5"),
			BackupState: hsmtypes.BackupStatePendingDeletion, DeleteTimestamp: c.deleteAt,
		}))
		want := Deletion{
			BackupID: "backup-ro5c4er4aac", ClusterID: "cluster-dygnwhmscg5", Region: "us-east-1",
			DeleteAt: c.deleteAt, HoursLeft: c.want, Due: c.due,
		}
		require.Equal(t, []Deletion{want}, tally.deletions.list().First, name)
		require.Equal(t, c.due, tally.due == 1, name)
	}
}

func TestSizesStayWithTheirTypes(t *testing.T) {
	tally := newTally("us-east-1", now, options{show: 20, due: 72 * time.Hour})
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
	copied := Cause{Region: "us-east-1", Account: "111122223333", Vault: "arn:aws:backup:us-east-1:111122223333:backup-vault:daily"}
	require.Equal(t, "daily", copied.vaultName())
	copied.Vault = "arn:aws:backup:eu-west-1:444455556666:backup-vault:offsite"
	require.Equal(t, "offsite in eu-west-1 of 444455556666", copied.vaultName())
	require.Equal(t, "EC2 i-0123", identity{kind: "EC2", arn: "arn:aws:ec2:us-east-1:111122223333:instance/i-0123"}.name())
	require.Equal(t, "exports", identity{arn: "arn:aws:s3:::exports"}.name())
	require.Equal(t, "24h 1h30m 45s 0s", fmt.Sprint(span(24*time.Hour), " ", span(90*time.Minute), " ", span(45*time.Second), " ", span(0)))
	require.Equal(t, "a [31mred b\n", view{width: 80}.hang("", "a\x1b[31mred\nb"), "a message cannot colour a terminal")
}
