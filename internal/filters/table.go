// Package filters has what the filters of all operations share: the conditions of a filter, what they mean for
// requests and for items, and their text and JSON. It decides what is listed. How it is listed, in which order
// and how fast, is for package backupx to decide.
//
// A [Table] describes one filter type: each [Member], [Bound] and [Flag] says how it gets into requests, and
// how to read it from an item. [Criteria] are the conditions of one filter. A table makes them narrower,
// validates them, and matches items with them. [Table.Plan] answers them with the queries of one or more
// chains of pages: a [Query] is what the requests of one chain ask for, and the conditions that requests
// cannot carry are checked on the items ([Table.ItemCheck]).
package filters

import (
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
)

// Table describes the members of one filter type, and the life cycle of the items that it matches. Criteria
// that were made by one table are not for another one.
type Table[T any] struct {
	Name  string      // of the filter type
	Op    string      // the operation's name in checkpoints
	Sets  []Member[T] // the most selective first
	Times []Bound[T]
	Flags []Flag[T]
	Live  []string // the states that an item leaves by itself, in the order of its life
	Final []string // the states that an item never leaves

	Tags func(item *T, key string) (value string, ok bool) // nil where items have no tags
}

// Member is a member of a filter that takes values.
type Member[T any] struct {
	Key        Key
	Send       Sending
	Value      func(item *T) string     // the item's value; nil where items do not show it
	Check      func(value string) error // what Validate rejects in addition to its general rules; nil for nothing
	IgnoreCase bool                     // values that differ only in case are equal
	Boolean    bool                     // the only values are true and false
	Unique     bool                     // no two items have the same value; see Sought

	Documented []string // the values that AWS documents; Explain warns of others; nil for no warning
}

// Sending says how a member's values get into requests.
type Sending uint8

const (
	// NotSent: the request has no such parameter, and items are checked.
	NotSent Sending = iota
	// OneValue: a request takes one value. Several values become several chains, as long as the filter has
	// at most maxChains; otherwise items are checked.
	OneValue
	// OneValueAlways: a request takes one value, and the member is always in the request. Every value
	// becomes a chain, however many there are.
	OneValueAlways
	// OneValueAlone: as OneValue, but only if no other set member is in the request; otherwise items are
	// checked.
	OneValueAlone
	// AllValues: one request takes all values.
	AllValues
)

// Bound is a member of a filter that takes one end of a span of time.
type Bound[T any] struct {
	Key  Key
	End  End
	Sent bool                     // the request has it; otherwise items are checked
	Time func(item *T) *time.Time // the item's time; nil where the item has none
}

// End says which times a bound accepts.
type End uint8

const (
	// After accepts the times strictly after the bound.
	After End = iota
	// Before accepts the times strictly before the bound.
	Before
	// From accepts the time of the bound and later ones.
	From
)

// CreatedBounds are the bounds on the creation time, which every filter has. With sent, requests carry
// CreatedAfter and CreatedBefore. CreatedBetween is always checked on items, because no service documents
// whether its own filters include their ends.
func CreatedBounds[T any](sent bool, created func(item *T) *time.Time) []Bound[T] {
	return []Bound[T]{
		{Key: KeyCreatedAfter, End: After, Sent: sent, Time: created},
		{Key: KeyCreatedBefore, End: Before, Sent: sent, Time: created},
		{Key: KeyCreatedFrom, End: From, Time: created},
		{Key: KeyCreatedTo, End: Before, Time: created},
	}
}

// Created returns the function that reads an item's creation time. It returns nil if the service does not
// filter by creation time.
func (t *Table[T]) Created() func(item *T) *time.Time {
	b, _ := lo.Find(t.Times, func(b Bound[T]) bool { return b.Key == KeyCreatedAfter && b.Sent })
	return b.Time
}

// Flag is a member of a filter that is set or not.
type Flag[T any] struct {
	Key  Key
	Keep func(item *T) bool // nil where items do not show the flag
}

// matches reports whether the item's time is on the right side of the bound. An item without a time never
// matches, and the zero bound, which Validate rejects, matches no item.
func (b Bound[T]) matches(limit time.Time, item *T) bool {
	at := b.Time(item)
	switch {
	case at == nil || limit.IsZero():
		return false
	case b.End == After:
		return at.After(limit)
	case b.End == From:
		return !at.Before(limit)
	default:
		return at.Before(limit)
	}
}

// matches reports whether the item has one of the values, which are sorted. A member that items do not show matches
// every item, unless no value is allowed. A blank value matches no item.
func (m Member[T]) matches(values []string, item *T) bool {
	if m.Value == nil {
		return len(values) > 0
	}
	v := m.Value(item)
	_, ok := slices.BinarySearch(values, v)
	if !ok && m.IgnoreCase {
		ok = slices.ContainsFunc(values, func(w string) bool { return strings.EqualFold(v, w) })
	}
	return ok && !isBlank(v)
}

// Match reports whether an item satisfies all criteria.
func (t *Table[T]) Match(c Criteria, item *T) bool { return t.check(c, item, nil) }

// check reports whether an item satisfies the criteria, apart from the members that the request carried.
func (t *Table[T]) check(c Criteria, item *T, sent map[Key]bool) bool {
	for _, m := range t.Sets {
		if values, ok := c.sets[m.Key]; ok && !sent[m.Key] && !m.matches(values, item) {
			return false
		}
	}
	for _, b := range t.Times {
		if limit, ok := c.times[b.Key]; ok && !sent[b.Key] && !b.matches(limit, item) && !c.acceptsUndated(b.Key, b.Time(item)) {
			return false
		}
	}
	for _, f := range t.Flags {
		if c.flags[f.Key] && f.Keep != nil && !f.Keep(item) {
			return false
		}
	}
	for key, values := range c.tags {
		if v, ok := t.Tags(item, key); !ok || values != nil && !slices.Contains(values, v) {
			return false
		}
	}
	return true
}
