package main

import (
	"errors"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"math"
	"strings"

	"github.com/samber/lo"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// canvas is a canvas of the charting library that writes SVG for the page. Colours become classes of the style
// sheet, the font is the page's, and labels are escaped.
type canvas struct {
	width, height vg.Length
	pens          []pen // a stack; the last one draws
	b             strings.Builder
	err           error // the first drawing that is not supported
}

// pen is the state that a canvas draws with.
type pen struct {
	ink    ink // empty for a colour that is no ink
	width  vg.Length
	dashes []vg.Length
	anchor string // where text stands to its point: start, middle or end
	groups int    // <g> elements opened with this pen, which Pop closes
}

// newCanvas returns an empty canvas. It flips the picture: plots count upwards, SVG downwards.
func newCanvas(width, height vg.Length) *canvas {
	c := &canvas{width: width, height: height, pens: []pen{{anchor: "start"}}}
	c.group("scale(1, -1) translate(0, -%.5g)", height)
	return c
}

// frame is the attributes of a picture in the page.
type frame struct {
	id, class   string
	title, desc string
}

// svg returns the picture, with a title and description for screen readers. It returns the error of the first
// drawing that is not supported.
func (c *canvas) svg(f frame) (template.HTML, error) {
	if c.err != nil {
		return "", fmt.Errorf("svg: %w", c.err)
	}
	text := template.HTMLEscapeString
	open := lo.SumBy(c.pens, func(p pen) int { return p.groups })
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %.5g %.5g" class="%s" role="img" aria-labelledby="%s %[4]s-desc">`+
		`<title id="%[4]s">%[5]s</title><desc id="%[4]s-desc">%[6]s</desc>%[7]s%[8]s</svg>`,
		c.width, c.height, text(f.class), text(f.id), text(f.title), text(f.desc), c.b.String(), strings.Repeat("</g>", open))), nil
}

// Size returns the size of the picture.
func (c *canvas) Size() (width, height vg.Length) { return c.width, c.height }

func (c *canvas) pen() *pen { return &c.pens[len(c.pens)-1] }

// SetLineWidth sets the width of lines. Lines of zero width or less are not drawn.
func (c *canvas) SetLineWidth(width vg.Length) { c.pen().width = width }

// SetLineDash sets the lengths of dashes and gaps; none for a solid line. It ignores the offset, which no
// picture here has.
func (c *canvas) SetLineDash(dashes []vg.Length, _ vg.Length) { c.pen().dashes = dashes }

// SetColor sets the ink. Drawing with any other color.Color is an error.
func (c *canvas) SetColor(k color.Color) { c.pen().ink, _ = k.(ink) }

// Rotate rotates the following drawings, by an angle in radians.
func (c *canvas) Rotate(angle float64) { c.group("rotate(%.5g)", angle*180/math.Pi) }

// Translate moves the following drawings.
func (c *canvas) Translate(by vg.Point) { c.group("translate(%s)", point(by)) }

// Scale scales the following drawings.
func (c *canvas) Scale(x, y float64) { c.group("scale(%.5g, %.5g)", x, y) }

func (c *canvas) group(transform string, values ...any) {
	fmt.Fprintf(&c.b, `<g transform="`+transform+`">`, values...)
	c.pen().groups++
}

// Push saves the pen.
func (c *canvas) Push() {
	next := *c.pen()
	next.groups = 0
	c.pens = append(c.pens, next)
}

// Pop restores the pen of the last Push.
func (c *canvas) Pop() {
	c.b.WriteString(strings.Repeat("</g>", c.pen().groups))
	c.pens = c.pens[:len(c.pens)-1]
}

// Stroke draws a line.
func (c *canvas) Stroke(p vg.Path) {
	with := c.pen()
	if with.width <= 0 {
		return
	}
	fmt.Fprintf(&c.b, `<path d="%s" class="s-%s" fill="none" stroke-width="%.5g"`, c.data(p), c.ink(), with.width)
	if len(with.dashes) > 0 {
		fmt.Fprintf(&c.b, ` stroke-dasharray="%s"`, strings.Trim(fmt.Sprint(with.dashes), "[]"))
	}
	c.b.WriteString("/>")
}

// Fill draws an area.
func (c *canvas) Fill(p vg.Path) {
	fmt.Fprintf(&c.b, `<path d="%s" class="f-%s"/>`, c.data(p), c.ink())
}

// FillString draws text. It undoes the flip of newCanvas for the text.
func (c *canvas) FillString(face font.Face, at vg.Point, text string) {
	fmt.Fprintf(&c.b, `<text x="%.5g" y="%.5g" transform="scale(1, -1)" class="f-%s" font-size="%.5g" text-anchor="%s">%s</text>`,
		at.X, -at.Y, c.ink(), face.Font.Size, c.pen().anchor, template.HTMLEscapeString(text))
}

// DrawImage records an error: no picture here has an image.
func (c *canvas) DrawImage(vg.Rectangle, image.Image) { c.fail(errors.New("an image cannot be drawn")) }

func (c *canvas) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *canvas) ink() ink {
	k := c.pen().ink
	if k == "" {
		c.fail(errors.New("a colour has no role"))
	}
	return k
}

// data returns the SVG data of a path.
func (c *canvas) data(p vg.Path) string {
	var b strings.Builder
	for _, part := range p {
		switch part.Type {
		case vg.MoveComp:
			b.WriteString("M" + point(part.Pos))
		case vg.LineComp:
			b.WriteString("L" + point(part.Pos))
		case vg.ArcComp:
			b.WriteString(arc(part))
		case vg.CloseComp:
			b.WriteString("Z")
		default:
			c.fail(errors.New("a curve cannot be drawn"))
		}
	}
	return b.String()
}

// arc returns a line to the start of an arc, then the arc in two halves: a single SVG arc cannot be a full
// circle.
func arc(a vg.PathComp) string {
	on := func(angle float64) string {
		sin, cos := math.Sincos(angle)
		return point(vg.Point{X: a.Pos.X + a.Radius*vg.Length(cos), Y: a.Pos.Y + a.Radius*vg.Length(sin)})
	}
	sweep := 1
	if a.Angle < 0 {
		sweep = 0
	}
	half := func(end float64) string {
		return fmt.Sprintf("A%.5g,%.5[1]g 0 0 %d %s", a.Radius, sweep, on(end))
	}
	return "L" + on(a.Start) + half(a.Start+a.Angle/2) + half(a.Start+a.Angle)
}

func point(p vg.Point) string { return fmt.Sprintf("%.5g,%.5g", p.X, p.Y) }
