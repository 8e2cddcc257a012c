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

// enter waits until a request may begin: for one of each of the places, which it holds until leave is
// called, and for its turn. No place is held while it waits for a turn.
func enter(ctx context.Context, places []chan struct{}, pacers []*pacer) (leave func(), err error) {
	for {
		leave, err := occupy(ctx, places)
		if err != nil {
			return nil, err
		}
		wait := turn(pacers)
		if wait == 0 {
			return leave, nil
		}
		leave()
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

func occupy(ctx context.Context, places []chan struct{}) (leave func(), err error) {
	var taken []chan struct{}
	leave = func() {
		for _, p := range taken {
			<-p
		}
	}
	for _, p := range places {
		if p == nil {
			continue
		}
		select {
		case p <- struct{}{}:
			taken = append(taken, p)
		case <-ctx.Done():
			leave()
			return nil, cause(ctx)
		}
	}
	if ctx.Err() != nil {
		leave()
		return nil, cause(ctx)
	}
	return leave, nil
}

// turn takes a turn of all pacers, or says how long it is until all have one. It takes none unless it
// gets all: a turn taken in vain would hold the source back. They are locked from the inside out, as
// every listing has them.
func turn(pacers []*pacer) time.Duration {
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
