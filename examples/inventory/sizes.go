package main

import (
	"cmp"
	"strconv"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// sizes stands beside each type what AWS reports about it, and adds nothing up.
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

// meaning is what AWS reports as the size of a backup, by resource type.
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
