package decode

import (
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// scanner reads a JSON text. Its methods report whether the text goes on with what they read, and decline what is valid
// but rare: deep nesting, member names with escapes, long numbers.
type scanner struct {
	text []byte
	at   int
}

const deepest = 32 // of the values that are skipped

// space passes over white space.
func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// take passes over white space and the byte c.
func (s *scanner) take(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// end reports whether only white space is left.
func (s *scanner) end() bool {
	s.space()
	return s.at == len(s.text)
}

// left returns how many bytes are left.
func (s *scanner) left() int { return len(s.text) - s.at }

// literally passes over a text, if nothing comes before it.
func (s *scanner) literally(text string) bool {
	end := s.at + len(text)
	if end > len(s.text) || string(s.text[s.at:end]) != text {
		return false
	}
	s.at = end
	return true
}

// literal passes over white space and a literal: null, true or false.
func (s *scanner) literal(word string) bool {
	s.space()
	return s.literally(word)
}

func (s *scanner) null() bool {
	s.space()
	return s.at < len(s.text) && s.text[s.at] == 'n' && s.literal("null")
}

type stringKind uint8

const (
	invalidString stringKind = iota
	plainString              // ASCII without escapes
	unicodeString            // with bytes that are not ASCII, and may not be UTF-8, without escapes
	escapedString            // with escapes, which may be invalid
)

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// string reads a string, and returns what is between the quotes.
func (s *scanner) string() ([]byte, stringKind) {
	if !s.take('"') {
		return nil, invalidString
	}
	kind, start := plainString, s.at
	for i := s.at; i < len(s.text); {
		if len(s.text)-i >= 8 { // eight bytes at once, up to the first that is not plain
			w := binary.LittleEndian.Uint64(s.text[i:])
			special := (w | (w - ' '*ones) | ((w ^ '"'*ones) - ones) | ((w ^ '\\'*ones) - ones)) & highs
			if special == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(special) / 8
		}
		switch c := s.text[i]; {
		case c == '"':
			s.at = i + 1
			return s.text[start:i], kind
		case c == '\\':
			kind = escapedString
			i += 2
		case c < ' ':
			return nil, invalidString
		case c >= utf8.RuneSelf:
			kind = max(kind, unicodeString)
			i++
		default:
			i++
		}
	}
	return nil, invalidString
}

// quoted returns the string that was just read, with its quotes.
func (s *scanner) quoted(raw []byte) []byte { return s.text[s.at-len(raw)-2 : s.at] }

// name reads the name of a member. A name with escapes is declined.
func (s *scanner) name() ([]byte, bool) {
	raw, kind := s.string()
	return raw, kind == plainString || kind == unicodeString && utf8.Valid(raw)
}

// number is a JSON number: digits / 10^scale, negative or not, if it is short.
type number struct {
	raw      []byte
	digits   uint64
	scale    int
	negative bool
	short    bool // no exponent and at most 18 digits
}

// number reads a number.
func (s *scanner) number() (n number, ok bool) {
	s.space()
	start := s.at
	n.negative = s.is('-')
	first := s.at
	s.digits(&n.digits)
	whole := s.at - first
	if whole == 0 || whole > 1 && s.text[first] == '0' {
		return n, false
	}
	if s.is('.') {
		fraction := s.at
		s.digits(&n.digits)
		if n.scale = s.at - fraction; n.scale == 0 {
			return n, false
		}
	}
	n.short = whole+n.scale <= 18
	if s.is('e') || s.is('E') {
		n.short = false
		if !s.is('+') {
			s.is('-')
		}
		exponent := s.at
		var ignored uint64
		if s.digits(&ignored); s.at == exponent {
			return n, false
		}
	}
	n.raw = s.text[start:s.at]
	return n, true
}

// is passes over the byte c, without white space before it.
func (s *scanner) is(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// digits reads digits, and appends them to n, which overflows if they are many.
func (s *scanner) digits(n *uint64) {
	for s.at < len(s.text) {
		c := s.text[s.at] - '0'
		if c > 9 {
			return
		}
		*n = *n*10 + uint64(c)
		s.at++
	}
}

// integer returns the number, if it is a short integer.
func (n number) integer() (int64, bool) {
	if !n.short || n.scale > 0 {
		return 0, false
	}
	if n.negative {
		return -int64(n.digits), true
	}
	return int64(n.digits), true
}

// float returns the number that is nearest to the text's, if there is one.
func (n number) float() (float64, bool) {
	if n.negative || !n.short || n.digits > 1<<53 { // else both are exact, so that their quotient is the nearest number
		f, err := strconv.ParseFloat(string(n.raw), 64)
		return f, err == nil
	}
	return float64(n.digits) / powers[n.scale], true
}

var powers = [19]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// skip reads any value, which is in so many others.
func (s *scanner) skip(depth int) bool {
	s.space()
	if s.at == len(s.text) || depth > deepest {
		return false
	}
	switch s.text[s.at] {
	case '"':
		raw, kind := s.string()
		return kind != invalidString && utf8.Valid(raw) && (kind != escapedString || json.Valid(s.quoted(raw)))
	case '{':
		s.at++
		return s.members('}', func() bool {
			_, ok := s.name()
			return ok && s.take(':') && s.skip(depth+1)
		})
	case '[':
		s.at++
		return s.members(']', func() bool { return s.skip(depth + 1) })
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		_, ok := s.number()
		return ok
	}
}

// members reads the elements of an object or a list, each with read, up to its closing bracket.
func (s *scanner) members(closing byte, read func() bool) bool {
	if s.take(closing) {
		return true
	}
	for read() {
		if s.take(closing) {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
	return false
}
