// Package backupxbeam lists AWS backups with Apache Beam: it runs the filters of [backupx] on several
// machines. A pipeline distributes shards, which are pieces of a listing, to its workers and collects the
// records that they list:
//
//	func init() {
//		backupxbeam.RegisterClients("audit", func(ctx context.Context, role, source string) (backupx.Client, error) {
//			… // assume role in the account and region that source names
//		})
//	}
//
//	last30 := backupx.BackupJobFilter{}.Shards(time.Now(), 24*time.Hour)
//	sources := beam.Create(s, "111122223333/us-east-1", "444455556666/eu-west-1")
//	clients := backupxbeam.Clients{Factory: "audit", Config: "backup-reader"}
//	shards := backupxbeam.Cross(s, sources, last30)
//	jobs, dead := backupxbeam.ListBackupJobs(s, clients, shards, backupxbeam.Options{})
//
// # What the pipeline carries
//
// The pipeline carries the shards, the records, the name of a client factory and the text that the factory
// receives ([Clients]). Each worker makes its own clients. The pipeline never carries credentials.
//
// # Errors
//
// The SDK retries requests. If a shard fails nevertheless, it becomes a [DeadLetter] and the run continues.
// The dead letter has the reason and a shard with a checkpoint, from which the same transform continues the
// listing ([DeadLetter.Shard]). The records that were listed before the error are in the output. A shard
// also becomes a dead letter if it cannot be read, if the factory does not know its source, or if its filter
// is from a newer version of backupx.
//
// A bundle fails only if its worker is being stopped. The runner then runs the bundle again.
//
// # Duplicates
//
// The same record can be listed several times: a runner can run a bundle again, a shard can be given twice,
// and shards can overlap. The transforms group the records by source and id and keep one of each. Because of
// the grouping, a failure in a later step of the pipeline does not repeat the listing. The grouping needs a
// bounded collection of shards, or windows.
//
// # Metrics
//
// Counters in the namespace backupxbeam: [MetricShards], [MetricPages], [MetricItems], [MetricThrottles],
// [MetricDeadLetters], [MetricDuplicates], and the distribution [MetricPageMillis].
package backupxbeam
