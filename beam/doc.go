// Package backupxbeam lists AWS backups on Apache Beam: the filters of [backupx], on more machines
// than one. A filter's shards are plain values, so a pipeline carries them as JSON to wherever it has
// workers, and gets a collection of records back:
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
// # What travels, and what does not
//
// The pipeline carries the name of a factory and the text it is told, the shards, and the records.
// Clients are made on the worker that needs them; credentials never travel.
//
// # What fails
//
// Retrying a request is the SDK's business. A shard that fails after that becomes a [DeadLetter]: the
// reason, and the shard with the checkpoint from which [DeadLetter.Shard] goes on; the records that it
// gave before are in the output. So does a shard that cannot be read, whose source the factory does not
// know, or whose filter is from a newer version. The run goes on. Only a worker that is being stopped
// fails the bundle, and the runner then runs it again.
//
// # What comes once
//
// Records are grouped by source and id, and of several of one id one is kept: bundles can be run again,
// a shard can be given twice, and shards may overlap. Grouping also keeps a failure further down the
// pipeline from listing again. It needs a bounded collection of shards, or windows.
//
// # Metrics
//
// Counters in the namespace backupxbeam: [MetricShards], [MetricPages], [MetricItems], [MetricThrottles],
// [MetricDeadLetters], [MetricDuplicates], and the distribution [MetricPageMillis].
package backupxbeam
