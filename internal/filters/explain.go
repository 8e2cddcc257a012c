package filters

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
)

// Explanation says how a listing answers a filter.
type Explanation struct {
	Requests []string // the conditions that requests carry
	Items    []string // the conditions that are checked on items
	Chains   int      // the number of chains that are read
	Warnings []string // conditions that are probably a mistake, or that cost more than they seem to
}

// Explain says how a listing answers the criteria. It does not warn of what Validate rejects. It warns of times
// before the retention of the service, which lists nothing that is older; 0 is for services that keep
// everything.
func (t *Table[T]) Explain(c Criteria, now time.Time, retention time.Duration) Explanation {
	p := t.Plan(c)
	e := Explanation{
		Requests: t.describe(c, func(k Key) bool { return p.sent[k] || t.narrowsRequests(k) || t.onlyInRequests(k) }),
		Items:    t.checkedOnItems(c, p.sent),
		Chains:   len(p.queries),
	}
	if e.Chains == 0 {
		e.Warnings = append(e.Warnings, "nothing can match: no request is sent")
	}
	var oldest time.Time
	if retention > 0 {
		oldest = now.Add(-retention)
	}
	for _, b := range t.Times {
		if limit, ok := c.times[b.Key]; ok && limit.Before(oldest) {
			e.Warnings = append(e.Warnings, fmt.Sprintf("%s: %s is before the %d days that the service keeps",
				b.Key, limit.Format(time.RFC3339), retention/(24*time.Hour)))
		}
	}
	if unknown := lo.Without(c.sets[KeyStates], slices.Concat(t.Live, t.Final)...); len(unknown) > 0 {
		e.Warnings = append(e.Warnings, "states: not known to this version of backupx: "+strings.Join(unknown, ", "))
	}
	for _, m := range t.Sets {
		e.Warnings = append(e.Warnings, m.undocumented(c.sets[m.Key])...)
	}
	switch sought, _ := t.Sought(c); {
	case e.Chains == 0:
	case sought != nil:
		read := "everything"
		if len(e.Requests) > 0 {
			read = "all that is asked of the service"
		}
		e.Warnings = append(e.Warnings, "ids: no request can name them: until each was delivered, "+read+" is read")
	case len(e.Items) > 0 && len(e.Requests) == 0:
		e.Warnings = append(e.Warnings, "no member is asked of the service: everything is read and checked")
	}
	return e
}

// undocumented returns a warning for each value that AWS does not document for the member. If only the case
// differs, the warning names the documented spelling.
func (m Member[T]) undocumented(values []string) []string {
	if m.Documented == nil {
		return nil
	}
	var warnings []string
	for _, v := range lo.Without(values, m.Documented...) {
		if m.validate(v) != nil { // Validate reports it
			continue
		}
		text := fmt.Sprintf("%s: AWS does not document %q", m.Key, v)
		if meant, ok := lo.Find(m.Documented, func(d string) bool { return strings.EqualFold(d, v) }); ok {
			text += fmt.Sprintf(": it spells this one %q", meant)
		} else {
			text += ": the documented spellings are " + strings.Join(m.Documented, ", ")
		}
		warnings = append(warnings, text)
	}
	return warnings
}

// narrowsRequests reports whether a member that is checked on items narrows the requests too: they ask for
// the span of CreatedBetween with a margin.
func (t *Table[T]) narrowsRequests(k Key) bool {
	return (k == KeyCreatedFrom || k == KeyCreatedTo) && t.Created() != nil
}
