package main

import (
	"encoding/json"
	"errors"
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

// listings are those of the names.
func listings(names []string) ([]listing, error) {
	known := []listing{
		{"backup-jobs", backupxbeam.OpBackupJobs, backupxbeam.ListBackupJobs, backupJobRow, job.backupJobs},
		{"copy-jobs", backupxbeam.OpCopyJobs, backupxbeam.ListCopyJobs, copyJobRow, job.copyJobs},
		{"hsm-backups", backupxbeam.OpHSMBackups, backupxbeam.ListHSMBackups, hsmBackupRow, job.hsmBackups},
		{"opsworks-backups", backupxbeam.OpOpsWorksBackups, backupxbeam.ListOpsWorksBackups, opsWorksBackupRow, job.opsWorksBackups},
	}
	var all []listing
	for _, name := range names {
		l, ok := lo.Find(known, func(l listing) bool { return l.name == name })
		if !ok {
			return nil, fmt.Errorf("-list: %q is not known", name)
		}
		all = append(all, l)
	}
	return all, nil
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
func (j job) build(s beam.Scope) error {
	var dead []beam.PCollection
	for _, l := range j.lists {
		shards, some := j.shards(s, l)
		if !some {
			continue
		}
		records, letters := l.list(s, j.clients, shards, j.options)
		j.write(s, l.name, beam.ParDo(s, l.rows, records))
		dead = append(dead, letters)
	}
	if len(dead) == 0 {
		return errors.New("there is nothing to list")
	}
	j.writeDeadLetters(s, beam.Flatten(s, dead...))
	return nil
}

// shards are what there is to list: what dead letters left, or everything.
func (j job) shards(s beam.Scope, l listing) (shards beam.PCollection, some bool) {
	if j.letters == nil {
		sources := beam.ParDo(s, &regionsFn{Regions: j.regions}, beam.CreateList(s, j.accounts))
		return backupxbeam.Cross(s, sources, l.filters(j)), true
	}
	left := lo.FilterMap(j.letters, func(d backupxbeam.DeadLetter, _ int) (backupxbeam.Shard, bool) {
		return d.Shard, d.Operation == l.operation
	})
	if len(left) == 0 {
		return shards, false
	}
	return beam.CreateList(s, left), true
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
