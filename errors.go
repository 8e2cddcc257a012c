package backupx

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	// ErrTokenLoop says that the service gave a token which this chain had already followed. The
	// items of that page were delivered; there is nowhere to go on from. It is the service's fault
	// (or a proxy's, or a stub's): start the listing afresh, or report it.
	ErrTokenLoop = errors.New("the service repeated a page token")

	// ErrCheckpoint says that a checkpoint cannot be used: its text was cut or altered, it is of
	// another version, or it was made by a listing with another operation, filter or scope. Nothing
	// was sent. Start the listing afresh, or resume it on the listing that it came from.
	ErrCheckpoint = errors.New("checkpoint cannot be used")

	// ErrFilter says that a filter is not valid: an empty id, reversed times, a
	// name where an ARN is due. Nothing was sent. The text names every member that is wrong.
	ErrFilter = errors.New("invalid filter")
)

// ListError is the error of a listing: where it stopped, and why. It is always the last thing that
// a range yields, after every item that was read before it.
type ListError struct {
	// Operation is the API operation, ListBackupJobs say.
	Operation string
	// Shard names the chain of pages, where the listing reads several: states=FAILED, say, or a window
	// of time as created=2026-03-01T00:00:00Z..2026-03-02T00:00:00Z.
	Shard string
	// Page is the number of the page in its chain, from 1, that could not be read or delivered; 0 where
	// it is no page's: the listing itself is at fault and nothing was sent, or the context ended while
	// several chains were waited for, or sources of a fleet failed.
	Page int
	// Delivered counts the items that this range had delivered.
	Delivered int
	// Checkpoint is where to go on from: [Listing.Resume] delivers what this range did not.
	Checkpoint Checkpoint
	// Err is the cause, as the SDK returned it: errors.As finds the service's own types in it.
	Err error

	token string // the page's token, kept out of the text
}

// Error names the operation, the page and the cause. Tokens, credentials and signatures that the
// cause prints are left out; [ListError.Err] still has them.
func (e *ListError) Error() string {
	var b strings.Builder
	b.WriteString("backupx: ")
	if e.Operation != "" { // the zero Listing has none
		b.WriteString(e.Operation + ": ")
	}
	if e.Page > 0 {
		fmt.Fprintf(&b, "page %d", e.Page)
		if e.Shard != "" {
			fmt.Fprintf(&b, " of %s", e.Shard)
		}
		b.WriteString(": ")
	}
	if e.Err != nil {
		b.WriteString(redact(inner(e.Err), e.token))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *ListError) Unwrap() error { return e.Err }

// callError is the error of one call. Like a ListError's, its text has no credentials in it.
type callError struct {
	operation string
	id        string // of what it was called for
	err       error
}

func (e *callError) Error() string {
	of := e.operation
	if strings.TrimSpace(e.id) != "" {
		of += ": " + e.id
	}
	return "backupx: " + of + ": " + redact(inner(e.err), "")
}

func (e *callError) Unwrap() error { return e.err }

// inner is the text of an error within another, which names the package already.
func inner(err error) string { return strings.TrimPrefix(err.Error(), "backupx: ") }

const redacted = "[redacted]"

// secrets finds what errors print of a request and nobody may log: each pattern's first group is
// kept, the rest replaced. A connection error prints the URL with its nextToken, and AWS answers a
// bad signature with the whole canonical request.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`(?i)(nextToken(?:=|\\?"\s*:\s*\\?"|%3D))(?:\\[^"]|[^&\s"\\])+`),
	regexp.MustCompile(`(?i)(x-amz-(?:security-token|signature|credential)\s*[=:]\s*)[^&\s"\\]+`),
	regexp.MustCompile(`(?i)((?:signature|credential|secretaccesskey|secret_access_key|sessiontoken|session_token)"?\s*[=:]\s*"?)[^&\s",\\]+`),
	regexp.MustCompile(`()\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b`),
}

// redact leaves tokens, credentials and signatures out of text. Short tokens are only replaced
// where they are named as tokens: "1" must not eat every digit of a message.
func redact(text, token string) string {
	const short = 4
	if len(token) >= short {
		for _, spelled := range spellings(token) {
			text = strings.ReplaceAll(text, spelled, redacted)
		}
	}
	for _, re := range secrets {
		text = re.ReplaceAllString(text, "${1}"+redacted)
	}
	return text
}

// spellings are the ways in which an error may print a token: as it is, in a URL, in JSON, quoted. The
// longer come first, that none is taken for a part of another.
func spellings(token string) []string {
	query := url.QueryEscape(token)
	all := []string{
		token, query, strings.ReplaceAll(query, "+", "%20"), url.PathEscape(token), // the SDK writes the third
		unquoted(strconv.Quote(token)),
	}
	for _, escapeHTML := range []bool{false, true} {
		text := jsonText(token, escapeHTML)
		all = append(all, text, strings.ReplaceAll(text, "/", `\/`), unquoted(strconv.Quote(text)))
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// jsonText is a text as it stands in JSON, without the quotes.
func jsonText(s string, escapeHTML bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	_ = e.Encode(s) // a string is always written
	return unquoted(strings.TrimSpace(b.String()))
}

// unquoted is a quoted text without its quotes.
func unquoted(s string) string { return s[1 : len(s)-1] }
