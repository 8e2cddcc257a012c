package main

import (
	"cmp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// service is a listing operation with its items converted to entries.
type service struct {
	id         string // as in JSON
	title      string // as in the text
	permission string
	states     []string // in the order that an item goes through them
	list       func(backupx.Client) backupx.Listing[entry]
}

// services returns the services that the options choose. -days counts back from now.
func (o options) services(now time.Time) []service {
	all := []service{o.backupJobs(now), o.copyJobs(now), hsmBackups()}
	if o.opsworks || !o.live {
		all = append(all, opsWorksBackups())
	}
	return all
}

// entry is a job or backup of any service, reduced to what the report needs.
type entry struct {
	id, state         string
	created           time.Time
	account           string
	resource, kind    string // ARN and type of the resource that is backed up
	vault, plan       string
	category, message string

	sized bool   // true for a completed backup job
	bytes *int64 // its size; nil if the service gives none

	outcome  string    // why the item needs attention; empty if it needs none
	startBy  time.Time // StartBy of a job that has not started; zero otherwise
	deleteAt time.Time // deletion time of a backup that is pending deletion; zero if unknown
	deleting bool
}

// withIssues is the outcome of a job that the console of AWS Backup calls completed with issues.
const withIssues = "COMPLETED_WITH_ISSUES"

func (o options) backupJobs(now time.Time) service {
	filter := backupx.BackupJobFilter{}.TopLevel()
	if o.accounts || !o.live {
		filter = filter.AllAccounts()
	}
	if o.days > 0 {
		filter = filter.CreatedAfter(now.AddDate(0, 0, -o.days))
	}
	return service{
		id: "backup-jobs", title: "Backup jobs", permission: "backup:ListBackupJobs",
		states: texts(types.BackupJobState("").Values()),
		list: func(c backupx.Client) backupx.Listing[entry] {
			return backupx.Map(c.BackupJobs(filter), backupJob)
		},
	}
}

func backupJob(j types.BackupJob) entry {
	e := entry{
		id: aws.ToString(j.BackupJobId), state: string(j.State), created: aws.ToTime(j.CreationDate),
		account: aws.ToString(j.AccountId), resource: aws.ToString(j.ResourceArn), kind: aws.ToString(j.ResourceType),
		vault: aws.ToString(j.BackupVaultName), plan: plan(j.CreatedBy),
		category: aws.ToString(j.MessageCategory), message: aws.ToString(j.StatusMessage),
		sized: j.State == types.BackupJobStateCompleted, bytes: j.BackupSizeInBytes,
	}
	if (backupx.BackupJobFilter{}).Unsuccessful().Match(j) {
		e.outcome = string(j.State)
	}
	if j.State == types.BackupJobStateCreated || j.State == types.BackupJobStatePending {
		e.startBy = aws.ToTime(j.StartBy)
	}
	if (backupx.BackupJobFilter{}).CompletedWithIssues().Match(j) {
		e.outcome = withIssues
	}
	return e
}

func (o options) copyJobs(now time.Time) service {
	filter := backupx.CopyJobFilter{}.TopLevel()
	if o.days > 0 {
		filter = filter.CreatedAfter(now.AddDate(0, 0, -o.days))
	}
	return service{
		id: "copy-jobs", title: "Copy jobs", permission: "backup:ListCopyJobs",
		states: texts(types.CopyJobState("").Values()),
		list: func(c backupx.Client) backupx.Listing[entry] {
			return backupx.Map(c.CopyJobs(filter), copyJob)
		},
	}
}

// copyJob converts a copy job. A job that stays CREATED is no problem: AWS retries for two hours.
func copyJob(j types.CopyJob) entry {
	e := entry{
		id: aws.ToString(j.CopyJobId), state: string(j.State), created: aws.ToTime(j.CreationDate),
		account: aws.ToString(j.AccountId), resource: aws.ToString(j.ResourceArn), kind: aws.ToString(j.ResourceType),
		vault: aws.ToString(j.DestinationBackupVaultArn), plan: plan(j.CreatedBy),
		category: aws.ToString(j.MessageCategory), message: aws.ToString(j.StatusMessage),
	}
	if (backupx.CopyJobFilter{}).Unsuccessful().Match(j) {
		e.outcome = string(j.State)
	}
	if (backupx.CopyJobFilter{}).CompletedWithIssues().Match(j) {
		e.outcome = withIssues
	}
	return e
}

// plan returns the name or id of the backup plan that started a job, or "on demand".
func plan(by *types.RecoveryPointCreator) string {
	if by == nil {
		return "on demand"
	}
	return cmp.Or(aws.ToString(by.BackupPlanName), aws.ToString(by.BackupPlanId), "on demand")
}

func hsmBackups() service {
	return service{
		id: "hsm-backups", title: "CloudHSM backups", permission: "cloudhsm:DescribeBackups",
		states: texts(hsmtypes.BackupState("").Values()),
		list: func(c backupx.Client) backupx.Listing[entry] {
			return backupx.Map(c.HSMBackups(backupx.HSMFilter{}), hsmBackup)
		},
	}
}

func hsmBackup(b hsmtypes.Backup) entry {
	return entry{
		id: aws.ToString(b.BackupId), state: string(b.BackupState), created: aws.ToTime(b.CreateTimestamp),
		resource: aws.ToString(b.ClusterId),
		deleting: b.BackupState == hsmtypes.BackupStatePendingDeletion,
		deleteAt: aws.ToTime(b.DeleteTimestamp),
	}
}

func opsWorksBackups() service {
	return service{
		id: "opsworks-backups", title: "OpsWorks CM backups", permission: "opsworks-cm:DescribeBackups",
		states: texts(backupx.OpsWorksBackupStatus("").Values()),
		list: func(c backupx.Client) backupx.Listing[entry] {
			return backupx.Map(c.OpsWorksBackups(backupx.OpsWorksFilter{}), opsWorksBackup)
		},
	}
}

func opsWorksBackup(b backupx.OpsWorksBackup) entry {
	e := entry{
		id: aws.ToString(b.BackupId), state: string(b.Status), created: aws.ToTime(b.CreatedAt),
		resource: aws.ToString(b.ServerName), message: aws.ToString(b.StatusDescription),
	}
	if b.Status == backupx.OpsWorksBackupStatusFailed {
		e.outcome = string(b.Status)
	}
	return e
}

// texts converts the values of an enum to strings.
func texts[V ~string](values []V) []string {
	return lo.Map(values, func(v V, _ int) string { return string(v) })
}
