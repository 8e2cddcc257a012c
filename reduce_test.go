package backupx_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

func TestCountByCountsWhatWasReadBeforeAnErrorToo(t *testing.T) {
	s := newShelf("a", 7, 2)
	odd := func(v string) bool { return v[len(v)-1]%2 == 1 }
	counts, err := backupx.CountBy(s.list().All(t.Context()), odd)
	require.NoError(t, err)
	require.Equal(t, map[bool]int{true: 3, false: 4}, counts)

	s.fails = s.count() + 3
	counts, err = backupx.CountBy(s.list().All(t.Context()), odd)
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, map[bool]int{true: 2, false: 2}, counts)

	counts, err = backupx.CountBy(newShelf("none", 0, 1).list().All(t.Context()), odd)
	require.NoError(t, err)
	require.Empty(t, counts)
}

func TestLatestByKeepsTheLatestOfEachKey(t *testing.T) {
	job := func(id, resource string, hours int) types.BackupJob {
		return types.BackupJob{BackupJobId: aws.String(id), ResourceArn: aws.String(resource), CompletionDate: aws.Time(day.Add(time.Duration(hours) * time.Hour))}
	}
	jobs := []types.BackupJob{job("1", "a", 1), job("2", "b", 5), job("3", "a", 3), job("4", "a", 3), job("5", "b", 4), {BackupJobId: aws.String("6"), ResourceArn: aws.String("c")}}
	seq := func(yield func(types.BackupJob, error) bool) {
		for _, j := range jobs {
			if !yield(j, nil) {
				return
			}
		}
	}
	resource := func(j types.BackupJob) string { return *j.ResourceArn }
	completed := func(j types.BackupJob) time.Time { return aws.ToTime(j.CompletionDate) }
	latest, err := backupx.LatestBy(seq, resource, completed)
	require.NoError(t, err)
	require.Equal(t, map[string]types.BackupJob{"a": jobs[2], "b": jobs[1], "c": jobs[5]}, latest, "of two of one time the first stays")

	failing := func(yield func(types.BackupJob, error) bool) {
		_ = yield(jobs[0], nil) && yield(types.BackupJob{}, errBoom)
	}
	latest, err = backupx.LatestBy(failing, resource, completed)
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, map[string]types.BackupJob{"a": jobs[0]}, latest)
}
