package backupx

import (
	"iter"
	"strconv"
)

// A checkpoint of a fleet has the chains only of sources that are partly delivered. It leaves out the chains of
// sources that were delivered to their end, and of sources that were not begun. The path of a chain consists of the
// escaped names of the sources and the numbers of the listings that the chain is in, each with a slash, and of its
// shard. The path of a source is the start of the paths of its chains, up to a slash.

// sources says about the sources of fleets what the chains of a state do not say. The keys are paths.
type sources struct {
	done  map[string]bool   // were delivered to their end before a checkpoint: the state does not have their chains
	fresh map[string]bool   // were not begun before a checkpoint, or are new: the state gets their chains when they are opened
	begun map[string]bool   // were begun, although the chains that the state still has may not have been begun
	gone  map[string][]byte // by the path of a fleet: records of sources that were delivered to their end and are gone
}

// note notes that a chain was begun, for every source that the chain is in.
func (s *sources) note(chain string) {
	for path := range pathsIn(chain) {
		if s.begun == nil {
			s.begun = map[string]bool{}
		}
		s.begun[path] = true
	}
}

// pathsIn ranges over the starts of a path that end with a slash.
func pathsIn(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range len(path) {
			if path[i] == '/' && !yield(path[:i+1]) {
				return
			}
		}
	}
}

// holds reports whether a path, or a start of it, is in a set.
func holds(set map[string]bool, path string) bool {
	if len(set) == 0 {
		return false
	}
	for p := range pathsIn(path) {
		if set[p] {
			return true
		}
	}
	return false
}

// outline is the identity of a listing as a checkpoint has it, and what the checkpoint leaves out. The keys are paths.
type outline struct {
	id      identity
	opened  bool              // as in the state
	gone    map[string][]byte // as in the state
	left    map[string]bool   // have a chain that was not delivered to its end
	begun   map[string]bool   // are in left, and have a chain that was begun
	omitted map[string]bool   // the sources whose chains the checkpoint leaves out
}

// outline returns the outline of a checkpoint. A program may save a checkpoint after every page: for a source that is
// done it takes two look-ups.
func (st *state) outline(id identity) *outline {
	o := &outline{id: id, opened: st.opened, gone: st.sources.gone}
	if !id.hasFleet() {
		return o
	}
	o.left, o.begun, o.omitted = map[string]bool{}, map[string]bool{}, make(map[string]bool, len(id.Parts))
	for chain, p := range st.chains {
		if p.Done {
			continue
		}
		for path := range pathsIn(chain) {
			o.left[path] = true
			if st.sources.begun[path] {
				o.begun[path] = true
			}
		}
	}
	for chain, p := range st.chains {
		if !p.begun() {
			continue
		}
		for path := range pathsIn(chain) {
			if o.left[path] {
				o.begun[path] = true
			}
		}
	}
	o.id = o.of(id, "")
	return o
}

// of returns the identity of the listing at a path as the checkpoint has it.
func (o *outline) of(id identity, path string) identity {
	if id.fleet != nil {
		return o.fleet(id, path)
	}
	if !id.hasFleet() {
		return id
	}
	parts := id.Parts
	id.Parts = nil
	for i, p := range parts {
		id.Parts = append(id.Parts, o.of(p, path+strconv.Itoa(i)+"/"))
	}
	return id
}

// keptKinds is how many different listings the checkpoint of a fleet has, although only one source lists each and that
// was delivered to its end. It makes the checkpoint of a small fleet, such as an inventory, say what its sources listed,
// and bounds what a source costs in a large one.
const keptKinds = 4

// fleet returns the identity of the fleet at a path as the checkpoint has it.
func (o *outline) fleet(id identity, path string) identity {
	sources, kinds := id.Parts, id.fleet.kinds
	groups, read := make([]identity, len(kinds)), make([]bool, len(kinds))
	id.Parts, id.fleet = nil, nil
	for i := range sources {
		p := &sources[i]
		at := path + p.in.dir
		nested, done := kinds[p.in.kind].nested, o.opened && !o.left[at]
		if done && (!nested || kinds[p.in.kind].sources > 1) {
			id.Read = p.in.record.append(id.Read)
			o.omitted[at], read[p.in.kind] = true, true
			continue
		}
		// The chain of a single source stays, for Checkpoint.CLIToken.
		begun := done || o.begun[at] || len(sources) == 1
		if !begun {
			o.omitted[at] = true
		}
		switch {
		case nested && begun:
			id.Parts = append(id.Parts, o.of(*p, at))
		case nested:
			id.Parts = append(id.Parts, o.unread().of(*p, at))
		default:
			groups[p.in.kind].addSource(p)
		}
	}
	id.Read = append(id.Read, o.gone[path]...)
	for i, k := range kinds {
		g := k.id
		g.Sources, g.Scopes = groups[i].Sources, groups[i].Scopes
		if len(g.Sources) > 0 || read[i] && (k.sources > 1 || len(kinds) <= keptKinds) {
			id.Parts = append(id.Parts, g)
		}
	}
	return id
}

// unread returns the outline of a listing that was not begun: even a source without chains is still to be read.
func (o *outline) unread() *outline {
	u := *o
	u.opened = false
	return &u
}

// addSource adds the name and the scope of a source to a group.
func (id *identity) addSource(source *identity) {
	id.Sources = append(id.Sources, source.Source)
	if source.Scope != "" || id.Scopes != nil {
		id.Scopes = append(append(id.Scopes, make([]string, len(id.Sources)-1-len(id.Scopes))...), source.Scope)
	}
}

// omits reports whether the checkpoint leaves out what belongs to a path.
func (o *outline) omits(path string) bool { return holds(o.omitted, path) }
