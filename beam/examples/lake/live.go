package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/backupx-go/backupx"
	backupxbeam "github.com/backupx-go/backupx/beam"
)

const liveClients = "live"

func init() { backupxbeam.RegisterClients(liveClients, new(live).client) }

// live makes the clients of real accounts on a worker, beginning with the worker's own identity.
type live struct {
	mu          sync.Mutex
	base        *aws.Config
	credentials map[string]aws.CredentialsProvider // by role
	own         string                             // an account that is listed without a role
}

// attempts is how often a request is tried: at this width throttling is the rule.
const attempts = 8

// client is the factory: role is the template of the role to assume, empty for none.
func (l *live) client(ctx context.Context, role, source string) (backupx.Client, error) {
	account, region, ok := strings.Cut(source, "/")
	if !ok || account == "" || region == "" {
		return backupx.Client{}, fmt.Errorf("a source is account/region, not %q", source)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.load(ctx); err != nil {
		return backupx.Client{}, err
	}
	cfg := l.base.Copy()
	cfg.Region = region
	if role != "" && account != l.own {
		cfg.Credentials = l.assume(cfg, strings.ReplaceAll(role, "{account}", account))
	}
	return backupx.New(cfg), nil
}

// load reads the worker's configuration once.
func (l *live) load(ctx context.Context) error {
	if l.base != nil {
		return nil
	}
	cfg, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	l.base, l.credentials = &cfg, map[string]aws.CredentialsProvider{}
	return nil
}

func loadConfig(ctx context.Context) (aws.Config, error) {
	return config.LoadDefaultConfig(context.WithoutCancel(ctx),
		config.WithRetryMode(aws.RetryModeAdaptive), config.WithRetryMaxAttempts(attempts))
}

// assume is the credentials of a role, shared by the regions of its account. STS is asked in the region of the worker: the
// worker's account need not have opted in to the region that is listed.
func (l *live) assume(cfg aws.Config, role string) aws.CredentialsProvider {
	if c, ok := l.credentials[role]; ok {
		return c
	}
	cfg.Region = cmp.Or(l.base.Region, cfg.Region)
	c := aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role))
	l.credentials[role] = c
	return c
}
