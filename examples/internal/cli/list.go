package cli

import (
	"errors"
	"slices"
	"strings"
)

// List is the value of a flag that may be repeated and that takes several values separated by commas. A
// repeated value is kept once. An empty value is an error.
type List []string

// String returns the values, separated by commas.
func (l *List) String() string { return strings.Join(*l, ",") }

// Set adds the values in text.
func (l *List) Set(text string) error {
	for value := range strings.SplitSeq(text, ",") {
		if value = strings.TrimSpace(value); value == "" {
			return errors.New("a value is empty")
		}
		if !slices.Contains(*l, value) {
			*l = append(*l, value)
		}
	}
	return nil
}
