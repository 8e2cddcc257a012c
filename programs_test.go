package backupx_test

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// The programs of docs/programs.md, each with the test that runs it.

// alert tells each job that has failed since the last run once. The file holds what the last run remembers.
func alert(ctx context.Context, fleet backupx.Fleet, since time.Time, file string) error {
	follower := backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[types.BackupJob] {
		return s.Client.FollowBackupJobs(backupx.BackupJobFilter{}.Unsuccessful(), since) // since: in the first run
	}).Parallel(16)
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var saved backupx.Checkpoint
	if err := saved.UnmarshalText(text); err != nil { // no text is the beginning
		return err
	}
	if err := follower.Resume(saved); err != nil {
		return err
	}
	var unread error // the sources that failed; the next run tells their jobs
	for job := range backupx.Values(follower.All(ctx), &unread) {
		r := backupx.RecordOf(job.Item)
		fmt.Println(job.Account, job.Region, r.State, r.Resource, r.Message)
	}
	text, err = follower.Checkpoint().MarshalText()
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	return errors.Join(unread, err)
}

func ExampleFollowAcross_alert() {
	service := programsService()
	cfg := service.Config()
	fault := service.Fault(fakeaws.Fault{Do: fakeaws.AccessDenied(), When: func(r fakeaws.Request) bool { return r.Region == "eu-west-1" }})
	fleet := programsFleet(cfg, cfg)
	dir, err := os.MkdirTemp("", "alert")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	for range 3 {
		err := alert(context.Background(), fleet, day.AddDate(0, 0, -1), filepath.Join(dir, "state"))
		fmt.Printf("unread: %q\n", backupx.KindOf(err))
		fault.Remove()
	}
	// Output:
	// 111122223333 us-east-1 EXPIRED arn:aws:ec2:us-east-1:111122223333:volume/vol-3 never started
	// 111122223333 us-east-1 FAILED arn:aws:ec2:us-east-1:111122223333:volume/vol-2 no space
	// unread: "denied"
	// 111122223333 eu-west-1 EXPIRED arn:aws:ec2:us-east-1:111122223333:volume/vol-3 never started
	// 111122223333 eu-west-1 FAILED arn:aws:ec2:us-east-1:111122223333:volume/vol-2 no space
	// unread: ""
	// unread: ""
}

// finish waits until a backup job that was started just now has ended. Its error says how, if not well.
func finish(ctx context.Context, client backupx.Client, id string, started time.Time) error {
	jobs := backupx.BackupJobFilter{}.IDs(id).CreatedAfter(started.Add(-time.Hour))
	ended := func(j types.BackupJob) (bool, error) { return backupx.BackupJobEnded(j.State), nil }
	job, err := backupx.Await(ctx, client.BackupJobs(jobs), ended, 12*time.Hour)
	if err == nil && job.State != types.BackupJobStateCompleted {
		err = fmt.Errorf("%s: %s: %s", id, job.State, aws.ToString(job.StatusMessage))
	}
	return err
}

func TestTheProgramThatWaitsForAJob(t *testing.T) {
	inBubble(t, "a job that is under way", func(t *testing.T) {
		service := programsService(fakeaws.WithMoving(fakeaws.Moving{ID: "job-4", Steps: []fakeaws.Step{{AfterRequests: 2, State: "COMPLETED"}}}))
		begin := time.Now()
		require.NoError(t, finish(t.Context(), clientOf(service), "job-4", day.Add(-time.Hour)))
		require.Positive(t, time.Since(begin))
	})
	require.NoError(t, finish(t.Context(), clientOf(programsService()), "job-1", day.Add(-5*time.Hour)))
	require.EqualError(t, finish(t.Context(), clientOf(programsService()), "job-3", day.Add(-3*time.Hour)), "job-3: EXPIRED: never started")
}

// printRates prints how many jobs of each plan completed, of those created since a time that have ended.
func printRates(ctx context.Context, client backupx.Client, since time.Time, plans ...string) error {
	type outcome struct {
		plan      string
		completed bool
	}
	ended := backupx.BackupJobFilter{}.Ended().TopLevel().Plans(plans...).CreatedAfter(since)
	counts, err := backupx.CountBy(client.BackupJobs(ended).All(ctx), func(j types.BackupJob) outcome {
		return outcome{backupx.RecordOf(j).Plan, j.State == types.BackupJobStateCompleted}
	})
	if err != nil {
		return err
	}
	for _, plan := range plans {
		good, bad := counts[outcome{plan, true}], counts[outcome{plan, false}]
		fmt.Printf("%s: %d of %d\n", plan, good, good+bad)
	}
	return nil
}

func ExampleBackupJobFilter_Plans_rates() {
	fmt.Println(printRates(context.Background(), clientOf(programsService()), day.AddDate(0, 0, -7), "daily", "weekly"))
	// Output:
	// daily: 1 of 3
	// weekly: 0 of 0
	// <nil>
}

// failingNow returns the newest job of each resource whose newest job has failed.
func failingNow(ctx context.Context, client backupx.Client, since time.Time) ([]types.BackupJob, error) {
	ended := backupx.BackupJobFilter{}.Ended().TopLevel().CreatedAfter(since)
	newest, err := backupx.LatestBy(client.BackupJobs(ended).All(ctx),
		func(j types.BackupJob) string { return aws.ToString(j.ResourceArn) },
		func(j types.BackupJob) time.Time { return aws.ToTime(j.CreationDate) })
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	return lo.Filter(lo.Values(newest), func(j types.BackupJob, _ int) bool { return failed.Match(j) }), err
}

func TestTheProgramOfWhatIsFailingNow(t *testing.T) {
	service := programsService()
	again := programsJob("job-5", types.BackupJobStateCompleted, 1)
	again.ResourceArn = programsJob("job-2", types.BackupJobStateFailed, 3).ResourceArn
	service.AddBackupJobs(again)
	jobs, err := failingNow(t.Context(), clientOf(service), day.AddDate(0, 0, -7))
	require.NoError(t, err)
	require.Equal(t, []string{"job-3"}, lo.Map(jobs, jobID), "job-2 was made up for by job-5")
}

// writeRows writes a row for each backup and each job that a fleet has made since a time.
func writeRows(ctx context.Context, w io.Writer, fleet backupx.Fleet, since time.Time) error {
	rows := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[backupx.Record] {
		return c.InventorySince(since) // CloudHSM backups, backup jobs and copy jobs
	})
	out := csv.NewWriter(w)
	var unread error // what could not be listed; the rest is in the file
	for row := range backupx.Values(rows.Parallel(16).All(ctx), &unread) {
		r := row.Item
		out.Write([]string{row.Account, row.Region, string(r.Service), r.ID, r.State, r.Resource, r.Created.Format(time.RFC3339)})
	}
	out.Flush()
	return errors.Join(unread, out.Error())
}

func TestTheProgramThatWritesRows(t *testing.T) {
	service := programsService(fakeaws.WithFaults(fakeaws.Fault{
		Operation: "ListCopyJobs", Do: fakeaws.AccessDenied(), When: func(r fakeaws.Request) bool { return r.Region == "eu-west-1" },
	}))
	var text strings.Builder
	err := writeRows(t.Context(), &text, programsFleet(service.Config(), service.Config()), day.Add(-150*time.Minute))
	require.Equal(t, backupx.KindDenied, backupx.KindOf(err))
	rows := strings.Split(strings.TrimSpace(text.String()), "\n")
	slices.Sort(rows)
	require.Equal(t, []string{
		"111122223333,eu-west-1,backup-jobs,job-3,EXPIRED,arn:aws:ec2:us-east-1:111122223333:volume/vol-3,2026-03-13T22:00:00Z",
		"111122223333,eu-west-1,backup-jobs,job-4,RUNNING,arn:aws:ec2:us-east-1:111122223333:volume/vol-4,2026-03-13T23:00:00Z",
		"111122223333,eu-west-1,hsm,backup-aaaaaaaaaaa,PENDING_DELETION,cluster-aaaaaaaaaaa,2026-03-13T23:00:00Z",
		"111122223333,us-east-1,backup-jobs,job-3,EXPIRED,arn:aws:ec2:us-east-1:111122223333:volume/vol-3,2026-03-13T22:00:00Z",
		"111122223333,us-east-1,backup-jobs,job-4,RUNNING,arn:aws:ec2:us-east-1:111122223333:volume/vol-4,2026-03-13T23:00:00Z",
		"111122223333,us-east-1,copy-jobs,copy-3,FAILED,arn:aws:ec2:us-east-1:111122223333:volume/vol-1,2026-03-13T23:00:00Z",
		"111122223333,us-east-1,hsm,backup-aaaaaaaaaaa,PENDING_DELETION,cluster-aaaaaaaaaaa,2026-03-13T23:00:00Z",
	}, rows)
}

// printFailed prints the backup jobs and the restore jobs that have failed. Either is printed if the other is denied.
func printFailed(ctx context.Context, cfg aws.Config, since time.Time) error {
	failed := backupx.BackupJobFilter{}.Unsuccessful().CreatedAfter(since)
	all := backupx.Gather(
		backupx.Map(backupx.New(cfg).BackupJobs(failed), backupx.RecordOf).Named("backup"),
		backupx.Map(restoreJobs(cfg, since), func(j types.RestoreJobsListMember) backupx.Record {
			return backupx.Record{ID: aws.ToString(j.RestoreJobId), State: string(j.Status), Message: aws.ToString(j.StatusMessage)}
		}).Where(func(r backupx.Record) bool { return r.State == "FAILED" || r.State == "ABORTED" }).Named("restore"),
	)
	for r, err := range all.Parallel(2).Ordered().All(ctx) {
		if err != nil {
			return err // comes last, and names what could not be listed
		}
		fmt.Println(r.Source, r.Item.ID, r.Item.State, r.Item.Message)
	}
	return nil
}

// restoreJobs lists the restore jobs of an account that were created since a time.
func restoreJobs(cfg aws.Config, since time.Time) backupx.Listing[types.RestoreJobsListMember] {
	return backupx.FromOperation("ListRestoreJobs", backup.NewFromConfig(cfg).ListRestoreJobs,
		backup.ListRestoreJobsInput{ByCreatedAfter: &since},
		func(in *backup.ListRestoreJobsInput, token *string, size *int32) {
			in.NextToken, in.MaxResults = token, size
		},
		func(out *backup.ListRestoreJobsOutput) ([]types.RestoreJobsListMember, *string) {
			return out.RestoreJobs, out.NextToken
		})
}

func ExampleGather_restores() {
	service := programsService()
	cfg := alongside(service, "/restore-jobs", status(http.StatusOK, `{"RestoreJobs": [
		{"RestoreJobId": "r-1", "Status": "COMPLETED"}, {"RestoreJobId": "r-2", "Status": "FAILED", "StatusMessage": "no role"}
	]}`))
	service.Fault(fakeaws.Fault{Operation: "ListBackupJobs", Do: fakeaws.AccessDenied(), Nth: 5}) // in the second run
	for range 2 {
		err := printFailed(context.Background(), cfg, day.AddDate(0, 0, -1))
		var parts backupx.SourceErrors
		if errors.As(err, &parts) {
			fmt.Println(parts[0].Source, parts[0].Kind)
		}
	}
	// Output:
	// backup job-3 EXPIRED never started
	// backup job-2 FAILED no space
	// restore r-2 FAILED no role
	// restore r-2 FAILED no role
	// backup denied
}

// printCopies prints each backup that completed since a time, with the states of its copies.
func printCopies(ctx context.Context, client backupx.Client, since time.Time) error {
	completed := backupx.BackupJobFilter{}.States(types.BackupJobStateCompleted).CreatedAfter(since)
	jobs, err := client.BackupJobs(completed).Collect(ctx)
	if err != nil {
		return err
	}
	jobOf := map[string]string{} // by recovery point
	for _, j := range jobs {
		jobOf[aws.ToString(j.RecoveryPointArn)] = aws.ToString(j.BackupJobId)
	}
	copies := map[string][]types.CopyJobState{} // by backup job
	for c, err := range client.CopyJobs(backupx.CopyJobFilter{}.CreatedAfter(since)).All(ctx) {
		if err != nil {
			return err
		}
		id := cmp.Or(aws.ToString(c.CreatedByBackupJobId), jobOf[aws.ToString(c.SourceRecoveryPointArn)])
		copies[id] = append(copies[id], c.State)
	}
	for _, j := range jobs {
		fmt.Println(aws.ToString(j.BackupJobId), copies[aws.ToString(j.BackupJobId)])
	}
	return nil
}

func ExampleCopyJobFilter_SourceBackupJobs_join() {
	service := programsService()
	service.AddBackupJobs(programsJob("job-5", types.BackupJobStateCompleted, 1))
	fmt.Println(printCopies(context.Background(), clientOf(service), day.AddDate(0, 0, -1)))
	// Output:
	// job-5 []
	// job-1 [FAILED COMPLETED]
	// <nil>
}

// printStale prints the resources of a fleet that were last backed up before a time.
func printStale(ctx context.Context, fleet backupx.Fleet, before time.Time) error {
	resources := backupx.AcrossSources(fleet, func(s backupx.Source) backupx.Listing[types.ProtectedResource] {
		return backupx.FromOperation("ListProtectedResources", backup.NewFromConfig(s.Config).ListProtectedResources,
			backup.ListProtectedResourcesInput{},
			func(in *backup.ListProtectedResourcesInput, token *string, size *int32) {
				in.NextToken, in.MaxResults = token, size
			},
			func(out *backup.ListProtectedResourcesOutput) ([]types.ProtectedResource, *string) {
				return out.Results, out.NextToken
			})
	})
	for r, err := range resources.Parallel(16).All(ctx) {
		if err != nil {
			return err // of the sources that failed, after the resources of the others
		}
		if last := aws.ToTime(r.Item.LastBackupTime); last.Before(before) {
			fmt.Println(r.Account, r.Region, aws.ToString(r.Item.ResourceArn), last.UTC().Format(time.DateTime))
		}
	}
	return nil
}

func ExampleAcrossSources_stale() {
	resource := `{"ResourceArn": "arn:aws:ec2:us-east-1:111122223333:volume/vol-%d", "LastBackupTime": %d}`
	us := recited(
		fmt.Sprintf(`{"Results": [`+resource+`], "NextToken": "2"}`, 1, day.Add(-time.Hour).Unix()),
		fmt.Sprintf(`{"Results": [`+resource+`]}`, 2, day.AddDate(0, 0, -2).Unix()))
	eu := alongside(programsService(), "/resources", coded(http.StatusForbidden, "AccessDeniedException"))
	err := printStale(context.Background(), programsFleet(us, eu), day.AddDate(0, 0, -1))
	fmt.Println(backupx.KindOf(err))
	// Output:
	// 111122223333 us-east-1 arn:aws:ec2:us-east-1:111122223333:volume/vol-2 2026-03-12 00:00:00
	// denied
}

// printAdvice prints what to do about the sources of a fleet that failed.
func printAdvice(err error) {
	advice := map[backupx.Kind]string{
		backupx.KindNotOffered: "leave the region out",
		backupx.KindNotEnabled: "leave the region out, or opt in to it",
		backupx.KindDenied:     "grant the permission",
		backupx.KindThrottled:  "lower the Rate, and resume",
		backupx.KindOther:      "read the error, and resume",
	}
	var sources backupx.SourceErrors
	errors.As(err, &sources)
	for _, s := range sources {
		fmt.Println(s.Account, s.Region, advice[s.Kind])
	}
}

func ExampleSourceErrors_advice() {
	fault := func(region string, do fakeaws.Effect) fakeaws.Fault {
		return fakeaws.Fault{Do: do, When: func(r fakeaws.Request) bool { return r.Region == region }}
	}
	service := programsService(fakeaws.WithFaults(fault("us-east-1", fakeaws.AccessDenied()), fault("eu-west-1", fakeaws.NotEnabled())))
	jobs := backupx.Across(programsFleet(service.Config(), service.Config()), func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(backupx.BackupJobFilter{})
	})
	_, err := jobs.Count(context.Background())
	printAdvice(err)
	// Output:
	// 111122223333 us-east-1 grant the permission
	// 111122223333 eu-west-1 leave the region out, or opt in to it
}

// rescue restores the CloudHSM backups that would be deleted before a time, and waits until they are READY.
func rescue(ctx context.Context, client backupx.Client, before time.Time) error {
	due := backupx.HSMFilter{}.States(hsmtypes.BackupStatePendingDeletion).DeletionDueBefore(before)
	backups, err := client.HSMBackups(due).Collect(ctx)
	if err != nil {
		return err
	}
	results, _ := client.RestoreHSMBackups(ctx, backups) // each result has its error
	var failed []error
	for _, r := range results {
		if r.Err == nil || errors.Is(r.Err, backupx.ErrRestoreUnknown) {
			_, r.Err = client.WaitHSMBackup(ctx, aws.ToString(r.Before.BackupId), hsmtypes.BackupStateReady, time.Hour)
		}
		failed = append(failed, r.Err)
	}
	return errors.Join(failed...)
}

// The answer of the restore is lost and its check is denied, so that only waiting shows that the backup was restored.
func TestTheProgramThatRescuesBackups(t *testing.T) {
	service := programsService(fakeaws.WithFaults(
		fakeaws.Fault{Operation: "RestoreBackup", Nth: 1, Do: fakeaws.Lost(fakeaws.Unavailable())},
		fakeaws.Fault{Operation: "DescribeBackups", Nth: 2, Do: fakeaws.AccessDenied()},
	))
	client := clientOf(service)
	require.NoError(t, rescue(t.Context(), client, day.AddDate(0, 0, 1)))
	left, err := client.HSMBackups(backupx.HSMFilter{}.States(hsmtypes.BackupStatePendingDeletion)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"backup-bbbbbbbbbbb"}, lo.Map(left, func(b hsmtypes.Backup, _ int) string { return *b.BackupId }))
}

// archive writes the jobs that come after a place, and returns the next place, also after an error.
func archive(
	ctx context.Context, jobs backupx.Listing[types.BackupJob], place backupx.Checkpoint, write func(types.BackupJob) error,
) (backupx.Checkpoint, error) {
	cursor, err := jobs.Resume(place) // the zero Checkpoint is the beginning
	if err != nil {
		return place, err
	}
	deliver := func() error {
		for job, err := range cursor.All(ctx) {
			if err != nil {
				return err
			}
			if err := write(job); err != nil {
				return err
			}
			place = cursor.Checkpoint() // only now: the job is written
		}
		place = cursor.Checkpoint()
		return nil
	}
	err = deliver()
	if errors.Is(err, backupx.ErrTokenExpired) { // the page token of the place has died
		if err = cursor.Restart(); err == nil {
			err = deliver()
		}
	}
	return place, err
}

func TestTheProgramThatArchives(t *testing.T) {
	want := spread(9, month, day)
	service := fakeaws.New(fakeaws.Data{BackupJobs: want})
	jobs := clientOf(service).BackupJobs(backupx.BackupJobFilter{}.States(types.BackupJobStateCompleted)).PageSize(2)
	var got []types.BackupJob
	full := 5
	write := func(j types.BackupJob) error {
		if len(got) == full {
			return errBoom
		}
		got = append(got, j)
		return nil
	}
	place, err := archive(t.Context(), jobs, backupx.Checkpoint{}, write)
	require.ErrorIs(t, err, errBoom)
	full = -1

	died := tokensDie(service, "InvalidParameterValueException")
	place, err = archive(t.Context(), jobs, throughText(t, place), write)
	require.NoError(t, err)
	require.Equal(t, 1, died.Fired())
	require.True(t, place.Done())
	require.Equal(t, lo.Map(want, jobID), lo.Map(got, jobID))
}

// printListed prints the jobs of a list of ids in a file, and which of them the service does not list any more.
func printListed(ctx context.Context, client backupx.Client, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	ids := strings.Fields(string(text))
	jobs, err := client.BackupJobs(backupx.BackupJobFilter{}.IDs(ids...)).Collect(ctx)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		fmt.Println(aws.ToString(j.BackupJobId), j.State)
	}
	found := lo.Map(jobs, func(j types.BackupJob, _ int) string { return aws.ToString(j.BackupJobId) })
	fmt.Println("not listed:", lo.Without(ids, found...))
	return nil
}

func ExampleBackupJobFilter_IDs_file() {
	dir, err := os.MkdirTemp("", "ids")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "ids")
	if err := os.WriteFile(file, []byte("job-3\njob-0\n"), 0o600); err != nil {
		panic(err)
	}
	fmt.Println(printListed(context.Background(), clientOf(programsService()), file))
	// Output:
	// job-3 EXPIRED
	// not listed: [job-0]
	// <nil>
}

// printJob prints the state and the resource of the backup job or the copy job that has an id.
func printJob(ctx context.Context, cfg aws.Config, id string) error {
	client := backup.NewFromConfig(cfg)
	job, err := client.DescribeBackupJob(ctx, &backup.DescribeBackupJobInput{BackupJobId: &id})
	if err == nil {
		fmt.Println("backup job", id, job.State, aws.ToString(job.ResourceArn))
		return nil
	}
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) {
		return err
	}
	out, err := client.DescribeCopyJob(ctx, &backup.DescribeCopyJobInput{CopyJobId: &id})
	if err == nil {
		fmt.Println("copy job", id, out.CopyJob.State, aws.ToString(out.CopyJob.ResourceArn))
	}
	return err
}

func ExampleBackupJobFilter_IDs_describe() {
	cfg := programsService().Config()
	for _, id := range []string{"job-2", "copy-3"} {
		if err := printJob(context.Background(), cfg, id); err != nil {
			fmt.Println(err)
		}
	}
	var missing *types.ResourceNotFoundException
	fmt.Println(errors.As(printJob(context.Background(), cfg, "job-0"), &missing))
	// Output:
	// backup job job-2 FAILED arn:aws:ec2:us-east-1:111122223333:volume/vol-2
	// copy job copy-3 FAILED arn:aws:ec2:us-east-1:111122223333:volume/vol-1
	// true
}

// programsJob is a job of the plan daily that was created some hours before day.
func programsJob(id string, state types.BackupJobState, hours int) types.BackupJob {
	j := running(id, day.Add(-time.Duration(hours)*time.Hour))
	j.State, j.CreatedBy = state, &types.RecoveryPointCreator{BackupPlanId: aws.String("daily")}
	j.ResourceArn = aws.String("arn:aws:ec2:us-east-1:111122223333:volume/vol-" + strings.TrimPrefix(id, "job-"))
	j.RecoveryPointArn = aws.String("arn:aws:ec2:us-east-1::snapshot/" + id)
	return j
}

// programsService is the account that the programs list.
func programsService(opts ...fakeaws.Option) *fakeaws.Service {
	jobs := []types.BackupJob{
		programsJob("job-1", types.BackupJobStateCompleted, 4), programsJob("job-2", types.BackupJobStateFailed, 3),
		programsJob("job-3", types.BackupJobStateExpired, 2), programsJob("job-4", types.BackupJobStateRunning, 1),
	}
	jobs[1].StatusMessage, jobs[2].StatusMessage = aws.String("no space"), aws.String("never started")
	copied := func(id string, state types.CopyJobState, hours int) types.CopyJob {
		return types.CopyJob{
			CopyJobId: &id, State: state, CreationDate: aws.Time(day.Add(-time.Duration(hours) * time.Hour)),
			ResourceArn: jobs[0].ResourceArn, SourceRecoveryPointArn: jobs[0].RecoveryPointArn,
		}
	}
	scheduled, onDemand := copied("copy-2", types.CopyJobStateCompleted, 3), copied("copy-3", types.CopyJobStateFailed, 1)
	scheduled.CreatedByBackupJobId, scheduled.SourceRecoveryPointArn = aws.String("job-1"), nil
	pending := func(id string, hours int) hsmtypes.Backup {
		b := hsmBackup(id, hsmtypes.BackupStatePendingDeletion, -hours)
		b.ClusterId, b.DeleteTimestamp = aws.String("cluster-aaaaaaaaaaa"), aws.Time(day.Add(time.Duration(hours)*time.Hour))
		return b
	}
	return fakeaws.New(fakeaws.Data{
		BackupJobs: jobs, CopyJobs: []types.CopyJob{scheduled, onDemand},
		HSM: []hsmtypes.Backup{pending("aaaaaaaaaaa", 1), pending("bbbbbbbbbbb", 50)},
	}, append([]fakeaws.Option{fakeaws.WithClock(func() time.Time { return day })}, opts...)...)
}

// programsFleet is a fleet of two regions of one account.
func programsFleet(us, eu aws.Config) backupx.Fleet {
	us.Region, eu.Region = "us-east-1", "eu-west-1"
	return backupx.Fleet{
		{Name: "prod/us-east-1", Account: "111122223333", Region: us.Region, Config: us},
		{Name: "prod/eu-west-1", Account: "111122223333", Region: eu.Region, Config: eu},
	}
}

// alongside is the configuration of a service with one more operation, that of a path.
func alongside(service *fakeaws.Service, path string, operation http.HandlerFunc) aws.Config {
	cfg := service.Config()
	cfg.HTTPClient = answering(func(r *http.Request) (*http.Response, error) {
		if strings.TrimSuffix(r.URL.Path, "/") != path {
			return service.RoundTrip(r)
		}
		w := httptest.NewRecorder()
		operation(w, &http.Request{Body: http.NoBody})
		return w.Result(), nil
	})
	return cfg
}
