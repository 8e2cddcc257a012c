package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/accounts"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// active returns the names of the sources of the accounts that are not suspended and whose number has one of the
// remainders by four: the number of their unit in forty.
func active(remainders ...int) []string {
	numbers := lo.Filter(lo.Range(40), func(n, _ int) bool { return (n < 10 || n >= 20) && n != 30 && lo.Contains(remainders, n%4) })
	return names(lo.Map(numbers, func(n, _ int) string { return id(n) }), "us-east-1")
}

func TestUnitsWithTheUnitsBelow(t *testing.T) {
	for _, c := range []struct {
		units    []string
		want     []string
		requests int
	}{
		{[]string{web}, active(2), 1},
		{[]string{prod}, active(1, 2), 2},
		{[]string{test, web}, active(2, 3), 2},
		{[]string{web, prod, web, prod}, active(1, 2), 2},
		{[]string{root}, active(0, 1, 2, 3), 4},
	} {
		o := forty()
		fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Regions("us-east-1"), accounts.Units(c.units...))
		require.NoError(t, err)
		require.ElementsMatch(t, c.want, namesOf(fleet), c.units)
		require.Zero(t, o.Count("organizations ListAccounts"))
		require.Equal(t, c.requests, o.Count("organizations ListOrganizationalUnitsForParent"), "each unit once")
	}
}

func TestUnitsAddUp(t *testing.T) {
	fleet, err := accounts.Fleet(t.Context(), forty().Config("us-east-1"), "BackupAudit", accounts.Regions("us-east-1"), accounts.Units(web), accounts.Units(test))
	require.NoError(t, err)
	require.ElementsMatch(t, active(2, 3), namesOf(fleet))
}

// TestAnAccountThatMovesIsListedOnce has an account on two pages, and in two units.
func TestAnAccountThatMovesIsListedOnce(t *testing.T) {
	o := forty()
	moved := o.Accounts[1]
	moved.Unit = test
	o.Accounts = append(o.Accounts, moved)
	for _, opts := range [][]accounts.Option{nil, {accounts.Units(root)}} {
		fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", append(opts, accounts.Regions("us-east-1"))...)
		require.NoError(t, err)
		require.Equal(t, 1, lo.Count(namesOf(fleet), id(1)+"/us-east-1"))
	}
}

func TestAUnitThatDoesNotExist(t *testing.T) {
	o := forty()
	_, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Units(prod, foreign))
	require.ErrorContains(t, err, "accounts: unit "+foreign+": the organisation has no such unit")
	require.Zero(t, o.Count("sts AssumeRole"))
}

func TestAUnitThatCannotBeListed(t *testing.T) {
	o := forty()
	o.Global(id(0)).Fault(fakeaws.Fault{Operation: "ListOrganizationalUnitsForParent", Do: fakeaws.Error(400, "AccessDeniedException", "no")})
	_, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Units(prod))
	require.ErrorContains(t, err, "unit "+prod+": the organisation cannot be listed")
	require.ErrorContains(t, err, "allow the caller organizations:ListOrganizationalUnitsForParent")
}

func TestTags(t *testing.T) {
	o := forty()
	for n := range o.Accounts {
		o.Accounts[n].Tags = map[string]string{"env": []string{"prod", "test", "Prod"}[n%3], "team": "a", "backup": []string{"yes", "no"}[n%2]}
	}
	o.PageSize = 2 // a tag of the second page counts too
	regions := accounts.Regions("us-east-1")
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", regions, accounts.Tagged("env", "prod"), accounts.Tagged("team", "a"))
	require.NoError(t, err)
	every := func(n int) []string {
		return lo.Filter(append(ids(0, 10), ids(20, 40)...), func(account string, _ int) bool { return lo.IndexOf(ids(0, 40), account)%n == 0 })
	}
	require.Equal(t, names(every(3), "us-east-1"), namesOf(fleet))
	require.Equal(t, 30*2, o.Count("organizations ListTagsForResource"), "none of a suspended account")

	fleet, err = accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", regions, accounts.Tagged("env", "prod"), accounts.Tagged("backup", "yes"))
	require.NoError(t, err)
	require.Equal(t, names(every(6), "us-east-1"), namesOf(fleet))

	for _, tag := range [][2]string{{"Env", "prod"}, {"env", "production"}, {"nothing", "x"}} {
		fleet, err = accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Tagged(tag[0], tag[1]))
		require.NoError(t, err)
		require.Empty(t, fleet)
	}

	fleet, err = accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", regions, accounts.Tagged("env", "prod"), accounts.Units(test))
	require.NoError(t, err)
	require.Subset(t, active(3), namesOf(fleet))
	require.Subset(t, names(every(3), "us-east-1"), namesOf(fleet))
	require.Len(t, fleet, 3)
}

func TestTagsThatCannotBeRead(t *testing.T) {
	o := forty()
	o.Global(id(0)).Fault(fakeaws.Fault{Operation: "ListTagsForResource", Nth: 5, Do: fakeaws.Error(400, "AccessDeniedException", "no")})
	_, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Tagged("env", "prod"))
	require.ErrorContains(t, err, "allow the caller organizations:ListTagsForResource")
}

// assume sets the name and the duration of the sessions.
func assume(name string, d time.Duration) accounts.Option {
	return accounts.Assume(func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName, o.Duration = name, d })
}

func TestBadInputIsOneErrorBeforeAnythingIsSent(t *testing.T) {
	long := strings.Repeat("a", 65)
	for _, c := range []struct {
		role string
		opts []accounts.Option
		says string
	}{
		{"arn:aws:iam::111122223333:role/BackupAudit", nil, "it is an ARN: give the name of the role alone"},
		{"arn:aws-cn:iam::111122223333:role/ops/BackupAudit", nil, "it is an ARN"},
		{"111122223333:role/BackupAudit", nil, "it is an ARN"},
		{"arn:aws:iam::{account}:role/BackupAudit", nil, "it is an ARN"},
		{"", nil, "it has no name"},
		{"/", nil, "it has no name"},
		{"ops/", nil, "it has no name"},
		{"Backup Audit", nil, "letters, digits"},
		{" BackupAudit", nil, "letters, digits"},
		{"BackupAudit\n", nil, "letters, digits"},
		{"Bäckup", nil, "letters, digits"},
		{"a:b", nil, "letters, digits"},
		{"{account}", nil, "letters, digits"},
		{long, nil, "at most 64 characters"},
		{"o ps/BackupAudit", nil, "neither blanks"},
		{"//BackupAudit", nil, "one slash at its start"},
		{strings.Repeat("a", 511) + "/BackupAudit", nil, "at most 512 characters"},
		{"r", []accounts.Option{accounts.Regions()}, "Regions: it has no name"},
		{"r", []accounts.Option{accounts.Regions("us-east-1", "")}, `Regions: "" is not the name of a region`},
		{"r", []accounts.Option{accounts.Regions("US-EAST-1")}, `Regions: "US-EAST-1" is not`},
		{"r", []accounts.Option{accounts.Regions("us-east-1a")}, `Regions: "us-east-1a" is not`},
		{"r", []accounts.Option{accounts.Regions("us-east-1,us-west-2")}, "is not the name of a region"},
		{"r", []accounts.Option{accounts.Regions("aws-global")}, "is not the name of a region"},
		{"r", []accounts.Option{accounts.Units()}, "Units: it has no id"},
		{"r", []accounts.Option{accounts.Units(prod, "")}, `Units: "" is not the id of`},
		{"r", []accounts.Option{accounts.Units("Production")}, `Units: "Production" is not the id of`},
		{"r", []accounts.Option{accounts.Units("111122223333")}, "is not the id of"},
		{"r", []accounts.Option{accounts.Units("o-exampleorgid")}, "is not the id of"},
		{"r", []accounts.Option{accounts.Units(" " + prod)}, "is not the id of"},
		{"r", []accounts.Option{accounts.Tagged("env", "")}, `Tagged: the tag "env" has no value`},
		{"r", []accounts.Option{accounts.Tagged("env", " ")}, `Tagged: the tag "env" has no value`},
		{"r", []accounts.Option{accounts.Tagged("", "prod")}, "Tagged: the tag has no key"},
		{"r", []accounts.Option{accounts.Tagged("env", ""), accounts.Units()}, `Tagged: the tag "env" has no value`},
		{"r", []accounts.Option{accounts.Tagged("env", "prod"), accounts.Tagged("env", "test")}, `Tagged: the tag "env" is to have two values`},
		{"r", []accounts.Option{assume("b", 0)}, `Assume: RoleSessionName: "b": it has 2 to 64 characters`},
		{"r", []accounts.Option{assume("nightly audit", 0)}, `Assume: RoleSessionName: "nightly audit": it has`},
		{"r", []accounts.Option{assume(long, 0)}, "2 to 64 characters"},
		{"r", []accounts.Option{assume("", time.Minute)}, "Assume: Duration: 1m0s: STS gives credentials for 15 minutes to 12 hours"},
		{"r", []accounts.Option{assume("", 13*time.Hour)}, "Assume: Duration: 13h0m0s"},
		{"r", []accounts.Option{accounts.Parallel(0)}, "Parallel: 0: it must be positive"},
		{"r", []accounts.Option{accounts.Assume(nil)}, "Assume: the function is nil"},
		{"r", []accounts.Option{nil}, "an option is nil"},
	} {
		o := forty()
		fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), c.role, c.opts...)
		require.Empty(t, fleet)
		require.ErrorContains(t, err, c.says, c.role)
		require.Regexp(t, "^accounts: ", err.Error())
		require.Zero(t, o.Global(id(0)).RequestCount(), c.says)
	}
	_, err := accounts.Fleet(t.Context(), forty().Config(""), "r")
	require.ErrorContains(t, err, "accounts: the configuration has no region")
}

func TestARegionThatDoesNotExist(t *testing.T) {
	o := forty()
	_, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Regions("us-est-1", "us-east-1", "eu-central-9"))
	require.EqualError(t, err, "accounts: Regions: the organisation's partition has no region us-est-1, eu-central-9")
	require.Zero(t, o.Count("sts AssumeRole"))

	o.Accounts[0].Regions = []string{"us-east-1"} // the caller has not opted in to eu-west-1, which exists
	_, err = accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Regions("eu-west-1"))
	require.NoError(t, err)

	o.Global(id(0)).Fault(fakeaws.Fault{Service: "account", Do: fakeaws.Error(403, "AccessDeniedException", "no")})
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Regions("us-est-1"))
	require.NoError(t, err, "the caller need not be allowed to request them")
	require.Len(t, fleet, 30)
}

func TestARoleOfAnyNameThatIAMAllows(t *testing.T) {
	for _, role := range []string{"r", strings.Repeat("a", 64), "a+b=c,d.e@f_g-h", "/ops/r", "ops/sub/r", strings.Repeat("a", 510) + "/r"} {
		o := forty()
		o.Role = "/" + strings.TrimPrefix(role, "/")
		fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), role)
		require.NoError(t, err, role)
		require.Len(t, fleet, 27*2+3, role)
	}
}
