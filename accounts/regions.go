package accounts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// usable are the states of a region whose services can be requested, unusable are the others. A region with another state
// in a response counts as usable: if it is not, its source fails by name.
var (
	usable   = []accounttypes.RegionOptStatus{accounttypes.RegionOptStatusEnabled, accounttypes.RegionOptStatusEnabledByDefault}
	unusable = []accounttypes.RegionOptStatus{accounttypes.RegionOptStatusDisabled, accounttypes.RegionOptStatusDisabling, accounttypes.RegionOptStatusEnabling}
)

// listRegions lists the regions of the account of cfg, in the states given or in all.
func listRegions(cfg aws.Config, states ...accounttypes.RegionOptStatus) backupx.Listing[accounttypes.Region] {
	client := account.NewFromConfig(cfg)
	return pagesOf("ListRegions", client.ListRegions, account.ListRegionsInput{RegionOptStatusContains: states},
		func(in *account.ListRegionsInput, token *string, size *int32) {
			in.NextToken, in.MaxResults = token, size
		},
		func(out *account.ListRegionsOutput) ([]accounttypes.Region, *string) {
			return out.Regions, out.NextToken
		},
		func(r accounttypes.Region) *string { return r.RegionName })
}

// checkRegions reports the regions of the settings that do not exist.
func (s *settings) checkRegions(ctx context.Context, cfg aws.Config) error {
	if len(s.regions) == 0 {
		return nil
	}
	exist, err := listRegions(cfg).Collect(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil || len(exist) == 0 {
		return nil // the names are taken on trust
	}
	names := lo.Map(exist, func(r accounttypes.Region, _ int) string { return aws.ToString(r.RegionName) })
	if unknown, _ := lo.Difference(s.regions, names); len(unknown) > 0 {
		return fmt.Errorf("Regions: the organisation's partition has no region %s", strings.Join(unknown, ", "))
	}
	return nil
}

// findRegions sets the regions of all accounts. An account whose regions are not known fails by itself.
func (s *settings) findRegions(ctx context.Context, all []*identity) error {
	s.each(ctx, all, func(id *identity) {
		if id.regions = s.regions; len(s.regions) > 0 {
			return
		}
		if err := id.findRegions(ctx); err != nil {
			id.fail(err)
		}
	})
	return ctx.Err()
}

// findRegions sets the regions that the account has opted in to, in the order of their names.
func (id *identity) findRegions(ctx context.Context) error {
	for r, err := range listRegions(id.cfg, usable...).All(ctx) {
		if err != nil {
			return err
		}
		if !slices.Contains(unusable, r.RegionOptStatus) {
			id.regions = append(id.regions, aws.ToString(r.RegionName))
		}
	}
	if len(id.regions) == 0 {
		return errors.New("the account has opted in to no region")
	}
	slices.Sort(id.regions)
	id.regions = slices.Compact(id.regions) // pages can shift
	return nil
}

// each calls do for all accounts, for as many at a time as the settings say, until the context ends. With one at a
// time it keeps their order.
func (s *settings) each(ctx context.Context, all []*identity, do func(*identity)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(s.parallel, len(all)) {
		workers.Go(func() {
			for i := int(next.Add(1)); i <= len(all) && ctx.Err() == nil; i = int(next.Add(1)) {
				do(all[i-1])
			}
		})
	}
	workers.Wait()
}
