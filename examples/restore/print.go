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

// plan returns a table of the chosen backups, with the hours that are left, and lines for the other backups of -id.
func (r rescue) plan(backups, others []hsmtypes.Backup) string {
	text := cli.Wrap(fmt.Sprintf("CloudHSM backups pending deletion at %s UTC", moment(&r.now)), r.width, "") + cli.Wrap(r.note, r.width, "")
	if len(backups) > 0 {
		rows := [][]string{{"LEFT", "BACKUP", "CLUSTER", "CREATED (UTC)", "DELETES AT (UTC)", "TAGS"}}
		for _, b := range backups {
			rows = append(rows, []string{
				hoursLeft(b, r.now), aws.ToString(b.BackupId), cmp.Or(aws.ToString(b.ClusterId), "·"),
				day(b.CreateTimestamp), moment(b.DeleteTimestamp), tags(b),
			})
		}
		text += "\n" + cli.Fit(r.width, []cli.Column{cli.Number, cli.Whole, cli.Whole, cli.Short, cli.Short, cli.Text}, rows)
	}
	for i, b := range others {
		why := lo.Ternary(b.BackupState == hsmtypes.BackupStatePendingDeletion, "another flag leaves it out", "not pending deletion")
		text += lo.Ternary(i == 0, "\n", "") + fmt.Sprintf("%s is %s: %s\n", aws.ToString(b.BackupId), b.BackupState, why)
	}
	return text
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
	return fmt.Sprintf("%.1f h", float64(left/(time.Hour/10))/10)
}

// tags returns the tags of a backup, sorted by key.
func tags(b hsmtypes.Backup) string {
	all := lo.Map(b.TagList, func(t hsmtypes.Tag, _ int) string { return aws.ToString(t.Key) + "=" + aws.ToString(t.Value) })
	slices.Sort(all)
	return cmp.Or(strings.Join(all, " "), "·")
}

// report returns a table of the outcomes, the errors, and a summary.
func (r rescue) report(outcomes []outcome) string {
	rows, errs := [][]string{{"BACKUP", "STATE", "OUTCOME"}}, ""
	for _, o := range outcomes {
		rows = append(rows, []string{o.id, string(o.state), o.text()})
		if o.err != nil {
			errs += "\n" + o.id + "\n" + cli.Wrap(cli.OneLine(o.err.Error()), r.width-2, "  ")
		}
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
	table := cli.Fit(r.width, []cli.Column{cli.Whole, cli.Short, cli.Short}, rows)
	return "\n" + table + errs + "\n" + cli.Wrap(summary+".", r.width, "")
}

func (o outcome) text() string {
	switch {
	case o.err == nil:
		return "restored"
	case o.restored:
		return "restored, but not seen READY"
	case o.unknown():
		return "PERHAPS RESTORED"
	}
	return "FAILED"
}

// day formats the day of a time in UTC, with a dot for nil.
func day(t *time.Time) string { return moment(t)[:min(len(time.DateOnly), len(moment(t)))] }

// moment formats a time in UTC, to the minute, with a dot for nil.
func moment(t *time.Time) string {
	if t == nil {
		return "·"
	}
	return t.UTC().Format("2006-01-02 15:04")
}
