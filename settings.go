package backupx

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// settings are how a listing is read. They are values: a copy of a listing shares nothing that a
// method changes.
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
	errs     []error // what the methods were given and cannot be meant
}

// validate says what is wrong with the settings by themselves.
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

// forTheWhole names a setting that a listing within another cannot have of its own.
func (s settings) forTheWhole() string {
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

// ahead reports whether pages are read before they are asked for.
func (s settings) ahead() bool { return value(s.parallel) > 1 || value(s.prefetch) > 0 }

// under puts the settings of a listing within another under those of the outer one.
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

// value is what p points to, or zero.
func value(p *int) int {
	if p == nil {
		return 0
	}
	return *p
}
