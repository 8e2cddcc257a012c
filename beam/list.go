package backupxbeam

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"

	"github.com/backupx-go/backupx"
)

func init() {
	registerRecord[types.BackupJob]()
	registerRecord[types.CopyJob]()
	registerRecord[hsmtypes.Backup]()
	registerRecord[backupx.OpsWorksBackup]()
	register.Iter1[[]byte]()
}

func registerRecord[T any]() {
	beam.RegisterCoder(reflect.TypeFor[backupx.Sourced[T]](), encodeJSON, decodeJSON)
	register.DoFn4x1[context.Context, string, func(*[]byte) bool, func(backupx.Sourced[T]), error](&uniqueFn[T]{})
	register.Emitter1[backupx.Sourced[T]]()
}

// ListBackupJobs lists the backup jobs of shards, whose filters are of [backupx.BackupJobFilter], as a
// collection of [BackupJob], each job of a source once. What was not listed to its end comes out as a
// collection of [DeadLetter].
//
// It panics if the factory is not registered or an option is below zero, as Beam's own transforms do
// about a pipeline that cannot be built.
func ListBackupJobs(s beam.Scope, c Clients, shards beam.PCollection, o Options) (jobs, dead beam.PCollection) {
	return list[types.BackupJob](s, OpBackupJobs, c, shards, o)
}

// ListCopyJobs is [ListBackupJobs] for copy jobs: filters of [backupx.CopyJobFilter], a collection of
// [CopyJob].
func ListCopyJobs(s beam.Scope, c Clients, shards beam.PCollection, o Options) (jobs, dead beam.PCollection) {
	return list[types.CopyJob](s, OpCopyJobs, c, shards, o)
}

// ListHSMBackups is [ListBackupJobs] for CloudHSM backups: filters of [backupx.HSMFilter], a collection
// of [HSMBackup]. The service has no filter on creation times, so that a filter is one shard.
func ListHSMBackups(s beam.Scope, c Clients, shards beam.PCollection, o Options) (backups, dead beam.PCollection) {
	return list[hsmtypes.Backup](s, OpHSMBackups, c, shards, o)
}

// ListOpsWorksBackups is [ListBackupJobs] for backups of OpsWorks CM servers: filters of
// [backupx.OpsWorksFilter], one shard each, a collection of [OpsWorksBackup]. AWS switched the service
// off in May 2024.
func ListOpsWorksBackups(s beam.Scope, c Clients, shards beam.PCollection, o Options) (backups, dead beam.PCollection) {
	return list[backupx.OpsWorksBackup](s, OpOpsWorksBackups, c, shards, o)
}

func list[T any](s beam.Scope, operation string, c Clients, shards beam.PCollection, o Options) (records, dead beam.PCollection) {
	s = s.Scope("backupxbeam." + operation)
	if _, err := c.factory(); err != nil {
		panic(err)
	}
	if err := o.check(); err != nil {
		panic(err)
	}
	// Reshuffled, shards spread over the workers wherever they were made; and dead letters stay as they are
	// when what reads them is run again.
	found, dead := beam.ParDo2(s, &listFn{Operation: operation, Clients: c, Options: o}, beam.Reshuffle(s, shards))
	return beam.ParDo(s, &uniqueFn[T]{}, beam.GroupByKey(s, found)), beam.Reshuffle(s, dead)
}

// uniqueFn keeps one record of each id.
type uniqueFn[T any] struct{}

// ProcessElement picks the record of a job that has ended over one of when it was running.
func (*uniqueFn[T]) ProcessElement(ctx context.Context, _ string, records func(*[]byte) bool, emit func(backupx.Sourced[T])) error {
	var best, next backupx.Sourced[T]
	var bestText, text []byte
	for n := 0; records(&text); n++ {
		next = backupx.Sourced[T]{}
		if err := json.Unmarshal(text, &next); err != nil {
			return fmt.Errorf("backupxbeam: a record cannot be read back: %w", err)
		}
		if n > 0 {
			duplicates.Inc(ctx, 1)
		}
		if n == 0 || better(next.Item, best.Item, text, bestText) {
			best, bestText = next, bytes.Clone(text)
		}
	}
	emit(best)
	return nil
}

// better decides between two records of one id, the same way in whatever order they come.
func better(a, b any, aText, bText []byte) bool {
	if c := completed(a).Compare(completed(b)); c != 0 {
		return c > 0
	}
	return bytes.Compare(aText, bText) > 0
}
