package main

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/examples/internal/organization"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// Of forty accounts ten are suspended. The roles of three are denied, and the report says so.
func TestTheReportOfAnOrganisation(t *testing.T) {
	got := program{}.print(t.Context(), "-org", "-text")
	require.Equal(t, exitIncomplete, got.Status)
	require.Empty(t, got.Stderr)
	clitest.Golden(t, "org.txt", got.Stdout)
	for _, id := range []string{"100000000020", "100000000021", "100000000022"} {
		for _, service := range []string{"Backup jobs", "Copy jobs", "CloudHSM backups"} {
			require.Contains(t, got.Stdout, "\n  "+service+" in "+id+"/us-east-1: the role was denied by STS:")
		}
	}
	page := program{}.print(t.Context(), "-org", "-o", "-")
	require.Equal(t, exitIncomplete, page.Status)
	require.Contains(t, page.Stdout, "100000000030/eu-west-1", "of a unit that is not known")
	require.NotContains(t, page.Stdout, "100000000010/", "which is suspended")
}

func TestTheReportOfALiveOrganisation(t *testing.T) {
	o := organization.MadeUp(organization.Jobs())
	p := program{load: clitest.Loads(o.Config("us-east-1"), nil), now: sources.MadeUp}
	got := p.print(t.Context(), "-live", "-org", "-role", "BackupAudit", "-children", "-text")
	require.Equal(t, exitIncomplete, got.Status)
	require.Contains(t, got.Stdout, "an organisation: 30 accounts in\neu-west-1, us-east-1\n")
	require.Contains(t, got.Stdout, "at least 1,620 in the last 30 days", "30 of 27 accounts in two regions")

	o.Global(o.Accounts[30].ID).Fault(fakeaws.Fault{Operation: "POST /listRegions", Do: fakeaws.AccessDenied()})
	got = p.print(t.Context(), "-live", "-org", "-role", "BackupAudit", "-text")
	require.Contains(t, strings.Join(strings.Fields(got.Stdout), " "), "Backup jobs in 100000000030/us-east-1: denied (it takes account:ListRegions): ")
}

func TestAnOrganisationWithoutAReport(t *testing.T) {
	o := organization.MadeUp(organization.Jobs())
	member := o.Config("us-east-1")
	member.Credentials = credentials.NewStaticCredentialsProvider("ASIA"+o.Accounts[1].ID, "secret", "")
	for want, c := range map[string]struct {
		cfg  aws.Config // where there is one, the run is live
		args []string
	}{
		`role "arn:aws:iam::111122223333:role/x": it is an ARN`:           {args: []string{"-role", "arn:aws:iam::111122223333:role/x"}},
		"the organisation cannot be listed":                               {member, []string{"-role", "BackupAudit"}},
		"the organisation's partition has no region eu-nowhere-1":         {args: []string{"-region", "eu-nowhere-1"}},
		`invalid value "team" for flag -tag: the tag "team" has no value`: {args: []string{"-tag", "team"}},
		"-org needs -role":           {o.Config("us-east-1"), nil},
		"-since 31d: AWS keeps jobs": {member, []string{"-role", "BackupAudit", "-since", "31d"}},
		"-max-age 40 d: jobs are":    {member, []string{"-role", "BackupAudit", "-max-age", "960h"}},
	} {
		t.Run(want, func(t *testing.T) {
			p, args := program{}, append(c.args, "-org", "-o", "-")
			if c.cfg.HTTPClient != nil {
				p = program{load: clitest.Loads(c.cfg, nil), now: sources.MadeUp}
				args = append(args, "-live")
			}
			got := p.print(t.Context(), args...)
			require.Equal(t, exitNothing, got.Status)
			require.Empty(t, got.Stdout)
			require.Contains(t, got.Stderr, want)
			require.Equal(t, 1, strings.Count(got.Stderr, "\n"), got.Stderr)
		})
	}
	got := over(fakeaws.Data{}).print(t.Context(), "-live", "-role", "BackupAudit")
	require.Equal(t, clitest.Printed{Status: exitNothing, Stderr: "report: -role goes with -org (-h for help)\n"}, got)
}

// A flag that is wrong asks nothing, not even STS for the account.
func TestWrongDaysAskNothing(t *testing.T) {
	for _, org := range [][]string{nil, {"-org", "-role", "BackupAudit"}} {
		p := over(fakeaws.Data{})
		p.load = func(context.Context, string) (aws.Config, error) {
			t.Error("the configuration is loaded")
			return aws.Config{}, nil
		}
		got := p.print(t.Context(), append(org, "-live", "-region", "us-east-1", "-since", "31d")...)
		require.Equal(t, exitNothing, got.Status)
		require.Contains(t, got.Stderr, "-since 31d: AWS keeps jobs")
	}
}
