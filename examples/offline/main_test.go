package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/fixtures"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/testenv"
)

// open opens the cassette of these tests. It was recorded from an in-memory service, on a fixed day. In a
// test of yours, leave the first two options out to record from your account. Keep keeps the names of vaults,
// because the report prints them; all other names are recorded as pseudonyms.
func open(t *testing.T, opts ...fixtures.Option) *fixtures.Session {
	day := time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)
	jobs := fakeaws.GenerateBackupJobs(7, day.AddDate(0, 0, -7), day, 400)
	service := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithClock(func() time.Time { return day }))
	return fixtures.Open(t, "testdata/report", append(opts,
		fixtures.Upstream(service.Config(), "fakeaws"),
		fixtures.RecordedAt(day),
		fixtures.Keep("BackupVaultName"),
	)...)
}

func TestReport(t *testing.T) {
	session := open(t)
	var out bytes.Buffer
	require.NoError(t, of(session, &out))
	require.Equal(t, golden, out.String())
}

// of writes the report of a session.
func of(session *fixtures.Session, w io.Writer) error {
	return report(context.Background(), w, 80, backupx.New(session.Config()), session.Now().AddDate(0, 0, -1), func(backupx.PageInfo) {})
}

const golden = `  STATE    TYPE                    VAULT
  ABORTED  SAP HANA on Amazon EC2  Default
  ABORTED  EBS                     Default
  FAILED   Aurora                  monthly
  FAILED   RDS                     aws/efs/automatic-backup-vault
  FAILED   Aurora                  daily
  PARTIAL  SAP HANA on Amazon EC2  aws/efs/automatic-backup-vault

6 jobs failed since 2026-03-13 00:00 UTC
`

// The report is complete although AWS throttles a request and a connection breaks.
func TestReportUnderFaults(t *testing.T) {
	session := open(t, fixtures.Throttle(1), fixtures.Drop(2))
	var out bytes.Buffer
	require.NoError(t, of(session, &out))
	require.Equal(t, golden, out.String())
}

// An answer that breaks off is an error, not a shorter report.
func TestReportOfHalfAnAnswer(t *testing.T) {
	session := open(t, fixtures.Truncate(1), fixtures.AllowUnused())
	require.Error(t, of(session, &bytes.Buffer{}))
}

// The help is printed without an AWS configuration.
func TestHelp(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "run", ".", "-h")
	cmd.Env = testenv.Environ("AWS_PROFILE=none") // loading a configuration fails
	help, err := cmd.CombinedOutput()
	require.NoError(t, err, string(help))
	require.Contains(t, string(help), "Usage: offline [flags]\n\nAsks AWS, with your configuration,")
}

// over returns the program with an in-memory service, on the day of the recording.
func over(opts ...fakeaws.Option) program {
	day := time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)
	jobs := fakeaws.GenerateBackupJobs(7, day.AddDate(0, 0, -7), day, 400)
	service := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, append(opts, fakeaws.WithClock(func() time.Time { return day }))...)
	return program{
		load: clitest.Loads(clitest.WithAccount(service.Config(), "111122223333"), nil),
		now:  func() time.Time { return day },
	}
}

func TestARunNamesItsAccount(t *testing.T) {
	require.Equal(t, clitest.Printed{Stdout: "account 111122223333 in us-east-1\n" + golden}, clitest.Run(t.Context(), "offline", over().run))
	got := clitest.Run(t.Context(), "offline", over().run, "-since", "2026-03-13T12:00:00Z", "-region", "eu-west-1")
	require.True(t, strings.HasPrefix(got.Stdout, "account 111122223333 in eu-west-1\n"), got.Stdout)
	require.True(t, strings.HasSuffix(got.Stdout, "failed since 2026-03-13 12:00 UTC\n"), got.Stdout)
}

func TestFlagsAreCheckedBeforeAnythingIsPrinted(t *testing.T) {
	for want, args := range map[string][]string{
		`offline: "now" is not a flag (-h for help)`:                                                    {"now"},
		"offline: flag provided but not defined: -live (-h for help)":                                   {"-live"},
		"offline: -since 31d: AWS keeps jobs for 30 days, now since 2026-02-12T00:00:00Z (-h for help)": {"-since", "31d"},
	} {
		require.Equal(t, clitest.Printed{Status: 2, Stderr: want + "\n"}, clitest.Run(t.Context(), "offline", over().run, args...))
	}
	p := over()
	p.load = clitest.Loads(aws.Config{}, nil)
	require.Equal(t, clitest.Printed{Status: 2, Stderr: "offline: no region is configured: give one with -region\n"}, clitest.Run(t.Context(), "offline", p.run))
}

func TestASmallTerminalShowsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := over(fakeaws.WithLatency(2 * time.Second))
		p.screen = cli.Screen{Width: 20, Line: func() int { return 40 }}
		got := clitest.Run(t.Context(), "offline", p.run)
		require.Contains(t, got.Stderr, "\r\x1b[K0 jobs · waiting 1 s for us-east-1\r")
		require.Contains(t, got.Stdout, "  STATE PARTIAL\n  TYPE\n    SAP HANA on\n    Amazon EC2\n  VAULT\n    aws/efs/automatic-backup-vault\n\n")
	})
}

func TestCassettesHaveNoSecrets(t *testing.T) {
	fixtures.Check(t, os.DirFS("."))
}
