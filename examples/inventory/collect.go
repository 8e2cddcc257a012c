package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/samber/lo/parallel"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/recency"
)

// reader reads the services of an origin as the options say.
type reader struct {
	options
	origin

	progress *cli.Progress
}

// part is the result of one service in one region.
type part struct {
	service   service
	place     place
	tally     *tally
	resources recency.Resources
	protected []types.ProtectedResource
	err       error // why it could not be read completely; nil if it was
}

// unread reports whether nothing is known of the part.
func (p *part) unread() bool { return p.err != nil && p.tally.count+p.tally.children == 0 }

// collect reads every service in every place, all at the same time. Each pair has its own tally, so that a
// failure of one does not affect the others.
func collect(ctx context.Context, r reader) Report {
	parts := lo.FlatMap(r.services(), func(s service, _ int) []*part {
		return lo.Map(r.places, func(p place, _ int) *part {
			return &part{service: s, place: p, tally: newTally(p.region, r.now, r.options)}
		})
	})
	parallel.ForEach(parts, func(p *part, _ int) { p.err = p.service.read(r, ctx, p) })
	return r.assemble(parts)
}

// read adds all items until the first error. A recorded account has the answers to the requests of one reader only.
func read[T any](ctx context.Context, r reader, listing backupx.Listing[T], add func(T)) error {
	if r.live {
		listing = listing.Parallel(r.parallel)
	}
	if r.rate > 0 {
		listing = listing.Rate(r.rate)
	}
	for item, err := range listing.OnPage(r.progress.Page).All(ctx) {
		if err != nil {
			return err
		}
		add(item)
	}
	return nil
}

// assemble makes the report of the parts, in the order of services and then of places.
func (r reader) assemble(parts []*part) Report {
	report := Report{
		At: r.now, Live: r.live, Source: r.note(), MaxAge: span(r.maxAge), Due: span(r.due),
		NotReached: []Gap{}, Totals: lo.Map(parts, func(p *part, _ int) Total { return p.total() }),
	}
	for _, p := range parts {
		if p.err != nil {
			report.NotReached = append(report.NotReached, p.gap())
		}
	}
	report.Complete = len(report.NotReached) == 0
	r.backups(&report, backupJobs.of(parts), protectedResources.of(parts))
	r.copies(&report, copyJobs.of(parts))
	r.hsm(&report, hsmBackups.of(parts))
	r.opsWorks(&report, opsWorksBackups.of(parts))
	report.Findings = report.Summary.findings()
	return report
}

// unread reports whether nothing is known of any part, or the service was not asked.
func unread(parts []*part) bool { return lo.EveryBy(parts, (*part).unread) }

// merged returns a tally of what the report shows across regions.
func (r reader) merged(parts []*part) *tally {
	whole := newTally("", r.now, r.options)
	for _, p := range parts {
		whole.merge(p.tally)
	}
	return whole
}

// backups fills in what the backup jobs tell, with the resources that AWS Backup says it has backed up.
func (r reader) backups(report *Report, parts, protected []*part) {
	for i, p := range protected { // in the order of places, as the parts
		for _, one := range p.protected {
			parts[i].resources.Protect(p.place.of(), one)
		}
	}
	if !unread(parts) || !unread(protected) {
		of := r.readings(parts, protected)
		report.Resources = r.resources(parts, func(one *recency.Resource) *bool { return r.judge(one, of[one.Place.Region]) })
		if r.maxAge > 0 {
			report.Summary.NotBackedUp = lo.ToPtr(len(report.overdue()))
		}
	}
	if unread(parts) {
		return
	}
	whole := r.merged(parts)
	report.Sizes, report.Late = whole.sized(), whole.late.list()
	report.BackupJobs, report.CuredBackupJobs, report.UnsureBackupJobs = problems(parts)
	report.Summary.Late, report.Summary.Failed = &whole.late.total, count(report.BackupJobs)
}

func (r reader) copies(report *Report, parts []*part) {
	if unread(parts) {
		return
	}
	report.Copies = r.resources(parts, notJudged)
	report.CopyJobs, report.CuredCopyJobs, report.UnsureCopyJobs = problems(parts)
	report.Summary.FailedCopies = count(report.CopyJobs)
}

func (r reader) hsm(report *Report, parts []*part) {
	if unread(parts) {
		return
	}
	whole := r.merged(parts)
	report.Deletions = whole.deletions.list()
	report.Summary.Due = &whole.due
}

func (r reader) opsWorks(report *Report, parts []*part) {
	if unread(parts) {
		return
	}
	report.OpsWorksBackups, report.CuredOpsWorks, report.UnsureOpsWorks = problems(parts)
	report.Summary.FailedOpsWorks = count(report.OpsWorksBackups)
}

// total returns the part's line of the totals.
func (p *part) total() Total {
	t := Total{
		Service: p.service.id, Region: p.place.region, Complete: p.err == nil,
		From: lo.EmptyableToPtr(p.tally.from), To: lo.EmptyableToPtr(p.tally.to),
	}
	if !p.unread() {
		t.Count, t.States, t.Children = &p.tally.count, p.tally.states, &p.tally.children
	}
	return t
}
