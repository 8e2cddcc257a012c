package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"gonum.org/v1/plot"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// jobs counts backup jobs by day and state.
type jobs struct {
	subject
	byState map[string][]int // one count for each day
	total   int
	outside int // jobs created on none of the days
}

func newJobs(s subject) *jobs { return &jobs{subject: s, byState: map[string][]int{}} }

func (t *jobs) add(j types.BackupJob) {
	t.total++
	day, ok := t.cal.day(j.CreationDate)
	if !ok {
		t.outside++
		return
	}
	state := string(j.State)
	if t.byState[state] == nil {
		t.byState[state] = make([]int, t.cal.len())
	}
	t.byState[state][day]++
}

func (t *jobs) perDay() []int {
	sum := make([]int, t.cal.len())
	for _, days := range t.byState {
		for i, n := range days {
			sum[i] += n
		}
	}
	return sum
}

func (t *jobs) section() (Section, error) {
	s := Section{
		ID: "jobs", Title: "Backup jobs a day, by state",
		Lead: "No backup job was created " + t.cal.period() + ".",
		Note: "A job counts on the day it was created. AWS keeps jobs for 30 days: the first day is cut short, and the last is not over.",
	}
	if t.outside > 0 {
		s.Note += fmt.Sprintf(" %s created earlier, later, or at a time not told.", were(t.outside, "job"))
	}
	if len(t.byState) == 0 {
		return s, nil
	}
	states, perDay := present(lo.Keys(t.byState)), t.perDay()
	s.Lead = fmt.Sprintf("%s created %s: %s.", were(t.total-t.outside, "backup job"), t.cal.period(), t.sum(states))
	s.Legend, s.Tables, s.Briefs = legend(states), []Table{t.table(states, perDay)}, []Table{t.brief(perDay)}
	desc := fmt.Sprintf("Stacked bars, one a day from %s to %s. The most in a day: %d.",
		t.cal.label(0), t.cal.label(t.cal.len()-1), slices.Max(perDay))
	p, err := t.picture("jobs", s.Title, desc, t.draw(states, perDay), wide(300), narrow(240))
	s.Pictures = []Picture{p}
	return s, err
}

func (t *jobs) draw(states []lo.Entry[string, ink], perDay []int) drawing {
	return func(p *plot.Plot, s size) error {
		columns(p, t.cal, s)
		upTo(p, float64(slices.Max(perDay)), 5, whole)
		grid(p)
		return stack(p, barWidth(t.cal, s), false, lo.Map(states, func(e lo.Entry[string, ink], _ int) kindValues {
			return kindValues{e.Value, values(t.byState[e.Key])}
		}))
	}
}

// sum says how many jobs are in each state: "4 failed, 2 expired".
func (t *jobs) sum(states []lo.Entry[string, ink]) string {
	return strings.Join(lo.Map(states, func(e lo.Entry[string, ink], _ int) string {
		return fmt.Sprintf("%s %s", number(lo.Sum(t.byState[e.Key])), spoken(e.Key))
	}), ", ")
}

func (t *jobs) table(states []lo.Entry[string, ink], perDay []int) Table {
	out := numbers(slices.Concat([]string{"Day"}, spokenOf(states), []string{"all"})...)
	for i, n := range perDay {
		row := []string{t.cal.name(i)}
		for _, e := range states {
			row = append(row, t.count(t.byState[e.Key][i]))
		}
		out.Rows = append(out.Rows, append(row, t.count(n)))
	}
	return out
}

// brief has one line a day, with a bar of letters: # completed, ! ended without, - under way.
func (t *jobs) brief(perDay []int) Table {
	most := slices.Max(perDay)
	out := numbers("Day", "Jobs", "# done, ! not, - under way")
	out.Columns[2] = cli.Text
	for i, n := range perDay {
		done, open := t.on(i, "COMPLETED"), t.on(i, underWay()...)
		out.Rows = append(out.Rows, []string{t.cal.name(i), t.count(n), bar(44, most, done, n-done-open, open)})
	}
	return out
}

// on returns the number of jobs of a day in any of the states.
func (t *jobs) on(day int, states ...string) int {
	return lo.SumBy(states, func(s string) int {
		if days := t.byState[s]; days != nil {
			return days[day]
		}
		return 0
	})
}

// bar returns the letters for the jobs of a day. most jobs are width letters long.
func bar(width, most, done, failed, open int) string {
	part := func(letter string, from, n int) string {
		return strings.Repeat(letter, (from+n)*width/most-from*width/most)
	}
	return part("#", 0, done) + part("!", done, failed) + part("-", done+failed, open)
}

func (t *jobs) figure() Figure {
	return t.reach.figure(Figure{Label: "Backup jobs", Note: t.cal.period()}, t.total-t.outside)
}
