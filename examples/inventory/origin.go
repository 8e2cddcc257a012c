package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
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

// configLoader finds the caller's configuration.
type configLoader func(ctx context.Context, profile string) (aws.Config, error)

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
		return origin{}, fmt.Errorf("the AWS configuration: %w", err)
	}
	regions := o.regions
	if len(regions) == 0 && cfg.Region != "" {
		regions = []string{cfg.Region}
	}
	if len(regions) == 0 {
		return origin{}, errors.New("no region is configured: give one with -region")
	}
	return origin{
		places: lo.Map(regions, func(region string, _ int) place {
			here := cfg.Copy()
			here.Region = region
			return place{region, backupx.New(here)}
		}),
		now:  p.now().UTC(),
		note: fmt.Sprintf("your account in %s, jobs of the last %d days", strings.Join(regions, ", "), cmp.Or(o.days, 30)),
	}, nil
}

// loadConfig loads what the AWS CLI would take, and slows down when it is throttled.
func loadConfig(ctx context.Context, profile string) (aws.Config, error) {
	return config.LoadDefaultConfig(ctx,
		config.WithSharedConfigProfile(profile),
		config.WithRetryMode(aws.RetryModeAdaptive))
}
