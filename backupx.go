// Package backupx lists AWS backups, and restores those of CloudHSM that are pending deletion:
// range-over-func iterators and typed filters over CloudHSM v2 DescribeBackups and RestoreBackup,
// OpsWorks CM DescribeBackups, and AWS Backup ListBackupJobs and ListCopyJobs, on the AWS SDK for Go v2.
//
//	client := backupx.New(cfg)
//	failed := backupx.BackupJobFilter{}.
//		States(types.BackupJobStateFailed, types.BackupJobStateAborted).
//		CreatedAfter(yesterday)
//	for job, err := range client.BackupJobs(failed).All(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(*job.BackupJobId, *job.ResourceArn)
//	}
//
// # What to list, and how
//
// A filter says what to list: [BackupJobFilter], [CopyJobFilter], [HSMFilter], [OpsWorksFilter]. What
// the service can answer goes into the request, the rest is checked on items, and where the service
// takes one value and the filter has several, several chains of pages are read. Each call of a filter
// narrows it.
//
// A [Listing] says how to list it: [Listing.Limit], [Listing.PageSize], [Listing.Where],
// [Listing.Rate]. Filters and listings are immutable values that goroutines may share; the items are
// the SDK's own types.
//
// # Reading
//
// [Listing.All] ranges over items, [Listing.Pages] over pages. [Listing.Collect], [Listing.First] and
// [Listing.Count] give all items, the first, or their number; [CountBy] and [LatestBy] sum up; and
// [Values] leads to the standard library. Every range starts afresh; a break sends nothing more and
// leaves no goroutine. [Listing.Prefetch] reads ahead of the consumer, and [Listing.Parallel] reads
// several chains side by side: those of several values, and the windows of creation time that a listing
// of jobs is split into ([Listing.Every] for windows of your own). Filters and callbacks run in the
// goroutine that ranges.
//
// # Errors
//
// A range yields its items first and then at most one error, a [*ListError]: the operation, the page,
// and a [Checkpoint] from which [Listing.Resume] delivers the rest. What the SDK returned is wrapped in
// it. A service that repeats a page token, or answers with an empty body where a page is owed, is an
// error too, where the SDK's own paginators go on for ever, or end as if it were the last page.
// Retrying is the SDK's business: for throttling use its adaptive mode (aws.RetryModeAdaptive) and
// [Listing.Rate].
//
// # Resuming
//
// A [Cursor] is one traversal that remembers where it is, item by item, and its [Checkpoint] is text
// that another process can go on from.
//
// # Restoring
//
// [RestoreHSMBackups] takes back the deletion of CloudHSM backups while it is pending, and
// [WaitHSMBackup] waits for a state. They take what was listed before, never a listing: to restore
// what is being listed shifts its pages.
//
// # Several listings as one
//
// [Concat], [Merge] and [Map] combine listings, [Across] lists the accounts and regions of a [Fleet],
// and [Client.Inventory] lists several services as plain values. A source that fails does not stop the
// others: the error at the end is a [SourceErrors].
//
// # Any other operation
//
// [FromOperation] makes a listing of any paged operation of any SDK service, and [List] of any
// token-paged API, with limits, checkpoints and the rest.
//
// # Testing
//
// Package fixtures replays recorded cassettes to a real SDK client, without a network, and
// fixtures/fakeaws is an in-memory server of these operations.
//
// The package never loads configuration, reads the environment, prints or logs.
package backupx

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
)

// Client is the three services of one account and region. The fields may be clients of the SDK,
// wrappers or stubs. A listing over a field that was left nil yields one error and sends nothing.
type Client struct {
	HSM      HSMAPI
	OpsWorks OpsWorksAPI
	Backup   BackupAPI

	// Now is the clock that plans are made against, the windows of Parallel and Every; nil means
	// time.Now. In a test that replays a cassette give it the session's Now, or the windows will not be
	// those that were recorded.
	Now func() time.Time
}

// New makes the clients of the three services from one configuration. Nothing is sent.
func New(cfg aws.Config) Client {
	return Client{
		HSM:      cloudhsmv2.NewFromConfig(cfg),
		OpsWorks: NewOpsWorks(cfg),
		Backup:   backup.NewFromConfig(cfg),
	}
}

// HSMBackups lists CloudHSM backups: the function [HSMBackups] over this client.
func (c Client) HSMBackups(f HSMFilter) Listing[hsmtypes.Backup] {
	return HSMBackups(c.HSM, f).clock(c.Now)
}

// OpsWorksBackups lists backups of OpsWorks CM servers: the function [OpsWorksBackups] over this
// client.
func (c Client) OpsWorksBackups(f OpsWorksFilter) Listing[OpsWorksBackup] {
	return OpsWorksBackups(c.OpsWorks, f).clock(c.Now)
}

// BackupJobs lists backup jobs: the function [BackupJobs] over this client.
func (c Client) BackupJobs(f BackupJobFilter) Listing[types.BackupJob] {
	return BackupJobs(c.Backup, f).clock(c.Now)
}

// CopyJobs lists copy jobs: the function [CopyJobs] over this client.
func (c Client) CopyJobs(f CopyJobFilter) Listing[types.CopyJob] {
	return CopyJobs(c.Backup, f).clock(c.Now)
}

// RestoreHSMBackup undoes the pending deletion of a CloudHSM backup: the function
// [RestoreHSMBackup] over this client.
func (c Client) RestoreHSMBackup(ctx context.Context, id string) (hsmtypes.Backup, error) {
	return RestoreHSMBackup(ctx, c.HSM, id)
}

// RestoreHSMBackups undoes the pending deletion of several CloudHSM backups: the function
// [RestoreHSMBackups] over this client.
func (c Client) RestoreHSMBackups(ctx context.Context, backups []hsmtypes.Backup) ([]Restored, error) {
	return RestoreHSMBackups(ctx, c.HSM, backups)
}

// WaitHSMBackup waits until a CloudHSM backup is in a state: the function [WaitHSMBackup] over this
// client.
func (c Client) WaitHSMBackup(ctx context.Context, id string, state hsmtypes.BackupState, maxWait time.Duration) (hsmtypes.Backup, error) {
	return WaitHSMBackup(ctx, c.HSM, id, state, maxWait)
}
