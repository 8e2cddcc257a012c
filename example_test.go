package backupx_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// The examples list an account that is in memory. A program of yours makes its client with
// backupx.New(cfg), from the configuration that the SDK's config package loads.

func exampleData() fakeaws.Data {
	at := func(hours int) *time.Time { return aws.Time(day.Add(time.Duration(hours) * time.Hour)) }
	job := func(id string, state types.BackupJobState, hours int, kind string) types.BackupJob {
		return types.BackupJob{
			BackupJobId: aws.String(id), State: state, CreationDate: at(hours), ResourceType: aws.String(kind),
			BackupVaultName: aws.String("daily"), AccountId: aws.String("111122223333"),
		}
	}
	return fakeaws.Data{
		BackupJobs: []types.BackupJob{
			job("job-1", "COMPLETED", 1, "EBS"), job("job-2", "FAILED", 2, "S3"), job("job-3", "COMPLETED", 3, "S3"),
			job("job-4", "ABORTED", 4, "EBS"), job("job-5", "RUNNING", 5, "EFS"),
		},
		CopyJobs: []types.CopyJob{
			{CopyJobId: aws.String("copy-1"), State: "COMPLETED", CreationDate: at(1), MessageCategory: aws.String("SUCCESS")},
			{CopyJobId: aws.String("copy-2"), State: "COMPLETED", CreationDate: at(2), MessageCategory: aws.String("Aggregated")},
		},
		HSM: []hsmtypes.Backup{
			{BackupId: aws.String("backup-aaaaaaaaaaa"), BackupState: "READY", CreateTimestamp: at(1), ClusterId: aws.String("cluster-aaaaaaaaaaa")},
			{BackupId: aws.String("backup-bbbbbbbbbbb"), BackupState: "PENDING_DELETION", CreateTimestamp: at(2), ClusterId: aws.String("cluster-aaaaaaaaaaa"), DeleteTimestamp: at(170)},
			{BackupId: aws.String("backup-ccccccccccc"), BackupState: "READY", CreateTimestamp: at(3), ClusterId: aws.String("cluster-bbbbbbbbbbb")},
		},
		OpsWorks: []backupx.OpsWorksBackup{
			{BackupId: aws.String("automate-01-20160729"), ServerName: aws.String("automate-01"), BackupType: "AUTOMATED", CreatedAt: at(1)},
			{BackupId: aws.String("puppet-01-20160729"), ServerName: aws.String("puppet-01"), BackupType: "MANUAL", CreatedAt: at(2)},
		},
	}
}

func exampleService(opts ...fakeaws.Option) *fakeaws.Service {
	return fakeaws.New(exampleData(), opts...)
}

func exampleClient(opts ...fakeaws.Option) backupx.Client {
	return backupx.New(exampleService(opts...).Config())
}

func Example() {
	ctx, client := context.Background(), exampleClient()

	failed := backupx.BackupJobFilter{}.States(types.BackupJobStateFailed, types.BackupJobStateAborted)
	for job, err := range client.BackupJobs(failed).All(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(*job.BackupJobId, job.State)
	}
	// Output:
	// job-4 ABORTED
	// job-2 FAILED
}

func ExampleNew() {
	cfg := exampleService().Config() // in a program of yours: config.LoadDefaultConfig(ctx)

	client := backupx.New(cfg)
	n, err := client.BackupJobs(backupx.BackupJobFilter{}).Count(context.Background())
	fmt.Println(n, err)
	// Output: 5 <nil>
}

// The fields of a Client are interfaces: a client of the SDK with options of its own, a wrapper or a
// stub will do, and what is not needed stays nil.
func ExampleClient() {
	cfg := exampleService().Config()
	client := backupx.Client{Backup: backup.NewFromConfig(cfg, func(o *backup.Options) {
		o.RetryMode = aws.RetryModeAdaptive
	})}

	n, err := client.CopyJobs(backupx.CopyJobFilter{}).Count(context.Background())
	fmt.Println(n, err)
	_, err = client.HSMBackups(backupx.HSMFilter{}).Count(context.Background())
	fmt.Println(err)
	// Output:
	// 2 <nil>
	// backupx: DescribeBackups: no cloudhsm client was given
}

func ExampleBackupJobs() {
	api := backup.NewFromConfig(exampleService().Config())

	onS3 := backupx.BackupJobFilter{}.ResourceTypes("S3").CreatedAfter(day)
	for job, err := range backupx.BackupJobs(api, onS3).All(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(*job.BackupJobId, job.State)
	}
	// Output:
	// job-3 COMPLETED
	// job-2 FAILED
}

func ExampleCopyJobs() {
	api := backup.NewFromConfig(exampleService().Config())

	withIssues := backupx.CopyJobFilter{}.CompletedWithIssues()
	for job, err := range backupx.CopyJobs(api, withIssues).All(context.Background()) {
		fmt.Println(*job.CopyJobId, *job.MessageCategory, err)
	}
	// Output: copy-2 Aggregated <nil>
}

func ExampleHSMBackups() {
	api := exampleClient().HSM // a *cloudhsmv2.Client

	f := backupx.HSMFilter{}.States(hsmtypes.BackupStateReady, hsmtypes.BackupStatePendingDeletion).OldestFirst()
	for b, err := range backupx.HSMBackups(api, f).All(context.Background()) {
		fmt.Println(*b.BackupId, b.BackupState, err)
	}
	// Output:
	// backup-aaaaaaaaaaa READY <nil>
	// backup-bbbbbbbbbbb PENDING_DELETION <nil>
	// backup-ccccccccccc READY <nil>
}

func ExampleOpsWorksBackups() {
	api := backupx.NewOpsWorks(exampleService().Config())

	for b, err := range backupx.OpsWorksBackups(api, backupx.OpsWorksFilter{}.Servers("puppet-01")).All(context.Background()) {
		fmt.Println(*b.BackupId, b.BackupType, err)
	}
	// Output: puppet-01-20160729 MANUAL <nil>
}

func ExampleList() {
	pages := map[string]backupx.Page[string]{
		"":       {Items: []string{"a", "b"}, Next: "page-2"},
		"page-2": {Items: []string{"c"}},
	}
	letters := backupx.List("ListLetters", func(_ context.Context, token string, _ int) (backupx.Page[string], error) {
		return pages[token], nil // one request
	})

	all, err := letters.Collect(context.Background())
	fmt.Println(all, err)
	// Output: [a b c] <nil>
}

// Any operation of any service of the SDK, with or without a paginator there.
func ExampleFromOperation() {
	client := backup.NewFromConfig(exampleService().Config())
	jobs := backupx.FromOperation("ListBackupJobs", client.ListBackupJobs,
		backup.ListBackupJobsInput{ByState: types.BackupJobStateRunning},
		func(in *backup.ListBackupJobsInput, token *string, size *int32) {
			in.NextToken, in.MaxResults = token, size
		},
		func(out *backup.ListBackupJobsOutput) ([]types.BackupJob, *string) {
			return out.BackupJobs, out.NextToken
		})

	job, ok, err := jobs.First(context.Background())
	fmt.Println(*job.BackupJobId, ok, err)
	// Output: job-5 true <nil>
}

func ExampleListing_All() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{})

	for job, err := range jobs.All(context.Background()) {
		if err != nil {
			fmt.Println(err) // comes last, and once
			return
		}
		fmt.Println(*job.BackupJobId)
		if job.State == types.BackupJobStateAborted {
			break // nothing more is sent
		}
	}
	// Output:
	// job-5
	// job-4
}

func ExampleListing_Pages() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{}).PageSize(2)

	for page, err := range jobs.Pages(context.Background()) {
		fmt.Println(page.Number, len(page.Items), page.Next != "", err)
	}
	// Output:
	// 1 2 true <nil>
	// 2 2 true <nil>
	// 3 1 false <nil>
}

func ExampleListing_Collect() {
	clusters := backupx.HSMFilter{}.Clusters("cluster-aaaaaaaaaaa")

	backups, err := exampleClient().HSMBackups(clusters).Collect(context.Background())
	fmt.Println(len(backups), err)
	// Output: 2 <nil>
}

func ExampleListing_First() {
	failed := backupx.BackupJobFilter{}.States(types.BackupJobStateFailed)

	job, ok, err := exampleClient().BackupJobs(failed).First(context.Background())
	fmt.Println(*job.BackupJobId, ok, err)
	_, ok, err = exampleClient().BackupJobs(failed.Vaults("empty")).First(context.Background())
	fmt.Println(ok, err)
	// Output:
	// job-2 true <nil>
	// false <nil>
}

func ExampleListing_Count() {
	n, err := exampleClient().CopyJobs(backupx.CopyJobFilter{}).Count(context.Background())
	fmt.Println(n, err)
	// Output: 2 <nil>
}

func ExampleListing_Limit() {
	newest, err := exampleClient().BackupJobs(backupx.BackupJobFilter{}).Limit(2).Collect(context.Background())
	fmt.Println(len(newest), err)
	// Output: 2 <nil>
}

// What the service cannot filter, a function can.
func ExampleListing_Where() {
	odd := func(j types.BackupJob) bool { return strings.ContainsAny(*j.BackupJobId, "13579") }

	n, err := exampleClient().BackupJobs(backupx.BackupJobFilter{}).Where(odd).Count(context.Background())
	fmt.Println(n, err)
	// Output: 3 <nil>
}

// A cursor remembers where it is: each range over it is the next batch.
func ExampleListing_Cursor() {
	cursor := exampleClient().BackupJobs(backupx.BackupJobFilter{}).Limit(2).Cursor()

	for !cursor.Checkpoint().Done() {
		fmt.Println("a batch:")
		for job, err := range cursor.All(context.Background()) {
			fmt.Println(*job.BackupJobId, err)
		}
	}
	// Output:
	// a batch:
	// job-5 <nil>
	// job-4 <nil>
	// a batch:
	// job-3 <nil>
	// job-2 <nil>
	// a batch:
	// job-1 <nil>
}

// Another process goes on from a checkpoint, in the middle of a page too.
func ExampleListing_Resume() {
	ctx, client := context.Background(), exampleClient()
	jobs := client.BackupJobs(backupx.BackupJobFilter{}).Scope("111122223333/us-east-1")

	cursor := jobs.Cursor()
	for range cursor.All(ctx) {
		break // something came between
	}
	text, err := json.Marshal(cursor.Checkpoint())
	fmt.Println(err)

	var cp backupx.Checkpoint
	fmt.Println(json.Unmarshal(text, &cp))
	cursor, err = jobs.Resume(cp)
	fmt.Println(err)
	for job, err := range cursor.All(ctx) {
		fmt.Println(*job.BackupJobId, err)
	}
	_, err = jobs.Scope("444455556666/us-east-1").Resume(cp)
	fmt.Println(errors.Is(err, backupx.ErrCheckpoint))
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// job-4 <nil>
	// job-3 <nil>
	// job-2 <nil>
	// job-1 <nil>
	// true
}

// The quota of ListBackupJobs is 20 requests a second.
func ExampleListing_Rate() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{}).PageSize(1).Rate(200)

	began := time.Now()
	n, err := jobs.Count(context.Background())
	fmt.Println(n, err, time.Since(began) > 20*time.Millisecond)
	// Output: 5 <nil> true
}

func ExampleListing_OnPage() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{}.States("COMPLETED", "FAILED").TopLevel()).
		OnPage(func(p backupx.PageInfo) { fmt.Println(p.Operation, p.Shard, p.Number, p.Items, p.Kept) })

	_, err := jobs.Count(context.Background())
	fmt.Println(err)
	// Output:
	// ListBackupJobs states=COMPLETED 1 2 2
	// ListBackupJobs states=FAILED 1 1 1
	// <nil>
}

// A token that the AWS CLI printed, and one for its --starting-token.
func ExampleListing_StartAtCLI() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{})

	rest, err := jobs.StartAtCLI("eyJOZXh0VG9rZW4iOiBudWxsLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAzfQ==").Collect(context.Background())
	fmt.Println(len(rest), err)

	cursor := jobs.Cursor()
	for job := range cursor.All(context.Background()) {
		if *job.BackupJobId == "job-3" {
			break
		}
	}
	token, err := cursor.Checkpoint().CLIToken()
	fmt.Println(token, err)
	// Output:
	// 2 <nil>
	// eyJOZXh0VG9rZW4iOm51bGwsImJvdG9fdHJ1bmNhdGVfYW1vdW50IjozfQ== <nil>
}

func ExampleMap() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{})
	ids := backupx.Map(jobs, func(j types.BackupJob) string { return *j.BackupJobId })

	all, err := ids.Limit(3).Collect(context.Background())
	fmt.Println(all, err)
	// Output: [job-5 job-4 job-3] <nil>
}

func ExampleConcat() {
	client := exampleClient()
	jobs := backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), func(j types.BackupJob) string { return *j.BackupJobId })
	copies := backupx.Map(client.CopyJobs(backupx.CopyJobFilter{}), func(j types.CopyJob) string { return *j.CopyJobId })

	all, err := backupx.Concat(copies, jobs).Limit(4).Collect(context.Background())
	fmt.Println(all, err)
	// Output: [copy-2 copy-1 job-5 job-4] <nil>
}

// Jobs and copies together, the newest first, as each of the listings is.
func ExampleMerge() {
	type event struct {
		id string
		at time.Time
	}
	client := exampleClient()
	jobs := backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), func(j types.BackupJob) event {
		return event{*j.BackupJobId, *j.CreationDate}
	})
	copies := backupx.Map(client.CopyJobs(backupx.CopyJobFilter{}), func(j types.CopyJob) event {
		return event{*j.CopyJobId, *j.CreationDate}
	})
	newestFirst := func(a, b event) int { return b.at.Compare(a.at) }

	for e, err := range backupx.Merge(newestFirst, jobs, copies).All(context.Background()) {
		fmt.Println(e.at.Format("15:04"), e.id, err)
	}
	// Output:
	// 05:00 job-5 <nil>
	// 04:00 job-4 <nil>
	// 03:00 job-3 <nil>
	// 02:00 job-2 <nil>
	// 02:00 copy-2 <nil>
	// 01:00 job-1 <nil>
	// 01:00 copy-1 <nil>
}

// For functions that take an iter.Seq.
func ExampleValues() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{})

	var err error
	byType := slices.SortedFunc(backupx.Values(jobs.All(context.Background()), &err), func(a, b types.BackupJob) int {
		return cmp.Or(strings.Compare(*a.ResourceType, *b.ResourceType), strings.Compare(*a.BackupJobId, *b.BackupJobId))
	})
	for _, job := range byType {
		fmt.Print(*job.ResourceType, " ", *job.BackupJobId, "; ")
	}
	fmt.Println(err)
	// Output: EBS job-1; EBS job-4; EFS job-5; S3 job-2; S3 job-3; <nil>
}

func ExampleCountBy() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{})

	byState, err := backupx.CountBy(jobs.All(context.Background()), func(j types.BackupJob) types.BackupJobState { return j.State })
	fmt.Println(byState, err)
	// Output: map[ABORTED:1 COMPLETED:2 FAILED:1 RUNNING:1] <nil>
}

func ExampleLatestBy() {
	done := exampleClient().BackupJobs(backupx.BackupJobFilter{}.States(types.BackupJobStateCompleted))

	newest, err := backupx.LatestBy(done.All(context.Background()),
		func(j types.BackupJob) string { return *j.ResourceType },
		func(j types.BackupJob) time.Time { return *j.CreationDate })
	fmt.Println(*newest["EBS"].BackupJobId, *newest["S3"].BackupJobId, err)
	// Output: job-1 job-3 <nil>
}

// Several requests under way, here over windows of a quarter of an hour; what comes first is delivered
// first.
func ExampleListing_Parallel() {
	f := backupx.BackupJobFilter{}.CreatedBetween(day, day.Add(6*time.Hour))

	n, err := exampleClient().BackupJobs(f).Every(15 * time.Minute).Parallel(8).Count(context.Background())
	fmt.Println(n, err)
	// Output: 5 <nil>
}

func ExampleBackupJobFilter() {
	f := backupx.BackupJobFilter{}.
		States(types.BackupJobStateCompleted, types.BackupJobStateFailed).
		Vaults("daily").
		CreatedBetween(day, day.AddDate(0, 0, 1)).
		TopLevel()
	fmt.Println(f)
	fmt.Println(f.States(types.BackupJobStateFailed)) // each call narrows
	fmt.Println(f.Vaults("monthly"))                  // an empty set never means all

	text, err := json.Marshal(f)
	fmt.Println(string(text), err)
	// Output:
	// BackupJobFilter{vaults: daily, states: COMPLETED|FAILED, createdFrom: 2026-03-14T00:00:00Z, createdTo: 2026-03-15T00:00:00Z, topLevel}
	// BackupJobFilter{vaults: daily, states: FAILED, createdFrom: 2026-03-14T00:00:00Z, createdTo: 2026-03-15T00:00:00Z, topLevel}
	// BackupJobFilter{vaults: nothing, states: COMPLETED|FAILED, createdFrom: 2026-03-14T00:00:00Z, createdTo: 2026-03-15T00:00:00Z, topLevel}
	// {"createdFrom":"2026-03-14T00:00:00Z","createdTo":"2026-03-15T00:00:00Z","states":["COMPLETED","FAILED"],"topLevel":true,"vaults":["daily"]} <nil>
}

func ExampleBackupJobFilter_Explain() {
	fmt.Println(backupx.BackupJobFilter{}.States("FAILED", "ABORTED").TopLevel().Explain())
	fmt.Println(backupx.BackupJobFilter{}.States().Explain())
	// Output:
	// 2 chains; asked of the service: states: ABORTED|FAILED; checked on items: topLevel
	// 0 chains; asked of the service: nothing; checked on items: states: nothing
	// warning: nothing can match: no request is sent
}

func ExampleBackupJobFilter_Match() {
	f := backupx.BackupJobFilter{}.CompletedWithIssues()
	fmt.Println(f.Match(types.BackupJob{State: types.BackupJobStateCompleted, MessageCategory: aws.String("Aggregated")}))
	fmt.Println(f.Match(types.BackupJob{State: types.BackupJobStateCompleted}))
	// Output:
	// true
	// false
}

func ExampleBackupJobFilter_Validate() {
	err := backupx.BackupJobFilter{}.Vaults("").Resources("vol-1").Validate()
	fmt.Println(errors.Is(err, backupx.ErrFilter))
	fmt.Println(err)
	// Output:
	// true
	// backupx: BackupJobFilter: invalid filter: vaults: an empty value
	// resources: "vol-1" is not an ARN
}

// Shards are filters that can be listed side by side, in other processes too.
func ExampleBackupJobFilter_Shards() {
	client := exampleClient()
	f := backupx.BackupJobFilter{}.CreatedBetween(day, day.Add(6*time.Hour))

	for _, shard := range f.Shards(day.AddDate(0, 0, 1), 2*time.Hour) {
		n, err := client.BackupJobs(shard).Count(context.Background())
		fmt.Println(shard, n, err)
	}
	// Output:
	// BackupJobFilter{createdFrom: 2026-03-14T00:00:00Z, createdTo: 2026-03-14T02:00:00Z} 1 <nil>
	// BackupJobFilter{createdFrom: 2026-03-14T02:00:00Z, createdTo: 2026-03-14T04:00:00Z} 2 <nil>
	// BackupJobFilter{createdFrom: 2026-03-14T04:00:00Z, createdTo: 2026-03-14T06:00:00Z} 2 <nil>
}

func ExampleCopyJobFilter() {
	fmt.Println(backupx.CopyJobFilter{}.
		States(types.CopyJobStateFailed).
		DestinationVaults("arn:aws:backup:eu-west-1:111122223333:backup-vault:offsite").
		CompletedAfter(day))
	// Output: CopyJobFilter{destinationVaults: arn:aws:backup:eu-west-1:111122223333:backup-vault:offsite, states: FAILED, completedAfter: 2026-03-14T00:00:00Z}
}

func ExampleHSMFilter() {
	f := backupx.HSMFilter{}.
		States(hsmtypes.BackupStatePendingDeletion).
		DeletionDueBefore(day.AddDate(0, 0, 8)).
		NeverExpires(false)
	fmt.Println(f.Explain())

	for b, err := range exampleClient().HSMBackups(f).All(context.Background()) {
		fmt.Println(*b.BackupId, b.DeleteTimestamp.Format(time.DateOnly), err)
	}
	// Output:
	// 1 chains; asked of the service: neverExpires: false, states: PENDING_DELETION; checked on items: deletionDueBefore: 2026-03-22T00:00:00Z
	// backup-bbbbbbbbbbb 2026-03-21 <nil>
}

func ExampleOpsWorksFilter() {
	f := backupx.OpsWorksFilter{}.Types(backupx.OpsWorksBackupTypeAutomated).CreatedAfter(day)

	b, ok, err := exampleClient().OpsWorksBackups(f).First(context.Background())
	fmt.Println(*b.BackupId, ok, err)
	// Output: automate-01-20160729 true <nil>
}

// The program that resumes need not know what the other one listed.
func ExampleCheckpoint_Filter() {
	client := exampleClient()
	cursor := client.BackupJobs(backupx.BackupJobFilter{}.Vaults("daily")).Limit(3).Cursor()
	for range cursor.All(context.Background()) {
	}
	cp := cursor.Checkpoint() // as text, in a file or in a queue

	var f backupx.BackupJobFilter
	fmt.Println(cp.Filter(&f))
	fmt.Println(f, cp.Done())
	cursor, err := client.BackupJobs(f).Resume(cp)
	fmt.Println(err)
	for job, err := range cursor.All(context.Background()) {
		fmt.Println(*job.BackupJobId, err)
	}
	// Output:
	// <nil>
	// BackupJobFilter{vaults: daily} false
	// <nil>
	// job-2 <nil>
	// job-1 <nil>
}

// A restore takes what was collected: it would move the pages under a listing that still runs.
func ExampleRestoreHSMBackups() {
	ctx, client := context.Background(), exampleClient()

	pending, err := client.HSMBackups(backupx.HSMFilter{}.States(hsmtypes.BackupStatePendingDeletion)).Collect(ctx)
	fmt.Println(len(pending), err)
	results, err := backupx.RestoreHSMBackups(ctx, client.HSM, pending)
	fmt.Println(err)
	for _, r := range results {
		fmt.Println(*r.Before.BackupId, r.Before.BackupState, r.After.BackupState, r.Skipped, r.Err)
	}
	// Output:
	// 1 <nil>
	// <nil>
	// backup-bbbbbbbbbbb PENDING_DELETION READY false <nil>
}

func ExampleRestoreHSMBackup() {
	client := exampleClient()

	b, err := backupx.RestoreHSMBackup(context.Background(), client.HSM, "backup-bbbbbbbbbbb")
	fmt.Println(b.BackupState, err)

	_, err = backupx.RestoreHSMBackup(context.Background(), client.HSM, "backup-zzzzzzzzzzz")
	var unknown *hsmtypes.CloudHsmResourceNotFoundException
	fmt.Println(errors.As(err, &unknown))
	// Output:
	// READY <nil>
	// true
}

func ExampleWaitHSMBackup() {
	client := exampleClient()

	b, err := backupx.WaitHSMBackup(context.Background(), client.HSM, "backup-ccccccccccc", hsmtypes.BackupStateReady, time.Hour)
	fmt.Println(*b.BackupId, b.BackupState, err)
	// Output: backup-ccccccccccc READY <nil>
}

// What was read comes first; the error says why it stopped, and has the place to go on from.
func ExampleListError() {
	ctx := context.Background()
	client := exampleClient(fakeaws.WithFaults(fakeaws.Fault{
		Nth: 2, Do: fakeaws.NamelessError(http.StatusBadRequest, "ERROR_2603", "the token has expired"),
	}))
	jobs := client.BackupJobs(backupx.BackupJobFilter{}).PageSize(3)

	read, err := jobs.Collect(ctx)
	var stopped *backupx.ListError
	if errors.As(err, &stopped) {
		fmt.Println(stopped.Operation, stopped.Page, stopped.Delivered)
		cursor, err := jobs.Resume(stopped.Checkpoint)
		fmt.Println(err)
		for job, err := range cursor.All(ctx) {
			fmt.Println(*job.BackupJobId, err)
		}
	}
	fmt.Println(len(read))
	// Output:
	// ListBackupJobs 2 3
	// <nil>
	// job-2 <nil>
	// job-1 <nil>
	// 3
}
