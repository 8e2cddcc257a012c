package cli

import (
	"cmp"
	"os"
	"strconv"
)

// usualWidth is the width of text where nothing tells another one: a pipe, a file.
const usualWidth = 80

// Screen is what a program knows about the terminal that it prints on. The zero Screen is none: text is 80 columns wide,
// and there is no progress. Tests of programs set the fields.
type Screen struct {
	Width int        // the columns of text on stdout; 0 is 80
	Line  func() int // the columns of the terminal on stderr, asked at each drawing; nil if no line can be redrawn there
}

// ScreenOf returns the screen of a process with these streams. The variable COLUMNS gives the width where no terminal
// does. A terminal whose TERM is dumb cannot redraw a line.
func ScreenOf(stdout, stderr *os.File) Screen {
	width, _ := columns(stdout)
	s := Screen{Width: cmp.Or(width, columnsVariable())}
	if _, terminal := columns(stderr); terminal && os.Getenv("TERM") != "dumb" {
		s.Line = func() int {
			width, _ := columns(stderr)
			return cmp.Or(width, columnsVariable(), usualWidth)
		}
	}
	return s
}

// Columns returns the width of text on stdout.
func (s Screen) Columns() int { return cmp.Or(s.Width, usualWidth) }

// columnsVariable returns the number in the variable COLUMNS; 0 if there is none.
func columnsVariable() int {
	n, err := strconv.Atoi(os.Getenv("COLUMNS"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}
