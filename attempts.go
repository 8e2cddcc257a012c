package backupx

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// attempts follows the attempts of one request of a task: the SDK retries a request by itself, and each attempt that
// the service throttles is evidence of how many requests it permits.
type attempts struct {
	sched  *scheduler
	task   *task
	sentAt int // scheduler.clock at the attempt
}

type attemptsKey struct{}

// withAttempts returns a context whose SDK call reports its attempts.
func withAttempts(ctx context.Context, a *attempts) context.Context {
	return context.WithValue(ctx, attemptsKey{}, a)
}

// addAttempts adds a step to the middleware stack of a call that reports its attempts, if the context asks for it.
func addAttempts(ctx context.Context, stack *middleware.Stack) error {
	a, ok := ctx.Value(attemptsKey{}).(*attempts)
	if !ok {
		return nil
	}
	step := middleware.FinalizeMiddlewareFunc("backupx.Attempts", a.handle)
	if _, retries := stack.Finalize.Get("Retry"); retries {
		return stack.Finalize.Insert(step, "Retry", middleware.After)
	}
	return stack.Finalize.Add(step, middleware.After)
}

// handle is the step of the middleware stack. The SDK calls it once for each attempt.
func (a *attempts) handle(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (middleware.FinalizeOutput, middleware.Metadata, error) {
	a.began()
	out, md, err := next.HandleFinalize(ctx, in)
	if throttled(err) {
		a.throttled()
	}
	return out, md, err
}

// began notes that an attempt is sent.
func (a *attempts) began() {
	a.sched.Lock()
	defer a.sched.Unlock()
	a.task.observed = true
	a.sched.clock++
	a.sentAt = a.sched.clock
}

// throttled notes that the service refused the attempt.
func (a *attempts) throttled() {
	a.sched.Lock()
	defer a.sched.Unlock()
	a.task.scope.halve(a.sched, a.sentAt)
}

// throttled reports whether an error is the answer of a service that throttles, by its code.
func throttled(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	_, ok := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
	return ok
}
