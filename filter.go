package backupx

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/samber/lo"
)

// criteria are the conditions of a filter, by member. They are immutable: every method returns a changed
// copy. The zero value has no condition and matches every item. A filter type wraps its criteria in typed
// methods; its table says what each member means.
type criteria struct {
	sets  map[key][]string    // the allowed values, sorted and unique; an empty slice matches no item
	times map[key]time.Time   // one end of a span of time, in UTC
	flags map[key]bool        // the flags that are set; always true
	tags  map[string][]string // the allowed values by tag key, sorted and unique; nil allows any value

	// undated marks the oldest window of a listing whose filter has no CreatedBetween. Items without a
	// creation time belong to that window: splitting the listing does not lose them.
	undated bool
}

// acceptsUndated reports whether an item without a time satisfies the bound k. Only the end of an undated
// window accepts one.
func (c criteria) acceptsUndated(k key, at *time.Time) bool {
	return c.undated && k == keyCreatedTo && at == nil
}

// table describes the members of one filter type, and the life cycle of the items that it matches.
type table[T any] struct {
	name  string      // of the filter type
	op    string      // the operation's name in checkpoints
	sets  []member[T] // the most selective first
	times []bound[T]
	flags []flag[T]
	live  []string // the states that an item leaves by itself, in the order of its life
	final []string // the states that an item never leaves

	tags func(item *T, key string) (value string, ok bool) // nil where items have no tags
}

// member is a member of a filter that takes values.
type member[T any] struct {
	key        key
	send       sending
	value      func(item *T) string     // the item's value; nil where items do not show it
	check      func(value string) error // what validate rejects in addition to its general rules; nil for nothing
	ignoreCase bool                     // values that differ only in case are equal
	boolean    bool                     // the only values are true and false

	documented []string // the values that AWS documents; Explain warns of others; nil for no warning
}

// sending says how a member's values get into requests.
type sending uint8

const (
	// notSent: the request has no such parameter, and items are checked.
	notSent sending = iota
	// oneValue: a request takes one value. Several values become several chains, as long as the filter has
	// at most maxChains; otherwise items are checked.
	oneValue
	// oneValueAlways: a request takes one value, and the member is always in the request. Every value
	// becomes a chain, however many there are.
	oneValueAlways
	// oneValueAlone: as oneValue, but only if no other set member is in the request; otherwise items are
	// checked.
	oneValueAlone
	// allValues: one request takes all values.
	allValues
)

// bound is a member of a filter that takes one end of a span of time.
type bound[T any] struct {
	key  key
	end  end
	sent bool                     // the request has it; otherwise items are checked
	time func(item *T) *time.Time // the item's time; nil where the item has none
}

// end says which times a bound accepts.
type end uint8

const (
	after  end = iota // strictly after the bound
	before            // strictly before the bound
	from              // at the bound or after it
)

// createdBounds are the bounds on the creation time, which every filter has. With sent, requests carry
// CreatedAfter and CreatedBefore. CreatedBetween is always checked on items, because no service documents
// whether its own filters include their ends.
func createdBounds[T any](sent bool, created func(item *T) *time.Time) []bound[T] {
	return []bound[T]{
		{key: keyCreatedAfter, end: after, sent: sent, time: created},
		{key: keyCreatedBefore, end: before, sent: sent, time: created},
		{key: keyCreatedFrom, end: from, time: created},
		{key: keyCreatedTo, end: before, time: created},
	}
}

// created returns the function that reads an item's creation time. It returns nil if the service does not
// filter by creation time.
func (t *table[T]) created() func(item *T) *time.Time {
	b, _ := lo.Find(t.times, func(b bound[T]) bool { return b.key == keyCreatedAfter && b.sent })
	return b.time
}

// flag is a member of a filter that is set or not.
type flag[T any] struct {
	key  key
	keep func(item *T) bool // nil where items do not show the flag
}

// matches reports whether the item's time is on the right side of the bound. An item without a time never
// matches, and the zero bound, which validate rejects, matches no item.
func (b bound[T]) matches(limit time.Time, item *T) bool {
	at := b.time(item)
	switch {
	case at == nil || limit.IsZero():
		return false
	case b.end == after:
		return at.After(limit)
	case b.end == from:
		return !at.Before(limit)
	default:
		return at.Before(limit)
	}
}

// equals returns a function that compares a value with v as the service does.
func (m member[T]) equals(v string) func(string) bool {
	if m.ignoreCase {
		return func(w string) bool { return strings.EqualFold(v, w) }
	}
	return func(w string) bool { return v == w }
}

// matches reports whether the item has one of the values. A member that items do not show matches every item,
// unless no value is allowed.
func (m member[T]) matches(values []string, item *T) bool {
	if m.value == nil {
		return len(values) > 0
	}
	return slices.ContainsFunc(values, m.equals(m.value(item)))
}

// narrow allows one of values in the member k, and of these only the values that were allowed before.
func (t *table[T]) narrow(c criteria, k key, values []string) criteria {
	t.members().must(k, kindValues)
	m, _ := lo.Find(t.sets, func(m member[T]) bool { return m.key == k })
	old, narrowed := c.sets[k]
	// unique gets the values of both calls: which of two equal spellings it keeps then does not depend on the
	// order of the calls.
	left := m.unique(slices.Concat(old, values))
	left = lo.Filter(left, func(v string, _ int) bool {
		return slices.ContainsFunc(values, m.equals(v)) && (!narrowed || slices.ContainsFunc(old, m.equals(v)))
	})
	c.sets = lo.Assign(c.sets, map[key][]string{k: left})
	return c
}

// unique returns the values sorted, with the first of equal ones only. The result is never nil.
func (m member[T]) unique(values []string) []string {
	unique := []string{}
	for _, v := range slices.Sorted(slices.Values(values)) {
		if !slices.ContainsFunc(unique, m.equals(v)) {
			unique = append(unique, v)
		}
	}
	return unique
}

// texts converts the values of an enum to strings.
func texts[V ~string](values ...V) []string {
	return lo.Map(values, func(v V, _ int) string { return string(v) })
}

// limit sets the bound k to a time. A bound that is set already moves only if that narrows the span.
func (t *table[T]) limit(c criteria, k key, at time.Time) criteria {
	t.members().must(k, kindBound)
	b, _ := lo.Find(t.times, func(b bound[T]) bool { return b.key == k })
	if b.end == before {
		return c.until(k, at)
	}
	return c.since(k, at)
}

// since moves the start of a span to a later time, until moves the end to an earlier one.
func (c criteria) since(k key, at time.Time) criteria { return c.inwards(k, at, 1) }
func (c criteria) until(k key, at time.Time) criteria { return c.inwards(k, at, -1) }

// inwards sets the time k if it is unset or if that narrows the span: side is 1 if a later time does, -1 if
// an earlier one does. A zero time is always set and never replaced, so that validate reports it.
func (c criteria) inwards(k key, at time.Time, side int) criteria {
	at = at.UTC().Round(0)
	old, ok := c.times[k]
	if ok && (old.IsZero() || !at.IsZero() && at.Compare(old) != side) {
		return c
	}
	c.times = lo.Assign(c.times, map[key]time.Time{k: at})
	return c
}

// between narrows the creation times to [from, to), see [criteria.between].
func (t *table[T]) between(c criteria, from, to time.Time) criteria {
	ms := t.members()
	ms.must(keyCreatedFrom, kindBound)
	ms.must(keyCreatedTo, kindBound)
	return c.between(from, to)
}

// between narrows the creation times to [from, to); a zero time leaves that end open. Two spans without a
// common time give an empty span. A span that was given in reverse stays reversed, so that validate reports
// it.
func (c criteria) between(from, to time.Time) criteria {
	wrong := c.reversed() || !from.IsZero() && !to.IsZero() && to.Before(from)
	if !from.IsZero() {
		c = c.since(keyCreatedFrom, from)
	}
	if !to.IsZero() {
		c = c.until(keyCreatedTo, to)
	}
	if c.reversed() && !wrong {
		c.times = lo.Assign(c.times, map[key]time.Time{keyCreatedTo: c.times[keyCreatedFrom]})
	}
	return c
}

// reversed reports whether the span of CreatedBetween ends before it starts.
func (c criteria) reversed() bool {
	lo, hi := c.times[keyCreatedFrom], c.times[keyCreatedTo]
	return !lo.IsZero() && !hi.IsZero() && hi.Before(lo)
}

// flag sets a flag. No method resets one.
func (t *table[T]) flag(c criteria, k key) criteria {
	t.members().must(k, kindFlag)
	c.flags = lo.Assign(c.flags, map[key]bool{k: true})
	return c
}

// tag requires a tag with the key and one of the values, or any value if values is nil. As with narrow, only
// values that were allowed before stay allowed.
func (t *table[T]) tag(c criteria, key string, values []string) criteria {
	t.members().must(keyTags, kindTags)
	old, ok := c.tags[key]
	switch {
	case values == nil && ok:
		return c
	case values != nil:
		values = append([]string{}, values...) // not nil even if empty: nil allows any value
		slices.Sort(values)
		values = slices.Compact(values)
	}
	if old != nil {
		values = lo.Filter(values, func(v string, _ int) bool { return slices.Contains(old, v) })
	}
	c.tags = lo.Assign(c.tags, map[string][]string{key: values})
	return c
}

// matchesNothing reports whether the conditions contradict each other: no item can match.
func (c criteria) matchesNothing() bool {
	none := func(values []string) bool { return values != nil && len(values) == 0 }
	lower, upper := c.created()
	return lo.SomeBy(lo.Values(c.sets), none) || lo.SomeBy(lo.Values(c.tags), none) ||
		!upper.IsZero() && upper.Before(lower) || c.emptySpan()
}

// emptySpan reports whether the span of CreatedBetween is empty: it ends where it starts.
func (c criteria) emptySpan() bool {
	lower, ok := c.times[keyCreatedFrom]
	return ok && lower.Equal(c.times[keyCreatedTo])
}

// created returns the span of creation times that all members together allow; a zero time is an open end.
func (c criteria) created() (lower, upper time.Time) {
	return latest(c.times[keyCreatedAfter], c.times[keyCreatedFrom]), earliest(c.times[keyCreatedBefore], c.times[keyCreatedTo])
}

// latest returns the later of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// earliest returns the earlier of two times. A zero time does not count: the other is returned.
func earliest(a, b time.Time) time.Time {
	if b.IsZero() || !a.IsZero() && a.Before(b) {
		return a
	}
	return b
}

// match reports whether an item satisfies all criteria.
func (t *table[T]) match(c criteria, item *T) bool { return t.check(c, item, nil) }

// check reports whether an item satisfies the criteria, apart from the members that the request carried.
func (t *table[T]) check(c criteria, item *T, sent map[key]bool) bool {
	for _, m := range t.sets {
		if values, ok := c.sets[m.key]; ok && !sent[m.key] && !m.matches(values, item) {
			return false
		}
	}
	for _, b := range t.times {
		if limit, ok := c.times[b.key]; ok && !sent[b.key] && !b.matches(limit, item) && !c.acceptsUndated(b.key, b.time(item)) {
			return false
		}
	}
	for _, f := range t.flags {
		if c.flags[f.key] && f.keep != nil && !f.keep(item) {
			return false
		}
	}
	for key, values := range c.tags {
		if v, ok := t.tags(item, key); !ok || values != nil && !slices.Contains(values, v) {
			return false
		}
	}
	return true
}

// validate returns everything that is wrong with the criteria in one error, which wraps [ErrFilter] and
// starts with the filter's name.
func (t *table[T]) validate(c criteria) error {
	var errs []error
	for _, m := range t.sets {
		for _, v := range c.sets[m.key] {
			if err := m.validate(v); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", m.key, err))
			}
		}
	}
	for _, b := range t.times {
		if limit, ok := c.times[b.key]; ok && (limit.Year() < 2 || limit.Year() > 9999) {
			errs = append(errs, fmt.Errorf("%s: %s is not a time to ask for", b.key, limit.Format(time.RFC3339)))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.tags)) {
		switch text := strings.Join(append([]string{key}, c.tags[key]...), " "); {
		case strings.TrimSpace(key) == "":
			errs = append(errs, errors.New("tags: an empty key"))
		case !utf8.ValidString(text):
			errs = append(errs, fmt.Errorf("tags: %q is not UTF-8", text))
		}
	}
	errs = append(errs, c.checkOrder(keyCreatedAfter, keyCreatedBefore), c.checkOrder(keyCompletedAfter, keyCompletedBefore),
		c.checkOrder(keyCreatedFrom, keyCreatedTo))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s: %w: %w", t.name, ErrFilter, err)
	}
	return nil
}

// validateFilter is validate for a filter's Validate method: it puts the package's name before the error. The
// errors of listings have it already.
func (t *table[T]) validateFilter(c criteria) error {
	if err := t.validate(c); err != nil {
		return fmt.Errorf("backupx: %w", err)
	}
	return nil
}

// validate rejects values that are certainly mistakes. Ids outside the documented patterns and unknown enum
// values are accepted: real data has such ids, and AWS adds enum values.
func (m member[T]) validate(v string) error {
	switch {
	case strings.TrimSpace(v) == "":
		return errors.New("an empty value")
	case strings.TrimSpace(v) != v:
		return fmt.Errorf("%q has blanks around it", v)
	case m.boolean && v != "true" && v != "false":
		return fmt.Errorf("%q is neither true nor false", v)
	case !utf8.ValidString(v): // encoding/json would replace the invalid bytes, and the filter would change
		return fmt.Errorf("%q is not UTF-8", v)
	case m.check != nil:
		return m.check(v)
	}
	return nil
}

// checkOrder rejects a span that ends before it starts.
func (c criteria) checkOrder(first, last key) error {
	a, ok := c.times[first]
	b, both := c.times[last]
	if ok && both && b.Before(a) {
		return fmt.Errorf("%s: %s is before %s, %s", last, b.Format(time.RFC3339Nano), first, a.Format(time.RFC3339Nano))
	}
	return nil
}

func mustBeARN(v string) error {
	if !arn.IsARN(v) {
		return fmt.Errorf("%q is not an ARN", v)
	}
	return nil
}

func mustBeName(v string) error {
	if arn.IsARN(v) {
		return fmt.Errorf("%q is an ARN where a name or an id is due", v)
	}
	return nil
}
