package main

import (
	"fmt"
	"time"
)

// kept is the number of days that AWS keeps jobs.
const kept = 30

// calendar is the days of a report in a time zone: today, and those before it back to that of -since or the thirtieth.
type calendar struct {
	now   time.Time // in the zone
	since time.Time // in the zone; zero for all that AWS keeps
	first time.Time // midnight UTC of the first date
}

func newCalendar(now, since time.Time) calendar {
	if since.IsZero() {
		return calendar{now: now, first: date(now).AddDate(0, 0, -kept)}
	}
	since = since.In(now.Location())
	return calendar{now: now, since: since, first: date(since)}
}

// date returns the date of a time in its zone as midnight UTC, so that dates are always 24 hours apart.
func date(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// len returns the number of days.
func (c calendar) len() int { return int(date(c.now).Sub(c.first)/(24*time.Hour)) + 1 }

// start returns when the time that is read starts.
func (c calendar) start() time.Time {
	if c.since.IsZero() {
		return c.now.AddDate(0, 0, -kept)
	}
	return c.since
}

// period says what time is read.
func (c calendar) period() string {
	if c.since.IsZero() {
		return fmt.Sprintf("in the last %d days", kept)
	}
	return "since " + c.moment(&c.since)
}

// day returns the index of the day of a time. ok is false for nil and for a time outside the calendar.
func (c calendar) day(t *time.Time) (i int, ok bool) {
	if t == nil {
		return 0, false
	}
	i = int(date(t.In(c.now.Location())).Sub(c.first) / (24 * time.Hour))
	return i, i >= 0 && i < c.len() && !date(t.In(c.now.Location())).Before(c.first)
}

// label returns the short name of a day.
func (c calendar) label(i int) string { return c.first.AddDate(0, 0, i).Format("Jan 2") }

// name returns the name of a day for a table. Today is marked "so far".
func (c calendar) name(i int) string {
	name := c.first.AddDate(0, 0, i).Format("Mon 2006-01-02")
	if i == c.len()-1 {
		name += " so far"
	}
	return name
}

// moment formats a time to the minute, in the zone of the report, whose name or offset it tells.
func (c calendar) moment(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "·"
	}
	return t.In(c.now.Location()).Format("2006-01-02 15:04 MST")
}
