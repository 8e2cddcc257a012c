package main

import (
	"strconv"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// report has the result of each source, by its name.
type report map[string]*row

// row is the result of one source.
type row struct {
	name   string
	status string // "ok", or the kind of its failure
	pages  int
	jobs   int
	why    string
}

func newReport(fleet backupx.Fleet) report {
	return lo.SliceToMap(fleet, func(s backupx.Source) (string, *row) { return s.Name, &row{name: s.Name, status: "ok"} })
}

// status is the exit status of a listing that was not interrupted.
func (r report) status() int {
	if lo.SomeBy(lo.Values(r), func(r *row) bool { return r.status != "ok" }) {
		return exitPartial
	}
	return exitWhole
}

// table has the results in the order of the fleet.
func (r report) table(fleet backupx.Fleet, width int) string {
	rows := [][]string{{"source", "status", "pages", "jobs", ""}}
	for _, s := range fleet {
		rows = append(rows, r[s.Name].cells())
	}
	return cli.Fit(width, []cli.Column{cli.Whole, cli.Short, cli.Number, cli.Number, cli.Whole}, rows)
}

// cells leaves out the counts of a source of which no page was read: it may have jobs.
func (r *row) cells() []string {
	if r.status != "ok" && r.pages == 0 {
		return []string{r.name, r.status, "-", "-", r.why}
	}
	return []string{r.name, r.status, strconv.Itoa(r.pages), strconv.Itoa(r.jobs), r.why}
}
