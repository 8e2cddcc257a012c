package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"slices"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// page writes the report as one HTML file.
func page(w io.Writer, r Report) error {
	t, err := template.New("page").Parse(pageHTML)
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

// Kinds returns the CSS classes of the columns. Only text that is long may wrap.
func (t Table) Kinds() []string {
	const long = 30
	return lo.Map(t.Columns, func(c cli.Column, i int) string {
		switch {
		case c == cli.Number:
			return "number"
		case c == cli.Text && slices.ContainsFunc(t.Rows, func(row []string) bool { return cli.Cells(row[i]) > long }):
			return "text prose"
		}
		return "text"
	})
}

// Small reports whether the pictures of the section fit beside one another.
func (s Section) Small() bool { return len(s.Pictures) > 0 && s.Pictures[0].Small }
