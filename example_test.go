package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// exampleData is an account in memory, which all examples list. A program makes its client with
// backupx.New(cfg) from the configuration that the SDK's config package loads.
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

	failed := backupx.BackupJobFilter{}.Unsuccessful()
	for job, err := range client.BackupJobs(failed).All(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(aws.ToString(job.BackupJobId), job.State)
	}
	// Output:
	// job-4 ABORTED
	// job-2 FAILED
}

func ExampleNew() {
	cfg := exampleService().Config() // in a program: config.LoadDefaultConfig(ctx)

	client := backupx.New(cfg)
	n, err := client.BackupJobs(backupx.BackupJobFilter{}).Count(context.Background())
	fmt.Println(n, err)
	// Output: 5 <nil>
}

// The fields of a Client are interfaces: they take a client of the SDK with its own options, a wrapper or a
// stub. Fields that a program does not need stay nil.
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
		fmt.Println(aws.ToString(job.BackupJobId), job.State)
	}
	// Output:
	// job-3 COMPLETED
	// job-2 FAILED
}

func ExampleCopyJobs() {
	api := backup.NewFromConfig(exampleService().Config())

	withIssues := backupx.CopyJobFilter{}.CompletedWithIssues()
	for job, err := range backupx.CopyJobs(api, withIssues).All(context.Background()) {
		fmt.Println(aws.ToString(job.CopyJobId), aws.ToString(job.MessageCategory), err)
	}
	// Output: copy-2 Aggregated <nil>
}

func ExampleHSMBackups() {
	api := exampleClient().HSM // a *cloudhsmv2.Client

	f := backupx.HSMFilter{}.States(hsmtypes.BackupStateReady, hsmtypes.BackupStatePendingDeletion).OldestFirst()
	for b, err := range backupx.HSMBackups(api, f).All(context.Background()) {
		fmt.Println(aws.ToString(b.BackupId), b.BackupState, err)
	}
	// Output:
	// backup-aaaaaaaaaaa READY <nil>
	// backup-bbbbbbbbbbb PENDING_DELETION <nil>
	// backup-ccccccccccc READY <nil>
}

func ExampleOpsWorksBackups() {
	api := backupx.NewOpsWorks(exampleService().Config())

	for b, err := range backupx.OpsWorksBackups(api, backupx.OpsWorksFilter{}.Servers("puppet-01")).All(context.Background()) {
		fmt.Println(aws.ToString(b.BackupId), b.BackupType, err)
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

// Any operation of any service of the SDK can be listed, with or without a paginator in the SDK.
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
	fmt.Println(aws.ToString(job.BackupJobId), ok, err)
	// Output: job-5 true <nil>
}

// The backups are collected before the first restore, because restoring shifts the pages of a running listing.
func ExampleRestoreHSMBackups() {
	ctx, client := context.Background(), exampleClient()

	pending, err := client.HSMBackups(backupx.HSMFilter{}.States(hsmtypes.BackupStatePendingDeletion)).Collect(ctx)
	fmt.Println(len(pending), err)
	results, err := backupx.RestoreHSMBackups(ctx, client.HSM, pending)
	fmt.Println(err)
	for _, r := range results {
		fmt.Println(aws.ToString(r.Before.BackupId), r.Before.BackupState, r.After.BackupState, r.Skipped, r.Err)
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
	fmt.Println(aws.ToString(b.BackupId), b.BackupState, err)
	// Output: backup-ccccccccccc READY <nil>
}
