package backupx

import "fmt"

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

// members has the kinds of the members of one filter type.
type members struct {
	filter string // the name of the filter type
	kinds  map[key]kind
}

func (t *table[T]) members() members {
	ms := members{filter: t.name, kinds: map[key]kind{}}
	for _, m := range t.sets {
		ms.kinds[m.key] = kindValues
	}
	for _, b := range t.times {
		ms.kinds[b.key] = kindBound
	}
	for _, f := range t.flags {
		ms.kinds[f.key] = kindFlag
	}
	if t.tags != nil {
		ms.kinds[keyTags] = kindTags
	}
	return ms
}

// must returns k. It panics if the filter has no such member, or one of another kind. Such a call is a mistake in
// this package: ignoring it would widen the filter.
func (ms members) must(k key, of kind) key {
	if ms.kinds[k] != of {
		panic(fmt.Sprintf("backupx: %s has no such member %s", ms.filter, k))
	}
	return k
}
