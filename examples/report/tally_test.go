package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// job returns a backup job of a type in a state, created ago before now.
func job(kind string, state types.BackupJobState, ago time.Duration, bytes int64) types.BackupJob {
	return types.BackupJob{
		BackupJobId: aws.String(kind + ago.String()), ResourceType: aws.String(kind), State: state,
		CreationDate: aws.Time(now.Add(-ago)), BackupSizeInBytes: lo.EmptyableToPtr(bytes),
	}
}

// collected returns the sections of a live report over data.
func collected(t *testing.T, data fakeaws.Data, o options, opts ...fakeaws.Option) map[string]Section {
	t.Helper()
	r := reported(t, over(data, opts...), o)
	require.Empty(t, r.Missing)
	return lo.KeyBy(r.Sections, func(s Section) string { return s.ID })
}

// reported returns the report of a live run, in one region unless there are others, with the flags' defaults for the rest.
func reported(t *testing.T, p program, o options) Report {
	t.Helper()
	if o.zone.Location == nil {
		o.zone.Location = time.UTC
	}
	if o.regions == nil {
		o.regions = cli.List{"us-east-1"}
	}
	o.live, o.maxAge, o.due, o.parallel = true, 24*time.Hour, 72*time.Hour, cmp.Or(o.parallel, 4)
	r, err := p.report(t.Context(), o, io.Discard)
	require.NoError(t, err)
	return r
}

// figure returns a figure by the start of its label.
func figure(t *testing.T, r Report, label string) Figure {
	t.Helper()
	f, ok := lo.Find(r.Figures, func(f Figure) bool { return strings.HasPrefix(f.Label, label) })
	require.True(t, ok, label)
	return f
}

// last returns the last row of a table.
func last(t Table) []string { return t.Rows[len(t.Rows)-1] }

func TestADayIsOneOfTheZone(t *testing.T) {
	data := fakeaws.Data{BackupJobs: []types.BackupJob{
		job("EBS", types.BackupJobStateCompleted, 7*time.Hour, 1), // 23:00 UTC the day before
	}}
	for name, want := range map[string]string{
		"UTC":                 "Thu 2026-11-19",
		"Asia/Tokyo":          "Fri 2026-11-20 so far",
		"America/Los_Angeles": "Thu 2026-11-19 so far", // now is 22:00 the day before
	} {
		loc, err := time.LoadLocation(name)
		require.NoError(t, err)
		table := collected(t, data, options{zone: zone{loc}})["jobs"].Tables[0]
		row, ok := lo.Find(table.Rows, func(r []string) bool { return r[1] == "1" })
		require.True(t, ok)
		require.Equal(t, want, row[0], name)
	}
}

func TestDaysAreDatesWhereClocksChange(t *testing.T) {
	loc, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	cal := newCalendar(time.Date(2026, time.November, 1, 12, 0, 0, 0, loc), time.Time{}) // clocks went back on October 25
	for at, want := range map[string]int{
		"2026-10-25T00:00:00+02:00": 23, "2026-10-25T23:59:59+01:00": 23, "2026-10-26T00:00:00+01:00": 24,
		"2026-11-01T23:00:00+01:00": 30, "2026-10-02T00:00:00+02:00": 0,
	} {
		moment, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		got, ok := cal.day(&moment)
		require.True(t, ok, at)
		require.Equal(t, want, got, at)
	}
	for _, outside := range []string{"2026-10-01T23:59:59+02:00", "2026-11-02T00:00:00+01:00", "1970-01-01T00:00:00Z"} {
		moment, err := time.Parse(time.RFC3339, outside)
		require.NoError(t, err)
		_, ok := cal.day(&moment)
		require.False(t, ok, outside)
	}
	_, ok := cal.day(nil)
	require.False(t, ok)
}

func TestChildrenAreLeftOutUnlessAsked(t *testing.T) {
	child := job("EBS", types.BackupJobStateFailed, time.Hour, 0)
	child.ParentJobId = aws.String("parent")
	copied := types.CopyJob{
		CopyJobId: aws.String("c"), ParentJobId: aws.String("parent"), State: types.CopyJobStateFailed, CreationDate: child.CreationDate,
	}
	data := fakeaws.Data{BackupJobs: []types.BackupJob{child}, CopyJobs: []types.CopyJob{copied}}
	r := reported(t, over(data), options{})
	require.Equal(t, "2 child jobs are left out: their parents tell how they ended.", r.Scope())
	require.Equal(t, "0", figure(t, r, "Backup jobs").Value)
	require.Equal(t, "1 child job is left out: its parent tells how it ended.", Report{Hidden: 1}.Scope())
	require.Equal(t, "Child jobs are left out: their parents tell how they ended.", Report{}.Scope())
	r = reported(t, over(data), options{children: true})
	require.Equal(t, "Jobs with a parent are counted, beside their parents.", r.Scope())
	require.Equal(t, "1", figure(t, r, "Backup jobs").Value)
	require.Equal(t, "1", figure(t, r, "Failed").Value)
	require.Equal(t, "1", figure(t, r, "Not copied").Value)
}

func TestBytesStayWithTheirTypes(t *testing.T) {
	data := fakeaws.Data{BackupJobs: []types.BackupJob{
		job("EBS", types.BackupJobStateCompleted, 25*time.Hour, 3<<30),
		job("EBS", types.BackupJobStateCompleted, time.Hour, 1<<30),
		job("EBS", types.BackupJobStateFailed, 2*time.Hour, 1<<40),
		job("EFS", types.BackupJobStateCompleted, time.Hour, 512),
		job("Aurora", types.BackupJobStateCompleted, time.Hour, 0),
	}}
	s := collected(t, data, options{})["bytes"]
	require.Equal(t, []string{"Day", "EBS", "EFS"}, s.Tables[0].Head, "a column a type, and none for all")
	require.Equal(t, []string{"All days", "4.0 GiB", "512 B"}, last(s.Tables[0]))
	require.Equal(t, [][]string{
		{"Aurora", "1", "·", "not reported"},
		{"EBS", "2", "4.0 GiB", "provisioned size, each job anew"},
		{"EFS", "1", "512 B", "increments"},
	}, s.Briefs[0].Rows)
	require.Len(t, s.Pictures, 2)
}

func TestSuccessIsOfTheJobsThatEnded(t *testing.T) {
	issues := job("S3", types.BackupJobStateCompleted, time.Hour, 0)
	issues.MessageCategory = aws.String("Aggregated")
	s := collected(t, fakeaws.Data{BackupJobs: []types.BackupJob{
		issues,
		job("EBS", types.BackupJobStateCompleted, 2*time.Hour, 0),
		job("EC2", types.BackupJobStatePartial, 3*time.Hour, 0),
		job("EC2", types.BackupJobStateRunning, 4*time.Hour, 0),
		job("EBS", types.BackupJobStateCompleted, 100*time.Hour, 0),
	}}, options{})["success"]
	require.Equal(t, "75.0 % of the 4 backup jobs that ended were successful; 1 of the successful ones completed with issues.", s.Lead)
	require.Equal(t, []string{"Fri 2026-11-20 so far", "3", "2", "66.6 %", "75.0 %"}, last(s.Tables[0]))
}

func TestJobsOutsideTheDaysAreToldOf(t *testing.T) {
	answer := fakeaws.Body(fmt.Sprintf(`{"BackupJobs": [
		{"BackupJobId": "timeless", "State": "COMPLETED"},
		{"BackupJobId": "old", "State": "COMPLETED", "CreationDate": %d},
		{"BackupJobId": "new", "State": "NEW_STATE", "CreationDate": %d}
	]}`, now.AddDate(0, 0, -90).Unix(), now.Add(-time.Hour).Unix()))
	odd := over(fakeaws.Data{}, fakeaws.WithFaults(fakeaws.Fault{Operation: "ListBackupJobs", Do: answer}))
	r := reported(t, odd, options{})
	require.Equal(t, Figure{Label: "Backup jobs", Value: "1", Note: "in the last 30 days"}, figure(t, r, "Backup jobs"))
	s, _ := lo.Find(r.Sections, func(s Section) bool { return s.ID == "jobs" })
	require.Contains(t, s.Lead, "1 backup job was created")
	require.Contains(t, s.Note, "2 jobs were created earlier, later, or at a time not told.")
	require.Equal(t, []string{"Day", "new_state", "all"}, s.Tables[0].Head, "a state that nobody knows yet is shown")
}

func TestTheNewestFailureOfACauseSpeaks(t *testing.T) {
	denied := func(ago time.Duration, message string) types.BackupJob {
		j := job("EBS", types.BackupJobStateFailed, ago, 0)
		j.MessageCategory, j.StatusMessage = aws.String("AccessDenied"), aws.String(message)
		return j
	}
	s := collected(t, fakeaws.Data{BackupJobs: []types.BackupJob{
		denied(3*time.Hour, "old"), denied(time.Hour, "new"), denied(2*time.Hour, "middle"),
		job("RDS", types.BackupJobStateExpired, time.Hour, 0),
	}}, options{})["failures"]
	require.Equal(t, [][]string{
		{"AccessDenied", "EBS", "1", "new", "failed", "2026-11-20 05:00 UTC"},
		{"not told", "RDS", "1", "·", "expired", "2026-11-20 05:00 UTC"},
	}, s.Tables[0].Rows)
}

func TestCopiesByDestination(t *testing.T) {
	to := func(arn string, state types.CopyJobState) types.CopyJob {
		return types.CopyJob{
			CopyJobId: aws.String(arn + string(state)), DestinationBackupVaultArn: aws.String(arn), State: state, CreationDate: aws.Time(now.Add(-time.Hour)),
		}
	}
	s := collected(t, fakeaws.Data{CopyJobs: []types.CopyJob{
		to("arn:aws:backup:eu-west-1:444455556666:backup-vault:offsite", types.CopyJobStateCompleted),
		to("arn:aws:backup:eu-west-1:444455556666:backup-vault:offsite", types.CopyJobStateFailed),
		to("arn:aws:backup:eu-west-1:111122223333:backup-vault:offsite", types.CopyJobStateRunning),
	}}, options{})["copies"]
	require.Equal(t, "3 copy jobs to 2 vaults: 1 failed, 0 partial.", s.Lead)
	require.Equal(t, [][]string{
		{"offsite, eu-west-1 444455556666", "1", "1", "·", "2"},
		{"offsite, eu-west-1 111122223333", "·", "·", "1", "1"},
	}, s.Tables[0].Rows)
}

func TestHowLongABackupCanStillBeRestored(t *testing.T) {
	pending := func(id string, deleted *time.Time) hsmtypes.Backup {
		return hsmtypes.Backup{
			BackupId: aws.String(id), ClusterId: aws.String("cluster-a"), BackupState: hsmtypes.BackupStatePendingDeletion,
			CreateTimestamp: aws.Time(now.AddDate(-1, 0, 0)), DeleteTimestamp: deleted,
		}
	}
	s := collected(t, fakeaws.Data{HSM: []hsmtypes.Backup{
		pending("backup-week", aws.Time(now.AddDate(0, 0, 7))),
		pending("backup-soon", aws.Time(now.Add(89*time.Minute))),
		pending("backup-late", aws.Time(now.Add(-time.Minute))),
		pending("backup-mute", nil),
		{BackupId: aws.String("backup-fine"), BackupState: hsmtypes.BackupStateReady, CreateTimestamp: &now},
	}}, options{})["hsm"]
	require.Equal(t, []string{"due", "1.4 hours", "7.0 days", "not told", "·"},
		lo.Map(s.Tables[0].Rows, func(r []string, _ int) string { return r[2] }))
	require.Equal(t, "5 backups, 4 of them pending deletion. The deletion of backup-late is due.", s.Lead)
	require.Len(t, s.Pictures, 2)
	require.Equal(t, []string{"due", "1.4 hours", "not told", "7.0 days"},
		lo.Map(s.Briefs[0].Rows, func(r []string, _ int) string { return r[1] }), "one without a time may go at any moment")
}

func TestTheFigureOfTheFirstToGo(t *testing.T) {
	for want, deleted := range map[string]*time.Time{
		"of 1 CloudHSM backup that is pending deletion, the first in 5.6 hours": aws.Time(now.Add(5*time.Hour + 40*time.Minute)),
		"of 1 CloudHSM backup that is pending deletion, the first is due":       aws.Time(now.Add(-time.Minute)),
		"of 1 CloudHSM backup that is pending deletion, when is not told":       nil,
	} {
		h := newHSM(subject{newCalendar(now, time.Time{}), new(reach), 1}, 72*time.Hour)
		h.add("us-east-1", hsmtypes.Backup{BackupState: hsmtypes.BackupStatePendingDeletion, DeleteTimestamp: deleted})
		require.Equal(t, want, h.figure().Note)
	}
}

// The legend says if a bar starts later than the creation of its backup.
func TestTheLegendSaysWhereBarsBegin(t *testing.T) {
	for want, age := range map[string]int{"since its creation": 3, "since its creation, or from Nov 10 if it is older": 30} {
		s := collected(t, fakeaws.Data{HSM: []hsmtypes.Backup{{
			BackupState: hsmtypes.BackupStatePendingDeletion, BackupId: aws.String("backup-a"),
			CreateTimestamp: aws.Time(now.AddDate(0, 0, -age)), DeleteTimestamp: aws.Time(now.AddDate(0, 0, 30)),
		}}}, options{})["hsm"]
		require.Contains(t, s.Legend, Key{want, "──", inkWaiting})
	}
}

func TestABackupInAStateThatNobodyKnowsYetIsDrawn(t *testing.T) {
	backup := func(state hsmtypes.BackupState) hsmtypes.Backup {
		return hsmtypes.Backup{BackupId: aws.String("backup-" + string(state)), BackupState: state, CreateTimestamp: aws.Time(now.Add(-time.Hour))}
	}
	data := fakeaws.Data{HSM: []hsmtypes.Backup{backup("READY"), backup("ARCHIVED")}}
	s := collected(t, data, options{})["hsm"]
	require.Equal(t, []Key{{"ready", "●", inkCompleted}, {"archived", "■", inkFaint}}, s.Legend)
	require.Contains(t, s.Pictures[0].Wide, `class="f-faint"/>`, "a square of its own")
}

func TestWhatThereIsNoPictureOfIsSaid(t *testing.T) {
	var many []string
	for i := range drawn + 3 {
		many = append(many, fmt.Sprintf(`{"BackupId": "backup-%d", "ClusterId": "cluster-%[1]d", "BackupState": "PENDING_DELETION", "DeleteTimestamp": %d}`,
			i, now.Add(time.Hour).Unix()))
	}
	answer := fakeaws.Body(`{"Backups": [` + strings.Join(many, ",") + `]}`)
	s := collected(t, fakeaws.Data{}, options{}, fakeaws.WithFaults(fakeaws.Fault{Service: "cloudhsm", Do: answer}))["hsm"]
	require.Contains(t, s.Note, "The picture of clusters has 20 of 23 clusters. The picture of deadlines has the 20 that go first. "+
		"When 23 backups were created is not told.")
	require.Len(t, s.Tables[0].Rows, 23)
}
