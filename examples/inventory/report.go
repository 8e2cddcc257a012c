package main

import (
	"cmp"
	"slices"
	"time"
)

// Report is what there is and what needs attention, as -json prints it.
type Report struct {
	At     time.Time `json:"at"`   // the instant that hours are counted from
	Live   bool      `json:"live"` // false: recorded data
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
	Children int            `json:"children"`       // not counted: their parents are
	From     *time.Time     `json:"from,omitempty"` // when the oldest was created
	To       *time.Time     `json:"to,omitempty"`   // and the newest
	Complete bool           `json:"complete"`
}

// Size is what AWS Backup reports about the completed jobs of one resource type. Sizes of different
// types are different things.
type Size struct {
	ResourceType string `json:"resourceType"`
	Jobs         int    `json:"jobs"`
	Reporting    int    `json:"reporting"` // jobs with a size
	Bytes        int64  `json:"bytes"`     // of those
	Meaning      string `json:"meaning"`   // what AWS reports as the size of such a job
}

// Cause is what problems are grouped by.
type Cause struct {
	Outcome  string `json:"outcome"` // FAILED, EXPIRED, PARTIAL, ABORTED, COMPLETED_WITH_ISSUES
	Region   string `json:"region"`
	Account  string `json:"account,omitempty"`
	Vault    string `json:"vault,omitempty"` // of copies: the destination's ARN
	Plan     string `json:"plan,omitempty"`
	Category string `json:"messageCategory,omitempty"`
}

// severity is the order of outcomes: what left nothing behind comes first.
func severity(outcome string) int {
	return slices.Index([]string{"FAILED", "EXPIRED", "ABORTED", "PARTIAL", withIssues}, outcome)
}

func (c Cause) compare(d Cause) int {
	return cmp.Or(
		cmp.Compare(severity(c.Outcome), severity(d.Outcome)), cmp.Compare(c.Vault, d.Vault), cmp.Compare(c.Plan, d.Plan),
		cmp.Compare(c.Category, d.Category), cmp.Compare(c.Region, d.Region), cmp.Compare(c.Account, d.Account),
	)
}

// Problem is the jobs or backups that share a cause.
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

// LateJob is a backup job that has not started, though its StartBy is over.
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

// Deletion is a CloudHSM backup that is to be deleted.
type Deletion struct {
	BackupID  string     `json:"backupId"`
	ClusterID string     `json:"clusterId,omitempty"`
	Region    string     `json:"region"`
	Created   time.Time  `json:"created,omitzero"`
	DeleteAt  *time.Time `json:"deleteAt"` // null: the service does not say when
	HoursLeft *float64   `json:"hoursLeft"`
}

// compare puts first what is deleted first, and before that what may be deleted at any time.
func (d Deletion) compare(e Deletion) int {
	due := func(d Deletion) time.Time {
		if d.DeleteAt == nil {
			return time.Time{}
		}
		return *d.DeleteAt
	}
	return cmp.Or(due(d).Compare(due(e)), cmp.Compare(d.BackupID, e.BackupID))
}

// List is the first few of something, and how many there are.
type List[T any] struct {
	Total int `json:"total"`
	First []T `json:"first"`
}

// Gap is what could not be read to its end.
type Gap struct {
	Service string `json:"service"`
	Region  string `json:"region"`
	Reason  string `json:"reason"`
	Read    int    `json:"read"` // what was counted before
	Error   string `json:"error"`
}

// needAttention is how many jobs and backups do.
func (r Report) needAttention() int {
	n := r.Late.Total + r.Deletions.Total
	for _, problems := range [][]Problem{r.BackupJobs, r.CopyJobs, r.OpsWorksBackups} {
		n += jobs(problems)
	}
	return n
}

// jobs is how many jobs or backups have a problem.
func jobs(problems []Problem) (n int) {
	for _, p := range problems {
		n += p.Count
	}
	return n
}

// exitStatus tells the caller how it stands; what is missing counts more than what was found.
func (r Report) exitStatus() int {
	switch {
	case len(r.NotReached) > 0:
		return exitIncomplete
	case r.Findings > 0:
		return exitFindings
	}
	return exitClean
}
