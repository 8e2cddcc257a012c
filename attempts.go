package backupx

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// observer observes the attempts of one call of an SDK client. It is called when an attempt starts, and returns what is
// called when the attempt is over, with or without an answer. The client retries a request by itself, so that the error of
// the call does not tell how many attempts the service throttled.
//
// A stub, a wrapper that drops the options of a call, and [FromOperation] report no attempt; the caller of the fetch
// then has only the error of the call. The functions run in the goroutines of the client. A client that sends several
// requests for one call calls them concurrently, and may end an attempt after the call has returned.
type observer func() (ended func(throttled bool))

type attemptsKey struct{}

// withAttempts returns a context in which a fetch reports the attempts of its call to an observer.
func withAttempts(ctx context.Context, o observer) context.Context {
	return context.WithValue(ctx, attemptsKey{}, o)
}

// attemptsOf returns the observer of a context, nil if there is none.
func attemptsOf(ctx context.Context) observer {
	o, _ := ctx.Value(attemptsKey{}).(observer)
	return o
}

// observeAttempts adds a step to the middleware stack of a call that reports each attempt. The step comes directly
// after the SDK's step that retries, which runs the steps after it once for each attempt. In a stack without retries
// the step is the last one of its phase and reports the only attempt.
func observeAttempts(stack *middleware.Stack, o observer) error {
	step := middleware.FinalizeMiddlewareFunc("backupx.Attempts", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (_ middleware.FinalizeOutput, _ middleware.Metadata, err error) {
		ended := o()
		defer func() { ended(throttled(err)) }() // deferred, because the SDK's decoder may panic
		return next.HandleFinalize(ctx, in)
	})
	if _, retries := stack.Finalize.Get("Retry"); retries {
		return stack.Finalize.Insert(step, "Retry", middleware.After)
	}
	return stack.Finalize.Add(step, middleware.After)
}

// throttled reports whether a service refused a request because there were too many. Only the error code counts: the
// status 429 without such a code may come from a proxy, and a 5xx status or a timeout is a failure of another kind.
func throttled(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	_, is := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
	return is
}
