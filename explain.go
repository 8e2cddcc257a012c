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
	lines := []string{fmt.Sprintf("%d chains; asked of the service: %s; checked on items: %s",
		e.Chains, listed(e.Requests), listed(e.Items))}
	for _, w := range e.Warnings {
		lines = append(lines, "warning: "+w)
	}
	return strings.Join(lines, "\n")
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
		Requests: t.parts(c, func(name string) bool { return p.sent[name] || t.narrowed(name) || t.unseen(name) }),
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
		if limit, ok := c.times[b.name]; ok && limit.Before(since) {
			e.Warnings = append(e.Warnings, fmt.Sprintf("%s: %s is before the 30 days that the service keeps", b.name, limit.Format(time.RFC3339)))
		}
	}
	if unknown := lo.Without(c.sets[states], slices.Concat(t.live, t.final)...); len(unknown) > 0 {
		e.Warnings = append(e.Warnings, "states: not known to this version of backupx: "+strings.Join(unknown, ", "))
	}
	if len(e.Items) > 0 && len(e.Requests) == 0 && e.Chains > 0 {
		e.Warnings = append(e.Warnings, "no member is asked of the service: everything is read and checked")
	}
	return e
}

// narrowed reports whether a member that is checked on items narrows the requests as well.
func (t *table[T]) narrowed(name string) bool {
	return (name == createdFrom || name == createdTo) && t.created() != nil
}
