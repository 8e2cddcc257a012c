package backupx

import (
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/filters"
)

func TestEveryMemberThatIsSentReachesTheRequest(t *testing.T) {
	t.Run(backupJobs.Name, func(t *testing.T) { reachesTheRequest(t, backupJobs, fillBackupJobs, backup.ListBackupJobsInput{}) })
	t.Run(copyJobs.Name, func(t *testing.T) { reachesTheRequest(t, copyJobs, fillCopyJobs, backup.ListCopyJobsInput{}) })
	t.Run(hsmBackups.Name, func(t *testing.T) {
		reachesTheRequest(t, hsmBackups, fillHSMBackups, cloudhsmv2.DescribeBackupsInput{})
	})
	t.Run(opsWorksBackups.Name, func(t *testing.T) {
		reachesTheRequest(t, opsWorksBackups, fillOpsWorksBackups, OpsWorksDescribeBackupsInput{})
	})
}

// reachesTheRequest asks for each member by itself. One that the plan counts as sent and that the request leaves
// out would not be checked anywhere.
func reachesTheRequest[T, I any](t *testing.T, table *filters.Table[T], fill func(q filters.Query, in *I, token *string, size *int32), blank I) {
	keys := map[filters.Key]bool{}
	asks := func(k filters.Key, c filters.Criteria, onItems bool) {
		require.False(t, keys[k], "two members %s", k)
		keys[k] = true
		p := table.Plan(c)
		var in I
		q := p.Queries()[0]
		fill(q, &in, nil, nil)
		require.Equal(t, onItems, table.ItemCheck(p, q) != nil, "%s is checked on items, or sent", k)
		if !onItems {
			require.False(t, reflect.DeepEqual(blank, in), "%s is sent, and the request does not have it", k)
		}
	}
	for _, m := range table.Sets {
		require.True(t, m.Value != nil || m.Send == filters.OneValueAlways || m.Send == filters.AllValues, "no item shows %s, so that every request has to", m.Key)
		asks(m.Key, table.Narrow(filters.Criteria{}, m.Key, []string{"true"}), m.Send == filters.NotSent)
	}
	for _, b := range table.Times {
		asks(b.Key, table.Limit(filters.Criteria{}, b.Key, time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)), !b.Sent)
	}
	for _, f := range table.Flags {
		asks(f.Key, table.Flag(filters.Criteria{}, f.Key), f.Keep != nil)
	}
}
