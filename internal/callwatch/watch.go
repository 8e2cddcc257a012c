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
	"sync"
	"sync/atomic"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ErrEmptyBody is the error of a successful response with an empty body. The SDK decodes such a body to an
// empty last page: the listing would end early and look complete.
var ErrEmptyBody = errors.New("the service answered with an empty body where a page is owed")

// Watch records whether the response of one call had any content. It looks at the bytes that are read,
// because a custom HTTP client may leave ContentLength at 0 although there is a body. It is a step in the SDK
// client's middleware stack; a stub has no such stack, and its responses are not checked.
type Watch struct {
	observer Observer // of the call's attempts; nil for none
	last     atomic.Pointer[watchedBody]
}

// NewWatch returns a watch for a call with a context, which may have an [Observer].
func NewWatch(ctx context.Context) *Watch { return &Watch{observer: observerOf(ctx)} }

type watchedBodyKey struct{}

// Empty reports whether the body that an output was decoded from was read to its end and had no content. The
// output's metadata identify that body, even if a client sends several requests at once. The output of a
// wrapper may lack these metadata: it is assumed to come from the last response.
func (w *Watch) Empty(md middleware.Metadata) bool {
	body, ok := md.Get(watchedBodyKey{}).(*watchedBody)
	if !ok {
		body = w.last.Load()
	}
	return body != nil && body.holdsNothing()
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

// Add puts the watch into a client's middleware stack, next to the transport, and the step for the observer of
// attempts if there is one.
func (w *Watch) Add(stack *middleware.Stack) error {
	if w.observer != nil {
		if err := observeAttempts(stack, w.observer); err != nil {
			return err
		}
	}
	return stack.Deserialize.Add(w, middleware.After)
}

// ID returns the name of the step in the middleware stack.
func (w *Watch) ID() string { return "backupx.BodyWatch" }

// HandleDeserialize wraps the response body of each attempt. The output is decoded from the last attempt's.
func (w *Watch) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, md, err := next.HandleDeserialize(ctx, in)
	if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && resp != nil && resp.Response != nil {
		if resp.Body == nil { // from a custom HTTP client; the SDK would panic
			resp.Body = http.NoBody
		}
		body := &watchedBody{ReadCloser: resp.Body}
		resp.Body = body
		md.Set(watchedBodyKey{}, body)
		w.last.Store(body)
	}
	return out, md, err
}

// watchedBody is a response body that records its first bytes and whether it was read to its end.
type watchedBody struct {
	io.ReadCloser
	mu    sync.Mutex // guards the fields below: a client's wrapper may still read while empty looks at them
	start []byte     // the first bytes of the content, without white space
	ended bool       // the end was read
}

// holdsNothing reports whether the body ended without content, or with null, which the SDK decodes to an
// empty page.
func (b *watchedBody) holdsNothing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ended && (len(b.start) == 0 || string(b.start) == "null")
}

// Read reads from the response body.
func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	if enough := len("null") + 1; len(b.start) < enough {
		text := append(b.start, bytes.TrimSpace(p[:n])...)
		b.start = text[:min(len(text), enough)]
	}
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}
