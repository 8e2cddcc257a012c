package since_test

import (
	"flag"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/since"
)

func TestAValueIsTheOneOfAnyFlagSet(t *testing.T) {
	var v since.Value
	flags := flag.NewFlagSet("lake", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Var(&v, "since", "what was created "+since.Takes)
	now := time.Date(2026, time.November, 26, 12, 0, 0, 0, time.UTC)
	at, err := v.From(now)
	require.NoError(t, err)
	require.Zero(t, at, "not given")
	require.NoError(t, flags.Parse([]string{"-since", "1d12h"}))
	at, err = v.From(now)
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, time.November, 25, 0, 0, 0, 0, time.UTC), at)
	require.Error(t, flags.Parse([]string{"-since", "yesterday"}))
}
