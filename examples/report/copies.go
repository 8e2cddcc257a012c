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
	"gonum.org/v1/plot/text"
)

// copies counts copy jobs by destination and state.
type copies struct {
	cal  calendar
	byTo map[string]map[string]int // by ARN of the destination vault, then by state
}

func newCopies(cal calendar) *copies { return &copies{cal, map[string]map[string]int{}} }

func (t *copies) add(j types.CopyJob) {
	to := cmp.Or(aws.ToString(j.DestinationBackupVaultArn), "not told")
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
	s.Legend, s.Table = legend(states), t.table(to, states)
	s.Brief = s.Table
	s.Lead = fmt.Sprintf("%s to %s: %s.", plural(t.total(), "copy job"), plural(len(to), "vault"), t.problems())
	if len(to) > drawn {
		s.Note += fmt.Sprintf(" The picture has the %d with the most.", drawn)
		to = to[:drawn]
	}
	height := heightOf(len(to), 40, 24)
	desc := "Stacked horizontal bars, one a vault. The most copies go to " + vaultName(to[0], ", ") + "."
	p, err := picture("copies", s.Title, desc, t.draw(to, states), wide(height), narrow(height))
	s.Pictures = []Picture{p}
	return s, err
}

func (t *copies) draw(to []string, states []lo.Entry[string, ink]) drawing {
	sums := lo.Map(to, func(v string, _ int) int { return lo.Sum(lo.Values(t.byTo[v])) })
	return func(p *plot.Plot, s size) error {
		rowNames(p, lo.Map(to, func(v string, _ int) string { return vaultName(v, "\n") }))
		p.X.Min, p.X.Max = 0, float64(slices.Max(sums))*1.1
		p.X.LineStyle.Width = 0
		p.X.Tick.Marker = plot.ConstantTicks(nil)
		bars := lo.Map(states, func(e lo.Entry[string, ink], _ int) kindValues {
			return kindValues{e.Value, t.counts(to, e.Key)}
		})
		if err := stack(p, 18, true, bars); err != nil {
			return err
		}
		points := lo.Map(sums, func(n, i int) plotter.XY {
			return plotter.XY{X: float64(n) + p.X.Max/100, Y: row(i, len(to))}
		})
		texts := lo.Map(sums, func(n, _ int) string { return number(n) })
		return labels(p, s, points, texts, lo.RepeatBy(len(to), func(int) ink { return inkText }), text.XLeft)
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
func vaultName(vault, between string) string {
	a, err := arn.Parse(vault)
	if err != nil {
		return cut(vault, 30)
	}
	return cut(strings.TrimPrefix(a.Resource, "backup-vault:"), 24) + between + cut(a.Region, 14) + " " + cut(a.AccountID, 12)
}

func (t *copies) table(to []string, states []lo.Entry[string, ink]) Table {
	out := Table{Head: append([]string{"Vault"}, lo.Map(states, func(e lo.Entry[string, ink], _ int) string { return spoken(e.Key) })...)}
	out.Head = append(out.Head, "all")
	for _, v := range to {
		row := []string{vaultName(v, ", ")}
		for _, e := range states {
			row = append(row, count(t.byTo[v][e.Key]))
		}
		out.Rows = append(out.Rows, append(row, count(lo.Sum(lo.Values(t.byTo[v])))))
	}
	return out
}

// problems says how many copies did not succeed.
func (t *copies) problems() string {
	return number(t.total("FAILED")) + " failed, " + number(t.total("PARTIAL")) + " partial"
}

func (t *copies) figure() Figure {
	n := t.total("FAILED", "PARTIAL")
	return Figure{Label: "Not copied whole", Value: number(n), Note: "of " + plural(t.total(), "copy job"), Bad: n > 0}
}
