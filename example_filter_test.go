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
