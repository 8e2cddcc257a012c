package backupx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// throttler is a service of shelves on virtual time that refuses requests. A page takes 200 ms and a refusal 50 ms, so
// that the requests that start together with a refused one are under way when the refusal arrives.
type throttler struct {
	name string

	refuse map[string]int           // how often a page is refused, by name such as b/2, the second page of shelf b
	with   error                    // what refuse answers; nil for throttling
	fail   map[string]error         // the errors of pages that are answered with another error, after takes
	takes  map[string]time.Duration // how long pages take that take another time than 200 ms
	most   int                      // requests under way at most: others are refused; 0 for no limit
	random *rand.Rand               // makes latencies random and refuses requests at random that are not alone; nil for never
	total  *gauge                   // counts the requests under way to several services; nil for none

	gauge gauge

	mu    sync.Mutex // guards the fields below
	clock int        // counts starts and ends of requests
	calls []*throttlerCall
}

// throttlerCall is a request to a throttler.
type throttlerCall struct {
	page         string
	nth          int // the number of the request among those of the page, from 1
	began, ended time.Time
	first, last  int // throttler.clock at the start and at the end
	beside       int // other requests that were under way at the start
	refused      bool
}

const (
	throttlerServes  = 200 * time.Millisecond
	throttlerRefuses = 50 * time.Millisecond
)

func newThrottler() *throttler {
	return &throttler{refuse: map[string]int{}, fail: map[string]error{}, takes: map[string]time.Duration{}}
}

// lists returns the listings of shelves, each of this many pages with two items. The operation of each is the name of
// its shelf: a, b, ….
func (s *throttler) lists(shelves, pages int) []backupx.Listing[string] {
	return lo.Times(shelves, func(i int) backupx.Listing[string] {
		name := s.name + shelfName(i)
		return s.list(name, newShelf(name, 2*pages, 2))
	})
}

func shelfName(i int) string {
	const letters = 26
	if i < letters {
		return string(rune('a' + i))
	}
	return shelfName(i/letters-1) + shelfName(i%letters)
}

// itemsOf returns the items of these shelves in their order.
func (s *throttler) itemsOf(shelves, pages int) []string {
	return lo.FlatMap(lo.Range(shelves), func(i, _ int) []string { return numbers(s.name+shelfName(i), 2*pages) })
}

func (s *throttler) list(name string, of *shelf) backupx.Listing[string] {
	return backupx.List(name, func(ctx context.Context, token string, size int) (backupx.Page[string], error) {
		page := 1
		if token != "" {
			page = lo.Must(strconv.Atoi(strings.TrimPrefix(token, shelfToken)))/of.size + 1
		}
		call, refused, takes := s.begin(fmt.Sprintf("%s/%d", name, page))
		err := pause(ctx, takes)
		if s.end(call, refused) && err == nil {
			return backupx.Page[string]{}, s.refusal(call)
		}
		if err = errors.Join(err, s.fail[call.page]); err != nil {
			return backupx.Page[string]{}, err
		}
		return of.fetch(ctx, token, size)
	})
}

// begin logs the start of a request and says whether it is refused and how long it takes.
func (s *throttler) begin(page string) (call *throttlerCall, refused bool, takes time.Duration) {
	s.gauge.add(1)
	s.total.add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	call = &throttlerCall{page: page, began: time.Now(), first: s.clock, beside: s.underWay(), nth: 1}
	for _, c := range s.calls {
		if c.page == page {
			call.nth++
		}
	}
	s.calls = append(s.calls, call)
	refused = call.nth <= s.refuse[page] || s.most > 0 && call.beside >= s.most
	takes = throttlerServes
	if own, ok := s.takes[page]; ok {
		takes = own
	}
	if s.random != nil {
		refused = call.nth < 3 && s.random.IntN(4) == 0
		takes = time.Duration(1 + s.random.Int64N(int64(throttlerServes)))
	}
	if refused && s.random == nil {
		takes = throttlerRefuses
	}
	return call, refused, takes
}

// underWay is the number of requests under way. The caller holds mu.
func (s *throttler) underWay() int {
	return lo.CountBy(s.calls, func(c *throttlerCall) bool { return c.last == 0 })
}

// end logs the end of a request and reports whether it is refused. A request that is refused at random is not refused
// where it was alone at its start or is alone at its end.
func (s *throttler) end(c *throttlerCall, refused bool) bool {
	s.gauge.add(-1)
	s.total.add(-1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	c.ended, c.last = time.Now(), s.clock
	c.refused = refused && (s.random == nil || c.beside > 0 && s.underWay() > 0)
	return c.refused
}

func (s *throttler) refusal(c *throttlerCall) error {
	if s.with != nil {
		return s.with
	}
	return &smithy.GenericAPIError{Code: "ThrottlingException", Message: fmt.Sprintf("refusal %d of %s", c.nth, c.page)}
}

// logged returns the requests so far.
func (s *throttler) logged() []*throttlerCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// pages returns the pages that were requested, in the order of the requests.
func (s *throttler) pages() []string {
	return lo.Map(s.logged(), func(c *throttlerCall, _ int) string { return c.page })
}

// of returns the requests of one page.
func (s *throttler) of(page string) []*throttlerCall {
	return lo.Filter(s.logged(), func(c *throttlerCall, _ int) bool { return c.page == page })
}

func (s *throttler) refused() int {
	return lo.CountBy(s.logged(), func(c *throttlerCall) bool { return c.refused })
}

// requireAlone requires that no other request of the service was under way during a request.
func (s *throttler) requireAlone(t *testing.T, call *throttlerCall) {
	t.Helper()
	for _, c := range s.logged() {
		require.False(t, c != call && c.first < call.last && c.last > call.first, "%s is under way while %s is to be alone", c.page, call.page)
	}
}

// requireNext requires that after each refusal of a page no new page was requested before the refused one was requested
// again.
func (s *throttler) requireNext(t *testing.T, page string) {
	t.Helper()
	calls := s.of(page)
	for i, again := range calls[1:] {
		for _, c := range s.logged() {
			require.False(t, c.nth == 1 && c.began.After(calls[i].ended) && c.began.Before(again.began),
				"%s is requested before the refused page %s is requested again", c.page, page)
		}
	}
}

// heal ends all refusals and failures and forgets the requests so far.
func (s *throttler) heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse, s.fail, s.calls = map[string]int{}, map[string]error{}, nil
}

// pageLog collects what OnPage is told, by the name of the page.
type pageLog map[string][]backupx.PageInfo

func (l pageLog) add(p backupx.PageInfo) {
	page := fmt.Sprintf("%s/%d", p.Operation, p.Number)
	l[page] = append(l[page], p)
}

// requireRefused requires that each page was told once, and how often each was refused: never where want has no entry.
func (l pageLog) requireRefused(t *testing.T, pages int, want map[string]int) {
	t.Helper()
	require.Len(t, l, pages, "pages that were told")
	got := map[string]int{}
	for page, told := range l {
		require.Len(t, told, 1, "page %s is told once", page)
		if n := told[0].Refused; n > 0 {
			got[page] = n
		}
	}
	require.Equal(t, want, got, "PageInfo.Refused")
}

func TestAPageThatIsRefusedOnceIsRequestedAgain(t *testing.T) {
	const shelves, pages = 4, 3
	for name, list := range map[string]func(...backupx.Listing[string]) backupx.Listing[string]{
		"arrival":  func(l ...backupx.Listing[string]) backupx.Listing[string] { return backupx.Concat(l...) },
		"Prefetch": func(l ...backupx.Listing[string]) backupx.Listing[string] { return backupx.Concat(l...).Prefetch(2) },
		"Ordered":  func(l ...backupx.Listing[string]) backupx.Listing[string] { return backupx.Concat(l...).Ordered() },
		"Merge": func(l ...backupx.Listing[string]) backupx.Listing[string] {
			return backupx.Merge(strings.Compare, l...)
		},
	} {
		for _, page := range []string{"b/1", "b/2"} {
			inBubble(t, name+" "+page, func(t *testing.T) {
				s, told := newThrottler(), pageLog{}
				s.refuse[page] = 1
				items, err := drain(list(s.lists(shelves, pages)...).Parallel(4).OnPage(told.add).All(t.Context()))
				require.NoError(t, err)
				if name == "Ordered" || name == "Merge" {
					require.Equal(t, s.itemsOf(shelves, pages), items)
				}
				require.ElementsMatch(t, s.itemsOf(shelves, pages), items)
				require.Len(t, s.of(page), 2)
				s.requireNext(t, page)
				require.Len(t, s.pages(), shelves*pages+1)
				told.requireRefused(t, shelves*pages, map[string]int{page: 1})
			})
		}
	}
}

func TestRefusedPagesComeBeforeAnyNewPageOfTheirSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other := newThrottler(), newThrottler()
		s.refuse["b/1"], s.refuse["e/1"] = 1, 1
		const n = 8
		for i := range n {
			s.takes[shelfName(i)+"/1"] = throttlerServes + time.Duration(i)*time.Millisecond // each leaves one slot
		}
		l := fleetOf(map[string]backupx.Listing[string]{
			"s": backupx.Concat(s.lists(12, 4)...), "other": backupx.Concat(other.lists(8, 4)...),
		}, map[string]int{"s": n, "other": n})
		requireCount(t, 2*4*(12+8), l.Parallel(2*n))
		require.ElementsMatch(t, []string{"b/1", "e/1"}, s.pages()[n:n+2])
	})
}

func TestRefusalsOfRequestsThatWereSentTogetherHalveOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newThrottler()
		for _, page := range []string{"b/1", "d/1", "e/1"} {
			s.refuse[page] = 1
		}
		began := time.Now()
		requireCount(t, 2*3*8, backupx.Concat(s.lists(8, 3)...).Parallel(8))
		second := lo.Filter(s.logged(), func(c *throttlerCall, _ int) bool { return c.began.Equal(began.Add(throttlerServes)) })
		require.Len(t, s.logged(), 3*8+3)
		require.Contains(t, []int{4, 5}, len(second), "half of eight, and one more if the answers of the first round count")
	})
}

// A round of eight requests is halved to four, and each round after it has one request more, up to eight.
func TestWhatIsUnderWayGrowsByOneARound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, pages = 8, 20
		s := newThrottler()
		s.refuse["b/1"] = 1
		began := time.Now()
		requireCount(t, 2*n*pages, backupx.Concat(s.lists(n, pages)...).Parallel(n))
		rounds := make([]int, 8)
		for _, c := range s.logged() {
			if round := int(c.began.Sub(began) / throttlerServes); round < len(rounds) {
				rounds[round]++
			}
		}
		require.Equal(t, []int{8, 4, 5, 6, 7, 8, 8, 8}, rounds, "requests that start in each round")
	})
}

// The second request of a page is alone by chance where half of what was under way is one request. A page has its third
// request all the same.
func TestASecondRequestThatIsAloneIsNotTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, told := newThrottler(), pageLog{}
		s.refuse["b/1"] = 2
		requireCount(t, 2*2*4, backupx.Concat(s.lists(2, 4)...).Parallel(2).OnPage(told.add))
		s.requireAlone(t, s.of("b/1")[1])
		told.requireRefused(t, 2*4, map[string]int{"b/1": 2})
	})
}

func TestTheLastRequestOfAPageIsAlone(t *testing.T) {
	for _, page := range []string{"b/1", "c/3"} {
		inBubble(t, page, func(t *testing.T) {
			s, other, told := newThrottler(), newThrottler(), pageLog{}
			s.refuse[page] = 2
			const shelves, pages, pagesOfOther = 6, 4, 40
			l := fleetOf(map[string]backupx.Listing[string]{
				"s": backupx.Concat(s.lists(shelves, pages)...).OnPage(told.add), "other": other.lists(1, pagesOfOther)[0],
			}, nil)
			requireCount(t, 2*(shelves*pages+pagesOfOther), l.Parallel(5))
			calls := s.of(page)
			require.Len(t, calls, 3)
			s.requireAlone(t, calls[2])
			s.requireNext(t, page)
			require.Len(t, s.pages(), shelves*pages+2)
			told.requireRefused(t, shelves*pages, map[string]int{page: 2})
			require.NotEmpty(t, lo.Filter(other.logged(), func(c *throttlerCall, _ int) bool {
				return !c.began.Before(calls[2].began) && c.began.Before(calls[2].ended)
			}), "the other source goes on")
		})
	}
}

func TestSeveralPagesThatAreRefusedTwiceAreReadOneAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, told := newThrottler(), pageLog{}
		want := map[string]int{"b/1": 2, "c/1": 2, "e/1": 2, "f/1": 1}
		for page, n := range want {
			s.refuse[page] = n
		}
		requireCount(t, 2*8*3, backupx.Concat(s.lists(8, 3)...).Parallel(8).OnPage(told.add))
		for page, n := range want {
			calls := s.of(page)
			require.Len(t, calls, n+1)
			if n == 2 {
				s.requireAlone(t, calls[n])
			}
		}
		told.requireRefused(t, 8*3, want)
	})
}

func TestAPageThatIsRefusedThreeTimesEndsTheRange(t *testing.T) {
	for _, page := range []string{"b/1", "b/2"} {
		for _, ordered := range []bool{false, true} {
			inBubble(t, fmt.Sprint(page, ordered), func(t *testing.T) {
				s, told := newThrottler(), pageLog{}
				s.refuse[page] = 9
				l := backupx.Concat(s.lists(4, 4)...).Parallel(4).OnPage(told.add)
				if ordered {
					l = l.Ordered()
				}
				items, err := drain(l.All(t.Context()))
				requireRefusal(t, err, "refusal 3 of "+page)
				var list *backupx.ListError
				require.ErrorAs(t, err, &list)
				require.Equal(t, []any{"b", int(page[2] - '0'), len(items)}, []any{list.Operation, list.Page, list.Delivered})
				require.Len(t, s.of(page), 3)
				s.requireAlone(t, s.of(page)[2])
				require.NotContains(t, told, page, "the page was not delivered")

				delivered := lo.Keys(told)
				s.heal()
				rest := resumeFrom(t, l, list.Checkpoint)
				require.ElementsMatch(t, s.itemsOf(4, 4), append(items, rest...), "each item once")
				require.Empty(t, lo.Intersect(delivered, s.pages()), "pages that were delivered are not requested again")
			})
		}
	}
}

// requireRefusal requires that an error wraps the answer of a throttler.
func requireRefusal(t *testing.T, err error, message string) {
	t.Helper()
	var answer smithy.APIError
	require.ErrorAs(t, err, &answer)
	require.Equal(t, []string{"ThrottlingException", message}, []string{answer.ErrorCode(), answer.ErrorMessage()})
}

func TestASourceThatIsRefusedThreeTimesDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other := newThrottler(), newThrottler()
		other.name = "other-"
		s.refuse["b/2"] = 9
		l := fleetOf(map[string]backupx.Listing[string]{
			"s": backupx.Concat(s.lists(4, 5)...), "other": backupx.Concat(other.lists(4, 10)...),
		}, nil).Parallel(8)
		items, err := drain(l.All(t.Context()))
		require.Equal(t, map[string]backupx.Kind{"s": "throttled"}, kindsOf(t, err))
		requireRefusal(t, err, "refusal 3 of b/2")
		require.Subset(t, items, other.itemsOf(4, 10))
		require.Len(t, other.pages(), 4*10)
		require.Len(t, s.of("b/2"), 3)

		s.heal()
		var list *backupx.ListError
		require.ErrorAs(t, err, &list)
		rest := resumeFrom(t, l, list.Checkpoint)
		require.ElementsMatch(t, slices.Concat(s.itemsOf(4, 5), other.itemsOf(4, 10)), append(items, rest...), "each item once")
	})
}

func TestAPageThatIsRefusedAloneIsNotRequestedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		page string
		list func(s, other *throttler) backupx.Listing[string]
	}{
		"the first page of a chain": {"a/1", func(s, _ *throttler) backupx.Listing[string] { return s.lists(1, 4)[0].Parallel(8) }},
		"a later page of a chain":   {"a/3", func(s, _ *throttler) backupx.Listing[string] { return s.lists(1, 4)[0].Parallel(8) }},
		"with Prefetch": {"a/3", func(s, _ *throttler) backupx.Listing[string] {
			return s.lists(1, 4)[0].Parallel(8).Prefetch(3)
		}},
		"a chain that is left over": {"b/3", func(s, _ *throttler) backupx.Listing[string] {
			return backupx.Concat(s.list("a", newShelf("a", 2, 2)), s.list("b", newShelf("b", 8, 2))).Parallel(8)
		}},
		"in its source": {"a/2", func(s, other *throttler) backupx.Listing[string] {
			return fleetOf(map[string]backupx.Listing[string]{"s": s.lists(1, 4)[0], "other": backupx.Concat(other.lists(7, 8)...)}, nil).Parallel(8)
		}},
		"by the bound of its source": {"b/1", func(s, other *throttler) backupx.Listing[string] {
			return fleetOf(map[string]backupx.Listing[string]{
				"s": backupx.Concat(s.lists(4, 4)...), "other": backupx.Concat(other.lists(7, 8)...),
			}, map[string]int{"s": 1}).Parallel(8)
		}},
	} {
		inBubble(t, name, func(t *testing.T) {
			s, other := newThrottler(), newThrottler()
			s.refuse[c.page] = 9
			_, err := drain(c.list(s, other).All(t.Context()))
			requireRefusal(t, err, "refusal 1 of "+c.page)
			require.Len(t, s.of(c.page), 1)
		})
	}
}

func TestWithoutParallelNoPageIsRequestedAgain(t *testing.T) {
	for name, set := range map[string]func(backupx.Listing[string]) backupx.Listing[string]{
		"no setting":  func(l backupx.Listing[string]) backupx.Listing[string] { return l },
		"Prefetch":    func(l backupx.Listing[string]) backupx.Listing[string] { return l.Prefetch(2) },
		"Parallel(1)": func(l backupx.Listing[string]) backupx.Listing[string] { return l.Parallel(1) },
		"Ordered":     func(l backupx.Listing[string]) backupx.Listing[string] { return l.Parallel(1).Prefetch(1).Ordered() },
	} {
		inBubble(t, name, func(t *testing.T) {
			s := newThrottler()
			s.refuse["b/2"] = 9
			items, err := drain(set(backupx.Concat(s.lists(3, 3)...)).All(t.Context()))
			requireRefusal(t, err, "refusal 1 of b/2")
			require.Equal(t, slices.Concat(numbers("a", 6), numbers("b", 2)), items)
			require.Len(t, s.of("b/2"), 1)
		})
	}
}

// lateConnection is an error of a connection that took too long.
type lateConnection struct{}

func (lateConnection) Error() string { return "i/o timeout" }
func (lateConnection) Timeout() bool { return true }

func TestOtherFailuresAreNotRequestedAgain(t *testing.T) {
	response := func(status int) error {
		return &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: errors.New("the status is not 200"),
		}
	}
	for name, failure := range map[string]error{
		"status 500":            response(http.StatusInternalServerError),
		"status 503":            response(http.StatusServiceUnavailable),
		"status 429, no code":   response(http.StatusTooManyRequests),
		"InternalServerError":   &smithy.GenericAPIError{Code: "InternalServerError", Fault: smithy.FaultServer},
		"ServiceUnavailable":    &smithy.GenericAPIError{Code: "ServiceUnavailableException", Fault: smithy.FaultServer},
		"RequestTimeout":        &smithy.GenericAPIError{Code: "RequestTimeoutException"},
		"a connection":          lateConnection{},
		"a deadline":            context.DeadlineExceeded,
		"AccessDeniedException": &smithy.GenericAPIError{Code: "AccessDeniedException"},
		"words":                 errors.New("ThrottlingException: Rate exceeded"),
	} {
		inBubble(t, name, func(t *testing.T) {
			s := newThrottler()
			s.refuse["b/2"], s.with = 9, failure
			_, err := drain(backupx.Concat(s.lists(4, 3)...).Parallel(4).All(t.Context()))
			require.ErrorIs(t, err, failure)
			require.Len(t, s.of("b/2"), 1)
		})
	}
}

// Eight requests start together. The service refuses b/1 after 50 ms, so that at most four or five may be under way,
// and something ends the range after 100 ms, when seven are: b/1 still waits.
func TestARefusedPageIsDroppedWithItsRange(t *testing.T) {
	const shelves, soon = 8, 100 * time.Millisecond
	start := func(s *throttler) backupx.Listing[string] {
		s.refuse["b/1"], s.takes["c/1"] = 1, soon
		return backupx.Concat(s.lists(shelves, 3)...)
	}
	requireDropped := func(t *testing.T, s *throttler) {
		t.Helper()
		time.Sleep(time.Minute)
		require.Len(t, s.of("b/1"), 1)
		require.Len(t, s.pages(), shelves)
	}
	inBubble(t, "break", func(t *testing.T) {
		s := newThrottler()
		require.Equal(t, []string{"c-000"}, take(t, start(s).Parallel(shelves).All(t.Context()), 1))
		requireDropped(t, s)
	})
	inBubble(t, "break within a fleet", func(t *testing.T) {
		s := newThrottler()
		take(t, fleetOf(map[string]backupx.Listing[string]{"s": start(s)}, nil).Parallel(shelves).All(t.Context()), 1)
		requireDropped(t, s)
	})
	inBubble(t, "cancel", func(t *testing.T) {
		s := newThrottler()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(soon-time.Millisecond, cancel)
		_, err := drain(start(s).Parallel(shelves).All(ctx))
		require.ErrorIs(t, err, context.Canceled)
		requireDropped(t, s)
	})
	inBubble(t, "deadline", func(t *testing.T) {
		s := newThrottler()
		ctx, cancel := context.WithTimeout(t.Context(), soon-time.Millisecond)
		defer cancel()
		_, err := drain(start(s).Parallel(shelves).All(ctx))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		requireDropped(t, s)
	})
	inBubble(t, "failure", func(t *testing.T) {
		s := newThrottler()
		l := start(s).Parallel(shelves)
		s.fail["c/1"] = errBoom
		items, err := drain(l.All(t.Context()))
		require.ErrorIs(t, err, errBoom)
		require.NotErrorAs(t, err, lo.ToPtr[smithy.APIError](nil))
		requireDropped(t, s)
		s.heal()
		var list *backupx.ListError
		require.ErrorAs(t, err, &list)
		require.ElementsMatch(t, s.itemsOf(shelves, 3), append(items, resumeFrom(t, l, list.Checkpoint)...), "each item once")
	})
	inBubble(t, "failure of a source", func(t *testing.T) {
		s, other := newThrottler(), newThrottler()
		s.fail["c/1"] = errBoom
		_, err := drain(fleetOf(map[string]backupx.Listing[string]{
			"s": start(s), "other": backupx.Concat(other.lists(shelves, 5)...),
		}, nil).Parallel(2 * shelves).All(t.Context()))
		require.Equal(t, map[string]backupx.Kind{"s": backupx.KindOther}, kindsOf(t, err))
		require.Len(t, other.pages(), shelves*5)
		requireDropped(t, s)
	})
}

// Requests start every 100 ms. The third one is refused after 250 ms, and the two before end after 260 and 270 ms:
// nothing else is under way then, and the refused page still waits until 300 ms have passed.
func TestARefusedPageKeepsToTheRate(t *testing.T) {
	for name, list := range map[string]func([]backupx.Listing[string]) backupx.Listing[string]{
		"of the whole": func(l []backupx.Listing[string]) backupx.Listing[string] { return backupx.Concat(l...).Rate(10) },
		"of a source": func(l []backupx.Listing[string]) backupx.Listing[string] {
			return fleetOf(map[string]backupx.Listing[string]{"s": backupx.Concat(l...).Rate(10)}, nil)
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			s := newThrottler()
			s.refuse["c/1"] = 1
			s.takes["a/1"], s.takes["b/1"] = 260*time.Millisecond, 170*time.Millisecond
			requireCount(t, 2*6*3, list(s.lists(6, 3)).Parallel(6))
			calls := s.logged()
			require.Equal(t, []string{"a/1", "b/1", "c/1", "c/1"}, s.pages()[:4], "the refused page is the next one")
			require.Equal(t, 100*time.Millisecond, calls[3].began.Sub(calls[2].began))
			for i, c := range calls[1:] {
				require.GreaterOrEqual(t, c.began.Sub(calls[i].began), 100*time.Millisecond, "%s after %s", c.page, calls[i].page)
			}
		})
	}
}

func TestTheBoundsHoldForPagesThatAreRequestedAgain(t *testing.T) {
	t.Parallel()
	const n = 6
	for name, set := range map[string]func(backupx.Listing[string]) backupx.Listing[string]{
		"arrival":  func(l backupx.Listing[string]) backupx.Listing[string] { return l },
		"Ordered":  func(l backupx.Listing[string]) backupx.Listing[string] { return l.Ordered() },
		"Prefetch": func(l backupx.Listing[string]) backupx.Listing[string] { return l.Prefetch(3) },
		"Rate":     func(l backupx.Listing[string]) backupx.Listing[string] { return l.Rate(200) },
	} {
		for seed := range uint64(10) {
			inBubble(t, fmt.Sprint(name, seed), func(t *testing.T) {
				limits := map[string]int{"free": 0, "three": 3, "one": 1}
				services, parts, told, total, want := map[string]*throttler{}, map[string]backupx.Listing[string]{}, pageLog{}, &gauge{}, []string{}
				for i, source := range []string{"free", "one", "three"} {
					s := newThrottler()
					s.name, s.total, s.random = source+"-", total, rand.New(rand.NewPCG(seed, uint64(i)))
					services[source], parts[source] = s, backupx.Concat(s.lists(7, 5)...)
					want = append(want, s.itemsOf(7, 5)...)
				}
				items, err := drain(set(fleetOf(parts, limits)).Parallel(n).OnPage(told.add).All(t.Context()))
				require.NoError(t, err)
				require.ElementsMatch(t, want, items, "each item once")
				require.LessOrEqual(t, total.highest(), n, "requests under way")
				refused := map[string]int{}
				for source, s := range services {
					if limit := limits[source]; limit > 0 {
						require.LessOrEqual(t, s.gauge.highest(), limit, "requests under way to %s", source)
					}
					for _, c := range s.logged() {
						if c.refused {
							refused[c.page]++
						}
						if c.nth == 3 {
							s.requireAlone(t, c)
						}
						s.requireNext(t, c.page)
					}
				}
				require.NotEmpty(t, refused)
				told.requireRefused(t, 3*7*5, refused)
			})
		}
	}
}

func TestARepeatedTokenIsAnErrorBehindARefusedPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newThrottler()
		s.refuse["loop/2"] = 2
		of := newShelf("loop", 8, 2)
		loop := backupx.List("loop", func(ctx context.Context, token string, _ int) (backupx.Page[string], error) {
			call, refused, takes := s.begin(fmt.Sprintf("loop/%d", 1+len(token)/len(shelfToken)))
			_ = pause(ctx, takes)
			if s.end(call, refused) {
				return backupx.Page[string]{}, s.refusal(call)
			}
			p, err := of.fetch(ctx, token, 0)
			if token != "" {
				p.Next = token
			}
			return p, err
		})
		items, err := drain(backupx.Concat(append(s.lists(3, 6), loop)...).Parallel(4).All(t.Context()))
		require.ErrorIs(t, err, backupx.ErrTokenLoop)
		require.Len(t, s.of("loop/2"), 3, "the token of a refused page is requested again, and no more often after that")
		require.Subset(t, items, numbers("loop", 4))
	})
}

// The service refuses what is above six requests at a time. The engine finds about as many by itself: 32 are halved a few
// times, and then one refusal in several rounds shows that more are too many.
func TestParallelSettlesAtWhatTheServicePermits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, most int }{{32, 6}, {32, 1}, {32, 20}, {8, 5}, {2, 1}, {4, 4}} {
		inBubble(t, fmt.Sprint(c), func(t *testing.T) {
			const shelves, pages = 64, 20
			s, told := newThrottler(), pageLog{}
			s.most = c.most
			began := time.Now()
			items, err := drain(backupx.Concat(s.lists(shelves, pages)...).Parallel(c.n).OnPage(told.add).All(t.Context()))
			require.NoError(t, err)
			require.ElementsMatch(t, s.itemsOf(shelves, pages), items)
			took := time.Since(began)
			atBest := time.Duration(shelves*pages/c.most) * throttlerServes
			t.Logf("n %d, most %d: refused %d of %d requests, %.2f of the least time", c.n, c.most, s.refused(), len(s.pages()), float64(took)/float64(atBest))
			require.LessOrEqual(t, took, 2*atBest)
			require.LessOrEqual(t, s.refused(), 2*c.n+shelves*pages/(2*c.most), "requests that were refused")
			if c.most >= c.n {
				require.Zero(t, s.refused())
			}
		})
	}
}

func TestASourceThatThrottlesLeavesTheOthersTheirParallelism(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const shelves, pages = 8, 12
		s, other := newThrottler(), newThrottler()
		s.most = 2
		l := fleetOf(map[string]backupx.Listing[string]{
			"s": backupx.Concat(s.lists(shelves, pages)...), "other": backupx.Concat(other.lists(shelves, pages)...),
		}, map[string]int{"s": shelves, "other": shelves})
		began := time.Now()
		requireCount(t, 2*2*shelves*pages, l.Parallel(2*shelves))
		require.NotZero(t, s.refused())
		calls := other.logged()
		require.Equal(t, pages*throttlerServes, calls[len(calls)-1].ended.Sub(began), "the time of the other source")
		require.Equal(t, shelves, other.gauge.highest())
	})
}

// hsmTransport answers a client of the SDK for CloudHSM on virtual time, with one backup a page for each cluster. It
// counts each attempt. Attempts of the SDK are refused as a throttler refuses requests.
type hsmTransport struct {
	*throttler

	pages   int
	refuses int // the status of refusals
}

func (h *hsmTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	var in struct {
		Filters   struct{ ClusterIDs []string }
		NextToken string
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	page := 1
	if in.NextToken != "" {
		page = lo.Must(strconv.Atoi(in.NextToken))
	}
	cluster := in.Filters.ClusterIDs[0]
	call, refused, takes := h.begin(fmt.Sprintf("%s/%d", cluster, page))
	err := pause(r.Context(), takes)
	refused = h.end(call, refused)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}}
	if refused {
		return responseTo(r, h.refuses, header, `{"__type":"ThrottlingException","message":"Rate exceeded"}`), nil
	}
	body := map[string]any{"Backups": []any{map[string]string{"BackupId": "backup-" + call.page, "ClusterId": cluster}}}
	if page < h.pages {
		body["NextToken"] = strconv.Itoa(page + 1)
	}
	return responseTo(r, http.StatusOK, header, string(lo.Must(json.Marshal(body)))), nil
}

// hsmClusters lists the backups of eight clusters through a client of the SDK, with half a second between attempts.
func (h *hsmTransport) hsmClusters(told pageLog) backupx.Listing[string] {
	cfg := fakeaws.New(fakeaws.Data{}).Config() // an endpoint and credentials that work nowhere else
	cfg.HTTPClient = &http.Client{Transport: h}
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Second / 2, nil })
		})
	}
	client := cloudhsmv2.NewFromConfig(cfg)
	return backupx.Concat(lo.Times(8, func(i int) backupx.Listing[string] {
		cluster := "cluster-" + shelfName(i)
		l := backupx.HSMBackups(client, backupx.HSMFilter{}.Clusters(cluster))
		return backupx.Map(l, func(b hsmtypes.Backup) string { return *b.BackupId }).OnPage(func(p backupx.PageInfo) {
			p.Operation = cluster
			told.add(p)
		})
	})...)
}

// The client takes a refusal with the status of success for an answer, and makes no second attempt.
func TestARefusedAttemptHalvesWhatIsUnderWay(t *testing.T) {
	for status, refused := range map[int]map[string]int{http.StatusBadRequest: {}, http.StatusOK: {"cluster-b/1": 1}} {
		synctest.Test(t, func(t *testing.T) {
			h, told := &hsmTransport{throttler: newThrottler(), pages: 6, refuses: status}, pageLog{}
			h.refuse["cluster-b/1"] = 1
			began := time.Now()
			requireCount(t, 8*6, h.hsmClusters(told).Parallel(8))
			told.requireRefused(t, 8*6, refused)
			second := lo.CountBy(h.logged(), func(c *throttlerCall) bool { return c.began.Equal(began.Add(throttlerServes)) })
			require.LessOrEqual(t, second, 5, "half of eight, and one more if the answers of the first round count")
			require.GreaterOrEqual(t, second, 3, "the call that waits for its second attempt may count")
		})
	}
}

func TestACallThatTheSDKGivesUpIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, told := &hsmTransport{throttler: newThrottler(), pages: 12, refuses: http.StatusBadRequest}, pageLog{}
		h.refuse["cluster-b/1"] = 4 // three attempts of the first call, one of the second
		requireCount(t, 8*12, h.hsmClusters(told).Parallel(8))
		told.requireRefused(t, 8*12, map[string]int{"cluster-b/1": 1})
		require.Len(t, h.of("cluster-b/1"), 5)
	})
}

// The shelves beside a fleet are throttled once. What may be under way to them grows again.
func TestAThrottledListingBesideAFleetGrowsAgain(t *testing.T) {
	for _, beside := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, other := newThrottler(), newThrottler()
			other.name = "o"
			s.refuse["b/1"] = 1
			lists := s.lists(8, 40)
			if beside {
				lists = append([]backupx.Listing[string]{fleetOf(map[string]backupx.Listing[string]{"x": backupx.Concat(other.lists(4, 3)...)}, nil)}, lists...)
			}
			began := time.Now()
			_, err := drain(backupx.Concat(lists...).Parallel(8).All(t.Context()))
			require.NoError(t, err)
			took := time.Since(began)
			require.Less(t, took, 12*time.Second, "with a fleet: %v", beside)
		})
	}
}
