package backupx_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func TestOpsWorksFiltersOnTheWire(t *testing.T) {
	type f = backupx.OpsWorksFilter
	items := opsWorksKind().items
	first, second := *items[0].BackupId, *items[1].BackupId
	if second < first {
		first, second = second, first
	}
	for name, c := range map[string]struct {
		filter f
		asked  []params
	}{
		"everything":           {f{}, []params{{}}},
		"ids":                  {f{}.IDs(first, second), []params{{"BackupId": first}, {"BackupId": second}}},
		"no id":                {f{}.IDs(), nil},
		"servers":              {f{}.Servers("puppet-01", "automate-01"), []params{{"ServerName": "automate-01"}, {"ServerName": "puppet-01"}}},
		"ids and servers":      {f{}.IDs(first).Servers("automate-01", "puppet-01"), []params{{"BackupId": first}}},
		"no server of some":    {f{}.Servers("puppet-01").Servers("automate-01"), nil},
		"checked on items":     {f{}.Types("MANUAL").Engines("Puppet").States("OK").CreatedAfter(day).CreatedBetween(day, day.Add(1)), []params{{}}},
		"no status":            {f{}.States(), nil},
		"too many ids to send": {f{}.IDs(numbers("id", 17)...).Servers("puppet-01"), []params{{"ServerName": "puppet-01"}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := fakeaws.New(fakeaws.Data{OpsWorks: items})
			requireAsks(t, s, clientOf(s).OpsWorksBackups(c.filter), c.asked)
			require.Equal(t, len(c.asked), c.filter.Explain().Chains)
		})
	}
}

func TestAnUnknownServerIsTheServicesError(t *testing.T) {
	client := clientOf(fakeaws.New(fakeaws.Data{OpsWorks: opsWorksKind().items}))
	err := errOf(t, client.OpsWorksBackups(backupx.OpsWorksFilter{}.Servers("nobody")))
	var unknown *backupx.OpsWorksResourceNotFoundException
	require.ErrorAs(t, err, &unknown)
	require.ErrorContains(t, err, "backupx: DescribeBackups: page 1: ")
}

func TestATokenOfOpsWorksIsFollowedIfOneComes(t *testing.T) {
	client := clientOf(fakeaws.New(fakeaws.Data{OpsWorks: opsWorksKind().items}, fakeaws.WithOpsWorksPaging(9)))
	requireCount(t, filterItems, client.OpsWorksBackups(backupx.OpsWorksFilter{}))
	requireCount(t, filterItems, client.OpsWorksBackups(backupx.OpsWorksFilter{}).PageSize(4))

	plain := clientOf(fakeaws.New(fakeaws.Data{OpsWorks: opsWorksKind().items}))
	err := errOf(t, plain.OpsWorksBackups(backupx.OpsWorksFilter{}).StartAt("foreign"))
	var token *backupx.OpsWorksInvalidNextTokenException
	require.ErrorAs(t, err, &token)
}
