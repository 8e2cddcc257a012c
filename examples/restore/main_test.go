package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

var now = time.Date(2026, time.November, 20, 6, 0, 0, 0, time.UTC)

func (p program) print(ctx context.Context, args ...string) clitest.Printed {
	return clitest.Run(ctx, "restore", p.run, args...)
}

// over returns the program with an in-memory service for every profile, at now.
func over(s *fakeaws.Service) program {
	return program{
		load: clitest.Loads(s.Config(), nil),
		now:  func() time.Time { return now },
	}
}

// pending returns a backup that will be deleted left after now.
func pending(id, cluster string, left time.Duration, tags ...hsmtypes.Tag) hsmtypes.Backup {
	return hsmtypes.Backup{
		BackupId: aws.String(id), ClusterId: aws.String(cluster), BackupState: hsmtypes.BackupStatePendingDeletion,
		CreateTimestamp: aws.Time(now.AddDate(0, 0, -3)), DeleteTimestamp: aws.Time(now.Add(left)), TagList: tags,
	}
}

// three returns a service with three backups that are pending deletion and one that is not.
func three(opts ...fakeaws.Option) *fakeaws.Service {
	owner := hsmtypes.Tag{Key: aws.String("owner"), Value: aws.String("payments")}
	return fakeaws.New(fakeaws.Data{HSM: []hsmtypes.Backup{
		pending("backup-b", "cluster-one", 50*time.Hour, owner),
		pending("backup-a", "cluster-two", 90*time.Minute),
		pending("backup-c", "cluster-two", 200*time.Hour, owner, hsmtypes.Tag{Key: aws.String("keep"), Value: aws.String("\x1b[31m")}),
		{BackupId: aws.String("backup-ready"), ClusterId: aws.String("cluster-one"), BackupState: hsmtypes.BackupStateReady, CreateTimestamp: &now},
	}}, opts...)
}

// operations returns the operations of the requests to a service, in order.
func operations(s *fakeaws.Service) []string {
	return lo.Map(s.Requests(), func(r fakeaws.Request, _ int) string { return r.Operation })
}

func TestADryRunShowsWhatWouldHappen(t *testing.T) {
	for name, args := range map[string][]string{"dry-run.txt": nil, "yes.txt": {"-yes"}} {
		t.Run(name, func(t *testing.T) {
			got := program{}.print(t.Context(), args...)
			require.Empty(t, got.Stderr)
			require.Equal(t, exitDone, got.Status)
			clitest.Golden(t, name, got.Stdout)
		})
	}
}

func TestNothingChangesWithoutYes(t *testing.T) {
	s := three()
	got := over(s).print(t.Context(), "-live")
	require.Equal(t, clitest.Printed{Status: exitDone, Stdout: `CloudHSM backups pending deletion at 2026-11-20 06:00 UTC, your account in us-east-1

  HOURS LEFT  BACKUP    CLUSTER      CREATED           DELETED AT        TAGS
         1.5  backup-a  cluster-two  2026-11-17 06:00  2026-11-20 07:30  ·
        50.0  backup-b  cluster-one  2026-11-17 06:00  2026-11-22 08:00  owner=payments
       200.0  backup-c  cluster-two  2026-11-17 06:00  2026-11-28 14:00  keep= [31m owner=payments

3 backups would be restored. Nothing was changed; -yes restores.
`}, got)
	require.Equal(t, []string{"DescribeBackups"}, operations(s))
}

func TestFlagsChoose(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"all":             {nil, []string{"backup-a", "backup-b", "backup-c"}},
		"cluster":         {[]string{"-cluster", "cluster-two"}, []string{"backup-a", "backup-c"}},
		"clusters":        {[]string{"-cluster", "cluster-two", "-cluster", "cluster-one"}, []string{"backup-a", "backup-b", "backup-c"}},
		"id":              {[]string{"-id", "backup-b"}, []string{"backup-b"}},
		"ids":             {[]string{"-id", "backup-b,backup-a"}, []string{"backup-a", "backup-b"}},
		"not pending":     {[]string{"-id", "backup-ready"}, nil},
		"tag":             {[]string{"-tag", "owner=payments"}, []string{"backup-b", "backup-c"}},
		"tags":            {[]string{"-tag", "owner=payments", "-tag", "keep"}, []string{"backup-c"}},
		"a tag, whole":    {[]string{"-tag", "owner=payments,keep"}, nil},
		"due":             {[]string{"-due-within", "48h"}, []string{"backup-a"}},
		"tag and cluster": {[]string{"-tag", "owner=payments", "-cluster", "cluster-one"}, []string{"backup-b"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := three()
			got := over(s).print(t.Context(), append([]string{"-live", "-yes"}, c.args...)...)
			require.Equal(t, exitDone, got.Status, got.Stderr)
			restored := lo.FilterMap(s.Requests(), func(r fakeaws.Request, _ int) (string, bool) {
				return string(r.Body), r.Operation == "RestoreBackup"
			})
			require.Equal(t, lo.Map(c.want, func(id string, _ int) string { return `{"BackupId":"` + id + `"}` }), restored)
		})
	}
}

func TestNothingPending(t *testing.T) {
	got := over(fakeaws.New(fakeaws.Data{})).print(t.Context(), "-live", "-yes")
	require.Equal(t, clitest.Printed{Status: exitDone, Stdout: `CloudHSM backups pending deletion at 2026-11-20 06:00 UTC, your account in us-east-1

Nothing that was asked for is pending deletion.
`}, got)
}

func TestAFailureDoesNotStopTheOthers(t *testing.T) {
	s := three(fakeaws.WithFaults(fakeaws.Fault{Operation: "RestoreBackup", Nth: 2, Do: fakeaws.AccessDenied()}))
	got := over(s).print(t.Context(), "-live", "-yes")
	require.Equal(t, exitFailures, got.Status)
	require.Regexp(t, `backup-a  READY +restored\n`, got.Stdout)
	require.Regexp(t, `backup-b  PENDING_DELETION  FAILED: backupx: RestoreBackup: backup-b: .*CloudHsmAccessDeniedException`, got.Stdout)
	require.Regexp(t, `backup-c  READY +restored\n`, got.Stdout)
	require.Contains(t, got.Stdout, "\n2 backups restored, 1 failed.\n")
}

func TestARestoreWhoseAnswerIsLostIsRestored(t *testing.T) {
	s := three(fakeaws.WithFaults(fakeaws.Fault{Operation: "RestoreBackup", Nth: 1, Do: fakeaws.Lost(fakeaws.Drop())}))
	got := over(s).print(t.Context(), "-live", "-yes")
	require.Equal(t, exitDone, got.Status, got.Stdout)
	require.Regexp(t, `backup-a  READY +restored\n`, got.Stdout)
	require.Contains(t, got.Stdout, "\n3 backups restored.\n")
}

func TestARestoreWhoseOutcomeIsUnknown(t *testing.T) {
	s := three(fakeaws.WithFaults(
		fakeaws.Fault{Operation: "RestoreBackup", Nth: 1, Every: 1, Times: 3, Do: fakeaws.Unavailable()},
		fakeaws.Fault{Operation: "RestoreBackup", Nth: 4, Do: fakeaws.AccessDenied()},
	))
	got := over(s).print(t.Context(), "-live", "-yes")
	require.Equal(t, exitFailures, got.Status)
	require.Regexp(t, `backup-a  · +PERHAPS RESTORED: backupx: RestoreBackup: backup-a: the backup may have been restored \(it is PENDING_DELETION\)`, got.Stdout)
	require.Regexp(t, `backup-b  PENDING_DELETION  FAILED: `, got.Stdout)
	require.Regexp(t, `backup-c  READY +restored\n`, got.Stdout)
	require.Contains(t, got.Stdout, "\n1 backup restored, 1 failed, 1 perhaps restored.\n")
	require.NotContains(t, got.Stdout, "FAILED: backupx: RestoreBackup: backup-a")
}

func TestARestoreThatCannotBeConfirmedIsAFailure(t *testing.T) {
	s := three(fakeaws.WithFaults(fakeaws.Fault{Operation: "DescribeBackups", Nth: 2, Do: fakeaws.AccessDenied()}))
	got := over(s).print(t.Context(), "-live", "-yes", "-due-within", "2h")
	require.Equal(t, exitFailures, got.Status)
	require.Contains(t, got.Stdout, "restored, but not seen READY: backupx: WaitHSMBackup: backup-a")
	require.Contains(t, got.Stdout, "\n0 backups restored, 1 not seen READY.\n")
}

func TestAnIncompleteListRestoresNothing(t *testing.T) {
	s := three(fakeaws.WithPageSize(1), fakeaws.WithFaults(fakeaws.Fault{Operation: "DescribeBackups", Nth: 2, Do: fakeaws.AccessDenied()}))
	got := over(s).print(t.Context(), "-live", "-yes")
	require.Equal(t, exitNothing, got.Status)
	require.Empty(t, got.Stdout)
	require.Contains(t, got.Stderr, "nothing was tried, for the list is incomplete")
	require.NotContains(t, operations(s), "RestoreBackup")
}

func TestABackupWithoutADeadlineComesLast(t *testing.T) {
	mute := pending("backup-0", "cluster-one", 0)
	mute.DeleteTimestamp = nil
	s := fakeaws.New(fakeaws.Data{HSM: []hsmtypes.Backup{mute, pending("backup-1", "cluster-one", -time.Minute)}})
	got := over(s).print(t.Context(), "-live")
	require.Regexp(t, `(?s) due  backup-1 .* not told  backup-0 `, got.Stdout)
}

func TestNothingIsTried(t *testing.T) {
	without := func(err error) program {
		return program{load: clitest.Loads(aws.Config{}, err), now: time.Now}
	}
	for name, c := range map[string]struct {
		p    program
		args []string
		want string
	}{
		"stray flags":      {program{}, []string{"-region", "us-east-1", "-profile", "x"}, "-profile, -region go with -live"},
		"no time":          {program{}, []string{"-due-within", "0s"}, "-due-within 0s: it must be above zero"},
		"no wait":          {program{}, []string{"-wait", "-1s"}, "-wait -1s: it must be above zero"},
		"empty tag":        {program{}, []string{"-tag", " "}, "it is empty"},
		"an ARN":           {program{}, []string{"-id", "arn:aws:cloudhsm:us-east-1:111122223333:backup/backup-a"}, "(-h for help)"},
		"no configuration": {without(errors.New("no such profile")), []string{"-live"}, ": no such profile"},
		"no region":        {without(nil), []string{"-live"}, "no region is configured"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.p.print(t.Context(), c.args...)
			require.Equal(t, exitNothing, got.Status)
			require.Contains(t, got.Stderr, c.want)
			require.Empty(t, got.Stdout)
		})
	}
}

func TestHelp(t *testing.T) {
	got := program{}.print(t.Context(), "-h")
	require.Equal(t, exitDone, got.Status)
	require.Contains(t, got.Stderr, "Exit status: 0")
}
