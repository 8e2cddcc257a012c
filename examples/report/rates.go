package main

import (
	"fmt"
	"math"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"github.com/backupx-go/backupx"
)

// rates counts by day the backup jobs that ended and those that succeeded.
type rates struct {
	subject
	ended, succeeded []int
	issues           int // jobs that completed with issues
}

// week is the number of days that the smooth line averages over.
const week = 7

func newRates(s subject) *rates {
	return &rates{subject: s, ended: make([]int, s.cal.len()), succeeded: make([]int, s.cal.len())}
}

func (t *rates) add(j types.BackupJob) {
	day, ok := t.cal.day(j.CreationDate)
	if !ok {
		return
	}
	if j.State == types.BackupJobStateCompleted {
		t.succeeded[day]++
	}
	if backupx.BackupJobEnded(j.State) {
		t.ended[day]++
	}
	if (backupx.BackupJobFilter{}).CompletedWithIssues().Match(j) {
		t.issues++
	}
}

// over returns the success rate of the days from one to another, both included, in percent. ok is false if no
// job ended on them.
func (t *rates) over(from, to int) (percent float64, ok bool) {
	from = max(from, 0)
	ended := lo.Sum(t.ended[from : to+1])
	if ended == 0 {
		return 0, false
	}
	return 100 * float64(lo.Sum(t.succeeded[from:to+1])) / float64(ended), true
}

func (t *rates) section() (Section, error) {
	s := Section{
		ID: "success", Title: "Success rate", Lead: "No backup job ended.",
		Note: "The share of COMPLETED among the jobs that ended, by the day they were created. PARTIAL is no success. " +
			"The line is the rate over the seven days that end on that day.",
	}
	all, ok := t.over(0, t.cal.len()-1)
	if !ok {
		return s, nil
	}
	ended := lo.Sum(t.ended)
	s.Lead = fmt.Sprintf("%s of the %s that ended %s successful; %s of the successful ones completed with issues.",
		percent(all), plural(ended, "backup job"), lo.Ternary(ended == 1, "was", "were"), number(t.issues))
	s.Legend = []Key{{"each day", "●", inkAccent}, {"seven days", "━━", inkCompleted}}
	s.Tables = []Table{t.table()}
	daily, smooth := t.points(1), t.points(week)
	desc := fmt.Sprintf("Points and a line over %d days, in percent. %s", t.cal.len(), s.Lead)
	p, err := t.picture("success", s.Title, desc, t.draw(daily, smooth), wide(240), narrow(200))
	s.Pictures = []Picture{p}
	return s, err
}

// points returns the rate over a number of days, at the last of these days.
func (t *rates) points(days int) plotter.XYs {
	var out plotter.XYs
	for i := range t.cal.len() {
		if rate, ok := t.over(i-days+1, i); ok {
			out = append(out, plotter.XY{X: float64(i), Y: rate})
		}
	}
	return out
}

func (t *rates) draw(daily, smooth plotter.XYs) drawing {
	return func(p *plot.Plot, s size) error {
		columns(p, t.cal, s)
		p.Y.Min, p.Y.Max = t.floor(daily), 100
		p.Y.Tick.Marker = ticks(p.Y.Min, 100, roundStep((100-p.Y.Min)/5), percentMark)
		grid(p)
		l, err := plotter.NewLine(smooth)
		if err != nil {
			return err
		}
		l.LineStyle = line(inkCompleted, 2.5)
		dots, err := plotter.NewScatter(daily)
		if err != nil {
			return err
		}
		dots.GlyphStyle = draw.GlyphStyle{Color: inkAccent, Radius: 2.5, Shape: draw.CircleGlyph{}}
		p.Add(l, dots)
		return nil
	}
}

// floor returns where the axis of a rate starts: at a multiple of 20 below the worst day, at most 80.
func (t *rates) floor(daily plotter.XYs) float64 {
	worst := 100.0
	for _, p := range daily {
		worst = math.Min(worst, p.Y)
	}
	return math.Max(0, math.Min(80, math.Floor((worst-1)/20)*20))
}

func (t *rates) table() Table {
	out := numbers("Day", "ended", "succeeded", "rate", "rate of seven days")
	rate := func(from, to int) string {
		if v, ok := t.over(from, to); ok {
			return percent(v)
		}
		return t.none()
	}
	for i := range t.cal.len() {
		out.Rows = append(out.Rows, []string{
			t.cal.name(i), t.count(t.ended[i]), t.count(t.succeeded[i]), rate(i, i), rate(i-week+1, i),
		})
	}
	return out
}

func (t *rates) figure() Figure {
	f := Figure{Label: "Success rate", Value: "none", Note: "as no backup job ended"}
	if all, ok := t.over(0, t.cal.len()-1); ok {
		f.Value, f.Note = percent(all), "of the backup jobs that ended"
	}
	return t.reach.noted(f)
}
