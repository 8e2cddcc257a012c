package backupx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func ExampleBackupJobFilter() {
	f := backupx.BackupJobFilter{}.
		States(types.BackupJobStateCompleted, types.BackupJobStateFailed).
		Vaults("daily").
		CreatedBetween(day, day.AddDate(0, 0, 1)).
		TopLevel()
	fmt.Println(f)
	fmt.Println(f.States(types.BackupJobStateFailed)) // each call narrows the filter
	fmt.Println(f.Vaults("monthly"))                  // daily and monthly: nothing matches

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

// The filters of the shards can be listed in parallel, also by other processes.
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

func ExampleBackupJobFilter_Ended() {
	jobs, err := exampleClient().BackupJobs(backupx.BackupJobFilter{}.Ended()).Collect(context.Background())
	for _, job := range jobs {
		fmt.Println(aws.ToString(job.BackupJobId), job.State)
	}
	fmt.Println(err)
	// Output:
	// job-4 ABORTED
	// job-3 COMPLETED
	// job-1 COMPLETED
	// job-2 FAILED
	// <nil>
}

// Each call narrows: the states are those of both calls.
func ExampleBackupJobFilter_Unsuccessful() {
	f := backupx.BackupJobFilter{}.Unsuccessful()
	fmt.Println(f)
	fmt.Println(f.States("FAILED", "RUNNING"))

	n, err := exampleClient().BackupJobs(f).Count(context.Background())
	fmt.Println(n, err)
	// Output:
	// BackupJobFilter{states: ABORTED|EXPIRED|FAILED|PARTIAL}
	// BackupJobFilter{states: FAILED}
	// 2 <nil>
}

func ExampleBackupJobFilter_IDs() {
	f := backupx.BackupJobFilter{}.IDs("job-2", "job-4").CreatedAfter(day)
	jobs, err := exampleClient().BackupJobs(f).Collect(context.Background())
	for _, job := range jobs {
		fmt.Println(aws.ToString(job.BackupJobId), job.State)
	}
	fmt.Println(err)
	fmt.Println(backupx.BackupJobFilter{}.IDs("job-2").Explain())
	// Output:
	// job-4 ABORTED
	// job-2 FAILED
	// <nil>
	// 1 chain; asked of the service: nothing; checked on items: ids: job-2
	// warning: ids: no request can name them: until each was delivered, everything is read
}

func ExampleBackupJobFilter_Plans() {
	f := backupx.BackupJobFilter{}.Plans("4aee0f48-687f-4d3e-80a9-d6d52daa99b1").Unsuccessful()
	fmt.Println(f.Match(types.BackupJob{
		State:     types.BackupJobStateExpired,
		CreatedBy: &types.RecoveryPointCreator{BackupPlanId: aws.String("4aee0f48-687f-4d3e-80a9-d6d52daa99b1")},
	}))
	fmt.Println(f.Match(types.BackupJob{State: types.BackupJobStateExpired})) // on demand: no plan
	// Output:
	// true
	// false
}

func ExampleBackupJobEnded() {
	for job, err := range exampleClient().BackupJobs(backupx.BackupJobFilter{}).All(context.Background()) {
		fmt.Println(aws.ToString(job.BackupJobId), job.State, backupx.BackupJobEnded(job.State), err)
	}
	// Output:
	// job-5 RUNNING false <nil>
	// job-4 ABORTED true <nil>
	// job-3 COMPLETED true <nil>
	// job-2 FAILED true <nil>
	// job-1 COMPLETED true <nil>
}

func ExampleCopyJobFilter_Ended() {
	n, err := exampleClient().CopyJobs(backupx.CopyJobFilter{}.Ended()).Count(context.Background())
	fmt.Println(n, err)
	fmt.Println(backupx.CopyJobFilter{}.Ended())
	// Output:
	// 2 <nil>
	// CopyJobFilter{states: COMPLETED|FAILED|PARTIAL}
}

func ExampleCopyJobFilter_Unsuccessful() {
	fmt.Println(backupx.CopyJobFilter{}.Unsuccessful())
	// Output: CopyJobFilter{states: FAILED|PARTIAL}
}

func ExampleCopyJobFilter_IDs() {
	job, ok, err := exampleClient().CopyJobs(backupx.CopyJobFilter{}.IDs("copy-2")).First(context.Background())
	fmt.Println(aws.ToString(job.CopyJobId), ok, err)
	// Output: copy-2 true <nil>
}

func ExampleCopyJobFilter_Plans() {
	fmt.Println(backupx.CopyJobFilter{}.Plans("4aee0f48-687f-4d3e-80a9-d6d52daa99b1").Explain())
	fmt.Println(backupx.CopyJobFilter{}.Plans("arn:aws:backup:us-east-1:111122223333:backup-plan:4aee0f48").Validate())
	// Output:
	// 1 chain; asked of the service: nothing; checked on items: plans: 4aee0f48-687f-4d3e-80a9-d6d52daa99b1
	// warning: no member is asked of the service: everything is read and checked
	// backupx: CopyJobFilter: invalid filter: plans: "arn:aws:backup:us-east-1:111122223333:backup-plan:4aee0f48" is an ARN where a name or an id is due
}

// The copies that scheduled backups started.
func ExampleCopyJobFilter_SourceBackupJobs() {
	ctx := context.Background()
	copies := []types.CopyJob{
		{CopyJobId: aws.String("copy-1"), CreationDate: aws.Time(day), CreatedByBackupJobId: aws.String("job-1")},
		{CopyJobId: aws.String("copy-2"), CreationDate: aws.Time(day), CreatedByBackupJobId: aws.String("job-2")},
		{CopyJobId: aws.String("copy-3"), CreationDate: aws.Time(day)}, // made on demand
	}
	client := backupx.New(fakeaws.New(fakeaws.Data{CopyJobs: copies}).Config())

	for c, err := range client.CopyJobs(backupx.CopyJobFilter{}.SourceBackupJobs("job-1")).All(ctx) {
		fmt.Println(aws.ToString(c.CopyJobId), err)
	}
	// Output: copy-1 <nil>
}

func ExampleCopyJobEnded() {
	fmt.Println(backupx.CopyJobEnded(types.CopyJobStatePartial))
	fmt.Println(backupx.CopyJobEnded(types.CopyJobStateRunning))
	// Output:
	// true
	// false
}

func ExampleHSMFilter() {
	f := backupx.HSMFilter{}.
		States(hsmtypes.BackupStatePendingDeletion).
		DeletionDueBefore(day.AddDate(0, 0, 8)).
		NeverExpires(false)
	fmt.Println(f.Explain())

	for b, err := range exampleClient().HSMBackups(f).All(context.Background()) {
		fmt.Println(aws.ToString(b.BackupId), aws.ToTime(b.DeleteTimestamp).Format(time.DateOnly), err)
	}
	// Output:
	// 1 chain; asked of the service: neverExpires: false, states: PENDING_DELETION; checked on items: deletionDueBefore: 2026-03-22T00:00:00Z
	// backup-bbbbbbbbbbb 2026-03-21 <nil>
}

func ExampleOpsWorksFilter() {
	f := backupx.OpsWorksFilter{}.Types(backupx.OpsWorksBackupTypeAutomated).CreatedAfter(day)

	b, ok, err := exampleClient().OpsWorksBackups(f).First(context.Background())
	fmt.Println(aws.ToString(b.BackupId), ok, err)
	// Output: automate-01-20160729 true <nil>
}
