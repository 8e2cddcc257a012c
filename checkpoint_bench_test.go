package backupx_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// BenchmarkFleetCheckpoint reports the time to make the text of a fleet's checkpoint, and the bytes of the text for each
// source. At most 16 sources are under way. The others are done or were not begun. "first" is the first checkpoint of a
// listing, which makes the JSON of the filters:
//
//	go test -run '^$' -bench FleetCheckpoint .
func BenchmarkFleetCheckpoint(b *testing.B) {
	for _, c := range []struct{ sources, underWay, done int }{
		{500, 16, 484},
		{500, 16, 242},
		{500, 16, 0},
		{8000, 0, 8000},
	} {
		b.Run(fmt.Sprintf("sources=%d/done=%d", c.sources, c.done), func(b *testing.B) {
			cursor := fleetUnderWay(b, c.sources, c.underWay, c.done)
			length := 0
			for b.Loop() {
				length = len(fleetText(b, cursor))
			}
			b.ReportMetric(float64(length)/float64(c.sources), "bytes/source")
		})
	}
	b.Run("sources=500/first", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			cursor := fleetUnderWay(b, 500, 16, 242)
			b.StartTimer()
			fleetText(b, cursor)
		}
	})
}

func fleetText[T any](b *testing.B, cursor *backupx.Cursor[T]) []byte {
	text, err := cursor.Checkpoint().MarshalText()
	require.NoError(b, err)
	return text
}

// fleetUnderWay returns a cursor over a fleet. The first sources have failed after their first page, the next ones are
// done, and the others were not begun.
func fleetUnderWay(b *testing.B, sources, underWay, done int) *backupx.Cursor[backupx.Sourced[types.BackupJob]] {
	fleet := make(backupx.Fleet, sources)
	for i := range fleet {
		fleet[i] = backupx.Source{
			Name:   fmt.Sprintf("organisation/%012d/eu-central-1", i),
			Client: backupx.Client{Backup: onePage{fails: i < underWay}},
		}
	}
	failed := backupx.BackupJobFilter{}.States("FAILED").CreatedAfter(day)
	cursor := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] { return c.BackupJobs(failed) }).Cursor()
	n := 0
	for _, err := range cursor.All(b.Context()) {
		require.NoError(b, err)
		if n++; n == underWay+done {
			break
		}
	}
	return cursor
}

// onePage is a client with one job. If it fails, a second page is announced that cannot be read.
type onePage struct {
	backupx.BackupAPI

	fails bool
}

func (p onePage) ListBackupJobs(_ context.Context, in *backup.ListBackupJobsInput, _ ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	if in.NextToken != nil {
		return nil, errBoom
	}
	out := &backup.ListBackupJobsOutput{BackupJobs: []types.BackupJob{{BackupJobId: aws.String("job")}}}
	if p.fails {
		out.NextToken = aws.String("a-token-of-the-length-that-the-service-has-in-most-of-its-answers-today")
	}
	return out, nil
}
