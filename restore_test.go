package backupx_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/aws/smithy-go"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

const (
	pendingID = "backup-pending2222"
	readyID   = "backup-ready222222"
	deletedID = "backup-deleted2222"
	sharedID  = "backup-shared22222"
	unknownID = "backup-unknown2222"
)

// vault is a service with one backup in each of three states, and one shared from another account.
func vault(opts ...fakeaws.Option) *fakeaws.Service {
	pending := hsmBackup("pending2222", "PENDING_DELETION", 1)
	pending.DeleteTimestamp = aws.Time(day.AddDate(0, 0, 7))
	pending.BackupArn = aws.String("arn:aws:cloudhsm:us-east-1:111122223333:backup/" + pendingID)
	return fakeaws.New(fakeaws.Data{
		HSM:       []hsmtypes.Backup{pending, hsmBackup("ready222222", "READY", 2), hsmBackup("deleted2222", "DELETED", 3)},
		HSMShared: []hsmtypes.Backup{hsmBackup("shared22222", "PENDING_DELETION", 4)},
	}, opts...)
}

func TestRestoreHSMBackup(t *testing.T) {
	s := vault()
	got, err := clientOf(s).RestoreHSMBackup(t.Context(), pendingID)
	require.NoError(t, err)
	want := hsmBackup("pending2222", "READY", 1)
	want.BackupArn = aws.String("arn:aws:cloudhsm:us-east-1:111122223333:backup/" + pendingID)
	require.Equal(t, want, got)
	require.Equal(t, []params{{"BackupId": pendingID}}, asked(s))
}

func TestRestoreHSMBackupSaysWhyNot(t *testing.T) {
	client := clientOf(vault())
	_, err := client.RestoreHSMBackup(t.Context(), readyID)
	var invalid *hsmtypes.CloudHsmInvalidRequestException
	require.ErrorAs(t, err, &invalid)
	require.ErrorContains(t, err, "backupx: RestoreBackup: "+readyID+": ")

	_, err = client.RestoreHSMBackup(t.Context(), unknownID)
	var unknown *hsmtypes.CloudHsmResourceNotFoundException
	require.ErrorAs(t, err, &unknown)

	_, err = client.RestoreHSMBackup(t.Context(), sharedID)
	var denied *hsmtypes.CloudHsmAccessDeniedException
	require.ErrorAs(t, err, &denied)
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
}

func TestRestoresRejectWhatCannotBeSent(t *testing.T) {
	s := vault()
	client := clientOf(s)
	restore := func(api backupx.HSMRestoreAPI, id string) error {
		_, err := backupx.RestoreHSMBackup(t.Context(), api, id)
		return err
	}
	require.EqualError(t, restore(client.HSM, ""), "backupx: RestoreBackup: the id of the backup is empty")
	require.EqualError(t, restore(client.HSM, " \t"), "backupx: RestoreBackup: the id of the backup is empty")
	require.ErrorContains(t, restore(client.HSM, "arn:aws:cloudhsm:us-east-1:111122223333:backup/"+pendingID), "is an ARN where")
	require.EqualError(t, restore(nil, pendingID), "backupx: RestoreBackup: "+pendingID+": no cloudhsm client was given")
	require.EqualError(t, restore((*cloudhsmv2.Client)(nil), pendingID), "backupx: RestoreBackup: "+pendingID+": no cloudhsm client was given")
	require.EqualError(t, restore(backupx.Client{}.HSM, pendingID), "backupx: RestoreBackup: "+pendingID+": no cloudhsm client was given")

	wait := func(api cloudhsmv2.DescribeBackupsAPIClient, id string, state hsmtypes.BackupState, most time.Duration) error {
		_, err := backupx.WaitHSMBackup(t.Context(), api, id, state, most)
		return err
	}
	require.ErrorContains(t, wait(client.HSM, "", "READY", time.Hour), "the id of the backup is empty")
	require.ErrorContains(t, wait((*cloudhsmv2.Client)(nil), readyID, "READY", time.Hour), "no cloudhsm client was given")
	require.ErrorContains(t, wait(nil, readyID, "READY", time.Hour), "no cloudhsm client was given")
	require.ErrorContains(t, wait(client.HSM, readyID, "", time.Hour), "it takes a state to wait for")
	require.ErrorContains(t, wait(client.HSM, readyID, "READY", 0), "a time above zero to wait")
	require.ErrorContains(t, wait(client.HSM, readyID, "READY", -time.Second), "a time above zero to wait")
	require.Zero(t, s.RequestCount(), "nothing is sent")
}

// oddHSM answers each restore with the same output.
type oddHSM struct {
	out *cloudhsmv2.RestoreBackupOutput
}

func (o oddHSM) RestoreBackup(context.Context, *cloudhsmv2.RestoreBackupInput, ...func(*cloudhsmv2.Options)) (*cloudhsmv2.RestoreBackupOutput, error) {
	return o.out, nil
}

func TestARestoreThatIsNotConfirmedIsAnError(t *testing.T) {
	for _, out := range []*cloudhsmv2.RestoreBackupOutput{nil, {}} {
		_, err := backupx.RestoreHSMBackup(t.Context(), oddHSM{out}, pendingID)
		require.ErrorContains(t, err, "whether it was restored is not known")
	}
	s := vault(fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.EmptyBody()}))
	_, err := clientOf(s).RestoreHSMBackup(t.Context(), pendingID)
	require.ErrorContains(t, err, "whether it was restored is not known")
}

func TestRestoreHSMBackups(t *testing.T) {
	s := vault()
	client := clientOf(s)
	ready, err := client.HSMBackups(backupx.HSMFilter{}.OldestFirst()).Collect(t.Context())
	require.NoError(t, err)
	blank := hsmtypes.Backup{BackupState: "PENDING_DELETION"}
	backups := append(ready, hsmBackup("shared22222", "PENDING_DELETION", 4), hsmBackup("unknown2222", "PENDING_DELETION", 5), blank)
	s.ResetRequests()

	results, err := client.RestoreHSMBackups(t.Context(), backups)
	require.Equal(t, []params{{"BackupId": pendingID}, {"BackupId": sharedID}, {"BackupId": unknownID}}, asked(s), "it goes on after a failure")
	require.Equal(t, backups, lo.Map(results, func(r backupx.Restored, _ int) hsmtypes.Backup { return r.Before }))
	require.Equal(t, []bool{false, true, true, false, false, false}, lo.Map(results, func(r backupx.Restored, _ int) bool { return r.Skipped }))
	require.Equal(t, hsmtypes.BackupStateReady, results[0].After.BackupState)
	require.Nil(t, results[0].After.DeleteTimestamp)
	require.NoError(t, results[0].Err)
	for _, r := range results[1:3] {
		require.Equal(t, backupx.Restored{Before: r.Before, Skipped: true}, r)
	}
	for _, r := range results[3:] {
		require.Zero(t, r.After)
		require.ErrorIs(t, err, r.Err, "all failures are joined")
	}
	require.ErrorContains(t, results[5].Err, "the id of the backup is empty")
	var denied *hsmtypes.CloudHsmAccessDeniedException
	require.ErrorAs(t, err, &denied)
	var unknown *hsmtypes.CloudHsmResourceNotFoundException
	require.ErrorAs(t, err, &unknown)
}

func TestRestoreHSMBackupsOfNothing(t *testing.T) {
	results, err := backupx.Client{}.RestoreHSMBackups(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, results)
}

func TestAContextThatEndsFailsTheBackupsThatAreLeft(t *testing.T) {
	s := vault()
	s.AddHSM(hsmBackup("pending3333", "PENDING_DELETION", 1))
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the operator left")
	s.Fault(fakeaws.Fault{When: func(fakeaws.Request) bool { cancel(reason); return false }})

	results, err := clientOf(s).RestoreHSMBackups(ctx, []hsmtypes.Backup{
		hsmBackup("pending2222", "PENDING_DELETION", 1), hsmBackup("pending3333", "PENDING_DELETION", 1), hsmBackup("ready222222", "READY", 2),
	})
	require.NoError(t, results[0].Err)
	require.ErrorIs(t, results[1].Err, context.Canceled)
	require.ErrorIs(t, results[1].Err, reason)
	require.True(t, results[2].Skipped)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, s.RequestCount())
}

// wait is the result of a WaitHSMBackup on a fake clock, with its duration and its number of requests.
type wait struct {
	backup hsmtypes.Backup
	err    error
	took   time.Duration
	looks  int
}

func waiting(t *testing.T, id string, state hsmtypes.BackupState, most time.Duration, opts ...fakeaws.Option) (w wait) {
	synctest.Test(t, func(t *testing.T) {
		s, began := vault(opts...), time.Now()
		w.backup, w.err = clientOf(s).WaitHSMBackup(t.Context(), id, state, most)
		w.took, w.looks = time.Since(began), s.RequestCount()
	})
	return w
}

func TestWaitHSMBackup(t *testing.T) {
	w := waiting(t, pendingID, "READY", time.Hour, fakeaws.WithMoving(fakeaws.Moving{
		ID: pendingID, Steps: []fakeaws.Step{{AfterRequests: 4, State: "READY"}},
	}))
	require.NoError(t, w.err)
	require.Equal(t, []string{pendingID, "READY"}, []string{hsmID(w.backup), string(w.backup.BackupState)})
	require.Equal(t, 5, w.looks)
	require.GreaterOrEqual(t, w.took, 7500*time.Millisecond, "the pauses grow: half to the whole of 1, 2, 4 and 8 seconds")
	require.Less(t, w.took, 15*time.Second)
}

func TestWaitHSMBackupLooksOnceAtWhatIsThere(t *testing.T) {
	for id, state := range map[string]hsmtypes.BackupState{readyID: "READY", pendingID: "PENDING_DELETION", deletedID: "DELETED"} {
		w := waiting(t, id, state, time.Hour)
		require.NoError(t, w.err)
		require.Equal(t, state, w.backup.BackupState)
		require.Equal(t, []any{time.Duration(0), 1}, []any{w.took, w.looks})
	}
}

func TestWaitHSMBackupEndsWithItsTime(t *testing.T) {
	w := waiting(t, pendingID, "READY", 10*time.Minute)
	require.ErrorIs(t, w.err, context.DeadlineExceeded)
	require.ErrorContains(t, w.err, "backupx: WaitHSMBackup: "+pendingID+": ")
	require.ErrorContains(t, w.err, "it is not READY after 10m0s")
	require.ErrorContains(t, w.err, "it is PENDING_DELETION")
	require.Equal(t, hsmtypes.BackupStatePendingDeletion, w.backup.BackupState, "as it was seen last")
	require.Equal(t, 10*time.Minute, w.took)
	require.Greater(t, w.looks, 20, "pauses are half a minute at most")
	require.Less(t, w.looks, 50)
}

func TestWaitHSMBackupEndsWhereTheStateCannotBeReached(t *testing.T) {
	w := waiting(t, deletedID, "READY", time.Hour)
	require.ErrorContains(t, w.err, "it is DELETED, and stays so")
	require.Equal(t, deletedID, hsmID(w.backup))
	require.Zero(t, w.took)

	w = waiting(t, unknownID, "READY", time.Hour)
	require.ErrorContains(t, w.err, "there is no such backup")
	require.Zero(t, w.took)

	w = waiting(t, pendingID, "READY", time.Hour, fakeaws.WithFaults(fakeaws.Fault{
		Nth: 3, Do: fakeaws.Error(http.StatusBadRequest, "CloudHsmAccessDeniedException", "no"),
	}))
	var denied *hsmtypes.CloudHsmAccessDeniedException
	require.ErrorAs(t, w.err, &denied)
	require.Less(t, w.took, 3*time.Second)
}

// An emulator may ignore the filter, and a stub may leave out the id.
func TestABackupIsFoundAmongOthers(t *testing.T) {
	listing := func(backups string) *fakeaws.Service {
		return vault(fakeaws.WithFaults(
			fakeaws.Fault{Operation: "DescribeBackups", Every: 1, Do: fakeaws.Body(`{"Backups":[` + backups + `]}`)},
			fakeaws.Fault{Operation: "RestoreBackup", Every: 1, Do: fakeaws.Lost(fakeaws.Drop())},
		))
	}
	other := `{"BackupId":"` + readyID + `","BackupState":"READY"},`
	own := other + `{"BackupId":"` + pendingID + `","BackupState":"READY","ClusterId":"own"}`
	found, err := clientOf(listing(own)).WaitHSMBackup(t.Context(), pendingID, "READY", time.Hour)
	require.NoError(t, err)
	require.Equal(t, "own", aws.ToString(found.ClusterId))
	found, err = clientOf(listing(own)).RestoreHSMBackup(t.Context(), pendingID)
	require.NoError(t, err)
	require.Equal(t, "own", aws.ToString(found.ClusterId))

	const unnamed = `{"BackupState":"READY"}`
	_, err = clientOf(listing(unnamed)).WaitHSMBackup(t.Context(), pendingID, "READY", time.Hour)
	require.NoError(t, err)
	_, err = clientOf(listing(unnamed)).RestoreHSMBackup(t.Context(), pendingID)
	require.ErrorIs(t, err, backupx.ErrRestoreUnknown, "it may be another backup")
	_, err = clientOf(listing(other+`{"BackupId":"`+deletedID+`"}`)).WaitHSMBackup(t.Context(), pendingID, "READY", time.Hour)
	require.ErrorContains(t, err, "there is no such backup")
}

func TestWaitHSMBackupEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		reason := errors.New("the operator left")
		time.AfterFunc(42*time.Second, func() { cancel(reason) })
		began := time.Now()
		_, err := clientOf(vault(fakeaws.WithLatency(time.Second))).WaitHSMBackup(ctx, pendingID, "READY", time.Hour)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, reason)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 42*time.Second, time.Since(began))
	})
}

func TestErrorsOfRestoresHoldNoCredentials(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Errortype", "InvalidSignatureException")
		w.WriteHeader(http.StatusForbidden)
		_, err := w.Write([]byte(`{"message":"the canonical request: x-amz-security-token:` + r.Header.Get("X-Amz-Security-Token") + ` ` + r.Header.Get("Authorization") + `"}`))
		require.NoError(t, err)
	}))
	defer server.Close()
	config := fakeaws.New(fakeaws.Data{}).Config()
	config.HTTPClient, config.BaseEndpoint = nil, aws.String(server.URL)
	config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLEEXAMPLE", SecretAccessKey: "secret", SessionToken: "SESSIONTOKENVALUE"}, nil
	})
	client := backupx.New(config)

	_, err := client.RestoreHSMBackup(t.Context(), "backup-aaaaaaaaaaa")
	results, all := client.RestoreHSMBackups(t.Context(), []hsmtypes.Backup{{
		BackupId: aws.String("backup-aaaaaaaaaaa"), BackupState: hsmtypes.BackupStatePendingDeletion,
	}})

	for _, err := range []error{err, all, results[0].Err} {
		require.ErrorContains(t, err, "InvalidSignatureException")
		for _, secret := range []string{"SESSIONTOKENVALUE", "AKIDEXAMPLE", "Signature=" + "0"} {
			require.NotContains(t, err.Error(), secret)
		}
	}
}

func TestErrorsOfRestoresNameTheBackupOnce(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{}, fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.Error(http.StatusBadRequest, "CloudHsmInternalFailureException", "no")}))
	_, err := clientOf(s).RestoreHSMBackup(t.Context(), pendingID)
	require.ErrorContains(t, err, "backupx: RestoreBackup: "+pendingID+": operation error")
	require.Equal(t, 1, strings.Count(err.Error(), pendingID))
}
