package backupx

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
)

// Explanation says how a filter is answered: [BackupJobFilter.Explain] and its like make one.
type Explanation struct {
	// Requests are the members that the service answers.
	Requests []string
	// Items are the members that are checked on what the service sends.
	Items []string
	// Chains is how many chains of pages are read. None: nothing can match, and nothing is sent.
	Chains int
	// Warnings name what probably is not meant, or costs more than it seems to.
	Warnings []string
}

// String is the explanation in a line or a few.
func (e Explanation) String() string {
	lines := []string{fmt.Sprintf("%s; asked of the service: %s; checked on items: %s",
		counted(e.Chains, "chain"), listed(e.Requests), listed(e.Items))}
	for _, w := range e.Warnings {
		lines = append(lines, "warning: "+w)
	}
	return strings.Join(lines, "\n")
}

// counted is a number with its noun: 1 chain, 2 chains.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func listed(members []string) string {
	if len(members) == 0 {
		return "nothing"
	}
	return strings.Join(members, ", ")
}

// explain says how criteria are answered; since is the time before which the service keeps nothing,
// zero where it keeps everything.
func (t *table[T]) explain(c criteria, since time.Time) Explanation {
	p := t.plan(c)
	e := Explanation{
		Requests: t.parts(c, func(k key) bool { return p.sent[k] || t.narrowed(k) || t.unseen(k) }),
		Items:    t.checkedOnItems(c, p.sent),
		Chains:   len(p.queries),
	}
	if err := t.validate(c); err != nil {
		e.Warnings = append(e.Warnings, err.Error())
	}
	if e.Chains == 0 {
		e.Warnings = append(e.Warnings, "nothing can match: no request is sent")
	}
	for _, b := range t.times {
		if limit, ok := c.times[b.key]; ok && limit.Before(since) {
			e.Warnings = append(e.Warnings, fmt.Sprintf("%s: %s is before the 30 days that the service keeps", b.key, limit.Format(time.RFC3339)))
		}
	}
	if unknown := lo.Without(c.sets[keyStates], slices.Concat(t.live, t.final)...); len(unknown) > 0 {
		e.Warnings = append(e.Warnings, "states: not known to this version of backupx: "+strings.Join(unknown, ", "))
	}
	for _, m := range t.sets {
		e.Warnings = append(e.Warnings, m.undocumented(c.sets[m.key])...)
	}
	if len(e.Items) > 0 && len(e.Requests) == 0 && e.Chains > 0 {
		e.Warnings = append(e.Warnings, "no member is sent to the service: everything is read and checked")
	}
	return e
}

// undocumented warns of each value that AWS does not document for the member, with the documented spelling
// where only the case differs.
func (m member[T]) undocumented(values []string) []string {
	if m.documented == nil {
		return nil
	}
	var warnings []string
	for _, v := range lo.Without(values, m.documented...) {
		text := fmt.Sprintf("%s: AWS does not document %q", m.key, v)
		if meant, ok := lo.Find(m.documented, func(d string) bool { return strings.EqualFold(d, v) }); ok {
			text += fmt.Sprintf(": it spells this one %q", meant)
		} else {
			text += ": the documented spellings are " + strings.Join(m.documented, ", ")
		}
		warnings = append(warnings, text)
	}
	return warnings
}

// narrowed reports whether a member that is checked on items narrows the requests as well.
func (t *table[T]) narrowed(k key) bool {
	return (k == keyCreatedFrom || k == keyCreatedTo) && t.created() != nil
}
