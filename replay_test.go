package backupx_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures"
	"github.com/backupx-go/backupx/fixtures/cassettes"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// replayed is the end of the data in the cassettes of fixtures/cassettes that were recorded from fakeaws,
// which generates the same data again here. Jobs are from the week before, backups of OpsWorks CM from the 30
// days before.
var replayed = time.Date(2026, time.November, 20, 6, 0, 0, 0, time.UTC)

// replay is a client that a cassette answers. The test fails if it leaves interactions unused.
func replay(t *testing.T, name string) backupx.Client {
	t.Helper()
	session, err := fixtures.Load(cassettes.FS, name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, session.Close()) })
	return backupx.New(session.Config())
}

// requireReplays requires that a listing delivers exactly these items.
func requireReplays[T any](t *testing.T, want []T, l backupx.Listing[T]) {
	t.Helper()
	got, err := l.Collect(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, want, "this would compare nothing")
	require.Equal(t, want, got)
}

// requirePages requires that a listing is read in pages with these numbers of items.
func requirePages[T any](t *testing.T, want []int, l backupx.Listing[T]) {
	t.Helper()
	var got []int
	_, err := l.OnPage(func(p backupx.PageInfo) { got = append(got, p.Items) }).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// requireEmpty requires a listing without items and without an error.
func requireEmpty[T any](t *testing.T, l backupx.Listing[T]) {
	t.Helper()
	got, err := l.Collect(t.Context())
	require.NoError(t, err)
	require.Empty(t, got)
}

// requireFails requires that a listing fails at its first page with an error of type E and the service's code.
func requireFails[E smithy.APIError, T any](t *testing.T, l backupx.Listing[T], operation, code string) {
	t.Helper()
	items, err := l.Collect(t.Context())
	require.Empty(t, items)
	var list *backupx.ListError
	require.ErrorAs(t, err, &list)
	require.Equal(t, operation, list.Operation)
	require.Equal(t, 1, list.Page)
	requireIs[E](t, err, code)
}

func requireIs[E smithy.APIError](t *testing.T, err error, code string) {
	t.Helper()
	var api E
	require.ErrorAs(t, err, &api)
	require.Equal(t, code, api.ErrorCode())
	require.Contains(t, err.Error(), code)
	var http *smithyhttp.ResponseError
	require.ErrorAs(t, err, &http)
	require.GreaterOrEqual(t, http.HTTPStatusCode(), 400)
}

func epoch(seconds float64) *time.Time {
	return aws.Time(time.UnixMilli(int64(seconds * 1000)).UTC())
}

// realHSM is a backup as AWS returned it in the recordings of cloud-custodian's tests.
func realHSM(id string, created float64, tags ...string) hsmtypes.Backup {
	b := hsmtypes.Backup{
		BackupId:        aws.String(id),
		BackupArn:       aws.String("arn:aws:cloudhsm:us-east-1:111122223333:backup/" + id),
		BackupState:     hsmtypes.BackupStateReady,
		ClusterId:       aws.String("cluster-72zn6eby7x2"),
		CreateTimestamp: epoch(created),
		NeverExpires:    aws.Bool(false),
		TagList:         []hsmtypes.Tag{},
		HsmType:         aws.String("hsm1.medium"),
		Mode:            hsmtypes.ClusterModeFips,
	}
	for pair := range slices.Chunk(tags, 2) {
		b.TagList = append(b.TagList, hsmtypes.Tag{Key: aws.String(pair[0]), Value: aws.String(pair[1])})
	}
	return b
}

func realPendingHSM(id string, created, deleted float64) hsmtypes.Backup {
	b := realHSM(id, created)
	b.BackupState, b.DeleteTimestamp = hsmtypes.BackupStatePendingDeletion, epoch(deleted)
	return b
}

// realBackups are the backups that AWS listed, newest first.
func realBackups() []hsmtypes.Backup {
	return []hsmtypes.Backup{
		realHSM("backup-5tptus75gbc", 1726080518.594, "owner", "policy"),
		realHSM("backup-6qjbcmkhcxm", 1725993982.678, "owner", "policy",
			"custodian_cleanup", "Resource does not meet policy: notify@2024/09/12"),
		realPendingHSM("backup-vwcz7w4kikp", 1725907494.794, 1726580237.133),
		realPendingHSM("backup-wpc4fu35qe2", 1725874800.642, 1726580237.165),
	}
}

func TestReplayHSMAnswersOfAWS(t *testing.T) {
	client := replay(t, "hsm-real")
	marked := realBackups()[1:]
	unmarked := slices.Clone(marked)
	unmarked[0] = realHSM("backup-6qjbcmkhcxm", 1725993982.678, "owner", "policy")
	for _, want := range [][]hsmtypes.Backup{unmarked, marked, realBackups()} {
		requireReplays(t, want, client.HSMBackups(backupx.HSMFilter{}))
	}
}

func TestReplayHSMPages(t *testing.T) {
	requirePages(t, []int{3, 1}, replay(t, "hsm-pages").HSMBackups(backupx.HSMFilter{}).PageSize(3))
	requireReplays(t, realBackups(), replay(t, "hsm-pages").HSMBackups(backupx.HSMFilter{}).PageSize(3))
}

func TestReplayHSMFilters(t *testing.T) {
	client, all, real := replay(t, "hsm-filters"), backupx.HSMFilter{}, realBackups()
	oldestFirst := slices.Clone(real)
	slices.Reverse(oldestFirst)
	list := client.HSMBackups
	requireReplays(t, real, list(all.States(hsmtypes.BackupStateReady, hsmtypes.BackupStatePendingDeletion)))
	requireEmpty(t, list(all.States(hsmtypes.BackupStateDeleted)))
	requireReplays(t, []hsmtypes.Backup{real[1], real[3]}, list(all.IDs("backup-6qjbcmkhcxm", "backup-wpc4fu35qe2")))
	requireReplays(t, oldestFirst, list(all.Clusters("cluster-72zn6eby7x2").OldestFirst()))
	requireReplays(t, real[1:2], list(all.NeverExpires(false).HasTag("custodian_cleanup")))
	requireEmpty(t, list(all.Shared(true)))
}

func TestReplayHSMRestore(t *testing.T) {
	client := replay(t, "hsm-restore")
	before := hsmtypes.Backup{
		BackupId: aws.String("backup-ro5c4er4aac"), BackupState: hsmtypes.BackupStatePendingDeletion,
		ClusterId: aws.String("cluster-dygnwhmscg5"), CreateTimestamp: epoch(1534461854.64), DeleteTimestamp: epoch(1536339805.522),
	}
	after := before
	after.BackupState, after.DeleteTimestamp = hsmtypes.BackupStateReady, nil

	pending := client.HSMBackups(backupx.HSMFilter{}.States(hsmtypes.BackupStatePendingDeletion))
	requireReplays(t, []hsmtypes.Backup{before}, pending)
	restored, err := client.RestoreHSMBackups(t.Context(), []hsmtypes.Backup{before})
	require.NoError(t, err)
	require.Equal(t, []backupx.Restored{{Before: before, After: after}}, restored)
}

func TestReplayHSMErrors(t *testing.T) {
	l := replay(t, "hsm-errors").HSMBackups(backupx.HSMFilter{})
	const operation = "DescribeBackups"
	requireFails[*hsmtypes.CloudHsmAccessDeniedException](t, l, operation, "CloudHsmAccessDeniedException")
	requireFails[*hsmtypes.CloudHsmInternalFailureException](t, l, operation, "CloudHsmInternalFailureException")
	requireFails[*hsmtypes.CloudHsmInvalidRequestException](t, l, operation, "CloudHsmInvalidRequestException")
	requireFails[*hsmtypes.CloudHsmResourceNotFoundException](t, l, operation, "CloudHsmResourceNotFoundException")
	requireFails[*hsmtypes.CloudHsmServiceException](t, l, operation, "CloudHsmServiceException")
	requireFails[*hsmtypes.CloudHsmTagException](t, l, operation, "CloudHsmTagException")
}

func TestReplayHSMRestoreErrors(t *testing.T) {
	client := replay(t, "hsm-restore-errors")
	restore := func() error {
		_, err := client.RestoreHSMBackup(t.Context(), "backup-ro5c4er4aac")
		return err
	}
	requireIs[*hsmtypes.CloudHsmAccessDeniedException](t, restore(), "CloudHsmAccessDeniedException")
	requireIs[*hsmtypes.CloudHsmInternalFailureException](t, restore(), "CloudHsmInternalFailureException")
	requireIs[*hsmtypes.CloudHsmInvalidRequestException](t, restore(), "CloudHsmInvalidRequestException")
	requireIs[*hsmtypes.CloudHsmResourceNotFoundException](t, restore(), "CloudHsmResourceNotFoundException")
	requireIs[*hsmtypes.CloudHsmServiceException](t, restore(), "CloudHsmServiceException")
}

// recordedOpsWorks are the backups of the OpsWorks CM cassettes, newest first.
func recordedOpsWorks() []backupx.OpsWorksBackup {
	all := fakeaws.GenerateOpsWorks(1, replayed.AddDate(0, 0, -30), replayed, 8)
	slices.Reverse(all)
	return all
}

func TestReplayOpsWorksPages(t *testing.T) {
	requirePages(t, []int{3, 3, 2}, replay(t, "opsworks-pages").OpsWorksBackups(backupx.OpsWorksFilter{}))
	requireReplays(t, recordedOpsWorks(), replay(t, "opsworks-pages").OpsWorksBackups(backupx.OpsWorksFilter{}))
}

func TestReplayOpsWorksFilters(t *testing.T) {
	client, all := replay(t, "opsworks-filters"), recordedOpsWorks()
	oldest := all[len(all)-1]
	requireReplays(t, []backupx.OpsWorksBackup{oldest},
		client.OpsWorksBackups(backupx.OpsWorksFilter{}.IDs(*oldest.BackupId)))
	requireReplays(t, append(ofServer(all, "automate-01"), ofServer(all, "puppet-01")...),
		client.OpsWorksBackups(backupx.OpsWorksFilter{}.Servers("automate-01", "puppet-01")))
	requireReplays(t, lo.Filter(all, func(b backupx.OpsWorksBackup, _ int) bool { return b.Status == "OK" && *b.Engine == "ChefAutomate" }),
		client.OpsWorksBackups(backupx.OpsWorksFilter{}.States(backupx.OpsWorksBackupStatusOk).Engines("ChefAutomate")))
}

func ofServer(all []backupx.OpsWorksBackup, name string) []backupx.OpsWorksBackup {
	return lo.Filter(all, func(b backupx.OpsWorksBackup, _ int) bool { return *b.ServerName == name })
}

func TestReplayOpsWorksErrors(t *testing.T) {
	l := replay(t, "opsworks-errors").OpsWorksBackups(backupx.OpsWorksFilter{})
	requireFails[*backupx.OpsWorksValidationException](t, l, "DescribeBackups", "ValidationException")
	requireFails[*backupx.OpsWorksResourceNotFoundException](t, l, "DescribeBackups", "ResourceNotFoundException")
	requireFails[*backupx.OpsWorksInvalidNextTokenException](t, l, "DescribeBackups", "InvalidNextTokenException")
}

func TestReplayEmptyAccounts(t *testing.T) {
	requireEmpty(t, replay(t, "hsm-empty").HSMBackups(backupx.HSMFilter{}))
	requireEmpty(t, replay(t, "opsworks-empty").OpsWorksBackups(backupx.OpsWorksFilter{}))
	requireEmpty(t, replay(t, "backup-jobs-empty").BackupJobs(backupx.BackupJobFilter{}))
	requireEmpty(t, replay(t, "copy-jobs-empty").CopyJobs(backupx.CopyJobFilter{}))
}

func TestReplayBackupJobsOfTheGuide(t *testing.T) {
	job := func(id, arn, kind string, created, startBy float64) types.BackupJob {
		return types.BackupJob{
			BackupJobId: aws.String(id), BackupVaultName: aws.String("Default"),
			BackupVaultArn: aws.String("arn:aws:backup:us-west-2:123456789012:backup-vault:Default"),
			ResourceArn:    aws.String(arn), ResourceType: aws.String(kind),
			IamRoleArn:   aws.String("arn:aws:iam::123456789012:role/service-role/AWSBackupDefaultServiceRole"),
			CreationDate: epoch(created), StartBy: epoch(startBy), State: types.BackupJobStateCreated, PercentDone: aws.String("0.0"),
		}
	}
	created := job("a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
		"arn:aws:ec2:us-west-2:123456789012:instance/i-12345678901234567", "EC2", 1600721892.929, 1600725492.929)
	completed := job("a1b2c3d4-5678-90ab-cdef-EXAMPLE22222",
		"arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-12345678", "EFS", 1600721724.77, 1600725324.77)
	completed.State, completed.PercentDone = types.BackupJobStateCompleted, aws.String("100.0")
	completed.CompletionDate, completed.BackupSizeInBytes = epoch(1600721744.488), aws.Int64(71)
	completed.RecoveryPointArn = aws.String("arn:aws:backup:us-west-2:123456789012:recovery-point:a1b2c3d4-5678-90ab-cdef-EXAMPLE33333")

	client := replay(t, "backup-jobs-guide")
	requireReplays(t, []types.BackupJob{created, completed}, client.BackupJobs(backupx.BackupJobFilter{}))
	requireReplays(t, []types.BackupJob{completed}, client.BackupJobs(backupx.BackupJobFilter{}.States(types.BackupJobStateCompleted)))
}

// recordedBackupJobs are the jobs of the cassettes, newest first.
func recordedBackupJobs() []types.BackupJob {
	all := fakeaws.GenerateBackupJobs(597, replayed.AddDate(0, 0, -7), replayed, 24)
	slices.Reverse(all)
	return all
}

func TestReplayBackupJobPages(t *testing.T) {
	requirePages(t, []int{10, 10, 4}, replay(t, "backup-jobs-pages").BackupJobs(backupx.BackupJobFilter{}).PageSize(10))
	requireReplays(t, recordedBackupJobs(), replay(t, "backup-jobs-pages").BackupJobs(backupx.BackupJobFilter{}).PageSize(10))
}

func TestReplayBackupJobFilters(t *testing.T) {
	client, all, jobs := replay(t, "backup-jobs-filters"), backupx.BackupJobFilter{}, recordedBackupJobs()
	day := func(n int) time.Time { return replayed.AddDate(0, 0, -n) }
	oldest := *jobs[len(jobs)-1].ResourceArn
	type job = types.BackupJob
	for _, c := range []chosen[backupx.BackupJobFilter, job]{
		{all.States(types.BackupJobStateFailed, types.BackupJobStatePartial), []func(job) bool{
			func(j job) bool { return j.State == "FAILED" },
			func(j job) bool { return j.State == "PARTIAL" },
		}},
		{all.Vaults("Default", "aws/efs/automatic-backup-vault"), []func(job) bool{
			func(j job) bool { return *j.BackupVaultName == "Default" },
			func(j job) bool { return *j.BackupVaultName == "aws/efs/automatic-backup-vault" },
		}},
		one(all.Resources(oldest), func(j job) bool { return *j.ResourceArn == oldest }),
		one(all.ResourceTypes("SAP HANA on Amazon EC2"), func(j job) bool { return *j.ResourceType == "SAP HANA on Amazon EC2" }),
		one(all.Accounts(fakeaws.ExampleAccount2), func(j job) bool { return *j.AccountId == fakeaws.ExampleAccount2 }),
		one(all.AllAccounts().TopLevel(), func(j job) bool { return j.ParentJobId == nil }),
		one(all.MessageCategories("accessdenied"), func(j job) bool { return aws.ToString(j.MessageCategory) == "AccessDenied" }),
		one(all.CompletedWithIssues(), func(j job) bool {
			return j.State == "COMPLETED" && aws.ToString(j.MessageCategory) == "Aggregated"
		}),
		one(all.CreatedAfter(day(1)), func(j job) bool { return j.CreationDate.After(day(1)) }),
		one(all.CreatedBetween(day(3), day(2)), func(j job) bool {
			return !j.CreationDate.Before(day(3)) && j.CreationDate.Before(day(2))
		}),
		one(all.CompletedBefore(day(6)), func(j job) bool { return j.CompletionDate != nil && j.CompletionDate.Before(day(6)) }),
	} {
		t.Run(fmt.Sprint(c.filter), func(t *testing.T) { requireReplays(t, c.of(jobs), client.BackupJobs(c.filter)) })
	}
}

func TestReplayCopyJobPages(t *testing.T) {
	requirePages(t, []int{10, 10, 4}, replay(t, "copy-jobs-pages").CopyJobs(backupx.CopyJobFilter{}).PageSize(10))
	requireReplays(t, recordedCopyJobs(), replay(t, "copy-jobs-pages").CopyJobs(backupx.CopyJobFilter{}).PageSize(10))
}

// recordedCopyJobs are the jobs of the cassettes, newest first.
func recordedCopyJobs() []types.CopyJob {
	all := fakeaws.GenerateCopyJobs(90, replayed.AddDate(0, 0, -7), replayed, 24)
	slices.Reverse(all)
	return all
}

func TestReplayCopyJobFilters(t *testing.T) {
	client, all, jobs := replay(t, "copy-jobs-filters"), backupx.CopyJobFilter{}, recordedCopyJobs()
	day := func(n int) time.Time { return replayed.AddDate(0, 0, -n) }
	oldest := jobs[len(jobs)-1]
	vault, point := *oldest.DestinationBackupVaultArn, *oldest.SourceRecoveryPointArn
	for _, c := range []chosen[backupx.CopyJobFilter, types.CopyJob]{
		{all.States(types.CopyJobStateRunning, types.CopyJobStateFailed), []func(types.CopyJob) bool{
			func(j types.CopyJob) bool { return j.State == "RUNNING" },
			func(j types.CopyJob) bool { return j.State == "FAILED" },
		}},
		{all.ResourceTypes("EBS", "S3"), []func(types.CopyJob) bool{
			func(j types.CopyJob) bool { return *j.ResourceType == "EBS" },
			func(j types.CopyJob) bool { return *j.ResourceType == "S3" },
		}},
		one(all.DestinationVaults(vault), func(j types.CopyJob) bool { return *j.DestinationBackupVaultArn == vault }),
		one(all.SourceRecoveryPoints(point), func(j types.CopyJob) bool { return *j.SourceRecoveryPointArn == point }),
		one(all.Accounts(fakeaws.ExampleAccount3), func(j types.CopyJob) bool { return *j.AccountId == fakeaws.ExampleAccount3 }),
		one(all.TopLevel(), func(j types.CopyJob) bool { return j.ParentJobId == nil }),
		one(all.CompletedWithIssues(), func(j types.CopyJob) bool {
			return j.State == "COMPLETED" && aws.ToString(j.MessageCategory) == "Aggregated"
		}),
		one(all.CreatedBetween(day(3), day(2)), func(j types.CopyJob) bool {
			return !j.CreationDate.Before(day(3)) && j.CreationDate.Before(day(2))
		}),
	} {
		t.Run(fmt.Sprint(c.filter), func(t *testing.T) { requireReplays(t, c.of(jobs), client.CopyJobs(c.filter)) })
	}
}

// chosen is a filter with one function for each of its chains, which tells the items of that chain.
type chosen[F, T any] struct {
	filter F
	chains []func(T) bool
}

func one[F, T any](filter F, keeps func(T) bool) chosen[F, T] {
	return chosen[F, T]{filter, []func(T) bool{keeps}}
}

// of returns the items that the filter keeps, chain after chain.
func (c chosen[F, T]) of(items []T) []T {
	return lo.FlatMap(c.chains, func(keeps func(T) bool, _ int) []T {
		return lo.Filter(items, func(item T, _ int) bool { return keeps(item) })
	})
}

// requireJobErrors requires the errors that the cassettes of backup jobs and of copy jobs hold.
func requireJobErrors[T any](t *testing.T, l backupx.Listing[T], operation string) {
	t.Helper()
	requireFails[*types.InvalidParameterValueException](t, l, operation, "InvalidParameterValueException")
	requireFails[*types.ServiceUnavailableException](t, l, operation, "ServiceUnavailableException")
	requireFails[smithy.APIError](t, l, operation, "AccessDeniedException")
	requireFails[smithy.APIError](t, l, operation, "ERROR_3621")
}

func TestReplayJobErrors(t *testing.T) {
	requireJobErrors(t, replay(t, "backup-jobs-errors").BackupJobs(backupx.BackupJobFilter{}), "ListBackupJobs")
	requireJobErrors(t, replay(t, "copy-jobs-errors").CopyJobs(backupx.CopyJobFilter{}), "ListCopyJobs")
}
