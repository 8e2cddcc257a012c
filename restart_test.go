package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/aws/smithy-go"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// tokensDie makes a service refuse all page tokens that it has answered so far, as a service does whose tokens live for a
// day, with an error code.
func tokensDie(s *fakeaws.Service, code string) *fakeaws.Injected {
	before := s.RequestCount()
	answered := func(requests []fakeaws.Request, token string) bool {
		return slices.ContainsFunc(requests, func(r fakeaws.Request) bool { return r.NextToken == token })
	}
	return s.Fault(fakeaws.Fault{
		When: func(r fakeaws.Request) bool {
			all := s.Requests()
			return r.Token != "" && answered(all[:before], r.Token) && !answered(all[before:], r.Token)
		},
		Do: fakeaws.Error(http.StatusBadRequest, code, "Invalid value for the parameter"),
	})
}

// restarted reads the rest of a listing whose page tokens have died since the checkpoint was made.
func restarted[T any](t *testing.T, s *fakeaws.Service, cursor *backupx.Cursor[T], died *fakeaws.Injected) []T {
	t.Helper()
	got, err := drain(cursor.All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrTokenExpired)
	var api smithy.APIError
	require.ErrorAs(t, err, &api, "the service's own error")
	var list *backupx.ListError
	require.ErrorAs(t, err, &list)
	more, err := drain(cursor.All(t.Context())) // of other chains
	require.ErrorIs(t, err, backupx.ErrTokenExpired, "the chain does not go on by itself")
	sent := s.RequestCount()
	require.NoError(t, cursor.Restart())
	require.Equal(t, sent, s.RequestCount(), "Restart sends nothing")
	died.Remove()
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	require.True(t, cursor.Checkpoint().Done())
	return slices.Concat(got, more, rest)
}

// Jobs come newest first, so that a cursor whose token died goes on at the creation time of the last job.
func TestACursorRestartsWhereItWas(t *testing.T) {
	jobs := spread(60, month, day)
	for i := range jobs {
		jobs[i].State = []types.BackupJobState{types.BackupJobStateCompleted, types.BackupJobStateFailed}[i%2]
	}
	filter := backupx.BackupJobFilter{}
	for name, l := range map[string]func(backupx.Client) backupx.Listing[types.BackupJob]{
		"one chain": func(c backupx.Client) backupx.Listing[types.BackupJob] { return c.BackupJobs(filter) },
		"a filter": func(c backupx.Client) backupx.Listing[types.BackupJob] {
			return c.BackupJobs(filter.CreatedBetween(day.Add(-2*month), day.Add(time.Second)))
		},
		"read ahead":  func(c backupx.Client) backupx.Listing[types.BackupJob] { return c.BackupJobs(filter).Prefetch(2) },
		"in parallel": func(c backupx.Client) backupx.Listing[types.BackupJob] { return c.BackupJobs(filter).Parallel(3) },
		"windows": func(c backupx.Client) backupx.Listing[types.BackupJob] {
			return c.BackupJobs(filter).Every(8 * 24 * time.Hour)
		},
		"several states": func(c backupx.Client) backupx.Listing[types.BackupJob] {
			return c.BackupJobs(filter.States("COMPLETED", "FAILED"))
		},
		"mapped": func(c backupx.Client) backupx.Listing[types.BackupJob] {
			return backupx.Concat(backupx.Map(c.BackupJobs(filter), func(j types.BackupJob) types.BackupJob { return j }))
		},
	} {
		for _, through := range []string{"a text", "the cursor"} {
			inBubble(t, name+", through "+through, func(t *testing.T) {
				for n := 1; n < len(jobs); n += 3 {
					s := fakeaws.New(fakeaws.Data{BackupJobs: jobs})
					list := l(at(s, day)).PageSize(4)
					cursor := list.Cursor()
					first := take(t, cursor.All(t.Context()), n)
					if through == "a text" {
						resumed, err := list.Resume(throughText(t, cursor.Checkpoint()))
						require.NoError(t, err)
						cursor = resumed
					}
					died := tokensDie(s, "InvalidParameterValueException")
					if probe, err := list.Resume(cursor.Checkpoint()); err == nil {
						if _, err := drain(probe.All(t.Context())); err == nil {
							continue // no chain stood behind its first page
						}
						died.Remove()
						died = tokensDie(s, "InvalidParameterValueException")
					}
					ids := lo.Map(append(first, restarted(t, s, cursor, died)...), jobID)
					require.ElementsMatch(t, lo.Map(jobs, jobID), ids, "after %d", n)
				}
			})
		}
	}
}

func TestJobsOfOneMomentMayComeAgainAfterARestart(t *testing.T) {
	jobs := spread(30, month, day)
	for i := range jobs {
		jobs[i].CreationDate = jobs[i-i%10].CreationDate
	}
	for n := 5; n < 30; n++ {
		s := fakeaws.New(fakeaws.Data{BackupJobs: jobs})
		l := at(s, day).BackupJobs(backupx.BackupJobFilter{}).PageSize(4)
		cursor := l.Cursor()
		first := take(t, cursor.All(t.Context()), n)
		moment := first[n-1].CreationDate
		cursor, err := l.Resume(throughText(t, cursor.Checkpoint()))
		require.NoError(t, err)
		rest := restarted(t, s, cursor, tokensDie(s, "InvalidParameterValueException"))
		require.Subset(t, lo.Map(append(first, rest...), jobID), lo.Map(jobs, jobID), "nothing is lost after %d", n)
		for _, id := range lo.Intersect(lo.Map(first, jobID), lo.Map(rest, jobID)) {
			j, _ := lo.Find(first, func(j types.BackupJob) bool { return *j.BackupJobId == id })
			require.Equal(t, moment, j.CreationDate, "after %d", n)
		}
	}
}

// Up to 16 jobs of one moment are passed over after a restart, also where small pages part them.
func TestJobsOfOneMomentOnSeveralPagesAreNotRepeatedAfterARestart(t *testing.T) {
	jobs := spread(24, month, day)
	for i := range jobs {
		jobs[i].CreationDate = jobs[i-i%8].CreationDate
	}
	for size := 1; size <= 5; size++ {
		for n := size; n < len(jobs); n++ {
			for _, again := range []bool{false, true} {
				s := fakeaws.New(fakeaws.Data{BackupJobs: jobs})
				l := at(s, day).BackupJobs(backupx.BackupJobFilter{}).PageSize(size)
				cursor := l.Cursor()
				taken := take(t, cursor.All(t.Context()), n)
				if again && n%size > 0 { // the page is read again by a resumed range, and delivered to its end
					resumed, err := l.Resume(throughText(t, cursor.Checkpoint()))
					require.NoError(t, err)
					cursor = resumed
					taken = append(taken, take(t, cursor.All(t.Context()), min(size-n%size, len(jobs)-n))...)
				}
				if len(taken) == len(jobs) {
					continue
				}
				cursor, err := l.Resume(throughText(t, cursor.Checkpoint()))
				require.NoError(t, err)
				rest := restarted(t, s, cursor, tokensDie(s, "InvalidParameterValueException"))
				require.Equal(t, lo.Map(jobs, jobID), lo.Map(append(taken, rest...), jobID), "%d after %d", size, n)
			}
		}
	}
}

// A checkpoint has the ids of at most 16 jobs of one moment.
func TestHowManyJobsOfOneMomentComeAgainAfterARestart(t *testing.T) {
	jobs := spread(40, 0, day)
	for n, again := range map[int]int{11: 0, 16: 0, 17: 10, 19: 10, 20: 10, 26: 10, 27: 20} {
		s := fakeaws.New(fakeaws.Data{BackupJobs: jobs})
		l := at(s, day).BackupJobs(backupx.BackupJobFilter{}).PageSize(10)
		first := l.Cursor()
		taken := lo.Map(take(t, first.All(t.Context()), n), jobID)
		cursor, err := l.Resume(throughText(t, first.Checkpoint()))
		require.NoError(t, err)
		rest := lo.Map(restarted(t, s, cursor, tokensDie(s, "InvalidParameterValueException")), jobID)
		require.Len(t, lo.Intersect(taken, rest), again, "after %d", n)
		require.ElementsMatch(t, lo.Map(jobs, jobID), lo.Union(taken, rest), "after %d", n)
	}
}

// A job without an id cannot be told from others: it comes again, and nothing else does.
func TestAJobWithoutAnIDComesAgainAfterARestart(t *testing.T) {
	jobs := spread(12, 0, day)
	jobs[5].BackupJobId = nil
	rest := readThroughARestart(t, jobs, 7)
	require.Equal(t, lo.Map(slices.Concat(jobs[5:6], jobs[7:]), withoutID), lo.Map(rest, withoutID))
}

// readThroughARestart takes n of twelve jobs on three pages, and reads the rest from the text of a checkpoint whose page
// token the service refuses, after a restart.
func readThroughARestart(t *testing.T, jobs []types.BackupJob, n int) []types.BackupJob {
	t.Helper()
	pages := map[string][]types.BackupJob{"": jobs[:4], "a": jobs[4:8], "b": jobs[8:]}
	next := map[string]*string{"": aws.String("a"), "a": aws.String("b")}
	dead := false
	l := backupx.BackupJobs(jobsAPI(func(_ context.Context, in *backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
		token := aws.ToString(in.NextToken)
		if dead && token != "" {
			return nil, &smithy.GenericAPIError{Code: "ValidationException"}
		}
		return &backup.ListBackupJobsOutput{BackupJobs: pages[token], NextToken: next[token]}, nil
	}), backupx.BackupJobFilter{})
	first := l.Cursor()
	take(t, first.All(t.Context()), n)
	cursor, err := l.Resume(throughText(t, first.Checkpoint()))
	require.NoError(t, err)
	dead = true
	_, err = drain(cursor.All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrTokenExpired)
	dead = false
	require.NoError(t, cursor.Restart())
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	return rest
}

func withoutID(j types.BackupJob, _ int) string { return idOrNone(j) }

// Backups have no filter on creation times in requests. A cursor that has not been a text knows the ids of the last page.
func TestARestartOfBackupsPassesOverTheLastPage(t *testing.T) {
	backups := lo.Times(23, func(i int) hsmtypes.Backup {
		return hsmBackup(fmt.Sprintf("aaaaaaaaa%02d", i), hsmtypes.BackupStateReady, i)
	})
	for n := 5; n < len(backups); n++ {
		s := fakeaws.New(fakeaws.Data{HSM: backups})
		l := clientOf(s).HSMBackups(backupx.HSMFilter{}).PageSize(4)
		all, err := l.Collect(t.Context())
		require.NoError(t, err)
		cursor := l.Cursor()
		first := take(t, cursor.All(t.Context()), n)
		rest := restarted(t, s, cursor, tokensDie(s, "CloudHsmInvalidRequestException"))
		require.Subset(t, lo.Map(append(first, rest...), hsmBackupID), lo.Map(all, hsmBackupID), "nothing is lost")
		require.Empty(t, lo.Intersect(lo.Map(first[max(0, n-4):], hsmBackupID), lo.Map(rest, hsmBackupID)), "after %d", n)
	}
}

// The ids that a restarted cursor has passed over are known to the next restart too.
func TestARestartAfterAnotherPassesOverTheLastPage(t *testing.T) {
	backups := lo.Times(23, func(i int) hsmtypes.Backup {
		return hsmBackup(fmt.Sprintf("aaaaaaaaa%02d", i), hsmtypes.BackupStateReady, i)
	})
	s := fakeaws.New(fakeaws.Data{HSM: backups})
	cursor := clientOf(s).HSMBackups(backupx.HSMFilter{}).PageSize(4).Cursor()
	first := take(t, cursor.All(t.Context()), 8) // two pages
	died := tokensDie(s, "CloudHsmInvalidRequestException")
	require.ErrorIs(t, lo.T2(drain(cursor.All(t.Context()))).B, backupx.ErrTokenExpired)
	require.NoError(t, cursor.Restart())
	died.Remove()
	again := take(t, cursor.All(t.Context()), 5) // the first page, and of the third one backup
	require.Equal(t, first[:4], again[:4], "the cursor knew the second page only")

	rest := restarted(t, s, cursor, tokensDie(s, "CloudHsmInvalidRequestException"))
	require.Empty(t, lo.Intersect(lo.Map(append(first[4:], again[4]), hsmBackupID), lo.Map(rest, hsmBackupID)))
	require.Len(t, lo.Union(lo.Map(append(first, again...), hsmBackupID), lo.Map(rest, hsmBackupID)), len(backups))
}

func hsmBackupID(b hsmtypes.Backup, _ int) string { return hsmID(b) }

// refusing is a fetch that fails.
func refusing(err error) backupx.Fetch[string] {
	return func(context.Context, string, int) (backupx.Page[string], error) { return backupx.Page[string]{}, err }
}

func TestARestartOfAFleetReadsTheOneSourceAnew(t *testing.T) {
	for _, parallel := range []int{1, 3} {
		inBubble(t, fmt.Sprint(parallel), func(t *testing.T) {
			services, fleet := regions(map[string]int{"a": 30, "b": 30, "c": 0}, map[string]int{"a": 1000, "b": 1000})
			l := backupx.Across(fleet, listJobs).Parallel(parallel)
			cursor := l.Cursor()
			first := take(t, cursor.All(t.Context()), 25)
			cursor, err := l.Resume(throughText(t, cursor.Checkpoint()))
			require.NoError(t, err)
			died := tokensDie(services["a"], "ValidationException")
			rest, err := drain(cursor.All(t.Context()))
			require.ErrorIs(t, err, backupx.ErrTokenExpired)
			require.Equal(t, map[string]backupx.Kind{"a": backupx.KindOther}, kindsOf(t, err))
			died.Remove()
			require.NoError(t, cursor.Restart())
			last, err := drain(cursor.All(t.Context()))
			require.NoError(t, err)
			ids := lo.Map(slices.Concat(first, rest, last), func(v backupx.Sourced[types.BackupJob], _ int) string { return *v.Item.BackupJobId })
			require.Empty(t, lo.FindDuplicates(ids))
			require.Len(t, ids, 60)
		})
	}
}

func TestWhatCannotRestartSaysWhy(t *testing.T) {
	refused := &smithy.GenericAPIError{Code: "ValidationException", Message: "the token"}
	s := newShelf("a", 9, 2)
	cursor := s.list().Cursor()
	require.ErrorContains(t, cursor.Restart(), "backupx: ListThings: Restart: the service has refused no page token")
	take(t, cursor.All(t.Context()), 3)
	l := backupx.List("ListThings", refusing(refused))
	cursor, err := l.Resume(cursor.Checkpoint())
	require.NoError(t, err)
	_, err = drain(cursor.All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrTokenExpired)
	require.ErrorContains(t, cursor.Restart(), "the items have no ids")
	_, err = drain(cursor.All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrTokenExpired, "nothing changed")

	fake := fakeaws.New(fakeaws.Data{BackupJobs: spread(9, month, day)})
	jobs := clientOf(fake).BackupJobs(backupx.BackupJobFilter{}).PageSize(2)
	requireCount(t, 9, jobs)
	token := fake.Requests()[0].NextToken
	tokensDie(fake, "InvalidParameterValueException")
	starts := jobs.StartAt(token).Cursor()
	_, err = drain(starts.All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrTokenExpired)
	require.ErrorContains(t, starts.Restart(), "the listing began at a token of its own")

	inLoop := clientOf(fake).BackupJobs(backupx.BackupJobFilter{}).Cursor()
	for _, err := range inLoop.All(t.Context()) {
		require.NoError(t, err)
		require.ErrorContains(t, inLoop.Restart(), "being ranged over")
		break
	}
	require.ErrorContains(t, new(backupx.Cursor[string]).Restart(), "has refused no page token")
}

func TestWhichRefusalsAreThoseOfATokenThatDied(t *testing.T) {
	for code, want := range map[string]bool{
		"InvalidParameterValueException": true, "ValidationException": true, "InvalidNextTokenException": true,
		"ExpiredPaginationTokenException": true, "CloudHsmInvalidRequestException": true, "InvalidNextToken": true,
		"ExpiredToken": false, "ExpiredTokenException": false, "InvalidClientTokenId": false, "AccessDeniedException": false,
		"ThrottlingException": false, "ServiceUnavailableException": false, "UnrecognizedClientException": false, "ResourceNotFoundException": false,
	} {
		s := newShelf("a", 9, 2)
		cursor := s.list().Cursor()
		take(t, cursor.All(t.Context()), 3)
		err := &smithy.GenericAPIError{Code: code}
		cursor, resumeErr := backupx.List("ListThings", refusing(err)).Resume(cursor.Checkpoint())
		require.NoError(t, resumeErr)
		_, got := drain(cursor.All(t.Context()))
		require.Equal(t, want, errors.Is(got, backupx.ErrTokenExpired), code)
		require.ErrorIs(t, got, err)

		_, got = drain(backupx.List("ListThings", refusing(err)).All(t.Context()))
		require.NotErrorIs(t, got, backupx.ErrTokenExpired, "%s: the request has no token", code)
	}
}

func TestARequestWithATokenOfTheSameRangeIsRefusedForItsTokenOnlyIfTheCodeSaysSo(t *testing.T) {
	for code, want := range map[string]bool{"ValidationException": false, "InvalidNextTokenException": true} {
		err := &smithy.GenericAPIError{Code: code}
		l := backupx.List("ListThings", func(_ context.Context, token string, _ int) (backupx.Page[string], error) {
			if token == "" {
				return backupx.Page[string]{Items: []string{"a"}, Next: "b"}, nil
			}
			return backupx.Page[string]{}, err
		})
		items, got := drain(l.All(t.Context()))
		require.Equal(t, []string{"a"}, items, code)
		require.ErrorIs(t, got, err, code)
		require.Equal(t, want, errors.Is(got, backupx.ErrTokenExpired), code)
	}
}

func TestARefusalByTheServiceOfTheCredentialsIsNoneOfTheToken(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: spread(5, month, day)})
	cursor := backupx.New(s.Config()).BackupJobs(backupx.BackupJobFilter{}).PageSize(2).Cursor()
	take(t, cursor.All(t.Context()), 2)
	invalid := &smithy.GenericAPIError{Code: "ValidationException", Message: "the session name is too long"}
	for name, cause := range map[string]error{
		"STS":                     &smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: invalid},
		"an agent of a container": invalid,
		"IAM Identity Center":     &smithy.OperationError{ServiceID: "SSO", OperationName: "GetRoleCredentials", Err: &smithy.GenericAPIError{Code: "InvalidRequestException"}},
		"a code with NextToken":   &smithy.GenericAPIError{Code: "InvalidNextTokenException"},
	} {
		cfg := s.Config()
		cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, cause })
		resumed, err := backupx.New(cfg).BackupJobs(backupx.BackupJobFilter{}).PageSize(2).Resume(cursor.Checkpoint())
		require.NoError(t, err)
		_, err = drain(resumed.All(t.Context()))
		require.ErrorIs(t, err, cause, name)
		require.NotErrorIs(t, err, backupx.ErrTokenExpired, name)
	}
}

// Jobs that do not come newest first may be anywhere in what is left.
func TestARestartWithoutAnOrderLosesNothing(t *testing.T) {
	jobs := reversed(spread(12, month, day))
	for n := 5; n < 12; n++ {
		rest := readThroughARestart(t, jobs, n)
		require.Equal(t, lo.Map(jobs, jobID), lo.Map(rest, jobID), "after %d: a checkpoint of one state has no ids", n)
	}
}

// The position of a source whose chain was replaced is in the checkpoint, even if no item of the new chain is known.
func TestACheckpointAfterARestartOfASourceGoesOnWhereItWas(t *testing.T) {
	jobs := spread(60, month, day)
	for i := range jobs[20:40] {
		jobs[20+i].CreationDate = jobs[20].CreationDate // more than a checkpoint has ids for
	}
	s := fakeaws.New(fakeaws.Data{BackupJobs: jobs})
	l := backupx.Across(backupx.Fleet{{Name: "a", Client: at(s, day)}}, listJobs).PageSize(20)
	cursor := l.Cursor()
	take(t, cursor.All(t.Context()), 39)
	cursor, err := l.Resume(throughText(t, cursor.Checkpoint()))
	require.NoError(t, err)
	died := tokensDie(s, "InvalidParameterValueException")
	_, err = drain(cursor.All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrTokenExpired)
	died.Remove()
	require.NoError(t, cursor.Restart())
	rest := lo.Map(resumeFrom(t, l, cursor.Checkpoint()), func(v backupx.Sourced[types.BackupJob], _ int) string { return *v.Item.BackupJobId })
	require.ElementsMatch(t, lo.Map(jobs[20:], jobID), rest)
}

// A token may die again before the rest has shown its order.
func TestACursorRestartsAgain(t *testing.T) {
	jobs := spread(40, month, day)
	s := fakeaws.New(fakeaws.Data{BackupJobs: jobs})
	l := at(s, day).BackupJobs(backupx.BackupJobFilter{}).PageSize(3)
	for _, through := range []string{"a text", "the cursor"} {
		cursor := l.Cursor()
		got := take(t, cursor.All(t.Context()), 8)
		for len(got) < len(jobs) {
			died := s.Fault(fakeaws.Fault{
				When: func(r fakeaws.Request) bool { return r.Token != "" }, Every: 1,
				Do: fakeaws.Error(http.StatusBadRequest, "InvalidNextTokenException", "Invalid value for the parameter"),
			})
			more, err := drain(cursor.All(t.Context()))
			require.ErrorIs(t, err, backupx.ErrTokenExpired, "after %d", len(got))
			require.NoError(t, cursor.Restart())
			died.Remove()
			if through == "a text" {
				cursor, err = l.Resume(throughText(t, cursor.Checkpoint()))
				require.NoError(t, err)
			}
			got = slices.Concat(got, more, take(t, cursor.All(t.Context()), min(4, len(jobs)-len(got)-len(more))))
		}
		require.Equal(t, lo.Map(jobs, jobID), lo.Map(got, jobID), "through %s", through)
	}
}

// Each range ends at the first token that has died.
func TestEachWindowWhoseTokenDiedRestarts(t *testing.T) {
	inBubble(t, "windows", func(t *testing.T) {
		jobs := spread(90, month, day)
		s := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithLatency(time.Second))
		l := at(s, day).BackupJobs(backupx.BackupJobFilter{}).Every(5 * 24 * time.Hour).PageSize(4).Parallel(3)
		first := l.Cursor()
		got := take(t, first.All(t.Context()), 22) // of three windows
		cursor, err := l.Resume(throughText(t, first.Checkpoint()))
		require.NoError(t, err)
		tokensDie(s, "InvalidParameterValueException")
		rest, err := drain(cursor.All(t.Context()))
		n := 0
		for ; errors.Is(err, backupx.ErrTokenExpired); n++ {
			require.NoError(t, cursor.Restart())
			var more []types.BackupJob
			more, err = drain(cursor.All(t.Context()))
			rest = append(rest, more...)
		}
		require.NoError(t, err)
		require.Greater(t, n, 1)
		require.ElementsMatch(t, lo.Map(jobs, jobID), lo.Map(append(got, rest...), jobID))
	})
}

// A request for a window may list jobs next to the window as well, of which no place to go on at can be made.
func TestARestartStaysWithinItsWindow(t *testing.T) {
	const hour = time.Hour
	edges := []time.Time{day.Add(-hour), day.Add(-2 * hour), day.Add(-3 * hour)}
	jobs := lo.FlatMap(edges, func(edge time.Time, i int) []types.BackupJob { // four on each side of an edge
		return lo.Map(spread(8, 2*time.Second, edge.Add(time.Second)), func(j types.BackupJob, k int) types.BackupJob {
			j.BackupJobId = aws.String(fmt.Sprintf("job-%d-%d", i, k))
			return j
		})
	})
	for request := 2; request < 30; request++ {
		s := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithFaults(fakeaws.Fault{
			When: func(r fakeaws.Request) bool { return r.Token != "" }, Nth: request / 2,
			Do: fakeaws.Error(http.StatusBadRequest, "InvalidNextTokenException", "Invalid value for the parameter"),
		}))
		l := at(s, day).BackupJobs(backupx.BackupJobFilter{}).Every(hour).PageSize(1 + request%2)
		cursor := l.Cursor()
		got, err := drain(cursor.All(t.Context()))
		if err == nil {
			continue
		}
		require.ErrorIs(t, err, backupx.ErrTokenExpired)
		require.NoError(t, cursor.Restart())
		rest := resumeFrom(t, l, cursor.Checkpoint())
		require.ElementsMatch(t, lo.Map(jobs, jobID), lo.Map(append(got, rest...), jobID), request)
	}
}

// The items to skip may fill several smaller pages, which do not show how far the larger page was delivered.
func TestARestartWithinSmallerPages(t *testing.T) {
	jobs := spread(40, month, day)
	for pages := range 5 {
		s := fakeaws.New(fakeaws.Data{BackupJobs: jobs})
		l := at(s, day).BackupJobs(backupx.BackupJobFilter{})
		first := l.PageSize(10).Cursor()
		got := take(t, first.All(t.Context()), 17) // of which seven are on the second page
		cursor, err := l.PageSize(2).Resume(throughText(t, first.Checkpoint()))
		require.NoError(t, err)
		died := s.Fault(fakeaws.Fault{Nth: pages + 1, Do: fakeaws.Error(http.StatusBadRequest, "InvalidNextTokenException", "no")})
		more, err := drain(cursor.All(t.Context()))
		require.ErrorIs(t, err, backupx.ErrTokenExpired)
		died.Remove()
		require.NoError(t, cursor.Restart())
		rest := resumeFrom(t, l, cursor.Checkpoint())
		require.Equal(t, lo.Map(jobs, jobID), lo.Map(slices.Concat(got, more, rest), jobID), "after %d smaller pages", pages)
	}
}

// restarts is the number of random histories of a cursor whose tokens die.
const restarts = 200

// Jobs of different moments come once each, wherever and however often tokens die.
func TestCursorsThatRestartAtRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(restarts) {
		inBubble(t, fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 5))
			grid := time.Duration(1+r.IntN(48)) * time.Hour
			jobs := jobsNear(r, grid)
			code := []string{"InvalidNextTokenException", "InvalidParameterValueException"}[r.IntN(2)]
			var mu sync.Mutex // guards fates, because requests come at the same time
			fates := rand.New(rand.NewPCG(seed, 6))
			dies := func() bool {
				mu.Lock()
				defer mu.Unlock()
				return fates.IntN(6) == 0
			}
			s := fakeaws.New(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithLatency(time.Second), fakeaws.WithFaults(fakeaws.Fault{
				When: func(q fakeaws.Request) bool { return q.Token != "" && dies() }, Every: 1,
				Do: fakeaws.Error(http.StatusBadRequest, code, "Invalid value for the parameter"),
			}))
			l := randomJobs(r, at(s, day), grid)
			cursor, got := l.Cursor(), []string{}
			for !cursor.Checkpoint().Done() {
				some, err := drain(upTo(cursor.All(t.Context()), 1+r.IntN(20)))
				got = append(got, some...)
				if errors.Is(err, backupx.ErrTokenExpired) && r.IntN(4) > 0 {
					require.NoError(t, cursor.Restart())
				}
				if r.IntN(2) == 0 {
					cursor, err = l.PageSize(1 + r.IntN(5)).Resume(throughText(t, cursor.Checkpoint()))
					require.NoError(t, err)
				}
			}
			want := lo.Map(jobs, jobID)
			if r := lo.Uniq(got); len(r) > len(want) { // twice the same jobs
				want = slices.Concat(want, lo.Map(want, second))
			}
			require.ElementsMatch(t, want, got)
		})
	}
}

func second(id string, _ int) string { return "second " + id }

// jobsNear returns jobs of different moments, newest first, half of them within two seconds of a grid of times.
func jobsNear(r *rand.Rand, grid time.Duration) []types.BackupJob {
	var jobs []types.BackupJob
	for i := range 20 + r.IntN(60) {
		created := day.Add(-time.Duration(r.Int64N(int64(20 * 24 * time.Hour))))
		if i%2 == 0 {
			created = created.Truncate(grid).Add(time.Duration(r.IntN(3000)-1500) * time.Millisecond)
		}
		jobs = append(jobs, types.BackupJob{
			BackupJobId: aws.String(fmt.Sprintf("job-%03d", i)), CreationDate: aws.Time(created.Truncate(time.Millisecond)),
			State: []types.BackupJobState{"COMPLETED", "FAILED", "RUNNING"}[r.IntN(3)],
		})
	}
	slices.SortFunc(jobs, func(a, b types.BackupJob) int { return b.CreationDate.Compare(*a.CreationDate) })
	return lo.UniqBy(jobs, func(j types.BackupJob) time.Time { return *j.CreationDate })
}

// randomJobs lists all jobs of a client, once or, as the second ones, twice.
func randomJobs(r *rand.Rand, client backupx.Client, grid time.Duration) backupx.Listing[string] {
	f := backupx.BackupJobFilter{}
	if r.IntN(2) == 0 {
		f = f.States("COMPLETED", "FAILED", "RUNNING")
	}
	if r.IntN(3) == 0 {
		f = f.CreatedAfter(day.AddDate(0, 0, -100))
	}
	l := backupx.Map(client.BackupJobs(f), idOf)
	if r.IntN(2) == 0 {
		l = l.Every(grid * time.Duration(1+r.IntN(3)))
	}
	again := backupx.Map(l, func(id string) string { return second(id, 0) })
	switch r.IntN(4) {
	case 0:
		l = fleetOf(map[string]backupx.Listing[string]{"a": l, "b/": again}, nil)
	case 1:
		l = backupx.Concat(l, again)
	}
	l = l.PageSize(1 + r.IntN(5))
	switch r.IntN(4) {
	case 0:
		return l.Parallel(2 + r.IntN(3))
	case 1:
		return l.Prefetch(1)
	case 2:
		return l.Parallel(2).Ordered()
	default:
		return l
	}
}

// upTo breaks a range off after n elements.
func upTo[T any](seq iter.Seq2[T, error], n int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range seq {
			if n--; !yield(v, err) || n == 0 {
				return
			}
		}
	}
}
