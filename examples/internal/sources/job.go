package sources

import (
	"cmp"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx"
)

// Job is a job of AWS Backup as a JSON object.
type Job struct {
	Kind      string    `json:"kind,omitempty"` // for programs that list several kinds
	Source    string    `json:"source"`
	Account   string    `json:"account,omitempty"` // of the source, or of the job where the source has none
	Region    string    `json:"region,omitempty"`
	ID        string    `json:"id"`
	State     string    `json:"state"`
	Resource  string    `json:"resource,omitempty"`
	Type      string    `json:"type,omitempty"`
	Created   time.Time `json:"created,omitzero"`
	Completed time.Time `json:"completed,omitzero"`
	Category  string    `json:"category,omitempty"`
	Message   string    `json:"message,omitempty"`
}

// JobOf returns a backup job or a copy job. It has no Kind.
func JobOf[T types.BackupJob | types.CopyJob](s backupx.Sourced[T]) Job {
	r := backupx.RecordOf(s.Item)
	return Job{
		Source: s.Source, Account: cmp.Or(s.Account, r.Account), Region: s.Region, ID: r.ID, State: r.State, Resource: r.Resource,
		Type: r.Type, Created: r.Created, Completed: r.Completed, Category: r.Category, Message: r.Message,
	}
}
