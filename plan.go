package backupx

import (
	"fmt"
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

	members members        // of the filter's table
	values  map[key]string // one of each member that takes one a request
	shard   string
	stage   int  // chains of an earlier stage are read before
	moving  bool // its items may leave it for another while it is read
}

// plan is how a filter is answered: by chains, and by checks on what they bring.
type plan struct {
	queries []query
	sent    map[key]bool // members that the requests answer
	split   bool         // by state, so that one item may come from two chains
}

// plan splits what is asked for over requests.
func (t *table[T]) plan(c criteria) plan {
	p := plan{sent: map[key]bool{}}
	if c.nothing() {
		return p
	}
	p.queries = []query{{criteria: c, members: t.members(), values: map[key]string{}}}
	for _, m := range t.sets {
		values, asked := c.sets[m.key]
		switch {
		case !asked || m.send == onItems, m.send == alone && len(p.sent) > 0:
		case m.send == many:
			p.sent[m.key] = true
		case m.send == each, len(values) == 1, len(p.queries)*len(values) <= maxChains:
			p.sent[m.key] = true
			p.split = p.split || m.key == keyStates && len(values) > 1
			p.queries = lo.FlatMap(p.queries, func(q query, _ int) []query { return t.spread(q, m.key, values) })
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

// spread makes one query of each value.
func (t *table[T]) spread(q query, k key, values []string) []query {
	return lo.Map(values, func(v string, _ int) query {
		next := q
		next.values = with(q.values, k, v)
		if len(values) > 1 {
			next.shard = strings.TrimPrefix(q.shard+","+k.String()+"="+shardEscapes.Replace(v), ",")
		}
		if k == keyStates && len(values) > 1 {
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
func (t *table[T]) checkedOnItems(c criteria, sent map[key]bool) []string {
	return t.parts(c, func(k key) bool { return !sent[k] && !t.unseen(k) })
}

// unseen reports whether a member shows in requests alone.
func (t *table[T]) unseen(k key) bool {
	return lo.ContainsBy(t.sets, func(m member[T]) bool { return m.key == k && m.value == nil }) ||
		lo.ContainsBy(t.flags, func(f flag[T]) bool { return f.key == k && f.keep == nil })
}

// members are the keys of a table, by kind.
type members struct {
	filter             string // its name
	sets, times, flags []key
}

func (t *table[T]) members() members {
	return members{
		filter: t.name,
		sets:   lo.Map(t.sets, func(m member[T], _ int) key { return m.key }),
		times:  lo.Map(t.times, func(b bound[T], _ int) key { return b.key }),
		flags:  lo.Map(t.flags, func(f flag[T], _ int) key { return f.key }),
	}
}

// known is a key that a request is written from. It panics where the filter's table has no such member:
// what a request leaves out by mistake widens the filter.
func (m members) known(of []key, k key) key {
	if !slices.Contains(of, k) {
		panic(fmt.Sprintf("backupx: a request of %s has no such member %s", m.filter, k))
	}
	return k
}

// value is the query's value of a member that takes one a request, nil if it has none.
func (q query) value(k key) *string { return optional(q.values[q.members.known(q.members.sets, k)]) }

// set are all values of a member; nil, and not empty, where the filter does not ask for it.
func (q query) set(k key) []string { return q.sets[q.members.known(q.members.sets, k)] }

// at is the time of a bound, zero if it has none.
func (q query) at(k key) time.Time { return q.times[q.members.known(q.members.times, k)] }

// asks reports whether a flag is set.
func (q query) asks(k key) bool { return q.flags[q.members.known(q.members.flags, k)] }

// after and before are the times to ask the service for creation times between.
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

// wholeMilliseconds rounds a time up to what a request can carry, so that asking for what is before
// it leaves nothing out. The SDK rounds down.
func wholeMilliseconds(t time.Time) *time.Time { return optional(roundUp(t, time.Millisecond)) }

func roundUp(t time.Time, to time.Duration) time.Time {
	if down := t.Truncate(to); !down.Equal(t) {
		return down.Add(to)
	}
	return t
}
