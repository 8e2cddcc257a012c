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

	"github.com/aws/smithy-go"

	"github.com/backupx-go/backupx/internal/callwatch"
)

var (
	// ErrTokenLoop says that the service returned a page token that this chain had already followed. The
	// items of the page with the repeated token were delivered, and the listing cannot be resumed. The fault
	// is the service's, or that of a proxy or a stub in its place: list again from the start, and report the
	// fault if it persists.
	ErrTokenLoop = errors.New("the service repeated a page token")

	// ErrCheckpoint says that a checkpoint cannot be used: its text was cut or altered, it has another
	// version, or it was made by a listing with another operation, filter or scope. No request was sent.
	// Resume the listing that made the checkpoint, or list again from the start.
	ErrCheckpoint = errors.New("checkpoint cannot be used")

	// ErrTokenExpired says that the service refused a page token with which a range continued: a token of a checkpoint, of an
	// earlier range over a [Cursor] or of [Listing.StartAt] that the service no longer accepts. Services document neither
	// how long their tokens live nor an error of their own for it, so an invalid request of another kind may be behind
	// it; the error wraps the service's. Call [Cursor.Restart], and range again, until a range ends without it.
	ErrTokenExpired = errors.New("the service refused the page token, which may have expired")

	// ErrFilter says that a filter is invalid: an empty id, reversed times, a name where an ARN is required.
	// No request was sent. The text of the error names every member that is wrong; correct the filter.
	ErrFilter = errors.New("invalid filter")
)

// errNowhere is the error of a checkpoint without a position to resume from.
var errNowhere = fmt.Errorf("%w: there is nowhere to go on from", ErrCheckpoint)

// ListError says where a listing stopped, and why. A range yields it last, after every item that was read
// before the failure.
type ListError struct {
	// Operation is the API operation, such as ListBackupJobs.
	Operation string
	// Source is the name of the source of a fleet, or of the service of an inventory, whose request ended the range, for
	// example because the context ended while the source did not answer. It is empty elsewhere. Sources that fail by
	// themselves do not end the range: see [SourceErrors].
	Source string
	// Shard names the chain of pages if the listing reads several: states=FAILED, for example, or a window of
	// creation time such as created=2026-03-01T00:00:00Z..2026-03-02T00:00:00Z.
	Shard string
	// Page is the number of the page that could not be read or delivered, counted from 1 in its chain. It is
	// 0 if the error belongs to no page: the listing itself was invalid and no request was sent, the context
	// ended while the range waited for several chains, or sources of a fleet failed.
	Page int
	// Delivered is the number of items that this range delivered before the error.
	Delivered int
	// Checkpoint is where the range stopped: [Listing.Resume] delivers the items that this range did not
	// deliver.
	Checkpoint Checkpoint
	// Err is the cause as the SDK returned it: errors.As finds the service's own error types.
	Err error

	token string // the page's token, which Error must not print
}

// Error returns the operation, the page and the cause. It leaves out tokens, credentials and signatures that
// the cause prints; [ListError.Err] still has them.
func (e *ListError) Error() string {
	var b strings.Builder
	b.WriteString("backupx: ")
	if e.Operation != "" { // the zero Listing has none
		b.WriteString(e.Operation + ": ")
	}
	if e.Source != "" {
		b.WriteString(e.Source + ": ")
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

// callError is the error of a single call, such as a restore. Like that of ListError, its text has no
// credentials.
type callError struct {
	operation string
	id        string // of the backup that the call is for
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

// inner returns the text of an error that is part of another one. The outer text starts with the package's
// name already, so the inner text must not.
func inner(err error) string { return strings.TrimPrefix(err.Error(), "backupx: ") }

// errorCode returns the code of a service's error without Exception, which only some services append. It is empty if the
// error has none.
func errorCode(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	return strings.TrimSuffix(api.ErrorCode(), "Exception")
}

// refusesToken reports whether an error says that a service refused a request because of its page token. The
// first request of a chain may be refused for it with a code that does not name the parameter. Codes about the tokens of
// credentials, such as ExpiredToken, do not count, and neither does what the service of the credentials refused.
func refusesToken(err error, first bool) bool {
	code := errorCode(err)
	if code == "" || callwatch.CredentialsFailure(err) != nil {
		return false
	}
	return namesToken(code) || first && slices.Contains(invalidRequest, code)
}

// namesToken reports whether an error code is one of page tokens: InvalidNextToken, ExpiredPaginationToken.
func namesToken(code string) bool {
	return slices.ContainsFunc([]string{"NextToken", "PaginationToken", "PageToken", "ContinuationToken", "InvalidMarker"}, func(part string) bool {
		return strings.Contains(code, part)
	})
}

// invalidRequest are the error codes, without Exception, with which services refuse a value in a request.
var invalidRequest = []string{
	"Validation", "ValidationError", "InvalidParameterValue", "InvalidParameter", "InvalidParameterCombination",
	"InvalidRequest", "CloudHsmInvalidRequest", "InvalidInput", "InvalidArgument", "BadRequest",
}

const redacted = "[redacted]"

// secrets match the parts of a request that errors print and that must not be logged. The first group of each
// pattern stays, and the rest is replaced. A connection error prints the URL with its nextToken, and AWS
// answers a wrong signature with the whole canonical request.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`(?i)(nextToken(?:=|\\?"\s*:\s*\\?"|%3D))(?:\\[^"]|[^&\s"'<>\\])+`),
	regexp.MustCompile(`(?i)(x-amz-(?:security-token|signature|credential)(?:\\?"?[ \t]*[=:][ \t]*\[?\\?"?|%3D|%253D))[^&\s"'<>\\]+`),
	regexp.MustCompile(`(?i)(` + secretNames + `(?:\\?"?[ \t]*=[ \t]*|%3D|%253D)\\?["']?)[^&\s"',<>\\]+`),
	regexp.MustCompile(`(?i)((?:^|[^a-z])(?:aws)?` + secretNames + `\\?"\s*:\s*\\?")[^"\\]+`),
	regexp.MustCompile(`(?i)(authorization\\?"?\s*[=:]\s*\[?\\?["']?(?:basic|bearer|token)\s+)[^\s"',<>\\]+`),
	regexp.MustCompile(`()\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b`),
	regexp.MustCompile(`(%[0-9A-F]{2})(?:AKIA|ASIA)[A-Z0-9]{12,}`),
	regexp.MustCompile(`(://[^\s/:@"]*:)[^\s/@"]+(@)`),
}

// suspects match words that are secrets or prose. The code IncompleteSignature is followed by a colon and a message,
// and so are the words "signature" and "credential" in many a message. Only a word that looks random is replaced.
var suspects = []*regexp.Regexp{
	regexp.MustCompile(`(?i)((?:^|[^a-z])(?:aws)?` + secretNames + `[ \t]*:[ \t]*'?)([^&\s"',<>\\]+)`),
	regexp.MustCompile(`(?i)(\bbearer[ \t]+)([^&\s"',<>\\]+)`),
}

const secretNames = `(?:signature|credential|secret_?access_?key|session_?token)`

// redact replaces the token, credentials and signatures in a text. A token of fewer than four bytes is
// replaced only where the text calls it a token: otherwise the token "1" would remove every such digit from a
// message.
func redact(text, token string) string {
	const short = 4
	if len(token) >= short {
		for _, spelled := range spellings(token) {
			text = strings.ReplaceAll(text, spelled, redacted)
		}
	}
	for _, re := range secrets {
		text = re.ReplaceAllString(text, "${1}"+redacted+"${2}") // a group that a pattern lacks is empty
	}
	for _, re := range suspects {
		text = re.ReplaceAllStringFunc(text, func(match string) string {
			if parts := re.FindStringSubmatch(match); looksRandom(parts[2]) {
				return parts[1] + redacted
			}
			return match
		})
	}
	return text
}

// looksRandom reports whether a word may be a secret. Secrets are at least eight characters of base64 or hexadecimal
// digits. An error code, an address and an ARN are none.
func looksRandom(word string) bool {
	switch {
	case len(word) < 8, strings.HasSuffix(word, ":"), strings.Contains(word, "://"), strings.HasPrefix(word, "arn:"):
		return false
	case len(word) >= 16 && strings.Trim(word, "abcdef") == "":
		return true
	}
	return strings.ContainsAny(word, "0123456789+=")
}

// spellings returns the forms in which an error may print a token: as it is, in a URL, in JSON, and quoted.
// Longer forms come first, so that a form that contains another one is replaced whole.
func spellings(token string) []string {
	query := url.QueryEscape(token)
	all := []string{
		token, query, strings.ReplaceAll(query, "+", "%20"), url.PathEscape(token), // the SDK writes the third form
		unquoted(strconv.Quote(token)),
	}
	for _, escapeHTML := range []bool{false, true} {
		text := jsonText(token, escapeHTML)
		all = append(all, text, strings.ReplaceAll(text, "/", `\/`), unquoted(strconv.Quote(text)))
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// jsonText returns a text as it is written in JSON, without the quotes.
func jsonText(s string, escapeHTML bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	_ = e.Encode(s) // encoding a string cannot fail
	return unquoted(strings.TrimSpace(b.String()))
}

// unquoted returns a quoted text without its quotes.
func unquoted(s string) string { return s[1 : len(s)-1] }
