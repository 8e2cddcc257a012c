package backupx_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/smithy-go"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// account is a stub of AWS Backup for measurements on virtual time. It has the backup jobs of one account and
// lists them newest first; every request takes the same time. It holds creation times only and makes the items
// of a page when the page is requested, so that 300,000 jobs need little memory.
type account struct {
	backupx.BackupAPI // nil: the account has no copy jobs

	created   []time.Time // of all jobs, newest first; see newestFirst
	pageSize  int         // jobs in a page, at most
	latency   time.Duration
	inclusive bool   // the time filters include their own ends
	untimed   bool   // requests are answered as if they had no time filter
	quota     *quota // nil for none
	most      int    // cancel is called at the first request above this number; 0 for never
	cancel    context.CancelFunc
	fleet     *gauge // counts the requests under way to several accounts; nil for none

	underWay gauge

	mu     sync.Mutex // guards counts and quota
	counts counts
}

// gauge counts requests under way.
type gauge struct {
	mu        sync.Mutex
	now, most int
}

func (g *gauge) add(n int) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += n
	g.most = max(g.most, g.now)
}

// highest returns the most requests that were under way at one time.
func (g *gauge) highest() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.most
}

// counts is what an account counts.
type counts struct {
	sent      int // requests
	served    int // requests that were answered with a page
	empty     int // … with a page without jobs
	throttled int // requests that were refused by the quota
	items     int // jobs in all pages
}

// newAccount returns an account with pages of 1,000 jobs and a latency of 200 ms.
func newAccount(created []time.Time) *account {
	return &account{created: created, pageSize: benchPage, latency: benchLatency}
}

// client returns a client that calls the stub directly. Its clock stands at day, the end of the data.
func (a *account) client() backupx.Client {
	return backupx.Client{Backup: a, Now: func() time.Time { return day }}
}

// sdkClient returns a client of the SDK in its standard retry mode, with the SDK's own delays between attempts.
// The stub answers its HTTP requests in process.
func (a *account) sdkClient() backupx.Client {
	cfg := fakeaws.New(fakeaws.Data{}).Config() // an endpoint and credentials that work nowhere else
	cfg.HTTPClient = &http.Client{Transport: roundTrip(a.roundTrip)}
	cfg.Retryer = func() aws.Retryer { return retry.NewStandard() }
	return backupx.Client{Backup: backup.NewFromConfig(cfg), Now: func() time.Time { return day }}
}

func (a *account) counted() counts {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.counts
}

// ListBackupJobs answers a request that did not pass through the SDK.
func (a *account) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, _ ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	out, err := a.answer(ctx, in)
	if errors.Is(err, errOverQuota) {
		return nil, &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded", Fault: smithy.FaultClient}
	}
	return out, err
}

// roundTrip answers a request of the SDK.
func (a *account) roundTrip(r *http.Request) (*http.Response, error) {
	in, err := inputOf(r.URL.Query())
	if err != nil {
		return nil, err
	}
	out, err := a.answer(r.Context(), in)
	header := http.Header{"Content-Type": {"application/json"}}
	switch {
	case errors.Is(err, errOverQuota):
		header.Set("X-Amzn-Errortype", "ThrottlingException")
		return responseTo(r, http.StatusTooManyRequests, header, `{"message":"Rate exceeded"}`), nil
	case err != nil:
		return nil, err
	}
	return responseTo(r, http.StatusOK, header, bodyOf(out)), nil
}

func responseTo(r *http.Request, status int, header http.Header, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// inputOf reads the parameters of a request that the stub knows. Any other parameter is an error.
func inputOf(q url.Values) (*backup.ListBackupJobsInput, error) {
	in := &backup.ListBackupJobsInput{}
	for name := range q {
		value := q.Get(name)
		var err error
		switch name {
		case "createdAfter":
			in.ByCreatedAfter, err = timeOf(value)
		case "createdBefore":
			in.ByCreatedBefore, err = timeOf(value)
		case "maxResults":
			var n int
			n, err = strconv.Atoi(value)
			in.MaxResults = aws.Int32(int32(n))
		case "nextToken":
			in.NextToken = &value
		case "state":
			in.ByState = types.BackupJobState(value)
		default:
			err = errors.New("the stub does not know the parameter " + name)
		}
		if err != nil {
			return nil, err
		}
	}
	return in, nil
}

func timeOf(value string) (*time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, value)
	return &t, err
}

// bodyOf writes a page as AWS Backup does, with times in seconds since 1970.
func bodyOf(out *backup.ListBackupJobsOutput) string {
	body := []byte(`{"BackupJobs":[`)
	for i, j := range out.BackupJobs {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"BackupJobId":"`+*j.BackupJobId+`","State":"`+string(j.State)+`","CreationDate":`...)
		body = append(strconv.AppendFloat(body, float64(j.CreationDate.UnixMilli())/1000, 'f', 3, 64), '}')
	}
	body = append(body, ']')
	if out.NextToken != nil {
		body = append(body, `,"NextToken":"`+*out.NextToken+`"`...)
	}
	return string(append(body, '}'))
}

var errOverQuota = errors.New("the quota of the account is used up")

// answer waits for the latency and returns a page, or errOverQuota.
func (a *account) answer(ctx context.Context, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
	allowed := a.begin()
	defer a.end()
	if err := pause(ctx, a.latency); err != nil {
		return nil, err
	}
	if !allowed {
		a.count(func(c *counts) { c.throttled++ })
		return nil, errOverQuota
	}
	out, err := a.page(in)
	if err != nil {
		return nil, err
	}
	a.count(func(c *counts) {
		c.served++
		c.items += len(out.BackupJobs)
		if len(out.BackupJobs) == 0 {
			c.empty++
		}
	})
	return out, nil
}

func (a *account) count(f func(*counts)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.counts)
}

// begin counts a request and reports whether the quota allows it.
func (a *account) begin() (allowed bool) {
	a.underWay.add(1)
	a.fleet.add(1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counts.sent++
	if a.most > 0 && a.counts.sent > a.most {
		a.cancel()
	}
	return a.quota.take(time.Now())
}

func (a *account) end() {
	a.underWay.add(-1)
	a.fleet.add(-1)
}

// page returns the page that a request asks for. The token is the number of the job to look at first.
func (a *account) page(in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
	first, last := a.span(in.ByCreatedAfter, in.ByCreatedBefore)
	if in.NextToken != nil {
		at, err := strconv.Atoi(*in.NextToken)
		if err != nil || at < first || at >= last {
			return nil, errors.New("the token is not one of this request")
		}
		first = at
	}
	size := a.pageSize
	if in.MaxResults != nil {
		size = min(size, int(*in.MaxResults))
	}
	out := &backup.ListBackupJobsOutput{BackupJobs: make([]types.BackupJob, 0, min(size, last-first))}
	for i := first; i < last; i++ {
		if in.ByState != "" && in.ByState != stateOfJob(i) {
			continue
		}
		if len(out.BackupJobs) == size {
			out.NextToken = aws.String(strconv.Itoa(i))
			break
		}
		out.BackupJobs = append(out.BackupJobs, types.BackupJob{
			BackupJobId: aws.String(strconv.Itoa(i)), CreationDate: &a.created[i], State: stateOfJob(i),
		})
	}
	return out, nil
}

// span returns the first job of a span of creation time, and the first job behind the span.
func (a *account) span(after, before *time.Time) (first, last int) {
	last = len(a.created)
	if a.untimed {
		return first, last
	}
	if before != nil {
		first = sort.Search(last, func(i int) bool { return a.created[i].Before(*before) || a.inclusive && a.created[i].Equal(*before) })
	}
	if after != nil {
		last = sort.Search(last, func(i int) bool { return !a.created[i].After(*after) && (!a.inclusive || a.created[i].Before(*after)) })
	}
	return first, max(first, last)
}

// finalStates are the states of the jobs of an account, in turn.
var finalStates = []types.BackupJobState{
	types.BackupJobStateCompleted, types.BackupJobStateFailed, types.BackupJobStateAborted, types.BackupJobStatePartial,
}

func stateOfJob(i int) types.BackupJobState { return finalStates[i%len(finalStates)] }

// quota is a token bucket: a number of requests a second, and a burst.
type quota struct {
	perSecond, burst float64

	left float64   // requests that are allowed at the time at
	at   time.Time // of the last request; zero before the first
}

// take reports whether a request is allowed at a time, and counts it if so.
func (q *quota) take(now time.Time) bool {
	if q == nil {
		return true
	}
	if q.at.IsZero() {
		q.left, q.at = q.burst, now
	}
	q.left = min(q.burst, q.left+now.Sub(q.at).Seconds()*q.perSecond)
	q.at = now
	const rounding = 1e-9
	if q.left < 1-rounding {
		return false
	}
	q.left--
	return true
}

// distribution draws the creation times of n jobs. They lie in the 30 days before day.
type distribution struct {
	name string
	draw func(r *rand.Rand, n int) []time.Time
}

// distributions are ways in which jobs lie in time.
var distributions = []distribution{
	{"even over 30 days", func(_ *rand.Rand, n int) []time.Time {
		return lo.Times(n, func(i int) time.Time { return day.Add(-time.Duration(i) * (month / time.Duration(n))) })
	}},
	{"nightly, 90 % in two hours", func(r *rand.Rand, n int) []time.Time {
		return lo.Times(n, func(i int) time.Time {
			if i%10 == 9 {
				return drawBefore(r, day, month)
			}
			return drawBefore(r, night(i%30).Add(2*time.Hour), 2*time.Hour)
		})
	}},
	{"nightly, all in five minutes", func(r *rand.Rand, n int) []time.Time {
		return lo.Times(n, func(i int) time.Time { return drawBefore(r, night(i%30).Add(5*time.Minute), 5*time.Minute) })
	}},
	{"Zipf over days", func(r *rand.Rand, n int) []time.Time {
		ranks := r.Perm(30)
		shares := lo.Map(ranks, func(rank, _ int) float64 { return 1 / float64(1+rank) })
		total := lo.Sum(shares)
		return lo.Times(n, func(int) time.Time {
			at, d := r.Float64()*total, 0
			for ; d < len(shares)-1 && at >= shares[d]; d++ {
				at -= shares[d]
			}
			return drawBefore(r, day.AddDate(0, 0, -d), 24*time.Hour)
		})
	}},
	{"all in two days", inOneSpan(48 * time.Hour)},
	{"all in one hour", inOneSpan(time.Hour)},
	{"all of one moment", inOneSpan(0)},
}

// inOneSpan draws times from one span that ends five days before day.
func inOneSpan(span time.Duration) func(*rand.Rand, int) []time.Time {
	return func(r *rand.Rand, n int) []time.Time {
		return lo.Times(n, func(int) time.Time { return drawBefore(r, day.AddDate(0, 0, -5), span) })
	}
}

// night returns two o'clock of a day, 0 being the last day of the data.
func night(ago int) time.Time { return day.AddDate(0, 0, -1-ago).Add(2 * time.Hour) }

// drawBefore draws a time from the span that ends at a time, in milliseconds as AWS Backup has them.
func drawBefore(r *rand.Rand, end time.Time, span time.Duration) time.Time {
	if span == 0 {
		return end
	}
	return end.Add(-time.Duration(r.Int64N(int64(span)))).Truncate(time.Millisecond)
}

// newestFirst draws the creation times of n jobs, the same in every run.
func (d distribution) newestFirst(n int) []time.Time {
	created := d.draw(rand.New(rand.NewPCG(5, uint64(n))), n)
	slices.SortFunc(created, func(a, b time.Time) int { return b.Compare(a) })
	return created
}

func TestTheStubOfTheFiguresFiltersAndPages(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]func(*account) backupx.Client{"stub": (*account).client, "SDK": (*account).sdkClient} {
		for _, inclusive := range []bool{false, true} {
			inBubble(t, name, func(t *testing.T) {
				a := newAccount(lo.Times(100, func(i int) time.Time { return day.Add(-time.Duration(i/2) * time.Hour) }))
				a.pageSize, a.inclusive = 7, inclusive
				f := backupx.BackupJobFilter{}.States("COMPLETED", "FAILED").
					CreatedAfter(day.Add(-30 * time.Hour)).CreatedBefore(day.Add(-10 * time.Hour))
				got, err := backupx.Map(client(a).BackupJobs(f), idOf).PageSize(5).Collect(t.Context())
				require.NoError(t, err)
				first, last := 22, 60
				if inclusive {
					first, last = 20, 62
				}
				every4th := func(from int) []string {
					return lo.Map(lo.RangeWithSteps(from, last, 4), func(i, _ int) string { return strconv.Itoa(i) })
				}
				completed, failed := every4th((first+3)/4*4), every4th((first+2)/4*4+1)
				require.Equal(t, slices.Concat(completed, failed), got)
				require.Equal(t, len(got), a.counted().items)
			})
		}
	}
}

func TestTheQuotaOfTheFiguresRefillsWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &quota{perSecond: 20, burst: 2}
		allowed := func() int { return lo.CountBy(lo.Range(9), func(int) bool { return q.take(time.Now()) }) }
		require.Equal(t, 2, allowed())
		require.Zero(t, allowed())
		time.Sleep(50 * time.Millisecond)
		require.Equal(t, 1, allowed())
		time.Sleep(time.Hour)
		require.Equal(t, 2, allowed(), "the burst is the most")
	})
}
