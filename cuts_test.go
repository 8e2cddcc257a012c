package backupx_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
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

// newCutSource returns a service and a listing of the ids of its jobs, as the one source of a fleet. They are on three pages:
// the chain is cut behind the first, and each window is one page.
func newCutSource() (*fakeaws.Service, backupx.Listing[string]) {
	services, fleet := regions(map[string]int{"a": 30}, nil)
	ids := backupx.Map(backupx.Across(fleet, listJobs), func(v backupx.Sourced[types.BackupJob]) string { return idOf(v.Item) })
	return services["a"], ids.Parallel(20)
}

// windowEnds returns the ends of the windows that requests asked for, the newest first.
func windowEnds(s *fakeaws.Service) []string {
	ends := lo.Uniq(lo.FilterMap(s.Requests(), func(r fakeaws.Request, _ int) (string, bool) {
		end := r.Parameter("createdBefore")
		return end, end != ""
	}))
	slices.Sort(ends)
	slices.Reverse(ends)
	return ends
}

// denyWindow makes the requests for a window fail.
func denyWindow(s *fakeaws.Service, end string) {
	s.Fault(fakeaws.Fault{
		When: func(r fakeaws.Request) bool { return r.Parameter("createdBefore") == end }, Do: fakeaws.AccessDenied(),
	})
}

func TestATokenThatNoRequestSendsIsNotRepeated(t *testing.T) {
	s, l := newCutSource()
	s.Fault(fakeaws.Fault{Do: fakeaws.RepeatToken()})
	requireCount(t, 30, l)
	require.True(t, lo.EveryBy(s.Requests(), func(r fakeaws.Request) bool { return r.Token == "" }))
	requireCountOfLoop(t, 20, l.Parallel(1))
}

func TestAChainWhoseTokenWasRepeatedIsNotCut(t *testing.T) {
	for _, repeats := range []bool{false, true} {
		services, fleet := regions(map[string]int{"a": 100}, nil)
		l := backupx.Across(fleet, listJobs)
		first := l.Limit(10).Cursor()
		got, err := drain(first.All(t.Context()))
		require.NoError(t, err)
		require.Len(t, got, 10)
		if repeats {
			services["a"].Fault(fakeaws.Fault{Do: fakeaws.RepeatToken()})
		}
		second, err := l.Parallel(20).Resume(throughText(t, first.Checkpoint()))
		require.NoError(t, err)
		got, err = drain(second.All(t.Context()))
		if repeats {
			require.ErrorIs(t, err, backupx.ErrTokenLoop)
			require.Len(t, got, 10)
			require.Empty(t, windowEnds(services["a"]))
			continue
		}
		require.NoError(t, err)
		require.Len(t, got, 90)
		require.NotEmpty(t, windowEnds(services["a"]), "the chain is cut")
	}
}

func TestAFailureOfAWindowOfACutIsAnErrorUnlessTheChainReadsOn(t *testing.T) {
	s, l := newCutSource()
	whole, err := l.Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, whole, 30)
	ends := windowEnds(s)
	require.Len(t, ends, 5)
	for i, end := range ends {
		s.ClearFaults()
		denyWindow(s, end)
		got, err := drain(l.All(t.Context()))
		if i == 0 { // the window that verifies the cut
			require.NoError(t, err)
			require.ElementsMatch(t, whole, got)
			continue
		}
		require.Equal(t, map[string]backupx.Kind{"a": backupx.KindDenied}, kindsOf(t, err))
		var list *backupx.ListError
		require.ErrorAs(t, err, &list)
		s.ClearFaults()
		require.ElementsMatch(t, whole, append(got, resumeFrom(t, l, list.Checkpoint)...))
	}
	denyWindow(s, ends[0])
	s.Fault(fakeaws.Fault{Do: fakeaws.RepeatToken()})
	requireCountOfLoop(t, 20, l)
}

// requireCountOfLoop requires that a listing delivers this many items before its token is repeated.
func requireCountOfLoop[T any](t *testing.T, want int, l backupx.Listing[T]) {
	t.Helper()
	got, err := l.Count(t.Context())
	require.ErrorIs(t, err, backupx.ErrTokenLoop)
	require.Equal(t, want, got)
}
