// Package recency tells for each resource when it was backed up last, and which of its failed jobs no later success has
// cured. The programs under examples share it.
//
// Feed [Resources] with jobs in any order. The memory it takes grows with resources and with the causes of their failures,
// not with jobs. The rules:
//
//   - COMPLETED is the only state of a completed backup. A PARTIAL job is a failure: its recovery point lacks something. A
//     job that is completed with issues (COMPLETED with a message category other than SUCCESS) is both a completed backup
//     and a failure, with the outcome [WithIssues]. A job that has not ended is neither.
//   - The newest completed job is the one that was completed last. Where the service gives no completion time, the creation
//     time counts.
//   - A failure is cured by a completed job of the same resource that was created after the failed one, in whatever vault and
//     by whatever plan. A job that was created before and completed after the failed one cures nothing: its recovery point
//     is of an earlier time than the one that is missing. Issues are cured by a job without issues only.
//   - A copy is cured by a later copy of the same resource to the same destination vault only: each vault is one of the lines
//     that [Resources] tells.
//   - Jobs with a parent are left out, because the parent's state tells how they ended.
//   - Jobs without the ARN of a resource are kept by their type and account. Nothing cures their failures, and nobody knows
//     when such a resource was backed up.
package recency

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx"
)

// WithIssues is the outcome of a job that the console of AWS Backup calls completed with issues.
const WithIssues = "COMPLETED_WITH_ISSUES"

// Place is where a listing came from. Equal ARNs of different places are different resources.
type Place struct{ Source, Account, Region string }

// Subject is what a job is about.
type Subject struct {
	ARN         string // empty for the jobs of a type that have none
	Type, Name  string
	Destination string // the ARN of the vault that copies go to; empty for backups
}

// ShortName returns the last part of an ARN: i-0123, my-bucket; any other text as it is.
func ShortName(resource string) string {
	a, err := arn.Parse(resource)
	if err != nil {
		return resource
	}
	return a.Resource[strings.LastIndexAny(a.Resource, "/:")+1:]
}

// Job is a job of a resource.
type Job struct {
	ID, State, Vault, Plan, Category, Message string
	Created, Completed                        time.Time // in UTC; zero where the service gives none

	Succeeded bool   // a completed backup or copy, with or without issues
	Outcome   string // the state of a job that failed, [WithIssues], or empty
}

// Ended returns the time that counts as the end of a job that has ended: its completion, or its creation if the service
// gives no completion.
func (j Job) Ended() time.Time {
	if j.Completed.IsZero() {
		return j.Created
	}
	return j.Completed
}

// outcome returns the outcome of a job that failed, or has issues; empty for others.
func (j Job) outcome(failed, issues bool) string {
	switch {
	case failed:
		return j.State
	case issues:
		return WithIssues
	}
	return ""
}

// Cause is what the failures of a resource are grouped by.
type Cause struct {
	Outcome, Vault, Plan, Category string
}

// Failure is the failed jobs of one resource that have the same cause.
type Failure struct {
	Cause
	Jobs    int  // all of them, whether or not an earlier success cured some
	Newest  Job  // the one created last
	CuredBy *Job // a completed job that was created after Newest; nil if there is none
}

// Resource is what is known of one resource: of its backups, or of its copies to one vault.
type Resource struct {
	Subject
	Place Place // Account is the job's where the job has one

	Jobs      int       // that were fed, jobs with a parent excepted
	Latest    *Job      // the job created last, in whatever state; nil if none was fed
	Completed *Job      // the job completed last; nil if none was fed
	Protected bool      // AWS Backup names the resource as one that it has backed up, see [Resources.Protect]
	LastSeen  time.Time // when AWS Backup says that it backed up the resource last; zero if it was not asked

	cure, cleanCure *Job // the completed job created last, and the one without issues
	failures        map[Cause]*Failure
}

// Last returns when the resource was backed up last, as far as its jobs or AWS Backup's own word tell; zero if they tell of
// no backup.
func (r *Resource) Last() time.Time {
	last := r.LastSeen
	if r.Completed != nil && r.Completed.Ended().After(last) {
		last = r.Completed.Ended()
	}
	return last
}

// Age returns how old the newest backup is at a time; false if there is none.
func (r *Resource) Age(now time.Time) (age time.Duration, ok bool) {
	last := r.Last()
	return max(0, now.Sub(last)), !last.IsZero()
}

// Overdue reports whether the resource has no backup within a time before now. It is false for jobs without an ARN.
func (r *Resource) Overdue(now time.Time, within time.Duration) bool {
	age, ok := r.Age(now)
	return r.ARN != "" && (!ok || age > within)
}

// Reading is what was read of the place of a resource.
type Reading struct {
	Since     time.Time // jobs were listed that were created at that time or later
	Jobs      bool      // all of these jobs were read
	Protected bool      // the resources that AWS Backup says it has backed up were all read
}

// Proves reports whether a resource that is overdue has no newer backup for certain: AWS Backup tells when it backed up the
// resource last, or a newer backup would be among what was read.
func (r Reading) Proves(one *Resource, now time.Time, within time.Duration) bool {
	reachesBack := !r.Since.After(now.Add(-within))
	return !one.LastSeen.IsZero() || r.Jobs && (reachesBack || r.Protected)
}

// Failures returns the failures, newest first.
func (r *Resource) Failures() []Failure {
	all := make([]Failure, 0, len(r.failures))
	for _, f := range r.failures {
		f := *f
		f.CuredBy = r.cureOf(f)
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Failure) int {
		return cmp.Or(b.Newest.Created.Compare(a.Newest.Created), cmp.Compare(a.Newest.ID, b.Newest.ID))
	})
	return all
}

// cureOf returns the job that cures a failure; nil if there is none.
func (r *Resource) cureOf(f Failure) *Job {
	cure := r.cure
	if f.Outcome == WithIssues {
		cure = r.cleanCure
	}
	if r.ARN == "" || cure == nil || !cure.Created.After(f.Newest.Created) {
		return nil
	}
	return cure
}

// Fate is what became of a failure.
type Fate int

const (
	Open   Fate = iota // no later success cured it
	Cured              // a later success did
	Unsure             // a later success may be among the jobs that were not read
)

// Fate returns what became of a failure of the resource; allRead is whether all jobs of its place were read.
func (r *Resource) Fate(f Failure, allRead bool) Fate {
	switch {
	case f.CuredBy != nil:
		return Cured
	case allRead || r.ARN == "":
		return Open
	}
	return Unsure
}

// ByAge orders resources by their newest backup: those without one first, then the oldest.
func ByAge(a, b *Resource) int {
	return cmp.Or(
		a.Last().Compare(b.Last()), cmp.Compare(a.Place.Source, b.Place.Source), cmp.Compare(a.ARN, b.ARN),
		cmp.Compare(a.Type, b.Type), cmp.Compare(a.Place.Account, b.Place.Account), cmp.Compare(a.Destination, b.Destination),
	)
}

// Resources collects the jobs of resources. The zero value is empty and ready. It is for one goroutine.
type Resources struct{ all map[key]*Resource }

// key identifies a resource. The type and the account are empty if there is an ARN.
type key struct{ source, arn, kind, account, destination string }

// All returns the resources in the order of [ByAge].
func (r *Resources) All() []*Resource {
	all := make([]*Resource, 0, len(r.all))
	for _, one := range r.all {
		all = append(all, one)
	}
	slices.SortFunc(all, ByAge)
	return all
}

// The jobs that are failures.
var (
	backupFailed    = backupx.BackupJobFilter{}.Unsuccessful()
	backupHasIssues = backupx.BackupJobFilter{}.CompletedWithIssues()
	copyFailed      = backupx.CopyJobFilter{}.Unsuccessful()
	copyHasIssues   = backupx.CopyJobFilter{}.CompletedWithIssues()
)

// Backup adds a backup job that was listed at a place.
func (r *Resources) Backup(p Place, j types.BackupJob) {
	if j.ParentJobId != nil {
		return
	}
	job := jobOf(backupx.RecordOf(j), j.CreatedBy)
	job.Succeeded = j.State == types.BackupJobStateCompleted
	job.Outcome = job.outcome(backupFailed.Match(j), backupHasIssues.Match(j))
	r.Add(p.of(j.AccountId), subject(j.ResourceArn, j.ResourceType, j.ResourceName), job)
}

// Copy adds a copy job that was listed at a place.
func (r *Resources) Copy(p Place, j types.CopyJob) {
	if j.ParentJobId != nil {
		return
	}
	job := jobOf(backupx.RecordOf(j), j.CreatedBy)
	job.Succeeded = j.State == types.CopyJobStateCompleted
	job.Outcome = job.outcome(copyFailed.Match(j), copyHasIssues.Match(j))
	about := subject(j.ResourceArn, j.ResourceType, j.ResourceName)
	about.Destination = aws.ToString(j.DestinationBackupVaultArn)
	r.Add(p.of(j.AccountId), about, job)
}

// Protect adds a resource that AWS Backup says it has backed up (ListProtectedResources), whether or not it has jobs.
func (r *Resources) Protect(p Place, one types.ProtectedResource) {
	var account *string
	if id, err := arn.Parse(aws.ToString(one.ResourceArn)); err == nil {
		account = &id.AccountID
	}
	known := r.resource(p.of(account), subject(one.ResourceArn, one.ResourceType, one.ResourceName))
	known.Protected, known.LastSeen = true, aws.ToTime(one.LastBackupTime).UTC()
}

// of returns the place with the account of a job, if that is known.
func (p Place) of(account *string) Place {
	p.Account = cmp.Or(aws.ToString(account), p.Account)
	return p
}

func subject(arn, kind, name *string) Subject {
	return Subject{ARN: aws.ToString(arn), Type: aws.ToString(kind), Name: aws.ToString(name)}
}

func jobOf(r backupx.Record, by *types.RecoveryPointCreator) Job {
	return Job{
		ID: r.ID, State: r.State, Vault: r.Vault, Plan: Plan(by), Category: r.Category, Message: r.Message,
		Created: r.Created, Completed: r.Completed,
	}
}

// OnDemand is the plan of a job that no backup plan started.
const OnDemand = "on demand"

// Plan returns the name or the id of the backup plan that started a job, or [OnDemand].
func Plan(by *types.RecoveryPointCreator) string {
	if by == nil {
		return OnDemand
	}
	return cmp.Or(aws.ToString(by.BackupPlanName), aws.ToString(by.BackupPlanId), OnDemand)
}

// resource returns what is known of a subject, with what the subject adds to it.
func (r *Resources) resource(p Place, about Subject) *Resource {
	k := key{source: p.Source, arn: about.ARN, destination: about.Destination}
	if about.ARN == "" {
		k.kind, k.account = about.Type, p.Account
	}
	known := r.all[k]
	if known == nil {
		if r.all == nil {
			r.all = map[key]*Resource{}
		}
		known = &Resource{Subject: about, Place: p}
		r.all[k] = known
	}
	known.Place.Account = cmp.Or(known.Place.Account, p.Account)
	known.Type, known.Name = cmp.Or(known.Type, about.Type), cmp.Or(known.Name, about.Name)
	return known
}

// Add adds a job of any service. [Resources.Backup] and [Resources.Copy] add those of AWS Backup.
func (r *Resources) Add(p Place, about Subject, j Job) {
	known := r.resource(p, about)
	known.Jobs++
	keepLater(&known.Latest, j, Job.created)
	if j.Succeeded {
		keepLater(&known.Completed, j, Job.Ended)
		keepLater(&known.cure, j, Job.created)
		if j.Outcome == "" {
			keepLater(&known.cleanCure, j, Job.created)
		}
	}
	if j.Outcome != "" {
		known.fail(j)
	}
}

func (r *Resource) fail(j Job) {
	c := Cause{j.Outcome, j.Vault, j.Plan, j.Category}
	f := r.failures[c]
	if f == nil {
		if r.failures == nil {
			r.failures = map[Cause]*Failure{}
		}
		f = &Failure{Cause: c, Newest: j}
		r.failures[c] = f
	}
	f.Jobs++
	if later(f.Newest, j, Job.created) {
		f.Newest = j
	}
}

func (j Job) created() time.Time { return j.Created }

// keepLater replaces a job by a later one.
func keepLater(known **Job, j Job, at func(Job) time.Time) {
	if *known == nil || later(**known, j, at) {
		kept := j // a copy for each job that is kept, and none for the others
		*known = &kept
	}
}

// later reports whether a job is later than the one that is known. Of two jobs with the same time the lesser id is the later
// one, so that the order in which jobs are fed has no meaning.
func later(known, j Job, at func(Job) time.Time) bool {
	return cmp.Or(at(j).Compare(at(known)), cmp.Compare(known.ID, j.ID)) > 0
}
