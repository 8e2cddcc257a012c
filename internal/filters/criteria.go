package filters

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/samber/lo"
)

// Criteria are the conditions of a filter, by member. They are immutable: every method of a [Table] that
// changes them returns a changed copy. The zero value has no condition and matches every item. A filter type
// wraps its criteria in typed methods; its table says what each member means.
type Criteria struct {
	sets  map[Key][]string    // the allowed values, sorted and unique; an empty slice matches no item
	times map[Key]time.Time   // one end of a span of time, in UTC
	flags map[Key]bool        // the flags that are set; always true
	tags  map[string][]string // the allowed values by tag key, sorted and unique; nil allows any value

	// undated marks the oldest window of a listing whose filter has no CreatedBetween. Items without a
	// creation time belong to that window: splitting the listing does not lose them.
	undated bool
}

// acceptsUndated reports whether an item without a time satisfies the bound k. Only the end of an undated
// window accepts one.
func (c Criteria) acceptsUndated(k Key, at *time.Time) bool {
	return c.undated && k == KeyCreatedTo && at == nil
}

// Narrow allows one of values in the member k, and of these only the values that were allowed before. Blank values of both
// calls are kept, so that Validate reports them.
func (t *Table[T]) Narrow(c Criteria, k Key, values []string) Criteria {
	t.members().must(k, kindValues)
	m, _ := lo.Find(t.Sets, func(m Member[T]) bool { return m.Key == k })
	old, narrowed := c.sets[k]
	// unique gets the values of both calls: which of two equal spellings it keeps then does not depend on the
	// order of the calls.
	left := m.unique(slices.Concat(old, values))
	isNew, wasOld := m.set(values), m.set(old)
	left = lo.Filter(left, func(v string, _ int) bool {
		return isNew[m.same(v)] && (!narrowed || wasOld[m.same(v)]) || isBlank(v)
	})
	c.sets = lo.Assign(c.sets, map[Key][]string{k: left})
	return c
}

// unique returns the values sorted, with the first of equal ones only. The result is never nil.
func (m Member[T]) unique(values []string) []string {
	unique, seen := []string{}, map[string]bool{}
	for _, v := range slices.Sorted(slices.Values(values)) {
		if same := m.same(v); !seen[same] {
			seen[same] = true
			unique = append(unique, v)
		}
	}
	return unique
}

// set returns the values as a set of what same returns.
func (m Member[T]) set(values []string) map[string]bool {
	set := make(map[string]bool, len(values))
	for _, v := range values {
		set[m.same(v)] = true
	}
	return set
}

// same returns a text that is the same for equal values, see equals.
func (m Member[T]) same(v string) string {
	if !m.IgnoreCase {
		return v
	}
	return strings.Map(func(r rune) rune {
		least := r
		for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
			least = min(least, o)
		}
		return least
	}, v)
}

// Limit sets the bound k to a time. A bound that is set already moves only if that narrows the span.
func (t *Table[T]) Limit(c Criteria, k Key, at time.Time) Criteria {
	t.members().must(k, kindBound)
	b, _ := lo.Find(t.Times, func(b Bound[T]) bool { return b.Key == k })
	if b.End == Before {
		return c.until(k, at)
	}
	return c.since(k, at)
}

// since moves the start of a span to a later time, until moves the end to an earlier one.
func (c Criteria) since(k Key, at time.Time) Criteria { return c.inwards(k, at, 1) }
func (c Criteria) until(k Key, at time.Time) Criteria { return c.inwards(k, at, -1) }

// inwards sets the time k if it is unset or if that narrows the span: side is 1 if a later time does, -1 if
// an earlier one does. A zero time is always set and never replaced, so that Validate reports it.
func (c Criteria) inwards(k Key, at time.Time, side int) Criteria {
	at = at.UTC().Round(0)
	old, ok := c.times[k]
	if ok && (old.IsZero() || !at.IsZero() && at.Compare(old) != side) {
		return c
	}
	c.times = lo.Assign(c.times, map[Key]time.Time{k: at})
	return c
}

// Between narrows the creation times to [from, to); a zero time leaves that end open. Two spans without a
// common time give an empty span. A span that was given in reverse stays reversed, so that Validate reports
// it.
func (t *Table[T]) Between(c Criteria, from, to time.Time) Criteria {
	ms := t.members()
	ms.must(KeyCreatedFrom, kindBound)
	ms.must(KeyCreatedTo, kindBound)
	return c.between(from, to)
}

// between narrows the creation times to [from, to), see [Table.Between].
func (c Criteria) between(from, to time.Time) Criteria {
	wrong := c.reversed() || !from.IsZero() && !to.IsZero() && to.Before(from)
	if !from.IsZero() {
		c = c.since(KeyCreatedFrom, from)
	}
	if !to.IsZero() {
		c = c.until(KeyCreatedTo, to)
	}
	if c.reversed() && !wrong {
		c.times = lo.Assign(c.times, map[Key]time.Time{KeyCreatedTo: c.times[KeyCreatedFrom]})
	}
	return c
}

// reversed reports whether the span of CreatedBetween ends before it starts.
func (c Criteria) reversed() bool {
	lo, hi := c.times[KeyCreatedFrom], c.times[KeyCreatedTo]
	return !lo.IsZero() && !hi.IsZero() && hi.Before(lo)
}

// Flag sets a flag. No method resets one.
func (t *Table[T]) Flag(c Criteria, k Key) Criteria {
	t.members().must(k, kindFlag)
	c.flags = lo.Assign(c.flags, map[Key]bool{k: true})
	return c
}

// Tag requires a tag with the key and one of the values, or any value if values is nil. As with Narrow, only
// values that were allowed before stay allowed.
func (t *Table[T]) Tag(c Criteria, key string, values []string) Criteria {
	t.members().must(KeyTags, kindTags)
	c.tags = lo.Assign(c.tags)
	c.tag(key, values)
	return c
}

// tag changes the tags of the criteria as Tag does.
func (c Criteria) tag(key string, values []string) {
	old, ok := c.tags[key]
	switch {
	case values == nil && ok:
		return
	case values != nil:
		values = append([]string{}, values...) // not nil even if empty: nil allows any value
		slices.Sort(values)
		values = slices.Compact(values)
	}
	if old != nil {
		values = lo.Filter(values, func(v string, _ int) bool {
			_, was := slices.BinarySearch(old, v)
			return was
		})
	}
	c.tags[key] = values
}

// Asks reports whether the filter sets a flag.
func (c Criteria) Asks(k Key) bool { return c.flags[k] }

// matchesNothing reports whether the conditions contradict each other: no item can match.
func (c Criteria) matchesNothing() bool {
	none := func(values []string) bool { return values != nil && len(values) == 0 }
	lower, upper := c.created()
	return lo.SomeBy(lo.Values(c.sets), none) || lo.SomeBy(lo.Values(c.tags), none) ||
		!upper.IsZero() && upper.Before(lower) || c.emptySpan()
}

// emptySpan reports whether the span of CreatedBetween is empty: it ends where it starts.
func (c Criteria) emptySpan() bool {
	lower, ok := c.times[KeyCreatedFrom]
	return ok && lower.Equal(c.times[KeyCreatedTo])
}

// spanned reports whether the filter has a span of creation times that is checked on items.
func (c Criteria) spanned() bool {
	_, first := c.times[KeyCreatedFrom]
	_, last := c.times[KeyCreatedTo]
	return first || last
}

// created returns the span of creation times that all members together allow; a zero time is an open end.
func (c Criteria) created() (lower, upper time.Time) {
	return Latest(c.times[KeyCreatedAfter], c.times[KeyCreatedFrom]), Earliest(c.times[KeyCreatedBefore], c.times[KeyCreatedTo])
}

// Latest returns the later of two times.
func Latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Earliest returns the earlier of two times. A zero time does not count: the other is returned.
func Earliest(a, b time.Time) time.Time {
	if b.IsZero() || !a.IsZero() && a.Before(b) {
		return a
	}
	return b
}

// Without returns the criteria without the conditions of some members.
func (c Criteria) Without(keys ...Key) Criteria {
	c.sets, c.times, c.flags = lo.OmitByKeys(c.sets, keys), lo.OmitByKeys(c.times, keys), lo.OmitByKeys(c.flags, keys)
	return c
}

// Values returns the values that a member allows, nil if it has no condition.
func (c Criteria) Values(k Key) []string { return c.sets[k] }
