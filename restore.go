package backupx

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
)

// RestoreHSMBackup undoes the pending deletion of a CloudHSM backup, by RestoreBackup of CloudHSM v2,
// and returns the backup as the service then shows it: READY, without a DeleteTimestamp. Needs the
// permission cloudhsm:RestoreBackup on the backup's ARN. Only the account that owns a backup can
// restore it, and only before its DeleteTimestamp. It is sent once a call, the SDK's retries aside.
//
// The error wraps what the service answered, of what RestoreBackup documents: a
// [*hsmtypes.CloudHsmResourceNotFoundException] where there is no such backup, a
// [*hsmtypes.CloudHsmAccessDeniedException] where the caller may not restore it, a
// [*hsmtypes.CloudHsmInvalidRequestException] where it cannot be restored, as one that is READY. An id that
// is empty or an ARN is an error, and nothing is sent.
func RestoreHSMBackup(ctx context.Context, api HSMRestoreAPI, id string) (hsmtypes.Backup, error) {
	fail := func(err error) (hsmtypes.Backup, error) {
		return hsmtypes.Backup{}, &callError{"RestoreBackup", id, err}
	}
	if err := checkHSM(api, id); err != nil {
		return fail(err)
	}
	out, err := api.RestoreBackup(ctx, &cloudhsmv2.RestoreBackupInput{BackupId: aws.String(id)})
	switch {
	case err != nil:
		return fail(err)
	case out == nil || out.Backup == nil:
		return fail(errors.New("the service answered without the backup: whether it was restored is not known"))
	}
	return *out.Backup, nil
}

// checkHSM rejects what cannot be sent.
func checkHSM(api any, id string) error {
	if lo.IsNil(api) {
		return errors.New("no cloudhsm client was given")
	}
	if strings.TrimSpace(id) == "" {
		return errors.New("the id of the backup is empty")
	}
	return mustBeName(id)
}

// Restored is what became of one backup that [RestoreHSMBackups] was given.
type Restored struct {
	// Before is the backup as it was given.
	Before hsmtypes.Backup
	// After is the backup as RestoreBackup answered it, READY as far as the service says; zero where
	// there was no restore. [WaitHSMBackup] looks whether it is.
	After hsmtypes.Backup
	// Skipped says that the backup was passed by, because it was not pending deletion.
	Skipped bool
	// Err is why the restore failed; nil where it did not, and where none was tried.
	Err error
}

// RestoreHSMBackups restores those of the backups that are pending deletion, one after another as
// [RestoreHSMBackup] does, and passes the others by. It goes on after a failure and returns one result
// a backup, in their order, and all failures joined. A context that ends fails the backups that are
// left.
//
// It takes a slice, not an iterator, on purpose: to restore what is pending while the pending ones
// are still being listed moves the pages under the listing, and misses every other page. Collect
// first ([Listing.Collect]), then restore.
func RestoreHSMBackups(ctx context.Context, api HSMRestoreAPI, backups []hsmtypes.Backup) ([]Restored, error) {
	results := make([]Restored, len(backups))
	var errs []error
	for i, b := range backups {
		results[i] = restore(ctx, api, b)
		errs = append(errs, results[i].Err)
	}
	return results, errors.Join(errs...)
}

func restore(ctx context.Context, api HSMRestoreAPI, b hsmtypes.Backup) Restored {
	r := Restored{Before: b, Skipped: b.BackupState != hsmtypes.BackupStatePendingDeletion}
	if r.Skipped {
		return r
	}
	if ctx.Err() != nil {
		r.Err = &callError{"RestoreBackup", aws.ToString(b.BackupId), cause(ctx)}
		return r
	}
	r.After, r.Err = RestoreHSMBackup(ctx, api, aws.ToString(b.BackupId))
	return r
}

// The pauses between two looks of WaitHSMBackup.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// WaitHSMBackup looks at a CloudHSM backup, by DescribeBackups of CloudHSM v2, until it is in a state,
// and returns it as it was seen last. The pauses grow from a second to half a minute, with jitter. Needs
// the permission cloudhsm:DescribeBackups.
//
// It ends with an error when maxWait, which is to be above zero, has gone by
// ([context.DeadlineExceeded]) or the context ends, when there is no such backup, when the backup is
// DELETED, which it never leaves, and when a request fails: it wraps the [*ListError] of [HSMBackups].
func WaitHSMBackup(
	ctx context.Context, api cloudhsmv2.DescribeBackupsAPIClient,
	id string, state hsmtypes.BackupState, maxWait time.Duration,
) (hsmtypes.Backup, error) {
	fail := func(b hsmtypes.Backup, err error) (hsmtypes.Backup, error) {
		return b, &callError{"WaitHSMBackup", id, err}
	}
	if err := checkHSM(api, id); err != nil {
		return fail(hsmtypes.Backup{}, err)
	}
	if state == "" || maxWait <= 0 {
		return fail(hsmtypes.Backup{}, errors.New("it takes a state to wait for, and a time above zero to wait"))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, maxWait, fmt.Errorf("it is not %s after %s", state, maxWait))
	defer cancel()
	var last hsmtypes.Backup
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		b, ok, err := HSMBackups(api, HSMFilter{}.IDs(id)).First(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return fail(last, cause(ctx))
		case err != nil:
			return fail(last, err)
		case !ok:
			return fail(last, errors.New("there is no such backup"))
		case b.BackupState == state:
			return b, nil
		case b.BackupState == hsmtypes.BackupStateDeleted:
			return fail(b, errors.New("it is DELETED, and stays so"))
		}
		last = b
		if err := sleep(ctx, pause/2+rand.N(pause/2)); err != nil {
			return fail(last, fmt.Errorf("%w: it is %s", err, last.BackupState))
		}
	}
}
