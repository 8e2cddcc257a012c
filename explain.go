package backupx

import (
	"fmt"
	"strings"
	"time"

	"github.com/backupx-go/backupx/internal/filters"
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

// explain says how a listing answers the criteria of a filter. It warns of times before the retention of the
// service, 0 for services that keep everything.
func explain[T any](t *filters.Table[T], c filters.Criteria, retention time.Duration) Explanation {
	e := Explanation(t.Explain(c, time.Now(), retention))
	if err := validate(t, c); err != nil {
		e.Warnings = append([]string{err.Error()}, e.Warnings...)
	}
	return e
}
