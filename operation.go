package backupx

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/callwatch"
	"github.com/backupx-go/backupx/internal/decode"
	"github.com/backupx-go/backupx/internal/filters"
)

// operation is a listing operation of a service: everything in which the built-in operations differ.
type operation[T any] struct {
	table   *filters.Table[T]
	maxSize int              // the largest page size that the service accepts; 0 if it is unknown
	noSize  bool             // the service does not implement page sizes
	id      func(*T) *string // the item's identity
	decoder *decode.Decoder  // of the service's pages; nil leaves them to the client
	fetch   func(filters.Query, *decode.Reader) fetcher[T]
	merge   func(c filters.Criteria) func(a, b T) int // the order in which chains are merged; nil lists them one after another
}

// fetcher reads one page of a chain.
type fetcher[T any] func(ctx context.Context, token string, size int) (page[T], error)

// calling returns the fetch of an operation. fill writes a request, items reads the response, and watched
// adds the option that detects a response that is no page. method is a method expression of the interface type, not a
// method value of the client, which would panic if the client is nil: a nil client is an error only when the
// listing is read.
func calling[C, T, I, O, F any](
	client C,
	method func(C, context.Context, *I, ...func(*F)) (*O, error),
	fill func(q filters.Query, in *I, token *string, size *int32),
	items func(*O) ([]T, *string),
	watched func(*F, *callwatch.Watch),
) func(filters.Query, *decode.Reader) fetcher[T] {
	call := func(ctx context.Context, in *I, opts ...func(*F)) (*O, error) {
		return method(client, ctx, in, opts...)
	}
	return func(q filters.Query, pages *decode.Reader) fetcher[T] {
		request := func(token *string, size *int32) *I {
			in := new(I)
			fill(q, in, token, size)
			return in
		}
		return fetchWith(call, request, items, watched, pages)
	}
}

// list returns the listing of a filter. Invalid criteria and a nil client are errors of its ranges.
func (op operation[T]) list(c filters.Criteria, client any) Listing[T] {
	id := identified(op.table.Op, func(id *identity) {
		id.Filter, _ = op.table.Marshal(c) // cannot fail for criteria that are valid
	})
	l := newListing(id, func(f frame) (stream[T], error) { return op.open(f, c) })
	if err := validate(op.table, c); err != nil {
		return l.broken(err)
	}
	if lo.IsNil(client) {
		return l.broken(fmt.Errorf("no %s client was given", serviceOf(op.table.Op)))
	}
	return l
}

// nameOf returns the operation without the service of built-in operations: cloudhsm:DescribeBackups is
// DescribeBackups.
func nameOf(op string) string {
	if _, name, _ := strings.Cut(op, ":"); slices.Contains([]string{"backup", "cloudhsm", "opsworks-cm"}, serviceOf(op)) {
		return name
	}
	return op
}

// serviceOf returns the service of an operation that is named as in checkpoints: cloudhsm of
// cloudhsm:DescribeBackups.
func serviceOf(op string) string {
	service, _, _ := strings.Cut(op, ":")
	return service
}

// open returns the stream of a filter: its chains merged, or stage after stage, those of a stage at the same time.
func (op operation[T]) open(f frame, c filters.Criteria) (stream[T], error) {
	created := op.table.Created()
	if created != nil {
		f.filtersByTime()
	}
	p := op.table.Plan(c)
	queries := p.Queries()
	if len(queries) == 0 { // no request is sent, but a wrong page size is still an error
		_, err := f.size(op.maxSize, op.noSize)
		return newGroup[T](f), err
	}
	merge := op.merge != nil && len(queries) > 1
	if merge {
		f = f.merging()
	}
	var sought *sought[T] // nil: the filter names no ids
	if ids, id := op.table.Sought(c); ids != nil {
		sought = newSought(f, ids, id)
	}
	g := newGroup[T](f)
	for i, q := range queries {
		if !merge && (i == 0 || q.Stage() > queries[i-1].Stage()) {
			f = f.newStage()
			if sought != nil {
				sought.readIn(f.ownStage())
			}
		}
		at := g.part(f)
		s, err := openQuery(at, q, created, func(w window) chain[T] { return op.chainOf(at, p, q, w, sought) })
		if err != nil {
			return nil, err
		}
		g.append(s)
	}
	if merge {
		return mergeOf(op.merge(c), g.parts), nil
	}
	if sought != nil {
		return sought.end(g), nil
	}
	return g, nil
}

// chainOf returns the chain of a window of a query; the zero window is the whole query. It checks the conditions that the
// request does not carry on the items, with the ends of the window. A listing may have many windows: what requests need is
// made for the first request of each.
func (op operation[T]) chainOf(f frame, p filters.Plan, q filters.Query, at window, sought *sought[T]) chain[T] {
	c := chain[T]{
		operation: nameOf(op.table.Op), shard: at.shardOf(q), maxSize: op.maxSize, noSize: op.noSize,
		filtered: at != (window{}) || op.table.ItemCheck(p, q) != nil, identified: true, changing: q.Moving(),
	}
	if p.MayRepeat() || sought != nil {
		c.memory = f.memory()
	}
	var fetch fetcher[T]
	var keeps func(*T) bool
	c.fetch = func(ctx context.Context, token string, size int) (page[T], error) {
		if fetch == nil {
			if at != (window{}) {
				q = q.Window(at.from, at.to, c.shard)
			}
			fetch, keeps = op.fetch(q, f.pagesOf(op.decoder)), op.table.ItemCheck(p, q)
			if sought != nil {
				keeps = sought.noting(keeps)
			}
		}
		pg, err := fetch(ctx, token, size)
		if err == nil {
			pg.identify(op.id)
			if keeps != nil {
				pg.keep(keeps)
			}
		}
		return pg, err
	}
	return c
}
