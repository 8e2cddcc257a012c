package epoch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	smithytime "github.com/aws/smithy-go/time"
	"github.com/stretchr/testify/require"
)

func TestATimeIsThatOfTheSDK(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seconds := []float64{0, 1, -1, 0.001, -0.001, 0.0009, 1773446400.123, 1773446400.9999, limit, -limit, 1.5e9 + 1.0/3}
	for range 10_000 {
		seconds = append(seconds, (r.Float64()*2-1)*limit, float64(r.Int64N(2e9))+r.Float64(), float64(r.Int64N(2e12))/1e3)
	}
	for _, s := range seconds {
		got, err := Time(s)
		require.NoError(t, err)
		require.Equal(t, smithytime.ParseEpochSeconds(s), got, "%v", s)
	}
}

func TestNumbersThatAreNoTime(t *testing.T) {
	for _, s := range []float64{
		math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e300, math.MaxFloat64,
		1773446400000, 20260314000000, -20260314000000, 253402300799, limit + 1, -limit - 1,
	} {
		got, err := Time(s)
		require.EqualError(t, err, fmt.Sprintf("%v seconds since 1970 are no time", s))
		require.Equal(t, time.Time{}, got)
	}
}
