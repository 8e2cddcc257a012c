package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// tally counts the items of the listing. The result does not depend on their order.
type tally struct {
	children bool // whether jobs with a parent are counted
	hidden   int  // jobs with a parent that were not counted
	missing  []Gap

	jobs     *jobs
	rates    *rates
	sizes    *sizes
	failures *failures
	copies   *copies
	hsm      *hsm
}

func newTally(cal calendar, children bool) *tally {
	return &tally{
		children: children,
		jobs:     newJobs(cal),
		rates:    newRates(cal),
		sizes:    newSizes(cal),
		failures: newFailures(cal),
		copies:   newCopies(cal),
		hsm:      newHSM(cal),
	}
}

// collect reads the inventory of every region. The failure of one service does not hide the others.
func collect(ctx context.Context, from origin, o options) (Report, error) {
	cal := newCalendar(from.now.In(o.zone.Location))
	t := newTally(cal, o.children)
	inventory := backupx.Across(from.fleet, func(c backupx.Client) backupx.Listing[backupx.Record] {
		return c.Inventory(backupx.ServiceBackupJobs, backupx.ServiceCopyJobs, backupx.ServiceHSM)
	})
	for record, err := range inventory.Parallel(8).All(ctx) {
		if err != nil {
			t.miss(err)
			break
		}
		t.add(record.Source, record.Item.Item)
	}
	r := Report{
		At: cal.now, Source: from.note, MadeUp: from.madeUp, Children: o.children,
		Hidden: t.hidden, Missing: t.missing, Figures: t.figures(),
	}
	var err error
	r.Sections, err = t.sections()
	return r, err
}

// miss records what could not be read.
func (t *tally) miss(err error) {
	var failed backupx.SourceErrors
	if !errors.As(err, &failed) {
		t.missing = append(t.missing, Gap{Source: "everything", Kind: "stopped", Error: err.Error()})
		return
	}
	for _, f := range failed {
		t.missing = append(t.missing, Gap{Source: f.Source, Kind: string(f.Kind), Error: f.Err.Error()})
	}
	slices.SortFunc(t.missing, func(a, b Gap) int { return cmp.Compare(a.Source, b.Source) })
}

// add counts an item of any service.
func (t *tally) add(region string, item any) {
	switch v := item.(type) {
	case types.BackupJob:
		if t.counts(backupx.BackupJobFilter{}.TopLevel().Match(v)) {
			t.backupJob(v)
		}
	case types.CopyJob:
		if t.counts(backupx.CopyJobFilter{}.TopLevel().Match(v)) {
			t.copies.add(v)
		}
	case hsmtypes.Backup:
		t.hsm.add(region, v)
	}
}

func (t *tally) backupJob(j types.BackupJob) {
	t.jobs.add(j)
	t.rates.add(j)
	t.sizes.add(j)
	t.failures.add(j)
}

// counts reports whether a job is counted; topLevel is whether it has no parent. It counts the jobs left out.
func (t *tally) counts(topLevel bool) bool {
	if topLevel || t.children {
		return true
	}
	t.hidden++
	return false
}

// sections returns the sections of the report, in the order of the page.
func (t *tally) sections() ([]Section, error) {
	var all []Section
	for _, s := range []interface{ section() (Section, error) }{t.jobs, t.rates, t.sizes, t.failures, t.copies, t.hsm} {
		drawn, err := s.section()
		if err != nil {
			return nil, fmt.Errorf("drawing: %w", err)
		}
		if len(t.missing) > 0 {
			drawn.Lead += " Not everything could be read."
		}
		all = append(all, drawn)
	}
	return all, nil
}

// figures returns the numbers at the top of the report.
func (t *tally) figures() []Figure {
	return []Figure{t.jobs.figure(), t.rates.figure(), t.failures.figure(), t.copies.figure(), t.hsm.figure()}
}

// byCount returns the keys, those with the highest counts first.
func byCount(counts map[string]int) []string {
	keys := lo.Keys(counts)
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return keys
}
