package backupx

import (
	"fmt"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/filters"
)

// validate returns everything that is wrong with the criteria of a filter in one error, which wraps [ErrFilter]
// and starts with the filter's name.
func validate[T any](t *filters.Table[T], c filters.Criteria) error {
	return filterError(t.Name, t.Validate(c))
}

// validateFilter is validate for a filter's Validate method: it puts the package's name before the error. The
// errors of listings have it already.
func validateFilter[T any](t *filters.Table[T], c filters.Criteria) error {
	return prefixed(validate(t, c))
}

// unmarshalFilter reads the criteria of a filter for its UnmarshalJSON method.
func unmarshalFilter[T any](t *filters.Table[T], data []byte, into *filters.Criteria) error {
	return prefixed(filterError(t.Name, t.Unmarshal(data, into)))
}

// filterError returns the error of an invalid filter: its name, [ErrFilter] and what is wrong. It returns nil if
// nothing is wrong.
func filterError(name string, wrong error) error {
	if wrong == nil {
		return nil
	}
	return fmt.Errorf("%s: %w: %w", name, ErrFilter, wrong)
}

// prefixed puts the package's name before an error. It returns nil for nil.
func prefixed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("backupx: %w", err)
}

// texts converts the values of an enum to strings.
func texts[V ~string](values ...V) []string {
	return lo.Map(values, func(v V, _ int) string { return string(v) })
}
