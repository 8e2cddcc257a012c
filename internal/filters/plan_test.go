package filters_test

import (
	"fmt"
	"strings"
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
		"a span without a start":       {listed.Between(c, time.Time{}, day.AddDate(0, 0, 9)), time.Time{}, day, false},
	} {
		p := listed.Plan(w.c)
		q := p.Queries()[0].Window(w.from, w.to, "w")
		require.Equal(t, "w", q.Shard())
		require.Equal(t, w.want, listed.ItemCheck(p, q)(&item{}), name)
	}
}

// planned is a table with a member of each way to send values. Its items live from new through running.
var planned = &filters.Table[item]{
	Name: "Filter",
	Sets: []filters.Member[item]{
		{Key: filters.KeyParents, Send: filters.OneValue, Value: func(*item) string { return "p" }},
		{Key: filters.KeyResources, Send: filters.OneValueAlone, Value: func(*item) string { return "r1" }},
		{Key: filters.KeyIDs, Send: filters.AllValues, Value: func(*item) string { return "i" }},
		{Key: filters.KeyShared, Send: filters.OneValueAlways},
		{Key: filters.KeyStates, Send: filters.OneValue, Value: func(i *item) string { return i.state }},
		{Key: filters.KeyVaults, Send: filters.OneValue, Value: func(*item) string { return "v" }},
		{Key: filters.KeyEngines, Value: func(*item) string { return "e" }},
	},
	Times: filters.CreatedBounds(true, func(i *item) *time.Time { return i.created }),
	Flags: []filters.Flag[item]{
		{Key: filters.KeyOldestFirst},
		{Key: filters.KeyTopLevel, Keep: func(i *item) bool { return i.state != "nested" }},
	},
	Live:  []string{"new", "running"},
	Final: []string{"done", "failed"},
}

// narrowed returns the criteria with these values.
func narrowed(values map[filters.Key][]string) filters.Criteria {
	var c filters.Criteria
	for k, v := range values {
		c = planned.Narrow(c, k, v)
	}
	return c
}

// numbered returns the values p01, p02, …
func numbered(prefix string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("%s%02d", prefix, i+1))
	}
	return out
}

// chains returns the queries of a plan as text: their stage, with a star if items may leave the chain, and their
// shard.
func chains(p filters.Plan) []string {
	out := []string{}
	for _, q := range p.Queries() {
		moving := ""
		if q.Moving() {
			moving = "*"
		}
		out = append(out, fmt.Sprintf("%d%s %s", q.Stage(), moving, q.Shard()))
	}
	return out
}

func TestStatesAreReadInTheOrderOfALife(t *testing.T) {
	several := planned.Plan(narrowed(map[filters.Key][]string{filters.KeyStates: {"done", "failed", "new", "odd", "running", "a,b%"}}))
	require.Equal(t, []string{
		"0* states=new", "1* states=running", "2* states=a%2Cb%25", "2* states=odd", "3 states=done", "3 states=failed",
	}, chains(several))
	require.True(t, several.MayRepeat())
	require.Equal(t, "a,b%", *several.Queries()[2].Value(filters.KeyStates))

	vaults := planned.Plan(narrowed(map[filters.Key][]string{filters.KeyStates: {"new", "done"}, filters.KeyVaults: {"v", "w"}}))
	require.Equal(t, []string{"0* states=new,vaults=v", "0* states=new,vaults=w", "3 states=done,vaults=v", "3 states=done,vaults=w"}, chains(vaults))
	require.True(t, vaults.MayRepeat())

	one := planned.Plan(narrowed(map[filters.Key][]string{filters.KeyStates: {"new"}}))
	require.Equal(t, []string{"0 "}, chains(one))
	require.False(t, one.MayRepeat())

	parents := planned.Plan(narrowed(map[filters.Key][]string{filters.KeyParents: {"p", "q"}, filters.KeyStates: {"new"}}))
	require.Equal(t, []string{"0 parents=p", "0 parents=q"}, chains(parents))
	require.False(t, parents.MayRepeat(), "no item changes its parent")
}

func TestEachValueOfAMemberThatTakesOneIsAChain(t *testing.T) {
	p := planned.Plan(narrowed(map[filters.Key][]string{filters.KeyParents: {"p", "q"}, filters.KeyShared: {"x", "y"}, filters.KeyStates: {"new"}}))
	require.Equal(t, []string{"0 parents=p,shared=x", "0 parents=p,shared=y", "0 parents=q,shared=x", "0 parents=q,shared=y"}, chains(p))
	var values []string
	for _, q := range p.Queries() {
		values = append(values, *q.Value(filters.KeyParents)+*q.Value(filters.KeyShared)+*q.Value(filters.KeyStates))
		require.Nil(t, q.Value(filters.KeyResources))
		require.Equal(t, []string{"p", "q"}, q.Values(filters.KeyParents))
		require.Nil(t, planned.ItemCheck(p, q))
	}
	require.Equal(t, []string{"pxnew", "pynew", "qxnew", "qynew"}, values)
}

func TestAMemberIsInRequestsWhereItsWayToSendItPermits(t *testing.T) {
	for name, test := range map[string]struct {
		values map[filters.Key][]string
		chains int
		items  []string // what is checked on items
	}{
		"nothing":                   {nil, 1, nil},
		"16 chains":                 {map[filters.Key][]string{filters.KeyStates: numbered("s", 16)}, 16, nil},
		"17 chains":                 {map[filters.Key][]string{filters.KeyStates: numbered("s", 17)}, 1, []string{"states"}},
		"16 chains of two members":  {map[filters.Key][]string{filters.KeyParents: numbered("p", 4), filters.KeyStates: numbered("s", 4)}, 16, nil},
		"20 chains of two members":  {map[filters.Key][]string{filters.KeyParents: numbered("p", 4), filters.KeyStates: numbered("s", 5)}, 4, []string{"states"}},
		"one value of the second":   {map[filters.Key][]string{filters.KeyParents: numbered("p", 16), filters.KeyStates: {"new"}}, 16, nil},
		"always":                    {map[filters.Key][]string{filters.KeyShared: numbered("x", 17)}, 17, nil},
		"all values in one request": {map[filters.Key][]string{filters.KeyIDs: numbered("i", 17)}, 1, nil},
		"alone":                     {map[filters.Key][]string{filters.KeyResources: {"r1", "r2"}}, 2, nil},
		"not alone":                 {map[filters.Key][]string{filters.KeyParents: {"p"}, filters.KeyResources: {"r1", "r2"}}, 1, []string{"resources"}},
		"not sent":                  {map[filters.Key][]string{filters.KeyEngines: {"e"}}, 1, []string{"engines"}},
		"no value":                  {map[filters.Key][]string{filters.KeyStates: {}}, 0, nil},
	} {
		c := narrowed(test.values)
		require.Len(t, chains(planned.Plan(c)), test.chains, name)
		var items []string
		for _, text := range planned.Explain(c, day, 0).Items {
			items = append(items, strings.SplitN(text, ":", 2)[0])
		}
		if test.chains > 0 {
			require.Equal(t, test.items, items, name)
		}
	}
}

func TestAFilterThatMatchesNothingIsExplainedByItsMembers(t *testing.T) {
	c := planned.Flag(narrowed(map[filters.Key][]string{filters.KeyShared: {"x"}, filters.KeyStates: {}}), filters.KeyOldestFirst)
	require.Equal(t, filters.Explanation{
		Requests: []string{"shared: x", "oldestFirst"}, Items: []string{"states: nothing"},
		Warnings: []string{"nothing can match: no request is sent"},
	}, planned.Explain(c, day, 0))
}

func TestFlagsThatItemsShowAreCheckedOnThem(t *testing.T) {
	p := planned.Plan(planned.Flag(filters.Criteria{}, filters.KeyOldestFirst))
	require.Nil(t, planned.ItemCheck(p, p.Queries()[0]), "only a request can carry it")
	require.True(t, p.Queries()[0].Asks(filters.KeyOldestFirst))
	require.False(t, p.Queries()[0].Asks(filters.KeyTopLevel))

	p = planned.Plan(planned.Flag(filters.Criteria{}, filters.KeyTopLevel))
	keeps := planned.ItemCheck(p, p.Queries()[0])
	require.Equal(t, []bool{true, false}, []bool{keeps(&item{state: "new"}), keeps(&item{state: "nested"})})
}

// A request asks for a little more than an exact span, and a time in it is never later than the filter's.
func TestRequestsAskForAtLeastTheSpan(t *testing.T) {
	var all filters.Criteria
	after := func(c filters.Criteria, at time.Time) filters.Criteria {
		return planned.Limit(c, filters.KeyCreatedAfter, at)
	}
	before := func(c filters.Criteria, at time.Time) filters.Criteria {
		return planned.Limit(c, filters.KeyCreatedBefore, at)
	}
	span := func(from, to time.Time) filters.Criteria { return planned.Between(all, from, to) }
	half, next := day.Add(500*time.Millisecond), day.AddDate(0, 0, 1)
	zero := time.Time{}
	for name, test := range map[string]struct {
		c        filters.Criteria
		from, to time.Time
	}{
		"nothing":                         {all, zero, zero},
		"after":                           {after(all, half.Add(1)), half.Add(1), zero},
		"before":                          {before(all, half), zero, half},
		"before, within a millisecond":    {before(all, half.Add(1)), zero, half.Add(time.Millisecond)},
		"a span of whole seconds":         {span(day, next), day.Add(-time.Second), next},
		"a span of half ones":             {span(half, next.Add(1)), half.Add(-time.Second), next.Add(time.Second)},
		"a span without an end":           {span(day, zero), day.Add(-time.Second), zero},
		"a span without a start":          {span(zero, next), zero, next},
		"after a time within a span":      {after(span(day, next), half), half, next},
		"after a time before a span":      {after(span(half, next), day.Add(-time.Hour)), half.Add(-time.Second), next},
		"before a time within a span":     {before(span(day, next), half), day.Add(-time.Second), half},
		"before a time just after a span": {before(span(day, half), half.Add(time.Millisecond)), day.Add(-time.Second), half.Add(time.Millisecond)},
		"before a time long after a span": {before(span(day, half), next), day.Add(-time.Second), day.Add(time.Second)},
	} {
		q := planned.Plan(test.c).Queries()[0]
		require.Equal(t, []time.Time{test.from, test.to}, []time.Time{aws.ToTime(q.CreatedAfter()), aws.ToTime(q.CreatedBefore())}, name)
	}
	q := planned.Plan(before(after(all, half.Add(1)), next.Add(1))).Queries()[0]
	require.Equal(t, half.Add(1), *q.After(filters.KeyCreatedAfter))
	require.Equal(t, next.Add(time.Millisecond), *q.Before(filters.KeyCreatedBefore))
	lower, upper := q.Created()
	require.Equal(t, []time.Time{half.Add(1), next.Add(1)}, []time.Time{lower, upper})
	require.Nil(t, planned.Plan(all).Queries()[0].Before(filters.KeyCreatedBefore))
	require.Nil(t, planned.Plan(all).Queries()[0].After(filters.KeyCreatedAfter))
}
