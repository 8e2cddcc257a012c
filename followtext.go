package backupx

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/filters"
)

// The checkpoint of a follower has what it follows as its identity: for a fleet the sources in groups, as the checkpoint
// of a fleet's listing has them. The hashes of all places come in one run of bytes behind the JSON, in the order of the
// places: in JSON they would be a third longer.

// savedPlace is what a checkpoint has of a place, without the hashes.
type savedPlace struct {
	From  time.Time `json:"from,omitzero"`
	Mark  time.Time `json:"mark,omitzero"`
	Told  int       `json:"told,omitempty"`  // how many hashes are those of told items
	Noted []noted   `json:"noted,omitempty"` // of those without a completion time, which follow
	Live  int       `json:"live,omitempty"`  // how many jobs are under way, which follow: a hash and the second of the creation

	id     identity
	name   string
	hashes []byte
}

// noted is how many items without a completion time were told on a day.
type noted struct {
	Day   int32 `json:"day"`
	Count int   `json:"count"`
}

const liveBytes = hashBytes + 4 // of a job under way in a checkpoint

// saved returns the content of a checkpoint.
func (w *Follower[T]) saved() *saved {
	if !w.fleet {
		p := w.places[0]
		s := p.saved(p.identity.in(""))
		return &saved{ID: s.id, Follow: []savedPlace{s}, hashes: s.hashes}
	}
	var all []savedPlace
	var last time.Time
	for _, p := range w.places {
		s := p.saved(p.identity.in(""))
		s.name, last = textInJSON(p.name), filters.Latest(last, p.mark)
		all = append(all, s)
	}
	for _, s := range w.absent {
		if s.Mark.After(last.Add(-retention)) {
			all = append(all, s)
		}
	}
	of := &saved{ID: identity{Op: w.name}, Follow: make([]savedPlace, 0, len(all))}
	groups := map[uint64]int{}
	for _, s := range all {
		kind := s.id.listingHash()
		if _, known := groups[kind]; !known {
			groups[kind] = len(of.ID.Parts)
			of.ID.Parts = append(of.ID.Parts, s.id)
		}
		group := &of.ID.Parts[groups[kind]]
		group.Sources = append(group.Sources, s.name)
	}
	slices.SortStableFunc(all, func(a, b savedPlace) int {
		return cmp.Compare(groups[a.id.listingHash()], groups[b.id.listingHash()])
	})
	for _, s := range all {
		of.Follow = append(of.Follow, s)
		of.hashes = append(of.hashes, s.hashes...)
	}
	return of
}

// saved returns what a checkpoint has of a memo.
func (m *memo) saved(id identity) savedPlace {
	s := savedPlace{From: m.from.UTC(), Mark: m.mark, Live: len(m.live), id: id}
	days := map[int32][]uint64{}
	for _, h := range slices.Sorted(maps.Keys(m.told)) {
		days[m.told[h]] = append(days[m.told[h]], h)
	}
	s.Told = len(days[0])
	for _, day := range slices.Sorted(maps.Keys(days)) {
		s.hashes = append(s.hashes, packed(days[day])...)
		if day != 0 {
			s.Noted = append(s.Noted, noted{day, len(days[day])})
		}
	}
	for _, h := range slices.Sorted(maps.Keys(m.live)) {
		s.hashes = binary.BigEndian.AppendUint64(s.hashes, h)
		s.hashes = binary.BigEndian.AppendUint32(s.hashes, m.live[h])
	}
	return s
}

// memo is the inverse of saved.
func (s savedPlace) memo() *memo {
	m := &memo{from: s.From, mark: s.Mark, told: make(map[uint64]int32, s.Told), live: make(map[uint64]uint32, s.Live)}
	rest := s.hashes
	for _, n := range append([]noted{{0, s.Told}}, s.Noted...) {
		for _, h := range unpacked(rest[:n.Count*hashBytes]) {
			m.told[h] = n.Day
		}
		rest = rest[n.Count*hashBytes:]
	}
	for job := range slices.Chunk(rest, liveBytes) {
		m.live[binary.BigEndian.Uint64(job)] = binary.BigEndian.Uint32(job[hashBytes:])
	}
	return m
}

// length returns how many bytes of hashes the place has, which is no more than most.
func (s savedPlace) length(most int) (int, error) {
	left := most
	take := func(count, size int) error {
		if count < 0 || count > left/size {
			return errors.New("what its follower remembers is cut")
		}
		left -= count * size
		return nil
	}
	errs := []error{take(s.Told, hashBytes)}
	for i, n := range s.Noted {
		if n.Day < 1 || n.Count < 1 || i > 0 && n.Day <= s.Noted[i-1].Day {
			return 0, errors.New("what its follower remembers is out of range")
		}
		errs = append(errs, take(n.Count, hashBytes))
	}
	errs = append(errs, take(s.Live, liveBytes))
	return most - left, errors.Join(errs...)
}

// validateFollow rejects what no follower saves, and gives each place its name, its identity and its hashes.
func (s *saved) validateFollow() error {
	if s.Start != nil || s.Opened || len(s.Chains)+len(s.Windows)+len(s.Seen) > 0 {
		return errors.New("it is of a listing and of a follower")
	}
	owners := []savedPlace{{id: s.ID}}
	if s.ID.Op == acrossName {
		owners = nil
		for _, group := range s.ID.Parts {
			for _, name := range group.Sources {
				owners = append(owners, savedPlace{id: group.listing(), name: name})
			}
		}
	}
	if len(owners) != len(s.Follow) {
		return errors.New("it does not have one place for each source")
	}
	rest := s.hashes
	for i := range s.Follow {
		p := &s.Follow[i]
		n, err := p.length(len(rest))
		if err != nil {
			return err
		}
		p.id, p.name, p.hashes = owners[i].id, owners[i].name, rest[:n]
		rest = rest[n:]
	}
	if len(rest) > 0 {
		return errors.New("its hashes belong to no place")
	}
	return nil
}

// errFollower is the error of a listing that is resumed from the checkpoint of a follower.
var errFollower = fmt.Errorf("%w: it is of a follower, not of a listing: use Follower.Resume", ErrCheckpoint)

// restore sets what the follower remembers to that of a checkpoint.
func (w *Follower[T]) restore(s *saved) error {
	if s == nil {
		for _, p := range w.places {
			*p.memo = *newMemo()
		}
		w.absent = nil
		return nil
	}
	switch {
	case s.Follow == nil:
		return fmt.Errorf("%w: it is of a listing, not of a follower: use Listing.Resume", ErrCheckpoint)
	case w.fleet != (s.ID.Op == acrossName):
		return fmt.Errorf("%w: it is of the operation %s, not %s", ErrCheckpoint, s.ID.Op, w.op())
	}
	known := lo.KeyBy(s.Follow, func(p savedPlace) string { return p.name })
	memos := map[*followed[T]]*memo{}
	for _, p := range w.places {
		was, found := known[textInJSON(p.name)]
		if !found {
			continue
		}
		where := ""
		if w.fleet {
			where = "source " + strconv.Quote(p.name) + ": "
		}
		if err := s.matcher().listing(was.id, p.identity.in(""), "", where); err != nil {
			return fmt.Errorf("%w: %w", ErrCheckpoint, err)
		}
		memos[p] = was.memo()
		delete(known, was.name)
	}
	for _, p := range w.places {
		*p.memo = *cmp.Or(memos[p], newMemo())
	}
	w.absent = lo.Filter(s.Follow, func(p savedPlace, _ int) bool { return lo.HasKey(known, p.name) })
	return nil
}

// op returns what is followed, as errors name it.
func (w *Follower[T]) op() string {
	if w.fleet {
		return w.name
	}
	return w.places[0].identity.op
}
