package accounts_test

import (
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/accounts"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// noPages are bodies of the status 200 that are no page of a list, or one whose items are nothing.
func noPages(list string) []string {
	return append([]string{"", "null", "[]", "<html>", "{}", `{"message":"Forbidden"}`, `{"__type":"ThrottlingException"}`, `{"NextToken":"t"}`},
		`{"`+strings.ToLower(list)+`":[{}]}`, `{"`+list+`":null}`, `{"`+list+`":[{}]}`, `{"`+list+`":[null]}`)
}

// TestAnAnswerThatIsNoPageIsNotTheEnd has such an answer on the first page of each list and on later ones. Accounts that
// it stands for must not be left out in silence.
func TestAnAnswerThatIsNoPageIsNotTheEnd(t *testing.T) {
	for operation, list := range map[string]string{
		"ListAccounts": "Accounts", "ListAccountsForParent": "Accounts",
		"ListOrganizationalUnitsForParent": "OrganizationalUnits", "ListTagsForResource": "Tags",
	} {
		for _, nth := range []int{1, 2, 3} {
			for _, body := range noPages(list) {
				o := tagged()
				o.PageSize = 1
				o.Global(id(0)).Fault(fakeaws.Fault{Operation: operation, Nth: nth, Do: fakeaws.Body(body)})
				opts := []accounts.Option{accounts.Regions("us-east-1"), accounts.Tagged("team", "data")}
				if strings.HasSuffix(operation, "ForParent") {
					opts = append(opts, accounts.Units(root))
				}
				fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", opts...)
				require.Empty(t, fleet)
				require.ErrorContains(t, err, "the organisation cannot be listed: ", "%s %d: %s", operation, nth, body)
			}
		}
	}
}

func TestAnAnswerWithoutRegionsIsNotTheEnd(t *testing.T) {
	for _, nth := range []int{1, 2} {
		for _, body := range noPages("Regions") {
			o := forty()
			o.PageSize = 1
			o.Global(id(5)).Fault(fakeaws.Fault{Service: "account", Nth: nth, Do: fakeaws.Body(body)})
			fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit")
			require.NoError(t, err)
			_, failed := jobsOf(t, fleet)
			require.Contains(t, lo.Map(failed, func(e *backupx.SourceError, _ int) string { return e.Source }), id(5)+"/us-east-1", "%d: %s", nth, body)
			require.Len(t, failed, 4)
		}
	}
}

// TestAnAccountThatLeftIsNoFailure has an account that leaves the organisation after it was listed, before its tags are.
func TestAnAccountThatLeftIsNoFailure(t *testing.T) {
	o := tagged()
	o.Global(id(0)).Fault(fakeaws.Fault{Operation: "ListTagsForResource", Nth: 2, Do: fakeaws.Error(400, "TargetNotFoundException", "We can't find it.")})
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Regions("us-east-1"), accounts.Tagged("team", "data"))
	require.NoError(t, err)
	require.Equal(t, names(append(append([]string{id(0)}, ids(2, 4)...), ids(8, 10)...), "us-east-1"), namesOf(fleet[:5]))
}

// TestAnAccountThatIsActivatedWhileItIsListed is on a second page too, because pages shift.
func TestAnAccountThatIsActivatedWhileItIsListed(t *testing.T) {
	o := forty()
	activated := o.Accounts[5]
	o.Accounts[5].State = "PENDING_ACTIVATION"
	o.Accounts = append(o.Accounts, activated)
	fleet, err := accounts.Fleet(t.Context(), o.Config("us-east-1"), "BackupAudit", accounts.Regions("us-east-1"))
	require.NoError(t, err)
	require.Contains(t, namesOf(fleet), id(5)+"/us-east-1")
	require.Len(t, fleet, 30)
}
