package schedule

import (
	"context"
	"math"
	"sync"
	"time"

	smithytime "github.com/aws/smithy-go/time"
)

// Pacer spaces requests out: there is an interval between the starts of two requests.
type Pacer struct {
	interval time.Duration
	mu       sync.Mutex
	next     time.Time // when the next request may start; guarded by mu
}

// NewPacer returns a pacer that permits a number of requests a second.
func NewPacer(perSecond float64) *Pacer {
	interval := float64(time.Second) / perSecond
	return &Pacer{interval: time.Duration(min(interval, math.MaxInt64/2))}
}

// feeds returns how many requests are under way at the pacer's rate if each takes some time.
func (p *Pacer) feeds(took time.Duration) int {
	return max(1, int((took+p.interval-1)/p.interval))
}

// Pace waits until all pacers permit a request. It fails with the error of the context if that ends before.
func Pace(ctx context.Context, pacers []*Pacer) error {
	for {
		wait := reserve(pacers)
		if wait == 0 {
			return nil
		}
		if err := smithytime.SleepWithContext(ctx, wait); err != nil {
			return err
		}
	}
}

// reserve reserves a start with all pacers, or returns how long to wait until all permit one. It reserves
// with all or with none: an unused reservation would delay the requests of others. The pacers are locked in
// their order, which is the same in every listing (the innermost listing's first): two calls then cannot
// block each other.
func reserve(pacers []*Pacer) time.Duration {
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
