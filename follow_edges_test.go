package backupx_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// A filter whose creation times end before what a poll looks back to goes on to tell what ends.
func TestFollowAfterTheCreationTimesOfTheFilter(t *testing.T) {
	begin := newClock().now
	for want, f := range map[string]backupx.BackupJobFilter{
		"before":  backupx.BackupJobFilter{}.CreatedBefore(begin.Add(time.Hour)),
		"between": backupx.BackupJobFilter{}.CreatedBetween(begin.Add(-time.Hour), begin.Add(time.Hour)),
	} {
		t.Run(want, func(t *testing.T) {
			c := newClock()
			s := c.account()
			w := clientOf(s).FollowBackupJobs(f, begin)
			s.AddBackupJobs(running("dated", c.pass(time.Minute)), running("undated", c.now))
			for range 5 {
				c.pass(5 * time.Hour)
				require.Empty(t, polled(t, w.All(t.Context()), idOf))
			}
			s.SetJobState("dated", "FAILED")
			s.UpdateBackupJob("undated", func(j *types.BackupJob) { j.State = types.BackupJobStateExpired })
			require.ElementsMatch(t, []string{"dated", "undated"}, polled(t, w.All(t.Context()), idOf))
			require.Empty(t, polled(t, w.All(t.Context()), idOf))
		})
	}
}

// The polls after the first look back an hour, but not to before the follower began.
func TestFollowTellsNothingThatEndedBeforeItBegan(t *testing.T) {
	c := newClock()
	s := c.account()
	begin := c.now
	s.AddBackupJobs(
		endedJob("before", types.BackupJobStateFailed, begin.Add(-40*time.Minute), begin.Add(-30*time.Minute)),
		running("under way", begin.Add(-40*time.Minute)),
	)
	w := clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, begin)
	for range 3 {
		require.Empty(t, polled(t, w.All(t.Context()), idOf))
		c.pass(time.Minute)
		w = resumed(t, clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now), w.Checkpoint())
	}
	s.SetJobState("under way", "FAILED")
	require.Equal(t, []string{"under way"}, polled(t, w.All(t.Context()), idOf))

	c.pass(3 * time.Hour)
	require.Empty(t, polled(t, w.All(t.Context()), idOf))
	c.pass(3 * time.Hour)
	require.Empty(t, polled(t, w.All(t.Context()), idOf))
	text := payloadOf([]byte(textOf(t, w.Checkpoint())))
	require.Contains(t, text, `"mark"`)
	require.NotContains(t, text, `"from"`, "the beginning is not remembered for ever")
}

func TestFollowOfAFilterThatMatchesNothingSendsNothing(t *testing.T) {
	c := newClock()
	s := c.account()
	s.AddBackupJobs(running("job", c.now))
	for _, f := range []backupx.BackupJobFilter{
		backupx.BackupJobFilter{}.States(), backupx.BackupJobFilter{}.MessageCategories(), backupx.BackupJobFilter{}.Vaults(),
		backupx.BackupJobFilter{}.States("FAILED").States("COMPLETED").CompletedBefore(c.now.AddDate(0, 0, -1)),
	} {
		w := clientOf(s).FollowBackupJobs(f, c.now)
		for range 2 {
			require.Empty(t, polled(t, w.All(t.Context()), idOf))
			require.Zero(t, s.RequestCount(), f.String())
		}
	}
}

// With many values in the filter, the requests for the jobs under way have their states too.
func TestFollowAsksForTheStatesUnderWay(t *testing.T) {
	c := newClock()
	s := c.account()
	f := backupx.BackupJobFilter{}.Vaults("a", "b", "c", "d", "e").IDs("job", "other")
	w := clientOf(s).FollowBackupJobs(f, c.now)
	j := running("job", c.pass(time.Minute))
	j.BackupVaultName = aws.String("e")
	s.AddBackupJobs(j)
	for range 2 {
		c.pass(2 * time.Hour)
		require.Empty(t, polled(t, w.All(t.Context()), idOf))
	}
	s.ResetRequests()
	require.Empty(t, polled(t, w.All(t.Context()), idOf))
	states := lo.CountValues(lo.Map(s.Requests(), func(r fakeaws.Request, _ int) string { return r.Parameter("state") }))
	require.Equal(t, map[string]int{"": 10, "CREATED": 5, "PENDING": 5, "RUNNING": 5, "ABORTING": 5}, states)
}

// A state that AWS adds later is looked for by creation time, because no request can name it.
func TestFollowOfAStateThatIsNotKnown(t *testing.T) {
	c := newClock()
	s := c.account()
	w := clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now)
	j := running("job", c.pass(time.Minute))
	j.State = "THINKING"
	s.AddBackupJobs(j, running("other", c.now.Add(time.Minute)))
	for range 3 {
		c.pass(5 * time.Hour)
		require.Empty(t, polled(t, w.All(t.Context()), idOf))
	}
	s.SetJobState("job", "COMPLETED")
	require.Equal(t, []string{"job"}, polled(t, w.All(t.Context()), idOf))
}

// A service behind which several hosts have different clocks: the earliest time counts.
func TestFollowUsesTheEarliestTimeOfAPoll(t *testing.T) {
	c := newClock()
	requests := 0
	s := fakeaws.New(fakeaws.Data{}, fakeaws.WithClock(func() time.Time {
		return c.now.Add(lo.Ternary(requests == 1, 5*time.Hour, 0))
	}), fakeaws.WithFaults(fakeaws.Fault{When: func(fakeaws.Request) bool { requests++; return false }}))
	w := clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now)
	require.Empty(t, polled(t, w.All(t.Context()), idOf))
	require.Equal(t, 2, requests)
	s.AddBackupJobs(endedJob("job", types.BackupJobStateFailed, c.pass(time.Minute), c.now))
	c.pass(time.Minute)
	require.Equal(t, []string{"job"}, polled(t, w.All(t.Context()), idOf))
}

func TestFollowHasAnyName(t *testing.T) {
	for _, name := range []string{"FollowAcross", "backup:ListBackupJobs", "Across", "ü/\xff", strconv.Quote("a")} {
		follow := func() *backupx.Follower[string] {
			return backupx.Follow(name, time.Time{}, same, func(time.Time) backupx.Listing[string] { return newShelf("a", 3, 1).list() })
		}
		w := follow()
		require.Len(t, polled(t, w.All(t.Context()), same), 3)
		w = resumed(t, follow(), w.Checkpoint())
		require.Empty(t, polled(t, w.All(t.Context()), same), name)
		fleet := backupx.FollowAcross(backupx.Fleet{{Name: "x"}}, func(backupx.Source) *backupx.Follower[string] { return follow() })
		require.ErrorIs(t, fleet.Resume(w.Checkpoint()), backupx.ErrCheckpoint, name)
		require.ErrorIs(t, follow().Resume(fleet.Checkpoint()), backupx.ErrCheckpoint, name)
	}
}

// The listing of a source may be a fleet, and then the name of one of its sources may be that of another source.
func TestFollowAcrossOfSourcesWithFleets(t *testing.T) {
	c := newClock()
	fleet, services := fleetOfAccounts(c, "prod/x", "x")
	jobs := func(f backupx.BackupJobFilter) func(backupx.Client) backupx.Listing[types.BackupJob] {
		return func(c backupx.Client) backupx.Listing[types.BackupJob] { return c.BackupJobs(f) }
	}
	begin := c.now
	w := backupx.FollowAcross(backupx.Fleet{{Name: "prod"}, {Name: "prod/x"}}, func(s backupx.Source) *backupx.Follower[string] {
		return backupx.Follow("things", begin, same, func(at time.Time) backupx.Listing[string] {
			listed := lo.Ternary(s.Name == "prod", fleet[1:], fleet[:1])
			return backupx.Map(backupx.Across(listed, jobs(backupx.BackupJobFilter{}.CreatedAfter(at))), sourcedID)
		})
	})
	c.pass(time.Minute)
	for name, s := range services {
		s.AddBackupJobs(endedJob("of "+name, types.BackupJobStateFailed, c.now, c.now))
	}
	denied := services["x"].Fault(fakeaws.Fault{Do: fakeaws.AccessDenied()})
	c.pass(2 * time.Hour)
	items, err := drain(w.All(t.Context()))
	require.ErrorContains(t, err, "prod/x: denied")
	require.Len(t, items, 1)
	denied.Remove()
	c.pass(2 * time.Hour)
	require.Equal(t, []string{"x/of x"}, polled(t, w.All(t.Context()), func(v backupx.Sourced[string]) string { return v.Item }))
}

// A source that was never polled to its end and is not in the fleet for a while goes on where it was.
func TestFollowAcrossRemembersASourceThatBegan(t *testing.T) {
	c := newClock()
	fleet, services := fleetOfAccounts(c, "a", "b")
	w := c.followFailed(fleet)
	for i := range 4 {
		services["b"].AddBackupJobs(endedJob(strconv.Itoa(i), types.BackupJobStateFailed, c.pass(time.Minute), c.now))
	}
	require.Len(t, take(t, w.All(t.Context()), 2), 2)
	w = resumed(t, c.followFailed(fleet[:1]), w.Checkpoint())
	require.Empty(t, polled(t, w.All(t.Context()), sourcedID))
	c.pass(time.Hour)
	w = resumed(t, c.followFailed(fleet), w.Checkpoint())
	require.Len(t, polled(t, w.All(t.Context()), sourcedID), 2)
}

func TestFollowAcrossCostsNoMoreSideBySide(t *testing.T) {
	c := newClock()
	fleet, services := fleetOfAccounts(c, "a", "b", "c")
	w := c.followFailed(fleet).Parallel(8)
	services["a"].AddBackupJobs(running("old", c.pass(time.Minute)))
	poll := func() []int {
		for _, s := range services {
			s.ResetRequests()
		}
		require.Empty(t, polled(t, w.All(t.Context()), sourcedID))
		return lo.Map([]string{"a", "b", "c"}, func(name string, _ int) int { return services[name].RequestCount() })
	}
	require.Equal(t, []int{2, 2, 2}, poll())
	c.pass(5 * time.Hour)
	poll()
	require.Equal(t, []int{6, 2, 2}, poll())
}

// Whatever ends a range, the next one can begin.
func TestFollowAfterAPanic(t *testing.T) {
	panics := true
	w := backupx.Follow("x", time.Time{}, same, func(time.Time) backupx.Listing[string] {
		if panics {
			panic("list")
		}
		return newShelf("a", 3, 1).list()
	})
	require.PanicsWithValue(t, "list", func() { _, _ = drain(w.All(t.Context())) })
	panics = false
	require.PanicsWithValue(t, "body", func() {
		for range w.All(t.Context()) {
			panic("body")
		}
	})
	require.Equal(t, []string{"a-001", "a-002"}, polled(t, w.All(t.Context()), same), "the first was delivered")

	zero := backupx.Follow("x", time.Time{}, same, func(time.Time) backupx.Listing[string] { return backupx.Listing[string]{} })
	_, err := drain(zero.All(t.Context()))
	require.ErrorContains(t, err, "the zero Listing lists nothing")
	require.False(t, zero.Checkpoint().Done())
}

// Jobs at the edges of what polls look at, in each order of the services' answers.
func TestFollowInTheMillisecondOfThePoll(t *testing.T) {
	for _, opts := range [][]fakeaws.Option{
		nil,
		{fakeaws.WithInclusiveTimes()},
		{fakeaws.WithTimeResolution(time.Second)},
		{fakeaws.WithInclusiveTimes(), fakeaws.WithTimeResolution(time.Second)},
	} {
		c := newClock()
		s := c.account(opts...)
		w := clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now)
		c.pass(time.Hour + 999*time.Millisecond)
		var told []string
		for i := range 5 {
			id := strconv.Itoa(i)
			s.AddBackupJobs(endedJob("before"+id, types.BackupJobStateFailed, c.now, c.now))
			told = append(told, polled(t, w.All(t.Context()), idOf)...)
			s.AddBackupJobs(endedJob("after"+id, types.BackupJobStateFailed, c.now, c.now))
			c.pass(time.Hour - time.Millisecond)
		}
		told = append(told, polled(t, w.All(t.Context()), idOf)...)
		require.Len(t, told, 10)
		slices.Sort(told)
		require.Len(t, slices.Compact(told), 10)
	}
}

// A later process may pass another beginning, such as the time at which it runs: the checkpoint says where to go on.
func TestFollowGoesOnWhereverALaterRunWouldBegin(t *testing.T) {
	c := newClock()
	s := c.account()
	follow := func() *backupx.Follower[types.BackupJob] {
		return clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now)
	}
	w := follow()
	require.Empty(t, polled(t, w.All(t.Context()), idOf))
	for i := range 3 {
		c.pass(10 * time.Hour)
		s.AddBackupJobs(endedJob(strconv.Itoa(i), types.BackupJobStateFailed, c.now, c.now))
		c.pass(30 * time.Minute)
		w = resumed(t, follow(), w.Checkpoint())
		require.Len(t, polled(t, w.All(t.Context()), idOf), 1)
	}
}

// A poll looks for the jobs that are under way no longer between their creation times.
func TestFollowLooksForWhatIsUnderWayNoLonger(t *testing.T) {
	c := newClock()
	s := c.account()
	w := clientOf(s).FollowBackupJobs(backupx.BackupJobFilter{}, c.now)
	s.AddBackupJobs(running("a", c.pass(time.Minute)), running("b", c.now.Add(time.Hour+500*time.Millisecond)), running("c", c.now.Add(2*time.Hour)))
	for range 2 {
		c.pass(5 * time.Hour)
		require.Empty(t, polled(t, w.All(t.Context()), idOf))
	}
	for _, id := range []string{"a", "b"} {
		s.UpdateBackupJob(id, func(j *types.BackupJob) { j.State = types.BackupJobStateExpired })
	}
	s.ResetRequests()
	require.ElementsMatch(t, []string{"a", "b"}, polled(t, w.All(t.Context()), idOf))
	all := asked(s)
	require.Equal(t, map[string]string{"createdAfter": "2026-03-10T12:00:58Z", "createdBefore": "2026-03-10T13:01:02Z"}, all[len(all)-1])
}

// A service that passes over times, as stubs may do, lists everything in each answer. Jobs may have no creation time there.
func TestFollowOfAServiceThatPassesOverTimes(t *testing.T) {
	now := newClock().now
	job := types.BackupJob{BackupJobId: aws.String("undated"), State: types.BackupJobStateRunning}
	late := running("late", now)
	old := endedJob("old", types.BackupJobStateFailed, now.AddDate(0, 0, -3), now.AddDate(0, 0, -3))
	requests := 0
	client := backupx.Client{Now: func() time.Time { return now }, Backup: jobsAnswer(func(*backup.ListBackupJobsInput) *backup.ListBackupJobsOutput {
		requests++
		return &backup.ListBackupJobsOutput{BackupJobs: []types.BackupJob{job, late, old}}
	})}
	w := client.FollowBackupJobs(backupx.BackupJobFilter{}, now)
	for range 3 {
		require.Empty(t, polled(t, w.All(t.Context()), idOf))
		now = now.Add(5 * time.Hour)
	}
	require.Equal(t, 6, requests)
	job.State, late = types.BackupJobStateExpired, endedJob("late", types.BackupJobStateFailed, *late.CreationDate, now.Add(-12*time.Hour))
	require.ElementsMatch(t, []string{"undated", "late"}, polled(t, w.All(t.Context()), idOf))
	for range 3 {
		require.Empty(t, polled(t, w.All(t.Context()), idOf))
		now = now.Add(5 * time.Hour)
	}
}

// A fleet within the listing of one follower fails as a whole: what failed is listed again.
func TestFollowOfAListingOfAFleet(t *testing.T) {
	c := newClock()
	fleet, services := fleetOfAccounts(c, "a", "b")
	var since []time.Time
	w := backupx.Follow("jobs", c.now, sourcedID, func(at time.Time) backupx.Listing[backupx.Sourced[types.BackupJob]] {
		since = append(since, at)
		return backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
			return c.BackupJobs(backupx.BackupJobFilter{}.CreatedAfter(at))
		})
	})
	for name, s := range services {
		s.AddBackupJobs(endedJob(name, types.BackupJobStateFailed, c.now.Add(time.Minute), c.now.Add(time.Minute)))
	}
	denied := services["a"].Fault(fakeaws.Fault{Do: fakeaws.AccessDenied()})
	c.pass(time.Hour)
	items, err := drain(w.All(t.Context()))
	require.Len(t, items, 1)
	require.ErrorContains(t, err, "1 source failed: a: denied")
	denied.Remove()
	require.Equal(t, []string{"a/a"}, polled(t, w.All(t.Context()), sourcedID))
	require.Empty(t, polled(t, w.All(t.Context()), sourcedID))
	require.Equal(t, []time.Time{since[0], since[0], c.now.Add(-time.Hour)}, since)
}

// An error that ends the range in a later step names the sources that failed before.
func TestFollowAcrossEndsAfterASourceFailed(t *testing.T) {
	c := newClock()
	fleet, services := fleetOfAccounts(c, "a", "b")
	w := c.followFailed(fleet)
	services["a"].AddBackupJobs(running("old", c.pass(time.Minute)))
	for range 2 {
		c.pass(5 * time.Hour)
		require.Empty(t, polled(t, w.All(t.Context()), sourcedID))
	}
	services["b"].Fault(fakeaws.Fault{Do: fakeaws.AccessDenied()})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	services["a"].Fault(fakeaws.Fault{When: func(r fakeaws.Request) bool {
		if r.Parameter("state") != "" {
			cancel()
		}
		return false
	}})
	_, err := drain(w.All(ctx))
	require.ErrorIs(t, err, context.Canceled)
	var failed backupx.SourceErrors
	require.ErrorAs(t, err, &failed)
	require.Equal(t, []string{"b"}, lo.Map(failed, func(e *backupx.SourceError, _ int) string { return e.Source }))
}

// Sources that follow different filters are in groups in the text, and each gets its own place back.
func TestFollowAcrossOfDifferentFilters(t *testing.T) {
	c := newClock()
	fleet, services := fleetOfAccounts(c, "a", "b", "c", "d")
	begin := c.now
	follow := func(vaults string) *backupx.Follower[backupx.Sourced[types.BackupJob]] {
		return backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[types.BackupJob] {
			f := backupx.BackupJobFilter{}
			if i := slices.Index([]string{"a", "b", "c", "d"}, s.Name); vaults[i] != ' ' {
				f = f.Vaults(vaults[i : i+1])
			}
			return s.Client.FollowBackupJobs(f, begin)
		})
	}
	for name, s := range services {
		for i := range int(name[0] - 'a' + 1) {
			j := endedJob(name+strconv.Itoa(i), types.BackupJobStateFailed, c.now.Add(time.Minute), c.now.Add(time.Minute))
			j.BackupVaultName = aws.String("v")
			s.AddBackupJobs(j)
		}
	}
	c.pass(time.Hour)
	w := follow("v v ")
	require.Len(t, polled(t, w.All(t.Context()), sourcedID), 10)
	text := textOf(t, w.Checkpoint())
	w = resumed(t, follow("v v "), w.Checkpoint())
	require.Equal(t, text, textOf(t, w.Checkpoint()))
	require.Empty(t, polled(t, w.All(t.Context()), sourcedID))
	require.Equal(t, 1, strings.Count(payloadOf([]byte(textOf(t, follow("v v ").Checkpoint()))), `"vaults"`))

	err := follow("vxv ").Resume(w.Checkpoint())
	require.ErrorIs(t, err, backupx.ErrCheckpoint)
	require.EqualError(t, err, `backupx: FollowAcross: checkpoint cannot be used: source "b": it is of the filter BackupJobFilter{}, not BackupJobFilter{vaults: x}`)
	one := clientOf(services["a"])
	err = one.FollowBackupJobs(backupx.BackupJobFilter{}.Vaults("x"), begin).Resume(one.FollowBackupJobs(backupx.BackupJobFilter{}, begin).Checkpoint())
	require.EqualError(t, err, `backupx: FollowBackupJobs: checkpoint cannot be used: it is of the filter BackupJobFilter{}, not BackupJobFilter{vaults: x}`)
}

// The zero Checkpoint is the beginning, also for a follower that has polled.
func TestFollowResumesFromTheBeginning(t *testing.T) {
	c := newClock()
	fleet, services := fleetOfAccounts(c, "a", "b")
	w := c.followFailed(fleet)
	beginning := textOf(t, w.Checkpoint())
	for name, s := range services {
		s.AddBackupJobs(endedJob(name, types.BackupJobStateFailed, c.now.Add(time.Minute), c.now.Add(time.Minute)))
	}
	c.pass(time.Hour)
	require.Len(t, polled(t, w.All(t.Context()), sourcedID), 2)
	w = resumed(t, c.followFailed(fleet[:1]), w.Checkpoint())
	require.NoError(t, w.Resume(backupx.Checkpoint{}))
	require.Equal(t, textOf(t, c.followFailed(fleet[:1]).Checkpoint()), textOf(t, w.Checkpoint()), "no source is remembered")
	w = c.followFailed(fleet)
	require.NoError(t, w.Resume(backupx.Checkpoint{}))
	require.Equal(t, beginning, textOf(t, w.Checkpoint()))
	one := clientOf(services["a"]).FollowBackupJobs(backupx.BackupJobFilter{}, c.now.Add(-time.Hour))
	for range 2 {
		require.Len(t, polled(t, one.All(t.Context()), idOf), 1)
		require.NoError(t, one.Resume(backupx.Checkpoint{}))
	}

	bad := backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[types.BackupJob] {
		return s.Client.FollowBackupJobs(backupx.BackupJobFilter{}.States("RUNNING"), c.now)
	})
	require.Empty(t, textOf(t, bad.Checkpoint()))
	_, err := drain(bad.Parallel(0).All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrFilter, "the first error counts")
}

func TestFollowAcrossSideBySide(t *testing.T) {
	c := newClock()
	s := c.account(fakeaws.WithLatency(20 * time.Millisecond))
	fleet := backupx.Fleet{{Name: "a", Config: s.Config()}, {Name: "b", Config: s.Config()}}
	for _, n := range []int{1, 2} {
		w := c.followFailed(fleet).Parallel(n)
		s.ResetRequests()
		require.Empty(t, polled(t, w.All(t.Context()), sourcedID))
		require.Equal(t, n, s.MostUnderWay())
	}
}
