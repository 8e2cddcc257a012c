package sources_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.SetHostile()
	m.Run()
}

func TestTheHeaderNamesAccountsAndRegions(t *testing.T) {
	cfg := fakeaws.New(fakeaws.Data{}).Config()
	prod, denied := clitest.WithAccount(cfg, "111122223333"), clitest.WithAccount(cfg, "")
	fleet := backupx.Fleet{
		{Name: "prod/us-east-1", Region: "us-east-1", Config: prod},
		{Name: "test/us-east-1", Region: "us-east-1", Config: denied},
		{Name: "prod/eu-west-1", Region: "eu-west-1", Config: prod},
		{Name: "444455556666/us-east-1", Account: "444455556666", Region: "us-east-1", Config: denied},
	}
	require.Equal(t, "account 111122223333 in us-east-1, eu-west-1; account not told (AccessDenied: it is denied by a policy) in us-east-1; "+
		"account 444455556666 in us-east-1", sources.Header(t.Context(), fleet))
}

// The header of ten thousand accounts would hide what follows it.
func TestTheHeaderCountsManyAccounts(t *testing.T) {
	fleet := lo.Times(18, func(i int) backupx.Source {
		account, region := fmt.Sprintf("%012d", i/2), []string{"us-east-1", "eu-west-1"}[i%2]
		return backupx.Source{Name: account + "/" + region, Account: account, Region: region}
	})
	require.Equal(t, "9 accounts in eu-west-1, us-east-1", sources.Header(t.Context(), fleet))
	require.Contains(t, sources.Header(t.Context(), fleet[2:]), "account 000000000001 in us-east-1, eu-west-1; account 000000000002 in ")
}

// silent is an HTTP client that never answers, and counts the requests.
type silent struct{ asked *atomic.Int32 }

func (s silent) Do(r *http.Request) (*http.Response, error) {
	s.asked.Add(1)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestAnAccountThatIsNotToldHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, asked := fakeaws.New(fakeaws.Data{}).Config(), new(atomic.Int32)
		cfg.HTTPClient = silent{asked}
		start := time.Now()
		require.Equal(t, "account not told (context deadline exceeded)", sources.Account(t.Context(), cfg))
		require.Equal(t, 10*time.Second, time.Since(start))
		require.Equal(t, int32(1), asked.Load())
	})
	mute := fakeaws.New(fakeaws.Data{}, fakeaws.WithOperation("sts GetCallerIdentity", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"))
	})))
	require.Equal(t, "account not told (the answer names none)", sources.Account(t.Context(), mute.Config()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Contains(t, sources.Account(ctx, aws.Config{Region: "us-east-1"}), "account not told (")
}
