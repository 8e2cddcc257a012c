package backupx

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

// errEmptyBody stands for a success without a body. The SDK decodes it to an empty last page, so
// that a listing would end early and look complete.
var errEmptyBody = errors.New("the service answered with an empty body where a page is owed")

// bodyWatch sees whether the response of a call had any content. It counts what is read, since a custom
// HTTP client may leave ContentLength at 0 with a real body. A client that is a stub has no stack to be
// put into, and is not judged.
type bodyWatch struct{ last atomic.Pointer[watchedBody] }

type watchedBodyKey struct{}

// empty reports whether the body that an output was made of was read to its end and held nothing. The
// output's metadata know which body that is, also where a client makes several calls at once; a wrapper
// that makes an output of its own is taken to have made it of the last one.
func (w *bodyWatch) empty(md middleware.Metadata) bool {
	body, ok := md.Get(watchedBodyKey{}).(*watchedBody)
	if !ok {
		body = w.last.Load()
	}
	return body != nil && body.holdsNothing()
}

// guarded calls a client of the SDK, whose decoder panics on some responses (a timestamp "NaN"): once a
// response is being read, that is an error of the response. A stub's panic is its own.
func guarded[O any](w *bodyWatch, call func() (O, error)) (out O, err error) {
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

// add puts the watch nearest to the transport.
func (w *bodyWatch) add(stack *middleware.Stack) error {
	return stack.Deserialize.Add(w, middleware.After)
}

// ID names the step.
func (w *bodyWatch) ID() string { return "backupx.BodyWatch" }

// HandleDeserialize wraps the body of each attempt's response; the last attempt's is the output's.
func (w *bodyWatch) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, md, err := next.HandleDeserialize(ctx, in)
	if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && resp != nil && resp.Response != nil {
		if resp.Body == nil { // a custom HTTP client may leave it out, and the SDK panics
			resp.Body = http.NoBody
		}
		body := &watchedBody{ReadCloser: resp.Body}
		resp.Body = body
		md.Set(watchedBodyKey{}, body)
		w.last.Store(body)
	}
	return out, md, err
}

// watchedBody notes content and end, and otherwise is the body.
type watchedBody struct {
	io.ReadCloser
	mu    sync.Mutex // a wrapper may read on while its output is looked at
	start []byte     // of what it holds, blanks aside
	ended bool
}

// holdsNothing reports whether it ended and held nothing, or the null that the SDK takes for an empty page.
func (b *watchedBody) holdsNothing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ended && (len(b.start) == 0 || string(b.start) == "null")
}

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
