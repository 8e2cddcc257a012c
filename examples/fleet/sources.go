package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/backupx-go/backupx"
)

// configLoader finds the caller's configuration.
type configLoader func(ctx context.Context, profile string) (aws.Config, error)

// loadConfig loads what the AWS CLI would take, and slows down when it is throttled.
func loadConfig(ctx context.Context, profile string) (aws.Config, error) {
	return config.LoadDefaultConfig(ctx,
		config.WithSharedConfigProfile(profile),
		config.WithRetryMode(aws.RetryModeAdaptive))
}

// identity is credentials, and what to call them.
type identity struct {
	name string
	cfg  aws.Config
}

func (p program) fleet(ctx context.Context, o options) (backupx.Fleet, error) {
	if !o.live {
		return offline(), nil
	}
	identities, err := p.identities(ctx, o)
	if err != nil {
		return nil, err
	}
	var fleet backupx.Fleet
	for _, id := range identities {
		regions := o.regions
		if len(regions) == 0 && id.cfg.Region != "" {
			regions = list{id.cfg.Region}
		}
		if len(regions) == 0 {
			return nil, errors.New("no region is configured: give one with -region")
		}
		for _, region := range regions {
			cfg := id.cfg.Copy()
			cfg.Region = region
			client := backupx.New(cfg)
			client.Now = p.now
			fleet = append(fleet, backupx.Source{Name: id.name + "/" + region, Client: client})
		}
	}
	return fleet, nil
}

// identities are those of each profile, or of each account.
func (p program) identities(ctx context.Context, o options) ([]identity, error) {
	profiles := o.profiles
	if len(profiles) == 0 {
		profiles = list{""}
	}
	var out []identity
	for _, profile := range profiles {
		cfg, err := p.load(ctx, profile)
		if err != nil {
			return nil, fmt.Errorf("the AWS configuration: %w", err)
		}
		out = append(out, identity{cmp.Or(profile, "default"), cfg})
	}
	if o.role != "" {
		return assumed(out[0].cfg, o), nil
	}
	return out, nil
}

// assumed are the roles in the accounts. Each has one credential, which the clients of all its regions
// share: it is asked for once, when it is first needed, and again shortly before it expires.
func assumed(cfg aws.Config, o options) []identity {
	if cfg.Region == "" && len(o.regions) > 0 {
		cfg.Region = o.regions[0] // STS is asked there
	}
	client := sts.NewFromConfig(cfg)
	var out []identity
	for _, account := range o.accounts {
		role := stscreds.NewAssumeRoleProvider(client, strings.ReplaceAll(o.role, placeholder, account),
			func(r *stscreds.AssumeRoleOptions) { r.RoleSessionName = "backupx-fleet" })
		here := cfg.Copy()
		here.Credentials = aws.NewCredentialsCache(role)
		out = append(out, identity{account, here})
	}
	return out
}
