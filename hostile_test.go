package backupx_test

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/internal/testenv"
)

// hostile is a stub of AWS Backup that misbehaves. The zero value of a field is how the service behaves.
type hostile struct {
	backupx.BackupAPI // nil: the stub has no copy jobs

	jobs      []types.BackupJob // in the order in which they are listed
	pageSize  int
	untimed   bool          // time filters are passed over
	widened   time.Duration // time filters are widened to multiples of this; 0 is exact
	inclusive bool          // time filters include their ends
	overfull  bool          // pages have pageSize jobs, whatever a request asks for
	shuffled  bool          // each query lists the jobs in an order of its own
	gaps      bool          // an empty page comes before each page
	reuses    bool          // all pages are written to the same memory

	// fault answers the requests from number from on, counted from 1, until the stub is healed. nil is none.
	fault func(context.Context, *hostile, *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error)
	from  int

	underWay *gauge

	mu     sync.Mutex // guards what follows
	sent   int
	healed bool
	memory []types.BackupJob
}

const hostileLatency = 100 * time.Millisecond

// newHostile returns a stub that behaves, with jobs in pages.
func newHostile(jobs []types.BackupJob, pageSize int) *hostile {
	return &hostile{jobs: jobs, pageSize: pageSize, underWay: &gauge{}}
}

func (s *hostile) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, _ ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	s.underWay.add(1)
	defer s.underWay.add(-1)
	if s.faulty() {
		return s.fault(ctx, s, in)
	}
	if err := pause(ctx, hostileLatency); err != nil {
		return nil, err
	}
	return s.page(in)
}

// faulty counts a request and reports whether fault answers it.
func (s *hostile) faulty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent++
	return s.fault != nil && s.sent >= s.from && !s.healed
}

func (s *hostile) heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.healed = true
}

// requests returns the number of requests so far.
func (s *hostile) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

// page returns the page that a request asks for. A token is the number of jobs before the page; the token of a page
// behind a gap ends in a plus sign.
func (s *hostile) page(in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
	jobs := s.selected(in)
	token, behindGap := strings.CutSuffix(aws.ToString(in.NextToken), "+")
	first, err := strconv.Atoi(cmp.Or(token, "0"))
	if err != nil || first > len(jobs) {
		return nil, fmt.Errorf("the token %q is not one of this request", aws.ToString(in.NextToken))
	}
	if s.gaps && !behindGap {
		return &backup.ListBackupJobsOutput{NextToken: aws.String(strconv.Itoa(first) + "+")}, nil
	}
	size := s.pageSize
	if in.MaxResults != nil && !s.overfull {
		size = min(size, int(*in.MaxResults))
	}
	last := min(first+size, len(jobs))
	out := &backup.ListBackupJobsOutput{BackupJobs: jobs[first:last:last]}
	if last < len(jobs) {
		out.NextToken = aws.String(strconv.Itoa(last))
	}
	if s.reuses {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.memory = append(s.memory[:0], out.BackupJobs...)
		out.BackupJobs = s.memory
	}
	return out, nil
}

// selected returns all jobs that a request asks for.
func (s *hostile) selected(in *backup.ListBackupJobsInput) []types.BackupJob {
	jobs := lo.Filter(s.jobs, func(j types.BackupJob, _ int) bool {
		return (in.ByState == "" || in.ByState == j.State) && (s.untimed || j.CreationDate == nil || s.within(in, *j.CreationDate))
	})
	if s.shuffled {
		h := fnv.New64a()
		fmt.Fprint(h, in.ByState, aws.ToTime(in.ByCreatedAfter), aws.ToTime(in.ByCreatedBefore))
		rand.New(rand.NewPCG(h.Sum64(), 1)).Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	}
	return jobs
}

// within reports whether a time is within those of a request.
func (s *hostile) within(in *backup.ListBackupJobsInput, at time.Time) bool {
	if after := in.ByCreatedAfter; after != nil {
		start := *after
		if s.widened > 0 {
			start = start.Truncate(s.widened)
		}
		if !at.After(start) && !(s.inclusive && at.Equal(start)) {
			return false
		}
	}
	if before := in.ByCreatedBefore; before != nil {
		end := *before
		if s.widened > 0 {
			end = end.Truncate(s.widened).Add(s.widened)
		}
		return at.Before(end) || s.inclusive && at.Equal(end)
	}
	return true
}

// list lists the names of the jobs, which are their resources: ids and times may be missing.
func (s *hostile) list(f backupx.BackupJobFilter) backupx.Listing[string] {
	client := backupx.Client{Backup: s, Now: func() time.Time { return day }}
	return backupx.Map(client.BackupJobs(f), jobResource)
}

func jobResource(j types.BackupJob) string { return *j.ResourceArn }

func (s *hostile) names() []string {
	return lo.Map(s.jobs, func(j types.BackupJob, _ int) string { return jobResource(j) })
}

// namedJobs returns jobs of the given times, in that order.
func namedJobs(prefix string, created []time.Time) []types.BackupJob {
	return lo.Map(created, func(at time.Time, i int) types.BackupJob {
		name := fmt.Sprintf("%s-%03d", prefix, i)
		return types.BackupJob{
			BackupJobId: aws.String("id-" + name), ResourceArn: aws.String(name), CreationDate: &at, State: finalStates[i%2],
		}
	})
}

// way is how a listing over a hostile stub is read: alone, or combined with one over a stub that behaves.
type way struct {
	name     string
	parallel int // requests that may be under way
	alone    bool
	list     func(bad, good backupx.Listing[string]) backupx.Listing[string]
}

var ways = []way{
	{"alone", 1, true, func(bad, _ backupx.Listing[string]) backupx.Listing[string] { return bad }},
	{"Prefetch(2)", 1, true, func(bad, _ backupx.Listing[string]) backupx.Listing[string] { return bad.Prefetch(2) }},
	{"Parallel(4)", 4, true, func(bad, _ backupx.Listing[string]) backupx.Listing[string] { return bad.Parallel(4) }},
	{"Parallel(4).Ordered()", 4, true, func(bad, _ backupx.Listing[string]) backupx.Listing[string] { return bad.Parallel(4).Ordered() }},
	{"Every(24h).Parallel(4)", 4, true, func(bad, _ backupx.Listing[string]) backupx.Listing[string] {
		return bad.Every(24 * time.Hour).Parallel(4)
	}},
	{"Across", 1, false, inFleet},
	{"Across, Parallel(4)", 4, false, func(bad, good backupx.Listing[string]) backupx.Listing[string] { return inFleet(bad, good).Parallel(4) }},
	{"Across, Parallel(4).Ordered()", 4, false, func(bad, good backupx.Listing[string]) backupx.Listing[string] {
		return inFleet(bad, good).Parallel(4).Ordered()
	}},
	{"Concat", 1, false, func(bad, good backupx.Listing[string]) backupx.Listing[string] { return backupx.Concat(bad, good) }},
	{"Concat, Parallel(4)", 4, false, func(bad, good backupx.Listing[string]) backupx.Listing[string] {
		return backupx.Concat(bad, good).Parallel(4)
	}},
	{"Merge, Prefetch(1)", 1, false, func(bad, good backupx.Listing[string]) backupx.Listing[string] {
		return backupx.Merge(strings.Compare, bad, good).Prefetch(1)
	}},
	{"Merge, Parallel(4)", 4, false, func(bad, good backupx.Listing[string]) backupx.Listing[string] {
		return backupx.Merge(strings.Compare, bad, good).Parallel(4)
	}},
}

func inFleet(bad, good backupx.Listing[string]) backupx.Listing[string] {
	return fleetOf(map[string]backupx.Listing[string]{"bad": bad, "good": good}, nil)
}

// split reports whether the listing of the hostile stub is read in windows.
func (w way) split() bool { return w.parallel > 1 && !strings.HasPrefix(w.name, "Merge") }

// siege is a hostile stub that is read in one way.
type siege struct {
	way

	bad, good *hostile
	want      []string // the items of the listing
	ended     bool     // the goroutine of a request ended, after which the ranging goroutine sends the request again
}

// besiege reads a hostile stub in every way, in bubbles.
func besiege(t *testing.T, stub func() *hostile, test func(t *testing.T, s siege)) {
	for _, w := range ways {
		inBubble(t, w.name, func(t *testing.T) {
			s := siege{way: w, bad: stub()}
			s.want = s.bad.names()
			if !w.alone {
				s.good = newHostile(namedJobs("good", distributions[0].newestFirst(20)), 5)
				s.good.underWay = s.bad.underWay
				s.want = append(s.want, s.good.names()...)
			}
			test(t, s)
		})
	}
}

// listing lists the jobs of the stubs.
func (s siege) listing() backupx.Listing[string] {
	var good backupx.Listing[string]
	if s.good != nil {
		good = s.good.list(backupx.BackupJobFilter{})
	}
	return s.list(s.bad.list(backupx.BackupJobFilter{}), good)
}

func (s siege) requests() int {
	n := s.bad.requests()
	if s.good != nil {
		n += s.good.requests()
	}
	return n
}

// requireQuiet requires that a range has left nothing behind.
func (s siege) requireQuiet(t *testing.T) {
	t.Helper()
	require.LessOrEqual(t, s.bad.underWay.highest(), s.parallel, "requests under way")
	require.Zero(t, s.bad.underWay.count(), "requests under way after the range")
	sent := s.requests()
	time.Sleep(time.Hour)
	require.Equal(t, sent, s.requests(), "requests after the range")
}

// spreadJobs are jobs in pages of six, one every four hours, newest first.
const (
	spreadJobs  = 120
	spreadPages = 20
)

func spreadOut() []types.BackupJob {
	return namedJobs("bad", lo.Times(spreadJobs, func(i int) time.Time { return day.Add(-time.Duration(i) * 4 * time.Hour) }))
}

// withInversion moves a job to another place in the list.
func withInversion(jobs []types.BackupJob, from, to int) []types.BackupJob {
	j := jobs[from]
	return slices.Insert(slices.Delete(jobs, from, from+1), to, j)
}

// honestly are stubs that list every job that a request asks for, however they list them.
var honestly = map[string]func() *hostile{
	"newest first": func() *hostile { return newHostile(spreadOut(), 6) },
	"oldest first": func() *hostile {
		jobs := spreadOut()
		slices.Reverse(jobs)
		return newHostile(jobs, 6)
	},
	"in random order": func() *hostile {
		s := newHostile(spreadOut(), 6)
		s.shuffled = true
		return s
	},
	"newest first, page 1 has an old job": func() *hostile { return newHostile(withInversion(spreadOut(), 100, 3), 6) },
	"without ids": func() *hostile {
		s := newHostile(spreadOut(), 6)
		for i := range s.jobs {
			s.jobs[i].BackupJobId = nil
		}
		return s
	},
	"with more jobs in a page than a request asks for": func() *hostile {
		s := newHostile(spreadOut(), 6)
		s.overfull = true
		return s
	},
	"with empty pages": func() *hostile {
		s := newHostile(spreadOut(), 6)
		s.gaps = true
		return s
	},
	"time filters include their ends": func() *hostile {
		s := newHostile(spreadOut(), 6)
		s.inclusive = true
		return s
	},
	"time filters of whole seconds": func() *hostile {
		s := newHostile(spreadOut(), 6)
		s.inclusive, s.widened = true, time.Second
		return s
	},
}

// outsideWindows are stubs with jobs outside the requested times.
var outsideWindows = map[string]func() *hostile{
	"newest first": func() *hostile { return passingOver(newHostile(spreadOut(), 6)) },
	"oldest first": func() *hostile {
		s := passingOver(newHostile(spreadOut(), 6))
		slices.Reverse(s.jobs)
		return s
	},
	"in random order": func() *hostile {
		s := passingOver(newHostile(spreadOut(), 6))
		s.shuffled = true
		return s
	},
	"newest first, page 7 has the newest job": func() *hostile {
		return passingOver(newHostile(withInversion(spreadOut(), 0, 6*6+3), 6))
	},
	"time filters of whole days": func() *hostile {
		s := newHostile(spreadOut(), 6)
		s.widened = 24 * time.Hour
		return s
	},
	"without ids": func() *hostile {
		s := passingOver(newHostile(spreadOut(), 6))
		for i := range s.jobs {
			s.jobs[i].BackupJobId = nil
		}
		return s
	},
	"of one moment": func() *hostile {
		return passingOver(newHostile(namedJobs("bad", inOneSpan(0)(nil, spreadJobs)), 6))
	},
	"without times": func() *hostile {
		s := newHostile(spreadOut(), 6)
		for i := range s.jobs {
			s.jobs[i].CreationDate = nil
		}
		return s
	},
	"half of them without times": func() *hostile {
		s := newHostile(spreadOut(), 6)
		for i := range s.jobs[:spreadJobs/2] {
			s.jobs[2*i].CreationDate = nil
		}
		return s
	},
}

func passingOver(s *hostile) *hostile {
	s.untimed = true
	return s
}

// everyDay is the number of windows of Every(24h).
const everyDay = 30

func TestAStubThatListsItsJobsInAnyOrderLosesNone(t *testing.T) {
	t.Parallel()
	for name, stub := range honestly {
		t.Run(name, func(t *testing.T) {
			besiege(t, stub, func(t *testing.T, s siege) {
				s.requireAll(t)
				require.LessOrEqual(t, s.bad.requests(), s.honestBound(s.bad.pages()))
			})
		})
	}
}

// The check of a cut sees the span of one page. A job that is listed among jobs that are older by more than a page can be
// missed by Parallel, as its documentation says, and by no other way of reading.
func TestAJobThatIsListedFarTooLateIsMissedByACutOnly(t *testing.T) {
	t.Parallel()
	for name, jobs := range map[string][]types.BackupJob{
		"the newest job is on page 7":        withInversion(spreadOut(), 0, 6*6+3),
		"the last page has a much newer job": withInversion(spreadOut(), 30, spreadJobs-2),
	} {
		t.Run(name, func(t *testing.T) {
			besiege(t, func() *hostile { return newHostile(jobs, 6) }, func(t *testing.T, s siege) {
				got, err := drain(s.listing().All(t.Context()))
				require.NoError(t, err)
				if !s.divides() {
					s.requireItems(t, got)
				}
				s.requireSome(t, got)
				require.GreaterOrEqual(t, len(got), len(s.want)-1)
			})
		})
	}
}

// honestBound is the most requests to a stub that lists what is requested: with Every one for each window and for each
// page, and with Parallel(n) 1.5 for each page and 2n.
func (s siege) honestBound(pages int) int {
	switch {
	case !s.split():
		return pages
	case s.every():
		return everyDay + pages
	default:
		return pages*3/2 + 2*s.parallel
	}
}

// A query is not divided further once its pages show jobs outside the requested window, so that each of the n windows
// that Parallel(n) begins with reads all pages at most, and another n requests may be under way or be wasted by then.
// The jobs outside a window are dropped.
func TestAStubThatListsJobsOutsideTheWindowLosesNone(t *testing.T) {
	t.Parallel()
	for name, stub := range outsideWindows {
		t.Run(name, func(t *testing.T) {
			besiege(t, stub, func(t *testing.T, s siege) {
				s.requireAll(t)
				require.LessOrEqual(t, s.bad.requests(), s.dishonestBound(s.bad.pages()))
			})
		})
	}
}

func (s siege) dishonestBound(pages int) int {
	switch {
	case !s.split():
		return pages
	case s.every():
		return everyDay * pages
	default:
		return (s.parallel+2)*pages + s.parallel // the first page of an undivided query splits it into a few windows more
	}
}

func TestSixJobsCostFewRequestsWhateverTheStubDoes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 4, 8} {
		for name, where := range map[string]distribution{"spread": distributions[0], "of one moment": {draw: inOneSpan(0)}} {
			for kind, change := range map[string]func(*hostile){
				"newest first":    func(*hostile) {},
				"oldest first":    func(s *hostile) { slices.Reverse(s.jobs) },
				"in random order": func(s *hostile) { s.shuffled = true },
				"without times": func(s *hostile) {
					for i := range s.jobs {
						s.jobs[i].CreationDate = nil
					}
				},
			} {
				for _, untimed := range []bool{false, true} {
					inBubble(t, fmt.Sprint(n, name, kind, untimed), func(t *testing.T) {
						s := newHostile(namedJobs("bad", where.newestFirst(6)), 3)
						s.untimed = untimed
						change(s)
						got, err := drain(s.list(backupx.BackupJobFilter{}).Parallel(n).All(t.Context()))
						require.NoError(t, err)
						require.ElementsMatch(t, s.names(), got)
						most := 2*n + 2
						if untimed || kind == "without times" {
							most = 3*n + 4
						}
						require.LessOrEqual(t, s.requests(), most)
					})
				}
			}
		}
	}
}

func (s *hostile) pages() int {
	pages := (len(s.jobs) + s.pageSize - 1) / s.pageSize
	if s.gaps {
		return 2 * pages
	}
	return pages
}

func (w way) every() bool { return strings.HasPrefix(w.name, "Every") }

// divides reports whether the listing of the hostile stub is read in windows that Parallel plans and may divide.
func (w way) divides() bool { return w.split() && !w.every() }

// requireAll requires that the listing delivers all items once.
func (s siege) requireAll(t *testing.T) {
	t.Helper()
	got, err := drain(s.listing().All(t.Context()))
	require.NoError(t, err)
	s.requireItems(t, got)
	s.requireQuiet(t)
}

// requireItems requires that each item was delivered once.
func (s siege) requireItems(t *testing.T, got []string) {
	t.Helper()
	require.Equal(t, slices.Sorted(slices.Values(s.want)), slices.Sorted(slices.Values(got)))
}

// requireSome requires that no item was delivered twice, and after a failure of the hostile stub in a fleet that all
// items of the other stub were.
func (s siege) requireSome(t *testing.T, got []string) {
	t.Helper()
	require.Empty(t, lo.FindDuplicates(got))
	require.Subset(t, s.want, got)
}

// outcome is how a range ended.
type outcome struct {
	items    []string
	err      error
	returned bool // the loop came to its end; otherwise its goroutine panicked or ended
	panicked any
	took     time.Duration
}

// outcomeOf ranges in a goroutine of its own, which a range may end. It calls each after each item; nil does nothing.
func outcomeOf(t *testing.T, seq iter.Seq2[string, error], each func(n int) (more bool)) outcome {
	t.Helper()
	ended := make(chan outcome, 1)
	go func() {
		o, began := outcome{}, time.Now()
		defer func() {
			o.panicked, o.took = recover(), time.Since(began)
			ended <- o
		}()
		for item, err := range seq {
			if err != nil {
				o.err = err
				continue
			}
			o.items = append(o.items, item)
			if each != nil && !each(len(o.items)) {
				break
			}
		}
		o.returned = true
	}()
	select {
	case o := <-ended:
		return o
	case <-time.After(month):
		t.Fatal("the range does not end")
		return outcome{}
	}
}

// requireRest heals the stub and requires that a cursor delivers the items that were not delivered before.
func (s siege) requireRest(t *testing.T, cursor *backupx.Cursor[string], got []string) {
	t.Helper()
	s.bad.heal()
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	s.requireItems(t, append(got, rest...))
	s.requireQuiet(t)
}

// resumed is a cursor at the position of another one, through text.
func (s siege) resumed(t *testing.T, cursor *backupx.Cursor[string]) *backupx.Cursor[string] {
	t.Helper()
	again, err := s.listing().Resume(throughText(t, cursor.Checkpoint()))
	require.NoError(t, err)
	return again
}

type answer func(ctx context.Context, s *hostile, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error)

// withFault is a stub of which the requests from a number on are answered in another way.
func withFault(from int, fault answer) func() *hostile {
	return func() *hostile {
		s := newHostile(spreadOut(), 6)
		s.from, s.fault = from, fault
		return s
	}
}

// The context ends a range at once, or when a request under way has returned that does not heed its context.
func TestTheContextEndsARangeOverAnyStub(t *testing.T) {
	t.Parallel()
	const timeout = 2550 * time.Millisecond
	for name, c := range map[string]struct {
		fault answer
		deaf  time.Duration // how long a request goes on after the context has ended, at most
	}{
		"blocks": {func(ctx context.Context, _ *hostile, _ *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, 0},
		"blocks, and returns an error of its own": {func(ctx context.Context, _ *hostile, _ *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
			<-ctx.Done()
			return nil, errBoom
		}, 0},
		"blocks, and returns a page": {func(ctx context.Context, s *hostile, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
			<-ctx.Done()
			return s.page(in)
		}, 0},
		"does not heed the context": {func(_ context.Context, s *hostile, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
			time.Sleep(time.Second)
			return s.page(in)
		}, time.Second},
		"empty pages without end": {func(ctx context.Context, s *hostile, _ *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
			return &backup.ListBackupJobsOutput{NextToken: aws.String(fmt.Sprint("endless-", s.requests()))}, pause(ctx, hostileLatency)
		}, 0},
		"throttled for ever": {func(ctx context.Context, _ *hostile, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
			<-ctx.Done()
			return nil, errThrottled
		}, 0},
	} {
		for _, from := range []int{1, 4} {
			t.Run(fmt.Sprint(name, " from request ", from), func(t *testing.T) {
				besiege(t, withFault(from, c.fault), func(t *testing.T, s siege) {
					ctx, cancel := context.WithTimeout(t.Context(), timeout)
					defer cancel()
					cursor := s.listing().Cursor()
					o := outcomeOf(t, cursor.All(ctx), nil)
					require.True(t, o.returned)
					require.ErrorIs(t, o.err, context.DeadlineExceeded)
					require.LessOrEqual(t, o.took, timeout+c.deaf)
					s.requireSome(t, o.items)
					s.requireQuiet(t)
					if !strings.HasPrefix(name, "empty pages") { // their tokens lead nowhere
						s.requireRest(t, s.resumed(t, cursor), o.items)
					}
				})
			})
		}
	}
}

// Jobs without end, which pass over times, are delivered until the context ends.
func TestTheContextEndsJobsWithoutEnd(t *testing.T) {
	t.Parallel()
	endless := withFault(1, func(ctx context.Context, _ *hostile, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
		first := lo.Must(strconv.Atoi(cmp.Or(aws.ToString(in.NextToken), "0")))
		jobs := lo.Times(5, func(i int) types.BackupJob {
			name := fmt.Sprintf("endless-%06d", first+i)
			return types.BackupJob{BackupJobId: &name, ResourceArn: &name, CreationDate: aws.Time(day.Add(-time.Duration(first+i) * time.Minute))}
		})
		return &backup.ListBackupJobsOutput{BackupJobs: jobs, NextToken: aws.String(strconv.Itoa(first + 5))}, pause(ctx, hostileLatency)
	})
	besiege(t, endless, func(t *testing.T, s siege) {
		const timeout = 30 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		o := outcomeOf(t, s.listing().All(ctx), nil)
		require.ErrorIs(t, o.err, context.DeadlineExceeded)
		require.Equal(t, timeout, o.took)
		require.Empty(t, lo.FindDuplicates(o.items))
		require.LessOrEqual(t, s.bad.requests(), s.parallel*int(timeout/hostileLatency+1))
		s.requireQuiet(t)
	})
}

func TestABreakEndsARangeOverAStubThatDoesNotHeedItsContext(t *testing.T) {
	t.Parallel()
	deaf := withFault(1, func(_ context.Context, s *hostile, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
		time.Sleep(time.Second)
		return s.page(in)
	})
	besiege(t, deaf, func(t *testing.T, s siege) {
		cursor, broken := s.listing().Cursor(), time.Time{}
		o := outcomeOf(t, cursor.All(t.Context()), func(int) bool {
			time.Sleep(300 * time.Millisecond)
			broken = time.Now()
			return false
		})
		require.LessOrEqual(t, time.Since(broken), time.Second)
		require.Len(t, o.items, 1)
		s.requireQuiet(t)
		s.requireRest(t, s.resumed(t, cursor), o.items)
	})
}

func TestAStubThatReturnsNeitherOutputNorErrorFails(t *testing.T) {
	t.Parallel()
	for _, from := range []int{1, 4} {
		t.Run(fmt.Sprint("from request ", from), func(t *testing.T) {
			besiege(t, withFault(from, func(context.Context, *hostile, *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
				return nil, nil
			}), func(t *testing.T, s siege) {
				cursor := s.listing().Cursor()
				o := outcomeOf(t, cursor.All(t.Context()), nil)
				require.ErrorContains(t, o.err, "the client returned neither an output nor an error")
				s.requireSome(t, o.items)
				s.requireFleet(t, o.items)
				s.requireQuiet(t)
				s.requireRest(t, s.resumed(t, cursor), o.items)
			})
		})
	}
}

// requireFleet requires that a failure of the hostile stub in a fleet did not affect the other stub.
func (s siege) requireFleet(t *testing.T, got []string) {
	t.Helper()
	if strings.HasPrefix(s.name, "Across") {
		require.Subset(t, got, s.good.names())
	}
}

// The jobs are of one moment, so that no window is without a second page.
func TestAStubThatRepeatsItsTokenFails(t *testing.T) {
	t.Parallel()
	besiege(t, func() *hostile {
		s := newHostile(namedJobs("bad", inOneSpan(0)(nil, spreadJobs)), 6)
		s.from, s.fault = 1, func(ctx context.Context, s *hostile, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
			if in.NextToken != nil {
				in.NextToken = aws.String("6")
			}
			out, err := s.page(in)
			if err == nil && out.NextToken != nil {
				out.NextToken = aws.String("again")
			}
			return out, err
		}
		return s
	}, func(t *testing.T, s siege) {
		cursor := s.listing().Cursor()
		o := outcomeOf(t, cursor.All(t.Context()), nil)
		require.ErrorIs(t, o.err, backupx.ErrTokenLoop)
		s.requireSome(t, o.items)
		s.requireFleet(t, o.items)
		s.requireQuiet(t)
		require.LessOrEqual(t, s.bad.requests(), everyDay+4*s.parallel)
		if s.good == nil {
			_, err := s.listing().Resume(throughText(t, cursor.Checkpoint()))
			require.ErrorIs(t, err, backupx.ErrCheckpoint)
		}
	})
}

// A function that panics, or ends its goroutine, leaves no goroutine behind and no range that waits for it. A panic
// reaches the goroutine that ranges. A goroutine that ends may end that goroutine, or be the error of the range.
var crashes = map[string]func(){
	"panic":  func() { panic(errBoom) },
	"Goexit": runtime.Goexit,
}

func requireCrashed(t *testing.T, crash string, o outcome) {
	t.Helper()
	if crash == "panic" {
		require.Equal(t, errBoom, o.panicked)
		require.False(t, o.returned)
		return
	}
	require.Nil(t, o.panicked)
	require.True(t, !o.returned || o.err != nil, "the range ended as if the listing had")
}

func TestARequestThatCrashesLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, crash := range crashes {
		for _, from := range []int{1, 4} {
			t.Run(fmt.Sprint(name, " from request ", from), func(t *testing.T) {
				stub := withFault(from, func(context.Context, *hostile, *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
					time.Sleep(hostileLatency)
					crash()
					return nil, nil
				})
				besiege(t, stub, func(t *testing.T, s siege) {
					cursor := s.listing().Cursor()
					o := outcomeOf(t, cursor.All(t.Context()), nil)
					requireCrashed(t, name, o)
					s.requireSome(t, o.items)
					s.ended = name == "Goexit"
					s.requireQuiet(t)
					s.requireRest(t, cursor, o.items)
				})
			})
		}
	}
}

// The item at which a function crashes is delivered by the next range, unless the loop had it.
func TestAFunctionThatCrashesLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, crash := range crashes {
		for where, change := range map[string]func(l backupx.Listing[string], do func()) backupx.Listing[string]{
			"Where": func(l backupx.Listing[string], do func()) backupx.Listing[string] {
				return l.Where(func(string) bool { do(); return true })
			},
			"Map": func(l backupx.Listing[string], do func()) backupx.Listing[string] {
				return backupx.Map(l, func(v string) string { do(); return v })
			},
			"OnPage": func(l backupx.Listing[string], do func()) backupx.Listing[string] {
				return l.OnPage(func(backupx.PageInfo) { do() })
			},
			"the loop": nil,
		} {
			t.Run(name+" in "+where, func(t *testing.T) {
				besiege(t, func() *hostile { return newHostile(spreadOut(), 6) }, func(t *testing.T, s siege) {
					calls := 0
					do := func() {
						if calls++; calls == 3 {
							crash()
						}
					}
					l, each := s.listing(), func(int) bool { do(); return true }
					if change != nil {
						l, each = change(l, do), nil
					}
					cursor := l.Cursor()
					o := outcomeOf(t, cursor.All(t.Context()), each)
					requireCrashed(t, name, o)
					s.requireQuiet(t)
					s.requireRest(t, cursor, o.items)
				})
			})
		}
	}
}

func TestACompareThatCrashesLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, crash := range crashes {
		for _, parallel := range []int{1, 4} {
			inBubble(t, fmt.Sprint(name, parallel), func(t *testing.T) {
				calls, s := 0, newSlow(time.Second)
				cursor := backupx.Merge(func(a, b string) int {
					if calls++; calls == 3 {
						crash()
					}
					return strings.Compare(a, b)
				}, s.shelves(3, 5, 2)...).Parallel(parallel).Prefetch(1).Cursor()
				o := outcomeOf(t, cursor.All(t.Context()), nil)
				requireCrashed(t, name, o)
				require.Zero(t, s.requestsUnderWay())
				rest, err := drain(cursor.All(t.Context()))
				require.NoError(t, err)
				require.ElementsMatch(t, slices.Concat(numbers("a", 5), numbers("b", 5), numbers("c", 5)), append(o.items, rest...))
			})
		}
	}
}

// A stub may write each page to the same memory, as long as no page is read ahead.
func TestAStubThatReusesItsMemoryIsReadOnePageAtATime(t *testing.T) {
	t.Parallel()
	besiege(t, func() *hostile {
		s := newHostile(spreadOut(), 6)
		s.reuses = true
		return s
	}, func(t *testing.T, s siege) {
		if s.parallel > 1 || strings.Contains(s.name, "Prefetch") {
			t.Skip("pages are read ahead")
		}
		s.requireAll(t)
	})
}

// Every request of a stub may have the same output. The output stays as it is.
func TestAStubWithOneOutputForAllRequests(t *testing.T) {
	t.Parallel()
	for name, created := range map[string]func(int) time.Time{
		"spread":        func(i int) time.Time { return day.Add(-time.Duration(i) * 24 * time.Hour) },
		"of one moment": func(int) time.Time { return day.Add(-time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			jobs := func() []types.BackupJob { return namedJobs("bad", lo.Times(20, created)) }
			besiege(t, func() *hostile {
				out := &backup.ListBackupJobsOutput{BackupJobs: jobs()}
				s := newHostile(out.BackupJobs, len(out.BackupJobs))
				s.from, s.fault = 1, func(ctx context.Context, _ *hostile, _ *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
					return out, pause(ctx, hostileLatency)
				}
				return s
			}, func(t *testing.T, s siege) {
				s.requireAll(t)
				require.Equal(t, jobs(), s.bad.jobs)
				require.LessOrEqual(t, s.bad.requests(), s.dishonestBound(1))
			})
		})
	}
}

// hostileSeeds is the number of random stubs in every run.
const hostileSeeds = 300

// TestHostileAtRandom reads stubs that misbehave in several ways at once, in ranges with random settings that end at
// limits, and resumes them. The environment variable HOSTILE sets another number of stubs:
//
//	HOSTILE=20000 go test -run 'TestHostileAtRandom$' .
//	HOSTILE=20000 go test -run 'TestHostileAtRandom$/seed_123$' -count 100 .
func TestHostileAtRandom(t *testing.T) {
	t.Parallel()
	for seed := range testenv.Number(t, "HOSTILE", hostileSeeds) {
		inBubble(t, fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 13))
			s := randomHostile(r)
			f := backupx.BackupJobFilter{}
			if r.IntN(4) == 0 {
				f = f.States(types.BackupJobStateCompleted, types.BackupJobStateFailed)
			}
			var log []string
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("%s\n%s", s, strings.Join(log, "\n"))
				}
			})
			got := []string{}
			for at, n := (backupx.Checkpoint{}), 0; !at.Done(); n++ {
				require.Less(t, n, 6)
				l, how := randomWay(r, s.list(f), n < 4)
				cursor, err := l.Resume(at)
				require.NoError(t, err)
				items, err := drain(cursor.All(t.Context()))
				require.NoError(t, err)
				log = append(log, fmt.Sprintf("%s: %q", how, items))
				require.Zero(t, s.underWay.count())
				got, at = append(got, items...), throughText(t, cursor.Checkpoint())
			}
			require.Equal(t, slices.Sorted(slices.Values(s.names())), slices.Sorted(slices.Values(got)))
		})
	}
}

// randomHostile is a stub of which every item is to be delivered.
func randomHostile(r *rand.Rand) *hostile {
	created := pickOf(r, distributions...).newestFirst(r.IntN(150))
	s := newHostile(namedJobs("bad", created), 1+r.IntN(12))
	switch r.IntN(5) {
	case 0:
		slices.Reverse(s.jobs)
	case 1:
		s.shuffled = true
	case 2:
		if n := len(s.jobs); n > 0 {
			from := r.IntN(n)
			s.jobs = withInversion(s.jobs, from, r.IntN(from+1)) // for a job that is listed too late see above
		}
	}
	s.untimed = r.IntN(4) == 0
	s.inclusive, s.overfull, s.gaps = r.IntN(3) == 0, r.IntN(3) == 0, r.IntN(5) == 0
	s.widened = pickOf(r, 0, 0, 0, time.Second, time.Minute, time.Hour, 24*time.Hour)
	for i := range s.jobs {
		if noTimes := r.IntN(200) == 0; noTimes {
			s.jobs[i].CreationDate = nil
		}
	}
	return s
}

func (s *hostile) String() string {
	first := lo.Map(s.jobs[:min(3, len(s.jobs))], func(j types.BackupJob, _ int) string { return jobResource(j) })
	return fmt.Sprintf("%d jobs, first %q, %d a page: untimed %v, widened %v, inclusive %v, overfull %v, shuffled %v, gaps %v",
		len(s.jobs), first, s.pageSize, s.untimed, s.widened, s.inclusive, s.overfull, s.shuffled, s.gaps)
}

// randomWay returns a listing with random settings, and their text.
func randomWay(r *rand.Rand, l backupx.Listing[string], limited bool) (_ backupx.Listing[string], how string) {
	n := 1 + r.IntN(6)
	l, how = l.Parallel(n), fmt.Sprintf("Parallel(%d)", n)
	if r.IntN(2) == 0 {
		l, how = l.Ordered(), how+".Ordered()"
	}
	if r.IntN(4) == 0 {
		d := time.Duration(1+r.IntN(15)) * 24 * time.Hour
		l, how = l.Every(d), how+fmt.Sprintf(".Every(%s)", d)
	}
	if r.IntN(3) == 0 {
		size := 1 + r.IntN(10)
		l, how = l.PageSize(size), how+fmt.Sprintf(".PageSize(%d)", size)
	}
	if limited && r.IntN(2) == 0 {
		limit := 1 + r.IntN(60)
		l, how = l.Limit(limit), how+fmt.Sprintf(".Limit(%d)", limit)
	}
	return l, how
}
