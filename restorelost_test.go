package backupx_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
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

// restored is how a restore is told.
type restored string

const (
	succeeded restored = "restored"
	unknown   restored = "may have been restored"
	failed    restored = "failed"
)

func told(b hsmtypes.Backup, err error) restored {
	switch {
	case err == nil && b.BackupState == hsmtypes.BackupStateReady:
		return succeeded
	case errors.Is(err, backupx.ErrRestoreUnknown):
		return unknown
	}
	return failed
}

// onRestores applies effects to the restores of a service, one after another, and the last one to all that follow.
func onRestores(effects ...fakeaws.Effect) fakeaws.Option {
	return fakeaws.WithFaults(lo.Map(effects, func(e fakeaws.Effect, i int) fakeaws.Fault {
		f := fakeaws.Fault{Operation: "RestoreBackup", Nth: i + 1, Do: e}
		if i+1 == len(effects) {
			f.Every = 1
		}
		return f
	})...)
}

func operationsOf(s *fakeaws.Service) string {
	return strings.Join(lo.Map(s.Requests(), func(r fakeaws.Request, _ int) string { return r.Operation[:1] }), "")
}

func TestARestoreWhoseAnswerIsLost(t *testing.T) {
	nothing, lost := fakeaws.Latency(0), fakeaws.Lost
	nan := fakeaws.Body(`{"Backup":{"BackupId":"` + pendingID + `","BackupState":"READY","CreateTimestamp":"NaN"}}`)
	for name, c := range map[string]struct {
		effects  []fakeaws.Effect
		want     restored
		requests string // R is RestoreBackup, D is DescribeBackups; "" for any: net/http may lose a short answer whole
	}{
		"no fault":                            {[]fakeaws.Effect{nothing}, succeeded, "R"},
		"throttled, then done":                {[]fakeaws.Effect{fakeaws.Throttle(), nothing}, succeeded, "RR"},
		"an answer is missing, then done":     {[]fakeaws.Effect{fakeaws.Drop(), nothing}, succeeded, "RR"},
		"refused":                             {[]fakeaws.Effect{fakeaws.AccessDenied()}, failed, "R"},
		"throttled":                           {[]fakeaws.Effect{fakeaws.Throttle()}, failed, "RRR"},
		"throttled, then refused":             {[]fakeaws.Effect{fakeaws.Throttle(), fakeaws.AccessDenied()}, failed, "RR"},
		"connection closed":                   {[]fakeaws.Effect{lost(fakeaws.Drop()), nothing}, succeeded, "RRD"},
		"internal error":                      {[]fakeaws.Effect{lost(fakeaws.InternalError()), nothing}, succeeded, "RRD"},
		"unavailable":                         {[]fakeaws.Effect{lost(fakeaws.Unavailable()), nothing}, succeeded, "RRD"},
		"bad gateway":                         {[]fakeaws.Effect{lost(fakeaws.Status(502)), nothing}, succeeded, "RRD"},
		"closed, then throttled, then again":  {[]fakeaws.Effect{lost(fakeaws.Drop()), fakeaws.Throttle(), nothing}, succeeded, "RRRD"},
		"closed, then denied":                 {[]fakeaws.Effect{lost(fakeaws.Drop()), fakeaws.AccessDenied()}, succeeded, "RRD"},
		"throttled, then closed":              {[]fakeaws.Effect{fakeaws.Throttle(), lost(fakeaws.Drop()), nothing}, succeeded, "RRRD"},
		"every connection closed":             {[]fakeaws.Effect{lost(fakeaws.Drop())}, succeeded, "RRRD"},
		"every attempt an internal error":     {[]fakeaws.Effect{lost(fakeaws.InternalError())}, succeeded, "RRRD"},
		"body cut":                            {[]fakeaws.Effect{fakeaws.Cut()}, succeeded, ""},
		"body truncated":                      {[]fakeaws.Effect{fakeaws.Truncate()}, succeeded, "RD"},
		"body empty":                          {[]fakeaws.Effect{fakeaws.EmptyBody()}, succeeded, "RD"},
		"body without the backup":             {[]fakeaws.Effect{fakeaws.Body(`{"message":"done"}`)}, succeeded, "RD"},
		"body with an empty backup":           {[]fakeaws.Effect{fakeaws.Body(`{"Backup":{}}`)}, succeeded, "RD"},
		"body with members in lower case":     {[]fakeaws.Effect{fakeaws.Body(`{"Backup":{"backupId":"backup-a"}}`)}, succeeded, "RD"},
		"body of a proxy":                     {[]fakeaws.Effect{fakeaws.Body("<html>")}, succeeded, "RD"},
		"body on which the SDK panics":        {[]fakeaws.Effect{nan}, succeeded, "RD"},
		"not done, connection closed":         {[]fakeaws.Effect{fakeaws.Drop()}, unknown, "RRRD"},
		"not done, internal error":            {[]fakeaws.Effect{fakeaws.InternalError()}, unknown, "RRRD"},
		"not done, unavailable, then denied":  {[]fakeaws.Effect{fakeaws.Unavailable(), fakeaws.AccessDenied()}, unknown, "RRD"},
		"not done, closed, then throttled":    {[]fakeaws.Effect{fakeaws.Drop(), fakeaws.Throttle()}, unknown, "RRRD"},
		"not done, a success without a body":  {[]fakeaws.Effect{fakeaws.Status(200)}, unknown, "RD"},
		"not done, a timeout of the gateway":  {[]fakeaws.Effect{fakeaws.Status(504)}, unknown, "RRRD"},
		"a forbidden of a proxy, no 5xx":      {[]fakeaws.Effect{fakeaws.Status(403)}, failed, "R"},
		"too many requests, without its name": {[]fakeaws.Effect{fakeaws.Status(429)}, failed, "RRR"},
	} {
		for where, start := range map[string]func(*testing.T, *fakeaws.Service) *fakeaws.Service{
			"in process": func(_ *testing.T, s *fakeaws.Service) *fakeaws.Service { return s },
			"served": func(t *testing.T, s *fakeaws.Service) *fakeaws.Service {
				s.Serve()
				t.Cleanup(s.Close)
				return s
			},
		} {
			t.Run(name+", "+where, func(t *testing.T) {
				s := start(t, vault(onRestores(c.effects...)))
				got, err := clientOf(s).RestoreHSMBackup(t.Context(), pendingID)
				require.Equal(t, c.want, told(got, err), "%v", err)
				if c.requests != "" {
					require.Equal(t, c.requests, operationsOf(s))
				}
				if c.want == succeeded {
					require.Equal(t, pendingID, *got.BackupId)
					require.Nil(t, got.DeleteTimestamp)
					return
				}
				require.Zero(t, got)
				require.ErrorContains(t, err, "backupx: RestoreBackup: "+pendingID+": ")
				require.Equal(t, 1, strings.Count(err.Error(), pendingID))
			})
		}
	}
}

// What a restore tells agrees with the state of the backup, whatever two attempts bring.
func TestARestoreTellsTheTruth(t *testing.T) {
	effects := map[string]fakeaws.Effect{
		"served": fakeaws.Latency(0), "throttled": fakeaws.Throttle(), "denied": fakeaws.AccessDenied(), "403": fakeaws.Status(403), "302": fakeaws.Status(302),
		"dropped": fakeaws.Drop(), "500": fakeaws.InternalError(), "504": fakeaws.Status(504), "204": fakeaws.Status(204),
		"done, dropped": fakeaws.Lost(fakeaws.Drop()), "done, 500": fakeaws.Lost(fakeaws.InternalError()), "done, 204": fakeaws.Lost(fakeaws.Status(204)),
		"cut": fakeaws.Cut(), "truncated": fakeaws.Truncate(), "empty": fakeaws.EmptyBody(), "markup": fakeaws.Body("<html>"), "list": fakeaws.Body("[]"),
	}
	for first, a := range effects {
		for second, b := range effects {
			for _, describes := range []bool{true, false} {
				s := vault(onRestores(a, b))
				var api backupx.HSMRestoreAPI = clientOf(s).HSM
				if !describes {
					api = struct{ backupx.HSMRestoreAPI }{api}
				}
				got, err := backupx.RestoreHSMBackup(t.Context(), api, pendingID)
				is, _, errFirst := clientOf(s).HSMBackups(backupx.HSMFilter{}.IDs(pendingID)).First(t.Context())
				require.NoError(t, errFirst)
				may := []restored{failed, unknown}
				switch {
				case is.BackupState == hsmtypes.BackupStateReady && describes:
					may = []restored{succeeded}
				case is.BackupState == hsmtypes.BackupStateReady:
					may = []restored{succeeded, unknown}
				}
				require.Contains(t, may, told(got, err), "%s, then %s, it is %s: %v", first, second, is.BackupState, err)
			}
		}
	}
}

func TestTheErrorOfARestoreThatMayHaveWorked(t *testing.T) {
	s := vault(onRestores(fakeaws.Unavailable(), fakeaws.AccessDenied()))
	_, err := clientOf(s).RestoreHSMBackup(t.Context(), pendingID)
	require.ErrorIs(t, err, backupx.ErrRestoreUnknown)
	var denied *hsmtypes.CloudHsmAccessDeniedException
	require.ErrorAs(t, err, &denied, "the service's own error")
	require.ErrorContains(t, err, "backupx: RestoreBackup: "+pendingID+": the backup may have been restored (it is PENDING_DELETION): operation error CloudHSM V2: RestoreBackup")

	s = vault(onRestores(fakeaws.Drop()))
	_, err = clientOf(s).RestoreHSMBackup(t.Context(), deletedID)
	require.ErrorContains(t, err, "may have been restored (it is DELETED)")
	_, err = clientOf(s).RestoreHSMBackup(t.Context(), unknownID)
	require.ErrorContains(t, err, "may have been restored (DescribeBackups does not list it)")
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

// Numbers that are no times are errors in the answer to a restore as in a page.
func TestATimeInTheAnswerToARestore(t *testing.T) {
	for _, member := range timeMembers["cloudhsm"] {
		for value, fails := range map[string]bool{
			`"Infinity"`: true, `"NaN"`: true, "1e300": true, "20260314000000": true, "1773446400.5": false, "null": false,
		} {
			backup := `{"TagList":[{"Key":"CreateTimestamp","Value":"1e300"}],"BackupId":"` + pendingID + `","BackupState":"READY","` + member + `":` + value + `}`
			s := vault(fakeaws.WithFaults(
				fakeaws.Fault{Operation: "RestoreBackup", Do: fakeaws.Body(`{"Other":{"CreateTimestamp":1e300},"Backup":` + backup + `,"CreateTimestamp":1e300}`)},
				fakeaws.Fault{Operation: "DescribeBackups", Do: fakeaws.Body(`{"Backups":[` + backup + `]}`)},
			))
			got, err := clientOf(s).RestoreHSMBackup(t.Context(), pendingID)
			if !fails {
				require.NoError(t, err, "%s %s", member, value)
				require.Equal(t, pendingID, *got.BackupId)
				continue
			}
			require.Equal(t, unknown, told(got, err), "%s %s: %v", member, value, err)
			require.Zero(t, got)
			require.Equal(t, "RD", operationsOf(s))
		}
	}
	s := vault(fakeaws.WithFaults(fakeaws.Fault{Operation: "RestoreBackup", Do: fakeaws.Body(`{"Backup":{"BackupId":"` + pendingID + `","BackupState":"READY","CreateTimestamp":1e300}}`)}))
	got, err := clientOf(s).RestoreHSMBackup(t.Context(), pendingID)
	require.Equal(t, succeeded, told(got, err), "DescribeBackups shows it: %v", err)
	require.Equal(t, 2026, got.CreateTimestamp.Year())
}

func TestABackupThatCannotBeChecked(t *testing.T) {
	denied := fakeaws.Fault{Operation: "DescribeBackups", Do: fakeaws.AccessDenied()}
	s := vault(onRestores(fakeaws.Lost(fakeaws.Drop())), fakeaws.WithFaults(denied))
	_, err := clientOf(s).RestoreHSMBackup(t.Context(), pendingID)
	require.ErrorIs(t, err, backupx.ErrRestoreUnknown)
	require.ErrorContains(t, err, "(checking it failed: DescribeBackups: page 1: ")
	var refusal *hsmtypes.CloudHsmAccessDeniedException
	require.False(t, errors.As(err, &refusal), "the restore was not denied")

	s = vault(onRestores(fakeaws.Lost(fakeaws.Drop()), fakeaws.Latency(0)))
	_, err = backupx.RestoreHSMBackup(t.Context(), struct{ backupx.HSMRestoreAPI }{clientOf(s).HSM}, pendingID)
	require.ErrorIs(t, err, backupx.ErrRestoreUnknown)
	require.ErrorContains(t, err, "(the client has no DescribeBackups to check it)")
	var invalid *hsmtypes.CloudHsmInvalidRequestException
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "RR", operationsOf(s))

	other := fakeaws.Fault{Operation: "DescribeBackups", Do: fakeaws.Body(`{"Backups":[{"BackupId":"` + readyID + `","BackupState":"READY"}]}`)}
	_, err = clientOf(vault(onRestores(fakeaws.Drop()), fakeaws.WithFaults(other))).RestoreHSMBackup(t.Context(), pendingID)
	require.ErrorIs(t, err, backupx.ErrRestoreUnknown, "an emulator that ignores the filter shows another backup")
}

func TestARestoreWithoutRetries(t *testing.T) {
	for want, effect := range map[restored]fakeaws.Effect{
		succeeded: fakeaws.Lost(fakeaws.InternalError()), unknown: fakeaws.InternalError(), failed: fakeaws.Throttle(),
	} {
		cfg := vault(onRestores(effect)).Config()
		cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		require.Equal(t, want, told(backupx.New(cfg).RestoreHSMBackup(t.Context(), pendingID)))
	}
}

// A backup that was READY before cannot be told from one that was restored by a lost answer.
func TestARestoreOfABackupThatIsReady(t *testing.T) {
	require.Equal(t, failed, told(clientOf(vault()).RestoreHSMBackup(t.Context(), readyID)), "an answer that is certain")
	require.Equal(t, succeeded, told(clientOf(vault(onRestores(fakeaws.Drop(), fakeaws.Latency(0)))).RestoreHSMBackup(t.Context(), readyID)))
}

func TestAContextThatEndsDuringARestore(t *testing.T) {
	for name, c := range map[string]struct {
		effects []fakeaws.Effect
		want    restored
		took    time.Duration
	}{
		"done, before the answer":     {[]fakeaws.Effect{fakeaws.Lost(fakeaws.Latency(time.Hour))}, succeeded, time.Minute},
		"not done, before the answer": {[]fakeaws.Effect{fakeaws.Latency(time.Hour)}, unknown, time.Minute},
		"done, in a second attempt":   {[]fakeaws.Effect{fakeaws.Lost(fakeaws.Drop()), fakeaws.Latency(time.Hour)}, succeeded, time.Minute},
	} {
		inBubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			began := time.Now()
			got, err := clientOf(vault(onRestores(c.effects...))).RestoreHSMBackup(ctx, pendingID)
			require.Equal(t, c.want, told(got, err), "%v", err)
			require.Equal(t, c.took, time.Since(began))
			if c.want != succeeded {
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
		})
	}
}

func TestTheCheckOfARestoreIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := fakeaws.Fault{Operation: "DescribeBackups", Do: fakeaws.Latency(time.Hour)}
		began := time.Now()
		_, err := clientOf(vault(onRestores(fakeaws.Drop()), fakeaws.WithFaults(slow))).RestoreHSMBackup(t.Context(), pendingID)
		require.ErrorIs(t, err, backupx.ErrRestoreUnknown)
		require.ErrorContains(t, err, "no answer after 10s")
		require.Equal(t, 10*time.Second, time.Since(began))
		require.False(t, errors.Is(err, context.DeadlineExceeded), "the context of the restore has not ended")
	})
}

func TestARestoreThatIsNotSentIsCertain(t *testing.T) {
	ended, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the operator left")
	cancel(reason)
	s := vault()
	_, err := clientOf(s).RestoreHSMBackup(ended, pendingID)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, reason)
	require.False(t, errors.Is(err, backupx.ErrRestoreUnknown))
	require.Zero(t, s.RequestCount())

	closed := httptest.NewServer(nil)
	closed.Close()
	cfg := s.Config()
	cfg.HTTPClient, cfg.BaseEndpoint = nil, aws.String(closed.URL)
	_, err = backupx.New(cfg).RestoreHSMBackup(t.Context(), pendingID)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.False(t, errors.Is(err, backupx.ErrRestoreUnknown))
}

// hsm is a client of CloudHSM made of functions.
type hsm struct {
	cloudhsmv2.DescribeBackupsAPIClient
	restore func(context.Context, *cloudhsmv2.RestoreBackupInput, ...func(*cloudhsmv2.Options)) (*cloudhsmv2.RestoreBackupOutput, error)
}

func (h hsm) RestoreBackup(ctx context.Context, in *cloudhsmv2.RestoreBackupInput, opts ...func(*cloudhsmv2.Options)) (*cloudhsmv2.RestoreBackupOutput, error) {
	return h.restore(ctx, in, opts...)
}

func TestAStubHasOnlyTheErrorOfARestore(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want restored
	}{
		"any error":         {errBoom, failed},
		"of the service":    {&hsmtypes.CloudHsmInvalidRequestException{}, failed},
		"no such host":      {&net.DNSError{IsNotFound: true}, failed},
		"connection reset":  {syscall.ECONNRESET, succeeded},
		"connection broken": {io.ErrUnexpectedEOF, succeeded},
		"deadline":          {context.DeadlineExceeded, succeeded},
	} {
		s := fakeaws.New(fakeaws.Data{HSM: []hsmtypes.Backup{hsmBackup("pending2222", "READY", 1)}})
		stub := hsm{clientOf(s).HSM, func(context.Context, *cloudhsmv2.RestoreBackupInput, ...func(*cloudhsmv2.Options)) (*cloudhsmv2.RestoreBackupOutput, error) {
			return nil, c.err
		}}
		require.Equal(t, c.want, told(backupx.RestoreHSMBackup(t.Context(), stub, pendingID)), name)
	}
}

func TestAWrapperOfTheClientOfARestore(t *testing.T) {
	for name, c := range map[string]struct {
		effect fakeaws.Effect
		want   restored
		wrap   func(backupx.HSMAPI) hsm
	}{
		"drops the options, no answer":     {fakeaws.Lost(fakeaws.Drop()), succeeded, withoutOptions},
		"drops the options, 5xx":           {fakeaws.Lost(fakeaws.Unavailable()), succeeded, withoutOptions},
		"drops the options, body cut":      {fakeaws.Cut(), succeeded, withoutOptions},
		"drops the options, not done":      {fakeaws.Drop(), unknown, withoutOptions},
		"drops the options, refused":       {fakeaws.AccessDenied(), failed, withoutOptions},
		"sends twice, one answer is lost":  {fakeaws.Latency(0), succeeded, hedging},
		"sends twice, refused both times":  {fakeaws.AccessDenied(), failed, hedging},
		"describes with the same options":  {fakeaws.AccessDenied(), failed, describing},
		"loses the answer by itself, done": {fakeaws.Latency(0), succeeded, losing},
	} {
		t.Run(name, func(t *testing.T) {
			client := clientOf(vault(onRestores(c.effect)))
			got, err := backupx.RestoreHSMBackup(t.Context(), c.wrap(client.HSM), pendingID)
			require.Equal(t, c.want, told(got, err), "%v", err)
		})
	}
}

func withoutOptions(api backupx.HSMAPI) hsm {
	return hsm{api, func(ctx context.Context, in *cloudhsmv2.RestoreBackupInput, _ ...func(*cloudhsmv2.Options)) (*cloudhsmv2.RestoreBackupOutput, error) {
		return api.RestoreBackup(ctx, in)
	}}
}

// hedging sends each request twice and returns the second answer.
func hedging(api backupx.HSMAPI) hsm {
	return hsm{api, func(ctx context.Context, in *cloudhsmv2.RestoreBackupInput, opts ...func(*cloudhsmv2.Options)) (*cloudhsmv2.RestoreBackupOutput, error) {
		_, _ = api.RestoreBackup(ctx, in, opts...)
		return api.RestoreBackup(ctx, in, opts...)
	}}
}

// describing looks at the backup before it is restored.
func describing(api backupx.HSMAPI) hsm {
	return hsm{api, func(ctx context.Context, in *cloudhsmv2.RestoreBackupInput, opts ...func(*cloudhsmv2.Options)) (*cloudhsmv2.RestoreBackupOutput, error) {
		if _, err := api.DescribeBackups(ctx, &cloudhsmv2.DescribeBackupsInput{}, opts...); err != nil {
			return nil, err
		}
		return api.RestoreBackup(ctx, in, opts...)
	}}
}

// losing has the answer and returns an error of its own.
func losing(api backupx.HSMAPI) hsm {
	return hsm{api, func(ctx context.Context, in *cloudhsmv2.RestoreBackupInput, opts ...func(*cloudhsmv2.Options)) (*cloudhsmv2.RestoreBackupOutput, error) {
		_, err := api.RestoreBackup(ctx, in, opts...)
		return nil, errors.Join(errBoom, err)
	}}
}

func TestCredentialsThatFailAreCertain(t *testing.T) {
	s := vault()
	cfg := s.Config()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, &smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: syscall.ECONNRESET}
	})
	for _, api := range []backupx.HSMRestoreAPI{backupx.New(cfg).HSM, withoutOptions(backupx.New(cfg).HSM)} {
		_, err := backupx.RestoreHSMBackup(t.Context(), api, pendingID)
		require.ErrorIs(t, err, syscall.ECONNRESET)
		require.False(t, errors.Is(err, backupx.ErrRestoreUnknown))
	}
	require.Zero(t, s.RequestCount())
}

func TestRestoreHSMBackupsAfterLostAnswers(t *testing.T) {
	s := vault(onRestores(
		fakeaws.Lost(fakeaws.Drop()), fakeaws.Latency(0), // done, then refused
		fakeaws.Drop(), fakeaws.Drop(), fakeaws.Drop(), // not done
		fakeaws.AccessDenied(),
	))
	ids := []string{"pending2222", "pending3333", "pending4444", "ready222222"}
	backups := lo.Map(ids, func(id string, i int) hsmtypes.Backup { return hsmBackup(id, "PENDING_DELETION", i) })
	backups[3].BackupState = hsmtypes.BackupStateReady
	s.AddHSM(backups[1])
	s.AddHSM(backups[2])

	results, err := clientOf(s).RestoreHSMBackups(t.Context(), backups)
	require.Equal(t, "RRD"+"RRRD"+"R", operationsOf(s))
	require.Equal(t, []restored{succeeded, unknown, failed}, lo.Map(results[:3], func(r backupx.Restored, _ int) restored { return told(r.After, r.Err) }))
	require.True(t, results[3].Skipped)
	require.Equal(t, pendingID, *results[0].After.BackupId)
	require.Zero(t, results[1].After)
	require.ErrorIs(t, err, backupx.ErrRestoreUnknown)
	require.ErrorIs(t, err, results[1].Err)
	require.ErrorIs(t, err, results[2].Err)
	require.NotContains(t, err.Error(), pendingID)
}

func TestAContextThatEndsDuringOneOfSeveralRestores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := vault(onRestores(fakeaws.Lost(fakeaws.Latency(time.Hour))))
		s.AddHSM(hsmBackup("pending3333", "PENDING_DELETION", 1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		results, err := clientOf(s).RestoreHSMBackups(ctx, []hsmtypes.Backup{
			hsmBackup("pending2222", "PENDING_DELETION", 1), hsmBackup("pending3333", "PENDING_DELETION", 1),
		})
		require.Equal(t, succeeded, told(results[0].After, results[0].Err))
		require.Equal(t, failed, told(results[1].After, results[1].Err), "it was not tried")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, "RD", operationsOf(s))
	})
}

func TestChecksOfRestoresHoldNoCredentials(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Errortype", "InvalidSignatureException")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`{"message":"the canonical request: ` + r.Header.Get("Authorization") + `"}`))
	}))
	defer server.Close()
	cfg := fakeaws.New(fakeaws.Data{}).Config()
	cfg.HTTPClient, cfg.BaseEndpoint = nil, aws.String(server.URL)
	_, err := backupx.New(cfg).RestoreHSMBackup(t.Context(), pendingID)
	require.ErrorIs(t, err, backupx.ErrRestoreUnknown)
	require.ErrorContains(t, err, "checking it failed: DescribeBackups")
	require.NotContains(t, err.Error(), "AKIA")
	require.NotRegexp(t, `Signature=[0-9a-f]`, err.Error())
}

func TestAnIDThatCannotBeMeantIsPrintedOnce(t *testing.T) {
	s := vault()
	for _, id := range []string{" " + pendingID, pendingID + "\n", pendingID + "\xff"} {
		_, restoring := clientOf(s).RestoreHSMBackup(t.Context(), id)
		_, waiting := clientOf(s).WaitHSMBackup(t.Context(), id, "READY", time.Hour)
		for _, err := range []error{restoring, waiting} {
			require.ErrorContains(t, err, ": the id of the backup ")
			require.Equal(t, 1, strings.Count(err.Error(), pendingID), "%v", err)
		}
	}
	require.Zero(t, s.RequestCount())
}

func TestAnARNInPlaceOfAnIDIsPrintedOnce(t *testing.T) {
	id := "arn:aws:cloudhsm:us-east-1:111122223333:backup/" + pendingID
	client := clientOf(vault())
	_, restoring := client.RestoreHSMBackup(t.Context(), id)
	require.EqualError(t, restoring, "backupx: RestoreBackup: "+id+": it is an ARN where the id of a backup is required")
	_, waiting := client.WaitHSMBackup(t.Context(), id, "READY", time.Hour)
	require.EqualError(t, waiting, "backupx: WaitHSMBackup: "+id+": it is an ARN where the id of a backup is required")
}
