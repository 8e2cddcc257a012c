package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// failures counts the backup jobs that did not succeed, by message category and resource type.
type failures struct {
	cal     calendar
	byCause map[cause]*failed
}

// cause is the key that failures are counted by.
type cause struct{ category, kind string }

// failed is the failures of one cause: their number, and the newest.
type failed struct {
	cause

	count  int
	newest types.BackupJob
}

func newFailures(cal calendar) *failures { return &failures{cal, map[cause]*failed{}} }

func (t *failures) add(j types.BackupJob) {
	if !(backupx.BackupJobFilter{}).Unsuccessful().Match(j) {
		return
	}
	c := cause{cmp.Or(aws.ToString(j.MessageCategory), "not told"), kindOf(j.ResourceType)}
	if t.byCause[c] == nil {
		t.byCause[c] = &failed{cause: c, newest: j}
	}
	f := t.byCause[c]
	f.count++
	if newer(j, f.newest) {
		f.newest = j
	}
}

// newer reports whether job a was created after b. For equal times the id decides.
func newer(a, b types.BackupJob) bool {
	return cmp.Or(aws.ToTime(a.CreationDate).Compare(aws.ToTime(b.CreationDate)),
		cmp.Compare(aws.ToString(a.BackupJobId), aws.ToString(b.BackupJobId))) > 0
}

func (t *failures) total() int {
	return lo.SumBy(lo.Values(t.byCause), func(f *failed) int { return f.count })
}

func (t *failures) section() (Section, error) {
	s := Section{
		ID: "failures", Title: "Failures, by message category and resource type",
		Lead: "No backup job failed.",
		Note: "Backup jobs that are FAILED, EXPIRED, ABORTED or PARTIAL.",
	}
	if len(t.byCause) == 0 {
		return s, nil
	}
	categories := t.mostFirst(func(c cause) string { return c.category })
	kinds := t.mostFirst(func(c cause) string { return c.kind })
	s.Lead = fmt.Sprintf("%s did not succeed. Most often the category is %s, and the resource type %s.",
		plural(t.total(), "backup job"), plain(categories[0]), plain(kinds[0]))
	s.Table = t.table()
	s.Brief = t.brief(s.Table)
	desc := fmt.Sprintf("A grid of %s and %s %s; each cell is the number of jobs, the darker the more.",
		plural(len(kinds), "resource type"), number(len(categories)), lo.Ternary(len(categories) == 1, "message category", "message categories"))
	height := heightOf(len(kinds), 30, 40)
	p, err := picture("failures", s.Title, desc, heat{categories, kinds, t.count}.draw, wide(height), narrow(height+60))
	s.Pictures = []Picture{p}
	return s, err
}

// mostFirst returns the values of one part of the causes, those with the most failures first.
func (t *failures) mostFirst(part func(cause) string) []string {
	by := map[string]int{}
	for c, f := range t.byCause {
		by[part(c)] += f.count
	}
	return byCount(by)
}

func (t *failures) count(c cause) int {
	if f := t.byCause[c]; f != nil {
		return f.count
	}
	return 0
}

// table has one line a cause, with the message of its newest job.
func (t *failures) table() Table {
	out := Table{Head: []string{"Category", "Resource type", "Jobs", "What the newest said", "State", "Created"}, Left: []int{1, 3, 4, 5}, Prose: []int{3}}
	all := lo.Values(t.byCause)
	slices.SortFunc(all, func(a, b *failed) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.category, b.category), cmp.Compare(a.kind, b.kind))
	})
	for _, f := range all {
		out.Rows = append(out.Rows, []string{
			f.category, f.kind, number(f.count), cmp.Or(aws.ToString(f.newest.StatusMessage), "·"),
			spoken(string(f.newest.State)), t.cal.moment(f.newest.CreationDate),
		})
	}
	return out
}

// brief has the most frequent causes.
func (t *failures) brief(whole Table) Table {
	return Table{Head: whole.Head[:4], Left: []int{1, 3}, Rows: lo.Map(whole.Rows, func(r []string, _ int) []string {
		return []string{cut(r[0], 20), cut(r[1], 22), r[2], cut(r[3], 44)}
	})}.top(12)
}

func (t *failures) figure() Figure {
	n := t.total()
	return Figure{Label: "Not successful", Value: number(n), Note: cli.Plural(n, "backup job"), Bad: n > 0}
}
