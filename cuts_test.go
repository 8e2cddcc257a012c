package backupx_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// uneven adds a random time to the latency of an account.
type uneven struct {
	*account

	more func() time.Duration
}

func (u uneven) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	if err := pause(ctx, u.more()); err != nil {
		return nil, err
	}
	return u.account.ListBackupJobs(ctx, in, opts...)
}

func TestAChainThatWaitsForItsRateIsNotCut(t *testing.T) {
	for seed := range uint64(4) {
		for _, rate := range []float64{5, 10, 20} {
			for name, way := range map[string]func(backupx.Listing[string]) backupx.Listing[string]{
				"Prefetch": func(l backupx.Listing[string]) backupx.Listing[string] { return l.Prefetch(3) },
				"Ordered":  backupx.Listing[string].Ordered,
			} {
				inBubble(t, fmt.Sprint(name, rate, seed), func(t *testing.T) {
					const jobs, n = 6000, 8
					a := newAccount(distributions[0].newestFirst(jobs))
					a.pageSize = 40
					r := rand.New(rand.NewPCG(seed, 1))
					client := backupx.Client{Now: func() time.Time { return day }, Backup: uneven{a, func() time.Duration {
						a.mu.Lock()
						defer a.mu.Unlock()
						return time.Duration(r.Int64N(int64(time.Second)))
					}}}
					l := backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), idOf).Parallel(n).Rate(rate)
					got, err := drain(way(l).All(t.Context()))
					require.NoError(t, err)
					seen := lo.CountValues(got)
					twice, lost := 0, 0
					for i := range jobs {
						switch c := seen[strconv.Itoa(i)]; {
						case c == 0:
							lost++
						case c > 1:
							twice++
						}
					}
					require.Equal(t, [2]int{}, [2]int{twice, lost}, "delivered twice, lost")
					require.LessOrEqual(t, a.underWay.highest(), n)
				})
			}
		}
	}
}

// heedless is an account whose requests end with an answer although their context has ended.
type heedless struct{ *account }

func (h heedless) ListBackupJobs(_ context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	return h.account.ListBackupJobs(context.Background(), in, opts...)
}

func TestACutThatIsVerifiedAfterItsChainHasEnded(t *testing.T) {
	for i := range 7 * 12 {
		at, d, n := time.Duration(8+i/7)*100*time.Millisecond+50*time.Millisecond, distributions[i%7], 6
		inBubble(t, fmt.Sprint(d.name, n, at), func(t *testing.T) {
			a := newAccount(d.newestFirst(4000))
			a.pageSize = 40
			client := backupx.Client{Backup: heedless{a}, Now: func() time.Time { return day }}
			fails := backupx.List("fails", func(context.Context, string, int) (backupx.Page[string], error) {
				time.Sleep(at)
				return backupx.Page[string]{}, errBoom
			})
			slow := backupx.List("slow", func(context.Context, string, int) (backupx.Page[string], error) {
				time.Sleep(10 * time.Second) // it does not heed its context
				return backupx.Page[string]{}, nil
			})
			_, err := drain(backupx.Concat(backupx.Map(client.BackupJobs(backupx.BackupJobFilter{}), idOf), fails, slow).Parallel(n).All(t.Context()))
			require.ErrorIs(t, err, errBoom)
		})
	}
}
