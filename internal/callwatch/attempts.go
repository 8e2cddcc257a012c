package callwatch

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// Observer observes the attempts of one call. It is called when an attempt starts, and returns what is called when the
// attempt is over, with or without an answer. A client retries a request by itself, so that the error of the call does
// not tell how many attempts the service throttled.
//
// A stub and a wrapper that drops the options of a call report no attempt; the caller then has only the error of the call.
// The functions run in the goroutines of the client. A client that sends several requests for one call calls them
// concurrently, and may end an attempt after the call has returned.
type Observer func() (ended func(throttled bool))

type observerKey struct{}

// WithObserver returns a context for calls whose attempts an observer is to see.
func WithObserver(ctx context.Context, o Observer) context.Context {
	return context.WithValue(ctx, observerKey{}, o)
}

// observerOf returns the observer of a context, nil if there is none.
func observerOf(ctx context.Context) Observer {
	o, _ := ctx.Value(observerKey{}).(Observer)
	return o
}

// observeAttempts adds a step to the middleware stack of a call that reports each attempt. The step comes directly
// after the SDK's step that retries, which runs the steps after it once for each attempt. In a stack without retries
// the step is the last one of its phase and reports the only attempt.
func observeAttempts(stack *middleware.Stack, o Observer) error {
	step := middleware.FinalizeMiddlewareFunc("backupx.Attempts", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (_ middleware.FinalizeOutput, _ middleware.Metadata, err error) {
		ended := o()
		defer func() { // deferred, because the SDK's decoder may panic
			ended(Throttled(&smithy.OperationError{Err: err})) // as the client wraps the error of the call
		}()
		return next.HandleFinalize(ctx, in)
	})
	if _, retries := stack.Finalize.Get("Retry"); retries {
		return stack.Finalize.Insert(step, "Retry", middleware.After)
	}
	return stack.Finalize.Add(step, middleware.After)
}

// Throttled reports whether the service of a call refused it because there were too many. Only the error code counts:
// the status 429 without such a code may come from a proxy, and a 5xx status or a timeout is a failure of another kind.
// A failure to obtain credentials, such as that of STS, does not count.
func Throttled(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) || CredentialsFailure(err) != nil {
		return false
	}
	_, is := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
	return is
}
