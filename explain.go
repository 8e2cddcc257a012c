package backupx

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
)

// Explanation says how a listing answers a filter. [BackupJobFilter.Explain] and the Explain methods of the
// other filters return one.
type Explanation struct {
	// Requests are the conditions that requests carry: the service filters by them.
	Requests []string
	// Items are the conditions that backupx checks on the items that the service sends.
	Items []string
	// Chains is the number of chains that are read. With 0 no item can match, and no request is sent.
	Chains int
	// Warnings name conditions that are probably a mistake, or that cost more than they seem to.
	Warnings []string
}

// String returns the explanation in one line, and one more for each warning.
func (e Explanation) String() string {
	lines := []string{fmt.Sprintf("%s; asked of the service: %s; checked on items: %s",
		counted(e.Chains, "chain"), listed(e.Requests), listed(e.Items))}
	for _, w := range e.Warnings {
		lines = append(lines, "warning: "+w)
	}
	return strings.Join(lines, "\n")
}

// counted returns a number with its noun: 1 chain, 2 chains.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// listed joins members, or says that there are none.
func listed(members []string) string {
	if len(members) == 0 {
		return "nothing"
	}
	return strings.Join(members, ", ")
}

// explain says how a listing answers the criteria. It warns of times before since: the service lists nothing
// that is older. The zero time is for services that keep everything.
func (t *table[T]) explain(c criteria, since time.Time) Explanation {
	p := t.plan(c)
	e := Explanation{
		Requests: t.describe(c, func(k key) bool { return p.sent[k] || t.narrowsRequests(k) || t.onlyInRequests(k) }),
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
		e.Warnings = append(e.Warnings, "no member is asked of the service: everything is read and checked")
	}
	return e
}

// undocumented returns a warning for each value that AWS does not document for the member. If only the case
// differs, the warning names the documented spelling.
func (m member[T]) undocumented(values []string) []string {
	if m.documented == nil {
		return nil
	}
	var warnings []string
	for _, v := range lo.Without(values, m.documented...) {
		if m.validate(v) != nil { // there is a warning already
			continue
		}
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

// narrowsRequests reports whether a member that is checked on items narrows the requests too: they ask for
// the span of CreatedBetween with a margin.
func (t *table[T]) narrowsRequests(k key) bool {
	return (k == keyCreatedFrom || k == keyCreatedTo) && t.created() != nil
}
