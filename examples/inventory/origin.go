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

// origin is the source of the data.
type origin struct {
	places []place
	now    time.Time
	note   string
}

// place is a region with the client for it.
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

// recorded returns the cassette that is compiled into the program. It needs no network, and its data are
// always the same.
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
	places := lo.Map(regions, func(cfg aws.Config, _ int) place { return place{cfg.Region, backupx.New(cfg)} })
	names := lo.Map(places, func(p place, _ int) string { return p.region })
	return origin{
		places: places,
		now:    p.now().UTC(),
		note:   fmt.Sprintf("your account in %s, jobs of the last %s", strings.Join(names, ", "), cli.Count(cmp.Or(o.days, 30), "day")),
	}, nil
}
