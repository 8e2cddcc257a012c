package backupx_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// timeMembers are the times of an item of each service.
var timeMembers = map[string][]string{
	"cloudhsm": {"CreateTimestamp", "CopyTimestamp", "DeleteTimestamp"},
	"opsworks": {"CreatedAt"},
	"jobs":     {"CreationDate", "CompletionDate", "ExpectedCompletionDate", "InitiationDate", "StartBy"},
	"copies":   {"CreationDate", "CompletionDate"},
}

func TestANumberThatIsNoTimeIsAnErrorInAllServices(t *testing.T) {
	for _, value := range []string{
		`"Infinity"`, `"-Infinity"`, `"NaN"`, `"infinity"`, "1e300", "-1e300", "1E+300", "1e400", "20260314000000", "-20260314000000",
		"1773446400000", "253402300799", "9223372037", "-9223372037", "1e18", "-1e17", "9223372036854775807", "123456789012345678901234567890.5", `"2026-03-14T00:00:00Z"`, "true",
	} {
		for service, members := range timeMembers {
			for _, member := range members {
				body := spelled(fmt.Sprintf(`{"LIST":[{"ID":"a"},{"ID":"b","Extra":[{}],%q : %s }],"NextToken":"t"}`, member, value), service)
				_, err := listings(saying(nil, body))[service].Collect(t.Context())
				require.ErrorContains(t, err, "page 1: ", body)
				var list *backupx.ListError
				require.ErrorAs(t, err, &list)
				require.Zero(t, list.Delivered)
				if value[0] != '"' && value[0] != 't' && value != "1e400" {
					require.ErrorContains(t, err, member+": ")
					require.ErrorContains(t, err, "seconds since 1970 are no time", body)
				}
			}
		}
	}
}

func TestNumbersThatAreTimesAreThoseOfTheSDK(t *testing.T) {
	for value, want := range map[string]time.Time{
		"0": time.UnixMilli(0).UTC(), "-0": time.UnixMilli(0).UTC(), "-1": time.UnixMilli(-1000).UTC(),
		"1773446400.123": time.UnixMilli(1773446400123).UTC(), "1.7734464E9": time.UnixMilli(1773446400000).UTC(),
		"9223372036": time.UnixMilli(9223372036000).UTC(), "-9223372036": time.UnixMilli(-9223372036000).UTC(),
		"1773446400.1239": time.UnixMilli(1773446400123).UTC(),
	} {
		body := strings.ReplaceAll(`{"Size":1e300,"Backups":[{"CreateTimestamp":TIME,"CreatedAt":TIME,"BackupId":"CreateTimestamp","Odd":{"CreateTimestamp":1e300},"Size":1e300,"CopyTimestamp":null}],`+
			`"BackupJobs":[{"CreationDate":TIME,"BackupSizeInBytes":20260314000000,"StartBy":null,"Odd":1e300}],"CopyJobs":[{"CreationDate":TIME}],"CreateTimestamp":1e300}`, "TIME", value)
		for _, size := range []int{1, 5, 1 << 20} {
			cfg := fakeaws.New(fakeaws.Data{}).Config()
			cfg.HTTPClient = withBody(func() io.ReadCloser { return io.NopCloser(pieces{strings.NewReader(body), size}) }, -1)
			client := backupx.New(cfg)
			hsm, err := client.HSMBackups(backupx.HSMFilter{}).Collect(t.Context())
			require.NoError(t, err)
			opsworks, err := client.OpsWorksBackups(backupx.OpsWorksFilter{}).Collect(t.Context())
			require.NoError(t, err)
			jobs, err := client.BackupJobs(backupx.BackupJobFilter{}).Collect(t.Context())
			require.NoError(t, err)
			copies, err := client.CopyJobs(backupx.CopyJobFilter{}).Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, []time.Time{want, want, want, want}, []time.Time{
				*hsm[0].CreateTimestamp, *opsworks[0].CreatedAt, *jobs[0].CreationDate, *copies[0].CreationDate,
			}, value)
			require.Nil(t, hsm[0].CopyTimestamp)
			require.Nil(t, jobs[0].StartBy)
			require.Equal(t, int64(20260314000000), *jobs[0].BackupSizeInBytes)
		}
	}
}

// The check belongs to the listing: the client of the caller stays as it was.
func TestTheCallersClientIsNotChanged(t *testing.T) {
	client := saying(http.Header{}, `{"BackupJobs":[{"CreationDate":1e300}]}`).Backup.(*backup.Client)
	before := client.Options().Protocol
	require.ErrorContains(t, errOf(t, backupx.BackupJobs(client, backupx.BackupJobFilter{})), "no time")
	require.Same(t, before, client.Options().Protocol)
	out, err := client.ListBackupJobs(t.Context(), &backup.ListBackupJobsInput{})
	require.NoError(t, err, "the SDK's own decoder accepts it")
	require.Len(t, out.BackupJobs, 1)
}
