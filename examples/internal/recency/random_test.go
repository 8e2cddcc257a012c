package recency_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/recency"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// answer is what is asked of a resource.
type answer struct {
	last    time.Time
	failed  int
	uncured []string // the newest failed job of each cause
}

// answers returns what is collected, by ARN.
func answers(jobs []types.BackupJob) map[string]answer {
	return lo.MapValues(lo.KeyBy(resources(jobs...), func(r *recency.Resource) string { return r.ARN }),
		func(r *recency.Resource, _ string) answer {
			a := answer{last: r.Last()}
			for _, f := range r.Failures() {
				a.failed += f.Jobs
				if f.CuredBy == nil {
					a.uncured = append(a.uncured, f.Newest.ID)
				}
			}
			slices.Sort(a.uncured)
			return a
		})
}

// expected returns the same from all jobs of a resource at once.
func expected(jobs []types.BackupJob) map[string]answer {
	top := lo.Filter(jobs, func(j types.BackupJob, _ int) bool { return j.ParentJobId == nil })
	return lo.MapValues(lo.GroupBy(top, func(j types.BackupJob) string { return aws.ToString(j.ResourceArn) }),
		func(of []types.BackupJob, _ string) answer {
			slices.SortFunc(of, func(a, b types.BackupJob) int { return b.CreationDate.Compare(*a.CreationDate) })
			var a answer
			seen := map[recency.Cause]bool{}
			cured, curedIssues := false, false // by the jobs before in the order: those created later
			for _, j := range of {
				r := backupx.RecordOf(j)
				issues := backupx.BackupJobFilter{}.CompletedWithIssues().Match(j)
				bad := issues || backupx.BackupJobFilter{}.Unsuccessful().Match(j)
				if bad {
					a.failed++
					cause := recency.Cause{Outcome: r.State, Vault: r.Vault, Plan: recency.Plan(j.CreatedBy), Category: r.Category}
					if issues {
						cause.Outcome = recency.WithIssues
					}
					if !seen[cause] && !lo.Ternary(issues, curedIssues, cured) {
						a.uncured = append(a.uncured, r.ID)
					}
					seen[cause] = true
				}
				if j.State == types.BackupJobStateCompleted {
					cured, curedIssues = true, curedIssues || !issues
					if end := lo.CoalesceOrEmpty(r.Completed, r.Created); end.After(a.last) {
						a.last = end
					}
				}
			}
			slices.Sort(a.uncured)
			return a
		})
}

func TestAccountsAtRandom(t *testing.T) {
	for seed := range uint64(20) {
		jobs := fakeaws.GenerateBackupJobs(seed, now.AddDate(0, 0, -30), now, 2000)
		r := rand.New(rand.NewPCG(seed, 0))
		for i := range jobs { // no two at the same time, so that one answer is right
			jobs[i].CreationDate = aws.Time(jobs[i].CreationDate.Add(time.Duration(i) * time.Microsecond))
		}
		r.Shuffle(len(jobs), func(i, k int) { jobs[i], jobs[k] = jobs[k], jobs[i] })
		want := expected(jobs)
		require.Greater(t, len(want), 10)
		require.Equal(t, want, answers(jobs), "seed %d", seed)
	}
}
