package main

import (
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// terminal returns the report as text for a terminal of a width.
func terminal(r Report, width int) string {
	var b strings.Builder
	paragraph := func(text string) { b.WriteString(cli.Wrap(text, width-1, "")) }
	paragraph("AWS backups as of " + r.When() + ": " + plain(r.Source))
	paragraph(r.Scope())
	if r.MadeUp {
		paragraph("No such account exists; run with -live for yours.")
	}
	b.WriteString("\n" + figures(r.Figures, width) + missing(r.Missing, width))
	for _, s := range r.Sections {
		b.WriteString("\n" + cli.Wrap(s.Title, width-1, ""))
		for _, text := range lo.Compact([]string{s.Unread, s.Lead}) {
			b.WriteString(cli.Wrap(plain(text), width-3, "  "))
		}
		for _, t := range s.Briefs {
			b.WriteString(t.text(width))
		}
	}
	return b.String()
}

// figures returns a line for each figure. A figure that needs attention starts with an exclamation mark, one of
// what was not read with a question mark.
func figures(all []Figure, width int) string {
	const least = 24 // the cells that a text beside its label needs
	label := lo.Max(lo.Map(all, func(f Figure, _ int) int { return cli.Cells(f.Label) }))
	var b strings.Builder
	for _, f := range all {
		mark := lo.Ternary(f.Bad, "!", lo.Ternary(f.Unread, "?", " "))
		text := f.Value + lo.Ternary(strings.HasPrefix(f.Value, "not "), ": ", " ") + plain(f.Note)
		if room := width - label - 5; room >= least {
			lines := cli.Wrap(text, room, strings.Repeat(" ", label+4))
			fmt.Fprintf(&b, "%s %-*s  %s", mark, label, f.Label, strings.TrimLeft(lines, " "))
			continue
		}
		b.WriteString(mark + cli.Wrap(f.Label, width-3, "  ")[1:] + cli.Wrap(text, width-5, "    "))
	}
	return b.String()
}

// missing lists what could not be read; it is empty for nothing.
func missing(gaps []Gap, width int) string {
	if len(gaps) == 0 {
		return ""
	}
	out := "\nINCOMPLETE: this could not be read\n"
	for _, g := range gaps {
		out += cli.Wrap(plain(g.String()), width-3, "  ")
	}
	return out
}

// text aligns the rows in columns that fit a width, below the title of the table.
func (t Table) text(width int) string {
	if len(t.Rows) == 0 {
		return ""
	}
	head := lo.Map(t.Head, func(h string, _ int) string { return strings.ToUpper(h) })
	out := cli.Fit(width-1, t.Columns, append([][]string{head}, t.Rows...))
	if t.More > 0 {
		out += "  … and " + number(t.More) + " more\n"
	}
	if t.Title != "" {
		out = cli.Wrap(t.Title+":", width-3, "  ") + out
	}
	return out
}

// top returns the table of the first n rows.
func (t Table) top(n int) Table {
	t.More = max(0, len(t.Rows)-n)
	t.Rows = t.Rows[:len(t.Rows)-t.More]
	return t
}

// only returns some columns of the first n rows.
func (t Table) only(n int, columns ...int) Table {
	pick := func(row []string) []string { return lo.Map(columns, func(i, _ int) string { return row[i] }) }
	return Table{
		Title: t.Title, Head: pick(t.Head), Columns: lo.Map(columns, func(i, _ int) cli.Column { return t.Columns[i] }),
		Rows: lo.Map(t.Rows, func(row []string, _ int) []string { return pick(row) }),
	}.top(n)
}
