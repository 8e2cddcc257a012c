package backupxbeam

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"

	"github.com/backupx-go/backupx"
)

// The records of the transforms: an item of the SDK together with its source.
type (
	BackupJob      = backupx.Sourced[types.BackupJob]
	CopyJob        = backupx.Sourced[types.CopyJob]
	HSMBackup      = backupx.Sourced[hsmtypes.Backup]
	OpsWorksBackup = backupx.Sourced[backupx.OpsWorksBackup]
)

// The names of the transforms, as in DeadLetter.Operation.
const (
	OpBackupJobs      = "ListBackupJobs"
	OpCopyJobs        = "ListCopyJobs"
	OpHSMBackups      = "ListHSMBackups"
	OpOpsWorksBackups = "ListOpsWorksBackups"
)

// kind lists a shard. It is the part in which the transforms differ.
type kind func(ctx context.Context, c backupx.Client, r *reading) error

func kindOf(operation string) kind {
	switch operation {
	case OpBackupJobs:
		return read[backupx.BackupJobFilter](backupx.Client.BackupJobs, func(j *types.BackupJob) *string { return j.BackupJobId })
	case OpCopyJobs:
		return read[backupx.CopyJobFilter](backupx.Client.CopyJobs, func(j *types.CopyJob) *string { return j.CopyJobId })
	case OpHSMBackups:
		return read[backupx.HSMFilter](backupx.Client.HSMBackups, func(b *hsmtypes.Backup) *string { return b.BackupId })
	case OpOpsWorksBackups:
		return read[backupx.OpsWorksFilter](backupx.Client.OpsWorksBackups, func(b *backupx.OpsWorksBackup) *string { return b.BackupId })
	}
	return nil
}

// completed returns the time at which a job ended, or the zero time if it has not ended or the item is not a
// job.
func completed(item any) time.Time {
	switch j := item.(type) {
	case types.BackupJob:
		return aws.ToTime(j.CompletionDate)
	case types.CopyJob:
		return aws.ToTime(j.CompletionDate)
	}
	return time.Time{}
}

// filterOf is the type of a pointer to a filter.
type filterOf[F any] interface {
	*F
	json.Unmarshaler
}

// read returns the kind for one type of filter.
func read[F any, P filterOf[F], T any](
	list func(backupx.Client, F) backupx.Listing[T], id func(*T) *string,
) kind {
	return func(ctx context.Context, c backupx.Client, r *reading) error {
		var f F
		if err := P(&f).UnmarshalJSON(r.shard.Filter); err != nil {
			return err
		}
		cursor, err := tuned(ctx, list(c, f), r).Resume(r.shard.Checkpoint)
		if err != nil {
			return err
		}
		for item, err := range cursor.All(ctx) {
			if err == nil {
				err = r.deliver(aws.ToString(id(&item)), backupx.Sourced[T]{Source: r.shard.Source, Item: item})
			}
			if err != nil {
				r.shard.Checkpoint = cursor.Checkpoint()
				return err
			}
		}
		return nil
	}
}

// tuned applies the options to a listing.
func tuned[T any](ctx context.Context, l backupx.Listing[T], r *reading) backupx.Listing[T] {
	l = l.Scope(r.shard.Source).OnPage(func(p backupx.PageInfo) { countPage(ctx, p) })
	o := r.options
	if o.PageSize > 0 {
		l = l.PageSize(o.PageSize)
	}
	if o.Parallel > 0 {
		l = l.Parallel(o.Parallel)
	}
	if o.Rate > 0 {
		l = l.Rate(o.Rate)
	}
	return l
}
