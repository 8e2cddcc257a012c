package since_test

import (
	"testing"

	"github.com/backupx-go/backupx/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.SetHostile()
	m.Run()
}
