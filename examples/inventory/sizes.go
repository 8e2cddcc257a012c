package main

import (
	"cmp"
	"strconv"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// sizes returns a table of the size that AWS reports for each resource type. It adds nothing up across types.
func sizes(all []Size) string {
	if len(all) == 0 {
		return ""
	}
	rows := [][]string{{"TYPE", "JOBS", "BYTES", "WHICH ARE"}}
	for _, s := range all {
		size := "·"
		if s.Reporting > 0 {
			size = cli.Bytes(s.Bytes)
		}
		rows = append(rows, []string{cmp.Or(s.ResourceType, "·"), strconv.Itoa(s.Jobs), size, s.Meaning})
	}
	return heading("Sizes of completed backup jobs", "not added up: AWS reports different things") + table(rows, 0, 3)
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
