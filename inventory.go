package backupx

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
)

// Service is one of the operations that an inventory lists.
type Service string

// The services of an inventory.
const (
	ServiceHSM        Service = "hsm"         // CloudHSM backups
	ServiceOpsWorks   Service = "opsworks"    // OpsWorks CM backups; AWS switched the service off in May 2024
	ServiceBackupJobs Service = "backup-jobs" // backup jobs of AWS Backup
	ServiceCopyJobs   Service = "copy-jobs"   // copy jobs of AWS Backup
)

// Record describes a backup, or a job that makes one, by plain values that all services have in common: a row of a
// report. A field that the service does not give has its zero value. [RecordOf] makes one.
type Record struct {
	Service  Service
	ID       string // the id of the backup or of the job
	Type     string // the resource type of jobs (EBS), the HSM type (hsm1.medium), AUTOMATED or MANUAL of OpsWorks CM
	State    string // in the service's own words: READY, COMPLETED, …
	Resource string // what is backed up: an ARN, a cluster id, a server name
	Vault    string // the name of a backup job's vault, the ARN of a copy job's destination vault
	Plan     string // the id of the backup plan that created the job
	Account  string // the id of the account that owns the job
	Message  string // the service's sentence about the state
	Category string // the message category of a job: SUCCESS, AccessDenied, …

	Created   time.Time // in UTC
	Completed time.Time // in UTC; zero for backups, and for jobs that have not ended
	// Bytes is the size, nil if the service gives none. Its meaning depends on the resource type: the
	// provisioned size for EBS and EC2, the increment for EFS, 0 for RDS. Do not add sizes of different
	// types.
	Bytes *int64
	// Item is the value that the SDK returned: a hsmtypes.Backup, an [OpsWorksBackup], a types.BackupJob or a
	// types.CopyJob.
	Item any
}

// Inventory lists the backups and jobs of several services as one listing of plain values. It lists them as
// [HSMBackups], [BackupJobs], [CopyJobs] and [OpsWorksBackups] do, and needs the same permissions.
//
// Without arguments it lists every service for which the client has a field set, except OpsWorks CM: AWS
// switched that service off, so it is listed only if it is named. Naming an unknown service is an error.
//
// A service that fails does not stop the others: the one error at the end is a [*ListError] that wraps
// [SourceErrors] with the services that failed.
func (c Client) Inventory(services ...Service) Listing[Record] {
	return c.inventory("Inventory", time.Time{}, services)
}

// InventorySince is [Client.Inventory] of what was created at t or later; the zero time leaves nothing out. AWS Backup
// filters jobs by their creation time itself. CloudHSM and OpsWorks CM do not: their backups are all read.
func (c Client) InventorySince(t time.Time, services ...Service) Listing[Record] {
	return c.inventory("InventorySince", t, services)
}

func (c Client) inventory(function string, since time.Time, services []Service) Listing[Record] {
	if len(services) == 0 {
		services = c.defaultServices()
	}
	if len(services) == 0 {
		return invalid[Record](function, errors.New("no client was given"))
	}
	parts := make([]Part[Record], 0, len(services))
	for _, s := range lo.Uniq(services) {
		l, ok := c.records(s, since)
		if !ok {
			return invalid[Record](function, fmt.Errorf("no service is named %q", s))
		}
		parts = append(parts, l.Named(string(s)))
	}
	return isolate(function, "Inventory", parts)
}

// defaultServices returns the services that Inventory lists without arguments.
func (c Client) defaultServices() []Service {
	var services []Service
	if !lo.IsNil(c.HSM) {
		services = append(services, ServiceHSM)
	}
	if !lo.IsNil(c.Backup) {
		services = append(services, ServiceBackupJobs, ServiceCopyJobs)
	}
	return services
}

// records returns the listing of what one service created since a time; ok is false if there is no such service.
func (c Client) records(s Service, since time.Time) (l Listing[Record], ok bool) {
	var end time.Time // open
	switch s {
	case ServiceHSM:
		return Map(c.HSMBackups(HSMFilter{}.CreatedBetween(since, end)), RecordOf), true
	case ServiceOpsWorks:
		return Map(c.OpsWorksBackups(OpsWorksFilter{}.CreatedBetween(since, end)), RecordOf), true
	case ServiceBackupJobs:
		return Map(c.BackupJobs(BackupJobFilter{}.CreatedBetween(since, end)), RecordOf), true
	case ServiceCopyJobs:
		return Map(c.CopyJobs(CopyJobFilter{}.CreatedBetween(since, end)), RecordOf), true
	default:
		return l, false
	}
}

// RecordOf returns the record of an item, as [Client.Inventory] lists it. Use it with [Map] to report on a listing of
// one service with a filter.
func RecordOf[T hsmtypes.Backup | OpsWorksBackup | types.BackupJob | types.CopyJob](item T) Record {
	var r Record
	boxed := any(item)
	switch v := boxed.(type) {
	case hsmtypes.Backup:
		r = hsmRecord(v)
	case OpsWorksBackup:
		r = opsWorksRecord(v)
	case types.BackupJob:
		r = backupJobRecord(v)
	case types.CopyJob:
		r = copyJobRecord(v)
	}
	r.Item = boxed
	return r
}

func hsmRecord(b hsmtypes.Backup) Record {
	return Record{
		Service: ServiceHSM, ID: aws.ToString(b.BackupId), Type: aws.ToString(b.HsmType), State: string(b.BackupState),
		Resource: cmp.Or(aws.ToString(b.ClusterId), aws.ToString(b.SourceCluster)),
		Created:  aws.ToTime(b.CreateTimestamp).UTC(),
	}
}

func opsWorksRecord(b OpsWorksBackup) Record {
	r := Record{
		Service: ServiceOpsWorks, ID: aws.ToString(b.BackupId), Type: string(b.BackupType), State: string(b.Status),
		Resource: aws.ToString(b.ServerName), Message: aws.ToString(b.StatusDescription), Created: aws.ToTime(b.CreatedAt).UTC(),
	}
	if b.S3DataSize != nil {
		r.Bytes = aws.Int64(int64(*b.S3DataSize))
	}
	return r
}

func backupJobRecord(j types.BackupJob) Record {
	r := jobRecord(backupJob(&j))
	r.Service, r.Vault = ServiceBackupJobs, aws.ToString(j.BackupVaultName)
	r.Account, r.Message, r.Bytes = aws.ToString(j.AccountId), aws.ToString(j.StatusMessage), j.BackupSizeInBytes
	return r
}

func copyJobRecord(j types.CopyJob) Record {
	r := jobRecord(copyJob(&j))
	r.Service, r.Vault = ServiceCopyJobs, aws.ToString(j.DestinationBackupVaultArn)
	r.Account, r.Message, r.Bytes = aws.ToString(j.AccountId), aws.ToString(j.StatusMessage), j.BackupSizeInBytes
	return r
}

// jobRecord returns the fields of a record that backup jobs and copy jobs have in common.
func jobRecord(j job) Record {
	return Record{
		ID: aws.ToString(j.id), Type: aws.ToString(j.resourceType), State: j.state, Resource: aws.ToString(j.resource),
		Plan: aws.ToString(j.plan), Category: aws.ToString(j.category),
		Created: aws.ToTime(j.created).UTC(), Completed: aws.ToTime(j.completed).UTC(),
	}
}
