package backupx_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func ExampleListing_All() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{})

	for job, err := range jobs.All(context.Background()) {
		if err != nil {
			fmt.Println(err) // comes once, after all items
			return
		}
		fmt.Println(aws.ToString(job.BackupJobId))
		if job.State == types.BackupJobStateAborted {
			break // sends no further request
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
	fmt.Println(aws.ToString(job.BackupJobId), ok, err)
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

// The log of the service shows the size of each request.
func ExampleListing_PageSize() {
	service := exampleService()
	jobs := backupx.New(service.Config()).BackupJobs(backupx.BackupJobFilter{}).PageSize(2)

	n, err := jobs.Count(context.Background())
	fmt.Println(n, err)
	for _, r := range service.Requests() {
		fmt.Println(r.Operation, "maxResults:", r.PageSize, "answered:", r.Items)
	}
	// Output:
	// 5 <nil>
	// ListBackupJobs maxResults: 2 answered: 2
	// ListBackupJobs maxResults: 2 answered: 2
	// ListBackupJobs maxResults: 2 answered: 1
}

func ExampleListing_Limit() {
	newest, err := exampleClient().BackupJobs(backupx.BackupJobFilter{}).Limit(2).Collect(context.Background())
	fmt.Println(len(newest), err)
	// Output: 2 <nil>
}

// A function filters what the service and the filter cannot.
func ExampleListing_Where() {
	odd := func(j types.BackupJob) bool { return strings.ContainsAny(aws.ToString(j.BackupJobId), "13579") }

	n, err := exampleClient().BackupJobs(backupx.BackupJobFilter{}).Where(odd).Count(context.Background())
	fmt.Println(n, err)
	// Output: 3 <nil>
}

// Up to eight windows of a quarter of an hour are read at once. Pages are delivered as they arrive.
func ExampleListing_Parallel() {
	f := backupx.BackupJobFilter{}.CreatedBetween(day, day.Add(6*time.Hour))

	n, err := exampleClient().BackupJobs(f).Every(15 * time.Minute).Parallel(8).Count(context.Background())
	fmt.Println(n, err)
	// Output: 5 <nil>
}

// The windows are read in parallel and delivered in turn, the newest first.
func ExampleListing_Ordered() {
	f := backupx.BackupJobFilter{}.CreatedBetween(day, day.Add(6*time.Hour))

	for job, err := range exampleClient().BackupJobs(f).Every(2 * time.Hour).Parallel(3).Ordered().All(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(aws.ToString(job.BackupJobId), aws.ToTime(job.CreationDate).Format(time.TimeOnly))
	}
	// Output:
	// job-5 05:00:00
	// job-4 04:00:00
	// job-3 03:00:00
	// job-2 02:00:00
	// job-1 01:00:00
}

// Windows of two hours start at even hours in UTC. Parallel can read several windows at once.
func ExampleListing_Every() {
	client := exampleClient()
	client.Now = func() time.Time { return day.Add(6 * time.Hour) }
	f := backupx.BackupJobFilter{}.CreatedBetween(day, day.Add(6*time.Hour))

	n, err := client.BackupJobs(f).Every(2 * time.Hour).
		OnPage(func(p backupx.PageInfo) { fmt.Println(p.Shard, "kept:", p.Kept) }).
		Count(context.Background())
	fmt.Println(n, err)
	// Output:
	// created=2026-03-14T04:00:00Z.. kept: 2
	// created=2026-03-14T02:00:00Z..2026-03-14T04:00:00Z kept: 2
	// created=..2026-03-14T02:00:00Z kept: 1
	// 5 <nil>
}

// The second page is requested while the loop still has the first.
func ExampleListing_Prefetch() {
	requests := make(chan fakeaws.Request, 3)
	client := exampleClient(fakeaws.WithFaults(fakeaws.Fault{
		When: func(r fakeaws.Request) bool { requests <- r; return false }, // notes the request and lets it succeed
	}))
	jobs := client.BackupJobs(backupx.BackupJobFilter{}).PageSize(2).Prefetch(1)

	for job, err := range jobs.All(context.Background()) {
		<-requests
		<-requests // without Prefetch this request would not come
		fmt.Println("two pages are requested at", aws.ToString(job.BackupJobId), err)
		break
	}
	// Output: two pages are requested at job-5 <nil>
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
