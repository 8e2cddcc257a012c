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
	smithytime "github.com/aws/smithy-go/time"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/filters"
)

// RestoreHSMBackup cancels the pending deletion of a CloudHSM backup with the operation RestoreBackup of
// CloudHSM v2. It returns the backup that the service returned: READY, without a DeleteTimestamp. It needs
// the permission cloudhsm:RestoreBackup on the backup's ARN. Only the account that owns a backup can restore
// it, and only before its DeleteTimestamp. A call sends one request, apart from the SDK's retries.
//
// The error wraps the service's error. RestoreBackup documents [*hsmtypes.CloudHsmResourceNotFoundException]
// if the backup does not exist, [*hsmtypes.CloudHsmAccessDeniedException] if the caller may not restore it,
// and [*hsmtypes.CloudHsmInvalidRequestException] if it cannot be restored, for example because it is READY.
// An id that is empty or an ARN is an error without a request.
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

// checkHSM rejects a nil client, an empty id and an ARN in place of an id.
func checkHSM(api any, id string) error {
	if lo.IsNil(api) {
		return errors.New("no cloudhsm client was given")
	}
	if strings.TrimSpace(id) == "" {
		return errors.New("the id of the backup is empty")
	}
	return filters.CheckName(id)
}

// Restored is the result of [RestoreHSMBackups] for one backup.
type Restored struct {
	// Before is the backup as the caller passed it.
	Before hsmtypes.Backup
	// After is the backup that RestoreBackup returned, usually in the state READY. It is the zero value if
	// the backup was not restored. [WaitHSMBackup] confirms the state with further requests.
	After hsmtypes.Backup
	// Skipped reports that no request was sent, because the backup was not pending deletion.
	Skipped bool
	// Err is why the restore failed; nil if it succeeded or the backup was skipped.
	Err error
}

// RestoreHSMBackups restores the backups whose state is PENDING_DELETION, one after another with
// [RestoreHSMBackup], and skips the other ones. It goes on after a failure. It returns one result for each
// backup, in the same order, and all failures joined in one error. After the context has ended, each
// remaining backup that is pending deletion fails with the context's error.
//
// It takes a slice and not an iterator, because restoring backups while they are still being listed removes
// them from the list: the later pages shift, and every other page is missed. Call [Listing.Collect] first,
// then restore.
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

// The first and the longest pause between two requests of WaitHSMBackup; each pause is twice the one before.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// WaitHSMBackup requests a CloudHSM backup with the operation DescribeBackups of CloudHSM v2, again and
// again, until it is in the given state. It returns the backup as the last request showed it. The pauses
// between requests grow from a second to half a minute, with jitter. It needs the permission
// cloudhsm:DescribeBackups.
//
// It fails after maxWait, which must be positive ([context.DeadlineExceeded]), when the context ends, if the
// backup does not exist, if it is DELETED (a backup never leaves that state), and if a request fails; the
// error then wraps the [*ListError] of [HSMBackups].
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
		if err := smithytime.SleepWithContext(ctx, pause/2+rand.N(pause/2)); err != nil {
			return fail(last, fmt.Errorf("%w: it is %s", cause(ctx), last.BackupState))
		}
	}
}
