package main

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// heading returns the first line of a section.
func heading(title, note string) string {
	if note != "" {
		title += " — " + note
	}
	return "\n" + title + "\n"
}

// table aligns rows in columns: the columns in left to the left, all others to the right.
func table(rows [][]string, left ...int) string {
	for column := range rows[0] {
		if !slices.Contains(left, column) {
			flushRight(rows, column)
		}
	}
	return cli.Table(rows)
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

// cut shortens text to at most a number of characters, in one line.
func cut(text string, most int) string {
	text = cli.OneLine(text)
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
