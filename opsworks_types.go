package backupx

import (
	"time"

	"github.com/aws/smithy-go/middleware"
)

// OpsWorksDescribeBackupsInput says which backups [OpsWorksClient.DescribeBackups] describes. No member
// is required; the zero value, or nil in its place, asks for all.
type OpsWorksDescribeBackupsInput struct {
	// The id of the one backup to describe: ServerName-yyyyMMddHHmmssSSS.
	BackupId *string

	// The most backups to return in one response, from 1. AWS documented it as not implemented.
	MaxResults *int32

	// NextToken of the previous response, nil for the first page. AWS documented it as not implemented.
	NextToken *string

	// The name of the server whose backups to describe.
	ServerName *string
}

// OpsWorksDescribeBackupsOutput is the page of backups that [OpsWorksClient.DescribeBackups] returns.
type OpsWorksDescribeBackupsOutput struct {
	// The backups of this page, nil if the response had no such member.
	Backups []OpsWorksBackup

	// What to send for the next page; nil or empty on the last.
	NextToken *string

	// What the SDK records of a call: request id, raw response, attempts, times.
	ResultMetadata middleware.Metadata
}

// OpsWorksBackup is a backup of an AWS OpsWorks CM server. It has the fields of Backup in the
// removed SDK package opsworkscm/types, so code that used that package changes its import and
// little else. A member that the service did not send is nil or empty.
type OpsWorksBackup struct {
	// The ARN of the backup.
	BackupArn *string

	// The generated id of the backup: ServerName-yyyyMMddHHmmssSSS.
	BackupId *string

	// Whether the service made the backup by itself or a person asked for it.
	BackupType OpsWorksBackupType

	// When the backup was created: 2016-07-29T13:38:47.520Z, say.
	CreatedAt *time.Time

	// A description given by the user for a manual backup, empty for an automated one.
	Description *string

	// The engine type of the server when it was backed up: Chef, ChefAutomate, Puppet, Monolithic.
	Engine *string

	// The engine model of the server when it was backed up: Single.
	EngineModel *string

	// The engine version of the server when it was backed up.
	EngineVersion *string

	// The ARN of the EC2 instance profile of the server when it was backed up.
	InstanceProfileArn *string

	// The EC2 instance type of the server when it was backed up.
	InstanceType *string

	// The EC2 key pair of the server when it was backed up.
	KeyPair *string

	// The preferred backup window of the server: DDD:HH:MM or HH:MM, in UTC.
	PreferredBackupWindow *string

	// The preferred maintenance window of the server: DDD:HH:MM, in UTC.
	PreferredMaintenanceWindow *string

	// The size of the backup in bytes. Deprecated in the service's model.
	S3DataSize *int32

	// The Amazon S3 URL of the backup's data. Deprecated in the service's model.
	S3DataUrl *string

	// The Amazon S3 URL of the backup's log file.
	S3LogUrl *string

	// The security groups of the server when it was backed up.
	SecurityGroupIds []string

	// The name of the server that was backed up.
	ServerName *string

	// The ARN of the service role of the server when it was backed up.
	ServiceRoleArn *string

	// The status of the backup while in progress and after.
	Status OpsWorksBackupStatus

	// What the status means, in words.
	StatusDescription *string

	// The subnets of the server when it was backed up.
	SubnetIds []string

	// The version of the tools of OpsWorks CM when the backup was made.
	ToolsVersion *string

	// The ARN of the user who asked for a manual backup.
	UserArn *string
}

// OpsWorksBackupType says who asked for a backup.
type OpsWorksBackupType string

// The documented values of OpsWorksBackupType.
const (
	OpsWorksBackupTypeAutomated OpsWorksBackupType = "AUTOMATED"
	OpsWorksBackupTypeManual    OpsWorksBackupType = "MANUAL"
)

// Values returns the documented values; a service may send others.
func (OpsWorksBackupType) Values() []OpsWorksBackupType {
	return []OpsWorksBackupType{OpsWorksBackupTypeAutomated, OpsWorksBackupTypeManual}
}

// OpsWorksBackupStatus is where a backup stands.
type OpsWorksBackupStatus string

// The documented values of OpsWorksBackupStatus.
const (
	OpsWorksBackupStatusInProgress OpsWorksBackupStatus = "IN_PROGRESS"
	OpsWorksBackupStatusOk         OpsWorksBackupStatus = "OK"
	OpsWorksBackupStatusFailed     OpsWorksBackupStatus = "FAILED"
	OpsWorksBackupStatusDeleting   OpsWorksBackupStatus = "DELETING"
)

// Values returns the documented values; a service may send others.
func (OpsWorksBackupStatus) Values() []OpsWorksBackupStatus {
	return []OpsWorksBackupStatus{
		OpsWorksBackupStatusInProgress, OpsWorksBackupStatusOk,
		OpsWorksBackupStatusFailed, OpsWorksBackupStatusDeleting,
	}
}
