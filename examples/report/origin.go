package main

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/organization"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// origin is the source of the data.
type origin struct {
	fleet  backupx.Fleet // one source for each region, with -org for each account and region
	now    time.Time
	madeUp bool
	org    bool
}

// words says where the data are from. It asks STS for the account.
func (o origin) words(ctx context.Context, progress *cli.Progress) string {
	if o.madeUp {
		return "made up by fixtures/fakeaws"
	}
	if o.org {
		return "an organisation: " + sources.Header(ctx, o.fleet)
	}
	defer progress.Waiting("STS", "GetCallerIdentity")()
	regions := lo.Map(o.fleet, func(s backupx.Source, _ int) string { return s.Name })
	return sources.Account(ctx, o.fleet[0].Config) + " in " + strings.Join(regions, ", ")
}

func (p program) origin(ctx context.Context, o options, now time.Time, progress *cli.Progress) (origin, error) {
	switch org, ok := o.org.Organization(o.profile, o.role, o.regions); {
	case ok && o.live:
		defer progress.Waiting("the organisation", "and its accounts")()
		fleet, err := organization.Fleet(ctx, "report", org, p.load, p.now)
		return origin{fleet: fleet, now: now, org: true}, err
	case ok:
		return madeUpOrganization(ctx, org)
	case o.live:
		return p.account(ctx, o, now)
	}
	return madeUp(), nil
}

// account returns the origin for the caller's own account.
func (p program) account(ctx context.Context, o options, now time.Time) (origin, error) {
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
	return origin{fleet: fleet, now: now}, nil
}
