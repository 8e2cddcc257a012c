package backupx

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/samber/lo"
)

// operation is a listing operation of a service: what differs between the four.
type operation[T any] struct {
	table   *table[T]
	maxSize int              // items a request at most; 0 where that is unknown
	noSize  bool             // the service does not implement sizes
	id      func(*T) *string // what tells items apart
	fetch   func(q query) fetcher[T]
	merge   func(c criteria) func(a, b T) int // the order that chains are merged in; nil for one after another
}

// fetcher reads one page of a chain.
type fetcher[T any] func(ctx context.Context, token string, size int) (page[T], error)

// calling makes an operation's fetch: fill writes a request, items reads the response, and watched sets
// the option that finds an empty body. The method is one of the interface, not of the client, which may
// be missing: that is an error when the listing is read.
func calling[C, T, I, O, F any](
	client C,
	method func(C, context.Context, *I, ...func(*F)) (*O, error),
	fill func(q query, in *I, token *string, size *int32),
	items func(*O) ([]T, *string),
	watched func(*F, *bodyWatch),
) func(query) fetcher[T] {
	call := func(ctx context.Context, in *I, opts ...func(*F)) (*O, error) {
		return method(client, ctx, in, opts...)
	}
	return func(q query) fetcher[T] {
		var blank I
		write := func(in *I, token *string, size *int32) { fill(q, in, token, size) }
		return fetchWith(call, blank, write, items, watched)
	}
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
	if len(p.queries) == 0 { // nothing is read, and what is wrong with the settings is wrong all the same
		_, err := op.chain(f, p, query{criteria: c}).size(f.set)
		return oneByOne[T](f, nil), err
	}
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
		filtered: len(op.table.checkedOnItems(q.criteria, p.sent)) > 0, timed: op.table.created() != nil,
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
