package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/recency"
)

// failures tells which backups failed, and whether a later one of the same resource cured that.
type failures struct {
	subject
	resources *recency.Resources
	cured     bool // whether the failures that are cured are shown like the others
}

// failing is the failures of a resource that have one cause.
type failing struct {
	resource *recency.Resource
	recency.Failure
}

// cause is the key that failures are counted by.
type cause struct{ category, kind string }

func (f failing) cause() cause {
	return cause{cmp.Or(f.Category, notTold), kindOf(&f.resource.Type)}
}

// failingOf returns all failures, those that are not cured first, then the newest.
func failingOf(r *recency.Resources) []failing {
	all := lo.FlatMap(r.All(), func(one *recency.Resource, _ int) []failing {
		return lo.Map(one.Failures(), func(f recency.Failure, _ int) failing { return failing{one, f} })
	})
	cured := func(f failing) int { return lo.Ternary(f.CuredBy == nil, 0, 1) }
	slices.SortStableFunc(all, func(a, b failing) int {
		return cmp.Or(cmp.Compare(cured(a), cured(b)), b.Newest.Created.Compare(a.Newest.Created), cmp.Compare(a.Newest.ID, b.Newest.ID))
	})
	return all
}

// fate returns what became of a failure.
func (s subject) fate(f failing) recency.Fate {
	return f.resource.Fate(f.Failure, !s.reach.lacks(f.resource.Place.Region))
}

// of returns the failures of a fate.
func (s subject) of(fate recency.Fate, all []failing) []failing {
	return lo.Filter(all, func(f failing, _ int) bool { return s.fate(f) == fate })
}

// resourcesOf returns the number of resources that failed, each once, to however many vaults it is copied.
func resourcesOf(all []failing) int {
	return len(lo.UniqBy(all, func(f failing) [4]string {
		r := f.resource
		if r.ARN != "" {
			return [4]string{r.Place.Source, r.ARN}
		}
		return [4]string{r.Place.Source, r.ARN, r.Type, r.Place.Account}
	}))
}

func (t *failures) section() (Section, error) {
	all := failingOf(t.resources)
	shown := t.of(recency.Open, all)
	s := Section{
		ID: "failures", Title: "Failures that are not cured, by message category and resource type",
		Lead: "No backup job failed.",
		Note: "Backup jobs that are FAILED, EXPIRED, ABORTED, PARTIAL, or completed with issues. A later completed job of the same resource cures them.",
	}
	if len(all) == 0 {
		return s, nil
	}
	s.Lead = t.sentence(all)
	if t.cured {
		s.Title, shown = "Failures, by message category and resource type", all
	}
	s.Tables = []Table{t.byCause(shown), t.failureTable("Failures by resource", all)}
	s.Briefs = []Table{t.byCause(shown).only(12, 0, 1, 2, 3), t.failureTable("Resources", shown).only(20, t.inRegions(10, 0, 1, 3, 6, 5)...), t.unsure(all, 1)}
	if len(shown) == 0 {
		return s, nil
	}
	h := heatOf(shown, t.none())
	desc := fmt.Sprintf("A grid of %s and %s %s; each cell is the number of resources, the darker the more.",
		plural(len(h.kinds), "resource type"), number(len(h.categories)), lo.Ternary(len(h.categories) == 1, "message category", "message categories"))
	height := heightOf(len(h.kinds), 30, 40)
	p, err := t.picture("failures", s.Title, desc, h.draw, h.roomy(wide(height)), h.roomy(narrow(height)))
	s.Pictures = []Picture{p}
	return s, err
}

// unsure has the failures of which a later success may be unread, with the column that sets them apart.
func (s subject) unsure(all []failing, column int) Table {
	return s.failureTable("A later success may be unread", s.of(recency.Unsure, all)).only(20, s.inRegions(10, 0, column, 3, 6, 5)...)
}

// sentence says how many resources failed and are not cured, and what is most frequent.
func (t *failures) sentence(all []failing) string {
	open, after := t.of(recency.Open, all), ""
	if unsure := resourcesOf(t.of(recency.Unsure, all)); unsure > 0 {
		after += fmt.Sprintf(" Of %s that failed, a later backup may be unread.", plural(unsure, "resource"))
	}
	if cured := resourcesOf(t.of(recency.Cured, all)); cured > 0 {
		after += fmt.Sprintf(" A later backup cured failures of %s.", plural(cured, "resource"))
	}
	if len(open) == 0 {
		return "No failure is known that a later backup did not cure." + after
	}
	counted := heatOf(open, "")
	return fmt.Sprintf("%s failed and had no later success. Most often the category is %s, and the resource type %s.%s",
		plural(resourcesOf(open), "resource"), cut(counted.categories[0], 40), cut(counted.kinds[0], 40), after)
}

// heatOf counts resources by cause.
func heatOf(all []failing, none string) heat {
	h := heat{counts: map[cause]int{}, none: none}
	type seen struct {
		cause
		resource *recency.Resource
	}
	byCategory, byKind := map[string]int{}, map[string]int{}
	for one := range lo.Keyify(lo.Map(all, func(f failing, _ int) seen { return seen{f.cause(), f.resource} })) {
		h.counts[one.cause]++
		byCategory[one.category]++
		byKind[one.kind]++
	}
	h.categories, h.kinds = byCount(byCategory), byCount(byKind)
	return h
}

// byCause has one line a cause, with the message of its newest job.
func (t *failures) byCause(all []failing) Table {
	out := Table{
		Title: "Causes", Head: []string{"Category", "Resource type", "Resources", "What the newest said", "Outcome", "Created"},
		Columns: []cli.Column{cli.Text, cli.Text, cli.Number, cli.Text, cli.Short, cli.Short},
	}
	counts := heatOf(all, "").counts
	newest := map[cause]failing{}
	for _, f := range all {
		if old, ok := newest[f.cause()]; !ok || f.Newest.Created.After(old.Newest.Created) {
			newest[f.cause()] = f
		}
	}
	causes := lo.Keys(newest)
	slices.SortFunc(causes, func(a, b cause) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.category, b.category), cmp.Compare(a.kind, b.kind))
	})
	for _, c := range causes {
		f := newest[c]
		out.Rows = append(out.Rows, []string{
			c.category, c.kind, number(counts[c]), cmp.Or(f.Newest.Message, "·"), outcome(f.Outcome), t.cal.moment(&f.Newest.Created),
		})
	}
	return out
}

// failureTable names every resource that failed, with its newest job of each cause.
func (s subject) failureTable(title string, all []failing) Table {
	out := Table{
		Title: title,
		Head:  []string{"Resource", "Type", "Jobs", "Outcome", "Category", "What the newest said", "Created", "Cured", "Vault", "Plan", "Region", "Job", "ARN"},
		Columns: []cli.Column{
			cli.Whole, cli.Text, cli.Number, cli.Short, cli.Text, cli.Text, cli.Short, cli.Short, cli.Text, cli.Text, cli.Short, cli.Whole, cli.Whole,
		},
	}
	for _, f := range all {
		out.Rows = append(out.Rows, []string{
			nameOf(f.resource), kindOf(&f.resource.Type), number(f.Jobs), outcome(f.Outcome), f.cause().category, cmp.Or(f.Newest.Message, "·"),
			s.cal.moment(&f.Newest.Created), s.curedAt(f), vaultName(f.Vault), f.Plan, f.resource.Place.Region, f.Newest.ID, f.resource.ARN,
		})
	}
	return out
}

// curedAt says when a later success cured a failure.
func (s subject) curedAt(f failing) string {
	switch s.fate(f) {
	case recency.Cured:
		return s.cal.moment(&f.CuredBy.Created)
	case recency.Unsure:
		return notKnown
	}
	return "no"
}

// outcome returns the outcome of a job as it stands in a sentence.
func outcome(of string) string {
	return strings.ReplaceAll(spoken(of), "_", " ")
}

// uncured is the figure of the failures that are not cured.
func (s subject) uncured(f Figure, all []failing) Figure {
	n := resourcesOf(s.of(recency.Open, all))
	f.Bad = n > 0
	return s.reach.figure(f, n)
}

// withFailed says of how many resources the figure of the failures is.
func withFailed(all []failing, what string) string {
	return "of " + plural(resourcesOf(all), "resource") + " with a failed " + what
}

func (t *failures) figure() Figure {
	all := failingOf(t.resources)
	return t.uncured(Figure{Label: "Failed, not cured", Note: withFailed(all, "backup")}, all)
}
