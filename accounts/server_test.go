package accounts_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/accounts"
)

// TestAnOrganisationOverHTTP has a server in the place of AWS, and the SDK's own HTTP client, retries and waits.
func TestAnOrganisationOverHTTP(t *testing.T) {
	o := forty()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(o)
	server.Config.ConnState = countNew(&connections)
	server.Start()
	defer server.Close()
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: o.Config("").Credentials,
		DefaultsMode: aws.DefaultsModeStandard, // in which the SDK gives each client an HTTP client of its own
	}

	fleet, err := accounts.Fleet(t.Context(), cfg, "BackupAudit", accounts.Parallel(4))
	require.NoError(t, err)
	jobs, err := listing(fleet).Parallel(4).Collect(t.Context())
	var failed backupx.SourceErrors
	require.ErrorAs(t, err, &failed)
	require.ElementsMatch(t, names(append(ids(0, 10), ids(23, 40)...), "eu-west-1", "us-east-1"),
		lo.Map(jobs, func(j backupx.Sourced[types.BackupJob], _ int) string { return j.Source }), "every job once")
	require.ElementsMatch(t, names(ids(20, 23), "us-east-1"), lo.Map(failed, func(e *backupx.SourceError, _ int) string { return e.Source }))
	require.Equal(t, backupx.KindDenied, backupx.KindOf(failed))
	require.Less(t, connections.Load(), int32(40), "all clients share their connections")
}

// countNew counts the connections to a server.
func countNew(n *atomic.Int32) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			n.Add(1)
		}
	}
}
