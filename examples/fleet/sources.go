package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// identity is a configuration with credentials, and the name of its sources.
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
		regions, err := cli.InRegions(id.cfg, o.regions)
		if err != nil {
			return nil, err
		}
		for _, cfg := range regions {
			client := backupx.New(cfg)
			client.Now = p.now
			fleet = append(fleet, backupx.Source{Name: id.name + "/" + cfg.Region, Client: client})
		}
	}
	return fleet, nil
}

// identities returns one identity for each profile, or with -role for each account.
func (p program) identities(ctx context.Context, o options) ([]identity, error) {
	profiles := o.profiles
	if len(profiles) == 0 {
		profiles = cli.List{""}
	}
	var out []identity
	for _, profile := range profiles {
		cfg, err := p.load(ctx, profile)
		if err != nil {
			return nil, err
		}
		out = append(out, identity{cmp.Or(profile, "default"), cfg})
	}
	if o.role != "" {
		return assumed(out[0].cfg, o), nil
	}
	return out, nil
}

// assumed returns one identity for the role in each account. The clients of all its regions share its
// credentials, which are requested from STS when they are first needed, and again shortly before they expire.
func assumed(cfg aws.Config, o options) []identity {
	if cfg.Region == "" && len(o.regions) > 0 {
		cfg.Region = o.regions[0] // the region of STS
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
