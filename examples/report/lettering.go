package main

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// lettering draws the text of a picture so that its place does not depend on the font of the browser: text that
// stands to the left of a point ends there, whatever its width.
type lettering struct {
	text.Plain
	to *canvas
}

func newLettering(to *canvas) lettering {
	return lettering{text.Plain{Fonts: plot.DefaultTextHandler.Cache()}, to}
}

// letters returns the font that text is measured with.
func letters(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

// reserve is how much wider than in the measured font text may be: it is up to a quarter wider in DejaVu Sans and
// Verdana, the widest fonts that systems have by default.
const reserve = 1.25

// wideRunes is where the scripts start whose characters are as wide as they are high. The measured font lacks them.
const wideRunes = 0x1100

// Box returns the room of a line of text, enough for a wide font.
func (l lettering) Box(line string, f font.Font) (width, height, depth vg.Length) {
	width, height, depth = l.Plain.Box(line, f)
	width *= reserve
	for _, r := range line {
		if r >= wideRunes {
			width += f.Size
		}
	}
	return width, height, depth
}

// leading is the distance of lines, in sizes of the font.
const leading = 1.25

// Draw draws lines that start, end, or have their middle at a point. Several lines stand around it.
func (l lettering) Draw(c vg.Canvas, words string, style text.Style, at vg.Point) {
	l.to.pen().anchor = anchorOf(style.XAlign)
	style.XAlign = text.XLeft
	lines := l.Lines(words)
	at.Y += vg.Length(len(lines)-1) / 2 * leading * style.Font.Size
	for _, line := range lines {
		l.Plain.Draw(c, line, style, at)
		at.Y -= leading * style.Font.Size
	}
}

func anchorOf(align text.XAlignment) string {
	switch align {
	case text.XRight:
		return "end"
	case text.XCenter:
		return "middle"
	}
	return "start"
}
