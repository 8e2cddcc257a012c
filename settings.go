package backupx

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/schedule"
)

// settings say how a listing is read. Methods of a listing replace fields in a copy and never change what a
// field points to, so copies may share it. A nil pointer means that the setting is unset.
type settings struct {
	pageSize *int
	limit    *int
	start    *position
	pacers   []*schedule.Pacer
	onPage   []func(PageInfo)
	scope    string
	parallel *int
	prefetch *int
	ordered  bool
	every    *time.Duration
	now      func() time.Time

	sdkDecoding bool

	errs []error // the errors of invalid arguments, to be reported by a range
}

// validate reports the settings that are out of range for every listing.
func (s settings) validate() error {
	errs := slices.Clone(s.errs)
	if s.limit != nil && *s.limit < 1 {
		errs = append(errs, fmt.Errorf("Limit: %d: it must be at least 1", *s.limit))
	}
	if s.pageSize != nil && *s.pageSize < 1 {
		errs = append(errs, fmt.Errorf("PageSize: %d: it must be at least 1", *s.pageSize))
	}
	if s.parallel != nil && *s.parallel < 1 {
		errs = append(errs, fmt.Errorf("Parallel: %d: it must be at least 1", *s.parallel))
	}
	if s.prefetch != nil && *s.prefetch < 0 {
		errs = append(errs, fmt.Errorf("Prefetch: %d: it must not be below zero", *s.prefetch))
	}
	if s.every != nil && *s.every <= 0 {
		errs = append(errs, fmt.Errorf("Every: %s: it must be above zero", *s.every))
	}
	return errors.Join(errs...)
}

// onlyOnWhole returns the name of a setting that a part of another listing must not have, or an empty string.
func (s settings) onlyOnWhole() string {
	switch {
	case s.limit != nil:
		return "Limit"
	case s.parallel != nil:
		return "Parallel"
	case s.prefetch != nil:
		return "Prefetch"
	case s.ordered:
		return "Ordered"
	}
	return ""
}

// leavesOut returns the name of a setting with which a range may leave items out, or an empty string.
func (s settings) leavesOut() string {
	switch {
	case s.limit != nil:
		return "Limit"
	case s.start != nil:
		return "StartAt"
	}
	return ""
}

// ahead returns what a range reads ahead, nil if each page is requested when the loop reaches it.
func (s settings) ahead() *schedule.Settings {
	if lo.FromPtr(s.parallel) <= 1 && lo.FromPtr(s.prefetch) == 0 {
		return nil
	}
	return &schedule.Settings{
		Parallel: max(1, lo.FromPtr(s.parallel)), Depth: max(1, lo.FromPtr(s.prefetch)), Ordered: s.ordered, Limit: s.most(),
	}
}

// most returns how many items a range delivers, at most.
func (s settings) most() int {
	return lo.FromPtrOr(s.limit, math.MaxInt)
}

// size returns how many items a request asks for. The service gives at most as many as most, if that is not 0.
func (s settings) size(most int, noSize bool) (int, error) {
	switch n := s.pageSize; {
	case n == nil && noSize:
		return 0, nil
	case n == nil:
		return most, nil
	case most > 0 && *n > most:
		return 0, fmt.Errorf("PageSize: %d: the service gives %d at most", *n, most)
	default:
		return *n, nil
	}
}

// from returns the position at which a chain starts.
func (s settings) from() *position {
	pos := &position{}
	if s.start != nil {
		pos.Token, pos.Skip, pos.Partial = s.start.Token, s.start.Skip, s.start.Token != ""
	}
	pos.see(pos.Token)
	return pos
}

// clock returns the time with which windows are planned.
func (s settings) clock() time.Time {
	if s.now != nil {
		return s.now()
	}
	return time.Now()
}

// now returns the time with which the listing's windows are planned.
func (l Listing[T]) now() time.Time { return l.set.clock() }

// leavesOut returns the name of a setting with which a range may leave items out, or an empty string.
func (l Listing[T]) leavesOut() string { return l.set.leavesOut() }

// withParallel returns the listing with the setting of Parallel, nil for none.
func (l Listing[T]) withParallel(n *int) Listing[T] {
	l.set.parallel = n
	return l
}

// under returns the settings of a part of another listing: the outer listing's page size, start and windows
// take precedence, rates and callbacks of both apply, and the clock is the part's: a combination has none of its own.
func (s settings) under(outer settings) settings {
	if outer.pageSize != nil {
		s.pageSize = outer.pageSize
	}
	if outer.start != nil {
		s.start = outer.start
	}
	if outer.every != nil {
		s.every = outer.every
	}
	s.sdkDecoding = s.sdkDecoding || outer.sdkDecoding
	s.pacers = slices.Concat(s.pacers, outer.pacers)
	s.onPage = slices.Concat(s.onPage, outer.onPage)
	return s
}

// PageSize sets the number of items that a request asks for: 1 to 50 for CloudHSM, 1 to 1,000 for AWS Backup,
// at least 1 elsewhere. With any other size a range yields an error. If PageSize is not set, a request asks
// for the service's maximum, which needs the fewest requests. There are two exceptions. A request to OpsWorks
// CM then has no size, because that service does not implement page sizes. With [List] and [FromOperation]
// the sizes that the service permits are unknown: a request has the size that PageSize sets, or none.
func (l Listing[T]) PageSize(n int) Listing[T] {
	l.set.pageSize = &n
	return l
}

// SDKDecoding leaves the decoding of pages to the SDK's clients. The listings of the built-in operations decode pages
// themselves, in less than half of the time, to the same values; what is not plainly regular they leave to the client. Use
// SDKDecoding to find out whether a value comes from that, or if your program depends on how the client decodes. It
// changes nothing about [List] and [FromOperation], and about clients that are no SDK clients.
func (l Listing[T]) SDKDecoding() Listing[T] {
	l.set.sdkDecoding = true
	return l
}

// Limit sets the largest number of items that a range delivers, after filters. It must be at least 1. A range
// that reaches the limit ends without an error, unless a source of a fleet or an inventory has failed. With a
// [Cursor] the next range delivers the next batch. If no items are filtered out, the last request asks only
// for as many items as are left. With [List] and [FromOperation] a limit does not change the size of a request.
func (l Listing[T]) Limit(n int) Listing[T] {
	l.set.limit = &n
	return l
}

// StartAt starts at a page token of the service that an earlier response contained. The token is sent
// unchanged; the empty token is the beginning. A listing of several chains cannot start at a token, and a
// range yields an error. To continue where a range stopped use [Listing.Cursor]; for tokens of the AWS CLI
// use [Listing.StartAtCLI].
func (l Listing[T]) StartAt(token string) Listing[T] {
	return l.startAt(position{Token: token})
}

func (l Listing[T]) startAt(p position) Listing[T] {
	l.set.start = &p
	return l
}

// start returns the position that StartAt or StartAtCLI has set, if one has.
func (l Listing[T]) start() (position, bool) {
	return lo.FromPtr(l.set.start), l.set.start != nil
}

// startingAs returns the listing that is made of parts. If the start of a part was refused, the listing has no place to
// start at either.
func (l Listing[T]) startingAs(parts []Listing[T]) Listing[T] {
	for _, part := range parts {
		if at, _ := part.start(); at.Loop {
			l = l.startAt(at)
		}
	}
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
	l.set.pacers = append(slices.Clip(l.set.pacers), schedule.NewPacer(perSecond))
	return l
}

// Prefetch buffers up to the given number of pages per chain (0 or more) ahead of the loop, while the
// consumer works. With 0, the default, each page is requested when the loop reaches it. A break cancels the
// requests that are under way and waits for them; no goroutine is left.
//
// With pages read ahead, and with [Listing.Parallel], a request gets a context made from the caller's; otherwise it gets
// the caller's own. The client must not use the slice of an answer again for a later answer, as a stub may do: pages
// that wait would change.
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

// identity returns the identity of the listing, with its scope.
func (l Listing[T]) identity() identity { return l.id.in(l.set.scope) }

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
