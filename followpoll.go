package backupx

import (
	"context"
	"errors"
	"maps"
	"math"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"github.com/samber/lo"
)

const (
	// followOverlap is how far before the last poll a poll looks: a service may list a job, or show its end, that late.
	followOverlap = time.Hour
	// followMargin is the coarsest resolution with which services compare times.
	followMargin = time.Second
)

// followed is what a follower polls: one source, with what is remembered about it.
type followed[T any] struct {
	origin       // of the source in a fleet
	parallel int // as Source.Parallel
	identity lazyIdentity
	since    time.Time // where the first poll begins
	timed    bool      // sightings have times

	recent   func(since time.Time) []Listing[T]  // what was created, and what has ended, after a time
	underWay func() Listing[T]                   // what is under way; nil where the listing has only what is finished
	created  func(from, to time.Time) Listing[T] // what was created between two times; nil as underWay
	look     func(T) sighting

	*memo
	round round
}

// sighting is what a follower has to know about an item.
type sighting struct {
	id                 string
	created, completed time.Time // zero if it has none
	ended              bool
	kept               bool // the filter keeps it
}

// last returns the later of the times of an item.
func (s sighting) last() time.Time {
	if s.completed.After(s.created) {
		return s.completed
	}
	return s.created
}

// memo is what is remembered about a place from poll to poll. Ids are hashes.
type memo struct {
	from time.Time         // where the first poll began, until one came to its end
	mark time.Time         // the service's time of the last poll that came to its end; zero before
	told map[uint64]int32  // delivered: 0, or the day of that if the item had no completion time
	live map[uint64]uint32 // under way: the second of the creation, 0 if it is unknown
}

func newMemo() *memo { return &memo{told: map[uint64]int32{}, live: map[uint64]uint32{}} }

// round is what a poll has seen of a place.
type round struct {
	step     step
	at       time.Time            // the service's time of the first answer; zero before
	clock    time.Time            // when the poll began, by the listing's clock
	since    time.Time            // the time after which the poll looks; zero for everything
	unseen   map[uint64]bool      // of the jobs under way those that no answer has shown
	returned map[uint64]time.Time // of the delivered items those that the first step has shown: their last times
	err      error
}

// step is a part of a poll.
type step int

const (
	stepRecent   step = iota // lists what was created and what has ended
	stepUnderWay             // lists what is under way, if an older job is
	stepGone                 // looks for the jobs that are under way no longer
	steps
)

// begin starts a poll.
func (p *followed[T]) begin() {
	if p.mark.IsZero() && p.from.IsZero() {
		p.from = p.since
	}
	p.round = round{since: p.from, unseen: make(map[uint64]bool, len(p.live)), returned: map[uint64]time.Time{}}
	if !p.mark.IsZero() {
		p.round.since = p.mark.Add(-followOverlap)
	}
	for id := range p.live {
		p.round.unseen[id] = true
	}
}

// listing returns the listing of the current step; false if the poll of the place is at its end.
func (p *followed[T]) listing() (l Listing[T], more bool) {
	switch {
	case p.round.step == stepRecent:
		ls := p.recent(p.round.since)
		p.round.clock = ls[0].set.clock()
		if len(ls) == 1 {
			return ls[0], true
		}
		return Concat(ls...), true
	case len(p.round.unseen) == 0 || p.underWay == nil || p.round.step >= steps:
		return l, false
	case p.round.step == stepUnderWay:
		return p.underWay(), true
	default:
		return p.created(p.bounds()), true
	}
}

// bounds returns the span of the creation times of the jobs that were not seen. A zero time is an open end.
func (p *followed[T]) bounds() (from, to time.Time) {
	first, last := uint32(math.MaxUint32), uint32(0)
	for id := range p.round.unseen {
		created := p.live[id]
		if created == 0 {
			return time.Time{}, time.Time{}
		}
		first, last = min(first, created), max(last, created)
	}
	return time.Unix(int64(first), 0).Add(-followMargin), time.Unix(int64(last), 0).Add(2 * followMargin)
}

// see notes an item that the current step lists, and reports whether it is to be delivered.
func (p *followed[T]) see(item T) (tell bool) {
	s := p.look(item)
	if s.id == "" {
		p.round.err = errors.New("an item has no id")
	}
	if p.round.err != nil {
		return false
	}
	id := hash(s.id)
	_, wasLive := p.live[id]
	if p.round.step == stepGone && !p.round.unseen[id] {
		return false
	}
	delete(p.round.unseen, id)
	noted, wasTold := p.told[id]
	if wasTold && p.round.step == stepRecent {
		p.round.returned[id] = s.last()
	}
	switch {
	case !s.ended:
		p.live[id] = second(s.created)
		return false
	case p.round.step == stepRecent && !wasLive && p.over(s, p.round.since):
		return false // a service that passes over times lists everything
	}
	delete(p.live, id)
	if wasTold || !s.kept {
		return false
	}
	if p.timed && s.completed.IsZero() {
		noted = day(p.time())
	}
	p.told[id], p.round.returned[id] = noted, s.last()
	return true
}

// failure returns the error of a place whose listing cannot be followed.
func (p *followed[T]) failure() *ListError {
	return &ListError{Operation: nameOf(p.identity.op), Err: p.round.err}
}

// over reports whether an item is older than what is created or has ended since a time.
func (p *followed[T]) over(s sighting, since time.Time) bool {
	return p.timed && s.last().Before(since.Add(-followMargin))
}

// time returns the time of the poll.
func (p *followed[T]) time() time.Time {
	if p.round.at.IsZero() {
		return p.round.clock
	}
	return p.round.at
}

// answered notes the service's time of the first answer.
func (p *followed[T]) answered(md middleware.Metadata) {
	if at, ok := awsmiddleware.GetServerTime(md); ok && p.round.at.IsZero() {
		p.round.at = at.UTC()
	}
}

// finish ends a poll that came to its end. It forgets what the next poll cannot list again, and jobs that the service no
// longer lists.
func (p *followed[T]) finish() {
	now := p.time()
	if now.After(p.mark) {
		p.mark = now.UTC()
	}
	p.from = time.Time{}
	next := p.mark.Add(-followOverlap - followMargin)
	maps.DeleteFunc(p.told, func(id uint64, noted int32) bool {
		if noted != 0 {
			return day(p.mark)-noted > int32(retention/(24*time.Hour))
		}
		last, returned := p.round.returned[id]
		return !returned || p.timed && last.Before(next)
	})
	for id := range p.round.unseen {
		delete(p.live, id)
	}
	p.round = round{}
}

// second returns a time as whole seconds, 0 if that is out of range.
func second(t time.Time) uint32 {
	if s := t.Unix(); s > 0 && s <= math.MaxUint32 {
		return uint32(s)
	}
	return 0
}

// day returns the number of a time's day. It is at least 1.
func day(t time.Time) int32 { return int32(max(1, t.Unix()/(24*60*60))) }

// poll is one range over a follower.
type poll[T any] struct {
	*Follower[T]
	yield   func(T, error) bool
	stopped bool // by yield
	told    int  // items that were yielded
	failed  SourceErrors
}

// found is an item at the place that it was listed for.
type found[T any] struct {
	at   *followed[T]
	item T
}

// run polls all places, step by step.
func (p *poll[T]) run(ctx context.Context) *ListError {
	open := p.places
	for _, at := range open {
		at.begin()
	}
	for len(open) > 0 {
		var parts []Part[found[T]]
		var polled []*followed[T]
		for _, at := range open {
			l, more := at.listing()
			if !more {
				at.finish()
				continue
			}
			item := func(v T) found[T] { return found[T]{at, v} }
			parts = append(parts, Part[found[T]]{at.origin, at.parallel, Map(l, item)})
			polled = append(polled, at)
		}
		if len(parts) == 0 {
			break
		}
		err := p.read(ctx, parts, polled)
		if p.stopped {
			return nil
		}
		if open, err = p.remaining(polled, err); err != nil {
			return err
		}
		for _, at := range open {
			at.round.step++
		}
	}
	if len(p.failed) > 0 {
		return &ListError{Operation: p.name, Err: p.failed}
	}
	return nil
}

// read lists one step of places, and delivers what is new.
func (p *poll[T]) read(ctx context.Context, parts []Part[found[T]], places []*followed[T]) *ListError {
	whole := parts[0].listing
	if p.fleet {
		whole = isolate(p.name, p.name, parts)
		whole.set.parallel = p.parallel
	} else if own := whole.set.leavesOut(); own != "" {
		return &ListError{Operation: p.name, Err: errors.New("the listing has its own " + own + ", which leaves items out")}
	}
	named := byName(places)
	err := drive(ctx, whole, newState(), nil, func(seg segment[found[T]]) (bool, error) {
		ownerOf(named, seg.from.info.Source).answered(seg.page().Metadata)
		return seg.each(ctx, func(v *found[T]) bool {
			if v.at.see(v.item) {
				p.told++
				p.stopped = !p.yield(v.item, nil)
			}
			return !p.stopped && (p.fleet || v.at.round.err == nil)
		})
	})
	if err == nil {
		return nil
	}
	return err.(*ListError)
}

func byName[T any](places []*followed[T]) map[string]*followed[T] {
	return lo.KeyBy(places, func(at *followed[T]) string { return at.name })
}

// ownerOf returns the place that a source belongs to. The listing of a place may be a fleet itself, whose sources have
// its name in front of theirs, if it has one.
func ownerOf[T any](named map[string]*followed[T], source string) *followed[T] {
	for source != "" && named[source] == nil {
		source = source[:max(0, strings.LastIndexByte(source, '/'))]
	}
	return named[source]
}

// remaining returns the places that did not fail in a step which ended with an error, or with none. If the range cannot go
// on, it returns the error of the range.
func (p *poll[T]) remaining(places []*followed[T], err *ListError) ([]*followed[T], *ListError) {
	failed := map[*followed[T]]bool{}
	switch sources, apart := sourceErrors(err); {
	case err == nil:
	case !p.fleet, !apart:
		return nil, p.with(err)
	default:
		named := byName(places)
		for _, s := range sources {
			failed[ownerOf(named, s.Source)] = true
		}
		p.failed = append(p.failed, sources...)
	}
	var left []*followed[T]
	for _, at := range places {
		switch {
		case at.round.err != nil && !p.fleet:
			return nil, at.failure()
		case at.round.err != nil && !failed[at]:
			why := at.failure()
			p.failed = append(p.failed, &SourceError{at.name, at.account, at.region, KindOf(why), why})
		case !failed[at]:
			left = append(left, at)
		}
	}
	return left, nil
}

// sourceErrors returns the errors of the sources that failed; apart is false if the range ended for another reason.
func sourceErrors(err *ListError) (sources SourceErrors, apart bool) {
	if err != nil {
		sources, apart = err.Err.(SourceErrors)
	}
	return sources, apart
}

// with adds the sources that failed before to the error that ended a range.
func (p *poll[T]) with(err *ListError) *ListError {
	if len(p.failed) > 0 {
		err.Err = &endedError{cause: err.Err, failed: p.failed}
	}
	return err
}
