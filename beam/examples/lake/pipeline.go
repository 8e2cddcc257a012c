package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	backupxbeam "github.com/backupx-go/backupx/beam"
)

func init() {
	register.DoFn2x0[string, func(string)](&regionsFn{})
	register.Emitter1[string]()
	register.Emitter2[string, []byte]()
}

// listing is one of the things that a lake holds.
type listing struct {
	name      string
	operation string
	list      func(beam.Scope, backupxbeam.Clients, beam.PCollection, backupxbeam.Options) (records, dead beam.PCollection)
	rows      any // the function that makes rows of the records
	filters   func(job) []json.Marshaler
}

// known are the listings that there are.
func known() []listing {
	return []listing{
		{"backup-jobs", backupxbeam.OpBackupJobs, backupxbeam.ListBackupJobs, backupJobRow, job.backupJobs},
		{"copy-jobs", backupxbeam.OpCopyJobs, backupxbeam.ListCopyJobs, copyJobRow, job.copyJobs},
		{"hsm-backups", backupxbeam.OpHSMBackups, backupxbeam.ListHSMBackups, hsmBackupRow, job.hsmBackups},
		{"opsworks-backups", backupxbeam.OpOpsWorksBackups, backupxbeam.ListOpsWorksBackups, opsWorksBackupRow, job.opsWorksBackups},
	}
}

// listings are those of the names.
func listings(names []string) ([]listing, error) {
	var all []listing
	for _, name := range names {
		l, ok := lo.Find(known(), func(l listing) bool { return l.name == name })
		if !ok {
			return nil, fmt.Errorf("-list: %q is not known", name)
		}
		all = append(all, l)
	}
	return all, nil
}

// listingsOf are those that dead letters are of.
func listingsOf(letters []backupxbeam.DeadLetter) ([]listing, error) {
	operations := lo.CountValuesBy(letters, func(d backupxbeam.DeadLetter) string { return d.Operation })
	lists := lo.Filter(known(), func(l listing, _ int) bool { return operations[l.operation] > 0 })
	if len(lists) < len(operations) {
		return nil, fmt.Errorf("-resume: of the operations of the dead letters, %v, some are not known", lo.Keys(operations))
	}
	return lists, nil
}

func (j job) backupJobs() []json.Marshaler {
	return marshalers(backupx.BackupJobFilter{}.CreatedAfter(j.from).Shards(j.now, j.window))
}

func (j job) copyJobs() []json.Marshaler {
	return marshalers(backupx.CopyJobFilter{}.CreatedAfter(j.from).Shards(j.now, j.window))
}

func (j job) hsmBackups() []json.Marshaler {
	return []json.Marshaler{backupx.HSMFilter{}.CreatedAfter(j.from)}
}

func (j job) opsWorksBackups() []json.Marshaler {
	return []json.Marshaler{backupx.OpsWorksFilter{}.CreatedAfter(j.from)}
}

func marshalers[F json.Marshaler](filters []F) []json.Marshaler {
	return lo.Map(filters, func(f F, _ int) json.Marshaler { return f })
}

// build makes the pipeline: shards, records, rows, files.
func (j job) build(s beam.Scope) {
	dead := lo.Map(j.lists, func(l listing, _ int) beam.PCollection {
		records, letters := l.list(s, j.clients, j.shards(s, l), j.options)
		j.write(s, l.name, beam.ParDo(s, l.rows, records))
		return letters
	})
	j.writeDeadLetters(s, beam.Flatten(s, dead...))
}

// shards are what there is to list: what dead letters left, or everything.
func (j job) shards(s beam.Scope, l listing) beam.PCollection {
	if j.letters == nil {
		sources := beam.ParDo(s, &regionsFn{Regions: j.regions}, beam.CreateList(s, j.accounts))
		return backupxbeam.Cross(s, sources, l.filters(j))
	}
	return beam.CreateList(s, lo.FilterMap(j.letters, func(d backupxbeam.DeadLetter, _ int) (backupxbeam.Shard, bool) {
		return d.Shard, d.Operation == l.operation
	}))
}

// regionsFn makes the sources of an account.
type regionsFn struct{ Regions []string }

func (f *regionsFn) ProcessElement(account string, emit func(string)) {
	for _, region := range f.Regions {
		emit(source(account, region))
	}
}

// source is how an account and region is named in this program.
func source(account, region string) string { return account + "/" + region }

// day is the partition of a time.
func day(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(time.DateOnly)
}
