package cli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// OneLine replaces control characters, separators of lines and characters that reverse the direction of a line by blanks.
// Names, tags and messages of a service may have any.
func OneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return ' '
		}
		return r
	}, text)
}

// Wrap breaks text between words into lines of at most width cells, each after the indent.
func Wrap(text string, width int, indent string) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		n := Cells(word)
		switch {
		case column == 0:
			b.WriteString(indent)
		case column+1+n > width:
			b.WriteString("\n" + indent)
			column = 0
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String() + "\n"
}

// Count returns a number with its noun: "1 job", "2 jobs".
func Count(n int, noun string) string { return strconv.Itoa(n) + " " + Plural(n, noun) }

// Plural returns the noun with an s, unless n is 1.
func Plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// Bytes formats a size in units of 1,024 bytes: "1.5 GiB".
func Bytes(n int64) string {
	const unit = 1024
	if n < unit {
		return strconv.FormatInt(n, 10) + " B"
	}
	size, prefix := float64(n)/unit, 0
	for size >= unit {
		size, prefix = size/unit, prefix+1
	}
	return fmt.Sprintf("%.1f %ciB", size, "KMGTPE"[prefix])
}
