package accounts_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/accounts"
	"github.com/backupx-go/backupx/internal/fakeorg"
)

// TestAccountsSideBySide lists more sources than the cache keeps clients of, from two goroutines at a time. The id of each
// job has the account of the credentials and the region that it was requested with.
func TestAccountsSideBySide(t *testing.T) {
	o := &fakeorg.Organization{Caller: id(0), Role: "/r", Regions: madeUpRegions(60), Services: oneJob}
	for n := range 20 {
		o.Accounts = append(o.Accounts, fakeorg.Account{ID: id(n)})
	}
	fleet, err := accounts.Fleet(t.Context(), o.Config("eu-made-1"), "r", accounts.Regions(o.Regions...))
	require.NoError(t, err)
	before := runtime.NumGoroutine()
	var both [2][]backupx.Sourced[types.BackupJob]
	var errs [2]error
	var workers sync.WaitGroup
	for i := range both {
		workers.Go(func() { both[i], errs[i] = listing(fleet).Parallel(20).Collect(t.Context()) })
	}
	workers.Wait()
	for i := range both {
		require.NoError(t, errs[i])
		require.ElementsMatch(t, namesOf(fleet), lo.Map(both[i], func(j backupx.Sourced[types.BackupJob], _ int) string { return *j.Item.BackupJobId }))
		require.True(t, lo.EveryBy(both[i], func(j backupx.Sourced[types.BackupJob]) bool { return j.Source == *j.Item.BackupJobId }))
	}
	require.Equal(t, 19, o.Count("sts AssumeRole"), "one for the sixty regions of an account")
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}
