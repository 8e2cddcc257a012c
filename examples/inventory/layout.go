package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// heading returns the first line of a section.
func (v view) heading(title, note string) string {
	if note != "" {
		title += " — " + note
	}
	return "\n" + v.hang("", title)
}

// hang breaks text into lines after an indent, those after the first one two cells farther in. Words stay whole.
func (v view) hang(indent, text string) string {
	farther := indent + "  "
	return indent + strings.TrimPrefix(cli.Wrap(cli.OneLine(text), v.width-len(farther), farther), farther)
}

// rest says how many lines are left out; it is empty if all are shown.
func (v view) rest(total int, what string) string {
	if total <= v.show {
		return ""
	}
	return v.hang("  ", fmt.Sprintf("… and %d %s (-all)", total-v.show, what))
}

// shown returns the first items, as many as -show lets through.
func shown[T any](v view, all []T) []T { return all[:min(len(all), v.show)] }

// moment formats a time in UTC, to the minute, with the zone.
func moment(t time.Time) string { return short(t) + " UTC" }

// short formats a time in UTC for a column that has the zone in its heading.
func short(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// span formats a duration as the flags take it: 24h, 90m.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
