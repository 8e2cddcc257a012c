package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// identity is the access to one account.
type identity struct {
	account string
	cfg     aws.Config // in the region of the caller
	regions []string
}

// entrance gives access to accounts: with the role, or with the credentials of the caller.
type entrance struct {
	cfg    aws.Config
	client *sts.Client
	role   rolePath
	assume stscreds.AssumeRoleOptions // without the role
	own    string                     // the account of the caller
}

// newEntrance returns the entrance of the caller. If STS does not say what the caller's account is, the role is assumed
// in every account.
func newEntrance(ctx context.Context, cfg aws.Config, role rolePath, s *settings) entrance {
	e := entrance{cfg: cfg, client: sts.NewFromConfig(cfg), role: role, assume: s.assume}
	if me, err := e.client.GetCallerIdentity(ctx, nil); err == nil {
		e.own = aws.ToString(me.Account)
	}
	return e
}

func (e entrance) identities(members []member) []*identity {
	return lo.Map(members, func(m member, _ int) *identity { return e.identity(m) })
}

// renewal is how long before they expire the credentials of a role are renewed. A request that is retried is signed
// anew, so a page needs no more.
const renewal = time.Minute

// identity returns the access to an account. It sends no request.
func (e entrance) identity(m member) *identity {
	cfg := e.cfg.Copy()
	if m.id != e.own {
		cfg.Credentials = aws.NewCredentialsCache(e.provider(m), func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = renewal })
	}
	return &identity{account: m.id, cfg: cfg}
}

// provider returns the provider that assumes the role in an account.
func (e entrance) provider(m member) *stscreds.AssumeRoleProvider {
	return stscreds.NewAssumeRoleProvider(e.client, e.role.in(m), func(o *stscreds.AssumeRoleOptions) {
		client, role := o.Client, o.RoleARN
		*o = e.assume
		o.Client, o.RoleARN = lo.CoalesceOrEmpty(o.Client, client), role
	})
}

// config returns the configuration of a source.
func (id *identity) config(region string) aws.Config {
	cfg := id.cfg.Copy()
	cfg.Region = region
	return cfg
}

// fail makes the account one source, in the region of the caller. Its clients fail with the cause before they send
// anything. The kinds that mean that a region lacks a service are hidden, because programs leave such sources out: here
// they are of Account Management, not of what is listed.
func (id *identity) fail(cause error) {
	if kind := backupx.KindOf(cause); kind == backupx.KindNotOffered || kind == backupx.KindNotEnabled {
		cause = errors.New(cause.Error())
	}
	err := fmt.Errorf("accounts: the regions of account %s are not known: %w", id.account, cause)
	id.regions = []string{id.cfg.Region}
	id.cfg.APIOptions = append(id.cfg.APIOptions, func(*middleware.Stack) error { return err })
}
