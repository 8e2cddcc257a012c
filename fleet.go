package backupx

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
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
	// Account and Region are the account id and the region of the source, if the caller sets them. They are the
	// caller's data: items and errors of the source have them, and nothing else uses them. The region of the requests
	// is that of the clients.
	Account string
	Region  string
	// Client has the service clients of the source. If it has none, the source is listed with the clients that [New]
	// returns for Config, at each call of [Across] anew.
	Client Client
	// Config is the configuration of the source. With [AcrossSources] it also serves clients of other services. It
	// does not change a Client that has clients.
	Config aws.Config
	// Parallel is the largest number of requests to this source at a time, within the limit that
	// [Listing.Parallel] sets for the whole listing. 0 means no limit for the source.
	Parallel int
}

// Sourced is an item with the source that it came from.
type Sourced[T any] struct {
	Source  string // the name of the [Source], or of the [Part] of a [Gather]
	Account string `json:",omitempty"` // that of the Source; empty for a Part
	Region  string `json:",omitempty"` // that of the Source; empty for a Part
	Item    T
}

// Across returns one listing of all sources of a fleet: it calls list for the client of each source and combines the
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
// A source name that is empty or occurs twice is an error too, and so is a source without a Client and a Config whose
// client is needed: no request is sent to any source. An empty fleet lists nothing.
func Across[T any](fleet Fleet, list func(Client) Listing[T]) Listing[Sourced[T]] {
	if list == nil {
		return across[T]("Across", fleet, nil)
	}
	return across("Across", fleet, func(s Source) Listing[T] { return list(s.Client) })
}

// AcrossSources is [Across] with a function of the whole source. In the source that list gets, Client is that of
// [New] if the source has only a Config. Use it to list other services of the source, or by its account and region:
//
//	restores := backupx.AcrossSources(fleet, func(s backupx.Source) backupx.Listing[types.RestoreJobsListMember] {
//		api := backup.NewFromConfig(s.Config)
//		return backupx.FromOperation("ListRestoreJobs", api.ListRestoreJobs, …)
//	})
//
// A checkpoint of Across resumes AcrossSources and the other way round, if the sources list the same.
func AcrossSources[T any](fleet Fleet, list func(Source) Listing[T]) Listing[Sourced[T]] {
	return across("AcrossSources", fleet, list)
}

func across[T any](name string, fleet Fleet, list func(Source) Listing[T]) Listing[Sourced[T]] {
	if list == nil {
		return invalid[Sourced[T]](name, errors.New("the function is nil"))
	}
	if err := fleet.validate(); err != nil {
		return invalid[Sourced[T]](name, err)
	}
	parts := make([]Part[Sourced[T]], len(fleet))
	for i, s := range fleet {
		parts[i] = sourced(Part[T]{origin{s.Name, s.Account, s.Region}, s.Parallel, list(s.withClient())})
	}
	return isolate(name, "Across", parts)
}

// Part is a listing with a name, for [Gather]. [Listing.Named] returns one.
type Part[T any] struct {
	origin
	parallel int // as Source.Parallel
	listing  Listing[T]
}

// origin is where the items of a part come from, as Sourced and SourceError have it.
type origin struct{ name, account, region string }

// within returns the origin of a source of another source, which is a fleet.
func (o origin) within(outer origin) origin {
	return origin{strings.TrimPrefix(outer.name+"/"+o.name, "/"), cmp.Or(o.account, outer.account), cmp.Or(o.region, outer.region)}
}

// failure returns the error of the source.
func (o origin) failure(why error) *SourceError {
	return &SourceError{o.name, o.account, o.region, KindOf(why), why}
}

// Named returns the listing as a part of a [Gather]. The name identifies the part in items, errors and checkpoints. It
// must not be empty, and the names in a Gather must differ.
func (l Listing[T]) Named(name string) Part[T] {
	return Part[T]{origin: origin{name: name}, listing: l}
}

// Gather returns one listing of several that do not stop each other, as [Across] does for the sources of a fleet: a
// part that fails does not affect the others, and the one error at the end wraps [SourceErrors] with the names of the
// parts that failed. Use [Concat] for listings that stop at the first error.
//
//	all := backupx.Gather(jobs.Named("jobs"), restores.Named("restores")) // both of one type, see Map
//
// Everything that is documented of the sources of a fleet holds for the parts: Limit, Parallel, Prefetch and Ordered
// are set on the result, and checkpoints match the parts by name. A name that is empty or occurs twice is an error,
// and no request is sent. Gather of no parts lists nothing.
func Gather[T any](parts ...Part[T]) Listing[Sourced[T]] {
	names := lo.Map(parts, func(p Part[T], _ int) string { return p.name })
	if err := validateNames("part", names); err != nil {
		return invalid[Sourced[T]]("Gather", err)
	}
	return isolate("Gather", "Gather", lo.Map(parts, func(p Part[T], _ int) Part[Sourced[T]] { return sourced(p) }))
}

// sourced returns a part with items that say where they come from.
func sourced[T any](p Part[T]) Part[Sourced[T]] {
	from := p.origin
	item := func(v T) Sourced[T] { return Sourced[T]{from.name, from.account, from.region, v} }
	return Part[Sourced[T]]{from, p.parallel, Map(p.listing, item)}
}

// isolate returns one listing of several parts. A part that fails does not stop the others. Errors name the listing by
// the function that returned it, and checkpoints by op.
func isolate[T any](function, op string, parts []Part[T]) Listing[T] {
	id := identified(function, func(id *identity) {
		id.Op = op
		names := lo.Map(parts, func(p Part[T], _ int) string { return p.name })
		id.setSources(names, lo.Map(parts, func(p Part[T], _ int) identity { return p.listing.identity() }))
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
	}).startingAs(lo.Map(parts, func(p Part[T], _ int) Listing[T] { return p.listing }))
}

// validate rejects the names and limits that no fleet can have.
func (fleet Fleet) validate() error {
	if err := validateNames("source", lo.Map(fleet, func(s Source, _ int) string { return s.Name })); err != nil {
		return err
	}
	for _, s := range fleet {
		if s.Parallel < 0 {
			return fmt.Errorf("%s: Parallel: %d: it must not be below zero", s.Name, s.Parallel)
		}
	}
	return nil
}

// validateNames rejects names that do not tell sources, or parts, from each other.
func validateNames(what string, names []string) error {
	seen := map[string]bool{}
	for _, name := range names {
		switch {
		case strings.TrimSpace(name) == "":
			return fmt.Errorf("a %s has no name", what)
		case seen[name]:
			return fmt.Errorf("two %ss are named %q", what, name)
		}
		seen[name] = true
	}
	return nil
}

// withClient returns the source with the clients of its Config if it has no others.
func (s Source) withClient() Source {
	c := s.Client
	if lo.IsNil(c.HSM) && lo.IsNil(c.OpsWorks) && lo.IsNil(c.Backup) && !reflect.ValueOf(s.Config).IsZero() {
		s.Client = New(s.Config)
		s.Client.Now = c.Now
	}
	return s
}

// open opens the listing of a part in a failure scope of its own: a failure ends only this part. The failure
// scope also has the part's limit of requests. It has nothing to do with [Listing.Scope]. A part that was delivered
// to its end before a checkpoint is not opened.
func (p Part[T]) open(f frame) (stream[T], error) {
	if _, ok := p.listing.start(); ok {
		return nil, errors.New("it has its own StartAt: a token belongs to one chain")
	}
	if f.readWhole(p.name) {
		return &isolated[T]{ended: true}, nil
	}
	f = f.inSource(p.origin, p.parallel)
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

// SourceErrors are the errors of the sources of a fleet, of the services of an inventory, or of the parts of a
// [Gather], in the order in which they failed. errors.As finds SourceErrors in the error at the end of a range, and the errors that it
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

// SourceError says why one source of a fleet, one service of an inventory, or one part of a [Gather] failed.
type SourceError struct {
	Source  string // the name of the source; in a fleet of fleets both names, joined by a slash
	Account string // that of the [Source]; in a fleet of fleets that of the inner one, if it has one
	Region  string // that of the [Source]; in a fleet of fleets that of the inner one, if it has one
	Kind    Kind   // the sort of failure, as [KindOf] returns it for Err
	Err     error  // a [*ListError] without a checkpoint: the checkpoint of the whole listing has the source's position
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
