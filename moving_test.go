package backupx_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// Jobs that change their state while several states are listed in parallel are delivered once each.
func TestJobsThatMoveOnWhileListedInParallelAreDeliveredOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		inBubble(t, fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 5))
			jobs := alive(40, lifeOfAJob...)
			moving := lives(jobs, func(int, int) int { return r.IntN(30) })
			s := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithMoving(moving...), fakeaws.WithLatency(time.Second))
			l := at(s, day.Add(time.Hour)).BackupJobs(backupx.BackupJobFilter{}.States(lifeOfAJob...).CreatedBetween(day, day.Add(time.Hour))).PageSize(1 + r.IntN(6)).Parallel(1 + r.IntN(6))
			if r.IntN(2) == 0 {
				l = l.Every(10 * time.Minute)
			}
			got, err := drain(l.All(t.Context()))
			require.NoError(t, err)
			require.ElementsMatch(t, lo.Map(jobs, jobID), lo.Map(got, jobID))
		})
	}
}

func TestStatesOfAJobsLifeAreReadInTurn(t *testing.T) {
	inBubble(t, "states", func(t *testing.T) {
		jobs := alive(90, "CREATED", "PENDING", "RUNNING", "ABORTING", "ABORTED", "COMPLETED", "FAILED", "EXPIRED", "PARTIAL")
		s := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithLatency(time.Second))
		states := types.BackupJobState("").Values()
		requireCount(t, 90, clientOf(s).BackupJobs(backupx.BackupJobFilter{}.States(states...)).PageSize(3).Parallel(4))
		type span struct{ first, last time.Time }
		spans := map[string]span{}
		for _, r := range s.Requests() {
			of := spans[r.Parameter("state")]
			if of.first.IsZero() {
				of.first = r.Time
			}
			of.last = r.Time.Add(r.Duration)
			spans[r.Parameter("state")] = of
		}
		life := []string{"CREATED", "PENDING", "RUNNING", "ABORTING"}
		for i, state := range life[1:] {
			require.False(t, spans[state].first.Before(spans[life[i]].last), "%s is asked for after %s", state, life[i])
		}
		for _, final := range []string{"ABORTED", "COMPLETED", "FAILED", "EXPIRED", "PARTIAL"} {
			require.False(t, spans[final].first.Before(spans["ABORTING"].last), "%s is asked for last", final)
		}
		require.Equal(t, 4, s.MostUnderWay(), "the final ones side by side")
	})
}

// While jobs are created and change their state, a listing in windows delivers no job twice, and every job that
// existed at the start.
func TestJobsThatComeWhileWindowsAreReadAreDeliveredAtMostOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		inBubble(t, fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 6))
			jobs := spread(300, month, day)
			s := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithLatency(time.Second))
			l := at(s, day).BackupJobs(backupx.BackupJobFilter{}).PageSize(1 + r.IntN(20)).Parallel(2 + r.IntN(6))
			ids := []string{}
			for job, err := range l.All(t.Context()) {
				require.NoError(t, err)
				ids = append(ids, *job.BackupJobId)
				if n := len(ids); n%7 == 0 {
					when := day.Add(time.Duration(n) * time.Second)
					s.AddBackupJobs(types.BackupJob{BackupJobId: aws.String(fmt.Sprint("new-", n)), State: "CREATED", CreationDate: &when})
					s.SetJobState(*jobs[r.IntN(len(jobs))].BackupJobId, "EXPIRED")
				}
			}
			require.Empty(t, lo.FindDuplicates(ids))
			require.Subset(t, ids, lo.Map(jobs, jobID))
		})
	}
}

// The ids remembered from the last page stay remembered when the listing is resumed with another page size.
func TestResumingWithSmallerPagesRepeatsNoJobThatMovedOn(t *testing.T) {
	for _, size := range []int{9, 5, 3, 1} {
		jobs := append(alive(1, "RUNNING"), lo.Times(10, func(i int) types.BackupJob {
			return types.BackupJob{BackupJobId: aws.String(fmt.Sprint("done-", i)), State: "COMPLETED", CreationDate: aws.Time(day.Add(-time.Hour - time.Duration(i)*time.Second))}
		})...)
		s := fakeaws.New(fakeaws.Data{BackupJobs: jobs})
		l := clientOf(s).BackupJobs(backupx.BackupJobFilter{}.States("RUNNING", "COMPLETED"))
		cursor := l.PageSize(9).Cursor()
		got := take(t, cursor.All(t.Context()), 8)
		s.SetJobState(*jobs[0].BackupJobId, "COMPLETED")

		rest := resumeFrom(t, l.PageSize(size), cursor.Checkpoint())

		require.Equal(t, lo.Map(jobs, jobID), lo.Map(append(got, rest...), jobID), "pages of %d", size)
	}
}
