package backupx

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/samber/lo"
)

// This file has the texts of what differs between the listing of a checkpoint and another one. Names and values may be
// long: the texts of both sides are shortened to where they differ.

const (
	longestText = 300 // bytes of a value in an error
	mostNames   = 10  // names of sources in an error
	commonText  = 30  // bytes that two shortened values have in common at their start
)

// briefError is an error with a short text, whatever a forged text has.
type briefError struct {
	text string
	err  error
}

func brief(err error) error { return &briefError{shortened(inner(err), 0), err} }

func (e *briefError) Error() string { return e.text }
func (e *briefError) Unwrap() error { return e.err }

// notText returns the texts of two sides that differ: a, not b.
func notText(a, b string) string {
	a, b = different(a, b)
	return a + ", not " + b
}

// different shortens the texts of two sides to where they differ.
func different(a, b string) (string, string) {
	if len(a) > longestText || len(b) > longestText {
		same := 0
		for same < min(len(a), len(b)) && a[same] == b[same] {
			same++
		}
		a, b = shortened(a, same-commonText), shortened(b, same-commonText)
	}
	return a, b
}

// shortened returns the part of a text that starts at a place.
func shortened(s string, from int) string {
	if from = min(from, len(s)); from > 0 {
		s = "…" + s[from:]
	}
	if len(s) > longestText {
		s = s[:longestText] + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// filterOf returns a new filter of an operation, nil if the operation has none.
func filterOf(op string) interface {
	json.Unmarshaler
	fmt.Stringer
	operation() string
	Explain() Explanation
} {
	switch op {
	case backupJobs.Op:
		return new(BackupJobFilter)
	case copyJobs.Op:
		return new(CopyJobFilter)
	case hsmBackups.Op:
		return new(HSMFilter)
	case opsWorksBackups.Op:
		return new(OpsWorksFilter)
	}
	return nil
}

// filterText returns the filter of a listing as people read it.
func filterText(id identity) string {
	f := filterOf(id.Op)
	if f == nil || f.UnmarshalJSON(id.Filter) != nil {
		return string(id.Filter)
	}
	return f.String()
}

// listingText says what a listing lists.
func listingText(id identity) string {
	text := nameOf(id.Op)
	switch {
	case id.Filter != nil:
		text = filterText(id)
	case len(id.Parts) > 0:
		text += " of " + partsText(id)
	case len(id.Shown) > 0:
		text += " with the input " + string(id.Shown)
	}
	if id.Scope != "" {
		text += " of the scope " + strconv.Quote(id.Scope)
	}
	return shortened(text, 0)
}

// partsText counts the parts of a listing.
func partsText(id identity) string {
	if id.fleet != nil || id.hasSources() {
		return "sources"
	}
	return counted(len(id.Parts), "listing")
}

// differentInputs returns the members of the inputs of an operation that differ, on both sides.
func differentInputs(was, is identity) string {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(was.Shown, &a) != nil || json.Unmarshal(is.Shown, &b) != nil {
		return notText(inputText(was), inputText(is))
	}
	for name := range maps.Clone(a) {
		if string(a[name]) == string(b[name]) {
			delete(a, name)
			delete(b, name)
		}
	}
	return notText(membersText(a), membersText(b))
}

// inputText returns the input of a listing as JSON, or its hash if it is long.
func inputText(id identity) string {
	switch {
	case len(id.Shown) > 0:
		return string(id.Shown)
	case id.Input == "":
		return "none"
	default:
		return "with the hash " + id.Input
	}
}

// membersText returns members of a JSON object, without those that are null.
func membersText(members map[string]json.RawMessage) string {
	texts := []string{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if v := string(members[name]); v != "null" {
			texts = append(texts, name+": "+v)
		}
	}
	return "{" + strings.Join(texts, ", ") + "}"
}

// sourcesText names sources: the source "a"; the sources "a", "b" and 3 more; no source.
func sourcesText(names []string) string {
	switch len(names) {
	case 0:
		return "no source"
	case 1:
		return "the source " + namesText(names)
	default:
		return "the sources " + namesText(names)
	}
}

func namesText(names []string) string {
	shown := lo.Map(names[:min(mostNames, len(names))], func(name string, _ int) string {
		return strconv.Quote(shortened(name, 0))
	})
	text := strings.Join(shown, ", ")
	if more := len(names) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
