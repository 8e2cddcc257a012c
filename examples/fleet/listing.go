package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/internal/rows"
)

// listing is a fleet with the filter and the options of the listing over it.
type listing struct {
	fleet   backupx.Fleet
	filter  backupx.BackupJobFilter
	options options
}

// tryOut reports what is wrong with the options, with a source that is not asked.
func (o options) tryOut(now time.Time) error {
	filter, err := o.filter(now)
	if err == nil {
		_, err = listing{backupx.Fleet{{Name: "every source", Config: aws.Config{Region: "us-east-1"}}}, filter, o}.jobs(func(backupx.PageInfo) {})
	}
	return err
}

// estimate says how many requests the listing takes. It sends none.
func (l listing) estimate() string {
	chains := l.filter.Explain().Chains
	least := len(l.fleet) * chains
	return fmt.Sprintf("%s, %s each: %s at least, and one for each 1,000 jobs of a state beyond",
		cli.Count(len(l.fleet), "source"), cli.Count(chains, "state"), cli.Count(least, "request"))
}

// jobs returns one listing of all sources. An offline run lists them in order, so that it prints the same each
// time. Its error says that no listing has these options.
func (l listing) jobs(onPage func(backupx.PageInfo)) (*backupx.Cursor[backupx.Sourced[backupx.Record]], error) {
	jobs := backupx.Across(l.fleet, func(c backupx.Client) backupx.Listing[backupx.Record] {
		return backupx.Map(c.BackupJobs(l.filter).Rate(l.options.rate), backupx.RecordOf)
	}).Parallel(l.options.parallel).OnPage(onPage)
	if !l.options.live {
		jobs = jobs.Ordered()
	}
	return jobs.Resume(backupx.Checkpoint{}) // from the beginning
}

// write prints the jobs and counts them in the rows. The error of a source is in its row; the returned error means that
// the listing as a whole failed.
func (r report) write(ctx context.Context, stdout io.Writer, jobs *backupx.Cursor[backupx.Sourced[backupx.Record]]) error {
	err := each(ctx, stdout, jobs, func(job rows.Row) { r[job.Source].jobs++ })
	for _, f := range jobs.Failed() {
		r[f.Source].status, r[f.Source].why = string(f.Kind), sources.Reason(f)
	}
	if cause := ctx.Err(); cause != nil {
		return cause
	}
	if failed := backupx.SourceErrors(nil); errors.As(err, &failed) {
		return nil
	}
	return err
}

// each prints the jobs and calls do for each.
func each(ctx context.Context, stdout io.Writer, jobs *backupx.Cursor[backupx.Sourced[backupx.Record]], do func(rows.Row)) error {
	out := json.NewEncoder(stdout)
	for job, err := range jobs.All(ctx) {
		if err != nil {
			return err
		}
		row, err := rows.Of(job)
		if err != nil {
			return err
		}
		if err := out.Encode(row); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
		do(row)
	}
	return nil
}
