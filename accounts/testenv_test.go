package accounts_test

import (
	"os"
	"testing"

	"github.com/backupx-go/backupx/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.SetHostile()
	os.Exit(m.Run())
}
