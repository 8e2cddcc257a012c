package backupx_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/backupx-go/backupx/internal/testenv"
)

// TestMain fails the tests if they read the environment, or if a goroutine outlives them: a range leaves
// none, however it ends.
func TestMain(m *testing.M) {
	testenv.SetHostile()
	goleak.VerifyTestMain(m)
}
