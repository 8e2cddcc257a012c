package main

import (
	"slices"
	"strings"

	"github.com/samber/lo"
)

// stateInks returns the states of jobs with their colours, in the order of bars from the bottom.
func stateInks() []lo.Entry[string, ink] {
	return []lo.Entry[string, ink]{
		{Key: "COMPLETED", Value: inkCompleted},
		{Key: "PARTIAL", Value: inkPartial},
		{Key: "FAILED", Value: inkFailed},
		{Key: "EXPIRED", Value: inkExpired},
		{Key: "ABORTED", Value: inkAborted},
		{Key: "RUNNING", Value: inkRunning},
		{Key: "ABORTING", Value: inkWaiting},
		{Key: "PENDING", Value: inkWaiting},
		{Key: "CREATED", Value: inkWaiting},
	}
}

// underWay returns the states of jobs that have not ended.
func underWay() []string { return []string{"CREATED", "PENDING", "RUNNING", "ABORTING"} }

// present returns the states that occur with their colours. States that are not known come last.
func present(occur []string) []lo.Entry[string, ink] {
	known := stateInks()
	names := lo.Map(known, func(e lo.Entry[string, ink], _ int) string { return e.Key })
	out := lo.Filter(known, func(e lo.Entry[string, ink], _ int) bool { return slices.Contains(occur, e.Key) })
	unknown := lo.Without(occur, names...)
	slices.Sort(unknown)
	return append(out, lo.Map(unknown, func(s string, _ int) lo.Entry[string, ink] {
		return lo.Entry[string, ink]{Key: s, Value: inkFaint}
	})...)
}

// spokenOf returns the states as headings of columns.
func spokenOf(states []lo.Entry[string, ink]) []string {
	return lo.Map(states, func(e lo.Entry[string, ink], _ int) string { return spoken(e.Key) })
}

// legend returns the legend of states. Neighbours of the same colour share an entry.
func legend(states []lo.Entry[string, ink]) []Key {
	var keys []Key
	for _, e := range states {
		if last := len(keys) - 1; last >= 0 && keys[last].Ink == e.Value {
			keys[last].Label += ", " + spoken(e.Key)
			continue
		}
		keys = append(keys, Key{Label: spoken(e.Key), Mark: "■", Ink: e.Value})
	}
	return keys
}

// spoken returns a state as it stands in a sentence.
func spoken(state string) string { return strings.ToLower(plain(state)) }
