package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// totals returns the counts of one service by region and state.
func (v view) totals(s service, by []Total) string {
	sum := Total{Region: "all", States: map[string]int{}, Children: new(int), Complete: true}
	var lines strings.Builder
	for _, t := range by {
		lines.WriteString(v.total(s, t))
		sum.add(t)
	}
	if len(by) > 1 {
		lines.WriteString(v.total(s, sum))
	}
	return v.heading(s.title, sum.covers()) + lines.String()
}

// total returns the line of a region: how many items, and how many in each state.
func (v view) total(s service, t Total) string {
	if t.Count == nil {
		return v.hang("  ", t.Region+": not read")
	}
	count := lo.Ternary(*t.Count == 0, "none", strconv.Itoa(*t.Count))
	if !t.Complete {
		count = fmt.Sprintf("at least %d, not all read", *t.Count)
	}
	states := lo.Map(ordered(s.states, t.States), func(state string, _ int) string { return fmt.Sprintf("%d %s", t.States[state], state) })
	if len(states) > 0 {
		count += ": " + strings.Join(states, ", ")
	}
	return v.hang("  ", t.Region+": "+count)
}

// ordered returns the states that occur, in the order of known; states that are not known come last.
func ordered(known []string, seen map[string]int) []string {
	unknown := lo.Without(slices.Sorted(maps.Keys(seen)), known...)
	return append(lo.Filter(known, func(s string, _ int) bool { return seen[s] > 0 }), unknown...)
}

// add adds what was read of another total. A total of which nothing was read makes the sum incomplete.
func (t *Total) add(other Total) {
	if other.Count != nil {
		t.Count = lo.ToPtr(lo.FromPtr(t.Count) + *other.Count)
	}
	*t.Children += lo.FromPtr(other.Children)
	t.Complete = t.Complete && other.Complete
	for state, n := range other.States {
		t.States[state] += n
	}
	if other.From != nil && (t.From == nil || other.From.Before(*t.From)) {
		t.From = other.From
	}
	if other.To != nil && (t.To == nil || other.To.After(*t.To)) {
		t.To = other.To
	}
}

// covers says which time a total spans and how many child jobs it leaves out.
func (t *Total) covers() string {
	var parts []string
	if t.From != nil {
		parts = append(parts, fmt.Sprintf("created %s to %s", short(*t.From), moment(*t.To)))
	}
	if children := lo.FromPtr(t.Children); children > 0 {
		are := lo.Ternary(children == 1, "is in its parent", "are in their parents")
		parts = append(parts, cli.Count(children, "child job")+" "+are)
	}
	return strings.Join(parts, "; ")
}
