package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// Each range tells what has failed since the last. In a program the next range is in the next run, which resumes from
// the checkpoint that the last one saved.
func ExampleClient_FollowBackupJobs() {
	service := exampleService()
	client := backupx.New(service.Config())
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	follower := client.FollowBackupJobs(failed, time.Time{}) // from the beginning

	for range 2 {
		for job, err := range follower.All(context.Background()) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(aws.ToString(job.BackupJobId), job.State)
		}
		fmt.Println("saved")
		service.SetJobState("job-5", "FAILED")
	}
	// Output:
	// job-4 ABORTED
	// job-2 FAILED
	// saved
	// job-5 FAILED
	// saved
}

func ExampleClient_FollowCopyJobs() {
	follower := exampleClient().FollowCopyJobs(backupx.CopyJobFilter{}, time.Time{})
	for range 2 {
		n := 0
		for _, err := range follower.All(context.Background()) {
			if err != nil {
				fmt.Println(err)
				return
			}
			n++
		}
		fmt.Println("copies that have ended:", n)
	}
	// Output:
	// copies that have ended: 2
	// copies that have ended: 0
}

// A follower of any listing tells each id once. CloudHSM tells no time at which a backup became READY, so the function lists
// all that are.
func ExampleFollow() {
	client := exampleClient()
	follower := backupx.Follow("backups", time.Time{},
		func(b hsmtypes.Backup) string { return aws.ToString(b.BackupId) },
		func(time.Time) backupx.Listing[hsmtypes.Backup] {
			return client.HSMBackups(backupx.HSMFilter{}.States(hsmtypes.BackupStateReady))
		})
	for range 2 {
		n := 0
		for range follower.All(context.Background()) {
			n++
		}
		fmt.Println("new backups:", n)
	}
	// Output:
	// new backups: 2
	// new backups: 0
}

// A source that fails keeps its place, and the others go on.
func ExampleFollowAcross() {
	denied := exampleService()
	fault := denied.Fault(fakeaws.Fault{Do: fakeaws.AccessDenied()})
	fleet := backupx.Fleet{{Name: "prod", Client: exampleClient()}, {Name: "staging", Client: backupx.New(denied.Config())}}
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	follower := backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[types.BackupJob] {
		return s.Client.FollowBackupJobs(failed, time.Time{})
	}).Parallel(8)

	for range 2 {
		for job, err := range follower.All(context.Background()) {
			if err != nil {
				fmt.Println("not read:", backupx.KindOf(err))
				break
			}
			fmt.Println(job.Source, aws.ToString(job.Item.BackupJobId))
		}
		fault.Remove()
	}
	// Output:
	// prod job-4
	// prod job-2
	// not read: denied
	// staging job-4
	// staging job-2
}

// With a checkpoint after each job, a process that dies has at most one job told again.
func ExampleFollower() {
	client := exampleClient()
	var saved []byte // in a program: a file
	run := func(jobs int) {
		follower := client.FollowBackupJobs(backupx.BackupJobFilter{}.Unsuccessful(), time.Time{})
		var cp backupx.Checkpoint
		if err := errors.Join(cp.UnmarshalText(saved), follower.Resume(cp)); err != nil {
			fmt.Println(err)
			return
		}
		for job, err := range follower.All(context.Background()) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(aws.ToString(job.BackupJobId), job.State)
			saved, _ = follower.Checkpoint().MarshalText()
			if jobs--; jobs == 0 {
				return // here the process dies
			}
		}
		saved, _ = follower.Checkpoint().MarshalText()
	}
	run(1)
	fmt.Println("in the next process:")
	run(9)
	// Output:
	// job-4 ABORTED
	// in the next process:
	// job-2 FAILED
}

// After a break the next range goes on, and repeats nothing.
func ExampleFollower_All() {
	follower := exampleClient().FollowBackupJobs(backupx.BackupJobFilter{}.Ended(), time.Time{})
	for range 2 {
		for job, err := range follower.All(context.Background()) {
			fmt.Println(aws.ToString(job.BackupJobId), err)
			break
		}
	}
	// Output:
	// job-4 <nil>
	// job-3 <nil>
}

func ExampleFollower_Parallel() {
	fleet := backupx.Fleet{{Name: "prod", Client: exampleClient()}, {Name: "staging", Client: exampleClient()}}
	follower := backupx.FollowAcross(fleet, func(s backupx.Source) *backupx.Follower[types.BackupJob] {
		return s.Client.FollowBackupJobs(backupx.BackupJobFilter{}.Ended(), time.Time{})
	}).Parallel(8)

	counts, err := backupx.CountBy(follower.All(context.Background()), func(j backupx.Sourced[types.BackupJob]) string { return j.Source })
	fmt.Println(counts, err)
	// Output: map[prod:4 staging:4] <nil>
}

// A checkpoint belongs to its filter, and has it.
func ExampleFollower_Resume() {
	client := exampleClient()
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	saved := client.FollowBackupJobs(failed, day).Checkpoint()

	err := client.FollowBackupJobs(failed.Vaults("daily"), day).Resume(saved)
	fmt.Println(errors.Is(err, backupx.ErrCheckpoint))

	var f backupx.BackupJobFilter
	err = saved.Filter(&f)
	fmt.Println(f, err, client.FollowBackupJobs(f, day).Resume(saved))
	// Output:
	// true
	// BackupJobFilter{states: ABORTED|EXPIRED|FAILED|PARTIAL} <nil> <nil>
}

// Another process continues where this one stopped.
func ExampleFollower_Checkpoint() {
	client := exampleClient()
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	poll := func(saved backupx.Checkpoint) backupx.Checkpoint {
		follower := client.FollowBackupJobs(failed, time.Time{})
		if err := follower.Resume(saved); err != nil {
			fmt.Println(err)
		}
		for job := range follower.All(context.Background()) {
			fmt.Println(aws.ToString(job.BackupJobId))
		}
		return follower.Checkpoint() // store its text
	}
	saved := poll(backupx.Checkpoint{})
	fmt.Println("in the next process:")
	poll(saved)
	// Output:
	// job-4
	// job-2
	// in the next process:
}

// Await waits until a job has ended, whether it succeeded or not.
func ExampleAwait() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{}.IDs("job-1"))
	job, err := backupx.Await(context.Background(), jobs, func(j types.BackupJob) (bool, error) {
		return backupx.BackupJobEnded(j.State), nil
	}, time.Hour)
	fmt.Println(aws.ToString(job.BackupJobId), job.State, err)
	// Output: job-1 COMPLETED <nil>
}
