package main

import (
	"fmt"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/samber/lo"
)

// row is the result of one source.
type row struct {
	name   string
	status string // "ok", or the kind of its failure
	pages  int
	jobs   int
	why    string
}

// status is the exit status of a listing that was not interrupted.
func status(rows []row) int {
	if lo.SomeBy(rows, func(r row) bool { return r.status != "ok" }) {
		return exitPartial
	}
	return exitWhole
}

var blanks = regexp.MustCompile(`(?m) +$`)

// table aligns the rows in columns, without blanks at the ends of lines.
func table(rows []row) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "source\tstatus\tpages\tjobs\t")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\n", r.name, r.status, r.pages, r.jobs, r.why)
	}
	w.Flush() // writing to a strings.Builder never fails
	return blanks.ReplaceAllString(b.String(), "")
}
