package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// number formats a number with commas between thousands.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural returns a number with its noun, as [cli.Count] does, with commas between thousands.
func plural(n int, thing string) string { return number(n) + " " + cli.Plural(n, thing) }

// were returns a number with its noun and "was" or "were".
func were(n int, thing string) string {
	if n == 1 {
		return plural(n, thing) + " was"
	}
	return plural(n, thing) + " were"
}

// percent formats a percentage, rounded down, so that only all jobs are 100 %.
func percent(v float64) string {
	return strconv.FormatFloat(float64(int(v*10))/10, 'f', 1, 64) + " %"
}

func percentMark(v float64) string { return whole(v) + " %" }

// span formats the time that is left.
func span(d time.Duration) string {
	if d <= 0 {
		return "due"
	}
	return past(d)
}

// past formats a time, rounded down: less than three days in hours, otherwise in days.
func past(d time.Duration) string {
	tenths := func(unit time.Duration) float64 { return float64(d/(unit/10)) / 10 }
	switch {
	case d < 72*time.Hour:
		return fmt.Sprintf("%.1f hours", tenths(time.Hour))
	}
	return fmt.Sprintf("%.1f days", tenths(24*time.Hour))
}

// plain replaces control characters and invalid UTF-8 by blanks. Texts of a service may have any.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
}

// cut shortens text to at most a number of cells, in one line.
func cut(s string, most int) string { return cli.Cut(plain(s), most) }
