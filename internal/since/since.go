// Package since is the value of the flag -since of the programs under examples and of the lake of the module beam.
package since

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Kept is how long AWS Backup lists a job after its creation.
const Kept = 30 * 24 * time.Hour

// Takes says what the flag takes, for its usage.
const Takes = "since a `time`: 36h, 2d, 2026-11-01 (UTC), 2026-11-01T06:00:00Z"

// Value is the start of what is listed. It is a [flag.Value]. The zero value is no start.
type Value struct {
	text string
	back time.Duration // before now; not for a date or a time
	at   *time.Time    // the date or the time
}

// String returns the text that was given.
func (v *Value) String() string { return v.text }

// Set reads a duration, a date, which begins at midnight UTC, or a time.
func (v *Value) Set(text string) error {
	if back, err := ParseDuration(text); err == nil {
		*v = Value{text: text, back: back}
		return nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			*v = Value{text: text, at: &at}
			return nil
		}
	}
	return errors.New("it takes a duration, a date or a time: 36h, 2d, 2026-11-01, 2026-11-01T06:00:00Z")
}

// From returns the time in UTC, in whole seconds; the zero time if the flag was not given and has no default. It returns
// an error for a time in the future, and for one whose jobs AWS has no more.
func (v Value) From(now time.Time) (time.Time, error) {
	if v.text == "" {
		return time.Time{}, nil
	}
	at := now.Add(-v.back)
	if v.at != nil {
		at = *v.at
	}
	switch first := now.Add(-Kept); {
	case at.After(now):
		return at, fmt.Errorf("-since %s: it is in the future: now is %s", v.text, now.UTC().Format(time.RFC3339))
	case at.Before(first):
		return at, fmt.Errorf("-since %s: AWS keeps jobs for 30 days, now since %s", v.text, first.UTC().Format(time.RFC3339))
	}
	return at.UTC().Truncate(time.Second), nil
}

var weeksAndDays = regexp.MustCompile(`^(?:(\d{1,4})w)?(?:(\d{1,4})d)?(.*)$`)

// ParseDuration is [time.ParseDuration] that also takes weeks and days of 24 hours, before the rest: 2d, 1w, 1d12h.
func ParseDuration(text string) (time.Duration, error) {
	m := weeksAndDays.FindStringSubmatch(text)
	if m == nil || m[1]+m[2] == "" {
		return time.ParseDuration(text)
	}
	weeks, _ := strconv.Atoi(m[1]) // of at most four digits, or empty
	days, _ := strconv.Atoi(m[2])
	whole := time.Duration(7*weeks+days) * 24 * time.Hour
	if m[3] == "" {
		return whole, nil
	}
	rest, err := time.ParseDuration(m[3])
	if err == nil && whole+rest < whole {
		err = errors.New("a sign that does not come first, or too long")
	}
	return whole + rest, err
}
