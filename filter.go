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
	sets  map[key][]string    // one of these values, sorted; present and empty is nothing at all
	times map[key]time.Time   // one end of a span of time, in UTC
	flags map[key]bool        // asked for
	tags  map[string][]string // by a tag's key: one of these values; nil is any value

	undated bool // the span is a window of a listing that asks for none: what has no time belongs to it
}

// acceptsUndated reports whether an item without a time satisfies a bound all the same: the end of a window
// does not drop it, every other bound does.
func (c criteria) acceptsUndated(k key, at *time.Time) bool {
	return c.undated && k == keyCreatedTo && at == nil
}

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
	key   key
	send  sending
	value func(item *T) string     // nil where no item shows it
	check func(value string) error // what else than blank cannot be meant; may be nil
	fold  bool                     // case does not matter
	bools bool                     // the values are true and false

	documented []string // the values that AWS documents, to warn of others; nil for no warning
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
	key  key
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
)

// createdBounds are the bounds on creation time, which every filter has. The service may answer
// CreatedAfter and CreatedBefore; CreatedBetween is always checked on items, since no service says
// whether its ends are within.
func createdBounds[T any](sent bool, of func(item *T) *time.Time) []bound[T] {
	return []bound[T]{
		{key: keyCreatedAfter, end: after, sent: sent, of: of},
		{key: keyCreatedBefore, end: before, sent: sent, of: of},
		{key: keyCreatedFrom, end: from, of: of},
		{key: keyCreatedTo, end: before, of: of},
	}
}

// created is when an item was created, nil where the service has no filter on it.
func (t *table[T]) created() func(item *T) *time.Time {
	b, _ := lo.Find(t.times, func(b bound[T]) bool { return b.key == keyCreatedAfter && b.sent })
	return b.of
}

// flag is one that is asked for or not.
type flag[T any] struct {
	key  key
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

// must panics where the table has no member of a key's kind: that is a mistake in this package, and to pass
// it over would widen a filter.
func (t *table[T]) must(has bool, k key) {
	if !has {
		panic(fmt.Sprintf("backupx: %s has no such member %s", t.name, k))
	}
}

// narrow asks for one of values, on top of what was asked of the member before.
func (t *table[T]) narrow(c criteria, k key, values []string) criteria {
	m, ok := lo.Find(t.sets, func(m member[T]) bool { return m.key == k })
	t.must(ok, k)
	old, asked := c.sets[k]
	left := m.unique(slices.Concat(old, values)) // of both, so that the order of calls does not choose a spelling
	left = lo.Filter(left, func(v string, _ int) bool {
		return slices.ContainsFunc(values, m.same(v)) && (!asked || slices.ContainsFunc(old, m.same(v)))
	})
	c.sets = with(c.sets, k, left)
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
func with[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[K]V{}
	}
	m[k] = v
	return m
}

// limit moves the end of a span that a bound is inwards.
func (t *table[T]) limit(c criteria, k key, at time.Time) criteria {
	b, ok := lo.Find(t.times, func(b bound[T]) bool { return b.key == k })
	t.must(ok, k)
	if b.end == before {
		return c.until(k, at)
	}
	return c.since(k, at)
}

// since and until move one end of a span inwards.
func (c criteria) since(k key, at time.Time) criteria { return c.inwards(k, at, 1) }
func (c criteria) until(k key, at time.Time) criteria { return c.inwards(k, at, -1) }

func (c criteria) inwards(k key, at time.Time, side int) criteria {
	at = at.UTC().Round(0)
	old, ok := c.times[k]
	if ok && (old.IsZero() || !at.IsZero() && at.Compare(old) != side) {
		return c
	}
	c.times = with(c.times, k, at)
	return c
}

// between asks for [lo, hi). Spans that have nothing in common come to an empty one; one that was
// given the wrong way round stays so, for validate to reject.
func (c criteria) between(lo, hi time.Time) criteria {
	wrong := c.reversed() || !lo.IsZero() && !hi.IsZero() && hi.Before(lo)
	if !lo.IsZero() {
		c = c.since(keyCreatedFrom, lo)
	}
	if !hi.IsZero() {
		c = c.until(keyCreatedTo, hi)
	}
	if c.reversed() && !wrong {
		c.times = with(c.times, keyCreatedTo, c.times[keyCreatedFrom])
	}
	return c
}

func (c criteria) reversed() bool {
	lo, hi := c.times[keyCreatedFrom], c.times[keyCreatedTo]
	return !lo.IsZero() && !hi.IsZero() && hi.Before(lo)
}

// flag sets a flag; nothing resets it.
func (t *table[T]) flag(c criteria, k key) criteria {
	t.must(lo.ContainsBy(t.flags, func(f flag[T]) bool { return f.key == k }), k)
	c.flags = with(c.flags, k, true)
	return c
}

// tag asks for a key with one of values, nil for any.
func (t *table[T]) tag(c criteria, key string, values []string) criteria {
	t.must(t.tags != nil, keyTags)
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
	lower, ok := c.times[keyCreatedFrom]
	return ok && lower.Equal(c.times[keyCreatedTo])
}

// created is the span of creation times that all members together leave; zero is an open end.
func (c criteria) created() (lower, upper time.Time) {
	return latest(c.times[keyCreatedAfter], c.times[keyCreatedFrom]), earliest(c.times[keyCreatedBefore], c.times[keyCreatedTo])
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
func (t *table[T]) check(c criteria, item *T, sent map[key]bool) bool {
	for _, m := range t.sets {
		if values, ok := c.sets[m.key]; ok && !sent[m.key] && !m.holds(values, item) {
			return false
		}
	}
	for _, b := range t.times {
		if limit, ok := c.times[b.key]; ok && !sent[b.key] && !b.holds(limit, item) && !c.acceptsUndated(b.key, b.of(item)) {
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

// validate joins all that is wrong.
func (t *table[T]) validate(c criteria) error {
	var errs []error
	for _, m := range t.sets {
		for _, v := range c.sets[m.key] {
			if err := m.wrong(v); err != nil {
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
	errs = append(errs, c.order(keyCreatedAfter, keyCreatedBefore), c.order(keyCompletedAfter, keyCompletedBefore),
		c.order(keyCreatedFrom, keyCreatedTo))
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
	case strings.TrimSpace(v) != v: // no service has such a value, and what a request passes over is all
		return fmt.Errorf("%q has blanks around it", v)
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
func (c criteria) order(first, last key) error {
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
