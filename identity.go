package backupx

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/samber/lo"
)

// identity identifies a listing. A checkpoint resumes only a listing with an equal identity, apart from the sources of
// a fleet or an inventory: these are matched by name.
//
// In the text of a checkpoint, the Parts of a fleet are groups of sources that list the same. A group has the identity of
// such a listing without its scope, and the names of the sources that were not delivered to their end. A source that was
// delivered to its end is a record in Read. A source that contains a fleet is a part of its own, with its name in Source.
//
// Texts of earlier versions have one part for each source: with Hash in place of the other members, or, in still older
// ones, with every member. Sources that were delivered to their end are hashes in Done.
type identity struct {
	Op      string          `json:"op,omitempty"`
	Input   string          `json:"input,omitempty"`
	Shown   json.RawMessage `json:"shown,omitempty"` // the JSON that Input is a hash of, for errors; empty if it is long
	Filter  json.RawMessage `json:"filter,omitempty"`
	Scope   string          `json:"scope,omitempty"`
	Source  string          `json:"source,omitempty"` // the name of the source in a fleet
	Parts   []identity      `json:"parts,omitempty"`
	Sources []string        `json:"sources,omitempty"` // names of the sources of a group
	Scopes  []string        `json:"scopes,omitempty"`  // scopes of the sources of a group; empty if none has one
	Read    []byte          `json:"read,omitempty"`    // packed records of the sources that were delivered to their end
	Hash    []byte          `json:"hash,omitempty"`    // earlier versions: the result of hash, in place of all members but Source
	Done    []byte          `json:"done,omitempty"`    // earlier versions: packed hashes of the sources that were delivered to their end

	fleet *fleetIdentity  // of the listing of a fleet or an inventory; nil elsewhere
	in    *sourceIdentity // of the listing of a source; nil elsewhere
	sum   uint64          // the result of listingHash, in a checkpoint that was a text; 0 elsewhere
}

// fleetIdentity has what the identity of a fleet says about all of its sources. It is computed once.
type fleetIdentity struct {
	kinds []kind // the different listings of the sources
}

// kind is what a group of sources lists.
type kind struct {
	id      identity // without a scope and a name
	sources int      // how many sources list it
	nested  bool     // it contains a fleet
}

// sourceIdentity has what the identity of a source's listing says about its place in a fleet. It is computed once.
type sourceIdentity struct {
	dir    string     // the element of the source in the paths of its chains
	record readRecord // as a checkpoint has it if the source was delivered to its end
	kind   int        // the place of its listing in fleetIdentity.kinds
}

// readRecord stands for a source that was delivered to its end. It has hashes of the name, of the listing without its
// scope, and of the scope. The hash of no scope is 0.
type readRecord struct {
	name, listing uint64
	scope         uint32
}

const (
	hashBytes   = 8  // of a hash in a checkpoint
	recordBytes = 20 // of a readRecord in a checkpoint
)

// unknownInput is the Input of an operation with an input that cannot be written as JSON.
const unknownInput = "?"

// longestShown is the length of the longest input of an operation that a checkpoint has as JSON.
const longestShown = 2 << 10

// setInput makes the input of an operation a part of the identity.
func (id *identity) setInput(input any) {
	id.Input = unknownInput
	b, err := json.Marshal(input)
	if err != nil {
		return
	}
	id.Input = inputHash(b)
	if len(b) <= longestShown {
		id.Shown = b
	}
}

func inputHash(b []byte) string { return fmt.Sprintf("%016x", hash(string(b))) }

// setSources makes listings the sources of a fleet or an inventory.
func (id *identity) setSources(names []string, listings []identity) {
	id.fleet = &fleetIdentity{}
	places := map[uint64]int{}
	for i, l := range listings {
		in := &sourceIdentity{dir: element(names[i]), record: readRecord{name: nameHash(names[i]), scope: scopeHash(l.Scope)}}
		l.Source, l.in = names[i], in
		of := l.listing()
		in.record.listing = of.listingHash()
		at, known := places[in.record.listing]
		if !known {
			at = len(id.fleet.kinds)
			places[in.record.listing] = at
			id.fleet.kinds = append(id.fleet.kinds, kind{id: of.compact(), nested: of.hasFleet()})
		}
		in.kind = at
		id.fleet.kinds[at].sources++
		id.Parts = append(id.Parts, l)
	}
}

// listing returns the identity of a source's listing without the source's name and the scope.
func (id identity) listing() identity {
	if id.Scope != "" {
		id.Scope, id.sum = "", 0
	}
	id.Source, id.in = "", nil
	id.Sources, id.Scopes = nil, nil
	return id
}

// compact returns the identity with all sources of fleets as if they were delivered to their end.
func (id identity) compact() identity {
	parts := id.Parts
	id.Parts = nil
	if id.fleet == nil {
		for _, p := range parts {
			id.Parts = append(id.Parts, p.compact())
		}
		return id
	}
	for _, k := range id.fleet.kinds {
		id.Parts = append(id.Parts, k.id)
	}
	for _, p := range parts {
		id.Read = p.in.record.append(id.Read)
	}
	id.fleet = nil
	return id
}

// comparable reports whether the identity can be compared with others: no input in it is unknown.
func (id identity) comparable() bool {
	return id.Input != unknownInput && lo.EveryBy(id.Parts, identity.comparable)
}

// hasFleet reports whether the identity of a listing is that of a fleet, or has one among its parts.
func (id identity) hasFleet() bool { return id.fleet != nil || lo.SomeBy(id.Parts, identity.hasFleet) }

// hasSources reports whether the identity, in the text of a checkpoint, has sources of a fleet.
func (id identity) hasSources() bool {
	return len(id.Read) > 0 || len(id.Done) > 0 || lo.SomeBy(id.Parts, func(p identity) bool {
		return p.Source != "" || len(p.Sources) > 0
	})
}

// severalSources reports whether a fleet in a checkpoint has several sources, or one whose chains are left out.
func (id identity) severalSources() bool {
	named := 0
	for _, p := range id.Parts {
		if named += len(p.Sources); p.Source != "" {
			named++
		}
	}
	return named > 1 || len(id.Read) > 0 || len(id.Done) > 0 || lo.SomeBy(id.Parts, identity.severalSources)
}

// unread reports whether a checkpoint names a source that was not delivered to its end. Texts without hashes name every
// source: their chains tell.
func (id identity) unread() bool {
	return len(id.Sources) > 0 || len(id.Hash) > 0 || lo.SomeBy(id.Parts, identity.unread)
}

// filtered returns the identity, in a checkpoint, of a listing that has the filter of all listings that a listing is made
// of. It fails if there is no such filter, or if the checkpoint has hashes only of some of the listings.
func (id identity) filtered() (identity, error) {
	if len(id.Parts) == 0 && len(id.Read) == 0 && len(id.Done) == 0 && id.Filter != nil {
		return id, nil
	}
	hidden := len(id.Hash) > 0 || len(id.Done) > 0
	known := map[uint64]bool{}
	var common identity
	for _, p := range id.Parts {
		of, err := p.filtered()
		if err != nil {
			return of, err
		}
		if common.Filter != nil && (common.Op != of.Op || string(common.Filter) != string(of.Filter)) {
			return of, fmt.Errorf("it holds different filters: %s", notText(filterText(common), filterText(of)))
		}
		common = of
		known[p.listing().listingHash()] = true
	}
	for b := range slices.Chunk(id.Read, recordBytes) {
		hidden = hidden || !known[recordOf(b).listing]
	}
	switch {
	case hidden:
		return common, errors.New("it holds only hashes of the filters of some sources")
	case common.Filter == nil:
		return common, errors.New("it holds no filter")
	}
	return common, nil
}

// validate rejects identities in a checkpoint that no listing has. It computes the hash of the listing, which the
// listings around it need.
func (id *identity) validate() error {
	for i := range id.Parts {
		if err := id.Parts[i].validate(); err != nil {
			return err
		}
	}
	switch {
	case len(id.Hash) != 0 && len(id.Hash) != hashBytes:
		return errors.New("the hashes of its sources are cut")
	case len(id.Scopes) != 0 && len(id.Scopes) != len(id.Sources):
		return errors.New("the scopes of its sources are cut")
	case len(id.Shown) > longestShown || len(id.Shown) > 0 && inputHash(id.Shown) != id.Input:
		return errors.New("the input of the operation is not that of its hash")
	case lo.Contains(id.Sources, "") || len(id.Hash) > 0 && id.Source == "":
		return errors.New("a source has no name")
	}
	if id.hasSources() {
		if _, err := id.knownSources(); err != nil {
			return err
		}
	}
	if done := unpacked(id.Done); len(lo.Uniq(done)) < len(done) {
		return errors.New("it has a source twice")
	}
	id.sum = id.listingHash()
	return nil
}

// hash returns the hash of a listing that earlier versions stored. It does not depend on the order of the sources of a
// fleet. Empty members do not change it.
func (id identity) hash() uint64 {
	if len(id.Hash) == hashBytes {
		return binary.BigEndian.Uint64(id.Hash)
	}
	b := appendMember(id.members(), "source", textInJSON(id.Source))
	hashes := lo.Map(id.Parts, func(p identity, _ int) uint64 { return p.hash() })
	name := "parts"
	if id.fleet != nil && len(hashes) > 0 {
		slices.Sort(hashes)
		name = "sources"
	}
	return sumOf(appendMember(b, name, string(packed(hashes))))
}

// listingHash returns the hash of a listing for a readRecord. It is the same for the identity in a checkpoint and that of
// the listing, if all sources of fleets were delivered to their end, and for another order of the sources.
func (id identity) listingHash() uint64 {
	if id.sum != 0 {
		return id.sum
	}
	b := id.members()
	if id.fleet == nil && len(id.Read) == 0 {
		hashes := lo.Map(id.Parts, func(p identity, _ int) uint64 { return p.listingHash() })
		return sumOf(appendMember(b, "parts", string(packed(hashes))))
	}
	read := id.Read
	if id.fleet != nil {
		read = id.compact().Read
	}
	return sumOf(appendMember(b, "sources", string(sortedRecords(read))))
}

// members returns the members that say what is listed, except the parts, for a hash.
func (id identity) members() []byte {
	b := appendMember(make([]byte, 0, 512+len(id.Filter)), "op", textInJSON(id.Op))
	b = appendMember(b, "input", id.Input)
	b = appendMember(b, "filter", string(id.Filter))
	return appendMember(b, "scope", textInJSON(id.Scope))
}

// appendMember appends a member of an identity, so that different members never give the same bytes. It leaves out
// empty members.
func appendMember(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(append(b, name...), ' ')
	b = append(strconv.AppendInt(b, int64(len(value)), 10), ' ')
	return append(b, value...)
}

func sumOf(b []byte) uint64 {
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}

func nameHash(name string) uint64 { return sumOf([]byte(textInJSON(name))) }

func scopeHash(scope string) uint32 {
	if scope == "" {
		return 0
	}
	return uint32(sumOf([]byte(textInJSON(scope))))
}

// append appends the record as a checkpoint has it.
func (r readRecord) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, r.name)
	b = binary.BigEndian.AppendUint64(b, r.listing)
	return binary.BigEndian.AppendUint32(b, r.scope)
}

// sortedRecords returns packed records in order.
func sortedRecords(b []byte) []byte {
	records := slices.SortedFunc(slices.Chunk(b, recordBytes), bytes.Compare)
	return bytes.Join(records, nil)
}

// recordOf is the inverse of append.
func recordOf(b []byte) readRecord {
	return readRecord{
		name: binary.BigEndian.Uint64(b), listing: binary.BigEndian.Uint64(b[hashBytes:]),
		scope: binary.BigEndian.Uint32(b[2*hashBytes:]),
	}
}

// textInJSON returns a text as it is after it was written as JSON and read: bytes that are not UTF-8 are replaced.
func textInJSON(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
