package backupx

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	smithytime "github.com/aws/smithy-go/time"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/samber/lo"
)

// The first and the longest pause between two looks of Await; each pause is twice the one before.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// Await ranges over a listing again and again, until the function done returns true for an item, and returns that item.
// An empty listing is looked at again. The pauses between two looks grow from a second to half a minute, with jitter.
//
//	job, err := backupx.Await(ctx, client.BackupJobs(backupx.BackupJobFilter{}.IDs(id)),
//		func(j types.BackupJob) (bool, error) { return backupx.BackupJobEnded(j.State), nil }, time.Hour)
//
// A look that fails for a reason that passes is repeated, after a pause: throttling, and failures of the service (5xx) or
// of the connection, all of which the SDK has tried again by itself before. Await fails
//
//   - after maxWait, which must be positive, and when the context ends ([context.DeadlineExceeded], or the error of the
//     context), with the last item that it looked at and the error of the last look, if that failed;
//   - with an error of done, which it returns with the item;
//   - with any other error of the listing, for example if the caller lacks a permission.
func Await[T any](ctx context.Context, l Listing[T], done func(T) (bool, error), maxWait time.Duration) (T, error) {
	var last T
	if done == nil {
		return last, &callError{"Await", "", errors.New("the function is nil")}
	}
	err := await(ctx, maxWait, "no item is as awaited", func(ctx context.Context) (bool, error) {
		for item, err := range l.All(ctx) {
			if err != nil {
				return false, err
			}
			last = item
			if ok, err := done(item); err != nil {
				return false, &endError{err}
			} else if ok {
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil {
		return last, &callError{"Await", "", err}
	}
	return last, nil
}

// endError is an error that ends the waiting, whatever its kind.
type endError struct{ err error }

func (e *endError) Error() string { return e.err.Error() }

// innerError is an error within another one, without the name of the package.
type innerError struct{ err error }

func (e innerError) Error() string { return inner(e.err) }
func (e innerError) Unwrap() error { return e.err }

// await calls look until it reports that all is as awaited. The text missed says what is not so after maxWait.
func await(ctx context.Context, maxWait time.Duration, missed string, look func(context.Context) (bool, error)) error {
	if maxWait <= 0 {
		return fmt.Errorf("it takes a time above zero to wait, not %s", maxWait)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, maxWait, fmt.Errorf("%s after %s", missed, maxWait))
	defer cancel()
	var failed error // of the last look that the end of the context did not break off
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		ok, err := look(ctx)
		var end *endError
		switch {
		case errors.As(err, &end):
			return end.err
		case ok:
			return nil
		case err != nil && ctx.Err() == nil && !passes(err):
			return err
		}
		if ctx.Err() == nil || !errors.Is(err, ctx.Err()) { // an attempt that took too long has the same error
			failed = err
		}
		if ctx.Err() == nil {
			_ = smithytime.SleepWithContext(ctx, pause/2+rand.N(pause/2)) // fails if the context ends
		}
		switch {
		case ctx.Err() == nil:
		case failed != nil:
			return fmt.Errorf("%w: the last look failed: %w", cause(ctx), innerError{failed})
		default:
			return cause(ctx)
		}
	}
}

// passes reports whether an error may be gone after a while: those that the SDK retries, and all failures of a service.
func passes(err error) bool {
	var ended *endedError
	if errors.As(err, &ended) {
		return passes(ended.cause) && passes(ended.failed)
	}
	var sources SourceErrors
	if errors.As(err, &sources) {
		return lo.EveryBy(sources, func(s *SourceError) bool { return passes(s.Err) })
	}
	var response *smithyhttp.ResponseError
	return KindOf(err) == KindThrottled ||
		errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusInternalServerError ||
		retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool()
}

// WaitHSMBackup requests a CloudHSM backup with the operation DescribeBackups of CloudHSM v2, again and
// again, until it is in the given state. It returns the backup as the last request showed it. It waits as [Await] does,
// and needs the permission cloudhsm:DescribeBackups.
//
// It fails after maxWait, which must be positive ([context.DeadlineExceeded]), when the context ends, if the
// backup does not exist, if it is DELETED (a backup never leaves that state), and if a request fails for a reason that
// does not pass; the error then wraps the [*ListError] of [HSMBackups].
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
	var last hsmtypes.Backup
	err := await(ctx, maxWait, "it is not "+string(state), func(ctx context.Context) (bool, error) {
		b, found, err := findHSM(ctx, api, id)
		switch {
		case err != nil:
			return false, err
		case !found:
			return false, &endError{errors.New("there is no such backup")}
		}
		last = b
		if b.BackupState == hsmtypes.BackupStateDeleted && state != b.BackupState {
			return false, &endError{errors.New("it is DELETED, and stays so")}
		}
		return b.BackupState == state, nil
	})
	switch {
	case err == nil:
		return last, nil
	case last.BackupState != "" && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)):
		return fail(last, fmt.Errorf("%w: it is %s", err, last.BackupState))
	default:
		return fail(last, err)
	}
}

// WaitHSMBackup waits until a CloudHSM backup is in a given state. It calls the function [WaitHSMBackup] with
// the field HSM.
func (c Client) WaitHSMBackup(ctx context.Context, id string, state hsmtypes.BackupState, maxWait time.Duration) (hsmtypes.Backup, error) {
	return WaitHSMBackup(ctx, c.HSM, id, state, maxWait)
}
