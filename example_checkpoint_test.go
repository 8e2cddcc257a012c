package backupx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// A cursor remembers its place: each range over it delivers the next batch.
func ExampleListing_Cursor() {
	cursor := exampleClient().BackupJobs(backupx.BackupJobFilter{}).Limit(2).Cursor()

	for !cursor.Checkpoint().Done() {
		fmt.Println("a batch:")
		for job, err := range cursor.All(context.Background()) {
			fmt.Println(aws.ToString(job.BackupJobId), err)
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

// Another process continues from a checkpoint, here in the middle of a page.
func ExampleListing_Resume() {
	ctx, client := context.Background(), exampleClient()
	jobs := client.BackupJobs(backupx.BackupJobFilter{}).Scope("111122223333/us-east-1")

	cursor := jobs.Cursor()
	for range cursor.All(ctx) {
		break // the process ends here
	}
	text, err := json.Marshal(cursor.Checkpoint())
	fmt.Println(err)

	var cp backupx.Checkpoint
	fmt.Println(json.Unmarshal(text, &cp))
	cursor, err = jobs.Resume(cp)
	fmt.Println(err)
	for job, err := range cursor.All(ctx) {
		fmt.Println(aws.ToString(job.BackupJobId), err)
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

// A scope names the account and region. A checkpoint of one scope is refused in another.
func ExampleListing_Scope() {
	ctx := context.Background()
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{}).Limit(2)

	cursor := jobs.Scope("111122223333/us-east-1").Cursor()
	for job, err := range cursor.All(ctx) {
		fmt.Println(aws.ToString(job.BackupJobId), err)
	}
	_, err := jobs.Scope("444455556666/us-east-1").Resume(cursor.Checkpoint())
	fmt.Println(errors.Is(err, backupx.ErrCheckpoint))
	fmt.Println(err)
	// Output:
	// job-5 <nil>
	// job-4 <nil>
	// true
	// backupx: ListBackupJobs: checkpoint cannot be used: it is of the scope "111122223333/us-east-1", not "444455556666/us-east-1"
}

// The checkpoint holds the filter, so the program that resumes does not have to know it.
func ExampleCheckpoint_Filter() {
	client := exampleClient()
	cursor := client.BackupJobs(backupx.BackupJobFilter{}.Vaults("daily")).Limit(3).Cursor()
	for range cursor.All(context.Background()) {
	}
	cp := cursor.Checkpoint() // stored as text, in a file or a queue

	var f backupx.BackupJobFilter
	fmt.Println(cp.Filter(&f))
	fmt.Println(f, cp.Done())
	cursor, err := client.BackupJobs(f).Resume(cp)
	fmt.Println(err)
	for job, err := range cursor.All(context.Background()) {
		fmt.Println(aws.ToString(job.BackupJobId), err)
	}
	// Output:
	// <nil>
	// BackupJobFilter{vaults: daily} false
	// <nil>
	// job-2 <nil>
	// job-1 <nil>
}

// The error of a listing has the checkpoint to resume from, after the items that were read.
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
			fmt.Println(aws.ToString(job.BackupJobId), err)
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

// A listing starts at a token that the AWS CLI printed, and a cursor returns a token for its --starting-token.
func ExampleListing_StartAtCLI() {
	jobs := exampleClient().BackupJobs(backupx.BackupJobFilter{})

	rest, err := jobs.StartAtCLI("eyJOZXh0VG9rZW4iOiBudWxsLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAzfQ==").Collect(context.Background())
	fmt.Println(len(rest), err)

	cursor := jobs.Cursor()
	for job := range cursor.All(context.Background()) {
		if aws.ToString(job.BackupJobId) == "job-3" {
			break
		}
	}
	token, err := cursor.Checkpoint().CLIToken()
	fmt.Println(token, err)
	// Output:
	// 2 <nil>
	// eyJOZXh0VG9rZW4iOm51bGwsImJvdG9fdHJ1bmNhdGVfYW1vdW50IjozfQ== <nil>
}
