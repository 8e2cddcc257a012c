package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/examples/internal/organization"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/internal/fakeorg"
	"github.com/backupx-go/backupx/internal/rows"
)

// within returns the program for a caller in an organisation.
func within(o *fakeorg.Organization) program {
	return program{load: clitest.Loads(o.Config("us-east-1"), nil), now: sources.MadeUp}
}

// idsOf returns the sorted ids of the jobs that a run has printed.
func idsOf(t *testing.T, got clitest.Printed) []string {
	t.Helper()
	var ids []string
	for line := range strings.Lines(got.Stdout) {
		var r rows.Row
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		require.Equal(t, r.AccountID+"/"+r.Region, r.Source)
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

// unsuccessful returns the sorted ids of the jobs to list of an organisation.
func unsuccessful(t *testing.T, o *fakeorg.Organization) []string {
	t.Helper()
	var ids []string
	for _, a := range o.Accounts {
		if a.State != "" || a.Denied {
			continue
		}
		for _, region := range a.Regions {
			jobs, err := backupx.New(o.In(a.ID, region).Config()).BackupJobs(backupx.BackupJobFilter{}.Unsuccessful()).Collect(t.Context())
			require.NoError(t, err)
			ids = append(ids, lo.Map(jobs, func(j types.BackupJob, _ int) string { return aws.ToString(j.BackupJobId) })...)
		}
	}
	slices.Sort(ids)
	return ids
}

// Of forty accounts ten are suspended. The roles of three are denied, which fails by name; one is in a unit that is not known.
func TestAnOrganisationIsListedWhole(t *testing.T) {
	o := organization.MadeUp(organization.Jobs())
	require.Len(t, o.Accounts, 40)
	got := program{}.print(t.Context(), "-org")
	require.Equal(t, exitPartial, got.Status)
	require.Equal(t, unsuccessful(t, o), idsOf(t, got), "every job once")
	require.Equal(t, 3, strings.Count(got.Stderr, " denied "))
	clitest.Golden(t, "org.txt", got.Stderr)
	require.Equal(t, got, program{}.print(t.Context(), "-org", "-parallel", "3", "-rate", "1000"))

	live := within(o).print(t.Context(), "-live", "-org", "-role", "BackupAudit", "-rate", "1000")
	require.Equal(t, exitPartial, live.Status)
	require.Equal(t, "30 accounts in eu-west-1, us-east-1\n"+got.Stderr, live.Stderr)
	require.Equal(t, idsOf(t, got), idsOf(t, live))
}

func TestUnitsTagsAndRegionsChooseAccounts(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		status int
		want   []string
	}{
		"a unit and a tag in a region": {
			[]string{"-units", "ou-ab12-22222222", "-tag", "team=data", "-region", "eu-west-1"},
			exitPartial,
			[]string{"100000000002/eu-west-1", "100000000006/eu-west-1", "100000000022/eu-west-1", "100000000026/eu-west-1", "100000000034/eu-west-1", "100000000038/eu-west-1"},
		},
		"units, of which one is in the other": {
			[]string{"-units", "ou-ab12-11111111,ou-ab12-22222222", "-units", "ou-ab12-22222222", "-tag", "team=shop", "-region", "us-east-1"},
			exitPartial,
			[]string{"100000000001/us-east-1", "100000000005/us-east-1", "100000000009/us-east-1", "100000000021/us-east-1", "100000000025/us-east-1", "100000000029/us-east-1", "100000000033/us-east-1", "100000000037/us-east-1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := program{}.print(t.Context(), append(c.args, "-org")...)
			require.Equal(t, c.status, got.Status, got.Stderr)
			found := lo.Filter(strings.Fields(got.Stderr), func(word string, _ int) bool { return strings.HasPrefix(word, "1000000000") })
			require.Equal(t, c.want, found)
		})
	}
}

// What is wrong is said in one line, before anything else is printed.
func TestAnOrganisationThatCannotBeMeant(t *testing.T) {
	o := organization.MadeUp(organization.Jobs())
	member := o.Config("us-east-1")
	member.Credentials = credentials.NewStaticCredentialsProvider("ASIA"+o.Accounts[1].ID, "secret", "")
	region := o.Config("")
	for want, c := range map[string]struct {
		cfg  aws.Config // where there is one, the run is live
		args []string
	}{
		`role "arn:aws:iam::{account}:role/BackupAudit": it is an ARN: give the name of the role alone`:                          {args: []string{"-role", "arn:aws:iam::{account}:role/BackupAudit"}},
		`role "arn:aws:iam::111122223333:role/BackupAudit": it is an ARN`:                                                        {o.Config("us-east-1"), []string{"-role", "arn:aws:iam::111122223333:role/BackupAudit"}},
		`role "a role": the name of a role has`:                                                                                  {args: []string{"-role", "a role"}},
		"the organisation cannot be listed: call with its management account, or an account that is its delegated administrator": {member, []string{"-role", "BackupAudit"}},
		"the organisation's partition has no region eu-nowhere-1":                                                                {args: []string{"-region", "us-east-1,eu-nowhere-1"}},
		"the organisation's partition has no region us-nowhere-1":                                                                {region, []string{"-role", "BackupAudit", "-region", "us-nowhere-1"}},
		`"nowhere" is not the name of a region`:                                                                                  {args: []string{"-region", "nowhere"}},
		`invalid value "team" for flag -tag: the tag "team" has no value`:                                                        {args: []string{"-tag", "team"}},
		`invalid value "team=" for flag -tag: the tag "team" has no value`:                                                       {o.Config("us-east-1"), []string{"-role", "BackupAudit", "-tag", "team="}},
		`invalid value "=data" for flag -tag: a tag has a key and a value`:                                                       {args: []string{"-tag", "=data"}},
		`"web" is not the id of an organizational unit`:                                                                          {args: []string{"-units", "web"}},
		"unit ou-ab12-44444444: the organisation has no such unit":                                                               {args: []string{"-units", "ou-ab12-44444444"}},
		"no active account is chosen":                                                                                            {args: []string{"-tag", "team=nobody"}},
		"-org needs -role":                                                                                                       {o.Config("us-east-1"), nil},
		"no region is configured: give one with -region":                                                                         {region, []string{"-role", "BackupAudit"}},
		"-accounts does not go with -org":                                                                                        {o.Config("us-east-1"), []string{"-role", "BackupAudit", "-accounts", "111122223333"}},
		"-org asks the organisation of one -profile":                                                                             {o.Config("us-east-1"), []string{"-role", "BackupAudit", "-profile", "a,b"}},
		"-profile goes with -live":                                                                                               {args: []string{"-profile", "a"}},
		"-since 31d: AWS keeps jobs for 30 days":                                                                                 {args: []string{"-since", "31d"}},
	} {
		t.Run(want, func(t *testing.T) {
			p, args := program{}, append(c.args, "-org")
			if c.cfg.HTTPClient != nil {
				p = program{load: clitest.Loads(c.cfg, nil), now: sources.MadeUp}
				args = append(args, "-live")
			}
			got := p.print(t.Context(), args...)
			require.Equal(t, exitNone, got.Status)
			require.Empty(t, got.Stdout)
			require.Contains(t, got.Stderr, want)
			require.Equal(t, 1, strings.Count(got.Stderr, "\n"), got.Stderr)
		})
	}
	got := program{}.print(t.Context(), "-units", "ou-ab12-11111111", "-tag", "team=data")
	require.Equal(t, clitest.Printed{Status: exitNone, Stderr: "fleet: -tag, -units go with -org (-h for help)\n"}, got)

	asked := len(o.Global(o.Caller).Requests())
	for _, args := range [][]string{{"-parallel", "0"}, {"-rate", "-1"}, {"-since", "31d"}} {
		got := within(o).print(t.Context(), append(args, "-live", "-org", "-role", "BackupAudit")...)
		require.Equal(t, exitNone, got.Status)
		require.Contains(t, got.Stderr, args[1])
		require.Len(t, o.Global(o.Caller).Requests(), asked, "a flag that is wrong asks nothing")
	}
}
