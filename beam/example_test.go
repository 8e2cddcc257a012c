package backupxbeam_test

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx"
	backupxbeam "github.com/backupx-go/backupx/beam"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func init() {
	backupxbeam.RegisterClients("audit", auditClient)
	register.Function1x0(printJob)
	register.Function1x0(printDeadLetter)
}

// auditClient stands for one that assumes the role in the account and region.
func auditClient(_ context.Context, role, source string) (backupx.Client, error) {
	if source != "111122223333/us-east-1" {
		return backupx.Client{}, fmt.Errorf("no role %s there", role)
	}
	service := fakeaws.New(fakeaws.Data{BackupJobs: []types.BackupJob{
		{BackupJobId: aws.String("nightly"), State: types.BackupJobStateFailed, CreationDate: &now},
		{BackupJobId: aws.String("weekly"), State: types.BackupJobStateCompleted, CreationDate: &now},
	}})
	return backupx.New(service.Config()), nil
}

func printJob(j backupxbeam.BackupJob) { fmt.Println(j.Source, *j.Item.BackupJobId, j.Item.State) }

func printDeadLetter(d backupxbeam.DeadLetter) { fmt.Println(d.Reason) }

func Example() {
	p, s := beam.NewPipelineWithRoot()
	sources := beam.Create(s, "111122223333/us-east-1", "444455556666/eu-west-1")
	failed := backupx.BackupJobFilter{}.States(types.BackupJobStateFailed)
	shards := backupxbeam.Cross(s, sources, failed.Shards(now, 30*24*time.Hour)[1:])
	clients := backupxbeam.Clients{Factory: "audit", Config: "backup-reader"}

	jobs, dead := backupxbeam.ListBackupJobs(s, clients, shards, backupxbeam.Options{})
	beam.ParDo0(s, printJob, jobs)
	beam.ParDo0(s, printDeadLetter, dead)

	result, err := prism.Execute(context.Background(), p) // or beam.Run, with any runner
	if err != nil {
		fmt.Println(err)
		return
	}
	counts := backupxbeam.Counters(result)
	fmt.Println(counts[backupxbeam.MetricShards], "shards,", counts[backupxbeam.MetricItems], "jobs")
	// Unordered output:
	// 111122223333/us-east-1 nightly FAILED
	// backupx: ListBackupJobs: no client of "444455556666/eu-west-1": no role backup-reader there
	// 2 shards, 1 jobs
}
