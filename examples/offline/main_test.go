package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
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
	require.NoError(t, report(context.Background(), &out, backupx.New(session.Config()), session.Now()))
	require.Equal(t, golden, out.String())
}

const golden = `ABORTED  SAP HANA on Amazon EC2 in Default
ABORTED  EBS        in Default
FAILED   Aurora     in monthly
FAILED   RDS        in aws/efs/automatic-backup-vault
FAILED   Aurora     in daily
PARTIAL  SAP HANA on Amazon EC2 in aws/efs/automatic-backup-vault
6 failed since yesterday
`

// The report is complete although AWS throttles a request and a connection breaks.
func TestReportUnderFaults(t *testing.T) {
	session := open(t, fixtures.Throttle(1), fixtures.Drop(2))
	var out bytes.Buffer
	require.NoError(t, report(context.Background(), &out, backupx.New(session.Config()), session.Now()))
	require.Equal(t, golden, out.String())
}

// An answer that breaks off is an error, not a shorter report.
func TestReportOfHalfAnAnswer(t *testing.T) {
	session := open(t, fixtures.Truncate(1), fixtures.AllowUnused())
	require.Error(t, report(context.Background(), &bytes.Buffer{}, backupx.New(session.Config()), session.Now()))
}

// The help is printed without an AWS configuration.
func TestHelp(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "run", ".", "-h")
	cmd.Env = testenv.Environ("AWS_PROFILE=none") // loading a configuration fails
	help, err := cmd.CombinedOutput()
	require.NoError(t, err, string(help))
	require.Contains(t, string(help), "Usage: offline\n\nAsks AWS, with your configuration,")
}

func TestCassettesHaveNoSecrets(t *testing.T) {
	fixtures.Check(t, os.DirFS("."))
}
