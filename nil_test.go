package backupx_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// Whatever takes a function, a pointer or a client says what is nil, and sends nothing.
func TestNilArgumentsAreErrorsThatSayWhichOne(t *testing.T) {
	type job = types.BackupJob
	s := fakeaws.New(fakeaws.Data{BackupJobs: dense()})
	client := clientOf(s)
	l := client.BackupJobs(backupx.BackupJobFilter{})
	key, at := func(j job) string { return *j.BackupJobId }, func(j job) time.Time { return *j.CreationDate }

	noKey, err := backupx.CountBy[job, string](l.All(t.Context()), nil)
	require.EqualError(t, err, "backupx: CountBy: the function is nil")
	require.Empty(t, noKey)
	_, err = backupx.CountBy(nil, key)
	require.EqualError(t, err, "backupx: the sequence is nil")
	_, err = backupx.LatestBy[job, string](l.All(t.Context()), nil, at)
	require.EqualError(t, err, "backupx: LatestBy: a function is nil")
	_, err = backupx.LatestBy(l.All(t.Context()), key, nil)
	require.EqualError(t, err, "backupx: LatestBy: a function is nil")
	_, err = backupx.LatestBy(nil, key, at)
	require.EqualError(t, err, "backupx: the sequence is nil")
	for range backupx.Values[job](nil, &err) {
		require.Fail(t, "there is no item")
	}
	require.EqualError(t, err, "backupx: the sequence is nil")
	require.PanicsWithValue(t, "backupx: Values: the pointer for the error is nil", func() { backupx.Values(l.All(t.Context()), nil) })

	for text, err := range map[string]error{
		"backupx: ListBackupJobs: Where: the function is nil":       errOf(t, l.Where(nil)),
		"backupx: ListBackupJobs: OnPage: the function is nil":      errOf(t, l.OnPage(nil)),
		"backupx: ListBackupJobs: Map: the function is nil":         errOf(t, backupx.Map[job, int](l, nil)),
		"backupx: Merge: the function is nil":                       errOf(t, backupx.Merge(nil, l)),
		"backupx: Across: the function is nil":                      errOf(t, backupx.Across[job](backupx.Fleet{{Name: "a", Client: client}}, nil)),
		"backupx: ListThings: List: the fetch function is nil":      errOf(t, backupx.List[int]("ListThings", nil)),
		"backupx: ListThings: FromOperation: a function is nil":     errOf(t, backupx.FromOperation[job]("ListThings", client.Backup.ListBackupJobs, backup.ListBackupJobsInput{}, nil, nil)),
		"backupx: ListBackupJobs: no backup client was given":       errOf(t, backupx.BackupJobs(nil, backupx.BackupJobFilter{})),
		"backupx: ListCopyJobs: no backup client was given":         errOf(t, backupx.CopyJobs((*backup.Client)(nil), backupx.CopyJobFilter{})),
		"backupx: DescribeBackups: no cloudhsm client was given":    errOf(t, backupx.HSMBackups(nil, backupx.HSMFilter{})),
		"backupx: DescribeBackups: no opsworks-cm client was given": errOf(t, backupx.OpsWorksBackups(nil, backupx.OpsWorksFilter{})),
	} {
		require.EqualError(t, err, text)
	}
	require.Empty(t, asked(s))

	cursor := l.Cursor()
	take(t, cursor.All(t.Context()), 1)
	for _, cp := range []backupx.Checkpoint{{}, cursor.Checkpoint()} {
		require.EqualError(t, cp.Filter(nil), "backupx: Checkpoint.Filter: the pointer to the filter is nil")
		require.EqualError(t, cp.Filter((*backupx.BackupJobFilter)(nil)), "backupx: Checkpoint.Filter: the pointer to the filter is nil")
	}
}
