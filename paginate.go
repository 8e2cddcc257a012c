package backupx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
)

// Listing is something that can be listed: an operation, what to ask of it, and how to read it. It
// is immutable and may be shared by goroutines: every method returns a changed copy. Making one
// sends nothing. Every range over [Listing.All] or [Listing.Pages] starts afresh.
//
// Listings come from [BackupJobs], [CopyJobs], [HSMBackups] and [OpsWorksBackups], from the methods
// of a [Client], and for any other token-paged API from [List] and [FromOperation]. The zero value
// lists nothing and says so in an error.
type Listing[T any] struct {
	src source[T]
	set settings
}

// Page is one page of a listing, as [Listing.Pages] delivers it.
type Page[T any] struct {
	// Items are the page's items that the listing's filters keep, in the service's order.
	Items []T
	// Next is the service's token for the page after this one; empty at the end of the chain.
	Next string
	// Number counts the pages of this page's chain, from 1.
	Number int
	// Metadata is what the SDK says of the call: request id, attempts, raw response. It is empty
	// where a [Fetch] gives none.
	Metadata middleware.Metadata
}

// PageInfo tells [Listing.OnPage] of a page that was read.
type PageInfo struct {
	Operation string        // the API operation, ListBackupJobs say
	Source    string        // the source within a fleet; empty elsewhere
	Shard     string        // the chain, where a listing reads several: states=FAILED, created=2026-03-01T00:00:00Z..
	Number    int           // the page's number in its chain, from 1
	Items     int           // items that the service sent
	Kept      int           // items of these that were delivered, after filters and the limit
	Duration  time.Duration // how long the request took, its retries included
}

// Fetch reads one page of a token-paged API: the first for an empty token. A size of 0 leaves the
// page's size to the service. The page's Items, Next and Metadata count; an empty Next is the end.
type Fetch[T any] func(ctx context.Context, token string, size int) (Page[T], error)

// List makes a listing of any token-paged API. The operation's name goes into errors and into
// checkpoints, which only a listing of the same name resumes.
func List[T any](operation string, fetch Fetch[T]) Listing[T] {
	c := chain[T]{operation: operation}
	if fetch == nil {
		return invalid[T](operation, errors.New("List: the fetch function is nil"))
	}
	c.fetch = func(ctx context.Context, token string, size int) (page[T], error) {
		p, err := fetch(ctx, token, size)
		return pageOf(p.Items, p.Next, p.Metadata), err
	}
	return single(identity{Op: operation}, c)
}

// FromOperation makes a listing of any operation of any SDK service, with or without a paginator in
// the SDK. The page function writes the token and the size, each nil where there is none, into the
// input; items takes the items and the next token out of the output. All type parameters are
// inferred:
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
// The input is copied for each request and never changed. A checkpoint remembers it: it resumes only
// a listing of an equal input, and none where the input cannot be written as JSON. With [Listing.Limit] and
// no [Listing.PageSize] a request asks for as many items as are left, which the service may refuse.
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
	c := chain[T]{operation: operation, fetch: fetchWith(call, input, page, items, nil)}
	id := identity{Op: operation}
	page(&input, nil, nil)
	if b, err := json.Marshal(input); err == nil {
		id.Input = fmt.Sprintf("%016x", hash(string(b)))
	} else {
		id.Input = unknownInput
	}
	return single(id, c)
}

// fetchWith makes the fetch of one chain: call with a copy of input for each page. Where an option
// for the watch is given, an empty body is an error: the SDK decodes it to an empty page.
func fetchWith[T, I, O, F any](
	call func(context.Context, *I, ...func(*F)) (*O, error),
	input I,
	paging func(in *I, token *string, size *int32),
	items func(*O) ([]T, *string),
	watched func(*F, *bodyWatch),
) fetcher[T] {
	return func(ctx context.Context, token string, size int) (page[T], error) {
		in := input
		paging(&in, optional(token), optional(int32(min(size, math.MaxInt32))))
		var watch bodyWatch
		var opts []func(*F)
		if watched != nil {
			opts = append(opts, func(o *F) { watched(o, &watch) })
		}
		out, err := guarded(&watch, func() (*O, error) { return call(ctx, &in, opts...) })
		if err != nil {
			return pageOf[T](nil, "", middleware.Metadata{}), err
		}
		if out == nil {
			return pageOf[T](nil, "", middleware.Metadata{}), errors.New("the client returned neither an output nor an error")
		}
		md := resultMetadata(out)
		if watch.empty(md) {
			return pageOf[T](nil, "", middleware.Metadata{}), errEmptyBody
		}
		list, next := items(out)
		return pageOf(list, aws.ToString(next), md), nil
	}
}

// optional is nil for a zero value: what was not given is not sent.
func optional[V comparable](v V) *V {
	var zero V
	if v == zero {
		return nil
	}
	return &v
}

// resultMetadata is the field that every output of the SDK has.
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

// All ranges over the items. The error, if any, comes last and once, as a [*ListError], after every
// item that was read; the item beside it is the zero value.
//
//	for job, err := range listing.All(ctx) {
//		if err != nil {
//			return err
//		}
//		…
//	}
//
// Nothing is sent before the first range, a break sends nothing more, and each range starts afresh.
func (l Listing[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		l.items(ctx, newState(), yield)
	}
}

// Pages ranges over the pages, empty ones included: with a filter on items a page may hold few or
// none. A limit cuts the last page. Pages of a [Merge] are an error: its items come one by one.
func (l Listing[T]) Pages(ctx context.Context) iter.Seq2[Page[T], error] {
	return func(yield func(Page[T], error) bool) {
		l.pages(ctx, newState(), yield)
	}
}

// Collect reads the whole listing. On an error it returns what was read together with the error.
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

// First reads the first item; ok is false where the listing is empty. It reads one chain, one page
// at a time, whatever [Listing.Limit], [Listing.Parallel], [Listing.Prefetch] and [Listing.Every] say.
// Within [Concat], [Merge] and [Across] a listing keeps an Every of its own.
func (l Listing[T]) First(ctx context.Context) (item T, ok bool, err error) {
	if err := l.Cursor().check(); err != nil {
		return item, false, &ListError{Operation: l.src.id.name(), Err: err}
	}
	for v, e := range l.inTurn().Limit(1).All(ctx) {
		if e != nil {
			return item, ok, e // of a fleet, after the item
		}
		item, ok = v, true
	}
	return item, ok, nil
}

// Count reads the whole listing and counts its items. On an error it returns how many were counted
// together with the error.
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

// PageSize sets how many items a request asks for: 1 to 50 of CloudHSM, 1 to 1,000 of AWS Backup.
// Another size is an error of the range. Unset, it is the service's maximum, which takes the fewest
// requests; of OpsWorks CM, which does not implement sizes, and of [List] and [FromOperation], whose
// maximum is unknown, none is asked.
func (l Listing[T]) PageSize(n int) Listing[T] {
	l.set.pageSize = &n
	return l
}

// Limit sets how many items a range delivers at most, after filters; at least 1. Reaching it is no
// error. A [Cursor] goes on behind it, so that each range is the next batch. Where no filter is on
// items, the last request asks for no more than is left.
func (l Listing[T]) Limit(n int) Listing[T] {
	l.set.limit = &n
	return l
}

// Where keeps the items for which keep returns true, on top of what filters and earlier calls keep.
// It is called in the goroutine that ranges, once for each item, just before its delivery.
func (l Listing[T]) Where(keep func(T) bool) Listing[T] {
	if keep == nil {
		return l.broken(errors.New("Where: the function is nil"))
	}
	return transform(l, func(v *T, _ *T) (*T, bool) { return v, keep(*v) }, true)
}

// StartAt begins at a raw token of the service, as an earlier response gave it; it is sent as it
// is. Empty is the beginning. A listing of several chains cannot honour it. To go on where a range
// stopped use [Listing.Cursor]; for the AWS CLI's tokens there is [Listing.StartAtCLI].
func (l Listing[T]) StartAt(token string) Listing[T] {
	l.set.start = &position{Token: token}
	return l
}

// Rate spaces requests out: at most perSecond of them begin within a second, over all ranges of
// this listing and its copies together. It must be above zero. AWS Backup's published quota is 20
// ListBackupJobs requests a second. Retries within the SDK are not counted; for throttling use its
// adaptive retry mode as well.
func (l Listing[T]) Rate(perSecond float64) Listing[T] {
	if !(perSecond > 0) || math.IsInf(perSecond, 1) {
		return l.broken(fmt.Errorf("Rate: %v a second: it must be above zero", perSecond))
	}
	l.set.pacers = append(slices.Clip(l.set.pacers), newPacer(perSecond))
	return l
}

// Prefetch reads ahead while the consumer works: at most so many pages of a chain, not below zero, are
// read and not yet begun. Zero reads each page when its turn comes. A break ends the requests that are
// under way and waits for them; no goroutine is left.
func (l Listing[T]) Prefetch(pages int) Listing[T] {
	l.set.prefetch = &pages
	return l
}

// Parallel reads the listing's chains side by side, with at most n requests, 1 or more, under way at once, and
// delivers pages as they arrive: in no order, so that no chain waits for another. At most n pages are
// held, or n times as many as Prefetch says. Filters, functions and callbacks are still called in the
// goroutine that ranges. Chains of states that a job passes through are read one after another.
//
// A listing of jobs that is one chain is split into windows of creation time first, and a window that
// turns out large is split again, at the price of the page that showed it; with [Listing.Every] the
// windows are the caller's. Listings within Concat, Merge or Across are not split.
func (l Listing[T]) Parallel(n int) Listing[T] {
	l.set.parallel = &n
	return l
}

// Ordered has Parallel deliver in the order in which chains are read one after another; without Parallel
// it changes nothing. A bounded number of pages of each chain is held back: with few long chains it is
// hardly faster than one after another, with several chains for each request nearly as fast as unordered.
func (l Listing[T]) Ordered() Listing[T] {
	l.set.ordered = true
	return l
}

// Every splits a listing of jobs into windows of creation time, each d long, above zero, on a grid of
// UTC: several chains where the service has one, for [Listing.Parallel] to read side by side, newest
// first. They are exact, whatever the service does at a window's ends, and the first and the last are
// open where the filter is, so that nothing is lost. The grid covers what the filter leaves of the last
// 30 days, the time that AWS Backup keeps jobs, in 10,000 windows at most. It is an error for listings
// without a filter on creation times in the service. Without Every, Parallel plans windows of its own.
func (l Listing[T]) Every(d time.Duration) Listing[T] {
	l.set.every = &d
	return l
}

// clock is the time that plans are made against.
func (l Listing[T]) clock(now func() time.Time) Listing[T] {
	l.set.now = now
	return l
}

// OnPage calls f for each page that was delivered from, when its last item was delivered or the range
// ends within it: not for pages that were read ahead and not begun. Calls come from the goroutine that
// ranges and never overlap. Several functions may be set; each is called.
func (l Listing[T]) OnPage(f func(PageInfo)) Listing[T] {
	if f == nil {
		return l.broken(errors.New("OnPage: the function is nil"))
	}
	l.set.onPage = append(slices.Clip(l.set.onPage), f)
	return l
}

// Scope binds checkpoints to an identity, an account and region say: a checkpoint made under one
// scope cannot be resumed under another. It is not sent anywhere.
func (l Listing[T]) Scope(identity string) Listing[T] {
	l.set.scope = identity
	return l
}

// inTurn reads one chain after another, one page at a time.
func (l Listing[T]) inTurn() Listing[T] {
	l.set.parallel, l.set.prefetch, l.set.every = nil, nil, nil
	return l
}

// broken remembers what is wrong with a listing until a range can say so.
func (l Listing[T]) broken(err error) Listing[T] {
	l.set.errs = append(slices.Clip(l.set.errs), err)
	return l
}

// invalid is a listing that yields err.
func invalid[T any](operation string, err error) Listing[T] {
	return Listing[T]{src: source[T]{id: identity{Op: operation}}}.broken(err)
}

// single is a listing of one chain.
func single[T any](id identity, c chain[T]) Listing[T] {
	return Listing[T]{src: source[T]{id: id, open: func(f frame) (stream[T], error) {
		return openChain(f, c)
	}}}
}
