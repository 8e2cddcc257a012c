package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/parquet-go/parquet-go"

	backupxbeam "github.com/backupx-go/backupx/beam"
)

func init() {
	register.DoFn3x1[context.Context, string, func(*[]byte) bool, error](&writeFn{})
	register.DoFn3x1[context.Context, string, func(*[]byte) bool, error](&writeLettersFn{})
	register.Function2x1(letterLine)
	register.Iter1[[]byte]()
}

// filesWritten is how many files a run wrote.
func filesWritten(r beam.PipelineResult) (n int64) {
	for _, c := range r.Metrics().AllMetrics().Counters() {
		if c.Namespace() == "lake" && c.Name() == "files" {
			n += c.Result()
		}
	}
	return n
}

// write writes rows of a listing by their partition.
func (j job) write(s beam.Scope, list string, rows beam.PCollection) {
	beam.ParDo0(s, &writeFn{Out: j.out, List: list, Run: j.name, Formats: j.formats}, beam.GroupByKey(s, rows))
}

// deadLetters is the file of the dead letters.
func (j job) deadLetters() string { return j.out + "/dead-letters/" + j.name + ".ndjson" }

func (j job) writeDeadLetters(s beam.Scope, dead beam.PCollection) {
	lines := beam.ParDo(s, letterLine, dead)
	beam.ParDo0(s, &writeLettersFn{File: j.deadLetters()}, beam.GroupByKey(s, lines))
}

// writeFn writes the files of a partition. Their names and their bytes are the same however often it runs, so that a bundle
// that runs again replaces what it wrote. The name of the run is in the names of the files, so that what is listed later,
// from dead letters, comes beside what is there.
type writeFn struct {
	Out, List, Run string
	Formats        []string
}

func (f *writeFn) ProcessElement(ctx context.Context, partition string, texts func(*[]byte) bool) error {
	rows, err := sorted(texts)
	if err != nil {
		return err
	}
	for _, format := range f.Formats {
		body, err := encoded(format, rows)
		if err != nil {
			return err
		}
		if err := writeFile(ctx, f.Out+"/"+format+"/"+f.List+"/"+partition+"/"+f.Run+"."+format, body); err != nil {
			return err
		}
	}
	return nil
}

// sorted are rows in the order of their ids. A day of an account fits in memory.
func sorted(texts func(*[]byte) bool) (rows []row, err error) {
	for text := []byte(nil); texts(&text); {
		var r row
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Source, b.Source))
	})
	return rows, nil
}

func encoded(format string, rows []row) ([]byte, error) {
	var body bytes.Buffer
	if format == "parquet" {
		err := parquet.Write(&body, rows, parquet.Compression(&parquet.Snappy))
		return body.Bytes(), err
	}
	lines := json.NewEncoder(&body)
	for _, r := range rows {
		if err := lines.Encode(r); err != nil {
			return nil, err
		}
	}
	return body.Bytes(), nil
}

// letterLine is a dead letter as a line, all of them under one key: they go into one file.
func letterLine(d backupxbeam.DeadLetter, emit func(string, []byte)) error {
	line, err := json.Marshal(d)
	if err == nil {
		emit("", line)
	}
	return err
}

type writeLettersFn struct{ File string }

func (f *writeLettersFn) ProcessElement(ctx context.Context, _ string, texts func(*[]byte) bool) error {
	var lines []string
	for text := []byte(nil); texts(&text); {
		lines = append(lines, string(text)+"\n")
	}
	slices.Sort(lines)
	var body bytes.Buffer
	for _, line := range lines {
		body.WriteString(line)
	}
	return writeFile(ctx, f.File, body.Bytes())
}
