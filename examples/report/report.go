package main

import (
	"html/template"
	"time"
)

// Report is the content of the page and of the text.
type Report struct {
	At       time.Time // in the zone of the report
	Source   string
	MadeUp   bool
	Children bool // jobs with a parent are counted
	Hidden   int  // jobs with a parent that were left out
	Figures  []Figure
	Missing  []Gap
	Sections []Section
}

// Zone returns the name of the zone of all times.
func (r Report) Zone() string { return r.At.Location().String() }

// When formats the time of the report, with its zone.
func (r Report) When() string {
	return r.At.Format("Mon 2 Jan 2006, 15:04") + " " + r.Zone()
}

// Scope says which jobs are counted.
func (r Report) Scope() string {
	switch {
	case r.Children:
		return "Jobs with a parent are counted, beside their parents."
	case r.Hidden == 1:
		return "1 child job is left out: its parent tells how it ended."
	case r.Hidden > 0:
		return plural(r.Hidden, "child job") + " are left out: their parents tell how they ended."
	}
	return "Child jobs are left out: their parents tell how they ended."
}

// Figure is one of the numbers at the top of the report.
type Figure struct {
	Label, Value, Note string
	Bad                bool // it needs attention
}

// Gap is a part of the report that could not be read.
type Gap struct {
	Source, Kind, Error string
}

// Section is one subject of the report: a summary of a sentence or two, pictures, and a table of the numbers.
type Section struct {
	ID, Title, Lead string
	Note            string // how the numbers are counted
	Legend          []Key
	Pictures        []Picture
	Table           Table
	Brief           Table // the shorter table of the text
}

// Key is an entry of the legend of a section's pictures.
type Key struct {
	Label, Mark string // Mark is the shape that is drawn, as a character
	Ink         ink
}

// Picture is a picture in two sizes, for wide and for narrow pages.
type Picture struct {
	Title, Desc  string
	Wide, Narrow template.HTML
	Small        bool // several pictures fit beside one another
}

// Table is rows of text under a head. The first column names the row.
type Table struct {
	Head  []string
	Rows  [][]string
	Left  []int // columns of text; all others have numbers
	Prose []int // columns of text that may wrap
}
