package backupxbeam_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	backupxbeam "github.com/backupx-go/backupx/beam"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// lines are records as text, in order.
func lines[T any](t testing.TB, records []T) []string {
	t.Helper()
	texts := lo.Map(records, func(r T, _ int) string {
		text, err := json.Marshal(r)
		require.NoError(t, err)
		return string(text)
	})
	slices.Sort(texts)
	return texts
}

// listed is what backupx itself lists of some sources, without a pipeline.
func (f fleet) listed(t testing.TB, filter backupx.BackupJobFilter, sources ...string) []backupxbeam.BackupJob {
	t.Helper()
	all := backupx.Fleet{}
	for _, source := range sources {
		all = append(all, backupx.Source{Name: source, Client: backupx.New(f[source].Config())})
	}
	jobs, err := backupx.Across(all, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(filter)
	}).Collect(t.Context())
	require.NoError(t, err)
	return jobs
}

// outcome is what a run of ListBackupJobs gave.
type outcome struct {
	jobs     []backupxbeam.BackupJob
	dead     []backupxbeam.DeadLetter
	counters map[string]int64
}

func listBackupJobs(t testing.TB, c backupxbeam.Clients, o backupxbeam.Options, shards ...backupxbeam.Shard) outcome {
	t.Helper()
	p, s := beam.NewPipelineWithRoot()
	jobs, dead := backupxbeam.ListBackupJobs(s, c, beam.CreateList(s, shards), o)
	keptJobs, keptDead := keep[backupxbeam.BackupJob](t, s, jobs), keep[backupxbeam.DeadLetter](t, s, dead)
	counters := run(t, p)
	return outcome{keptJobs(), keptDead(), counters}
}

func TestEveryJobOnceThoughSomeOfTheFleetFail(t *testing.T) {
	names := []string{
		"111122223333/us-east-1", "111122223333/eu-west-1", "444455556666/us-east-1",
		"444455556666/eu-west-1", "123456789012/us-east-1", "123456789012/ap-southeast-3",
	}
	f := newFleet(200, names...)
	throttled, cut, denied := f[names[1]], f[names[3]], f[names[5]]
	throttled.Fault(fakeaws.Fault{Every: 3, Do: fakeaws.Throttle()})                                // the SDK retries
	cut.Fault(fakeaws.Fault{Nth: 4, Every: 5, Do: fakeaws.Error(400, "ValidationException", "no")}) // in mid-listing
	denied.Fault(fakeaws.Fault{Do: fakeaws.NotEnabled()})

	filter := backupx.BackupJobFilter{}.CreatedAfter(now.AddDate(0, 0, -30))
	shards := shardsOf(t, filter.Shards(now, 5*24*time.Hour), names...)
	first := listBackupJobs(t, f.clients(t), backupxbeam.Options{}, shards...)

	failing := lo.CountValuesBy(first.dead, func(d backupxbeam.DeadLetter) string { return d.Shard.Source })
	require.ElementsMatch(t, []string{names[3], names[5]}, slices.Collect(maps.Keys(failing)), "who failed")
	require.Equal(t, len(shards)/len(names), failing[names[5]], "each of its shards")
	require.Equal(t, int64(len(first.dead)), first.counters[backupxbeam.MetricDeadLetters])
	require.Equal(t, int64(len(shards)), first.counters[backupxbeam.MetricShards])
	require.Equal(t, int64(len(first.jobs)), first.counters[backupxbeam.MetricItems])
	require.Positive(t, first.counters[backupxbeam.MetricThrottles])
	require.Positive(t, lo.SumBy(first.dead, func(d backupxbeam.DeadLetter) int { return d.Delivered }), "some failed in mid-listing")
	for _, d := range first.dead {
		require.Equal(t, backupxbeam.OpBackupJobs, d.Operation)
		require.Contains(t, d.Reason, "ListBackupJobs: page ")
	}

	// What failed was mended; what is left is read from the dead letters, as a file would hold them.
	for _, service := range f {
		service.ClearFaults()
	}
	letters, err := backupxbeam.ReadDeadLetters(strings.NewReader(strings.Join(lines(t, first.dead), "\n")))
	require.NoError(t, err)
	rest := lo.Map(letters, func(d backupxbeam.DeadLetter, _ int) backupxbeam.Shard { return d.Shard })
	second := listBackupJobs(t, f.clients(t), backupxbeam.Options{PageSize: 7}, rest...)

	require.Empty(t, second.dead)
	require.Equal(t, lines(t, f.listed(t, filter, names...)), lines(t, slices.Concat(first.jobs, second.jobs)),
		"every job of the fleet, once")
}

func TestWhatCannotBeListedIsADeadLetterAndTheRunGoesOn(t *testing.T) {
	const source = "111122223333/us-east-1"
	f := newFleet(40, source)
	good := shardsOf(t, []backupx.BackupJobFilter{{}}, source)[0]
	for name, bad := range map[string]struct {
		shard  backupxbeam.Shard
		reason string
	}{
		"an unknown source":   {backupxbeam.Shard{Source: "999", Filter: good.Filter}, `no client of "999": unknown source`},
		"no source":           {backupxbeam.Shard{Filter: good.Filter}, "it has no source"},
		"no filter":           {backupxbeam.Shard{Source: source}, "it has no filter"},
		"a filter of nothing": {backupxbeam.Shard{Source: source, Filter: json.RawMessage(`null`)}, "not a JSON object"},
		"no JSON":             {backupxbeam.Shard{Source: source, Filter: json.RawMessage(`{"states":`)}, "not a JSON object"},
		"a newer filter":      {backupxbeam.Shard{Source: source, Filter: json.RawMessage(`{"colours":["red"]}`)}, "colours: no member of this filter"},
		"an invalid filter":   {backupxbeam.Shard{Source: source, Filter: json.RawMessage(`{"vaults":[""]}`)}, "invalid filter: vaults: an empty value"},
		"another's checkpoint": {
			backupxbeam.Shard{Source: source, Filter: good.Filter, Checkpoint: checkpointOf(t, f[source], "444455556666/us-east-1")},
			"checkpoint cannot be used: it is of the scope",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := listBackupJobs(t, f.clients(t), backupxbeam.Options{}, bad.shard, good)
			require.Len(t, got.jobs, 40)
			require.Len(t, got.dead, 1)
			require.Contains(t, got.dead[0].Reason, bad.reason)
			require.Equal(t, bad.shard.Source, got.dead[0].Shard.Source)
			require.Equal(t, bad.shard.Checkpoint.Done(), got.dead[0].Shard.Checkpoint.Done())
		})
	}
}

// checkpointOf is a checkpoint in the middle of a listing of everything.
func checkpointOf(t *testing.T, service *fakeaws.Service, scope string) backupx.Checkpoint {
	t.Helper()
	cursor := backupx.New(service.Config()).BackupJobs(backupx.BackupJobFilter{}).Scope(scope).Limit(15).Cursor()
	for _, err := range cursor.All(t.Context()) {
		require.NoError(t, err)
	}
	return cursor.Checkpoint()
}

func TestShardsGivenTwiceAndShardsThatOverlapGiveEachJobOnce(t *testing.T) {
	const source = "111122223333/us-east-1"
	f := newFleet(120, source, "444455556666/us-east-1")
	all := backupx.BackupJobFilter{}
	shards := shardsOf(t, append(all.Shards(now, 10*24*time.Hour), all, all.States("COMPLETED")), source)
	got := listBackupJobs(t, f.clients(t), backupxbeam.Options{Parallel: 4}, slices.Concat(shards, shards)...)
	require.Empty(t, got.dead)
	require.Equal(t, lines(t, f.listed(t, all, source)), lines(t, got.jobs))
	require.Equal(t, got.counters[backupxbeam.MetricItems]-120, got.counters[backupxbeam.MetricDuplicates])
}

func TestAJobOfTwoSourcesIsARecordOfEach(t *testing.T) {
	data := fakeaws.Data{BackupJobs: []types.BackupJob{{BackupJobId: aws.String("job"), CreationDate: &now}}}
	f := fleet{"a": fakeaws.New(data), "b": fakeaws.New(data)}
	got := listBackupJobs(t, f.clients(t), backupxbeam.Options{}, shardsOf(t, []backupx.BackupJobFilter{{}}, "a", "b")...)
	require.Equal(t, lines(t, f.listed(t, backupx.BackupJobFilter{}, "a", "b")), lines(t, got.jobs))
}

func TestTheOtherOperations(t *testing.T) {
	const source = "111122223333/us-east-1"
	f := newFleet(200, source)
	f[source].Fault(fakeaws.Fault{Every: 4, Do: fakeaws.Throttle()})
	client := backupx.New(f[source].Config())
	p, s := beam.NewPipelineWithRoot()
	c := f.clients(t)
	sources := beam.Create(s, source, "unknown")

	days := backupx.CopyJobFilter{}.Shards(now, 24*time.Hour)
	copies, dead1 := backupxbeam.ListCopyJobs(s, c, backupxbeam.Cross(s, sources, days), backupxbeam.Options{})
	hsm, dead2 := backupxbeam.ListHSMBackups(s, c, backupxbeam.Cross(s, sources, []backupx.HSMFilter{{}}), backupxbeam.Options{PageSize: 3, Rate: 1000})
	ops, dead3 := backupxbeam.ListOpsWorksBackups(s, c, backupxbeam.Cross(s, sources, []backupx.OpsWorksFilter{{}}), backupxbeam.Options{})
	gotCopies, gotHSM, gotOps := keep[backupxbeam.CopyJob](t, s, copies), keep[backupxbeam.HSMBackup](t, s, hsm), keep[backupxbeam.OpsWorksBackup](t, s, ops)
	gotDead := keep[backupxbeam.DeadLetter](t, s, beam.Flatten(s, dead1, dead2, dead3))
	counters := run(t, p)

	require.Equal(t, expected(t, source, client.CopyJobs(backupx.CopyJobFilter{})), lines(t, gotCopies()))
	require.Equal(t, expected(t, source, client.HSMBackups(backupx.HSMFilter{})), lines(t, gotHSM()))
	require.Equal(t, expected(t, source, client.OpsWorksBackups(backupx.OpsWorksFilter{})), lines(t, gotOps()))
	require.Equal(t, map[string]int{backupxbeam.OpCopyJobs: len(days), backupxbeam.OpHSMBackups: 1, backupxbeam.OpOpsWorksBackups: 1},
		lo.CountValuesBy(gotDead(), func(d backupxbeam.DeadLetter) string { return d.Operation }))
	require.Positive(t, counters[backupxbeam.MetricThrottles])
}

// expected is a listing as lines of records of a source.
func expected[T any](t *testing.T, source string, l backupx.Listing[T]) []string {
	t.Helper()
	items, err := l.Collect(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, items)
	return lines(t, lo.Map(items, func(v T, _ int) backupx.Sourced[T] { return backupx.Sourced[T]{Source: source, Item: v} }))
}

func TestParseShards(t *testing.T) {
	p, s := beam.NewPipelineWithRoot()
	shards, dead := backupxbeam.ParseShards(s, beam.Create(s,
		`{"source":"a","filter":{"states":["FAILED"]}}`, "", "  ",
		`{"source":"a","filter":{},"checkpoint":"backupx1.cut"}`,
		`{"source":"a","filter":{},"priority":1}`,
		`{"filter":{}}`, `{"source":"a"}`, `nonsense`,
	))
	gotShards, gotDead := keep[backupxbeam.Shard](t, s, shards), keep[backupxbeam.DeadLetter](t, s, dead)
	run(t, p)
	require.Equal(t, []string{`{"source":"a","filter":{"states":["FAILED"]}}`}, lines(t, gotShards()))
	reasons := map[string]string{
		`{"source":"a","filter":{},"checkpoint":"backupx1.cut"}`: "checkpoint cannot be used",
		`{"source":"a","filter":{},"priority":1}`:                `unknown field "priority"`,
		`{"filter":{}}`:  "it has no source",
		`{"source":"a"}`: "it has no filter",
		`nonsense`:       "invalid character",
	}
	require.Len(t, gotDead(), len(reasons))
	for _, d := range gotDead() {
		require.Contains(t, d.Reason, reasons[d.Text], d.Text)
	}
}

func TestPipelinesThatCannotBeBuilt(t *testing.T) {
	_, s := beam.NewPipelineWithRoot()
	shards := beam.CreateList(s, []backupxbeam.Shard{{Source: "a"}})
	require.PanicsWithError(t, `backupxbeam: no factory "none" is registered: call RegisterClients in an init function`, func() {
		backupxbeam.ListBackupJobs(s, backupxbeam.Clients{Factory: "none"}, shards, backupxbeam.Options{})
	})
	require.Panics(t, func() {
		backupxbeam.ListBackupJobs(s, backupxbeam.Clients{Factory: "fakes"}, shards, backupxbeam.Options{Parallel: -1})
	})
	require.PanicsWithValue(t, `backupxbeam: the factory "fakes" is registered twice`, func() {
		backupxbeam.RegisterClients("fakes", clientOf)
	})
}
