package sources

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx"
)

// Job is a job of AWS Backup as a JSON object.
type Job struct {
	Kind      string     `json:"kind,omitempty"` // for programs that list several kinds
	Source    string     `json:"source"`
	ID        string     `json:"id"`
	State     string     `json:"state"`
	Resource  string     `json:"resource,omitempty"`
	Type      string     `json:"type,omitempty"`
	Created   *time.Time `json:"created,omitempty"`
	Completed *time.Time `json:"completed,omitempty"`
	Category  string     `json:"category,omitempty"`
	Message   string     `json:"message,omitempty"`
}

// BackupJob returns a backup job. It has no Kind.
func BackupJob(s backupx.Sourced[types.BackupJob]) Job {
	j := s.Item
	return Job{
		Source: s.Source, ID: aws.ToString(j.BackupJobId), State: string(j.State), Resource: aws.ToString(j.ResourceArn),
		Type: aws.ToString(j.ResourceType), Created: j.CreationDate, Completed: j.CompletionDate,
		Category: aws.ToString(j.MessageCategory), Message: aws.ToString(j.StatusMessage),
	}
}

// CopyJob returns a copy job. It has no Kind.
func CopyJob(s backupx.Sourced[types.CopyJob]) Job {
	j := s.Item
	return Job{
		Source: s.Source, ID: aws.ToString(j.CopyJobId), State: string(j.State), Resource: aws.ToString(j.ResourceArn),
		Type: aws.ToString(j.ResourceType), Created: j.CreationDate, Completed: j.CompletionDate,
		Category: aws.ToString(j.MessageCategory), Message: aws.ToString(j.StatusMessage),
	}
}
