package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// listing is a fleet with the filter and the options of the listing over it.
type listing struct {
	fleet   backupx.Fleet
	filter  backupx.BackupJobFilter
	options options
}

// estimate says how many requests the listing takes. It sends none.
func (l listing) estimate() string {
	chains := l.filter.Explain().Chains
	least := len(l.fleet) * chains
	return fmt.Sprintf("%s, %s each: %s at least, and one for each 1,000 jobs of a state beyond",
		cli.Count(len(l.fleet), "source"), cli.Count(chains, "state"), cli.Count(least, "request"))
}

// jobs returns one listing of all sources. An offline run lists them in order, so that it prints the same each
// time.
func (l listing) jobs() backupx.Listing[backupx.Sourced[types.BackupJob]] {
	jobs := backupx.Across(l.fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(l.filter).Rate(l.options.rate)
	}).Parallel(l.options.parallel)
	if !l.options.live {
		return jobs.Ordered()
	}
	return jobs
}

// write prints the jobs and returns the result of each source. The error of a source is in its row; the
// returned error means that the listing as a whole failed.
func (l listing) write(ctx context.Context, stdout io.Writer, p *progress) ([]row, error) {
	out, rows := json.NewEncoder(stdout), map[string]*row{}
	for _, s := range l.fleet {
		rows[s.Name] = &row{name: s.Name, status: "ok"}
	}
	jobs := l.jobs().OnPage(func(page backupx.PageInfo) {
		rows[page.Source].pages++
		p.page(page)
	})
	err := l.each(ctx, jobs, func(job backupx.Sourced[types.BackupJob]) error {
		rows[job.Source].jobs++
		return out.Encode(sources.JobOf(job))
	})
	var failed backupx.SourceErrors
	if errors.As(err, &failed) {
		for _, f := range failed {
			rows[f.Source].status, rows[f.Source].why = string(f.Kind), sources.Reason(f)
		}
		err = nil
	}
	if cause := ctx.Err(); cause != nil {
		err = cause
	}
	return lo.Map(l.fleet, func(s backupx.Source, _ int) row { return *rows[s.Name] }), err
}

func (l listing) each(
	ctx context.Context, jobs backupx.Listing[backupx.Sourced[types.BackupJob]],
	do func(backupx.Sourced[types.BackupJob]) error,
) error {
	for job, err := range jobs.All(ctx) {
		if err != nil {
			return err
		}
		if err := do(job); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	return nil
}
