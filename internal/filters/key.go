package filters

import (
	"fmt"

	"github.com/samber/lo"
)

// Key identifies a member of a filter. Keys are numbers and not strings: a mistyped name does not compile.
type Key uint8

// The members of all filters. A filter has some of them, see its [Table].
const (
	KeyStates Key = iota + 1
	KeyIDs
	KeySourceBackups
	KeyClusters
	KeyNeverExpires
	KeyShared
	KeyModes
	KeyHSMTypes
	KeySourceRegions
	KeyServers
	KeyTypes
	KeyEngines
	KeyAccounts
	KeyVaults
	KeySourceRecoveryPoints
	KeyDestinationVaults
	KeySourceBackupJobs
	KeyPlans
	KeyParents
	KeyResources
	KeyMessageCategories
	KeyResourceTypes

	KeyCreatedAfter
	KeyCreatedBefore
	KeyCreatedFrom // CreatedBetween sets this one and KeyCreatedTo
	KeyCreatedTo
	KeyCompletedAfter
	KeyCompletedBefore
	KeyDeletionDueBefore

	KeyOldestFirst
	KeyTopLevel
	KeyCompletedWithIssues
	KeyAllAccounts

	KeyTags
)

// keyNames are the names of the members in JSON, in String and in checkpoints. They never change: filters and
// checkpoints are stored with them.
var keyNames = [...]string{
	KeyStates:               "states",
	KeyIDs:                  "ids",
	KeySourceBackups:        "sourceBackups",
	KeyClusters:             "clusters",
	KeyNeverExpires:         "neverExpires",
	KeyShared:               "shared",
	KeyModes:                "modes",
	KeyHSMTypes:             "hsmTypes",
	KeySourceRegions:        "sourceRegions",
	KeyServers:              "servers",
	KeyTypes:                "types",
	KeyEngines:              "engines",
	KeyAccounts:             "accounts",
	KeyVaults:               "vaults",
	KeySourceRecoveryPoints: "sourceRecoveryPoints",
	KeyDestinationVaults:    "destinationVaults",
	KeySourceBackupJobs:     "sourceBackupJobs",
	KeyPlans:                "plans",
	KeyParents:              "parents",
	KeyResources:            "resources",
	KeyMessageCategories:    "messageCategories",
	KeyResourceTypes:        "resourceTypes",

	KeyCreatedAfter:      "createdAfter",
	KeyCreatedBefore:     "createdBefore",
	KeyCreatedFrom:       "createdFrom",
	KeyCreatedTo:         "createdTo",
	KeyCompletedAfter:    "completedAfter",
	KeyCompletedBefore:   "completedBefore",
	KeyDeletionDueBefore: "deletionDueBefore",

	KeyOldestFirst:         "oldestFirst",
	KeyTopLevel:            "topLevel",
	KeyCompletedWithIssues: "completedWithIssues",
	KeyAllAccounts:         "allAccounts",

	KeyTags: "tags",
}

// String returns the member's name.
func (k Key) String() string {
	if int(k) >= len(keyNames) || keyNames[k] == "" {
		return fmt.Sprintf("key(%d)", uint8(k))
	}
	return keyNames[k]
}

// kind says which list of a table a member is in.
type kind uint8

const (
	kindValues kind = iota + 1 // Table.Sets
	kindBound                  // Table.Times
	kindFlag                   // Table.Flags
	kindTags                   // the tags, if items have any
)

// kindOf returns the kind of a member, 0 if the table has no such member.
func (t *Table[T]) kindOf(k Key) kind {
	switch {
	case lo.ContainsBy(t.Sets, func(m Member[T]) bool { return m.Key == k }):
		return kindValues
	case lo.ContainsBy(t.Times, func(b Bound[T]) bool { return b.Key == k }):
		return kindBound
	case lo.ContainsBy(t.Flags, func(f Flag[T]) bool { return f.Key == k }):
		return kindFlag
	case k == KeyTags && t.Tags != nil:
		return kindTags
	}
	return 0
}

// members knows the members of one filter type. Unlike the table, it has no type of items.
type members struct {
	filter string // the name of the filter type
	kindOf func(Key) kind
}

func (t *Table[T]) members() members { return members{t.Name, t.kindOf} }

// must returns k. It panics if the filter has no such member, or one of another kind. Such a call is a mistake in
// backupx: ignoring it would widen the filter.
func (ms members) must(k Key, of kind) Key {
	if ms.kindOf(k) != of {
		panic(fmt.Sprintf("backupx: %s has no such member %s", ms.filter, k))
	}
	return k
}
