package backupx

import (
	"context"
	"fmt"
	"slices"
	"strconv"
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
		p.sent[b.name] = b.sent
	}
	slices.SortStableFunc(p.queries, func(a, b query) int { return a.stage - b.stage })
	return p
}

// states is the member whose values an item can change between.
const states = "states"

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

// operation is a listing operation of a service: what differs between the four.
type operation[T any] struct {
	table   *table[T]
	maxSize int
	noSize  bool
	id      func(*T) *string // what tells items apart
	fetch   func(q query) func(ctx context.Context, token string, size int) (page[T], error)
	created func(*T) *time.Time               // nil where the service has no filter on it
	merge   func(c criteria) func(a, b T) int // the order that chains are merged in; nil for one after another
}

// list is the listing of what a filter asks for. A missing client is an error when it is read.
func (op operation[T]) list(c criteria, client any) Listing[T] {
	filter, err := op.table.marshal(c)
	id := identity{Op: op.table.op, Filter: filter}
	l := Listing[T]{src: source[T]{id: id, open: func(f frame) (stream[T], error) { return op.open(f, c) }}}
	if verr := op.table.validate(c); verr != nil {
		return l.broken(verr)
	}
	if lo.IsNil(client) {
		return l.broken(fmt.Errorf("no %s client was given", serviceOf(op.table.op)))
	}
	if err != nil {
		return l.broken(err)
	}
	return l
}

// serviceOf is the service of an operation as checkpoints name it.
func serviceOf(op string) string {
	service, _, _ := strings.Cut(op, ":")
	return service
}

// open makes the streams of a filter's chains.
func (op operation[T]) open(f frame, c criteria) (stream[T], error) {
	p := op.table.plan(c)
	f.needed = f.needed || op.merge != nil
	var stages []stream[T]
	for _, queries := range lo.PartitionBy(p.queries, op.group) {
		parts := make([]stream[T], 0, len(queries))
		for _, q := range queries {
			streams, err := op.openQuery(f, p, q, len(queries))
			if err != nil {
				return nil, err
			}
			parts = append(parts, streams...)
		}
		stages = append(stages, inARow(f, parts))
	}
	if op.merge != nil && len(stages) > 1 {
		return mergeOf(f, op.merge(c), stages), nil
	}
	return oneByOne(f, stages), nil
}

// group tells chains that are read side by side from those that are read in turn, or merged.
func (op operation[T]) group(q query) string {
	if op.merge != nil {
		return q.shard
	}
	return strconv.Itoa(q.stage)
}

// openQuery makes the streams of one query: of one chain, or of one a window of time.
func (op operation[T]) openQuery(f frame, p plan, q query, beside int) ([]stream[T], error) {
	windows, err := op.windows(f, q, beside)
	if err != nil {
		return nil, err
	}
	if windows == nil {
		s, err := openChain(f, op.chain(f, p, q))
		return []stream[T]{s}, err
	}
	streams := make([]stream[T], len(windows))
	for i, w := range windows {
		if streams[i], err = op.openWindow(f, p, q, w, 0); err != nil {
			return nil, err
		}
	}
	return streams, nil
}

// chain is the chain of one query, with the checks that are left to do on its items.
func (op operation[T]) chain(f frame, p plan, q query) chain[T] {
	c := chain[T]{
		operation: identity{Op: op.table.op}.name(), shard: q.shard,
		maxSize: op.maxSize, noSize: op.noSize, changing: q.moving,
		filtered: op.table.checks(q.criteria, p.sent), timed: op.created != nil,
	}
	if p.split {
		c.memory = f.memory()
	}
	fetch := op.fetch(q)
	c.fetch = func(ctx context.Context, token string, size int) (page[T], error) {
		pg, err := fetch(ctx, token, size)
		if err != nil {
			return pg, err
		}
		item := pg.at
		if p.split {
			pg.key = func(i int) (uint64, bool) { v, _ := item(i); return identify(op.id(v)) }
		}
		if c.filtered {
			pg.at = func(i int) (*T, bool) { v, _ := item(i); return v, op.table.check(q.criteria, v, p.sent) }
		}
		return pg, nil
	}
	return c
}

func identify(id *string) (uint64, bool) {
	if id == nil {
		return 0, false
	}
	return hash(*id), true
}

// checks reports whether anything is left to check on items.
func (t *table[T]) checks(c criteria, sent map[string]bool) bool {
	return len(t.onItems(c, sent)) > 0
}

// onItems are the members that items are checked for, as text.
func (t *table[T]) onItems(c criteria, sent map[string]bool) []string {
	unseen := map[string]bool{}
	for _, m := range t.sets {
		unseen[m.name] = m.value == nil
	}
	for _, f := range t.flags {
		unseen[f.name] = f.keep == nil
	}
	return t.parts(c, func(name string) bool { return !sent[name] && !unseen[name] })
}
