package main

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// The instant of the made-up data, and the night in them that went wrong.
var (
	madeUpNow = time.Date(2026, time.November, 20, 14, 30, 0, 0, time.UTC)
	badNight  = madeUpNow.AddDate(0, 0, -8)
)

// madeUp is an account that does not exist, the same at any time: no network.
func madeUp() origin {
	data := fakeaws.Generate(7, madeUpNow, 900)
	for i := range data.BackupJobs {
		lockOut(&data.BackupJobs[i])
	}
	hurry(data.HSM, 5*time.Hour+40*time.Minute, 41*time.Hour, 66*time.Hour)
	service := fakeaws.New(data, fakeaws.WithClock(func() time.Time { return madeUpNow }))
	return origin{
		fleet:  backupx.Fleet{{Name: "us-east-1", Client: backupx.New(service.Config())}},
		now:    madeUpNow,
		note:   "made up by fixtures/fakeaws",
		madeUp: true,
	}
}

// lockOut makes a job of the bad night fail, if it is not of a database.
func lockOut(j *types.BackupJob) {
	kind := aws.ToString(j.ResourceType)
	if j.CreationDate.YearDay() != badNight.YearDay() || kind == "RDS" || kind == "Aurora" {
		return
	}
	j.State, j.MessageCategory = types.BackupJobStateFailed, aws.String("AccessDenied")
	j.StatusMessage = aws.String("The role can no longer use the key of the vault.")
	j.BackupSizeInBytes = nil
}

// hurry brings the first deletions forward, to so long after now.
func hurry(backups []hsmtypes.Backup, left ...time.Duration) {
	for i := range backups {
		if len(left) > 0 && backups[i].BackupState == hsmtypes.BackupStatePendingDeletion {
			backups[i].DeleteTimestamp = aws.Time(madeUpNow.Add(left[0]))
			left = left[1:]
		}
	}
}
