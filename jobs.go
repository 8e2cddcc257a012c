package backupx

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx/internal/callwatch"
	"github.com/backupx-go/backupx/internal/decode"
	"github.com/backupx-go/backupx/internal/filters"
)

// BackupAPI is the part of AWS Backup that a [Client] calls. A [*backup.Client], a wrapper around one and a
// stub implement it. [BackupJobs] and [CopyJobs] take an interface with the one method that they call.
type BackupAPI interface {
	backup.ListBackupJobsAPIClient
	backup.ListCopyJobsAPIClient
}

// BackupJobs lists backup jobs with the operation ListBackupJobs of AWS Backup, which lists jobs for 30 days
// after their creation. It needs the permission backup:ListBackupJobs. A request asks for 1,000 jobs unless
// [Listing.PageSize] says less. The jobs come in the service's order; several states come one after another,
// in the order of a job's life.
//
// A job that is created while the range runs may or may not be delivered. A job that changes its state
// meanwhile is delivered in its old or its new state. If the filter names ids of jobs, the range ends when each was
// delivered.
//
// No job is delivered twice. The windows of [Listing.Every] and [Listing.Parallel] do not overlap. If the filter has
// several states, the listing remembers the ids of the jobs that it delivered. Each chain remembers those of its last
// page, because jobs that are created meanwhile can shift the pages. A checkpoint has these ids only if the filter has
// several states: otherwise a page that shifts between a checkpoint and its resumption may repeat jobs.
//
// A range ends with a [*ListError] if the filter is invalid ([ErrFilter]), if the client is nil, or if a
// request fails. ListBackupJobs documents the errors [*types.InvalidParameterValueException] and
// [*types.ServiceUnavailableException].
func BackupJobs(api backup.ListBackupJobsAPIClient, f BackupJobFilter) Listing[types.BackupJob] {
	return operation[types.BackupJob]{
		table:   backupJobs,
		maxSize: 1000,
		id:      func(j *types.BackupJob) *string { return j.BackupJobId },
		decoder: backupJobPages,
		fetch: calling(api, backup.ListBackupJobsAPIClient.ListBackupJobs, fillBackupJobs,
			func(out *backup.ListBackupJobsOutput) ([]types.BackupJob, *string) {
				return out.BackupJobs, out.NextToken
			}, watchBackup),
	}.list(f.c, api)
}

// BackupJobs lists backup jobs. It calls the function [BackupJobs] with the field Backup.
func (c Client) BackupJobs(f BackupJobFilter) Listing[types.BackupJob] {
	return BackupJobs(c.Backup, f).clock(c.Now)
}

var backupJobPages = decode.New[backup.ListBackupJobsOutput]("BackupJobs")

// CopyJobs lists copy jobs with the operation ListCopyJobs of AWS Backup, which lists jobs for 30 days after
// their creation. It needs the permission backup:ListCopyJobs. A request asks for 1,000 jobs unless
// [Listing.PageSize] says less. The jobs come in the service's order; several states come one after another,
// in the order of a job's life.
//
// A job that is created while the range runs may or may not be delivered. A job that changes its state
// meanwhile is delivered in its old or its new state. If the filter names ids of jobs, the range ends when each was
// delivered.
//
// No job is delivered twice. The windows of [Listing.Every] and [Listing.Parallel] do not overlap. If the filter has
// several states, the listing remembers the ids of the jobs that it delivered. Each chain remembers those of its last
// page, because jobs that are created meanwhile can shift the pages. A checkpoint has these ids only if the filter has
// several states: otherwise a page that shifts between a checkpoint and its resumption may repeat jobs.
//
// A range ends with a [*ListError] if the filter is invalid ([ErrFilter]), if the client is nil, or if a
// request fails. ListCopyJobs documents the errors [*types.InvalidParameterValueException] and
// [*types.ServiceUnavailableException].
func CopyJobs(api backup.ListCopyJobsAPIClient, f CopyJobFilter) Listing[types.CopyJob] {
	return operation[types.CopyJob]{
		table:   copyJobs,
		maxSize: 1000,
		id:      func(j *types.CopyJob) *string { return j.CopyJobId },
		decoder: copyJobPages,
		fetch: calling(api, backup.ListCopyJobsAPIClient.ListCopyJobs, fillCopyJobs,
			func(out *backup.ListCopyJobsOutput) ([]types.CopyJob, *string) {
				return out.CopyJobs, out.NextToken
			}, watchBackup),
	}.list(f.c, api)
}

// CopyJobs lists copy jobs. It calls the function [CopyJobs] with the field Backup.
func (c Client) CopyJobs(f CopyJobFilter) Listing[types.CopyJob] {
	return CopyJobs(c.Backup, f).clock(c.Now)
}

// BackupJobEnded reports whether a job never leaves the state: ABORTED, COMPLETED, EXPIRED, FAILED or PARTIAL. It is false for a
// state that AWS adds later, until a version of backupx knows it, because such a job may still be under way.
func BackupJobEnded(state types.BackupJobState) bool {
	return slices.Contains(backupJobs.Final, string(state))
}

// CopyJobEnded reports whether a job never leaves the state: COMPLETED, FAILED or PARTIAL. It is false for a
// state that AWS adds later, until a version of backupx knows it, because such a job may still be under way.
func CopyJobEnded(state types.CopyJobState) bool {
	return slices.Contains(copyJobs.Final, string(state))
}

var copyJobPages = decode.New[backup.ListCopyJobsOutput]("CopyJobs")

// retention is how long AWS Backup lists a job after its creation. AWS documents it for ListBackupJobs;
// ListCopyJobs has been seen to do the same.
const retention = 30 * 24 * time.Hour

// watchBackup watches a call of AWS Backup, and has the times of the response checked.
func watchBackup(o *backup.Options, w *callwatch.Watch) {
	o.APIOptions = append(o.APIOptions, w.AddFor(&o.Protocol))
	o.Protocol = callwatch.CheckTimes(o.Protocol)
}

func fillBackupJobs(q filters.Query, in *backup.ListBackupJobsInput, token *string, size *int32) {
	*in = backup.ListBackupJobsInput{
		NextToken:  token,
		MaxResults: size,

		ByAccountId:       accountOrAll(q),
		ByBackupVaultName: q.Value(filters.KeyVaults),
		ByCompleteAfter:   q.After(filters.KeyCompletedAfter),
		ByCompleteBefore:  q.Before(filters.KeyCompletedBefore),
		ByCreatedAfter:    q.CreatedAfter(),
		ByCreatedBefore:   q.CreatedBefore(),
		ByMessageCategory: q.Value(filters.KeyMessageCategories),
		ByParentJobId:     q.Value(filters.KeyParents),
		ByResourceArn:     q.Value(filters.KeyResources),
		ByResourceType:    q.Value(filters.KeyResourceTypes),
		ByState:           types.BackupJobState(aws.ToString(q.Value(filters.KeyStates))),
	}
}

func fillCopyJobs(q filters.Query, in *backup.ListCopyJobsInput, token *string, size *int32) {
	*in = backup.ListCopyJobsInput{
		NextToken:  token,
		MaxResults: size,

		ByAccountId:              q.Value(filters.KeyAccounts),
		ByCompleteAfter:          q.After(filters.KeyCompletedAfter),
		ByCompleteBefore:         q.Before(filters.KeyCompletedBefore),
		ByCreatedAfter:           q.CreatedAfter(),
		ByCreatedBefore:          q.CreatedBefore(),
		ByDestinationVaultArn:    q.Value(filters.KeyDestinationVaults),
		ByMessageCategory:        q.Value(filters.KeyMessageCategories),
		ByParentJobId:            q.Value(filters.KeyParents),
		ByResourceArn:            q.Value(filters.KeyResources),
		ByResourceType:           q.Value(filters.KeyResourceTypes),
		BySourceRecoveryPointArn: q.Value(filters.KeySourceRecoveryPoints),
		ByState:                  types.CopyJobState(aws.ToString(q.Value(filters.KeyStates))),
	}
}

// accountOrAll returns the ByAccountId of a request for backup jobs: an account id, "*" for the whole
// organisation, or nil for the caller's account. If there are too many accounts for one chain each, the
// request has "*", and the accounts are checked on the items.
func accountOrAll(q filters.Query) *string {
	if id := q.Value(filters.KeyAccounts); id != nil {
		return id
	}
	if q.Values(filters.KeyAccounts) != nil || q.Asks(filters.KeyAllAccounts) {
		return aws.String("*")
	}
	return nil
}

// accountsOf returns the member Accounts. It is the first member of its table that requests carry, because the plan
// leaves later members out of the requests first. A request without an account id lists only the caller's account, and a
// check on items cannot add the jobs of other accounts.
func accountsOf[T any](send filters.Sending, account func(*T) *string) filters.Member[T] {
	return filters.Member[T]{
		Key: filters.KeyAccounts, Send: send, Check: checkAccount,
		Value: func(item *T) string { return aws.ToString(account(item)) },
	}
}

// checkAccount accepts twelve ASCII digits.
func checkAccount(v string) error {
	if v == "*" {
		return errors.New(`"*" is not an account: use AllAccounts, which backup jobs alone have`)
	}
	digits := strings.Trim(v, "0123456789") == ""
	if len(v) != 12 || !digits {
		return fmt.Errorf("%q is not an account id of twelve digits", v)
	}
	return nil
}

// checkCategory rejects the values that stand for all message categories: AWS documents "*" and AGGREGATE_ALL for
// the listings and ANY for their summaries. A request with one of them could list every job, although no job has
// such a category.
func checkCategory(v string) error {
	if v == "*" || strings.EqualFold(v, "ANY") || strings.EqualFold(v, "AGGREGATE_ALL") {
		return fmt.Errorf("%q stands for all categories: leave the member out to list them", v)
	}
	return nil
}

// resourceTypes are the types that the SDK documents for ByResourceType of ListBackupJobs and ListCopyJobs.
var resourceTypes = []string{
	"Aurora", "CloudFormation", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "EKS", "FSx", "Neptune", "RDS",
	"Redshift", "S3", "SAP HANA on Amazon EC2", "Storage Gateway", "Timestream", "VirtualMachine",
}

// job has the fields that backup jobs and copy jobs have in common.
type job struct {
	id, plan, parent, resource, resourceType, category *string

	state              string
	created, completed *time.Time
}

// planOf returns the id of the backup plan that started a job, nil if none did.
func planOf(by *types.RecoveryPointCreator) *string {
	if by == nil {
		return nil
	}
	return by.BackupPlanId
}

func backupJob(j *types.BackupJob) job {
	return job{
		id: j.BackupJobId, plan: planOf(j.CreatedBy),
		parent: j.ParentJobId, resource: j.ResourceArn, resourceType: j.ResourceType, category: j.MessageCategory,
		state: string(j.State), created: j.CreationDate, completed: j.CompletionDate,
	}
}

func copyJob(j *types.CopyJob) job {
	return job{
		id: j.CopyJobId, plan: planOf(j.CreatedBy),
		parent: j.ParentJobId, resource: j.ResourceArn, resourceType: j.ResourceType, category: j.MessageCategory,
		state: string(j.State), created: j.CreationDate, completed: j.CompletionDate,
	}
}

// issues reports whether the console of AWS Backup shows the job as completed with issues. A job without a
// message category has no issues.
func (j job) issues() bool {
	category := aws.ToString(j.category)
	return j.state == string(types.BackupJobStateCompleted) && category != "" && !strings.EqualFold(category, "SUCCESS")
}

// jobTable returns the table of a filter over jobs. The members in special come before those that requests carry for
// both kinds of jobs.
func jobTable[T any](name, op string, of func(*T) job, live, final []string, special ...filters.Member[T]) *filters.Table[T] {
	created := func(item *T) *time.Time { return of(item).created }
	completed := func(item *T) *time.Time { return of(item).completed }
	return &filters.Table[T]{
		Name: name, Op: op, Live: live, Final: final,
		Sets: slices.Concat([]filters.Member[T]{
			{Key: filters.KeyIDs, Unique: true, Check: filters.CheckName, Value: func(item *T) string { return aws.ToString(of(item).id) }},
			{Key: filters.KeyPlans, Check: filters.CheckName, Value: func(item *T) string { return aws.ToString(of(item).plan) }},
		}, special, []filters.Member[T]{
			{Key: filters.KeyParents, Send: filters.OneValue, Check: filters.CheckName, Value: func(item *T) string { return aws.ToString(of(item).parent) }},
			{Key: filters.KeyResources, Send: filters.OneValue, Check: filters.CheckARN, Value: func(item *T) string { return aws.ToString(of(item).resource) }},
			{Key: filters.KeyMessageCategories, Send: filters.OneValue, IgnoreCase: true, Check: checkCategory, Value: func(item *T) string { return aws.ToString(of(item).category) }},
			{Key: filters.KeyResourceTypes, Send: filters.OneValue, Documented: resourceTypes, Value: func(item *T) string { return aws.ToString(of(item).resourceType) }},
			{Key: filters.KeyStates, Send: filters.OneValue, Value: func(item *T) string { return of(item).state }},
		}),
		Times: append(filters.CreatedBounds(true, created),
			filters.Bound[T]{Key: filters.KeyCompletedAfter, End: filters.After, Sent: true, Time: completed},
			filters.Bound[T]{Key: filters.KeyCompletedBefore, End: filters.Before, Sent: true, Time: completed},
		),
		Flags: []filters.Flag[T]{
			{Key: filters.KeyTopLevel, Keep: func(item *T) bool { return aws.ToString(of(item).parent) == "" }},
			{Key: filters.KeyCompletedWithIssues, Keep: func(item *T) bool { return of(item).issues() }},
		},
	}
}

// withFlag adds a flag that only one of the two kinds of jobs has.
func withFlag[T any](t *filters.Table[T], f filters.Flag[T]) *filters.Table[T] {
	t.Flags = append(t.Flags, f)
	return t
}

var backupJobs = withFlag(jobTable("BackupJobFilter", "backup:ListBackupJobs", backupJob,
	texts(types.BackupJobStateCreated, types.BackupJobStatePending, types.BackupJobStateRunning, types.BackupJobStateAborting),
	texts(types.BackupJobStateAborted, types.BackupJobStateCompleted, types.BackupJobStateFailed, types.BackupJobStateExpired, types.BackupJobStatePartial),
	accountsOf(filters.OneValue, func(j *types.BackupJob) *string { return j.AccountId }),
	filters.Member[types.BackupJob]{
		Key: filters.KeyVaults, Send: filters.OneValue, Check: filters.CheckName,
		Value: func(j *types.BackupJob) string { return aws.ToString(j.BackupVaultName) },
	},
), filters.Flag[types.BackupJob]{Key: filters.KeyAllAccounts})

var copyJobs = jobTable("CopyJobFilter", "backup:ListCopyJobs", copyJob,
	texts(types.CopyJobStateCreated, types.CopyJobStateRunning),
	texts(types.CopyJobStateCompleted, types.CopyJobStateFailed, types.CopyJobStatePartial),
	accountsOf(filters.OneValueAlways, func(j *types.CopyJob) *string { return j.AccountId }), // ListCopyJobs documents no "*"
	filters.Member[types.CopyJob]{
		Key: filters.KeySourceBackupJobs, Check: filters.CheckName,
		Value: func(j *types.CopyJob) string { return aws.ToString(j.CreatedByBackupJobId) },
	},
	filters.Member[types.CopyJob]{
		Key: filters.KeySourceRecoveryPoints, Send: filters.OneValue, Check: filters.CheckARN,
		Value: func(j *types.CopyJob) string { return aws.ToString(j.SourceRecoveryPointArn) },
	},
	filters.Member[types.CopyJob]{
		Key: filters.KeyDestinationVaults, Send: filters.OneValue, Check: filters.CheckARN,
		Value: func(j *types.CopyJob) string { return aws.ToString(j.DestinationBackupVaultArn) },
	},
)
