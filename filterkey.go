package backupx

import (
	"fmt"

	"github.com/samber/lo"
)

// key identifies a member of a filter. Keys are numbers and not strings: a mistyped name does not compile.
type key uint8

const (
	keyStates key = iota + 1
	keyIDs
	keySourceBackups
	keyClusters
	keyNeverExpires
	keyShared
	keyModes
	keyHSMTypes
	keySourceRegions
	keyServers
	keyTypes
	keyEngines
	keyAccounts
	keyVaults
	keySourceRecoveryPoints
	keyDestinationVaults
	keyParents
	keyResources
	keyMessageCategories
	keyResourceTypes

	keyCreatedAfter
	keyCreatedBefore
	keyCreatedFrom // CreatedBetween sets this one and keyCreatedTo
	keyCreatedTo
	keyCompletedAfter
	keyCompletedBefore
	keyDeletionDueBefore

	keyOldestFirst
	keyTopLevel
	keyCompletedWithIssues
	keyAllAccounts

	keyTags
)

// keyNames are the names of the members in JSON, in String and in checkpoints. They never change: filters and
// checkpoints are stored with them.
var keyNames = [...]string{
	keyStates:               "states",
	keyIDs:                  "ids",
	keySourceBackups:        "sourceBackups",
	keyClusters:             "clusters",
	keyNeverExpires:         "neverExpires",
	keyShared:               "shared",
	keyModes:                "modes",
	keyHSMTypes:             "hsmTypes",
	keySourceRegions:        "sourceRegions",
	keyServers:              "servers",
	keyTypes:                "types",
	keyEngines:              "engines",
	keyAccounts:             "accounts",
	keyVaults:               "vaults",
	keySourceRecoveryPoints: "sourceRecoveryPoints",
	keyDestinationVaults:    "destinationVaults",
	keyParents:              "parents",
	keyResources:            "resources",
	keyMessageCategories:    "messageCategories",
	keyResourceTypes:        "resourceTypes",

	keyCreatedAfter:      "createdAfter",
	keyCreatedBefore:     "createdBefore",
	keyCreatedFrom:       "createdFrom",
	keyCreatedTo:         "createdTo",
	keyCompletedAfter:    "completedAfter",
	keyCompletedBefore:   "completedBefore",
	keyDeletionDueBefore: "deletionDueBefore",

	keyOldestFirst:         "oldestFirst",
	keyTopLevel:            "topLevel",
	keyCompletedWithIssues: "completedWithIssues",
	keyAllAccounts:         "allAccounts",

	keyTags: "tags",
}

// String returns the member's name.
func (k key) String() string {
	if int(k) >= len(keyNames) || keyNames[k] == "" {
		return fmt.Sprintf("key(%d)", uint8(k))
	}
	return keyNames[k]
}

// kind says which list of a table a member is in.
type kind uint8

const (
	kindValues kind = iota + 1 // table.sets
	kindBound                  // table.times
	kindFlag                   // table.flags
	kindTags                   // the tags, if items have any
)

// kindOf returns the kind of a member, 0 if the table has no such member.
func (t *table[T]) kindOf(k key) kind {
	switch {
	case lo.ContainsBy(t.sets, func(m member[T]) bool { return m.key == k }):
		return kindValues
	case lo.ContainsBy(t.times, func(b bound[T]) bool { return b.key == k }):
		return kindBound
	case lo.ContainsBy(t.flags, func(f flag[T]) bool { return f.key == k }):
		return kindFlag
	case k == keyTags && t.tags != nil:
		return kindTags
	}
	return 0
}

// members knows the members of one filter type. Unlike the table, it has no type of items.
type members struct {
	filter string // the name of the filter type
	kindOf func(key) kind
}

func (t *table[T]) members() members { return members{t.name, t.kindOf} }

// must returns k. It panics if the filter has no such member, or one of another kind. Such a call is a mistake in
// this package: ignoring it would widen the filter.
func (ms members) must(k key, of kind) key {
	if ms.kindOf(k) != of {
		panic(fmt.Sprintf("backupx: %s has no such member %s", ms.filter, k))
	}
	return k
}
