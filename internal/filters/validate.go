package filters

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// Validate returns everything that is wrong with the criteria in one error. The error starts with the first
// member that is wrong: the filter's name is for the caller to add.
func (t *Table[T]) Validate(c Criteria) error {
	var errs []error
	for _, m := range t.Sets {
		for _, v := range c.sets[m.Key] {
			if err := m.validate(v); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", m.Key, err))
			}
		}
	}
	for _, b := range t.Times {
		if limit, ok := c.times[b.Key]; ok && (limit.Year() < 2 || limit.Year() > 9999) {
			errs = append(errs, fmt.Errorf("%s: %s is not a time to ask for", b.Key, limit.Format(time.RFC3339)))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.tags)) {
		switch text := strings.Join(append([]string{key}, c.tags[key]...), " "); {
		case isBlank(key):
			errs = append(errs, errors.New("tags: an empty key"))
		case !utf8.ValidString(text):
			errs = append(errs, fmt.Errorf("tags: %q is not UTF-8", text))
		}
	}
	errs = append(errs, c.checkOrder(KeyCreatedAfter, KeyCreatedBefore), c.checkOrder(KeyCompletedAfter, KeyCompletedBefore),
		c.checkOrder(KeyCreatedFrom, KeyCreatedTo))
	return errors.Join(errs...)
}

// validate rejects values that are certainly mistakes. Ids outside the documented patterns and unknown enum
// values are accepted: real data has such ids, and AWS adds enum values.
func (m Member[T]) validate(v string) error {
	switch {
	case isBlank(v):
		return errors.New("an empty value")
	case strings.TrimSpace(v) != v:
		return fmt.Errorf("%q has blanks around it", v)
	case m.Boolean && v != "true" && v != "false":
		return fmt.Errorf("%q is neither true nor false", v)
	case !utf8.ValidString(v): // encoding/json would replace the invalid bytes, and the filter would change
		return fmt.Errorf("%q is not UTF-8", v)
	case m.Check != nil:
		return m.Check(v)
	}
	return nil
}

// isBlank reports whether a value has nothing but blanks: it is certainly a mistake.
func isBlank(v string) bool { return strings.TrimSpace(v) == "" }

// checkOrder rejects a span that ends before it starts.
func (c Criteria) checkOrder(first, last Key) error {
	a, ok := c.times[first]
	b, both := c.times[last]
	if ok && both && b.Before(a) {
		return fmt.Errorf("%s: %s is before %s, %s", last, b.Format(time.RFC3339Nano), first, a.Format(time.RFC3339Nano))
	}
	return nil
}

// CheckARN rejects a value that is not an ARN. It is the Check of members that take ARNs.
func CheckARN(v string) error {
	if !arn.IsARN(v) {
		return fmt.Errorf("%q is not an ARN", v)
	}
	return nil
}

// CheckName rejects an ARN. It is the Check of members that take names or ids.
func CheckName(v string) error {
	if arn.IsARN(v) {
		return fmt.Errorf("%q is an ARN where a name or an id is due", v)
	}
	return nil
}
