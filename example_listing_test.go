package backupx_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx"
)

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

// Several requests under way, here over windows of a quarter of an hour; what comes first is delivered
// first.
func ExampleListing_Parallel() {
	f := backupx.BackupJobFilter{}.CreatedBetween(day, day.Add(6*time.Hour))

	n, err := exampleClient().BackupJobs(f).Every(15 * time.Minute).Parallel(8).Count(context.Background())
	fmt.Println(n, err)
	// Output: 5 <nil>
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
