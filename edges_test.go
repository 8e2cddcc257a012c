package backupx_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func TestNamesThatLookAlikeWhenJoinedAreNotTheSameChain(t *testing.T) {
	shelves := 0
	within := func(names ...string) backupx.Listing[backupx.Sourced[string]] {
		fleet := lo.Map(names, func(n string, _ int) backupx.Source { return backupx.Source{Name: n} })
		return backupx.Across(fleet, func(backupx.Client) backupx.Listing[string] {
			shelves++
			return newShelf(string(rune('a'+shelves)), 2, 5).list()
		})
	}
	outer := backupx.Fleet{{Name: "a"}, {Name: "a/b"}}

	items, err := backupx.Across(outer, func(backupx.Client) backupx.Listing[backupx.Sourced[string]] {
		return within("b/c", "c")
	}).Collect(t.Context())

	require.NoError(t, err)
	require.Len(t, items, 8)

	s := fakeaws.New(fakeaws.Data{})
	_, err = clientOf(s).BackupJobs(backupx.BackupJobFilter{}.Vaults("a", "a,resourceTypes=b").ResourceTypes("b,resourceTypes=c", "c")).Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, 4, s.RequestCount())
}

func TestErrorsOfRestoresHoldNoCredentials(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Errortype", "InvalidSignatureException")
		w.WriteHeader(http.StatusForbidden)
		_, err := w.Write([]byte(`{"message":"the canonical request: x-amz-security-token:` + r.Header.Get("X-Amz-Security-Token") + ` ` + r.Header.Get("Authorization") + `"}`))
		require.NoError(t, err)
	}))
	defer server.Close()
	config := fakeaws.New(fakeaws.Data{}).Config()
	config.HTTPClient, config.BaseEndpoint = nil, aws.String(server.URL)
	config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLEEXAMPLE", SecretAccessKey: "secret", SessionToken: "SESSIONTOKENVALUE"}, nil
	})
	client := backupx.New(config)

	_, err := client.RestoreHSMBackup(t.Context(), "backup-aaaaaaaaaaa")
	results, all := client.RestoreHSMBackups(t.Context(), []hsmtypes.Backup{{
		BackupId: aws.String("backup-aaaaaaaaaaa"), BackupState: hsmtypes.BackupStatePendingDeletion,
	}})

	for _, err := range []error{err, all, results[0].Err} {
		require.ErrorContains(t, err, "InvalidSignatureException")
		for _, secret := range []string{"SESSIONTOKENVALUE", "AKIDEXAMPLE", "Signature=" + "0"} {
			require.NotContains(t, err.Error(), secret)
		}
	}
}

func TestAWindowedCheckpointHasNoCLIToken(t *testing.T) {
	client := clientOf(fakeaws.New(fakeaws.Data{BackupJobs: fakeaws.GenerateBackupJobs(1, day.AddDate(0, 0, -30), day, 40)}))
	client.Now = func() time.Time { return day }
	cursor := client.BackupJobs(backupx.BackupJobFilter{}).Every(10 * 24 * time.Hour).PageSize(2).Cursor()
	take(t, cursor.All(t.Context()), 38)

	_, err := cursor.Checkpoint().CLIToken()

	require.ErrorIs(t, err, backupx.ErrCheckpoint)
}

func TestACheckpointBeforeTheFirstRangeKeepsTheStart(t *testing.T) {
	s := newShelf("item", 6, 2)
	cp := throughText(t, s.list().StartAt(shelfToken+"4").Cursor().Checkpoint())

	cursor, err := s.list().Resume(cp)
	require.NoError(t, err)
	items, err := drain(cursor.All(t.Context()))

	require.NoError(t, err)
	require.Equal(t, []string{"item-004", "item-005"}, items)
	token, err := cp.CLIToken()
	require.NoError(t, err)
	items, err = s.list().StartAtCLI(token).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"item-004", "item-005"}, items)
}

func TestFirstSaysWhatItsListingWouldSay(t *testing.T) {
	l := newShelf("item", 3, 2).list()
	for _, wrong := range []backupx.Listing[string]{l.Limit(0), l.Parallel(0), l.Prefetch(-1)} {
		_, ok, err := wrong.First(t.Context())
		require.Error(t, err)
		require.False(t, ok)
	}
	fleet := backupx.Fleet{{Name: "bad"}, {Name: "good"}}
	sources := []backupx.Listing[string]{(&shelf{fails: 1, size: 1}).list(), l}
	first, ok, err := backupx.Across(fleet, func(backupx.Client) backupx.Listing[string] {
		next := sources[0]
		sources = sources[1:]
		return next
	}).First(t.Context())

	require.Equal(t, backupx.Sourced[string]{Source: "good", Item: "item-000"}, first)
	require.True(t, ok)
	require.ErrorIs(t, err, errBoom)
}

// undated answers one job without a time of creation, whatever it is asked.
type undated struct{}

func (undated) ListBackupJobs(context.Context, *backup.ListBackupJobsInput, ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	return &backup.ListBackupJobsOutput{BackupJobs: []types.BackupJob{{BackupJobId: aws.String("a")}, {BackupJobId: aws.String("b"), CreationDate: aws.Time(time.Now().Add(-time.Hour))}}}, nil
}

func TestWindowsKeepJobsWithoutATime(t *testing.T) {
	l := backupx.BackupJobs(undated{}, backupx.BackupJobFilter{})
	for _, how := range []backupx.Listing[types.BackupJob]{l, l.Parallel(4), l.Every(24 * time.Hour)} {
		n, err := how.Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, n)
	}
}

// meddler changes what it is asked.
type meddler struct{}

func (meddler) DescribeBackups(_ context.Context, in *cloudhsmv2.DescribeBackupsInput, _ ...func(*cloudhsmv2.Options)) (*cloudhsmv2.DescribeBackupsOutput, error) {
	in.Filters["backupIds"][0] = "changed"
	return &cloudhsmv2.DescribeBackupsOutput{}, nil
}

func TestAClientCannotChangeAFilter(t *testing.T) {
	f := backupx.HSMFilter{}.IDs("a", "b")
	_, err := backupx.HSMBackups(meddler{}, f).Count(t.Context())
	require.NoError(t, err)
	require.Equal(t, "HSMFilter{ids: a|b}", f.String())
}

func TestAFilterThatCannotBeReadLeavesTheOldOne(t *testing.T) {
	f := backupx.BackupJobFilter{}.Vaults("prod")
	require.ErrorIs(t, f.UnmarshalJSON([]byte(`{"colour":["red"]}`)), backupx.ErrFilter)
	require.Equal(t, "BackupJobFilter{vaults: prod}", f.String())
}

func TestAZeroTimeDoesNotWiden(t *testing.T) {
	f := backupx.BackupJobFilter{}.CreatedAfter(day).CreatedAfter(time.Time{})
	require.False(t, f.Match(types.BackupJob{CreationDate: aws.Time(day.AddDate(-20, 0, 0))}))
	require.ErrorIs(t, f.Validate(), backupx.ErrFilter)
}

func TestABodyOfNullIsNoPage(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{}, fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.Body(" null ")}))
	_, err := clientOf(s).HSMBackups(backupx.HSMFilter{}).Count(t.Context())
	require.ErrorContains(t, err, "empty body")
}

// What ended a range is what failed, not the requests that the failure ended.
func TestTheErrorIsTheOneThatEndedTheOthers(t *testing.T) {
	for range 60 {
		bad := backupx.List("bad", func(context.Context, string, int) (backupx.Page[string], error) {
			time.Sleep(time.Millisecond)
			return backupx.Page[string]{}, errBoom
		})
		slow := backupx.List("slow", func(ctx context.Context, _ string, _ int) (backupx.Page[string], error) {
			return backupx.Page[string]{}, pause(ctx, 50*time.Millisecond)
		})
		_, err := backupx.Merge(func(a, b string) int { return 0 }, backupx.Concat(bad, slow), slow).Parallel(3).Collect(t.Context())
		require.ErrorIs(t, err, errBoom)
		require.False(t, errors.Is(err, context.Canceled))
	}
}
