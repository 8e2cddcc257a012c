package backupx_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx"
)

func ExampleMap() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{})
	ids := backupx.Map(jobs, func(j types.BackupJob) string { return aws.ToString(j.BackupJobId) })

	all, err := ids.Limit(3).Collect(context.Background())
	fmt.Println(all, err)
	// Output: [job-5 job-4 job-3] <nil>
}

func ExampleConcat() {
	client := exampleClient()
	jobs := backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), func(j types.BackupJob) string { return aws.ToString(j.BackupJobId) })
	copies := backupx.Map(client.CopyJobs(backupx.CopyJobFilter{}), func(j types.CopyJob) string { return aws.ToString(j.CopyJobId) })

	all, err := backupx.Concat(copies, jobs).Limit(4).Collect(context.Background())
	fmt.Println(all, err)
	// Output: [copy-2 copy-1 job-5 job-4] <nil>
}

// Backup jobs and copy jobs in one listing, newest first, which is the order of both.
func ExampleMerge() {
	type event struct {
		id string
		at time.Time
	}
	client := exampleClient()
	jobs := backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), func(j types.BackupJob) event {
		return event{aws.ToString(j.BackupJobId), aws.ToTime(j.CreationDate)}
	})
	copies := backupx.Map(client.CopyJobs(backupx.CopyJobFilter{}), func(j types.CopyJob) event {
		return event{aws.ToString(j.CopyJobId), aws.ToTime(j.CreationDate)}
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

// Values turns a range into an iter.Seq, for the functions of slices, maps and other packages.
func ExampleValues() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{})

	var err error
	byType := slices.SortedFunc(backupx.Values(jobs.All(context.Background()), &err), func(a, b types.BackupJob) int {
		return cmp.Or(strings.Compare(aws.ToString(a.ResourceType), aws.ToString(b.ResourceType)), strings.Compare(aws.ToString(a.BackupJobId), aws.ToString(b.BackupJobId)))
	})
	for _, job := range byType {
		fmt.Print(aws.ToString(job.ResourceType), " ", aws.ToString(job.BackupJobId), "; ")
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
		func(j types.BackupJob) string { return aws.ToString(j.ResourceType) },
		func(j types.BackupJob) time.Time { return aws.ToTime(j.CreationDate) })
	fmt.Println(aws.ToString(newest["EBS"].BackupJobId), aws.ToString(newest["S3"].BackupJobId), err)
	// Output: job-1 job-3 <nil>
}
