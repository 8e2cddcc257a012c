package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/samber/lo"
	"github.com/samber/lo/parallel"

	"github.com/backupx-go/backupx"
)

// part is what one service in one region comes to.
type part struct {
	service service
	place   place
	tally   *tally
	err     error // why it could not be read to its end
}

// collect reads every service in every place, all at the same time. Each is counted by itself, so
// that one that fails takes nothing from the others.
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

// read counts everything that there is, up to an error. What a filter drops on the way are the jobs
// with a parent.
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

// assemble puts the parts together, in the order of services and then of places.
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

// total is the part's line in the totals.
func (p part) total() Total {
	return Total{
		Service: p.service.id, Region: p.place.region,
		Count: p.tally.count, States: p.tally.states, Children: p.tally.children,
		From: lo.EmptyableToPtr(p.tally.from), To: lo.EmptyableToPtr(p.tally.to),
		Complete: p.err == nil,
	}
}

// mostFirst sorts problems by how many jobs have them. There are none, rather than null, in JSON.
func mostFirst(problems []Problem) []Problem {
	if problems == nil {
		return []Problem{}
	}
	slices.SortFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), a.Cause.compare(b.Cause))
	})
	return problems
}
