package backupx

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/samber/lo"
)

// identity identifies a listing. A checkpoint resumes only a listing with an equal identity.
//
// The parts of a fleet or an inventory are its sources, and each has a name. In the text of a checkpoint, a source
// that was delivered to its end is only a hash in Done. The others have a name and a Hash in place of the other
// members, except those that contain a fleet of which a part was delivered. Texts of earlier versions have every member
// of each source.
type identity struct {
	Op     string          `json:"op,omitempty"`
	Input  string          `json:"input,omitempty"`
	Filter json.RawMessage `json:"filter,omitempty"`
	Scope  string          `json:"scope,omitempty"`
	Source string          `json:"source,omitempty"` // the name of the source in a fleet
	Parts  []identity      `json:"parts,omitempty"`
	Hash   []byte          `json:"hash,omitempty"` // the result of hash, in place of all members but Source
	Done   []byte          `json:"done,omitempty"` // packed hashes of the sources that were delivered to their end

	sum uint64 // the result of hash, in the sources of a listing; 0 elsewhere
	dir string // the element of a source in the paths of its chains, in the sources of a listing
}

// hashBytes is the number of bytes of a hash in a checkpoint.
const hashBytes = 8

// unknownInput is the Input of an operation with an input that cannot be written as JSON.
const unknownInput = "?"

// asSource returns the identity of a listing as that of a source of a fleet.
func (id identity) asSource(name string) identity {
	id.Source, id.dir = name, element(name)
	id.sum = id.hash()
	return id
}

// comparable reports whether the identity can be compared with others: no input in it is unknown.
func (id identity) comparable() bool {
	return id.Input != unknownInput && lo.EveryBy(id.Parts, identity.comparable)
}

// fleet reports whether the parts are the sources of a fleet or of an inventory.
func (id identity) fleet() bool {
	return len(id.Done) > 0 || len(id.Parts) > 0 && id.Parts[0].Source != ""
}

// hasFleet reports whether the identity is that of a fleet, or has one among its parts.
func (id identity) hasFleet() bool { return id.fleet() || lo.SomeBy(id.Parts, identity.hasFleet) }

// hash returns a hash of the identity. It is the same for an identity in which sources are hashes, and for another order
// of the sources of a fleet. Checkpoints are stored with hashes, so a later version must compute the same ones. New
// members are possible, because empty members do not change the hash.
func (id identity) hash() uint64 {
	switch {
	case id.sum != 0:
		return id.sum
	case len(id.Hash) == hashBytes:
		return binary.BigEndian.Uint64(id.Hash)
	}
	b := make([]byte, 0, 512)
	b = appendMember(b, "op", textInJSON(id.Op))
	b = appendMember(b, "input", id.Input)
	b = appendMember(b, "filter", string(id.Filter))
	b = appendMember(b, "scope", textInJSON(id.Scope))
	b = appendMember(b, "source", textInJSON(id.Source))
	hashes := lo.Map(id.Parts, func(p identity, _ int) uint64 { return p.hash() })
	if id.fleet() {
		hashes = append(hashes, unpacked(id.Done)...)
		slices.Sort(hashes)
		b = appendMember(b, "sources", string(packed(hashes)))
	} else {
		b = appendMember(b, "parts", string(packed(hashes)))
	}
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
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

// textInJSON returns a text as it is after it was written as JSON and read: bytes that are not UTF-8 are replaced.
func textInJSON(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// hashed returns the identity of a source with its hash in place of its members.
func (id identity) hashed() identity {
	return identity{Source: id.Source, Hash: packed([]uint64{id.hash()})}
}

// severalSources reports whether a fleet in a checkpoint has several sources, or one whose chains are left out.
func (id identity) severalSources() bool {
	return len(id.Done) > 0 || id.fleet() && len(id.Parts) > 1 || lo.SomeBy(id.Parts, identity.severalSources)
}

// wellFormed reports whether the hashes have the length that every checkpoint gives them.
func (id identity) wellFormed() bool {
	return len(id.Done)%hashBytes == 0 && (len(id.Hash) == 0 || len(id.Hash) == hashBytes) && lo.EveryBy(id.Parts, identity.wellFormed)
}
