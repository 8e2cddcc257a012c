package backupx

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/filters"
)

// The worked example of docs/adding-an-operation.md: ListRestoreJobs as a sixth operation.

var restoreJobs = &filters.Table[types.RestoreJobsListMember]{
	Name: "RestoreJobFilter", Op: "backup:ListRestoreJobs",
	Live:  texts(types.RestoreJobStatusPending, types.RestoreJobStatusRunning),
	Final: texts(types.RestoreJobStatusCompleted, types.RestoreJobStatusAborted, types.RestoreJobStatusFailed),
	Sets: []filters.Member[types.RestoreJobsListMember]{
		{Key: filters.KeyStates, Send: filters.OneValue, Value: func(j *types.RestoreJobsListMember) string { return string(j.Status) }},
		{Key: filters.KeyVaults, Check: filters.CheckARN, Value: func(j *types.RestoreJobsListMember) string { return aws.ToString(j.BackupVaultArn) }},
	},
	Times: filters.CreatedBounds(true, func(j *types.RestoreJobsListMember) *time.Time { return j.CreationDate }),
}

// RestoreJobs lists restore jobs, by ListRestoreJobs of AWS Backup.
func RestoreJobs(api backup.ListRestoreJobsAPIClient, f RestoreJobFilter) Listing[types.RestoreJobsListMember] {
	return operation[types.RestoreJobsListMember]{
		table: restoreJobs, maxSize: 1000,
		id: func(j *types.RestoreJobsListMember) *string { return j.RestoreJobId },
		fetch: calling(api, backup.ListRestoreJobsAPIClient.ListRestoreJobs,
			func(q filters.Query, in *backup.ListRestoreJobsInput, token *string, size *int32) {
				in.NextToken, in.MaxResults, in.ByStatus = token, size, types.RestoreJobStatus(aws.ToString(q.Value(filters.KeyStates)))
				in.ByCreatedAfter, in.ByCreatedBefore = q.CreatedAfter(), q.CreatedBefore()
			},
			func(out *backup.ListRestoreJobsOutput) ([]types.RestoreJobsListMember, *string) {
				return out.RestoreJobs, out.NextToken
			}, watchBackup),
	}.list(f.c, api)
}

// RestoreJobFilter says which restore jobs to list.
type RestoreJobFilter struct{ c filters.Criteria }

// States keeps the jobs in one of the states.
func (f RestoreJobFilter) States(values ...types.RestoreJobStatus) RestoreJobFilter {
	return RestoreJobFilter{restoreJobs.Narrow(f.c, filters.KeyStates, texts(values...))}
}

// Vaults keeps the jobs that restore from one of the vaults, by ARN.
func (f RestoreJobFilter) Vaults(arns ...string) RestoreJobFilter {
	return RestoreJobFilter{restoreJobs.Narrow(f.c, filters.KeyVaults, arns)}
}

// restores answers ListRestoreJobs with one job a state.
type restores struct{ asked []types.RestoreJobStatus }

func (r *restores) ListRestoreJobs(_ context.Context, in *backup.ListRestoreJobsInput, _ ...func(*backup.Options)) (*backup.ListRestoreJobsOutput, error) {
	r.asked = append(r.asked, in.ByStatus)
	return &backup.ListRestoreJobsOutput{RestoreJobs: []types.RestoreJobsListMember{
		{RestoreJobId: aws.String(string(in.ByStatus)), Status: in.ByStatus, BackupVaultArn: aws.String("arn:aws:backup:us-east-1:111122223333:backup-vault:a")},
		{RestoreJobId: aws.String("other"), Status: in.ByStatus},
	}}, nil
}

func TestASixthOperationHasAllThatTheEngineGives(t *testing.T) {
	api := &restores{}
	f := RestoreJobFilter{}.
		States(types.RestoreJobStatusFailed, types.RestoreJobStatusRunning).
		Vaults("arn:aws:backup:us-east-1:111122223333:backup-vault:a")

	jobs, err := RestoreJobs(api, f).Collect(t.Context())

	require.NoError(t, err)
	require.Len(t, jobs, 2)
	require.Equal(t, []types.RestoreJobStatus{types.RestoreJobStatusRunning, types.RestoreJobStatusFailed}, api.asked)
	_, err = RestoreJobs(api, f.Vaults("a")).Collect(t.Context())
	require.NoError(t, err, "an intersection that is empty asks nothing")
	_, err = RestoreJobs(api, RestoreJobFilter{}.Vaults("a")).Collect(t.Context())
	require.ErrorIs(t, err, ErrFilter)

	asked := len(api.asked)
	_, err = RestoreJobs(api, RestoreJobFilter{}).Every(10 * 24 * time.Hour).Collect(t.Context())
	require.NoError(t, err)
	require.Greater(t, len(api.asked)-asked, 2, "it is read in windows of the creation time")
}

func TestTheWorkedExampleIsShort(t *testing.T) {
	doc, err := os.ReadFile("docs/adding-an-operation.md")
	require.NoError(t, err)
	_, code, found := strings.Cut(string(doc), "```go\nvar restoreJobs")
	require.True(t, found)
	code, _, _ = strings.Cut(code, "```")
	require.Less(t, strings.Count(code, "\n"), 40, "a listing and a filter take fewer lines than this")
}
