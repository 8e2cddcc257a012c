package sources

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/samber/lo"
	"github.com/samber/lo/parallel"

	"github.com/backupx-go/backupx"
)

// accountTimeout is how long a program waits for the id of an account, which it only shows.
const accountTimeout = 10 * time.Second

// Account returns the account that the credentials of cfg are of, as STS tells it: "account 111122223333", or "account
// not told (AccessDenied: …)". It needs no permission, but a region, and cfg must reach STS.
func Account(ctx context.Context, cfg aws.Config) string {
	ctx, cancel := context.WithTimeout(ctx, accountTimeout)
	defer cancel()
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return fmt.Sprintf("account not told (%s)", Reason(err))
	}
	return "account " + aws.ToString(out.Account)
}

// Header returns the accounts and regions of a fleet for the head of a live run: "account 111122223333 in eu-west-1,
// us-east-1; account …". It asks STS for each account that the fleet does not name, once for all its regions.
func Header(ctx context.Context, fleet backupx.Fleet) string {
	first := lo.UniqBy(fleet, identityOf)
	accounts := parallel.Map(first, func(s backupx.Source, _ int) string {
		if s.Account != "" {
			return "account " + s.Account
		}
		return Account(ctx, s.Config)
	})
	return strings.Join(lo.Map(first, func(s backupx.Source, i int) string {
		its := lo.Filter(fleet, func(other backupx.Source, _ int) bool { return identityOf(other) == identityOf(s) })
		return accounts[i] + " in " + strings.Join(lo.Map(its, func(s backupx.Source, _ int) string { return s.Region }), ", ")
	}), "; ")
}

// identityOf returns what the sources of an account have in common: their names before the region.
func identityOf(s backupx.Source) string { return strings.TrimSuffix(s.Name, "/"+s.Region) }
