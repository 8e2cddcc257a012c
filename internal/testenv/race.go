package testenv

import "testing"

// SkipWithRace skips a test whose work is that of one goroutine, in which the race detector has nothing to find: it
// would only take ten times as long.
func SkipWithRace(t testing.TB) {
	t.Helper()
	if raceDetector {
		t.Skip("one goroutine: it runs without -race")
	}
}
