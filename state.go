package backupx

import (
	"hash/fnv"
	"slices"
	"time"
)

// state is what outlives a range: the position of each chain, and the items to remember.
type state struct {
	chains   map[string]*position
	windows  map[string][]window // of queries that are read in windows of creation time
	memories map[string]*memory
	opened   bool // a range has made the plan: there are no other chains
	active   bool // a range is under way

	sources sources // of fleets
}

func newState() *state {
	return &state{chains: map[string]*position{}, windows: map[string][]window{}, memories: map[string]*memory{}}
}

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

// delivered reports whether a chain was delivered to its end.
func (st *state) delivered(chain string) bool {
	p := st.chains[chain]
	return p != nil && p.Done
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
	Token string   // of the next page to read
	Skip  int      // items of that page, and of the pages after it, that were delivered or dropped
	Pages int      // pages that were delivered to their end
	Done  bool     // nothing is left
	Loop  bool     // Token was followed before, so that the chain cannot continue
	seen  []uint64 // hashes of the tokens that were followed, with Token

	recent  []uint64 // the items that were delivered last, as the memory has them
	largest int      // items of the largest page
	passed  []uint64 // items that another chain has delivered: they are dropped here

	oldest time.Time // creation time of the last delivered item, if all pages came newest first; zero if that is unknown
}

// begun reports whether the position is behind the start of the chain.
func (p *position) begun() bool {
	return p.Done || p.Loop || p.Token != "" || p.Skip > 0 || p.Pages > 0 || len(p.passed) > 0
}

// see remembers a token that is about to be followed.
func (p *position) see(token string) {
	if token != "" {
		p.seen = append(p.seen, hash(token))
	}
}

// memory holds the identities of delivered items that another chain or page may deliver again. Identities of
// items that could still change their state are remembered for good. Of the other items, each chain remembers
// only those that it delivered last.
type memory struct {
	ids map[uint64]bool // hashes of ids; true for those that are remembered for good
}

// hold adds the items that a chain delivered last before a checkpoint. page holds the hashes of their ids.
func (m *memory) hold(page []uint64) {
	for _, id := range page {
		if _, held := m.ids[id]; !held {
			m.ids[id] = false
		}
	}
}

// hash returns a 64-bit hash of a token or an id.
func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
