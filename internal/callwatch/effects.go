package callwatch

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Effects records whether one call of an operation that changes something may have made its change, even if the call
// failed. An attempt may have made it if it was sent and the service did not refuse it: the attempt had no answer, or
// the status of the answer is 2xx or 5xx. If the answer of such an attempt is lost, the client sends the request again,
// and the service refuses it because the change was already made.
//
// It is a step in the SDK client's middleware stack, because a call that fails returns no metadata of its attempts.
type Effects struct {
	operation string

	mu       sync.Mutex // guards the fields below: a client's wrapper may send several requests at once
	watched  bool       // the step is in the stack of a call
	possible int        // the attempts that may have made the change, and those that are under way
}

// NewEffects returns the record of a call of an operation, such as RestoreBackup.
func NewEffects(operation string) *Effects { return &Effects{operation: operation} }

// Add puts the step next to the transport. The stack of another operation, which a wrapper may call with the same
// options, is left as it is.
func (e *Effects) Add(stack *middleware.Stack) error {
	if stack.ID() != e.operation {
		return nil
	}
	e.mu.Lock()
	e.watched = true
	e.mu.Unlock()
	return stack.Deserialize.Add(e, middleware.After)
}

// ID returns the name of the step in the middleware stack.
func (e *Effects) ID() string { return "backupx.Effects" }

// HandleDeserialize counts an attempt, and takes it back if the attempt certainly changed nothing.
func (e *Effects) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	e.count(1)
	ended := ctx.Err() != nil
	ctx, connected := traceConnections(ctx)
	out, md, err := next.HandleDeserialize(ctx, in)
	switch status := statusOf(out.RawResponse); {
	case status != 0 && !effective(status):
		e.count(-1)
	case status == 0 && (ended || !connected() || unsent(err)):
		e.count(-1)
	}
	return out, md, err
}

func (e *Effects) count(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.possible += n
}

// Possible reports whether the call may have made its change although it returned an error. The error of a stub, and of
// a wrapper that drops the options of the call, has to tell by itself: only if it shows that an answer is missing, could
// not be read or has the status 5xx, the change is possible.
func (e *Effects) Possible(err error) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.watched {
		return e.possible > 0
	}
	return possible(err)
}

// effective reports whether an attempt with an answer of this status may have made its change.
func effective(status int) bool { return status/100 == 2 || status >= http.StatusInternalServerError }

// statusOf returns the status of a response, 0 if there was none.
func statusOf(raw any) int {
	if resp, _ := raw.(*smithyhttp.Response); resp != nil && resp.Response != nil {
		return resp.StatusCode
	}
	return 0
}

// traceConnections returns a context that lets the transport of net/http report its connections, and a function that
// reports whether a request may have been sent. It is false if the transport looked for a connection and got none. A
// client with another transport reports nothing: its requests may have been sent.
func traceConnections(ctx context.Context) (context.Context, func() bool) {
	var wanted, got atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	})
	return ctx, func() bool { return got.Load() || !wanted.Load() }
}

// unsent reports whether an error shows that there was no connection to send a request over.
func unsent(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	return errors.As(err, &dns) || errors.As(err, &op) && slices.Contains([]string{"dial", "proxyconnect"}, op.Op)
}

// possible is [Effects.Possible] for an error about which nothing else is known.
func possible(err error) bool {
	var answered *smithyhttp.ResponseError
	switch {
	case CredentialsFailure(err) != nil:
		return false
	case errors.As(err, &answered) && answered.HTTPStatusCode() != 0:
		return effective(answered.HTTPStatusCode())
	}
	return unanswered(err) && !unsent(err)
}

// unanswered reports whether an error without a response is that of a connection, of an answer that broke off or could
// not be read, or of a context that ended.
func unanswered(err error) bool {
	var (
		api      smithy.APIError
		sent     *smithyhttp.RequestSendError
		body     *smithy.DeserializationError
		canceled *smithy.CanceledError
		network  net.Error // context.DeadlineExceeded is one too
	)
	if errors.As(err, &api) {
		return false
	}
	return errors.As(err, &sent) || errors.As(err, &body) || errors.As(err, &canceled) || errors.As(err, &network) ||
		slices.ContainsFunc([]error{context.Canceled, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE},
			func(known error) bool { return errors.Is(err, known) })
}
