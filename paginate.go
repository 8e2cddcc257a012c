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

// Listing is an operation that lists items, with a filter and with settings that say how to read it. It is
// immutable and may be shared by goroutines: every method returns a changed copy. Creating a listing sends no
// request. Every range over [Listing.All] or [Listing.Pages] starts at the beginning.
//
// Listings come from [BackupJobs], [CopyJobs], [HSMBackups] and [OpsWorksBackups], from the methods of a
// [Client], and for any other API with page tokens from [List] and [FromOperation]. A range over the zero
// value yields an error.
type Listing[T any] struct {
	src source[T]
	set settings
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
// The input is copied for each request and never changed. A checkpoint resumes only a listing with an equal
// input, and cannot be resumed if the input cannot be written as JSON. With [Listing.Limit] and without
// [Listing.PageSize] a request asks for as many items as the limit leaves, which the service may refuse.
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
	page(&input, nil, nil)
	return single(identified(operation, func(id *identity) {
		id.Input = unknownInput
		if b, err := json.Marshal(input); err == nil {
			id.Input = fmt.Sprintf("%016x", hash(string(b)))
		}
	}), c)
}

// fetchWith returns the fetcher of one chain, which calls call with a copy of input for each page. If watched
// is not nil, an empty body is an error, because the SDK would decode it to an empty page, and an observer in
// the context sees the attempts of each call.
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
		watch := bodyWatch{attempts: attemptsOf(ctx)}
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
		return item, false, &ListError{Operation: l.src.id.name(), Err: err}
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

// PageSize sets the number of items that a request asks for: 1 to 50 for CloudHSM, 1 to 1,000 for AWS Backup,
// at least 1 elsewhere. With any other size a range yields an error. If PageSize is not set, a request asks
// for the service's maximum, which needs the fewest requests. There are two exceptions. A request to OpsWorks
// CM then has no size, because that service does not implement page sizes. With [List] and [FromOperation]
// the maximum is unknown: the request has no size unless [Listing.Limit] gives it one.
func (l Listing[T]) PageSize(n int) Listing[T] {
	l.set.pageSize = &n
	return l
}

// Limit sets the largest number of items that a range delivers, after filters. It must be at least 1. A range
// that reaches the limit ends without an error, unless a source of a fleet or an inventory has failed. With a
// [Cursor] the next range delivers the next batch. If no items are filtered out, the last request asks only
// for as many items as are left. With [List] and [FromOperation] and without [Listing.PageSize], every
// request does so, and the service may refuse the size.
func (l Listing[T]) Limit(n int) Listing[T] {
	l.set.limit = &n
	return l
}

// Where keeps the items for which keep returns true, in addition to filters and earlier calls of Where. The
// goroutine that ranges calls keep once for each item, just before the delivery.
func (l Listing[T]) Where(keep func(T) bool) Listing[T] {
	if keep == nil {
		return l.broken(errors.New("Where: the function is nil"))
	}
	return transform(l, func(v *T, _ *T) (*T, bool) { return v, keep(*v) }, true)
}

// StartAt starts at a page token of the service that an earlier response contained. The token is sent
// unchanged; the empty token is the beginning. A listing of several chains cannot start at a token, and a
// range yields an error. To continue where a range stopped use [Listing.Cursor]; for tokens of the AWS CLI
// use [Listing.StartAtCLI].
func (l Listing[T]) StartAt(token string) Listing[T] {
	l.set.start = &position{Token: token}
	return l
}

// Rate starts at most perSecond requests per second, evenly spaced. perSecond must be positive and finite.
// All ranges over this listing and its copies share the limit. AWS Backup's published quota is 20
// ListBackupJobs requests per second. Retries within the SDK do not count: if requests are throttled, use the
// SDK's adaptive retry mode as well.
func (l Listing[T]) Rate(perSecond float64) Listing[T] {
	if !(perSecond > 0) || math.IsInf(perSecond, 1) {
		return l.broken(fmt.Errorf("Rate: %v a second: it must be above zero", perSecond))
	}
	l.set.pacers = append(slices.Clip(l.set.pacers), newPacer(perSecond))
	return l
}

// Prefetch buffers up to the given number of pages per chain (0 or more) ahead of the loop, while the
// consumer works. With 0, the default, each page is requested when the loop reaches it. A break cancels the
// requests that are under way and waits for them; no goroutine is left.
func (l Listing[T]) Prefetch(pages int) Listing[T] {
	l.set.prefetch = &pages
	return l
}

// Parallel reads the chains of the listing at the same time, with at most n requests under way (n ≥ 1). It
// delivers pages as they arrive, in no order, so no chain waits for another. It buffers up to n pages, or n
// times the number of pages given to [Listing.Prefetch]. Filters, functions and callbacks still run in the
// goroutine that ranges. If a filter of jobs has several states, the states that are not final are read one
// after another, in the order of a job's life, so that a job that changes its state meanwhile is not missed.
//
// A listing of jobs is split into windows of creation time, also as a part of [Concat], [Across] and
// [Client.Inventory], but not of [Merge]. The first requests read n windows, or the whole listing if it has
// a [Listing.Rate] or is such a part. While fewer than n requests are needed, what is left of a long chain
// is split again, by what its pages show; each split costs one request. A chain is split after its first
// page only if its pages come newest first, and the items of its last page are requested again to verify
// that. A service that lists a job among jobs that are older by more than a page can make Parallel miss
// that job; AWS Backup has not been seen to do so. [Listing.Every] sets the windows instead, and its
// windows are never split. If one page satisfies [Listing.Limit] and no items are filtered out, the chains
// are read one after another.
//
// n is a ceiling. If the service throttles a request, fewer requests are under way to this source for a
// while: half as many after a throttled attempt, and one more after each round of answers. A page that is
// refused for throttling, after the SDK's own attempts, is requested up to twice more if other requests were
// under way; [PageInfo] has the number in Refused.
func (l Listing[T]) Parallel(n int) Listing[T] {
	l.set.parallel = &n
	return l
}

// Ordered makes [Listing.Parallel] deliver items in the order in which they come without Parallel; without
// Parallel it has no effect. It buffers a limited number of pages of each chain. With few long chains it is
// therefore hardly faster than one chain after another; with several chains for each parallel request it is
// nearly as fast as without Ordered.
func (l Listing[T]) Ordered() Listing[T] {
	l.set.ordered = true
	return l
}

// Every splits a listing of jobs into windows of creation time that are d long (d > 0). Windows end at fixed
// multiples of d in UTC, within the times of the filter; without a start, within the 30 days before its end, and
// without an end, before now: AWS Backup lists jobs for 30 days. The oldest window has no start and the newest
// has no end, unless the filter sets one. Each window is a chain; the newest comes first, and
// [Listing.Parallel] reads several at the same time. Windows neither overlap nor leave gaps, whatever the
// service does at their ends, because backupx checks the creation time of each job.
//
// On a combination of listings, Every applies to those that filter by creation time. If none does, a range
// yields an error. If a filter has several states, neither Every nor Parallel splits the states that are not
// final. More than 10,000 windows are an error. Without Every, Parallel plans the windows.
func (l Listing[T]) Every(d time.Duration) Listing[T] {
	l.set.every = &d
	return l
}

// clock sets the clock that windows are planned with; nil means time.Now.
func (l Listing[T]) clock(now func() time.Time) Listing[T] {
	l.set.now = now
	return l
}

// OnPage calls f once for each page that the loop has reached: after the last item of the page, or when the
// loop ends within the page. It does not call f for a page that was read ahead and not reached. Calls come
// from the goroutine that ranges and never overlap. Every call of OnPage adds a function.
//
// f may save [Cursor.Checkpoint], which covers every item that was yielded so far. Save the items and the
// checkpoint together, in f. Do not save items in the loop: if the loop ends before it has stored an item,
// the checkpoint still counts that item as delivered.
func (l Listing[T]) OnPage(f func(PageInfo)) Listing[T] {
	if f == nil {
		return l.broken(errors.New("OnPage: the function is nil"))
	}
	l.set.onPage = append(slices.Clip(l.set.onPage), f)
	return l
}

// Scope binds checkpoints to an identity, for example an account and a region: a checkpoint of one scope
// cannot be resumed in another. The identity is not sent to the service.
func (l Listing[T]) Scope(identity string) Listing[T] {
	l.set.scope = identity
	return l
}

// inTurn returns the listing without the settings that read several pages ahead or split it into windows.
func (l Listing[T]) inTurn() Listing[T] {
	l.set.parallel, l.set.prefetch, l.set.every = nil, nil, nil
	return l
}

// broken returns the listing with an error, which a range yields.
func (l Listing[T]) broken(err error) Listing[T] {
	l.set.errs = append(slices.Clip(l.set.errs), err)
	return l
}

// invalid returns a listing whose ranges yield err.
func invalid[T any](operation string, err error) Listing[T] {
	return Listing[T]{src: source[T]{id: lazyIdentity{op: operation}}}.broken(err)
}

// single returns a listing of one chain.
func single[T any](id lazyIdentity, c chain[T]) Listing[T] {
	return Listing[T]{src: source[T]{id: id, open: func(f frame) (stream[T], error) {
		return openChain(f, c)
	}}}
}
