package backupx

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/filters"
)

// Follower tells what is new: each range over [Follower.All] is a poll, which delivers the jobs that have ended since the
// last poll. [Client.FollowBackupJobs] and [Client.FollowCopyJobs] follow jobs, [Follow] follows any listing, and
// [FollowAcross] a fleet. What a follower remembers is text, its [Checkpoint], so that the next poll may run in another
// process:
//
//	follower := client.FollowBackupJobs(backupx.BackupJobFilter{}.Unsuccessful(), yesterday)
//	if err := follower.Resume(saved); err != nil {
//		return err
//	}
//	for job, err := range follower.All(ctx) { … } // then save follower.Checkpoint()
//
// A job is told once, when it has ended:
//
//   - Never missed, if the service lists the job, in whatever state, within an hour of its creation, and if a poll comes to
//     its end at least every 29 days, and while the service still lists the ended job: AWS Backup does so for 30 days after
//     the creation. It does not matter how late its end shows, or whether it has a completion time. Of the jobs that were
//     created before the follower began, those are told that complete after it and show that within an hour. A job that
//     completed before the follower began is not told.
//   - Never twice while it is remembered. A job that goes back to a state in which it is under way, and ends again when its
//     creation and its first end are more than an hour ago, is told again.
//   - At least once if the process ends between the delivery of a job and the saving of the checkpoint.
//
// A follower remembers the jobs told of within the hour before its last poll (8 bytes each), those that ended without a
// completion time, for 30 days, and the jobs under way (12 bytes each). A poll that finds nothing new takes two requests.
// While a job that was created more than an hour ago is under way, it takes one more for each state in which jobs are under
// way: six for backup jobs, four for copy jobs.
//
// The time of a poll is the earliest that the service states in its answers. Where answers have none, as those of stubs and
// of cassettes, it is that of [Client.Now]; if this clock was ahead, what ended in the meantime is lost.
//
// A follower must be used by one goroutine only. The zero value follows nothing: its ranges yield an error.
type Follower[T any] struct {
	name     string // as errors and checkpoints have it
	places   []*followed[T]
	fleet    bool         // the places are sources, which fail by themselves
	parallel *int         // nil: one source after another
	absent   []savedPlace // of sources that the checkpoint has and the fleet has not
	active   bool
	err      error
}

// errFollowsNothing is the error of a zero Follower.
var errFollowsNothing = errors.New("the zero Follower follows nothing: make one with FollowBackupJobs, Follow or their like")

// FollowBackupJobs follows the backup jobs of a filter, see [Follower]. The filter's States choose among the ended jobs;
// states in which a job is under way are an error ([ErrFilter]) if there are no others. The follower begins at since
// where it has no checkpoint: the first poll tells the jobs that have ended since, or were created since and have ended. With
// the zero time it tells all ended jobs that the service still lists. Each later poll looks back to an hour before the
// last. A filter that matches nothing sends no request. It needs the permission backup:ListBackupJobs.
func (c Client) FollowBackupJobs(f BackupJobFilter, since time.Time) *Follower[types.BackupJob] {
	return jobsToFollow[types.BackupJob]{
		name: "FollowBackupJobs", table: backupJobs, job: backupJob,
		list: func(k filters.Criteria) Listing[types.BackupJob] { return c.BackupJobs(BackupJobFilter{k}) },
	}.follow(f.c, since)
}

// FollowCopyJobs follows the copy jobs of a filter as [Client.FollowBackupJobs] follows backup jobs. It needs the
// permission backup:ListCopyJobs.
func (c Client) FollowCopyJobs(f CopyJobFilter, since time.Time) *Follower[types.CopyJob] {
	return jobsToFollow[types.CopyJob]{
		name: "FollowCopyJobs", table: copyJobs, job: copyJob,
		list: func(k filters.Criteria) Listing[types.CopyJob] { return c.CopyJobs(CopyJobFilter{k}) },
	}.follow(f.c, since)
}

// Follow follows any listing: it tells each id once. The function list returns the listing of what is finished since a
// time, which is an hour before the last poll that came to its end, or since in the first one, also if that is the zero
// time. The follower remembers the ids that the last listing returned. An item without an id is an error. The listing must
// not have a Limit or a StartAt, with which it would leave items out.
//
// The name binds checkpoints: they are resumed by a follower with the same name only.
func Follow[T any](name string, since time.Time, id func(T) string, list func(since time.Time) Listing[T]) *Follower[T] {
	switch {
	case strings.TrimSpace(name) == "":
		return &Follower[T]{name: "Follow", err: errors.New("it has no name")}
	case id == nil || list == nil:
		return &Follower[T]{name: name, err: errors.New("Follow: a function is nil")}
	}
	return following(name, &followed[T]{
		identity: lazyIdentity{op: name}, since: since,
		list: func(q query) []Listing[T] { return []Listing[T]{list(q.since)} },
		look: func(item T) sighting { return sighting{id: id(item), ended: true, kept: true} },
	})
}

// following returns the follower of one place.
func following[T any](name string, p *followed[T]) *Follower[T] {
	p.memo = newMemo()
	return &Follower[T]{name: name, places: []*followed[T]{p}}
}

const acrossName = "FollowAcross"

// FollowAcross follows all sources of a fleet, with the follower that a function returns for each. Each source has its
// own place: one that fails keeps it, and the others go on. The error at the end is a [*ListError] that wraps
// [SourceErrors]. The checkpoint is to be saved after it too: it has what was told of the others.
//
// A checkpoint has the sources by name. Their order does not count. A new source begins at the beginning of its follower.
// One that is gone is remembered as long as the service would list its jobs, 30 days after its last poll, so that it may
// come back.
func FollowAcross[T any](fleet Fleet, follow func(Source) *Follower[T]) *Follower[Sourced[T]] {
	w := &Follower[Sourced[T]]{name: acrossName, fleet: true}
	if follow == nil {
		w.err = errors.New("the function is nil")
		return w
	}
	if w.err = fleet.validate(); w.err != nil {
		return w
	}
	known := map[*memo]string{}
	for _, s := range fleet {
		s = s.withClient()
		inner := follow(s)
		switch {
		case inner == nil:
			w.err = fmt.Errorf("%s: the function returned no follower", s.Name)
		case inner.check() != nil:
			w.err = fmt.Errorf("%s: %w", s.Name, inner.check())
		case inner.fleet:
			w.err = fmt.Errorf("%s: it follows a fleet itself: make one fleet of all sources", s.Name)
		case known[inner.places[0].memo] != "":
			w.err = fmt.Errorf("%s: the function returned the follower of %s again", s.Name, known[inner.places[0].memo])
		default:
			known[inner.places[0].memo] = s.Name
			w.places = append(w.places, inSource(s, inner.places[0]))
			continue
		}
		return w
	}
	return w
}

// inSource returns the place of a source in a fleet.
func inSource[T any](s Source, p *followed[T]) *followed[Sourced[T]] {
	from := origin{s.Name, s.Account, s.Region}
	return &followed[Sourced[T]]{
		origin: from, parallel: s.Parallel, identity: p.identity, since: p.since, memo: p.memo, timed: p.timed,
		list: func(q query) []Listing[Sourced[T]] {
			return lo.Map(p.list(q), func(l Listing[T], _ int) Listing[Sourced[T]] { return sourced(Part[T]{from, 0, l}).listing })
		},
		look: func(v Sourced[T]) sighting { return p.look(v.Item) },
	}
}

// Parallel polls the sources of a fleet side by side, with at most n requests under way (n ≥ 1). [Source.Parallel] bounds
// those of one source. A follower that is not of a fleet sends one request at a time. It changes the follower, and returns
// it.
func (w *Follower[T]) Parallel(n int) *Follower[T] {
	if n < 1 && w.err == nil {
		w.err = fmt.Errorf("Parallel: %d: it must be at least 1", n)
	}
	w.parallel = &n
	return w
}

// All polls once: it delivers what has ended since the last range that came to its end. After a break or an error the
// next range begins where that range began, and does not repeat what was delivered. At most one error is yielded, as the
// last element: a [*ListError], whose checkpoint is that of the follower. A range inside another range over the same
// follower yields an error.
func (w *Follower[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		if err := w.check(); err != nil {
			yield(zero, w.fail(&ListError{Operation: w.name, Err: err}, 0))
			return
		}
		w.active = true
		defer func() { w.active = false }()
		p := &poll[T]{Follower: w, yield: yield}
		if err := p.run(ctx); err != nil {
			yield(zero, w.fail(err, p.told))
		}
	}
}

// check returns the error of a follower that cannot poll.
func (w *Follower[T]) check() error {
	switch {
	case w.err != nil:
		return w.err
	case len(w.places) == 0 && !w.fleet:
		return errFollowsNothing
	case w.active:
		return errors.New("this follower is being ranged over already")
	}
	return nil
}

// fail completes the error of a range.
func (w *Follower[T]) fail(err *ListError, told int) error {
	err.Delivered, err.Checkpoint = told, w.Checkpoint()
	return err
}

// Checkpoint returns what the follower remembers, which covers every item that was delivered so far. An item counts as
// delivered when the loop receives it: if the loop cannot pass it on, keep the checkpoint that was saved before.
// [Checkpoint.Filter] returns the filter of jobs that are followed.
func (w *Follower[T]) Checkpoint() Checkpoint {
	if w.err != nil || len(w.places) == 0 && !w.fleet {
		return Checkpoint{}
	}
	return checkpointOf(w.saved())
}

// Resume makes the follower continue from a checkpoint of the same filter or the same name. A filter with a time that is
// computed from now is another one in each run. The zero Checkpoint is the beginning. The error is a [*ListError] that
// wraps [ErrCheckpoint] and says what differs; nothing has changed then.
func (w *Follower[T]) Resume(cp Checkpoint) error {
	err := w.check()
	if err == nil {
		err = w.restore(cp.content())
	}
	if err != nil {
		return &ListError{Operation: w.name, Checkpoint: cp, Err: err}
	}
	return nil
}

// jobsToFollow is an operation that lists jobs, for a follower.
type jobsToFollow[T any] struct {
	name  string
	table *filters.Table[T]
	job   func(*T) job
	list  func(filters.Criteria) Listing[T]
}

// changing are the members of a filter of jobs whose values change while a job is under way. What a follower lists does
// not depend on them: it sees a job before it matches.
var changing = []filters.Key{
	filters.KeyStates, filters.KeyMessageCategories, filters.KeyCompletedAfter, filters.KeyCompletedBefore,
	filters.KeyCompletedWithIssues,
}

// follow returns the follower of the jobs that match a filter.
func (j jobsToFollow[T]) follow(c filters.Criteria, since time.Time) *Follower[T] {
	if err := validate(j.table, c); err != nil {
		return &Follower[T]{name: j.name, err: err}
	}
	if states := c.Values(filters.KeyStates); len(states) > 0 && !lo.Some(states, j.table.Final) {
		return &Follower[T]{name: j.name, err: fmt.Errorf("%w: States: a job has not ended in %s", ErrFilter, namesText(states))}
	}
	return following(j.name, &followed[T]{
		identity: identified(j.table.Op, func(id *identity) { id.Filter, _ = j.table.Marshal(c) }),
		since:    since, timed: true,
		list: func(q query) []Listing[T] {
			return lo.Map(j.criteria(c, q), func(c filters.Criteria, _ int) Listing[T] { return j.list(c) })
		},
		look: func(item T) sighting {
			is := j.job(&item)
			return sighting{
				id: aws.ToString(is.id), created: aws.ToTime(is.created), completed: aws.ToTime(is.completed),
				ended: lo.Contains(j.table.Final, is.state), kept: j.table.Match(c, &item),
			}
		},
	})
}

// criteria returns the criteria of the jobs that a step of a poll lists, for each listing. A filter that matches nothing
// has none.
func (j jobsToFollow[T]) criteria(c filters.Criteria, q query) []filters.Criteria {
	base := c.Without(changing...)
	switch {
	case len(j.table.Plan(c).Queries()) == 0:
		return nil
	case q.step == stepUnderWay: // a listing for each state: of several states, a filter with many values would send none
		return lo.Map(j.table.Live, func(state string, _ int) filters.Criteria {
			return j.table.Narrow(base, filters.KeyStates, []string{state})
		})
	case q.step == stepGone:
		return []filters.Criteria{j.table.Between(base, q.from, q.to)}
	case q.since.IsZero():
		return []filters.Criteria{base}
	}
	completed := j.table.Limit(base, filters.KeyCompletedAfter, q.since)
	created := j.table.Limit(base, filters.KeyCreatedAfter, q.since)
	if j.table.Validate(created) != nil {
		return []filters.Criteria{completed} // the filter's CreatedBefore is before that
	}
	return []filters.Criteria{completed, created}
}
