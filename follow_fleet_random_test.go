package backupx_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
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

// fleetHistory is the life of the jobs of several accounts, made at random, and a follower of all of them that sources
// leave for a while.
type fleetHistory struct {
	rng      *rand.Rand
	begin    time.Time
	now      time.Time
	copies   bool // copy jobs, not backup jobs
	parallel int  // of the follower; 0 for none
	services []*fakeaws.Service
	fleet    backupx.Fleet
	jobs     map[string]*life // by source and id
}

// life is what happens to a job.
type life struct {
	service   *fakeaws.Service
	id        string
	created   time.Time
	shown     time.Time // when the service lists it
	live      string
	ends      time.Time // when its end shows
	final     string
	completed *time.Time
	dated     time.Time // when its completion time shows, if it had none; zero for never

	phase, told, lost int // lost: how often it was told and the process ended before the saving
}

func (h *fleetHistory) during(ds ...time.Duration) time.Duration {
	return time.Duration(h.rng.Int64N(int64(ds[h.rng.IntN(len(ds))])))
}

func newFleetHistory(seed uint64) *fleetHistory {
	h := &fleetHistory{rng: rand.New(rand.NewPCG(seed, 1)), jobs: map[string]*life{}}
	h.now = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(h.during(time.Second)).Truncate(time.Millisecond)
	h.begin, h.copies, h.parallel = h.now, h.rng.IntN(2) == 0, h.rng.IntN(5)
	for i := range 1 + h.rng.IntN(3) {
		options := []fakeaws.Option{
			fakeaws.WithClock(func() time.Time { return h.now }), fakeaws.WithRetention(60 * 24 * time.Hour), // no job is gone while its source fails
			fakeaws.WithPageSize(1 + h.rng.IntN(8)),
		}
		for _, o := range []fakeaws.Option{fakeaws.WithInclusiveTimes(), fakeaws.WithTimeResolution(time.Second), fakeaws.WithShiftingPages()} {
			if h.rng.IntN(2) == 0 {
				options = append(options, o)
			}
		}
		s := fakeaws.New(fakeaws.Data{}, options...)
		client, skew := clientOf(s), h.during(48*time.Hour)-24*time.Hour
		client.Now = func() time.Time { return h.now.Add(skew) } // must not matter
		h.services = append(h.services, s)
		h.fleet = append(h.fleet, backupx.Source{Name: strconv.Itoa(i), Client: client, Parallel: h.rng.IntN(3)})
	}
	for i := range 1 + h.rng.IntN(50) {
		source := h.rng.IntN(len(h.services))
		h.jobs[fmt.Sprintf("%d/%d", source, i)] = h.life(h.services[source], strconv.Itoa(i))
	}
	return h
}

func (h *fleetHistory) life(s *fakeaws.Service, id string) *life {
	one := func(values ...string) string { return values[h.rng.IntN(len(values))] }
	j := &life{service: s, id: id, live: one("CREATED", "RUNNING", "THINKING"), final: one("COMPLETED", "FAILED", "PARTIAL")}
	j.created = h.begin.Add(time.Second + h.during(20*24*time.Hour)).Truncate(time.Millisecond)
	j.shown = j.created.Add(h.during(time.Millisecond, time.Hour-2*time.Second))
	completed := j.created.Add(h.during(time.Minute, 2*time.Hour, 6*24*time.Hour)).Truncate(time.Millisecond)
	j.ends = later(completed, j.shown).Add(h.during(time.Millisecond, time.Hour, 3*24*time.Hour))
	if j.completed = &completed; h.rng.IntN(4) == 0 {
		j.completed = nil
		if h.rng.IntN(2) == 0 {
			j.dated = j.ends.Add(h.during(time.Hour, 6*24*time.Hour)).Truncate(time.Millisecond)
		}
	}
	return j
}

// pass lets the time pass.
func (h *fleetHistory) pass(d time.Duration) {
	h.now = h.now.Add(d)
	for _, j := range h.jobs {
		if j.phase == 0 && !j.shown.After(h.now) {
			j.service.AddBackupJobs(types.BackupJob{BackupJobId: &j.id, CreationDate: &j.created, State: types.BackupJobState(j.live)})
			j.service.AddCopyJobs(types.CopyJob{CopyJobId: &j.id, CreationDate: &j.created, State: types.CopyJobState(j.live)})
			j.phase = 1
		}
		if j.phase == 1 && !j.ends.After(h.now) {
			j.change(j.completed)
			j.phase = 2
		}
		if j.phase == 2 && !j.dated.IsZero() && !j.dated.After(h.now) {
			j.change(&j.dated)
			j.phase = 3
		}
	}
}

func (j *life) change(completed *time.Time) {
	j.service.UpdateBackupJob(j.id, func(v *types.BackupJob) { v.State, v.CompletionDate = types.BackupJobState(j.final), completed })
	j.service.UpdateCopyJob(j.id, func(v *types.CopyJob) { v.State, v.CompletionDate = types.CopyJobState(j.final), completed })
}

// fleetFollower is a follower of backup jobs or copy jobs.
type fleetFollower struct {
	all        func() iter.Seq2[string, error]
	checkpoint func() backupx.Checkpoint
}

// follow returns a follower of some sources at a checkpoint.
func (h *fleetHistory) follow(t *testing.T, fleet backupx.Fleet, cp backupx.Checkpoint) fleetFollower {
	if h.copies {
		w := backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[types.CopyJob] {
			return s.Client.FollowCopyJobs(backupx.CopyJobFilter{}, h.begin)
		})
		return fleetFollowerOf(t, w, h.parallel, cp, func(j types.CopyJob) *string { return j.CopyJobId })
	}
	w := backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[types.BackupJob] {
		return s.Client.FollowBackupJobs(backupx.BackupJobFilter{}, h.begin)
	})
	return fleetFollowerOf(t, w, h.parallel, cp, func(j types.BackupJob) *string { return j.BackupJobId })
}

func fleetFollowerOf[T any](t *testing.T, w *backupx.Follower[backupx.Sourced[T]], parallel int, cp backupx.Checkpoint, id func(T) *string) fleetFollower {
	if parallel > 0 {
		w.Parallel(parallel)
	}
	resumed(t, w, cp)
	return fleetFollower{checkpoint: w.Checkpoint, all: func() iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for v, err := range w.All(t.Context()) {
				if !yield(v.Source+"/"+aws.ToString(id(v.Item)), err) {
					return
				}
			}
		}
	}}
}

// poll polls once, until most jobs were told if that is not negative.
func (h *fleetHistory) poll(t *testing.T, w fleetFollower, name string, most int) {
	for id, err := range w.all() {
		if err != nil {
			require.Equal(t, backupx.KindDenied, backupx.KindOf(err), name)
			return
		}
		require.GreaterOrEqual(t, h.jobs[id].phase, 2, "%s: %s has not ended", name, id)
		h.jobs[id].told++
		if most--; most == 0 {
			return
		}
	}
}

func (h *fleetHistory) run(t *testing.T, name string) {
	w, saved := h.follow(t, h.fleet, backupx.Checkpoint{}), backupx.Checkpoint{}
	for h.now.Before(h.begin.Add(40 * 24 * time.Hour)) {
		h.pass(h.during(time.Minute, 10*time.Minute, 3*time.Hour, 3*24*time.Hour, 10*24*time.Hour))
		switch h.rng.IntN(7) {
		case 0: // a break
			h.poll(t, w, name, 1+h.rng.IntN(4))
		case 1: // a source fails, in some step of some polls
			fault := h.services[h.rng.IntN(len(h.services))].Fault(fakeaws.Fault{
				Nth: 1 + h.rng.IntN(8), Every: h.rng.IntN(2), Do: fakeaws.AccessDenied(),
			})
			for range 3 {
				h.poll(t, w, name, -1)
				h.pass(h.during(time.Minute, 2*time.Hour))
			}
			fault.Remove()
		case 2: // a crash before saving
			before := lo.MapValues(h.jobs, func(j *life, _ string) int { return j.told })
			h.poll(t, w, name, -1)
			for id, j := range h.jobs {
				j.lost += j.told - before[id]
			}
			w = h.follow(t, h.fleet, saved)
			continue
		case 3: // a source is gone for a poll
			w = h.follow(t, h.fleet[1:], w.checkpoint())
			h.poll(t, w, name, -1)
			w = h.follow(t, h.fleet, w.checkpoint())
		default:
			h.poll(t, w, name, -1)
		}
		if saved = w.checkpoint(); h.rng.IntN(2) == 0 {
			w = h.follow(t, h.fleet, saved)
			require.Equal(t, textOf(t, saved), textOf(t, w.checkpoint()), name)
		}
	}
	h.poll(t, w, name, -1)
	for id, j := range h.jobs {
		require.NotZero(t, j.told, "%s: %s was never told: %+v", name, id, j)
		require.LessOrEqual(t, j.told-j.lost, 1, "%s: %s: %+v", name, id, j)
	}
}

// TestFollowAcrossAtRandom checks the promise of a follower over random histories of fleets. FOLLOW sets how many.
func TestFollowAcrossAtRandom(t *testing.T) {
	for seed := range uint64(testenv.Number(t, "FOLLOW", 60)) {
		newFleetHistory(seed).run(t, fmt.Sprint("seed ", seed))
	}
}
