package main

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/recency"
)

// collected returns the resources of all parts, those without a backup first, then the oldest.
func collected(parts []*part) []*recency.Resource {
	all := lo.FlatMap(parts, func(p *part, _ int) []*recency.Resource { return p.resources.All() })
	slices.SortStableFunc(all, recency.ByAge)
	return all
}

// resources returns the resources with an ARN as the report has them. The function judge says whether a resource has no
// recent backup.
func (r reader) resources(parts []*part, judge func(*recency.Resource) *bool) []Resource {
	named := lo.Filter(collected(parts), func(one *recency.Resource, _ int) bool { return one.ARN != "" })
	return lo.Map(named, func(one *recency.Resource, _ int) Resource {
		out := resource(one, r.now)
		out.Overdue = judge(one)
		return out
	})
}

// notJudged is the verdict of copies.
func notJudged(*recency.Resource) *bool { return nil }

// readings returns what was read of each region.
func (r reader) readings(jobs, protected []*part) map[string]recency.Reading {
	complete := lo.SliceToMap(protected, func(p *part) (string, bool) { return p.place.region, p.err == nil })
	return lo.SliceToMap(jobs, func(p *part) (string, recency.Reading) {
		since := lo.CoalesceOrEmpty(r.begin, r.now.Add(-kept))
		return p.place.region, recency.Reading{Since: since, Jobs: p.err == nil, Protected: complete[p.place.region]}
	})
}

// judge says whether a resource has no backup within -max-age; nil if that is not asked for or not known, because a newer
// backup may be among what was not read.
func (r reader) judge(one *recency.Resource, of recency.Reading) *bool {
	overdue := one.Overdue(r.now, r.maxAge)
	if r.maxAge == 0 || overdue && !of.Proves(one, r.now, r.maxAge) {
		return nil
	}
	return &overdue
}

func resource(r *recency.Resource, now time.Time) Resource {
	out := Resource{
		Resource: r.ARN, ResourceType: r.Type, Name: r.Name, Region: r.Place.Region, Account: r.Place.Account, Destination: r.Destination,
		Jobs: r.Jobs, Newest: completed(r.Completed), LastBackup: lo.EmptyableToPtr(r.LastSeen), Failures: []Failure{},
	}
	if age, ok := r.Age(now); ok {
		out.AgeHours, out.last = lo.ToPtr(hours(age)), r.Last()
	}
	for _, f := range r.Failures() {
		out.Failures = append(out.Failures, Failure{
			Cause: causeOf(r, f), Count: f.Jobs, Newest: newest(r, f), CuredBy: completed(f.CuredBy),
		})
	}
	return out
}

func completed(j *recency.Job) *Completed {
	if j == nil {
		return nil
	}
	return &Completed{ID: j.ID, Created: j.Created, Completed: j.Completed, Vault: j.Vault, Plan: j.Plan}
}

func causeOf(r *recency.Resource, f recency.Failure) Cause {
	return Cause{f.Outcome, r.Place.Region, r.Place.Account, f.Vault, f.Plan, f.Category}
}

func newest(r *recency.Resource, f recency.Failure) Job {
	return Job{ID: f.Newest.ID, Created: f.Newest.Created, Resource: r.ARN, ResourceType: r.Type, Message: f.Newest.Message}
}

// failing counts the resources that have a failure without a cure, each once, to however many vaults it is copied.
func failing(parts []*part) *int {
	failing := lo.Filter(collected(parts), func(r *recency.Resource, _ int) bool {
		return lo.SomeBy(r.Failures(), func(f recency.Failure) bool { return f.CuredBy == nil })
	})
	return lo.ToPtr(len(lo.UniqBy(failing, func(r *recency.Resource) [4]string {
		return [4]string{r.Place.Source, r.ARN, r.Type, r.Place.Account}
	})))
}

// problems groups the failures of the parts by cause: those without a cure, and those that a later success cured. Causes
// with the most jobs come first.
func problems(parts []*part) (open, cured []Problem) {
	groups := map[bool]map[Cause]*Problem{false: {}, true: {}}
	for _, r := range collected(parts) {
		for _, f := range r.Failures() {
			causes, cause := groups[f.CuredBy != nil], causeOf(r, f)
			p, ok := causes[cause]
			if !ok {
				p = &Problem{Cause: cause}
				causes[cause] = p
			}
			p.add(Failed{Job: newest(r, f), Count: f.Jobs, CuredBy: completed(f.CuredBy)})
		}
	}
	return mostFirst(groups[false]), mostFirst(groups[true])
}

func (p *Problem) add(f Failed) {
	p.Count += f.Count
	p.Resources = append(p.Resources, f)
	if len(p.Resources) == 1 || f.Created.After(p.Newest.Created) {
		p.Newest = f.Job
	}
}

// mostFirst sorts problems by their number of jobs, largest first, and the resources of each by their newest failure.
func mostFirst(by map[Cause]*Problem) []Problem {
	out := []Problem{} // JSON has [], not null
	for _, p := range slices.SortedFunc(maps.Values(by), func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), a.Cause.compare(b.Cause))
	}) {
		slices.SortStableFunc(p.Resources, func(a, b Failed) int { return b.Created.Compare(a.Created) })
		out = append(out, *p)
	}
	return out
}
