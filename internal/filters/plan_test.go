package filters_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/filters"
)

var day = time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)

func TestAQueryIsCheckedOnItemsOnlyWhereRequestsDoNotCarryAll(t *testing.T) {
	sent := listed.Limit(listed.Narrow(filters.Criteria{}, filters.KeyStates, []string{"a"}), filters.KeyCreatedAfter, day)
	p := listed.Plan(sent)
	require.Nil(t, listed.ItemCheck(p, p.Queries()[0]))

	p = listed.Plan(listed.Between(sent, day, day.AddDate(0, 0, 1)))
	keeps := listed.ItemCheck(p, p.Queries()[0])
	require.True(t, keeps(&item{created: aws.Time(day)}), "the request has the state")
	require.False(t, keeps(&item{state: "a", created: aws.Time(day.AddDate(0, 0, 1))}))
}

func TestItemsWithoutACreationTimeBelongToTheWindowWithoutAStart(t *testing.T) {
	var c filters.Criteria
	for name, w := range map[string]struct {
		c        filters.Criteria
		from, to time.Time
		want     bool
	}{
		"the oldest":                   {c, time.Time{}, day, true},
		"a later one":                  {c, day, day.AddDate(0, 0, 1), false},
		"the oldest of a CreatedAfter": {listed.Limit(c, filters.KeyCreatedAfter, day.AddDate(0, 0, -9)), time.Time{}, day, true},
		"the oldest of a span":         {listed.Between(c, day.AddDate(0, 0, -9), day), time.Time{}, day, false},
	} {
		p := listed.Plan(w.c)
		q := p.Queries()[0].Window(w.from, w.to, "w")
		require.Equal(t, "w", q.Shard())
		require.Equal(t, w.want, listed.ItemCheck(p, q)(&item{}), name)
	}
}
