// Package callwatch watches calls of SDK clients: what each attempt of a call brought. It does so with steps in the
// middleware stack of the call.
package callwatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/backupx-go/backupx/internal/decode"
)

// ErrEmptyBody is the error of a successful response with an empty body. The SDK decodes such a body to an
// empty last page: the listing would end early and look complete.
var ErrEmptyBody = errors.New("the service answered with an empty body where a page is owed")

// Watch finds out whether the response of one call was a page. The SDK's decoders pass over members that they do not
// know, so that they decode an error with the status 200, and any other object, to an empty last page. The watch looks
// at the bytes that are read, because a custom HTTP client may leave ContentLength at 0 although there is a body. It is
// a step in the SDK client's middleware stack; a stub has no such stack, and its responses are not checked.
//
// The watch may decode pages in the client's place: see [Watch.DecodeWith].
type Watch struct {
	observer Observer       // of the call's attempts; nil for none
	shape    Shape          // of the operation's pages
	pages    *decode.Reader // decodes the operation's pages; nil if the client decodes them all
	last     atomic.Pointer[watchedBody]
}

// NewWatch returns a watch for a call with a context, which may have an [Observer].
func NewWatch(ctx context.Context) *Watch { return &Watch{observer: observerOf(ctx)} }

// Expect sets what makes a response a page. It has to be called before the call.
func (w *Watch) Expect(page Shape) { w.shape = page }

// DecodeWith sets a reader of an operation's pages, nil for none. The client decodes what the reader declines. It has to be
// called before the call.
func (w *Watch) DecodeWith(r *decode.Reader) { w.pages = r }

type (
	watchedBodyKey struct{} // of the body in the metadata of a call
	watchingKey    struct{} // in the context of the steps inside one that watches
)

// Failure returns why the response that an output was decoded from is no page, nil if it is one. The caller says whether
// the output has items or a token: then it is a page, whatever the body looked like to the watch. A function redact
// removes what must not be shown from a text of the response.
//
// The output's metadata identify the response, even if a client sends several requests at once. The output of a wrapper
// may lack these metadata: it is assumed to come from the last response.
func (w *Watch) Failure(md middleware.Metadata, filled bool, redact func(string) string) error {
	body, ok := md.Get(watchedBodyKey{}).(*watchedBody)
	if !ok {
		body = w.last.Load()
	}
	if body == nil {
		return nil
	}
	return body.failure(filled, redact)
}

// Explain returns the error of a call. If the client could not decode a response because it is no page, the error says
// what came instead, and wraps the client's.
func (w *Watch) Explain(err error, redact func(string) string) error {
	var decoding *smithy.DeserializationError
	body := w.last.Load()
	if body == nil || !errors.As(err, &decoding) {
		return err
	}
	return body.explain(err, redact)
}

// Guard calls a client and turns a panic of the SDK's decoder, for example on the timestamp "NaN", into an
// error. It recovers only if a response has arrived: other panics, such as those of a stub, go on to the
// caller.
func Guard[O any](w *Watch, call func() (O, error)) (out O, err error) {
	defer func() {
		if w.last.Load() == nil {
			return
		}
		if p := recover(); p != nil {
			err = fmt.Errorf("the SDK cannot decode the response: %v", p)
		}
	}()
	return call()
}

// Add puts the watch into a client's middleware stack, and the step for the observer of attempts if there is one.
func (w *Watch) Add(stack *middleware.Stack) error { return w.add(stack, w.decoderIn(stack), nil) }

// AddFor returns an option that does what Add does, for a client whose protocol decodes responses. A protocol that is not
// the SDK's decodes all pages itself. The protocol is looked at when the stack is built, after all options of the call.
func (w *Watch) AddFor(protocol *smithyhttp.ClientProtocol) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		if !decodesJSON(*protocol) {
			return w.add(stack, nil, nil)
		}
		return w.Add(stack)
	}
}

// AddCheckingTimes returns an option that does what Add does, for a client whose decoder turns numbers that are no time
// into arbitrary dates: such a number in one of the members of an item is a failure.
func (w *Watch) AddCheckingTimes(members ...string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error { return w.add(stack, w.decoderIn(stack), members) }
}

func (w *Watch) add(stack *middleware.Stack, decoder *decode.Reader, times []string) error {
	if w.observer != nil {
		if err := observeAttempts(stack, w.observer); err != nil {
			return err
		}
	}
	alone := &step{Watch: w, times: times}
	client, decodes := stack.Deserialize.Get(clientDecoder)
	if !decodes {
		return stack.Deserialize.Add(alone, middleware.After)
	}
	if _, err := stack.Deserialize.Swap(clientDecoder, &step{Watch: w, client: client, decoder: decoder, times: times}); err != nil {
		return err
	}
	return stack.Deserialize.Insert(alone, clientDecoder, middleware.After)
}

// clientDecoder is the name that the step has in the SDK's clients which decodes the response.
const clientDecoder = "OperationDeserializer"

// decoderIn returns the decoder of the pages of a call, nil if it is another operation's, as a wrapper may send, or if the
// step that decodes them is not that of the operation's own client: others may decode a page to something else.
func (w *Watch) decoderIn(stack *middleware.Stack) *decode.Reader {
	client, ok := stack.Deserialize.Get(clientDecoder)
	if w.pages == nil || !ok || stack.ID() != w.pages.Operation() {
		return nil
	}
	t := reflect.TypeOf(client)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.PkgPath() != w.pages.Package() {
		return nil
	}
	return w.pages
}

// step takes the place of the step that decodes the response, and calls it. So the watch sees the body as the client's
// decoder does: after other steps changed it. A step without a client's watches the response if no other does, because the
// caller's options put another decoder in its place.
type step struct {
	*Watch
	client  middleware.DeserializeMiddleware // nil if it has the place of none
	decoder *decode.Reader                   // nil if the client decodes all bodies
	times   []string
}

// ID returns the name of the step that it takes the place of.
func (s *step) ID() string {
	if s.client == nil {
		return "backupx.BodyWatch"
	}
	return clientDecoder
}

// HandleDeserialize calls the client's decoder with a watched response.
func (s *step) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	if s.client == nil {
		out, md, err := next.HandleDeserialize(ctx, in)
		if middleware.GetStackValue(ctx, watchingKey{}) == nil {
			s.watch(out.RawResponse, &md)
		}
		return out, md, err
	}
	ctx = middleware.WithStackValue(ctx, watchingKey{}, true)
	var body *watchedBody
	out, md, err := s.client.HandleDeserialize(ctx, in, middleware.DeserializeHandlerFunc(func(
		ctx context.Context, in middleware.DeserializeInput,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, md, err := next.HandleDeserialize(ctx, in)
		body = s.watch(out.RawResponse, &md)
		return out, md, err
	}))
	if body == nil {
		return out, md, err
	}
	if body.output != nil && err == nil {
		out.Result = body.output
	}
	body.output = nil // the metadata of the call keep the body
	return out, md, err
}

// watch wraps the response body of an attempt. The output is decoded from the last attempt's.
func (s *step) watch(raw any, md *middleware.Metadata) *watchedBody {
	resp, ok := raw.(*smithyhttp.Response)
	if !ok || resp == nil || resp.Response == nil {
		return nil
	}
	if resp.Body == nil { // from a custom HTTP client; the SDK would panic
		resp.Body = http.NoBody
	}
	body := &watchedBody{
		Closer: resp.Body, response: resp, source: resp.Body, scanner: scanner{shape: s.shape, times: s.times},
	}
	if resp.StatusCode/100 == 2 && body.errorType() == "" {
		body.decoder = s.decoder
	}
	resp.Body = body
	md.Set(watchedBodyKey{}, body)
	s.last.Store(body)
	return body
}

// watchedBody is a response body that looks at what is read from it.
type watchedBody struct {
	io.Closer
	response *smithyhttp.Response

	// Of the goroutine that reads.
	source  io.Reader      // what is left of the body
	decoder *decode.Reader // nil once it was asked, or if there is none
	decoded bool           // the decoder did not decline the body: the client reads an empty object
	output  any            // what the decoder made of the body, until it is the result of the call

	mu      sync.Mutex // guards the fields below: a client's wrapper may still read while others look at them
	start   []byte     // the first bytes of the content, without white space
	ended   bool       // the end was read
	scanner scanner
}

// Read reads from the response body.
func (b *watchedBody) Read(p []byte) (int, error) {
	if b.decoder != nil {
		b.decode()
	}
	n, err := b.source.Read(p)
	if !b.decoded {
		b.see(p[:n], errors.Is(err, io.EOF))
	}
	return n, err
}

// decode lets the decoder decode the body.
func (b *watchedBody) decode() {
	b.output, b.source = b.decoder.Read(b.source, b.response.ContentLength)
	b.decoder, b.decoded = nil, b.output != nil
	if b.decoded {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.start = []byte("{")
		b.scanner.foundWhole()
	}
}

// see looks at the next bytes of the body.
func (b *watchedBody) see(p []byte, ended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if missing := len("null") + 1 - len(b.start); missing > 0 {
		text := bytes.TrimSpace(p)
		b.start = append(b.start, text[:min(len(text), missing)]...)
	}
	b.scanner.scan(p)
	b.ended = b.ended || ended
}

// failure is that of Watch.
func (b *watchedBody) failure(filled bool, redact func(string) string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &b.scanner
	switch {
	case b.errorType() != "":
		return b.noPage(nil, redact)
	case b.holdsNothing():
		return ErrEmptyBody
	case s.noTime != nil:
		return s.noTime
	case !filled && !s.page && (len(s.others) > 0 || s.state == scanOff):
		return b.noPage(nil, redact)
	}
	return nil
}

// explain is that of Watch.
func (b *watchedBody) explain(err error, redact func(string) string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.response.StatusCode/100 == 2 && (b.errorType() != "" || b.otherJSON() != "") {
		return b.noPage(err, redact)
	}
	return err
}

// holdsNothing reports whether the body ended without content, or with null, which the SDK decodes to an
// empty page.
func (b *watchedBody) holdsNothing() bool {
	return b.ended && (len(b.start) == 0 || string(b.start) == "null")
}

// errorType returns the error code in the header of the response, empty if there is none.
func (b *watchedBody) errorType() string {
	return strings.TrimSpace(b.response.Header.Get("X-Amzn-Errortype"))
}

// otherJSON returns what the body is, if its first byte is that of a JSON value that is no object; otherwise it is empty.
func (b *watchedBody) otherJSON() string {
	if len(b.start) == 0 {
		return ""
	}
	switch c := b.start[0]; {
	case c == '[':
		return "a JSON array"
	case c == '"':
		return "a JSON string"
	case c == '-', c >= '0' && c <= '9', c == 't', c == 'f', c == 'n':
		return "no JSON object"
	}
	return ""
}
