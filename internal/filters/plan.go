package filters

import (
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
)

// maxChains is the largest number of chains that one filter is split into. A member that would need more
// chains is checked on items instead; the table has the most selective members first.
const maxChains = 16

// ExactMargin widens the request for an exact span of creation time. The request's start is earlier by
// ExactMargin, and its end is rounded up to a multiple of ExactMargin. AWS documents neither whether its
// filters include their ends nor whether they compare milliseconds, so the exact span is checked on items. An
// end on a whole second is sent unchanged: nightly plans create many jobs at such a moment, and a later end
// would read these jobs only to drop them.
const ExactMargin = time.Second

// Query is what the requests of one chain ask for: at most one value of each member that takes one value per
// request.
type Query struct {
	criteria Criteria

	members members        // of the filter's table
	values  map[Key]string // the value of each member that takes one value per request
	shard   string         // names the chain among those of the filter; empty if it is the only one
	stage   int            // chains of a lower stage are read first
	moving  bool           // while the chain is read, items may leave it for another one
}

// Plan says how a filter is answered: by the queries of its chains, and by checks on their items.
type Plan struct {
	queries []Query
	sent    map[Key]bool // members that the requests carry: items need no check
	split   bool         // several states are several chains: two of them may deliver the same item
}

// Plan splits the criteria into queries. Criteria that match nothing have none.
func (t *Table[T]) Plan(c Criteria) Plan {
	p := Plan{sent: map[Key]bool{}}
	if c.matchesNothing() {
		return p
	}
	p.queries = []Query{{criteria: c, members: t.members(), values: map[Key]string{}}}
	for _, m := range t.Sets {
		values, asked := c.sets[m.Key]
		switch {
		case !asked || m.Send == NotSent, m.Send == OneValueAlone && len(p.sent) > 0:
		case m.Send == AllValues:
			p.sent[m.Key] = true
		case m.Send == OneValueAlways, len(values) == 1, len(p.queries)*len(values) <= maxChains:
			p.sent[m.Key] = true
			p.split = p.split || m.Key == KeyStates && len(values) > 1
			p.queries = lo.FlatMap(p.queries, func(q Query, _ int) []Query { return t.perValue(q, m.Key, values) })
		}
	}
	for _, b := range t.Times {
		if b.Sent {
			p.sent[b.Key] = true
		}
	}
	slices.SortStableFunc(p.queries, func(a, b Query) int { return a.stage - b.stage })
	return p
}

// perValue returns one query for each value of the member k.
func (t *Table[T]) perValue(q Query, k Key, values []string) []Query {
	return lo.Map(values, func(v string, _ int) Query {
		next := q
		next.values = lo.Assign(q.values, map[Key]string{k: v})
		if len(values) > 1 {
			next.shard = strings.TrimPrefix(q.shard+","+k.String()+"="+shardEscapes.Replace(v), ",")
		}
		if k == KeyStates && len(values) > 1 {
			next.stage, next.moving = t.stage(v)
		}
		return next
	})
}

// shardEscapes escapes commas in a value. In the name of a shard a comma separates members.
var shardEscapes = strings.NewReplacer("%", "%25", ",", "%2C")

// stage returns the stage in which a listing of several states reads the chain of a state, and whether items
// may leave the state meanwhile. First come the states that an item leaves by itself, one stage each, in the
// order of the item's life. The states that this version does not know share the next stage, and the final
// states the last one. An item that leaves its state before it was delivered is therefore found in a later
// stage.
func (t *Table[T]) stage(state string) (n int, moving bool) {
	if i := slices.Index(t.Live, state); i >= 0 {
		return i, true
	}
	if slices.Contains(t.Final, state) {
		return len(t.Live) + 1, false
	}
	return len(t.Live), true
}

// Queries returns the queries of the plan's chains, those of lower stages first. A plan without queries matches
// nothing.
func (p Plan) Queries() []Query { return p.queries }

// MayRepeat reports whether two chains may deliver the same item: they read different states, and an item that
// changes its state leaves one chain for the other.
func (p Plan) MayRepeat() bool { return p.split }

// ItemCheck returns a function that reports whether an item of a query's chain satisfies the conditions that the
// requests of the plan do not carry. It returns nil if they carry all conditions.
func (t *Table[T]) ItemCheck(p Plan, q Query) func(item *T) bool {
	if len(t.checkedOnItems(q.criteria, p.sent)) == 0 {
		return nil
	}
	return func(item *T) bool { return t.check(q.criteria, item, p.sent) }
}

// checkedOnItems returns the conditions that are checked on items, as text.
func (t *Table[T]) checkedOnItems(c Criteria, sent map[Key]bool) []string {
	return t.describe(c, func(k Key) bool { return !sent[k] && !t.onlyInRequests(k) })
}

// Sought returns the values of a unique member that the criteria name, sorted, and the function that reads an item's value.
// Once an item of each value was delivered, no other item can match. It returns nil if the criteria name none.
func (t *Table[T]) Sought(c Criteria) (values []string, of func(item *T) string) {
	m, _ := lo.Find(t.Sets, func(m Member[T]) bool { return m.Unique && c.sets[m.Key] != nil })
	return c.sets[m.Key], m.Value
}

// onlyInRequests reports whether items do not show the member. Only the request can carry it then.
func (t *Table[T]) onlyInRequests(k Key) bool {
	return lo.ContainsBy(t.Sets, func(m Member[T]) bool { return m.Key == k && m.Value == nil }) ||
		lo.ContainsBy(t.Flags, func(f Flag[T]) bool { return f.Key == k && f.Keep == nil })
}

// Shard names the query's chain among those of the filter. It is empty if the query is the only one.
func (q Query) Shard() string { return q.shard }

// Stage returns the stage in which the chain is read: chains of a lower stage are read first.
func (q Query) Stage() int { return q.stage }

// Moving reports whether items may leave the chain for another one while it is read.
func (q Query) Moving() bool { return q.moving }

// Created returns the span of creation times that all members together allow; a zero time is an open end.
func (q Query) Created() (lower, upper time.Time) { return q.criteria.created() }

// Window returns the query for the window [from, to) of creation time; a zero time is an open end. Items without a
// creation time belong to the window without a start, unless the filter has a CreatedBetween.
func (q Query) Window(from, to time.Time, shard string) Query {
	undated := from.IsZero() && !q.criteria.spanned()
	q.criteria = q.criteria.between(from, to)
	q.criteria.undated = undated
	q.shard = shard
	return q
}

// Value returns the value of a member that takes one value per request, nil if the request has none.
func (q Query) Value(k Key) *string {
	return lo.EmptyableToPtr(q.values[q.members.must(k, kindValues)])
}

// Values returns all values that the filter allows in a member, nil if it does not narrow the member.
func (q Query) Values(k Key) []string { return q.criteria.sets[q.members.must(k, kindValues)] }

// Asks reports whether the filter sets a flag.
func (q Query) Asks(k Key) bool { return q.criteria.Asks(q.members.must(k, kindFlag)) }

// After returns the time that a request carries for a bound that accepts later times, nil if the filter does
// not set the bound.
func (q Query) After(k Key) *time.Time { return lo.EmptyableToPtr(q.at(k)) }

// Before returns the time that a request carries for a bound that accepts earlier times, nil if the filter does
// not set the bound.
func (q Query) Before(k Key) *time.Time { return wholeMilliseconds(q.at(k)) }

// CreatedAfter returns the start of the span of creation times that a request asks for, nil if it is open.
func (q Query) CreatedAfter() *time.Time {
	lower := q.at(KeyCreatedFrom)
	if !lower.IsZero() {
		lower = lower.Add(-ExactMargin)
	}
	return lo.EmptyableToPtr(Latest(q.at(KeyCreatedAfter), lower))
}

// CreatedBefore returns the end of the span of creation times that a request asks for, nil if it is open.
func (q Query) CreatedBefore() *time.Time {
	upper := q.at(KeyCreatedTo)
	if !upper.IsZero() {
		upper = roundUp(upper, ExactMargin)
	}
	return wholeMilliseconds(Earliest(q.at(KeyCreatedBefore), upper))
}

// at returns the time of a bound, zero if the filter does not set it.
func (q Query) at(k Key) time.Time { return q.criteria.times[q.members.must(k, kindBound)] }

// wholeMilliseconds rounds a time up to the milliseconds that a request can carry, and returns nil for the
// zero time. The SDK rounds down: a request for jobs before the time would then leave out the jobs of the
// last millisecond.
func wholeMilliseconds(t time.Time) *time.Time {
	return lo.EmptyableToPtr(roundUp(t, time.Millisecond))
}

// roundUp rounds a time up to a multiple of to.
func roundUp(t time.Time, to time.Duration) time.Time {
	if down := t.Truncate(to); !down.Equal(t) {
		return down.Add(to)
	}
	return t
}
