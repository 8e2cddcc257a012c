package backupx

import "slices"

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

// memory returns the memory of the listing at a path.
func (st *state) memory(path string) *memory {
	m := st.memories[path]
	if m == nil {
		m = &memory{ids: map[uint64]bool{}}
		st.memories[path] = m
	}
	return m
}
