package types

import (
	"time"
)

// Backup describes a backup of an AWS OpsWorks CM server. A member that the response lacked is nil or
// empty.
type Backup struct {
	// The ARN of the backup.
	BackupArn *string

	// The generated id of the backup, in the form ServerName-yyyyMMddHHmmssSSS.
	BackupId *string

	// Whether the service (AUTOMATED) or a person (MANUAL) started the backup.
	BackupType BackupType

	// The time at which the backup was created, in UTC.
	CreatedAt *time.Time

	// The description that the user gave to a manual backup. Empty for an automated one.
	Description *string

	// The engine type of the server at the time of the backup: Chef, ChefAutomate, Puppet or Monolithic.
	Engine *string

	// The engine model of the server at the time of the backup: Single.
	EngineModel *string

	// The engine version of the server at the time of the backup.
	EngineVersion *string

	// The ARN of the server's EC2 instance profile at the time of the backup.
	InstanceProfileArn *string

	// The server's EC2 instance type at the time of the backup.
	InstanceType *string

	// The server's EC2 key pair at the time of the backup.
	KeyPair *string

	// The preferred backup window of the server, in UTC: DDD:HH:MM (weekly) or HH:MM (daily).
	PreferredBackupWindow *string

	// The preferred maintenance window of the server, in UTC: DDD:HH:MM.
	PreferredMaintenanceWindow *string

	// The size of the backup in bytes. It is nil where the size does not fit into 32 bits: the service
	// declared this member as a 32-bit integer, and archives hold larger sizes. The service's model deprecates
	// this member.
	S3DataSize *int32

	// The Amazon S3 URL of the backup's data. The service's model deprecates this member.
	S3DataUrl *string

	// The Amazon S3 URL of the backup's log file.
	S3LogUrl *string

	// The ids of the server's security groups at the time of the backup.
	SecurityGroupIds []string

	// The name of the server.
	ServerName *string

	// The ARN of the server's service role at the time of the backup.
	ServiceRoleArn *string

	// The state of the backup.
	Status BackupStatus

	// A sentence about the state.
	StatusDescription *string

	// The ids of the server's subnets at the time of the backup.
	SubnetIds []string

	// The version of the AWS OpsWorks CM tools at the time of the backup.
	ToolsVersion *string

	// The ARN of the IAM user who started a manual backup.
	UserArn *string
}
