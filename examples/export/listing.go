package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// fleet returns the sources that the flags choose, or made-up accounts with the same jobs in each run. It sends no
// request.
func (p program) fleet(ctx context.Context, o options) (backupx.Fleet, error) {
	if o.live {
		return o.sources.Fleet(ctx, "export", p.load, p.now)
	}
	return madeUp(o), nil
}

// clock returns the time of the run: for made-up accounts, the time that their jobs end at.
func (p program) clock(o options) time.Time {
	if !o.live {
		return sources.MadeUp()
	}
	return p.now()
}

func madeUp(o options) backupx.Fleet {
	var fleet backupx.Fleet
	for _, account := range []string{"111122223333", "444455556666"} {
		for _, region := range []string{"us-east-1", "eu-west-1"} {
			s := fakeaws.New(sources.MadeUpJobsOf(account, uint64(len(fleet)+1), o.jobs), fakeaws.WithAccount(account),
				fakeaws.WithClock(sources.MadeUp), fakeaws.WithLatency(o.latency), fakeaws.WithLog(0))
			fleet = append(fleet, sources.MadeUpSource(account, region, s.Config()))
		}
	}
	return fleet
}

// listed is a job with its source, and within it its kind.
type listed = backupx.Sourced[backupx.Sourced[backupx.Record]]

// listing returns the jobs of all sources that have ended since a time, in one order. Each kind of jobs of each source
// fails by itself.
func (o options) listing(fleet backupx.Fleet, since time.Time) backupx.Listing[listed] {
	jobs := backupx.AcrossSources(fleet, func(s backupx.Source) backupx.Listing[backupx.Sourced[backupx.Record]] {
		var kinds []backupx.Part[backupx.Record]
		for _, kind := range o.kinds {
			kinds = append(kinds, ended(s.Client, kind, since).Scope(o.endpoint(s)).Named(kind))
		}
		return backupx.Gather(kinds...)
	})
	return jobs.Scope(o.scope()).Parallel(o.parallel).PageSize(o.pageSize).Ordered()
}

// ended returns the jobs of one kind that have ended since a time; the zero time leaves nothing out.
func ended(c backupx.Client, kind string, since time.Time) backupx.Listing[backupx.Record] {
	backups, copies := backupx.BackupJobFilter{}.Ended(), backupx.CopyJobFilter{}.Ended()
	if !since.IsZero() {
		backups, copies = backups.CompletedAfter(since), copies.CompletedAfter(since)
	}
	if kind == copyJobs {
		return backupx.Map(c.CopyJobs(copies), backupx.RecordOf)
	}
	return backupx.Map(c.BackupJobs(backups), backupx.RecordOf)
}

// scope keeps the checkpoints of made-up jobs apart from those of accounts.
func (o options) scope() string {
	if o.live {
		return "live"
	}
	return "made up, " + cli.Count(o.jobs, "job")
}

// endpoint keeps the checkpoints of an endpoint apart from those of others: a source has the same name with each. The
// endpoint may be configured for AWS Backup alone (AWS_ENDPOINT_URL_BACKUP), which only the client of the service tells.
func (o options) endpoint(s backupx.Source) string {
	if !o.live {
		return ""
	}
	return aws.ToString(backup.NewFromConfig(s.Config).Options().BaseEndpoint)
}
