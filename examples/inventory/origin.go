package main

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/recency"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures"
	"github.com/backupx-go/backupx/fixtures/cassettes"
)

// origin is the source of the data.
type origin struct {
	places []place
	now    time.Time
	begin  time.Time     // jobs are listed that were created at that time or later; zero for all
	note   func() string // where the data are from, once they are read
}

// place is a region with the client for it.
type place struct {
	region string
	cfg    aws.Config
	client backupx.Client
}

func placeOf(cfg aws.Config, _ int) place { return place{cfg.Region, cfg, backupx.New(cfg)} }

// of returns the place in the terms of recency: each region has its own resources.
func (p place) of() recency.Place { return recency.Place{Source: p.region, Region: p.region} }

func (p program) origin(ctx context.Context, o options, progress *cli.Progress) (origin, error) {
	if o.live {
		return p.account(ctx, o, progress)
	}
	return recorded(o)
}

// recorded returns the cassette that is compiled into the program. It needs no network, and its data are
// always the same.
func recorded(o options) (origin, error) {
	session, err := fixtures.Load(cassettes.FS, "inventory")
	if err != nil {
		return origin{}, err
	}
	_, err = o.listedFrom(session.Now())
	return origin{
		places: lo.Map([]string{"eu-west-1", "us-east-1"}, func(region string, i int) place {
			cfg := session.ConfigFor(region, region)
			cfg.Region = region
			return placeOf(cfg, i)
		}),
		now:  session.Now(),
		note: session.Provenance,
	}, err
}

// account returns the origin for the caller's own account.
func (p program) account(ctx context.Context, o options, progress *cli.Progress) (origin, error) {
	cfg, err := p.load(ctx, o.profile)
	if err != nil {
		return origin{}, err
	}
	now := p.now().UTC()
	begin, err := o.listedFrom(now)
	if err != nil {
		return origin{}, err
	}
	regions, err := cli.InRegions(cfg, o.regions)
	if err != nil {
		return origin{}, err
	}
	names := lo.Map(regions, func(cfg aws.Config, _ int) string { return cfg.Region })
	listed := ", jobs since " + moment(lo.CoalesceOrEmpty(begin, now.Add(-kept))) +
		lo.Ternary(o.accounts, ", backup jobs of the whole organisation", "")
	told := lo.Async(func() string { return sources.Account(ctx, regions[0]) }) // while the listings are read
	return origin{
		places: lo.Map(regions, func(cfg aws.Config, i int) place { return placeOf(progress.Watch(cfg.Region, cfg), i) }),
		now:    now, begin: begin,
		note: func() string { return <-told + " in " + strings.Join(names, ", ") + listed },
	}, nil
}
