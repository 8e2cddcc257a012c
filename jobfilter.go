package backupx

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/filters"
)

// BackupJobFilter says which jobs [BackupJobs] lists. It is an immutable value that goroutines may share; the
// zero value lists all backup jobs of the caller's account.
//
// Each call narrows the filter: several values in one call are alternatives, two calls of one method keep
// only the values that both allow, and a call without values matches no job, so an empty slice never means
// all. A filter can be stored as JSON and read back unchanged.
//
// ListBackupJobs filters by most conditions; each method names the parameter of the request. backupx checks
// the other conditions on the jobs that the service sends. A request takes one value of each parameter, so
// several values are listed as several chains of pages. If the combinations of values would need more than 16
// chains, requests carry only the most selective conditions, and backupx checks the others on each job.
// [BackupJobFilter.Explain] says what happens to each condition.
type BackupJobFilter struct{ c filters.Criteria }

// States keeps the jobs in one of the states (ByState). backupx lists the states in the order in which a job
// passes through them, and all final states last. A job that changes its state meanwhile is therefore
// delivered once.
func (f BackupJobFilter) States(values ...types.BackupJobState) BackupJobFilter {
	return f.narrow(filters.KeyStates, texts(values...))
}

// Ended keeps the jobs in a state that a job never leaves: ABORTED, COMPLETED, EXPIRED, FAILED or PARTIAL (ByState). It
// is [BackupJobFilter.States] with these states, and narrows earlier calls of States. A state that AWS adds later is not
// among them until a version of backupx knows it. [BackupJobEnded] reports the same for one state.
func (f BackupJobFilter) Ended() BackupJobFilter {
	return f.narrow(filters.KeyStates, backupJobs.Final)
}

// Unsuccessful keeps the jobs that have ended without a whole recovery point: ABORTED, EXPIRED, FAILED or PARTIAL (ByState). It is
// [BackupJobFilter.States] with these states, and narrows earlier calls of States. A COMPLETED job with issues is not among
// them, see [BackupJobFilter.CompletedWithIssues]. A state that AWS adds later is not either, until a version of backupx
// knows it.
func (f BackupJobFilter) Unsuccessful() BackupJobFilter {
	return f.States(types.BackupJobStateAborted, types.BackupJobStateExpired, types.BackupJobStateFailed, types.BackupJobStatePartial)
}

// IDs keeps the jobs with one of the ids (BackupJobId). ListBackupJobs has no such parameter: backupx checks each job, and
// the listing ends when each of these jobs was delivered. If one of them is missing, the listing reads all jobs that the
// requests ask for; a creation time bounds how many. For a few ids, the SDK's DescribeBackupJob needs one request each. An
// ARN is an error ([ErrFilter]).
func (f BackupJobFilter) IDs(ids ...string) BackupJobFilter { return f.narrow(filters.KeyIDs, ids) }

// Plans keeps the jobs that one of the backup plans started, by the plan's id (CreatedBy.BackupPlanId). A job that was
// started on demand has no plan and does not match. backupx checks it on each job. An ARN is an error ([ErrFilter]).
func (f BackupJobFilter) Plans(ids ...string) BackupJobFilter { return f.narrow(filters.KeyPlans, ids) }

// Vaults keeps the jobs that back up into one of the vaults, by name (ByBackupVaultName).
func (f BackupJobFilter) Vaults(names ...string) BackupJobFilter {
	return f.narrow(filters.KeyVaults, names)
}

// Resources keeps the jobs that back up one of the resources, by ARN (ByResourceArn).
func (f BackupJobFilter) Resources(arns ...string) BackupJobFilter {
	return f.narrow(filters.KeyResources, arns)
}

// ResourceTypes keeps the jobs for resources of one of the types (ByResourceType), spelled as AWS documents
// them: EBS, S3, "SAP HANA on Amazon EC2". [BackupJobFilter.Explain] warns of other spellings.
func (f BackupJobFilter) ResourceTypes(types ...string) BackupJobFilter {
	return f.narrow(filters.KeyResourceTypes, types)
}

// Accounts keeps the jobs of one of the accounts, by account id (ByAccountId). An id has exactly twelve
// digits; anything else is an error ([ErrFilter]). For more than 16 accounts backupx lists the whole
// organisation, as [BackupJobFilter.AllAccounts] does, and keeps the jobs of these accounts.
func (f BackupJobFilter) Accounts(ids ...string) BackupJobFilter {
	return f.narrow(filters.KeyAccounts, ids)
}

// AllAccounts lists the jobs of the whole organisation instead of those of the caller's account (ByAccountId
// "*"). AWS accepts this request only from the organisation's management account. Together with
// [BackupJobFilter.Accounts] only those accounts are listed. [BackupJobFilter.Match] ignores it.
func (f BackupJobFilter) AllAccounts() BackupJobFilter {
	return BackupJobFilter{backupJobs.Flag(f.c, filters.KeyAllAccounts)}
}

// Parents keeps the children of one of the parent jobs, by the parent's job id (ByParentJobId). The parent
// itself is not among them. An ARN is an error ([ErrFilter]).
func (f BackupJobFilter) Parents(ids ...string) BackupJobFilter {
	return f.narrow(filters.KeyParents, ids)
}

// MessageCategories keeps the jobs with one of the message categories (ByMessageCategory), such as
// AccessDenied or SUCCESS. Case does not matter. The values that AWS documents for all categories ("*", ANY,
// AGGREGATE_ALL) are an error ([ErrFilter]): no job has one of them.
func (f BackupJobFilter) MessageCategories(categories ...string) BackupJobFilter {
	return f.narrow(filters.KeyMessageCategories, categories)
}

// TopLevel keeps the jobs without a parent job: a count of these jobs does not include both a parent and its
// children. backupx checks it on each job.
func (f BackupJobFilter) TopLevel() BackupJobFilter {
	return BackupJobFilter{backupJobs.Flag(f.c, filters.KeyTopLevel)}
}

// CompletedWithIssues keeps the jobs that the console of AWS Backup shows as completed with issues: their
// state is COMPLETED, and they have a message category other than SUCCESS. A job without a category does not
// match. The request carries the state, and backupx checks the category on each job.
func (f BackupJobFilter) CompletedWithIssues() BackupJobFilter {
	f = f.States(types.BackupJobStateCompleted)
	return BackupJobFilter{backupJobs.Flag(f.c, filters.KeyCompletedWithIssues)}
}

// CreatedAfter keeps the jobs created after t (ByCreatedAfter). AWS Backup lists a job for 30 days after its creation:
// with a t before that, a range delivers the jobs of the last 30 days and ends without an error, as if there had been
// no others. [BackupJobFilter.Explain] warns of such a t. AWS does not document whether a job created exactly at t is
// included; use [BackupJobFilter.CreatedBetween] where that matters. The zero time is an error ([ErrFilter]).
func (f BackupJobFilter) CreatedAfter(t time.Time) BackupJobFilter {
	return BackupJobFilter{backupJobs.Limit(f.c, filters.KeyCreatedAfter, t)}
}

// CreatedBefore keeps the jobs created before t (ByCreatedBefore). With a t before the 30 days for which AWS Backup
// lists jobs, a range delivers nothing and ends without an error; [BackupJobFilter.Explain] warns of it. AWS does not
// document whether a job created exactly at t is included; use [BackupJobFilter.CreatedBetween] where that matters. The
// zero time is an error ([ErrFilter]).
func (f BackupJobFilter) CreatedBefore(t time.Time) BackupJobFilter {
	return BackupJobFilter{backupJobs.Limit(f.c, filters.KeyCreatedBefore, t)}
}

// CreatedBetween keeps the jobs created at from or later and strictly before to. A zero time leaves that end
// open. The span is exact: the request asks for a slightly wider one, and backupx checks each job. A span
// before the 30 days for which AWS Backup lists jobs is not an error: see [BackupJobFilter.CreatedAfter]. The
// filter's text and JSON name the two ends createdFrom and createdTo.
func (f BackupJobFilter) CreatedBetween(from, to time.Time) BackupJobFilter {
	return BackupJobFilter{backupJobs.Between(f.c, from, to)}
}

// CompletedAfter keeps the jobs completed after t (ByCompleteAfter). AWS does not document whether a job
// completed exactly at t is included. The zero time is an error ([ErrFilter]). A t before the 30 days for
// which AWS Backup lists jobs is not: see [BackupJobFilter.CreatedAfter].
func (f BackupJobFilter) CompletedAfter(t time.Time) BackupJobFilter {
	return BackupJobFilter{backupJobs.Limit(f.c, filters.KeyCompletedAfter, t)}
}

// CompletedBefore keeps the jobs completed before t (ByCompleteBefore). AWS does not document whether a job
// completed exactly at t is included. The zero time is an error ([ErrFilter]).
func (f BackupJobFilter) CompletedBefore(t time.Time) BackupJobFilter {
	return BackupJobFilter{backupJobs.Limit(f.c, filters.KeyCompletedBefore, t)}
}

func (f BackupJobFilter) narrow(k filters.Key, values []string) BackupJobFilter {
	return BackupJobFilter{backupJobs.Narrow(f.c, k, values)}
}

// Validate returns one error ([ErrFilter]) that names everything that is wrong with the filter: empty values,
// blanks around a value, an ARN where a name or an id is required or the reverse, reversed times. A listing calls it
// before its first request.
func (f BackupJobFilter) Validate() error { return validateFilter(backupJobs, f.c) }

// Match reports whether the filter keeps the job. It sends no request. A job that lacks the field that a
// condition tests does not match: without a creation time, for example, it is neither created after t nor
// before t.
func (f BackupJobFilter) Match(job types.BackupJob) bool { return backupJobs.Match(f.c, &job) }

// Explain says which conditions the service answers, which backupx checks on the jobs, and how many chains of
// pages are read. It warns of times before the 30 days for which AWS Backup lists jobs, of states and
// resource types that are not documented, of what may be read before all [BackupJobFilter.IDs] are found, and of
// everything that [BackupJobFilter.Validate] rejects.
func (f BackupJobFilter) Explain() Explanation {
	return explain(backupJobs, f.c, retention)
}

// Shards splits the filter by creation time into disjoint filters that together match the same jobs, oldest
// first. Each is a plain value that can be sent elsewhere as JSON and listed there.
//
// All shards but the first and the last are as long as the argument every. Shards end at fixed multiples of
// every in UTC, within the last 30 days before now and within the times of the filter. The first shard has no
// start and the last has no end, unless the filter sets one. If that would give more than 10,000 shards, they
// are longer than every; if every is zero or negative, there is one shard.
//
// A filter that matches nothing has no shards. An invalid filter is returned unsplit, so that listing it
// reports the error. A job without a creation time, which AWS Backup never sends, matches no shard if there
// are several.
func (f BackupJobFilter) Shards(now time.Time, every time.Duration) []BackupJobFilter {
	shards := backupJobs.Shards(f.c, now, retention, every)
	return lo.Map(shards, func(c filters.Criteria, _ int) BackupJobFilter { return BackupJobFilter{c} })
}

// String returns the filter as text for people to read.
func (f BackupJobFilter) String() string { return backupJobs.Format(f.c) }

// MarshalJSON returns the filter as a JSON object; equal filters give equal bytes. The only error is a time
// that JSON cannot hold, in a year after 9999.
func (f BackupJobFilter) MarshalJSON() ([]byte, error) { return backupJobs.Marshal(f.c) }

// UnmarshalJSON reads what MarshalJSON wrote. An unknown member is an error ([ErrFilter]), because ignoring
// it would widen the filter. On error the filter is left unchanged.
func (f *BackupJobFilter) UnmarshalJSON(data []byte) error {
	return unmarshalFilter(backupJobs, data, &f.c)
}

func (f *BackupJobFilter) operation() string { return backupJobs.Op }

// CopyJobFilter says which jobs [CopyJobs] lists. It is an immutable value that goroutines may share; the
// zero value lists all copy jobs of the caller's account.
//
// Each call narrows the filter: several values in one call are alternatives, two calls of one method keep
// only the values that both allow, and a call without values matches no job, so an empty slice never means
// all. A filter can be stored as JSON and read back unchanged.
//
// ListCopyJobs filters by most conditions; each method names the parameter of the request. backupx checks the
// other conditions on the jobs that the service sends. A request takes one value of each parameter, so
// several values are listed as several chains of pages. If the combinations of values would need more than 16
// chains, requests carry only the most selective conditions, and backupx checks the others on each job.
// [CopyJobFilter.Explain] says what happens to each condition.
type CopyJobFilter struct{ c filters.Criteria }

// States keeps the jobs in one of the states (ByState). backupx lists the states in the order in which a job
// passes through them, and all final states last. A job that changes its state meanwhile is therefore
// delivered once.
func (f CopyJobFilter) States(values ...types.CopyJobState) CopyJobFilter {
	return f.narrow(filters.KeyStates, texts(values...))
}

// Ended keeps the jobs in a state that a job never leaves: COMPLETED, FAILED or PARTIAL (ByState). It is
// [CopyJobFilter.States] with these states, and narrows earlier calls of States. A state that AWS adds later is not among
// them until a version of backupx knows it. [CopyJobEnded] reports the same for one state.
func (f CopyJobFilter) Ended() CopyJobFilter { return f.narrow(filters.KeyStates, copyJobs.Final) }

// Unsuccessful keeps the jobs that have ended without a whole recovery point: FAILED or PARTIAL (ByState). It is
// [CopyJobFilter.States] with these states, and narrows earlier calls of States. A COMPLETED job with issues is not among
// them, see [CopyJobFilter.CompletedWithIssues]. A state that AWS adds later is not either, until a version of backupx
// knows it.
func (f CopyJobFilter) Unsuccessful() CopyJobFilter {
	return f.States(types.CopyJobStateFailed, types.CopyJobStatePartial)
}

// IDs keeps the jobs with one of the ids (CopyJobId). ListCopyJobs has no such parameter: backupx checks each job, and
// the listing ends when each of these jobs was delivered. If one of them is missing, the listing reads all jobs that the
// requests ask for; a creation time bounds how many. For a few ids, the SDK's DescribeCopyJob needs one request each. An
// ARN is an error ([ErrFilter]).
func (f CopyJobFilter) IDs(ids ...string) CopyJobFilter { return f.narrow(filters.KeyIDs, ids) }

// Plans keeps the jobs that one of the backup plans started, by the plan's id (CreatedBy.BackupPlanId). A job that was
// started on demand has no plan and does not match. backupx checks it on each job. An ARN is an error ([ErrFilter]).
func (f CopyJobFilter) Plans(ids ...string) CopyJobFilter { return f.narrow(filters.KeyPlans, ids) }

// SourceBackupJobs keeps the jobs that one of the backup jobs started, by the backup job's id (CreatedByBackupJobId).
// AWS sets it for scheduled copies and for automatic copies to a logically air-gapped vault; for other copies use
// [CopyJobFilter.SourceRecoveryPoints]. backupx checks it on each job. An ARN is an error ([ErrFilter]).
func (f CopyJobFilter) SourceBackupJobs(ids ...string) CopyJobFilter {
	return f.narrow(filters.KeySourceBackupJobs, ids)
}

// DestinationVaults keeps the jobs that copy into one of the vaults, by ARN (ByDestinationVaultArn).
func (f CopyJobFilter) DestinationVaults(arns ...string) CopyJobFilter {
	return f.narrow(filters.KeyDestinationVaults, arns)
}

// SourceRecoveryPoints keeps the jobs that copy one of the recovery points, by ARN
// (BySourceRecoveryPointArn).
func (f CopyJobFilter) SourceRecoveryPoints(arns ...string) CopyJobFilter {
	return f.narrow(filters.KeySourceRecoveryPoints, arns)
}

// Resources keeps the jobs that copy recovery points of one of the resources, by ARN (ByResourceArn).
func (f CopyJobFilter) Resources(arns ...string) CopyJobFilter {
	return f.narrow(filters.KeyResources, arns)
}

// ResourceTypes keeps the jobs for resources of one of the types (ByResourceType), spelled as AWS documents
// them: EBS, S3, "SAP HANA on Amazon EC2". [CopyJobFilter.Explain] warns of other spellings.
func (f CopyJobFilter) ResourceTypes(types ...string) CopyJobFilter {
	return f.narrow(filters.KeyResourceTypes, types)
}

// Accounts keeps the jobs of one of the accounts, by account id (ByAccountId). An id has exactly twelve
// digits; anything else is an error ([ErrFilter]). Each account is a chain of pages of its own, even beyond
// 16: ListCopyJobs documents no way to list the whole organisation.
func (f CopyJobFilter) Accounts(ids ...string) CopyJobFilter {
	return f.narrow(filters.KeyAccounts, ids)
}

// Parents keeps the children of one of the parent jobs, by the parent's job id (ByParentJobId). The parent
// itself is not among them. An ARN is an error ([ErrFilter]).
func (f CopyJobFilter) Parents(ids ...string) CopyJobFilter { return f.narrow(filters.KeyParents, ids) }

// MessageCategories keeps the jobs with one of the message categories (ByMessageCategory), such as
// AccessDenied or SUCCESS. Case does not matter. The values that AWS documents for all categories ("*", ANY,
// AGGREGATE_ALL) are an error ([ErrFilter]): no job has one of them.
func (f CopyJobFilter) MessageCategories(categories ...string) CopyJobFilter {
	return f.narrow(filters.KeyMessageCategories, categories)
}

// TopLevel keeps the jobs without a parent job: a count of these jobs does not include both a parent and its
// children. backupx checks it on each job.
func (f CopyJobFilter) TopLevel() CopyJobFilter {
	return CopyJobFilter{copyJobs.Flag(f.c, filters.KeyTopLevel)}
}

// CompletedWithIssues keeps the jobs that the console of AWS Backup shows as completed with issues: their
// state is COMPLETED, and they have a message category other than SUCCESS. A job without a category does not
// match. The request carries the state, and backupx checks the category on each job.
func (f CopyJobFilter) CompletedWithIssues() CopyJobFilter {
	f = f.States(types.CopyJobStateCompleted)
	return CopyJobFilter{copyJobs.Flag(f.c, filters.KeyCompletedWithIssues)}
}

// CreatedAfter keeps the jobs created after t (ByCreatedAfter). AWS Backup lists a job for 30 days after its creation:
// with a t before that, a range delivers the jobs of the last 30 days and ends without an error, as if there had been
// no others. [CopyJobFilter.Explain] warns of such a t. AWS does not document whether a job created exactly at t is
// included; use [CopyJobFilter.CreatedBetween] where that matters. The zero time is an error ([ErrFilter]).
func (f CopyJobFilter) CreatedAfter(t time.Time) CopyJobFilter {
	return CopyJobFilter{copyJobs.Limit(f.c, filters.KeyCreatedAfter, t)}
}

// CreatedBefore keeps the jobs created before t (ByCreatedBefore). With a t before the 30 days for which AWS Backup
// lists jobs, a range delivers nothing and ends without an error; [CopyJobFilter.Explain] warns of it. AWS does not
// document whether a job created exactly at t is included; use [CopyJobFilter.CreatedBetween] where that matters. The
// zero time is an error ([ErrFilter]).
func (f CopyJobFilter) CreatedBefore(t time.Time) CopyJobFilter {
	return CopyJobFilter{copyJobs.Limit(f.c, filters.KeyCreatedBefore, t)}
}

// CreatedBetween keeps the jobs created at from or later and strictly before to. A zero time leaves that end
// open. The span is exact: the request asks for a slightly wider one, and backupx checks each job. A span
// before the 30 days for which AWS Backup lists jobs is not an error: see [CopyJobFilter.CreatedAfter]. The
// filter's text and JSON name the two ends createdFrom and createdTo.
func (f CopyJobFilter) CreatedBetween(from, to time.Time) CopyJobFilter {
	return CopyJobFilter{copyJobs.Between(f.c, from, to)}
}

// CompletedAfter keeps the jobs completed after t (ByCompleteAfter). AWS does not document whether a job
// completed exactly at t is included. The zero time is an error ([ErrFilter]). A t before the 30 days for
// which AWS Backup lists jobs is not: see [CopyJobFilter.CreatedAfter].
func (f CopyJobFilter) CompletedAfter(t time.Time) CopyJobFilter {
	return CopyJobFilter{copyJobs.Limit(f.c, filters.KeyCompletedAfter, t)}
}

// CompletedBefore keeps the jobs completed before t (ByCompleteBefore). AWS does not document whether a job
// completed exactly at t is included. The zero time is an error ([ErrFilter]).
func (f CopyJobFilter) CompletedBefore(t time.Time) CopyJobFilter {
	return CopyJobFilter{copyJobs.Limit(f.c, filters.KeyCompletedBefore, t)}
}

func (f CopyJobFilter) narrow(k filters.Key, values []string) CopyJobFilter {
	return CopyJobFilter{copyJobs.Narrow(f.c, k, values)}
}

// Validate returns one error ([ErrFilter]) that names everything that is wrong with the filter: empty values,
// blanks around a value, an ARN where an id is required or the reverse, reversed times. A listing calls it before its
// first request.
func (f CopyJobFilter) Validate() error { return validateFilter(copyJobs, f.c) }

// Match reports whether the filter keeps the job. It sends no request. A job that lacks the field that a
// condition tests does not match: without a creation time, for example, it is neither created after t nor
// before t.
func (f CopyJobFilter) Match(job types.CopyJob) bool { return copyJobs.Match(f.c, &job) }

// Explain says which conditions the service answers, which backupx checks on the jobs, and how many chains of
// pages are read. It warns of times before the 30 days for which AWS Backup lists jobs, of states and
// resource types that are not documented, of what may be read before all [CopyJobFilter.IDs] are found, and of
// everything that [CopyJobFilter.Validate] rejects.
func (f CopyJobFilter) Explain() Explanation {
	return explain(copyJobs, f.c, retention)
}

// Shards splits the filter by creation time into disjoint filters that together match the same jobs, oldest
// first. Each is a plain value that can be sent elsewhere as JSON and listed there.
//
// All shards but the first and the last are as long as the argument every. Shards end at fixed multiples of
// every in UTC, within the last 30 days before now and within the times of the filter. The first shard has no
// start and the last has no end, unless the filter sets one. If that would give more than 10,000 shards, they
// are longer than every; if every is zero or negative, there is one shard.
//
// A filter that matches nothing has no shards. An invalid filter is returned unsplit, so that listing it
// reports the error. A job without a creation time, which AWS Backup never sends, matches no shard if there
// are several.
func (f CopyJobFilter) Shards(now time.Time, every time.Duration) []CopyJobFilter {
	shards := copyJobs.Shards(f.c, now, retention, every)
	return lo.Map(shards, func(c filters.Criteria, _ int) CopyJobFilter { return CopyJobFilter{c} })
}

// String returns the filter as text for people to read.
func (f CopyJobFilter) String() string { return copyJobs.Format(f.c) }

// MarshalJSON returns the filter as a JSON object; equal filters give equal bytes. The only error is a time
// that JSON cannot hold, in a year after 9999.
func (f CopyJobFilter) MarshalJSON() ([]byte, error) { return copyJobs.Marshal(f.c) }

// UnmarshalJSON reads what MarshalJSON wrote. An unknown member is an error ([ErrFilter]), because ignoring
// it would widen the filter. On error the filter is left unchanged.
func (f *CopyJobFilter) UnmarshalJSON(data []byte) error {
	return unmarshalFilter(copyJobs, data, &f.c)
}

func (f *CopyJobFilter) operation() string { return copyJobs.Op }
