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
	"go.uber.org/goleak"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// TestMain fails the tests if a goroutine outlives them: a range leaves none, however it ends.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// day is when the tests' data end.
var day = time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)

const month = 30 * 24 * time.Hour

// numbers are n items: prefix-000, prefix-001, ….
func numbers(prefix string, n int) []string {
	return lo.Times(n, func(i int) string { return fmt.Sprintf("%s-%03d", prefix, i) })
}

// request is what a scripted fetch was asked for.
type request struct {
	Token string `json:"token"`
	Size  int    `json:"size"`
}

var errBoom = errors.New("boom")

// shelf is a paged API over items that stay as they are.
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

// slow is a service of shelves, whose requests take their time and are counted.
type slow struct {
	takes time.Duration

	mu             sync.Mutex
	underWay, most int
	began          []time.Time // each request
}

func newSlow(takes time.Duration) *slow { return &slow{takes: takes} }

// shelves are listings of so many shelves, each of so many items, in pages of so many.
func (s *slow) shelves(shelves, n, size int) []backupx.Listing[string] {
	return lo.Times(shelves, func(i int) backupx.Listing[string] {
		return s.list(newShelf(string(rune('a'+i)), n, size))
	})
}

// list is the listing of a shelf of the service.
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

// requests is how many were begun.
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

// pause takes time, as a request does.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// inBubble runs a test under a clock of its own, in which nothing takes time but waiting.
func inBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// world is data that do not change, behind a service and shelves whose requests are counted together.
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

// fail makes one of the requests from now on fail, none for 0.
func (w *world) fail(at int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests, w.failAt = 0, at
}

// shelf lists numbers, a few a page; every fourth page or so is empty.
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
	return backupx.Map(w.client.BackupJobs(f), func(j types.BackupJob) string { return *j.BackupJobId })
}

func (w *world) hsm(f backupx.HSMFilter) backupx.Listing[string] {
	return backupx.Map(w.client.HSMBackups(f.OldestFirst().States("READY", "PENDING_DELETION")), hsmID)
}

func notThirds(s string) bool { return !strings.HasSuffix(s, "3") && !strings.HasSuffix(s, "6") }

// worlds are listings of every shape.
var worlds = map[string]func(*world) backupx.Listing[string]{
	"one chain":          func(w *world) backupx.Listing[string] { return w.shelf("a", 13, 4) },
	"one chain, dropped": func(w *world) backupx.Listing[string] { return w.shelf("a", 13, 4).Where(notThirds) },
	"one chain, made twice": func(w *world) backupx.Listing[string] {
		return backupx.Map(w.shelf("a", 13, 4).Where(notThirds), strings.ToUpper).Where(all)
	},
	"several states": (*world).jobs,
	"several states, dropped": func(w *world) backupx.Listing[string] {
		return w.jobs().Where(notThirds).Where(all)
	},
	"a product, checked on items": func(w *world) backupx.Listing[string] {
		f := backupx.CopyJobFilter{}.ResourceTypes("EBS", "EFS", "S3", "RDS", "EC2").States("COMPLETED", "FAILED", "RUNNING").TopLevel()
		return backupx.Map(w.client.CopyJobs(f), func(j types.CopyJob) string { return *j.CopyJobId })
	},
	"an exact span": func(w *world) backupx.Listing[string] {
		f := backupx.CopyJobFilter{}.CreatedBetween(day.AddDate(0, 0, -20), day.AddDate(0, 0, -4))
		return backupx.Map(w.client.CopyJobs(f), func(j types.CopyJob) string { return *j.CopyJobId })
	},
	"several servers": func(w *world) backupx.Listing[string] {
		f := backupx.OpsWorksFilter{}.Servers("automate-01", "automate-02", "puppet-01").States("OK")
		return backupx.Map(w.client.OpsWorksBackups(f), func(b backupx.OpsWorksBackup) string { return *b.BackupId })
	},
	"states merged":          func(w *world) backupx.Listing[string] { return w.hsm(backupx.HSMFilter{}) },
	"states merged, dropped": func(w *world) backupx.Listing[string] { return w.hsm(backupx.HSMFilter{}).Where(notThirds).Where(all) },
	"states merged, checked": func(w *world) backupx.Listing[string] { return w.hsm(backupx.HSMFilter{}.CreatedAfter(day)) },
	"any operation": func(w *world) backupx.Listing[string] {
		l := backupx.FromOperation("ListBackupJobs", w.client.Backup.ListBackupJobs, backup.ListBackupJobsInput{},
			func(in *backup.ListBackupJobsInput, token *string, size *int32) {
				in.NextToken, in.MaxResults = token, size
			},
			func(out *backup.ListBackupJobsOutput) ([]types.BackupJob, *string) {
				return out.BackupJobs, out.NextToken
			})
		return backupx.Map(l, func(j types.BackupJob) string { return *j.BackupJobId })
	},
	"a concat": func(w *world) backupx.Listing[string] {
		return backupx.Concat(w.shelf("a", 5, 2), w.shelf("none", 0, 1), w.jobs(), w.shelf("b", 4, 4).Where(notThirds))
	},
	"a merge": func(w *world) backupx.Listing[string] {
		return backupx.Merge(strings.Compare, w.shelf("a", 5, 2), w.shelf("a", 4, 3).Where(notThirds), w.shelf("b", 2, 1))
	},
	"a merge, dropped": func(w *world) backupx.Listing[string] {
		return backupx.Merge(strings.Compare, w.shelf("a", 7, 2), w.shelf("a", 7, 3)).Where(notThirds).Where(all)
	},
	"nested": func(w *world) backupx.Listing[string] {
		inner := backupx.Merge(strings.Compare, w.shelf("a", 3, 2), backupx.Concat(w.shelf("a", 2, 1), w.shelf("b", 3, 2)))
		return backupx.Concat(
			backupx.Merge(strings.Compare, backupx.Map(inner, same), w.hsm(backupx.HSMFilter{}), w.shelf("c", 2, 1)).Where(notThirds),
			w.jobs(), inner)
	},
}

// eachWorld runs a property for listings of every shape, with the whole of what each delivers.
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

// slowListings are listings of several shapes whose chains are not equally fast.
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

// carrying is a client that knows what to list of it.
type carrying struct {
	backupx.BackupAPI

	listing backupx.Listing[string]
}

// fleetOf is a fleet whose sources list what they are given.
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

// at is a client of a service whose plans are made at a time.
func at(s *fakeaws.Service, now time.Time) backupx.Client {
	c := clientOf(s)
	c.Now = func() time.Time { return now }
	return c
}

// spread are n jobs, as many in each part of the time before until.
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

// runs are backups of two states of which one comes several times in a row, over a page's end.
func runs() []hsmtypes.Backup {
	return lo.Times(12, func(i int) hsmtypes.Backup {
		state := hsmtypes.BackupStateReady
		if i%7 == 6 {
			state = hsmtypes.BackupStatePendingDeletion
		}
		return hsmBackup(fmt.Sprintf("aaaaaaaaa%02d", i), state, i)
	})
}

func idOf(j types.BackupJob) string { return *j.BackupJobId }

func hsmID(b hsmtypes.Backup) string { return aws.ToString(b.BackupId) }

func all(string) bool { return true }

func same(s string) string { return s }

// nobody is a client whose pointer is nil.
type nobody struct {
	backupx.HSMAPI
	backupx.BackupAPI
}

// answering is an HTTP client that answers everything alike.
type answering func(*http.Request) (*http.Response, error)

func (f answering) Do(r *http.Request) (*http.Response, error) { return f(r) }

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func roundTripClient(f roundTrip) *http.Client { return &http.Client{Transport: f} }

// asked are the parameters of each request that the service was sent, the token and the size aside.
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

// drain reads a range to its end, goes on after the error, and expects it to be the end.
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

// resumeFrom is what a listing delivers from a checkpoint that was stored, to the end.
func resumeFrom[T any](t *testing.T, l backupx.Listing[T], cp backupx.Checkpoint) []T {
	t.Helper()
	cursor, err := l.Resume(throughText(t, cp))
	require.NoError(t, err)
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	require.True(t, cursor.Checkpoint().Done(), "all is delivered")
	return rest
}

// throughText stores a checkpoint as text within JSON, as a program does, and reads it back.
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

// checksummed is a payload as a checkpoint's text, so that fuzzing gets behind the checksum.
func checksummed(t *testing.T, payload []byte) []byte {
	t.Helper()
	text := append([]byte("backupx1."), base64.RawURLEncoding.EncodeToString(payload)...)
	return append(append(text, '.'), sumOf(text)...)
}

// sumOf is the checksum at the end of a checkpoint's text.
func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func cli(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func requireCount[T any](t *testing.T, want int, l backupx.Listing[T]) {
	t.Helper()
	n, err := l.Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, n)
}

// errOf is the error of a listing that delivers nothing, by item and by page.
func errOf[T any](t *testing.T, l backupx.Listing[T]) error {
	t.Helper()
	items, err := drain(l.All(t.Context()))
	require.Empty(t, items)
	pages, byPage := drain(l.Pages(t.Context()))
	require.Empty(t, pages)
	require.Equal(t, err == nil, byPage == nil)
	return err
}

// kindsOf are the sources that failed, and how.
func kindsOf(t *testing.T, err error) map[string]backupx.Kind {
	t.Helper()
	var sources backupx.SourceErrors
	require.ErrorAs(t, err, &sources)
	return lo.SliceToMap(sources, func(s *backupx.SourceError) (string, backupx.Kind) { return s.Source, s.Kind })
}
