package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/recency"
)

// attention returns the details of what needs attention. Each list shows at most -show lines.
func (v view) attention() string {
	const unsure = "; a later success may be unread"
	out := v.table("Not backed up within "+span(v.maxAge), v.overdue()) +
		v.problems("Backup jobs that failed", v.BackupJobs) +
		v.problems("Backup jobs that failed"+unsure, v.UnsureBackupJobs) +
		v.lateJobs() +
		v.problems("Copy jobs that failed", v.CopyJobs) +
		v.problems("Copy jobs that failed"+unsure, v.UnsureCopyJobs) +
		v.pendingDeletion() +
		v.problems("OpsWorks CM backups that failed", v.OpsWorksBackups) +
		v.problems("OpsWorks CM backups that failed"+unsure, v.UnsureOpsWorks)
	if v.cured {
		out += v.problems("Backup jobs that failed, cured since", v.CuredBackupJobs) +
			v.problems("Copy jobs that failed, cured since", v.CuredCopyJobs) +
			v.problems("OpsWorks CM backups that failed, cured since", v.CuredOpsWorks)
	}
	return out
}

// table lists resources with their newest backup.
func (v view) table(title string, all []Resource) string {
	if len(all) == 0 {
		return ""
	}
	rows := [][]string{{"AGE", "NEWEST (UTC)", "JOBS", "TYPE", "WHERE", "RESOURCE"}}
	for _, r := range shown(v, all) {
		rows = append(rows, []string{
			r.age(), r.newest(), strconv.Itoa(r.Jobs), r.ResourceType, v.where(r.Region, r.Account), r.Resource,
		})
	}
	columns := []cli.Column{cli.Number, cli.Short, cli.Number, cli.Text, cli.Text, cli.Whole}
	of := fmt.Sprintf("%d of %s", len(all), cli.Count(len(v.Resources), "resource"))
	return v.heading(title, of+v.missing(len(all), v.judges())) +
		cli.Fit(v.width, columns, rows) + v.rest(len(all), "more")
}

// problems lists failures by cause, each with its newest job, or with -all with every resource.
func (v view) problems(title string, all []Problem) string {
	if len(all) == 0 {
		return ""
	}
	out := v.heading(title, outcomes(all))
	for _, p := range shown(v, all) {
		out += v.problem(p)
	}
	return out + v.rest(len(all), "more "+cli.Plural(len(all)-v.show, "cause"))
}

func (v view) problem(p Problem) string {
	words := lo.Compact([]string{
		fmt.Sprintf("%d %s", p.Count, spoken(p.Outcome)), p.Category, behind("vault", p.vaultName()), planned(p.Plan), v.where(p.Region, p.Account),
	})
	out := v.hang("  ", strings.Join(words, ", "))
	resources := p.Resources[:1]
	if v.all {
		resources = p.Resources
	} else if len(p.Resources) > 1 {
		out += v.hang("    ", fmt.Sprintf("of %d resources, the newest:", len(p.Resources)))
	}
	for _, f := range resources {
		out += v.failed(f)
	}
	return out
}

// behind returns a name behind its noun; empty if there is no name.
func behind(noun, name string) string {
	return lo.Ternary(name == "", "", noun+" "+name)
}

// planned names the plan that started a job, if one did.
func planned(plan string) string {
	if plan == recency.OnDemand {
		return plan
	}
	return behind("plan", plan)
}

// failed describes the newest failed job of a resource.
func (v view) failed(f Failed) string {
	out := v.hang("    ", cmp.Or(f.Resource, "a resource without an ARN")) +
		v.hang("    ", strings.Join(lo.Compact([]string{moment(f.Created), f.ResourceType, "job " + f.ID, f.Message}), ", "))
	if c := f.CuredBy; c != nil {
		out += v.hang("    ", strings.Join(lo.Compact([]string{"cured by job " + c.ID, moment(c.Created), behind("vault", c.Vault)}), ", "))
	}
	return out
}

// outcomes counts the jobs of each outcome: "4 failed, 2 expired".
func outcomes(all []Problem) string {
	by := map[string]int{}
	for _, p := range all {
		by[p.Outcome] += p.Count
	}
	order := slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Compare(severity(a), severity(b)) })
	return strings.Join(lo.Map(order, func(o string, _ int) string {
		return fmt.Sprintf("%d %s", by[o], spoken(o))
	}), ", ")
}

// lateJobs lists the jobs that did not start in time, the latest first.
func (v view) lateJobs() string {
	if v.Late == nil || v.Late.Total == 0 {
		return ""
	}
	rows := [][]string{{"HOURS LATE", "STATE", "VAULT", "PLAN", "WHERE", "RESOURCE"}}
	for _, j := range v.Late.First {
		rows = append(rows, []string{decimal(j.HoursLate), j.State, j.Vault, j.Plan, v.where(j.Region, j.Account), j.Resource})
	}
	columns := []cli.Column{cli.Number, cli.Short, cli.Text, cli.Text, cli.Text, cli.Whole}
	return v.heading("Backup jobs past their StartBy", fmt.Sprintf("%d not started", v.Late.Total)) +
		cli.Fit(v.width, columns, rows) + v.rest(v.Late.Total, "more")
}

// pendingDeletion lists the CloudHSM backups that are due for deletion, with -all all that are pending, the first to be
// deleted first.
func (v view) pendingDeletion() string {
	if v.Deletions == nil {
		return ""
	}
	list, total := v.dueDeletions(), *v.Summary.Due
	if v.all {
		list, total = v.Deletions.First, v.Deletions.Total
	}
	if total == 0 {
		return ""
	}
	rows := [][]string{{"HOURS", "DELETES AT (UTC)", "BACKUP", "CLUSTER", "REGION"}}
	for _, d := range list {
		left, at := "·", "not told"
		if d.HoursLeft != nil {
			left, at = decimal(*d.HoursLeft), short(*d.DeleteAt)
		}
		rows = append(rows, []string{left, at, d.BackupID, d.ClusterID, d.Region})
	}
	columns := []cli.Column{cli.Number, cli.Short, cli.Whole, cli.Whole, cli.Text}
	due := fmt.Sprintf("%d of %d due within %s, which RestoreHSMBackup can still save", *v.Summary.Due, v.Deletions.Total, span(v.due))
	return v.heading("CloudHSM backups pending deletion", due+v.missing(total, []service{hsmBackups})) + cli.Fit(v.width, columns, rows) + v.rest(total, "more")
}

// notRead lists what the report lacks, and why.
func (v view) notRead() string {
	if v.Complete {
		return ""
	}
	out := v.heading("NOT READ", "this report is incomplete")
	for _, g := range v.NotReached {
		out += v.hang("  ", g.text()) + v.hang("    ", g.Error)
	}
	return out
}
