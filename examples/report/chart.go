package main

import (
	"html/template"
	"math"
	"strconv"

	"github.com/samber/lo"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// size is the size of a picture, in pixels of the page.
type size struct {
	class         string
	width, height vg.Length
	fontSize      vg.Length
	labels        int // most labels along the horizontal axis
}

func wide(height vg.Length) size   { return size{"wide", 880, height, 12, 9} }
func narrow(height vg.Length) size { return size{"narrow", 360, height, 11, 4} }
func small(height vg.Length) size  { return size{"small", 280, height, 11, 3} }

// drawn is the most rows that a picture has. The table has all.
const drawn = 20

// drawing draws a picture of a size into a plot.
type drawing func(p *plot.Plot, s size) error

// picture draws two sizes, for wide and for narrow pages.
func (s subject) picture(id, title, desc string, d drawing, large, tight size) (Picture, error) {
	out := s.titled(title, desc)
	var err error
	if out.Wide, err = render(id+"-wide", out, d, large); err != nil {
		return out, err
	}
	out.Narrow, err = render(id+"-narrow", out, d, tight)
	return out, err
}

// thumbnail draws one small size.
func (s subject) thumbnail(id, title, desc string, d drawing) (Picture, error) {
	out := s.titled(title, desc)
	out.Small = true
	var err error
	out.Wide, err = render(id, out, d, small(120))
	return out, err
}

// titled returns a picture that is not drawn yet. It says if something could not be read.
func (s subject) titled(title, desc string) Picture {
	remark := s.reach.remark()
	if remark != "" {
		desc += " There is " + remark + "."
	}
	return Picture{Title: title, Desc: desc, Remark: remark}
}

func render(id string, p Picture, d drawing, s size) (template.HTML, error) {
	c := newCanvas(s.width, s.height)
	plt := newPlot(s, c)
	if err := d(plt, s); err != nil {
		return "", err
	}
	plt.Title.Text = p.Remark
	plt.Draw(draw.Crop(draw.New(c), 1, -1, 1, -4))
	return c.svg(frame{id: id, class: s.class, title: p.Title, desc: p.Desc})
}

// newPlot returns an empty plot for a canvas, with the fonts and colours of the page.
func newPlot(s size, c *canvas) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.TextHandler = newLettering(c)
	p.Title.TextStyle.Handler = p.TextHandler
	p.Title.TextStyle.Font = letters(s.fontSize)
	p.Title.TextStyle.Color = inkFaint
	p.Title.Padding = 4
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle.Width = 0
		a.Padding = 0
		a.Tick.Length = 0
		a.Tick.Label.Color = inkFaint
		a.Tick.Label.Font = letters(s.fontSize)
		a.Tick.Label.Handler = p.TextHandler
	}
	p.X.LineStyle = line(inkGrid, 1)
	p.X.Padding = 3
	return p
}

func line(k ink, width vg.Length) draw.LineStyle { return draw.LineStyle{Color: k, Width: width} }

// grid adds horizontal grid lines.
func grid(p *plot.Plot) {
	g := plotter.NewGrid()
	g.Vertical.Width = 0
	g.Horizontal = line(inkGrid, 1)
	p.X.LineStyle.Width = 0
	p.Add(g)
}

// columns makes the horizontal axis one of the days of a calendar, and labels some of them.
func columns(p *plot.Plot, cal calendar, s size) {
	p.X.Min, p.X.Max = -0.6, float64(cal.len())-0.4
	every := (cal.len() + s.labels - 1) / s.labels
	var ticks []plot.Tick
	for i := cal.len() - 1 - every/2; i >= 0; i -= every {
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: cal.label(i)})
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
}

// barWidth returns the width of the bar of a day.
func barWidth(cal calendar, s size) vg.Length {
	return (s.width - 44) / vg.Length(cal.len()) * 0.74
}

// stack adds one bar chart for each kind, each on top of the one before.
func stack(p *plot.Plot, width vg.Length, horizontal bool, kinds []kindValues) error {
	var below *plotter.BarChart
	for _, k := range kinds {
		bars, err := plotter.NewBarChart(k.values, width)
		if err != nil {
			return err
		}
		bars.Color, bars.LineStyle.Width, bars.Horizontal = k.ink, 0, horizontal
		if below != nil {
			bars.StackOn(below)
		}
		p.Add(bars)
		below = bars
	}
	return nil
}

// kindValues are the bars of one kind.
type kindValues struct {
	ink    ink
	values plotter.Values
}

func values(counts []int) plotter.Values {
	return lo.Map(counts, func(n, _ int) float64 { return float64(n) })
}

// upTo makes the vertical axis go from zero to at least most, in about steps round steps.
func upTo(p *plot.Plot, most float64, steps int, label func(float64) string) {
	step := roundStep(most / float64(steps))
	p.Y.Min, p.Y.Max = 0, step*math.Max(1, math.Ceil(most/step))
	p.Y.Tick.Marker = ticks(0, p.Y.Max, step, label)
}

// ticks returns marks from one value to another, step apart.
func ticks(from, to, step float64, label func(float64) string) plot.ConstantTicks {
	var out plot.ConstantTicks
	for i := 0; from+float64(i)*step <= to+step/1e6; i++ {
		v := from + float64(i)*step
		out = append(out, plot.Tick{Value: v, Label: label(v)})
	}
	return out
}

// roundStep returns the first of 1, 2, 5, 10, 20, 50… that is not below v.
func roundStep(v float64) float64 {
	step := 1.0
	for {
		for _, f := range []float64{1, 2, 5} {
			if step*f >= v {
				return step * f
			}
		}
		step *= 10
	}
}

func whole(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }

// labels writes text into a plot, to the right of its points or on them.
func labels(p *plot.Plot, fontSize vg.Length, points plotter.XYs, texts []string, inks []ink, align text.XAlignment) error {
	if len(points) == 0 {
		return nil
	}
	l, err := plotter.NewLabels(plotter.XYLabels{XYs: points, Labels: lo.Map(texts, func(t string, _ int) string { return plain(t) })})
	if err != nil {
		return err
	}
	for i := range l.TextStyle {
		l.TextStyle[i].Font = letters(fontSize)
		l.TextStyle[i].Handler = p.TextHandler
		l.TextStyle[i].Color = inks[i]
		l.TextStyle[i].XAlign, l.TextStyle[i].YAlign = align, text.YCenter
	}
	p.Add(l)
	return nil
}

// sumsBeside writes the sum of each row behind its bar, row 0 at the top.
func (s subject) sumsBeside(p *plot.Plot, fontSize vg.Length, sums []int) error {
	points := lo.Map(sums, func(n, i int) plotter.XY {
		return plotter.XY{X: float64(n) + p.X.Max/100, Y: row(i, len(sums))}
	})
	texts := lo.Map(sums, func(n, _ int) string { return lo.Ternary(n == 0 && !s.reach.whole(), "?", number(n)) })
	return labels(p, fontSize, points, texts, lo.RepeatBy(len(sums), func(int) ink { return inkText }), text.XLeft)
}

// dashed draws a dashed line.
func dashed(p *plot.Plot, from, to plotter.XY) error {
	l, err := plotter.NewLine(plotter.XYs{from, to})
	if err != nil {
		return err
	}
	l.LineStyle = line(inkText, 1)
	l.Dashes = []vg.Length{3, 3}
	p.Add(l)
	return nil
}

// rowNames names the rows of a plot, the first at the top.
func rowNames(p *plot.Plot, names []string) {
	p.Y.Min, p.Y.Max = -0.5, float64(len(names))-0.5
	var ticks plot.ConstantTicks
	for i, name := range names {
		ticks = append(ticks, plot.Tick{Value: row(i, len(names)), Label: name})
	}
	p.Y.Tick.Marker = ticks
	p.Y.Tick.Label.Color = inkText
	p.Y.Padding = 6
}

// row returns the vertical position of row i of n. Row 0 is at the top, and plots count from the bottom.
func row(i, n int) float64 { return float64(n - 1 - i) }

// heightOf returns the height of a picture of rows.
func heightOf(rows int, each, rest vg.Length) vg.Length { return vg.Length(rows)*each + rest }
