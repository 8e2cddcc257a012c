package backupx

import (
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	"github.com/stretchr/testify/require"
)

func TestEveryKeyHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for k := keyStates; k <= keyTags; k++ {
		name := k.String()
		require.Regexp(t, "^[a-z][A-Za-z]+$", name)
		require.False(t, seen[name], name)
		seen[name] = true
	}
	require.Equal(t, "key(0)", key(0).String())
	require.Equal(t, "key(99)", key(99).String())
}

func TestAKeyThatTheTableDoesNotHavePanics(t *testing.T) {
	q := hsmBackups.plan(criteria{}).queries[0]
	for want, f := range map[string]func(){
		"backupx: BackupJobFilter has no such member servers":    func() { backupJobs.narrow(criteria{}, keyServers, []string{"a"}) },
		"backupx: CopyJobFilter has no such member createdAfter": func() { copyJobs.narrow(criteria{}, keyCreatedAfter, nil) },
		"backupx: HSMFilter has no such member completedAfter":   func() { hsmBackups.limit(criteria{}, keyCompletedAfter, time.Now()) },
		"backupx: HSMFilter has no such member states":           func() { hsmBackups.limit(criteria{}, keyStates, time.Now()) },
		"backupx: CopyJobFilter has no such member allAccounts":  func() { copyJobs.flag(criteria{}, keyAllAccounts) },
		"backupx: OpsWorksFilter has no such member tags":        func() { opsWorksBackups.tag(criteria{}, "k", nil) },
		"backupx: OpsWorksFilter has no such member key(0)":      func() { opsWorksBackups.narrow(criteria{}, key(0), nil) },
		"backupx: HSMFilter has no such member servers":          func() { q.value(keyServers) },
		"backupx: HSMFilter has no such member vaults":           func() { q.set(keyVaults) },
		"backupx: HSMFilter has no such member ids":              func() { q.at(keyIDs) },
		"backupx: HSMFilter has no such member shared":           func() { q.asks(keyShared) },
		"backupx: Blank has no such member createdFrom":          func() { (&table[int]{name: "Blank"}).between(criteria{}, time.Now(), time.Now()) },
	} {
		require.PanicsWithValue(t, want, f)
	}
}

func TestEveryMemberThatIsSentReachesTheRequest(t *testing.T) {
	t.Run(backupJobs.name, func(t *testing.T) { reachesTheRequest(t, backupJobs, query.backupJobs, backup.ListBackupJobsInput{}) })
	t.Run(copyJobs.name, func(t *testing.T) { reachesTheRequest(t, copyJobs, query.copyJobs, backup.ListCopyJobsInput{}) })
	t.Run(hsmBackups.name, func(t *testing.T) {
		reachesTheRequest(t, hsmBackups, query.hsmBackups, cloudhsmv2.DescribeBackupsInput{})
	})
	t.Run(opsWorksBackups.name, func(t *testing.T) {
		reachesTheRequest(t, opsWorksBackups, query.opsWorksBackups, OpsWorksDescribeBackupsInput{})
	})
}

// reachesTheRequest asks for each member by itself. One that the plan counts as sent and that the request leaves
// out would not be checked anywhere.
func reachesTheRequest[T, I any](t *testing.T, table *table[T], fill func(q query, in *I, token *string, size *int32), blank I) {
	keys := map[key]bool{}
	asks := func(k key, c criteria, onItems bool) {
		require.False(t, keys[k], "two members %s", k)
		keys[k] = true
		p := table.plan(c)
		var in I
		fill(p.queries[0], &in, nil, nil)
		inRequest := !reflect.DeepEqual(blank, in)
		require.Equal(t, !onItems, p.sent[k] || inRequest && table.onlyInRequests(k), "%s is checked on items, or sent", k)
		if !onItems {
			require.True(t, inRequest, "%s is sent, and the request does not have it", k)
		}
	}
	for _, m := range table.sets {
		require.True(t, m.value != nil || m.send == oneValueAlways || m.send == allValues, "no item shows %s, so that every request has to", m.key)
		asks(m.key, table.narrow(criteria{}, m.key, []string{"true"}), m.send == notSent)
	}
	for _, b := range table.times {
		asks(b.key, table.limit(criteria{}, b.key, time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)), !b.sent)
	}
	for _, f := range table.flags {
		asks(f.key, table.flag(criteria{}, f.key), f.keep != nil)
	}
}
