package backupx

import (
	"errors"
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/schedule"
)

// Fleet is a list of accounts and regions, each with its client.
type Fleet []Source

// Source is one account and region of a [Fleet].
type Source struct {
	// Name identifies the source in items, errors and checkpoints, for example prod/us-east-1. It must not be
	// empty, and names must differ.
	Name string
	// Client has the service clients of the source.
	Client Client
	// Parallel is the largest number of requests to this source at a time, within the limit that
	// [Listing.Parallel] sets for the whole listing. 0 means no limit for the source.
	Parallel int
}

// Sourced is an item with the name of the source that it came from.
type Sourced[T any] struct {
	Source string // the name of the [Source]
	Item   T
}

// Across returns one listing of all sources of a fleet: it calls list for each source and combines the
// listings that list returns.
//
//	jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
//		return c.BackupJobs(failed).Rate(15) // 15 requests per second to each source
//	})
//	for job, err := range jobs.Parallel(16).All(ctx) { … }
//
// A source that fails does not affect the others: they are listed to their end, or up to the limit. The one
// error at the end is a [*ListError] that wraps [SourceErrors]. Its checkpoint has the positions of the
// failed sources, so resuming tries them again.
//
// Set Limit, Parallel, Prefetch and Ordered on the result: a listing from list that has one of these
// settings, or a StartAt, is an error. PageSize, Every and Rate can be set in list, for each source, and on
// the result, for the whole fleet. A PageSize or an Every on the result takes precedence, and the rates of
// both apply. StartAt on the result is an error if the fleet has several chains.
//
// A source name that is empty or occurs twice is an error too. An empty fleet lists nothing.
func Across[T any](fleet Fleet, list func(Client) Listing[T]) Listing[Sourced[T]] {
	if list == nil {
		return invalid[Sourced[T]]("Across", errors.New("the function is nil"))
	}
	if err := fleet.validate(); err != nil {
		return invalid[Sourced[T]]("Across", err)
	}
	parts := make([]part[Sourced[T]], len(fleet))
	for i, s := range fleet {
		item := func(v T) Sourced[T] { return Sourced[T]{s.Name, v} }
		parts[i] = part[Sourced[T]]{s.Name, s.Parallel, Map(list(s.Client), item)}
	}
	return isolate("Across", parts)
}

// part is one of several listings that do not stop each other when one fails.
type part[T any] struct {
	name     string
	parallel int
	listing  Listing[T]
}

// isolate returns one listing of several parts. A part that fails does not stop the others.
func isolate[T any](op string, parts []part[T]) Listing[T] {
	id := identified(op, func(id *identity) {
		names := lo.Map(parts, func(p part[T], _ int) string { return p.name })
		id.setSources(names, lo.Map(parts, func(p part[T], _ int) identity { return p.listing.identity() }))
	})
	return newListing(id, func(f frame) (stream[T], error) {
		g := newGroup[T](f)
		for _, p := range parts {
			s, err := p.open(g.part(f))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			g.append(s)
		}
		return g, nil
	}).startingAs(lo.Map(parts, func(p part[T], _ int) Listing[T] { return p.listing }))
}

// validate rejects the names and limits that no fleet can have.
func (fleet Fleet) validate() error {
	seen := map[string]bool{}
	for _, s := range fleet {
		switch {
		case strings.TrimSpace(s.Name) == "":
			return errors.New("a source has no name")
		case seen[s.Name]:
			return fmt.Errorf("two sources are named %q", s.Name)
		case s.Parallel < 0:
			return fmt.Errorf("%s: Parallel: %d: it must not be below zero", s.Name, s.Parallel)
		}
		seen[s.Name] = true
	}
	return nil
}

// open opens the listing of a part in a failure scope of its own: a failure ends only this part. The failure
// scope also has the part's limit of requests. It has nothing to do with [Listing.Scope]. A part that was delivered
// to its end before a checkpoint is not opened.
func (p part[T]) open(f frame) (stream[T], error) {
	if _, ok := p.listing.start(); ok {
		return nil, errors.New("it has its own StartAt: a token belongs to one chain")
	}
	if f.readWhole(p.name) {
		return &isolated[T]{ended: true}, nil
	}
	f = f.inSource(p.name, p.parallel)
	in, err := openPart(f, p.name, p.listing)
	if err != nil {
		return nil, err
	}
	f.opened(p.name)
	return &isolated[T]{stream: in, frame: f}, nil
}

// isolated is the stream of one source. If the source fails, the error is recorded and the stream ends.
type isolated[T any] struct {
	stream[T]

	frame frame
	ended bool
}

func (s *isolated[T]) next(need bool) (segment[T], schedule.Outcome, error) {
	if s.ended {
		return segment[T]{}, schedule.Ended, nil
	}
	seg, out, err := s.stream.next(need)
	if err == nil {
		return seg, out, nil
	}
	if !s.frame.sourceFailed(err) {
		return seg, out, err
	}
	return segment[T]{}, schedule.Ended, nil
}

// SourceErrors are the errors of the sources of a fleet, or of the services of an inventory, in the order in
// which they failed. errors.As finds SourceErrors in the error at the end of a range, and the errors that it
// contains.
type SourceErrors []*SourceError

// Error returns the number of sources that failed, their names and their errors.
func (e SourceErrors) Error() string {
	texts := make([]string, len(e))
	for i, s := range e {
		texts[i] = s.Error()
	}
	return counted(len(e), "source") + " failed: " + strings.Join(texts, "; ")
}

// Unwrap returns the errors of the sources.
func (e SourceErrors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, s := range e {
		errs[i] = s
	}
	return errs
}

// SourceError says why one source of a fleet, or one service of an inventory, failed.
type SourceError struct {
	Source string // the name of the source; in a fleet of fleets both names, joined by a slash
	Kind   Kind   // the sort of failure, as [KindOf] returns it for Err
	Err    error  // a [*ListError] without a checkpoint: the checkpoint of the whole listing has the source's position
}

// Error returns the source, the kind and the cause.
func (e *SourceError) Error() string {
	text := e.Source + ": " + string(e.Kind)
	if e.Err != nil {
		text += ": " + inner(e.Err)
	}
	return text
}

// Unwrap returns the cause.
func (e *SourceError) Unwrap() error { return e.Err }
