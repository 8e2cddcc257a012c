package callwatch

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/samber/lo"
)

// noPage is the error of a response with the status of success that is no page. Its text says what came. It wraps the
// error of the client, if there is one, and otherwise the response with the service's error, as errors of clients do.
type noPage struct {
	text string
	errs []error
}

func (e *noPage) Error() string { return e.text }

func (e *noPage) Unwrap() []error { return e.errs }

// noPage returns the error of the response. The cause is the client's error, nil if the client has decoded it.
func (b *watchedBody) noPage(cause error, redact func(string) string) error {
	s := &b.scanner
	code := errorCode(cmp.Or(b.errorType(), s.code))
	message := redact(strings.Join(strings.Fields(s.message), " "))
	text := fmt.Sprintf("the service answered with status %d and %s where a page is owed", b.response.StatusCode, b.content())
	for _, part := range []string{cut(redact(code), 100), cut(message, 300)} {
		if part != "" {
			text += ": " + part
		}
	}
	if id := b.response.Header.Get("X-Amzn-Requestid"); id != "" {
		text += " (request id " + cut(id, 100) + ")"
	}
	var answer error
	if code != "" {
		answer = &smithy.GenericAPIError{Code: code, Message: message}
	}
	errs := []error{&smithyhttp.ResponseError{Response: b.response, Err: answer}}
	if cause != nil {
		errs = append(lo.Compact([]error{answer}), cause)
	}
	return &noPage{text, errs}
}

// content says what the body of the response is.
func (b *watchedBody) content() string {
	s := &b.scanner
	if other := b.otherJSON(); other != "" {
		return other
	}
	switch {
	case b.errorType() != "", s.page:
		return "an error"
	case s.extra && len(s.others) == 0:
		return "more than a JSON object"
	}
	names := lo.Map(s.others[:min(mostNames, len(s.others))], func(name string, _ int) string {
		return fmt.Sprintf("%q", cut(name, 40))
	})
	if len(s.others) > mostNames {
		names = append(names, "…")
	}
	return fmt.Sprintf("a JSON object with %s instead of %q", strings.Join(names, ", "), s.shape.List)
}

// errorCode returns an error code without the namespace before it and the address behind it, as the SDK's clients do.
func errorCode(s string) string {
	s, _, _ = strings.Cut(s, ":")
	if _, name, ok := strings.Cut(s, "#"); ok {
		return name
	}
	return s
}

// cut returns the first n characters of a text.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
