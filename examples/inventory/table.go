package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"github.com/samber/lo"
)

// heading begins a section.
func heading(title, note string) string {
	if note != "" {
		title += " — " + note
	}
	return "\n" + title + "\n"
}

// table lays out rows in columns: those named flush left, numbers flush right.
func table(rows [][]string, left ...int) string {
	for column := range rows[0] {
		if !slices.Contains(left, column) {
			flushRight(rows, column)
		}
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, "  "+strings.Join(lo.Map(row, func(cell string, _ int) string { return clean(cell) }), "\t"))
	}
	w.Flush() // a strings.Builder does not fail
	return b.String()
}

// clean keeps text on its line: messages are whatever a service says.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

func flushRight(rows [][]string, column int) {
	width := 0
	for _, row := range rows {
		width = max(width, utf8.RuneCountInString(row[column]))
	}
	for _, row := range rows {
		row[column] = strings.Repeat(" ", width-utf8.RuneCountInString(row[column])) + row[column]
	}
}

// cut shortens text to a number of characters.
func cut(text string, most int) string {
	text = clean(text)
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
