package main

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// origin is the source of the data.
type origin struct {
	fleet  backupx.Fleet // one source for each region
	now    time.Time
	note   string
	madeUp bool
}

func (p program) origin(ctx context.Context, o options) (origin, error) {
	if o.live {
		return p.account(ctx, o)
	}
	return madeUp(), nil
}

// account returns the origin for the caller's own account.
func (p program) account(ctx context.Context, o options) (origin, error) {
	cfg, err := p.load(ctx, o.profile)
	if err != nil {
		return origin{}, err
	}
	regions, err := cli.InRegions(cfg, o.regions)
	if err != nil {
		return origin{}, err
	}
	fleet := lo.Map(regions, func(cfg aws.Config, _ int) backupx.Source {
		return backupx.Source{Name: cfg.Region, Region: cfg.Region, Config: cfg}
	})
	names := lo.Map(fleet, func(s backupx.Source, _ int) string { return s.Name })
	return origin{
		fleet: fleet,
		now:   p.now(),
		note:  sources.Account(ctx, regions[0]) + " in " + strings.Join(names, ", "),
	}, nil
}
