package backupx_test

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"testing"
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

// clock is the time of a service.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)} }

func (c *clock) time() time.Time { return c.now }

func (c *clock) pass(d time.Duration) time.Time {
	c.now = c.now.Add(d)
	return c.now
}

// account returns an empty service with the time of the clock.
func (c *clock) account(opts ...fakeaws.Option) *fakeaws.Service {
	return fakeaws.New(fakeaws.Data{}, append([]fakeaws.Option{fakeaws.WithClock(c.time)}, opts...)...)
}

// running returns a job that is under way since a time.
func running(id string, created time.Time) types.BackupJob {
	return types.BackupJob{BackupJobId: &id, State: types.BackupJobStateRunning, CreationDate: &created}
}

// endedJob returns a job that has ended.
func endedJob(id string, state types.BackupJobState, created, completed time.Time) types.BackupJob {
	j := running(id, created)
	j.State, j.CompletionDate = state, &completed
	return j
}

// polled returns the ids that a poll tells.
func polled[T any](t *testing.T, seq iter.Seq2[T, error], id func(T) string) []string {
	t.Helper()
	items, err := drain(seq)
	require.NoError(t, err)
	return lo.Map(items, func(v T, _ int) string { return id(v) })
}

func TestFollowTellsEachJobOnceWhenItHasEnded(t *testing.T) {
	c := newClock()
	s := c.account()
	w := clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now)
	s.AddBackupJobs(
		running("slow", c.now.Add(time.Minute)), running("quick", c.now.Add(time.Minute)),
		endedJob("before", types.BackupJobStateFailed, c.now.Add(-3*time.Hour), c.now.Add(-2*time.Hour)),
	)
	c.pass(10 * time.Minute)
	require.Empty(t, polled(t, w.All(t.Context()), idOf))

	c.pass(10 * time.Minute)
	s.SetJobState("quick", "COMPLETED")
	require.Equal(t, []string{"quick"}, polled(t, w.All(t.Context()), idOf))
	require.Empty(t, polled(t, w.All(t.Context()), idOf))

	c.pass(5 * 24 * time.Hour)
	s.SetJobState("slow", "FAILED")
	w = resumed(t, clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now), w.Checkpoint())
	require.Equal(t, []string{"slow"}, polled(t, w.All(t.Context()), idOf))
	require.Empty(t, polled(t, w.All(t.Context()), idOf))
}

// resumed returns the follower at a checkpoint, which goes through its text.
func resumed[T any](t *testing.T, w *backupx.Follower[T], cp backupx.Checkpoint) *backupx.Follower[T] {
	t.Helper()
	require.NoError(t, w.Resume(throughText(t, cp)))
	return w
}

func TestFollowBeginsWithAllThatIsListed(t *testing.T) {
	c := newClock()
	s := c.account()
	s.AddBackupJobs(
		endedJob("old", types.BackupJobStateFailed, c.now.Add(-20*24*time.Hour), c.now.Add(-20*24*time.Hour)),
		endedJob("new", types.BackupJobStateFailed, c.now.Add(-time.Minute), c.now),
	)
	w := clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, time.Time{})
	require.ElementsMatch(t, []string{"old", "new"}, polled(t, w.All(t.Context()), idOf))
	require.Len(t, s.Requests(), 1)
	require.Empty(t, polled(t, w.All(t.Context()), idOf))
}

func TestFollowChoosesAmongTheEnded(t *testing.T) {
	c := newClock()
	s := c.account()
	f := backupx.BackupJobFilter{}.States(types.BackupJobStateFailed).Vaults("gold").MessageCategories("AccessDenied").
		CompletedBefore(c.now.Add(24 * time.Hour))
	w := clientOf(s).FollowBackupJobs(f, c.now)
	for _, id := range []string{"failed", "completed", "elsewhere", "other"} {
		j := running(id, c.now)
		j.BackupVaultName = aws.String(lo.Ternary(id == "elsewhere", "tin", "gold"))
		s.AddBackupJobs(j)
	}
	c.pass(2 * time.Hour)
	require.Empty(t, polled(t, w.All(t.Context()), idOf))

	c.pass(2 * time.Hour) // jobs that end have the message and the time only now, and one of them no time
	for _, id := range []string{"failed", "elsewhere", "other"} {
		s.UpdateBackupJob(id, func(j *types.BackupJob) {
			j.State, j.MessageCategory = types.BackupJobStateFailed, aws.String(lo.Ternary(id == "other", "SUCCESS", "AccessDenied"))
			j.CompletionDate = aws.Time(c.now.Add(-time.Hour - time.Minute))
		})
	}
	s.SetJobState("completed", "COMPLETED")
	require.Equal(t, []string{"failed"}, polled(t, w.All(t.Context()), idOf))
	for _, r := range asked(s) {
		require.NotContains(t, r, "messageCategory")
		require.NotContains(t, r, "state")
	}

	var of backupx.BackupJobFilter
	require.NoError(t, throughText(t, w.Checkpoint()).Filter(&of))
	require.Equal(t, f.String(), of.String())
}

func TestFollowRequests(t *testing.T) {
	c := newClock()
	s := c.account()
	jobs := clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now)
	copies := clientOf(s).FollowCopyJobs(backupx.CopyJobFilter{}, c.now)
	requests := func() (int, int) {
		s.ResetRequests()
		require.Empty(t, polled(t, jobs.All(t.Context()), idOf))
		n := s.RequestCount()
		require.Empty(t, polled(t, copies.All(t.Context()), copyID))
		return n, s.RequestCount() - n
	}
	expect := func(wantJobs, wantCopies int) {
		t.Helper()
		gotJobs, gotCopies := requests()
		require.Equal(t, []int{wantJobs, wantCopies}, []int{gotJobs, gotCopies})
	}
	expect(2, 2)
	created := c.pass(time.Minute)
	s.AddBackupJobs(running("job", created))
	s.AddCopyJobs(types.CopyJob{CopyJobId: aws.String("copy"), State: types.CopyJobStateRunning, CreationDate: &created})
	expect(2, 2)
	c.pass(30 * time.Minute)
	expect(2, 2)
	c.pass(2 * time.Hour)
	expect(2, 2) // created within the hour before the last poll
	expect(2+4, 2+2)
	expect(2+4, 2+2)
	s.Remove("job") // is looked for once, and forgotten
	s.Remove("copy")
	expect(2+4+1, 2+2+1)
	expect(2, 2)
}

func TestFollowFindsAnEndWithoutATime(t *testing.T) {
	c := newClock()
	s := c.account()
	w := clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now)
	s.AddBackupJobs(running("a", c.pass(time.Minute)), running("b", c.now.Add(3*time.Hour)))
	c.pass(10 * time.Hour)
	require.Empty(t, polled(t, w.All(t.Context()), idOf))
	c.pass(10 * 24 * time.Hour)
	for _, id := range []string{"a", "b"} {
		s.UpdateBackupJob(id, func(j *types.BackupJob) { j.State = types.BackupJobStateExpired })
	}
	require.ElementsMatch(t, []string{"a", "b"}, polled(t, w.All(t.Context()), idOf))
	require.Empty(t, polled(t, w.All(t.Context()), idOf))

	c.pass(24 * time.Hour)
	s.UpdateBackupJob("a", func(j *types.BackupJob) { j.CompletionDate = aws.Time(c.now) }) // its time comes late
	require.Empty(t, polled(t, w.All(t.Context()), idOf))
}

func TestFollowTellsAgainWhatEndsAnew(t *testing.T) {
	c := newClock()
	s := c.account()
	w := clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now)
	s.AddBackupJobs(running("soon", c.pass(time.Minute)), running("late", c.now))
	poll := func(want ...string) {
		t.Helper()
		require.ElementsMatch(t, want, polled(t, w.All(t.Context()), idOf))
	}
	back := func(j *types.BackupJob) { j.State, j.CompletionDate = types.BackupJobStateRunning, nil }
	c.pass(time.Minute)
	s.SetJobState("soon", "FAILED")
	s.SetJobState("late", "FAILED")
	poll("soon", "late")
	s.UpdateBackupJob("soon", back)
	s.UpdateBackupJob("late", back)
	c.pass(time.Minute)
	poll()
	s.SetJobState("soon", "FAILED") // within the hour: it is remembered
	c.pass(time.Minute)
	poll()
	c.pass(3 * time.Hour)
	poll()
	s.SetJobState("late", "FAILED")
	poll("late")
}

func TestFollowWithoutATimeOfTheServiceUsesTheClientsClock(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	var asked []time.Time
	api := jobsAnswer(func(in *backup.ListBackupJobsInput) *backup.ListBackupJobsOutput {
		asked = append(asked, aws.ToTime(in.ByCompleteAfter))
		return &backup.ListBackupJobsOutput{BackupJobs: []types.BackupJob{
			endedJob("job", types.BackupJobStateFailed, now.Add(-48*time.Hour), now), // whatever is asked
		}}
	})
	client := backupx.Client{Backup: api, Now: func() time.Time { return now }}
	w := client.FollowBackupJobs(backupx.BackupJobFilter{}, now.Add(-time.Hour))
	require.Equal(t, []string{"job"}, polled(t, w.All(t.Context()), idOf))
	for range 3 {
		now = now.Add(45 * time.Minute)
		require.Empty(t, polled(t, w.All(t.Context()), idOf))
	}
	require.Contains(t, asked, now.Add(-105*time.Minute), "an hour before the last poll")
}

// jobsAnswer is a stub of AWS Backup.
type jobsAnswer func(*backup.ListBackupJobsInput) *backup.ListBackupJobsOutput

func (f jobsAnswer) ListBackupJobs(_ context.Context, in *backup.ListBackupJobsInput, _ ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	return f(in), nil
}

func (f jobsAnswer) ListCopyJobs(context.Context, *backup.ListCopyJobsInput, ...func(*backup.Options)) (*backup.ListCopyJobsOutput, error) {
	return &backup.ListCopyJobsOutput{}, nil
}

func TestFollowCheckpointIsSmall(t *testing.T) {
	c := newClock()
	s := c.account()
	f := backupx.BackupJobFilter{}.States(types.BackupJobStateFailed, types.BackupJobStateExpired)
	begin := c.now.Add(-2 * time.Hour)
	length := func(w *backupx.Follower[types.BackupJob]) int { return len(textOf(t, w.Checkpoint())) }
	poll := func() (*backupx.Follower[types.BackupJob], int) {
		w := clientOf(s).FollowBackupJobs(f, begin)
		return w, len(polled(t, w.All(t.Context()), idOf))
	}
	w, _ := poll()
	empty := length(w)

	const n = 1000
	c.pass(time.Second)
	for i := range n {
		id := strconv.Itoa(i)
		s.AddBackupJobs(running("live"+id, c.now), endedJob("failed"+id, types.BackupJobStateFailed, c.now, c.now),
			endedJob("completed"+id, types.BackupJobStateCompleted, c.now, c.now))
		undated := running("undated"+id, c.now)
		undated.State = types.BackupJobStateExpired
		s.AddBackupJobs(undated)
	}
	c.pass(time.Minute)
	w, told := poll()
	require.Equal(t, 2*n, told)
	require.Less(t, length(w)-empty, 2*n*12+n*20)
	require.Greater(t, length(w)-empty, 2*n*8, "all are remembered")

	again := resumed(t, clientOf(s).FollowBackupJobs(f, begin), w.Checkpoint())
	require.Equal(t, textOf(t, w.Checkpoint()), textOf(t, again.Checkpoint()))
	require.Empty(t, polled(t, again.All(t.Context()), idOf))

	for i := range n {
		s.Remove("live" + strconv.Itoa(i))
	}
	c.pass(2 * time.Hour)
	require.Empty(t, polled(t, again.All(t.Context()), idOf))
	c.pass(2 * time.Hour)
	require.Empty(t, polled(t, again.All(t.Context()), idOf))
	require.Less(t, length(again)-empty, n*12+40, "those without a completion time are remembered for 30 days")
	for range 4 {
		c.pass(10 * 24 * time.Hour)
		require.Empty(t, polled(t, again.All(t.Context()), idOf))
	}
	require.Equal(t, empty, length(again))
}

func TestFollowBreaksAndFailures(t *testing.T) {
	c := newClock()
	s := c.account(fakeaws.WithPageSize(2))
	w := clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now)
	c.pass(time.Minute)
	for i := range 6 {
		s.AddBackupJobs(endedJob(strconv.Itoa(i), types.BackupJobStateFailed, c.now, c.now.Add(time.Duration(i)*time.Second)))
	}
	c.pass(time.Minute)
	told := take(t, w.All(t.Context()), 3)

	fault := s.Fault(fakeaws.Fault{Nth: 3, Do: fakeaws.AccessDenied()})
	more, err := drain(w.All(t.Context()))
	fault.Remove()
	var failed *backupx.ListError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, backupx.KindDenied, backupx.KindOf(err))
	require.Equal(t, len(more), failed.Delivered)
	require.Equal(t, "ListBackupJobs", failed.Operation)

	w = resumed(t, clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now), failed.Checkpoint)
	rest, err := drain(w.All(t.Context()))
	require.NoError(t, err)
	ids := lo.Map(append(append(told, more...), rest...), func(j types.BackupJob, _ int) string { return idOf(j) })
	require.ElementsMatch(t, []string{"0", "1", "2", "3", "4", "5"}, ids)
}

func TestFollowCheckpointInTheLoopCoversTheItem(t *testing.T) {
	c := newClock()
	s := c.account()
	s.AddBackupJobs(endedJob("a", types.BackupJobStateFailed, c.now, c.now), endedJob("b", types.BackupJobStateFailed, c.now, c.now))
	w := clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, time.Time{})
	told := 0
	for _, err := range w.All(t.Context()) {
		require.NoError(t, err)
		told++
		other := resumed(t, clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, time.Time{}), w.Checkpoint())
		require.Len(t, polled(t, other.All(t.Context()), idOf), 2-told)
		for _, err := range w.All(t.Context()) {
			require.ErrorContains(t, err, "being ranged over already")
		}
		require.ErrorContains(t, w.Resume(backupx.Checkpoint{}), "being ranged over already")
	}
	require.Equal(t, 2, told)
}

func TestFollowOfAnyListing(t *testing.T) {
	var since []time.Time
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	items := []string{"a", "b"}
	follow := func(name string) *backupx.Follower[string] {
		return backupx.Follow(name, now, same, func(at time.Time) backupx.Listing[string] {
			since = append(since, at)
			return (&shelf{items: items, size: 2}).list()
		})
	}
	w := follow("things")
	require.Equal(t, []string{"a", "b"}, polled(t, w.All(t.Context()), same))
	items = append(items, "c")
	require.Equal(t, []string{"c"}, polled(t, w.All(t.Context()), same))
	w = resumed(t, follow("things"), w.Checkpoint())
	require.Empty(t, polled(t, w.All(t.Context()), same))
	require.Equal(t, now, since[0])
	require.WithinDuration(t, time.Now().Add(-time.Hour), since[2], time.Minute)

	items = []string{"c"}
	require.Empty(t, polled(t, w.All(t.Context()), same))
	items = []string{"a"} // was not listed any longer, and is forgotten
	require.Equal(t, []string{"a"}, polled(t, w.All(t.Context()), same))

	err := follow("others").Resume(w.Checkpoint())
	require.ErrorIs(t, err, backupx.ErrCheckpoint)
	require.ErrorContains(t, err, "things, not others")
	var f backupx.BackupJobFilter
	require.ErrorIs(t, w.Checkpoint().Filter(&f), backupx.ErrCheckpoint)
}

func TestFollowOfMergedListings(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{HSM: runs()})
	client := clientOf(s)
	w := backupx.Follow("hsm", time.Time{}, hsmID, func(time.Time) backupx.Listing[hsmtypes.Backup] {
		return client.HSMBackups(backupx.HSMFilter{}.States("READY", "PENDING_DELETION")).Prefetch(1)
	})
	want, err := client.HSMBackups(backupx.HSMFilter{}.States("READY", "PENDING_DELETION")).Count(t.Context())
	require.NoError(t, err)
	require.Len(t, polled(t, w.All(t.Context()), hsmID), want)
	require.Empty(t, polled(t, w.All(t.Context()), hsmID))
}

func TestFollowRefusesBadInput(t *testing.T) {
	none := func(time.Time) backupx.Listing[string] { return newShelf("a", 3, 1).list() }
	now := time.Now()
	jobs := func(f backupx.BackupJobFilter) *backupx.Follower[types.BackupJob] {
		return clientOf(fakeaws.New(fakeaws.Data{})).FollowBackupJobs(f, now)
	}
	for want, w := range map[string]*backupx.Follower[string]{
		"backupx: Follow: it has no name":                                                                  backupx.Follow(" ", now, same, none),
		"backupx: x: Follow: a function is nil":                                                            backupx.Follow[string]("x", now, same, nil),
		"backupx: y: Follow: a function is nil":                                                            backupx.Follow("y", now, nil, none),
		"backupx: x: Parallel: 0: it must be at least 1":                                                   backupx.Follow("x", now, same, none).Parallel(0),
		"backupx: x: an item has no id":                                                                    backupx.Follow("x", now, func(string) string { return "" }, none),
		"backupx: x: the listing has its own Limit, which leaves items out":                                backupx.Follow("x", now, same, func(t time.Time) backupx.Listing[string] { return none(t).Limit(1) }),
		"backupx: x: the listing has its own StartAt, which leaves items out":                              backupx.Follow("x", now, same, func(t time.Time) backupx.Listing[string] { return none(t).StartAt("1") }),
		"backupx: the zero Follower follows nothing: make one with FollowBackupJobs, Follow or their like": new(backupx.Follower[string]),
	} {
		items, err := drain(w.All(t.Context()))
		require.Empty(t, items)
		require.EqualError(t, err, want)
		if want != "backupx: x: an item has no id" {
			require.Empty(t, textOf(t, backupx.Checkpoint{}))
		}
	}
	_, err := drain(jobs(backupx.BackupJobFilter{}.Vaults("")).All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrFilter)
	_, err = drain(jobs(backupx.BackupJobFilter{}.States(types.BackupJobStateRunning)).All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrFilter)
	require.ErrorContains(t, err, "RUNNING")
	_, err = drain(backupx.Client{}.FollowBackupJobs(backupx.BackupJobFilter{}, now).All(t.Context()))
	require.ErrorContains(t, err, "no backup client was given")
}

func TestFollowRefusesOthersCheckpoints(t *testing.T) {
	c := newClock()
	client := clientOf(c.account())
	f := backupx.BackupJobFilter{}.Vaults("gold")
	w := client.FollowBackupJobs(f, c.now)
	require.Empty(t, polled(t, w.All(t.Context()), idOf))
	fleet := backupx.FollowAcross(backupx.Fleet{{Name: "a", Client: client}}, func(s backupx.Source) *backupx.Follower[types.BackupJob] {
		return s.Client.FollowBackupJobs(f, c.now)
	})
	listing := client.BackupJobs(f).Cursor()
	require.Empty(t, polled(t, listing.All(t.Context()), idOf))

	for want, resume := range map[string]func() error{
		`vaults`: func() error {
			return client.FollowBackupJobs(backupx.BackupJobFilter{}.Vaults("tin"), c.now).Resume(w.Checkpoint())
		},
		"backup:ListBackupJobs, not backup:ListCopyJobs": func() error {
			return client.FollowCopyJobs(backupx.CopyJobFilter{}, c.now).Resume(w.Checkpoint())
		},
		"of a listing, not of a follower":         func() error { return w.Resume(throughText(t, listing.Checkpoint())) },
		"of a follower, not of a listing":         func() error { _, err := client.BackupJobs(f).Resume(throughText(t, w.Checkpoint())); return err },
		"FollowAcross, not backup:ListBackupJobs": func() error { return w.Resume(throughText(t, fleet.Checkpoint())) },
		"backup:ListBackupJobs, not FollowAcross": func() error { return fleet.Resume(throughText(t, w.Checkpoint())) },
	} {
		before := textOf(t, w.Checkpoint())
		err := resume()
		require.ErrorIs(t, err, backupx.ErrCheckpoint)
		require.ErrorContains(t, err, want)
		require.Equal(t, before, textOf(t, w.Checkpoint()))
	}
	_, err := w.Checkpoint().CLIToken()
	require.ErrorIs(t, err, backupx.ErrCheckpoint)
	require.False(t, w.Checkpoint().Done())
	require.NoError(t, w.Resume(backupx.Checkpoint{}))
}

// fleetOfAccounts returns sources with the names, each with an account of its own.
func fleetOfAccounts(c *clock, names ...string) (backupx.Fleet, map[string]*fakeaws.Service) {
	services := map[string]*fakeaws.Service{}
	return lo.Map(names, func(name string, _ int) backupx.Source {
		services[name] = c.account()
		return backupx.Source{Name: name, Client: clientOf(services[name])}
	}), services
}

func (c *clock) followFailed(fleet backupx.Fleet) *backupx.Follower[backupx.Sourced[types.BackupJob]] {
	begin := c.now
	return backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[types.BackupJob] {
		return s.Client.FollowBackupJobs(backupx.BackupJobFilter{}.States(types.BackupJobStateFailed), begin)
	})
}

func sourcedID(v backupx.Sourced[types.BackupJob]) string { return v.Source + "/" + idOf(v.Item) }

func TestFollowAcrossKeepsAPlaceForEachSource(t *testing.T) {
	c := newClock()
	fleet, services := fleetOfAccounts(c, "a", "b", "c")
	w := c.followFailed(fleet).Parallel(4)
	for name, s := range services {
		s.AddBackupJobs(endedJob(name, types.BackupJobStateFailed, c.now, c.now.Add(time.Minute)))
	}
	denied := services["b"].Fault(fakeaws.Fault{Do: fakeaws.AccessDenied()})
	c.pass(time.Hour)
	items, err := drain(w.All(t.Context()))
	require.ElementsMatch(t, []string{"a/a", "c/c"}, lo.Map(items, func(v backupx.Sourced[types.BackupJob], _ int) string { return sourcedID(v) }))
	var failed backupx.SourceErrors
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "b", failed[0].Source)
	require.Equal(t, backupx.KindDenied, failed[0].Kind)

	size := 0
	for day := range 29 {
		c.pass(24 * time.Hour)
		services["a"].ResetRequests()
		items, err = drain(w.All(t.Context()))
		require.Empty(t, items)
		require.Error(t, err)
		require.Equal(t, 2, services["a"].RequestCount())
		if text := len(textOf(t, w.Checkpoint())); day == 0 {
			size = text
		} else {
			require.Equal(t, size, text)
		}
		w = resumed(t, c.followFailed(fleet), w.Checkpoint())
	}
	denied.Remove()
	services["b"].AddBackupJobs(endedJob("new", types.BackupJobStateFailed, c.now, c.now))
	c.pass(time.Hour)
	require.ElementsMatch(t, []string{"b/b", "b/new"}, polled(t, resumed(t, c.followFailed(fleet), w.Checkpoint()).All(t.Context()), sourcedID))
}

func TestFollowAcrossMatchesSourcesByName(t *testing.T) {
	c := newClock()
	fleet, services := fleetOfAccounts(c, "a", "b", "c")
	w := c.followFailed(fleet[:2])
	require.Empty(t, polled(t, w.All(t.Context()), sourcedID))
	for name, s := range services {
		s.AddBackupJobs(endedJob(name, types.BackupJobStateFailed, c.now, c.now.Add(time.Minute)))
	}
	c.pass(3 * time.Hour)
	w = resumed(t, c.followFailed(backupx.Fleet{fleet[2], fleet[0]}), w.Checkpoint()) // b is gone, c is new
	require.Equal(t, []string{"a/a"}, polled(t, w.All(t.Context()), sourcedID), "c begins now")
	w = resumed(t, c.followFailed(backupx.Fleet{fleet[2], fleet[1], fleet[0]}), w.Checkpoint())
	require.Equal(t, []string{"b/b"}, polled(t, w.All(t.Context()), sourcedID), "b is back")

	w = resumed(t, c.followFailed(fleet[:1]), w.Checkpoint())
	with := len(textOf(t, w.Checkpoint()))
	c.pass(31 * 24 * time.Hour)
	require.Empty(t, polled(t, w.All(t.Context()), sourcedID))
	require.Less(t, len(textOf(t, w.Checkpoint())), with-40, "what is gone for 30 days is forgotten")
	require.Empty(t, polled(t, resumed(t, c.followFailed(nil), c.followFailed(nil).Checkpoint()).All(t.Context()), sourcedID))
}

func TestFollowAcrossRefusesBadInput(t *testing.T) {
	c := newClock()
	fleet, _ := fleetOfAccounts(c, "a", "b")
	one := fleet[0].Client.FollowBackupJobs(backupx.BackupJobFilter{}, c.now)
	type follower = backupx.Follower[types.BackupJob]
	for want, w := range map[string]*backupx.Follower[backupx.Sourced[types.BackupJob]]{
		"the function is nil":                              backupx.FollowAcross[types.BackupJob](fleet, nil),
		"a: the function returned no follower":             backupx.FollowAcross(fleet, func(backupx.Source) *follower { return nil }),
		"b: the function returned the follower of a again": backupx.FollowAcross(fleet, func(backupx.Source) *follower { return one }),
		"a: the zero Follower follows nothing":             backupx.FollowAcross(fleet, func(backupx.Source) *follower { return new(follower) }),
		`two sources are named "a"`:                        c.followFailed(backupx.Fleet{fleet[0], fleet[0]}),
	} {
		_, err := drain(w.All(t.Context()))
		require.ErrorContains(t, err, "backupx: FollowAcross: "+want)
		require.ErrorContains(t, w.Resume(backupx.Checkpoint{}), want)
	}
	nested := backupx.FollowAcross(fleet, func(backupx.Source) *backupx.Follower[backupx.Sourced[types.BackupJob]] { return c.followFailed(fleet) })
	_, err := drain(nested.All(t.Context()))
	require.ErrorContains(t, err, "make one fleet of all sources")
}

func TestFollowAcrossOneSourceFailsByAnItem(t *testing.T) {
	c := newClock()
	fleet, _ := fleetOfAccounts(c, "a", "b")
	nameless, since := "x-001", map[string][]time.Time{}
	w := backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[string] {
		id := func(v string) string { return lo.Ternary(s.Name == "a" && v == nameless, "", v) }
		return backupx.Follow("things", c.now, id, func(at time.Time) backupx.Listing[string] {
			since[s.Name] = append(since[s.Name], at)
			return newShelf("x", 3, 1).list()
		})
	})
	named := func(v backupx.Sourced[string]) string { return v.Source + v.Item }
	items, err := drain(w.All(t.Context()))
	require.EqualError(t, err, "backupx: FollowAcross: 1 source failed: a: other: things: an item has no id")
	require.Equal(t, []string{"ax-000", "bx-000", "bx-001", "bx-002"}, lo.Map(items, func(v backupx.Sourced[string], _ int) string { return named(v) }))
	nameless = ""
	require.Equal(t, []string{"ax-001", "ax-002"}, polled(t, w.All(t.Context()), named))
	require.Equal(t, []time.Time{c.now, c.now}, since["a"], "the first poll of a did not come to its end")
	require.NotEqual(t, since["b"][0], since["b"][1])
}

func TestFollowEndsWithItsContext(t *testing.T) {
	c := newClock()
	fleet, services := fleetOfAccounts(c, "a", "b")
	w := c.followFailed(fleet)
	for name, s := range services {
		s.AddBackupJobs(endedJob(name, types.BackupJobStateFailed, c.now, c.now.Add(time.Minute)))
	}
	c.pass(time.Hour)
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	_, err := drain(w.All(ctx))
	require.ErrorIs(t, err, gone)
	require.ErrorIs(t, err, context.Canceled)
	require.ElementsMatch(t, []string{"a/a", "b/b"}, polled(t, w.All(t.Context()), sourcedID))
}

func TestFollowUsesTheTimeOfTheService(t *testing.T) {
	c := newClock()
	s := c.account()
	client := clientOf(s)
	client.Now = func() time.Time { return c.now.AddDate(1, 0, 0) } // a clock that is ahead
	w := client.FollowBackupJobs(backupx.BackupJobFilter{}, c.now)
	require.Empty(t, polled(t, w.All(t.Context()), idOf))
	s.AddBackupJobs(endedJob("job", types.BackupJobStateFailed, c.now, c.pass(time.Minute)))
	require.Equal(t, []string{"job"}, polled(t, w.All(t.Context()), idOf))
}

func TestFollowTakesNoForgedText(t *testing.T) {
	text := func(json string, hashes ...byte) []byte { return checksummed(t, []byte(json), hashes...) }
	eight := make([]byte, 8)
	for _, forged := range [][]byte{
		text(`{"id":{"op":"x"},"follow":[]}`),
		text(`{"id":{"op":"x"},"follow":[{},{}]}`),
		text(`{"id":{"op":"x"},"follow":[{"told":1}]}`),
		text(`{"id":{"op":"x"},"follow":[{"told":-1}]}`, eight...),
		text(`{"id":{"op":"x"},"follow":[{"told":1,"live":1}]}`, eight...),
		text(`{"id":{"op":"x"},"follow":[{}]}`, eight...),
		text(`{"id":{"op":"x"},"opened":true}`, eight...),
		text(`{"id":{"op":"x"},"opened":true,"follow":[{}]}`),
		text(`{"id":{"op":"x"},"follow":[{"told":1152921504606846977}]}`, eight...),
		text(`{"id":{"op":"x"},"follow":[{"noted":[{"day":0,"count":1}]}]}`, eight...),
		text(`{"id":{"op":"x"},"follow":[{"noted":[{"day":2,"count":1},{"day":3,"count":0}]}]}`, eight...),
		text(`{"id":{"op":"x"},"follow":[{"noted":[{"day":2,"count":1},{"day":2,"count":1}]}]}`, append(eight, eight...)...),
		text(`{"id":{"op":"x"},"start":{},"follow":[{}]}`),
		text(`{"id":{"op":"x"},"chains":{"":{}},"follow":[{}]}`),
		text(`{"id":{"op":"x"},"seen":{"":""},"follow":[{}]}`),
		text(`{"id":{"op":"FollowAcross","parts":[{"op":"x","sources":["a","a"]}]},"follow":[{},{}]}`),
		text(`{"id":{"op":"FollowAcross","parts":[{"op":"x","sources":["a"]}]},"follow":[]}`),
		text(`{"id":{"op":"FollowAcross","parts":[{"op":"x"}]},"follow":[{}]}`),
		text(`{"id":{"op":"x"},"follow":[{"unknown":1}]}`),
	} {
		var cp backupx.Checkpoint
		require.ErrorIs(t, cp.UnmarshalText(forged), backupx.ErrCheckpoint, "%s", forged)
	}
	var cp backupx.Checkpoint
	require.NoError(t, cp.UnmarshalText(text(`{"id":{"op":"x"},"follow":[{"told":1}]}`, eight...)))
	require.NoError(t, cp.UnmarshalText(text(`{"id":{"op":"FollowAcross"},"follow":[]}`)))
}
