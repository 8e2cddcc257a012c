package backupx_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// onePerService is one item of each service, and a second backup and a second job with few members.
func onePerService() fakeaws.Data {
	return fakeaws.Data{
		HSM: []hsmtypes.Backup{
			{BackupId: aws.String("backup-a"), BackupState: "READY", ClusterId: aws.String("cluster-1"), CreateTimestamp: aws.Time(day)},
			{BackupId: aws.String("backup-b"), BackupState: "READY", SourceCluster: aws.String("cluster-2"), CreateTimestamp: aws.Time(day.Add(-time.Hour))},
		},
		OpsWorks: []backupx.OpsWorksBackup{
			{BackupId: aws.String("chef-1"), Status: "OK", ServerName: aws.String("chef"), CreatedAt: aws.Time(day), S3DataSize: aws.Int32(7)},
		},
		BackupJobs: []types.BackupJob{
			{BackupJobId: aws.String("job-a"), State: "COMPLETED", ResourceArn: aws.String("arn:aws:s3:::a"), CreationDate: aws.Time(day), CompletionDate: aws.Time(day.Add(time.Hour)), BackupSizeInBytes: aws.Int64(0)},
			{BackupJobId: aws.String("job-b"), State: "RUNNING", CreationDate: aws.Time(day.Add(-time.Hour))},
		},
		CopyJobs: []types.CopyJob{
			{CopyJobId: aws.String("copy-a"), State: "FAILED", ResourceArn: aws.String("arn:aws:s3:::b"), CreationDate: aws.Time(day), BackupSizeInBytes: aws.Int64(1 << 40)},
		},
	}
}

var everyService = []backupx.Service{backupx.ServiceHSM, backupx.ServiceOpsWorks, backupx.ServiceBackupJobs, backupx.ServiceCopyJobs}

func TestInventoryGivesPlainValues(t *testing.T) {
	client := clientOf(fakeaws.New(onePerService()))
	records, err := client.Inventory(everyService...).Collect(t.Context())
	require.NoError(t, err)
	items := lo.Map(records, func(r backupx.Record, _ int) any { return r.Item })
	plain := lo.Map(records, func(r backupx.Record, _ int) backupx.Record { r.Item = nil; return r })
	hour := time.Hour
	require.Equal(t, []backupx.Record{
		{Service: "hsm", ID: "backup-a", State: "READY", Resource: "cluster-1", Created: day},
		{Service: "hsm", ID: "backup-b", State: "READY", Resource: "cluster-2", Created: day.Add(-hour)},
		{Service: "opsworks", ID: "chef-1", State: "OK", Resource: "chef", Created: day, Bytes: aws.Int64(7)},
		{Service: "backup-jobs", ID: "job-a", State: "COMPLETED", Resource: "arn:aws:s3:::a", Created: day, Completed: day.Add(hour), Bytes: aws.Int64(0)},
		{Service: "backup-jobs", ID: "job-b", State: "RUNNING", Created: day.Add(-hour)},
		{Service: "copy-jobs", ID: "copy-a", State: "FAILED", Resource: "arn:aws:s3:::b", Created: day, Bytes: aws.Int64(1 << 40)},
	}, plain)
	require.IsType(t, hsmtypes.Backup{}, items[0])
	require.IsType(t, backupx.OpsWorksBackup{}, items[2])
	require.IsType(t, types.BackupJob{}, items[3])
	require.IsType(t, types.CopyJob{}, items[5])
	require.Equal(t, "job-a", *items[3].(types.BackupJob).BackupJobId)
}

func TestInventoryListsTheServicesThatTheClientHas(t *testing.T) {
	s := fakeaws.New(onePerService())
	whole := clientOf(s)
	services := func(c backupx.Client, asked ...backupx.Service) []backupx.Service {
		records, err := c.Inventory(asked...).Collect(t.Context())
		require.NoError(t, err)
		return lo.Uniq(lo.Map(records, func(r backupx.Record, _ int) backupx.Service { return r.Service }))
	}
	require.Equal(t, []backupx.Service{"hsm", "backup-jobs", "copy-jobs"}, services(whole), "OpsWorks CM is switched off")
	require.Equal(t, []backupx.Service{"hsm"}, services(backupx.Client{HSM: whole.HSM}))
	require.Equal(t, []backupx.Service{"backup-jobs", "copy-jobs"}, services(backupx.Client{Backup: whole.Backup, HSM: (*nobody)(nil)}))
	_, err := backupx.Client{}.Inventory().Count(t.Context())
	require.ErrorContains(t, err, "no client was given", "an inventory of nothing must not look clean")
	require.Equal(t, []backupx.Service{"copy-jobs", "hsm"}, services(whole, "copy-jobs", "hsm", "copy-jobs"), "as asked, and once")
}

func TestInventoryRejectsUnknownServicesAndMissingClients(t *testing.T) {
	s := fakeaws.New(onePerService())
	require.ErrorContains(t, errOf(t, clientOf(s).Inventory("hsm", "glacier")), `backupx: Inventory: no service is named "glacier"`)
	require.ErrorContains(t, errOf(t, backupx.Client{}.Inventory("hsm")), "hsm: no cloudhsm client was given")
	require.Zero(t, s.RequestCount())
}

func TestAServiceThatFailsDoesNotStopTheInventory(t *testing.T) {
	s := fakeaws.New(onePerService(), fakeaws.WithFaults(fakeaws.Fault{Service: "cloudhsm", Do: fakeaws.AccessDenied()}))
	for _, n := range []int{1, 4} {
		l := clientOf(s).Inventory(everyService...).Parallel(n)
		records, err := l.Collect(t.Context())
		require.Len(t, records, 4)
		require.Equal(t, map[string]backupx.Kind{"hsm": backupx.KindDenied}, kindsOf(t, err))
		var denied *hsmtypes.CloudHsmAccessDeniedException
		require.ErrorAs(t, err, &denied)
	}
}

func TestInventoriesOfAFleet(t *testing.T) {
	bad := fakeaws.New(onePerService(), fakeaws.WithFaults(fakeaws.Fault{Operation: "ListCopyJobs", Do: fakeaws.Throttle()}))
	fleet := backupx.Fleet{{Name: "a", Client: clientOf(fakeaws.New(onePerService()))}, {Name: "b", Client: clientOf(bad)}}
	for _, n := range []int{1, 6} {
		records, err := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[backupx.Record] { return c.Inventory() }).Parallel(n).Collect(t.Context())
		require.Equal(t, map[string]int{"a": 5, "b": 4}, lo.CountValuesBy(records, func(r backupx.Sourced[backupx.Record]) string { return r.Source }))
		require.Equal(t, map[string]backupx.Kind{"b/copy-jobs": backupx.KindThrottled}, kindsOf(t, err))
	}
}
