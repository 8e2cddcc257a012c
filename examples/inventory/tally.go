package main

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// tally counts the entries of a listing one by one. Its size grows with the number of states, types,
// vaults, plans and categories, not with the number of entries.
type tally struct {
	region string
	now    time.Time

	count    int
	children int // jobs with a parent, which are left out because the parent is counted
	states   map[string]int
	from, to time.Time
	sizes    map[string]Size
	problems map[Cause]Problem

	late      shortlist[LateJob]
	deletions shortlist[Deletion]
}

func newTally(region string, now time.Time, show int) *tally {
	return &tally{
		region: region, now: now,
		states: map[string]int{}, sizes: map[string]Size{}, problems: map[Cause]Problem{},
		late:      shortlist[LateJob]{most: show, compare: LateJob.compare},
		deletions: shortlist[Deletion]{most: show, compare: Deletion.compare},
	}
}

func (t *tally) add(e entry) {
	t.count++
	t.states[cmp.Or(e.state, "UNKNOWN")]++
	t.span(e.created)
	t.size(e)
	if e.outcome != "" {
		t.problem(e)
	}
	if !e.startBy.IsZero() && e.startBy.Before(t.now) {
		t.late.add(t.lateJob(e))
	}
	if e.deleting {
		t.deletions.add(t.deletion(e))
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
	s := t.sizes[e.kind]
	s.ResourceType = e.kind
	s.Jobs++
	if e.bytes != nil {
		s.Reporting++
		s.Bytes += *e.bytes
	}
	t.sizes[e.kind] = s
}

func (t *tally) problem(e entry) {
	cause := Cause{e.outcome, t.region, e.account, e.vault, e.plan, e.category}
	p := t.problems[cause]
	p.Cause = cause
	p.Count++
	if p.Count == 1 || e.created.After(p.Newest.Created) {
		p.Newest = e.job()
	}
	t.problems[cause] = p
}

func (e entry) job() Job {
	return Job{ID: e.id, Created: e.created, Resource: e.resource, ResourceType: e.kind, Message: e.message}
}

func (t *tally) lateJob(e entry) LateJob {
	return LateJob{
		Job: e.job(), Region: t.region, Account: e.account, State: e.state, Vault: e.vault, Plan: e.plan,
		StartBy: e.startBy, HoursLate: hours(t.now.Sub(e.startBy)),
	}
}

func (t *tally) deletion(e entry) Deletion {
	d := Deletion{BackupID: e.id, ClusterID: e.resource, Region: t.region, Created: e.created}
	if !e.deleteAt.IsZero() {
		left := max(0, hours(e.deleteAt.Sub(t.now)))
		d.DeleteAt, d.HoursLeft = &e.deleteAt, &left
	}
	return d
}

// hours converts to hours with one decimal, rounded down: the report never shows more time than is left.
func hours(d time.Duration) float64 { return math.Floor(d.Hours()*10) / 10 }

// merge adds the parts of another tally that the report shows across regions and services.
func (t *tally) merge(other *tally) {
	t.late.merge(other.late)
	t.deletions.merge(other.deletions)
	for kind, s := range other.sizes {
		sum := t.sizes[kind]
		t.sizes[kind] = Size{
			ResourceType: kind,
			Jobs:         sum.Jobs + s.Jobs, Reporting: sum.Reporting + s.Reporting, Bytes: sum.Bytes + s.Bytes,
		}
	}
}

func (t *tally) grouped() []Problem { return slices.Collect(maps.Values(t.problems)) }

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
	items   []T
}

func (l *shortlist[T]) add(item T) {
	l.total++
	i, _ := slices.BinarySearchFunc(l.items, item, l.compare)
	l.items = slices.Insert(l.items, i, item)
	l.items = l.items[:min(len(l.items), l.most)]
}

func (l *shortlist[T]) merge(other shortlist[T]) {
	total := l.total + other.total
	for _, item := range other.items {
		l.add(item)
	}
	l.total = total
}

func (l *shortlist[T]) list() List[T] {
	return List[T]{Total: l.total, First: append([]T{}, l.items...)}
}
