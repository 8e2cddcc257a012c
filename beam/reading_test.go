package backupxbeam

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func init() {
	RegisterClients("refused", func(context.Context, string, string) (backupx.Client, error) {
		return backupx.Client{}, errors.New("X-Amz-Security-Token: secret was refused")
	})
}

var day = time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)

// bundle is what one run of a bundle emitted.
type bundle struct {
	records map[string]string
	dead    []DeadLetter
	err     error
}

// process runs listFn over a shard, as a bundle does.
func process(ctx context.Context, f *listFn, shard Shard) bundle {
	b := bundle{records: map[string]string{}}
	b.err = f.ProcessElement(ctx, shard,
		func(key string, record []byte) { b.records[key] = string(record) },
		func(d DeadLetter) { b.dead = append(b.dead, d) })
	return b
}

func listing(service *fakeaws.Service) *listFn {
	return &listFn{Operation: OpBackupJobs, list: kindOf(OpBackupJobs), pool: pool{
		newClient: func(context.Context, string, string) (backupx.Client, error) {
			return backupx.New(service.Config()), nil
		},
	}}
}

func TestABundleThatRunsAgainEmitsTheSameKeysAndRecords(t *testing.T) {
	service := fakeaws.New(fakeaws.Generate(1, day, 60), fakeaws.WithPageSize(10))
	shard := Shard{Source: "a", Filter: json.RawMessage(`{}`)}
	ctx, stop := context.WithCancel(t.Context())
	asked := 0
	service.Fault(fakeaws.Fault{Do: fakeaws.Latency(time.Hour), When: func(fakeaws.Request) bool {
		if asked++; asked == 4 {
			stop() // the worker is stopped while the fourth page is under way
		}
		return asked == 4
	}})
	stopped := process(ctx, listing(service), shard)
	require.ErrorIs(t, stopped.err, context.Canceled)
	require.Empty(t, stopped.dead, "the shard is not given up: its bundle runs again")
	require.Len(t, stopped.records, 30)

	again := process(t.Context(), listing(service), shard)
	require.NoError(t, again.err)
	require.Len(t, again.records, 60)
	for key, record := range stopped.records {
		require.Equal(t, again.records[key], record)
	}
}

func TestThrottledAttemptsAreCounted(t *testing.T) {
	for name, strike := range map[string]fakeaws.Fault{
		"retried": {Nth: 1, Every: 2, Do: fakeaws.Throttle()},
		"no more": {Do: fakeaws.Throttle()},
	} {
		t.Run(name, func(t *testing.T) {
			service := fakeaws.New(fakeaws.Generate(1, day, 60), fakeaws.WithPageSize(10))
			fault := service.Fault(strike)
			r := &reading{shard: Shard{Source: "a", Filter: json.RawMessage(`{}`)}, emit: func(string, []byte) {}}
			_ = listing(service).read(t.Context(), r)
			require.Equal(t, int64(fault.Fired()), r.throttled.Load())
			require.Positive(t, fault.Fired())
		})
	}
}

func TestReasonsLeaveSecretsOut(t *testing.T) {
	f := &listFn{Operation: OpBackupJobs, Clients: Clients{Factory: "refused"}}
	require.NoError(t, f.Setup())
	b := process(t.Context(), f, Shard{Source: "a", Filter: json.RawMessage(`{}`)})
	require.Equal(t, `backupx: ListBackupJobs: no client of "a": X-Amz-Security-Token: [redacted] was refused`, b.dead[0].Reason)
}

func TestOfTheRecordsOfAJobTheOneThatEndedIsKept(t *testing.T) {
	at := func(state types.BackupJobState, completed *time.Time) BackupJob {
		return BackupJob{Source: "a", Item: types.BackupJob{BackupJobId: aws.String("job"), State: state, CompletionDate: completed}}
	}
	running, ended := at(types.BackupJobStateRunning, nil), at(types.BackupJobStateCompleted, &day)
	for _, records := range [][]BackupJob{{running, ended}, {ended, running}, {ended, ended}, {ended}} {
		var got []BackupJob
		err := (&uniqueFn[types.BackupJob]{}).ProcessElement(t.Context(), "key", iterate(t, records), func(j BackupJob) { got = append(got, j) })
		require.NoError(t, err)
		require.Equal(t, []BackupJob{ended}, got)
	}
}

// iterate gives records as Beam does a group's.
func iterate(t *testing.T, records []BackupJob) func(*[]byte) bool {
	return func(text *[]byte) bool {
		if len(records) == 0 {
			return false
		}
		var err error
		*text, err = json.Marshal(records[0])
		require.NoError(t, err)
		records = records[1:]
		return true
	}
}

func TestJobsWithoutAnIDAreKeptApart(t *testing.T) {
	service := fakeaws.New(fakeaws.Data{BackupJobs: []types.BackupJob{{CreationDate: &day}, {CreationDate: aws.Time(day.Add(time.Second))}}})
	b := process(t.Context(), listing(service), Shard{Source: "a", Filter: json.RawMessage(`{}`)})
	require.Len(t, b.records, 2)
}

func TestWorkersKeepSomeClients(t *testing.T) {
	made := map[string]int{}
	p := &pool{newClient: func(_ context.Context, config, source string) (backupx.Client, error) {
		made[config+source]++
		return backupx.Client{}, nil
	}, config: "role/"}
	for range 3 {
		_, err := p.client(t.Context(), "a")
		require.NoError(t, err)
	}
	for i := range 3 * maxClients {
		_, err := p.client(t.Context(), strconv.Itoa(i))
		require.NoError(t, err)
		require.LessOrEqual(t, len(p.kept), maxClients)
	}
	require.Equal(t, 1, made["role/a"])
}

func TestDeadLettersAreLines(t *testing.T) {
	letters, err := ReadDeadLetters(strings.NewReader("\n{\"operation\":\"ListBackupJobs\",\"shard\":{\"source\":\"a\",\"filter\":{}},\"reason\":\"r\",\"delivered\":3}\n\n"))
	require.NoError(t, err)
	require.Equal(t, []DeadLetter{{
		Operation: OpBackupJobs, Shard: Shard{Source: "a", Filter: json.RawMessage(`{}`)}, Reason: "r", Delivered: 3,
	}}, letters)
	_, err = ReadDeadLetters(strings.NewReader("\n\nno\n"))
	require.ErrorContains(t, err, "line 3")
}
