package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
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
