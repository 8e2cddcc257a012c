package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/organization"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// The time of the made-up data, and the night on which many of their jobs fail.
var (
	madeUpNow = time.Date(2026, time.November, 20, 14, 30, 0, 0, time.UTC)
	badNight  = madeUpNow.AddDate(0, 0, -8)
)

// madeUp returns an account that does not exist. It needs no network, and is the same in each run.
func madeUp() origin {
	data := fakeaws.Generate(7, madeUpNow, 900)
	for i := range data.BackupJobs {
		lockOut(&data.BackupJobs[i])
	}
	hurry(data.HSM, 5*time.Hour+40*time.Minute, 41*time.Hour, 66*time.Hour)
	service := fakeaws.New(data, fakeaws.WithClock(func() time.Time { return madeUpNow }))
	return origin{
		fleet:  backupx.Fleet{{Name: "us-east-1", Region: "us-east-1", Config: service.Config()}},
		now:    madeUpNow,
		madeUp: true,
	}
}

// madeUpOrganization returns the made-up organisation, with data of the same days.
func madeUpOrganization(ctx context.Context, chosen sources.Organization) (origin, error) {
	clock := func() time.Time { return madeUpNow }
	services := func(account, region string, seed uint64) *fakeaws.Service {
		data := sources.Of(account, fakeaws.Generate(seed, madeUpNow, 30))
		return fakeaws.New(data, fakeaws.WithAccount(account), fakeaws.WithRegion(region), fakeaws.WithClock(clock), fakeaws.WithLog(0))
	}
	fleet, err := organization.MadeUpFleet(ctx, "report", chosen, services, clock)
	return origin{fleet: fleet, now: madeUpNow, madeUp: true, org: true}, err
}

// lockOut makes a job of the bad night fail, unless it backs up a database.
func lockOut(j *types.BackupJob) {
	kind := aws.ToString(j.ResourceType)
	if j.CreationDate.YearDay() != badNight.YearDay() || kind == "RDS" || kind == "Aurora" {
		return
	}
	j.State, j.MessageCategory = types.BackupJobStateFailed, aws.String("AccessDenied")
	j.StatusMessage = aws.String("The role can no longer use the key of the vault.")
	j.BackupSizeInBytes = nil
}

// hurry moves the deletions of the first backups to the given times after now.
func hurry(backups []hsmtypes.Backup, left ...time.Duration) {
	for i := range backups {
		if len(left) > 0 && backups[i].BackupState == hsmtypes.BackupStatePendingDeletion {
			backups[i].DeleteTimestamp = aws.Time(madeUpNow.Add(left[0]))
			left = left[1:]
		}
	}
}
