package backupx_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/testenv"
)

// history is the life of an account's backup jobs, made at random, and a follower that polls it at random.
type history struct {
	rng     *rand.Rand
	now     time.Time
	service *fakeaws.Service
	events  []event
	told    map[string][]time.Time // by id, when a job was told
	lost    map[string]bool        // told, but a crash lost the saving
	ended   map[string]time.Time   // by id, when its end showed; without those that did not match the filter
	revived map[string]bool        // went back to a state in which it was under way
}

// event is a change of a job.
type event struct {
	at time.Time
	do func()
}

func newHistory(seed uint64) *history {
	h := &history{
		rng: rand.New(rand.NewPCG(seed, 0)), now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		told: map[string][]time.Time{}, lost: map[string]bool{}, ended: map[string]time.Time{}, revived: map[string]bool{},
	}
	options := []fakeaws.Option{
		fakeaws.WithClock(func() time.Time { return h.now }), fakeaws.WithRetention(30 * 24 * time.Hour),
		fakeaws.WithPageSize(1 + h.rng.IntN(20)),
	}
	if h.rng.IntN(2) == 0 {
		options = append(options, fakeaws.WithInclusiveTimes())
	}
	if h.rng.IntN(2) == 0 {
		options = append(options, fakeaws.WithTimeResolution(time.Second))
	}
	h.service = fakeaws.New(fakeaws.Data{}, options...)
	return h
}

func (h *history) during(most time.Duration) time.Duration {
	return time.Duration(h.rng.Int64N(int64(most)))
}

// oneOf returns one of several durations at random, up to that length.
func (h *history) oneOf(ds ...time.Duration) time.Duration { return h.during(ds[h.rng.IntN(len(ds))]) }

func (h *history) plan(at time.Time, do func()) { h.events = append(h.events, event{at, do}) }

// job plans the life of a job.
func (h *history) job(n int) {
	id := "job-" + strconv.Itoa(n)
	created := h.now.Add(h.during(20 * 24 * time.Hour)).Truncate(time.Millisecond)
	j := types.BackupJob{
		BackupJobId: &id, CreationDate: &created, State: types.BackupJobStateRunning,
		BackupVaultName: aws.String([]string{"a", "b"}[h.rng.IntN(2)]),
	}
	shown := created
	if h.rng.IntN(3) == 0 {
		shown = created.Add(h.during(time.Hour))
	}
	h.plan(shown, func() { h.service.AddBackupJobs(j) })
	ends := created.Add(h.oneOf(time.Minute, 2*time.Hour, 6*24*time.Hour))
	h.end(id, ends, shown)
	if h.rng.IntN(8) == 0 { // goes back, and ends anew
		back := later(ends, shown).Add(h.oneOf(10*time.Minute, 5*time.Hour))
		h.plan(back, func() {
			h.service.UpdateBackupJob(id, func(j *types.BackupJob) { j.State, j.CompletionDate = types.BackupJobStateRunning, nil })
			h.revived[id] = true
		})
		h.end(id, back.Add(h.oneOf(10*time.Minute, 5*time.Hour)), shown)
	}
}

// end plans the end of a job, which may show late, and without a completion time.
func (h *history) end(id string, at, shown time.Time) {
	state := []types.BackupJobState{types.BackupJobStateCompleted, types.BackupJobStateFailed, types.BackupJobStateExpired}[h.rng.IntN(3)]
	completed := aws.Time(at.Truncate(time.Millisecond))
	if state == types.BackupJobStateExpired && h.rng.IntN(2) == 0 {
		completed = nil
	}
	shows := later(at, shown)
	if h.rng.IntN(4) == 0 {
		shows = shows.Add(h.oneOf(10*time.Minute, 5*time.Hour))
	}
	h.plan(shows, func() {
		h.service.UpdateBackupJob(id, func(j *types.BackupJob) { j.State, j.CompletionDate = state, completed })
		h.ended[id] = h.now
	})
	if completed == nil && h.rng.IntN(2) == 0 { // the time comes later
		dated := shows.Add(h.oneOf(10*time.Minute, 6*24*time.Hour)).Truncate(time.Millisecond)
		h.plan(dated, func() {
			h.service.UpdateBackupJob(id, func(j *types.BackupJob) {
				if j.State == state {
					j.CompletionDate = &dated
				}
			})
		})
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// until lets the time pass.
func (h *history) until(at time.Time) {
	for len(h.events) > 0 && !h.events[0].at.After(at) {
		h.now = later(h.now, h.events[0].at)
		h.events[0].do()
		h.events = h.events[1:]
	}
	h.now = later(h.now, at)
}

// TestFollowAtRandom checks the promise of a follower over random histories and polls. FOLLOW sets how many.
func TestFollowAtRandom(t *testing.T) {
	for seed := range uint64(testenv.Number(t, "FOLLOW", 300)) {
		h := newHistory(seed)
		h.run(t, fmt.Sprint("seed ", seed))
	}
}

func (h *history) run(t *testing.T, name string) {
	for n := range 1 + h.rng.IntN(60) {
		h.job(n)
	}
	slices.SortStableFunc(h.events, func(a, b event) int { return a.at.Compare(b.at) })
	begin := h.now
	client := clientOf(h.service)
	client.Now = func() time.Time { return h.now.Add(h.during(48*time.Hour) - 24*time.Hour) } // must not matter
	newFollower := func() *backupx.Follower[types.BackupJob] {
		return client.FollowBackupJobs(backupx.BackupJobFilter{}, begin)
	}
	w, saved := newFollower(), backupx.Checkpoint{}
	for h.now.Before(begin.Add(40 * 24 * time.Hour)) {
		h.until(h.now.Add(h.oneOf(10*time.Minute, 3*time.Hour, 3*24*time.Hour, 12*24*time.Hour)))
		switch h.rng.IntN(6) {
		case 0:
			h.poll(t, w, name, 1+h.rng.IntN(5)) // a break
		case 1:
			f := h.service.Fault(fakeaws.Fault{Nth: 1 + h.rng.IntN(4), Do: fakeaws.AccessDenied()})
			h.poll(t, w, name, -1)
			f.Remove()
		case 2:
			before := lo.MapValues(h.told, func(times []time.Time, _ string) int { return len(times) })
			h.poll(t, w, name, -1)
			for id, times := range h.told {
				h.lost[id] = h.lost[id] || len(times) > before[id]
			}
			w = newFollower() // a crash before saving
			require.NoError(t, w.Resume(throughText(t, saved)), name)
			continue
		default:
			h.poll(t, w, name, -1)
		}
		if h.rng.IntN(2) == 0 {
			w, saved = newFollower(), w.Checkpoint()
			require.NoError(t, w.Resume(throughText(t, saved)), name)
		}
		saved = w.Checkpoint()
	}
	h.poll(t, w, name, -1)
	for id := range h.ended {
		require.NotEmpty(t, h.told[id], "%s: %s was never told", name, id)
	}
	for id, times := range h.told {
		if !h.lost[id] && !h.revived[id] {
			require.Len(t, times, 1, "%s: %s", name, id)
		}
	}
}

// poll polls once, until most jobs were told if that is not negative.
func (h *history) poll(t *testing.T, w *backupx.Follower[types.BackupJob], name string, most int) {
	for j, err := range w.All(t.Context()) {
		if err != nil {
			require.Equal(t, backupx.KindDenied, backupx.KindOf(err), name)
			return
		}
		require.Contains(t, h.ended, idOf(j), name)
		h.told[idOf(j)] = append(h.told[idOf(j)], h.now)
		if most--; most == 0 {
			return
		}
	}
}
