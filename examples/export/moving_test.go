package main

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// Between the runs jobs end, new ones come, and page tokens die. Each job that had ended before the first run is in the
// file once, and no other job is there twice.
func TestExportOfJobsThatMove(t *testing.T) {
	total := 0
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r, now := rand.New(rand.NewPCG(seed, 5)), sources.MadeUp()
			data := sources.MadeUpJobs(seed, 150)
			later := data.BackupJobs[100:]
			data.BackupJobs = data.BackupJobs[:100]
			for range 15 {
				data.BackupJobs[r.IntN(100)].State = types.BackupJobStateRunning
			}
			s := fakeaws.New(data, fakeaws.WithClock(func() time.Time { return now }), fakeaws.WithTokenLife(time.Hour))
			args := []string{"-live", "-kind", "backup", "-region", "us-east-1,eu-west-1", "-page-size", "10", "-parallel", fmt.Sprint(1 + r.IntN(4))}
			want, out := written(t, over(s).whole(t, args...)), file(t)
			for runs := 0; ; runs++ {
				total++
				require.Less(t, runs, 100)
				broken := s.Fault(fakeaws.Fault{Nth: 2 + r.IntN(12), Every: 1 + r.IntN(3), Do: fakeaws.AccessDenied()})
				got := over(s).print(t.Context(), append(args, "-save", fmt.Sprint(1+r.IntN(20)), "-out", out)...)
				broken.Remove()
				require.Less(t, got.Status, exitNothing, got.Stderr)
				if got.Status == exitComplete {
					break
				}
				for i := range data.BackupJobs {
					if job := data.BackupJobs[i]; !backupx.BackupJobEnded(job.State) && r.IntN(3) == 0 {
						s.SetJobState(*job.BackupJobId, "COMPLETED")
					}
				}
				n := min(r.IntN(10), len(later))
				s.AddBackupJobs(later[:n]...)
				later = later[n:]
				now = now.Add(time.Duration(r.IntN(3)) * time.Hour)
			}
			got := written(t, read(t, out))
			for key, row := range want {
				require.Equal(t, row, got[key])
			}
		})
	}
	require.Greater(t, total, 16, "they were continued")
}
