package backupx_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// refused returns the text of the error with which a checkpoint, and the checkpoint that its text has, are refused.
func refused[T any](t *testing.T, l backupx.Listing[T], cp backupx.Checkpoint) string {
	t.Helper()
	_, err := l.Resume(cp)
	require.ErrorIs(t, err, backupx.ErrCheckpoint)
	_, again := l.Resume(throughText(t, cp))
	require.Error(t, again)
	require.Equal(t, err.Error(), again.Error(), "the text says the same")
	_, text, _ := strings.Cut(err.Error(), "checkpoint cannot be used: ")
	return text
}

// with returns the fleet with other shelves in the place of some, or in addition to them; nil removes one.
func (f shelfFleet) with(others shelfFleet) shelfFleet {
	return lo.OmitBy(lo.Assign(f, others), func(_ string, s *shelf) bool { return s == nil })
}

// A new source is read from its start, at whatever item the checkpoint was made, and the others from their positions.
func TestANewSourceStartsAfresh(t *testing.T) {
	f := newShelfFleet("s", 3, 4)
	for _, name := range []string{"a", "s0000a", "s0001/x", "z"} {
		added := newShelf("new", 3, 2)
		more := f.with(shelfFleet{name: added})
		for n := range len(f.items()) + 1 {
			cp := throughText(t, cpAfter(t, f.list(), n))
			f.requests()
			for _, parallel := range []int{1, 3} {
				rest := resumeFrom(t, more.list().Parallel(parallel), cp)
				require.ElementsMatch(t, slices.Concat(f.items()[n:], added.items), rest, "%s is new after %d", name, n)
			}
			cursor, err := more.list().Resume(cp)
			require.NoError(t, err)
			take(t, cursor.All(t.Context()), 2)
			rest, err := drain(cursor.All(t.Context()))
			require.NoError(t, err)
			require.Len(t, rest, len(f.items())-n+len(added.items)-2)
			require.True(t, cursor.Checkpoint().Done())
			require.Equal(t, n == 12, cp.Done())
		}
	}
}

// A source that was read whole may be gone. It is not read again if it comes back.
func TestASourceThatWasReadWholeMayBeGone(t *testing.T) {
	f := newShelfFleet("s", 3, 4)
	cp := throughText(t, cpAfter(t, f.list(), 6))
	less := f.with(shelfFleet{"s0000": nil})
	cursor, err := less.list().Resume(cp)
	require.NoError(t, err)
	take(t, cursor.All(t.Context()), 3)
	require.Equal(t, f.items()[9:], resumeFrom(t, less.list(), cursor.Checkpoint()))
	f.requests()
	back := throughText(t, cursor.Checkpoint())
	require.Equal(t, f.items()[9:], resumeFrom(t, f.list(), back))
	require.NotContains(t, f.requests(), "s0000")

	whole := throughText(t, cpAfter(t, f.list(), 12))
	require.Empty(t, resumeFrom(t, shelfFleet{}.list(), whole))
	require.Equal(t, numbers("new", 2), resumeFrom(t, shelfFleet{"new": newShelf("new", 2, 2)}.list(), whole), "renamed: it is another source")
}

func TestASourceThatIsGoneIsNamed(t *testing.T) {
	f := newShelfFleet("s", 4, 4)
	cp := cpAfter(t, f.list(), 6)
	require.Equal(t, `the source "s0001" was not read to its end and is gone: this listing has the sources "s0000", "s0002", "s0003"`,
		refused(t, f.with(shelfFleet{"s0001": nil}).list(), cp))
	require.Equal(t, `the sources "s0001", "s0003" were not read to their end and are gone: this listing has the sources "renamed", "s0002"`,
		refused(t, shelfFleet{"s0002": f["s0002"], "renamed": f["s0001"]}.list(), cp))
	require.Equal(t, `the sources "s0001", "s0002", "s0003" were not read to their end and are gone: this listing has no source`,
		refused(t, shelfFleet{}.list(), cp))
	many := newShelfFleet("s", 40, 1)
	require.Contains(t, refused(t, shelfFleet{}.list(), cpAfter(t, many.list(), 1)), `"s0010" and 29 more were not read`)
}

// jobsAcross is a fleet of names with the filter of each, or the one filter of all.
func jobsAcross(api backupx.BackupAPI, filters map[string]backupx.BackupJobFilter) backupx.Listing[string] {
	return fleetOf(lo.MapValues(filters, func(f backupx.BackupJobFilter, _ string) backupx.Listing[string] {
		return backupx.Map(backupx.BackupJobs(api, f), idOf)
	}), nil)
}

// allWith returns filters by name that are all the same.
func allWith(f backupx.BackupJobFilter, names ...string) map[string]backupx.BackupJobFilter {
	return lo.SliceToMap(names, func(name string) (string, backupx.BackupJobFilter) { return name, f })
}

var (
	failedJobs  = backupx.BackupJobFilter{}.States("FAILED")
	runningJobs = backupx.BackupJobFilter{}.States("RUNNING")
)

// A source whose filter changed is refused, with both filters, wherever the listing stood.
func TestAChangedFilterOfASourceIsRefused(t *testing.T) {
	s := newStore()
	was := allWith(failedJobs, "a", "b", "c") // six jobs each
	const both = "it is of the filter BackupJobFilter{states: FAILED}, not BackupJobFilter{states: RUNNING}"
	for n := range 19 {
		cp := cpAfter(t, jobsAcross(s, was), n)
		for _, name := range []string{"a", "b", "c"} {
			is := lo.Assign(was, allWith(runningJobs, name))
			require.Equal(t, `source "`+name+`": `+both, refused(t, jobsAcross(s, is), cp), "after %d", n)
		}
		require.Equal(t, `source "a": `+both, refused(t, jobsAcross(s, allWith(runningJobs, "a", "b", "c", "d")), cp))
		require.Contains(t, refused(t, backupx.Concat(jobsAcross(s, was)), cp), "it is of the operation Across, not Concat")
	}
}

// Many different filters of sources that were read to their end are not in the text: a changed one is refused all the same.
func TestAChangedFilterAmongManyIsRefused(t *testing.T) {
	s := newStore()
	was := map[string]backupx.BackupJobFilter{}
	for i := range 12 {
		was[fmt.Sprintf("s%02d", i)] = failedJobs.CreatedAfter(day.AddDate(0, 0, -40-i))
	}
	cp := cpAfter(t, jobsAcross(s, was), 40) // six are read whole
	for name := range was {
		text := refused(t, jobsAcross(s, lo.Assign(was, allWith(runningJobs, name))), cp)
		require.Contains(t, text, `source "`+name+`": it`)
		require.Contains(t, text, "BackupJobFilter{states: RUNNING}")
	}
	require.ErrorContains(t, throughText(t, cp).Filter(new(backupx.BackupJobFilter)), "it holds different filters")
}

// A refusal says which member differs, and its values on both sides.
func TestARefusalShowsBothSides(t *testing.T) {
	a, b := newShelf("a", 4, 2), newShelf("b", 4, 2)
	other := backupx.List("ListOthers", b.fetch)
	client := clientOf(service())
	byState := func(state types.BackupJobState) backupx.Listing[types.BackupJob] {
		return jobsByOperation(client.Backup, backup.ListBackupJobsInput{ByState: state})
	}
	jobs := func(f backupx.BackupJobFilter) backupx.Listing[types.BackupJob] { return client.BackupJobs(f) }
	long := lo.Times(300, func(i int) string { return fmt.Sprintf("job-%04d", i) })

	require.Equal(t, "it is of the operation ListThings, not ListOthers", refused(t, other, cpAfter(t, a.list(), 1)))
	require.Equal(t, `it is of the scope "x", not "y"`, refused(t, a.list().Scope("y"), cpAfter(t, a.list().Scope("x"), 1)))
	require.Equal(t, "it is of the filter HSMFilter{}, not HSMFilter{states: READY}",
		refused(t, client.HSMBackups(backupx.HSMFilter{}.States(hsmtypes.BackupStateReady)), cpAfter(t, client.HSMBackups(backupx.HSMFilter{}), 1)))
	require.Equal(t, `it is of the input {ByState: "COMPLETED"}, not {ByState: "FAILED"}`, refused(t, byState("FAILED"), cpAfter(t, byState("COMPLETED"), 1)))
	require.Equal(t, "it is of 2 listings, not of 1 listing", refused(t, backupx.Concat(a.list()), cpAfter(t, backupx.Concat(a.list(), other), 1)))
	require.Equal(t, "listing 2: it is of the operation ListOthers, not ListThings",
		refused(t, backupx.Concat(a.list(), a.list()), cpAfter(t, backupx.Concat(a.list(), other), 1)))
	require.Equal(t, "listing 2: it is of the filter BackupJobFilter{states: FAILED}, not BackupJobFilter{}",
		refused(t, backupx.Merge(byID, jobs(failedJobs), jobs(backupx.BackupJobFilter{})), cpAfter(t, backupx.Merge(byID, jobs(failedJobs), jobs(failedJobs)), 1)))
	require.Equal(t, `source "a": it is of the scope "x", not "y"`, refused(t, fleetOf(map[string]backupx.Listing[string]{"a": a.list().Scope("y")}, nil),
		cpAfter(t, fleetOf(map[string]backupx.Listing[string]{"a": a.list().Scope("x")}, nil), 1)))
	require.Equal(t, `source "a": it was read to its end with another scope than "y": the checkpoint has only a hash of it`,
		refused(t, fleetOf(map[string]backupx.Listing[string]{"a": a.list().Scope("y")}, nil), cpAfter(t, fleetOf(map[string]backupx.Listing[string]{"a": a.list().Scope("x")}, nil), 4)))

	ids := func(from, to int) backupx.Listing[types.BackupJob] {
		return jobs(backupx.BackupJobFilter{}.Parents(long[from:to]...))
	}
	text := refused(t, ids(0, 299), ids(0, 300).Cursor().Checkpoint())
	require.Less(t, len(text), 1000)
	require.Contains(t, text, "job-0299}, not …", "the texts are shortened to where they differ")
}

func byID(a, b types.BackupJob) int { return strings.Compare(idOf(a), idOf(b)) }

// A fleet in a fleet is matched by the names of its own sources.
func TestAFleetOfFleetsIsMatchedByName(t *testing.T) {
	f := newShelfFleet("s", 6, 3)
	within := func(names ...string) backupx.Listing[string] {
		return f.with(nil).only(names...).list()
	}
	fleets := func(prod, test backupx.Listing[string]) backupx.Listing[string] {
		return fleetOf(map[string]backupx.Listing[string]{"prod": prod, "test": test}, nil)
	}
	before := fleets(within("s0000", "s0001"), within("s0002", "s0003"))
	all := f.items()[:12]
	for n := range len(all) + 1 {
		cp := throughText(t, cpAfter(t, before, n))
		more := fleets(within("s0000", "s0001", "s0004"), within("s0002", "s0003", "s0005"))
		require.ElementsMatch(t, slices.Concat(all[n:], f.items()[12:]), resumeFrom(t, more, cp), "after %d", n)
		require.ElementsMatch(t, slices.Concat(all[n:], f.items()[12:]), resumeFrom(t, backupx.Concat(more), cpAfter(t, backupx.Concat(before), n)))

		less, err := fleets(within("s0000"), within("s0002", "s0003")).Resume(cp)
		if n < 6 {
			require.ErrorIs(t, err, backupx.ErrCheckpoint)
			require.ErrorContains(t, err, `source "prod": the source "s0001" was not read to its end and is gone: this listing has the source "s0000"`)
			continue
		}
		require.NoError(t, err)
		rest, err := drain(less.All(t.Context()))
		require.NoError(t, err)
		require.Equal(t, append([]string{}, all[n:]...), append([]string{}, rest...))
	}

	equal := func(names ...string) backupx.Listing[string] { // fleets with equal sources share their identity in the text
		return fleets(within(names...), within(names...))
	}
	for n := range 7 {
		cp := throughText(t, cpAfter(t, equal("s0000"), n))
		require.Len(t, resumeFrom(t, equal("s0000", "s0001"), cp), 6-n+6, "after %d", n)
	}
}

// only returns some of the shelves.
func (f shelfFleet) only(names ...string) shelfFleet { return lo.PickByKeys(f, names) }

func TestAServiceThatIsAddedToAnInventoryStartsAfresh(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{HSM: goldenBackups(), BackupJobs: fakeaws.GenerateBackupJobs(1, day.AddDate(0, 0, -10), day, 8)})
	client := clientOf(s)
	before := client.Inventory(backupx.ServiceHSM)
	for n := range 11 {
		cp := throughText(t, cpAfter(t, before, n))
		require.Len(t, resumeFrom(t, client.Inventory(backupx.ServiceBackupJobs, backupx.ServiceHSM), cp), 18-n)
	}
	require.Contains(t, refused(t, client.Inventory(backupx.ServiceBackupJobs), cpAfter(t, before, 3)),
		`the source "hsm" was not read to its end and is gone: this listing has the source "backup-jobs"`)
}

func TestACheckpointOfAFleetReturnsTheFilterOfAllSources(t *testing.T) {
	s := newStore()
	for names, most := range map[string]int{"a": 6, "a b c": 18, "a b c d e f g h": 48} {
		listing := jobsAcross(s, allWith(failedJobs, strings.Fields(names)...))
		for n := range most + 1 {
			var f backupx.BackupJobFilter
			cp := throughText(t, cpAfter(t, listing, n))
			require.NoError(t, cp.Filter(&f), "%s after %d", names, n)
			require.Equal(t, failedJobs.String(), f.String())
			_, err := jobsAcross(s, allWith(f, strings.Fields(names)...)).Resume(cp)
			require.NoError(t, err)
			require.NoError(t, throughText(t, cpAfter(t, backupx.Concat(listing, jobsAcross(s, allWith(failedJobs, "x"))), n)).Filter(&f))
			require.ErrorContains(t, cp.Filter(new(backupx.CopyJobFilter)), "it holds a filter of backup:ListBackupJobs, not of backup:ListCopyJobs")
		}
	}
	different := lo.Assign(allWith(failedJobs, "a", "b"), allWith(runningJobs, "c"))
	for n := range 19 {
		cp := throughText(t, cpAfter(t, jobsAcross(s, different), n))
		require.EqualError(t, cp.Filter(new(backupx.BackupJobFilter)),
			"backupx: checkpoint cannot be used: it holds different filters: BackupJobFilter{states: FAILED}, not BackupJobFilter{states: RUNNING}")
	}
	for _, l := range []backupx.Listing[string]{newShelfFleet("s", 3, 2).list(), shelfFleet{}.list()} {
		require.ErrorIs(t, l.Cursor().Checkpoint().Filter(new(backupx.BackupJobFilter)), backupx.ErrCheckpoint)
	}
}

// The texts of earlier versions are matched by name as far as they have names.
func TestSourcesThatAreNewOrGoneInTextsOfEarlierVersions(t *testing.T) {
	fleet := func(s *stores, names ...string) shape {
		clients := lo.PickByKeys(map[string]*store{"prod/a": s.a, "prod/b": s.b, "prod/c": s.c, "prod/d": s.d, "prod/e": s.a}, names)
		return acrossStores(clients, func(c backupx.Client) shape { return backupx.Map(c.BackupJobs(backupx.BackupJobFilter{}), idOf) })
	}
	for _, name := range []string{"fleet", "fleet-hashed", "fleet-grouped"} { // prod/a was read whole
		cp, rest := goldens[name].stored(t, name), goldens[name].rest
		require.Equal(t, rest, resumeFrom(t, fleet(newStores(), "prod/b", "prod/c", "prod/d"), cp), name)
		require.ElementsMatch(t, slices.Concat(rest, of("prod/e", jobsFrom(0, 24))),
			resumeFrom(t, fleet(newStores(), "prod/a", "prod/b", "prod/c", "prod/d", "prod/e"), cp), name)
		_, err := fleet(newStores(), "prod/a", "prod/b", "prod/d").Resume(cp)
		require.ErrorContains(t, err, `the source "prod/c" was not read to its end and is gone`, name)
	}
	cp := goldens["fleet-hashed"].stored(t, "fleet-hashed")
	_, err := fleet(newStores(), "prod/b", "prod/c", "prod/d", "prod/e").Resume(cp)
	require.ErrorIs(t, err, backupx.ErrCheckpoint, "prod/e may be a source that was read with another filter")
	require.ErrorIs(t, cp.Filter(new(backupx.BackupJobFilter)), backupx.ErrCheckpoint)
}

func TestNamesThatATextHasTwiceAreAnError(t *testing.T) {
	for _, id := range []string{
		`{"op":"Across","parts":[{"op":"ListThings","sources":["a","a"]}]}`,
		`{"op":"Across","parts":[{"op":"ListThings","sources":["a"]},{"op":"ListOthers","sources":["a"]}]}`,
		`{"op":"Across","parts":[{"op":"ListThings","source":"a"},{"op":"ListThings","sources":["a"]}]}`,
		`{"op":"Across","parts":[{"op":"ListThings","source":"a"},{"op":"ListThings","source":"a"}]}`,
		`{"op":"Across","parts":[{"source":"a","hash":"AAAAAAAAAAA="},{"source":"a","hash":"AAAAAAAAAAE="}]}`,
		`{"op":"Across","parts":[{"op":"Across","source":"b","parts":[{"op":"ListThings","sources":["a","a"]}]}]}`,
		`{"op":"Concat","parts":[{"op":"Across","parts":[{"op":"ListThings","sources":["a","a"]}]}]}`,
		`{"op":"Across","read":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="}`,
		`{"op":"Across","done":"AAAAAAAAAAAAAAAAAAAAAA=="}`,
		`{"op":"Across","parts":[{"op":"ListThings","sources":[""]}]}`,
		`{"op":"Across","parts":[{"op":"ListThings","sources":["a"],"scopes":["x","y"]}]}`,
		`{"op":"Across","parts":[{"op":"ListThings","sources":["a","b"],"scopes":["x"]}]}`,
		`{"op":"Across","parts":[{"op":"ListThings","sources":["a"],"sources":["b"]}]}`,
		`{"op":"Across","sources":["a"]}`,
		`{"op":"Across","source":"a"}`,
		`{"op":"ListThings","input":"00","shown":{}}`,
	} {
		requireNoCheckpoint(t, string(checksummed(t, []byte(`{"id":`+id+`,"opened":true}`))))
	}
}

func TestSourcesWithScopesOfTheirOwn(t *testing.T) {
	f := newShelfFleet("s", 5, 3)
	scoped := func(suffix string) backupx.Listing[string] {
		return fleetOf(lo.MapValues(f, func(s *shelf, name string) backupx.Listing[string] {
			if name == "s0001" { // it has none
				return s.list()
			}
			return s.list().Scope(name + suffix)
		}), nil)
	}
	for n := range 16 {
		cp := throughText(t, cpAfter(t, scoped(""), n))
		require.Equal(t, f.items()[n:], append([]string{}, resumeFrom(t, scoped(""), cp)...), n)
		require.Contains(t, refused(t, scoped("/x"), cp), `scope`)
		require.Contains(t, refused(t, f.list(), cp), `scope`)
	}
}
