package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// sizes adds up the bytes of completed backup jobs by resource type and day, never across types.
type sizes struct {
	subject
	byType map[string]*typeSize
}

// typeSize is the jobs and bytes of one resource type.
type typeSize struct {
	name            string
	jobs, reporting int
	days            []int64
}

func newSizes(s subject) *sizes { return &sizes{subject: s, byType: map[string]*typeSize{}} }

func (t *sizes) add(j types.BackupJob) {
	day, ok := t.cal.day(j.CreationDate)
	if !ok || j.State != types.BackupJobStateCompleted {
		return
	}
	name := kindOf(j.ResourceType)
	if t.byType[name] == nil {
		t.byType[name] = &typeSize{name: name, days: make([]int64, t.cal.len())}
	}
	one := t.byType[name]
	one.jobs++
	if j.BackupSizeInBytes != nil {
		one.reporting++
		one.days[day] += *j.BackupSizeInBytes
	}
}

// notTold stands for what the service does not tell.
const notTold = "not told"

// kindOf returns a resource type, or "not told" if there is none.
func kindOf(resourceType *string) string { return cmp.Or(aws.ToString(resourceType), notTold) }

func (s *typeSize) total() int64 { return lo.Sum(s.days) }

// meaning says what AWS reports as the size of a backup of this resource type.
func (s *typeSize) meaning() string { return sources.SizeMeaning(s.name, s.reporting, s.total()) }

func (t *sizes) section() (Section, error) {
	all := lo.Values(t.byType)
	slices.SortFunc(all, func(a, b *typeSize) int { return cmp.Compare(a.name, b.name) })
	told := lo.Filter(all, func(s *typeSize, _ int) bool { return s.total() > 0 })
	s := Section{
		ID: "bytes", Title: "Bytes over time, by resource type",
		Lead: fmt.Sprintf("AWS reports sizes for %d of %s. Each picture has a scale of its own.", len(told), plural(len(all), "resource type")),
		Note: "The sizes of completed backup jobs. They are not added up across types, for they are different things: " +
			"the provisioned size for EBS and EC2, the increment for EFS, nothing for some.",
	}
	if len(told) > 0 {
		s.Tables = []Table{t.table(told)}
	}
	s.Briefs = []Table{t.brief(all)}
	if len(all) == 0 {
		s.Lead, s.Briefs = "No backup job completed.", nil
	}
	for i, one := range told {
		p, err := t.thumbnail(fmt.Sprintf("bytes-%d", i+1), plain(one.name), t.describe(one), t.draw(one))
		if err != nil {
			return s, err
		}
		s.Pictures = append(s.Pictures, p)
	}
	return s, nil
}

func (t *sizes) describe(one *typeSize) string {
	return fmt.Sprintf("%s in %s, %s", cli.Bytes(one.total()), plural(one.jobs, "job"), one.meaning())
}

func (t *sizes) draw(one *typeSize) drawing {
	unit, scale := "B", int64(1)
	for _, prefix := range "KMGTPE" {
		if slices.Max(one.days) < 1024*scale {
			break
		}
		unit, scale = string(prefix)+"iB", scale*1024
	}
	bytes := plotter.Values(lo.Map(one.days, func(n int64, _ int) float64 { return float64(n) / float64(scale) }))
	return func(p *plot.Plot, s size) error {
		columns(p, t.cal, s)
		upTo(p, slices.Max(bytes), 2, func(v float64) string { return whole(v) + " " + unit })
		grid(p)
		return stack(p, barWidth(t.cal, s), false, []kindValues{{inkAccent, bytes}})
	}
}

// table has the bytes of each type by day, and their totals in the last line.
func (t *sizes) table(told []*typeSize) Table {
	out := numbers(append([]string{"Day"}, lo.Map(told, func(s *typeSize, _ int) string { return s.name })...)...)
	line := func(name string, bytes func(s *typeSize) int64) {
		row := []string{name}
		for _, s := range told {
			row = append(row, lo.Ternary(bytes(s) == 0, t.none(), cli.Bytes(bytes(s))))
		}
		out.Rows = append(out.Rows, row)
	}
	for i := range t.cal.len() {
		line(t.cal.name(i), func(s *typeSize) int64 { return s.days[i] })
	}
	line("All days", (*typeSize).total)
	return out
}

// brief has one line a type.
func (t *sizes) brief(all []*typeSize) Table {
	out := numbers("Type", "Jobs", "Bytes", "Which are")
	out.Columns[3] = cli.Short
	for _, s := range all {
		size := t.none()
		if s.reporting > 0 {
			size = cli.Bytes(s.total())
		}
		out.Rows = append(out.Rows, []string{s.name, number(s.jobs), size, s.meaning()})
	}
	return out
}
