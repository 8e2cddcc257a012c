package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// summary returns the answer in a few lines: what is not backed up, what failed and is not cured, what is about to be
// deleted, what has not started, what was not read.
func (v view) summary() string {
	title := fmt.Sprintf("NEEDS ATTENTION: %d", v.Findings)
	switch {
	case lo.EveryBy(v.Totals, func(t Total) bool { return t.Count == nil }):
		title = "NOTHING WAS READ"
	case v.Findings == 0 && !v.Complete:
		title = "Nothing that was read needs attention"
	case v.Findings == 0:
		title = "Nothing needs attention"
	}
	return v.heading(title, lo.Ternary(v.Complete, "", "this report is incomplete")) +
		v.notBackedUp() +
		v.answer("Failed, not cured", v.Summary.Failed, "resource", v.names(v.BackupJobs), backupJobs) +
		v.answer("Copies failed, not cured", v.Summary.FailedCopies, "resource", v.names(v.CopyJobs), copyJobs) +
		v.answer("Deleted within "+span(v.due), v.Summary.Due, "CloudHSM backup", v.dueNames(), hsmBackups) +
		v.answer("Not started in time", v.Summary.Late, "backup job", nil, backupJobs) +
		v.answer("OpsWorks CM, not cured", v.Summary.FailedOpsWorks, "server", v.names(v.OpsWorksBackups), opsWorksBackups) +
		v.gaps() + v.curedSince()
}

// notBackedUp answers which resources have no recent backup.
func (v view) notBackedUp() string {
	if v.maxAge == 0 {
		return v.hang("  ", "Not backed up: not judged (-max-age 0)")
	}
	overdue := v.overdue()
	names := v.named(lo.Map(overdue, func(r Resource, _ int) identity { return identity{r.Region, r.Account, r.ResourceType, r.Resource} }))
	names = lo.Map(names, func(name string, i int) string { return name + " (" + overdue[i].age() + ")" })
	return v.answer("Not backed up within "+span(v.maxAge), v.Summary.NotBackedUp, "resource", names, v.judges()...)
}

// judges returns the services that tell how old the newest backup of a resource is.
func (v view) judges() []service {
	if v.protected {
		return []service{backupJobs, protectedResources}
	}
	return []service{backupJobs}
}

// answer returns a line of the summary: how many there are, the first names, and where the services that tell it were not
// read. It is empty if they were not asked.
func (v view) answer(question string, count *int, noun string, names []string, from ...service) string {
	if !slices.ContainsFunc(v.services(), func(asked service) bool { return asked.id == from[0].id }) {
		return ""
	}
	if count == nil {
		return v.hang("  ", question+": not read")
	}
	text := question + ": " + lo.Ternary(*count == 0, "none", cli.Count(*count, noun)) + v.missing(*count, from)
	return v.hang("  ", text+first(names))
}

// missing says behind a count in which regions the services could not be read completely.
func (v view) missing(count int, from []service) string {
	gaps := lo.Filter(v.NotReached, func(g Gap, _ int) bool {
		return slices.ContainsFunc(from, func(s service) bool { return s.id == g.Service })
	})
	if len(gaps) == 0 {
		return ""
	}
	in := regions(gaps)
	partly := len(gaps) < len(in)*len(from) || lo.SomeBy(gaps, func(g Gap) bool { return g.Read > 0 })
	return lo.Ternary(count == 0, " that was read", "") + lo.Ternary(partly, ", not all read in ", ", not read in ") + strings.Join(in, ", ")
}

// regions returns the regions of gaps, each once.
func regions(gaps []Gap) []string {
	return lo.Uniq(lo.Map(gaps, func(g Gap, _ int) string { return g.Region }))
}

func (v view) dueNames() []string {
	return lo.Map(v.dueDeletions(), func(d Deletion, _ int) string { return d.BackupID + " " + d.when() })
}

// gaps says what was not read, and why in a few words.
func (v view) gaps() string {
	if v.Complete {
		return v.hang("  ", "Not read: nothing, everything was reached")
	}
	out := ""
	for _, gaps := range lo.PartitionBy(v.NotReached, func(g Gap) [2]string { return [2]string{g.Service, g.Reason} }) {
		out += v.hang("  ", "Not read: "+gaps[0].title()+" in "+strings.Join(regions(gaps), ", ")+": "+gaps[0].Reason)
	}
	return out
}

// curedSince says how many resources had failures that a later success cured, and of how many that may be unread.
func (v view) curedSince() string {
	out := ""
	if unsure := failing(v.UnsureBackupJobs, v.UnsureCopyJobs, v.UnsureOpsWorks); len(unsure) > 0 {
		out = v.hang("  ", "Failed, a later success may be unread: "+cli.Count(len(unsure), "resource")+first(v.named(unsure)))
	}
	if cured := failing(v.CuredBackupJobs, v.CuredCopyJobs, v.CuredOpsWorks); len(cured) > 0 {
		out += v.hang("  ", "Failed and cured since: "+cli.Count(len(cured), "resource")+lo.Ternary(v.cured, "", " (-cured)"))
	}
	return out
}

// age returns how old the newest backup is.
func (r Resource) age() string {
	if r.AgeHours == nil {
		return "none"
	}
	if *r.AgeHours < 48 {
		return decimal(*r.AgeHours) + " h"
	}
	return decimal(*r.AgeHours/24) + " d"
}

// newest returns when the newest backup completed.
func (r Resource) newest() string {
	if r.AgeHours == nil {
		return "none listed"
	}
	return short(r.last)
}

// dueDeletions returns the deletions that are due, the first to be deleted first.
func (v view) dueDeletions() []Deletion {
	if v.Deletions == nil {
		return nil
	}
	return lo.Filter(v.Deletions.First, func(d Deletion, _ int) bool { return d.Due })
}

// when says when a backup is deleted.
func (d Deletion) when() string {
	switch {
	case d.HoursLeft == nil:
		return "at a time that is not told"
	case *d.HoursLeft == 0:
		return "at any moment"
	}
	return "in " + decimal(*d.HoursLeft) + " h"
}

// decimal formats a number with one decimal.
func decimal(n float64) string { return fmt.Sprintf("%.1f", n) }
