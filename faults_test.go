package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// schedules is the number of random fault schedules. Each has a seed: run a failing one alone with
// -run 'Schedules/seed_123$'.
const schedules = 1000

// Whichever requests fail, and with whichever settings, a listing delivers each item exactly once, over any
// number of errors, breaks and checkpoints, or it ends with an error.
func TestFaultSchedules(t *testing.T) {
	for seed := range schedules {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			s := newSchedule(uint64(seed))
			s.run(t)
		})
	}
}

// schedule is a listing of ids over services, with the faults of these services.
type schedule struct {
	*rand.Rand
	services []*fakeaws.Service
	list     func(how) backupx.Listing[string]
	inOrder  bool // the order of the items is fixed
	timed    bool // it can be read in windows
	shardy   bool // it has several chains
}

// how are the settings of one range.
type how struct {
	pageSize, limit, parallel, prefetch int
	ordered                             bool
	every                               time.Duration
}

func newSchedule(seed uint64) *schedule {
	s := &schedule{Rand: rand.New(rand.NewPCG(seed, 1))}
	kinds := []func(){s.jobs, s.states, s.hsm, s.mergedHSM, s.concat, s.fleet, s.copies}
	kinds[s.IntN(len(kinds))]()
	for _, svc := range s.services {
		for range s.IntN(6) {
			svc.Fault(s.fault())
		}
	}
	return s
}

// service returns a client of a new service with up to 120 items of each kind, created in the days before the
// client's Now.
func (s *schedule) service() backupx.Client {
	data := fakeaws.Data{
		BackupJobs: lo.Times(s.IntN(120), func(i int) types.BackupJob {
			return types.BackupJob{
				BackupJobId: aws.String(fmt.Sprintf("job-%d-%03d", len(s.services), i)), CreationDate: s.moment(),
				State: pick(s, types.BackupJobState("").Values()), ParentJobId: optionalText(s.IntN(3) == 0, "parent"),
			}
		}),
		CopyJobs: lo.Times(s.IntN(80), func(i int) types.CopyJob {
			return types.CopyJob{CopyJobId: aws.String(fmt.Sprintf("copy-%d-%03d", len(s.services), i)), CreationDate: s.moment(), State: types.CopyJobStateCompleted}
		}),
		HSM: lo.Times(s.IntN(60), func(i int) hsmtypes.Backup {
			return hsmtypes.Backup{BackupId: aws.String(fmt.Sprintf("backup-%d-%03d", len(s.services), i)), CreateTimestamp: s.moment(), BackupState: pick(s, hsmtypes.BackupState("").Values())}
		}),
	}
	opts := []fakeaws.Option{fakeaws.WithPageSize(1 + s.IntN(20))}
	if s.IntN(3) == 0 {
		opts = append(opts, fakeaws.WithScanLimit(1+s.IntN(8)))
	}
	if s.IntN(3) == 0 {
		opts = append(opts, fakeaws.WithInclusiveTimes())
	}
	svc := fakeaws.New(data, opts...)
	s.services = append(s.services, svc)
	client := backupx.New(svc.Config())
	client.Now = func() time.Time { return day }
	return client
}

func pick[T any](s *schedule, of []T) T { return of[s.IntN(len(of))] }

func optionalText(given bool, text string) *string {
	if !given {
		return nil
	}
	return &text
}

// moment is a random time within the last 28 days. Several items may have the same.
func (s *schedule) moment() *time.Time {
	return aws.Time(day.Add(-time.Duration(s.IntN(5000)) * 8 * time.Minute))
}

func (s *schedule) jobs() {
	client, f := s.service(), backupx.BackupJobFilter{}
	if s.IntN(2) == 0 {
		f = f.CreatedBetween(day.AddDate(0, 0, -20), day.AddDate(0, 0, -3))
	}
	if s.IntN(3) == 0 {
		f = f.TopLevel()
	}
	s.timed = true
	s.list = func(h how) backupx.Listing[string] { return apply(backupx.Map(client.BackupJobs(f), idOf), h) }
}

func (s *schedule) states() {
	client := s.service()
	f := backupx.BackupJobFilter{}.States(types.BackupJobState("").Values()[:2+s.IntN(8)]...)
	s.timed, s.shardy = true, true
	s.list = func(h how) backupx.Listing[string] { return apply(backupx.Map(client.BackupJobs(f), idOf), h) }
}

func (s *schedule) copies() {
	client := s.service()
	keep := s.IntN(2) == 0
	s.timed = true
	s.list = func(h how) backupx.Listing[string] {
		l := client.CopyJobs(backupx.CopyJobFilter{})
		if keep {
			l = l.Where(func(j types.CopyJob) bool { return j.CreationDate.Unix()%3 != 0 })
		}
		return apply(backupx.Map(l, copyID), h)
	}
}

func (s *schedule) hsm() {
	client := s.service()
	f := backupx.HSMFilter{}
	if s.IntN(2) == 0 {
		f = f.States(hsmtypes.BackupStateReady, hsmtypes.BackupStatePendingDeletion, hsmtypes.BackupStateDeleted)
		s.inOrder, s.shardy = true, true
	}
	s.list = func(h how) backupx.Listing[string] { return apply(backupx.Map(client.HSMBackups(f), hsmID), h) }
}

func (s *schedule) mergedHSM() {
	a, b := s.service(), s.service()
	s.inOrder, s.shardy = true, true
	f := backupx.HSMFilter{}.OldestFirst()
	s.list = func(h how) backupx.Listing[string] {
		return apply(backupx.Map(backupx.Merge(func(a, b hsmtypes.Backup) int {
			return a.CreateTimestamp.Compare(*b.CreateTimestamp)
		}, a.HSMBackups(f), b.HSMBackups(f.States(hsmtypes.BackupStateReady, hsmtypes.BackupStateDeleted))), hsmID), h)
	}
}

func (s *schedule) concat() {
	a, b := s.service(), s.service()
	s.shardy = true
	s.list = func(h how) backupx.Listing[string] {
		return apply(backupx.Concat(
			backupx.Map(a.BackupJobs(backupx.BackupJobFilter{}.TopLevel()), idOf).PageSize(7),
			backupx.Map(b.HSMBackups(backupx.HSMFilter{}.States(hsmtypes.BackupStateReady, hsmtypes.BackupStateDeleted)), hsmID),
			backupx.Map(a.CopyJobs(backupx.CopyJobFilter{}), copyID),
		), h)
	}
}

func (s *schedule) fleet() {
	fleet := backupx.Fleet{
		{Name: "a", Client: s.service()}, {Name: "b", Client: s.service(), Parallel: 1}, {Name: "c", Client: s.service()},
	}
	f := backupx.BackupJobFilter{}.States(types.BackupJobStateRunning, types.BackupJobStateCompleted, types.BackupJobStateFailed)
	s.timed, s.shardy = true, true
	s.list = func(h how) backupx.Listing[string] {
		return apply(backupx.Map(backupx.Across(fleet, func(c backupx.Client) backupx.Listing[string] {
			return backupx.Map(c.BackupJobs(f), idOf)
		}), func(v backupx.Sourced[string]) string { return v.Item }), h)
	}
}

// fault is a random fault that occurs once or a few times. The SDK's retries hide some.
func (s *schedule) fault() fakeaws.Fault {
	effects := []fakeaws.Effect{
		fakeaws.Throttle(), fakeaws.InternalError(), fakeaws.Unavailable(), fakeaws.AccessDenied(), fakeaws.Drop(),
		fakeaws.Truncate(), fakeaws.Cut(), fakeaws.EmptyBody(), fakeaws.Body("  "), fakeaws.NamelessError(400, "ERROR_1", "no"),
	}
	if s.IntN(12) == 0 {
		effects = []fakeaws.Effect{fakeaws.RepeatToken()}
	}
	return fakeaws.Fault{Nth: 1 + s.IntN(25), Every: s.IntN(2), Times: 1 + s.IntN(7), Do: effects[s.IntN(len(effects))]}
}

// settings are random settings for the next range. The windows stay as the first range planned them.
func (s *schedule) settings() how {
	h := how{pageSize: s.IntN(3) * (1 + s.IntN(12)), parallel: s.IntN(6), prefetch: s.IntN(3), ordered: s.IntN(2) == 0}
	if s.IntN(4) == 0 {
		h.limit = 1 + s.IntN(30)
	}
	if s.timed && s.IntN(3) == 0 {
		h.every = time.Duration(1+s.IntN(9)) * 24 * time.Hour
	}
	return h
}

func apply(l backupx.Listing[string], h how) backupx.Listing[string] {
	if h.pageSize > 0 {
		l = l.PageSize(h.pageSize)
	}
	if h.limit > 0 {
		l = l.Limit(h.limit)
	}
	if h.parallel > 0 {
		l = l.Parallel(h.parallel)
	}
	if h.ordered {
		l = l.Ordered()
	}
	if h.every > 0 {
		l = l.Every(h.every)
	}
	return l.Prefetch(h.prefetch)
}

// run reads the listing over errors, limits and breaks. After each, it resumes from the text of the
// checkpoint with other settings.
func (s *schedule) run(t *testing.T) {
	var items []string
	var at backupx.Checkpoint
	for tries := 0; !at.Done(); tries++ {
		require.Less(t, tries, 400, "the listing comes to no end")
		h := s.settings()
		cursor, err := s.list(h).Resume(at)
		if errors.Is(err, backupx.ErrTokenLoop) {
			break // it cannot be resumed, and the error said so
		}
		require.NoError(t, err)
		got, err := s.read(cursor)
		items = append(items, got...)
		at = throughText(t, cursor.Checkpoint())
		if err != nil {
			var list *backupx.ListError
			require.ErrorAs(t, err, &list)
			require.Equal(t, len(got), list.Delivered)
			at = throughText(t, list.Checkpoint)
		}
		if errors.Is(err, backupx.ErrTokenLoop) {
			break // likewise, for a source of a fleet
		}
	}
	s.compare(t, items, at)
}

// read ranges until the end or an error, or until it breaks or cancels the context itself.
func (s *schedule) read(c *backupx.Cursor[string]) (items []string, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop, how := 1+s.IntN(150), s.IntN(3)
	for v, err := range c.All(ctx) {
		if err != nil {
			return items, err
		}
		if items = append(items, v); len(items) == stop {
			switch how {
			case 0:
				return items, nil
			case 1:
				cancel()
			}
		}
	}
	return items, nil
}

func (s *schedule) compare(t *testing.T, items []string, at backupx.Checkpoint) {
	for _, svc := range s.services {
		svc.ClearFaults()
	}
	whole, err := s.list(how{}).Collect(t.Context())
	require.NoError(t, err)
	if s.inOrder && at.Done() {
		require.Equal(t, whole, slices.Clip(items))
		return
	}
	require.Empty(t, lo.FindDuplicates(items), "delivered twice")
	missing, extra := lo.Difference(whole, items)
	require.Empty(t, extra, "delivered, and not in the listing")
	if at.Done() {
		require.Empty(t, missing, "not delivered")
	}
}
