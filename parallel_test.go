package backupx_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func spread(n int, over time.Duration, until time.Time) fakeaws.Data {
	jobs := make([]types.BackupJob, n)
	for i := range jobs {
		jobs[i] = types.BackupJob{
			BackupJobId:  aws.String(fmt.Sprintf("job-%06d", i)),
			CreationDate: aws.Time(until.Add(-time.Duration(i) * (over / time.Duration(n)))),
			State:        types.BackupJobStateCompleted,
		}
	}
	return fakeaws.Data{BackupJobs: jobs}
}

func TestSpeed(t *testing.T) {
	for _, c := range []struct {
		name string
		over time.Duration
		how  func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob]
	}{
		{"loop", 30 * 24 * time.Hour, func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] { return l }},
		{"every", 30 * 24 * time.Hour, func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] {
			return l.Every(30 * time.Hour).Parallel(8)
		}},
		{"auto", 30 * 24 * time.Hour, func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] { return l.Parallel(8) }},
		{"ordered", 30 * 24 * time.Hour, func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] {
			return l.Parallel(8).Ordered()
		}},
		{"bunched", 2 * 24 * time.Hour, func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] { return l.Parallel(8) }},
		{"bunched ordered", 2 * 24 * time.Hour, func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] {
			return l.Parallel(8).Ordered()
		}},
		{"moment", time.Second, func(l backupx.Listing[types.BackupJob]) backupx.Listing[types.BackupJob] { return l.Parallel(8) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now := time.Now()
				svc := fakeaws.New(spread(20000, c.over, now), fakeaws.WithLatency(200*time.Millisecond))
				client := backupx.New(svc.Config())
				began := time.Now()
				seen := map[string]bool{}
				for j, err := range c.how(client.BackupJobs(backupx.BackupJobFilter{})).All(context.Background()) {
					require.NoError(t, err)
					require.False(t, seen[*j.BackupJobId], *j.BackupJobId)
					seen[*j.BackupJobId] = true
				}
				require.Len(t, seen, 20000)
				t.Log(time.Since(began), len(svc.Requests()))
			})
		})
	}
}
