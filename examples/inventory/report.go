package main

import (
	"cmp"
	"slices"
	"time"
)

// Report is the inventory and what needs attention in it, as -json prints it.
type Report struct {
	At     time.Time `json:"at"`   // the time that hours are counted from
	Live   bool      `json:"live"` // false for recorded data
	Source string    `json:"source"`

	Findings int     `json:"findings"` // jobs and backups that need attention
	Totals   []Total `json:"totals"`
	Sizes    []Size  `json:"sizes"`

	BackupJobs      []Problem      `json:"backupJobs"`
	Late            List[LateJob]  `json:"pastStartBy"`
	CopyJobs        []Problem      `json:"copyJobs"`
	Deletions       List[Deletion] `json:"pendingDeletion"`
	OpsWorksBackups []Problem      `json:"opsworksBackups"`

	NotReached []Gap `json:"notReached"`
}

// Total counts one service in one region.
type Total struct {
	Service  string         `json:"service"`
	Region   string         `json:"region"`
	Count    int            `json:"count"`
	States   map[string]int `json:"states"`
	Children int            `json:"children"`       // jobs with a parent, which Count leaves out
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
	return slices.Index([]string{"FAILED", "EXPIRED", "ABORTED", "PARTIAL", withIssues}, outcome)
}

func (c Cause) compare(d Cause) int {
	return cmp.Or(
		cmp.Compare(severity(c.Outcome), severity(d.Outcome)), cmp.Compare(c.Vault, d.Vault), cmp.Compare(c.Plan, d.Plan),
		cmp.Compare(c.Category, d.Category), cmp.Compare(c.Region, d.Region), cmp.Compare(c.Account, d.Account),
	)
}

// Problem is a cause with the number of jobs or backups that have it, and the newest of them.
type Problem struct {
	Cause
	Count  int `json:"count"`
	Newest Job `json:"newest"`
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

// needAttention returns the number of jobs and backups that need attention.
func (r Report) needAttention() int {
	n := r.Late.Total + r.Deletions.Total
	for _, problems := range [][]Problem{r.BackupJobs, r.CopyJobs, r.OpsWorksBackups} {
		n += jobs(problems)
	}
	return n
}

// jobs returns the number of jobs or backups that the problems have.
func jobs(problems []Problem) (n int) {
	for _, p := range problems {
		n += p.Count
	}
	return n
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
