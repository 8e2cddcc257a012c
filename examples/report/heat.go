package main

import (
	"image/color"
	"math"
	"slices"
	"strconv"

	"github.com/samber/lo"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// heat is a grid of counts. Columns are categories, rows are resource types, the first at the top.
type heat struct {
	categories, kinds []string
	counts            map[cause]int
	none              string // a dot for cells that are empty, a question mark for those of which more may be unread
}

func (h heat) at(column, row int) cause { return cause{h.categories[column], h.kinds[row]} }

// Dims returns the number of columns and rows.
func (h heat) Dims() (c, r int) { return len(h.categories), len(h.kinds) }

// Z returns the count of a cell, or NaN for zero. Row 0 is at the bottom.
func (h heat) Z(c, r int) float64 {
	if n := h.counts[h.at(c, len(h.kinds)-1-r)]; n > 0 {
		return float64(n)
	}
	return math.NaN()
}

// X returns the position of a column.
func (h heat) X(c int) float64 { return float64(c) }

// Y returns the position of a row, from the bottom.
func (h heat) Y(r int) float64 { return float64(r) }

// heats is the palette of the grid.
type heats struct{}

// Colors returns the colours, from low counts to high counts.
func (heats) Colors() []color.Color {
	return []color.Color{inkHeat1, inkHeat2, inkHeat3, inkHeat4, inkHeat5}
}

// hot reports whether a count gets one of the last two of the five colours. The heat map rounds to the
// nearest.
func hot(n, most float64) bool { return int(n/most*4+0.5) >= 3 }

// draw labels the rows and columns, then draws the cells. Column labels are vertical if there is little room.
func (h heat) draw(p *plot.Plot, s size) error {
	rowNames(p, lo.Map(h.kinds, func(k string, _ int) string { return kindLabel(k, s) }))
	p.X.Min, p.X.Max = -0.5, float64(len(h.categories))-0.5
	p.X.LineStyle.Width = 0
	p.X.Tick.Marker = plot.ConstantTicks(lo.Map(h.categories, func(c string, i int) plot.Tick {
		return plot.Tick{Value: float64(i), Label: categoryLabel(c)}
	}))
	if h.crowded(p, s) {
		p.X.Tick.Label.Rotation = math.Pi / 2
		p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = text.XRight, text.YCenter
	}
	return h.fill(p, s)
}

func kindLabel(kind string, s size) string { return cut(kind, lo.Ternary(s.class == "narrow", 15, 26)) }

func categoryLabel(category string) string { return cut(category, 18) }

// crowded reports whether the labels of the columns are wider than the columns.
func (h heat) crowded(p *plot.Plot, s size) bool {
	names := lo.Map(h.kinds, func(k string, _ int) vg.Length { return p.Y.Tick.Label.Width(kindLabel(k, s)) })
	return h.longest(p) > (s.width-slices.Max(names))/vg.Length(len(h.categories))
}

// longest returns the width of the widest label of a column.
func (h heat) longest(p *plot.Plot) vg.Length {
	return slices.Max(lo.Map(h.categories, func(c string, _ int) vg.Length { return p.X.Tick.Label.Width(categoryLabel(c)) }))
}

// roomy returns the size with room for vertical labels, if the columns need such.
func (h heat) roomy(s size) size {
	if p := newPlot(s, newCanvas(s.width, s.height)); h.crowded(p, s) {
		s.height += h.longest(p)
	}
	return s
}

// fill draws the cells, the gaps between them, and the numbers in them.
func (h heat) fill(p *plot.Plot, s size) error {
	cells := plotter.NewHeatMap(h, heats{})
	cells.NaN, cells.Min, cells.Max = inkSoft, 0, max(cells.Max, 5) // few failures are not the darkest
	p.Add(cells)
	var points plotter.XYs
	var texts []string
	var colors []ink
	for c := range h.categories {
		for r := range h.kinds {
			n := h.counts[h.at(c, r)]
			if n == 0 && h.none != "?" {
				continue
			}
			points = append(points, plotter.XY{X: float64(c), Y: row(r, len(h.kinds))})
			texts = append(texts, lo.Ternary(n > 0, strconv.Itoa(n), h.none))
			colors = append(colors, lo.Ternary(hot(float64(n), cells.Max), inkHotText, inkText))
		}
	}
	if err := gaps(p, len(h.categories), len(h.kinds)); err != nil {
		return err
	}
	return labels(p, s.fontSize, points, texts, colors, text.XCenter)
}

// gaps draws the lines between the cells of a grid.
func gaps(p *plot.Plot, columns, rows int) error {
	rule := func(from, to plotter.XY) error {
		l, err := plotter.NewLine(plotter.XYs{from, to})
		if err == nil {
			l.LineStyle = line(inkPaper, 3)
			p.Add(l)
		}
		return err
	}
	width, height := float64(columns)-0.5, float64(rows)-0.5
	for c := range columns + 1 {
		if err := rule(plotter.XY{X: float64(c) - 0.5, Y: -0.5}, plotter.XY{X: float64(c) - 0.5, Y: height}); err != nil {
			return err
		}
	}
	for r := range rows + 1 {
		if err := rule(plotter.XY{X: -0.5, Y: float64(r) - 0.5}, plotter.XY{X: width, Y: float64(r) - 0.5}); err != nil {
			return err
		}
	}
	return nil
}
