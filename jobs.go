package backupx

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx/internal/callwatch"
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
// meanwhile is delivered in its old or its new state.
//
// No job is delivered twice from two windows or two states: the windows of [Listing.Every] and
// [Listing.Parallel] do not overlap, and if the filter has several states, the listing remembers the ids of
// the jobs that it delivered. Within one chain, no job is delivered twice as long as the service's paging is
// stable.
//
// A range ends with a [*ListError] if the filter is invalid ([ErrFilter]), if the client is nil, or if a
// request fails. ListBackupJobs documents the errors [*types.InvalidParameterValueException] and
// [*types.ServiceUnavailableException].
func BackupJobs(api backup.ListBackupJobsAPIClient, f BackupJobFilter) Listing[types.BackupJob] {
	return operation[types.BackupJob]{
		table:   backupJobs,
		maxSize: 1000,
		id:      func(j *types.BackupJob) *string { return j.BackupJobId },
		fetch: calling(api, backup.ListBackupJobsAPIClient.ListBackupJobs, query.backupJobs,
			func(out *backup.ListBackupJobsOutput) ([]types.BackupJob, *string) {
				return out.BackupJobs, out.NextToken
			}, watchBackup),
	}.list(f.c, api)
}

// CopyJobs lists copy jobs with the operation ListCopyJobs of AWS Backup, which lists jobs for 30 days after
// their creation. It needs the permission backup:ListCopyJobs. A request asks for 1,000 jobs unless
// [Listing.PageSize] says less. The jobs come in the service's order; several states come one after another,
// in the order of a job's life.
//
// A job that is created while the range runs may or may not be delivered. A job that changes its state
// meanwhile is delivered in its old or its new state.
//
// No job is delivered twice from two windows or two states: the windows of [Listing.Every] and
// [Listing.Parallel] do not overlap, and if the filter has several states, the listing remembers the ids of
// the jobs that it delivered. Within one chain, no job is delivered twice as long as the service's paging is
// stable.
//
// A range ends with a [*ListError] if the filter is invalid ([ErrFilter]), if the client is nil, or if a
// request fails. ListCopyJobs documents the errors [*types.InvalidParameterValueException] and
// [*types.ServiceUnavailableException].
func CopyJobs(api backup.ListCopyJobsAPIClient, f CopyJobFilter) Listing[types.CopyJob] {
	return operation[types.CopyJob]{
		table:   copyJobs,
		maxSize: 1000,
		id:      func(j *types.CopyJob) *string { return j.CopyJobId },
		fetch: calling(api, backup.ListCopyJobsAPIClient.ListCopyJobs, query.copyJobs,
			func(out *backup.ListCopyJobsOutput) ([]types.CopyJob, *string) {
				return out.CopyJobs, out.NextToken
			}, watchBackup),
	}.list(f.c, api)
}

// retention is how long AWS Backup lists a job after its creation. AWS documents it for ListBackupJobs;
// ListCopyJobs has been seen to do the same.
const retention = 30 * 24 * time.Hour

func watchBackup(o *backup.Options, w *callwatch.Watch) { o.APIOptions = append(o.APIOptions, w.Add) }

func (q query) backupJobs(in *backup.ListBackupJobsInput, token *string, size *int32) {
	*in = backup.ListBackupJobsInput{
		NextToken:  token,
		MaxResults: size,

		ByAccountId:       q.accountOrAll(),
		ByBackupVaultName: q.value(keyVaults),
		ByCompleteAfter:   optional(q.at(keyCompletedAfter)),
		ByCompleteBefore:  wholeMilliseconds(q.at(keyCompletedBefore)),
		ByCreatedAfter:    q.after(),
		ByCreatedBefore:   q.before(),
		ByMessageCategory: q.value(keyMessageCategories),
		ByParentJobId:     q.value(keyParents),
		ByResourceArn:     q.value(keyResources),
		ByResourceType:    q.value(keyResourceTypes),
		ByState:           types.BackupJobState(aws.ToString(q.value(keyStates))),
	}
}

func (q query) copyJobs(in *backup.ListCopyJobsInput, token *string, size *int32) {
	*in = backup.ListCopyJobsInput{
		NextToken:  token,
		MaxResults: size,

		ByAccountId:              q.value(keyAccounts),
		ByCompleteAfter:          optional(q.at(keyCompletedAfter)),
		ByCompleteBefore:         wholeMilliseconds(q.at(keyCompletedBefore)),
		ByCreatedAfter:           q.after(),
		ByCreatedBefore:          q.before(),
		ByDestinationVaultArn:    q.value(keyDestinationVaults),
		ByMessageCategory:        q.value(keyMessageCategories),
		ByParentJobId:            q.value(keyParents),
		ByResourceArn:            q.value(keyResources),
		ByResourceType:           q.value(keyResourceTypes),
		BySourceRecoveryPointArn: q.value(keySourceRecoveryPoints),
		ByState:                  types.CopyJobState(aws.ToString(q.value(keyStates))),
	}
}

// accountOrAll returns the ByAccountId of a request for backup jobs: an account id, "*" for the whole
// organisation, or nil for the caller's account. If there are too many accounts for one chain each, the
// request has "*", and the accounts are checked on the items.
func (q query) accountOrAll() *string {
	if id := q.value(keyAccounts); id != nil {
		return id
	}
	if q.set(keyAccounts) != nil || q.asks(keyAllAccounts) {
		return aws.String("*")
	}
	return nil
}

// accountsOf returns the member Accounts. It is the first member of its table, because the plan leaves later
// members out of the requests first. A request without an account id lists only the caller's account, and a
// check on items cannot add the jobs of other accounts.
func accountsOf[T any](send sending, account func(*T) *string) member[T] {
	return member[T]{
		key: keyAccounts, send: send, check: mustBeAccount,
		value: func(item *T) string { return aws.ToString(account(item)) },
	}
}

// mustBeAccount accepts twelve ASCII digits.
func mustBeAccount(v string) error {
	if v == "*" {
		return errors.New(`"*" is not an account: use AllAccounts, which backup jobs alone have`)
	}
	digits := strings.Trim(v, "0123456789") == ""
	if len(v) != 12 || !digits {
		return fmt.Errorf("%q is not an account id of twelve digits", v)
	}
	return nil
}

// mustBeCategory rejects the values that stand for all message categories: AWS documents "*" and AGGREGATE_ALL for
// the listings and ANY for their summaries. A request with one of them could list every job, although no job has
// such a category.
func mustBeCategory(v string) error {
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
	parent, resource, resourceType, category *string

	state              string
	created, completed *time.Time
}

func backupJob(j *types.BackupJob) job {
	return job{
		parent: j.ParentJobId, resource: j.ResourceArn, resourceType: j.ResourceType, category: j.MessageCategory,
		state: string(j.State), created: j.CreationDate, completed: j.CompletionDate,
	}
}

func copyJob(j *types.CopyJob) job {
	return job{
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

// jobTable returns the table of a filter over jobs. The members in special come first: only one of the two
// kinds of jobs has them.
func jobTable[T any](name, op string, of func(*T) job, live, final []string, special ...member[T]) *table[T] {
	created := func(item *T) *time.Time { return of(item).created }
	completed := func(item *T) *time.Time { return of(item).completed }
	return &table[T]{
		name: name, op: op, live: live, final: final,
		sets: append(special,
			member[T]{key: keyParents, send: oneValue, value: func(item *T) string { return aws.ToString(of(item).parent) }},
			member[T]{key: keyResources, send: oneValue, check: mustBeARN, value: func(item *T) string { return aws.ToString(of(item).resource) }},
			member[T]{key: keyMessageCategories, send: oneValue, ignoreCase: true, check: mustBeCategory, value: func(item *T) string { return aws.ToString(of(item).category) }},
			member[T]{key: keyResourceTypes, send: oneValue, documented: resourceTypes, value: func(item *T) string { return aws.ToString(of(item).resourceType) }},
			member[T]{key: keyStates, send: oneValue, value: func(item *T) string { return of(item).state }},
		),
		times: append(createdBounds(true, created),
			bound[T]{key: keyCompletedAfter, end: after, sent: true, time: completed},
			bound[T]{key: keyCompletedBefore, end: before, sent: true, time: completed},
		),
		flags: []flag[T]{
			{key: keyTopLevel, keep: func(item *T) bool { return aws.ToString(of(item).parent) == "" }},
			{key: keyCompletedWithIssues, keep: func(item *T) bool { return of(item).issues() }},
		},
	}
}

// withFlag adds a flag that only one of the two kinds of jobs has.
func (t *table[T]) withFlag(f flag[T]) *table[T] {
	t.flags = append(t.flags, f)
	return t
}

var backupJobs = jobTable("BackupJobFilter", "backup:ListBackupJobs", backupJob,
	texts(types.BackupJobStateCreated, types.BackupJobStatePending, types.BackupJobStateRunning, types.BackupJobStateAborting),
	texts(types.BackupJobStateAborted, types.BackupJobStateCompleted, types.BackupJobStateFailed, types.BackupJobStateExpired, types.BackupJobStatePartial),
	accountsOf(oneValue, func(j *types.BackupJob) *string { return j.AccountId }),
	member[types.BackupJob]{
		key: keyVaults, send: oneValue, check: mustBeName,
		value: func(j *types.BackupJob) string { return aws.ToString(j.BackupVaultName) },
	},
).withFlag(flag[types.BackupJob]{key: keyAllAccounts})

var copyJobs = jobTable("CopyJobFilter", "backup:ListCopyJobs", copyJob,
	texts(types.CopyJobStateCreated, types.CopyJobStateRunning),
	texts(types.CopyJobStateCompleted, types.CopyJobStateFailed, types.CopyJobStatePartial),
	accountsOf(oneValueAlways, func(j *types.CopyJob) *string { return j.AccountId }), // ListCopyJobs documents no "*"
	member[types.CopyJob]{
		key: keySourceRecoveryPoints, send: oneValue, check: mustBeARN,
		value: func(j *types.CopyJob) string { return aws.ToString(j.SourceRecoveryPointArn) },
	},
	member[types.CopyJob]{
		key: keyDestinationVaults, send: oneValue, check: mustBeARN,
		value: func(j *types.CopyJob) string { return aws.ToString(j.DestinationBackupVaultArn) },
	},
)
