package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
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
	"github.com/backupx-go/backupx/internal/testenv"
)

// treeSeeds is the number of random trees in every run.
const treeSeeds = 2000

// mostOverBound is how many requests more than Parallel(n) or Source.Parallel allow may be under way in a range over a
// Merge with a Limit: the ranging goroutine may read a page itself while another chain is read ahead. 0 is what the
// documentation promises.
const mostOverBound = 0

// TestTrees reads random trees of Concat, Merge, Map, Where and Across, over slow shelves and listings of backup jobs
// of which some fail or throttle, in ranges with random settings. A range is read to its end, or ends with a break, a
// cancelled context, a failure or a limit, and the next range resumes it with other settings. Over all ranges each item
// is delivered once. A tree that deadlocks fails at once, because all goroutines of its bubble are blocked.
//
// The environment variable TREES sets another number of trees, and a failing seed can be run alone. Run it several times,
// because requests that end at the same moment end in any order:
//
//	TREES=50000 go test -run 'TestTrees$' .
//	TREES=50000 go test -run 'TestTrees$/seed_12345$' -count 100 .
func TestTrees(t *testing.T) {
	t.Parallel()
	for seed := range testenv.Number(t, "TREES", treeSeeds) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(seed), 11))
				tr := &tree{Rand: r, whole: &ceiling{}}
				tr.root = tr.grow(1+r.IntN(3), []*ceiling{tr.whole})
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("%s\n%s", tr.root, strings.Join(tr.log, "\n"))
					}
				})
				tr.read(t)
			})
		})
	}
}

// ceiling is a gauge of the requests under way, and the most that a range allows.
type ceiling struct {
	gauge

	allowed int // 0 allows any number
}

// count returns the number of requests under way.
func (g *gauge) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// reset starts a new range. No request is under way.
func (c *ceiling) reset(allowed int) { c.gauge, c.allowed = gauge{}, allowed }

// tree is a random tree of listings, and what happens in the range that is under way.
type tree struct {
	*rand.Rand

	root   *branch
	leaves []*leaf
	whole  *ceiling
	log    []string // the ranges so far, for the message of a failure

	told sums // what OnPage of the whole was told in the range

	mu      sync.Mutex  // guards what follows
	started []time.Time // when each request of the range was started
	refused []error     // the errors that leaves answered with in the range
}

// branch is a listing in a tree: a combination of parts, or a leaf.
type branch struct {
	kind    string // Concat, Merge, Across, Map, Where or leaf
	parts   []*branch
	sources []*ceiling // of an Across, one for each part
	digit   byte       // Where drops the items whose number ends in this digit
	leaf    *leaf
}

func (b *branch) String() string {
	switch b.kind {
	case "leaf":
		return b.leaf.String()
	case "Where":
		return fmt.Sprintf("Where(%s, not %c)", b.parts[0], b.digit)
	default:
		return b.kind + "(" + strings.Join(lo.Map(b.parts, func(p *branch, _ int) string { return p.String() }), ", ") + ")"
	}
}

// grow makes a random tree. Requests of its leaves are counted by all ceilings.
func (tr *tree) grow(depth int, counted []*ceiling) *branch {
	if depth == 0 || tr.IntN(6) == 0 {
		return &branch{kind: "leaf", leaf: tr.leaf(counted)}
	}
	kind := pickOf(tr.Rand, "Concat", "Concat", "Merge", "Merge", "Across", "Across", "Map", "Where")
	b := &branch{kind: kind}
	parts := tr.IntN(4)
	if kind == "Map" || kind == "Where" {
		parts, b.digit = 1, byte('0'+tr.IntN(10))
	}
	for range parts {
		within := counted
		if kind == "Across" {
			b.sources = append(b.sources, &ceiling{})
			within = append(slices.Clip(counted), b.sources[len(b.sources)-1])
		}
		b.parts = append(b.parts, tr.grow(depth-1, within))
	}
	return b
}

func pickOf[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// items returns what the listing of a branch delivers, in the order of one chain after another.
func (b *branch) items() []string {
	switch b.kind {
	case "leaf":
		return b.leaf.kept()
	case "Merge":
		return mergedItems(lo.Map(b.parts, func(p *branch, _ int) []string { return p.items() }))
	}
	items := lo.FlatMap(b.parts, func(p *branch, _ int) []string { return p.items() })
	switch b.kind {
	case "Map":
		return lo.Map(items, func(v string, _ int) string { return marked(v) })
	case "Where":
		return lo.Filter(items, func(v string, _ int) bool { return b.keeps(v) })
	}
	return items
}

// keeps is the function of a Where. Items begin with the number of their leaf and their own number, such as 003-014.
func (b *branch) keeps(v string) bool { return v[6] != b.digit }

// marked is the function of a Map. It does not change the order of items.
func marked(v string) string { return v + "'" }

// mergedItems repeatedly takes the least of the first items of several lists, which need not be in order.
func mergedItems(lists [][]string) []string {
	var merged []string
	for {
		lists = lo.Filter(lists, func(l []string, _ int) bool { return len(l) > 0 })
		if len(lists) == 0 {
			return merged
		}
		least := 0
		for i, l := range lists {
			if l[0] < lists[least][0] {
				least = i
			}
		}
		merged = append(merged, lists[least][0])
		lists[least] = lists[least][1:]
	}
}

// listing makes the listing of a branch, with random settings of leaves and sources.
func (tr *tree) listing(b *branch) backupx.Listing[string] {
	switch b.kind {
	case "leaf":
		return b.leaf.listing(tr.Rand)
	case "Map":
		return backupx.Map(tr.listing(b.parts[0]), marked)
	case "Where":
		return tr.listing(b.parts[0]).Where(b.keeps)
	}
	parts := lo.Map(b.parts, func(p *branch, _ int) backupx.Listing[string] { return tr.listing(p) })
	switch b.kind {
	case "Concat":
		return backupx.Concat(parts...)
	case "Merge":
		return backupx.Merge(strings.Compare, parts...)
	}
	listings, parallel := map[string]backupx.Listing[string]{}, map[string]int{}
	for i, l := range parts {
		name := strconv.Itoa(i)
		listings[name], parallel[name] = l, tr.IntN(3)
		b.sources[i].allowed = parallel[name]
	}
	return fleetOf(listings, parallel)
}

// reset starts a new range.
func (b *branch) reset() {
	for _, s := range b.sources {
		s.reset(s.allowed)
	}
	for _, p := range b.parts {
		p.reset()
	}
}

// has reports whether a branch or one of its parts is of a kind.
func (b *branch) has(kind string) bool {
	return b.kind == kind || lo.SomeBy(b.parts, func(p *branch) bool { return p.has(kind) })
}

// requireBounds requires that the sources of a branch were within their bounds.
func (b *branch) requireBounds(t *testing.T, over int) {
	t.Helper()
	for _, s := range b.sources {
		if s.allowed > 0 {
			require.LessOrEqual(t, s.highest(), s.allowed+over, "requests under way to a source")
		}
	}
	for _, p := range b.parts {
		p.requireBounds(t, over)
	}
}

// leaf is a paged API of items that do not change: a shelf, or backup jobs of an account.
type leaf struct {
	tree    *tree
	name    string
	counted []*ceiling
	takes   time.Duration
	shelf   *shelf   // nil for backup jobs
	account *account // nil for a shelf
	states  []types.BackupJobState

	// The requests from number failsAt on, over all ranges and from 1, fail with failure until all of failures are used.
	failsAt  int
	failures int
	failure  error

	// Of the range: the pages that OnPage told, and what it told.
	told []string
	sums sums

	mu       sync.Mutex     // guards what follows
	answered int            // over all ranges
	calls    map[string]int // requests of each page in the range
	refusals map[string]int // … that failed
}

// sums are the sums of what OnPage told.
type sums struct{ pages, items, kept int }

var errThrottled = &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded", Fault: smithy.FaultClient}

func (tr *tree) leaf(counted []*ceiling) *leaf {
	l := &leaf{tree: tr, name: fmt.Sprintf("%03d", len(tr.leaves)), counted: counted}
	l.takes = time.Duration(tr.IntN(4)) * time.Millisecond
	size := 1 + tr.IntN(4)
	if tr.IntN(3) > 0 {
		l.shelf = newShelf(l.name, tr.IntN(12), size)
	} else {
		n := tr.IntN(pickOf(tr.Rand, 24, 24, 70))
		d := pickOf(tr.Rand, distributions...)
		l.account = &account{created: d.newestFirst(n), pageSize: size, inclusive: tr.IntN(2) == 0}
		l.states = finalStates[:pickOf(tr.Rand, 0, 0, 1, 2, 3)]
	}
	switch tr.IntN(10) {
	case 0:
		l.failsAt, l.failures, l.failure = 1+tr.IntN(4), 1+tr.IntN(3), errBoom
	case 1:
		l.failsAt, l.failures, l.failure = 1+tr.IntN(4), 1+tr.IntN(2), errThrottled
	}
	tr.leaves = append(tr.leaves, l)
	return l
}

func (l *leaf) String() string {
	text := "shelf " + l.name
	if l.account != nil {
		text = fmt.Sprintf("jobs %s %v", l.name, l.states)
	}
	if l.failures > 0 {
		text += fmt.Sprintf(", request %d fails %d times: %v", l.failsAt, l.failures, l.failure)
	}
	return text
}

// kept returns the items that the listing of a leaf delivers, in the order of one chain after another.
func (l *leaf) kept() []string {
	if l.shelf != nil {
		return l.shelf.items
	}
	jobs := lo.Range(len(l.account.created))
	if len(l.states) == 0 {
		return lo.Map(jobs, func(i, _ int) string { return l.jobName(i) })
	}
	states := slices.Sorted(slices.Values(l.states)) // the order in which a filter has them
	return lo.FlatMap(states, func(s types.BackupJobState, _ int) []string {
		return lo.FilterMap(jobs, func(i, _ int) (string, bool) { return l.jobName(i), stateOfJob(i) == s })
	})
}

func (l *leaf) jobName(i int) string { return fmt.Sprintf("%s-%03d", l.name, i) }

// listing makes the listing of a leaf with random settings.
func (l *leaf) listing(r *rand.Rand) backupx.Listing[string] {
	var list backupx.Listing[string]
	if l.shelf != nil {
		list = backupx.List("ListThings", l.fetch)
	} else {
		client := backupx.Client{Backup: jobsOfLeaf{leaf: l}, Now: func() time.Time { return day }}
		f := backupx.BackupJobFilter{}
		if len(l.states) > 0 {
			f = f.States(l.states...)
		}
		list = backupx.Map(client.BackupJobs(f), func(j types.BackupJob) string {
			return l.jobName(lo.Must(strconv.Atoi(*j.BackupJobId)))
		})
		if r.IntN(4) == 0 {
			list = list.Every(time.Duration(5+r.IntN(20)) * 24 * time.Hour)
		}
	}
	if r.IntN(4) == 0 {
		list = list.PageSize(1 + r.IntN(5))
	}
	if r.IntN(20) == 0 {
		list = list.Rate(float64(100 + r.IntN(1000)))
	}
	return list.OnPage(l.note)
}

// fetch reads a page of a shelf.
func (l *leaf) fetch(ctx context.Context, token string, size int) (backupx.Page[string], error) {
	defer l.begin(token)()
	if err := l.wait(ctx, token); err != nil {
		return backupx.Page[string]{}, err
	}
	return l.shelf.fetch(ctx, token, size)
}

// jobsOfLeaf lists the backup jobs of a leaf.
type jobsOfLeaf struct {
	backupx.BackupAPI // nil: a leaf has no copy jobs

	leaf *leaf
}

func (j jobsOfLeaf) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, _ ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	page := fmt.Sprint(in.ByState, aws.ToTime(in.ByCreatedAfter).UnixNano(), aws.ToTime(in.ByCreatedBefore).UnixNano(), " ", aws.ToString(in.NextToken))
	defer j.leaf.begin(page)()
	if err := j.leaf.wait(ctx, page); err != nil {
		return nil, err
	}
	return j.leaf.account.page(in)
}

// begin counts a request of a page, and returns the function that ends it.
func (l *leaf) begin(page string) (end func()) {
	l.tree.begin()
	for _, c := range l.counted {
		c.add(1)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[page]++
	return func() {
		for _, c := range l.counted {
			c.add(-1)
		}
	}
}

// wait takes as long as a request. It returns the error of a request that fails.
func (l *leaf) wait(ctx context.Context, page string) error {
	if err := pause(ctx, l.takes); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered++
	if l.failures == 0 || l.answered < l.failsAt {
		return nil
	}
	l.failures--
	l.refusals[page]++
	l.tree.refuse(l.failure)
	return l.failure
}

// note counts a page that was delivered.
func (l *leaf) note(p backupx.PageInfo) {
	l.sums = l.sums.with(p)
	l.told = append(l.told, fmt.Sprint(p.Source, " ", p.Shard, " ", p.Number))
}

func (s sums) and(o sums) sums { return sums{s.pages + o.pages, s.items + o.items, s.kept + o.kept} }

func (s sums) with(p backupx.PageInfo) sums { return s.and(sums{1, p.Items, p.Kept}) }

// note counts a page of the tree that was delivered.
func (tr *tree) note(p backupx.PageInfo) { tr.told = tr.told.with(p) }

// reset starts a new range.
func (l *leaf) reset() {
	l.calls, l.refusals, l.told, l.sums = map[string]int{}, map[string]int{}, nil, sums{}
}

// requireFewCalls requires that no page was requested twice, except after it was refused for throttling.
func (l *leaf) requireFewCalls(t *testing.T) {
	t.Helper()
	for page, n := range l.calls {
		most := 1
		if l.failure == errThrottled {
			most = min(3, 1+l.refusals[page])
		}
		require.LessOrEqual(t, n, most, "requests of page %q of %s", page, l)
	}
}

func (tr *tree) begin() {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.started = append(tr.started, time.Now())
}

func (tr *tree) refuse(err error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.refused = append(tr.refused, err)
}

// requests returns how many requests were started in the range.
func (tr *tree) requests() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return len(tr.started)
}

// visit is one range over a tree.
type visit struct {
	setup
	consumer
}

// setup is how a range is read. 0 is not set.
type setup struct {
	parallel int
	prefetch int
	ordered  bool
	limit    int
	pageSize int
	rate     float64
}

// consumer is what the loop over a range does. 0 is never.
type consumer struct {
	breaks  int           // the item at which the loop breaks
	cancels int           // the item at which the loop cancels the context
	after   time.Duration // when the context is cancelled
	sleeps  bool          // between items
}

func (tr *tree) setup() setup {
	s := setup{parallel: 1 + tr.IntN(5), prefetch: tr.IntN(3), ordered: tr.IntN(2) == 0}
	if tr.IntN(4) == 0 {
		s.pageSize = 1 + tr.IntN(5)
	}
	if tr.IntN(20) == 0 {
		s.rate = float64(50 + tr.IntN(1000))
	}
	return s
}

// visit draws a range that is likely to end before left items were delivered.
func (tr *tree) visit(left int) visit {
	v := visit{setup: tr.setup()}
	v.sleeps = tr.IntN(3) == 0
	switch at := 1 + tr.IntN(left+2); tr.IntN(8) {
	case 0, 1:
		v.breaks = at
	case 2, 3:
		v.cancels = at
	case 4:
		v.after = time.Duration(tr.IntN(20_000)) * time.Microsecond
	case 5, 6:
		v.limit = at
	}
	return v
}

// inOrder reports whether items come in the order of one chain after another.
func (s setup) inOrder() bool { return s.ordered || s.parallel == 1 }

// of returns a listing with these settings.
func (s setup) of(l backupx.Listing[string]) backupx.Listing[string] {
	l = apply(l, how{pageSize: s.pageSize, limit: s.limit, parallel: s.parallel, prefetch: s.prefetch, ordered: s.ordered})
	if s.rate > 0 {
		l = l.Rate(s.rate)
	}
	return l
}

// read reads a tree in ranges until all items are delivered. The first ranges are likely to be interrupted, and a range
// over the same cursor follows some of them.
func (tr *tree) read(t *testing.T) {
	interruptions, failures := tr.IntN(12), lo.SumBy(tr.leaves, func(l *leaf) int { return l.failures })
	want, got, inOrder := append([]string{}, tr.root.items()...), []string{}, true
	var cursor *backupx.Cursor[string]
	var at backupx.Checkpoint
	v := visit{}
	for n := 0; !at.Done(); n++ {
		require.LessOrEqual(t, n, interruptions+failures, "ranges that were interrupted or failed")
		next := visit{setup: tr.setup()}
		if n < interruptions {
			next = tr.visit(len(want) - len(got))
		}
		if cursor != nil && n < interruptions && tr.IntN(4) == 0 {
			v.consumer = next.consumer
		} else {
			v = next
			cursor = tr.resume(t, v, at)
		}
		items, err := tr.consume(t, cursor, v)
		got = append(got, items...)
		tr.log = append(tr.log, fmt.Sprintf("%+v: %q, then %v", v, items, err))
		tr.requireRange(t, v, cursor, len(items), err)
		sourceFailed := len(tr.refused) > 0 && tr.root.has("Across") // the other sources go on, and the loop may break
		inOrder = inOrder && v.inOrder() && !sourceFailed
		if inOrder {
			require.Equal(t, want[:min(len(got), len(want))], got, "the order of one chain after another")
		}
		at = throughText(t, cursor.Checkpoint())
	}
	tr.requireItems(t, want, got)
	tr.reset(v)
	require.Empty(t, lo.T2(drain(cursor.All(t.Context()))).A)
	require.Zero(t, tr.requests(), "requests after the end")
}

// resume returns a cursor at a checkpoint. No request is sent before its first range.
func (tr *tree) resume(t *testing.T, v visit, at backupx.Checkpoint) *backupx.Cursor[string] {
	l := v.of(tr.listing(tr.root)).OnPage(tr.note)
	tr.reset(v)
	cursor, err := l.Resume(at)
	require.NoError(t, err)
	synctest.Wait()
	require.Zero(t, tr.requests(), "requests before the range")
	return cursor
}

// consume reads a range, and returns when nothing is left of it.
func (tr *tree) consume(t *testing.T, cursor *backupx.Cursor[string], v visit) (items []string, err error) {
	tr.reset(v)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if v.after > 0 {
		defer time.AfterFunc(v.after, cancel).Stop()
	}
	for item, e := range cursor.All(ctx) {
		require.NoError(t, err, "the range goes on after its error")
		if err = e; err != nil {
			require.Empty(t, item)
			continue
		}
		items = append(items, item)
		if v.breaks == len(items) {
			break
		}
		if v.cancels == len(items) {
			cancel()
		}
		if v.sleeps {
			time.Sleep(time.Duration(tr.IntN(4)) * time.Millisecond)
		}
	}
	require.Zero(t, tr.whole.count(), "requests under way after the range")
	sent := tr.requests()
	time.Sleep(time.Hour)
	require.Equal(t, sent, tr.requests(), "requests after the range")
	return items, err
}

// reset starts a new range. No request is under way.
func (tr *tree) reset(v visit) {
	tr.whole.reset(v.parallel)
	tr.root.reset()
	for _, l := range tr.leaves {
		l.reset()
	}
	tr.started, tr.refused, tr.told = nil, nil, sums{}
}

// requireRange checks a range that delivered a number of items.
func (tr *tree) requireRange(t *testing.T, v visit, cursor *backupx.Cursor[string], delivered int, err error) {
	t.Helper()
	over := 0
	if v.limit > 0 && tr.root.has("Merge") {
		over = mostOverBound
	}
	require.LessOrEqual(t, tr.whole.highest(), v.parallel+over, "requests under way")
	tr.root.requireBounds(t, over)
	tr.requireRate(t, v.rate)
	told := sums{}
	for _, l := range tr.leaves {
		l.requireFewCalls(t)
		require.Empty(t, lo.FindDuplicates(l.told), "pages that OnPage told twice, of %s", l)
		told = told.and(l.sums)
	}
	require.Equal(t, told, tr.told, "OnPage of the whole and of the leaves")
	require.Equal(t, delivered, told.kept, "Kept of all pages")
	if v.limit > 0 {
		require.LessOrEqual(t, delivered, v.limit)
	}
	if v.cancels > 0 {
		require.LessOrEqual(t, delivered, v.cancels, "items after the end of the context")
	}
	stopped := v.limit > 0 && delivered == v.limit || v.breaks > 0 && delivered == v.breaks
	if err == nil {
		require.True(t, stopped || cursor.Checkpoint().Done(), "a range without an error ends at a limit or at the end")
		return
	}
	var list *backupx.ListError
	require.ErrorAs(t, err, &list)
	require.Equal(t, delivered, list.Delivered)
	require.Equal(t, textOf(t, cursor.Checkpoint()), textOf(t, list.Checkpoint))
	tr.requireCause(t, v, err)
}

// requireCause requires that an error comes from a failure of a leaf, or from the end of the context if the consumer
// ended it. The error of a request that ended because of another failure is no cause.
func (tr *tree) requireCause(t *testing.T, v visit, err error) {
	t.Helper()
	if (v.cancels > 0 || v.after > 0) && errors.Is(err, context.Canceled) {
		return
	}
	requireFailure := func(err error) {
		t.Helper()
		require.True(t, lo.SomeBy(tr.refused, func(of error) bool { return errors.Is(err, of) }), "no leaf failed with %v", err)
		require.NotErrorIs(t, err, context.Canceled)
	}
	requireFailure(err)
	var sources backupx.SourceErrors
	if errors.As(err, &sources) {
		for _, s := range sources {
			requireFailure(s)
		}
	}
}

// requireRate requires that requests started at a rate, if that is positive.
func (tr *tree) requireRate(t *testing.T, perSecond float64) {
	t.Helper()
	if perSecond == 0 {
		return
	}
	for i := 1; i < len(tr.started); i++ {
		gap := tr.started[i].Sub(tr.started[i-1])
		require.GreaterOrEqual(t, gap.Seconds()+1e-6, 1/perSecond, "seconds between the starts of requests")
	}
}

// requireItems requires that all items were delivered once, and the items of each shelf in their order.
func (tr *tree) requireItems(t *testing.T, want, got []string) {
	t.Helper()
	for _, l := range tr.leaves {
		if l.shelf != nil {
			ofLeaf := func(v string, _ int) bool { return strings.HasPrefix(v, l.name) }
			require.Equal(t, lo.Filter(want, ofLeaf), lo.Filter(got, ofLeaf), "items of %s", l)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	require.Equal(t, want, got, "the items of all ranges")
}
