package accounts

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/smithy-go"

	"github.com/backupx-go/backupx"
)

// member is an account of the organisation.
type member struct{ id, partition string }

// organization lists the accounts that the settings choose.
type organization struct {
	client *organizations.Client
	*settings
}

// members returns the accounts, each once, in the order of the organisation.
func (o organization) members(ctx context.Context) ([]member, error) {
	seen := map[string]bool{} // the ids of all active accounts so far
	var out []member
	add := func(listed backupx.Listing[orgtypes.Account]) error {
		for a, err := range listed.All(ctx) {
			id := aws.ToString(a.Id)
			switch {
			case err != nil:
				return unlisted(err)
			case seen[id] || !active(a):
				continue
			}
			seen[id] = true
			chosen, err := o.hasTags(ctx, id)
			if err != nil {
				return unlisted(err)
			}
			if chosen {
				out = append(out, member{id, partitionOf(a)})
			}
		}
		return nil
	}
	if len(o.units) > 0 {
		return out, o.eachUnit(ctx, func(unit string) error { return add(accountsOf(o.client, unit)) })
	}
	err := add(allAccounts(o.client))
	if err == nil && len(seen) == 0 {
		err = unlisted(errors.New("the responses have no active account, not even the management account"))
	}
	return out, err
}

// active reports whether an account can be used. A state that is not known counts as usable: an account that is not
// then fails by name.
func active(a orgtypes.Account) bool {
	state := string(a.State)
	if state == "" {
		state = string(a.Status) // of services that do not send the state yet
	}
	return !slices.Contains([]string{"SUSPENDED", "CLOSED", "PENDING_CLOSURE", "PENDING_ACTIVATION"}, state)
}

// partitionOf returns the partition of the account's ARN.
func partitionOf(a orgtypes.Account) string {
	parsed, err := arn.Parse(aws.ToString(a.Arn))
	if err != nil {
		return "aws"
	}
	return parsed.Partition
}

// eachUnit calls do for the units of the settings and all units below them, each once.
func (o organization) eachUnit(ctx context.Context, do func(unit string) error) error {
	seen := map[string]bool{}
	for next := slices.Clone(o.units); len(next) > 0; next = next[1:] {
		unit := next[0]
		if seen[unit] {
			continue
		}
		seen[unit] = true
		if err := do(unit); err != nil {
			return fmt.Errorf("unit %s: %w", unit, err)
		}
		for below, err := range unitsBelow(o.client, unit).All(ctx) {
			if err != nil {
				return fmt.Errorf("unit %s: %w", unit, unlisted(err))
			}
			next = append(next, aws.ToString(below.Id))
		}
	}
	return nil
}

// hasTags reports whether an account has all tags of the settings.
func (o organization) hasTags(ctx context.Context, id string) (bool, error) {
	if len(o.tags) == 0 {
		return true, nil
	}
	has := map[string]string{}
	for tag, err := range tagsOf(o.client, id).All(ctx) {
		var left *orgtypes.TargetNotFoundException
		if errors.As(err, &left) {
			return false, nil // the account has left the organisation since it was listed
		}
		if err != nil {
			return false, err
		}
		has[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return !slices.ContainsFunc(o.tags, func(t orgtypes.Tag) bool { return has[*t.Key] != *t.Value }), nil
}

func allAccounts(client *organizations.Client) backupx.Listing[orgtypes.Account] {
	return pagesOf("ListAccounts", client.ListAccounts, organizations.ListAccountsInput{},
		func(in *organizations.ListAccountsInput, token *string, size *int32) {
			in.NextToken, in.MaxResults = token, size
		},
		func(out *organizations.ListAccountsOutput) ([]orgtypes.Account, *string) {
			return out.Accounts, out.NextToken
		},
		func(a orgtypes.Account) *string { return a.Id })
}

func accountsOf(client *organizations.Client, unit string) backupx.Listing[orgtypes.Account] {
	return pagesOf("ListAccountsForParent", client.ListAccountsForParent, organizations.ListAccountsForParentInput{ParentId: &unit},
		func(in *organizations.ListAccountsForParentInput, token *string, size *int32) {
			in.NextToken, in.MaxResults = token, size
		},
		func(out *organizations.ListAccountsForParentOutput) ([]orgtypes.Account, *string) {
			return out.Accounts, out.NextToken
		},
		func(a orgtypes.Account) *string { return a.Id })
}

func unitsBelow(client *organizations.Client, unit string) backupx.Listing[orgtypes.OrganizationalUnit] {
	return pagesOf("ListOrganizationalUnitsForParent", client.ListOrganizationalUnitsForParent, organizations.ListOrganizationalUnitsForParentInput{ParentId: &unit},
		func(in *organizations.ListOrganizationalUnitsForParentInput, token *string, size *int32) {
			in.NextToken, in.MaxResults = token, size
		},
		func(out *organizations.ListOrganizationalUnitsForParentOutput) ([]orgtypes.OrganizationalUnit, *string) {
			return out.OrganizationalUnits, out.NextToken
		},
		func(u orgtypes.OrganizationalUnit) *string { return u.Id })
}

func tagsOf(client *organizations.Client, id string) backupx.Listing[orgtypes.Tag] {
	return pagesOf("ListTagsForResource", client.ListTagsForResource, organizations.ListTagsForResourceInput{ResourceId: &id},
		func(in *organizations.ListTagsForResourceInput, token *string, _ *int32) { in.NextToken = token },
		func(out *organizations.ListTagsForResourceOutput) ([]orgtypes.Tag, *string) {
			return out.Tags, out.NextToken
		},
		func(t orgtypes.Tag) *string { return t.Key })
}

// unlisted says why the organisation could not be listed, and what to do where that is known.
func unlisted(err error) error {
	var (
		unused   *orgtypes.AWSOrganizationsNotInUseException
		noParent *orgtypes.ParentNotFoundException
	)
	const whole = "the organisation cannot be listed"
	switch {
	case errors.As(err, &unused):
		return fmt.Errorf("%s: the account of the caller belongs to none: call with the organisation's management account, or an account that is its delegated administrator: %w", whole, err)
	case errors.As(err, &noParent):
		return fmt.Errorf("the organisation has no such unit: %w", err)
	case denied(err):
		return fmt.Errorf("%s: call with its management account, or an account that is its delegated administrator, and allow the caller organizations:%s: %w", whole, operation(err), err)
	default:
		return fmt.Errorf("%s: %w", whole, err)
	}
}

// denied reports whether AWS Organizations itself denied a request, not the service of the credentials.
func denied(err error) bool {
	var no *orgtypes.AccessDeniedException
	return errors.As(err, &no) && backupx.KindOf(err) == backupx.KindDenied
}

// operation returns the operation that failed.
func operation(err error) string {
	var op *smithy.OperationError
	if errors.As(err, &op) {
		return op.Operation()
	}
	return "ListAccounts"
}
