package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/recency"
)

// Report is the inventory and what needs attention in it, as -json prints it. What was not read is null.
type Report struct {
	At       time.Time `json:"at"`   // the time that hours are counted from
	Live     bool      `json:"live"` // false for recorded data
	Source   string    `json:"source"`
	MaxAge   string    `json:"maxAge"`   // -max-age
	Due      string    `json:"due"`      // -due
	Complete bool      `json:"complete"` // false if something was not read: counts are of what was read

	Findings   int     `json:"findings"` // the sum of the summary
	Summary    Summary `json:"summary"`
	NotReached []Gap   `json:"notReached"`

	Resources []Resource `json:"resources"` // every resource: those without a backup first, then the oldest
	Copies    []Resource `json:"copies"`    // every pair of a resource and a vault that it is copied to

	BackupJobs      []Problem       `json:"backupJobs"` // failures that no later success cured
	Late            *List[LateJob]  `json:"pastStartBy"`
	CopyJobs        []Problem       `json:"copyJobs"`
	Deletions       *List[Deletion] `json:"pendingDeletion"`
	OpsWorksBackups []Problem       `json:"opsworksBackups"`

	CuredBackupJobs []Problem `json:"curedBackupJobs"`
	CuredCopyJobs   []Problem `json:"curedCopyJobs"`
	CuredOpsWorks   []Problem `json:"curedOpsworksBackups"`

	UnsureBackupJobs []Problem `json:"unsureBackupJobs"` // failures of which a later success may be unread
	UnsureCopyJobs   []Problem `json:"unsureCopyJobs"`
	UnsureOpsWorks   []Problem `json:"unsureOpsworksBackups"`

	Totals []Total `json:"totals"`
	Sizes  []Size  `json:"sizes"`
}

// Summary counts what needs attention; null is what was not asked or not read.
type Summary struct {
	NotBackedUp    *int `json:"notBackedUp"`    // resources without a backup within -max-age
	Failed         *int `json:"failed"`         // resources with a failed backup job that no later success cured
	FailedCopies   *int `json:"failedCopies"`   // resources with a failed copy that no later copy to the same vault cured
	Due            *int `json:"due"`            // CloudHSM backups that are deleted within -due
	Late           *int `json:"pastStartBy"`    // backup jobs that have not started in time
	FailedOpsWorks *int `json:"failedOpsworks"` // servers with a failed backup that no later one cured
}

// findings returns the sum of what is known.
func (s Summary) findings() (n int) {
	for _, count := range []*int{s.NotBackedUp, s.Failed, s.FailedCopies, s.Due, s.Late, s.FailedOpsWorks} {
		n += lo.FromPtr(count)
	}
	return n
}

// Resource is a resource with its newest backup, or with its newest copy to one vault.
type Resource struct {
	Resource     string     `json:"resource"` // its ARN
	ResourceType string     `json:"resourceType,omitempty"`
	Name         string     `json:"name,omitempty"`
	Region       string     `json:"region"`
	Account      string     `json:"account,omitempty"`
	Destination  string     `json:"destination,omitempty"` // of copies: the ARN of the vault
	Jobs         int        `json:"jobs"`                  // in the time that is listed
	Newest       *Completed `json:"newestCompleted"`       // null if no job completed in that time
	LastBackup   *time.Time `json:"lastBackup,omitempty"`  // with -protected: as AWS Backup says
	AgeHours     *float64   `json:"ageHours"`              // of the newest backup; null if none is known
	Overdue      *bool      `json:"overdue"`               // no backup within -max-age; null if that is not known or not asked
	Failures     []Failure  `json:"failures"`

	last time.Time // of the newest backup
}

// Completed is a job that completed.
type Completed struct {
	ID        string    `json:"id"`
	Created   time.Time `json:"created,omitzero"`
	Completed time.Time `json:"completed,omitzero"`
	Vault     string    `json:"vault,omitempty"`
	Plan      string    `json:"plan,omitempty"`
}

// Failure is the failed jobs of a resource that have one cause.
type Failure struct {
	Cause
	Count   int        `json:"count"`
	Newest  Job        `json:"newest"`
	Cured   *bool      `json:"cured"`   // whether a later success cured it; null if that may be unread
	CuredBy *Completed `json:"curedBy"` // a completed job that was created after the newest; null if none is known
}

// Total counts one service in one region.
type Total struct {
	Service  string         `json:"service"`
	Region   string         `json:"region"`
	Count    *int           `json:"count"` // null if nothing was read
	States   map[string]int `json:"states"`
	Children *int           `json:"children"`       // jobs with a parent, which Count leaves out
	From     *time.Time     `json:"from,omitempty"` // creation of the oldest item
	To       *time.Time     `json:"to,omitempty"`   // creation of the newest item
	Complete bool           `json:"complete"`
}

// Size is the size that AWS Backup reports for the completed jobs of one resource type. The meaning of a
// size depends on the type.
type Size struct {
	ResourceType string `json:"resourceType"`
	Jobs         int    `json:"jobs"`
	Reporting    int    `json:"reporting"` // jobs that have a size
	Bytes        int64  `json:"bytes"`     // sum of these sizes
	Meaning      string `json:"meaning"`   // what AWS reports as the size of such a job
}

// Cause is the key that problems are grouped by.
type Cause struct {
	Outcome  string `json:"outcome"` // FAILED, EXPIRED, PARTIAL, ABORTED, COMPLETED_WITH_ISSUES
	Region   string `json:"region"`
	Account  string `json:"account,omitempty"`
	Vault    string `json:"vault,omitempty"` // for copies, the ARN of the destination
	Plan     string `json:"plan,omitempty"`
	Category string `json:"messageCategory,omitempty"`
}

// severity orders outcomes: those that leave no recovery point come first.
func severity(outcome string) int {
	return slices.Index([]string{"FAILED", "EXPIRED", "ABORTED", "PARTIAL", recency.WithIssues}, outcome)
}

func (c Cause) compare(d Cause) int {
	return cmp.Or(
		cmp.Compare(severity(c.Outcome), severity(d.Outcome)), cmp.Compare(c.Vault, d.Vault), cmp.Compare(c.Plan, d.Plan),
		cmp.Compare(c.Category, d.Category), cmp.Compare(c.Region, d.Region), cmp.Compare(c.Account, d.Account),
	)
}

// Problem is a cause with the jobs or backups that have it, and the newest of them.
type Problem struct {
	Cause
	Count     int      `json:"count"` // all such jobs of the resources
	Newest    Job      `json:"newest"`
	Resources []Failed `json:"resources"` // every one, the newest failure first
}

// Failed is a resource that has failed jobs of a cause. Job is the newest of them.
type Failed struct {
	Job
	Count   int        `json:"count"`
	CuredBy *Completed `json:"curedBy,omitempty"`
}

// Job is one job or backup.
type Job struct {
	ID           string    `json:"id"`
	Created      time.Time `json:"created,omitzero"`
	Resource     string    `json:"resource,omitempty"`
	ResourceType string    `json:"resourceType,omitempty"`
	Message      string    `json:"message,omitempty"`
}

// LateJob is a backup job that has not started although its StartBy has passed.
type LateJob struct {
	Job
	Region    string    `json:"region"`
	Account   string    `json:"account,omitempty"`
	State     string    `json:"state"`
	Vault     string    `json:"vault,omitempty"`
	Plan      string    `json:"plan,omitempty"`
	StartBy   time.Time `json:"startBy"`
	HoursLate float64   `json:"hoursLate"`
}

func (j LateJob) compare(k LateJob) int {
	return cmp.Or(j.StartBy.Compare(k.StartBy), cmp.Compare(j.ID, k.ID))
}

// Deletion is a CloudHSM backup that is pending deletion.
type Deletion struct {
	BackupID  string     `json:"backupId"`
	ClusterID string     `json:"clusterId,omitempty"`
	Region    string     `json:"region"`
	Created   time.Time  `json:"created,omitzero"`
	DeleteAt  *time.Time `json:"deleteAt"` // null if the service gives no time
	HoursLeft *float64   `json:"hoursLeft"`
	Due       bool       `json:"due"` // deleted within -due, or at a time that is not known
}

// compare orders deletions by time. Those without a time come first: they may be deleted at any moment.
func (d Deletion) compare(e Deletion) int {
	due := func(d Deletion) time.Time {
		if d.DeleteAt == nil {
			return time.Time{}
		}
		return *d.DeleteAt
	}
	return cmp.Or(due(d).Compare(due(e)), cmp.Compare(d.BackupID, e.BackupID))
}

// List is the first items of a list, with the number of all.
type List[T any] struct {
	Total int `json:"total"`
	First []T `json:"first"`
}

// Gap is a service and region that could not be read completely.
type Gap struct {
	Service string `json:"service"`
	Region  string `json:"region"`
	Reason  string `json:"reason"`
	Read    int    `json:"read"` // items read before the failure
	Error   string `json:"error"`
}

// overdue returns the resources that have no backup within -max-age.
func (r Report) overdue() []Resource {
	return lo.Filter(r.Resources, func(one Resource, _ int) bool { return lo.FromPtr(one.Overdue) })
}

// exitStatus returns the exit status: an incomplete report outweighs findings.
func (r Report) exitStatus() int {
	switch {
	case len(r.NotReached) > 0:
		return exitIncomplete
	case r.Findings > 0:
		return exitFindings
	}
	return exitClean
}
