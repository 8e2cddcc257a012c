package callwatch

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/backupx-go/backupx/internal/epoch"
)

// Shape says what makes a JSON object a page of an operation. The SDK's decoders take only members with exactly these
// names, and pass over all others.
type Shape struct {
	List  string // the member with the items, or with the only item
	Token string // the member with the token of the next page
}

const (
	mostNames = 4       // members that an error names
	mostText  = 1 << 14 // bytes of a member's name or value that the scanner keeps
	itemDepth = 3       // of an item's members: an object in a list in the object
)

// scanner looks at a JSON text as it is read, and finds out whether it is a page. It keeps only the texts of members
// that tell why the service gave no page, and none of a page. Whether the text is valid is for the client's decoder to
// say.
type scanner struct {
	shape Shape
	times []string // members of an item that are numbers and have to be times

	state scanState
	depth int
	lists [itemDepth + 1]bool // whether the container at a depth is a list

	// Of the string that is being read.
	inString, isKey, escapes bool
	text                     []byte // what was read of it, if it is kept; also of a number
	keeps                    bool
	filled                   bool // it has content

	member string // the member at depth 1 whose value comes, or is being read
	time   string // likewise the member of an item, if it is one of times

	page    bool     // the list, or a token, was seen
	others  []string // the names of the first other members
	extra   bool     // something follows the object
	code    string   // an error code
	message string   // an error message
	noTime  error    // the first number that is no time
}

type scanState uint8

const (
	scanStart scanState = iota // nothing but white space was read
	scanObject
	scanEnded // the object was read
	scanOff   // nothing more is of interest
)

// scan looks at the next bytes of the text.
func (s *scanner) scan(p []byte) {
	for len(p) > 0 && s.state != scanOff {
		switch {
		case s.inString:
			p = s.scanString(p)
		default:
			s.scanByte(p[0])
			p = p[1:]
		}
	}
}

// scanByte looks at a byte outside of strings.
func (s *scanner) scanByte(c byte) {
	switch c {
	case ' ', '\t', '\r', '\n':
		return
	}
	switch {
	case s.state == scanEnded:
		s.extra, s.state = true, scanOff
		return
	case s.state == scanStart && c == '"': // a text in place of the object
		s.beginString()
		s.keeps = true
		return
	case s.state == scanStart && c != '{':
		s.state = scanOff
		return
	}
	switch c {
	case '"':
		s.beginString()
	case '{', '[':
		s.endNumber()
		s.state = scanObject
		s.depth++
		s.begin(c == '[')
	case '}', ']':
		s.endNumber()
		if s.depth--; s.depth == 0 {
			s.state = scanEnded
		}
		s.isKey = false
	case ',':
		s.endNumber()
		s.isKey = s.inObject()
	case ':':
		s.isKey = false
	default:
		if s.time != "" {
			s.text = appendSome(s.text, c)
		}
	}
}

// begin notes the begin of an object or a list.
func (s *scanner) begin(list bool) {
	if s.depth <= itemDepth {
		s.lists[s.depth] = list
	}
	s.isKey = s.inObject()
}

// inObject reports whether the innermost container is an object whose members are of interest.
func (s *scanner) inObject() bool {
	switch s.depth {
	case 1:
		return !s.lists[1]
	case 2: // the item itself, where an operation returns one
		return s.isItem(2)
	case itemDepth:
		return s.lists[2] && s.isItem(itemDepth)
	default:
		return false
	}
}

// isItem reports whether the container at a depth is an item whose times are checked.
func (s *scanner) isItem(depth int) bool {
	return len(s.times) > 0 && s.member == s.shape.List && !s.lists[depth]
}

// beginString begins a string, and keeps what is of interest: names of members, and what tells of an error.
func (s *scanner) beginString() {
	s.time = ""
	s.inString, s.escapes, s.filled = true, false, false
	s.keeps = s.isKey || s.depth == 1 && !s.page && (isMessage(s.member) || isCode(s.member))
	s.text = s.text[:0]
}

// scanString looks at bytes of a string, and returns those behind it.
func (s *scanner) scanString(p []byte) []byte {
	if s.escapes { // the byte behind a backslash
		s.escapes = false
		s.keep(p[:1])
		return p[1:]
	}
	end := bytes.IndexByte(p, '"')
	part := p
	if end >= 0 {
		part = p[:end]
	}
	if i := bytes.IndexByte(part, '\\'); i >= 0 {
		s.keep(p[:i+1])
		s.escapes = true
		return p[i+1:]
	}
	if end >= 0 && !s.filled { // most strings come in one piece, which is not copied
		s.filled = len(part) > 0
		s.endString(part)
		return p[end+1:]
	}
	s.keep(part)
	if end < 0 {
		return nil
	}
	s.endString(s.text)
	return p[end+1:]
}

func (s *scanner) keep(p []byte) {
	s.filled = s.filled || len(p) > 0
	if s.keeps {
		s.text = appendSome(s.text, p...)
	}
}

// appendSome appends to a text that is kept. A text that is too long has one byte too many.
func appendSome(text []byte, p ...byte) []byte {
	return append(text, p[:min(len(p), mostText+1-len(text))]...)
}

// endString notes the end of a string: the name of a member, or its value. The text is that of a string that is kept.
func (s *scanner) endString(text []byte) {
	s.inString = false
	switch {
	case s.depth == 0:
		s.message, s.state = unquoted(text), scanOff
	case s.isKey && s.depth == 1:
		s.beginMember(unquoted(text))
	case s.isKey:
		s.time = s.timeNamed(text)
	case s.depth != 1:
	case s.member == s.shape.Token && s.filled:
		s.found()
	case s.keeps && isMessage(s.member):
		s.message = cmp.Or(s.message, unquoted(text))
	case s.keeps:
		s.code = cmp.Or(s.code, unquoted(text))
	}
	s.isKey = false
	s.text = s.text[:0]
}

// timeNamed returns the time that a member of an item is, empty if it is none.
func (s *scanner) timeNamed(text []byte) string {
	if bytes.IndexByte(text, '\\') >= 0 {
		text = []byte(unquoted(text))
	}
	for _, name := range s.times {
		if string(text) == name {
			return name
		}
	}
	return ""
}

// beginMember notes the name of a member of the whole object.
func (s *scanner) beginMember(name string) {
	s.member = name
	switch {
	case name == s.shape.List:
		s.found()
	case name != s.shape.Token && len(s.others) <= mostNames && !s.page:
		s.others = append(s.others, name)
	}
}

// found notes that the text is a page.
func (s *scanner) found() {
	s.page = true
	if len(s.times) == 0 {
		s.state = scanOff
	}
}

// foundWhole notes that the text is a page whose items have times that are times.
func (s *scanner) foundWhole() { s.page, s.state = true, scanOff }

// endNumber looks at the number that was read, if it is to be a time.
func (s *scanner) endNumber() {
	if s.time == "" {
		return
	}
	seconds, err := strconv.ParseFloat(string(s.text), 64)
	if err == nil && s.noTime == nil {
		if _, err := epoch.Time(seconds); err != nil {
			s.noTime = fmt.Errorf("%s: %w", s.time, err)
		}
	}
	s.time, s.text = "", s.text[:0]
}

// unquoted returns a string as it is decoded, or an empty one if it is too long to be kept.
func unquoted(text []byte) (decoded string) {
	switch {
	case len(text) > mostText:
		return ""
	case bytes.IndexByte(text, '\\') < 0:
		return string(text)
	case json.Unmarshal(slices.Concat([]byte{'"'}, text, []byte{'"'}), &decoded) != nil:
		return ""
	}
	return decoded
}

// isMessage and isCode tell the members that the services of AWS, and the proxies before them, write errors in.
func isMessage(member string) bool {
	return strings.EqualFold(member, "message") || strings.EqualFold(member, "errorMessage")
}

func isCode(member string) bool {
	return strings.EqualFold(member, "__type") || strings.EqualFold(member, "code") || strings.EqualFold(member, "errorType")
}
