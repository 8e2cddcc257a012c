package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"go/format"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/testenv"
)

// The code of README.md and of docs is in the functions below, word for word, so that it is compiled and run:
// TestDocumentedCode compares the two. TestTheFirstOfflineTest runs the blocks that are whole files.

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

func TestDocumentedCode(t *testing.T) {
	var sources []string
	for _, file := range []string{"readme_test.go", "restorejobs_test.go", "example_of_test.go", "programs_test.go", "fixtures/services/guide_test.go", "accounts/docs_test.go"} {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		sources = append(sources, flat(string(b)))
	}
	docs, err := fs.Glob(os.DirFS("."), "docs/*.md")
	require.NoError(t, err)
	require.Contains(t, docs, "docs/guide.md")
	for _, file := range append(docs, "README.md", "CONTRIBUTING.md", "accounts/README.md") {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, block := range goBlock.FindAllStringSubmatch(string(b), -1) {
			formatted, err := format.Source([]byte(block[1]))
			require.NoError(t, err, "%s", block[1])
			require.Equal(t, string(formatted), block[1], "%s: gofmt", file)
			if strings.HasPrefix(block[1], "package ") {
				require.Equal(t, "README.md", file, "only the whole files of README.md are run")
				continue
			}
			found := lo.SomeBy(sources, func(s string) bool { return strings.Contains(s, flat(block[1])) })
			require.True(t, found, "%s has code that no test compiles:\n%s", file, block[1])
		}
	}
}

// flat is code without its indentation.
func flat(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	return strings.Join(lo.Map(lines, func(l string, _ int) string { return strings.TrimSpace(l) }), "\n")
}

// restarting is in docs/guide.md.
func restarting(cursor *backupx.Cursor[types.BackupJob], deliver func(*backupx.Cursor[types.BackupJob]) error) error {
	err := deliver(cursor) // ranges over cursor.All
	for errors.Is(err, backupx.ErrTokenExpired) {
		if err := cursor.Restart(); err != nil {
			return err
		}
		err = deliver(cursor)
	}
	return err
}

func TestTheGuidesRestart(t *testing.T) {
	jobs := spread(9, month, day)
	s := fakeaws.New(fakeaws.Data{BackupJobs: jobs})
	cursor := at(s, day).BackupJobs(backupx.BackupJobFilter{}).PageSize(2).Cursor()
	got := take(t, cursor.All(t.Context()), 5)
	died := tokensDie(s, "InvalidParameterValueException")
	require.NoError(t, restarting(cursor, func(c *backupx.Cursor[types.BackupJob]) error {
		rest, err := drain(c.All(t.Context()))
		got = append(got, rest...)
		died.Remove()
		return err
	}))
	require.Equal(t, lo.Map(jobs, jobID), lo.Map(got, jobID))
}

// followingInTheReadme is in README.md.
func followingInTheReadme(
	ctx context.Context, client backupx.Client, yesterday time.Time, saved backupx.Checkpoint,
	tell func(iter.Seq2[types.BackupJob, error]) error,
) (backupx.Checkpoint, error) {
	follower := client.FollowBackupJobs(backupx.BackupJobFilter{}.Unsuccessful(), yesterday) // where the first run begins
	err := follower.Resume(saved)
	if err == nil {
		err = tell(follower.All(ctx)) // ranges over the jobs
	}
	next := follower.Checkpoint() // store it if err is nil; otherwise the next run tells the same again
	return next, err
}

// followingInTheGuide is in docs/guide.md.
func followingInTheGuide(ctx context.Context, client backupx.Client, now time.Time, saved backupx.Checkpoint) (backupx.Checkpoint, error) {
	run := func() error {
		failed := backupx.BackupJobFilter{}.Unsuccessful()
		follower := client.FollowBackupJobs(failed, now.AddDate(0, 0, -1)) // the first run begins a day ago
		if err := follower.Resume(saved); err != nil {                     // the zero Checkpoint is the beginning
			return err
		}
		for job, err := range follower.All(ctx) {
			if err != nil {
				return err
			}
			fmt.Println(aws.ToString(job.ResourceArn), job.State, aws.ToString(job.StatusMessage))
		}
		saved = follower.Checkpoint() // store it after what was told was sent
		return nil
	}
	err := run()
	return saved, err
}

// waitingInTheGuide is in docs/guide.md.
func waitingInTheGuide(ctx context.Context, client backupx.Client, parent string) (types.BackupJob, error) {
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	job, err := backupx.Await(ctx, client.BackupJobs(backupx.BackupJobFilter{}.Parents(parent)),
		func(j types.BackupJob) (bool, error) {
			if failed.Match(j) {
				return false, fmt.Errorf("%s: %s", j.State, aws.ToString(j.StatusMessage))
			}
			return j.State == types.BackupJobStateCompleted, nil
		}, time.Hour)
	return job, err
}

func TestFollowingAndWaitingInTheDocumentation(t *testing.T) {
	c := newClock()
	s := c.account()
	child := endedJob("child", types.BackupJobStateExpired, c.now.Add(-time.Hour), c.now)
	child.ParentJobId, child.StatusMessage = aws.String("parent"), aws.String("no space")
	s.AddBackupJobs(child)
	var told []types.BackupJob
	tell := func(jobs iter.Seq2[types.BackupJob, error]) (err error) {
		told, err = drain(jobs)
		return err
	}
	client := clientOf(s)
	saved, err := followingInTheReadme(t.Context(), client, c.now.AddDate(0, 0, -1), backupx.Checkpoint{}, tell)
	require.NoError(t, err)
	require.Len(t, told, 1)
	_, err = followingInTheReadme(t.Context(), client, c.now, saved, tell)
	require.NoError(t, err, "the next run has another yesterday")
	require.Empty(t, told)

	saved, err = followingInTheGuide(t.Context(), client, c.now, backupx.Checkpoint{})
	require.NoError(t, err)
	_, err = followingInTheGuide(t.Context(), client, c.now, saved)
	require.NoError(t, err)

	_, err = waitingInTheGuide(t.Context(), client, "parent")
	require.EqualError(t, err, "backupx: Await: EXPIRED: no space")
}

// guide is the data of the examples in README.md and docs/guide.md.
func guide() (context.Context, backupx.Client, time.Time) {
	at := func(hours int) *time.Time { return aws.Time(day.Add(-time.Duration(hours) * time.Hour)) }
	job := func(id string, state types.BackupJobState, hours int) types.BackupJob {
		return types.BackupJob{
			BackupJobId: aws.String(id), State: state, CreationDate: at(hours), MessageCategory: aws.String("AccessDenied"),
			ResourceArn: aws.String("arn:aws:ec2:us-east-1:111122223333:volume/vol-" + id), ResourceType: aws.String("EBS"),
		}
	}
	svc := fakeaws.New(fakeaws.Data{
		BackupJobs: []types.BackupJob{
			job("a", types.BackupJobStateFailed, 3), job("b", types.BackupJobStateCompleted, 5),
			job("c", types.BackupJobStateAborted, 9), job("d", types.BackupJobStateFailed, 90),
		},
		HSM: []hsmtypes.Backup{
			{BackupId: aws.String("backup-aaaaaaaaaaa"), BackupState: hsmtypes.BackupStatePendingDeletion, CreateTimestamp: at(50), DeleteTimestamp: aws.Time(day.Add(time.Hour))},
			{BackupId: aws.String("backup-bbbbbbbbbbb"), BackupState: hsmtypes.BackupStateReady, CreateTimestamp: at(60)},
		},
	}, fakeaws.WithClock(func() time.Time { return day }))
	client := backupx.New(svc.Config())
	client.Now = func() time.Time { return day }
	return context.Background(), client, day.AddDate(0, 0, -1)
}

// With the SDK alone.
func Example_readmeLoop() {
	ctx, client, yesterday := guide()
	err := func(client backup.ListBackupJobsAPIClient) error {
		for _, state := range []types.BackupJobState{
			types.BackupJobStateFailed, types.BackupJobStateAborted, types.BackupJobStateExpired, types.BackupJobStatePartial,
		} {
			pages := backup.NewListBackupJobsPaginator(client, &backup.ListBackupJobsInput{
				ByState: state, ByCreatedAfter: aws.Time(yesterday),
			})
			for pages.HasMorePages() {
				page, err := pages.NextPage(ctx)
				if err != nil {
					return err // the next run must start again at the first page
				}
				for _, job := range page.BackupJobs {
					fmt.Println(aws.ToString(job.BackupJobId), aws.ToString(job.ResourceArn))
				}
			}
		}
		return nil
	}(client.Backup)
	fmt.Println(err)
	// Output:
	// a arn:aws:ec2:us-east-1:111122223333:volume/vol-a
	// c arn:aws:ec2:us-east-1:111122223333:volume/vol-c
	// <nil>
}

// With backupx.
func Example_readme() {
	ctx, client, yesterday := guide()
	err := func() error {
		failed := backupx.BackupJobFilter{}.
			Unsuccessful().
			CreatedAfter(yesterday) // to continue, the next run must use the same time
		for job, err := range client.BackupJobs(failed).All(ctx) {
			if err != nil {
				return err // err contains a checkpoint from which the next run can continue
			}
			fmt.Println(aws.ToString(job.BackupJobId), aws.ToString(job.ResourceArn))
		}
		return nil
	}()
	fmt.Println(err)
	// Output:
	// c arn:aws:ec2:us-east-1:111122223333:volume/vol-c
	// a arn:aws:ec2:us-east-1:111122223333:volume/vol-a
	// <nil>
}

func Example_guideFilters() {
	ctx, client, _ := guide()
	now := day
	recent := backupx.BackupJobFilter{}.CreatedBetween(now.AddDate(0, 0, -7), now) // exact: [from, to)
	denied := recent.MessageCategories("AccessDenied").ResourceTypes("EBS", "EFS") // narrower; recent is unchanged
	n, err := client.BackupJobs(denied.TopLevel()).Count(ctx)
	fmt.Println(n, err)

	fmt.Println(backupx.BackupJobFilter{}.States(types.BackupJobStateFailed, types.BackupJobStateExpired).TopLevel().Explain())
	// Output:
	// 4 <nil>
	// 2 chains; asked of the service: states: EXPIRED|FAILED; checked on items: topLevel
}

func Example_guideResume() {
	ctx, client, _ := guide()
	process := func(types.BackupJob) {}
	err := func() error {
		jobs := client.BackupJobs(backupx.BackupJobFilter{}).Limit(3)
		cursor := jobs.Cursor()
		for job, err := range cursor.All(ctx) {
			if err != nil {
				return err
			}
			process(job)
		}
		text, err := cursor.Checkpoint().MarshalText() // store it, and resume tomorrow in another process
		if err != nil {
			return err
		}

		var checkpoint backupx.Checkpoint
		if err := checkpoint.UnmarshalText(text); err != nil {
			return err
		}
		cursor, err = jobs.Resume(checkpoint) // an error for another operation, filter or scope
		if err != nil {
			return err
		}
		for job, err := range cursor.All(ctx) {
			if err != nil {
				return err
			}
			fmt.Println("the rest:", aws.ToString(job.BackupJobId))
		}
		return nil
	}()
	fmt.Println(err)
	// Output:
	// the rest: d
	// <nil>
}

// The second request fails.
func Example_guideError() {
	ctx, client, _ := guide()
	client.Backup = &failingOnce{BackupAPI: client.Backup, at: 2}
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	fmt.Println(func() error {
		items, err := client.BackupJobs(failed).Collect(ctx) // the items read so far, even after an error
		var stopped *backupx.ListError
		if errors.As(err, &stopped) {
			cursor, err := client.BackupJobs(failed).Resume(stopped.Checkpoint)
			if err != nil {
				return err
			}
			for job, err := range cursor.All(ctx) { // the items that were not read
				if err != nil {
					return err
				}
				items = append(items, job)
			}
		}
		fmt.Println(err)
		fmt.Println(lo.Map(items, func(j types.BackupJob, _ int) string { return *j.BackupJobId }))
		return nil
	}())
	// Output:
	// backupx: ListBackupJobs: page 1 of states=EXPIRED: no answer
	// [c a d]
	// <nil>
}

// failingOnce fails one request.
type failingOnce struct {
	backupx.BackupAPI

	at, n int
}

func (f *failingOnce) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	if f.n++; f.n == f.at {
		return nil, errors.New("no answer")
	}
	return f.BackupAPI.ListBackupJobs(ctx, in, opts...)
}

func Example_guideParallel() {
	ctx, client, _ := guide()
	jobs := client.BackupJobs(backupx.BackupJobFilter{}).
		Parallel(8). // requests under way at most
		Rate(15)     // requests per second; AWS's quota is 20
	states, err := backupx.CountBy(jobs.All(ctx), func(j types.BackupJob) types.BackupJobState { return j.State })
	fmt.Println(states, err)
	// Output: map[ABORTED:1 COMPLETED:1 FAILED:2] <nil>
}

func Example_guideRestore() {
	ctx, client, _ := guide()
	err := func() error {
		pending := backupx.HSMFilter{}.States(hsmtypes.BackupStatePendingDeletion)
		backups, err := client.HSMBackups(pending).Collect(ctx) // read everything first, then restore
		if err != nil {
			return err
		}
		results, err := client.RestoreHSMBackups(ctx, backups)
		for _, r := range results {
			fmt.Println(*r.Before.BackupId, r.After.BackupState, r.Err)
		}
		return err
	}()
	fmt.Println(err)
	// Output:
	// backup-aaaaaaaaaaa READY <nil>
	// <nil>
}

func Example_guideRestoreUnknown() {
	ctx := context.Background()
	pending := hsmtypes.Backup{
		BackupId: aws.String("backup-aaaaaaaaaaa"), BackupState: hsmtypes.BackupStatePendingDeletion, CreateTimestamp: aws.Time(day),
	}
	client := backupx.New(fakeaws.New(fakeaws.Data{HSM: []hsmtypes.Backup{pending}}, fakeaws.WithFaults(
		fakeaws.Fault{Operation: "RestoreBackup", Nth: 1, Do: fakeaws.Lost(fakeaws.Unavailable())},
		fakeaws.Fault{Operation: "DescribeBackups", Nth: 1, Do: fakeaws.AccessDenied()},
	)).Config())
	results, err := client.RestoreHSMBackups(ctx, []hsmtypes.Backup{pending})
	fmt.Println(errors.Is(err, backupx.ErrRestoreUnknown))
	for _, r := range results {
		if errors.Is(r.Err, backupx.ErrRestoreUnknown) { // request the backup until it is READY, or for an hour
			_, r.Err = client.WaitHSMBackup(ctx, aws.ToString(r.Before.BackupId), hsmtypes.BackupStateReady, time.Hour)
		}
		if r.Err != nil {
			fmt.Println("not restored:", r.Err)
		}
	}
	// Output: true
}

func Example_guideFleet() {
	ctx, a, _ := guide()
	_, b, _ := guide()
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	err := func() error {
		fleet := backupx.Fleet{{Name: "prod/us-east-1", Client: a}, {Name: "prod/eu-west-1", Client: b}}
		jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
			return c.BackupJobs(failed).Rate(15)
		})
		for job, err := range jobs.Parallel(16).Ordered().All(ctx) {
			var sources backupx.SourceErrors
			if errors.As(err, &sources) { // comes last: the other sources are not affected
				for _, s := range sources {
					fmt.Println(s.Source, s.Kind) // denied, throttled, not offered, …
				}
			}
			if err != nil {
				return err
			}
			fmt.Println(job.Source, aws.ToString(job.Item.BackupJobId))
		}
		return nil
	}()
	fmt.Println(err)
	// Output:
	// prod/us-east-1 c
	// prod/us-east-1 a
	// prod/us-east-1 d
	// prod/eu-west-1 c
	// prod/eu-west-1 a
	// prod/eu-west-1 d
	// <nil>
}

// restoresOf is in docs/guide.md.
func restoresOf(us, eu aws.Config) backupx.Listing[backupx.Sourced[types.RestoreJobsListMember]] {
	fleet := backupx.Fleet{
		{Name: "prod/us-east-1", Account: "111122223333", Region: "us-east-1", Config: us}, // us and eu are aws.Config
		{Name: "prod/eu-west-1", Account: "111122223333", Region: "eu-west-1", Config: eu},
	}
	restores := backupx.AcrossSources(fleet, func(s backupx.Source) backupx.Listing[types.RestoreJobsListMember] {
		api := backup.NewFromConfig(s.Config)
		return backupx.FromOperation("ListRestoreJobs", api.ListRestoreJobs, backup.ListRestoreJobsInput{},
			func(in *backup.ListRestoreJobsInput, token *string, size *int32) {
				in.NextToken, in.MaxResults = token, size
			},
			func(out *backup.ListRestoreJobsOutput) ([]types.RestoreJobsListMember, *string) {
				return out.RestoreJobs, out.NextToken
			})
	})
	return restores
}

// The region of the requests is that of each configuration; one region denies access.
func TestTheGuidesRestoresOverAFleet(t *testing.T) {
	answer := func(status int, body string) aws.Config {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/restore-jobs" {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			if status != http.StatusOK {
				w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}))
		t.Cleanup(server.Close)
		cfg := fakeaws.New(fakeaws.Data{}).Config()
		cfg.BaseEndpoint, cfg.HTTPClient = aws.String(server.URL), server.Client()
		return cfg
	}
	us := answer(http.StatusOK, `{"RestoreJobs":[{"RestoreJobId":"r-1"},{"RestoreJobId":"r-2"}]}`)
	eu := answer(http.StatusForbidden, `{"message":"no"}`)
	items, err := restoresOf(us, eu).Collect(t.Context())
	require.Equal(t, []string{"111122223333 us-east-1 r-1", "111122223333 us-east-1 r-2"},
		lo.Map(items, func(j backupx.Sourced[types.RestoreJobsListMember], _ int) string {
			return j.Account + " " + j.Region + " " + *j.Item.RestoreJobId
		}))
	var failed backupx.SourceErrors
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "111122223333 eu-west-1 denied", fmt.Sprint(failed[0].Account, " ", failed[0].Region, " ", failed[0].Kind))
}

func Example_guideGather() {
	ctx, client, _ := guide()
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	copies := backupx.CopyJobFilter{}.Unsuccessful()
	err := func() error {
		report := backupx.Gather(
			backupx.Map(client.BackupJobs(failed), backupx.RecordOf).Named("backups"),
			backupx.Map(client.CopyJobs(copies), backupx.RecordOf).Named("copies"),
		)
		for r, err := range report.Parallel(2).Ordered().All(ctx) {
			if err != nil {
				return err // of the listings that failed, after all items of the others
			}
			fmt.Println(r.Source, r.Item.ID, r.Item.Type, r.Item.State)
		}
		return nil
	}()
	fmt.Println(err)
	// Output:
	// backups c EBS ABORTED
	// backups a EBS FAILED
	// backups d EBS FAILED
	// <nil>
}

func Example_readmeTour() {
	ctx, client, _ := guide()
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	denied := failed.MessageCategories("AccessDenied").ResourceTypes("EBS", "EFS").TopLevel()
	jobs, err := client.BackupJobs(denied).Parallel(8).Collect(ctx)
	fmt.Println(len(jobs), err)
	// Output: 3 <nil>
}

// accountFleet makes the fleet of README.md: one source for each account and region.
func accountFleet(cfg aws.Config, accounts, regions []string) backupx.Fleet {
	cfg.HTTPClient = awshttp.NewBuildableClient().WithTimeout(30 * time.Second)
	var fleet backupx.Fleet
	for _, account := range accounts {
		role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), "arn:aws:iam::"+account+":role/BackupAudit")
		credentials := aws.NewCredentialsCache(role) // one per account
		for _, region := range regions {
			source := cfg.Copy()
			source.Region, source.Credentials = region, credentials
			fleet = append(fleet, backupx.Source{
				Name: account + "/" + region, Account: account, Region: region, Config: source,
			})
		}
	}
	return fleet
}

// saveFailed lists the failed jobs of a fleet as README.md does.
func saveFailed(
	ctx context.Context, fleet backupx.Fleet, failed backupx.BackupJobFilter, checkpoint backupx.Checkpoint,
	save func([]backupx.Sourced[types.BackupJob], backupx.Checkpoint) error,
) error {
	if checkpoint != (backupx.Checkpoint{}) { // the last one saved
		if err := checkpoint.Filter(&failed); err != nil {
			return err
		}
	}
	var batch []backupx.Sourced[types.BackupJob]
	var position func() backupx.Checkpoint // set below: OnPage is set before the cursor exists
	var unsaved error
	jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(failed).Rate(15) // 15 requests per second to each source
	}).Parallel(16).OnPage(func(backupx.PageInfo) {
		if unsaved = save(batch, position()); unsaved == nil {
			batch = nil
		}
	})
	cursor, err := jobs.Resume(checkpoint) // an error that names what differs, if a source is gone or its filter changed
	if err != nil {
		return err
	}
	position = cursor.Checkpoint
	for job, err := range cursor.All(ctx) {
		var sources backupx.SourceErrors
		if errors.As(err, &sources) { // comes last: the other sources are not affected
			for _, s := range sources {
				fmt.Println(s.Source, s.Kind)
			}
		}
		if err != nil {
			return errors.Join(err, unsaved)
		}
		batch = append(batch, job)
	}
	return unsaved
}

// The first run is cancelled halfway and some of its saves fail; one source is not enabled until the third run.
func TestTheFleetOfTheReadmeSavesEachJobOnce(t *testing.T) {
	var enabled atomic.Bool
	service := fakeaws.New(fakeaws.Data{BackupJobs: spread(95, month, day)}, fakeaws.WithPageSize(10),
		fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.NotEnabled(), When: func(r fakeaws.Request) bool {
			return r.Region == "me-south-1" && strings.HasSuffix(r.AccessKey, "222222222222") && !enabled.Load()
		}}))
	server := httptest.NewServer(behindSTS(service))
	defer server.Close()
	cfg := service.Config()
	cfg.BaseEndpoint = aws.String(server.URL)
	completed := backupx.BackupJobFilter{}.States(types.BackupJobStateCompleted)

	var saved []backupx.Sourced[types.BackupJob]
	var checkpoint backupx.Checkpoint
	run := func(ctx context.Context, check func(call int) error) error {
		fleet, calls := accountFleet(cfg, []string{"111111111111", "222222222222"}, []string{"us-east-1", "me-south-1"}), 0
		filter := completed
		if !checkpoint.Done() && len(saved) > 0 {
			filter = backupx.BackupJobFilter{} // the checkpoint has it
		}
		return saveFailed(ctx, fleet, filter, checkpoint, func(jobs []backupx.Sourced[types.BackupJob], cp backupx.Checkpoint) error {
			calls++
			if err := check(calls); err != nil {
				return err
			}
			saved, checkpoint = append(saved, jobs...), throughText(t, cp)
			return nil
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := run(ctx, func(call int) error {
		switch {
		case call == 15:
			cancel()
		case call%4 == 2:
			return errBoom
		}
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.NotEmpty(t, saved)
	require.False(t, checkpoint.Done())

	var sources backupx.SourceErrors
	require.ErrorAs(t, run(t.Context(), func(int) error { return nil }), &sources)
	require.Equal(t, "222222222222/me-south-1: not enabled", sources[0].Source+": "+string(sources[0].Kind))
	enabled.Store(true)
	require.NoError(t, run(t.Context(), func(int) error { return nil }))
	require.True(t, checkpoint.Done())
	require.Equal(t, map[string]int{
		"111111111111/us-east-1": 95, "111111111111/me-south-1": 95, "222222222222/us-east-1": 95, "222222222222/me-south-1": 95,
	}, sourcesOf(saved))
	require.Len(t, lo.UniqBy(saved, func(j backupx.Sourced[types.BackupJob]) string { return j.Source + *j.Item.BackupJobId }), len(saved))
}

// behindSTS is a service with an STS in front, which gives each account an access key that ends in the account.
func behindSTS(service *fakeaws.Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		role := r.FormValue("RoleArn")
		if role == "" {
			service.ServeHTTP(w, r)
			return
		}
		fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE%s</AccessKeyId>`+
			`<SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY</SecretAccessKey><SessionToken>AQoDYXdzEJr</SessionToken>`+
			`<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			strings.Split(role, ":")[4])
	})
}

// The service's own counts, in two pages.
func Example_guideSummaries() {
	ctx, cfg := context.Background(), recited(
		`{"BackupJobSummaries": [{"State": "FAILED", "Count": 2}, {"State": "COMPLETED", "Count": 40}], "NextToken": "2"}`,
		`{"BackupJobSummaries": [{"State": "FAILED", "Count": 1}]}`)
	fmt.Println(func() error {
		api := backup.NewFromConfig(cfg)
		summaries := backupx.FromOperation("ListBackupJobSummaries", api.ListBackupJobSummaries,
			backup.ListBackupJobSummariesInput{AggregationPeriod: types.AggregationPeriodFourteenDays},
			func(in *backup.ListBackupJobSummariesInput, token *string, size *int32) {
				in.NextToken, in.MaxResults = token, size
			},
			func(out *backup.ListBackupJobSummariesOutput) ([]types.BackupJobSummary, *string) {
				return out.BackupJobSummaries, out.NextToken
			})
		counted := map[types.BackupJobStatus]int{} // by the service, in the last 14 days
		for s, err := range summaries.All(ctx) {
			if err != nil {
				return err
			}
			counted[s.State] += int(s.Count)
		}
		fmt.Println(counted)
		return nil
	}())
	// Output:
	// map[COMPLETED:40 FAILED:3]
	// <nil>
}

// recited is a configuration whose requests are answered with the bodies, one after another.
func recited(bodies ...string) aws.Config {
	return aws.Config{
		Region:      "us-east-1",
		Credentials: aws.AnonymousCredentials{},
		HTTPClient: answering(func(*http.Request) (*http.Response, error) {
			body := bodies[0]
			bodies = bodies[1:]
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
		}),
	}
}

func Example_guideValues() {
	ctx, client, _ := guide()
	fmt.Println(func() error {
		var err error
		jobs := slices.SortedFunc(backupx.Values(client.BackupJobs(backupx.BackupJobFilter{}).All(ctx), &err),
			func(a, b types.BackupJob) int { return aws.ToTime(a.CreationDate).Compare(aws.ToTime(b.CreationDate)) })
		if err != nil {
			return err
		}
		fmt.Println(lo.Map(jobs, func(j types.BackupJob, _ int) string { return *j.BackupJobId }))
		return nil
	}())
	// Output:
	// [d c b a]
	// <nil>
}

var shBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// The program, the test and the commands of README.md's first offline test, in a module of their own.
func TestTheFirstOfflineTest(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(readme), "## Your first offline test\n")
	require.True(t, ok)
	dir := t.TempDir()
	moduleBeside(t, dir)
	files := goBlock.FindAllStringSubmatch(section, 2)
	require.Len(t, files, 2)
	for i, name := range []string{"failed.go", "failed_test.go"} {
		require.Contains(t, section, "`"+name+"`")
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(files[i][1]), 0o600))
	}
	commands := strings.Replace(shBlock.FindStringSubmatch(section)[1], "go mod tidy", "true", 1) // it needs the network
	sh := exec.CommandContext(t.Context(), "sh", "-euc", commands)
	sh.Dir = dir
	sh.Env = testenv.Environ("GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	out, err := sh.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.FileExists(t, filepath.Join(dir, "testdata", "failed.yaml"))
}

// moduleBeside makes dir a module that requires this one, with the same versions of everything.
func moduleBeside(t *testing.T, dir string) {
	t.Helper()
	here, err := os.Getwd()
	require.NoError(t, err)
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	text := strings.Replace(string(mod), "module github.com/backupx-go/backupx\n", "module example.com/audit\n", 1)
	text += "\nrequire github.com/backupx-go/backupx v0.0.0\nreplace github.com/backupx-go/backupx => " + here + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o600))
	sum, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600))
}
