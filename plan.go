package backupx

import (
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
)

// maxChains is the largest number of chains that one filter is split into. A member that would need more
// chains is checked on items instead; the table has the most selective members first.
const maxChains = 16

// exactMargin widens the request for an exact span of creation time. The request's start is earlier by
// exactMargin, and its end is rounded up to a multiple of exactMargin. AWS documents neither whether its
// filters include their ends nor whether they compare milliseconds, so the exact span is checked on items. An
// end on a whole second is sent unchanged: nightly plans create many jobs at such a moment, and a later end
// would read these jobs only to drop them.
const exactMargin = time.Second

// query is what the requests of one chain ask for: at most one value of each member that takes one value per
// request.
type query struct {
	criteria

	members members        // of the filter's table
	values  map[key]string // the value of each member that takes one value per request
	shard   string         // names the chain among those of the filter; empty if it is the only one
	stage   int            // chains of a lower stage are read first
	moving  bool           // while the chain is read, items may leave it for another one
}

// plan says how a filter is answered: by the queries of its chains, and by checks on their items.
type plan struct {
	queries []query
	sent    map[key]bool // members that the requests carry: items need no check
	split   bool         // several states are several chains: two of them may deliver the same item
}

// plan splits the criteria into queries. Criteria that match nothing have none.
func (t *table[T]) plan(c criteria) plan {
	p := plan{sent: map[key]bool{}}
	if c.matchesNothing() {
		return p
	}
	p.queries = []query{{criteria: c, members: t.members(), values: map[key]string{}}}
	for _, m := range t.sets {
		values, asked := c.sets[m.key]
		switch {
		case !asked || m.send == notSent, m.send == oneValueAlone && len(p.sent) > 0:
		case m.send == allValues:
			p.sent[m.key] = true
		case m.send == oneValueAlways, len(values) == 1, len(p.queries)*len(values) <= maxChains:
			p.sent[m.key] = true
			p.split = p.split || m.key == keyStates && len(values) > 1
			p.queries = lo.FlatMap(p.queries, func(q query, _ int) []query { return t.perValue(q, m.key, values) })
		}
	}
	for _, b := range t.times {
		if b.sent {
			p.sent[b.key] = true
		}
	}
	slices.SortStableFunc(p.queries, func(a, b query) int { return a.stage - b.stage })
	return p
}

// perValue returns one query for each value of the member k.
func (t *table[T]) perValue(q query, k key, values []string) []query {
	return lo.Map(values, func(v string, _ int) query {
		next := q
		next.values = lo.Assign(q.values, map[key]string{k: v})
		if len(values) > 1 {
			next.shard = strings.TrimPrefix(q.shard+","+k.String()+"="+shardEscapes.Replace(v), ",")
		}
		if k == keyStates && len(values) > 1 {
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
func (t *table[T]) stage(state string) (n int, moving bool) {
	if i := slices.Index(t.live, state); i >= 0 {
		return i, true
	}
	if slices.Contains(t.final, state) {
		return len(t.live) + 1, false
	}
	return len(t.live), true
}

// checkedOnItems returns the conditions that are checked on items, as text.
func (t *table[T]) checkedOnItems(c criteria, sent map[key]bool) []string {
	return t.describe(c, func(k key) bool { return !sent[k] && !t.onlyInRequests(k) })
}

// onlyInRequests reports whether items do not show the member. Only the request can carry it then.
func (t *table[T]) onlyInRequests(k key) bool {
	return lo.ContainsBy(t.sets, func(m member[T]) bool { return m.key == k && m.value == nil }) ||
		lo.ContainsBy(t.flags, func(f flag[T]) bool { return f.key == k && f.keep == nil })
}

// value returns the value of a member that takes one value per request, nil if the request has none.
func (q query) value(k key) *string { return optional(q.values[q.members.must(k, kindValues)]) }

// set returns all values that the filter allows in a member, nil if it does not narrow the member.
func (q query) set(k key) []string { return q.sets[q.members.must(k, kindValues)] }

// at returns the time of a bound, zero if the filter does not set it.
func (q query) at(k key) time.Time { return q.times[q.members.must(k, kindBound)] }

// asks reports whether the filter sets a flag.
func (q query) asks(k key) bool { return q.flags[q.members.must(k, kindFlag)] }

// after and before return the ends of the span of creation times that a request asks for; nil is an open end.
func (q query) after() *time.Time {
	lower := q.at(keyCreatedFrom)
	if !lower.IsZero() {
		lower = lower.Add(-exactMargin)
	}
	return optional(latest(q.at(keyCreatedAfter), lower))
}

func (q query) before() *time.Time {
	upper := q.at(keyCreatedTo)
	if !upper.IsZero() {
		upper = roundUp(upper, exactMargin)
	}
	return wholeMilliseconds(earliest(q.at(keyCreatedBefore), upper))
}

// wholeMilliseconds rounds a time up to the milliseconds that a request can carry, and returns nil for the
// zero time. The SDK rounds down: a request for jobs before the time would then leave out the jobs of the
// last millisecond.
func wholeMilliseconds(t time.Time) *time.Time { return optional(roundUp(t, time.Millisecond)) }

// roundUp rounds a time up to a multiple of to.
func roundUp(t time.Time, to time.Duration) time.Time {
	if down := t.Truncate(to); !down.Equal(t) {
		return down.Add(to)
	}
	return t
}
