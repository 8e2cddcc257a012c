package backupx_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/aws/smithy-go"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// goldenFolder is the directory of the texts of checkpoints that earlier versions of the package made, one file for
// each golden.
const goldenFolder = "testdata/checkpoints"

// updateGoldens is the environment variable with which the missing texts are written.
const updateGoldens = "UPDATE_CHECKPOINTS"

// golden is a listing, and how far it was delivered when the checkpoint in testdata was made. The delivered and the
// remaining items are written down by their ids in the data below: no version of the package computes its own
// expectation.
type golden struct {
	list      func(*stores) shape
	making    func(*stores) // changes the data before the checkpoint is made; nil for none
	resuming  func(*stores) // changes the data before the checkpoint is resumed; nil for none
	delivered []string      // the items before the checkpoint, in the order of delivery unless arrival is set
	rest      []string      // the items after the checkpoint, in the order without Parallel

	how     func(shape) shape // adds settings that only the listing that makes the checkpoint has; nil for none
	arrival bool              // the settings of how promise no order
	ends    bool              // the range ends by its limit, its last item or an error, and not by a break
	dies    bool              // the page tokens die after the delivered items, and the cursor restarts
	loops   bool              // a repeated token ends the listing; Resume refuses the checkpoint if no item is left
	zero    bool              // the checkpoint is the zero value
}

// shape is the type of the listings whose checkpoints are in testdata.
type shape = backupx.Listing[string]

// A checkpoint that an earlier version of the package stored is resumed by this one: it delivers exactly the items
// that were not delivered when the checkpoint was made.
//
// The texts are in testdata/checkpoints. UPDATE_CHECKPOINTS=1 go test -run TestGoldenCheckpoints . writes those that
// are missing. A text that exists is never overwritten, and must not be deleted to be written anew: it stands for the
// checkpoints that users have stored.
func TestGoldenCheckpoints(t *testing.T) {
	for name, g := range goldens {
		t.Run(name, func(t *testing.T) {
			cp := g.stored(t, name)
			require.Equal(t, len(g.rest) == 0 && !g.loops, cp.Done())
			if g.loops {
				g.requireLoop(t, cp)
				return
			}
			for way, set := range goldenWays {
				require.Equal(t, g.rest, append([]string{}, resumeFrom(t, set(g.list(g.later())), cp)...), "resumed with %s", way)
			}
			require.ElementsMatch(t, g.rest, resumeFrom(t, g.list(g.later()).Parallel(3), cp), "resumed with Parallel")
			require.Equal(t, g.rest, inBatches(t, g.list(g.later()).PageSize(3).Limit(2), cp), "resumed in batches of two")
		})
	}
}

// requireLoop requires that a listing whose tokens repeat ends with an error after the rest, or is not resumed.
func (g golden) requireLoop(t *testing.T, cp backupx.Checkpoint) {
	t.Helper()
	cursor, err := g.list(g.later()).Resume(cp)
	if len(g.rest) == 0 {
		require.ErrorIs(t, err, backupx.ErrCheckpoint)
		require.ErrorIs(t, err, backupx.ErrTokenLoop)
		return
	}
	require.NoError(t, err)
	items, err := drain(cursor.All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrTokenLoop)
	require.Equal(t, g.rest, items)
}

// A text without a golden would be resumed by no test.
func TestEachGoldenCheckpointIsResumed(t *testing.T) {
	files, err := filepath.Glob(goldenFolder + "/*")
	require.NoError(t, err)
	for _, file := range files {
		name, isText := strings.CutSuffix(filepath.Base(file), ".txt")
		require.True(t, isText, file)
		require.Contains(t, goldens, name)
	}
}

// A golden has the id of each item that its listing delivers from the start, once.
func TestGoldensKnowTheirData(t *testing.T) {
	for name, g := range goldens {
		if g.loops || strings.HasPrefix(name, "start") {
			continue // the listing ends with an error, or its checkpoint starts after the first items
		}
		whole := slices.Concat(g.delivered, g.rest)
		require.Empty(t, lo.FindDuplicates(whole), name)
		items, err := g.list(newStores()).Collect(t.Context())
		require.NoError(t, err)
		require.ElementsMatch(t, items, whole, name)
	}
}

func TestGoldenCheckpointsReturnTheirFilters(t *testing.T) {
	jobs := backupx.BackupJobFilter{}
	for name, want := range map[string]backupx.BackupJobFilter{
		"mid-page": jobs, "map-where": jobs, "states": jobs.States(goldenStates...),
		"scope": jobs.CreatedBetween(day.AddDate(0, 0, -20), day), "values": jobs.ResourceTypes(goldenTypes...),
	} {
		var got backupx.BackupJobFilter
		require.NoError(t, goldens[name].stored(t, name).Filter(&got))
		require.Equal(t, want.String(), got.String(), name)
	}
	var hsm backupx.HSMFilter
	require.NoError(t, goldens["hsm-states"].stored(t, "hsm-states").Filter(&hsm))
	require.Equal(t, backupx.HSMFilter{}.States("READY", "PENDING_DELETION").String(), hsm.String())
}

func TestAGoldenCheckpointOfAnotherScopeIsRefused(t *testing.T) {
	g := goldens["scope"]
	_, err := g.list(newStores()).Scope("444455556666/us-east-1").Resume(g.stored(t, "scope"))
	require.ErrorIs(t, err, backupx.ErrCheckpoint)
}

func TestGoldenCheckpointsOfOneChainReturnTheirCLIToken(t *testing.T) {
	for name, want := range map[string]string{
		"page-end":  `{"NextToken":"p8"}`,
		"mid-page":  `{"NextToken":"p4","boto_truncate_amount":2}`,
		"start":     `{"NextToken":"p8"}`,
		"start-cli": `{"NextToken":"p8","boto_truncate_amount":2}`,
	} {
		token, err := goldens[name].stored(t, name).CLIToken()
		require.NoError(t, err)
		require.Equal(t, cli(want), token, name)
	}
}

// goldenWays are the settings with which each checkpoint is resumed. All of them promise the order of a range without
// Parallel.
var goldenWays = map[string]func(shape) shape{
	"the same settings": func(l shape) shape { return l },
	"pages of one":      func(l shape) shape { return l.PageSize(1) },
	"pages of three":    func(l shape) shape { return l.PageSize(3) },
	"pages of fifty":    func(l shape) shape { return l.PageSize(50) },
	"Prefetch":          func(l shape) shape { return l.Prefetch(2) },
	"Ordered":           func(l shape) shape { return l.PageSize(2).Parallel(3).Ordered() },
}

// inBatches reads a listing with a limit to its end. Each batch resumes from the checkpoint of the batch before.
func inBatches(t *testing.T, l shape, cp backupx.Checkpoint) []string {
	t.Helper()
	got := []string{}
	for round := 0; !cp.Done(); round++ {
		require.Less(t, round, 100, "the batches do not end")
		cursor, err := l.Resume(throughText(t, cp))
		require.NoError(t, err)
		batch, err := drain(cursor.All(t.Context()))
		require.NoError(t, err)
		got, cp = append(got, batch...), cursor.Checkpoint()
	}
	return got
}

// stored returns the checkpoint in testdata. If the test fails, its log shows the checkpoint's content.
func (g golden) stored(t *testing.T, name string) backupx.Checkpoint {
	t.Helper()
	file := filepath.Join(goldenFolder, name+".txt")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && os.Getenv(updateGoldens) != "" {
		text = append(g.make(t), '\n')
		require.NoError(t, os.MkdirAll(goldenFolder, 0o755))
		require.NoError(t, os.WriteFile(file, text, 0o644))
		t.Log("written:", file)
	} else {
		require.NoError(t, err, "%s=1 writes the checkpoints that are missing, and leaves the others as they are", updateGoldens)
	}
	text = bytes.TrimSpace(text)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s contains %s", file, payloadOf(text))
		}
	})
	var cp backupx.Checkpoint
	require.NoError(t, cp.UnmarshalText(text))
	return cp
}

// payloadOf returns the JSON in the text of a checkpoint, indented.
func payloadOf(text []byte) string {
	parts := bytes.Split(text, []byte("."))
	if len(parts) != 3 {
		return strconv.Quote(string(text))
	}
	var payload bytes.Buffer
	b, err := base64.RawURLEncoding.DecodeString(string(parts[1]))
	if err := errors.Join(err, json.Indent(&payload, b, "", "  ")); err != nil {
		return err.Error()
	}
	return payload.String()
}

// make returns the text of a new checkpoint. It ranges on virtual time, so that the latencies of the stores decide
// which page arrives first.
func (g golden) make(t *testing.T) (text []byte) {
	t.Helper()
	if g.zero {
		return nil
	}
	synctest.Test(t, func(t *testing.T) {
		s := newStores()
		if g.making != nil {
			g.making(s)
		}
		l := g.list(s)
		if g.how != nil {
			l = g.how(l)
		}
		cursor := l.Cursor()
		var got []string
		if g.ends {
			got, _ = drain(cursor.All(t.Context()))
		} else {
			got = take(t, cursor.All(t.Context()), len(g.delivered))
		}
		if g.arrival {
			require.ElementsMatch(t, g.delivered, got)
		} else {
			require.Equal(t, append([]string{}, g.delivered...), got)
		}
		if g.dies {
			s.a.dead = true
			requireRestart(t, cursor)
		}
		text = []byte(textOf(t, cursor.Checkpoint()))
	})
	return text
}

// requireRestart restarts a cursor whose page token has died.
func requireRestart(t *testing.T, cursor *backupx.Cursor[string]) {
	t.Helper()
	items, err := drain(cursor.All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrTokenExpired)
	require.Empty(t, items)
	require.NoError(t, cursor.Restart())
}

// A checkpoint has what a restart needs, if its page token has died when it is resumed.
func TestGoldenCheckpointsRestartIfTheirTokensHaveDied(t *testing.T) {
	for _, name := range []string{"mid-page-ordered", "page-end-ordered", "one-night"} {
		s := newStores()
		s.a.dead, s.burst.dead = true, true
		cursor, err := goldens[name].list(s).Resume(goldens[name].stored(t, name))
		require.NoError(t, err)
		requireRestart(t, cursor)
		s.a.dead, s.burst.dead = false, false
		rest, err := drain(cursor.All(t.Context()))
		require.NoError(t, err)
		require.Equal(t, goldens[name].rest, rest, name)
	}

	// What comes before a token of the caller is not known.
	s := newStores()
	s.a.dead = true
	cursor, err := goldens["start-read"].list(s).Resume(goldens["start-read"].stored(t, "start-read"))
	require.NoError(t, err)
	_, err = drain(cursor.All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrTokenExpired)
	require.ErrorContains(t, cursor.Restart(), "the listing began at a token of its own")
}

// later returns the data at the time when the checkpoint is resumed.
func (g golden) later() *stores {
	s := newStores()
	if g.resuming != nil {
		g.resuming(s)
	}
	return s
}

// stores are the clients of a golden. a to d have the same items and are the sources of fleets; burst has many jobs of
// one night.
type stores struct{ a, b, c, d, burst *store }

func newStores() *stores {
	return &stores{a: newStore(), b: newStore(), c: newStore(), d: newStore(), burst: &store{jobs: goldenBurst()}}
}

// store is a client of AWS Backup and CloudHSM. Its items change only when a test changes them. A page token is the
// place of the next page's first item among all items of the store (p3 is the fourth item), so that the pages of a
// state do not shift when an item leaves the state.
type store struct {
	backupx.BackupAPI     // ListCopyJobs is not implemented
	backupx.HSMRestoreAPI // nor is RestoreBackup

	jobs    []types.BackupJob             // newest first
	backups []hsmtypes.Backup             // oldest first
	dead    bool                          // all page tokens have died
	refuses string                        // the token of the request that fails; empty for none
	takes   func(first int) time.Duration // the latency of a page by the place of its first item; nil for none
}

func newStore() *store { return &store{jobs: goldenJobs(), backups: goldenBackups()} }

// client returns a client of the store with a clock that stands at day.
func (s *store) client() backupx.Client {
	return backupx.Client{Backup: s, HSM: s, Now: func() time.Time { return day }}
}

// moveOn changes the state of a job.
func (s *store) moveOn(id string, state types.BackupJobState) {
	i := slices.IndexFunc(s.jobs, func(j types.BackupJob) bool { return idOf(j) == id })
	s.jobs[i].State = state
}

func (s *store) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, _ ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	jobs, next, err := pageOf(ctx, s, s.jobs, func(j types.BackupJob) bool {
		return (in.ByState == "" || in.ByState == j.State) &&
			(in.ByResourceType == nil || *in.ByResourceType == *j.ResourceType) &&
			(in.ByCreatedAfter == nil || j.CreationDate.After(*in.ByCreatedAfter)) &&
			(in.ByCreatedBefore == nil || j.CreationDate.Before(*in.ByCreatedBefore))
	}, in.NextToken, in.MaxResults)
	return &backup.ListBackupJobsOutput{BackupJobs: jobs, NextToken: next}, err
}

func (s *store) DescribeBackups(ctx context.Context, in *cloudhsmv2.DescribeBackupsInput, _ ...func(*cloudhsmv2.Options)) (*cloudhsmv2.DescribeBackupsOutput, error) {
	sorted := slices.Clone(s.backups)
	if !aws.ToBool(in.SortAscending) {
		slices.Reverse(sorted)
	}
	states := in.Filters["states"]
	backups, next, err := pageOf(ctx, s, sorted, func(b hsmtypes.Backup) bool {
		return len(states) == 0 || states[0] == string(b.BackupState)
	}, in.NextToken, in.MaxResults)
	return &cloudhsmv2.DescribeBackupsOutput{Backups: backups, NextToken: next}, err
}

// pageOf returns the page at a token, with at most size of the items that keep accepts, and the next page's token.
func pageOf[T any](ctx context.Context, s *store, items []T, keep func(T) bool, token *string, size *int32) ([]T, *string, error) {
	if token != nil && *token == s.refuses {
		return nil, nil, &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
	}
	if token != nil && s.dead {
		return nil, nil, &smithy.GenericAPIError{Code: "InvalidParameterValueException", Message: "the token"}
	}
	at := 0
	if token != nil {
		at = lo.Must(strconv.Atoi(strings.TrimPrefix(*token, "p")))
	}
	places := lo.Filter(lo.RangeFrom(at, len(items)-at), func(i, _ int) bool { return keep(items[i]) })
	if s.takes != nil && len(places) > 0 {
		if err := pause(ctx, s.takes(places[0])); err != nil {
			return nil, nil, err
		}
	}
	var next *string
	if size != nil && len(places) > int(*size) {
		next = aws.String(fmt.Sprint("p", places[*size]))
		places = places[:*size]
	}
	return lo.Map(places, func(i, _ int) T { return items[i] }), next, nil
}

// laterPagesTakeLonger is the latency of a page by the place of its first item: no two pages arrive together.
func laterPagesTakeLonger(first int) time.Duration {
	return time.Second + time.Duration(first)*10*time.Millisecond
}

var (
	goldenStates = []types.BackupJobState{"CREATED", "RUNNING", "COMPLETED", "FAILED"}
	goldenTypes  = []string{"EBS", "SAP HANA on Amazon EC2"}
)

// goldenJobs returns jobs 0 to 23, newest first, one for each 30 hours of the 30 days before day. The states take
// turns, and so do the resource types.
func goldenJobs() []types.BackupJob {
	return lo.Times(24, func(i int) types.BackupJob {
		return types.BackupJob{
			BackupJobId: aws.String(jobIDs(i)[0]), CreationDate: aws.Time(day.Add(time.Duration(i) * -30 * time.Hour)),
			State: goldenStates[i%4], ResourceType: aws.String(goldenTypes[i%2]),
		}
	})
}

// goldenBurst returns the jobs of goldenJobs, with jobs 4 to 11 created in one night six days before day, one an hour.
func goldenBurst() []types.BackupJob {
	jobs := goldenJobs()
	for i := 4; i < 12; i++ {
		jobs[i].CreationDate = aws.Time(day.AddDate(0, 0, -6).Add(time.Duration(i) * -time.Hour))
	}
	return jobs
}

// oneMoment makes six jobs of one night those of one moment.
func oneMoment(s *stores) {
	for i := 5; i < 10; i++ {
		s.burst.jobs[i].CreationDate = s.burst.jobs[4].CreationDate
	}
}

// goldenBackups returns backups 0 to 9, oldest first. Backups 2, 5 and 8 are about to be deleted, the others are ready.
func goldenBackups() []hsmtypes.Backup {
	return lo.Times(10, func(i int) hsmtypes.Backup {
		return hsmBackup(fmt.Sprintf("%02d", i), lo.Ternary[hsmtypes.BackupState](i%3 == 2, "PENDING_DELETION", "READY"), i)
	})
}

// jobIDs returns the ids of jobs by their places.
func jobIDs(places ...int) []string {
	return lo.Map(places, func(i, _ int) string { return fmt.Sprintf("job-%02d", i) })
}

// jobsFrom returns the ids of the jobs at the places from ≤ i < to.
func jobsFrom(from, to int) []string { return jobIDs(lo.RangeFrom(from, to-from)...) }

// backupIDs returns the ids of backups by their places.
func backupIDs(places ...int) []string {
	return lo.Map(places, func(i, _ int) string { return fmt.Sprintf("backup-%02d", i) })
}

// of returns items with the name of their source, as sourcedText writes it.
func of(source string, items []string) []string {
	return lo.Map(items, func(item string, _ int) string { return source + ": " + item })
}

// sourcedText returns an item of a fleet as text, for Map.
func sourcedText(v backupx.Sourced[string]) string { return v.Source + ": " + v.Item }

// jobsOf lists the jobs of a store.
func jobsOf(s *store, f backupx.BackupJobFilter) shape {
	return backupx.Map(s.client().BackupJobs(f), idOf)
}

// backupsOf lists the backups of a store.
func backupsOf(s *store, states ...hsmtypes.BackupState) shape {
	f := backupx.HSMFilter{}
	if len(states) > 0 {
		f = f.States(states...)
	}
	return backupx.Map(s.client().HSMBackups(f), hsmID)
}

// allJobs lists all jobs of store a.
func allJobs(s *stores) shape { return jobsOf(s.a, backupx.BackupJobFilter{}) }

// acrossStores lists a fleet of stores by name, in the order of their names.
func acrossStores(clients map[string]*store, list func(backupx.Client) shape) shape {
	fleet := lo.Map(slices.Sorted(maps.Keys(clients)), func(name string, _ int) backupx.Source {
		return backupx.Source{Name: name, Client: clients[name].client()}
	})
	return backupx.Map(backupx.Across(fleet, list), sourcedText)
}

// goldens are the checkpoints in testdata, by the name of their file.
var goldens = withHashes(map[string]golden{
	"page-end": {
		list:      func(s *stores) shape { return allJobs(s).PageSize(4) },
		delivered: jobsFrom(0, 8),
		rest:      jobsFrom(8, 24),
	},
	"mid-page": {
		list:      func(s *stores) shape { return allJobs(s).PageSize(4) },
		delivered: jobsFrom(0, 6),
		rest:      jobsFrom(6, 24),
	},
	"mid-page-of-larger-pages": { // the items to skip fill several of the smaller pages that are requested on resuming
		list:      func(s *stores) shape { return allJobs(s).PageSize(2) },
		how:       func(l shape) shape { return l.PageSize(10) },
		delivered: jobsFrom(0, 17),
		rest:      jobsFrom(17, 24),
	},
	"states": { // CREATED (0, 4, …), RUNNING (1, 5, …), COMPLETED (2, 6, …) and FAILED (3, 7, …), in that order
		list: func(s *stores) shape {
			return jobsOf(s.a, backupx.BackupJobFilter{}.States(goldenStates...)).PageSize(2)
		},
		delivered: jobIDs(0, 4, 8, 12, 16, 20, 1, 5, 9),
		resuming: func(s *stores) {
			s.a.moveOn("job-04", "COMPLETED") // was delivered, from a chain that is done
			s.a.moveOn("job-01", "COMPLETED") // was delivered, from an earlier page of the current chain
			s.a.moveOn("job-09", "FAILED")    // was delivered, from the current page
			s.a.moveOn("job-17", "COMPLETED") // was not delivered, and is delivered in its new state
		},
		rest: jobIDs(13, 21, 2, 6, 10, 14, 17, 18, 22, 3, 7, 11, 15, 19, 23),
	},
	"states-shifted": { // the items delivered last are in the checkpoint: job 5 shifts their page
		list: func(s *stores) shape {
			return jobsOf(s.a, backupx.BackupJobFilter{}.States("RUNNING", "COMPLETED")).PageSize(4)
		},
		delivered: jobIDs(1, 5, 9, 13, 17, 21, 2, 6),
		resuming:  func(s *stores) { s.a.moveOn("job-05", "COMPLETED") },
		rest:      jobIDs(10, 14, 18, 22),
	},
	"values": {
		list: func(s *stores) shape {
			return jobsOf(s.a, backupx.BackupJobFilter{}.ResourceTypes(goldenTypes...)).PageSize(4)
		},
		delivered: jobIDs(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 1, 3, 5, 7, 9, 11),
		rest:      jobIDs(13, 15, 17, 19, 21, 23),
	},
	"every": { // windows of 10 days: jobs 0 to 6, 7 to 14, 15 to 22, and 23
		list:      func(s *stores) shape { return allJobs(s).PageSize(3).Every(10 * 24 * time.Hour) },
		delivered: jobsFrom(0, 11),
		rest:      jobsFrom(11, 24),
	},
	"every-of-states": { // the windows of each state
		list: func(s *stores) shape {
			return jobsOf(s.a, backupx.BackupJobFilter{}.States("COMPLETED", "FAILED")).PageSize(2).Every(10 * 24 * time.Hour)
		},
		delivered: jobIDs(2, 6, 10, 14, 18, 22, 3, 7),
		rest:      jobIDs(11, 15, 19, 23),
	},
	// Parallel plans six windows of 5 days: jobs 0 to 3, the burst (4 to 11), 12, 13 to 16, 17 to 20, and 21 to 23. The
	// burst's window is divided when its first page is seen, and its parts once more.
	"parallel": {
		list:      func(s *stores) shape { return jobsOf(s.burst, backupx.BackupJobFilter{}).PageSize(2) },
		making:    func(s *stores) { s.burst.takes = laterPagesTakeLonger },
		how:       func(l shape) shape { return l.Parallel(2) },
		arrival:   true,
		delivered: jobIDs(0, 1, 2, 3, 12, 13, 14, 17),
		rest:      slices.Concat(jobsFrom(4, 12), jobIDs(15, 16), jobsFrom(18, 24)),
	},
	"parallel-parts": {
		list:      func(s *stores) shape { return jobsOf(s.burst, backupx.BackupJobFilter{}).PageSize(2) },
		making:    func(s *stores) { s.burst.takes = laterPagesTakeLonger },
		how:       func(l shape) shape { return l.Parallel(2) },
		arrival:   true,
		delivered: slices.Concat(jobsFrom(0, 4), jobIDs(7, 8), jobsFrom(12, 24)),
		rest:      jobIDs(4, 5, 6, 9, 10, 11),
	},
	"ordered": { // the burst's window was divided, and is in the middle
		list:      func(s *stores) shape { return jobsOf(s.burst, backupx.BackupJobFilter{}).PageSize(2) },
		how:       func(l shape) shape { return l.Parallel(2).Ordered() },
		delivered: jobsFrom(0, 7),
		rest:      jobsFrom(7, 24),
	},
	"fleet": {
		list:      func(s *stores) shape { return fleetOfStores(s).PageSize(4) },
		making:    func(s *stores) { s.b.refuses = "p8" },
		delivered: slices.Concat(of("prod/a", jobsFrom(0, 24)), of("prod/b", jobsFrom(0, 8)), of("prod/c", jobsFrom(0, 6))),
		rest:      slices.Concat(of("prod/b", jobsFrom(8, 24)), of("prod/c", jobsFrom(6, 24)), of("prod/d", jobsFrom(0, 24))),
	},
	"fleet-of-windows": {
		list:      func(s *stores) shape { return fleetOfStores(s).PageSize(3).Every(10 * 24 * time.Hour) },
		delivered: slices.Concat(of("prod/a", jobsFrom(0, 24)), of("prod/b", jobsFrom(0, 8))),
		rest:      slices.Concat(of("prod/b", jobsFrom(8, 24)), of("prod/c", jobsFrom(0, 24)), of("prod/d", jobsFrom(0, 24))),
	},
	"fleet-of-fleets": {
		list: func(s *stores) shape {
			within := func(name string, first, second *store) shape {
				l := acrossStores(map[string]*store{"one": first, "two": second}, listBackups)
				return backupx.Map(l, func(item string) string { return name + ": " + item })
			}
			return fleetOf(map[string]shape{"prod": within("prod", s.a, s.b), "test": within("test", s.c, s.d)}, nil).PageSize(3)
		},
		making: func(s *stores) { s.a.refuses = "p3" },
		delivered: slices.Concat(
			of("prod", of("one", backupIDs(9, 8, 7))), of("prod", of("two", backupIDs(9, 8, 7, 6, 5, 4, 3, 2, 1, 0))),
			of("test", of("one", backupIDs(9, 8, 7, 6))),
		),
		rest: slices.Concat(
			of("prod", of("one", backupIDs(6, 5, 4, 3, 2, 1, 0))),
			of("test", of("one", backupIDs(5, 4, 3, 2, 1, 0))), of("test", of("two", backupIDs(9, 8, 7, 6, 5, 4, 3, 2, 1, 0))),
		),
	},
	"inventory": {
		list: func(s *stores) shape {
			records := s.a.client().Inventory(backupx.ServiceHSM, backupx.ServiceBackupJobs)
			return backupx.Map(records, func(r backupx.Record) string { return r.ID }).PageSize(4)
		},
		delivered: slices.Concat(backupIDs(9, 8, 7, 6, 5, 4, 3, 2, 1, 0), jobsFrom(0, 5)),
		rest:      jobsFrom(5, 24),
	},
	"inventory-since": { // jobs 1 to 23 were created before the time
		list: func(s *stores) shape {
			records := s.a.client().InventorySince(day.Add(-time.Hour), backupx.ServiceBackupJobs, backupx.ServiceHSM)
			return backupx.Map(records, func(r backupx.Record) string { return r.ID }).PageSize(4)
		},
		delivered: slices.Concat(jobIDs(0), backupIDs(9, 8, 7)),
		rest:      backupIDs(6, 5, 4, 3, 2, 1, 0),
	},
	"gather": {
		list: func(s *stores) shape {
			jobs, backups := allJobs(s).PageSize(4), backupsOf(s.a).PageSize(3)
			return backupx.Map(backupx.Gather(backups.Named("backups"), jobs.Named("jobs/a"), jobs.Named("jobs/b")), sourcedText)
		},
		delivered: slices.Concat(of("backups", backupIDs(9, 8, 7, 6, 5, 4, 3, 2, 1, 0)), of("jobs/a", jobsFrom(0, 6))),
		rest:      slices.Concat(of("jobs/a", jobsFrom(6, 24)), of("jobs/b", jobsFrom(0, 24))),
	},
	"of": {
		list:      func(*stores) shape { return backupx.Of(numbers("thing", 13), nil).PageSize(4) },
		delivered: numbers("thing", 7),
		rest:      numbers("thing", 13)[7:],
	},
	"merge": {
		list: func(s *stores) shape {
			return backupx.Merge(strings.Compare, allJobs(s).PageSize(4), newShelf("job-05", 9, 2).list(), newShelf("job", 3, 3).list())
		},
		delivered: slices.Concat(jobIDs(0), numbers("job", 3), jobsFrom(1, 6), numbers("job-05", 3)),
		rest:      slices.Concat(numbers("job-05", 9)[3:], jobsFrom(6, 24)),
	},
	"concat": {
		list: func(s *stores) shape {
			states := jobsOf(s.a, backupx.BackupJobFilter{}.States("RUNNING", "FAILED"))
			return backupx.Concat(newShelf("thing", 5, 2).list(), backupsOf(s.a), newShelf("none", 0, 1).list(), states,
				newShelf("last", 3, 2).list()).PageSize(4)
		},
		delivered: slices.Concat(numbers("thing", 5), backupIDs(9, 8, 7, 6, 5, 4, 3, 2, 1, 0), jobIDs(1, 5, 9, 13, 17)),
		rest:      slices.Concat(jobIDs(21, 3, 7, 11, 15, 19, 23), numbers("last", 3)),
	},
	"hsm": {
		list:      func(s *stores) shape { return backupsOf(s.a).PageSize(3) },
		delivered: backupIDs(9, 8, 7, 6),
		rest:      backupIDs(5, 4, 3, 2, 1, 0),
	},
	"hsm-states": { // merged: READY (9, 7, 6, 4, 3, 1, 0) and PENDING_DELETION (8, 5, 2)
		list:      func(s *stores) shape { return backupsOf(s.a, "READY", "PENDING_DELETION").PageSize(2) },
		delivered: backupIDs(9, 8, 7, 6),
		resuming:  func(s *stores) { s.a.backups[7].BackupState = "PENDING_DELETION" },
		rest:      backupIDs(5, 4, 3, 2, 1, 0),
	},
	"start": {
		list: func(s *stores) shape { return allJobs(s).PageSize(4) },
		how:  func(l shape) shape { return l.StartAt("p8") },
		rest: jobsFrom(8, 24),
	},
	"start-cli": {
		list: func(s *stores) shape { return allJobs(s).PageSize(4) },
		how:  func(l shape) shape { return l.StartAtCLI(cli(`{"NextToken":"p8","boto_truncate_amount":2}`)) },
		rest: jobsFrom(10, 24),
	},
	"start-read": {
		list:      func(s *stores) shape { return allJobs(s).PageSize(4) },
		how:       func(l shape) shape { return l.StartAt("p8") },
		delivered: jobsFrom(8, 14),
		rest:      jobsFrom(14, 24),
	},
	"one-night": { // jobs 4 to 9 were created at one moment, on two pages
		list:      func(s *stores) shape { return jobsOf(s.burst, backupx.BackupJobFilter{}).PageSize(3) },
		making:    oneMoment,
		resuming:  oneMoment,
		delivered: jobsFrom(0, 8),
		rest:      jobsFrom(8, 24),
	},
	"restarted": {
		list:      func(s *stores) shape { return allJobs(s).PageSize(4) },
		delivered: jobsFrom(0, 6),
		dies:      true,
		rest:      jobsFrom(6, 24),
	},
	"restarted-hsm": { // no request can ask for the rest: the ids that the cursor remembers are passed over
		list:      func(s *stores) shape { return backupsOf(s.a).PageSize(3) },
		delivered: backupIDs(9, 8, 7, 6),
		dies:      true,
		rest:      backupIDs(5, 4, 3, 2, 1, 0),
	},
	"fleet-of-scopes": { // prod/b has none
		list: func(s *stores) shape {
			scoped := map[*store]string{s.a: "one", s.c: "three"}
			return acrossStores(map[string]*store{"prod/a": s.a, "prod/b": s.b, "prod/c": s.c}, func(c backupx.Client) shape {
				return backupx.Map(c.BackupJobs(backupx.BackupJobFilter{}), idOf).Scope(scoped[c.Backup.(*store)])
			}).PageSize(4)
		},
		delivered: slices.Concat(of("prod/a", jobsFrom(0, 24)), of("prod/b", jobsFrom(0, 6))),
		rest:      slices.Concat(of("prod/b", jobsFrom(6, 24)), of("prod/c", jobsFrom(0, 24))),
	},
	"zero": {
		list: func(s *stores) shape { return allJobs(s).PageSize(4) },
		zero: true,
		rest: jobsFrom(0, 24),
	},
	"not-read": {
		list: func(s *stores) shape { return allJobs(s).PageSize(4) },
		rest: jobsFrom(0, 24),
	},
	"prefetch": {
		list:      func(s *stores) shape { return allJobs(s).PageSize(4) },
		how:       func(l shape) shape { return l.Prefetch(3) },
		delivered: jobsFrom(0, 5),
		rest:      jobsFrom(5, 24),
	},
	"map-where": { // the jobs with an even number are dropped
		list: func(s *stores) shape {
			return allJobs(s).PageSize(4).Where(func(id string) bool { return strings.ContainsAny(id[len(id)-1:], "13579") })
		},
		delivered: jobIDs(1, 3, 5, 7, 9),
		rest:      jobIDs(11, 13, 15, 17, 19, 21, 23),
	},
	"list": {
		list:      func(*stores) shape { return newShelf("thing", 13, 4).list() },
		delivered: numbers("thing", 7),
		rest:      numbers("thing", 13)[7:],
	},
	"from-operation": {
		list: func(s *stores) shape {
			return backupx.Map(jobsByOperation(s.a, backup.ListBackupJobsInput{ByState: "COMPLETED"}), idOf).PageSize(4)
		},
		delivered: jobIDs(2, 6, 10, 14, 18),
		rest:      jobIDs(22),
	},
	"limit": {
		list:      func(s *stores) shape { return allJobs(s).PageSize(4) },
		how:       func(l shape) shape { return l.Limit(10) },
		ends:      true,
		delivered: jobsFrom(0, 10),
		rest:      jobsFrom(10, 24),
	},
	"done": {
		list:      func(s *stores) shape { return allJobs(s).PageSize(4) },
		ends:      true,
		delivered: jobsFrom(0, 24),
		rest:      []string{},
	},
	"token-loop": {
		list:      loopingTokens,
		delivered: []string{"before p1", "before p2", "before p3", "before p1"},
		ends:      true,
		loops:     true,
	},
	"token-loop-ahead": { // the checkpoint has the token that is going to be repeated
		list:      loopingTokens,
		delivered: []string{"before p1", "before p2"},
		rest:      []string{"before p3", "before p1"},
		loops:     true,
	},
	"scope": {
		list: func(s *stores) shape {
			f := backupx.BackupJobFilter{}.CreatedBetween(day.AddDate(0, 0, -20), day) // jobs 1 to 16
			return jobsOf(s.a, f).Scope("111122223333/us-east-1").PageSize(4)
		},
		delivered: jobsFrom(1, 7),
		rest:      jobsFrom(7, 17),
	},
})

// withHashes adds the goldens of texts of a later shape. The texts of fleets without a suffix have every member of each
// source, those with "hashed" in their names have hashes of most, and those with "grouped" have the sources that list the
// same as a group. The texts of windows with "left" in their names have no chains of windows that were not begun.
func withHashes(goldens map[string]golden) map[string]golden {
	for _, name := range []string{"fleet", "fleet-of-windows", "fleet-of-fleets", "inventory"} {
		goldens[name+"-hashed"] = goldens[name]
		goldens[name+"-grouped"] = goldens[name]
	}
	for _, name := range []string{"every", "every-of-states", "ordered"} {
		goldens[name+"-left"] = goldens[name]
	}
	for _, name := range []string{"mid-page", "page-end"} {
		goldens[name+"-ordered"] = goldens[name] // with the creation times at which a restart goes on
	}
	for _, name := range []string{"done", "from-operation"} {
		goldens[name+"-later"] = goldens[name] // without the member done, and with the JSON of the input
	}
	return goldens
}

// loopingTokens lists a service with the tokens p1, p2, p3 and p1 again.
func loopingTokens(*stores) shape {
	return backupx.List("ListThings", func(_ context.Context, token string, _ int) (backupx.Page[string], error) {
		next := map[string]string{"": "p1", "p1": "p2", "p2": "p3", "p3": "p1"}[token]
		return backupx.Page[string]{Items: []string{"before " + next}, Next: next}, nil
	})
}

// listBackups lists the backups of a source, for Across.
func listBackups(c backupx.Client) shape {
	return backupx.Map(c.HSMBackups(backupx.HSMFilter{}), hsmID)
}

// fleetOfStores lists the jobs of the four stores as a fleet.
func fleetOfStores(s *stores) shape {
	return acrossStores(map[string]*store{"prod/a": s.a, "prod/b": s.b, "prod/c": s.c, "prod/d": s.d}, func(c backupx.Client) shape {
		return backupx.Map(c.BackupJobs(backupx.BackupJobFilter{}), idOf)
	})
}
