package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// text returns the report as text for people.
func text(r Report, o options) string {
	var b strings.Builder
	b.WriteString("AWS backups: what there is, and what needs attention\n")
	if r.Live {
		fmt.Fprintf(&b, "Live at %s: %s\n", moment(r.At), r.Source)
	} else {
		fmt.Fprintf(&b, "Recorded data of %s; run with -live for your account\n(%s)\n", moment(r.At), r.Source)
	}
	for _, s := range o.services(r.At) {
		b.WriteString(totals(s, lo.Filter(r.Totals, func(t Total, _ int) bool { return t.Service == s.id })))
	}
	b.WriteString(sizes(r.Sizes))
	b.WriteString(attention(r, o.show))
	b.WriteString(notReached(r))
	return b.String()
}

// totals returns the table of one service by region and state.
func totals(s service, by []Total) string {
	states := present(s.states, by)
	rows := [][]string{append(append([]string{"REGION"}, states...), "TOTAL")}
	sum := Total{Region: "all", States: map[string]int{}, Complete: true}
	for _, t := range by {
		rows = append(rows, totalRow(t, states))
		sum.add(t)
	}
	if len(by) > 1 {
		rows = append(rows, totalRow(sum, states))
	}
	switch {
	case sum.Count == 0 && sum.Complete:
		return heading(s.title, "none")
	case sum.Count == 0:
		return heading(s.title, "not reached, see below")
	}
	return heading(s.title, sum.covers()) + table(rows, 0)
}

// present returns the states that occur, in the order of known; states that are not known come last.
func present(known []string, by []Total) []string {
	seen := lo.Assign(lo.Map(by, func(t Total, _ int) map[string]int { return t.States })...)
	unknown := lo.Without(slices.Sorted(maps.Keys(seen)), known...)
	return append(lo.Filter(known, func(s string, _ int) bool { return seen[s] > 0 }), unknown...)
}

func totalRow(t Total, states []string) []string {
	row := []string{t.Region}
	for _, s := range states {
		row = append(row, count(t.States[s]))
	}
	total := strconv.Itoa(t.Count)
	if !t.Complete {
		total += "+"
	}
	return append(row, total)
}

// count formats a number for a table, with a dot for zero.
func count(n int) string {
	if n == 0 {
		return "·"
	}
	return strconv.Itoa(n)
}

func (t *Total) add(other Total) {
	t.Count += other.Count
	t.Children += other.Children
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
		parts = append(parts, fmt.Sprintf("created %s to %s UTC", short(*t.From), short(*t.To)))
	}
	if t.Children > 0 {
		are := lo.Ternary(t.Children == 1, "is in its parent", "are in their parents")
		parts = append(parts, cli.Count(t.Children, "child job")+" "+are)
	}
	return strings.Join(parts, "; ")
}

// moment formats a time in UTC, to the minute, with the zone.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// short formats a time in UTC for a table, with a dot for the zero time.
func short(t time.Time) string {
	if t.IsZero() {
		return "·"
	}
	return t.UTC().Format("2006-01-02 15:04")
}
