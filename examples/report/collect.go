package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/recency"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// part is one service in one region.
type part struct {
	service backupx.Service
	region  string
}

// tally counts the items of the listing. The result does not depend on their order.
type tally struct {
	options

	hidden  int // jobs with a parent that were not counted
	missing []Gap
	read    map[part]int // items, counted or not
	reaches map[backupx.Service]*reach

	backups, copied *recency.Resources

	jobs     *jobs
	rates    *rates
	sizes    *sizes
	ages     *ages
	failures *failures
	copies   *copies
	hsm      *hsm
}

func newTally(cal calendar, o options, regions int) *tally {
	t := &tally{
		options: o, read: map[part]int{}, reaches: map[backupx.Service]*reach{},
		backups: new(recency.Resources), copied: new(recency.Resources),
	}
	for _, s := range o.services() {
		t.reaches[s] = new(reach)
	}
	about := func(s backupx.Service) subject { return subject{cal, t.reaches[s], regions} }
	jobs := about(backupx.ServiceBackupJobs)
	t.jobs, t.rates, t.sizes = newJobs(jobs), newRates(jobs), newSizes(jobs)
	t.ages = &ages{subject: jobs, resources: t.backups, within: o.maxAge, protected: t.reaches[serviceProtected]}
	t.failures = &failures{subject: jobs, resources: t.backups, cured: o.cured}
	t.copies = newCopies(about(backupx.ServiceCopyJobs), t.copied)
	t.hsm = newHSM(about(backupx.ServiceHSM), o.due)
	return t
}

// services returns what is listed.
func (o options) services() []backupx.Service {
	all := []backupx.Service{backupx.ServiceHSM, backupx.ServiceBackupJobs, backupx.ServiceCopyJobs}
	if o.protected {
		all = append(all, serviceProtected)
	}
	return all
}

// collect reads every service of every region. The failure of one does not hide the others.
func collect(ctx context.Context, from origin, o options, progress *cli.Progress) (Report, error) {
	cal, since, err := o.days(from.now)
	if err != nil {
		return Report{}, err
	}
	t := newTally(cal, o, len(from.fleet))
	everything := backupx.AcrossSources(progress.Fleet(from.fleet), func(s backupx.Source) backupx.Listing[backupx.Sourced[backupx.Record]] {
		return o.listing(s, since)
	})
	if o.rate > 0 {
		everything = everything.Rate(o.rate)
	}
	for record, err := range everything.Parallel(o.parallel).OnPage(progress.Page).All(ctx) {
		if err != nil {
			t.miss(err, from)
			break
		}
		t.add(record.Source, backupx.Service(record.Item.Source), record.Item.Item.Item)
	}
	r := Report{
		At: cal.now, MadeUp: from.madeUp, Children: o.children,
		Hidden: t.hidden, Missing: t.missing, Figures: t.figures(),
	}
	r.Sections, err = t.sections()
	return r, err
}

// days returns the days of the report, and the time since which jobs are listed.
func (o options) days(now time.Time) (calendar, time.Time, error) {
	since, err := o.since.From(now)
	if err != nil {
		return calendar{}, since, err
	}
	cal := newCalendar(now.In(o.zone.Location), since)
	if o.maxAge > now.Sub(cal.start()) && !o.protected {
		return cal, since, fmt.Errorf("-max-age %s: jobs are read only %s", ageOf(o.maxAge), cal.period())
	}
	return cal, since, nil
}

// listing lists the services of a region; jobs that were created at since or later. The zero time leaves nothing out.
func (o options) listing(s backupx.Source, since time.Time) backupx.Listing[backupx.Sourced[backupx.Record]] {
	var end time.Time // open
	c := s.Client
	parts := []backupx.Part[backupx.Record]{
		backupx.Map(c.HSMBackups(backupx.HSMFilter{}), backupx.RecordOf).Named(string(backupx.ServiceHSM)),
		backupx.Map(c.BackupJobs(backupx.BackupJobFilter{}.CreatedBetween(since, end)), backupx.RecordOf).Named(string(backupx.ServiceBackupJobs)),
		backupx.Map(c.CopyJobs(backupx.CopyJobFilter{}.CreatedBetween(since, end)), backupx.RecordOf).Named(string(backupx.ServiceCopyJobs)),
	}
	if o.protected {
		known := backupx.Map(sources.Protected(s.Config), func(one types.ProtectedResource) backupx.Record { return backupx.Record{Item: one} })
		parts = append(parts, known.Named(string(serviceProtected)))
	}
	return backupx.Gather(parts...)
}

// miss records what could not be read. An error that is not of single services ends all that have not ended: which these
// are is not known.
func (t *tally) miss(err error, from origin) {
	var failed backupx.SourceErrors
	if errors.As(err, &failed) {
		for _, f := range failed {
			t.gap(gapOf(f.Source, kindOfFailure(f), f.Err.Error()))
		}
	} else {
		for _, s := range from.fleet {
			for _, service := range t.services() {
				t.gap(gapOf(s.Name+"/"+string(service), "stopped", err.Error()))
			}
		}
	}
	slices.SortFunc(t.missing, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Service, b.Service))
	})
	for _, g := range t.missing {
		r := t.reaches[g.Service]
		r.gaps = append(r.gaps, g)
	}
}

// kindOfFailure says in a few words why a service could not be read.
func kindOfFailure(f *backupx.SourceError) string {
	switch service := asked(f.Err); {
	case f.Kind == backupx.KindOther:
		return cut(sources.Reason(f.Err), 60)
	case f.Kind == backupx.KindDenied && service == sts.ServiceID:
		return "the role was denied by STS"
	case f.Kind == backupx.KindDenied && service == "Account": // with -org
		return "denied (it takes account:ListRegions)"
	}
	return string(f.Kind)
}

// asked returns the service whose request failed: that of the credentials or the regions, if the listing needed them.
func asked(err error) (service string) {
	var op *smithy.OperationError
	for errors.As(err, &op) {
		service, err = op.Service(), op.Err
	}
	return service
}

// gap adds a gap; one of a whole region is one of each of its services.
func (t *tally) gap(g Gap) {
	services := []backupx.Service{g.Service}
	if t.reaches[g.Service] == nil {
		services = t.services()
	}
	for _, s := range services {
		g.Service, g.Read = s, t.read[part{s, g.Region}]
		t.missing = append(t.missing, g)
	}
}

// add counts an item of any service.
func (t *tally) add(region string, service backupx.Service, item any) {
	t.read[part{service, region}]++
	t.reaches[service].read++
	place := recency.Place{Source: region, Region: region}
	switch v := item.(type) {
	case types.BackupJob:
		if t.counts(backupx.BackupJobFilter{}.TopLevel().Match(v)) {
			t.backupJob(place, v)
		}
	case types.CopyJob:
		if t.counts(backupx.CopyJobFilter{}.TopLevel().Match(v)) {
			t.copies.add(v)
			v.ParentJobId = nil // with -children, a child counts as others do
			t.copied.Copy(place, v)
		}
	case hsmtypes.Backup:
		t.hsm.add(region, v)
	case types.ProtectedResource:
		t.backups.Protect(place, v)
	}
}

func (t *tally) backupJob(place recency.Place, j types.BackupJob) {
	t.jobs.add(j)
	t.rates.add(j)
	t.sizes.add(j)
	j.ParentJobId = nil // with -children, a child counts as others do
	t.backups.Backup(place, j)
}

// counts reports whether a job is counted; topLevel is whether it has no parent. It counts the jobs left out.
func (t *tally) counts(topLevel bool) bool {
	if topLevel || t.children {
		return true
	}
	t.hidden++
	return false
}

// sections returns the sections of the report, in the order of the page: what has a deadline, what needs attention, then
// what was done.
func (t *tally) sections() ([]Section, error) {
	var all []Section
	for _, s := range []interface {
		section() (Section, error)
		known() *reach
	}{t.hsm, t.ages, t.failures, t.copies, t.jobs, t.rates, t.sizes} {
		drawn, err := s.section()
		if err != nil {
			return nil, fmt.Errorf("drawing: %w", err)
		}
		all = append(all, s.known().section(drawn))
	}
	return all, nil
}

// known returns how far the service of a section was read.
func (s subject) known() *reach { return s.reach }

// figures returns the numbers at the top of the report.
func (t *tally) figures() []Figure {
	return []Figure{t.hsm.figure(), t.ages.figure(), t.failures.figure(), t.copies.figure(), t.jobs.figure(), t.rates.figure()}
}

// byCount returns the keys, those with the highest counts first.
func byCount(counts map[string]int) []string {
	keys := lo.Keys(counts)
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return keys
}
