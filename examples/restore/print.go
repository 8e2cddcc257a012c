package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/samber/lo"
)

// plan returns a table of the chosen backups, with the hours that are left.
func plan(from origin, backups []hsmtypes.Backup) string {
	title := fmt.Sprintf("CloudHSM backups pending deletion at %s UTC, %s\n", moment(&from.now), from.note)
	if len(backups) == 0 {
		return title
	}
	rows := [][]string{{"HOURS LEFT", "BACKUP", "CLUSTER", "CREATED", "DELETED AT", "TAGS"}}
	for _, b := range backups {
		rows = append(rows, []string{
			fmt.Sprintf("%10s", hoursLeft(b, from.now)), aws.ToString(b.BackupId), cmp.Or(aws.ToString(b.ClusterId), "·"),
			moment(b.CreateTimestamp), moment(b.DeleteTimestamp), tags(b),
		})
	}
	return title + "\n" + cli.Table(rows)
}

// hoursLeft returns the hours until the deletion, with one decimal, rounded down.
func hoursLeft(b hsmtypes.Backup, now time.Time) string {
	if b.DeleteTimestamp == nil {
		return "not told"
	}
	left := b.DeleteTimestamp.Sub(now)
	if left <= 0 {
		return "due"
	}
	return fmt.Sprintf("%.1f", float64(left/(time.Hour/10))/10)
}

// tags returns the tags of a backup, sorted by key.
func tags(b hsmtypes.Backup) string {
	all := lo.Map(b.TagList, func(t hsmtypes.Tag, _ int) string { return aws.ToString(t.Key) + "=" + aws.ToString(t.Value) })
	slices.Sort(all)
	return cmp.Or(strings.Join(all, " "), "·")
}

// report returns a table of the outcomes, and a summary.
func report(outcomes []outcome) string {
	rows := [][]string{{"BACKUP", "STATE", "OUTCOME"}}
	for _, o := range outcomes {
		rows = append(rows, []string{o.id, string(o.state), o.text()})
	}
	unknown := lo.CountBy(outcomes, outcome.unknown)
	failed := lo.CountBy(outcomes, func(o outcome) bool { return !o.restored && !o.unknown() })
	doubtful := lo.CountBy(outcomes, func(o outcome) bool { return o.restored && o.err != nil })
	summary := cli.Count(len(outcomes)-failed-unknown-doubtful, "backup") + " restored"
	if failed > 0 {
		summary += fmt.Sprintf(", %d failed", failed)
	}
	if unknown > 0 {
		summary += fmt.Sprintf(", %d perhaps restored", unknown)
	}
	if doubtful > 0 {
		summary += fmt.Sprintf(", %d not seen READY", doubtful)
	}
	return "\n" + cli.Table(rows) + "\n" + summary + ".\n"
}

func (o outcome) text() string {
	switch {
	case o.err == nil:
		return "restored"
	case o.restored:
		return "restored, but not seen READY: " + o.err.Error()
	case o.unknown():
		return "PERHAPS RESTORED: " + o.err.Error()
	}
	return "FAILED: " + o.err.Error()
}

// moment formats a time in UTC, to the minute, with a dot for nil.
func moment(t *time.Time) string {
	if t == nil {
		return "·"
	}
	return t.UTC().Format("2006-01-02 15:04")
}
