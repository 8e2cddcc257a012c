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

// ListBackupJobs lists the backup jobs of a collection of [Shard] with filters of type
// [backupx.BackupJobFilter]. It returns a collection of [BackupJob], with each job of a source once, and a
// collection of [DeadLetter] for the shards that were not listed completely.
//
// It panics if the factory is not registered or an option is negative. Beam's own transforms also panic if a
// pipeline cannot be built.
func ListBackupJobs(s beam.Scope, c Clients, shards beam.PCollection, o Options) (jobs, dead beam.PCollection) {
	return list[types.BackupJob](s, OpBackupJobs, c, shards, o)
}

// ListCopyJobs is [ListBackupJobs] for copy jobs. The filters are of type [backupx.CopyJobFilter], and the
// records are a collection of [CopyJob].
func ListCopyJobs(s beam.Scope, c Clients, shards beam.PCollection, o Options) (jobs, dead beam.PCollection) {
	return list[types.CopyJob](s, OpCopyJobs, c, shards, o)
}

// ListHSMBackups is [ListBackupJobs] for CloudHSM backups. The filters are of type [backupx.HSMFilter], and
// the records are a collection of [HSMBackup]. The service cannot filter by creation time, so a filter cannot
// be split into several shards.
func ListHSMBackups(s beam.Scope, c Clients, shards beam.PCollection, o Options) (backups, dead beam.PCollection) {
	return list[hsmtypes.Backup](s, OpHSMBackups, c, shards, o)
}

// ListOpsWorksBackups is [ListBackupJobs] for backups of OpsWorks CM servers. The filters are of type
// [backupx.OpsWorksFilter], each of them is one shard, and the records are a collection of [OpsWorksBackup].
// AWS switched the service off in May 2024.
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
	// Reshuffling distributes the shards to all workers, wherever they were made. Reshuffling the dead
	// letters keeps them unchanged when a later step is run again.
	found, dead := beam.ParDo2(s, &listFn{Operation: operation, Clients: c, Options: o}, beam.Reshuffle(s, shards))
	return beam.ParDo(s, &uniqueFn[T]{}, beam.GroupByKey(s, found)), beam.Reshuffle(s, dead)
}

// uniqueFn keeps one record of each source and id.
type uniqueFn[T any] struct{}

// ProcessElement emits one record of a group. It prefers the record of a job that has ended to one that was
// listed while the job was running.
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

// better reports whether record a is to be kept instead of record b of the same id. The result does not
// depend on the order in which the records arrive.
func better(a, b any, aText, bText []byte) bool {
	if c := completed(a).Compare(completed(b)); c != 0 {
		return c > 0
	}
	return bytes.Compare(aText, bText) > 0
}
