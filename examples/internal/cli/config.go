package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/samber/lo"
)

const requestTimeout = 30 * time.Second

// ConfigLoader loads the AWS configuration of a profile, or of the environment if the profile is empty.
// Tests replace it with one for an in-memory service.
type ConfigLoader func(ctx context.Context, profile string) (aws.Config, error)

// LoadConfig is the [ConfigLoader] of a real run. It loads the configuration that the AWS CLI would use, in
// the adaptive retry mode: clients slow down when they are throttled. A request that gets no answer fails after
// requestTimeout, so that an account that never answers does not block the others.
func LoadConfig(ctx context.Context, profile string) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithSharedConfigProfile(profile),
		config.WithRetryMode(aws.RetryModeAdaptive),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(requestTimeout)))
	if err != nil {
		return cfg, fmt.Errorf("the AWS configuration: %w", err)
	}
	return cfg, nil
}

// ProfileName returns the name of the profile whose credentials [LoadConfig] uses; false if it uses the keys of the
// environment.
func ProfileName(profile string) (name string, ok bool) {
	if profile == "" && os.Getenv("AWS_ACCESS_KEY_ID") != "" {
		return "", false
	}
	return cmp.Or(profile, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"), "default"), true
}

// InRegion returns a copy of cfg for the region, or for its own region if region is empty. It returns an
// error if both are empty.
func InRegion(cfg aws.Config, region string) (aws.Config, error) {
	here := cfg.Copy()
	here.Region = cmp.Or(region, cfg.Region)
	if here.Region == "" {
		return here, errors.New("no region is configured: give one with -region")
	}
	return here, nil
}

// InRegions returns a copy of cfg for each region, or one for its own region if regions is empty.
func InRegions(cfg aws.Config, regions []string) ([]aws.Config, error) {
	if len(regions) == 0 {
		regions = []string{""}
	}
	return lo.MapErr(regions, func(region string, _ int) (aws.Config, error) { return InRegion(cfg, region) })
}
