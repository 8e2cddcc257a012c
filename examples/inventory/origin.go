package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/fixtures"
	"github.com/backupx-go/backupx/fixtures/cassettes"
)

// origin is where the data come from.
type origin struct {
	places []place
	now    time.Time
	note   string
}

// place is a region, and how to ask it.
type place struct {
	region string
	client backupx.Client
}

func (p program) origin(ctx context.Context, o options) (origin, error) {
	if o.live {
		return p.account(ctx, o)
	}
	return recorded()
}

// recorded is the cassette in the program: no network, and the same at any time.
func recorded() (origin, error) {
	session, err := fixtures.Load(cassettes.FS, "inventory")
	if err != nil {
		return origin{}, err
	}
	return origin{
		places: lo.Map([]string{"eu-west-1", "us-east-1"}, func(region string, _ int) place {
			return place{region, backupx.New(session.ConfigFor(region, region))}
		}),
		now:  session.Now(),
		note: session.Provenance(),
	}, nil
}

// account is the caller's own.
func (p program) account(ctx context.Context, o options) (origin, error) {
	cfg, err := p.load(ctx, o.profile)
	if err != nil {
		return origin{}, err
	}
	regions, err := cli.InRegions(cfg, o.regions)
	if err != nil {
		return origin{}, err
	}
	places := lo.Map(regions, func(cfg aws.Config, _ int) place { return place{cfg.Region, backupx.New(cfg)} })
	names := lo.Map(places, func(p place, _ int) string { return p.region })
	return origin{
		places: places,
		now:    p.now().UTC(),
		note:   fmt.Sprintf("your account in %s, jobs of the last %s", strings.Join(names, ", "), cli.Count(cmp.Or(o.days, 30), "day")),
	}, nil
}
