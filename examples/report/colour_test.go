package main

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// schemes returns the colours of the style sheet, for light and for dark.
func schemes(t *testing.T) map[string]map[string]string {
	t.Helper()
	before, after, ok := strings.Cut(pageCSS, "@media (prefers-color-scheme: dark)")
	require.True(t, ok)
	dark, _, _ := strings.Cut(after, "* {")
	return map[string]map[string]string{"light": colours(before), "dark": colours(dark)}
}

func colours(css string) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`--([\w-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
		out[m[1]] = m[2]
	}
	return out
}

// contrast returns the contrast of two colours as WCAG 2 defines it: 1 to 21.
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(hex string) float64 {
	part := func(i int) float64 {
		n, _ := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		c := float64(n) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(0) + 0.7152*part(1) + 0.0722*part(2)
}

func TestTextAndPicturesStandOut(t *testing.T) {
	pairs := map[float64][][2]string{
		4.5: {
			{"text", "paper"},
			{"text", "page"},
			{"text", "notice"},
			{"faint", "paper"},
			{"faint", "page"},
			{"link", "paper"},
			{"link", "page"},
			{"bad", "paper"},
			{"text", "heat1"},
			{"text", "heat2"},
			{"text", "heat3"},
			{"hottext", "heat4"},
			{"hottext", "heat5"},
		},
		3: {
			{"completed", "paper"},
			{"running", "paper"},
			{"waiting", "paper"},
			{"partial", "paper"},
			{"failed", "paper"},
			{"expired", "paper"},
			{"aborted", "paper"},
			{"accent", "paper"},
		},
	}
	for scheme, colours := range schemes(t) {
		for least, list := range pairs {
			for _, pair := range list {
				require.GreaterOrEqual(t, contrast(colours[pair[0]], colours[pair[1]]), least, "%s: %s on %s", scheme, pair[0], pair[1])
			}
		}
	}
}

// inks returns all roles.
func inks() []ink {
	return []ink{
		inkText, inkFaint, inkGrid, inkPaper, inkAccent, inkSoft,
		inkCompleted, inkRunning, inkWaiting, inkPartial, inkFailed, inkExpired, inkAborted,
		inkHeat1, inkHeat2, inkHeat3, inkHeat4, inkHeat5, inkHotText,
	}
}

func TestEveryInkHasAColour(t *testing.T) {
	for scheme, colours := range schemes(t) {
		for _, k := range inks() {
			require.Contains(t, colours, string(k), scheme)
			require.Contains(t, pageCSS, ".f-"+string(k)+" {")
		}
	}
	// Strokes are drawn in fewer.
	page := program{}.print(t.Context(), "-o", "-").Stdout
	for _, m := range regexp.MustCompile(`class="(s-[a-z]+)"`).FindAllStringSubmatch(page, -1) {
		require.Contains(t, pageCSS, "."+m[1]+" {")
	}
}
