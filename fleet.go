package backupx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Fleet is the clients of many accounts and regions.
type Fleet []Source

// Source is one account and region of a [Fleet].
type Source struct {
	// Name tells the source apart: prod/us-east-1, say. Names must differ.
	Name string
	// Client lists the source.
	Client Client
	// Parallel is how many requests may be under way to this source at most, within the bound of
	// [Listing.Parallel] for the whole; 0 sets no bound of its own.
	Parallel int
}

// Sourced is an item with the name of the source that it is from.
type Sourced[T any] struct {
	Source string // the name of the [Source]
	Item   T
}

// Across makes one listing of what list gives for each source of a fleet.
//
//	jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
//		return c.BackupJobs(failed).Rate(15) // each source's own rate
//	})
//	for job, err := range jobs.Parallel(16).All(ctx) { … }
//
// A source that fails does not stop the others: everything else is delivered, and the one error at
// the end is a [SourceErrors]; where the failed sources stood is in its checkpoint, so that resuming
// tries them again. A listing with a limit, a start or a Parallel of its own is an error, as is a name
// that is empty or comes twice. An empty fleet lists nothing.
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
	return apart("Across", parts)
}

// part is one of several listings that fail by themselves.
type part[T any] struct {
	name     string
	parallel int
	listing  Listing[T]
}

// apart makes one listing of several, of which one that fails does not stop the others.
func apart[T any](op string, parts []part[T]) Listing[T] {
	id := identity{Op: op}
	for _, p := range parts {
		of := p.listing.identity()
		of.Source = p.name
		id.Parts = append(id.Parts, of)
	}
	return Listing[T]{src: source[T]{id: id, open: func(f frame) (stream[T], error) {
		streams := make([]stream[T], len(parts))
		for i, p := range parts {
			s, err := p.open(f)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			streams[i] = s
		}
		return inARow(f, streams), nil
	}}}
}

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

// open opens the listing of a part, in a scope of its own.
func (p part[T]) open(f frame) (stream[T], error) {
	if p.listing.set.start != nil {
		return nil, errors.New("it has its own StartAt: a token belongs to one chain")
	}
	f.source = strings.TrimPrefix(f.source+"/"+p.name, "/")
	f.scope = f.scope.within(p.parallel)
	in, err := openPart(f, p.name, p.listing)
	if err != nil {
		return nil, err
	}
	return &sourced[T]{stream: in, frame: f}, nil
}

// sourced is the stream of one source: its failure is noted, and is its end.
type sourced[T any] struct {
	stream[T]

	frame frame
	ended bool
}

func (s *sourced[T]) poll(ctx context.Context) (segment[T], outcome, error) {
	if s.ended {
		return segment[T]{}, ended, nil
	}
	seg, out, err := s.stream.poll(ctx)
	if err == nil || ctx.Err() != nil {
		return seg, out, err
	}
	s.ended = true
	s.frame.scope.fail(err)
	s.frame.settle()
	if s.frame.scope.outer.ctx.Err() != nil { // it did not fail: what it is part of did
		return seg, out, err
	}
	why := s.frame.describe(err)
	s.frame.failed = append(s.frame.failed, &SourceError{Source: s.frame.source, Kind: kindOf(why), Err: why})
	return segment[T]{}, ended, nil
}

func (s *sourced[T]) grow() bool  { return !s.ended && s.stream.grow() }
func (s *sourced[T]) spent() bool { return s.ended || s.stream.spent() }

// settle counts the readers of a scope that failed as having no more to give.
func (f frame) settle() {
	if f.pool != nil {
		f.pool.active -= f.scope.active
		f.scope.count(-f.scope.active)
	}
}

// SourceErrors are the sources of a fleet that failed, or the services of an inventory, in the order in
// which they did.
// errors.As finds it in the error at the end of a listing, and whatever the sources failed with.
type SourceErrors []*SourceError

// Error names the sources and why each failed.
func (e SourceErrors) Error() string {
	texts := make([]string, len(e))
	for i, s := range e {
		texts[i] = s.Error()
	}
	if len(e) == 1 {
		return "1 source failed: " + texts[0]
	}
	return fmt.Sprintf("%d sources failed: %s", len(e), strings.Join(texts, "; "))
}

// Unwrap returns the errors of the sources.
func (e SourceErrors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, s := range e {
		errs[i] = s
	}
	return errs
}

// SourceError is why one source of a fleet failed.
type SourceError struct {
	Source string // its name; within a fleet of fleets those of both, joined by a slash
	Kind   Kind   // what sort of failure it is
	Err    error  // a [*ListError], whose checkpoint is empty: the whole listing's has the source's place
}

// Error names the source, the kind and the cause.
func (e *SourceError) Error() string {
	text := e.Source + ": " + string(e.Kind)
	if e.Err != nil {
		text += ": " + inner(e.Err)
	}
	return text
}

// Unwrap returns the cause.
func (e *SourceError) Unwrap() error { return e.Err }

// Kind says why a source failed, and so what to do about it.
type Kind string

// The kinds of failure.
const (
	NotOffered Kind = "not offered" // the region has no such service: leave it out
	NotEnabled Kind = "not enabled" // the account has not opted in to the region, or the credentials are not for it
	Denied     Kind = "denied"      // a permission is missing
	Throttled  Kind = "throttled"   // too many requests: use Rate, and the SDK's adaptive retry mode
	Other      Kind = "other"       // anything else: see the error
)

// kindOf sorts a failure by the service's error code, its status, or the name that does not resolve.
func kindOf(err error) Kind {
	var api smithy.APIError
	var dns *net.DNSError
	var response *smithyhttp.ResponseError
	code := ""
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	_, throttled := retry.DefaultThrottleErrorCodes[code]
	status := 0
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return NotOffered
	case slices.Contains([]string{"UnrecognizedClientException", "InvalidClientTokenId", "OptInRequired", "AuthFailure"}, code):
		return NotEnabled
	case throttled || status == http.StatusTooManyRequests:
		return Throttled
	case strings.Contains(code, "AccessDenied") || code == "UnauthorizedOperation" || status == http.StatusForbidden:
		return Denied
	default:
		return Other
	}
}
