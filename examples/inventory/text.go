package main

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/recency"
)

// view is a report as text of a width.
type view struct {
	Report
	options

	width     int
	byAccount bool // whether the jobs may be of several accounts, so that a region alone does not say where a resource is
}

func viewOf(r Report, o options, width int) view {
	account := func(r Resource, _ int) string { return r.Account }
	accounts := lo.Uniq(append(lo.Map(r.Resources, account), lo.Map(r.Copies, account)...))
	return view{r, o, width, o.accounts || len(accounts) > 1}
}

// text returns the report for people: the answer in a few lines, then the details.
func (v view) text() string {
	var b strings.Builder
	b.WriteString(v.hang("", "AWS backups: what there is, and what needs attention"))
	if v.Live {
		b.WriteString(v.hang("", "Live at "+moment(v.At)+": "+v.Source))
	} else {
		b.WriteString(v.hang("", "Recorded data of "+moment(v.At)+"; run with -live for your account") + v.hang("", "("+v.Source+")"))
	}
	b.WriteString(v.summary())
	b.WriteString(v.attention())
	b.WriteString(v.notRead())
	if v.all {
		b.WriteString(v.table("Resources, the oldest backup first", v.Resources))
	}
	for _, s := range v.services() {
		b.WriteString(v.totals(s, lo.Filter(v.Totals, func(t Total, _ int) bool { return t.Service == s.id })))
	}
	b.WriteString(v.sizes())
	return b.String()
}

// where names the place of a job: its region, and its account if the report has several.
func (v view) where(region, account string) string {
	if !v.byAccount {
		return region
	}
	return strings.TrimSuffix(region+" "+account, " ")
}

// vaultName is the name of the vault, with its region and account where they differ from the job's.
func (c Cause) vaultName() string {
	a, err := arn.Parse(c.Vault)
	if err != nil {
		return c.Vault
	}
	name := strings.TrimPrefix(a.Resource, "backup-vault:")
	if a.Region != c.Region {
		name += " in " + a.Region
	}
	if c.Account != "" && a.AccountID != c.Account {
		name += " of " + a.AccountID
	}
	return name
}

// spoken returns an outcome as it stands in a sentence.
func spoken(outcome string) string {
	if outcome == recency.WithIssues {
		return "completed with issues"
	}
	return strings.ToLower(outcome)
}
