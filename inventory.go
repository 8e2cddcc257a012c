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

// Record describes a backup, or a job that makes one, by plain values that all services have in common. A
// field that the service does not give has its zero value.
type Record struct {
	Service   Service
	ID        string    // the id of the backup or of the job
	State     string    // in the service's own words: READY, COMPLETED, …
	Resource  string    // what is backed up: an ARN, a cluster id, a server name
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
	if len(services) == 0 {
		services = c.defaultServices()
	}
	if len(services) == 0 {
		return invalid[Record]("Inventory", errors.New("no client was given"))
	}
	parts := make([]part[Record], 0, len(services))
	for _, s := range lo.Uniq(services) {
		l, ok := c.records(s)
		if !ok {
			return invalid[Record]("Inventory", fmt.Errorf("no service is named %q", s))
		}
		parts = append(parts, part[Record]{name: string(s), listing: l})
	}
	return isolate("Inventory", parts)
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

// records returns the listing of one service; ok is false if there is no such service.
func (c Client) records(s Service) (l Listing[Record], ok bool) {
	switch s {
	case ServiceHSM:
		return Map(c.HSMBackups(HSMFilter{}), hsmRecord), true
	case ServiceOpsWorks:
		return Map(c.OpsWorksBackups(OpsWorksFilter{}), opsWorksRecord), true
	case ServiceBackupJobs:
		return Map(c.BackupJobs(BackupJobFilter{}), backupJobRecord), true
	case ServiceCopyJobs:
		return Map(c.CopyJobs(CopyJobFilter{}), copyJobRecord), true
	default:
		return l, false
	}
}

func hsmRecord(b hsmtypes.Backup) Record {
	return Record{
		Service: ServiceHSM, ID: aws.ToString(b.BackupId), State: string(b.BackupState),
		Resource: cmp.Or(aws.ToString(b.ClusterId), aws.ToString(b.SourceCluster)),
		Created:  aws.ToTime(b.CreateTimestamp).UTC(), Item: b,
	}
}

func opsWorksRecord(b OpsWorksBackup) Record {
	r := Record{
		Service: ServiceOpsWorks, ID: aws.ToString(b.BackupId), State: string(b.Status),
		Resource: aws.ToString(b.ServerName), Created: aws.ToTime(b.CreatedAt).UTC(), Item: b,
	}
	if b.S3DataSize != nil {
		r.Bytes = aws.Int64(int64(*b.S3DataSize))
	}
	return r
}

func backupJobRecord(j types.BackupJob) Record {
	r := jobRecord(ServiceBackupJobs, backupJob(&j), j.BackupJobId, j.BackupSizeInBytes)
	r.Item = j
	return r
}

func copyJobRecord(j types.CopyJob) Record {
	r := jobRecord(ServiceCopyJobs, copyJob(&j), j.CopyJobId, j.BackupSizeInBytes)
	r.Item = j
	return r
}

func jobRecord(s Service, j job, id *string, bytes *int64) Record {
	return Record{
		Service: s, ID: aws.ToString(id), State: j.state, Resource: aws.ToString(j.resource),
		Created: aws.ToTime(j.created).UTC(), Completed: aws.ToTime(j.completed).UTC(), Bytes: bytes,
	}
}
