package main

import (
	"cmp"
	"strconv"

	"github.com/backupx-go/backupx/examples/internal/cli"
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
	return v.heading(title, "not added up: AWS reports different things") +
		cli.Fit(v.width, []cli.Column{cli.Text, cli.Number, cli.Number, cli.Text}, rows)
}

// meaning says what AWS reports as the size of a backup of this resource type.
func (s Size) meaning() string {
	switch {
	case s.Reporting == 0:
		return "not reported"
	case s.ResourceType == "EBS" || s.ResourceType == "EC2":
		return "provisioned size, each job anew"
	case s.ResourceType == "EFS":
		return "increments"
	case s.ResourceType == "RDS" && s.Bytes == 0:
		return "not reported: AWS says 0"
	}
	return "as reported"
}
