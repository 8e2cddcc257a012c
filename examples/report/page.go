package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"slices"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// page writes the report as one HTML file.
func page(w io.Writer, r Report) error {
	t, err := template.New("page").Funcs(template.FuncMap{"kind": Table.kind}).Parse(pageHTML)
	if err != nil {
		return err
	}
	style := "\n" + pageCSS
	sum := sha256.Sum256([]byte(style))
	return t.Execute(w, struct {
		Report

		CSS    template.CSS
		Policy string
	}{
		r, template.CSS(style),
		"default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
	})
}

// When is the time of the report and its zone.
func (r Report) When() string {
	return r.At.Format("Mon 2 Jan 2006, 15:04") + " " + r.Zone()
}

// Scope says which jobs are counted.
func (r Report) Scope() string {
	switch {
	case r.Children:
		return "Jobs with a parent are counted, beside their parents."
	case r.Hidden > 0:
		return "Jobs with a parent are in their parents: " + plural(r.Hidden, "job") + " left out."
	}
	return "Jobs with a parent are in their parents."
}

// kind is the class of a column.
func (t Table) kind(column int) string {
	switch {
	case slices.Contains(t.Prose, column):
		return "text prose"
	case column == 0 || slices.Contains(t.Left, column):
		return "text"
	}
	return "number"
}

// Small tells whether the section's pictures fit beside one another.
func (s Section) Small() bool { return len(s.Pictures) > 0 && s.Pictures[0].Small }
