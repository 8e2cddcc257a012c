package filters_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/filters"
)

func TestEveryKeyHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for k := filters.KeyStates; k <= filters.KeyTags; k++ {
		name := k.String()
		require.Regexp(t, "^[a-z][A-Za-z]+$", name)
		require.False(t, seen[name], name)
		seen[name] = true
	}
	require.Equal(t, "key(0)", filters.Key(0).String())
	require.Equal(t, "key(99)", filters.Key(99).String())
}

// item is an item of the tables of the tests.
type item struct {
	state   string
	created *time.Time
}

// listed is a table with members of each kind but tags.
var listed = &filters.Table[item]{
	Name: "Filter",
	Sets: []filters.Member[item]{
		{Key: filters.KeyShared, Send: filters.OneValueAlways, Boolean: true},
		{Key: filters.KeyStates, Send: filters.OneValue, Value: func(i *item) string { return i.state }},
	},
	Times: filters.CreatedBounds(true, func(i *item) *time.Time { return i.created }),
	Flags: []filters.Flag[item]{{Key: filters.KeyOldestFirst}},
}

func TestAKeyThatTheTableDoesNotHavePanics(t *testing.T) {
	var c filters.Criteria
	q := listed.Plan(c).Queries()[0]
	blank := &filters.Table[item]{Name: "Blank"}
	for want, f := range map[string]func(){
		"backupx: Filter has no such member servers":        func() { listed.Narrow(c, filters.KeyServers, []string{"a"}) },
		"backupx: Filter has no such member createdAfter":   func() { listed.Narrow(c, filters.KeyCreatedAfter, nil) },
		"backupx: Filter has no such member key(0)":         func() { listed.Narrow(c, filters.Key(0), nil) },
		"backupx: Filter has no such member completedAfter": func() { listed.Limit(c, filters.KeyCompletedAfter, time.Now()) },
		"backupx: Filter has no such member states":         func() { listed.Limit(c, filters.KeyStates, time.Now()) },
		"backupx: Filter has no such member allAccounts":    func() { listed.Flag(c, filters.KeyAllAccounts) },
		"backupx: Filter has no such member tags":           func() { listed.Tag(c, "k", nil) },
		"backupx: Filter has no such member ids":            func() { q.Value(filters.KeyIDs) },
		"backupx: Filter has no such member vaults":         func() { q.Values(filters.KeyVaults) },
		"backupx: Filter has no such member oldestFirst":    func() { q.After(filters.KeyOldestFirst) },
		"backupx: Filter has no such member createdBefore":  func() { q.Value(filters.KeyCreatedBefore) },
		"backupx: Filter has no such member modes":          func() { q.Before(filters.KeyModes) },
		"backupx: Filter has no such member shared":         func() { q.Asks(filters.KeyShared) },
		"backupx: Blank has no such member createdFrom":     func() { blank.Between(c, time.Now(), time.Now()) },
	} {
		require.PanicsWithValue(t, want, f)
	}
}
