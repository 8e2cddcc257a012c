package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"

	"github.com/backupx-go/backupx"
	backupxbeam "github.com/backupx-go/backupx/beam"
	"github.com/backupx-go/backupx/internal/rows"
)

func init() {
	register.Function2x1(backupJobRow)
	register.Function2x1(copyJobRow)
	register.Function2x1(hsmBackupRow)
	register.Function2x1(opsWorksBackupRow)
}

// row is a line of NDJSON, and a row of Parquet.
type row = rows.Row

// The functions of the pipeline have no type parameters: the workers find them by their names.

func backupJobRow(r backupxbeam.BackupJob, emit func(string, []byte)) error { return emitRow(r, emit) }

func copyJobRow(r backupxbeam.CopyJob, emit func(string, []byte)) error { return emitRow(r, emit) }

func hsmBackupRow(r backupxbeam.HSMBackup, emit func(string, []byte)) error { return emitRow(r, emit) }

func opsWorksBackupRow(r backupxbeam.OpsWorksBackup, emit func(string, []byte)) error {
	return emitRow(r, emit)
}

// emitRow sends the row of an item, as JSON, to its partition.
func emitRow[T hsmtypes.Backup | backupx.OpsWorksBackup | types.BackupJob | types.CopyJob](
	s backupx.Sourced[T], emit func(partition string, row []byte),
) error {
	account, region, _ := strings.Cut(s.Source, "/")
	r, err := rows.Of(backupx.Sourced[backupx.Record]{Source: s.Source, Account: account, Region: region, Item: backupx.RecordOf(s.Item)})
	if err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	emit(fmt.Sprintf("account=%s/day=%s", r.AccountID, day(r.Created)), text)
	return nil
}
