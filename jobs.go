package backupx

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
)

// BackupAPI is what backupx needs of AWS Backup: a [*backup.Client], a wrapper of one, or a stub. It is
// a field of [Client]; [BackupJobs] and [CopyJobs] take the half that they need.
type BackupAPI interface {
	backup.ListBackupJobsAPIClient
	backup.ListCopyJobsAPIClient
}

// BackupJobs lists the backup jobs of the last 30 days, by ListBackupJobs of AWS Backup: 1,000 a page,
// in the service's order, of several states one after another in that of a job's life. Needs the
// permission backup:ListBackupJobs. A client that is nil is an error of the range.
//
// A job that is created while the jobs are listed may be delivered or not, one that changes its state
// meanwhile is delivered in the one or the other; neither comes twice, in windows and side by side
// ([Listing.Every], [Listing.Parallel]) too.
//
// The error of a range is a [*ListError]. It wraps [ErrFilter], where the filter is not valid, or
// what the service answered: a [*types.InvalidParameterValueException] or a
// [*types.ServiceUnavailableException], as ListBackupJobs documents them.
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

// CopyJobs lists the copy jobs of the last 30 days, by ListCopyJobs of AWS Backup. Needs the permission
// backup:ListCopyJobs. A request asks for 1,000 jobs unless [Listing.PageSize] says less. What is said
// of [BackupJobs] holds for it too, its errors included.
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

// retention is how long AWS Backup lists jobs. AWS documents it of ListBackupJobs.
const retention = 30 * 24 * time.Hour

func watchBackup(o *backup.Options, w *bodyWatch) { o.APIOptions = append(o.APIOptions, w.add) }

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

// accountOrAll is the ByAccountId of a request for backup jobs: one account, "*" for the whole organisation
// where [BackupJobFilter.AllAccounts] or too many accounts are wanted, nil for the caller's own.
func (q query) accountOrAll() *string {
	if id := q.value(keyAccounts); id != nil {
		return id
	}
	if q.set(keyAccounts) != nil || q.asks(keyAllAccounts) {
		return aws.String("*")
	}
	return nil
}

// accountsOf is the member that says whose jobs to list. It comes first: what a request does not ask
// for, the service leaves out.
func accountsOf[T any](send sending, account func(*T) *string) member[T] {
	return member[T]{
		key: keyAccounts, send: send, check: mustBeAccount,
		value: func(item *T) string { return aws.ToString(account(item)) },
	}
}

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

// mustBeCategory rejects the values that the SDK documents to stand for all message categories: the service
// would answer them with every job.
func mustBeCategory(v string) error {
	if v == "*" || strings.EqualFold(v, "ANY") || strings.EqualFold(v, "AGGREGATE_ALL") {
		return fmt.Errorf("%q stands for all categories: leave the member out to list them", v)
	}
	return nil
}

// resourceTypes are those that ListBackupJobs and ListCopyJobs document for their parameter ByResourceType.
var resourceTypes = []string{
	"Aurora", "CloudFormation", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "EKS", "FSx", "Neptune", "RDS",
	"Redshift", "S3", "SAP HANA on Amazon EC2", "Storage Gateway", "Timestream", "VirtualMachine",
}

// job is what backup jobs and copy jobs have in common.
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

// issues reports whether a job is what the console of AWS Backup calls completed with issues. A job
// without a category is not.
func (j job) issues() bool {
	category := aws.ToString(j.category)
	return j.state == string(types.BackupJobStateCompleted) && category != "" && !strings.EqualFold(category, "SUCCESS")
}

// jobTable is the table of a filter over jobs; special are the members that only one kind has.
func jobTable[T any](name, op string, of func(*T) job, live, final []string, special ...member[T]) *table[T] {
	created := func(item *T) *time.Time { return of(item).created }
	completed := func(item *T) *time.Time { return of(item).completed }
	return &table[T]{
		name: name, op: op, live: live, final: final,
		sets: append(special,
			member[T]{key: keyParents, send: one, value: func(item *T) string { return aws.ToString(of(item).parent) }},
			member[T]{key: keyResources, send: one, check: mustBeARN, value: func(item *T) string { return aws.ToString(of(item).resource) }},
			member[T]{key: keyMessageCategories, send: one, fold: true, check: mustBeCategory, value: func(item *T) string { return aws.ToString(of(item).category) }},
			member[T]{key: keyResourceTypes, send: one, documented: resourceTypes, value: func(item *T) string { return aws.ToString(of(item).resourceType) }},
			member[T]{key: keyStates, send: one, value: func(item *T) string { return of(item).state }},
		),
		times: append(createdBounds(true, created),
			bound[T]{key: keyCompletedAfter, end: after, sent: true, of: completed},
			bound[T]{key: keyCompletedBefore, end: before, sent: true, of: completed},
		),
		flags: []flag[T]{
			{key: keyTopLevel, keep: func(item *T) bool { return aws.ToString(of(item).parent) == "" }},
			{key: keyCompletedWithIssues, keep: func(item *T) bool { return of(item).issues() }},
		},
	}
}

// withFlag adds a flag that only one kind has.
func (t *table[T]) withFlag(f flag[T]) *table[T] {
	t.flags = append(t.flags, f)
	return t
}

var backupJobs = jobTable("BackupJobFilter", "backup:ListBackupJobs", backupJob,
	texts(types.BackupJobStateCreated, types.BackupJobStatePending, types.BackupJobStateRunning, types.BackupJobStateAborting),
	texts(types.BackupJobStateAborted, types.BackupJobStateCompleted, types.BackupJobStateFailed, types.BackupJobStateExpired, types.BackupJobStatePartial),
	accountsOf(one, func(j *types.BackupJob) *string { return j.AccountId }),
	member[types.BackupJob]{
		key: keyVaults, send: one, check: mustBeName,
		value: func(j *types.BackupJob) string { return aws.ToString(j.BackupVaultName) },
	},
).withFlag(flag[types.BackupJob]{key: keyAllAccounts})

var copyJobs = jobTable("CopyJobFilter", "backup:ListCopyJobs", copyJob,
	texts(types.CopyJobStateCreated, types.CopyJobStateRunning),
	texts(types.CopyJobStateCompleted, types.CopyJobStateFailed, types.CopyJobStatePartial),
	accountsOf(each, func(j *types.CopyJob) *string { return j.AccountId }), // which knows no *
	member[types.CopyJob]{
		key: keySourceRecoveryPoints, send: one, check: mustBeARN,
		value: func(j *types.CopyJob) string { return aws.ToString(j.SourceRecoveryPointArn) },
	},
	member[types.CopyJob]{
		key: keyDestinationVaults, send: one, check: mustBeARN,
		value: func(j *types.CopyJob) string { return aws.ToString(j.DestinationBackupVaultArn) },
	},
)
