package main

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/recency"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// service is a listing operation.
type service struct {
	id         string // as in JSON
	title      string // as in the text
	permission string
	states     []string // in the order that an item goes through them
	read       func(reader, context.Context, *part) error
}

// The services by their ids.
var (
	backupJobs = service{"backup-jobs", "Backup jobs", "backup:ListBackupJobs", texts(types.BackupJobState("").Values()), reader.backupJobs}
	copyJobs   = service{"copy-jobs", "Copy jobs", "backup:ListCopyJobs", texts(types.CopyJobState("").Values()), reader.copyJobs}
	hsmBackups = service{
		"hsm-backups", "CloudHSM backups", "cloudhsm:DescribeBackups", texts(hsmtypes.BackupState("").Values()), reader.hsmBackups,
	}
	opsWorksBackups = service{
		"opsworks-backups", "OpsWorks CM backups", "opsworks-cm:DescribeBackups",
		texts(backupx.OpsWorksBackupStatus("").Values()), reader.opsWorksBackups,
	}
	protectedResources = service{
		"protected-resources", "Protected resources", "backup:ListProtectedResources", nil, reader.protectedResources,
	}
)

// services returns the services that the options choose.
func (o options) services() []service {
	all := []service{backupJobs, copyJobs, hsmBackups}
	if o.opsworks || !o.live {
		all = append(all, opsWorksBackups)
	}
	if o.protected {
		all = append(all, protectedResources)
	}
	return all
}

// texts converts the values of an enum to strings.
func texts[V ~string](values []V) []string {
	return lo.Map(values, func(v V, _ int) string { return string(v) })
}

// entry is a job or backup of any service, reduced to what a [tally] needs.
type entry struct {
	job     Job
	state   string
	account string
	vault   string
	plan    string
	child   bool // a job with a parent

	sized bool   // true for a completed backup job
	bytes *int64 // its size; nil if the service gives none

	startBy  time.Time // StartBy of a job that has not started; zero otherwise
	deleteAt time.Time // deletion time of a backup that is pending deletion; zero if unknown
	deleting bool
}

// backupJobs reads backup jobs. A range over jobs with a parent too can count them: a page that is read side by side with
// others has more items than it delivers.
func (r reader) backupJobs(ctx context.Context, p *part) error {
	var filter backupx.BackupJobFilter
	if r.accounts || !r.live {
		filter = filter.AllAccounts()
	}
	if !r.begin.IsZero() {
		filter = filter.CreatedBetween(r.begin, time.Time{})
	}
	return read(ctx, r, p.place.client.BackupJobs(filter), func(j types.BackupJob) {
		p.resources.Backup(p.place.of(), j)
		p.tally.add(backupJob(j))
	})
}

func backupJob(j types.BackupJob) entry {
	e := entry{
		job: Job{
			ID: aws.ToString(j.BackupJobId), Created: aws.ToTime(j.CreationDate),
			Resource: aws.ToString(j.ResourceArn), ResourceType: aws.ToString(j.ResourceType), Message: aws.ToString(j.StatusMessage),
		},
		state: string(j.State), account: aws.ToString(j.AccountId), vault: aws.ToString(j.BackupVaultName), plan: recency.Plan(j.CreatedBy),
		child: j.ParentJobId != nil, sized: j.State == types.BackupJobStateCompleted, bytes: j.BackupSizeInBytes,
	}
	if j.State == types.BackupJobStateCreated || j.State == types.BackupJobStatePending {
		e.startBy = aws.ToTime(j.StartBy)
	}
	return e
}

// copyJobs reads copy jobs. A job that stays CREATED is no problem: AWS retries for two hours.
func (r reader) copyJobs(ctx context.Context, p *part) error {
	var filter backupx.CopyJobFilter
	if !r.begin.IsZero() {
		filter = filter.CreatedBetween(r.begin, time.Time{})
	}
	return read(ctx, r, p.place.client.CopyJobs(filter), func(j types.CopyJob) {
		p.resources.Copy(p.place.of(), j)
		p.tally.add(entry{job: Job{Created: aws.ToTime(j.CreationDate)}, state: string(j.State), child: j.ParentJobId != nil})
	})
}

func (r reader) hsmBackups(ctx context.Context, p *part) error {
	return read(ctx, r, p.place.client.HSMBackups(backupx.HSMFilter{}), func(b hsmtypes.Backup) { p.tally.add(hsmBackup(b)) })
}

func hsmBackup(b hsmtypes.Backup) entry {
	return entry{
		job:      Job{ID: aws.ToString(b.BackupId), Created: aws.ToTime(b.CreateTimestamp), Resource: aws.ToString(b.ClusterId)},
		state:    string(b.BackupState),
		deleting: b.BackupState == hsmtypes.BackupStatePendingDeletion,
		deleteAt: aws.ToTime(b.DeleteTimestamp),
	}
}

func (r reader) opsWorksBackups(ctx context.Context, p *part) error {
	return read(ctx, r, p.place.client.OpsWorksBackups(backupx.OpsWorksFilter{}), func(b backupx.OpsWorksBackup) {
		job := recency.Job{
			ID: aws.ToString(b.BackupId), State: string(b.Status), Message: aws.ToString(b.StatusDescription),
			Created: aws.ToTime(b.CreatedAt).UTC(), Succeeded: b.Status == backupx.OpsWorksBackupStatusOk,
		}
		if b.Status == backupx.OpsWorksBackupStatusFailed {
			job.Outcome = job.State
		}
		p.resources.Add(p.place.of(), recency.Subject{ARN: aws.ToString(b.ServerName)}, job)
		p.tally.add(entry{job: Job{Created: job.Created}, state: job.State})
	})
}

// protectedResources reads the resources that AWS Backup has backed up.
func (r reader) protectedResources(ctx context.Context, p *part) error {
	return read(ctx, r, sources.Protected(p.place.cfg), func(one types.ProtectedResource) {
		p.protected = append(p.protected, one)
		p.tally.count++
	})
}

// of returns the parts of a service.
func (s service) of(parts []*part) []*part {
	return slices.DeleteFunc(slices.Clone(parts), func(p *part) bool { return p.service.id != s.id })
}
