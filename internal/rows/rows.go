// Package rows is the one schema in which the programs under examples and beam/examples write backups and jobs: as
// JSON lines, as CSV, and as Parquet.
package rows

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/backupx-go/backupx"
)

// Row is a backup or a job: what all services have in common as columns, and in Item all that the SDK gave. The names of
// the columns are the same in each format.
type Row struct {
	Kind         string    `json:"kind" parquet:"kind,dict"`     // backup, copy, hsm or opsworks
	Source       string    `json:"source" parquet:"source,dict"` // the name of the account and region that listed the item
	AccountID    string    `json:"account_id,omitempty" parquet:"account_id,dict"`
	Region       string    `json:"region,omitempty" parquet:"region,dict"` // the region that listed the item
	ID           string    `json:"id" parquet:"id"`
	State        string    `json:"state" parquet:"state,dict"`
	Resource     string    `json:"resource,omitempty" parquet:"resource,optional"`
	ResourceType string    `json:"resource_type,omitempty" parquet:"resource_type,optional,dict"`
	Vault        string    `json:"vault,omitempty" parquet:"vault,optional,dict"` // as in [backupx.Record]
	Category     string    `json:"category,omitempty" parquet:"category,optional,dict"`
	Message      string    `json:"message,omitempty" parquet:"message,optional"`
	Created      time.Time `json:"created,omitzero" parquet:"created,optional,timestamp(millisecond)"`
	Completed    time.Time `json:"completed,omitzero" parquet:"completed,optional,timestamp(millisecond)"`
	Bytes        *int64    `json:"bytes,omitempty" parquet:"bytes,optional"`

	// Item is the item of the SDK as a JSON object, with the names of its members in Go: BackupJobId. A member that the
	// service did not give is null.
	Item json.RawMessage `json:"item" parquet:"item,json"`
}

// Of returns the row of a record that a source has listed. The account is that of the item where it has one, otherwise
// that of the source.
func Of(s backupx.Sourced[backupx.Record]) (Row, error) {
	r := s.Item
	item, err := json.Marshal(r.Item)
	if err != nil {
		return Row{}, fmt.Errorf("%s: %s: %w", s.Source, r.ID, err)
	}
	kind, resourceType := kindOf(r)
	return Row{
		Kind: kind, Source: s.Source, AccountID: cmp.Or(r.Account, s.Account), Region: s.Region, ID: r.ID, State: r.State,
		Resource: r.Resource, ResourceType: resourceType, Vault: r.Vault, Category: r.Category, Message: r.Message,
		Created: r.Created, Completed: r.Completed, Bytes: r.Bytes, Item: item,
	}, nil
}

// kindOf returns the kind of a record and the type of its resource, which is the service where the service has only one.
func kindOf(r backupx.Record) (kind, resourceType string) {
	switch r.Service {
	case backupx.ServiceBackupJobs:
		return "backup", r.Type
	case backupx.ServiceCopyJobs:
		return "copy", r.Type
	case backupx.ServiceHSM:
		return "hsm", "CloudHSM"
	case backupx.ServiceOpsWorks:
		return "opsworks", "OpsWorks CM"
	}
	return string(r.Service), r.Type
}
