package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/samber/lo"
)

// terminal returns the report as text for a terminal.
func terminal(r Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "AWS backups as of %s: %s\n%s\n", r.When(), plain(r.Source), r.Scope())
	if r.MadeUp {
		b.WriteString("No such account exists; run with -live for yours.\n")
	}
	for _, f := range r.Figures {
		fmt.Fprintf(&b, "  %-26s %8s  %s\n", f.Label, f.Value, f.Note)
	}
	b.WriteString(missing(r.Missing))
	for _, s := range r.Sections {
		fmt.Fprintf(&b, "\n%s\n%s%s", s.Title, cli.Wrap(plain(s.Lead), 98, "  "), s.Brief.text())
	}
	return b.String()
}

// missing lists what could not be read; it is empty for nothing.
func missing(gaps []Gap) string {
	if len(gaps) == 0 {
		return ""
	}
	out := "\nINCOMPLETE: this could not be read\n"
	for _, g := range gaps {
		out += cli.Wrap(plain(fmt.Sprintf("%s: %s: %s", g.Source, g.Kind, g.Error)), 98, "  ")
	}
	return out
}

// text aligns the rows in columns: text to the left, numbers to the right.
func (t Table) text() string {
	if len(t.Rows) == 0 {
		return ""
	}
	rows := append([][]string{lo.Map(t.Head, func(h string, _ int) string { return strings.ToUpper(h) })}, t.Rows...)
	widths := lo.Map(t.Head, func(_ string, i int) int { return width(rows, i) })
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		cells := lo.Map(row, func(cell string, i int) string {
			cell = plain(cell)
			if i > 0 && !slices.Contains(t.Left, i) {
				cell = strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)) + cell
			}
			return cell
		})
		fmt.Fprintln(w, "  "+strings.Join(cells, "\t"))
	}
	w.Flush() // writing to a strings.Builder never fails
	return trimLines(b.String())
}

// top returns the first n rows, and a row that says how many are left out.
func (t Table) top(n int) Table {
	if more := len(t.Rows) - n; more > 0 {
		last := make([]string, len(t.Head))
		last[0] = fmt.Sprintf("… and %d more", more)
		t.Rows = append(slices.Clone(t.Rows[:n]), last)
	}
	return t
}

func width(rows [][]string, column int) int {
	return lo.Max(lo.Map(rows, func(row []string, _ int) int { return utf8.RuneCountInString(plain(row[column])) }))
}

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lo.Map(lines, func(l string, _ int) string { return strings.TrimRight(l, " ") }), "\n")
}
