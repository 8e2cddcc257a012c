package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// hsm collects CloudHSM backups.
type hsm struct {
	subject
	within  time.Duration // before their deletion, backups need attention
	backups []hsmBackup
}

// hsmBackup is a backup reduced to what the report needs.
type hsmBackup struct {
	id, cluster, region, state string
	created, deleted           *time.Time
	tags                       string
}

func newHSM(s subject, within time.Duration) *hsm { return &hsm{subject: s, within: within} }

func (t *hsm) add(region string, b hsmtypes.Backup) {
	tags := lo.Map(b.TagList, func(tag hsmtypes.Tag, _ int) string { return aws.ToString(tag.Key) + "=" + aws.ToString(tag.Value) })
	slices.Sort(tags)
	t.backups = append(t.backups, hsmBackup{
		id: aws.ToString(b.BackupId), state: string(b.BackupState), region: region,
		cluster: cmp.Or(aws.ToString(b.ClusterId), aws.ToString(b.SourceCluster), notTold),
		created: b.CreateTimestamp, deleted: b.DeleteTimestamp, tags: strings.Join(tags, " "),
	})
}

func (b hsmBackup) pending() bool { return b.state == string(hsmtypes.BackupStatePendingDeletion) }

// left returns how long after now the backup can still be restored; zero if the service gives no time.
func (b hsmBackup) left(now time.Time) time.Duration {
	if b.deleted == nil {
		return 0
	}
	return b.deleted.Sub(now)
}

// leftText formats left, or says that the service gives no time.
func (b hsmBackup) leftText(now time.Time) string {
	if b.deleted == nil {
		return notTold
	}
	return span(b.left(now))
}

// sentence says when the first backup will be deleted.
func (b hsmBackup) sentence(now time.Time) string {
	id := cut(b.id, 40)
	switch {
	case b.deleted == nil:
		return "When they will be deleted is not told."
	case b.left(now) <= 0:
		return "The deletion of " + id + " is due."
	}
	return fmt.Sprintf("The first to go, %s, can be restored for another %s.", id, span(b.left(now)))
}

// urgency returns the colour for the time that is left.
func (b hsmBackup) urgency(now time.Time) ink {
	switch left := b.left(now); {
	case b.deleted == nil:
		return inkGrid
	case left < 24*time.Hour:
		return inkFailed
	case left < 72*time.Hour:
		return inkPartial
	}
	return inkAccent
}

// pending returns the backups that are pending deletion, the first to be deleted first.
func (t *hsm) pending() []hsmBackup {
	out := lo.Filter(t.backups, func(b hsmBackup, _ int) bool { return b.pending() })
	slices.SortFunc(out, func(a, b hsmBackup) int {
		return cmp.Or(cmp.Compare(untold(a), untold(b)), cmp.Compare(a.left(t.cal.now), b.left(t.cal.now)), cmp.Compare(a.id, b.id), cmp.Compare(a.region, b.region))
	})
	return out
}

// soon reports whether a pending backup is deleted soon, or at a time that the service does not give.
func (t *hsm) soon(b hsmBackup) bool { return b.deleted == nil || b.left(t.cal.now) <= t.within }

// untold is a sort key that puts backups without a deletion time last.
func untold(b hsmBackup) int {
	if b.deleted == nil {
		return 1
	}
	return 0
}

// byCluster returns the backups of each cluster, and the sorted names of the clusters.
func (t *hsm) byCluster() (clusters []string, backups map[string][]hsmBackup) {
	backups = lo.GroupBy(t.backups, func(b hsmBackup) string { return b.cluster })
	clusters = lo.Keys(backups)
	slices.Sort(clusters)
	return clusters, backups
}

func (t *hsm) section() (Section, error) {
	pending := t.pending()
	s := Section{
		ID: "hsm", Title: "CloudHSM backups, and when they are deleted", Lead: "There are no CloudHSM backups.",
		Note: "A backup that is pending deletion can be restored until its DeleteTimestamp, by the account that owns it.",
	}
	if len(t.backups) == 0 {
		return s, nil
	}
	s.Legend, s.Tables, s.Briefs = t.legend(), []Table{t.table()}, []Table{t.brief(pending)}
	s.Note += t.undrawn()
	s.Lead = fmt.Sprintf("%s, none of them pending deletion.", plural(len(t.backups), "backup"))
	if len(pending) > 0 {
		s.Lead = fmt.Sprintf("%s, %d of them pending deletion. %s",
			plural(len(t.backups), "backup"), len(pending), pending[0].sentence(t.cal.now))
		due, err := t.deadlines(pending)
		if err != nil {
			return s, err
		}
		s.Pictures = append(s.Pictures, due)
	}
	all, err := t.timeline()
	s.Pictures = append(s.Pictures, all)
	return s, err
}

// table lists the backups that are pending deletion, then the others, newest first.
func (t *hsm) table() Table {
	others := lo.Filter(t.backups, func(b hsmBackup, _ int) bool { return !b.pending() })
	slices.SortFunc(others, func(a, b hsmBackup) int {
		return cmp.Or(aws.ToTime(b.created).Compare(aws.ToTime(a.created)), cmp.Compare(a.id, b.id), cmp.Compare(a.region, b.region))
	})
	out := Table{
		Head:    []string{"Backup", "State", "Can be restored for", "Deletes at", "Created", "Cluster", "Region", "Tags"},
		Columns: []cli.Column{cli.Whole, cli.Short, cli.Number, cli.Short, cli.Short, cli.Short, cli.Short, cli.Text},
	}
	for _, b := range append(t.pending(), others...) {
		left := "·"
		if b.pending() {
			left = b.leftText(t.cal.now)
		}
		out.Rows = append(out.Rows, []string{
			b.id, strings.ReplaceAll(spoken(b.state), "_", " "), left, t.cal.moment(b.deleted), t.cal.moment(b.created),
			b.cluster, b.region, cmp.Or(b.tags, "·"),
		})
	}
	return out
}

// brief lists the backups that are pending deletion, those that are deleted soon first.
func (t *hsm) brief(pending []hsmBackup) Table {
	out := Table{
		Head:    []string{"Pending deletion", "Left", "Deletes at", "Region"},
		Columns: []cli.Column{cli.Whole, cli.Number, cli.Short, cli.Short},
	}
	due, others := lo.FilterReject(pending, func(b hsmBackup, _ int) bool { return t.soon(b) })
	for _, b := range append(due, others...) {
		out.Rows = append(out.Rows, []string{b.id, b.leftText(t.cal.now), t.cal.moment(b.deleted), b.region})
	}
	return out.top(12)
}

func (t *hsm) figure() Figure {
	pending := t.pending()
	due := lo.CountBy(pending, t.soon)
	f := Figure{
		Label: "Deletes within " + ageOf(t.within), Bad: due > 0,
		Note: fmt.Sprintf("of %s that %s pending deletion", plural(len(pending), "CloudHSM backup"), lo.Ternary(len(pending) == 1, "is", "are")),
	}
	if len(pending) > 0 {
		f.Note += pending[0].note(t.cal.now)
	}
	return t.reach.figure(f, due)
}

// note says when the first backup will be deleted, as the end of a phrase.
func (b hsmBackup) note(now time.Time) string {
	switch {
	case b.deleted == nil:
		return ", when is not told"
	case b.left(now) <= 0:
		return ", the first is due"
	}
	return ", the first in " + span(b.left(now))
}
