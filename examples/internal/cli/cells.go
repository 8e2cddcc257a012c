package cli

import (
	"strings"
	"unicode"

	"github.com/samber/lo"
)

// wide are the characters that take two cells of a terminal: those of East Asia, and emoji.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1},
		{Lo: 0x2e80, Hi: 0x303e, Stride: 1},
		{Lo: 0x3041, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1},
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1},
		{Lo: 0xfe30, Hi: 0xfe6f, Stride: 1},
		{Lo: 0xff00, Hi: 0xff60, Stride: 1},
		{Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1}, {Lo: 0x1f680, Hi: 0x1faff, Stride: 1}, {Lo: 0x20000, Hi: 0x3fffd, Stride: 1}},
}

// cell returns the number of cells that a character takes: none for a mark on the one before it.
func cell(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// Cells returns the number of cells of a terminal that a text takes, which is about that of its characters.
func Cells(text string) int { return lo.SumBy([]rune(text), cell) }

// Cut returns a text in one line of at most a number of cells. A text that was cut ends with an ellipsis.
func Cut(text string, most int) string {
	text = OneLine(text)
	if Cells(text) <= most {
		return text
	}
	took := 0
	for i, r := range text {
		if took += cell(r); took >= most {
			return strings.TrimRight(text[:i], " ") + lo.Ternary(most > 0, "…", "")
		}
	}
	return text
}
