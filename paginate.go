package backupx

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"github.com/backupx-go/backupx/internal/callwatch"
	"github.com/backupx-go/backupx/internal/decode"
)

// Listing is an operation that lists items, with a filter and with settings that say how to read it. It is
// immutable and may be shared by goroutines: every method returns a changed copy. Creating a listing sends no
// request. Every range over [Listing.All] or [Listing.Pages] starts at the beginning.
//
// Listings come from [BackupJobs], [CopyJobs], [HSMBackups] and [OpsWorksBackups], from the methods of a
// [Client], and for any other API with page tokens from [List] and [FromOperation]. A range over the zero
// value yields an error.
type Listing[T any] struct {
	id   lazyIdentity
	open func(frame) (stream[T], error) // nil in the zero value and if the set has errors only
	set  settings
}

// Page is one page of a listing, as [Listing.Pages] delivers it.
type Page[T any] struct {
	// Items are the items of the page that the listing keeps, in the service's order.
	Items []T
	// Next is the service's token for the next page. It is empty at the end of the chain.
	Next string
	// Number is the number of the page in its chain, counted from 1.
	Number int
	// Metadata is the SDK's metadata of the call: request id, attempts, raw response. It is empty if a
	// [Fetch] returns none.
	Metadata middleware.Metadata
}

// PageInfo describes a page that was delivered, for [Listing.OnPage]. A shard that is a window is named by
// its two ends. An open end is left out: created=2026-03-01T00:00:00Z.. has no end.
type PageInfo struct {
	Operation string        // the API operation, such as ListBackupJobs
	Source    string        // the name of the source in a fleet; empty elsewhere
	Shard     string        // the chain if the listing reads several: states=FAILED, created=2026-03-01T00:00:00Z..
	Number    int           // the number of the page in its chain, counted from 1
	Items     int           // the number of items that the service sent
	Kept      int           // the number of these that the range delivered, after filters and the limit
	Refused   int           // how often the service refused the page for throttling and the page was requested again
	Duration  time.Duration // how long the request took, with its retries
}

// Fetch reads one page of an API with page tokens. An empty token requests the first page, and a size of 0
// leaves the number of items to the service. A Fetch sets Items, Next and Metadata of the page; an empty Next
// ends the listing.
type Fetch[T any] func(ctx context.Context, token string, size int) (Page[T], error)

// List returns a listing of any API with page tokens. Errors and checkpoints carry the name of the operation,
// and a checkpoint resumes only a listing with the same name.
func List[T any](operation string, fetch Fetch[T]) Listing[T] {
	c := chain[T]{operation: operation}
	if fetch == nil {
		return invalid[T](operation, errors.New("List: the fetch function is nil"))
	}
	c.fetch = func(ctx context.Context, token string, size int) (page[T], error) {
		p, err := fetch(ctx, token, size)
		return pageOf(p.Items, p.Next, p.Metadata), err
	}
	return single(lazyIdentity{op: operation}, c)
}

// Of returns a listing of values, for tests of code that takes listings: it delivers the items, and then err, if it is
// not nil, wrapped in a [*ListError]. It is the inverse of [Listing.Collect]: Of(l.Collect(ctx)). It reads nothing but
// a copy of the slice. Its pages have as many items as [Listing.PageSize] says; without it, there is one page.
//
// A stub of a service whose code is under test answers with it. To honour a filter, add Where(f.Match):
//
//	func (s stub) BackupJobs(f backupx.BackupJobFilter) backupx.Listing[types.BackupJob] {
//		return backupx.Of(s.jobs, s.err).Where(f.Match)
//	}
//
// A checkpoint resumes any other listing of Of behind as many items as were delivered, and so also one without the
// error. [Listing.Every] is an error, because the listing has no filter on creation times.
func Of[T any](items []T, err error) Listing[T] {
	items = slices.Clone(items)
	fetch := func(_ context.Context, token string, size int) (page[T], error) {
		from, valid := placeOf(token)
		rest := len(items) - from
		switch {
		case !valid || rest < 0:
			return page[T]{}, fmt.Errorf("%w: the listing has %s", ErrTokenExpired, counted(len(items), "item"))
		case rest == 0 && err != nil:
			return page[T]{}, err
		case size > 0:
			rest = min(rest, size)
		}
		next, to := "", from+rest
		if to < len(items) || err != nil {
			next = placePrefix + strconv.Itoa(to)
		}
		return pageOf(items[from:to], next, middleware.Metadata{}), nil
	}
	return single(lazyIdentity{op: "Of"}, chain[T]{operation: "Of", fetch: fetch, local: true})
}

// placePrefix starts the page tokens of Of. Errors leave tokens out: a bare number would be left out of other texts too.
const placePrefix = "backupx.Of:"

// placeOf returns the number of items before the page at a token of Of.
func placeOf(token string) (n int, valid bool) {
	if token == "" {
		return 0, true
	}
	text, ours := strings.CutPrefix(token, placePrefix)
	n, err := strconv.Atoi(text)
	return n, ours && err == nil && n > 0
}

// FromOperation returns a listing of any operation of any SDK service, whether or not the SDK has a paginator
// for it. The function page writes the token and the page size into the input; each is nil if there is none.
// The function items returns the items of an output and the next token. All type parameters are inferred:
//
//	restores := backupx.FromOperation("ListRestoreJobs", client.ListRestoreJobs,
//		backup.ListRestoreJobsInput{ByStatus: types.RestoreJobStatusFailed},
//		func(in *backup.ListRestoreJobsInput, token *string, size *int32) {
//			in.NextToken, in.MaxResults = token, size
//		},
//		func(out *backup.ListRestoreJobsOutput) ([]types.RestoreJobsListMember, *string) {
//			return out.RestoreJobs, out.NextToken
//		})
//
// The input is copied at once and again for each request, with its slices, its maps and what its pointers point to, so
// that the caller and the client may change theirs. A checkpoint resumes only a listing with an equal input, and cannot
// be resumed if the input cannot be written as JSON. A request asks for the number of items that [Listing.PageSize]
// sets, or for none: services refuse sizes below a least size that backupx does not know.
func FromOperation[T, I, O, F any](
	operation string,
	call func(context.Context, *I, ...func(*F)) (*O, error),
	input I,
	page func(in *I, token *string, size *int32),
	items func(*O) ([]T, *string),
) Listing[T] {
	if call == nil || page == nil || items == nil {
		return invalid[T](operation, errors.New("FromOperation: a function is nil"))
	}
	input = cloned(input)
	request := func(token *string, size *int32) *I {
		in := cloned(input)
		page(&in, token, size)
		return &in
	}
	first := request(nil, nil)
	c := chain[T]{operation: operation, fetch: fetchWith(call, request, items, nil, nil)}
	return single(identified(operation, func(id *identity) { id.setInput(*first) }), c)
}

// fetchWith returns the fetcher of one chain, which calls call with the input that request returns for each page. If
// watched is not nil, a response that is no page is an error, because the SDK would decode it to an empty page, and an
// observer in the context sees the attempts of each call. It reads pages with pages, which may be nil.
func fetchWith[T, I, O, F any](
	call func(context.Context, *I, ...func(*F)) (*O, error),
	request func(token *string, size *int32) *I,
	items func(*O) ([]T, *string),
	watched func(*F, *callwatch.Watch),
	pages *decode.Reader,
) fetcher[T] {
	shape := shapeOf[O]()
	return func(ctx context.Context, token string, size int) (page[T], error) {
		in := request(optional(token), optional(int32(min(size, math.MaxInt32))))
		watch := callwatch.NewWatch(ctx)
		watch.Expect(shape)
		watch.DecodeWith(pages)
		var opts []func(*F)
		if watched != nil {
			opts = append(opts, func(o *F) { watched(o, watch) })
		}
		out, err := callwatch.Guard(watch, func() (*O, error) { return call(ctx, in, opts...) })
		shown := func(text string) string { return redact(text, token) }
		if err != nil {
			return pageOf[T](nil, "", middleware.Metadata{}), watch.Explain(err, shown)
		}
		if out == nil {
			return pageOf[T](nil, "", middleware.Metadata{}), errors.New("the client returned neither an output nor an error")
		}
		md := resultMetadata(out)
		list, next := items(out)
		if err := watch.Failure(md, len(list) > 0 || aws.ToString(next) != "", shown); err != nil {
			return pageOf[T](nil, "", middleware.Metadata{}), err
		}
		return pageOf(list, aws.ToString(next), md), nil
	}
}

// optional returns a pointer to v, or nil for the zero value: the request then leaves the parameter out.
func optional[V comparable](v V) *V {
	var zero V
	if v == zero {
		return nil
	}
	return &v
}

// resultMetadata returns the metadata of a call. Every output of the SDK has them in a field of this name.
func resultMetadata(out any) middleware.Metadata {
	v := reflect.ValueOf(out).Elem()
	if v.Kind() != reflect.Struct {
		return middleware.Metadata{}
	}
	if f := v.FieldByName("ResultMetadata"); f.IsValid() {
		md, _ := f.Interface().(middleware.Metadata)
		return md
	}
	return middleware.Metadata{}
}

// shapeOf returns what makes a response a page that is decoded to an output. The clients of the built-in operations name
// the fields of an output as the response names its members.
func shapeOf[O any]() callwatch.Shape {
	shape := callwatch.Shape{Token: "NextToken"}
	if t := reflect.TypeFor[O](); t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			if f := t.Field(i); f.Type.Kind() == reflect.Slice {
				shape.List = f.Name
				break
			}
		}
	}
	return shape
}

// All ranges over the items. At most one error is yielded, as the last element: a [*ListError], after all
// items that were read before it. The item beside the error is the zero value.
//
//	for job, err := range listing.All(ctx) {
//		if err != nil {
//			return err
//		}
//		…
//	}
//
// No request is sent before the first range or after a break, and each range starts at the beginning.
func (l Listing[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		l.items(ctx, newState(), yield)
	}
}

// Pages ranges over the pages, including empty ones: if items are filtered, a page may have few items or
// none. A limit cuts the last page short. A listing with merged chains, as [Merge] and several CloudHSM
// states give, has no pages: the range yields an error.
func (l Listing[T]) Pages(ctx context.Context) iter.Seq2[Page[T], error] {
	return func(yield func(Page[T], error) bool) {
		l.pages(ctx, newState(), yield)
	}
}

// Collect reads the whole listing. After an error it returns the items that were read together with the
// error.
func (l Listing[T]) Collect(ctx context.Context) ([]T, error) {
	var all []T
	for item, err := range l.All(ctx) {
		if err != nil {
			return all, err
		}
		all = append(all, item)
	}
	return all, nil
}

// First reads the first item; ok is false if the listing is empty. It reads one chain after another, one page
// at a time, and ignores [Listing.Limit], [Listing.Parallel], [Listing.Prefetch] and [Listing.Every]. A
// listing inside [Concat], [Merge] or [Across] keeps its own Every. With a fleet or an inventory, ok may be
// true together with an error: one source delivered an item, and another source failed before it.
func (l Listing[T]) First(ctx context.Context) (item T, ok bool, err error) {
	if err := l.Cursor().check(); err != nil {
		return item, false, &ListError{Operation: l.operation(), Err: err}
	}
	for v, e := range l.inTurn().Limit(1).All(ctx) {
		if e != nil {
			return item, ok, e // a fleet may yield an item and then the errors of its sources
		}
		item, ok = v, true
	}
	return item, ok, nil
}

// Count reads the whole listing and returns the number of its items. After an error it returns the number so
// far together with the error.
func (l Listing[T]) Count(ctx context.Context) (int, error) {
	n := 0
	for _, err := range l.All(ctx) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Where keeps the items for which keep returns true, in addition to filters and earlier calls of Where. The
// goroutine that ranges calls keep once for each item, just before the delivery.
func (l Listing[T]) Where(keep func(T) bool) Listing[T] {
	if keep == nil {
		return l.broken(errors.New("Where: the function is nil"))
	}
	return transform(l, func(v *T, _ *T) (*T, bool) { return v, keep(*v) }, true)
}

// lazyIdentity is the identity of a listing without its scope. Only checkpoints need more than the operation: the other
// members, such as the JSON of a filter, are computed for the first checkpoint.
type lazyIdentity struct {
	op   string
	full func() identity // computes the identity once for all copies of a listing; nil if it has only an operation
}

// identified returns the identity of an operation. The function complete sets its other members.
func identified(op string, complete func(*identity)) lazyIdentity {
	return lazyIdentity{op: op, full: sync.OnceValue(func() identity {
		id := identity{Op: op}
		complete(&id)
		return id
	})}
}

// in returns the identity within a scope, see [Listing.Scope].
func (l lazyIdentity) in(scope string) identity {
	id := identity{Op: l.op}
	if l.full != nil {
		id = l.full()
	}
	id.Scope = scope
	return id
}

// newListing returns a listing without settings.
func newListing[T any](id lazyIdentity, open func(frame) (stream[T], error)) Listing[T] {
	return Listing[T]{id: id, open: open}
}

// invalid returns a listing whose ranges yield err.
func invalid[T any](operation string, err error) Listing[T] {
	return newListing[T](lazyIdentity{op: operation}, nil).broken(err)
}

// single returns a listing of one chain.
func single[T any](id lazyIdentity, c chain[T]) Listing[T] {
	return newListing(id, func(f frame) (stream[T], error) { return openChain(f, c) })
}

// operation returns the operation as errors name it.
func (l Listing[T]) operation() string { return nameOf(l.id.op) }
