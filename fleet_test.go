package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/smithy-go"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// regions returns services with this many jobs and this latency in milliseconds, by name, and a fleet of them
// in the order of their names.
func regions(jobs, latency map[string]int) (map[string]*fakeaws.Service, backupx.Fleet) {
	services, fleet := map[string]*fakeaws.Service{}, backupx.Fleet{}
	for _, name := range slices.Sorted(maps.Keys(jobs)) {
		data := lo.Map(spread(jobs[name], month, day), func(j types.BackupJob, _ int) types.BackupJob {
			id := name + "/" + *j.BackupJobId
			j.BackupJobId = &id
			return j
		})
		services[name] = fakeaws.New(fakeaws.Data{BackupJobs: data}, fakeaws.WithLatency(time.Duration(latency[name])*time.Millisecond))
		fleet = append(fleet, backupx.Source{Name: name, Client: at(services[name], day)})
	}
	return services, fleet
}

func listJobs(c backupx.Client) backupx.Listing[types.BackupJob] {
	return c.BackupJobs(backupx.BackupJobFilter{}).PageSize(10)
}

// listInOneChain lists the same jobs as an operation that is never split into windows.
func listInOneChain(c backupx.Client) backupx.Listing[types.BackupJob] {
	return jobsByOperation(c.Backup, backup.ListBackupJobsInput{}).PageSize(10)
}

func sourcesOf(items []backupx.Sourced[types.BackupJob]) map[string]int {
	return lo.CountValuesBy(items, func(v backupx.Sourced[types.BackupJob]) string { return v.Source })
}

func TestItemsOfAFleetNameTheirSource(t *testing.T) {
	_, fleet := regions(map[string]int{"a": 25, "b": 0, "c": 12}, nil)
	var pages []string
	l := backupx.Across(fleet, listJobs).OnPage(func(p backupx.PageInfo) { pages = append(pages, fmt.Sprint(p.Source, p.Number)) })
	items, err := l.Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{"a": 25, "c": 12}, sourcesOf(items))
	require.True(t, lo.EveryBy(items, func(v backupx.Sourced[types.BackupJob]) bool {
		return strings.HasPrefix(*v.Item.BackupJobId, v.Source+"/")
	}))
	require.Equal(t, []string{"a1", "a2", "a3", "b1", "c1", "c2"}, pages)
}

// effects are the failures of a service, each with its kind.
var effects = map[string]struct {
	kind   backupx.Kind
	effect fakeaws.Effect
}{
	"not enabled":    {backupx.KindNotEnabled, fakeaws.NotEnabled()},
	"no such token":  {backupx.KindNotEnabled, fakeaws.Error(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")},
	"opt-in":         {backupx.KindNotEnabled, fakeaws.Error(http.StatusForbidden, "OptInRequired", "You are not subscribed.")},
	"denied":         {backupx.KindDenied, fakeaws.AccessDenied()},
	"forbidden":      {backupx.KindOther, fakeaws.Status(http.StatusForbidden)},
	"throttled":      {backupx.KindThrottled, fakeaws.Throttle()},
	"too many":       {backupx.KindThrottled, fakeaws.Status(http.StatusTooManyRequests)},
	"internal":       {backupx.KindOther, fakeaws.InternalError()},
	"unavailable":    {backupx.KindOther, fakeaws.Unavailable()},
	"dropped":        {backupx.KindOther, fakeaws.Drop()},
	"truncated":      {backupx.KindOther, fakeaws.Truncate()},
	"cut":            {backupx.KindOther, fakeaws.Cut()},
	"empty":          {backupx.KindOther, fakeaws.EmptyBody()},
	"invalid":        {backupx.KindOther, fakeaws.Error(http.StatusBadRequest, "InvalidParameterValueException", "no")},
	"repeated token": {backupx.KindOther, fakeaws.RepeatToken()},
}

func TestASourceThatFailsDoesNotStopTheOthers(t *testing.T) {
	for _, n := range []int{1, 3, 20} {
		jobs := lo.MapValues(effects, func(_ struct {
			kind   backupx.Kind
			effect fakeaws.Effect
		}, _ string,
		) int {
			return 30
		})
		jobs["~fine"] = 30
		services, fleet := regions(jobs, nil)
		for name, e := range effects {
			services[name].Fault(fakeaws.Fault{Nth: 2, Every: 1, Do: e.effect})
		}
		items, err := backupx.AcrossSources(fleet, func(s backupx.Source) backupx.Listing[types.BackupJob] {
			if s.Name == "repeated token" {
				return listInOneChain(s.Client) // windows of one page send no token that could be repeated
			}
			return listJobs(s.Client)
		}).Parallel(n).Collect(t.Context())
		kinds := kindsOf(t, err)
		counts := sourcesOf(items)
		require.Equal(t, 30, counts["~fine"])
		for name, e := range effects {
			require.Equal(t, e.kind, kinds[name], name)
			require.Equal(t, lo.Ternary(name == "repeated token", 20, 10), counts[name], "what came before is delivered: %s", name)
		}
		require.Len(t, kinds, len(effects))
		require.ErrorIs(t, err, backupx.ErrTokenLoop)
		var api smithy.APIError
		require.ErrorAs(t, err, &api)
	}
}

func TestARegionWithoutTheServiceIsNotOffered(t *testing.T) {
	_, fleet := regions(map[string]int{"a": 3}, nil)
	nowhere := fakeaws.New(fakeaws.Data{}).Config()
	nowhere.BaseEndpoint, nowhere.Region = nil, "aq-south-1" // the host is that of AWS in the region
	nowhere.HTTPClient = roundTripClient(func(r *http.Request) (*http.Response, error) {
		return nil, &net.DNSError{Err: "no such host", Name: r.URL.Host, IsNotFound: true}
	})
	fleet = append(fleet, backupx.Source{Name: "aq-south-1", Client: backupx.New(nowhere)})
	items, err := backupx.Across(fleet, listJobs).Collect(t.Context())
	require.Len(t, items, 3)
	require.Equal(t, map[string]backupx.Kind{"aq-south-1": backupx.KindNotOffered}, kindsOf(t, err))
	require.ErrorContains(t, err, "1 source failed: aq-south-1: not offered: ListBackupJobs: page 1: ")
}

func TestALimitDoesNotHideASourceThatFailed(t *testing.T) {
	for _, n := range []int{1, 2} {
		inBubble(t, fmt.Sprint(n), func(t *testing.T) {
			services, fleet := regions(map[string]int{"a": 30, "b": 30}, map[string]int{"b": 1000})
			services["a"].Fault(fakeaws.Fault{Do: fakeaws.AccessDenied()})
			items, err := backupx.Across(fleet, listJobs).Parallel(n).Limit(15).Collect(t.Context())
			require.Len(t, items, 15)
			require.Equal(t, map[string]backupx.Kind{"a": backupx.KindDenied}, kindsOf(t, err))
			var list *backupx.ListError
			require.ErrorAs(t, err, &list)
			require.Equal(t, 15, list.Delivered)
		})
	}
}

func TestInvalidFleetsAreErrorsBeforeAnyRequest(t *testing.T) {
	services, fleet := regions(map[string]int{"a": 3, "b": 3}, nil)
	with := func(change func(backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob]) backupx.Listing[backupx.Sourced[types.BackupJob]] {
		return backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] { return change(listJobs(c)) })
	}
	type l = backupx.Listing[types.BackupJob]
	for text, l := range map[string]backupx.Listing[backupx.Sourced[types.BackupJob]]{
		`Across: two sources are named "a"`:                         backupx.Across(append(fleet, fleet[0]), listJobs),
		"Across: a source has no name":                              backupx.Across(backupx.Fleet{{Name: " "}}, listJobs),
		"Across: x: Parallel: -1: it must not be below zero":        backupx.Across(backupx.Fleet{{Name: "x", Parallel: -1}}, listJobs),
		"Across: the function is nil":                               backupx.Across[types.BackupJob](fleet, nil),
		"Across: a: it has its own Limit: set it on the whole":      with(func(l l) l { return l.Limit(1) }),
		"Across: a: it has its own Parallel: set it on the whole":   with(func(l l) l { return l.Parallel(1) }),
		"Across: a: it has its own Prefetch: set it on the whole":   with(func(l l) l { return l.Prefetch(1) }),
		"Across: a: it has its own Ordered: set it on the whole":    with(l.Ordered),
		"Across: a: it has its own StartAt":                         with(func(l l) l { return l.StartAt("t") }),
		"StartAt: a token belongs to one chain":                     with(func(l l) l { return l }).StartAt("t"),
		"Across: a: PageSize: 1001: the service gives 1000 at most": with(func(l l) l { return l }).PageSize(1001),
		"Across: a: the zero Listing lists nothing":                 with(func(l) l { return l{} }),
		"Across: b: no backup client was given":                     backupx.Across(backupx.Fleet{fleet[0], {Name: "b"}}, listJobs),
	} {
		require.ErrorContains(t, errOf(t, l), text)
	}
	require.Zero(t, services["a"].RequestCount())
	requireCount(t, 0, backupx.Across(nil, listJobs).Parallel(3))
}

func TestASourcesOwnBoundLeavesTheRestToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		services, fleet := regions(map[string]int{"bounded": 100, "other": 100}, map[string]int{"bounded": 1000, "other": 1000})
		fleet[0].Parallel = 2
		began := time.Now()
		var others time.Duration
		l := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
			return listJobs(c).Every(3 * 24 * time.Hour) // ten or eleven windows
		}).Parallel(7).OnPage(func(p backupx.PageInfo) {
			if p.Source == "other" {
				others = time.Since(began)
			}
		})
		requireCount(t, 200, l)
		require.Equal(t, 2, services["bounded"].MostUnderWay())
		require.GreaterOrEqual(t, services["other"].MostUnderWay(), 5)
		require.LessOrEqual(t, others, 5*time.Second)
	})
}

func TestResumingAFleetTriesTheSourcesThatFailedAgain(t *testing.T) {
	for _, n := range []int{1, 2, 5} {
		services, fleet := regions(map[string]int{"a": 35, "b": 20, "c": 41}, nil)
		services["a"].Fault(fakeaws.Fault{Nth: 3, Every: 1, Do: fakeaws.AccessDenied()})
		services["c"].Fault(fakeaws.Fault{Nth: 1, Every: 1, Do: fakeaws.NotEnabled()})
		l := backupx.Across(fleet, listInOneChain).Parallel(n)
		items, err := l.Collect(t.Context())
		require.Equal(t, map[string]int{"a": 20, "b": 20}, sourcesOf(items))
		require.Equal(t, map[string]backupx.Kind{"a": backupx.KindDenied, "c": backupx.KindNotEnabled}, kindsOf(t, err))

		var list *backupx.ListError
		require.ErrorAs(t, err, &list)
		services["a"].ClearFaults()
		items, err = drain(lo.Must(l.Resume(throughText(t, list.Checkpoint))).All(t.Context()))
		require.Equal(t, map[string]int{"a": 15}, sourcesOf(items), "c fails still")
		require.ErrorAs(t, err, &list)
		services["c"].ClearFaults()
		items, err = drain(lo.Must(l.Resume(throughText(t, list.Checkpoint))).All(t.Context()))
		require.NoError(t, err)
		require.Equal(t, map[string]int{"c": 41}, sourcesOf(items))
	}
}

func TestACheckpointOfAnotherFleetIsRefused(t *testing.T) {
	_, fleet := regions(map[string]int{"a": 35, "b": 20}, nil)
	cursor := backupx.Across(fleet, listJobs).Limit(5).Cursor()
	_, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	fleet[1].Name = "c"
	_, err = backupx.Across(fleet, listJobs).Resume(cursor.Checkpoint())
	require.ErrorIs(t, err, backupx.ErrCheckpoint)
}

func TestAFleetsCheckpointOfAnotherFilterIsRefused(t *testing.T) {
	services, fleet := regions(map[string]int{"a": 25, "b": 15}, nil)
	type sourced = backupx.Sourced[types.BackupJob]
	completed := backupx.BackupJobFilter{}.States("COMPLETED")
	across := func(a, b backupx.BackupJobFilter) backupx.Listing[sourced] {
		return backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
			return c.BackupJobs(lo.Ternary(c.Backup == fleet[0].Client.Backup, a, b)).PageSize(10)
		})
	}
	within := func(l backupx.Listing[sourced]) backupx.Listing[backupx.Sourced[sourced]] {
		return backupx.Across(backupx.Fleet{{Name: "outer"}}, func(backupx.Client) backupx.Listing[sourced] { return l })
	}
	whole, nested := across(completed, completed), within(across(completed, completed))

	for _, n := range []int{0, 1, 10, 27, 40} { // before the first range, within each source, at a page's end, at the end
		cursor, outer := whole.Cursor(), nested.Cursor()
		take(t, cursor.All(t.Context()), n)
		take(t, outer.All(t.Context()), n)
		cp, nestedCP := throughText(t, cursor.Checkpoint()), throughText(t, outer.Checkpoint())
		services["a"].ResetRequests()
		services["b"].ResetRequests()

		for name, other := range map[string]backupx.BackupJobFilter{
			"another state": backupx.BackupJobFilter{}.States("FAILED"),
			"narrower":      completed.TopLevel(),
			"wider":         {},
			"a time":        completed.CreatedAfter(day.AddDate(0, 0, -40)),
		} {
			for _, l := range []backupx.Listing[sourced]{across(other, other), across(other, completed), across(completed, other)} {
				require.ErrorIs(t, resuming(l, cp)(), backupx.ErrCheckpoint, "%s after %d", name, n)
				require.ErrorIs(t, resuming(within(l), nestedCP)(), backupx.ErrCheckpoint, "%s within a fleet after %d", name, n)
			}
		}
		require.Zero(t, services["a"].RequestCount()+services["b"].RequestCount(), "nothing is sent")
		require.Len(t, resumeFrom(t, whole, cp), 40-n)
		require.Len(t, resumeFrom(t, nested, nestedCP), 40-n)
	}
}

// A break that follows the failure of a source ends the range like any other break: no error is yielded.
func TestABreakInPagesOfAFleetYieldsNothingMore(t *testing.T) {
	for _, n := range []int{1, 2} {
		inBubble(t, fmt.Sprint(n), func(t *testing.T) {
			services, fleet := regions(map[string]int{"a": 35, "b": 50}, map[string]int{"a": 1000, "b": 1000})
			services["a"].Fault(fakeaws.Fault{Nth: 3, Every: 1, Do: fakeaws.AccessDenied()})
			pages, stopped := map[string]int{}, false
			backupx.Across(fleet, listInOneChain).Parallel(n).Pages(t.Context())(func(p backupx.Page[backupx.Sourced[types.BackupJob]], err error) bool {
				require.NoError(t, err)
				require.False(t, stopped, "nothing is yielded after the break")
				require.Len(t, p.Items, 10)
				source := p.Items[0].Source
				pages[source]++
				stopped = source == "b" && p.Number == 4
				return !stopped
			})
			require.True(t, stopped)
			require.Equal(t, map[string]int{"a": 2, "b": 4}, pages, "a had failed at its third page")
			require.Equal(t, 3, services["a"].RequestCount())
		})
	}
}

// After a break that follows the failure of a source, the next range over the cursor delivers the rest of the other
// source and reads the failed source again. A range from the checkpoint does the same.
func TestARangeAfterABreakTriesTheSourcesThatFailedAgain(t *testing.T) {
	for _, n := range []int{1, 2} {
		inBubble(t, fmt.Sprint(n), func(t *testing.T) {
			services, fleet := regions(map[string]int{"a": 35, "b": 50}, map[string]int{"a": 1000, "b": 1000})
			services["a"].Fault(fakeaws.Fault{Nth: 3, Every: 1, Do: fakeaws.AccessDenied()})
			l := backupx.Across(fleet, listInOneChain).Parallel(n)
			cursor, stopped := l.Cursor(), false
			got, fromB := []backupx.Sourced[types.BackupJob]{}, 0
			cursor.All(t.Context())(func(v backupx.Sourced[types.BackupJob], err error) bool {
				require.NoError(t, err)
				require.False(t, stopped, "nothing is yielded after the break")
				got = append(got, v)
				if v.Source == "b" {
					fromB++
				}
				stopped = fromB == 34
				return !stopped
			})
			require.Equal(t, map[string]int{"a": 20, "b": 34}, sourcesOf(got))
			require.Equal(t, map[string]backupx.Kind{"a": backupx.KindDenied}, kindsOf(t, cursor.Failed()), "the break hides no failure")
			cp := cursor.Checkpoint()
			require.False(t, cp.Done())

			rest, err := drain(cursor.All(t.Context()))
			require.Equal(t, map[string]int{"b": 16}, sourcesOf(rest))
			require.Equal(t, map[string]backupx.Kind{"a": backupx.KindDenied}, kindsOf(t, err), "a was tried again")

			services["a"].ClearFaults()
			rest, err = drain(cursor.All(t.Context()))
			require.NoError(t, err)
			require.Equal(t, map[string]int{"a": 15}, sourcesOf(rest))
			require.Empty(t, cursor.Failed(), "those of the last range only")
			require.True(t, cursor.Checkpoint().Done())
			resumed := resumeFrom(t, l, cp)
			require.Equal(t, map[string]int{"a": 15, "b": 16}, sourcesOf(resumed))
			ids := lo.Map(append(got, resumed...), func(v backupx.Sourced[types.BackupJob], _ int) string { return *v.Item.BackupJobId })
			require.Empty(t, lo.FindDuplicates(ids))
		})
	}
}

func TestAFleetTakesTheTimeOfItsSlowestSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jobs, latency := map[string]int{}, map[string]int{}
		for i := range 17 {
			name := fmt.Sprintf("region-%02d", i)
			jobs[name], latency[name] = 10+10*i, 100+50*(i%5)
		}
		_, fleet := regions(jobs, latency)
		slowest := time.Duration(0)
		for name, n := range jobs {
			slowest = max(slowest, time.Duration(n/10*latency[name])*time.Millisecond)
		}
		began := time.Now()
		requireCount(t, lo.Sum(lo.Values(jobs)), backupx.Across(fleet, listInOneChain).Parallel(17))
		require.Equal(t, slowest, time.Since(began))
	})
}

// silent is a client that answers nothing until the context of a request ends.
func silent() backupx.Client {
	return backupx.New(aws.Config{
		Region: "us-east-1", Credentials: aws.AnonymousCredentials{},
		HTTPClient: answering(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}),
	})
}

func TestASourceThatNeverAnswersIsNamed(t *testing.T) {
	for _, n := range []int{1, 2, 8} {
		inBubble(t, fmt.Sprint(n), func(t *testing.T) {
			services, fleet := regions(map[string]int{"a": 30, "c": 30}, nil)
			services["c"].Fault(fakeaws.Fault{Do: fakeaws.AccessDenied()})
			fleet = backupx.Fleet{fleet[1], {Name: "b/silent", Client: silent()}, fleet[0]}
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Hour, errors.New("enough"))
			defer cancel()
			got, err := backupx.Across(fleet, listJobs).Parallel(n).Collect(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, "backupx: ListBackupJobs: b/silent: page 1: ")
			require.ErrorContains(t, err, "enough")
			require.Equal(t, backupx.KindOther, backupx.KindOf(err))
			var list *backupx.ListError
			require.ErrorAs(t, err, &list)
			require.Equal(t, "b/silent", list.Source)
			var operation *smithy.OperationError
			require.ErrorAs(t, err, &operation, "the request's own error")
			require.Len(t, got, map[int]int{1: 0, 2: 30, 8: 30}[n])
			require.Equal(t, map[string]backupx.Kind{"c": backupx.KindDenied}, kindsOf(t, err))
		})
	}
}

func TestACancelledContextIsNoFailureOfASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, fleet := regions(map[string]int{"a": 30, "b": 30}, map[string]int{"a": 1000, "b": 1000})
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		_, err := backupx.Across(fleet, listJobs).Parallel(2).Collect(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var sources backupx.SourceErrors
		require.False(t, errors.As(err, &sources))
	})
}

func TestAFailureWithinASourceLeavesNoRequestCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Second)
		broken := newShelf("broken", 4, 2)
		broken.fails = 2
		within := func(name string) backupx.Listing[string] {
			return fleetOf(map[string]backupx.Listing[string]{name: s.list(newShelf(name, 40, 1))}, nil)
		}
		l := fleetOf(map[string]backupx.Listing[string]{
			"a": backupx.Merge(strings.Compare, s.list(broken), within("x"), within("y")),
			"b": s.list(newShelf("b", 4, 2)),
			"c": s.list(newShelf("c", 4, 2)),
		}, nil)
		items, err := drain(l.Parallel(2).All(t.Context()))
		require.ErrorIs(t, err, errBoom)
		require.Subset(t, items, []string{"b-000", "b-003", "c-000", "c-003"})
		var sources backupx.SourceErrors
		require.ErrorAs(t, err, &sources)
		require.Equal(t, []string{"a"}, lo.Map(sources, func(s *backupx.SourceError, _ int) string { return s.Source }))
	})
}

func TestAFailureEndsTheFleetsWithinItQuietly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Second)
		broken := newShelf("broken", 4, 2)
		broken.fails = 2
		within := map[string]backupx.Listing[string]{"x": s.list(newShelf("x", 40, 1)), "y": s.list(newShelf("y", 40, 1))}
		l := fleetOf(map[string]backupx.Listing[string]{"a": backupx.Concat(s.list(broken), fleetOf(within, nil))}, nil)
		_, err := drain(l.Parallel(3).All(t.Context()))
		var sources backupx.SourceErrors
		require.ErrorAs(t, err, &sources)
		require.Equal(t, []string{"a"}, lo.Map(sources, func(s *backupx.SourceError, _ int) string { return s.Source }),
			"x and y did not fail: their requests were ended")
	})
}

func TestABoundOfASourceHoldsForTheFleetsWithinIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Second)
		within := map[string]backupx.Listing[string]{"x": s.list(newShelf("x", 4, 1)), "y": s.list(newShelf("y", 4, 1))}
		requireCount(t, 8, fleetOf(map[string]backupx.Listing[string]{"a": fleetOf(within, nil)}, map[string]int{"a": 1}).Parallel(4))
		require.Equal(t, 1, s.mostUnderWay())
	})
}

func TestAFailureThatEndsTheRangeDoesNotHideAFailedSource(t *testing.T) {
	broken, later := newShelf("broken", 4, 2), newShelf("later", 4, 2)
	broken.fails, later.fails = 1, 1
	fleet := fleetOf(map[string]backupx.Listing[string]{"a": broken.list(), "b": newShelf("b", 2, 2).list()}, nil)
	_, err := drain(backupx.Concat(fleet, later.list()).All(t.Context()))
	var sources backupx.SourceErrors
	require.ErrorAs(t, err, &sources)
	require.Equal(t, "a", sources[0].Source)
	require.ErrorContains(t, err, "page 1: boom; 1 source failed: a: other")
}

func TestNamesThatLookAlikeWhenJoinedAreNotTheSameChain(t *testing.T) {
	shelves := 0
	within := func(names ...string) backupx.Listing[backupx.Sourced[string]] {
		fleet := lo.Map(names, func(n string, _ int) backupx.Source { return backupx.Source{Name: n} })
		return backupx.Across(fleet, func(backupx.Client) backupx.Listing[string] {
			shelves++
			return newShelf(string(rune('a'+shelves)), 2, 5).list()
		})
	}
	outer := backupx.Fleet{{Name: "a"}, {Name: "a/b"}}

	items, err := backupx.Across(outer, func(backupx.Client) backupx.Listing[backupx.Sourced[string]] {
		return within("b/c", "c")
	}).Collect(t.Context())

	require.NoError(t, err)
	require.Len(t, items, 8)

	s := fakeaws.New(fakeaws.Data{})
	_, err = clientOf(s).BackupJobs(backupx.BackupJobFilter{}.Vaults("a", "a,resourceTypes=b").ResourceTypes("b,resourceTypes=c", "c")).Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, 4, s.RequestCount())
}

func TestTheErrorOfAFleetTellsEachFailureOnce(t *testing.T) {
	a, b := newShelf("a", 4, 2), newShelf("b", 4, 2)
	a.fails, b.fails = 2, 1
	l := shelfFleet{"a": a, "b": b, "c": newShelf("c", 4, 2)}.list()
	items, err := drain(l.All(t.Context()))
	require.Equal(t, []string{"a-000", "a-001", "c-000", "c-001", "c-002", "c-003"}, items)
	require.EqualError(t, err, "backupx: Across: 2 sources failed: a: other: ListThings: page 2: boom; b: other: ListThings: page 1: boom")
}
