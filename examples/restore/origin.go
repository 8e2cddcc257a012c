package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// origin is the source of the backups.
type origin struct {
	client backupx.Client
	now    time.Time
	note   string
}

func (p program) origin(ctx context.Context, o options, progress *cli.Progress) (origin, error) {
	if o.live {
		return p.account(ctx, o, progress)
	}
	return madeUp(), nil
}

// account returns the origin for the caller's own account.
func (p program) account(ctx context.Context, o options, progress *cli.Progress) (origin, error) {
	cfg, err := p.load(ctx, o.profile)
	if err == nil {
		cfg, err = cli.InRegion(cfg, o.region)
	}
	if err != nil {
		return origin{}, err
	}
	cfg = progress.Watch(cfg.Region, cfg)
	return origin{backupx.New(cfg), p.now().UTC(), sources.Account(ctx, cfg) + " in " + cfg.Region}, nil
}

// madeUp returns an account that does not exist. It needs no network, and is the same in each run.
func madeUp() origin {
	now := time.Date(2026, time.November, 20, 14, 30, 0, 0, time.UTC)
	backups := fakeaws.GenerateHSM(7, now.AddDate(0, 0, -30), now, 24)
	soon := []time.Duration{5*time.Hour + 40*time.Minute, 41 * time.Hour}
	for i := range backups {
		if len(soon) > 0 && backups[i].BackupState == hsmtypes.BackupStatePendingDeletion {
			backups[i].DeleteTimestamp = aws.Time(now.Add(soon[0]))
			soon = soon[1:]
		}
	}
	service := fakeaws.New(fakeaws.Data{HSM: backups}, fakeaws.WithClock(func() time.Time { return now }))
	return origin{backupx.New(service.Config()), now, "made up (fixtures/fakeaws); run with -live for your account"}
}
