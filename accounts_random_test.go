package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/smithy-go"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/internal/testenv"
)

// unreliable is an account whose answers take a random time, fail, or are refused, and that may not heed its context.
type unreliable struct {
	*account
	r        *rand.Rand
	jitter   time.Duration
	fail     float64
	throttle float64
	heed     bool
}

func (u unreliable) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	u.mu.Lock()
	more := time.Duration(u.r.Int64N(int64(u.jitter) + 1))
	x := u.r.Float64()
	u.mu.Unlock()
	if !u.heed {
		ctx = context.Background()
	}
	u.underWay.add(1)
	u.fleet.add(1)
	err := pause(ctx, u.latency+more)
	u.underWay.add(-1)
	u.fleet.add(-1)
	switch {
	case err != nil:
		return nil, err
	case x < u.fail:
		return nil, errBoom
	case x < u.fail+u.throttle:
		return nil, &smithy.GenericAPIError{Code: "ThrottlingException"}
	}
	return u.page(in)
}

// accountSeeds is how many random accounts a test reads.
const accountSeeds = 150

// TestAccountsAtRandom reads jobs of one to three accounts with random settings, latencies, failures, refusals, breaks and
// resumptions, through the text of checkpoints: each job comes once, and no bound is exceeded. The environment variable
// ACCOUNTS sets another number of seeds:
//
//	ACCOUNTS=10000 go test -run 'TestAccountsAtRandom$' .
func TestAccountsAtRandom(t *testing.T) {
	t.Parallel()
	for seed := range testenv.Number(t, "ACCOUNTS", accountSeeds) {
		inBubble(t, fmt.Sprintf("seed %d", seed), func(t *testing.T) { readAtRandom(t, uint64(seed)) })
	}
}

func readAtRandom(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 77))
	fleetGauge := &gauge{}
	k := 1 + r.IntN(3)
	if r.IntN(2) == 0 {
		k = 1
	}
	accounts := make([]*account, k)
	clients := make([]backupx.Client, k)
	fail, thr := 0.0, 0.0
	if r.IntN(2) == 0 {
		fail = 0.01
	}
	if r.IntN(2) == 0 {
		thr = 0.03
	}
	heed := r.IntN(3) > 0
	for i := range k {
		n := 1 + r.IntN(1500)
		created := distributions[r.IntN(len(distributions))].newestFirst(n)
		a := newAccount(created)
		a.pageSize = 5 + r.IntN(40)
		a.inclusive = r.IntN(2) == 0
		a.untimed = r.IntN(12) == 0
		a.fleet = fleetGauge
		a.latency = time.Duration(1+r.IntN(300)) * time.Millisecond
		accounts[i] = a
		clients[i] = backupx.Client{Backup: unreliable{a, rand.New(rand.NewPCG(seed, uint64(i))), time.Duration(r.IntN(2)*r.IntN(1000)) * time.Millisecond, fail, thr, heed}, Now: func() time.Time { return day }}
	}
	f := backupx.BackupJobFilter{}
	keep := func(int) bool { return true }
	if r.IntN(3) == 0 {
		f = f.States("COMPLETED", "FAILED", "PARTIAL")
		keep = func(i int) bool { return i%4 != 2 }
	}
	if r.IntN(4) == 0 {
		named := map[string]bool{}
		for range 1 + r.IntN(40) {
			named[strconv.Itoa(r.IntN(1600))] = true
		}
		f = f.IDs(lo.Keys(named)...)
		ofStates := keep
		keep = func(i int) bool { return ofStates(i) && named[strconv.Itoa(i)] }
	}
	var where func(string) bool
	if r.IntN(3) == 0 {
		where = func(s string) bool { return s[len(s)-1] != '3' }
	}
	mix := r.IntN(4)
	sp := lo.Times(k, func(int) int { return r.IntN(4) })
	every := time.Duration(0)
	if r.IntN(6) == 0 {
		every = 24 * time.Hour
	}
	mk := func(par int) backupx.Listing[string] {
		id := func(c backupx.Client) backupx.Listing[string] {
			for i := range clients {
				if clients[i].Backup == c.Backup {
					l := backupx.Map(c.BackupJobs(f), func(j types.BackupJob) string { return fmt.Sprintf("%d/%s", i, *j.BackupJobId) })
					return l
				}
			}
			panic("no")
		}
		var l backupx.Listing[string]
		if k == 1 && mix < 3 {
			l = id(clients[0])
		} else if mix == 0 {
			l = backupx.Concat(lo.Map(clients, func(c backupx.Client, _ int) backupx.Listing[string] { return id(c) })...)
		} else {
			fl := make(backupx.Fleet, k)
			for i := range k {
				fl[i] = backupx.Source{Name: fmt.Sprint("s", i), Client: clients[i], Parallel: sp[i]}
			}
			l = backupx.Map(backupx.Across(fl, id), func(s backupx.Sourced[string]) string { return s.Item })
		}
		if where != nil {
			l = l.Where(where)
		}
		if every > 0 {
			l = l.Every(every)
		}
		return l
	}
	settings := func(l backupx.Listing[string], par int) backupx.Listing[string] {
		l = l.Parallel(par)
		if r.IntN(2) == 0 {
			l = l.Prefetch(r.IntN(4))
		}
		if r.IntN(3) == 0 {
			l = l.Ordered()
		}
		if r.IntN(3) == 0 {
			l = l.Rate([]float64{3, 10, 30}[r.IntN(3)])
		}
		if r.IntN(3) == 0 {
			l = l.PageSize(3 + r.IntN(50))
		}
		return l
	}
	got := map[string]int{}
	var cp backupx.Checkpoint
	mostPar := 0
	var cursor *backupx.Cursor[string]
	for round := 0; ; round++ {
		require.Less(t, round, 400, "rounds")
		par := 1 + r.IntN(12)
		mostPar = max(mostPar, par)
		if cursor == nil || r.IntN(2) == 0 {
			l := settings(mk(par), par)
			limit := 0
			if r.IntN(3) == 0 {
				limit = 1 + r.IntN(300)
				l = l.Limit(limit)
			}
			var err error
			cursor, err = l.Resume(cp)
			require.NoError(t, err)
		}
		stop := -1
		if r.IntN(2) == 0 {
			stop = r.IntN(400)
		}
		n := 0
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		if r.IntN(6) == 0 {
			ctx, cancel = context.WithTimeout(t.Context(), time.Duration(r.IntN(5000))*time.Millisecond)
		}
		sleeps := r.IntN(3) == 0
		for v, err := range cursor.All(ctx) {
			if err != nil {
				require.Condition(t, func() bool {
					var api smithy.APIError
					return errors.Is(err, errBoom) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &api)
				}, "%v", err)
				var le *backupx.ListError
				require.ErrorAs(t, err, &le)
				continue
			}
			got[v]++
			require.Equal(t, 1, got[v], "%s twice, round %d", v, round)
			n++
			if sleeps && n%50 == 0 {
				time.Sleep(100 * time.Millisecond)
			}
			if n == stop {
				break
			}
		}
		cancel()
		require.LessOrEqual(t, fleetGauge.highest(), mostPar)
		text, err := cursor.Checkpoint().MarshalText()
		require.NoError(t, err)
		cp = backupx.Checkpoint{}
		require.NoError(t, cp.UnmarshalText(text))
		if cp.Done() {
			break
		}
	}
	want := 0
	for i, a := range accounts {
		for j := range a.created {
			key := fmt.Sprintf("%d/%d", i, j)
			if keep(j) && (where == nil || where(key)) {
				want++
				require.Equal(t, 1, got[key], "%s is lost", key)
			}
		}
		if k > 1 && mix != 0 || mix == 3 {
			if sp[i] > 0 {
				require.LessOrEqual(t, a.underWay.highest(), sp[i])
			}
		}
	}
	require.Len(t, got, want)
}
