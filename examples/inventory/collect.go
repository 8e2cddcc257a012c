package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/samber/lo"
	"github.com/samber/lo/parallel"

	"github.com/backupx-go/backupx"
)

// part is the result of one service in one region.
type part struct {
	service service
	place   place
	tally   *tally
	err     error // why it could not be read completely; nil if it was
}

// collect reads every service in every place, all at the same time. Each pair has its own tally, so that a
// failure of one does not affect the others.
func collect(ctx context.Context, from origin, o options) Report {
	parts := lo.FlatMap(o.services(from.now), func(s service, _ int) []part {
		return lo.Map(from.places, func(p place, _ int) part {
			return part{service: s, place: p, tally: newTally(p.region, from.now, o.show)}
		})
	})
	parts = parallel.Map(parts, func(p part, _ int) part {
		p.err = p.read(ctx)
		return p
	})
	return assemble(from, parts, o)
}

// read counts all items until the first error. The items that a page has and the filter does not keep are
// jobs with a parent.
func (p part) read(ctx context.Context) error {
	listing := p.service.list(p.place.client).OnPage(func(page backupx.PageInfo) {
		p.tally.children += page.Items - page.Kept
	})
	for e, err := range listing.All(ctx) {
		if err != nil {
			return err
		}
		p.tally.add(e)
	}
	return nil
}

// assemble makes the report of the parts, in the order of services and then of places.
func assemble(from origin, parts []part, o options) Report {
	r := Report{At: from.now, Live: o.live, Source: from.note, NotReached: []Gap{}}
	whole := newTally("", from.now, o.show)
	problems := map[string][]Problem{}
	for _, p := range parts {
		if p.err != nil {
			r.NotReached = append(r.NotReached, p.gap())
		}
		r.Totals = append(r.Totals, p.total())
		whole.merge(p.tally)
		problems[p.service.id] = append(problems[p.service.id], p.tally.grouped()...)
	}
	r.BackupJobs = mostFirst(problems["backup-jobs"])
	r.CopyJobs = mostFirst(problems["copy-jobs"])
	r.OpsWorksBackups = mostFirst(problems["opsworks-backups"])
	r.Late, r.Deletions = whole.late.list(), whole.deletions.list()
	r.Sizes = whole.sized()
	r.Findings = r.needAttention()
	return r
}

// total returns the part's line of the totals.
func (p part) total() Total {
	return Total{
		Service: p.service.id, Region: p.place.region,
		Count: p.tally.count, States: p.tally.states, Children: p.tally.children,
		From: lo.EmptyableToPtr(p.tally.from), To: lo.EmptyableToPtr(p.tally.to),
		Complete: p.err == nil,
	}
}

// mostFirst sorts problems by their number of jobs, largest first. It never returns nil: JSON has [], not
// null.
func mostFirst(problems []Problem) []Problem {
	if problems == nil {
		return []Problem{}
	}
	slices.SortFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), a.Cause.compare(b.Cause))
	})
	return problems
}
