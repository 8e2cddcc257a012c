package main

import "time"

// kept is the number of days that AWS keeps jobs.
const kept = 30

// calendar is the days of a report: today and the thirty days before it, in a time zone.
type calendar struct {
	now   time.Time // in the zone
	first time.Time // midnight UTC of the first date
}

func newCalendar(now time.Time) calendar {
	return calendar{now: now, first: date(now).AddDate(0, 0, -kept)}
}

// date returns the date of a time in its zone as midnight UTC, so that dates are always 24 hours apart.
func date(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// len returns the number of days.
func (c calendar) len() int { return kept + 1 }

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

// moment formats a time to the minute, in the zone of the report.
func (c calendar) moment(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "·"
	}
	return t.In(c.now.Location()).Format("2006-01-02 15:04")
}
