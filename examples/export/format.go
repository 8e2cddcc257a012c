package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"

	"github.com/backupx-go/backupx/internal/rows"
)

// format is a format of the file. All have the same columns.
type format string

const (
	ndjsonFormat format = "ndjson"
	csvFormat    format = "csv"
)

// encoder writes rows to a file, through a buffer.
type encoder struct {
	write func(rows.Row) error
	flush func() error
}

// encoder returns the encoder of a file. The header of a CSV file is written at its start only.
func (f format) encoder(file io.Writer, start bool) encoder {
	if f == ndjsonFormat {
		w := bufio.NewWriter(file)
		lines := json.NewEncoder(w)
		return encoder{func(r rows.Row) error { return lines.Encode(r) }, w.Flush}
	}
	table := csv.NewWriter(file)
	if start {
		_ = table.Write(rows.Header()) // the table keeps the error
	}
	return encoder{func(r rows.Row) error { return table.Write(r.Cells()) }, func() error {
		table.Flush()
		return table.Error()
	}}
}
