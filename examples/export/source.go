package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// source is a client with the name of its account.
type source struct {
	client backupx.Client
	name   string // the scope of checkpoints, which keeps sources apart
}

// source returns the caller's account, or an in-memory service with the same jobs in each run. It sends no
// request.
func (p program) source(ctx context.Context, o options) (source, error) {
	if o.live {
		return p.account(ctx, o)
	}
	return o.madeUp(), nil
}

func (p program) account(ctx context.Context, o options) (source, error) {
	cfg, err := p.load(ctx, o.profile)
	if err == nil {
		cfg, err = cli.InRegion(cfg, o.region)
	}
	if err != nil {
		return source{}, err
	}
	s := source{backupx.New(cfg), fmt.Sprintf("live, %s, region %s", credentials(o.profile), cfg.Region)}
	if cfg.BaseEndpoint != nil {
		s.name += ", endpoint " + aws.ToString(cfg.BaseEndpoint)
	}
	s.client.Now = p.now
	return s, nil
}

// credentials names the credentials of a live run: their profile, or that they are keys of the environment. It
// names neither the account, which takes a request, nor the key, which changes with each session.
func credentials(profile string) string {
	name, ok := cli.ProfileName(profile)
	if !ok {
		return "keys of the environment"
	}
	return "profile " + name
}

// madeUpAt is the time of an offline run. Its jobs were created in the 30 days before.
var madeUpAt = time.Date(2026, time.March, 14, 6, 0, 0, 0, time.UTC)

func (o options) madeUp() source {
	s := fakeaws.New(fakeaws.Data{
		BackupJobs: fakeaws.GenerateBackupJobs(1, madeUpAt.AddDate(0, 0, -30), madeUpAt, o.jobs),
	}, fakeaws.WithLatency(o.latency), fakeaws.WithLog(0))
	c := backupx.New(s.Config())
	c.Now = func() time.Time { return madeUpAt }
	return source{c, "made up, " + cli.Count(o.jobs, "job")}
}
