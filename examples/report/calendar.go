package main

import "time"

// kept is the days that AWS keeps jobs for.
const kept = 30

// calendar is the days of a report: that of now and the thirty before it, in a zone.
type calendar struct {
	now   time.Time // in the zone
	first time.Time // midnight UTC of the first date
}

func newCalendar(now time.Time) calendar {
	return calendar{now: now, first: date(now).AddDate(0, 0, -kept)}
}

// date is the date of a time in its zone, as midnight UTC: dates are then 24 hours apart.
func date(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// len is the number of days.
func (c calendar) len() int { return kept + 1 }

// day is the index of the day that a time is in; not ok outside the calendar, or without a time.
func (c calendar) day(t *time.Time) (i int, ok bool) {
	if t == nil {
		return 0, false
	}
	i = int(date(t.In(c.now.Location())).Sub(c.first) / (24 * time.Hour))
	return i, i >= 0 && i < c.len() && !date(t.In(c.now.Location())).Before(c.first)
}

// label names a day.
func (c calendar) label(i int) string { return c.first.AddDate(0, 0, i).Format("Jan 2") }

// name is a day in a table, the one that is not over marked as such.
func (c calendar) name(i int) string {
	name := c.first.AddDate(0, 0, i).Format("Mon 2006-01-02")
	if i == c.len()-1 {
		name += " so far"
	}
	return name
}

// moment is a time to the minute, in the zone of the report.
func (c calendar) moment(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "·"
	}
	return t.In(c.now.Location()).Format("2006-01-02 15:04")
}
