package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/samber/lo"
)

// attention returns the section of what needs attention. Each list shows at most show lines.
func attention(r Report, show int) string {
	switch {
	case r.Findings == 0 && len(r.NotReached) > 0:
		return heading("Nothing that was read needs attention", "")
	case r.Findings == 0:
		return heading("Nothing needs attention", "")
	}
	return heading(fmt.Sprintf("NEEDS ATTENTION: %d", r.Findings), "") +
		problems("Backup jobs", "VAULT", r.BackupJobs, show, r.places()) +
		late(r.Late) +
		problems("Copy jobs", "TO VAULT", r.CopyJobs, show, r.places()) +
		deletions(r.Deletions) +
		opsworks(r.OpsWorksBackups, show)
}

// problems lists jobs by vault, plan and message category, each line followed by the message of its newest
// job.
func problems(title, vault string, all []Problem, show int, where func(Cause) string) string {
	if len(all) == 0 {
		return ""
	}
	rows := [][]string{{"JOBS", "OUTCOME", vault, "PLAN", "CATEGORY", "WHERE"}}
	var newest []string
	for _, p := range all[:min(len(all), show)] {
		rows = append(rows, []string{
			strconv.Itoa(p.Count), strings.TrimPrefix(p.Outcome, "COMPLETED_WITH_"),
			cut(p.vaultName(), 30), cut(p.Plan, 16), cmp.Or(cut(p.Category, 18), "·"), where(p.Cause),
		})
		newest = append(newest, p.Newest.text())
	}
	return heading(title, outcomes(all)) +
		interleave(table(rows, 1, 2, 3, 4, 5), newest) + rest(len(all), show, "more "+cli.Plural(len(all)-show, "cause"))
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

// spoken returns an outcome as it stands in a sentence.
func spoken(outcome string) string {
	if outcome == withIssues {
		return "completed with issues"
	}
	return strings.ToLower(outcome)
}

// places returns a function that names the place of a cause: its region, and its account if the report has
// several.
func (r Report) places() func(Cause) string {
	account := func(p Problem, _ int) string { return p.Account }
	if len(lo.Uniq(lo.Map(append(slices.Clone(r.BackupJobs), r.CopyJobs...), account))) < 2 {
		return func(c Cause) string { return c.Region }
	}
	return func(c Cause) string { return strings.TrimSuffix(c.Region+" "+c.Account, " ") }
}

// text describes a job in one line.
func (j Job) text() string {
	name := strings.TrimSpace(j.ResourceType + " " + resourceName(j.Resource))
	return strings.Join(lo.Compact([]string{short(j.Created), name, j.Message}), ", ")
}

// interleave puts a line below each row of a table except the head.
func interleave(table string, below []string) string {
	var b strings.Builder
	for i, line := range strings.Split(strings.TrimSuffix(table, "\n"), "\n") {
		b.WriteString(line + "\n")
		if i > 0 {
			b.WriteString("        " + cut(below[i-1], 92) + "\n")
		}
	}
	return b.String()
}

// rest says how many lines are left out; it is empty if all are shown.
func rest(total, shown int, what string) string {
	if total <= shown {
		return ""
	}
	return fmt.Sprintf("  … and %d %s (-show %d)\n", total-shown, what, total)
}

// late lists the jobs that did not start in time, the latest first.
func late(l List[LateJob]) string {
	if l.Total == 0 {
		return ""
	}
	rows := [][]string{{"HOURS LATE", "STATE", "VAULT", "PLAN", "RESOURCE", "REGION"}}
	for _, j := range l.First {
		rows = append(rows, []string{
			decimal(j.HoursLate), j.State, cut(j.Vault, 24), cut(j.Plan, 16),
			cut(j.ResourceType+" "+resourceName(j.Resource), 26), j.Region,
		})
	}
	return heading("Backup jobs past their StartBy", fmt.Sprintf("%d not started", l.Total)) +
		table(rows, 1, 2, 3, 4, 5) + rest(l.Total, len(l.First), "more")
}

// deletions lists the CloudHSM backups that are pending deletion, the first to be deleted first.
func deletions(l List[Deletion]) string {
	if l.Total == 0 {
		return ""
	}
	rows := [][]string{{"HOURS LEFT", "BACKUP", "CLUSTER", "CREATED", "DELETED AT", "REGION"}}
	for _, d := range l.First {
		rows = append(rows, []string{
			d.left(), d.BackupID, cmp.Or(d.ClusterID, "·"), short(d.Created), short(lo.FromPtr(d.DeleteAt)), d.Region,
		})
	}
	return heading("CloudHSM backups pending deletion", fmt.Sprintf("%d, which RestoreHSMBackup can still save", l.Total)) +
		table(rows, 1, 2, 3, 4, 5) + rest(l.Total, len(l.First), "more")
}

func (d Deletion) left() string {
	if d.HoursLeft == nil {
		return "not told"
	}
	return decimal(*d.HoursLeft)
}

// opsworks lists the failed backups of OpsWorks CM.
func opsworks(all []Problem, show int) string {
	if len(all) == 0 {
		return ""
	}
	rows := [][]string{{"BACKUPS", "OUTCOME", "REGION", "NEWEST"}}
	for _, p := range all[:min(len(all), show)] {
		rows = append(rows, []string{strconv.Itoa(p.Count), p.Outcome, p.Region, cut(p.Newest.text(), 70)})
	}
	return heading("OpsWorks CM backups", outcomes(all)) + table(rows, 1, 2, 3) + rest(len(all), show, "more")
}

// notReached lists what the report lacks, and why.
func notReached(r Report) string {
	if len(r.NotReached) == 0 {
		return heading("Everything was reached", "")
	}
	var b strings.Builder
	b.WriteString(heading("NOT REACHED", "this report is incomplete"))
	services := lo.KeyBy(options{}.services(time.Time{}), func(s service) string { return s.id })
	for _, g := range r.NotReached {
		fmt.Fprintf(&b, "  %s in %s: %s%s\n", services[g.Service].title, g.Region, g.Reason, after(g.Read))
		b.WriteString(cli.Wrap(g.Error, 96, "    "))
	}
	return b.String()
}

// after says how many items were read before the failure; it is empty for none.
func after(read int) string {
	if read == 0 {
		return ""
	}
	return fmt.Sprintf(", after %d", read)
}

// vaultName is the name of the vault, with its region and account where they differ from the job's.
func (c Cause) vaultName() string {
	a, err := arn.Parse(c.Vault)
	if err != nil {
		return cmp.Or(c.Vault, "·")
	}
	name := strings.TrimPrefix(a.Resource, "backup-vault:")
	if a.Region != c.Region {
		name += " in " + a.Region
	}
	if c.Account != "" && a.AccountID != c.Account {
		name += " of " + a.AccountID
	}
	return name
}

// resourceName is the last part of an ARN: i-0123, my-bucket, MyTable.
func resourceName(resource string) string {
	a, err := arn.Parse(resource)
	if err != nil {
		return resource
	}
	return a.Resource[strings.LastIndexAny(a.Resource, "/:")+1:]
}

// decimal formats hours with one decimal.
func decimal(h float64) string { return strconv.FormatFloat(h, 'f', 1, 64) }
