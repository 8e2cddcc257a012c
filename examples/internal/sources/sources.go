// Package sources is what the programs under examples share that ask many accounts and regions: the flags that
// choose them, their clients, made-up accounts for an offline run, and jobs as JSON.
package sources

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// identity is a configuration with credentials, and the name of its sources.
type identity struct {
	name    string
	account string // empty if it is not known
	cfg     aws.Config
}

// Fleet returns one source for each profile and region, or with -role for each account and region. The program's
// name is in the sessions of assumed roles. It sends no request.
func (s *Flags) Fleet(ctx context.Context, program string, load cli.ConfigLoader, now func() time.Time) (backupx.Fleet, error) {
	identities, err := s.identities(ctx, program, load)
	if err != nil {
		return nil, err
	}
	var fleet backupx.Fleet
	for _, id := range identities {
		regions, err := cli.InRegions(id.cfg, s.regions)
		if err != nil {
			return nil, err
		}
		for _, cfg := range regions {
			fleet = append(fleet, source(id.name, id.account, cfg, now))
		}
	}
	return fleet, nil
}

// source returns the source of a region.
func source(name, account string, cfg aws.Config, now func() time.Time) backupx.Source {
	return backupx.Source{
		Name: name + "/" + cfg.Region, Account: account, Region: cfg.Region, Config: cfg, Client: backupx.Client{Now: now},
	}
}

// identities returns one identity for each profile, or with -role for each account.
func (s *Flags) identities(ctx context.Context, program string, load cli.ConfigLoader) ([]identity, error) {
	profiles := s.profiles
	if len(profiles) == 0 {
		profiles = cli.List{""}
	}
	var out []identity
	for _, profile := range profiles {
		cfg, err := load(ctx, profile)
		if err != nil {
			return nil, err
		}
		name, ok := cli.ProfileName(profile)
		if !ok {
			name = "environment"
		}
		out = append(out, identity{name, "", cfg})
	}
	if s.role != "" {
		return s.assumed(out[0].cfg, program), nil
	}
	return out, nil
}

// assumed returns one identity for the role in each account. The clients of all its regions share its
// credentials, which are requested from STS when they are first needed, and again shortly before they expire.
func (s *Flags) assumed(cfg aws.Config, program string) []identity {
	if cfg.Region == "" && len(s.regions) > 0 {
		cfg.Region = s.regions[0] // the region of STS
	}
	client := sts.NewFromConfig(cfg)
	var out []identity
	for _, account := range s.accounts {
		role := stscreds.NewAssumeRoleProvider(client, strings.ReplaceAll(s.role, placeholder, account),
			func(r *stscreds.AssumeRoleOptions) { r.RoleSessionName = "backupx-" + program })
		here := cfg.Copy()
		here.Credentials = aws.NewCredentialsCache(role)
		out = append(out, identity{account, account, here})
	}
	return out
}

// Reason returns the error code and message of the service, on one line. For an error that is not the service's it
// returns the innermost error. The SDK asks the metadata service of EC2 last, if nothing else gives credentials.
func Reason(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return cli.OneLine(api.ErrorCode() + ": " + api.ErrorMessage())
	}
	what := ""
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
		if op, ok := err.(*smithy.OperationError); ok && op.Service() == "ec2imds" {
			what = "no credentials: "
		}
	}
	return cli.OneLine(what + err.Error())
}
