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

	id     *identity // what the place follows; in a fleet that of its group
	group  int       // the number of the identity among the parts of that of the fleet, in group
	name   string
	hashes []byte
}

// noted is how many items without a completion time were told on a day.
type noted struct {
	Day   int32 `json:"day"`
	Count int   `json:"count"`
}

const maxDays = 10_000 // of noted items of a place: a follower forgets them after 30, or at its first poll after that

const liveBytes = hashBytes + 4 // of a job under way in a checkpoint

// saved returns the content of a checkpoint.
func (w *Follower[T]) saved() *saved {
	all := lo.Map(w.places, func(p *followed[T], _ int) savedPlace {
		s, id := p.memo.saved(), p.identity.in("")
		s.id, s.name = &id, textInJSON(p.name)
		return s
	})
	s := &saved{ID: identity{Op: w.name}, Follow: append(all, w.remembered(all)...)}
	if w.fleet {
		s.group()
	} else {
		s.ID = *all[0].id
	}
	s.hashes = slices.Concat(lo.Map(s.Follow, func(p savedPlace, _ int) []byte { return p.hashes })...)
	return s
}

// remembered returns what a checkpoint has of sources that are gone, until the service no longer lists the jobs that their
// last poll may not have told of.
func (w *Follower[T]) remembered(present []savedPlace) []savedPlace {
	var last time.Time
	for _, p := range present {
		last = filters.Latest(last, p.Mark)
	}
	return lo.Filter(w.absent, func(p savedPlace, _ int) bool {
		return filters.Latest(p.Mark, p.From).After(last.Add(-retention))
	})
}

// group makes the places of a fleet the parts of the identity, in groups that follow the same, and sorts them by group.
func (s *saved) group() {
	byHash, byID := map[uint64]int{}, map[*identity]int{} // the hash of a long filter takes time
	for i := range s.Follow {
		p := &s.Follow[i]
		n, known := byID[p.id]
		if !known {
			hash := p.id.listingHash()
			if n, known = byHash[hash]; !known {
				n = len(s.ID.Parts)
				s.ID.Parts = append(s.ID.Parts, p.id.listing())
			}
			byHash[hash], byID[p.id] = n, n
		}
		p.group = n
		s.ID.Parts[n].Sources = append(s.ID.Parts[n].Sources, p.name)
	}
	slices.SortStableFunc(s.Follow, func(a, b savedPlace) int { return cmp.Compare(a.group, b.group) })
}

// saved returns what a checkpoint has of a memo: first the told ids, by day, and then the jobs under way, each in order.
func (m *memo) saved() savedPlace {
	s := savedPlace{From: m.from.UTC(), Mark: m.mark, Live: len(m.live)}
	counts := lo.CountValues(lo.Values(m.told))
	next := map[int32]int{} // where the next id of a day goes
	end := 0
	for _, day := range slices.Sorted(maps.Keys(counts)) {
		next[day] = end
		end += counts[day] * hashBytes
		if day != 0 {
			s.Noted = append(s.Noted, noted{day, counts[day]})
		}
	}
	s.Told = counts[0]
	s.hashes = make([]byte, end, end+len(m.live)*liveBytes)
	for _, id := range sortedKeys(m.told) {
		day := m.told[id]
		binary.BigEndian.PutUint64(s.hashes[next[day]:], id)
		next[day] += hashBytes
	}
	for _, id := range sortedKeys(m.live) {
		s.hashes = binary.BigEndian.AppendUint64(s.hashes, id)
		s.hashes = binary.BigEndian.AppendUint32(s.hashes, m.live[id])
	}
	return s
}

func sortedKeys[V any](m map[uint64]V) []uint64 {
	keys := lo.Keys(m)
	slices.Sort(keys)
	return keys
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

// cut takes the hashes of the place from the front of those of all places, and returns the others.
func (s *savedPlace) cut(hashes []byte) (rest []byte, err error) {
	rest = hashes
	take := func(count, size int) {
		if count < 0 || count > len(rest)/size {
			err = errors.New("what its follower remembers is cut")
			return
		}
		rest = rest[count*size:]
	}
	take(s.Told, hashBytes)
	for _, n := range s.Noted {
		take(n.Count, hashBytes)
	}
	take(s.Live, liveBytes)
	s.hashes = hashes[:len(hashes)-len(rest)]
	return rest, err
}

// place reads the place of a follower.
func (p *textParser) place() (s savedPlace) {
	p.object(func(name string) {
		switch name {
		case "from":
			p.value(&s.From)
		case "mark":
			p.value(&s.Mark)
		case "told":
			p.value(&s.Told)
		case "live":
			p.value(&s.Live)
		case "noted":
			last := noted{}
			p.array(func() {
				n := noted{}
				if p.value(&n); n.Day <= last.Day || n.Count < 1 || len(s.Noted) == maxDays {
					p.fail(errors.New("what its follower remembers is out of range"))
				}
				s.Noted = append(s.Noted, n)
				last = n
			})
		default:
			p.unknown(name)
		}
	})
	return s
}

// ofFleet reports whether a checkpoint is that of FollowAcross. [Follow] may have its name too.
func (s *saved) ofFleet() bool {
	return s.ID.Op == acrossName && (len(s.ID.Parts) > 0 || len(s.Follow) == 0)
}

// validateFollow rejects what no follower saves, and gives each place its name, its identity and its hashes.
func (s *saved) validateFollow() error {
	if s.Start != nil || s.Opened || len(s.Chains)+len(s.Windows)+len(s.Seen) > 0 {
		return errors.New("it is of a listing and of a follower")
	}
	n := 0
	own := func(name string, id *identity) {
		if n < len(s.Follow) {
			s.Follow[n].name, s.Follow[n].id = name, id
		}
		n++
	}
	if !s.ofFleet() {
		own("", &s.ID)
	}
	for i := range s.ID.Parts {
		for _, name := range s.ID.Parts[i].Sources {
			own(name, &s.ID.Parts[i])
		}
	}
	if n != len(s.Follow) {
		return errors.New("it does not have one place for each source")
	}
	rest := s.hashes
	for i := range s.Follow {
		var err error
		if rest, err = s.Follow[i].cut(rest); err != nil {
			return err
		}
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
	case w.fleet != s.ofFleet():
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
		if err := s.matcher().listing(was.id.listing(), p.identity.in(""), "", where); err != nil {
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
