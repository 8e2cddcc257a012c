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

	"github.com/backupx-go/backupx/internal/filters"
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

	list func(query) []Listing[T] // what a step of a poll reads, one listing after another
	look func(T) sighting

	*memo
	round round
}

// query is what a step of a poll asks for.
type query struct {
	step     step
	since    time.Time // of stepRecent; zero for everything
	from, to time.Time // of stepGone: a span of creation times; a zero time is an open end
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
	from time.Time         // where the follower began, until later polls look at nothing before it
	mark time.Time         // the service's time of the last poll that came to its end; zero before
	told map[uint64]int32  // delivered: 0, or the day of that if the item had no completion time
	live map[uint64]uint32 // under way: the second of the creation, 0 if it is unknown
}

func newMemo() *memo { return &memo{told: map[uint64]int32{}, live: map[uint64]uint32{}} }

// round is what a poll has seen of a place.
type round struct {
	step     step
	at       time.Time            // the earliest time in the answers of the service; zero if none had one
	clock    time.Time            // when the poll began, by the listing's clock
	since    time.Time            // the time after which the poll looks; zero for everything
	unseen   map[uint64]bool      // of the jobs under way those that no answer has shown
	returned map[uint64]time.Time // of the delivered items those that the poll has shown: their last times
	err      error                // an item cannot be followed
	failed   bool                 // the place has failed, and is not polled any longer
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

// due reports whether the poll of the place has another step.
func (p *followed[T]) due() bool {
	return p.round.step == stepRecent || p.round.step < steps && len(p.round.unseen) > 0
}

// listing returns what the current step reads.
func (p *followed[T]) listing() Listing[T] {
	q := query{step: p.round.step, since: p.round.since}
	if q.step == stepGone {
		q.from, q.to = p.bounds()
	}
	ls := p.list(q)
	if q.step == stepRecent && len(ls) > 0 {
		p.round.clock = ls[0].now()
	}
	if len(ls) == 1 {
		return ls[0]
	}
	return combined(p.identity.op, nil, ls)
}

// bounds returns the span of the creation times of the jobs that were not seen.
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
	if wasTold {
		p.round.returned[id] = s.last()
	}
	switch {
	case !s.ended:
		p.live[id] = second(s.created)
		return false
	case !wasLive && p.early(s):
		return false
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

// early reports whether an item is not among those that a poll looks for: it ended before the follower began, or the
// service passes over times.
func (p *followed[T]) early(s sighting) bool {
	before := func(at, limit time.Time) bool { return at.Before(limit.Add(-followMargin)) }
	return p.timed && (before(s.last(), p.round.since) || !s.completed.IsZero() && before(s.completed, p.from))
}

// time returns the time of the poll.
func (p *followed[T]) time() time.Time {
	if p.round.at.IsZero() {
		return p.round.clock
	}
	return p.round.at
}

// answered notes the service's time of an answer.
func (p *followed[T]) answered(md middleware.Metadata) {
	if at, ok := awsmiddleware.GetServerTime(md); ok {
		p.round.at = filters.Earliest(at.UTC(), p.round.at)
	}
}

// finish ends a poll that came to its end. It forgets what the next poll cannot list again, and jobs that the service no
// longer lists.
func (p *followed[T]) finish() {
	p.mark = filters.Latest(p.mark, p.time()).UTC()
	since := p.mark.Add(-followOverlap) // of the next poll
	if !p.from.After(since) {
		p.from = time.Time{}
	}
	maps.DeleteFunc(p.told, func(id uint64, noted int32) bool {
		if noted != 0 {
			return day(p.mark)-noted > int32(retention/(24*time.Hour))
		}
		last, returned := p.round.returned[id]
		return !returned || p.timed && last.Before(since.Add(-followMargin))
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
	named   map[string]*followed[T] // the places; the only one of a follower that is not of a fleet has no name
	stopped bool                    // by yield
	told    int                     // items that were yielded
	failed  SourceErrors
}

// found is an item at the place that it was listed for.
type found[T any] struct {
	at   *followed[T]
	item T
}

// run polls all places, step by step.
func (p *poll[T]) run(ctx context.Context) *ListError {
	p.named = lo.KeyBy(p.places, func(at *followed[T]) string { return at.name })
	for _, at := range p.places {
		at.begin()
	}
	for open := p.due(p.places); len(open) > 0; open = p.due(open) {
		err := p.read(ctx, open)
		if p.stopped {
			return nil
		}
		if ended := p.failures(open, err); ended != nil {
			return ended
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

// due returns the places that have another step, and ends the poll of those that came to their end.
func (p *poll[T]) due(places []*followed[T]) (due []*followed[T]) {
	for _, at := range places {
		switch {
		case at.round.failed:
		case at.due():
			due = append(due, at)
		default:
			at.finish()
		}
	}
	return due
}

// read lists the current step of places, and delivers what is new.
func (p *poll[T]) read(ctx context.Context, places []*followed[T]) error {
	parts := lo.Map(places, func(at *followed[T], _ int) Part[found[T]] {
		item := func(v T) found[T] { return found[T]{at, v} }
		return Part[found[T]]{at.origin, at.parallel, Map(at.listing(), item)}
	})
	whole := parts[0].listing
	if p.fleet {
		whole = isolate(p.name, p.name, parts)
		whole = whole.withParallel(p.parallel)
	} else if own := whole.leavesOut(); own != "" {
		return &ListError{Operation: p.name, Err: errors.New("the listing has its own " + own + ", which leaves items out")}
	}
	return drive(ctx, whole, newState(), nil, func(seg segment[found[T]]) (bool, error) {
		for _, at := range p.owners(seg.from.info.Source) {
			at.answered(seg.page().Metadata)
		}
		return seg.each(ctx, func(v *found[T]) bool {
			if v.at.see(v.item) {
				p.told++
				p.stopped = !p.yield(v.item, nil)
			}
			return !p.stopped
		})
	})
}

// owners returns the places that may have listed a source. The listing of a place may be a fleet itself, whose sources have
// the name of the place in front of theirs: with the places prod and prod/a, it may be either of them.
func (p *poll[T]) owners(source string) (places []*followed[T]) {
	for name := source; ; name = name[:max(0, strings.LastIndexByte(name, '/'))] {
		if at := p.named[name]; at != nil {
			places = append(places, at)
		}
		if name == "" {
			return places
		}
	}
}

// failures notes which places failed in a step that ended with err, nil for none. If the range cannot go on, it returns the
// error of the range.
func (p *poll[T]) failures(places []*followed[T], err error) *ListError {
	if err != nil {
		ended := err.(*ListError)
		sources, apart := ended.Err.(SourceErrors)
		if !apart {
			if len(p.failed) > 0 {
				ended.Err = &endedError{cause: ended.Err, failed: p.failed}
			}
			return ended
		}
		for _, s := range sources {
			for _, at := range p.owners(s.Source) {
				at.round.failed = true
			}
		}
		p.failed = append(p.failed, sources...)
	}
	for _, at := range places {
		if at.round.err == nil || at.round.failed {
			continue
		}
		why := &ListError{Operation: nameOf(at.identity.op), Err: at.round.err}
		if !p.fleet {
			return why
		}
		at.round.failed = true
		p.failed = append(p.failed, at.failure(why))
	}
	return nil
}
