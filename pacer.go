package backupx

import (
	"context"
	"math"
	"sync"
	"time"
)

// pacer lets requests begin no closer together than an interval.
type pacer struct {
	interval time.Duration
	mu       sync.Mutex
	next     time.Time // when the next request may begin
}

func newPacer(perSecond float64) *pacer {
	interval := float64(time.Second) / perSecond
	return &pacer{interval: time.Duration(min(interval, math.MaxInt64/2))}
}

// wait takes the next turn and sleeps until it comes, or the context ends.
func (p *pacer) wait(ctx context.Context) error {
	return sleep(ctx, time.Until(p.turn()))
}

func (p *pacer) turn() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := time.Now()
	if p.next.After(at) {
		at = p.next
	}
	p.next = at.Add(p.interval)
	return at
}

// sleep waits, or ends with the context.
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
