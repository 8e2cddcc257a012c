package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// origin is where the data come from.
type origin struct {
	fleet  backupx.Fleet // one source a region
	now    time.Time
	note   string
	madeUp bool
}

// configLoader finds the caller's configuration.
type configLoader func(ctx context.Context, profile string) (aws.Config, error)

func (p program) origin(ctx context.Context, o options) (origin, error) {
	if o.live {
		return p.account(ctx, o)
	}
	return madeUp(), nil
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
		fleet: lo.Map(regions, func(region string, _ int) backupx.Source {
			here := cfg.Copy()
			here.Region = region
			return backupx.Source{Name: region, Client: backupx.New(here)}
		}),
		now:  p.now(),
		note: "your account in " + strings.Join(regions, ", "),
	}, nil
}

// loadConfig loads what the AWS CLI would take, and slows down when it is throttled.
func loadConfig(ctx context.Context, profile string) (aws.Config, error) {
	return config.LoadDefaultConfig(ctx,
		config.WithSharedConfigProfile(profile),
		config.WithRetryMode(aws.RetryModeAdaptive))
}
