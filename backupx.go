// Package backupx lists AWS backups with range-over-func iterators and typed filters, and restores CloudHSM
// backups that are pending deletion. It calls CloudHSM v2 DescribeBackups and RestoreBackup, OpsWorks CM
// DescribeBackups, and AWS Backup ListBackupJobs and ListCopyJobs, on the AWS SDK for Go v2.
//
//	client := backupx.New(cfg)
//	failed := backupx.BackupJobFilter{}.Unsuccessful().CreatedAfter(yesterday)
//	for job, err := range client.BackupJobs(failed).All(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(aws.ToString(job.BackupJobId), aws.ToString(job.ResourceArn))
//	}
//
// # Words
//
// The documentation uses a few words in one sense:
//
//   - range: one loop over [Listing.All] or [Listing.Pages], or a call that runs such a loop, for example
//     [Listing.Collect].
//   - chain: a series of requests, each with the page token of the response before it, until a page has no
//     token. A range reads one chain, or several if the filter needs them, for example one for each state.
//   - shard: the part of a listing that one chain reads, such as states=FAILED. Errors and callbacks name a
//     chain by its shard. The method [BackupJobFilter.Shards] splits a filter by creation time into filters
//     that can be listed elsewhere, for example in other processes.
//   - window: a shard that is a span of creation time, start included, end excluded, such as
//     created=2026-03-01T00:00:00Z..2026-03-02T00:00:00Z.
//   - kept: an item is kept if the filter and the functions of [Listing.Where] accept it.
//   - delivered: an item is delivered when a range yields it. Only kept items are delivered.
//
// # What to list, and how
//
// A filter says what to list: [BackupJobFilter], [CopyJobFilter], [HSMFilter], [OpsWorksFilter]. Each call of
// a method narrows the filter. Requests carry the conditions that the service can answer, and backupx checks
// the other conditions on the items that the service sends. If the service takes one value per request and
// the filter has several, backupx reads one chain for each value.
//
// A [Listing] says how to list: [Listing.Limit], [Listing.PageSize], [Listing.Where], [Listing.Rate]. Filters
// and listings are immutable values that goroutines may share. The items are the SDK's own types.
//
// # Reading
//
// [Listing.All] ranges over items, and [Listing.Pages] over pages. [Listing.Collect], [Listing.First] and
// [Listing.Count] return all items, the first item and the number of items. [CountBy] and [LatestBy] reduce a
// range to a map, and [Values] adapts a range to functions of the standard library. Every range over a
// listing starts at the beginning. After a break no request is sent, and no goroutine is left.
//
// [Listing.Prefetch] reads pages ahead of the consumer. [Listing.Parallel] reads several chains at the same
// time: one for each of several values, and one for each window of creation time that a listing of jobs is
// split into ([Listing.Every] sets the windows). Filters and callbacks run in the goroutine that ranges.
//
// # Errors
//
// A range yields its items first and then at most one error, a [*ListError]. It has the operation, the page,
// and a [Checkpoint] from which [Listing.Resume] delivers the remaining items, and it wraps the error that
// the SDK returned. The following are errors too, because the SDK's own paginators loop for ever, or end as if
// the page were the last one:
//
//   - a page token that is repeated;
//   - a response with the status 200 that is no page: an empty body, the header X-Amzn-Errortype, a JSON
//     object with neither the list nor a token but other members, such as {"message": "Forbidden"}, and JSON
//     that is no object. An object without members is an empty page;
//   - a time that the SDK would turn into an arbitrary date: a number outside the years 1678 to 2262, infinity
//     or NaN.
//
// The last two are seen in responses that a client of the SDK decodes, not in those of a stub or of
// [FromOperation].
//
// The SDK retries requests; this package does not, except for pages that were throttled while it read others
// in parallel. If requests are throttled, use the SDK's adaptive mode (aws.RetryModeAdaptive) and
// [Listing.Rate].
//
// # Resuming
//
// A [Cursor] is a traversal that remembers its position, item by item. Its [Checkpoint] is text, from which
// another process can resume the listing.
//
// # Restoring
//
// [RestoreHSMBackups] cancels the pending deletion of CloudHSM backups, and [WaitHSMBackup] waits until a
// backup is in a given state. If the answer to a restore is lost, the backup is requested before a failure is
// reported, and the error wraps [ErrRestoreUnknown] if it may have been restored. [RestoreHSMBackups] takes a slice of backups that were listed before and not a
// listing, because restoring backups while they are being listed shifts the pages of the listing.
//
// # Several listings as one
//
// [Concat], [Merge] and [Map] combine listings, [Across] lists the accounts and regions of a [Fleet], and
// [Client.Inventory] lists several services as plain values. In a fleet and in an inventory, a source that
// fails does not stop the others: the error at the end wraps [SourceErrors]. [Gather] does the same for any listings;
// what is documented of the sources of a fleet holds for its parts.
//
// # What is new, and waiting
//
// A [Follower] tells each job once, when it has ended, from run to run: [Client.FollowBackupJobs] and
// [Client.FollowCopyJobs] follow the jobs of a filter, [FollowAcross] those of a fleet, and [Follow] any listing. [Await]
// ranges over a listing again and again, until an item is as awaited.
//
// # Any other operation
//
// [FromOperation] makes a listing of any SDK operation that uses page tokens, and [List] of any other
// paginated API. Limits, checkpoints and the other features work with both.
//
// # Testing
//
// Package fixtures replays recorded cassettes to a real SDK client, without a network, and package
// fixtures/fakeaws is an in-memory server of these operations. [Of] is a listing of values and an error, with which a
// stub answers in place of a [Client].
//
// This package never loads configuration, reads the environment, prints or logs.
package backupx

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
)

// Client has the clients of the three services for one account and region. The fields may be clients of the
// SDK, wrappers or stubs. A range over a listing of a service whose field is nil yields one error and sends
// no request.
type Client struct {
	HSM      HSMAPI
	OpsWorks OpsWorksAPI
	Backup   BackupAPI

	// Now returns the current time, from which [Listing.Parallel] and [Listing.Every] plan their windows of
	// creation time. Nil means time.Now. A test that replays a cassette sets Now to the session's Now, so
	// that it plans the recorded windows.
	Now func() time.Time
}

// New returns a Client for one configuration. It sends no request.
func New(cfg aws.Config) Client {
	return Client{
		HSM:      cloudhsmv2.NewFromConfig(cfg),
		OpsWorks: NewOpsWorks(cfg),
		Backup:   backup.NewFromConfig(cfg),
	}
}
