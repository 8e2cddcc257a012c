package backupx

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
)

// state is what outlives a range: the position of each chain, and the items to remember.
type state struct {
	chains   map[string]*position
	windows  map[string][]window // of queries that are read in windows of creation time
	memories map[string]*memory
	opened   bool // a range has made the plan: there are no other chains
	active   bool // a range is under way

	failed SourceErrors // the sources that failed in the last range

	sources sources // of fleets
}

func newState() *state {
	return &state{chains: map[string]*position{}, windows: map[string][]window{}, memories: map[string]*memory{}}
}

// lastFailures returns the sources that failed in the last range.
func (st *state) lastFailures() SourceErrors { return slices.Clone(st.failed) }

// planOnly returns the state if it has a plan, and another one otherwise: the first range makes the plan.
func (st *state) planOnly() *state {
	if st.opened {
		return st
	}
	return newState()
}

// done reports whether every chain of the plan was delivered to its end.
func (st *state) done() bool {
	for _, p := range st.chains {
		if !p.Done {
			return false
		}
	}
	return st.opened
}

// position returns the position of a chain, nil if the state has none.
func (st *state) position(chain string) *position { return st.chains[chain] }

// add adds a chain.
func (st *state) add(chain string, pos *position) { st.chains[chain] = pos }

// remove removes a chain that others replace.
func (st *state) remove(chain string) {
	if st.chains[chain].begun() {
		st.sources.note(chain)
	}
	delete(st.chains, chain)
}

// windowsOf returns the windows of a query, nil if it is read in one chain.
func (st *state) windowsOf(query string) []window { return st.windows[query] }

// setWindows sets the windows of a query.
func (st *state) setWindows(query string, windows []window) { st.windows[query] = windows }

// replaceWindow puts windows in the place of another one of a query.
func (st *state) replaceWindow(query string, old window, parts []window) {
	all := st.windows[query]
	if i := slices.Index(all, old); i >= 0 {
		parts = slices.Replace(slices.Clone(all), i, i+1, parts...)
	}
	st.windows[query] = parts
}

// position is how far a chain was delivered.
type position struct {
	Token   string   // of the next page to read
	Skip    int      // items of that page, and of the pages after it, that were delivered or dropped
	Pages   int      // pages that were delivered to their end
	Done    bool     // nothing is left
	Loop    bool     // Token was followed before, so that the chain cannot continue
	Partial bool     // the chain began at a token of the caller
	seen    []uint64 // hashes of the tokens that were followed, with Token

	recent  []uint64 // the items that were delivered last; nil if items have no identities
	unsaved bool     // checkpoints do not have recent and largest
	refused *refusal // the last range could not continue, because the service refused Token; checkpoints do not have it
	largest int      // items of the largest page
	passed  []uint64 // items that another chain has delivered: they are dropped here

	ended   front     // at the end of the last page that was delivered to its end
	within  front     // in the pages after that, as an earlier range left it; until they are read again
	reading *response // the page that is being delivered, or was when the range ended; nil between pages
}

// front is how far a chain came that lists the newest items first.
type front struct {
	at  time.Time // creation time of the last item that was delivered: what is left is not newer. Zero if it is unknown
	ids []uint64  // identities of the items with that time that were delivered; nil if there are more than mostAtFront
}

// mostAtFront bounds the ids in a checkpoint: a nightly plan creates many jobs at one moment.
const mostAtFront = 16

// front returns how far the chain came.
func (p *position) front() front {
	if f := p.inPage(); !f.at.IsZero() {
		return p.ended.then(f)
	}
	return p.ended
}

// then returns the front behind further items, of which next is the front. Items of one moment may be on several pages.
func (f front) then(next front) front {
	if next.at.IsZero() || !next.at.Equal(f.at) {
		return next
	}
	if ids := lo.Union(f.ids, next.ids); len(ids) <= mostAtFront {
		next.ids = ids
	}
	return next
}

// inPage returns the front in a page that was not delivered to its end, the zero front if there is none.
func (p *position) inPage() front {
	switch pg := p.reading; {
	case pg == nil:
		return p.within
	case p.Skip > pg.n: // a smaller page than the one in which the items to skip were delivered
		return p.within
	default:
		return pg.front(p.Skip)
	}
}

// front returns the front behind the first n items of the page. It is the zero front if the chain does not list the
// newest items first.
func (r *response) front(n int) front {
	if n == 0 || r.shown.unsorted || r.shown.last.IsZero() {
		return front{}
	}
	f := front{at: r.created(n - 1)}
	for i := n - 1; i >= 0 && r.created(i).Equal(f.at); i-- {
		if len(f.ids) == mostAtFront {
			return front{at: f.at}
		}
		if id, ok := r.key(i); ok { // an item without an identity comes again
			f.ids = append(f.ids, id)
		}
	}
	return f
}

// moved reports whether the position is behind the start of the chain.
func (p *position) moved() bool {
	return p.Done || p.Loop || p.Token != "" || p.Skip > 0 || p.Pages > 0
}

// begun reports whether the position says more than that nothing of the chain was delivered.
func (p *position) begun() bool { return p.moved() || len(p.passed) > 0 }

// refusal is what is known of a chain whose token was refused.
type refusal struct {
	identified bool   // items have identities
	query      string // names the windows of the chain's query; empty if the service has no filter on creation times
	at         window // the window that the chain reads
}

// restart makes the chains whose token was refused start anew. A chain whose items came newest first starts behind the
// creation time of the last item that was delivered. Of the other items, those that the position remembers are passed
// over.
func (st *state) restart() error {
	refused := lo.PickBy(st.chains, func(_ string, p *position) bool { return p.refused != nil })
	switch {
	case st.active:
		return errActive
	case len(refused) == 0:
		return errors.New("the service has refused no page token in the last range")
	}
	for _, p := range refused {
		switch {
		case p.Partial:
			return errors.New("the listing began at a token of its own: what comes before that token is not known")
		case !p.refused.identified:
			return errors.New("the items have no ids: those that were delivered would come again; list from the start")
		}
	}
	for id, p := range refused {
		st.remove(id)
		front := p.front()
		if query := p.refused.query; query != "" && !front.at.IsZero() {
			rest := p.refused.at.until(front.at.Add(1))
			st.replaceWindow(query, p.refused.at, rest)
			if len(rest) == 0 {
				continue
			}
			id = query + rest[0].String()
		}
		st.add(id, &position{passed: lo.Union(p.passed, p.recent, front.ids)})
	}
	return nil
}

// see remembers a token that is about to be followed.
func (p *position) see(token string) {
	if token != "" {
		p.seen = append(p.seen, hash(token))
	}
}

// finish makes the listing at a path end: nothing is left of its chains.
func (st *state) finish(path string) {
	for id, p := range st.chains {
		if strings.HasPrefix(id, path) {
			*p = position{Pages: p.Pages, Done: true, Partial: p.Partial, unsaved: p.unsaved}
		}
	}
}

// memory holds the identities of delivered items that another chain or page may repeat. Identities of
// items that could still change their state are remembered for good, and all where the filter names the ids that are to
// be found. Of the other items, each chain remembers only those that it delivered last.
type memory struct {
	ids     map[uint64]bool // hashes of ids; true for those that are remembered for good
	forGood bool            // all are
}

func newMemory() *memory { return &memory{ids: map[uint64]bool{}} }

// has reports whether an item was delivered.
func (m *memory) has(id uint64) bool {
	if m == nil {
		return false
	}
	_, has := m.ids[id]
	return has
}

// add adds an item that was delivered. It is remembered for good if it may still change.
func (m *memory) add(id uint64, changing bool) { m.ids[id] = changing || m.forGood }

// forget removes items, but those that are remembered for good.
func (m *memory) forget(ids []uint64) {
	for _, id := range ids {
		if !m.ids[id] {
			delete(m.ids, id)
		}
	}
}

// hold adds the items that a chain delivered last before a checkpoint. page holds the hashes of their ids.
func (m *memory) hold(page []uint64) {
	for _, id := range page {
		if _, held := m.ids[id]; !held {
			m.ids[id] = false
		}
	}
}

// sieve is a set of identities that reports few others as members too. A map takes several times as long.
type sieve [1 << 10]uint64

// reset makes the sieve, which may be nil, one of some identities.
func (s *sieve) reset(ids []uint64) {
	if s == nil {
		return
	}
	*s = sieve{}
	for _, id := range ids {
		s.add(id)
	}
}

func (s *sieve) add(id uint64)      { s[id%uint64(len(s))] |= 1 << (id >> 58) }
func (s *sieve) has(id uint64) bool { return s[id%uint64(len(s))]&(1<<(id>>58)) != 0 }

// hash returns a 64-bit hash of a token or an id: FNV-1a, as hash/fnv computes it. Checkpoints have such hashes.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
