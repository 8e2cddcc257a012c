package schedule

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// starts returns when each of n calls of Pace returns, from now on.
func starts(t *testing.T, n int, pacers ...*Pacer) []time.Duration {
	begin := time.Now()
	var out []time.Duration
	for range n {
		require.NoError(t, Pace(t.Context(), pacers))
		out = append(out, time.Since(begin))
	}
	return out
}

func TestPaceSpacesRequestsOut(t *testing.T) {
	half := 500 * time.Millisecond
	for name, test := range map[string]struct {
		pacers []*Pacer
		want   []time.Duration
	}{
		"no rate":   {nil, []time.Duration{0, 0, 0}},
		"a rate":    {[]*Pacer{NewPacer(2)}, []time.Duration{0, half, 2 * half}},
		"two rates": {[]*Pacer{NewPacer(1), NewPacer(2)}, []time.Duration{0, 2 * half, 4 * half}},
		"the other": {[]*Pacer{NewPacer(2), NewPacer(1)}, []time.Duration{0, 2 * half, 4 * half}},
	} {
		synctest.Test(t, func(t *testing.T) { require.Equal(t, test.want, starts(t, 3, test.pacers...), name) })
	}
}

func TestUnusedTimeIsNotSavedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(1)
		require.Equal(t, []time.Duration{0}, starts(t, 1, p))
		time.Sleep(time.Minute)
		require.Equal(t, []time.Duration{0, time.Second}, starts(t, 2, p))
	})
}

// A request that waits for one rate does not use up another one, which requests of other sources need too.
func TestARequestThatWaitsReservesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared, slow := NewPacer(1), NewPacer(0.1)
		require.Equal(t, []time.Duration{0}, starts(t, 1, slow))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, Pace(ctx, []*Pacer{shared, slow}))
		require.Equal(t, []time.Duration{0}, starts(t, 1, shared))
		require.Equal(t, []time.Duration{5 * time.Second}, starts(t, 1, slow))
	})
}

func TestAPacerOfAVeryLowRateWaitsAndDoesNotOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(math.SmallestNonzeroFloat64)
		require.Equal(t, []time.Duration{0}, starts(t, 1, p))
		ctx, cancel := context.WithTimeout(t.Context(), 1000*time.Hour)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, Pace(ctx, []*Pacer{p}))
	})
}

// As many requests as a rate permits while one of them takes its time are enough to keep up with it.
func TestARateFeedsAsManyRequestsAsFitIntoOne(t *testing.T) {
	p := NewPacer(4)
	for took, want := range map[time.Duration]int{
		0:                        1,
		time.Millisecond:         1,
		250 * time.Millisecond:   1,
		250*time.Millisecond + 1: 2,
		time.Second:              4,
		time.Second + 1:          5,
	} {
		require.Equal(t, want, p.feeds(took), took)
	}
}
