package backupx_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

type params = map[string]string

const (
	vaultARN = "arn:aws:backup:us-east-1:111122223333:backup-vault:"
	pointARN = "arn:aws:backup:us-east-1:111122223333:recovery-point:"
	bucket   = "arn:aws:s3:::amzn-s3-demo-bucket"
)

func TestBackupJobFiltersOnTheWire(t *testing.T) {
	type f = backupx.BackupJobFilter
	for name, c := range map[string]struct {
		filter f
		asked  []params
	}{
		"everything":             {f{}, []params{{}}},
		"a state":                {f{}.States("FAILED"), []params{{"state": "FAILED"}}},
		"no state":               {f{}.States(), nil},
		"no state is left":       {f{}.States("FAILED").States("ABORTED"), nil},
		"states by their life":   {f{}.States("RUNNING", "COMPLETED", "CREATED", "ABORTED", "ABORTING", "PENDING"), []params{{"state": "CREATED"}, {"state": "PENDING"}, {"state": "RUNNING"}, {"state": "ABORTING"}, {"state": "ABORTED"}, {"state": "COMPLETED"}}},
		"vaults":                 {f{}.Vaults("b", "aws/efs/automatic-backup-vault"), []params{{"backupVaultName": "aws/efs/automatic-backup-vault"}, {"backupVaultName": "b"}}},
		"a resource":             {f{}.Resources(bucket), []params{{"resourceArn": bucket}}},
		"resource types":         {f{}.ResourceTypes("SAP HANA on Amazon EC2", "EBS"), []params{{"resourceType": "EBS"}, {"resourceType": "SAP HANA on Amazon EC2"}}},
		"accounts":               {f{}.Accounts("444455556666", "111122223333"), []params{{"accountId": "111122223333"}, {"accountId": "444455556666"}}},
		"all accounts":           {f{}.AllAccounts(), []params{{"accountId": "*"}}},
		"some of all accounts":   {f{}.AllAccounts().Accounts("111122223333"), []params{{"accountId": "111122223333"}}},
		"too many accounts":      {f{}.Accounts(accountIDs(17)...), []params{{"accountId": "*"}}},
		"a parent":               {f{}.Parents("p"), []params{{"parentJobId": "p"}}},
		"categories":             {f{}.MessageCategories("success", "SUCCESS", "AccessDenied"), []params{{"messageCategory": "AccessDenied"}, {"messageCategory": "SUCCESS"}}},
		"top level":              {f{}.TopLevel(), []params{{}}},
		"created":                {f{}.CreatedAfter(day).CreatedBefore(day.Add(time.Hour)), []params{{"createdAfter": "2026-03-14T00:00:00Z", "createdBefore": "2026-03-14T01:00:00Z"}}},
		"created finely":         {f{}.CreatedAfter(day.Add(1500 * time.Microsecond)).CreatedBefore(day.Add(1500 * time.Microsecond)), []params{{"createdAfter": "2026-03-14T00:00:00.001Z", "createdBefore": "2026-03-14T00:00:00.002Z"}}},
		"created elsewhere":      {f{}.CreatedAfter(day.In(time.FixedZone("CEST", 7200))), []params{{"createdAfter": "2026-03-14T00:00:00Z"}}},
		"completed":              {f{}.CompletedAfter(day).CompletedBefore(day.Add(time.Hour)), []params{{"completeAfter": "2026-03-14T00:00:00Z", "completeBefore": "2026-03-14T01:00:00Z"}}},
		"created between":        {f{}.CreatedBetween(day, day.Add(time.Hour)), []params{{"createdAfter": "2026-03-13T23:59:59Z", "createdBefore": "2026-03-14T01:00:00Z"}}},
		"created from":           {f{}.CreatedBetween(day, time.Time{}), []params{{"createdAfter": "2026-03-13T23:59:59Z"}}},
		"created to":             {f{}.CreatedBetween(time.Time{}, day), []params{{"createdBefore": "2026-03-14T00:00:00Z"}}},
		"created finely between": {f{}.CreatedBetween(day.Add(time.Millisecond), day.Add(2*time.Millisecond)), []params{{"createdAfter": "2026-03-13T23:59:59.001Z", "createdBefore": "2026-03-14T00:00:01Z"}}},
		"the narrower of both":   {f{}.CreatedBetween(day, day.Add(time.Hour)).CreatedAfter(day).CreatedBefore(day.Add(time.Minute)), []params{{"createdAfter": "2026-03-14T00:00:00Z", "createdBefore": "2026-03-14T00:01:00Z"}}},
		"between nothing":        {f{}.CreatedBetween(day, day), nil},
		"two spans apart":        {f{}.CreatedBetween(day, day.Add(1)).CreatedBetween(day.Add(2), day.Add(3)), nil},
		"after its end":          {f{}.CreatedBetween(day, day.Add(1)).CreatedAfter(day.Add(2)), nil},
		"with issues":            {f{}.CompletedWithIssues(), []params{{"state": "COMPLETED"}}},
		"ended":                  {f{}.Ended(), states("ABORTED", "COMPLETED", "EXPIRED", "FAILED", "PARTIAL")},
		"ended of some states":   {f{}.States("RUNNING", "FAILED", "SLEEPING", "COMPLETED").Ended(), states("COMPLETED", "FAILED")},
		"ended and under way":    {f{}.Ended().States("RUNNING"), nil},
		"unsuccessful":           {f{}.Unsuccessful(), states("ABORTED", "EXPIRED", "FAILED", "PARTIAL")},
		"ended, unsuccessful":    {f{}.Ended().Unsuccessful(), states("ABORTED", "EXPIRED", "FAILED", "PARTIAL")},
		"issues of failures":     {f{}.Unsuccessful().CompletedWithIssues(), nil},
		"ids and plans":          {f{}.IDs("a", "b").Plans("p", "q").Vaults("v"), []params{{"backupVaultName": "v"}}},
		"no id":                  {f{}.IDs(), nil},
		"no plan":                {f{}.Plans("p").Plans("q"), nil},
		"many ids":               {f{}.IDs(numbers("job", 500)...).States("FAILED", "ABORTED"), states("ABORTED", "FAILED")},
		"failed with issues":     {f{}.States("FAILED").CompletedWithIssues(), nil},
		"a product":              {f{}.Vaults("a", "b").States("FAILED", "ABORTED"), []params{{"backupVaultName": "a", "state": "ABORTED"}, {"backupVaultName": "a", "state": "FAILED"}, {"backupVaultName": "b", "state": "ABORTED"}, {"backupVaultName": "b", "state": "FAILED"}}},
		"a product by life":      {f{}.Vaults("a", "b").States("FAILED", "CREATED"), []params{{"backupVaultName": "a", "state": "CREATED"}, {"backupVaultName": "b", "state": "CREATED"}, {"backupVaultName": "a", "state": "FAILED"}, {"backupVaultName": "b", "state": "FAILED"}}},
		"too large a product":    {f{}.Vaults("a", "b", "c").States(types.BackupJobState("").Values()...), []params{{"backupVaultName": "a"}, {"backupVaultName": "b"}, {"backupVaultName": "c"}}},
		"all there is to ask": {
			f{}.States("FAILED").Vaults("v").Resources(bucket).ResourceTypes("S3").Accounts("111122223333").Parents("p").MessageCategories("x").
				CreatedAfter(day).CreatedBefore(day).CompletedAfter(day).CompletedBefore(day).TopLevel().AllAccounts(),
			[]params{{
				"state": "FAILED", "backupVaultName": "v", "resourceArn": bucket, "resourceType": "S3", "accountId": "111122223333",
				"parentJobId": "p", "messageCategory": "x", "createdAfter": "2026-03-14T00:00:00Z", "createdBefore": "2026-03-14T00:00:00Z",
				"completeAfter": "2026-03-14T00:00:00Z", "completeBefore": "2026-03-14T00:00:00Z",
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := fakeaws.New(fakeaws.Data{})
			requireAsks(t, s, clientOf(s).BackupJobs(c.filter), c.asked)
			require.Equal(t, len(c.asked), c.filter.Explain().Chains)
		})
	}
}

// states are requests for one state each.
func states(values ...string) []params {
	return lo.Map(values, func(v string, _ int) params { return params{"state": v} })
}

// requireAsks lists everything and compares what the service was asked, in order.
func requireAsks[T any](t *testing.T, s *fakeaws.Service, l backupx.Listing[T], want []params) {
	t.Helper()
	_, err := drain(l.All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, append([]params{}, want...), asked(s))
}

// accountIDs are the first n of those that documentation uses for examples.
func accountIDs(n int) []string {
	return strings.Fields(`
		012345678901 098765432109 111111111111 111122223333 112233445566 121212121212 123456789012
		210987654321 222222222222 333333333333 444444444444 444455556666 555555555555 666666666666
		777777777777 777788889999 888888888888 987654321012 987654321098 999999999999`)[:n]
}

func TestCopyJobFiltersOnTheWire(t *testing.T) {
	type f = backupx.CopyJobFilter
	for name, c := range map[string]struct {
		filter f
		asked  []params
	}{
		"everything":         {f{}, []params{{}}},
		"no vault":           {f{}.DestinationVaults(), nil},
		"states by the life": {f{}.States("PARTIAL", "RUNNING", "FAILED", "CREATED"), []params{{"state": "CREATED"}, {"state": "RUNNING"}, {"state": "FAILED"}, {"state": "PARTIAL"}}},
		"destination vaults": {f{}.DestinationVaults(vaultARN+"b", vaultARN+"a"), []params{{"destinationVaultArn": vaultARN + "a"}, {"destinationVaultArn": vaultARN + "b"}}},
		"source points":      {f{}.SourceRecoveryPoints(pointARN + "a"), []params{{"sourceRecoveryPointArn": pointARN + "a"}}},
		"accounts":           {f{}.Accounts("444455556666", "111122223333"), []params{{"accountId": "111122223333"}, {"accountId": "444455556666"}}},
		"many accounts": {
			f{}.Accounts(accountIDs(17)...).States("FAILED", "CREATED"),
			lo.Map(accountIDs(17), func(id string, _ int) params { return params{"accountId": id} }),
		},
		"many accounts, one state": {
			f{}.Accounts(accountIDs(17)...).States("FAILED"),
			lo.Map(accountIDs(17), func(id string, _ int) params { return params{"accountId": id, "state": "FAILED"} }),
		},
		"between":              {f{}.CreatedBetween(day, day.Add(time.Hour)), []params{{"createdAfter": "2026-03-13T23:59:59Z", "createdBefore": "2026-03-14T01:00:00Z"}}},
		"ended":                {f{}.Ended(), states("COMPLETED", "FAILED", "PARTIAL")},
		"unsuccessful":         {f{}.Unsuccessful(), states("FAILED", "PARTIAL")},
		"ended and under way":  {f{}.Ended().States("CREATED"), nil},
		"ids, plans, a source": {f{}.IDs("a", "b").Plans("p").SourceBackupJobs("c"), []params{{}}},
		"no source":            {f{}.SourceBackupJobs(), nil},
		"with issues":          {f{}.CompletedWithIssues().TopLevel(), []params{{"state": "COMPLETED"}}},
		"all there is to ask": {
			f{}.States("FAILED").DestinationVaults(vaultARN + "a").SourceRecoveryPoints(pointARN + "a").Resources(bucket).ResourceTypes("S3").
				Accounts("111122223333").Parents("p").MessageCategories("x").
				CreatedAfter(day).CreatedBefore(day).CompletedAfter(day).CompletedBefore(day),
			[]params{{
				"state": "FAILED", "destinationVaultArn": vaultARN + "a", "sourceRecoveryPointArn": pointARN + "a", "resourceArn": bucket,
				"resourceType": "S3", "accountId": "111122223333", "parentJobId": "p", "messageCategory": "x",
				"createdAfter": "2026-03-14T00:00:00Z", "createdBefore": "2026-03-14T00:00:00Z",
				"completeAfter": "2026-03-14T00:00:00Z", "completeBefore": "2026-03-14T00:00:00Z",
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := fakeaws.New(fakeaws.Data{})
			requireAsks(t, s, clientOf(s).CopyJobs(c.filter), c.asked)
			require.Equal(t, len(c.asked), c.filter.Explain().Chains)
		})
	}
}

// stubJobs answers ListBackupJobs with one function: a stub, as users write them.
type stubJobs func(*backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error)

func (f stubJobs) ListBackupJobs(_ context.Context, in *backup.ListBackupJobsInput, _ ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	return f(in)
}

func TestStatesThatComeToBeAddedAreListedBetweenTheLivingAndTheFinal(t *testing.T) {
	var states []types.BackupJobState
	stub := stubJobs(func(in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
		states = append(states, in.ByState)
		return &backup.ListBackupJobsOutput{}, nil
	})
	n, err := backupx.BackupJobs(stub, backupx.BackupJobFilter{}.States("COMPLETED", "SLEEPING", "CREATED")).Count(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, []types.BackupJobState{"CREATED", "SLEEPING", "COMPLETED"}, states)
}

func TestAccountsAreAskedForHoweverMany(t *testing.T) {
	ids := accountIDs(20)
	var data fakeaws.Data
	for i, id := range ids {
		name := aws.String(fmt.Sprint("job-", i))
		data.BackupJobs = append(data.BackupJobs, types.BackupJob{BackupJobId: name, AccountId: &id, CreationDate: &day, State: "FAILED"})
		data.CopyJobs = append(data.CopyJobs, types.CopyJob{CopyJobId: name, AccountId: &id, CreationDate: &day, State: "FAILED"})
	}
	client := clientOf(fakeaws.New(data, fakeaws.WithAccount(ids[0])))
	for n := range ids {
		jobs, err := client.BackupJobs(backupx.BackupJobFilter{}.Accounts(ids[n:]...)).Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, len(ids)-n, jobs)
		copies, err := client.CopyJobs(backupx.CopyJobFilter{}.Accounts(ids[n:]...)).Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, len(ids)-n, copies)
	}
	own, err := client.BackupJobs(backupx.BackupJobFilter{}).Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, own)
	all, err := client.BackupJobs(backupx.BackupJobFilter{}.AllAccounts()).Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, len(ids), all)
}

func TestAProductOfMembersIsAtMost16Chains(t *testing.T) {
	values := func(n int) []string { return numbers("v", n) }
	for _, c := range []struct {
		filter backupx.BackupJobFilter
		chains int
		items  []string
	}{
		{backupx.BackupJobFilter{}.Vaults(values(16)...), 16, nil},
		{backupx.BackupJobFilter{}.Vaults("a", "b").Parents("a", "b").ResourceTypes("a", "b").States("CREATED", "FAILED"), 16, nil},
		{backupx.BackupJobFilter{}.Vaults("a", "b", "c").States("CREATED", "PENDING", "RUNNING", "FAILED", "ABORTED", "PARTIAL"), 3, []string{"states: ABORTED|CREATED|FAILED|PARTIAL|PENDING|RUNNING"}},
		{backupx.BackupJobFilter{}.ResourceTypes(values(9)...).States("CREATED", "FAILED"), 9, []string{"states: CREATED|FAILED"}},
		{backupx.BackupJobFilter{}.Vaults(values(17)...), 1, []string{"vaults: " + joined(values(17))}},
		{backupx.BackupJobFilter{}.Vaults(values(17)...).States("FAILED", "ABORTED"), 2, []string{"vaults: " + joined(values(17))}},
	} {
		e := c.filter.Explain()
		require.Equal(t, c.chains, e.Chains, c.filter)
		require.Equal(t, c.items, e.Items, c.filter)
	}
}

func joined(values []string) string {
	out := values[0]
	for _, v := range values[1:] {
		out += "|" + v
	}
	return out
}

// dense are jobs at every quarter of a second around day.
func dense() []types.BackupJob {
	return lo.Times(41, func(i int) types.BackupJob {
		at := day.Add(time.Duration(i-20) * 250 * time.Millisecond)
		return types.BackupJob{BackupJobId: aws.String(fmt.Sprintf("job-%02d", i)), CreationDate: &at, State: "COMPLETED"}
	})
}

func TestCreatedBetweenIsExactWhateverTheServiceDoesAtTheEnds(t *testing.T) {
	ends := []time.Time{{}, day.Add(-time.Second), day, day.Add(time.Millisecond), day.Add(250 * time.Millisecond), day.Add(500*time.Millisecond + 1), day.Add(2 * time.Second)}
	for name, opts := range map[string][]fakeaws.Option{
		"exclusive":            nil,
		"inclusive":            {fakeaws.WithInclusiveTimes()},
		"seconds":              {fakeaws.WithTimeResolution(time.Second)},
		"inclusive of seconds": {fakeaws.WithTimeResolution(time.Second), fakeaws.WithInclusiveTimes()},
	} {
		client := clientOf(fakeaws.New(fakeaws.Data{BackupJobs: dense()}, opts...))
		for _, from := range ends {
			for _, to := range ends {
				if !to.IsZero() && to.Before(from) {
					continue
				}
				want := lo.Filter(dense(), func(j types.BackupJob, _ int) bool {
					return !j.CreationDate.Before(from) && (to.IsZero() || j.CreationDate.Before(to))
				})
				slices.Reverse(want) // newest first
				got, err := drain(client.BackupJobs(backupx.BackupJobFilter{}.CreatedBetween(from, to)).All(t.Context()))
				require.NoError(t, err)
				require.Equal(t, lo.Map(want, jobID), lo.Map(got, jobID), "%s: [%s, %s)", name, from, to)
			}
		}
	}
}

func jobID(j types.BackupJob, _ int) string { return *j.BackupJobId }

// alive are jobs of which each is in the next of the states.
func alive(n int, states ...types.BackupJobState) []types.BackupJob {
	return lo.Times(n, func(i int) types.BackupJob {
		return types.BackupJob{
			BackupJobId: aws.String(fmt.Sprintf("job-%02d", i)), State: states[i%len(states)],
			CreationDate: aws.Time(day.Add(time.Duration(i) * time.Minute)),
		}
	})
}

var lifeOfAJob = []types.BackupJobState{"CREATED", "PENDING", "RUNNING", "COMPLETED"}

// lives are jobs that move on through their states, each after some requests of its own.
func lives(jobs []types.BackupJob, pace func(job, step int) int) []fakeaws.Moving {
	return lo.Map(jobs, func(j types.BackupJob, i int) fakeaws.Moving {
		m := fakeaws.Moving{ID: *j.BackupJobId}
		for step, state := range lifeOfAJob[slices.Index(lifeOfAJob, j.State)+1:] {
			m.Steps = append(m.Steps, fakeaws.Step{AfterRequests: pace(i, step), State: string(state)})
		}
		return m
	})
}

func TestAJobThatMovesOnIsDeliveredOnce(t *testing.T) {
	paces := map[string]func(job, step int) int{
		"all at once":       func(_, step int) int { return 2 + step },
		"one after another": func(job, step int) int { return job + 3*step },
		"late":              func(job, step int) int { return 12 + job%5 + step },
		"in reverse":        func(job, step int) int { return 24 - job + step },
	}
	for name, pace := range paces {
		for _, size := range []int{1, 2, 5} {
			t.Run(fmt.Sprint(name, " by ", size), func(t *testing.T) {
				jobs := alive(16, lifeOfAJob...)
				s := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithMoving(lives(jobs, pace)...))
				got, err := drain(clientOf(s).BackupJobs(backupx.BackupJobFilter{}.States(lifeOfAJob...)).PageSize(size).All(t.Context()))
				require.NoError(t, err)
				ids := lo.Map(got, jobID)
				slices.Sort(ids)
				require.Equal(t, lo.Map(jobs, jobID), ids, "each job once")
			})
		}
	}
}

func TestAJobThatMovesOnIsDeliveredOnceAcrossCheckpoints(t *testing.T) {
	for name, moves := range map[string]func(delivered []string) []string{
		"all that was delivered": func(ids []string) []string { return ids },
		"the last":               func(ids []string) []string { return lo.Subset(ids, -1, 1) },
	} {
		for _, size := range []int{1, 3, 1000} {
			if name[0] == 'a' && size == 3 {
				continue // moves final states by more than the page that is remembered
			}
			t.Run(fmt.Sprint(name, " by ", size), func(t *testing.T) {
				for at := range 17 {
					movesOnAcrossCheckpoints(t, size, at, moves)
				}
			})
		}
	}
}

// movesOnAcrossCheckpoints breaks after some jobs, moves some of them on, and resumes.
func movesOnAcrossCheckpoints(t *testing.T, size, at int, moves func([]string) []string) {
	jobs := alive(16, lifeOfAJob...)
	s := fakeaws.New(fakeaws.Data{BackupJobs: jobs})
	listing := clientOf(s).BackupJobs(backupx.BackupJobFilter{}.States(lifeOfAJob...)).PageSize(size)
	cursor := listing.Cursor()
	ids := lo.Map(take(t, cursor.All(t.Context()), at), jobID)
	for _, id := range moves(ids) {
		s.SetJobState(id, "COMPLETED")
	}

	cursor, err := listing.Resume(throughText(t, cursor.Checkpoint()))
	require.NoError(t, err)
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	ids = append(ids, lo.Map(rest, jobID)...)
	slices.Sort(ids)
	require.Equal(t, lo.Map(jobs, jobID), ids, "broken after %d", at)
}

func TestACopyJobThatMovesOnIsDeliveredOnce(t *testing.T) {
	var data fakeaws.Data
	var moving []fakeaws.Moving
	for i := range 12 {
		id := fmt.Sprintf("copy-%02d", i)
		data.CopyJobs = append(data.CopyJobs, types.CopyJob{CopyJobId: &id, State: "CREATED", CreationDate: aws.Time(day.Add(time.Duration(i) * time.Minute))})
		moving = append(moving, fakeaws.Moving{ID: id, Steps: []fakeaws.Step{{AfterRequests: i, State: "RUNNING"}, {AfterRequests: 2 * i, State: "FAILED"}}})
	}
	client := clientOf(fakeaws.New(data, fakeaws.WithMoving(moving...)))
	got, err := drain(client.CopyJobs(backupx.CopyJobFilter{}.States("FAILED", "CREATED", "RUNNING")).PageSize(2).All(t.Context()))
	require.NoError(t, err)
	ids := lo.Map(got, func(j types.CopyJob, _ int) string { return *j.CopyJobId })
	slices.Sort(ids)
	require.Equal(t, lo.Map(data.CopyJobs, func(j types.CopyJob, _ int) string { return *j.CopyJobId }), ids)
}

func TestAShiftWithinAChainRepeatsNothing(t *testing.T) {
	jobs := alive(9, "COMPLETED", "FAILED")
	s := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithShiftingPages())
	ids := []string{}
	listing := clientOf(s).BackupJobs(backupx.BackupJobFilter{}.States("COMPLETED", "FAILED")).PageSize(2)
	for job, err := range listing.All(t.Context()) {
		require.NoError(t, err)
		ids = append(ids, *job.BackupJobId)
		if len(ids) == 2 { // a job that ends now comes first, and pushes one over the page's end
			s.AddBackupJobs(types.BackupJob{BackupJobId: aws.String("new"), State: "COMPLETED", CreationDate: aws.Time(day.Add(time.Hour))})
		}
	}
	slices.Sort(ids)
	require.Equal(t, lo.Map(jobs, jobID), ids)
}

func TestExplain(t *testing.T) {
	type f = backupx.BackupJobFilter
	recent := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	old := time.Now().AddDate(0, 0, -31).UTC().Truncate(time.Second)
	stamp := func(name string, t time.Time) string { return name + ": " + t.Format(time.RFC3339) }
	for name, c := range map[string]struct {
		filter f
		want   backupx.Explanation
	}{
		"everything": {f{}, backupx.Explanation{Chains: 1}},
		"of the service": {
			f{}.States("FAILED", "ABORTED").CreatedAfter(recent),
			backupx.Explanation{Chains: 2, Requests: []string{"states: ABORTED|FAILED", stamp("createdAfter", recent)}},
		},
		"both": {
			f{}.CreatedBetween(recent, time.Time{}).AllAccounts(),
			backupx.Explanation{Chains: 1, Requests: []string{stamp("createdFrom", recent), "allAccounts"}, Items: []string{stamp("createdFrom", recent)}},
		},
		"a scan": {
			f{}.TopLevel(),
			backupx.Explanation{Chains: 1, Items: []string{"topLevel"}, Warnings: []string{"no member is asked of the service: everything is read and checked"}},
		},
		"nothing": {
			f{}.States().TopLevel(),
			backupx.Explanation{Items: []string{"states: nothing", "topLevel"}, Warnings: []string{"nothing can match: no request is sent"}},
		},
		"ids": {
			f{}.IDs("b", "a"),
			backupx.Explanation{Chains: 1, Items: []string{"ids: a|b"}, Warnings: []string{"ids: no request can name them: until each was delivered, everything is read"}},
		},
		"ids of a vault": {
			f{}.Vaults("v").IDs("a"),
			backupx.Explanation{Chains: 1, Requests: []string{"vaults: v"}, Items: []string{"ids: a"}, Warnings: []string{"ids: no request can name them: until each was delivered, all that is asked of the service is read"}},
		},
		"no ids": {f{}.IDs(), backupx.Explanation{Items: []string{"ids: nothing"}, Warnings: []string{"nothing can match: no request is sent"}}},
		"a plan": {f{}.Plans("p"), backupx.Explanation{Chains: 1, Items: []string{"plans: p"}, Warnings: []string{"no member is asked of the service: everything is read and checked"}}},
		"ended":  {f{}.Ended().Plans("p"), backupx.Explanation{Chains: 5, Requests: []string{"states: ABORTED|COMPLETED|EXPIRED|FAILED|PARTIAL"}, Items: []string{"plans: p"}}},
		"too old": {
			f{}.CreatedAfter(old),
			backupx.Explanation{Chains: 1, Requests: []string{stamp("createdAfter", old)}, Warnings: []string{stamp("createdAfter", old) + " is before the 30 days that the service keeps"}},
		},
	} {
		got := c.filter.Explain()
		c.want.Requests = append([]string{}, c.want.Requests...)
		got.Requests = append([]string{}, got.Requests...)
		require.Equal(t, c.want, got, name)
	}
	require.Equal(t, "1 chain; asked of the service: vaults: a; checked on items: topLevel", f{}.Vaults("a").TopLevel().Explain().String())
	require.Contains(t, f{}.Vaults("").Explain().Warnings[0], "vaults: an empty value")
	require.Contains(t, f{}.TopLevel().Explain().String(), "\nwarning: no member is asked")
}
