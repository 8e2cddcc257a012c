package main

import (
	"encoding/json"
	"io"
)

// print writes the report in the form that was asked for.
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
