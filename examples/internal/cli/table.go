package cli

import (
	"slices"
	"strings"

	"github.com/samber/lo"
)

// Column says how a column of a table is printed.
type Column int

const (
	Text   Column = iota // to the left, and cut with an ellipsis where the table is too wide
	Short                // to the left, never cut: states, times
	Number               // to the right, never cut
	Whole                // to be pasted, never cut: ids, ARNs; where the table is too wide, below its row, on a line of its own
)

const (
	leastText  = 12 // the cells that a column of Text keeps
	gap        = 2  // the cells between two columns
	indent     = "  "
	farther    = "    " // the indent of a line below its row
	leastTable = 12     // the cells of the narrowest table
)

// Fit aligns rows, the first of which is the heading, in indented columns that are no wider than width cells. The cells
// of each row pass through [OneLine]. Blanks at the ends of lines are left out.
//
// Where the table is too wide, columns of Text are cut, the widest first. Where that is not enough, the columns of Whole
// stand below their row, the widest first, and then each cell stands on a line of its own.
func Fit(width int, columns []Column, rows [][]string) string {
	if len(rows) == 0 {
		return ""
	}
	t := table{width: max(width, leastTable), columns: columns, rows: lo.Map(rows, func(row []string, _ int) []string {
		return lo.Map(row, func(cell string, _ int) string { return OneLine(cell) })
	})}
	t.measure()
	for !t.fits() {
		if !t.moveBelow() {
			return t.list()
		}
	}
	t.share()
	return strings.Join(lo.Map(t.rows, func(row []string, _ int) string { return t.row(row) }), "")
}

// table is a table on its way to fit.
type table struct {
	width   int
	columns []Column
	rows    [][]string
	widths  []int // by column
	below   []int // the columns that stand below their row
}

func (t *table) measure() {
	t.widths = lo.Map(t.columns, func(_ Column, i int) int {
		return lo.Max(lo.Map(t.rows, func(row []string, _ int) int { return Cells(row[i]) }))
	})
}

// beside returns the columns that stand beside each other.
func (t *table) beside() []int {
	return lo.Without(lo.Range(len(t.columns)), t.below...)
}

// least returns the width below which a column is not cut.
func (t *table) least(column int) int {
	if t.columns[column] == Text {
		return min(t.widths[column], leastText)
	}
	return t.widths[column]
}

// total returns the cells that the columns take beside each other, by the width of one.
func (t *table) total(width func(column int) int) int {
	beside := t.beside()
	return len(indent) + lo.SumBy(beside, width) + gap*(len(beside)-1)
}

func (t *table) fits() bool { return t.total(t.least) <= t.width }

// moveBelow puts the widest column of Whole below its row. It returns false if there is none beside the others.
func (t *table) moveBelow() bool {
	whole := lo.Filter(t.beside(), func(i, _ int) bool { return t.columns[i] == Whole })
	if len(whole) == 0 || len(t.beside()) == 1 {
		return false
	}
	t.below = append(t.below, lo.MaxBy(whole, func(a, b int) bool { return t.widths[a] > t.widths[b] }))
	slices.Sort(t.below)
	return true
}

// share cuts the columns of Text, the widest first, until the table fits.
func (t *table) share() {
	for t.total(func(i int) int { return t.widths[i] }) > t.width {
		cut := lo.Filter(t.beside(), func(i, _ int) bool { return t.widths[i] > t.least(i) })
		t.widths[lo.MaxBy(cut, func(a, b int) bool { return t.widths[a] > t.widths[b] })]--
	}
}

// row returns a row with the lines below it.
func (t *table) row(row []string) string {
	cells := lo.Map(t.beside(), func(i, _ int) string {
		text := Cut(row[i], t.widths[i])
		blanks := strings.Repeat(" ", t.widths[i]-Cells(text))
		if t.columns[i] == Number {
			return blanks + text
		}
		return text + blanks
	})
	out := line(indent + strings.Join(cells, strings.Repeat(" ", gap)))
	for _, i := range t.below {
		if row[i] != "" {
			out += line(farther + row[i])
		}
	}
	return out
}

// list returns each cell of each row on a line of its own, behind the heading of its column.
func (t *table) list() string {
	var b strings.Builder
	for n, row := range t.rows[1:] {
		if n > 0 {
			b.WriteString("\n")
		}
		for i, text := range row {
			heading := t.rows[0][i]
			switch {
			case len(indent)+Cells(heading)+1+Cells(text) <= t.width:
				b.WriteString(line(indent + heading + " " + text))
			case t.columns[i] == Text:
				b.WriteString(line(indent+heading) + Wrap(text, t.width-len(farther), farther))
			default:
				b.WriteString(line(indent+heading) + line(farther+text))
			}
		}
	}
	return b.String()
}

func line(text string) string { return strings.TrimRight(text, " ") + "\n" }
