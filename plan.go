package backupx

import (
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
)

// maxChains is how many chains a filter becomes at most by itself. Beyond it, the less selective
// members are checked on items instead.
const maxChains = 16

// exactMargin is how much earlier than an exact span begins the service is asked for it, and what its
// end is rounded up to. Whether the service takes the ends in, and whether it looks at the milliseconds,
// is not documented; the items are checked. An end on a whole second is asked for as it is, so that
// what was created at that moment, as by many a nightly plan, is not read to be dropped.
const exactMargin = time.Second

// query is what one chain asks of the service: one value at most of each member that takes one a
// request.
type query struct {
	criteria

	values map[string]string // by member
	shard  string
	stage  int  // chains of an earlier stage are read before
	moving bool // its items may leave it for another while it is read
}

// plan is how a filter is answered: by chains, and by checks on what they bring.
type plan struct {
	queries []query
	sent    map[string]bool // members that the requests answer
	split   bool            // by state, so that one item may come from two chains
}

// plan splits what is asked for over requests.
func (t *table[T]) plan(c criteria) plan {
	p := plan{sent: map[string]bool{}}
	if c.nothing() {
		return p
	}
	p.queries = []query{{criteria: c, values: map[string]string{}}}
	for _, m := range t.sets {
		values, asked := c.sets[m.name]
		switch {
		case !asked || m.send == onItems, m.send == alone && len(p.sent) > 0:
		case m.send == many:
			p.sent[m.name] = true
		case m.send == each, len(values) == 1, len(p.queries)*len(values) <= maxChains:
			p.sent[m.name] = true
			p.split = p.split || m.name == states && len(values) > 1
			p.queries = lo.FlatMap(p.queries, func(q query, _ int) []query { return t.spread(q, m.name, values) })
		}
	}
	for _, b := range t.times {
		if b.sent {
			p.sent[b.name] = true
		}
	}
	slices.SortStableFunc(p.queries, func(a, b query) int { return a.stage - b.stage })
	return p
}

// spread makes one query of each value.
func (t *table[T]) spread(q query, name string, values []string) []query {
	return lo.Map(values, func(v string, _ int) query {
		next := q
		next.values = with(q.values, name, v)
		if len(values) > 1 {
			next.shard = strings.TrimPrefix(q.shard+","+name+"="+shardEscapes.Replace(v), ",")
		}
		if name == states && len(values) > 1 {
			next.stage, next.moving = t.stage(v)
		}
		return next
	})
}

// shardEscapes keep a value from looking like another member.
var shardEscapes = strings.NewReplacer("%", "%25", ",", "%2C")

// stage is when in a listing of several states one is read, and whether its items may move on: in
// the order of an item's life, what may come to be added to the enum then, and last, together, the
// states that items stay in.
func (t *table[T]) stage(state string) (n int, moving bool) {
	if i := slices.Index(t.live, state); i >= 0 {
		return i, true
	}
	if slices.Contains(t.final, state) {
		return len(t.live) + 1, false
	}
	return len(t.live), true
}

// checkedOnItems are the members that items are checked for, as text.
func (t *table[T]) checkedOnItems(c criteria, sent map[string]bool) []string {
	return t.parts(c, func(name string) bool { return !sent[name] && !t.unseen(name) })
}

// unseen reports whether a member shows in requests alone.
func (t *table[T]) unseen(name string) bool {
	return lo.ContainsBy(t.sets, func(m member[T]) bool { return m.name == name && m.value == nil }) ||
		lo.ContainsBy(t.flags, func(f flag[T]) bool { return f.name == name && f.keep == nil })
}

// value is the query's value of a member, nil if it has none.
func (q query) value(name string) *string { return optional(q.values[name]) }

// after and before are the times to ask the service for creation times between.
func (q query) after() *time.Time {
	lower := q.times[createdFrom]
	if !lower.IsZero() {
		lower = lower.Add(-exactMargin)
	}
	return optional(latest(q.times[createdAfter], lower))
}

func (q query) before() *time.Time {
	upper := q.times[createdTo]
	if !upper.IsZero() {
		upper = roundUp(upper, exactMargin)
	}
	return wholeMilliseconds(earliest(q.times[createdBefore], upper))
}

// wholeMilliseconds rounds a time up to what a request can carry, so that asking for what is before
// it leaves nothing out. The SDK rounds down.
func wholeMilliseconds(t time.Time) *time.Time { return optional(roundUp(t, time.Millisecond)) }

func roundUp(t time.Time, to time.Duration) time.Time {
	if down := t.Truncate(to); !down.Equal(t) {
		return down.Add(to)
	}
	return t
}
