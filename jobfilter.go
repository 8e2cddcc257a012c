package backupx

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
)

// BackupJobFilter says which jobs [BackupJobs] lists. It is a value that may be copied and shared; the
// zero value lists all jobs of the caller's account. Each call narrows: several values in one call
// are alternatives, two calls of one method intersect, and a call with no value leaves nothing, so
// that an empty slice never means all. It turns into JSON and back without loss.
//
// What ListBackupJobs can filter by is asked of it: the methods name the member of its request. It
// takes one value of each. Several become several chains of pages, while these are at most 16 in all;
// beyond that the less selective members are checked on items. [BackupJobFilter.Explain] tells which.
type BackupJobFilter struct{ c criteria }

// States keeps the jobs in one of the states (ByState). The chains of several are read in the order of
// a job's life, those of final states last, so that a job that moves on meanwhile is delivered once.
func (f BackupJobFilter) States(values ...types.BackupJobState) BackupJobFilter {
	return f.narrow(keyStates, texts(values...))
}

// Vaults keeps the jobs that back up into one of the vaults, by name (ByBackupVaultName).
func (f BackupJobFilter) Vaults(names ...string) BackupJobFilter { return f.narrow(keyVaults, names) }

// Resources keeps the jobs of one of the resources, by ARN (ByResourceArn).
func (f BackupJobFilter) Resources(arns ...string) BackupJobFilter {
	return f.narrow(keyResources, arns)
}

// ResourceTypes keeps the jobs of resources of one of the types (ByResourceType): EBS, S3, "SAP HANA on
// Amazon EC2", spelled as AWS does.
func (f BackupJobFilter) ResourceTypes(types ...string) BackupJobFilter {
	return f.narrow(keyResourceTypes, types)
}

// Accounts keeps the jobs of one of the accounts, by their ids of twelve digits (ByAccountId). More than
// 16 are looked for among the jobs of the whole organisation, as [BackupJobFilter.AllAccounts] asks for
// them.
func (f BackupJobFilter) Accounts(ids ...string) BackupJobFilter { return f.narrow(keyAccounts, ids) }

// AllAccounts asks for the jobs of the whole organisation instead of the caller's own (ByAccountId "*");
// AWS Backup answers it to the organisation's management account. Together with
// [BackupJobFilter.Accounts], those are asked for. Every job matches it.
func (f BackupJobFilter) AllAccounts() BackupJobFilter {
	return BackupJobFilter{backupJobs.flag(f.c, keyAllAccounts)}
}

// Parents keeps the child jobs of one of the parent jobs, by id (ByParentJobId).
func (f BackupJobFilter) Parents(ids ...string) BackupJobFilter { return f.narrow(keyParents, ids) }

// MessageCategories keeps the jobs with one of the message categories (ByMessageCategory): AccessDenied,
// SUCCESS. Case does not matter.
func (f BackupJobFilter) MessageCategories(categories ...string) BackupJobFilter {
	return f.narrow(keyMessageCategories, categories)
}

// TopLevel keeps the jobs without a parent job, so that a parent and its children are not counted
// twice. It is checked on items.
func (f BackupJobFilter) TopLevel() BackupJobFilter {
	return BackupJobFilter{backupJobs.flag(f.c, keyTopLevel)}
}

// CompletedWithIssues keeps what the console of AWS Backup shows as completed with issues: jobs in
// the state COMPLETED with a message category other than SUCCESS. A job without a category is not
// one. The state is asked of the service, the category is checked on items.
func (f BackupJobFilter) CompletedWithIssues() BackupJobFilter {
	f = f.States(types.BackupJobStateCompleted)
	return BackupJobFilter{backupJobs.flag(f.c, keyCompletedWithIssues)}
}

// CreatedAfter keeps the jobs created after a time (ByCreatedAfter). Whether a job of exactly that time
// is among them is the service's to say: [BackupJobFilter.CreatedBetween] is exact. The zero time is an
// error ([ErrFilter]).
func (f BackupJobFilter) CreatedAfter(t time.Time) BackupJobFilter {
	return BackupJobFilter{backupJobs.limit(f.c, keyCreatedAfter, t)}
}

// CreatedBefore keeps the jobs created before a time (ByCreatedBefore). Whether a job of exactly that
// time is among them is the service's to say: [BackupJobFilter.CreatedBetween] is exact. The zero time
// is an error ([ErrFilter]).
func (f BackupJobFilter) CreatedBefore(t time.Time) BackupJobFilter {
	return BackupJobFilter{backupJobs.limit(f.c, keyCreatedBefore, t)}
}

// CreatedBetween keeps the jobs created at from or later, and before to, exactly: the service is
// asked for a little more and the items are checked. A zero time leaves that end open.
func (f BackupJobFilter) CreatedBetween(from, to time.Time) BackupJobFilter {
	return BackupJobFilter{f.c.between(from, to)}
}

// CompletedAfter keeps the jobs completed after a time (ByCompleteAfter). Whether a job of exactly that
// time is among them is the service's to say. The zero time is an error ([ErrFilter]).
func (f BackupJobFilter) CompletedAfter(t time.Time) BackupJobFilter {
	return BackupJobFilter{backupJobs.limit(f.c, keyCompletedAfter, t)}
}

// CompletedBefore keeps the jobs completed before a time (ByCompleteBefore). Whether a job of exactly
// that time is among them is the service's to say. The zero time is an error ([ErrFilter]).
func (f BackupJobFilter) CompletedBefore(t time.Time) BackupJobFilter {
	return BackupJobFilter{backupJobs.limit(f.c, keyCompletedBefore, t)}
}

func (f BackupJobFilter) narrow(k key, values []string) BackupJobFilter {
	return BackupJobFilter{backupJobs.narrow(f.c, k, values)}
}

// Validate joins all that is wrong with the filter ([ErrFilter]): empty ids, reversed times, a name
// where an ARN is due. A listing calls it before its first request.
func (f BackupJobFilter) Validate() error { return backupJobs.valid(f.c) }

// Match reports whether the filter keeps a job, without a request. A job has to show what is asked of
// it: one without a creation time is not created after anything.
func (f BackupJobFilter) Match(job types.BackupJob) bool { return backupJobs.match(f.c, &job) }

// Explain says what the service answers, what is checked on items, and how many chains are read. It
// warns of times before the 30 days that AWS Backup keeps jobs.
func (f BackupJobFilter) Explain() Explanation {
	return backupJobs.explain(f.c, time.Now().Add(-retention))
}

// Shards splits the filter into disjoint ones whose union it is: by creation time, on a grid of UTC
// that is laid over what the filter leaves of the 30 days before now. The first takes in all that is
// earlier and the last all that is later, where the filter does. They are plain values: anything that
// carries JSON can list them anywhere. A filter that matches nothing has no shards, one that cannot be
// meant has itself for its only one. Where every would make more than 10,000 of them, they are wider;
// zero or less makes one. A job without a creation time, which AWS Backup never sends, is in none of
// several.
func (f BackupJobFilter) Shards(now time.Time, every time.Duration) []BackupJobFilter {
	return shardsOf(backupJobs, f.c, now, every, func(c criteria) BackupJobFilter { return BackupJobFilter{c} })
}

// String is the filter for people to read.
func (f BackupJobFilter) String() string { return backupJobs.format(f.c) }

// MarshalJSON is the filter as a JSON object; equal filters give equal bytes. It is an error only for a
// time that JSON cannot hold, of a year after 9999.
func (f BackupJobFilter) MarshalJSON() ([]byte, error) { return backupJobs.marshal(f.c) }

// UnmarshalJSON reads what MarshalJSON wrote. A member that it does not know is an error ([ErrFilter]),
// never a wider filter; the filter then stays what it was.
func (f *BackupJobFilter) UnmarshalJSON(data []byte) error { return backupJobs.unmarshal(data, &f.c) }

func (f *BackupJobFilter) operation() string { return backupJobs.op }

// CopyJobFilter says which jobs [CopyJobs] lists. What is said of [BackupJobFilter] holds for it too,
// with ListCopyJobs for ListBackupJobs.
type CopyJobFilter struct{ c criteria }

// States keeps the jobs in one of the states (ByState). The chains of several are read in the order of
// a job's life, those of final states last, so that a job that moves on meanwhile is delivered once.
func (f CopyJobFilter) States(values ...types.CopyJobState) CopyJobFilter {
	return f.narrow(keyStates, texts(values...))
}

// DestinationVaults keeps the jobs that copy into one of the vaults, by ARN (ByDestinationVaultArn).
func (f CopyJobFilter) DestinationVaults(arns ...string) CopyJobFilter {
	return f.narrow(keyDestinationVaults, arns)
}

// SourceRecoveryPoints keeps the jobs that copy one of the recovery points, by ARN
// (BySourceRecoveryPointArn).
func (f CopyJobFilter) SourceRecoveryPoints(arns ...string) CopyJobFilter {
	return f.narrow(keySourceRecoveryPoints, arns)
}

// Resources keeps the jobs of one of the resources, by ARN (ByResourceArn).
func (f CopyJobFilter) Resources(arns ...string) CopyJobFilter {
	return f.narrow(keyResources, arns)
}

// ResourceTypes keeps the jobs of resources of one of the types (ByResourceType): EBS, S3, "SAP HANA on
// Amazon EC2".
func (f CopyJobFilter) ResourceTypes(types ...string) CopyJobFilter {
	return f.narrow(keyResourceTypes, types)
}

// Accounts keeps the jobs of one of the accounts, by their ids of twelve digits (ByAccountId). Each is a
// chain of pages, however many there are: ListCopyJobs documents no way to ask for the whole
// organisation.
func (f CopyJobFilter) Accounts(ids ...string) CopyJobFilter { return f.narrow(keyAccounts, ids) }

// Parents keeps the child jobs of one of the parent jobs, by id (ByParentJobId).
func (f CopyJobFilter) Parents(ids ...string) CopyJobFilter { return f.narrow(keyParents, ids) }

// MessageCategories keeps the jobs with one of the message categories (ByMessageCategory): AccessDenied,
// SUCCESS. Case does not matter.
func (f CopyJobFilter) MessageCategories(categories ...string) CopyJobFilter {
	return f.narrow(keyMessageCategories, categories)
}

// TopLevel keeps the jobs without a parent job, so that a parent and its children are not counted
// twice. It is checked on items.
func (f CopyJobFilter) TopLevel() CopyJobFilter {
	return CopyJobFilter{copyJobs.flag(f.c, keyTopLevel)}
}

// CompletedWithIssues keeps what the console of AWS Backup shows as completed with issues: jobs in
// the state COMPLETED with a message category other than SUCCESS. A job without a category is not
// one. The state is asked of the service, the category is checked on items.
func (f CopyJobFilter) CompletedWithIssues() CopyJobFilter {
	f = f.States(types.CopyJobStateCompleted)
	return CopyJobFilter{copyJobs.flag(f.c, keyCompletedWithIssues)}
}

// CreatedAfter keeps the jobs created after a time (ByCreatedAfter). Whether a job of exactly that time
// is among them is the service's to say: [CopyJobFilter.CreatedBetween] is exact. The zero time is an
// error ([ErrFilter]).
func (f CopyJobFilter) CreatedAfter(t time.Time) CopyJobFilter {
	return CopyJobFilter{copyJobs.limit(f.c, keyCreatedAfter, t)}
}

// CreatedBefore keeps the jobs created before a time (ByCreatedBefore). Whether a job of exactly that
// time is among them is the service's to say: [CopyJobFilter.CreatedBetween] is exact. The zero time is
// an error ([ErrFilter]).
func (f CopyJobFilter) CreatedBefore(t time.Time) CopyJobFilter {
	return CopyJobFilter{copyJobs.limit(f.c, keyCreatedBefore, t)}
}

// CreatedBetween keeps the jobs created at from or later, and before to, exactly: the service is
// asked for a little more and the items are checked. A zero time leaves that end open.
func (f CopyJobFilter) CreatedBetween(from, to time.Time) CopyJobFilter {
	return CopyJobFilter{f.c.between(from, to)}
}

// CompletedAfter keeps the jobs completed after a time (ByCompleteAfter). Whether a job of exactly that
// time is among them is the service's to say. The zero time is an error ([ErrFilter]).
func (f CopyJobFilter) CompletedAfter(t time.Time) CopyJobFilter {
	return CopyJobFilter{copyJobs.limit(f.c, keyCompletedAfter, t)}
}

// CompletedBefore keeps the jobs completed before a time (ByCompleteBefore). Whether a job of exactly
// that time is among them is the service's to say. The zero time is an error ([ErrFilter]).
func (f CopyJobFilter) CompletedBefore(t time.Time) CopyJobFilter {
	return CopyJobFilter{copyJobs.limit(f.c, keyCompletedBefore, t)}
}

func (f CopyJobFilter) narrow(k key, values []string) CopyJobFilter {
	return CopyJobFilter{copyJobs.narrow(f.c, k, values)}
}

// Validate joins all that is wrong with the filter ([ErrFilter]): empty ids, reversed times, a name
// where an ARN is due. A listing calls it before its first request.
func (f CopyJobFilter) Validate() error { return copyJobs.valid(f.c) }

// Match reports whether the filter keeps a job, without a request. A job has to show what is asked of
// it: one without a creation time is not created after anything.
func (f CopyJobFilter) Match(job types.CopyJob) bool { return copyJobs.match(f.c, &job) }

// Explain says what the service answers, what is checked on items, and how many chains are read. It
// warns of times before the 30 days that AWS Backup keeps jobs.
func (f CopyJobFilter) Explain() Explanation {
	return copyJobs.explain(f.c, time.Now().Add(-retention))
}

// Shards splits the filter into disjoint ones whose union it is: by creation time, on a grid of UTC
// that is laid over what the filter leaves of the 30 days before now. The first takes in all that is
// earlier and the last all that is later, where the filter does. They are plain values: anything that
// carries JSON can list them anywhere. A filter that matches nothing has no shards, one that cannot be
// meant has itself for its only one. Where every would make more than 10,000 of them, they are wider;
// zero or less makes one. A job without a creation time, which AWS Backup never sends, is in none of
// several.
func (f CopyJobFilter) Shards(now time.Time, every time.Duration) []CopyJobFilter {
	return shardsOf(copyJobs, f.c, now, every, func(c criteria) CopyJobFilter { return CopyJobFilter{c} })
}

// String is the filter for people to read.
func (f CopyJobFilter) String() string { return copyJobs.format(f.c) }

// MarshalJSON is the filter as a JSON object; equal filters give equal bytes. It is an error only for a
// time that JSON cannot hold, of a year after 9999.
func (f CopyJobFilter) MarshalJSON() ([]byte, error) { return copyJobs.marshal(f.c) }

// UnmarshalJSON reads what MarshalJSON wrote. A member that it does not know is an error ([ErrFilter]),
// never a wider filter; the filter then stays what it was.
func (f *CopyJobFilter) UnmarshalJSON(data []byte) error { return copyJobs.unmarshal(data, &f.c) }

func (f *CopyJobFilter) operation() string { return copyJobs.op }
