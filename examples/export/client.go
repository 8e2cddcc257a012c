package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/backupx-go/backupx"
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
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithSharedConfigProfile(o.profile),
		config.WithRetryMode(aws.RetryModeAdaptive))
	if err != nil {
		return backupx.Client{}, fmt.Errorf("the AWS configuration: %w", err)
	}
	if o.region != "" {
		cfg.Region = o.region
	}
	c := backupx.New(cfg)
	c.Now = time.Now
	return c, nil
}
