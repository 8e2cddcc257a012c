package backupx_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails the tests if a goroutine outlives them: a range leaves none, however it ends.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
