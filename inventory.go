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

// Record is a backup, or a job that makes one, as plain values that all services have in common. What
// a service does not give is the zero value.
type Record struct {
	Service   Service
	ID        string    // of the backup or the job, as the service names it
	State     string    // as the service names it: READY, COMPLETED, …
	Resource  string    // what is backed up: an ARN, a cluster, a server
	Created   time.Time // UTC
	Completed time.Time // UTC; of jobs that have ended
	// Bytes is the size where the service gives one. What it counts differs from resource type to
	// resource type (provisioned for EBS and EC2, the increment for EFS, 0 for RDS): do not add them up
	// across types.
	Bytes *int64
	// Item is what the SDK returned: a hsmtypes.Backup, an [OpsWorksBackup], a types.BackupJob or a
	// types.CopyJob.
	Item any
}

// Inventory lists the backups and jobs of several services as one listing of plain values, by the
// operations of [HSMBackups], [BackupJobs], [CopyJobs] and [OpsWorksBackups], with the permissions that
// these need. Without arguments it takes the services that the client was given, OpsWorks CM aside, which
// AWS switched off and which is listed only if named. A service that fails does not stop the others: the
// error at the end is a [SourceErrors] that names it.
func (c Client) Inventory(services ...Service) Listing[Record] {
	if len(services) == 0 {
		services = c.given()
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
	return apart("Inventory", parts)
}

// given are the services that an inventory lists unless it is told.
func (c Client) given() []Service {
	var services []Service
	if !lo.IsNil(c.HSM) {
		services = append(services, ServiceHSM)
	}
	if !lo.IsNil(c.Backup) {
		services = append(services, ServiceBackupJobs, ServiceCopyJobs)
	}
	return services
}

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
