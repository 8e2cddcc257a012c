package backupx_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"runtime"
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
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// day is the instant that the times of the tests' data are relative to.
var day = time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)

const month = 30 * 24 * time.Hour

// numbers returns n items: prefix-000, prefix-001, ….
func numbers(prefix string, n int) []string {
	return lo.Times(n, func(i int) string { return fmt.Sprintf("%s-%03d", prefix, i) })
}

// request is the token and the page size that a fetch was called with.
type request struct {
	Token string `json:"token"`
	Size  int    `json:"size"`
}

var errBoom = errors.New("boom")

// shelf is a paged API over items that do not change.
type shelf struct {
	items []string
	size  int // items a page, at most
	fails int // the request that fails, from 1; 0 for none

	mu       sync.Mutex
	requests []request
}

func newShelf(prefix string, n, size int) *shelf {
	return &shelf{items: numbers(prefix, n), size: size}
}

const shelfToken = "shelf-token-"

func (s *shelf) fetch(_ context.Context, token string, size int) (backupx.Page[string], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request{token, size})
	if len(s.requests) == s.fails {
		return backupx.Page[string]{}, errBoom
	}
	start := 0
	if token != "" {
		start = lo.Must(strconv.Atoi(strings.TrimPrefix(token, shelfToken)))
	}
	end := start + s.size
	if size > 0 {
		end = min(end, start+size)
	}
	if end >= len(s.items) {
		return backupx.Page[string]{Items: s.items[start:]}, nil
	}
	return backupx.Page[string]{Items: s.items[start:end], Next: shelfToken + strconv.Itoa(end)}, nil
}

func (s *shelf) list() backupx.Listing[string] { return backupx.List("ListThings", s.fetch) }

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// slow is a service of shelves. Each request takes a fixed time, and requests under way are counted.
type slow struct {
	takes time.Duration

	mu             sync.Mutex
	underWay, most int
	began          []time.Time // the start of each request
}

func newSlow(takes time.Duration) *slow { return &slow{takes: takes} }

// shelves returns the listings of new shelves, each of n items in pages of size items.
func (s *slow) shelves(shelves, n, size int) []backupx.Listing[string] {
	return lo.Times(shelves, func(i int) backupx.Listing[string] {
		return s.list(newShelf(string(rune('a'+i)), n, size))
	})
}

// list returns the listing of a shelf of this service.
func (s *slow) list(of *shelf) backupx.Listing[string] {
	return backupx.List("ListThings", func(ctx context.Context, token string, size int) (backupx.Page[string], error) {
		s.begin()
		defer s.end()
		if err := pause(ctx, s.takes); err != nil {
			return backupx.Page[string]{}, err
		}
		return of.fetch(ctx, token, size)
	})
}

func (s *slow) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = append(s.began, time.Now())
	s.underWay++
	s.most = max(s.most, s.underWay)
}

func (s *slow) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underWay--
}

// requests is the number of requests started so far.
func (s *slow) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.began)
}

func (s *slow) requestsUnderWay() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.underWay
}

func (s *slow) mostUnderWay() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// pause waits for d or until the context ends, as a request does.
func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		runtime.Gosched()
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// inBubble runs a subtest in a bubble of testing/synctest, where time passes only while all goroutines wait.
func inBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// world is a service and shelves over data that do not change. Requests to all of them are counted together.
type world struct {
	service *fakeaws.Service
	client  backupx.Client

	mu       sync.Mutex
	requests int
	failAt   int // the request that fails, from 1; 0 for none
}

func newWorld() *world {
	w := &world{}
	w.service = fakeaws.New(fakeaws.Data{
		HSM: runs(), OpsWorks: fakeaws.GenerateOpsWorks(3, day.AddDate(0, 0, -30), day, 11),
		BackupJobs: alive(14, "CREATED", "FAILED", "RUNNING", "FAILED", "COMPLETED"),
		CopyJobs:   fakeaws.GenerateCopyJobs(3, day.AddDate(0, 0, -30), day, 13),
	}, fakeaws.WithOpsWorksPaging(3), fakeaws.WithLog(0), fakeaws.WithScanLimit(4), fakeaws.WithFaults(fakeaws.Fault{
		When: func(fakeaws.Request) bool { return w.fails() },
		Do:   fakeaws.Error(http.StatusBadRequest, "InvalidParameterValueException", "boom"),
	}))
	w.client = clientOf(w.service)
	return w
}

func (w *world) fails() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	return w.requests == w.failAt
}

// fail restarts the count of requests and makes request number at fail; 0 makes none fail.
func (w *world) fail(at int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests, w.failAt = 0, at
}

// shelf lists numbers in pages of size items, with an empty page before each page whose start ends in 6.
func (w *world) shelf(prefix string, n, size int) backupx.Listing[string] {
	s := newShelf(prefix, n, size)
	return backupx.List("ListThings", func(ctx context.Context, token string, size int) (backupx.Page[string], error) {
		if w.fails() {
			return backupx.Page[string]{}, errBoom
		}
		if at, empty := strings.CutSuffix(token, "-empty"); empty {
			return backupx.Page[string]{Next: at}, nil
		}
		p, err := s.fetch(ctx, token, size)
		if strings.HasSuffix(p.Next, "6") {
			p.Next += "-empty"
		}
		return p, err
	})
}

func (w *world) jobs() backupx.Listing[string] {
	f := backupx.BackupJobFilter{}.States("CREATED", "RUNNING", "FAILED", "COMPLETED")
	return backupx.Map(w.client.BackupJobs(f), idOf)
}

func (w *world) hsm(f backupx.HSMFilter) backupx.Listing[string] {
	return backupx.Map(w.client.HSMBackups(f.OldestFirst().States("READY", "PENDING_DELETION")), hsmID)
}

// notThirds reports whether an item ends in neither 3 nor 6.
func notThirds(s string) bool { return !strings.HasSuffix(s, "3") && !strings.HasSuffix(s, "6") }

// worlds make listings of every shape.
var worlds = map[string]func(*world) backupx.Listing[string]{
	"one chain":           func(w *world) backupx.Listing[string] { return w.shelf("a", 13, 4) },
	"one chain, filtered": func(w *world) backupx.Listing[string] { return w.shelf("a", 13, 4).Where(notThirds) },
	"one chain, filtered, mapped and filtered": func(w *world) backupx.Listing[string] {
		return backupx.Map(w.shelf("a", 13, 4).Where(notThirds), strings.ToUpper).Where(all)
	},
	"several states": (*world).jobs,
	"several states, filtered": func(w *world) backupx.Listing[string] {
		return w.jobs().Where(notThirds).Where(all)
	},
	"a product, checked on items": func(w *world) backupx.Listing[string] {
		f := backupx.CopyJobFilter{}.ResourceTypes("EBS", "EFS", "S3", "RDS", "EC2").States("COMPLETED", "FAILED", "RUNNING").TopLevel()
		return backupx.Map(w.client.CopyJobs(f), copyID)
	},
	"an exact span": func(w *world) backupx.Listing[string] {
		f := backupx.CopyJobFilter{}.CreatedBetween(day.AddDate(0, 0, -20), day.AddDate(0, 0, -4))
		return backupx.Map(w.client.CopyJobs(f), copyID)
	},
	"several servers": func(w *world) backupx.Listing[string] {
		f := backupx.OpsWorksFilter{}.Servers("automate-01", "automate-02", "puppet-01").States("OK")
		return backupx.Map(w.client.OpsWorksBackups(f), func(b backupx.OpsWorksBackup) string { return *b.BackupId })
	},
	"states merged":                          func(w *world) backupx.Listing[string] { return w.hsm(backupx.HSMFilter{}) },
	"states merged, filtered":                func(w *world) backupx.Listing[string] { return w.hsm(backupx.HSMFilter{}).Where(notThirds).Where(all) },
	"states merged, a time checked on items": func(w *world) backupx.Listing[string] { return w.hsm(backupx.HSMFilter{}.CreatedAfter(day)) },
	"any operation": func(w *world) backupx.Listing[string] {
		return backupx.Map(jobsByOperation(w.client.Backup, backup.ListBackupJobsInput{}), idOf)
	},
	"a concat": func(w *world) backupx.Listing[string] {
		return backupx.Concat(w.shelf("a", 5, 2), w.shelf("none", 0, 1), w.jobs(), w.shelf("b", 4, 4).Where(notThirds))
	},
	"a merge": func(w *world) backupx.Listing[string] {
		return backupx.Merge(strings.Compare, w.shelf("a", 5, 2), w.shelf("a", 4, 3).Where(notThirds), w.shelf("b", 2, 1))
	},
	"a merge, filtered": func(w *world) backupx.Listing[string] {
		return backupx.Merge(strings.Compare, w.shelf("a", 7, 2), w.shelf("a", 7, 3)).Where(notThirds).Where(all)
	},
	"nested": func(w *world) backupx.Listing[string] {
		inner := backupx.Merge(strings.Compare, w.shelf("a", 3, 2), backupx.Concat(w.shelf("a", 2, 1), w.shelf("b", 3, 2)))
		return backupx.Concat(
			backupx.Merge(strings.Compare, backupx.Map(inner, same), w.hsm(backupx.HSMFilter{}), w.shelf("c", 2, 1)).Where(notThirds),
			w.jobs(), inner)
	},
}

// eachWorld tests a property of listings of every shape. whole is what the listing delivers in one range.
func eachWorld(t *testing.T, property func(t *testing.T, w *world, l backupx.Listing[string], whole []string)) {
	for name, listing := range worlds {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			l := listing(w)
			whole, err := drain(l.All(t.Context()))
			require.NoError(t, err)
			require.Greater(t, len(whole), 3)
			property(t, w, l, whole)
		})
	}
}

// slowListings are listings of several shapes whose chains have different latencies.
func slowListings() map[string]backupx.Listing[string] {
	r := rand.New(rand.NewPCG(1, 1))
	latency := func() fakeaws.Option { return fakeaws.WithLatency(time.Duration(1+r.IntN(5)) * time.Second) }
	client := clientOf(fakeaws.New(fakeaws.Generate(5, day, 400), latency(), fakeaws.WithPageSize(20)))
	client.Now = func() time.Time { return day }
	shelves := lo.Times(9, func(i int) backupx.Listing[string] {
		return newSlow(time.Duration(r.IntN(5)) * time.Second).list(newShelf(string(rune('a'+i)), r.IntN(30), 1+r.IntN(4)))
	})
	states := backupx.BackupJobFilter{}.States("CREATED", "RUNNING", "FAILED", "COMPLETED", "PARTIAL")
	return map[string]backupx.Listing[string]{
		"shelves": backupx.Concat(shelves...),
		"merged":  backupx.Merge(strings.Compare, shelves...),
		"jobs":    backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), idOf),
		"days":    backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), idOf).Every(24 * time.Hour),
		"states":  backupx.Map(client.BackupJobs(states), idOf),
		"fleet": fleetOf(map[string]backupx.Listing[string]{
			"a": shelves[0], "b": backupx.Concat(shelves[1:4]...), "c": backupx.Map(client.BackupJobs(states), idOf),
		}, map[string]int{"b": 1}),
	}
}

// carrying is a client that holds the listing of its source.
type carrying struct {
	backupx.BackupAPI

	listing backupx.Listing[string]
}

// fleetOf lists a fleet of one source for each of parts. parallel holds the bounds of single sources.
func fleetOf(parts map[string]backupx.Listing[string], parallel map[string]int) backupx.Listing[string] {
	names := lo.Keys(parts)
	slices.Sort(names)
	fleet := lo.Map(names, func(name string, _ int) backupx.Source {
		return backupx.Source{Name: name, Client: backupx.Client{Backup: carrying{listing: parts[name]}}, Parallel: parallel[name]}
	})
	return backupx.Map(backupx.Across(fleet, func(c backupx.Client) backupx.Listing[string] {
		return c.Backup.(carrying).listing
	}), func(v backupx.Sourced[string]) string { return v.Item })
}

// clientOf is a client of a service in the same process.
func clientOf(s *fakeaws.Service) backupx.Client { return backupx.New(s.Config()) }

// at is a client of a service in the same process, with a clock that stands at now.
func at(s *fakeaws.Service, now time.Time) backupx.Client {
	c := clientOf(s)
	c.Now = func() time.Time { return now }
	return c
}

// jobsByOperation lists backup jobs with FromOperation, as a program lists operations that backupx does not
// name.
func jobsByOperation(api backupx.BackupAPI, in backup.ListBackupJobsInput) backupx.Listing[types.BackupJob] {
	return backupx.FromOperation("ListBackupJobs", api.ListBackupJobs, in,
		func(in *backup.ListBackupJobsInput, token *string, size *int32) {
			in.NextToken, in.MaxResults = token, size
		},
		func(out *backup.ListBackupJobsOutput) ([]types.BackupJob, *string) {
			return out.BackupJobs, out.NextToken
		})
}

// spread returns n jobs created at equal intervals in the time before until, newest first.
func spread(n int, over time.Duration, until time.Time) []types.BackupJob {
	return lo.Times(n, func(i int) types.BackupJob {
		return types.BackupJob{
			BackupJobId:  aws.String(fmt.Sprintf("job-%06d", i)),
			CreationDate: aws.Time(until.Add(-time.Duration(i) * (over / time.Duration(n)))),
			State:        types.BackupJobStateCompleted,
		}
	})
}

// hsmBackup is a backup that was created some hours after day.
func hsmBackup(id string, state hsmtypes.BackupState, hours int) hsmtypes.Backup {
	return hsmtypes.Backup{
		BackupId: aws.String("backup-" + id), BackupState: state,
		CreateTimestamp: aws.Time(day.Add(time.Duration(hours) * time.Hour)),
	}
}

// runs returns twelve backups, oldest first: READY all but one, so that the same state comes several times in
// a row, across the ends of small pages.
func runs() []hsmtypes.Backup {
	return lo.Times(12, func(i int) hsmtypes.Backup {
		state := hsmtypes.BackupStateReady
		if i%7 == 6 {
			state = hsmtypes.BackupStatePendingDeletion
		}
		return hsmBackup(fmt.Sprintf("aaaaaaaaa%02d", i), state, i)
	})
}

// idOf, copyID and hsmID are for Map.
func idOf(j types.BackupJob) string { return *j.BackupJobId }

func copyID(j types.CopyJob) string { return *j.CopyJobId }

func hsmID(b hsmtypes.Backup) string { return aws.ToString(b.BackupId) }

func all(string) bool { return true }

func same(s string) string { return s }

// nobody is a client type for nil pointers.
type nobody struct {
	backupx.HSMAPI
	backupx.BackupAPI
}

// answering is an HTTP client that answers each request with a function.
type answering func(*http.Request) (*http.Response, error)

func (f answering) Do(r *http.Request) (*http.Response, error) { return f(r) }

// roundTrip is the transport of an HTTP client. Errors of that client hold the URL of the request, those of
// answering do not.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func roundTripClient(f roundTrip) *http.Client { return &http.Client{Transport: f} }

// asked returns the parameters of each request that the service received, without token and page size.
func asked(s *fakeaws.Service) []map[string]string {
	return lo.Map(s.Requests(), func(r fakeaws.Request, _ int) map[string]string {
		out := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
			if !slices.Contains([]string{"nextToken", "NextToken", "maxResults", "MaxResults"}, name) {
				out[name] = strings.Join(r.Parameters[name], "|")
			}
		}
		return out
	})
}

// sizes returns the page size of each request that the service received, 0 for none.
func sizes(s *fakeaws.Service) []int {
	return lo.Map(s.Requests(), func(r fakeaws.Request, _ int) int { return r.PageSize })
}

// take reads n items and breaks.
func take[T any](t testing.TB, seq iter.Seq2[T, error], n int) []T {
	t.Helper()
	items := []T{}
	if n == 0 {
		return items
	}
	for v, err := range seq {
		require.NoError(t, err)
		if items = append(items, v); len(items) == n {
			break
		}
	}
	require.Len(t, items, n)
	return items
}

// drain reads a range to its end and returns its items and its error, after which nothing may follow.
func drain[T any](seq func(func(T, error) bool)) ([]T, error) {
	items := []T{}
	var err error
	for v, e := range seq {
		if err != nil {
			return items, errors.New("the range goes on after its error")
		}
		if err = e; e == nil {
			items = append(items, v)
		}
	}
	return items, err
}

// resumeFrom returns what a listing delivers from a stored checkpoint to the end.
func resumeFrom[T any](t *testing.T, l backupx.Listing[T], cp backupx.Checkpoint) []T {
	t.Helper()
	cursor, err := l.Resume(throughText(t, cp))
	require.NoError(t, err)
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	require.True(t, cursor.Checkpoint().Done(), "all is delivered")
	return rest
}

// throughText stores a checkpoint as text and in JSON, as a program does, and reads it back.
func throughText(t testing.TB, cp backupx.Checkpoint) backupx.Checkpoint {
	t.Helper()
	text, err := cp.MarshalText()
	require.NoError(t, err)
	stored, err := json.Marshal(map[string]any{"at": cp, "text": string(text)})
	require.NoError(t, err)
	var read struct {
		At   backupx.Checkpoint `json:"at"`
		Text string             `json:"text"`
	}
	require.NoError(t, json.Unmarshal(stored, &read))
	var same backupx.Checkpoint
	require.NoError(t, same.UnmarshalText([]byte(read.Text)))
	require.Equal(t, same, read.At, "a checkpoint in JSON is its text")
	return same
}

func textOf(t *testing.T, cp backupx.Checkpoint) string {
	t.Helper()
	text, err := cp.MarshalText()
	require.NoError(t, err)
	return string(text)
}

// checksummed returns the text of a checkpoint with this payload, with bytes behind it if there are any, and a valid
// checksum.
func checksummed(t *testing.T, payload []byte, behind ...byte) []byte {
	t.Helper()
	text := append([]byte("backupx1."), base64.RawURLEncoding.EncodeToString(payload)...)
	if len(behind) > 0 {
		text = append(append(text, '.'), base64.RawURLEncoding.EncodeToString(behind)...)
	}
	sum := sha256.Sum256(text)
	return append(append(text, '.'), hex.EncodeToString(sum[:8])...)
}

// cli encodes the JSON of a page token as the AWS CLI does.
func cli(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func requireCount[T any](t *testing.T, want int, l backupx.Listing[T]) {
	t.Helper()
	n, err := l.Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, n)
}

// errOf returns the error of a listing that is required to deliver no item and no page.
func errOf[T any](t *testing.T, l backupx.Listing[T]) error {
	t.Helper()
	items, err := drain(l.All(t.Context()))
	require.Empty(t, items)
	pages, byPage := drain(l.Pages(t.Context()))
	require.Empty(t, pages)
	require.Equal(t, err == nil, byPage == nil)
	return err
}

// kindsOf returns the kind of each failed source in a [backupx.SourceErrors].
func kindsOf(t *testing.T, err error) map[string]backupx.Kind {
	t.Helper()
	var sources backupx.SourceErrors
	require.ErrorAs(t, err, &sources)
	return lo.SliceToMap(sources, func(s *backupx.SourceError) (string, backupx.Kind) { return s.Source, s.Kind })
}
