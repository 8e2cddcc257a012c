package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
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
		load: clitest.Loads(clitest.WithAccount(s.Config(), "111122223333"), nil),
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
		pending("backup-bbbbbbbbbbb", "cluster-oneoneoneon", 50*time.Hour, owner),
		pending("backup-aaaaaaaaaaa", "cluster-twotwotwotw", 90*time.Minute),
		pending("backup-ccccccccccc", "cluster-twotwotwotw", 200*time.Hour, owner, hsmtypes.Tag{Key: aws.String("keep"), Value: aws.String("\x1b[31m")}),
		{BackupId: aws.String("backup-readyreadyr"), ClusterId: aws.String("cluster-oneoneoneon"), BackupState: hsmtypes.BackupStateReady, CreateTimestamp: &now},
	}}, opts...)
}

// operations returns the operations of the requests to a service, in order.
func operations(s *fakeaws.Service) []string {
	return lo.Map(s.Requests(), func(r fakeaws.Request, _ int) string { return r.Operation })
}

// flat returns a text whose blanks and ends of lines are single blanks.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

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
	require.Equal(t, clitest.Printed{Status: exitDone, Stdout: `CloudHSM backups pending deletion at 2026-11-20 06:00 UTC
account 111122223333 in us-east-1

     LEFT  BACKUP              CREATED (UTC)  DELETES AT (UTC)  TAGS
    CLUSTER
    1.5 h  backup-aaaaaaaaaaa  2026-11-17     2026-11-20 07:30  ·
    cluster-twotwotwotw
   50.0 h  backup-bbbbbbbbbbb  2026-11-17     2026-11-22 08:00  owner=payments
    cluster-oneoneoneon
  200.0 h  backup-ccccccccccc  2026-11-17     2026-11-28 14:00  keep= [31m owne…
    cluster-twotwotwotw

3 backups would be restored. Nothing was changed; -yes restores.
`}, got)
	require.Equal(t, []string{"DescribeBackups"}, operations(s))
}

func TestFlagsChoose(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"all":             {nil, []string{"backup-aaaaaaaaaaa", "backup-bbbbbbbbbbb", "backup-ccccccccccc"}},
		"cluster":         {[]string{"-cluster", "cluster-twotwotwotw"}, []string{"backup-aaaaaaaaaaa", "backup-ccccccccccc"}},
		"clusters":        {[]string{"-cluster", "cluster-twotwotwotw", "-cluster", "cluster-oneoneoneon"}, []string{"backup-aaaaaaaaaaa", "backup-bbbbbbbbbbb", "backup-ccccccccccc"}},
		"id":              {[]string{"-id", "backup-bbbbbbbbbbb"}, []string{"backup-bbbbbbbbbbb"}},
		"ids":             {[]string{"-id", "backup-bbbbbbbbbbb,backup-aaaaaaaaaaa"}, []string{"backup-aaaaaaaaaaa", "backup-bbbbbbbbbbb"}},
		"not pending":     {[]string{"-id", "backup-readyreadyr"}, nil},
		"tag":             {[]string{"-tag", "owner=payments"}, []string{"backup-bbbbbbbbbbb", "backup-ccccccccccc"}},
		"tags":            {[]string{"-tag", "owner=payments", "-tag", "keep"}, []string{"backup-ccccccccccc"}},
		"a tag, whole":    {[]string{"-tag", "owner=payments,keep"}, nil},
		"due":             {[]string{"-due-within", "48h"}, []string{"backup-aaaaaaaaaaa"}},
		"tag and cluster": {[]string{"-tag", "owner=payments", "-cluster", "cluster-oneoneoneon"}, []string{"backup-bbbbbbbbbbb"}},
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

// An id that no backup has is a typo, and no backup that is not pending deletion: nothing is restored.
func TestAnIDThatNoBackupHasIsAnError(t *testing.T) {
	s := three()
	got := over(s).print(t.Context(), "-live", "-yes", "-id", "backup-aaaaaaaaaaa,backup-aaaaaaaaaab")
	require.Equal(t, clitest.Printed{
		Status: exitNothing,
		Stderr: "restore: nothing was tried: -id backup-aaaaaaaaaab: no backup has it: account 111122223333 in us-east-1\n",
	}, got)
	require.NotContains(t, operations(s), "RestoreBackup")
	got = program{}.print(t.Context(), "-id", "backup-aaaaaaaaaaa")
	require.Equal(t, exitNothing, got.Status)
	require.Contains(t, got.Stderr, "no backup has it: made up (fixtures/fakeaws)")
	denied := three(fakeaws.WithFaults(fakeaws.Fault{Operation: "DescribeBackups", Nth: 2, Do: fakeaws.AccessDenied()}))
	got = over(denied).print(t.Context(), "-live", "-yes", "-id", "backup-aaaaaaaaaaa,backup-readyreadyr")
	require.Equal(t, exitNothing, got.Status)
	require.Contains(t, got.Stderr, "nothing was tried, for the list is incomplete")
	require.NotContains(t, operations(denied), "RestoreBackup")
}

func TestAClusterThatNoBackupHasIsAnError(t *testing.T) {
	s := three()
	got := over(s).print(t.Context(), "-live", "-yes", "-cluster", "cluster-twotwotwotw,cluster-twotwotwotv")
	require.Equal(t, clitest.Printed{
		Status: exitNothing,
		Stderr: "restore: nothing was tried: -cluster cluster-twotwotwotv: no backup has it: account 111122223333 in us-east-1\n",
	}, got)
	require.NotContains(t, operations(s), "RestoreBackup")
	got = over(s).print(t.Context(), "-live", "-cluster", "cluster-oneoneoneon", "-due-within", "1h")
	require.Equal(t, exitDone, got.Status, "its backups are not due")
}

func TestAnIDOfABackupThatIsNotRestoredIsNamed(t *testing.T) {
	got := over(three()).print(t.Context(), "-live", "-id", "backup-readyreadyr,backup-bbbbbbbbbbb,backup-aaaaaaaaaaa", "-due-within", "1d")
	require.Equal(t, exitDone, got.Status, got.Stderr)
	require.Contains(t, got.Stdout, "\nbackup-bbbbbbbbbbb is PENDING_DELETION: another flag leaves it out\n")
	require.Contains(t, got.Stdout, "\nbackup-readyreadyr is READY: not pending deletion\n")
	require.Contains(t, got.Stdout, "\n1 backup would be restored.")
}

func TestTheAccountIsNamedBeforeAnythingChanges(t *testing.T) {
	s := three()
	p := over(s)
	p.load = clitest.Loads(clitest.WithAccount(s.Config(), ""), nil)
	got := p.print(t.Context(), "-live", "-yes")
	require.Equal(t, exitDone, got.Status, got.Stderr)
	require.Contains(t, got.Stdout, "UTC\naccount not told (AccessDenied: it is denied by a policy) in us-east-1\n\n")

	out := &failing{}
	status, err := over(s).run(t.Context(), []string{"-live", "-yes"}, out, io.Discard)
	require.Equal(t, exitNothing, status)
	require.EqualError(t, err, "nothing was tried: writing: no space left on device")
}

func TestARestoreReadsOnEachTerminal(t *testing.T) {
	for _, width := range []int{20, 40, 80, 200} {
		p := over(three())
		p.screen.Width = width
		got := p.print(t.Context(), "-live", "-yes")
		for _, whole := range []string{"backup-bbbbbbbbbbb", "cluster-oneoneoneon", "2026-11-22 08:00", "PENDING", "restored", "111122223333"} {
			require.Contains(t, strings.ToUpper(got.Stdout), strings.ToUpper(whole), "%d columns", width)
		}
		for line := range strings.Lines(got.Stdout) {
			require.LessOrEqual(t, cli.Cells(strings.TrimSpace(line)), max(width, len("cluster-oneoneoneon")), line)
		}
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := over(three(fakeaws.WithLatency(3 * time.Second)))
		plain := p.print(t.Context(), "-live", "-yes")
		require.Empty(t, plain.Stderr)
		p = over(three(fakeaws.WithLatency(3 * time.Second)))
		p.screen.Line = func() int { return 80 }
		got := p.print(t.Context(), "-live", "-yes")
		require.Equal(t, plain.Stdout, strings.ReplaceAll(got.Stdout, "\r\x1b[K", ""))
		require.Contains(t, got.Stderr, "\r\x1b[K0 backups · waiting 1 s for us-east-1 DescribeBackups\r", "before any page has come")
		require.Contains(t, got.Stderr, "waiting 3 s for us-east-1 RestoreBackup\r")
		require.Contains(t, got.Stderr, "waiting 1 s for backup-aaaaaaaaaaa to be READY\r")
		require.True(t, strings.HasSuffix(got.Stderr, "\r\x1b[K"), "the line is erased")
	})
}

func TestNothingPending(t *testing.T) {
	got := over(fakeaws.New(fakeaws.Data{})).print(t.Context(), "-live", "-yes")
	require.Equal(t, clitest.Printed{Status: exitDone, Stdout: `CloudHSM backups pending deletion at 2026-11-20 06:00 UTC
account 111122223333 in us-east-1

Nothing that was asked for is pending deletion.
`}, got)
}

func TestAFailureDoesNotStopTheOthers(t *testing.T) {
	s := three(fakeaws.WithFaults(fakeaws.Fault{Operation: "RestoreBackup", Nth: 2, Do: fakeaws.AccessDenied()}))
	got := over(s).print(t.Context(), "-live", "-yes")
	require.Equal(t, exitFailures, got.Status)
	require.Regexp(t, `backup-aaaaaaaaaaa  READY +restored\n`, got.Stdout)
	require.Regexp(t, `backup-bbbbbbbbbbb  PENDING_DELETION  FAILED\n`, got.Stdout)
	require.Contains(t, got.Stdout, "\nbackup-bbbbbbbbbbb\n  backupx: RestoreBackup: backup-bbbbbbbbbbb: operation error CloudHSM V2:\n")
	require.Contains(t, got.Stdout, "CloudHsmAccessDeniedException: The\n  caller may not perform this operation.\n")
	require.Regexp(t, `backup-ccccccccccc  READY +restored\n`, got.Stdout)
	require.Contains(t, got.Stdout, "\n2 backups restored, 1 failed.\n")
}

func TestARestoreWhoseAnswerIsLostIsRestored(t *testing.T) {
	s := three(fakeaws.WithFaults(fakeaws.Fault{Operation: "RestoreBackup", Nth: 1, Do: fakeaws.Lost(fakeaws.Drop())}))
	got := over(s).print(t.Context(), "-live", "-yes")
	require.Equal(t, exitDone, got.Status, got.Stdout)
	require.Regexp(t, `backup-aaaaaaaaaaa  READY +restored\n`, got.Stdout)
	require.Contains(t, got.Stdout, "\n3 backups restored.\n")
}

func TestARestoreWhoseOutcomeIsUnknown(t *testing.T) {
	s := three(fakeaws.WithFaults(
		fakeaws.Fault{Operation: "RestoreBackup", Nth: 1, Every: 1, Times: 3, Do: fakeaws.Unavailable()},
		fakeaws.Fault{Operation: "RestoreBackup", Nth: 4, Do: fakeaws.AccessDenied()},
	))
	got := over(s).print(t.Context(), "-live", "-yes")
	require.Equal(t, exitFailures, got.Status)
	require.Regexp(t, `backup-aaaaaaaaaaa  · +PERHAPS RESTORED\n`, got.Stdout)
	require.Contains(t, flat(got.Stdout), " backup-aaaaaaaaaaa backupx: RestoreBackup: backup-aaaaaaaaaaa: the backup may have been restored (it is PENDING_DELETION)")
	require.Regexp(t, `backup-bbbbbbbbbbb  PENDING_DELETION  FAILED\n`, got.Stdout)
	require.Regexp(t, `backup-ccccccccccc  READY +restored\n`, got.Stdout)
	require.Contains(t, got.Stdout, "\n1 backup restored, 1 failed, 1 perhaps restored.\n")
}

func TestARestoreThatCannotBeConfirmedIsAFailure(t *testing.T) {
	s := three(fakeaws.WithFaults(fakeaws.Fault{Operation: "DescribeBackups", Nth: 2, Do: fakeaws.AccessDenied()}))
	got := over(s).print(t.Context(), "-live", "-yes", "-due-within", "2h")
	require.Equal(t, exitFailures, got.Status)
	require.Regexp(t, `backup-aaaaaaaaaaa  \S+ +restored, but not seen READY\n`, got.Stdout)
	require.Contains(t, got.Stdout, "\nbackup-aaaaaaaaaaa\n  backupx: WaitHSMBackup: backup-aaaaaaaaaaa")
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
	mute := pending("backup-none", "cluster-oneoneoneon", 0)
	mute.DeleteTimestamp = nil
	s := fakeaws.New(fakeaws.Data{HSM: []hsmtypes.Backup{mute, pending("backup-due", "cluster-oneoneoneon", -time.Minute)}})
	got := over(s).print(t.Context(), "-live")
	require.Regexp(t, `(?s) due  backup-due .* not told  backup-none `, got.Stdout)
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
		"an ARN":           {program{}, []string{"-id", "arn:aws:cloudhsm:us-east-1:111122223333:backup/backup-aaaaaaaaaaa"}, "it is not the id of a backup: backup-abcdefghijk (-h for help)"},
		"a short id":       {program{}, []string{"-live", "-id", "backup-aaaaaaaaaaa,backup-aaa"}, `-id "backup-aaa": it is not the id of a backup`},
		"a wrong digit":    {program{}, []string{"-live", "-id", "backup-aaaaaaaaa1a"}, `-id "backup-aaaaaaaaa1a": it is not the id of a backup`},
		"two lines":        {program{}, []string{"-id", "backup-aaaaaaaaaaa\nx"}, `-id "backup-aaaaaaaaaaa\nx": it is not the id of a backup`},
		"a cluster":        {program{}, []string{"-live", "-id", "cluster-aaaaaaaaaaa"}, "-id cluster-aaaaaaaaaaa: it is the id of a cluster, not of a backup (-h for help)"},
		"a backup":         {program{}, []string{"-live", "-cluster", "backup-aaaaaaaaaaa"}, "-cluster backup-aaaaaaaaaaa: it is the id of a backup, not of a cluster"},
		"no configuration": {without(errors.New("no such profile")), []string{"-live"}, ": no such profile"},
		"no region":        {without(nil), []string{"-live"}, "no region is configured"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.p.print(t.Context(), c.args...)
			require.Equal(t, exitNothing, got.Status)
			require.Contains(t, got.Stderr, c.want)
			require.Empty(t, got.Stdout)
			require.Equal(t, 1, strings.Count(got.Stderr, "\n"), "one line")
		})
	}
}

// failing is a writer that fails, as a full disk does.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestHelp(t *testing.T) {
	got := program{}.print(t.Context(), "-h")
	require.Equal(t, exitDone, got.Status)
	require.Contains(t, got.Stderr, "Exit status: 0")
}
