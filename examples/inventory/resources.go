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
	read := allRead(parts)
	return lo.Map(named, func(one *recency.Resource, _ int) Resource {
		out := resource(one, r.now, read[one.Place.Region])
		out.Overdue = judge(one)
		return out
	})
}

// notJudged is the verdict of copies.
func notJudged(*recency.Resource) *bool { return nil }

// allRead returns for each region whether the part was read completely.
func allRead(parts []*part) map[string]bool {
	return lo.SliceToMap(parts, func(p *part) (string, bool) { return p.place.region, p.err == nil })
}

// readings returns what was read of each region.
func (r reader) readings(jobs, protected []*part) map[string]recency.Reading {
	complete := allRead(protected)
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

// resource returns a resource as the report has it; allRead is whether all its jobs were read.
func resource(r *recency.Resource, now time.Time, allRead bool) Resource {
	out := Resource{
		Resource: r.ARN, ResourceType: r.Type, Name: r.Name, Region: r.Place.Region, Account: r.Place.Account, Destination: r.Destination,
		Jobs: r.Jobs, Newest: completed(r.Completed), LastBackup: lo.EmptyableToPtr(r.LastSeen), Failures: []Failure{},
	}
	if age, ok := r.Age(now); ok {
		out.AgeHours, out.last = lo.ToPtr(hours(age)), r.Last()
	}
	for _, f := range r.Failures() {
		one := Failure{Cause: causeOf(r, f), Count: f.Jobs, Newest: newest(r, f), CuredBy: completed(f.CuredBy)}
		if fate := r.Fate(f, allRead); fate != recency.Unsure {
			one.Cured = lo.ToPtr(fate == recency.Cured)
		}
		out.Failures = append(out.Failures, one)
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

// problems groups the failures of the parts by what became of them and then by cause. Causes with the most jobs come first.
func problems(parts []*part) (open, cured, unsure []Problem) {
	groups := map[recency.Fate]map[Cause]*Problem{recency.Open: {}, recency.Cured: {}, recency.Unsure: {}}
	read := allRead(parts)
	for _, r := range collected(parts) {
		for _, f := range r.Failures() {
			causes, cause := groups[r.Fate(f, read[r.Place.Region])], causeOf(r, f)
			p, ok := causes[cause]
			if !ok {
				p = &Problem{Cause: cause}
				causes[cause] = p
			}
			p.add(Failed{Job: newest(r, f), Count: f.Jobs, CuredBy: completed(f.CuredBy)})
		}
	}
	return mostFirst(groups[recency.Open]), mostFirst(groups[recency.Cured]), mostFirst(groups[recency.Unsure])
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
