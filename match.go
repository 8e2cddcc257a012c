package backupx

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/samber/lo"
)

// matcher compares the identity in a checkpoint with that of a listing, and finds out which sources of fleets were
// delivered to their end, were not begun, are new or are gone.
type matcher struct {
	s       *saved
	keys    []string // of the chains, windows and memories of the checkpoint, sorted; nil until they are needed
	sources sources
	dropped map[string]bool // the keys of sources that are gone
}

func (s *saved) matcher() *matcher {
	m := &matcher{s: s, dropped: map[string]bool{}}
	m.sources = sources{done: map[string]bool{}, fresh: map[string]bool{}, gone: map[string][]byte{}}
	return m
}

// match returns an error that says how the checkpoint's listing differs from another, with the values of both.
func (s *saved) match(id identity) (*matcher, error) {
	if !id.comparable() {
		return nil, fmt.Errorf("%w: the input of the operation cannot be written as JSON, and so not be compared", ErrCheckpoint)
	}
	m := s.matcher()
	if err := m.listing(s.ID, id, "", ""); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	if !s.Opened {
		m.sources = sources{}
	}
	return m, nil
}

// keysUnder returns the keys of the source at a path.
func (m *matcher) keysUnder(path string) []string {
	if m.keys == nil {
		m.keys = slices.Concat(lo.Keys(m.s.Chains), lo.Keys(m.s.Windows), lo.Keys(m.s.Seen))
		slices.Sort(m.keys)
	}
	from := sort.SearchStrings(m.keys, path)
	to := from + sort.Search(len(m.keys)-from, func(i int) bool { return !strings.HasPrefix(m.keys[from+i], path) })
	return m.keys[from:to]
}

// listing compares the listings at a path. The identity was is that of the checkpoint, is that of the listing. An error
// starts with where, which names the source or the part that the listings are.
func (m *matcher) listing(was, is identity, path, where string) error {
	switch {
	case was.Op != textInJSON(is.Op):
		return fmt.Errorf("%sit is of the operation %s", where, notText(was.Op, is.Op))
	case was.Scope != textInJSON(is.Scope):
		a, b := different(was.Scope, is.Scope)
		return fmt.Errorf("%sit is of the scope %q, not %q", where, a, b)
	case is.fleet != nil:
		return m.fleet(was, is, path, where)
	case len(was.Parts) != len(is.Parts) || was.hasSources():
		return fmt.Errorf("%sit is of %s, not of %s", where, partsText(was), partsText(is))
	case was.Input != is.Input:
		return fmt.Errorf("%sit is of the input %s", where, differentInputs(was, is))
	case string(was.Filter) != string(is.Filter):
		return fmt.Errorf("%sit is of the filter %s", where, notText(filterText(was), filterText(is)))
	}
	for i := range was.Parts {
		n := strconv.Itoa(i)
		if err := m.listing(was.Parts[i], is.Parts[i], path+n+"/", where+"listing "+strconv.Itoa(i+1)+": "); err != nil {
			return err
		}
	}
	return nil
}

// knownSource is what a checkpoint says about a source of a fleet.
type knownSource struct {
	name   string     // empty if it was delivered to its end
	id     *identity  // of its listing; nil if the checkpoint has hashes only
	scope  string     // if it is in a group
	group  bool       // the id is that of a group
	record readRecord // if it was delivered to its end
}

// read reports whether the checkpoint says that the source was delivered to its end.
func (k knownSource) read() bool { return k.name == "" }

// listing returns the identity of the source's listing.
func (k knownSource) listing() identity {
	if !k.group {
		return *k.id
	}
	id := k.id.listing()
	id.Scope = k.scope
	return id
}

// knownSources returns what the checkpoint says about the sources of a fleet, by the hashes of their names. It fails if
// two have the same name.
func (id identity) knownSources() (map[uint64]knownSource, error) {
	known := make(map[uint64]knownSource, len(id.Read)/recordBytes+len(id.Parts))
	add := func(name uint64, k knownSource) error {
		if _, twice := known[name]; twice {
			return fmt.Errorf("it has the source %q twice", shortened(k.name, 0))
		}
		known[name] = k
		return nil
	}
	groups := map[uint64]*identity{}
	for i := range id.Parts {
		p := &id.Parts[i]
		if p.Source != "" {
			if err := add(nameHash(p.Source), knownSource{name: p.Source, id: p}); err != nil {
				return nil, err
			}
			continue
		}
		groups[p.listing().listingHash()] = p
		for j, name := range p.Sources {
			k := knownSource{name: name, id: p, group: true}
			if len(p.Scopes) > 0 {
				k.scope = p.Scopes[j]
			}
			if err := add(nameHash(name), k); err != nil {
				return nil, err
			}
		}
	}
	for b := range slices.Chunk(id.Read, recordBytes) {
		r := recordOf(b)
		if err := add(r.name, knownSource{id: groups[r.listing], group: true, record: r}); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// fleet compares the sources of the fleets at a path by their names.
func (m *matcher) fleet(was, is identity, path, where string) error {
	known, err := was.knownSources()
	if err != nil {
		return err
	}
	done := unpacked(was.Done)
	slices.Sort(done)
	if len(was.Read) > 0 || len(done) > 0 {
		m.sources.note(path)
	}
	var added []string
	names := make(map[uint64]bool, len(is.Parts))
	for _, p := range is.Parts {
		name, at := p.in.record.name, path+p.in.dir
		if names[name] {
			return fmt.Errorf("%stwo sources are named %q in its text, which has no bytes that are not UTF-8", where, textInJSON(p.Source))
		}
		names[name] = true
		k, found := known[name]
		delete(known, name)
		if found {
			if err := m.source(k, p, at, where+"source "+strconv.Quote(p.Source)+": "); err != nil {
				return err
			}
			continue
		}
		if i, isDone := hashIn(done, p); isDone {
			done = slices.Delete(done, i, i+1)
			m.sources.done[at] = true
			continue
		}
		m.sources.fresh[at] = true
		added = append(added, p.Source)
	}
	if len(added) > 0 && len(done) > 0 {
		return fmt.Errorf("%sthe sources %s are new, or were read to their end with another filter, input or scope: its text is of an "+
			"earlier version and does not say which", where, namesText(added))
	}
	return m.gone(known, is, path, where)
}

// hashIn returns the place of a source in the sorted hashes of a text of an earlier version.
func hashIn(done []uint64, source identity) (int, bool) {
	if len(done) == 0 {
		return 0, false
	}
	return slices.BinarySearch(done, source.hash())
}

// source compares a source of a fleet with what the checkpoint says about it.
func (m *matcher) source(k knownSource, is identity, at, where string) error {
	if k.read() {
		return m.readSource(k, is, at, where)
	}
	if was := k.listing(); len(was.Hash) > 0 {
		if was.hash() != is.hash() {
			return fmt.Errorf("%sit is of another listing than %s: its text is of an earlier version and does not say of which", where, listingText(is))
		}
	} else if err := m.listing(was, is, at, where); err != nil {
		return err
	}
	if len(m.keysUnder(at)) > 0 {
		m.sources.note(at)
	}
	if !m.sources.begun[at] {
		m.sources.fresh[at] = true
	}
	return nil
}

// readSource compares a source with one that was delivered to its end. If the source is a fleet, its sources may be
// others.
func (m *matcher) readSource(k knownSource, is identity, at, where string) error {
	r := is.in.record
	switch {
	case k.record == r:
		m.sources.done[at] = true
		return nil
	case k.record.scope != r.scope:
		return fmt.Errorf("%sit was read to its end with another scope than %q: the checkpoint has only a hash of it", where, is.Scope)
	case k.id == nil:
		return fmt.Errorf("%sit was read to its end with another listing than %s: the checkpoint has only a hash of it", where, listingText(is))
	}
	was := k.listing()
	was.Scope = textInJSON(is.Scope)
	m.sources.note(at)
	return m.listing(was, is, at, where)
}

// gone decides about the sources of the checkpoint that the listing at a path does not have. Only those that were delivered
// to their end may be gone.
func (m *matcher) gone(known map[uint64]knownSource, is identity, path, where string) error {
	var missing []string
	for _, name := range lo.Keys(known) {
		k := known[name]
		if k.read() {
			m.sources.gone[path] = k.record.append(m.sources.gone[path])
			continue
		}
		at := path + element(k.name)
		if k.group || k.id.unread() || !m.readWhole(at) {
			missing = append(missing, k.name)
			continue
		}
		for _, key := range m.keysUnder(at) {
			m.dropped[key] = true
		}
	}
	if len(missing) == 0 {
		m.sources.gone[path] = sortedRecords(m.sources.gone[path])
		return nil
	}
	slices.Sort(missing)
	verbs := "was not read to its end and is"
	if len(missing) > 1 {
		verbs = "were not read to their end and are"
	}
	names := lo.Map(is.Parts, func(p identity, _ int) string { return p.Source })
	return fmt.Errorf("%s%s %s gone: this listing has %s", where, sourcesText(missing), verbs, sourcesText(names))
}

// readWhole reports whether all chains of the source at a path, which are in the checkpoint, were delivered to their end.
func (m *matcher) readWhole(at string) bool {
	return m.s.Opened && lo.EveryBy(m.keysUnder(at), func(key string) bool {
		p, isChain := m.s.Chains[key]
		return len(m.s.Windows[key]) == 0 && (!isChain || p.Done)
	})
}

// complete reports whether nothing of the listing is left.
func (s *saved) complete() bool {
	if !s.Opened || s.ID.unread() {
		return false
	}
	for _, p := range s.Chains {
		if !p.Done {
			return false
		}
	}
	for key, windows := range s.Windows {
		for _, w := range windows {
			if _, begun := s.Chains[key+w.String()]; !begun {
				return false
			}
		}
	}
	return s.matcher().covers(s.ID, "")
}

// covers reports whether the checkpoint has chains of every listing that has any, and was not a source that is left out.
func (m *matcher) covers(id identity, path string) bool {
	switch {
	case len(m.keysUnder(path)) == 0 && id.Filter != nil:
		return !id.readsChains()
	case len(id.Read) > 0 || len(id.Done) > 0 || id.combines():
		for i, p := range id.Parts {
			at := path + strconv.Itoa(i) + "/"
			if p.Source != "" {
				at = path + element(p.Source)
			} else if id.hasSources() {
				continue
			}
			if !m.covers(p, at) {
				return false
			}
		}
		return true
	default:
		return len(m.keysUnder(path)) > 0
	}
}

// combines reports whether a listing is made of others, or may be made of none.
func (id identity) combines() bool {
	return len(id.Parts) > 0 || slices.Contains([]string{"Concat", "Merge", "Across", "Gather", "Inventory"}, id.Op)
}

// readsChains reports whether the filter of a listing can match an item. Otherwise the listing has no chains.
func (id identity) readsChains() bool {
	f := filterOf(id.Op)
	return f == nil || f.UnmarshalJSON(id.Filter) != nil || f.Explain().Chains > 0
}
