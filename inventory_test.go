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

func TestRecordsOfItems(t *testing.T) {
	creator := &types.RecoveryPointCreator{BackupPlanId: aws.String("plan-1"), BackupPlanName: aws.String("nightly")}
	later := day.Add(time.Hour)
	job := types.BackupJob{
		BackupJobId: aws.String("job-1"), ResourceType: aws.String("EBS"), State: "FAILED", ResourceArn: aws.String("arn:aws:ec2:::volume/v"),
		BackupVaultName: aws.String("daily"), BackupVaultArn: aws.String("arn:aws:backup:::backup-vault:daily"), CreatedBy: creator,
		AccountId: aws.String("111122223333"), StatusMessage: aws.String("no role"), MessageCategory: aws.String("AccessDenied"),
		CreationDate: aws.Time(day.In(time.FixedZone("", 3600))), CompletionDate: &later, BackupSizeInBytes: aws.Int64(9),
	}
	copied := types.CopyJob{
		CopyJobId: aws.String("copy-1"), ResourceType: aws.String("S3"), State: "COMPLETED", ResourceArn: aws.String("arn:aws:s3:::a"),
		DestinationBackupVaultArn: aws.String("arn:to"), SourceBackupVaultArn: aws.String("arn:from"), CreatedBy: creator,
		AccountId: aws.String("444455556666"), StatusMessage: aws.String("done"), MessageCategory: aws.String("SUCCESS"),
		CreationDate: &day, CompletionDate: &later, BackupSizeInBytes: aws.Int64(0),
	}
	hsm := hsmtypes.Backup{
		BackupId: aws.String("backup-1"), HsmType: aws.String("hsm1.medium"), BackupState: "READY", ClusterId: aws.String("cluster-1"), CreateTimestamp: &day,
	}
	ops := backupx.OpsWorksBackup{
		BackupId: aws.String("chef-1"), BackupType: "MANUAL", Status: "OK", ServerName: aws.String("chef"),
		StatusDescription: aws.String("fine"), CreatedAt: &day, S3DataSize: aws.Int32(7),
	}
	for _, c := range []struct{ want, got backupx.Record }{
		{backupx.Record{
			Service: "backup-jobs", ID: "job-1", Type: "EBS", State: "FAILED", Resource: "arn:aws:ec2:::volume/v", Vault: "daily", Plan: "plan-1",
			Account: "111122223333", Message: "no role", Category: "AccessDenied", Created: day, Completed: later, Bytes: aws.Int64(9), Item: job,
		}, backupx.RecordOf(job)},
		{backupx.Record{
			Service: "copy-jobs", ID: "copy-1", Type: "S3", State: "COMPLETED", Resource: "arn:aws:s3:::a", Vault: "arn:to", Plan: "plan-1",
			Account: "444455556666", Message: "done", Category: "SUCCESS", Created: day, Completed: later, Bytes: aws.Int64(0), Item: copied,
		}, backupx.RecordOf(copied)},
		{backupx.Record{
			Service: "hsm", ID: "backup-1", Type: "hsm1.medium", State: "READY", Resource: "cluster-1", Created: day, Item: hsm,
		}, backupx.RecordOf(hsm)},
		{backupx.Record{
			Service: "opsworks", ID: "chef-1", Type: "MANUAL", State: "OK", Resource: "chef", Message: "fine", Created: day, Bytes: aws.Int64(7), Item: ops,
		}, backupx.RecordOf(ops)},
		{backupx.Record{Service: "backup-jobs", Item: types.BackupJob{}}, backupx.RecordOf(types.BackupJob{})},
		{backupx.Record{Service: "copy-jobs", Item: types.CopyJob{}}, backupx.RecordOf(types.CopyJob{})},
		{backupx.Record{Service: "hsm", Item: hsmtypes.Backup{}}, backupx.RecordOf(hsmtypes.Backup{})},
		{backupx.Record{Service: "opsworks", Item: backupx.OpsWorksBackup{}}, backupx.RecordOf(backupx.OpsWorksBackup{})},
	} {
		require.Equal(t, c.want, c.got)
	}
}

func TestInventorySinceATime(t *testing.T) {
	s := fakeaws.New(onePerService())
	client := clientOf(s)
	ids := func(l backupx.Listing[backupx.Record]) []string {
		records, err := l.Collect(t.Context())
		require.NoError(t, err)
		return lo.Map(records, func(r backupx.Record, _ int) string { return r.ID })
	}
	whole := []string{"backup-a", "backup-b", "chef-1", "job-a", "job-b", "copy-a"}
	require.Equal(t, whole, ids(client.InventorySince(time.Time{}, everyService...)))
	require.Equal(t, whole, ids(client.InventorySince(day.Add(-time.Hour), everyService...)), "created at the time itself")
	require.Equal(t, []string{"backup-a", "chef-1", "job-a", "copy-a"}, ids(client.InventorySince(day.Add(-time.Hour+time.Millisecond), everyService...)))
	require.Equal(t, []string{"backup-a", "chef-1", "job-a", "copy-a"}, ids(client.InventorySince(day, everyService...).Parallel(4).Ordered()))
	require.Equal(t, []string{"copy-a"}, ids(client.InventorySince(day, backupx.ServiceCopyJobs)))
	require.Empty(t, ids(client.InventorySince(day.Add(time.Nanosecond), everyService...)))
	require.Equal(t, []string{"backup-a", "job-a", "copy-a"}, ids(client.InventorySince(day)), "OpsWorks CM is switched off")
	asksForTimes := func(r map[string]string) bool { return r["createdAfter"] != "" }
	require.True(t, lo.SomeBy(asked(s), asksForTimes), "the service filters jobs")

	requests := s.RequestCount()
	require.EqualError(t, errOf(t, client.InventorySince(day, "glacier")), `backupx: InventorySince: no service is named "glacier"`)
	require.EqualError(t, errOf(t, backupx.Client{}.InventorySince(day)), "backupx: InventorySince: no client was given")
	require.EqualError(t, errOf(t, backupx.Client{}.InventorySince(day, "hsm")), "backupx: InventorySince: hsm: no cloudhsm client was given")
	require.Equal(t, requests, s.RequestCount())
}

func TestACheckpointOfAnInventorySinceATime(t *testing.T) {
	client := clientOf(fakeaws.New(onePerService()))
	l := client.InventorySince(day, everyService...)
	cursor := l.Cursor()
	require.Equal(t, "backup-a", take(t, cursor.All(t.Context()), 1)[0].ID)
	cp := throughText(t, cursor.Checkpoint())
	require.Len(t, resumeFrom(t, l, cp), 3)
	require.Contains(t, refused(t, client.InventorySince(day.Add(time.Second), everyService...), cp), `source "hsm": it is of the filter HSMFilter{`)
	require.Contains(t, refused(t, client.Inventory(everyService...), cp), `source "hsm": it is of the filter HSMFilter{`)

	all := client.Inventory(everyService...).Cursor()
	take(t, all.All(t.Context()), 3)
	require.Len(t, resumeFrom(t, client.InventorySince(time.Time{}, everyService...), all.Checkpoint()), 3, "it leaves nothing out")
}
