package backupx_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// filter is what the four filters have in common.
type filter[T any] interface {
	Match(T) bool
	Validate() error
	Explain() backupx.Explanation
	fmt.Stringer
	json.Marshaler
}

// call is one call of a filter's method.
type call[F any] struct {
	name string
	do   func(F) F
}

// kind is one of the four filters, and what there is to list with it.
type kind[F filter[T], T any] struct {
	items []T
	calls []call[F] // calls of every method, with values of the items and with others
	list  func(backupx.Client, F) backupx.Listing[T]
	id    func(T) string
}

// ids are the items that a filter matches, by id.
func (k kind[F, T]) ids(f F) []string {
	return k.sorted(lo.Filter(k.items, func(v T, _ int) bool { return f.Match(v) }))
}

func (k kind[F, T]) sorted(items []T) []string {
	ids := lo.Map(items, func(v T, _ int) string { return k.id(v) })
	slices.Sort(ids)
	return ids
}

// random makes a filter of up to n calls, and says of which.
func (k kind[F, T]) random(r *rand.Rand, n int) (F, string) {
	var f F
	names := []string{}
	for range r.IntN(n + 1) {
		c := k.calls[r.IntN(len(k.calls))]
		f = c.do(f)
		names = append(names, c.name)
	}
	return f, strings.Join(names, ".")
}

// moments are times at, around and away from when some items were created.
func moments(created []time.Time) []time.Time {
	return []time.Time{
		created[3], created[3].Add(time.Millisecond), created[11].Add(-time.Millisecond), created[11],
		created[17].Add(time.Microsecond), created[0].Add(-time.Hour), created[len(created)-1].Add(time.Hour),
	}
}

// timed are the calls that take one time, and CreatedBetween.
func timed[F any](at []time.Time, between func(F, time.Time, time.Time) F, one map[string]func(F, time.Time) F) []call[F] {
	var calls []call[F]
	for name, do := range one {
		for _, t := range at {
			calls = append(calls, call[F]{name + "(" + t.Format(time.RFC3339Nano) + ")", func(f F) F { return do(f, t) }})
		}
	}
	for _, from := range append(at, time.Time{}) {
		for _, to := range append(at, time.Time{}) {
			if from.IsZero() || to.IsZero() || !to.Before(from) {
				name := fmt.Sprintf("CreatedBetween(%s, %s)", from.Format(time.RFC3339Nano), to.Format(time.RFC3339Nano))
				calls = append(calls, call[F]{name, func(f F) F { return between(f, from, to) }})
			}
		}
	}
	slices.SortFunc(calls, func(a, b call[F]) int { return strings.Compare(a.name, b.name) }) // not the map's order
	return calls
}

// valued are calls with none, one, several and foreign values.
func valued[F any, V ~string](name string, do func(F, ...V) F, values ...V) []call[F] {
	with := func(values ...V) call[F] {
		return call[F]{fmt.Sprintf("%s%q", name, values), func(f F) F { return do(f, values...) }}
	}
	values = lo.Uniq(values)
	calls := []call[F]{with(), with(values...), with(values[len(values)-1], values[0])}
	for _, v := range values {
		calls = append(calls, with(v))
	}
	return calls
}

func flagged[F any](name string, do func(F) F) call[F] { return call[F]{name + "()", do} }

// planned are the plans of jobs, and one that started none.
func planned(by ...*types.RecoveryPointCreator) []string {
	return append(lo.Uniq(lo.FilterMap(by, func(c *types.RecoveryPointCreator, _ int) (string, bool) {
		if c == nil {
			return "", false
		}
		return *c.BackupPlanId, true
	})), "no-such-plan")
}

const filterItems = 100

func backupJobKind() kind[backupx.BackupJobFilter, types.BackupJob] {
	type f = backupx.BackupJobFilter
	items := fakeaws.GenerateBackupJobs(7, day.AddDate(0, 0, -30), day, filterItems)
	created := lo.Map(items, func(j types.BackupJob, _ int) time.Time { return *j.CreationDate })
	child, _ := lo.Find(items, func(j types.BackupJob) bool { return j.ParentJobId != nil })
	calls := timed(moments(created), f.CreatedBetween, map[string]func(f, time.Time) f{
		"CreatedAfter": f.CreatedAfter, "CreatedBefore": f.CreatedBefore,
		"CompletedAfter": f.CompletedAfter, "CompletedBefore": f.CompletedBefore,
	})
	return kind[f, types.BackupJob]{
		items: items,
		calls: slices.Concat(calls,
			valued("States", f.States, types.BackupJobState("").Values()...),
			valued("IDs", f.IDs, *items[1].BackupJobId, *items[2].BackupJobId, "no-such-job"),
			valued("Plans", f.Plans, planned(items[1].CreatedBy, items[2].CreatedBy, items[3].CreatedBy, items[4].CreatedBy)...),
			valued("Vaults", f.Vaults, "Default", "aws/efs/automatic-backup-vault", "nowhere"),
			valued("Resources", f.Resources, *items[1].ResourceArn, *items[2].ResourceArn, "arn:aws:s3:::nowhere"),
			valued("ResourceTypes", f.ResourceTypes, "EBS", "EFS", "SAP HANA on Amazon EC2", "none"),
			valued("Accounts", f.Accounts, fakeaws.ExampleAccount, fakeaws.ExampleAccount2),
			valued("Parents", f.Parents, *child.ParentJobId, "no-such-job"),
			valued("MessageCategories", f.MessageCategories, "success", "AccessDenied", "AGGREGATED"),
			[]call[f]{
				flagged("TopLevel", f.TopLevel), flagged("CompletedWithIssues", f.CompletedWithIssues),
				flagged("AllAccounts", f.AllAccounts), flagged("Ended", f.Ended), flagged("Unsuccessful", f.Unsuccessful),
			}),
		list: backupx.Client.BackupJobs,
		id:   func(j types.BackupJob) string { return *j.BackupJobId },
	}
}

func copyJobKind() kind[backupx.CopyJobFilter, types.CopyJob] {
	type f = backupx.CopyJobFilter
	items := fakeaws.GenerateCopyJobs(7, day.AddDate(0, 0, -30), day, filterItems)
	for i := range items[:2*filterItems/3] {
		items[i].CreatedByBackupJobId = aws.String(fmt.Sprintf("backup-%d", i%3))
	}
	created := lo.Map(items, func(j types.CopyJob, _ int) time.Time { return *j.CreationDate })
	child, _ := lo.Find(items, func(j types.CopyJob) bool { return j.ParentJobId != nil })
	calls := timed(moments(created), f.CreatedBetween, map[string]func(f, time.Time) f{
		"CreatedAfter": f.CreatedAfter, "CreatedBefore": f.CreatedBefore,
		"CompletedAfter": f.CompletedAfter, "CompletedBefore": f.CompletedBefore,
	})
	return kind[f, types.CopyJob]{
		items: items,
		calls: slices.Concat(calls,
			valued("States", f.States, types.CopyJobState("").Values()...),
			valued("IDs", f.IDs, *items[1].CopyJobId, *items[2].CopyJobId, "no-such-job"),
			valued("Plans", f.Plans, planned(items[1].CreatedBy, items[2].CreatedBy, items[3].CreatedBy, items[4].CreatedBy)...),
			valued("SourceBackupJobs", f.SourceBackupJobs, "backup-1", "backup-2", "no-such-job"),
			valued("DestinationVaults", f.DestinationVaults, *items[1].DestinationBackupVaultArn, *items[2].DestinationBackupVaultArn, "arn:aws:backup:us-east-1:111122223333:backup-vault:nowhere"),
			valued("SourceRecoveryPoints", f.SourceRecoveryPoints, *items[4].SourceRecoveryPointArn, *items[5].SourceRecoveryPointArn),
			valued("Resources", f.Resources, *items[1].ResourceArn, *items[2].ResourceArn),
			valued("ResourceTypes", f.ResourceTypes, "EBS", "EFS", "SAP HANA on Amazon EC2", "none"),
			valued("Accounts", f.Accounts, fakeaws.ExampleAccount, fakeaws.ExampleAccount2),
			valued("Parents", f.Parents, *child.ParentJobId, "no-such-job"),
			valued("MessageCategories", f.MessageCategories, "success", "AccessDenied", "AGGREGATED"),
			[]call[f]{
				flagged("TopLevel", f.TopLevel), flagged("CompletedWithIssues", f.CompletedWithIssues),
				flagged("Ended", f.Ended), flagged("Unsuccessful", f.Unsuccessful),
			}),
		list: backupx.Client.CopyJobs,
		id:   func(j types.CopyJob) string { return *j.CopyJobId },
	}
}

func hsmKind() kind[backupx.HSMFilter, hsmtypes.Backup] {
	type f = backupx.HSMFilter
	items := fakeaws.GenerateHSM(7, day.AddDate(0, 0, -30), day, filterItems)
	created := lo.Map(items, func(b hsmtypes.Backup, _ int) time.Time { return *b.CreateTimestamp })
	copied := lo.Filter(items, func(b hsmtypes.Backup, _ int) bool { return b.SourceBackup != nil })
	calls := timed(moments(created), f.CreatedBetween, map[string]func(f, time.Time) f{
		"CreatedAfter": f.CreatedAfter, "CreatedBefore": f.CreatedBefore, "DeletionDueBefore": f.DeletionDueBefore,
	})
	tagged := func(key string, values ...string) call[f] {
		return call[f]{fmt.Sprintf("Tagged%q%q", key, values), func(x f) f { return x.Tagged(key, values[0], values[1:]...) }}
	}
	set := func(name string, v bool, do func(f, bool) f) call[f] {
		return call[f]{fmt.Sprintf("%s(%v)", name, v), func(x f) f { return do(x, v) }}
	}
	return kind[f, hsmtypes.Backup]{
		items: items,
		calls: slices.Concat(calls,
			valued("IDs", f.IDs, *items[1].BackupId, *items[2].BackupId, "backup-none"),
			valued("Clusters", f.Clusters, *items[1].ClusterId, *items[4].ClusterId, "cluster-none"),
			valued("SourceBackups", f.SourceBackups, *copied[0].SourceBackup, *copied[1].SourceBackup),
			valued("States", f.States, hsmtypes.BackupState("").Values()...),
			valued("Modes", f.Modes, hsmtypes.ClusterMode("").Values()...),
			valued("HSMTypes", f.HSMTypes, "hsm1.medium", "hsm2m.medium", "hsm3.huge"),
			valued("SourceRegions", f.SourceRegions, "us-west-2", "eu-west-1"),
			[]call[f]{
				set("NeverExpires", true, f.NeverExpires), set("NeverExpires", false, f.NeverExpires),
				set("Shared", false, f.Shared), flagged("OldestFirst", f.OldestFirst),
				{"HasTag(owner)", func(x f) f { return x.HasTag("owner") }},
				{"HasTag(none)", func(x f) f { return x.HasTag("none") }},
				tagged("owner", "payments"), tagged("owner", "identity"), tagged("owner", "payments", "identity"),
			}),
		list: backupx.Client.HSMBackups,
		id:   hsmID,
	}
}

func opsWorksKind() kind[backupx.OpsWorksFilter, backupx.OpsWorksBackup] {
	type f = backupx.OpsWorksFilter
	items := fakeaws.GenerateOpsWorks(7, day.AddDate(0, 0, -30), day, filterItems)
	created := lo.Map(items, func(b backupx.OpsWorksBackup, _ int) time.Time { return *b.CreatedAt })
	calls := timed(moments(created), f.CreatedBetween, map[string]func(f, time.Time) f{
		"CreatedAfter": f.CreatedAfter, "CreatedBefore": f.CreatedBefore,
	})
	return kind[f, backupx.OpsWorksBackup]{
		items: items,
		calls: slices.Concat(calls, // ids and servers that there are: for others the service has an error
			valued("IDs", f.IDs, *items[1].BackupId, *items[2].BackupId, *items[3].BackupId),
			valued("Servers", f.Servers, "automate-01", "automate-02", "puppet-01"),
			valued("Types", f.Types, backupx.OpsWorksBackupType("").Values()...),
			valued("Engines", f.Engines, "ChefAutomate", "Puppet", "none"),
			valued("States", f.States, backupx.OpsWorksBackupStatus("").Values()...)),
		list: backupx.Client.OpsWorksBackups,
		id:   func(b backupx.OpsWorksBackup) string { return *b.BackupId },
	}
}

// eachKind runs a property for the four filters.
func eachKind(t *testing.T, jobs func(*testing.T, kind[backupx.BackupJobFilter, types.BackupJob]),
	copies func(*testing.T, kind[backupx.CopyJobFilter, types.CopyJob]),
	hsm func(*testing.T, kind[backupx.HSMFilter, hsmtypes.Backup]),
	opsWorks func(*testing.T, kind[backupx.OpsWorksFilter, backupx.OpsWorksBackup]),
) {
	t.Run("BackupJobFilter", func(t *testing.T) { jobs(t, backupJobKind()) })
	t.Run("CopyJobFilter", func(t *testing.T) { copies(t, copyJobKind()) })
	t.Run("HSMFilter", func(t *testing.T) { hsm(t, hsmKind()) })
	t.Run("OpsWorksFilter", func(t *testing.T) { opsWorks(t, opsWorksKind()) })
}

func service() *fakeaws.Service {
	return fakeaws.New(fakeaws.Data{
		HSM: hsmKind().items, OpsWorks: opsWorksKind().items, BackupJobs: backupJobKind().items, CopyJobs: copyJobKind().items,
	})
}

func TestEveryCallOnlyNarrows(t *testing.T) {
	eachKind(t, onlyNarrows, onlyNarrows, onlyNarrows, onlyNarrows)
}

func onlyNarrows[F filter[T], T any](t *testing.T, k kind[F, T]) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		f, name := k.random(r, 4)
		c := k.calls[r.IntN(len(k.calls))]
		extra, _ := lo.Difference(k.ids(c.do(f)), k.ids(f))
		require.Empty(t, extra, "%s.%s", name, c.name)
	}
	for _, c := range k.calls {
		var zero F
		once := c.do(zero)
		require.Equal(t, k.ids(once), k.ids(c.do(once)), "%s twice", c.name)
		require.Len(t, k.ids(zero), len(k.items), "the zero value matches everything, also after %s", c.name)
	}
}

func TestCallsIntersectInAnyOrder(t *testing.T) {
	eachKind(t, intersect, intersect, intersect, intersect)
}

func intersect[F filter[T], T any](t *testing.T, k kind[F, T]) {
	var zero F
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		a, b := k.calls[r.IntN(len(k.calls))], k.calls[r.IntN(len(k.calls))]
		want := lo.Intersect(k.ids(a.do(zero)), k.ids(b.do(zero)))
		require.Equal(t, want, k.ids(b.do(a.do(zero))), "%s.%s", a.name, b.name)
		require.Equal(t, want, k.ids(a.do(b.do(zero))), "%s.%s", b.name, a.name)
	}
}

func TestMatchAgreesWithWhatIsDelivered(t *testing.T) {
	eachKind(t, matchAgrees, matchAgrees, matchAgrees, matchAgrees)
}

func matchAgrees[F filter[T], T any](t *testing.T, k kind[F, T]) {
	s := service()
	client := clientOf(s)
	r := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		f, name := k.random(r, 4)
		requireDelivers(t, k, s, client, f, name)
	}
	for _, c := range k.calls {
		var zero F
		requireDelivers(t, k, s, client, c.do(zero), c.name)
	}
}

// requireDelivers lists a filter and compares with what it matches.
func requireDelivers[F filter[T], T any](t *testing.T, k kind[F, T], s *fakeaws.Service, client backupx.Client, f F, name string) {
	t.Helper()
	s.ResetRequests()
	items, err := drain(k.list(client, f).PageSize(50).All(t.Context()))
	if f.Validate() != nil {
		require.ErrorIs(t, err, backupx.ErrFilter, name)
		require.Zero(t, s.RequestCount(), "an invalid filter sends nothing: %s", name)
		require.Empty(t, k.ids(f), "what cannot be meant matches nothing: %s", name)
		return
	}
	require.NoError(t, err, name)
	require.Equal(t, k.ids(f), k.sorted(items), name)
	if f.Explain().Chains == 0 {
		require.Zero(t, s.RequestCount(), "an empty set sends nothing: %s", name)
	}
}

func TestFiltersTurnIntoJSONAndBack(t *testing.T) {
	eachKind(t, jsonBothWays, jsonBothWays, jsonBothWays, jsonBothWays)
}

func jsonBothWays[F filter[T], T any](t *testing.T, k kind[F, T]) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		f, name := k.random(r, 5)
		text, err := json.Marshal(f)
		require.NoError(t, err, name)
		var back F
		require.NoError(t, json.Unmarshal(text, &back), "%s: %s", name, text)
		require.Equal(t, f.String(), back.String(), name)
		require.Equal(t, k.ids(f), k.ids(back), "%s: %s", name, text)
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(text), string(again), name)
		require.Equal(t, f.Validate() == nil, back.Validate() == nil, name)
	}
}

func TestEqualFiltersGiveEqualBytes(t *testing.T) {
	type f = backupx.BackupJobFilter
	cest := time.FixedZone("CEST", 2*3600)
	for name, c := range map[string][2]f{
		"order of values": {f{}.States("FAILED", "ABORTED"), f{}.States("ABORTED", "FAILED", "FAILED")},
		"order of calls":  {f{}.Vaults("a").TopLevel(), f{}.TopLevel().Vaults("a")},
		"zones":           {f{}.CreatedAfter(day), f{}.CreatedAfter(day.In(cest))},
		"spellings":       {f{}.MessageCategories("success").MessageCategories("SUCCESS"), f{}.MessageCategories("SUCCESS", "x").MessageCategories("success")},
		"intersections":   {f{}.Vaults("a", "b").Vaults("b", "c"), f{}.Vaults("b")},
		"later wins":      {f{}.CreatedAfter(day).CreatedAfter(day.Add(-1)), f{}.CreatedAfter(day)},
	} {
		a, err := json.Marshal(c[0])
		require.NoError(t, err)
		b, err := json.Marshal(c[1])
		require.NoError(t, err)
		require.Equal(t, string(a), string(b), name)
	}
}

func TestJSONOfFilters(t *testing.T) {
	text, err := json.Marshal(backupx.BackupJobFilter{}.States("FAILED", "ABORTED").Vaults().TopLevel().
		CreatedBetween(day, day.Add(time.Hour)))
	require.NoError(t, err)
	require.JSONEq(t, `{"states":["ABORTED","FAILED"],"vaults":[],"topLevel":true,
		"createdFrom":"2026-03-14T00:00:00Z","createdTo":"2026-03-14T01:00:00Z"}`, string(text))

	text, err = json.Marshal(backupx.HSMFilter{}.NeverExpires(true).Shared(false).HasTag("a").Tagged("b", "2", "1").
		Tagged("c", "1").Tagged("c", "2"))
	require.NoError(t, err)
	require.JSONEq(t, `{"neverExpires":true,"shared":false,"tags":{"a":null,"b":["1","2"],"c":[]}}`, string(text))
}

func TestJSONThatIsNoFilterIsAnErrorAndNeverAWiderFilter(t *testing.T) {
	for _, text := range []string{
		``, `null`, `[]`, `"states"`, `{`, `{"states"`, `{"states":["A"]`, `{"states":["A"]} {}`, `{"states":["A"]}]`,
		`{"state":["A"]}`, `{"States":["A"]}`, `{"states":null}`, `{"states":"A"}`, `{"states":[null]}`, `{"states":[1]}`,
		`{"states":["A"],"states":["B"]}`, `{"topLevel":false}`, `{"topLevel":1}`, `{"topLevel":null}`,
		`{"ids":"a"}`, `{"ids":null}`, `{"plans":[null]}`, `{"plans":{"a":true}}`, `{"sourceBackupJobs":["a"]}`, `{"ended":true}`, `{"unsuccessful":true}`,
		`{"createdAfter":null}`, `{"createdAfter":"yesterday"}`, `{"createdAfter":1}`, `{"tags":{}}`,
	} {
		f := backupx.BackupJobFilter{}
		err := f.UnmarshalJSON([]byte(text))
		require.ErrorIs(t, err, backupx.ErrFilter, "%s became %v", text, f)
		require.Equal(t, backupx.BackupJobFilter{}, f, text)
	}
	require.ErrorIs(t, new(backupx.CopyJobFilter).UnmarshalJSON([]byte(`{"allAccounts":true}`)), backupx.ErrFilter,
		"copy jobs of all accounts cannot be asked for")
	for _, text := range []string{
		`{"tags":null}`, `{"tags":["k"]}`, `{"tags":{"k":"v"}}`, `{"tags":{"k":[null]}}`, `{"tags":{"k":["v"],"k":["w"]}}`,
		`{"shared":"true"}`, `{"shared":null}`, `{"oldestFirst":false}`, `{"deletionDueBefore":{}}`, `{"vaults":["a"]}`,
	} {
		f := backupx.HSMFilter{}
		require.ErrorIs(t, f.UnmarshalJSON([]byte(text)), backupx.ErrFilter, "%s became %v", text, f)
	}
}

func TestFiltersAreValues(t *testing.T) {
	eachKind(t, areValues, areValues, areValues, areValues)
}

// areValues narrows one filter in every way, and expects it to stay what it was.
func areValues[F filter[T], T any](t *testing.T, k kind[F, T]) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 10 {
		f, name := k.random(r, 5)
		before, text := k.ids(f), f.String()
		for _, c := range k.calls {
			c.do(f)
		}
		require.Equal(t, before, k.ids(f), name)
		require.Equal(t, text, f.String(), name)
	}
}

func TestFiltersDoNotHoldOnToTheirCallersSlices(t *testing.T) {
	vaults := []string{"b", "a"}
	f := backupx.BackupJobFilter{}.Vaults(vaults...)
	require.Equal(t, []string{"b", "a"}, vaults, "the caller's slice stays in its order")
	vaults[0], vaults[1] = "x", "y"
	require.Equal(t, "BackupJobFilter{vaults: a|b}", f.String())
}

func TestValidate(t *testing.T) {
	type (
		job = backupx.BackupJobFilter
		cp  = backupx.CopyJobFilter
		hsm = backupx.HSMFilter
		ow  = backupx.OpsWorksFilter
	)
	later := day.Add(time.Hour)
	good := map[string]interface{ Validate() error }{
		"everything":                job{},
		"nothing":                   job{}.States(),
		"a state to come":           job{}.States("SLEEPING"),
		"an automatic vault":        job{}.Vaults("aws/efs/automatic-backup-vault"),
		"a type with spaces":        job{}.ResourceTypes("SAP HANA on Amazon EC2"),
		"an account":                job{}.Accounts("012345678901"),
		"a category to come":        job{}.MessageCategories("Tired"),
		"blanks in a tag":           hsm{}.HasTag(" k ").Tagged("k", " v "),
		"an instant":                job{}.CreatedBetween(day, day),
		"open ends":                 job{}.CreatedBetween(time.Time{}, time.Time{}),
		"spans apart":               job{}.CreatedBetween(day, later).CreatedBetween(later.Add(time.Hour), later.Add(2*time.Hour)),
		"equal ends":                job{}.CreatedAfter(day).CreatedBefore(day),
		"ids outside the pattern":   hsm{}.IDs("backup-1").Clusters("cluster-1"),
		"ids of any shape":          job{}.IDs("1").Plans("aws/efs/73d922fb-9312-3a70-99c3-e69367f9fdad").Parents("p"),
		"ids of copies":             cp{}.IDs("1").Plans("p").SourceBackupJobs("backup-job-1"),
		"an empty tag value":        hsm{}.Tagged("k", ""),
		"a server with odd letters": ow{}.Servers("_x").IDs("1-2"),
		"ARNs of any kind":          cp{}.DestinationVaults("arn:aws-cn:backup:cn-north-1:111122223333:backup-vault:x"),
	}
	for name, f := range good {
		require.NoError(t, f.Validate(), name)
	}
	bad := map[string]struct {
		f    interface{ Validate() error }
		text string
	}{
		"an empty vault":           {job{}.Vaults("a", ""), "BackupJobFilter: invalid filter: vaults: an empty value"},
		"a blank state":            {job{}.States(" "), "states: an empty value"},
		"an ARN for a vault":       {job{}.Vaults("arn:aws:backup:us-east-1:111122223333:backup-vault:x"), "is an ARN where a name or an id is due"},
		"a name for an ARN":        {job{}.Resources("vol-1"), `resources: "vol-1" is not an ARN`},
		"a star for an account":    {job{}.Accounts("*"), `"*" is not an account: use AllAccounts`},
		"a star of copies":         {cp{}.Accounts("*"), "AllAccounts, which backup jobs alone have"},
		"an account's name":        {job{}.Accounts("prod"), `accounts: "prod" is not an account id of twelve digits`},
		"a unit for an account":    {cp{}.Accounts("ou-abcd-12345678"), "is not an account id of twelve digits"},
		"eleven digits":            {job{}.Accounts("12345678901"), "is not an account id of twelve digits"},
		"thirteen digits":          {cp{}.Accounts("1234567890123"), "is not an account id of twelve digits"},
		"dashes in an account":     {job{}.Accounts("1234-5678-9012"), "is not an account id of twelve digits"},
		"twelve with dashes":       {job{}.Accounts("1234-567-901"), "is not an account id of twelve digits"},
		"full-width digits":        {job{}.Accounts("１２３４５６７８９０１２"), "is not an account id of twelve digits"},
		"twelve bytes of digits":   {job{}.Accounts("１２３４"), "is not an account id of twelve digits"},
		"blanks around an account": {cp{}.Accounts(" 111122223333"), `" 111122223333" has blanks around it`},
		"an account's ARN":         {job{}.Accounts("arn:aws:iam::111122223333:root"), "is not an account id of twelve digits"},
		"a star for a category":    {job{}.MessageCategories("*"), `messageCategories: "*" stands for all categories`},
		"any category":             {cp{}.MessageCategories("any"), `"any" stands for all categories`},
		"all categories":           {job{}.MessageCategories("SUCCESS", "AGGREGATE_ALL"), `"AGGREGATE_ALL" stands for all categories`},
		"a job's ARN":              {job{}.IDs("arn:aws:backup:us-east-1:111122223333:backup-job:a"), `ids: "arn:aws:backup:us-east-1:111122223333:backup-job:a" is an ARN where`},
		"a copy job's ARN":         {cp{}.IDs("a", "arn:aws:backup:us-east-1:111122223333:copy-job:a"), "ids: "},
		"a plan's ARN":             {job{}.Plans("arn:aws:backup:us-east-1:111122223333:backup-plan:a"), `plans: "arn:aws:backup:us-east-1:111122223333:backup-plan:a" is an ARN where`},
		"a plan's ARN for copies":  {cp{}.Plans("arn:aws:backup:us-east-1:111122223333:backup-plan:a"), "plans: "},
		"a recovery point's ARN":   {cp{}.SourceBackupJobs("arn:aws:backup:us-east-1:111122223333:recovery-point:a"), "sourceBackupJobs: "},
		"a parent's ARN":           {job{}.Parents("arn:aws:backup:us-east-1:111122223333:backup-job:a"), "parents: "},
		"a copy's parent's ARN":    {cp{}.Parents("arn:aws:backup:us-east-1:111122223333:copy-job:a"), "parents: "},
		"a blank id":               {job{}.IDs("a", " "), "ids: an empty value"},
		"an empty plan":            {cp{}.Plans(""), "plans: an empty value"},
		"an empty state stays":     {job{}.States("").Ended(), "states: an empty value"},
		"a state that is no more":  {cp{}.Unsuccessful().States(""), "states: an empty value"},
		"a blank id stays":         {job{}.IDs("a", " ").IDs("a").IDs(), "ids: an empty value"},
		"a blank backup stays":     {hsm{}.IDs("\t").IDs("backup-1"), "ids: an empty value"},
		"a blank parent":           {job{}.Parents("\t"), "parents: an empty value"},
		"a vault's name":           {cp{}.DestinationVaults("x"), `destinationVaults: "x" is not an ARN`},
		"a recovery point's name":  {cp{}.SourceRecoveryPoints("x"), `sourceRecoveryPoints: "x" is not an ARN`},
		"reversed creation":        {job{}.CreatedAfter(later).CreatedBefore(day), "createdBefore: 2026-03-14T00:00:00Z is before createdAfter, 2026-03-14T01:00:00Z"},
		"reversed completion":      {cp{}.CompletedAfter(later).CompletedBefore(day), "completedBefore"},
		"a reversed span":          {hsm{}.CreatedBetween(later, day), "createdTo"},
		"a reversed span, forever": {hsm{}.CreatedBetween(later, day).CreatedBetween(day, later), "createdTo"},
		"the zero time":            {job{}.CreatedAfter(time.Time{}), "createdAfter: 0001-01-01T00:00:00Z is not a time to ask for"},
		"a zero time stays":        {job{}.CreatedAfter(time.Time{}).CreatedAfter(day), "createdAfter"},
		"a time far off":           {ow{}.CreatedBefore(day.AddDate(9000, 0, 0)), "is not a time to ask for"},
		"a backup's ARN":           {hsm{}.IDs("arn:aws:cloudhsm:us-east-1:111122223333:backup/backup-aaaaaaaaaaa"), "is an ARN where"},
		"an empty tag key":         {hsm{}.HasTag(" "), "tags: an empty key"},
		"an empty server":          {ow{}.Servers(""), "servers: an empty value"},
		"no text":                  {job{}.Vaults("a\xffb"), "vaults: "},
		"no text in a tag":         {hsm{}.Tagged("k", "a\xffb"), "tags: "},
		"no text in a tag's key":   {hsm{}.HasTag("a\xffb"), "tags: "},
	}
	for name, c := range bad {
		require.ErrorIs(t, c.f.Validate(), backupx.ErrFilter, name)
		require.ErrorContains(t, c.f.Validate(), c.text, name)
	}
}

func TestAValueWithBlanksAroundItIsRefused(t *testing.T) {
	members := map[interface {
		json.Unmarshaler
		Validate() error
	}][]string{
		&backupx.BackupJobFilter{}: {"ids", "plans", "states", "vaults", "resources", "resourceTypes", "accounts", "parents", "messageCategories"},
		&backupx.CopyJobFilter{}:   {"ids", "plans", "sourceBackupJobs", "states", "destinationVaults", "sourceRecoveryPoints", "resources", "resourceTypes", "accounts", "parents", "messageCategories"},
		&backupx.HSMFilter{}:       {"ids", "clusters", "sourceBackups", "states", "neverExpires", "shared", "modes", "hsmTypes", "sourceRegions"},
		&backupx.OpsWorksFilter{}:  {"ids", "servers", "types", "engines", "states"},
	}
	for f, names := range members {
		for _, name := range names {
			for _, value := range []string{" x", "x ", "\tx", "x\n", "\u00a0x", "x\u2003", " arn:aws:s3:::x", "true "} {
				text, err := json.Marshal(map[string][]string{name: {value}})
				require.NoError(t, err)
				require.NoError(t, f.UnmarshalJSON(text))
				require.ErrorIs(t, f.Validate(), backupx.ErrFilter, "%T %s", f, text)
				require.ErrorContains(t, f.Validate(), fmt.Sprintf("%s: %q has blanks around it", name, value))
			}
			require.NoError(t, f.UnmarshalJSON([]byte(`{"`+name+`":[" "]}`)))
			require.ErrorContains(t, f.Validate(), name+": an empty value")
		}
	}
}

func TestValidateJoinsAllThatIsWrong(t *testing.T) {
	f := backupx.BackupJobFilter{}.Vaults("").Resources("x").CreatedAfter(day).CreatedBefore(day.Add(-1))
	err := f.Validate()
	for _, text := range []string{"vaults: an empty value", `resources: "x" is not an ARN`, "createdBefore: "} {
		require.ErrorContains(t, err, text)
	}

	s := fakeaws.New(fakeaws.Data{})
	_, listing := clientOf(s).BackupJobs(f).PageSize(-1).Collect(t.Context())
	require.ErrorIs(t, listing, backupx.ErrFilter)
	require.ErrorContains(t, listing, strings.TrimPrefix(err.Error(), "backupx: "))
	require.ErrorContains(t, listing, "PageSize: -1: it must be at least 1")
	require.Zero(t, s.RequestCount())
}

func TestFiltersAreReadable(t *testing.T) {
	for want, f := range map[string]fmt.Stringer{
		"BackupJobFilter{}":                       backupx.BackupJobFilter{},
		"CopyJobFilter{states: nothing}":          backupx.CopyJobFilter{}.States(),
		"OpsWorksFilter{ids: a|b, types: MANUAL}": backupx.OpsWorksFilter{}.Types("MANUAL").IDs("b", "a"),
		"BackupJobFilter{states: ABORTED|FAILED, createdAfter: 2026-03-14T00:00:00Z, topLevel}": backupx.BackupJobFilter{}.
			States("FAILED", "ABORTED").CreatedAfter(day).TopLevel(),
		"HSMFilter{shared: true, oldestFirst, tag a, tag b: 1|2, tag c: nothing}": backupx.HSMFilter{}.Shared(true).OldestFirst().
			HasTag("a").Tagged("b", "2", "1").Tagged("c", "1").Tagged("c", "2"),
	} {
		require.Equal(t, want, f.String())
	}
}

func TestMatchLivesWithAbsentMembers(t *testing.T) {
	require.True(t, backupx.BackupJobFilter{}.TopLevel().Match(types.BackupJob{}))
	require.True(t, backupx.HSMFilter{}.NeverExpires(false).Match(hsmtypes.Backup{}), "absent is false")
	require.True(t, backupx.HSMFilter{}.Shared(true).OldestFirst().Match(hsmtypes.Backup{}), "no item shows it")
	for name, match := range map[string]bool{
		"created":  backupx.BackupJobFilter{}.CreatedAfter(day).Match(types.BackupJob{}),
		"between":  backupx.CopyJobFilter{}.CreatedBetween(time.Time{}, day).Match(types.CopyJob{}),
		"plan":     backupx.BackupJobFilter{}.Plans("p").Match(types.BackupJob{}),
		"no plan":  backupx.CopyJobFilter{}.Plans("p").Match(types.CopyJob{CreatedBy: &types.RecoveryPointCreator{}}),
		"source":   backupx.CopyJobFilter{}.SourceBackupJobs("b").Match(types.CopyJob{}),
		"no state": backupx.BackupJobFilter{}.Ended().States("").Match(types.BackupJob{}),
		"no case":  backupx.BackupJobFilter{}.MessageCategories("a").MessageCategories("").Match(types.BackupJob{}),
		"id":       backupx.BackupJobFilter{}.IDs("a").Match(types.BackupJob{}),
		"category": backupx.BackupJobFilter{}.MessageCategories("SUCCESS").Match(types.BackupJob{}),
		"issues":   backupx.CopyJobFilter{}.CompletedWithIssues().Match(types.CopyJob{State: types.CopyJobStateCompleted}),
		"no issue": backupx.CopyJobFilter{}.CompletedWithIssues().Match(types.CopyJob{State: types.CopyJobStateCompleted, MessageCategory: aws.String("Success")}),
		"cluster":  backupx.HSMFilter{}.Clusters("c").Match(hsmtypes.Backup{}),
		"deletion": backupx.HSMFilter{}.DeletionDueBefore(day).Match(hsmtypes.Backup{}),
		"tag":      backupx.HSMFilter{}.Tagged("k", "").Match(hsmtypes.Backup{TagList: []hsmtypes.Tag{{Key: aws.String("K")}}}),
		"server":   backupx.OpsWorksFilter{}.Servers("s").Match(backupx.OpsWorksBackup{}),
	} {
		require.False(t, match, name)
	}
}

// meddler changes what it is asked.
type meddler struct{}

func (meddler) DescribeBackups(_ context.Context, in *cloudhsmv2.DescribeBackupsInput, _ ...func(*cloudhsmv2.Options)) (*cloudhsmv2.DescribeBackupsOutput, error) {
	in.Filters["backupIds"][0] = "changed"
	return &cloudhsmv2.DescribeBackupsOutput{}, nil
}

func TestAClientCannotChangeAFilter(t *testing.T) {
	f := backupx.HSMFilter{}.IDs("a", "b")
	_, err := backupx.HSMBackups(meddler{}, f).Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, "HSMFilter{ids: a|b}", f.String())
}

func TestAFilterThatCannotBeReadLeavesTheOldOne(t *testing.T) {
	f := backupx.BackupJobFilter{}.Vaults("prod")
	require.ErrorIs(t, f.UnmarshalJSON([]byte(`{"colour":["red"]}`)), backupx.ErrFilter)
	require.Equal(t, "BackupJobFilter{vaults: prod}", f.String())
}

func TestAZeroTimeDoesNotWiden(t *testing.T) {
	f := backupx.BackupJobFilter{}.CreatedAfter(day).CreatedAfter(time.Time{})
	require.False(t, f.Match(types.BackupJob{CreationDate: aws.Time(day.AddDate(-20, 0, 0))}))
	require.ErrorIs(t, f.Validate(), backupx.ErrFilter)
}

func TestWhatLeavesNothingMatchesNothing(t *testing.T) {
	f := backupx.HSMFilter{}.Shared(true).Shared(false)
	require.False(t, f.Match(hsmtypes.Backup{}))
	require.True(t, backupx.HSMFilter{}.Shared(true).Match(hsmtypes.Backup{}), "no item shows it")
}

func TestExplainWarnsOfStatesThatNobodyKnows(t *testing.T) {
	require.Equal(t, []string{"states: not known to this version of backupx: FAILLED"},
		backupx.BackupJobFilter{}.States("FAILLED", types.BackupJobStateFailed).Explain().Warnings)
	require.Empty(t, backupx.BackupJobFilter{}.States(types.BackupJobState("").Values()...).Explain().Warnings)
	require.Empty(t, backupx.CopyJobFilter{}.States(types.CopyJobState("").Values()...).Explain().Warnings)
	require.Empty(t, backupx.HSMFilter{}.States(hsmtypes.BackupState("").Values()...).Explain().Warnings)
	require.NotContains(t, backupx.OpsWorksFilter{}.States(backupx.OpsWorksBackupStatus("").Values()...).Explain().String(), "not known")
}

func TestExplainWarnsOfResourceTypesThatAWSDoesNotDocument(t *testing.T) {
	spellings := ": the documented spellings are Aurora, CloudFormation, DocumentDB, DynamoDB, EBS, EC2, EFS, EKS, FSx, Neptune, RDS, " +
		"Redshift, S3, SAP HANA on Amazon EC2, Storage Gateway, Timestream, VirtualMachine"
	for value, want := range map[string]string{
		"ebs":                    `resourceTypes: AWS does not document "ebs": it spells this one "EBS"`,
		"dynamodb":               `resourceTypes: AWS does not document "dynamodb": it spells this one "DynamoDB"`,
		"SAP Hana on Amazon EC2": `resourceTypes: AWS does not document "SAP Hana on Amazon EC2": it spells this one "SAP HANA on Amazon EC2"`,
		"EBS volume":             `resourceTypes: AWS does not document "EBS volume"` + spellings,
		"AWS::EC2::Volume":       `resourceTypes: AWS does not document "AWS::EC2::Volume"` + spellings,
	} {
		jobs, copies := backupx.BackupJobFilter{}.ResourceTypes("S3", value), backupx.CopyJobFilter{}.ResourceTypes(value)
		require.Equal(t, []string{want}, jobs.Explain().Warnings)
		require.Equal(t, []string{want}, copies.Explain().Warnings)
		require.NoError(t, jobs.Validate(), "a warning and no error: AWS adds types")
		require.NoError(t, copies.Validate())
	}
	require.Len(t, backupx.BackupJobFilter{}.ResourceTypes("ebs", "efs").Explain().Warnings, 2)
	require.Len(t, backupx.BackupJobFilter{}.ResourceTypes(" EBS").Explain().Warnings, 1, "the value is refused")
	documented := []string{
		"Aurora", "CloudFormation", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "EKS", "FSx", "Neptune", "RDS",
		"Redshift", "S3", "SAP HANA on Amazon EC2", "Storage Gateway", "Timestream", "VirtualMachine",
	}
	require.Empty(t, backupx.BackupJobFilter{}.ResourceTypes(documented...).Explain().Warnings[1:], "all are checked on items")
	for _, value := range documented {
		require.Empty(t, backupx.BackupJobFilter{}.ResourceTypes(value).Explain().Warnings)
		require.Empty(t, backupx.CopyJobFilter{}.ResourceTypes(value).Explain().Warnings)
	}
}

func TestExplainCountsChains(t *testing.T) {
	for want, f := range map[string]backupx.BackupJobFilter{
		"0 chains; ": backupx.BackupJobFilter{}.States(),
		"1 chain; ":  backupx.BackupJobFilter{}.States("FAILED"),
		"2 chains; ": backupx.BackupJobFilter{}.States("FAILED", "ABORTED"),
	} {
		require.True(t, strings.HasPrefix(f.Explain().String(), want), f.Explain())
	}
}
