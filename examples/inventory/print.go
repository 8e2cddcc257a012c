package main

import (
	"encoding/json"
	"io"
)

// print writes the report, as JSON with -json and as text without.
func (o options) print(w io.Writer, r Report) error {
	if o.json {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(r)
	}
	_, err := io.WriteString(w, text(r, o))
	return err
}
