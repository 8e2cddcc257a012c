package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// alert tells jobs, and remembers which it has told.
type alert struct {
	options
	fleet    backupx.Fleet
	names    []string             // of the sources, also of those of earlier runs
	unread   map[string]time.Time // as the state has them
	begun    time.Time            // where a source without a place begins
	watches  []watch
	progress *cli.Progress
	stdout   io.Writer
	told     int
}

// watch follows the jobs of one kind. It hides their type.
type watch struct {
	follower

	kind string
	all  func(context.Context) iter.Seq2[sources.Job, error]
}

type follower interface {
	Resume(backupx.Checkpoint) error
	Checkpoint() backupx.Checkpoint
}

func watching[T types.BackupJob | types.CopyJob](kind string, w *backupx.Follower[backupx.Sourced[T]]) watch {
	return watch{w, kind, func(ctx context.Context) iter.Seq2[sources.Job, error] {
		return func(yield func(sources.Job, error) bool) {
			for item, err := range w.All(ctx) {
				j := sources.JobOf(item)
				j.Kind = kind
				if !yield(j, err) {
					return
				}
			}
		}
	}}
}

// The kinds of jobs.
const backupKind, copyKind = "backup", "copy"

// begin returns the alert that continues from the state, which is nil in the first run. It sends no request.
func begin(o options, was *state, fleet backupx.Fleet, since time.Time, progress *cli.Progress, stdout io.Writer) (*alert, error) {
	backups := backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[types.BackupJob] {
		return s.Client.FollowBackupJobs(backupJobs(), was.since(s, since))
	})
	copies := backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[types.CopyJob] {
		return s.Client.FollowCopyJobs(copyJobs(), was.since(s, since))
	})
	if o.live { // made-up sources are asked one after another: their jobs come in the same order each time
		backups.Parallel(o.parallel)
		copies.Parallel(o.parallel)
	}
	a := &alert{
		options: o, progress: progress, stdout: stdout, fleet: fleet, begun: since, unread: map[string]time.Time{},
		names:   lo.Map(fleet, func(s backupx.Source, _ int) string { return s.Name }),
		watches: []watch{watching(backupKind, backups), watching(copyKind, copies)},
	}
	if was != nil {
		maps.Copy(a.unread, was.Unread)
	}
	return a, a.load(was)
}

// poll tells what is new, and returns which sources failed. The returned error means that the run was broken off.
func (a *alert) poll(ctx context.Context) (failed []string, err error) {
	var jobs []sources.Job
	unread := map[string]bool{} // by the name of the source
	for _, w := range a.watches {
		for job, err := range w.all(ctx) {
			var apart backupx.SourceErrors
			switch {
			case ctx.Err() != nil:
				return failed, errors.New("interrupted")
			case errors.As(err, &apart):
				for _, f := range apart {
					unread[f.Source] = true
					failed = append(failed, fmt.Sprintf("%s: no list of %s jobs: %s: %s", f.Source, w.kind, f.Kind, sources.Reason(f)))
				}
				continue
			case err != nil:
				return failed, err
			}
			a.progress.Item()
			if jobs = append(jobs, job); a.each {
				if err := a.tell(jobs); err != nil {
					return failed, err
				}
				jobs = nil
			}
		}
	}
	a.note(unread)
	return failed, a.tell(jobs)
}

// note remembers the accounts all of whose sources have failed, and forgets those of which one was listed.
func (a *alert) note(failed map[string]bool) {
	for account, its := range lo.GroupBy(a.fleet, func(s backupx.Source) string { return s.Account }) {
		_, known := a.unread[account]
		switch all := lo.EveryBy(its, func(s backupx.Source) bool { return failed[s.Name] }); {
		case account == "": // a profile
		case !all:
			delete(a.unread, account)
		case !known:
			a.unread[account] = a.begun
		}
	}
}

// tell prints jobs and then saves that they were told. The new state is on the disk before, so that a full disk does not
// have the same told in each run.
func (a *alert) tell(jobs []sources.Job) error {
	text, err := a.text()
	if err != nil {
		return err
	}
	replace, err := cli.Prepare(a.state, text)
	if err != nil {
		return err
	}
	if len(jobs) > 0 {
		if _, err := a.stdout.Write(a.message(jobs)); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	a.told += len(jobs)
	return replace()
}

// message returns jobs as they are printed, sorted by source and time.
func (a *alert) message(jobs []sources.Job) []byte {
	slices.SortStableFunc(jobs, func(x, y sources.Job) int {
		return cmp.Or(cmp.Compare(x.Source, y.Source), ended(x).Compare(ended(y)), cmp.Compare(x.ID, y.ID))
	})
	var b bytes.Buffer
	if !a.json && !a.each {
		fmt.Fprintf(&b, "%s went wrong:\n", cli.Count(len(jobs), "job"))
	}
	lines := json.NewEncoder(&b)
	for _, j := range jobs {
		if a.json {
			_ = lines.Encode(j) // strings and times can be encoded
			continue
		}
		fmt.Fprintln(&b, "- "+line(j))
	}
	return b.Bytes()
}

// line returns a job as a line of a text.
func line(j sources.Job) string {
	where := j.Source
	if !strings.Contains(where, j.Account) {
		where += " (account " + j.Account + ")"
	}
	return cli.OneLine(fmt.Sprintf("%s %s job %s of %s in %s, %s: %s", j.State, j.Kind, j.ID, cmp.Or(j.Resource, "?"), where,
		ended(j).UTC().Format("2 Jan 15:04 UTC"), cmp.Or(j.Message, j.Category, "no message")))
}

// ended returns when a job ended. An expired job may have no such time; then it is that of its creation.
func ended(j sources.Job) time.Time {
	if j.Completed.IsZero() {
		return j.Created
	}
	return j.Completed
}
