package accounts_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/accounts"
	"github.com/backupx-go/backupx/internal/fakeorg"
)

// TestTenThousandAccounts has ten thousand accounts in twenty regions: two hundred thousand sources.
func TestTenThousandAccounts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	o := &fakeorg.Organization{Caller: id(0), Regions: madeUpRegions(20)}
	for n := range 10_000 {
		o.Accounts = append(o.Accounts, fakeorg.Account{ID: id(n)})
	}
	before := allocated()
	fleet, err := accounts.Fleet(t.Context(), o.Config("eu-made-1"), "BackupAudit", accounts.Regions(o.Regions...))
	require.NoError(t, err)
	require.Len(t, fleet, 200_000)
	require.Equal(t, 500, o.Count("organizations ListAccounts"), "page by page")
	require.Zero(t, o.Count("sts AssumeRole"))
	perSource := (allocated() - before) / len(fleet)
	t.Logf("%d bytes a source", perSource)
	require.Less(t, perSource, 1200)

	runtime.KeepAlive(fleet)
}

// TestClientsDoNotPileUp lists five thousand sources, each with a client of its own.
func TestClientsDoNotPileUp(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	o := &fakeorg.Organization{Caller: id(0), Regions: madeUpRegions(5000), Accounts: []fakeorg.Account{{ID: id(0)}}}
	empty := roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Host, "backup.") {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"BackupJobs":[]}`))}, nil
		}
		return o.RoundTrip(r)
	})
	cfg := o.Config("eu-made-1")
	cfg.HTTPClient = &http.Client{Transport: empty}
	fleet, err := accounts.Fleet(t.Context(), cfg, "BackupAudit", accounts.Regions(o.Regions...))
	require.NoError(t, err)
	require.Len(t, fleet, 5000)
	before := allocated()
	for _, s := range fleet {
		_, err := s.Client.BackupJobs(backupx.BackupJobFilter{}).Collect(t.Context())
		require.NoError(t, err)
	}
	grown := allocated() - before
	t.Logf("%d bytes for the clients of %d sources", grown, len(fleet))
	require.Less(t, grown, 4<<20)
	runtime.KeepAlive(fleet)
}

func madeUpRegions(n int) []string {
	return lo.Times(n, func(i int) string { return fmt.Sprintf("eu-made-%d", i+1) })
}

// allocated returns the bytes that are in use.
func allocated() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
