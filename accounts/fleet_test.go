package accounts_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/smithy-go"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/accounts"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/fakeorg"
)

func TestAFleetHasEachAccountInItsRegions(t *testing.T) {
	o := forty()
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit")
	require.NoError(t, err)
	want := names(append(ids(0, 10), ids(23, 40)...), "eu-west-1", "us-east-1")
	denied := names(ids(20, 23), "us-east-1") // one source for each, in the region of the caller
	require.ElementsMatch(t, append(want, denied...), namesOf(fleet))
	for _, s := range fleet {
		require.Equal(t, s.Name, s.Account+"/"+s.Region)
		require.Equal(t, s.Region, s.Config.Region)
	}

	found, failed := jobsOf(t, fleet)
	require.Equal(t, want, found, "every job once")
	require.Equal(t, denied, lo.Map(failed, func(e *backupx.SourceError, _ int) string { return e.Source }))
	for _, e := range failed {
		require.Equal(t, backupx.KindDenied, e.Kind)
		require.Equal(t, "us-east-1", e.Region)
		require.ErrorContains(t, e, "the regions of account "+e.Account+" are not known")
		require.ErrorContains(t, e, "is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::"+e.Account+":role/BackupAudit")
		require.Zero(t, o.In(e.Account, "us-east-1").RequestCount(), "nothing is sent to the account")
	}
	require.Equal(t, 29, o.Count("sts AssumeRole"), "one for each account but the caller's, for all its regions")
	require.Equal(t, 6, o.Count("organizations ListAccounts"), "pages of seven")
}

func TestAnAccountThatFailedResumes(t *testing.T) {
	o := forty()
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit")
	require.NoError(t, err)
	_, err = listing(fleet).Collect(t.Context())
	var stopped *backupx.ListError
	require.ErrorAs(t, err, &stopped)

	for i := range o.Accounts {
		o.Accounts[i].Denied = false
	}
	_, failed := jobsOf(t, fleet)
	require.Len(t, failed, 3, "a source that lists one of several regions would hide the others")
	fleet, err = accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit")
	require.NoError(t, err)
	rest, err := listing(fleet).Resume(stopped.Checkpoint)
	require.NoError(t, err)
	var found []string
	for job, err := range rest.All(t.Context()) {
		require.NoError(t, err)
		found = append(found, job.Source)
	}
	require.ElementsMatch(t, names(ids(20, 23), "eu-west-1", "us-east-1"), found)
}

func TestRegionsThatAreNamedNeedNoAccount(t *testing.T) {
	o := forty()
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Regions("us-east-1"), accounts.Regions("eu-west-1", "us-east-1"))
	require.NoError(t, err)
	require.Equal(t, names(append(ids(0, 10), ids(20, 40)...), "us-east-1", "eu-west-1"), namesOf(fleet))
	require.Zero(t, o.Count("sts AssumeRole"))
	require.Equal(t, 1, o.Count("account POST /listRegions"), "whether the regions exist")

	found, failed := jobsOf(t, fleet)
	require.Equal(t, names(append(ids(0, 10), ids(23, 40)...), "eu-west-1", "us-east-1"), found)
	require.ElementsMatch(t, names(ids(20, 23), "eu-west-1", "us-east-1"), lo.Map(failed, func(e *backupx.SourceError, _ int) string { return e.Source }))
	for _, e := range failed {
		require.Equal(t, backupx.KindDenied, e.Kind)
	}
	require.Equal(t, 26+3*2, o.Count("sts AssumeRole"), "credentials are shared by the regions of an account; a refusal is not kept")
}

// TestAnAccountThatIsSuspendedMeanwhile is one that was active when it was listed. It does not fall out of the fleet.
func TestAnAccountThatIsSuspendedMeanwhile(t *testing.T) {
	o := forty()
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Regions("us-east-1"))
	require.NoError(t, err)
	o.Accounts[5].State = "SUSPENDED"
	_, failed := jobsOf(t, fleet)
	require.Len(t, failed, 4)
	require.Equal(t, id(5)+"/us-east-1", failed[0].Source)
	require.Equal(t, backupx.KindDenied, failed[0].Kind)
}

func TestWithoutARegionTheFirstNamedIsThatOfSTS(t *testing.T) {
	o := forty()
	cfg := o.Config("")
	fleet, err := accounts.Fleet(t.Context(), cfg, "BackupAudit", accounts.Regions("eu-west-1"))
	require.NoError(t, err)
	_, failed := jobsOf(t, fleet)
	require.Len(t, failed, 3)
	require.Equal(t, "eu-west-1", lo.LastOrEmpty(o.Global(id(0)).Requests()).Region)
}

func TestSTSIsThatOfTheRegionOfTheCaller(t *testing.T) {
	o := forty()
	hosts := map[string]int{}
	cfg := o.Config("eu-west-1")
	cfg.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		hosts[r.URL.Host]++
		return o.RoundTrip(r)
	})}
	_, err := accounts.Fleet(t.Context(), cfg, "BackupAudit", accounts.Parallel(1))
	require.NoError(t, err)
	require.Equal(t, 30, hosts["sts.eu-west-1.amazonaws.com"], "the caller's identity, and a role in 29 accounts: %v", hosts)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRolesAreOfThePartition(t *testing.T) {
	for partition, region := range map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"} {
		o := &fakeorg.Organization{
			Caller: id(0), Partition: partition, Role: "/ops/BackupAudit", Regions: []string{region}, Services: oneJob,
			Accounts: []fakeorg.Account{{ID: id(0)}, {ID: id(1)}},
		}
		for _, role := range []string{"/ops/BackupAudit", "ops/BackupAudit"} {
			fleet, err := accounts.Fleet(t.Context(), o.Config(region), role)
			require.NoError(t, err)
			found, failed := jobsOf(t, fleet)
			require.Empty(t, failed)
			require.Equal(t, names(ids(0, 2), region), found)
		}
	}
}

func TestTheCallerIsNotKnown(t *testing.T) {
	o := forty()
	o.Global(id(0)).Fault(fakeaws.Fault{Service: "sts", Operation: "GetCallerIdentity", Do: fakeaws.Error(403, "AccessDenied", "an endpoint policy")})
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit")
	require.NoError(t, err)
	_, failed := jobsOf(t, fleet)
	require.Len(t, failed, 4)
	require.Equal(t, id(0)+"/us-east-1", failed[0].Source, "its role is assumed as any other, and it has none")
}

func TestAccountsAreLeftOutByTheirState(t *testing.T) {
	o := &fakeorg.Organization{Caller: id(0), Role: "/r", Regions: []string{"us-east-1"}, Accounts: []fakeorg.Account{
		{ID: id(0), State: "ACTIVE", Status: "ACTIVE"},
		{ID: id(1), State: "SUSPENDED", Status: "SUSPENDED"},
		{ID: id(2), State: "PENDING_CLOSURE"},
		{ID: id(3), State: "CLOSED", Status: "SUSPENDED"},
		{ID: id(4), State: "PENDING_ACTIVATION", Status: "ACTIVE"},
		{ID: id(5), State: "ACTIVE"},
		{ID: id(6), State: "A_STATE_OF_TOMORROW"},
	}}
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "r")
	require.NoError(t, err)
	require.Equal(t, names([]string{id(0), id(5), id(6)}, "us-east-1"), namesOf(fleet))
}

func TestAnAccountWithoutItsRegionsFailsByItself(t *testing.T) {
	for name, c := range map[string]struct {
		do   fakeaws.Effect
		says string
	}{
		"broken":      {fakeaws.Status(503), "503"},
		"a dead page": {fakeaws.RepeatToken(), "token"},
		"no region":   {fakeaws.Body(`{"Regions":[]}`), "the account has opted in to no region"},
	} {
		t.Run(name, func(t *testing.T) {
			o := forty()
			o.PageSize = 1
			o.Global(id(5)).Fault(fakeaws.Fault{Service: "account", Do: c.do})
			fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Parallel(1))
			require.NoError(t, err)
			found, failed := jobsOf(t, fleet)
			require.Len(t, found, 2*26)
			require.Len(t, failed, 4)
			require.Equal(t, id(5)+"/us-east-1", failed[0].Source)
			require.Equal(t, backupx.KindOther, failed[0].Kind, failed[0])
			require.ErrorContains(t, failed[0], c.says)
		})
	}
}

// TestOtherServicesOfAnAccountThatFailed lists another operation with the Config of the sources.
func TestOtherServicesOfAnAccountThatFailed(t *testing.T) {
	o := forty()
	o.Global(id(5)).Fault(fakeaws.Fault{Service: "account", Do: fakeaws.Error(403, "AccessDeniedException", "no account:ListRegions")})
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit")
	require.NoError(t, err)
	copies := backupx.AcrossSources(fleet, func(s backupx.Source) backupx.Listing[types.CopyJob] {
		return backupx.CopyJobs(backup.NewFromConfig(s.Config), backupx.CopyJobFilter{})
	})
	_, err = copies.Collect(t.Context())
	var failed backupx.SourceErrors
	require.ErrorAs(t, err, &failed)
	require.Equal(t, names([]string{id(5), id(20), id(21), id(22)}, "us-east-1"), lo.Map(failed, func(e *backupx.SourceError, _ int) string { return e.Source }))
	require.Equal(t, backupx.KindDenied, backupx.KindOf(failed))
}

func TestEveryServiceOfASource(t *testing.T) {
	o := forty()
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit")
	require.NoError(t, err)
	own, _ := lo.Find(fleet, func(s backupx.Source) bool { return s.Name == id(39)+"/eu-west-1" })
	records, err := own.Client.Inventory().Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, records, 1)
	_, err = own.Client.OpsWorksBackups(backupx.OpsWorksFilter{}).Collect(t.Context())
	require.NoError(t, err)
	_, err = own.Client.HSM.RestoreBackup(t.Context(), nil)
	var invalid smithy.InvalidParamsError
	require.ErrorAs(t, err, &invalid)
	for _, r := range o.In(id(39), "eu-west-1").Requests() {
		require.Equal(t, "ASIA"+id(39), r.AccessKey)
	}
	require.ElementsMatch(t, []string{"backup", "backup", "cloudhsm", "opsworks-cm"},
		lo.Map(o.In(id(39), "eu-west-1").Requests(), func(r fakeaws.Request, _ int) string { return r.Service }))
}

func TestAnOrganisationThatCannotBeListed(t *testing.T) {
	for name, c := range map[string]struct {
		do   fakeaws.Effect
		says []string
		is   any
	}{
		"a member": {
			fakeaws.Error(400, "AccessDeniedException", "You don't have permissions to access this resource."),
			[]string{"call with its management account, or an account that is its delegated administrator", "organizations:ListAccounts"},
			new(*orgtypes.AccessDeniedException),
		},
		"no organisation": {
			fakeaws.Error(400, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."),
			[]string{"the account of the caller belongs to none"},
			new(*orgtypes.AWSOrganizationsNotInUseException),
		},
		"throttled":          {fakeaws.Error(400, "TooManyRequestsException", "slow"), []string{"slow"}, new(*orgtypes.TooManyRequestsException)},
		"without an end":     {fakeaws.RepeatToken(), []string{"token"}, new(*backupx.ListError)},
		"an empty last page": {fakeaws.Truncate(), []string{"the organisation cannot be listed"}, new(*backupx.ListError)},
	} {
		t.Run(name, func(t *testing.T) {
			o := forty()
			o.Global(id(0)).Fault(fakeaws.Fault{Service: "organizations", Nth: 2, Do: c.do})
			fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit")
			require.Empty(t, fleet)
			require.ErrorContains(t, err, "accounts: the organisation cannot be listed")
			for _, says := range c.says {
				require.ErrorContains(t, err, says)
			}
			require.ErrorAs(t, err, c.is)
			require.Zero(t, o.Count("sts AssumeRole"))
		})
	}
}

func TestCredentialsOfTheCallerThatFailAreNoDenial(t *testing.T) {
	cfg := forty().Config("us-east-1")
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, &orgtypes.AccessDeniedException{Message: aws.String("of another service")}
	})
	_, err := accounts.Fleet(t.Context(), cfg, "BackupAudit")
	require.ErrorContains(t, err, "of another service")
	require.NotContains(t, err.Error(), "management account")
}

func TestTheContextEndsAFleet(t *testing.T) {
	for _, last := range []string{"organizations ListAccounts", "sts GetCallerIdentity", "sts AssumeRole"} {
		ctx, cancel := context.WithCancel(t.Context())
		o := forty()
		cfg := o.Config("us-east-1")
		cfg.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := o.RoundTrip(r)
			if o.Count(last) > 0 {
				cancel()
			}
			return resp, err
		})}
		fleet, err := accounts.Fleet(ctx, cfg, "BackupAudit")
		require.Empty(t, fleet, last)
		require.ErrorIs(t, err, context.Canceled, last)
		require.Less(t, o.Count("sts AssumeRole"), 16, last)
		cancel()
	}
}

func TestAssumeChangesTheRequest(t *testing.T) {
	o := forty()
	_, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Parallel(1), accounts.Assume(func(a *stscreds.AssumeRoleOptions) {
		require.Equal(t, "backupx", a.RoleSessionName)
		a.ExternalID, a.RoleARN = aws.String("audit-7"), "arn:aws:iam::666666666666:role/other"
	}))
	require.NoError(t, err)
	for _, r := range o.Global(id(0)).Requests() {
		if r.Operation == "AssumeRole" {
			require.Equal(t, "audit-7", r.Parameter("ExternalId"))
			require.Equal(t, "backupx", r.Parameter("RoleSessionName"))
			require.NotContains(t, r.Parameter("RoleArn"), "666666666666")
		}
	}
}

func TestTheConfigurationOfTheCallerIsNotChanged(t *testing.T) {
	o := forty()
	cfg := o.Config("us-east-1")
	before := cfg.Copy()
	_, err := accounts.Fleet(t.Context(), cfg, "BackupAudit")
	require.NoError(t, err)
	require.Equal(t, before.APIOptions, cfg.APIOptions)
	require.Equal(t, before.Region, cfg.Region)
	require.Same(t, before.HTTPClient, cfg.HTTPClient)
}

func TestRegionsAreSortedAndEachOnce(t *testing.T) {
	o := forty()
	o.Global(id(0)).Fault(fakeaws.Fault{Service: "account", Do: fakeaws.Body(`{"Regions":[{"RegionName":"us-east-1","RegionOptStatus":"ENABLED"},
		{"RegionName":"ap-south-2","RegionOptStatus":"DISABLING"},{"RegionName":"eu-west-1","RegionOptStatus":"ENABLED_BY_DEFAULT"},{"RegionName":"us-east-1","RegionOptStatus":"ENABLED"},
		{"RegionName":"us-west-1","RegionOptStatus":"OF_TOMORROW"},{"RegionName":"us-west-2"},{"RegionName":"af-south-1","RegionOptStatus":"DISABLED"},{"RegionName":"il-central-1","RegionOptStatus":"ENABLING"}]}`)})
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit")
	require.NoError(t, err)
	require.Equal(t, append(names(ids(0, 1), "eu-west-1", "us-east-1", "us-west-1", "us-west-2"), id(1)+"/eu-west-1"), namesOf(fleet[:5]))
}

func TestAnOrganisationHasAnAccount(t *testing.T) {
	o := forty()
	o.Global(id(0)).Fault(fakeaws.Fault{Service: "organizations", Do: fakeaws.Body(`{"Accounts":[]}`)})
	_, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit")
	require.EqualError(t, err, "accounts: the organisation cannot be listed: the responses have no active account, not even the management account")
}

func TestCredentialsAreRenewedBeforeTheyExpire(t *testing.T) {
	for life, renewed := range map[time.Duration]int{30 * time.Second: 2, time.Hour: 1} {
		o := forty()
		cfg := o.Config("us-east-1")
		cfg.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := o.RoundTrip(r)
			if err != nil || !strings.HasPrefix(r.URL.Host, "sts.") {
				return resp, err
			}
			body, err := io.ReadAll(resp.Body)
			text := strings.ReplaceAll(string(body), "2199-01-01T00:00:00Z", time.Now().Add(life).UTC().Format(time.RFC3339))
			resp.Body = io.NopCloser(strings.NewReader(text))
			return resp, err
		})}
		fleet, err := accounts.Fleet(t.Context(), cfg, "BackupAudit", accounts.Regions("us-east-1"))
		require.NoError(t, err)
		own := backupx.Fleet{fleet[len(fleet)-1]}
		for range 2 {
			found, _ := jobsOf(t, own)
			require.Len(t, found, 1)
		}
		require.Equal(t, renewed, o.Count("sts AssumeRole"), life)
	}
}
