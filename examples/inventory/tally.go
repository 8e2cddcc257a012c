package main

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// tally counts the entries of a listing one by one. Its size grows with the number of states and types, not with the
// number of entries.
type tally struct {
	region string
	now    time.Time
	within time.Duration // a deletion within this time is due

	count    int
	children int // jobs with a parent, which are left out because the parent is counted
	states   map[string]int
	from, to time.Time
	sizes    map[string]Size

	late      shortlist[LateJob]
	deletions shortlist[Deletion]
	due       int // deletions that are due
}

func newTally(region string, now time.Time, o options) *tally {
	return &tally{
		region: region, now: now, within: o.due,
		states: map[string]int{}, sizes: map[string]Size{},
		late:      shortlist[LateJob]{most: o.show, compare: LateJob.compare},
		deletions: shortlist[Deletion]{most: o.show, compare: Deletion.compare},
	}
}

func (t *tally) add(e entry) {
	if e.child {
		t.children++
		return
	}
	t.count++
	t.states[cmp.Or(e.state, "UNKNOWN")]++
	t.span(e.job.Created)
	t.size(e)
	if !e.startBy.IsZero() && e.startBy.Before(t.now) {
		t.late.add(t.lateJob(e))
	}
	if e.deleting {
		t.deletion(e)
	}
}

// span extends the time span of the entries to include created.
func (t *tally) span(created time.Time) {
	if created.IsZero() {
		return
	}
	if t.from.IsZero() || created.Before(t.from) {
		t.from = created
	}
	if created.After(t.to) {
		t.to = created
	}
}

func (t *tally) size(e entry) {
	if !e.sized {
		return
	}
	s := t.sizes[e.job.ResourceType]
	s.ResourceType = e.job.ResourceType
	s.Jobs++
	if e.bytes != nil {
		s.Reporting++
		s.Bytes += *e.bytes
	}
	t.sizes[e.job.ResourceType] = s
}

func (t *tally) lateJob(e entry) LateJob {
	return LateJob{
		Job: e.job, Region: t.region, Account: e.account, State: e.state, Vault: e.vault, Plan: e.plan,
		StartBy: e.startBy, HoursLate: hours(t.now.Sub(e.startBy)),
	}
}

// deletion adds a backup that is pending deletion. One without a time may be deleted at any moment: it is due.
func (t *tally) deletion(e entry) {
	d := Deletion{BackupID: e.job.ID, ClusterID: e.job.Resource, Region: t.region, Created: e.job.Created, Due: true}
	if !e.deleteAt.IsZero() {
		remaining := e.deleteAt.Sub(t.now)
		left := max(0, hours(remaining))
		d.DeleteAt, d.HoursLeft, d.Due = &e.deleteAt, &left, remaining <= t.within
	}
	if d.Due {
		t.due++
	}
	t.deletions.add(d)
}

// hours converts to hours with one decimal, rounded down: the report never shows more time than is left.
func hours(d time.Duration) float64 { return math.Floor(d.Hours()*10) / 10 }

// merge adds the parts of another tally that the report shows across regions and services.
func (t *tally) merge(other *tally) {
	t.late.merge(other.late)
	t.deletions.merge(other.deletions)
	t.due += other.due
	for kind, s := range other.sizes {
		sum := t.sizes[kind]
		t.sizes[kind] = Size{
			ResourceType: kind,
			Jobs:         sum.Jobs + s.Jobs, Reporting: sum.Reporting + s.Reporting, Bytes: sum.Bytes + s.Bytes,
		}
	}
}

// sized returns the sizes in the order of types, each with its meaning.
func (t *tally) sized() []Size {
	sizes := []Size{}
	for _, kind := range slices.Sorted(maps.Keys(t.sizes)) {
		s := t.sizes[kind]
		s.Meaning = s.meaning()
		sizes = append(sizes, s)
	}
	return sizes
}

// shortlist keeps the first most items in the order of compare, and counts all items.
type shortlist[T any] struct {
	most    int
	compare func(a, b T) int
	total   int
	items   []T // not in order, and up to twice as many as most
}

func (l *shortlist[T]) add(item T) {
	l.total++
	l.items = append(l.items, item)
	if len(l.items)/2 >= l.most {
		l.cut()
	}
}

// cut sorts the items and leaves the first.
func (l *shortlist[T]) cut() {
	slices.SortFunc(l.items, l.compare)
	l.items = l.items[:min(len(l.items), l.most)]
}

func (l *shortlist[T]) merge(other shortlist[T]) {
	total := l.total + other.total
	for _, item := range other.items {
		l.add(item)
	}
	l.total = total
}

func (l *shortlist[T]) list() *List[T] {
	l.cut()
	return &List[T]{Total: l.total, First: append([]T{}, l.items...)}
}
