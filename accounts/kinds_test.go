package accounts_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/accounts"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/fakeorg"
)

// everyWay lists the sources of a fleet in all ways that backupx has, with their clients and with their configurations,
// and returns the errors.
func everyWay(t *testing.T, fleet backupx.Fleet) map[string]error {
	t.Helper()
	bare := make(backupx.Fleet, len(fleet))
	for i, s := range fleet {
		bare[i] = backupx.Source{Name: s.Name, Config: s.Config}
	}
	out := map[string]error{}
	for name, fleet := range map[string]backupx.Fleet{"client": fleet, "config": bare} {
		across := func(way string, err error) { out[name+" "+way] = err }
		_, err := listing(fleet).Parallel(4).Collect(t.Context())
		across("jobs", err)
		_, err = backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.CopyJob] { return c.CopyJobs(backupx.CopyJobFilter{}) }).Collect(t.Context())
		across("copies", err)
		_, err = backupx.Across(fleet, func(c backupx.Client) backupx.Listing[hsmtypes.Backup] {
			return c.HSMBackups(backupx.HSMFilter{})
		}).Collect(t.Context())
		across("hsm", err)
		_, err = backupx.Across(fleet, func(c backupx.Client) backupx.Listing[backupx.OpsWorksBackup] {
			return c.OpsWorksBackups(backupx.OpsWorksFilter{})
		}).Collect(t.Context())
		across("opsworks", err)
		_, err = backupx.Across(fleet, func(c backupx.Client) backupx.Listing[backupx.Record] { return c.Inventory() }).Collect(t.Context())
		across("inventory", err)
		across("follow", nil)
		for _, err := range backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[types.BackupJob] {
			return s.Client.FollowBackupJobs(backupx.BackupJobFilter{}, time.Time{})
		}).All(t.Context()) {
			if err != nil {
				across("follow", err)
			}
		}
	}
	_, out["restore"] = fleet[0].Client.RestoreHSMBackup(t.Context(), "backup-abcdefghijk")
	return out
}

func TestAnAccountThatFailsDoesSoHoweverItIsListed(t *testing.T) {
	answered := func(status int, code string) func(*fakeorg.Organization) {
		return func(o *fakeorg.Organization) {
			o.Global(id(1)).Fault(fakeaws.Fault{Service: "account", Do: fakeaws.Error(status, code, "no")})
		}
	}
	for name, c := range map[string]struct {
		fault func(*fakeorg.Organization)
		kind  backupx.Kind
	}{
		"no role":      {func(o *fakeorg.Organization) { o.Accounts[1].Denied = true }, backupx.KindDenied},
		"no regions":   {answered(403, "AccessDeniedException"), backupx.KindDenied},
		"no host":      {nil, backupx.KindOther},
		"unrecognized": {answered(403, "UnrecognizedClientException"), backupx.KindOther},
		"unsubscribed": {answered(400, "SubscriptionRequiredException"), backupx.KindOther},
		"throttled":    {answered(429, "TooManyRequestsException"), backupx.KindThrottled},
	} {
		t.Run(name, func(t *testing.T) {
			o := forty()
			cfg := o.Config("us-east-1")
			if c.fault != nil {
				c.fault(o)
			}
			cfg.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if c.fault == nil && strings.HasPrefix(r.URL.Host, "account.") {
					return nil, &net.DNSError{Err: "no such host", Name: r.URL.Host, IsNotFound: true}
				}
				return o.RoundTrip(r)
			})}
			fleet, err := accounts.Fleet(t.Context(), cfg, "BackupAudit")
			require.NoError(t, err)
			var own backupx.Fleet
			for _, s := range fleet {
				if s.Account == id(1) {
					own = append(own, s)
				}
			}
			require.Equal(t, []string{id(1) + "/us-east-1"}, namesOf(own))
			for way, err := range everyWay(t, own) {
				require.Equal(t, c.kind, backupx.KindOf(err), "%s: %v", way, err)
				require.ErrorContains(t, err, "accounts: the regions of account "+id(1)+" are not known: ", way)
			}
			require.Zero(t, o.In(id(1), "us-east-1").RequestCount())
		})
	}
}
