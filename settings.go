package backupx

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// settings say how a listing is read. Methods of a listing replace fields in a copy and never change what a
// field points to, so copies may share it. A nil pointer means that the setting is unset.
type settings struct {
	pageSize *int
	limit    *int
	start    *position
	pacers   []*pacer
	onPage   []func(PageInfo)
	scope    string
	parallel *int
	prefetch *int
	ordered  bool
	every    *time.Duration
	now      func() time.Time
	errs     []error // the errors of invalid arguments, to be reported by a range
}

// validate reports the settings that are out of range for every listing.
func (s settings) validate() error {
	errs := slices.Clone(s.errs)
	if s.limit != nil && *s.limit < 1 {
		errs = append(errs, fmt.Errorf("Limit: %d: it must be at least 1", *s.limit))
	}
	if s.pageSize != nil && *s.pageSize < 1 {
		errs = append(errs, fmt.Errorf("PageSize: %d: it must be at least 1", *s.pageSize))
	}
	if s.parallel != nil && *s.parallel < 1 {
		errs = append(errs, fmt.Errorf("Parallel: %d: it must be at least 1", *s.parallel))
	}
	if s.prefetch != nil && *s.prefetch < 0 {
		errs = append(errs, fmt.Errorf("Prefetch: %d: it must not be below zero", *s.prefetch))
	}
	if s.every != nil && *s.every <= 0 {
		errs = append(errs, fmt.Errorf("Every: %s: it must be above zero", *s.every))
	}
	return errors.Join(errs...)
}

// onlyOnWhole returns the name of a setting that a part of another listing must not have, or an empty string.
func (s settings) onlyOnWhole() string {
	switch {
	case s.limit != nil:
		return "Limit"
	case s.parallel != nil:
		return "Parallel"
	case s.prefetch != nil:
		return "Prefetch"
	case s.ordered:
		return "Ordered"
	}
	return ""
}

// ahead reports whether pages are read before the consumer reaches them.
func (s settings) ahead() bool { return value(s.parallel) > 1 || value(s.prefetch) > 0 }

// under returns the settings of a part of another listing: the outer listing's page size, start and windows
// take precedence, the part keeps its own clock, and rates and callbacks of both apply.
func (s settings) under(outer settings) settings {
	if outer.pageSize != nil {
		s.pageSize = outer.pageSize
	}
	if outer.start != nil {
		s.start = outer.start
	}
	if outer.every != nil {
		s.every = outer.every
	}
	if s.now == nil {
		s.now = outer.now
	}
	s.pacers = slices.Concat(s.pacers, outer.pacers)
	s.onPage = slices.Concat(s.onPage, outer.onPage)
	return s
}

// value returns what p points to, or 0 for nil.
func value(p *int) int {
	if p == nil {
		return 0
	}
	return *p
}
