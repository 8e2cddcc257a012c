package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// number is a count with commas between thousands.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// count leaves zeros out of sight.
func count(n int) string {
	if n == 0 {
		return "·"
	}
	return number(n)
}

// plural is [cli.Count] with commas between thousands.
func plural(n int, thing string) string { return number(n) + " " + cli.Plural(n, thing) }

// were counts things that something was done to.
func were(n int, thing string) string {
	if n == 1 {
		return plural(n, thing) + " was"
	}
	return plural(n, thing) + " were"
}

// percent rounds down, so that only all is 100 %.
func percent(v float64) string {
	return strconv.FormatFloat(float64(int(v*10))/10, 'f', 1, 64) + " %"
}

func percentMark(v float64) string { return whole(v) + " %" }

// span is a time that is left, rounded down: in hours for three days, then in days.
func span(d time.Duration) string {
	tenths := func(unit time.Duration) float64 { return float64(d/(unit/10)) / 10 }
	switch {
	case d <= 0:
		return "due"
	case d < 72*time.Hour:
		return fmt.Sprintf("%.1f hours", tenths(time.Hour))
	}
	return fmt.Sprintf("%.1f days", tenths(24*time.Hour))
}

// plain keeps text on its line: what a service says can hold anything.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
}

// cut shortens text to a number of characters.
func cut(s string, most int) string {
	runes := []rune(plain(s))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most-1]) + "…"
}
