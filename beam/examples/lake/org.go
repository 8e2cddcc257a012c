package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/accounts"
	backupxbeam "github.com/backupx-go/backupx/beam"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/fakeorg"
)

const orgClients = "organisation"

func init() { backupxbeam.RegisterClients(orgClients, new(organisation).client) }

// member is how a worker lists the accounts of an organisation.
type member struct {
	Role   string // to assume in each account, with {account} for its id
	Region string // of the requests to STS, if the worker has none configured
	MadeUp *fakes // of a run without -live
}

// config is the configuration to start from.
func (m member) config(ctx context.Context) (aws.Config, error) {
	if m.MadeUp == nil {
		cfg, err := loadConfig(ctx)
		cfg.Region = cmp.Or(cfg.Region, m.Region)
		return cfg, err
	}
	return fakeorg.Forty(func(account, region string) *fakeaws.Service { return m.MadeUp.service(source(account, region)) }).Config("us-east-1"), nil
}

// organisation makes the clients of its accounts on a worker.
type organisation struct {
	mu   sync.Mutex
	made map[string]*live // by what the factory is told
}

// client is the factory: config is a member. The account of the worker's own identity is listed with that, because
// a management account rarely has the role.
func (o *organisation) client(ctx context.Context, config, source string) (backupx.Client, error) {
	var m member
	if err := json.Unmarshal([]byte(config), &m); err != nil {
		return backupx.Client{}, err
	}
	l, err := o.worker(ctx, config, m)
	if err != nil {
		return backupx.Client{}, err
	}
	return l.client(ctx, m.Role, source)
}

func (o *organisation) worker(ctx context.Context, config string, m member) (*live, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l, ok := o.made[config]; ok {
		return l, nil
	}
	cfg, err := m.config(ctx)
	if err != nil {
		return nil, err
	}
	l := &live{base: &cfg, credentials: map[string]aws.CredentialsProvider{}}
	if me, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil); err == nil {
		l.own = aws.ToString(me.Account)
	}
	if o.made == nil {
		o.made = map[string]*live{}
	}
	o.made[config] = l
	return l, nil
}

// checkOrg finds flags that do not go with -org.
func (o options) checkOrg() error {
	for _, tag := range o.tags {
		if key, value, _ := strings.Cut(tag, "="); strings.TrimSpace(key) == "" || strings.TrimSpace(value) == "" {
			return fmt.Errorf("-tag %q: a tag has a key and a value: team=data", tag)
		}
	}
	switch {
	case o.accounts != "" || o.accountsFile != "":
		return errors.New("-org finds the accounts: -accounts and -accounts-file do not go with it")
	case o.faults:
		return errors.New("-faults does not go with -org: three accounts of the made up organisation fail")
	case strings.Contains(o.role, ":role/"): // -resume does not list the organisation, which would find that
		return fmt.Errorf("-role %q: it is an ARN: give the name of the role alone, because the account differs", o.role)
	case o.live && o.role == "":
		return errors.New("-live -org needs -role: the name of the role to assume in each account")
	}
	return nil
}

func (o options) orgRole() string { return cmp.Or(o.role, lo.Ternary(o.live, "", fakeorg.FortyRole)) }

// orgMember is what a worker needs to know.
func (o options) orgMember(j job, now time.Time) member {
	region := lo.FirstOrEmpty(j.regions)
	if len(j.letters) > 0 { // they say what is listed
		_, region, _ = strings.Cut(j.letters[0].Shard.Source, "/")
	}
	m := member{Role: "arn:" + partition(region) + ":iam::{account}:role/" + strings.TrimPrefix(o.orgRole(), "/"), Region: region}
	if !o.live {
		made := o.fakes(now)
		m.MadeUp = &made
	}
	return m
}

func (o options) orgClients(j job, now time.Time) backupxbeam.Clients {
	config, _ := json.Marshal(o.orgMember(j, now)) // strings and numbers can be encoded
	return backupxbeam.Clients{Factory: orgClients, Config: string(config)}
}

// partitions are those beside aws, by how the names of their regions start.
var partitions = map[string]string{
	"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc",
	"us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f",
}

// partition is that of a region.
func partition(region string) string {
	start, _ := lo.FindKeyBy(partitions, func(start, _ string) bool { return strings.HasPrefix(region, start) })
	return cmp.Or(partitions[start], "aws")
}

// accountsOfOrg are the active accounts that the flags choose. No role is assumed yet: the workers do that.
func (o options) accountsOfOrg(ctx context.Context, j job) ([]string, error) {
	cfg, err := o.orgMember(j, j.now).config(ctx)
	if err != nil {
		return nil, err
	}
	opts := []accounts.Option{accounts.Regions(j.regions...)}
	if len(o.units) > 0 {
		opts = append(opts, accounts.Units(o.units...))
	}
	for _, tag := range o.tags {
		key, value, _ := strings.Cut(tag, "=")
		opts = append(opts, accounts.Tagged(key, value))
	}
	fleet, err := accounts.Fleet(ctx, cfg, o.orgRole(), opts...)
	if err != nil {
		return nil, fmt.Errorf("-org: %w", err)
	}
	if len(fleet) == 0 {
		return nil, errors.New("-org: no active account is chosen")
	}
	return lo.Uniq(lo.Map(fleet, func(s backupx.Source, _ int) string { return s.Account })), nil
}
