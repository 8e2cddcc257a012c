package backupx_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx"
)

// jobLister is what the code under test needs of a backupx.Client.
type jobLister interface {
	BackupJobs(f backupx.BackupJobFilter) backupx.Listing[types.BackupJob]
}

// stub is a jobLister for tests.
type stub struct {
	jobs []types.BackupJob
	err  error // comes after the jobs; nil for none
}

func (s stub) BackupJobs(f backupx.BackupJobFilter) backupx.Listing[types.BackupJob] {
	return backupx.Of(s.jobs, s.err).Where(f.Match)
}

var _ jobLister = backupx.Client{}

// firstFailed is the code under test: it returns the ids of the first n jobs that failed.
func firstFailed(ctx context.Context, service jobLister, n int) ([]string, error) {
	var ids []string
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	for job, err := range service.BackupJobs(failed).Limit(n).All(ctx) {
		if err != nil {
			return ids, fmt.Errorf("after %d jobs: %s", len(ids), backupx.KindOf(err))
		}
		ids = append(ids, aws.ToString(job.BackupJobId))
	}
	return ids, nil
}

// A service is tested by its interface: the stub answers with values, and then with an error.
func ExampleOf() {
	service := stub{
		jobs: []types.BackupJob{
			{BackupJobId: aws.String("job-1"), State: types.BackupJobStateFailed},
			{BackupJobId: aws.String("job-2"), State: types.BackupJobStateCompleted},
			{BackupJobId: aws.String("job-3"), State: types.BackupJobStateFailed},
		},
		err: errors.New("the network is down"),
	}

	fmt.Println(firstFailed(context.Background(), service, 2))
	fmt.Println(firstFailed(context.Background(), service, 3))
	// Output:
	// [job-1 job-3] <nil>
	// [job-1 job-3] after 2 jobs: other
}
