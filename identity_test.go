package backupx_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// A checkpoint gives a filter back only if it has the filters of all its listings.
func TestWhetherACheckpointHoldsAFilter(t *testing.T) {
	const (
		failed = `"op":"backup:ListBackupJobs","filter":{"states":["FAILED"]}`
		hash   = "AAAAAAAAAAA="
		hidden = "it holds only hashes of the filters of some sources"
	)
	record := random(20)
	for id, want := range map[string]string{
		`{` + failed + `}`:                                                                                                      "",
		`{"op":"Concat","parts":[{` + failed + `}]}`:                                                                            "",
		`{"op":"Across","parts":[{` + failed + `,"sources":["a","b"]}]}`:                                                        "",
		`{"op":"ListThings"}`:                                                                                                   "it holds no filter",
		`{"op":"Concat"}`:                                                                                                       "it holds no filter",
		`{"op":"Concat","parts":[{"op":"ListThings"},{` + failed + `}]}`:                                                        "it holds no filter",
		`{"op":"Concat","parts":[{` + failed + `},{"op":"ListThings"}]}`:                                                        "it holds no filter",
		`{"op":"Concat","parts":[{"op":"Concat"},{` + failed + `}]}`:                                                            "it holds no filter",
		`{"op":"Concat","parts":[{` + failed + `},{"op":"backup:ListBackupJobs","filter":{}}]}`:                                 "it holds different filters: BackupJobFilter{states: FAILED}, not BackupJobFilter{}",
		`{"op":"Concat","parts":[{` + failed + `},{"op":"backup:ListCopyJobs","filter":{"states":["FAILED"]}}]}`:                "it holds different filters: BackupJobFilter{states: FAILED}, not CopyJobFilter{states: FAILED}",
		`{"op":"Across","parts":[{` + failed + `,"source":"a"}],"done":"` + hash + `"}`:                                         hidden,
		`{"op":"Across","parts":[{"source":"a","hash":"` + hash + `"}]}`:                                                        hidden,
		`{"op":"Across","done":"` + hash + `"}`:                                                                                 hidden,
		`{"op":"Across","read":"` + record + `"}`:                                                                               hidden,
		`{"op":"Across","parts":[{` + failed + `,"sources":["a"]}],"read":"` + record + `"}`:                                    hidden,
		`{"op":"Across","parts":[{` + failed + `,"sources":["a"]},{"op":"backup:ListBackupJobs","filter":{},"sources":["b"]}]}`: "it holds different filters: BackupJobFilter{states: FAILED}, not BackupJobFilter{}",
	} {
		var cp backupx.Checkpoint
		require.NoError(t, cp.UnmarshalText(checksummed(t, []byte(`{"id":`+id+`}`))), id)
		var f backupx.BackupJobFilter
		err := cp.Filter(&f)
		if want == "" {
			require.NoError(t, err, id)
			require.Equal(t, failedJobs.String(), f.String())
			continue
		}
		require.EqualError(t, err, "backupx: checkpoint cannot be used: "+want, id)
	}
}

// A fleet in another listing is as small in the text as a fleet by itself, and its sources are as many for a token of the CLI.
func TestAFleetWithinAListing(t *testing.T) {
	size := func(sources int) int {
		l := backupx.Concat(newShelfFleet(strings.Repeat("long", 50), sources, 3).list(), newShelf("a", 2, 2).list())
		return len(textOf(t, cpAfter(t, l, 3*sources-1)))
	}
	require.LessOrEqual(t, size(45)-size(5), 40*40)
	f := newShelfFleet("s", 2, 4)
	for _, l := range []backupx.Listing[string]{f.list(), backupx.Concat(f.list()), backupx.Concat(backupx.Concat(f.list()))} {
		for n := 1; n < 8; n++ {
			_, err := cpAfter(t, l, n).CLIToken()
			require.ErrorIs(t, err, backupx.ErrCheckpoint)
		}
	}
	one := newShelfFleet("s", 1, 4).list()
	_, err := cpAfter(t, backupx.Concat(one), 1).CLIToken()
	require.NoError(t, err, "one source is one chain")
}

// What several sources listed that were read to their end stays in the text, among whatever other listings.
func TestWhatReadSourcesListedStaysInTheText(t *testing.T) {
	s := newStore()
	was := allWith(failedJobs, "a", "b")
	for i := range 6 {
		was[fmt.Sprintf("c%d", i)] = failedJobs.CreatedAfter(day.AddDate(0, 0, -40-i))
	}
	cp := cpAfter(t, jobsAcross(s, was), 20)
	is := allWith(runningJobs, "a")
	for name, f := range was {
		if name != "a" {
			is[name] = f
		}
	}
	require.Equal(t, `source "a": it is of the filter BackupJobFilter{states: FAILED}, not BackupJobFilter{states: RUNNING}`, refused(t, jobsAcross(s, is), cp))
}

// A source that was read to its end in a scope is refused for what changed, which is not its scope.
func TestAReadSourceWithAScopeIsRefusedForItsFilter(t *testing.T) {
	s := newStore()
	fleet := func(f backupx.BackupJobFilter) backupx.Listing[string] {
		return fleetOf(map[string]backupx.Listing[string]{
			"a": backupx.Map(backupx.BackupJobs(s, f), idOf).Scope("x"),
			"b": backupx.Map(backupx.BackupJobs(s, failedJobs), idOf).Scope("y"),
		}, nil)
	}
	require.Equal(t, `source "a": it is of the filter BackupJobFilter{states: FAILED}, not BackupJobFilter{states: RUNNING}`,
		refused(t, fleet(runningJobs), cpAfter(t, fleet(failedJobs), 7)))
}

// A fleet without sources may be gone from a checkpoint only if a range has shown that it has none.
func TestAnEmptyFleetThatIsGone(t *testing.T) {
	f := newShelfFleet("s", 2, 2)
	with := fleetOf(map[string]backupx.Listing[string]{"empty": shelfFleet{}.list(), "prod": f.list()}, nil)
	without := fleetOf(map[string]backupx.Listing[string]{"prod": f.list()}, nil)
	require.Equal(t, `the source "empty" was not read to its end and is gone: this listing has the source "prod"`,
		refused(t, without, with.Cursor().Checkpoint()))
	require.Equal(t, f.items()[1:], resumeFrom(t, without, cpAfter(t, with, 1)))
}

// The token and the page size of an input are the listing's business: they do not make it another listing.
func TestATokenInTheInputIsNoPartOfTheListing(t *testing.T) {
	client := clientOf(service())
	with := func(in backup.ListBackupJobsInput) backupx.Listing[types.BackupJob] {
		return jobsByOperation(client.Backup, in)
	}
	cp := with(backup.ListBackupJobsInput{NextToken: aws.String("t"), MaxResults: aws.Int32(7)}).Cursor().Checkpoint()
	_, err := with(backup.ListBackupJobsInput{}).Resume(throughText(t, cp))
	require.NoError(t, err)
}

func TestAFunctionThatIsNilIsAnError(t *testing.T) {
	type in struct{}
	type out struct{}
	page := func(*in, *string, *int32) {}
	items := func(*out) ([]string, *string) { return nil, nil }
	require.EqualError(t, errOf(t, backupx.FromOperation[string, in, out, int]("ListThings", nil, in{}, page, items)),
		"backupx: ListThings: FromOperation: a function is nil")
}

// A job has issues only if it is completed.
func TestOnlyACompletedJobHasIssues(t *testing.T) {
	denied := aws.String("ACCESS_DENIED")
	for state, want := range map[types.BackupJobState]bool{"COMPLETED": true, "FAILED": false, "PARTIAL": false, "": false} {
		require.Equal(t, want, backupx.BackupJobFilter{}.CompletedWithIssues().Match(types.BackupJob{State: state, MessageCategory: denied}), state)
	}
	require.False(t, backupx.BackupJobFilter{}.CompletedWithIssues().Match(types.BackupJob{State: "COMPLETED"}))
}
