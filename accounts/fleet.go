package accounts

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"github.com/backupx-go/backupx"
)

// Fleet returns a source for each active account of the organisation that cfg belongs to, and for each region that the
// account has opted in to. A source is named by both, as 111122223333/eu-west-1: names of accounts are neither unique nor
// permanent. Its Account, Region and Config are set too.
//
//   - Accounts are requested page by page from AWS Organizations. Those that are suspended, closed, being closed or not
//     yet activated are left out. [Units] and [Tagged] choose among the others.
//   - In each account, role is assumed: the name of an IAM role, with its path if it has one, as BackupAudit or
//     /audit/BackupAudit. It is not an ARN, because the account differs; the partition is that of the organisation. The
//     sources of an account share the credentials, which are renewed when they expire. STS is that of the region of
//     cfg, which each account must have enabled. [Assume] changes the requests to STS.
//   - The account of the caller has no such role in most organisations, above all if it is the management account. Its
//     sources have the credentials of cfg, and role is not assumed there.
//   - The regions of an account are requested with its role (ListRegions of Account Management), of several accounts at
//     a time: see [Parallel]. Member accounts need no trusted access for this. With [Regions], no account is asked, and
//     its role is assumed when a source of it is first listed.
//
// The error is about bad input, an organisation that cannot be listed, or the context. It is never about a single
// account. If the role of an account cannot be assumed, or its regions cannot be listed, then the fleet has one source
// for the account, in the region of cfg, which fails with the cause whenever it is listed: [backupx.KindDenied] if STS
// or Account Management denied the request, and never a kind by which programs leave sources out. Call Fleet again after the cause was removed. A checkpoint of the fleet
// then resumes: the source keeps its name, and those of the other regions are new.
//
// The clients of a source are made when it is first listed. Only those that were used lately are kept, so that
// a listing of any number of sources needs little memory.
//
// An organisation, or a choice of it, without accounts gives an empty fleet.
func Fleet(ctx context.Context, cfg aws.Config, role string, opts ...Option) (backupx.Fleet, error) {
	fleet, err := newFleet(ctx, cfg, role, opts)
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	return fleet, nil
}

func newFleet(ctx context.Context, cfg aws.Config, role string, opts []Option) (backupx.Fleet, error) {
	s, err := newSettings(opts)
	if err != nil {
		return nil, err
	}
	path, err := parseRole(role)
	if err != nil {
		return nil, err
	}
	if cfg, err = s.prepare(cfg); err != nil {
		return nil, err
	}
	members, err := organization{organizations.NewFromConfig(cfg), s}.members(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.checkRegions(ctx, cfg); err != nil {
		return nil, err
	}
	all := newEntrance(ctx, cfg, path, s).identities(members)
	if err := s.findRegions(ctx, all); err != nil {
		return nil, err
	}
	return sources(all), nil
}

// sources returns the fleet of all accounts.
func sources(all []*identity) backupx.Fleet {
	n := 0
	for _, id := range all {
		n += len(id.regions)
	}
	fleet := make(backupx.Fleet, 0, n)
	recent := &cache{}
	for _, id := range all {
		for _, region := range id.regions {
			fleet = append(fleet, backupx.Source{
				Name: id.account + "/" + region, Account: id.account, Region: region,
				Client: clientOf(&source{id, region, recent}), Config: id.config(region),
			})
		}
	}
	return fleet
}
