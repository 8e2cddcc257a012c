package main

import (
	"encoding/json"
	"io"
)

// print writes the report, as JSON with -json, and otherwise as text of a width.
func (o options) print(w io.Writer, r Report, width int) error {
	if o.json {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(r)
	}
	_, err := io.WriteString(w, viewOf(r, o, width).text())
	return err
}
