// Package organization is the flag -org of the programs under examples: a fleet from an AWS organisation, a real or a
// made-up one. It is a module of its own, so that programs without the flag do not depend on the clients of AWS
// Organizations and Account Management.
package organization

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/accounts"
	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/sources"
)

// Fleet returns the sources that the flags choose of the organisation of their profile. The program's name is in the
// sessions of assumed roles.
func Fleet(ctx context.Context, program string, chosen sources.Organization, load cli.ConfigLoader, now func() time.Time) (backupx.Fleet, error) {
	return fleet(ctx, chosen, load, now, options(program, chosen))
}

func fleet(ctx context.Context, chosen sources.Organization, load cli.ConfigLoader, now func() time.Time, opts []accounts.Option) (backupx.Fleet, error) {
	if chosen.Role == "" {
		return nil, errors.New("-org needs -role: the name of the role to assume in each account")
	}
	cfg, err := load(ctx, chosen.Profile)
	if err != nil {
		return nil, err
	}
	cfg, err = cli.InRegion(cfg, cmp.Or(cfg.Region, lo.FirstOrEmpty(chosen.Regions))) // of STS and AWS Organizations
	if err != nil {
		return nil, err
	}
	all, err := accounts.Fleet(ctx, cfg, chosen.Role, opts...)
	if err != nil {
		return nil, fmt.Errorf("-org: %w", err)
	}
	if len(all) == 0 {
		return nil, errors.New("-org: no active account is chosen")
	}
	for i := range all {
		all[i].Client.Now = now
	}
	return all, nil
}

func options(program string, chosen sources.Organization) []accounts.Option {
	opts := []accounts.Option{accounts.Assume(func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "backupx-" + program })}
	if len(chosen.Units) > 0 {
		opts = append(opts, accounts.Units(chosen.Units...))
	}
	if len(chosen.Regions) > 0 {
		opts = append(opts, accounts.Regions(chosen.Regions...))
	}
	for _, tag := range chosen.Tags {
		opts = append(opts, accounts.Tagged(tag.Key, tag.Value))
	}
	return opts
}
