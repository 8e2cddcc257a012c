package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/examples/internal/lock"
	"github.com/backupx-go/backupx/examples/internal/organization"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/internal/fakeorg"
)

// lastDay returns the sorted ids of the jobs of an organisation that ended badly in the last 24 hours.
func lastDay(t *testing.T, o *fakeorg.Organization) []string {
	t.Helper()
	since := sources.MadeUp().AddDate(0, 0, -1)
	var ids []string
	for _, a := range o.Accounts {
		if a.State != "" || a.Denied {
			continue
		}
		for _, region := range a.Regions {
			ids = append(ids, endedBadly(t, o, a.ID, region, since)...)
		}
	}
	slices.Sort(ids)
	return ids
}

// endedBadly returns the ids of the jobs of an account in a region that ended badly after a time.
func endedBadly(t *testing.T, o *fakeorg.Organization, account, region string, since time.Time) []string {
	t.Helper()
	c := backupx.New(o.In(account, region).Config())
	jobs, err := c.BackupJobs(backupJobs().CompletedAfter(since)).Collect(t.Context())
	require.NoError(t, err)
	copies, err := c.CopyJobs(copyJobs().CompletedAfter(since)).Collect(t.Context())
	require.NoError(t, err)
	return append(
		lo.Map(jobs, func(j types.BackupJob, _ int) string { return *j.BackupJobId }),
		lo.Map(copies, func(j types.CopyJob, _ int) string { return *j.CopyJobId })...)
}

// told returns the sorted ids of the jobs that a run with -json has told.
func told(t *testing.T, got clitest.Printed) []string {
	t.Helper()
	var ids []string
	for line := range strings.Lines(got.Stdout) {
		var j sources.Job
		require.NoError(t, json.Unmarshal([]byte(line), &j))
		ids = append(ids, j.ID)
	}
	slices.Sort(ids)
	return ids
}

// Of forty accounts ten are suspended, and the roles of three are denied: their jobs are told when they can be listed.
func TestAnOrganisationIsToldOnce(t *testing.T) {
	o, state := organization.MadeUp(organization.Jobs()), file(t)
	first := program{}.print(t.Context(), "-org", "-json", "-state", state)
	require.Equal(t, exitIncomplete, first.Status)
	require.NotEmpty(t, told(t, first))
	require.Equal(t, lastDay(t, o), told(t, first))
	clitest.Golden(t, "org.ndjson", first.Stdout)
	require.Equal(t, 6, strings.Count(first.Stderr, "\n"), "three accounts, of which backup jobs and copy jobs are not listed")
	for _, id := range []string{"100000000020", "100000000021", "100000000022"} {
		require.Equal(t, 2, strings.Count(first.Stderr, "alert: "+id+"/us-east-1: no list of "), first.Stderr)
	}
	require.Equal(t, clitest.Printed{Status: exitIncomplete, Stderr: first.Stderr}, program{}.print(t.Context(), "-org", "-json", "-state", state))

	live, state := program{load: clitest.Loads(o.Config("us-east-1"), nil), now: sources.MadeUp}, file(t)
	args := []string{"-live", "-org", "-role", "BackupAudit", "-json", "-state", state}
	require.Equal(t, told(t, first), told(t, live.print(t.Context(), args...)))
	require.Equal(t, sorted(first.Stderr), sorted(live.print(t.Context(), args...).Stderr))
	for i := range o.Accounts {
		o.Accounts[i].Denied = false
	}
	late := live.print(t.Context(), args...)
	require.Empty(t, late.Stderr)
	require.Equal(t, lastDay(t, o), slices.Sorted(slices.Values(append(told(t, first), told(t, late)...))), "each once")
	require.Equal(t, clitest.Printed{Status: exitNothing}, live.print(t.Context(), args...))
}

func TestTheMadeUpOrganisationHasAStateOfItsOwn(t *testing.T) {
	t.Chdir(t.TempDir())
	require.Equal(t, exitTold, program{}.print(t.Context()).Status)
	require.NotEmpty(t, program{}.print(t.Context(), "-org").Stdout)
	require.FileExists(t, "made-up.state")
	require.FileExists(t, "made-up-org.state")
}

// Once the role of an account can be assumed, the jobs of all its regions are told, back to the run that failed first, also if
// that was days ago.
func TestAnAccountThatIsDeniedForDays(t *testing.T) {
	o, state := organization.MadeUp(organization.Jobs()), file(t)
	now := sources.MadeUp().AddDate(0, 0, -3)
	p := program{load: clitest.Loads(o.Config("us-east-1"), nil), now: func() time.Time { return now }}
	args := []string{"-live", "-org", "-role", "BackupAudit", "-json", "-state", state}
	p.print(t.Context(), args...)
	now = now.AddDate(0, 0, 2)
	p.print(t.Context(), args...)
	var want []string
	for i, a := range o.Accounts {
		if a.Denied {
			o.Accounts[i].Denied = false
			other := endedBadly(t, o, a.ID, "eu-west-1", sources.MadeUp().AddDate(0, 0, -4)) // first seen in the next run
			want = append(want, append(other, endedBadly(t, o, a.ID, "us-east-1", sources.MadeUp().AddDate(0, 0, -4))...)...)
		}
	}
	slices.Sort(want)
	now = sources.MadeUp()
	late := told(t, p.print(t.Context(), args...))
	require.Subset(t, late, want)
	require.NotContains(t, string(lo.Must(os.ReadFile(state))), `"unread"`)
}

// A state that another run uses, or that is wrong, is found before the organisation is asked.
func TestTheStateComesBeforeTheOrganisation(t *testing.T) {
	o, state := organization.MadeUp(organization.Jobs()), file(t)
	p := program{load: clitest.Loads(o.Config("us-east-1"), nil), now: sources.MadeUp}
	args := []string{"-live", "-org", "-role", "BackupAudit", "-state", state}
	unlock, err := lock.File(state)
	require.NoError(t, err)
	require.Contains(t, p.print(t.Context(), args...).Stderr, "another run is under way")
	unlock()
	require.Equal(t, exitTold, program{}.print(t.Context(), "-state", state).Status)
	require.Contains(t, p.print(t.Context(), args...).Stderr, "it is of made-up accounts, not of a live run")
	require.NoError(t, os.WriteFile(state, []byte("{"), 0o600))
	require.Contains(t, p.print(t.Context(), args...).Stderr, "remove it, or name another file")
	require.Zero(t, len(o.Global(o.Caller).Requests()))
}

// What is wrong is said in one line, and leaves no state.
func TestAnOrganisationThatCannotBeMeant(t *testing.T) {
	o := organization.MadeUp(organization.Jobs())
	member := o.Config("us-east-1")
	member.Credentials = credentials.NewStaticCredentialsProvider("ASIA"+o.Accounts[1].ID, "secret", "")
	state := filepath.Join(t.TempDir(), "alert.state")
	for want, c := range map[string]struct {
		cfg  aws.Config // where there is one, the run is live
		args []string
	}{
		`role "arn:aws:iam::{account}:role/x": it is an ARN`:              {args: []string{"-role", "arn:aws:iam::{account}:role/x"}},
		"the organisation cannot be listed":                               {member, []string{"-role", "BackupAudit"}},
		"the organisation's partition has no region eu-nowhere-1":         {args: []string{"-region", "eu-nowhere-1"}},
		`invalid value "team" for flag -tag: the tag "team" has no value`: {args: []string{"-tag", "team"}},
		"-org needs -role":             {o.Config("us-east-1"), nil},
		"-since 31d: AWS keeps jobs":   {args: []string{"-since", "31d"}},
		"-parallel 0: it must be at":   {o.Config("us-east-1"), []string{"-role", "BackupAudit", "-parallel", "0"}},
		"-accounts does not go with -": {o.Config("us-east-1"), []string{"-accounts", "111122223333", "-role", "BackupAudit"}},
	} {
		t.Run(want, func(t *testing.T) {
			p, args := program{}, append(c.args, "-org", "-state", state)
			if c.cfg.HTTPClient != nil {
				p = program{load: clitest.Loads(c.cfg, nil), now: sources.MadeUp}
				args = append(args, "-live")
			}
			got := p.print(t.Context(), args...)
			require.Equal(t, exitIncomplete, got.Status)
			require.Empty(t, got.Stdout)
			require.Contains(t, got.Stderr, want)
			require.Equal(t, 1, strings.Count(got.Stderr, "\n"), got.Stderr)
			require.NoFileExists(t, state)
			require.NoFileExists(t, state+".new")
		})
	}
}
