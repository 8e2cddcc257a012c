package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/samber/lo"
)

// ConfigLoader finds the AWS configuration of a profile, or with an empty name that of the environment.
// A test has one for a service of its own.
type ConfigLoader func(ctx context.Context, profile string) (aws.Config, error)

// LoadConfig is the [ConfigLoader] of a real run: it loads what the AWS CLI would take. Clients with the
// configuration slow down when they are throttled.
func LoadConfig(ctx context.Context, profile string) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithSharedConfigProfile(profile),
		config.WithRetryMode(aws.RetryModeAdaptive))
	if err != nil {
		return cfg, fmt.Errorf("the AWS configuration: %w", err)
	}
	return cfg, nil
}

// InRegion returns cfg with the region, or with its own where region is empty; it is an error if both are.
func InRegion(cfg aws.Config, region string) (aws.Config, error) {
	here := cfg.Copy()
	here.Region = cmp.Or(region, cfg.Region)
	if here.Region == "" {
		return here, errors.New("no region is configured: give one with -region")
	}
	return here, nil
}

// InRegions returns cfg once for each region, or where there are none, with its own.
func InRegions(cfg aws.Config, regions []string) ([]aws.Config, error) {
	if len(regions) == 0 {
		regions = []string{""}
	}
	return lo.MapErr(regions, func(region string, _ int) (aws.Config, error) { return InRegion(cfg, region) })
}
