package backupx

import (
	"context"
	"math"
	"sync"
	"time"
)

// pacer spaces requests out: there is an interval between the starts of two requests.
type pacer struct {
	interval time.Duration
	mu       sync.Mutex
	next     time.Time // when the next request may start; guarded by mu
}

func newPacer(perSecond float64) *pacer {
	interval := float64(time.Second) / perSecond
	return &pacer{interval: time.Duration(min(interval, math.MaxInt64/2))}
}

// feeds returns how many requests are under way at the pacer's rate if each takes some time.
func (p *pacer) feeds(took time.Duration) int {
	return max(1, int((took+p.interval-1)/p.interval))
}

// pace waits until all pacers permit a request.
func pace(ctx context.Context, pacers []*pacer) error {
	for {
		wait := reserve(pacers)
		if wait == 0 {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// reserve reserves a start with all pacers, or returns how long to wait until all permit one. It reserves
// with all or with none: an unused reservation would delay the requests of others. The pacers are locked in
// their order, which is the same in every listing (the innermost listing's first): two calls then cannot
// block each other.
func reserve(pacers []*pacer) time.Duration {
	for _, p := range pacers {
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	now := time.Now()
	var wait time.Duration
	for _, p := range pacers {
		wait = max(wait, p.next.Sub(now))
	}
	if wait > 0 {
		return wait
	}
	for _, p := range pacers {
		p.next = now.Add(p.interval)
	}
	return 0
}

// sleep waits for d. If the context ends before, it returns the context's cause.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return cause(ctx)
	}
}
