package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/recency"
)

// copies counts copy jobs by destination and state.
type copies struct {
	subject
	byTo      map[string]map[string]int // by ARN of the destination vault, then by state
	resources *recency.Resources
}

func newCopies(s subject, resources *recency.Resources) *copies {
	return &copies{s, map[string]map[string]int{}, resources}
}

func (t *copies) add(j types.CopyJob) {
	to := cmp.Or(aws.ToString(j.DestinationBackupVaultArn), notTold)
	if t.byTo[to] == nil {
		t.byTo[to] = map[string]int{}
	}
	t.byTo[to][string(j.State)]++
}

// total returns the number of copies in any of the states, or in all states if none is given.
func (t *copies) total(states ...string) int {
	return lo.SumBy(lo.Values(t.byTo), func(by map[string]int) int {
		if len(states) > 0 {
			by = lo.PickByKeys(by, states)
		}
		return lo.Sum(lo.Values(by))
	})
}

// destinations returns the vaults, those with the most copies first.
func (t *copies) destinations() []string {
	return byCount(lo.MapValues(t.byTo, func(by map[string]int, _ string) int { return lo.Sum(lo.Values(by)) }))
}

func (t *copies) section() (Section, error) {
	to := t.destinations()
	states := present(lo.Uniq(lo.FlatMap(lo.Values(t.byTo), func(by map[string]int, _ int) []string { return lo.Keys(by) })))
	s := Section{
		ID: "copies", Title: "Copies, by destination", Lead: "There are no copy jobs.",
		Note: "Copy jobs by the vault that they copy to, with its region and account.",
	}
	if len(to) == 0 {
		return s, nil
	}
	s.Legend, s.Tables = legend(states), []Table{t.table(to, states)}
	s.Briefs = []Table{t.brief(to)}
	all := failingOf(t.resources)
	if len(all) > 0 {
		s.Tables = append(s.Tables, t.failureTable("Copies that failed, by resource", all))
	}
	s.Briefs = append(s.Briefs,
		t.failureTable("Not cured by a later copy to the same vault", t.of(recency.Open, all)).only(20, t.inRegions(10, 0, 3, 8, 5)...),
		t.unsure(all, 8))
	s.Lead = fmt.Sprintf("%s to %s: %s.", plural(t.total(), "copy job"), plural(len(to), "vault"), t.problems())
	if len(to) > drawn {
		s.Note += fmt.Sprintf(" The picture has the %d with the most.", drawn)
		to = to[:drawn]
	}
	height := heightOf(len(to), 40, 24)
	desc := "Stacked horizontal bars, one a vault. The most copies go to " + cut(vaultName(to[0]), 60) + "."
	p, err := t.picture("copies", s.Title, desc, t.draw(to, states), wide(height), narrow(height))
	s.Pictures = []Picture{p}
	return s, err
}

func (t *copies) draw(to []string, states []lo.Entry[string, ink]) drawing {
	sums := lo.Map(to, func(v string, _ int) int { return lo.Sum(lo.Values(t.byTo[v])) })
	return func(p *plot.Plot, s size) error {
		rowNames(p, lo.Map(to, func(v string, _ int) string { return vaultLabel(v) }))
		p.X.Min, p.X.Max = 0, float64(slices.Max(sums))*1.1
		p.X.LineStyle.Width = 0
		p.X.Tick.Marker = plot.ConstantTicks(nil)
		bars := lo.Map(states, func(e lo.Entry[string, ink], _ int) kindValues {
			return kindValues{e.Value, t.counts(to, e.Key)}
		})
		if err := stack(p, 18, true, bars); err != nil {
			return err
		}
		return t.sumsBeside(p, s.fontSize, sums)
	}
}

// counts returns the copies of each vault in a state, from the bottom of the picture to its top.
func (t *copies) counts(to []string, state string) plotter.Values {
	out := make(plotter.Values, len(to))
	for i, v := range to {
		out[len(to)-1-i] = float64(t.byTo[v][state])
	}
	return out
}

// vaultName returns the name of a vault, then its region and account.
func vaultName(vault string) string {
	a, err := arn.Parse(vault)
	if err != nil {
		return cmp.Or(vault, "·")
	}
	return strings.TrimPrefix(a.Resource, "backup-vault:") + ", " + a.Region + " " + a.AccountID
}

// vaultLabel returns the name of a vault in two lines.
func vaultLabel(vault string) string {
	name, place, _ := strings.Cut(vaultName(vault), ", ")
	return strings.TrimSuffix(cut(name, 24)+"\n"+cut(place, 27), "\n")
}

func (t *copies) table(to []string, states []lo.Entry[string, ink]) Table {
	out := numbers(slices.Concat([]string{"Vault"}, spokenOf(states), []string{"all"})...)
	out.Columns[0] = cli.Whole
	for _, v := range to {
		row := []string{vaultName(v)}
		for _, e := range states {
			row = append(row, t.count(t.byTo[v][e.Key]))
		}
		out.Rows = append(out.Rows, append(row, t.count(lo.Sum(lo.Values(t.byTo[v])))))
	}
	return out
}

// brief has the copies of each vault by how they ended.
func (t *copies) brief(to []string) Table {
	out := numbers("Vault", "completed", "not completed", "under way", "all")
	out.Columns[0] = cli.Whole
	for _, v := range to {
		all, done := lo.Sum(lo.Values(t.byTo[v])), t.byTo[v]["COMPLETED"]
		open := lo.SumBy(underWay(), func(state string) int { return t.byTo[v][state] })
		out.Rows = append(out.Rows, []string{vaultName(v), t.count(done), t.count(all - done - open), t.count(open), t.count(all)})
	}
	return out.top(drawn)
}

// problems says how many copies did not succeed.
func (t *copies) problems() string {
	return number(t.total("FAILED")) + " failed, " + number(t.total("PARTIAL")) + " partial"
}

func (t *copies) figure() Figure {
	all := failingOf(t.resources)
	return t.uncured(Figure{Label: "Not copied, not cured", Note: withFailed(all, "copy") + "; " + plural(t.total(), "copy job")}, all)
}
