package main

import (
	"cmp"
	"strconv"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// sizes returns a table of the size that AWS reports for each resource type. It adds nothing up across types.
func (v view) sizes() string {
	const title = "Sizes of completed backup jobs"
	switch {
	case v.Sizes == nil:
		return v.heading(title, "not read")
	case len(v.Sizes) == 0:
		return ""
	}
	rows := [][]string{{"TYPE", "JOBS", "BYTES", "WHICH ARE"}}
	for _, s := range v.Sizes {
		size := "·"
		if s.Reporting > 0 {
			size = cli.Bytes(s.Bytes)
		}
		rows = append(rows, []string{cmp.Or(s.ResourceType, "no type"), strconv.Itoa(s.Jobs), size, s.Meaning})
	}
	return v.heading(title, "not added up: AWS reports different things"+v.missing(len(v.Sizes), []service{backupJobs})) +
		cli.Fit(v.width, []cli.Column{cli.Text, cli.Number, cli.Number, cli.Text}, rows)
}

// meaning says what AWS reports as the size of a backup of this resource type.
func (s Size) meaning() string { return sources.SizeMeaning(s.ResourceType, s.Reporting, s.Bytes) }
