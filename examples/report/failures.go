package main

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
)

// failures counts the backup jobs that did not succeed, by message category and resource type.
type failures struct {
	cal     calendar
	byCause map[cause]*failed
}

// cause is what a failure is counted by.
type cause struct{ category, kind string }

// failed is the failures of one cause.
type failed struct {
	cause

	count  int
	newest types.BackupJob
}

func newFailures(cal calendar) *failures { return &failures{cal, map[cause]*failed{}} }

func (t *failures) add(j types.BackupJob) {
	switch j.State {
	case types.BackupJobStateFailed, types.BackupJobStateAborted, types.BackupJobStateExpired, types.BackupJobStatePartial:
	default:
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

// newer tells whether a job was created after another; of two at one time the id decides.
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
	desc := fmt.Sprintf("A grid of %s and %s; each cell is the number of jobs, the darker the more.",
		plural(len(kinds), "resource type"), number(len(categories))+" message categories")
	height := heightOf(len(kinds), 30, 40)
	p, err := picture("failures", s.Title, desc, t.draw(categories, kinds), wide(height), narrow(height+60))
	s.Pictures = []Picture{p}
	return s, err
}

// mostFirst are the values of one part of the causes, those with the most failures first.
func (t *failures) mostFirst(part func(cause) string) []string {
	by := map[string]int{}
	for c, f := range t.byCause {
		by[part(c)] += f.count
	}
	return byCount(by)
}

// byCount are the keys with the highest counts first.
func byCount(counts map[string]int) []string {
	keys := lo.Keys(counts)
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return keys
}

// heat is a grid of counts: a column a category, a row a resource type, the first at the top.
type heat struct {
	categories, kinds []string
	count             func(cause) int
}

func (h heat) at(column, row int) cause { return cause{h.categories[column], h.kinds[row]} }

// Dims is the number of columns and rows.
func (h heat) Dims() (c, r int) { return len(h.categories), len(h.kinds) }

// Z is the count of a cell, rows from the bottom; not a number for none.
func (h heat) Z(c, r int) float64 {
	if n := h.count(h.at(c, len(h.kinds)-1-r)); n > 0 {
		return float64(n)
	}
	return math.NaN()
}

// X is where a column is.
func (h heat) X(c int) float64 { return float64(c) }

// Y is where a row is, from the bottom.
func (h heat) Y(r int) float64 { return float64(r) }

// heats are the colours of few and of many.
type heats struct{}

// Colors are the colours from few to many.
func (heats) Colors() []color.Color {
	return []color.Color{inkHeat1, inkHeat2, inkHeat3, inkHeat4, inkHeat5}
}

func (t *failures) draw(categories, kinds []string) drawing {
	grid := heat{categories, kinds, func(c cause) int {
		if f := t.byCause[c]; f != nil {
			return f.count
		}
		return 0
	}}
	return func(p *plot.Plot, s size) error {
		tight := s.class == "narrow"
		rowNames(p, lo.Map(kinds, func(k string, _ int) string { return cut(k, lo.Ternary(tight, 15, 26)) }))
		p.X.Min, p.X.Max = -0.5, float64(len(categories))-0.5
		p.X.LineStyle.Width = 0
		var ticks plot.ConstantTicks
		for i, c := range categories {
			ticks = append(ticks, plot.Tick{Value: float64(i), Label: cut(c, 18)})
		}
		p.X.Tick.Marker = ticks
		if tight || len(categories) > 7 {
			p.X.Tick.Label.Rotation = math.Pi / 2
			p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = text.XRight, text.YCenter
		}
		return grid.plot(p, s)
	}
}

// hot tells whether a count gets one of the last two heats: the heat map rounds to the nearest of five.
func hot(n, most float64) bool { return int(n/most*4+0.5) >= 3 }

// plot draws the cells, the gaps between them, and the numbers in them.
func (h heat) plot(p *plot.Plot, s size) error {
	cells := plotter.NewHeatMap(h, heats{})
	cells.NaN, cells.Min = inkSoft, 0
	p.Add(cells)
	var points plotter.XYs
	var texts []string
	var colors []ink
	for c := range h.categories {
		for r := range h.kinds {
			n := h.count(h.at(c, r))
			if n == 0 {
				continue
			}
			points = append(points, plotter.XY{X: float64(c), Y: row(r, len(h.kinds))})
			texts = append(texts, strconv.Itoa(n))
			colors = append(colors, lo.Ternary(hot(float64(n), cells.Max), inkHotText, inkText))
		}
	}
	if err := gaps(p, len(h.categories), len(h.kinds)); err != nil {
		return err
	}
	return labels(p, s, points, texts, colors, text.XCenter)
}

// table is a cause a line, and what the newest of its jobs said.
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
	return Figure{Label: "Not successful", Value: number(n), Note: "backup jobs", Bad: n > 0}
}
