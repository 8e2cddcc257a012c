package backupx

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/callwatch"
	"github.com/backupx-go/backupx/internal/filters"
)

// ErrRestoreUnknown says that a restore failed, but that the backup may have been restored: the answer to a
// request was lost, and DescribeBackups did not show the backup READY or could not be called. Request the
// backup later, for example with [WaitHSMBackup], or restore it again: RestoreBackup refuses a backup that is
// READY and does not change it.
var ErrRestoreUnknown = errors.New("the backup may have been restored")

// RestoreHSMBackup cancels the pending deletion of a CloudHSM backup with the operation RestoreBackup of
// CloudHSM v2. It returns the backup that the service returned: READY, without a DeleteTimestamp. It needs
// the permission cloudhsm:RestoreBackup on the backup's ARN. Only the account that owns a backup can restore
// it, and only before its DeleteTimestamp. A call sends one request, apart from the SDK's retries and the
// check below; it sends none if the context has ended.
//
// The error wraps the service's error. RestoreBackup documents [*hsmtypes.CloudHsmResourceNotFoundException]
// if the backup does not exist, [*hsmtypes.CloudHsmAccessDeniedException] if the caller may not restore it,
// and [*hsmtypes.CloudHsmInvalidRequestException] if it cannot be restored, for example because it is READY.
// An id that is empty, has blanks around it or is an ARN is an error without a request.
//
// # Lost answers
//
// The service can restore the backup while its answer is lost. The SDK then sends the request again, and the
// service refuses the second request, because the backup is READY. So if a call fails and one of its attempts
// may have restored the backup, RestoreHSMBackup requests the backup with DescribeBackups. If that shows the
// backup READY, RestoreHSMBackup returns it without an error. It cannot tell whether the backup was READY
// before the call. Otherwise the error wraps [ErrRestoreUnknown] and the error of the restore.
//
//   - An attempt may have restored the backup if it was sent and had no answer, if its answer had the status
//     5xx or could not be read (a number that is no time is an error here too), and if the context ended before
//     the answer. An attempt did not restore it if the answer had the status 4xx, or if no connection was
//     made. If that holds for all attempts, the error is returned as it is.
//   - The check requires that api also implements [cloudhsmv2.DescribeBackupsAPIClient], as a
//     [*cloudhsmv2.Client] does, and the permission cloudhsm:DescribeBackups. It is one request, apart from
//     the SDK's retries. It takes ten seconds at most and is made even if ctx has ended.
//   - A step that RestoreHSMBackup adds to the APIOptions of the call sees the attempts. A stub, and a wrapper
//     that drops the options of the call, show only the error of the call. The backup may have been restored
//     if that is the error of a connection, of a context that ended, or of a response that could not be read,
//     or a [*smithyhttp.ResponseError] with the status 5xx; any other error is returned as it is.
func RestoreHSMBackup(ctx context.Context, api HSMRestoreAPI, id string) (hsmtypes.Backup, error) {
	fail := func(err error) (hsmtypes.Backup, error) {
		return hsmtypes.Backup{}, &callError{"RestoreBackup", id, err}
	}
	if err := checkHSM(api, id); err != nil {
		return fail(err)
	}
	if ctx.Err() != nil {
		return fail(cause(ctx))
	}
	b, possible, err := sendRestore(ctx, api, id)
	if possible {
		found, state := checkRestored(ctx, api, id)
		if found.BackupState == hsmtypes.BackupStateReady {
			return found, nil
		}
		err = fmt.Errorf("%w (%s): %w", ErrRestoreUnknown, state, err)
	}
	if err != nil {
		return fail(err)
	}
	return b, nil
}

// RestoreHSMBackup cancels the pending deletion of a CloudHSM backup. It calls the function
// [RestoreHSMBackup] with the field HSM.
func (c Client) RestoreHSMBackup(ctx context.Context, id string) (hsmtypes.Backup, error) {
	return RestoreHSMBackup(ctx, c.HSM, id)
}

var errNoBackup = errors.New("the service answered without the backup: whether it was restored is not known")

// sendRestore calls RestoreBackup. If it fails, possible reports whether the backup may have been restored.
func sendRestore(ctx context.Context, api HSMRestoreAPI, id string) (b hsmtypes.Backup, possible bool, err error) {
	w, effects := callwatch.NewWatch(ctx), callwatch.NewEffects("RestoreBackup")
	w.Expect(callwatch.Shape{List: "Backup"})
	watch := func(o *cloudhsmv2.Options) {
		watchHSM(o, w)
		o.APIOptions = append(o.APIOptions, effects.Add)
	}
	out, err := callwatch.Guard(w, func() (*cloudhsmv2.RestoreBackupOutput, error) {
		return api.RestoreBackup(ctx, &cloudhsmv2.RestoreBackupInput{BackupId: aws.String(id)}, watch)
	})
	switch {
	case err != nil:
		return b, effects.Possible(err), err
	case out == nil || out.Backup == nil || out.Backup.BackupId == nil && out.Backup.BackupState == "":
		return b, true, errNoBackup
	}
	if err := w.Failure(out.ResultMetadata, true, func(text string) string { return redact(text, "") }); err != nil {
		return b, true, err
	}
	return *out.Backup, false, nil
}

// checkTime is how long RestoreHSMBackup checks a backup that may have been restored.
const checkTime = 10 * time.Second

// checkRestored requests a backup that may have been restored. Its context outlives that of the restore, which
// may have ended. state says what the request showed, as part of an error's text. The error of the request is
// only a text in it: errors.As must not take it for that of the restore.
func checkRestored(ctx context.Context, api HSMRestoreAPI, id string) (b hsmtypes.Backup, state string) {
	describer, ok := api.(cloudhsmv2.DescribeBackupsAPIClient)
	if !ok {
		return b, "the client has no DescribeBackups to check it"
	}
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), checkTime, fmt.Errorf("no answer after %s", checkTime))
	defer cancel()
	b, _, err := findHSM(ctx, describer, id)
	switch {
	case err != nil:
		return hsmtypes.Backup{}, "checking it failed: " + inner(err)
	case b.BackupId == nil:
		return hsmtypes.Backup{}, "DescribeBackups does not list it"
	}
	return b, "it is " + string(b.BackupState)
}

// findHSM requests a backup. It passes over other backups, because an emulator may ignore the filter, but not over one
// without an id, which a stub may return.
func findHSM(ctx context.Context, api cloudhsmv2.DescribeBackupsAPIClient, id string) (b hsmtypes.Backup, ok bool, err error) {
	return HSMBackups(api, HSMFilter{}.IDs(id)).PageSize(1).
		Where(func(b hsmtypes.Backup) bool { return b.BackupId == nil || *b.BackupId == id }).
		First(ctx)
}

// checkHSM rejects a nil client, and an id that cannot be that of a backup. Its errors do not repeat the id, which the
// error of the call names.
func checkHSM(api any, id string) error {
	switch {
	case lo.IsNil(api):
		return errors.New("no cloudhsm client was given")
	case strings.TrimSpace(id) == "":
		return errors.New("the id of the backup is empty")
	case strings.TrimSpace(id) != id:
		return errors.New("the id of the backup has blanks around it")
	case !utf8.ValidString(id):
		return errors.New("the id of the backup is not UTF-8")
	case filters.CheckName(id) != nil:
		return errors.New("it is an ARN where the id of a backup is required")
	}
	return nil
}

// Restored is the result of [RestoreHSMBackups] for one backup.
type Restored struct {
	// Before is the backup as the caller passed it.
	Before hsmtypes.Backup
	// After is the backup that RestoreBackup returned, usually in the state READY, or that DescribeBackups
	// showed READY after the answer to the restore was lost. It is the zero value if the backup was not
	// restored or if that is not known. [WaitHSMBackup] confirms the state with further requests.
	After hsmtypes.Backup
	// Skipped reports that no request was sent, because the backup was not pending deletion.
	Skipped bool
	// Err is why the restore failed; nil if it succeeded or the backup was skipped. It wraps
	// [ErrRestoreUnknown] if the backup may have been restored.
	Err error
}

// RestoreHSMBackups restores the backups whose state is PENDING_DELETION, one after another with
// [RestoreHSMBackup], and skips the other ones. It goes on after a failure. It returns one result for each
// backup, in the same order, and all failures joined in one error. After the context has ended, each
// remaining backup that is pending deletion fails with the context's error: it was not restored.
//
// If the answer to a restore is lost, the result of that backup says what DescribeBackups showed, see
// [RestoreHSMBackup]: an After that is READY, or an Err that wraps [ErrRestoreUnknown].
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

// RestoreHSMBackups cancels the pending deletion of several CloudHSM backups. It calls the function
// [RestoreHSMBackups] with the field HSM.
func (c Client) RestoreHSMBackups(ctx context.Context, backups []hsmtypes.Backup) ([]Restored, error) {
	return RestoreHSMBackups(ctx, c.HSM, backups)
}

func restore(ctx context.Context, api HSMRestoreAPI, b hsmtypes.Backup) Restored {
	r := Restored{Before: b, Skipped: b.BackupState != hsmtypes.BackupStatePendingDeletion}
	if r.Skipped {
		return r
	}
	r.After, r.Err = RestoreHSMBackup(ctx, api, aws.ToString(b.BackupId))
	return r
}
