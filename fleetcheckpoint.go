package backupx

import (
	"encoding/binary"
	"iter"
	"slices"
	"strconv"
)

// A checkpoint of a fleet has the chains only of sources that are partly delivered. It leaves out the chains of
// sources that were delivered to their end, and of sources that were not begun. The path of a chain consists of the
// escaped names of the sources and the numbers of the listings that the chain is in, each with a slash, and of its
// shard. The path of a source is the start of the paths of its chains, up to a slash.

// sources says about the sources of fleets what the chains of a state do not say. The keys are paths.
type sources struct {
	done  map[string]bool // were delivered to their end before a checkpoint: the state does not have their chains
	fresh map[string]bool // were not begun before a checkpoint: the state gets their chains when they are opened
	begun map[string]bool // were begun, although the chains that the state still has may not have been begun
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
	opened  bool            // as in the state
	left    map[string]bool // have a chain that was not delivered to its end
	begun   map[string]bool // are in left, and have a chain that was begun
	omitted map[string]bool // the sources whose chains the checkpoint leaves out
}

// outline returns the outline of a checkpoint. A program may save a checkpoint after every page: for a source that is
// done it takes two look-ups.
func (st *state) outline(id identity) *outline {
	o := &outline{id: id, opened: st.opened}
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
	if !id.hasFleet() {
		return id
	}
	parts, fleet := id.Parts, id.fleet()
	id.Parts = nil
	if !fleet {
		for i, p := range parts {
			id.Parts = append(id.Parts, o.of(p, path+strconv.Itoa(i)+"/"))
		}
		return id
	}
	for _, p := range parts {
		at := path + p.dir
		switch {
		case o.opened && !o.left[at]:
			id.Done = binary.BigEndian.AppendUint64(id.Done, p.hash())
			o.omitted[at] = true
		case !o.begun[at] && len(parts) > 1: // the chain of a single source stays, for Checkpoint.CLIToken
			id.Parts = append(id.Parts, p.hashed())
			o.omitted[at] = true
		case p.hasFleet():
			id.Parts = append(id.Parts, o.of(p, at))
		default:
			id.Parts = append(id.Parts, p.hashed())
		}
	}
	return id
}

// omits reports whether the checkpoint leaves out what belongs to a path.
func (o *outline) omits(path string) bool { return holds(o.omitted, path) }

// sources returns what the checkpoint says about the sources of a listing that it matches.
func (s *saved) sources(id identity) sources {
	if !s.Opened || !id.hasFleet() {
		return sources{}
	}
	of := sources{done: map[string]bool{}, fresh: map[string]bool{}}
	for chain := range s.Chains {
		of.note(chain)
	}
	of.compare(s.ID, id, "")
	return of
}

// compare finds the sources that are done and those that are fresh in the listing at a path. The identity was is that
// of the checkpoint, and is that of the listing.
func (s *sources) compare(was, is identity, path string) {
	if !is.fleet() {
		for i := range min(len(was.Parts), len(is.Parts)) {
			s.compare(was.Parts[i], is.Parts[i], path+strconv.Itoa(i)+"/")
		}
		return
	}
	if len(was.Done) > 0 {
		s.note(path)
	}
	done := unpacked(was.Done)
	slices.Sort(done)
	others := make(map[uint64]identity, len(was.Parts))
	for _, p := range was.Parts {
		others[p.hash()] = p
	}
	for _, p := range is.Parts {
		at := path + p.dir
		_, isDone := slices.BinarySearch(done, p.hash())
		other, found := others[p.hash()]
		switch {
		case isDone:
			s.done[at] = true
		case found && len(other.Hash) > 0 && !s.begun[at]:
			s.fresh[at] = true
		case found:
			s.compare(other, p, at)
		}
	}
}
