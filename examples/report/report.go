package main

import (
	"cmp"
	"html/template"
	"time"

	"github.com/backupx-go/backupx/examples/internal/cli"
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
	Unread             bool // something of it could not be read
}

// Section is one subject of the report: a summary of a sentence or two, pictures, and tables of the numbers.
type Section struct {
	ID, Title, Lead string
	Unread          string // what of it could not be read, and why; empty if everything was
	Note            string // how the numbers are counted
	Legend          []Key
	Pictures        []Picture
	Tables          []Table
	Briefs          []Table // the shorter tables of the text
}

// Key is an entry of the legend of a section's pictures.
type Key struct {
	Label, Mark string // Mark is the shape that is drawn, as a character
	Ink         ink
}

// Picture is a picture in two sizes, for wide and for narrow pages.
type Picture struct {
	Title, Desc  string
	Remark       string // stands above the picture: that something could not be read
	Wide, Narrow template.HTML
	Small        bool // several pictures fit beside one another
}

// Table is rows of text under a head. The first column names the row.
type Table struct {
	Title   string // what sets it apart from the other tables of its section
	Head    []string
	Columns []cli.Column
	Rows    [][]string
	More    int // rows that were left out
}

// Name returns the title of the table, or that of its section.
func (t Table) Name(section string) string { return cmp.Or(t.Title, section) }
