package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/aws/aws-sdk-go-v2/aws"

	backupxbeam "github.com/backupx-go/backupx/beam"
)

func init() {
	register.Function2x1(backupJobRow)
	register.Function2x1(copyJobRow)
	register.Function2x1(hsmBackupRow)
	register.Function2x1(opsWorksBackupRow)
}

// row is a line of NDJSON, and a row of Parquet: what all services have in common as columns, and all of
// what the SDK gave in one.
type row struct {
	Source       string          `json:"source" parquet:"source,dict"`
	AccountID    string          `json:"account_id" parquet:"account_id,dict"`
	Region       string          `json:"region" parquet:"region,dict"`
	ID           string          `json:"id" parquet:"id"`
	State        string          `json:"state" parquet:"state,dict"`
	Resource     string          `json:"resource,omitempty" parquet:"resource,optional"`
	ResourceType string          `json:"resource_type,omitempty" parquet:"resource_type,optional,dict"`
	Created      time.Time       `json:"created,omitzero" parquet:"created,optional,timestamp(millisecond)"`
	Completed    time.Time       `json:"completed,omitzero" parquet:"completed,optional,timestamp(millisecond)"`
	Bytes        *int64          `json:"bytes,omitempty" parquet:"bytes,optional"`
	Item         json.RawMessage `json:"item" parquet:"item,json"`
}

func backupJobRow(r backupxbeam.BackupJob, emit func(string, []byte)) error {
	j := r.Item
	return row{
		AccountID: aws.ToString(j.AccountId), ID: aws.ToString(j.BackupJobId), State: string(j.State),
		Resource: aws.ToString(j.ResourceArn), ResourceType: aws.ToString(j.ResourceType),
		Created: aws.ToTime(j.CreationDate), Completed: aws.ToTime(j.CompletionDate), Bytes: j.BackupSizeInBytes,
	}.emit(r.Source, j, emit)
}

func copyJobRow(r backupxbeam.CopyJob, emit func(string, []byte)) error {
	j := r.Item
	return row{
		AccountID: aws.ToString(j.AccountId), ID: aws.ToString(j.CopyJobId), State: string(j.State),
		Resource: aws.ToString(j.ResourceArn), ResourceType: aws.ToString(j.ResourceType),
		Created: aws.ToTime(j.CreationDate), Completed: aws.ToTime(j.CompletionDate), Bytes: j.BackupSizeInBytes,
	}.emit(r.Source, j, emit)
}

func hsmBackupRow(r backupxbeam.HSMBackup, emit func(string, []byte)) error {
	b := r.Item
	return row{
		ID: aws.ToString(b.BackupId), State: string(b.BackupState), ResourceType: "CloudHSM",
		Resource: cmp.Or(aws.ToString(b.ClusterId), aws.ToString(b.SourceCluster)),
		Created:  aws.ToTime(b.CreateTimestamp),
	}.emit(r.Source, b, emit)
}

func opsWorksBackupRow(r backupxbeam.OpsWorksBackup, emit func(string, []byte)) error {
	b := r.Item
	return row{
		ID: aws.ToString(b.BackupId), State: string(b.Status), ResourceType: "OpsWorks CM",
		Resource: aws.ToString(b.ServerName), Created: aws.ToTime(b.CreatedAt),
	}.emit(r.Source, b, emit)
}

// emit sends the row, as JSON, to its partition.
func (r row) emit(source string, item any, emit func(partition string, row []byte)) (err error) {
	account, region, _ := strings.Cut(source, "/")
	r.Source, r.Region, r.AccountID = source, region, cmp.Or(r.AccountID, account)
	if r.Item, err = json.Marshal(item); err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	emit(fmt.Sprintf("account=%s/day=%s", r.AccountID, day(r.Created)), text)
	return nil
}
