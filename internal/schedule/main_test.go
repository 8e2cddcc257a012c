package schedule

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/backupx-go/backupx/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.SetHostile()
	goleak.VerifyTestMain(m)
}
