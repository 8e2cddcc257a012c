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

// criteria is what a filter asks for, member by member: immutable, empty for everything. A filter
// type is its criteria with typed methods; what its members mean is in its table.
type criteria struct {
	sets  map[string][]string  // one of these values, sorted; present and empty is nothing at all
	times map[string]time.Time // one end of a span of time, in UTC
	flags map[string]bool      // asked for
	tags  map[string][]string  // by key: one of these values; nil is any value

	undated bool // the span is a window of a listing that asks for none: what has no time belongs to it
}

// lets reports whether something without a time is in the span all the same.
func (c criteria) lets(at *time.Time) bool { return at == nil && c.undated }

// table is what the members of one filter type mean.
type table[T any] struct {
	name  string // of the filter type
	op    string // identifies its operation in checkpoints
	sets  []member[T]
	times []bound[T]
	flags []flag[T]
	tags  func(item *T, key string) (value string, ok bool)
	live  []string // states that an item leaves by itself, in the order of its life
	final []string // states that it stays in
}

// member is one that takes values. A table has the most selective first.
type member[T any] struct {
	name  string
	send  sending
	value func(item *T) string     // nil where no item shows it
	check func(value string) error // what else than blank cannot be meant; may be nil
	fold  bool                     // case does not matter
	bools bool                     // the values are true and false
}

// sending is how a member gets into a request.
type sending uint8

const (
	onItems sending = iota // it does not: items are checked
	one                    // one value a request
	each                   // one value a request, and every request has one, however many there are
	alone                  // one value a request, which has no other such member
	many                   // any number of values
)

// bound is one that takes a time.
type bound[T any] struct {
	name string
	end  end
	sent bool // in the request; otherwise items are checked
	of   func(item *T) *time.Time
}

// end is which end of a span a time is, and whether the time itself is within.
type end uint8

const (
	after  end = iota // later than the time
	before            // earlier
	from              // not earlier
	to                // earlier; the exact end of a half-open span
)

// createdBounds are the bounds on creation time, which every filter has. The service may answer
// CreatedAfter and CreatedBefore; CreatedBetween is always checked on items, since no service says
// whether its ends are within.
func createdBounds[T any](sent bool, of func(item *T) *time.Time) []bound[T] {
	return []bound[T]{
		{name: createdAfter, end: after, sent: sent, of: of},
		{name: createdBefore, end: before, sent: sent, of: of},
		{name: createdFrom, end: from, of: of},
		{name: createdTo, end: to, of: of},
	}
}

// created is when an item was created, nil where the service has no filter on it.
func (t *table[T]) created() func(item *T) *time.Time {
	b, _ := lo.Find(t.times, func(b bound[T]) bool { return b.name == createdAfter && b.sent })
	return b.of
}

// flag is one that is asked for or not.
type flag[T any] struct {
	name string
	keep func(item *T) bool // nil where no item shows it
}

// holds reports whether a time is on the right side of the bound.
func (b bound[T]) holds(limit time.Time, item *T) bool {
	at := b.of(item)
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

func (m member[T]) same(v string) func(string) bool {
	if m.fold {
		return func(w string) bool { return strings.EqualFold(v, w) }
	}
	return func(w string) bool { return v == w }
}

func (m member[T]) holds(values []string, item *T) bool {
	if m.value == nil {
		return len(values) > 0
	}
	return slices.ContainsFunc(values, m.same(m.value(item)))
}

// narrow asks for one of values, on top of what was asked of the member before.
func (t *table[T]) narrow(c criteria, name string, values []string) criteria {
	m, _ := lo.Find(t.sets, func(m member[T]) bool { return m.name == name })
	old, asked := c.sets[name]
	left := m.unique(slices.Concat(old, values)) // of both, so that the order of calls does not choose a spelling
	left = lo.Filter(left, func(v string, _ int) bool {
		return slices.ContainsFunc(values, m.same(v)) && (!asked || slices.ContainsFunc(old, m.same(v)))
	})
	c.sets = with(c.sets, name, left)
	return c
}

// unique are values in order, each once.
func (m member[T]) unique(values []string) []string {
	unique := []string{}
	for _, v := range slices.Sorted(slices.Values(values)) {
		if !slices.ContainsFunc(unique, m.same(v)) {
			unique = append(unique, v)
		}
	}
	return unique
}

// texts are the values of an enum as text.
func texts[V ~string](values ...V) []string {
	return lo.Map(values, func(v V, _ int) string { return string(v) })
}

// with is a copy of a map with one more entry.
func with[V any](m map[string]V, name string, v V) map[string]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[string]V{}
	}
	m[name] = v
	return m
}

// since and until move one end of a span inwards.
func (c criteria) since(name string, t time.Time) criteria { return c.limit(name, t, 1) }
func (c criteria) until(name string, t time.Time) criteria { return c.limit(name, t, -1) }

func (c criteria) limit(name string, t time.Time, side int) criteria {
	t = t.UTC().Round(0)
	old, ok := c.times[name]
	if ok && (old.IsZero() || !t.IsZero() && t.Compare(old) != side) {
		return c
	}
	c.times = with(c.times, name, t)
	return c
}

// The members that code has to know by name.
const (
	states          = "states" // an item can change between its values
	createdAfter    = "createdAfter"
	createdBefore   = "createdBefore"
	createdFrom     = "createdFrom" // from and to are CreatedBetween's
	createdTo       = "createdTo"
	completedAfter  = "completedAfter"
	completedBefore = "completedBefore"
)

// between asks for [lo, hi). Spans that have nothing in common come to an empty one; one that was
// given the wrong way round stays so, for validate to reject.
func (c criteria) between(lo, hi time.Time) criteria {
	wrong := c.reversed() || !lo.IsZero() && !hi.IsZero() && hi.Before(lo)
	if !lo.IsZero() {
		c = c.since(createdFrom, lo)
	}
	if !hi.IsZero() {
		c = c.until(createdTo, hi)
	}
	if c.reversed() && !wrong {
		c.times = with(c.times, createdTo, c.times[createdFrom])
	}
	return c
}

func (c criteria) reversed() bool {
	lo, hi := c.times[createdFrom], c.times[createdTo]
	return !lo.IsZero() && !hi.IsZero() && hi.Before(lo)
}

func (c criteria) flag(name string) criteria {
	c.flags = with(c.flags, name, true)
	return c
}

// tag asks for a key with one of values, nil for any.
func (c criteria) tag(key string, values []string) criteria {
	old, ok := c.tags[key]
	switch {
	case values == nil && ok:
		return c
	case values != nil:
		values = append([]string{}, values...) // never nil: no value is not any value
		slices.Sort(values)
		values = slices.Compact(values)
	}
	if old != nil {
		values = lo.Filter(values, func(v string, _ int) bool { return slices.Contains(old, v) })
	}
	c.tags = with(c.tags, key, values)
	return c
}

// nothing reports whether no item can match.
func (c criteria) nothing() bool {
	none := func(values []string) bool { return values != nil && len(values) == 0 }
	lower, upper := c.created()
	return lo.SomeBy(lo.Values(c.sets), none) || lo.SomeBy(lo.Values(c.tags), none) ||
		!upper.IsZero() && upper.Before(lower) || c.empty()
}

// empty reports whether the span of CreatedBetween is.
func (c criteria) empty() bool {
	lower, ok := c.times[createdFrom]
	return ok && lower.Equal(c.times[createdTo])
}

// created is the span of creation times that all members together leave; zero is an open end.
func (c criteria) created() (lower, upper time.Time) {
	return latest(c.times[createdAfter], c.times[createdFrom]), earliest(c.times[createdBefore], c.times[createdTo])
}

// latest is the later of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// earliest is the earlier of two times, of which zero is none.
func earliest(a, b time.Time) time.Time {
	if b.IsZero() || !a.IsZero() && a.Before(b) {
		return a
	}
	return b
}

// match reports whether an item has everything that is asked for.
func (t *table[T]) match(c criteria, item *T) bool { return t.check(c, item, nil) }

// check is match without the members that a request has asked for already.
func (t *table[T]) check(c criteria, item *T, sent map[string]bool) bool {
	for _, m := range t.sets {
		if values, ok := c.sets[m.name]; ok && !sent[m.name] && !m.holds(values, item) {
			return false
		}
	}
	for _, b := range t.times {
		if limit, ok := c.times[b.name]; ok && !sent[b.name] && !b.holds(limit, item) && !c.lets(b.of(item)) {
			return false
		}
	}
	for _, f := range t.flags {
		if c.flags[f.name] && f.keep != nil && !f.keep(item) {
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

// validate joins all that is wrong.
func (t *table[T]) validate(c criteria) error {
	var errs []error
	for _, m := range t.sets {
		for _, v := range c.sets[m.name] {
			if err := m.wrong(v); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", m.name, err))
			}
		}
	}
	for _, b := range t.times {
		if limit, ok := c.times[b.name]; ok && (limit.Year() < 2 || limit.Year() > 9999) {
			errs = append(errs, fmt.Errorf("%s: %s is not a time to ask for", b.name, limit.Format(time.RFC3339)))
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
	errs = append(errs, c.order(createdAfter, createdBefore), c.order(completedAfter, completedBefore),
		c.order(createdFrom, createdTo))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s: %w: %w", t.name, ErrFilter, err)
	}
	return nil
}

// valid is validate for the filter's own Validate.
func (t *table[T]) valid(c criteria) error {
	if err := t.validate(c); err != nil {
		return fmt.Errorf("backupx: %w", err)
	}
	return nil
}

func (m member[T]) wrong(v string) error {
	switch {
	case strings.TrimSpace(v) == "":
		return errors.New("an empty value")
	case m.bools && v != "true" && v != "false":
		return fmt.Errorf("%q is neither true nor false", v)
	case !utf8.ValidString(v): // JSON would not give it back as it was
		return fmt.Errorf("%q is not UTF-8", v)
	case m.check != nil:
		return m.check(v)
	}
	return nil
}

// order rejects a span whose end is before its start.
func (c criteria) order(first, last string) error {
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
