package backupx_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// followedSource is an account some time after its checkpoint was made: every job has ended, and two of them were told
// of before.
func followedSource(c *clock) backupx.Client {
	s := c.account()
	created := time.Date(2026, 3, 10, 11, 30, 0, 0, time.UTC)
	s.AddBackupJobs(
		endedJob("told", types.BackupJobStateFailed, created, created.Add(time.Minute)),
		endedJob("noted", types.BackupJobStateExpired, created, created.Add(24*time.Hour)), // the time came later
		endedJob("live", types.BackupJobStateFailed, created.Add(-20*24*time.Hour), created),
		endedJob("new", types.BackupJobStateFailed, created.Add(time.Hour), created.Add(2*time.Hour)),
	)
	return clientOf(s)
}

// The checkpoint of a follower that an earlier version stored is resumed by this one: it tells what was not told, and
// nothing again. UPDATE_CHECKPOINTS=1 writes the texts that are missing, as for [TestGoldenCheckpoints].
func TestGoldenFollowers(t *testing.T) {
	for name, follow := range map[string]func(client backupx.Client, begin time.Time) (poll func() []string, cp func() backupx.Checkpoint, resume func(backupx.Checkpoint) error){
		"jobs": func(client backupx.Client, begin time.Time) (func() []string, func() backupx.Checkpoint, func(backupx.Checkpoint) error) {
			w := client.FollowBackupJobs(backupx.BackupJobFilter{}.States(types.BackupJobStateFailed, types.BackupJobStateExpired), begin)
			return func() []string { return polled(t, w.All(t.Context()), idOf) }, w.Checkpoint, w.Resume
		},
		"fleet": func(client backupx.Client, begin time.Time) (func() []string, func() backupx.Checkpoint, func(backupx.Checkpoint) error) {
			fleet := backupx.Fleet{{Name: "b/ü", Client: clientOf(newClock().account())}, {Name: "a", Client: client}}
			w := backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[types.BackupJob] {
				return s.Client.FollowBackupJobs(backupx.BackupJobFilter{}, begin)
			})
			id := func(v backupx.Sourced[types.BackupJob]) string { return idOf(v.Item) }
			return func() []string { return polled(t, w.All(t.Context()), id) }, w.Checkpoint, w.Resume
		},
		"things": func(client backupx.Client, begin time.Time) (func() []string, func() backupx.Checkpoint, func(backupx.Checkpoint) error) {
			w := backupx.Follow("things", begin, idOf, func(time.Time) backupx.Listing[types.BackupJob] {
				return client.BackupJobs(backupx.BackupJobFilter{}.States(types.BackupJobStateFailed, types.BackupJobStateExpired))
			})
			return func() []string { return polled(t, w.All(t.Context()), idOf) }, w.Checkpoint, w.Resume
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", "followers", name+".txt")
			if _, err := os.Stat(file); os.IsNotExist(err) && os.Getenv(updateGoldens) != "" {
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
				c := newClock()
				s := c.account()
				created := c.now.Add(-30 * time.Minute)
				expired := running("noted", created)
				expired.State = types.BackupJobStateExpired
				s.AddBackupJobs(endedJob("told", types.BackupJobStateFailed, created, created.Add(time.Minute)),
					expired, running("live", created.AddDate(0, 0, -20)))
				poll, cp, _ := follow(clientOf(s), time.Time{})
				require.Len(t, poll(), 2)
				require.NoError(t, os.WriteFile(file, []byte(textOf(t, cp())), 0o644))
			}
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			var stored backupx.Checkpoint
			require.NoError(t, stored.UnmarshalText(text))
			require.Equal(t, string(text), textOf(t, stored))

			c := newClock()
			c.pass(36 * time.Hour)
			poll, _, resume := follow(followedSource(c), time.Time{})
			require.NoError(t, resume(stored))
			require.ElementsMatch(t, []string{"live", "new"}, poll())
			require.Empty(t, poll())
		})
	}
}
