package backupx_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// jobIs reports whether a job has a state; a job that failed is an error.
func jobIs(state types.BackupJobState) func(types.BackupJob) (bool, error) {
	return func(j types.BackupJob) (bool, error) {
		if j.State == types.BackupJobStateFailed {
			return false, errors.New("it failed")
		}
		return j.State == state, nil
	}
}

func TestAwaitLooksUntilAnItemIsAsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := fakeaws.New(fakeaws.Data{}, fakeaws.WithMoving(fakeaws.Moving{
			ID: "job", Steps: []fakeaws.Step{{State: "COMPLETED", At: begin.Add(5 * time.Minute)}},
		}))
		go func() {
			time.Sleep(time.Minute) // the listing is empty until then
			s.AddBackupJobs(running("job", time.Now()))
		}()
		job, err := backupx.Await(t.Context(), clientOf(s).BackupJobs(backupx.BackupJobFilter{}), jobIs(types.BackupJobStateCompleted), time.Hour)
		require.NoError(t, err)
		require.Equal(t, "job", idOf(job))
		require.Equal(t, types.BackupJobStateCompleted, job.State)
		require.InDelta(t, 5*time.Minute, time.Since(begin), float64(30*time.Second))
		requests := s.Requests()
		for i := range requests[1:] {
			require.GreaterOrEqual(t, requests[i+1].Time.Sub(requests[i].Time), min(500*time.Millisecond<<i, 15*time.Second))
		}
		require.Less(t, len(requests), 30)
	})
}

func TestAwaitBearsABadMinute(t *testing.T) {
	for name, effect := range map[string]fakeaws.Effect{
		"throttled": fakeaws.Throttle(), "5xx": fakeaws.InternalError(), "a proxy's 502": fakeaws.Status(http.StatusBadGateway),
		"507": fakeaws.Status(http.StatusInsufficientStorage), "connection": fakeaws.Drop(),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				bad := func(fakeaws.Request) bool { return time.Since(begin) < 3*time.Minute }
				s := fakeaws.New(fakeaws.Data{HSM: []hsmtypes.Backup{hsmBackup("aaaaaaaaaaa", "READY", 1)}},
					fakeaws.WithFaults(fakeaws.Fault{When: bad, Do: effect}))
				s.AddBackupJobs(endedJob("job", types.BackupJobStateCompleted, begin, begin))
				client := clientOf(s)
				_, err := backupx.Await(t.Context(), client.BackupJobs(backupx.BackupJobFilter{}), jobIs(types.BackupJobStateCompleted), time.Hour)
				require.NoError(t, err)

				begin = time.Now()
				_, err = client.WaitHSMBackup(t.Context(), "backup-aaaaaaaaaaa", "READY", time.Hour)
				require.NoError(t, err)

				begin = time.Now()
				_, err = backupx.Await(t.Context(), client.BackupJobs(backupx.BackupJobFilter{}), jobIs(types.BackupJobStateCompleted), time.Minute)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.ErrorContains(t, err, "backupx: Await: context deadline exceeded: no item is as awaited after 1m0s: the last look failed: ListBackupJobs: page 1: ")
				var failed *backupx.ListError
				require.ErrorAs(t, err, &failed)
			})
		})
	}
}

// The error of an attempt that took too long is that of a context that has ended.
func TestAwaitTellsThatTheServiceDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fakeaws.New(fakeaws.Data{}, fakeaws.WithLatency(time.Hour))
		cfg := s.Config()
		cfg.HTTPClient = &http.Client{Transport: s, Timeout: 2 * time.Second}
		client := backupx.New(cfg)
		_, err := backupx.Await(t.Context(), client.BackupJobs(backupx.BackupJobFilter{}), jobIs(types.BackupJobStateCompleted), time.Minute)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, ": no item is as awaited after 1m0s: the last look failed: ListBackupJobs: page 1: ")
		_, err = client.WaitHSMBackup(t.Context(), "backup-aaaaaaaaaaa", "READY", time.Minute)
		require.ErrorContains(t, err, ": it is not READY after 1m0s: the last look failed: DescribeBackups: page 1: ")

		_, err = backupx.Await(t.Context(), clientOf(s).BackupJobs(backupx.BackupJobFilter{}), jobIs(types.BackupJobStateCompleted), time.Minute)
		require.EqualError(t, err, "backupx: Await: context deadline exceeded: no item is as awaited after 1m0s", "the only look was broken off")
	})
}

func TestAwaitEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for want, effect := range map[string]fakeaws.Effect{
			"AccessDeniedException":   fakeaws.AccessDenied(),
			"UnrecognizedClient":      fakeaws.NotEnabled(),
			"InvalidParameterValue":   fakeaws.Error(http.StatusBadRequest, "InvalidParameterValueException", "no"),
			"empty body":              fakeaws.EmptyBody(),
			"ExpiredTokenException":   fakeaws.Error(http.StatusForbidden, "ExpiredTokenException", "expired"),
			"forbidden by a firewall": fakeaws.NamelessError(http.StatusForbidden, "", "forbidden by a firewall"),
		} {
			s := fakeaws.New(fakeaws.Data{}, fakeaws.WithFaults(fakeaws.Fault{Do: effect}))
			begin := time.Now()
			_, err := backupx.Await(t.Context(), clientOf(s).BackupJobs(backupx.BackupJobFilter{}), jobIs(types.BackupJobStateCompleted), time.Hour)
			require.ErrorContains(t, err, want)
			_, err = clientOf(s).WaitHSMBackup(t.Context(), "backup-aaaaaaaaaaa", "READY", time.Hour)
			require.ErrorContains(t, err, want)
			require.Zero(t, time.Since(begin))
		}
	})
}

func TestAwaitReturnsTheItemWithTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		s := fakeaws.New(fakeaws.Data{BackupJobs: []types.BackupJob{
			running("a", now), endedJob("b", types.BackupJobStateFailed, now, now), running("c", now),
		}})
		jobs := clientOf(s).BackupJobs(backupx.BackupJobFilter{})
		job, err := backupx.Await(t.Context(), jobs, jobIs(types.BackupJobStateCompleted), time.Hour)
		require.EqualError(t, err, "backupx: Await: it failed")
		require.Equal(t, "b", idOf(job))

		s.Remove("b")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("enough"))
		defer cancel()
		_, err = backupx.Await(ctx, jobs, jobIs(types.BackupJobStateCompleted), time.Hour)
		require.EqualError(t, err, "backupx: Await: context deadline exceeded: enough")

		job, err = backupx.Await(t.Context(), jobs, jobIs(types.BackupJobStateCompleted), time.Minute)
		require.EqualError(t, err, "backupx: Await: context deadline exceeded: no item is as awaited after 1m0s")
		require.Contains(t, []string{"a", "c"}, idOf(job), "the last item that was looked at")
	})
}

func TestAwaitOfAFleetBearsOnlyWhatPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		fleet, services := fleetOfAccounts(c, "a", "b")
		services["b"].AddBackupJobs(endedJob("job", types.BackupJobStateCompleted, c.now, c.now))
		services["a"].Fault(fakeaws.Fault{Times: 20, Do: fakeaws.Throttle()})
		late := services["b"].Fault(fakeaws.Fault{Times: 20, Do: fakeaws.InternalError()})
		jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
			return c.BackupJobs(backupx.BackupJobFilter{})
		})
		done := func(v backupx.Sourced[types.BackupJob]) (bool, error) { return v.Source == "b", nil }
		_, err := backupx.Await(t.Context(), jobs, done, time.Hour)
		require.NoError(t, err)
		require.Equal(t, 20, late.Fired())

		services["a"].Fault(fakeaws.Fault{Do: fakeaws.AccessDenied()})
		services["b"].Fault(fakeaws.Fault{Do: fakeaws.Throttle()})
		_, err = backupx.Await(t.Context(), jobs, done, time.Hour)
		require.ErrorContains(t, err, "AccessDenied")
	})
}

func TestAwaitReturnsTheLastItemThatItLookedAt(t *testing.T) {
	for name, later := range map[string]error{"nothing is listed any longer": nil, "the looks fail": &types.ServiceUnavailableException{}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				looks := 0
				list := backupx.List("ListThings", func(_ context.Context, token string, _ int) (backupx.Page[string], error) {
					switch looks++; {
					case looks > 4:
						return backupx.Page[string]{}, later
					case token == "":
						return backupx.Page[string]{Items: []string{"first"}, Next: "2"}, nil
					}
					return backupx.Page[string]{Items: []string{"last"}}, nil
				})
				item, err := backupx.Await(t.Context(), list, func(string) (bool, error) { return false, nil }, time.Minute)
				require.Error(t, err)
				require.Equal(t, "last", item)
			})
		})
	}
}

// An error of done ends the waiting, and is returned, whatever it is.
func TestAwaitReturnsAnyErrorOfDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := newShelf("a", 2, 1).list()
		for _, want := range []error{context.DeadlineExceeded, &types.ServiceUnavailableException{}, backupx.SourceErrors{}, errors.New("no")} {
			begin := time.Now()
			item, err := backupx.Await(t.Context(), list, func(string) (bool, error) { return true, want }, time.Hour)
			require.EqualError(t, err, "backupx: Await: "+want.Error())
			require.Equal(t, "a-000", item)
			require.Zero(t, time.Since(begin))
		}
	})
}

// Sources that were throttled do not hide that the listing ended for a reason that does not pass.
func TestAwaitEndsAtOnceBesideAFailedSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet, services := fleetOfAccounts(newClock(), "a", "b")
		services["a"].Fault(fakeaws.Fault{Do: fakeaws.Throttle()})
		services["b"].Fault(fakeaws.Fault{Do: fakeaws.AccessDenied()})
		jobs := func(c backupx.Client) backupx.Listing[types.BackupJob] {
			return c.BackupJobs(backupx.BackupJobFilter{})
		}
		across := backupx.Map(backupx.Across(fleet[:1], jobs), func(v backupx.Sourced[types.BackupJob]) types.BackupJob { return v.Item })
		_, err := backupx.Await(t.Context(), backupx.Concat(across, jobs(fleet[1].Client)), jobIs(types.BackupJobStateCompleted), time.Hour)
		require.ErrorContains(t, err, "AccessDenied")
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	})
}

// A look that the end of the time cuts off is not a failure.
func TestAwaitEndsWithinALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := backupx.List("ListThings", func(ctx context.Context, _ string, _ int) (backupx.Page[string], error) {
			<-ctx.Done()
			return backupx.Page[string]{}, errors.New("cut off")
		})
		_, err := backupx.Await(t.Context(), list, func(string) (bool, error) { return false, nil }, time.Minute)
		require.EqualError(t, err, "backupx: Await: context deadline exceeded: no item is as awaited after 1m0s")
	})
}

func TestAwaitRefusesBadInput(t *testing.T) {
	list := newShelf("a", 3, 1).list()
	always := func(string) (bool, error) { return true, nil }
	for want, try := range map[string]func() error{
		"it takes a time above zero to wait, not 0s": func() error { _, err := backupx.Await(t.Context(), list, always, 0); return err },
		"the function is nil":                        func() error { _, err := backupx.Await(t.Context(), list, nil, time.Hour); return err },
		"the zero Listing lists nothing": func() error {
			_, err := backupx.Await(t.Context(), backupx.Listing[string]{}, always, time.Hour)
			return err
		},
	} {
		err := try()
		require.ErrorContains(t, err, "backupx: Await: ")
		require.ErrorContains(t, err, want)
		require.False(t, strings.Contains(err.Error()[1:], "backupx: "))
	}
}
