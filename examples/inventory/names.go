package main

import (
	"strings"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/recency"
)

// identity tells resources of the report apart.
type identity struct{ region, account, kind, arn string }

// failing returns the resources of problems, each once: of however many causes, and to however many vaults it is copied.
func failing(lists ...[]Problem) []identity {
	all := lo.FlatMap(lo.Flatten(lists), func(p Problem, _ int) []identity {
		return lo.Map(p.Resources, func(f Failed, _ int) identity { return identity{p.Region, p.Account, f.ResourceType, f.Resource} })
	})
	return lo.UniqBy(all, func(one identity) identity {
		if one.arn != "" {
			one.account, one.kind = "", "" // an ARN says it all, and copy jobs may lack them
		}
		return one
	})
}

// count returns the number of resources of problems.
func count(all []Problem) *int { return lo.ToPtr(len(failing(all))) }

// names returns the names of the resources of problems.
func (v view) names(all []Problem) []string { return v.named(failing(all)) }

// named returns the names of resources. Those that have the same name have their place behind it.
func (v view) named(all []identity) []string {
	times := lo.CountValuesBy(all, identity.name)
	return lo.Map(all, func(one identity, _ int) string {
		name := one.name()
		return name + lo.Ternary(times[name] > 1, " in "+v.where(one.region, one.account), "")
	})
}

// first returns the first names for the end of a line of the summary; empty if there are none.
func first(names []string) string {
	const most = 3
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names[:min(len(names), most)], ", ") + lo.Ternary(len(names) > most, ", …", "")
}

// name is the type and the last part of an ARN: EC2 i-0123, S3 my-bucket, DynamoDB MyTable.
func (one identity) name() string {
	name := "without an ARN"
	if one.arn != "" {
		name = recency.ShortName(one.arn)
	}
	return strings.TrimSpace(one.kind + " " + name)
}
