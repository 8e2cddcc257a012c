package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/recency"
)

// ages tells how old the newest backup of each resource is.
type ages struct {
	subject
	resources *recency.Resources
	within    time.Duration // that the newest backup is to be younger than; 0 for any age
	protected *reach        // of the resources that AWS Backup protects; nil without -protected
}

const day = 24 * time.Hour

// known returns how far the jobs and the protected resources were read.
func (t *ages) known() *reach {
	if t.protected == nil {
		return t.reach
	}
	return &reach{t.reach.read + t.protected.read, append(slices.Clone(t.reach.gaps), t.protected.gaps...)}
}

// verdict says of a resource whether its newest backup is young enough.
type verdict int

const (
	unknown  verdict = iota // a newer backup may be among what was not read
	overdue                 // there is no backup, or it is older than -max-age
	inTime                  // it is within -max-age
	notAsked                // there is no -max-age
)

// of returns the verdict of a resource.
func (t *ages) of(r *recency.Resource) verdict {
	_, backedUp := r.Age(t.cal.now)
	of := recency.Reading{
		Since: t.cal.start(), Jobs: !t.reach.lacks(r.Place.Region), Protected: t.protected != nil && !t.protected.lacks(r.Place.Region),
	}
	switch late := r.Overdue(t.cal.now, t.within); {
	case t.within > 0 && !late:
		return inTime
	case !of.Proves(r, t.cal.now, t.within):
		return unknown
	case t.within == 0 && backedUp:
		return notAsked
	}
	return overdue
}

// spoken returns the verdict as a word of a table.
func (v verdict) spoken() string {
	return map[verdict]string{unknown: "not known", overdue: "no", inTime: "yes", notAsked: "·"}[v]
}

// all returns the resources that have a name, those without a backup first, then those with the oldest.
func (t *ages) all() []*recency.Resource {
	return lo.Filter(t.resources.All(), func(r *recency.Resource, _ int) bool { return r.ARN != "" })
}

// late returns the resources that have no backup within the time.
func (t *ages) late() []*recency.Resource {
	return lo.Filter(t.all(), func(r *recency.Resource, _ int) bool { return t.of(r) == overdue })
}

func (t *ages) section() (Section, error) {
	all, late := t.all(), t.late()
	s := Section{
		ID: "ages", Title: "Resources, by the age of their newest backup",
		Lead: "No resource had a backup job " + t.cal.period() + ".", Note: t.note(),
	}
	if len(all) == 0 {
		return s, nil
	}
	s.Lead = t.sentence(len(all), late)
	s.Tables = []Table{t.table(all)}
	s.Briefs = []Table{t.brief(late)}
	s.Legend = t.legend()
	rows := t.rows(all)
	desc := "Horizontal bars, one for each range of ages, the oldest at the top. " + s.Lead
	height := heightOf(len(rows), 28, 14)
	p, err := t.picture("ages", s.Title, desc, t.draw(rows), wide(height), narrow(height))
	s.Pictures = []Picture{p}
	return s, err
}

// sentence says how many resources are late, and which is the worst.
func (t *ages) sentence(all int, late []*recency.Resource) string {
	if t.within == 0 {
		return plural(all, "resource") + lo.Ternary(len(late) == 0, ".", fmt.Sprintf(", %s without any backup %s.", number(len(late)), t.cal.period()))
	}
	within := ageOf(t.within)
	if len(late) == 0 {
		return fmt.Sprintf("%s: none is known to lack a backup within %s.", plural(all, "resource"), within)
	}
	return fmt.Sprintf("%s of %s %s no backup within %s. The first is %s.",
		number(len(late)), plural(all, "resource"), lo.Ternary(len(late) == 1, "has", "have"), within, t.worst(late[0]))
}

// worst describes a resource that is late.
func (t *ages) worst(r *recency.Resource) string {
	name := strings.TrimSpace(cut(r.Type, 40) + " " + cut(nameOf(r), 40))
	if last := r.Last(); !last.IsZero() {
		return name + ", backed up last at " + t.cal.moment(&last)
	}
	return name + ", of which no backup was seen"
}

func (t *ages) note() string {
	note := "The age is since the completion of the newest COMPLETED backup job. "
	if t.protected == nil {
		note += "None seen is none " + t.cal.period() + ": AWS keeps jobs for 30 days. A live run with -protected asks for older backups, too."
	} else {
		note += "Where it is newer, the time that AWS Backup itself tells of a resource counts."
	}
	if unnamed := len(t.resources.All()) - len(t.all()); unnamed > 0 {
		note += fmt.Sprintf(" Jobs whose resource is not told are left out (%s).", plural(unnamed, "group"))
	}
	return note
}

// ageRow is a range of ages, with its resources by verdict.
type ageRow struct {
	label  string
	counts map[verdict]int
}

// rows counts the resources by ranges of ages, the oldest first.
func (t *ages) rows(all []*recency.Resource) []ageRow {
	bounds := t.bounds()
	rows := make([]ageRow, len(bounds)+3)
	for i := range rows {
		rows[i] = ageRow{t.label(bounds, i), map[verdict]int{}}
	}
	for _, r := range all {
		rows[t.place(bounds, r)].counts[t.of(r)]++
	}
	rows = slices.DeleteFunc(rows, func(r ageRow) bool {
		return len(r.counts) == 0 && (r.label == notKnown || r.label == t.label(bounds, len(bounds)) && t.protected == nil)
	})
	slices.Reverse(rows)
	return rows
}

// bounds returns the ages between the ranges, -max-age among them.
func (t *ages) bounds() []time.Duration {
	most := max(t.cal.now.Sub(t.cal.start()), t.within)
	all := []time.Duration{24 * time.Hour, 48 * time.Hour, 3 * day, 7 * day, 14 * day, 30 * day}
	all = lo.Filter(lo.Uniq(append(all, t.within)), func(d time.Duration, _ int) bool { return d > 0 && d <= most })
	slices.Sort(all)
	return all
}

const notKnown = "not known"

// place returns the number of the range of a resource: the ranges from the youngest on, then that of no backup, then that
// of an unknown age.
func (t *ages) place(bounds []time.Duration, r *recency.Resource) int {
	age, ok := r.Age(t.cal.now)
	switch {
	case t.of(r) == unknown:
		return len(bounds) + 2
	case !ok:
		return len(bounds) + 1
	}
	i, _ := slices.BinarySearch(bounds, age)
	return i
}

func (t *ages) label(bounds []time.Duration, i int) string {
	switch {
	case i == len(bounds)+2:
		return notKnown
	case i == len(bounds)+1:
		return noneSeen
	case len(bounds) == 0:
		return "any age"
	case i == 0:
		return "under " + ageOf(bounds[0])
	case i == len(bounds):
		return "over " + ageOf(bounds[i-1])
	}
	return ageOf(bounds[i-1]) + " – " + ageOf(bounds[i])
}

// ink returns the colour of a verdict.
func (v verdict) ink() ink {
	return map[verdict]ink{unknown: inkWaiting, overdue: inkFailed, inTime: inkCompleted, notAsked: inkAccent}[v]
}

func (t *ages) legend() []Key {
	if t.within == 0 {
		return []Key{{"a backup", "■", inkAccent}, {"none seen", "■", inkFailed}}
	}
	keys := []Key{{"none within " + ageOf(t.within), "■", inkFailed}, {"within " + ageOf(t.within), "■", inkCompleted}, {"-max-age", "┄", inkText}}
	if !t.known().whole() {
		keys = append(keys, Key{"not known: a newer backup may be unread", "■", inkWaiting})
	}
	return keys
}

// draw draws a bar for each range, and a dashed line at -max-age.
func (t *ages) draw(rows []ageRow) drawing {
	sums := lo.Map(rows, func(r ageRow, _ int) int { return lo.Sum(lo.Values(r.counts)) })
	return func(p *plot.Plot, s size) error {
		rowNames(p, lo.Map(rows, func(r ageRow, _ int) string { return r.label }))
		p.X.Min, p.X.Max = 0, float64(max(1, slices.Max(sums)))*1.1
		p.X.LineStyle.Width = 0
		p.X.Tick.Marker = plot.ConstantTicks(nil)
		bars := lo.Map([]verdict{unknown, overdue, inTime, notAsked}, func(v verdict, _ int) kindValues {
			bars := make(plotter.Values, len(rows))
			for i, r := range rows {
				bars[len(rows)-1-i] = float64(r.counts[v])
			}
			return kindValues{v.ink(), bars}
		})
		if err := stack(p, 16, true, bars); err != nil {
			return err
		}
		if err := t.mark(p, rows); err != nil {
			return err
		}
		return t.sumsBeside(p, s.fontSize, sums)
	}
}

// mark draws a dashed line between the ranges that are within -max-age and the others.
func (t *ages) mark(p *plot.Plot, rows []ageRow) error {
	if t.within == 0 {
		return nil
	}
	young, _ := slices.BinarySearch(t.bounds(), t.within) // the ranges below -max-age, less one
	at := float64(young) + 0.5
	return dashed(p, plotter.XY{X: 0, Y: at}, plotter.XY{X: p.X.Max, Y: at})
}

// table has all resources.
func (t *ages) table(all []*recency.Resource) Table {
	out := Table{
		Head:    []string{"Resource", "Type", "Newest backup", "Age", "In time", "Newest failure that is not cured", "Account", "Region", "ARN"},
		Columns: []cli.Column{cli.Whole, cli.Text, cli.Short, cli.Number, cli.Short, cli.Text, cli.Short, cli.Short, cli.Whole},
	}
	for _, r := range all {
		out.Rows = append(out.Rows, []string{
			nameOf(r), kindOf(&r.Type), t.last(r), t.age(r), t.of(r).spoken(), cmp.Or(t.failure(r), t.noneOf(r.Place.Region)),
			cmp.Or(r.Place.Account, "·"), r.Place.Region, r.ARN,
		})
	}
	return out
}

// brief has the resources that are late.
func (t *ages) brief(late []*recency.Resource) Table {
	out := Table{
		Title: lo.Ternary(t.within > 0, "No backup within "+ageOf(t.within), "No backup seen"),
		Head:  []string{"Resource", "Type", "Age", "Newest failure", "Region"}, Columns: []cli.Column{cli.Whole, cli.Text, cli.Number, cli.Text, cli.Short},
	}
	for _, r := range late {
		out.Rows = append(out.Rows, []string{nameOf(r), kindOf(&r.Type), t.ageOrNone(r), cmp.Or(t.failure(r), t.noneOf(r.Place.Region)), r.Place.Region})
	}
	return out.only(20, t.inRegions(4, 0, 1, 2, 3)...)
}

func (t *ages) last(r *recency.Resource) string {
	last := r.Last()
	if last.IsZero() {
		return lo.Ternary(t.of(r) == unknown, notKnown, noneSeen)
	}
	return t.cal.moment(&last)
}

// noneSeen says that no backup of a resource is known. There may have been one: AWS forgets.
const noneSeen = "none seen"

func (t *ages) age(r *recency.Resource) string {
	age, ok := r.Age(t.cal.now)
	switch {
	case !ok:
		return t.noneOf(r.Place.Region)
	case t.of(r) == unknown:
		return "at most " + past(age)
	}
	return past(age)
}

// ageOrNone is the age of a resource's newest backup, or says that there is none.
func (t *ages) ageOrNone(r *recency.Resource) string {
	return lo.Ternary(r.Last().IsZero(), noneSeen, t.age(r))
}

// failure describes the newest failure of a resource that no later backup cured; empty if there is none.
func (t *ages) failure(r *recency.Resource) string {
	open := lo.Filter(r.Failures(), func(f recency.Failure, _ int) bool { return f.CuredBy == nil })
	if len(open) == 0 {
		return ""
	}
	newest := open[0]
	return outcome(newest.Outcome) + lo.Ternary(newest.Newest.Message == "", "", ": "+newest.Newest.Message)
}

// nameOf returns the name of a resource, or the last part of its ARN: i-0123, my-bucket.
func nameOf(r *recency.Resource) string {
	return cmp.Or(r.Name, recency.ShortName(r.ARN), notTold)
}

// ageOf formats a bound of ages: hours up to two days, then days where they are whole.
func ageOf(d time.Duration) string {
	if d > 48*time.Hour && d%day == 0 {
		return fmt.Sprintf("%d d", d/day)
	}
	if d%time.Hour == 0 {
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return strings.Replace(d.String(), "m0s", "m", 1)
}

func (t *ages) figure() Figure {
	all, late := t.all(), t.late()
	f := Figure{
		Label: lo.Ternary(t.within > 0, "No backup within "+ageOf(t.within), "No backup seen"),
		Note:  "of " + plural(len(all), "resource"), Bad: len(late) > 0,
	}
	return t.known().figure(f, len(late))
}
