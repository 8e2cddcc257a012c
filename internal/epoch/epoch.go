// Package epoch reads the times of responses. It is the one rule of this module for which numbers are times.
package epoch

import (
	"fmt"
	"math"
	"time"

	"github.com/aws/smithy-go"
)

// limit is the largest number of seconds since 1970, before or after, that fits into 64 bits of nanoseconds.
const limit = float64(math.MaxInt64 / int64(time.Second))

// Time returns the time that is a number of seconds after 1970, cut to milliseconds as the SDK's
// smithytime.ParseEpochSeconds does. A number outside the years 1678 to 2262 is an error, and so are infinity and NaN:
// the SDK turns the first two into arbitrary dates and panics at the third.
func Time(seconds float64) (time.Time, error) {
	if math.IsNaN(seconds) || math.Abs(seconds) > limit {
		return time.Time{}, fmt.Errorf("%v seconds since 1970 are no time", seconds)
	}
	return time.UnixMilli(int64(seconds * 1e3)).UTC(), nil
}

// Read reads a time that a response has as a number.
func Read(d smithy.ShapeDeserializer, s *smithy.Schema) (time.Time, error) {
	var seconds float64
	if err := d.ReadFloat64(s, &seconds); err != nil {
		return time.Time{}, err
	}
	return Time(seconds)
}
