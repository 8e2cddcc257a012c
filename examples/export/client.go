package main

import (
	"context"
	"time"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// madeUp is when the jobs of an offline run end.
var madeUp = time.Date(2026, time.March, 14, 6, 0, 0, 0, time.UTC)

// client is that of the caller's account, or of a service in the program whose jobs are the same at
// any time.
func (o options) client(ctx context.Context) (backupx.Client, error) {
	if o.live {
		return o.account(ctx)
	}
	s := fakeaws.New(fakeaws.Data{
		BackupJobs: fakeaws.GenerateBackupJobs(1, madeUp.AddDate(0, 0, -30), madeUp, o.jobs),
	}, fakeaws.WithLatency(o.latency), fakeaws.WithLog(0))
	c := backupx.New(s.Config())
	c.Now = func() time.Time { return madeUp }
	return c, nil
}

func (o options) account(ctx context.Context) (backupx.Client, error) {
	cfg, err := cli.LoadConfig(ctx, o.profile)
	if err == nil {
		cfg, err = cli.InRegion(cfg, o.region)
	}
	if err != nil {
		return backupx.Client{}, err
	}
	c := backupx.New(cfg)
	c.Now = time.Now
	return c, nil
}
