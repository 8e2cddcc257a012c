package sources

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/samber/lo"
	"github.com/samber/lo/parallel"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// accountTimeout is how long a program waits for the id of an account, which it only shows.
const accountTimeout = 10 * time.Second

// Account returns the account that the credentials of cfg are of, as STS tells it: "account 111122223333", or "account
// not told (AccessDenied: …)". It needs no permission, but a region, and cfg must reach STS.
func Account(ctx context.Context, cfg aws.Config) string {
	ctx, cancel := context.WithTimeout(ctx, accountTimeout)
	defer cancel()
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err == nil && aws.ToString(out.Account) == "" {
		err = errors.New("the answer names none")
	}
	if err != nil {
		return fmt.Sprintf("account not told (%s)", Reason(err))
	}
	return "account " + aws.ToString(out.Account)
}

// fewAccounts is how many accounts a header names.
const fewAccounts = 8

// Header returns the accounts and regions of a fleet for the head of a live run: "account 111122223333 in eu-west-1,
// us-east-1; account …". It asks STS for each account that the fleet does not name, once for all its regions. Many accounts
// that the fleet names are counted: "400 accounts in eu-west-1, us-east-1".
func Header(ctx context.Context, fleet backupx.Fleet) string {
	accounts := lo.PartitionBy(fleet, identityOf)
	if len(accounts) > fewAccounts && lo.EveryBy(fleet, func(s backupx.Source) bool { return s.Account != "" }) {
		regions := lo.Uniq(regionsOf(fleet))
		slices.Sort(regions)
		return fmt.Sprintf("%s in %s", cli.Count(len(accounts), "account"), strings.Join(regions, ", "))
	}
	return strings.Join(parallel.Map(accounts, func(its backupx.Fleet, _ int) string {
		account := "account " + its[0].Account
		if its[0].Account == "" {
			account = Account(ctx, its[0].Config)
		}
		return account + " in " + strings.Join(regionsOf(its), ", ")
	}), "; ")
}

func regionsOf(fleet backupx.Fleet) []string {
	return lo.Map(fleet, func(s backupx.Source, _ int) string { return s.Region })
}

// identityOf returns what the sources of an account have in common: their names before the region.
func identityOf(s backupx.Source) string { return strings.TrimSuffix(s.Name, "/"+s.Region) }
