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

// kind returns the CSS class of a column.
func (t Table) kind(column int) string {
	switch {
	case slices.Contains(t.Prose, column):
		return "text prose"
	case column == 0 || slices.Contains(t.Left, column):
		return "text"
	}
	return "number"
}

// Small reports whether the pictures of the section fit beside one another.
func (s Section) Small() bool { return len(s.Pictures) > 0 && s.Pictures[0].Small }
