package accounts_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/accounts"
	"github.com/backupx-go/backupx/fixtures"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/fakeorg"
)

// recording is how a cassette in testdata comes about: what is requested, and who answers while it is recorded. Record
// them all with BACKUPX_FIXTURES=record go test -run TestCassettes .
type recording struct {
	name     string
	upstream func() *fakeorg.Organization
	ask      func(context.Context, *fixtures.Session)
}

const provenance = "fakeorg, an organisation in memory"

var recordings = []recording{
	{"organisation", forty, func(ctx context.Context, s *fixtures.Session) {
		fleet, _ := accounts.Fleet(ctx, s.Config(), "BackupAudit", accounts.Parallel(1))
		_, _ = listing(fleet).Collect(ctx)
	}},
	{"production", tagged, func(ctx context.Context, s *fixtures.Session) {
		fleet, _ := accounts.Fleet(ctx, s.Config(), "BackupAudit", accounts.Units(prod), accounts.Tagged("team", "data"), accounts.Regions("eu-west-1"),
			accounts.Assume(func(o *stscreds.AssumeRoleOptions) { o.ExternalID, o.Duration = aws.String("audit-7"), time.Hour }))
		_, _ = listing(fleet).Collect(ctx)
	}},
	{"member", member, func(ctx context.Context, s *fixtures.Session) {
		_, _ = accounts.Fleet(ctx, s.Config(), "BackupAudit")
	}},
}

// tagged returns an organisation with tags, one of them on every second account.
func tagged() *fakeorg.Organization {
	o := forty()
	for n := range o.Accounts {
		o.Accounts[n].Tags = map[string]string{"cost": "c", "team": []string{"data", "web"}[n/4%2]}
	}
	return o
}

// member returns an organisation that the caller may not list.
func member() *fakeorg.Organization {
	o := forty()
	o.Global(o.Caller).Fault(fakeaws.Fault{Service: "organizations", Do: fakeaws.Error(400, "AccessDeniedException", "You don't have permissions to access this resource.")})
	return o
}

// run keeps the ids of units, because a stand-in for one is not of the form that Units requires, and the tag.
func (r recording) run(t *testing.T, name string) {
	r.ask(t.Context(), fixtures.Open(t, name, fixtures.Upstream(r.upstream().Config("us-east-1"), provenance),
		fixtures.RecordedAt(time.Date(2026, time.March, 14, 6, 0, 0, 0, time.UTC)), fixtures.AllowMutations("sts AssumeRole"),
		fixtures.KeepValues(prod, web, "team", "data")))
}

// TestCassettes replays what was requested when the cassettes were recorded, or records them.
func TestCassettes(t *testing.T) {
	for _, r := range recordings {
		t.Run(r.name, func(t *testing.T) { r.run(t, filepath.Join("testdata", r.name)) })
	}
}

func TestRecordingAgainGivesTheSameBytes(t *testing.T) {
	t.Setenv("CI", "")
	t.Setenv(fixtures.Variable, "record")
	dir := t.TempDir()
	for _, r := range recordings {
		name := filepath.Join(dir, r.name)
		if !t.Run(r.name, func(t *testing.T) { r.run(t, name) }) {
			continue
		}
		want, err := os.ReadFile(filepath.Join("testdata", r.name+".yaml"))
		require.NoError(t, err)
		got, err := os.ReadFile(name + ".yaml")
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s: record it with BACKUPX_FIXTURES=record go test -run TestCassettes .", r.name)
	}
}

func TestNoCassetteHoldsASecret(t *testing.T) { fixtures.Check(t, os.DirFS("testdata")) }

func TestEveryCassetteIsRecordedHere(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	require.NoError(t, err)
	require.Len(t, files, len(recordings))
}
