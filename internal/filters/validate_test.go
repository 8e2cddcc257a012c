package filters_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/filters"
)

// checkable is a table with a member of each kind that Validate looks at.
var checkable = &filters.Table[item]{
	Name: "Filter",
	Sets: []filters.Member[item]{
		{Key: filters.KeyStates},
		{Key: filters.KeyShared, Boolean: true},
		{Key: filters.KeyIDs, Check: func(v string) error {
			if v == "wrong" {
				return errors.New("no id")
			}
			return nil
		}},
	},
	Times: append(filters.CreatedBounds(true, func(i *item) *time.Time { return i.created }),
		filters.Bound[item]{Key: filters.KeyCompletedAfter}, filters.Bound[item]{Key: filters.KeyCompletedBefore, End: filters.Before}),
	Tags: func(*item, string) (string, bool) { return "", false },
}

// invalid returns the text of the error of Validate, "" if there is none.
func invalid(c filters.Criteria) string {
	if err := checkable.Validate(c); err != nil {
		return err.Error()
	}
	return ""
}

func TestValidateNamesTheMemberAndTheMistake(t *testing.T) {
	values := func(k filters.Key, values ...string) filters.Criteria {
		return checkable.Narrow(filters.Criteria{}, k, values)
	}
	tag := func(key string, values ...string) filters.Criteria {
		return checkable.Tag(filters.Criteria{}, key, values)
	}
	limit := func(c filters.Criteria, k filters.Key, at time.Time) filters.Criteria {
		return checkable.Limit(c, k, at)
	}
	span := func(first, last filters.Key, length time.Duration) filters.Criteria {
		return limit(limit(filters.Criteria{}, first, day), last, day.Add(length))
	}
	year := func(n int) time.Time { return time.Date(n, 1, 1, 0, 0, 0, 0, time.UTC) }
	for _, test := range []struct {
		c    filters.Criteria
		want string
	}{
		{filters.Criteria{}, ""},
		{values(filters.KeyStates, "a", "of any kind"), ""},
		{values(filters.KeyStates), ""},
		{values(filters.KeyStates, ""), "states: an empty value"},
		{values(filters.KeyStates, " \t"), "states: an empty value"},
		{values(filters.KeyStates, "a "), `states: "a " has blanks around it`},
		{values(filters.KeyStates, "\na"), `states: "\na" has blanks around it`},
		{values(filters.KeyStates, "\xff"), `states: "\xff" is not UTF-8`},
		{values(filters.KeyShared, "true", "false"), ""},
		{values(filters.KeyShared, "yes"), `shared: "yes" is neither true nor false`},
		{values(filters.KeyIDs, "right"), ""},
		{values(filters.KeyIDs, "wrong"), "ids: no id"},

		{limit(filters.Criteria{}, filters.KeyCreatedAfter, year(2)), ""},
		{limit(filters.Criteria{}, filters.KeyCreatedAfter, year(2).Add(-1)), "createdAfter: 0001-12-31T23:59:59Z is not a time to ask for"},
		{limit(filters.Criteria{}, filters.KeyCreatedBefore, time.Time{}), "createdBefore: 0001-01-01T00:00:00Z is not a time to ask for"},
		{limit(filters.Criteria{}, filters.KeyCreatedBefore, year(0)), "createdBefore: 0000-01-01T00:00:00Z is not a time to ask for"},
		{limit(filters.Criteria{}, filters.KeyCreatedBefore, year(10000).Add(-1)), ""},
		{limit(filters.Criteria{}, filters.KeyCreatedBefore, year(10000)), "createdBefore: 10000-01-01T00:00:00Z is not a time to ask for"},

		{tag("team"), ""},
		{tag("team", "a", ""), ""},
		{tag("", "a"), "tags: an empty key"},
		{tag(" "), "tags: an empty key"},
		{tag("\xff"), `tags: "\xff" is not UTF-8`},
		{tag("team", "a", "\xff"), `tags: "team a \xff" is not UTF-8`},

		{span(filters.KeyCreatedAfter, filters.KeyCreatedBefore, 0), ""},
		{span(filters.KeyCreatedAfter, filters.KeyCreatedBefore, -1), "createdBefore: 2026-03-13T23:59:59.999999999Z is before createdAfter, 2026-03-14T00:00:00Z"},
		{span(filters.KeyCompletedAfter, filters.KeyCompletedBefore, time.Hour), ""},
		{span(filters.KeyCompletedAfter, filters.KeyCompletedBefore, -time.Hour), "completedBefore: 2026-03-13T23:00:00Z is before completedAfter, 2026-03-14T00:00:00Z"},
		{checkable.Between(filters.Criteria{}, day, day), ""},
		{checkable.Between(filters.Criteria{}, day, day.Add(-time.Hour)), "createdTo: 2026-03-13T23:00:00Z is before createdFrom, 2026-03-14T00:00:00Z"},
		{span(filters.KeyCreatedAfter, filters.KeyCompletedBefore, -time.Hour), ""},
	} {
		require.Equal(t, test.want, invalid(test.c), checkable.Format(test.c))
	}
}

func TestValidateTellsOfAllMistakes(t *testing.T) {
	c := checkable.Narrow(filters.Criteria{}, filters.KeyStates, []string{"", "a", "b "})
	c = checkable.Narrow(c, filters.KeyShared, []string{"yes"})
	c = checkable.Limit(c, filters.KeyCompletedAfter, time.Time{})
	c = checkable.Tag(checkable.Tag(c, "", nil), "\xff", nil)
	require.Equal(t, `states: an empty value
states: "b " has blanks around it
shared: "yes" is neither true nor false
completedAfter: 0001-01-01T00:00:00Z is not a time to ask for
tags: an empty key
tags: "\xff" is not UTF-8`, invalid(c))
}

func TestARNsAndNamesAreToldApart(t *testing.T) {
	require.NoError(t, filters.CheckARN("arn:aws:s3:::bucket"))
	require.EqualError(t, filters.CheckARN("bucket"), `"bucket" is not an ARN`)
	require.NoError(t, filters.CheckName("bucket"))
	require.EqualError(t, filters.CheckName("arn:aws:s3:::bucket"), `"arn:aws:s3:::bucket" is an ARN where a name or an id is due`)
}
