package main

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// An account whose every service is denied has no zero in any figure, picture or table.
func TestWhatIsDeniedIsNotZero(t *testing.T) {
	p := over(fakeaws.Generate(3, now, 100), fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.AccessDenied()}))
	page := p.print(t.Context(), "-live", "-region", "us-east-1,eu-west-1", "-o", "-")
	require.Equal(t, exitIncomplete, page.Status)
	values := regexp.MustCompile(`<div class="unread"><dt>[^<]*</dt><dd><span class="value">([^<]*)</span> <span class="note">([^<]*)</span>`).
		FindAllStringSubmatch(page.Stdout, -1)
	require.Len(t, values, 6)
	for _, v := range values {
		require.Equal(t, "not read", v[1])
		require.Regexp(t, `^eu-west-1, us-east-1: denied \(it takes (backup|cloudhsm):\w+\)$`, v[2])
	}
	require.Equal(t, 7, strings.Count(page.Stdout, `<p class="unread" role="note">Not read. `))
	require.NotContains(t, page.Stdout, "<svg")
	require.NotContains(t, page.Stdout, "<table")
	text := p.print(t.Context(), "-live", "-text").Stdout
	require.NotRegexp(t, `\b0\b|There are no|No backup job|No resource`, text)
}

// Where one region of two is denied, the numbers are at least those of the other.
func TestTheOtherRegionIsAtLeast(t *testing.T) {
	data := fakeaws.Data{BackupJobs: []types.BackupJob{
		of("late", types.BackupJobStateCompleted, 3*days), of("fresh", types.BackupJobStateCompleted, time.Hour),
	}}
	p := over(data, fakeaws.WithFaults(fakeaws.Fault{
		Operation: "ListBackupJobs", When: func(r fakeaws.Request) bool { return r.Region == "eu-west-1" }, Do: fakeaws.AccessDenied(),
	}))
	r := reported(t, p, options{regions: cli.List{"us-east-1", "eu-west-1"}})
	const why = ", in what was read. Not read: eu-west-1: denied (it takes backup:ListBackupJobs)"
	require.Equal(t, Figure{Label: "Backup jobs", Value: "at least 2", Note: "in the last 30 days" + why, Unread: true}, figure(t, r, "Backup jobs"))
	require.Equal(t, Figure{Label: "No backup within 24 h", Value: "at least 1", Note: "of 2 resources" + why, Unread: true, Bad: true}, figure(t, r, "No backup"))
	require.Equal(t, Figure{Label: "Failed, not cured", Value: "not all read", Note: "none of 0 resources with a failed backup" + why, Unread: true}, figure(t, r, "Failed"))
	require.Equal(t, Figure{Label: "Not copied, not cured", Value: "0", Note: "of 0 resources with a failed copy; 0 copy jobs"}, figure(t, r, "Not copied"), "copy jobs were read")
	for _, s := range r.Sections {
		if s.ID == "hsm" || s.ID == "copies" {
			require.Empty(t, s.Unread, s.ID)
			continue
		}
		require.Equal(t, "Not everything was read: there is at least what is shown. Not read: eu-west-1: denied (it takes backup:ListBackupJobs)", s.Unread)
		require.True(t, strings.HasPrefix(s.Lead, "In what was read: "), s.Lead)
		for _, pic := range s.Pictures {
			require.Contains(t, texts(pic), "at least: not everything was read", s.ID)
			require.Contains(t, pic.Desc, "not everything was read", s.ID)
		}
		for _, table := range append(s.Tables, s.Briefs...) {
			if s.ID != "ages" { // the resources of the other region are known
				require.NotContains(t, lo.Flatten(table.Rows), "·", "%s: it may be in the region that was not read", s.ID)
			}
			require.NotContains(t, lo.Flatten(table.Rows), "0", s.ID)
		}
	}
}

// In a region that was read in part, a newer backup may be among the rest.
func TestWhatIsHalfReadIsNotKnown(t *testing.T) {
	var jobs []types.BackupJob
	for i := range 200 { // two pages
		jobs = append(jobs, of(fmt.Sprintf("vol-%03d", i), lo.Ternary(i%3 == 0, types.BackupJobStateFailed, types.BackupJobStateCompleted), time.Duration(i+1)*time.Hour))
	}
	expired := fakeaws.Fault{Operation: "ListBackupJobs", Nth: 2, Do: fakeaws.Error(400, "ExpiredTokenException", "expired")}
	r := reported(t, over(fakeaws.Data{BackupJobs: jobs}, fakeaws.WithPageSize(100), fakeaws.WithFaults(expired)), options{parallel: 1})
	require.Equal(t, 100, r.Missing[0].Read)
	require.Equal(t, "ExpiredTokenException: expired, after 100 read", r.Missing[0].Why())
	require.Equal(t, "at least 100", figure(t, r, "Backup jobs").Value)
	require.Equal(t, "not all read", figure(t, r, "No backup").Value, "none is known to be late")
	require.Equal(t, "not all read", figure(t, r, "Failed").Value, "none is known to be without a cure")
	sections := lo.KeyBy(r.Sections, func(s Section) string { return s.ID })
	verdicts := lo.CountValues(lo.Map(sections["ages"].Tables[0].Rows, func(row []string, _ int) string { return row[4] }))
	require.Equal(t, map[string]int{"yes": 16, "not known": 84}, verdicts)
	require.Equal(t, "not known", texts(sections["ages"].Pictures[0])[1])
	require.Equal(t, []string{"not known"}, column(sections["failures"].Tables[1], "Cured")["vol-000"])
}

func TestAnInterruptionLeavesNothingAtZero(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := over(fakeaws.Data{}).print(ctx, "-live", "-text")
	require.Equal(t, 6, strings.Count(got.Stdout, "not read: us-east-1: stopped"), got.Stdout)
	require.Equal(t, 7, strings.Count(got.Stdout, "  Not read. us-east-1: stopped\n"), got.Stdout)
}

func TestALiveHeaderHasTheAccount(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{})
	for account, want := range map[string]string{
		"111122223333": "account 111122223333 in us-east-1",
		"":             "account not told (AccessDenied: it is denied by a policy) in us-east-1",
	} {
		p := program{load: clitest.Loads(clitest.WithAccount(s.Config(), account), nil), now: func() time.Time { return now }}
		require.Contains(t, p.print(t.Context(), "-live", "-region", "us-east-1", "-o", "-").Stdout, "<p class=\"when\">From "+want+".</p>")
	}
}

func TestProgressIsOnTheTerminalOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := over(fakeaws.Generate(3, now, 100), fakeaws.WithLatency(4*time.Second))
		slow.screen = cli.Screen{Line: func() int { return 80 }}
		got := slow.print(t.Context(), "-live", "-region", "us-east-1", "-text")
		require.Equal(t, exitWhole, got.Status)
		require.Contains(t, got.Stderr, "0 items · waiting 3 s for us-east-1 ")
		require.True(t, strings.HasSuffix(got.Stderr, "\r\x1b[K"), "the line is erased")
		require.NotContains(t, got.Stdout, "waiting")
	})
}

func TestSinceLeavesOutEarlierJobsAndKeepsCloudHSM(t *testing.T) {
	data := fakeaws.Generate(3, now, 400)
	data.BackupJobs = append(data.BackupJobs, of("late", types.BackupJobStateCompleted, 36*time.Hour))
	s := fakeaws.New(data)
	p := program{load: clitest.Loads(clitest.WithAccount(s.Config(), "111122223333"), nil), now: func() time.Time { return now }}
	got := p.print(t.Context(), "-live", "-region", "us-east-1", "-text", "-since", "2d", "-rate", "1000", "-parallel", "1")
	require.Equal(t, exitWhole, got.Status, got.Stderr)
	for _, r := range s.Requests() {
		if r.Service == "backup" {
			require.Equal(t, "2026-11-18T05:59:59Z", r.Parameter("createdAfter"), r.Operation)
		}
	}
	require.Contains(t, got.Stdout, "created since 2026-11-18 06:00 UTC: ")
	require.Contains(t, got.Stdout, "\n  Wed 2026-11-18 ")
	require.NotContains(t, got.Stdout, "\n  Tue 2026-11-17 ", "no day that was not read")
	require.Contains(t, got.Stdout, "\n  20 backups, ", "CloudHSM keeps backups for longer")
}

func TestFlagsThatCannotBeMeant(t *testing.T) {
	for want, args := range map[string][]string{
		"-parallel 0: it must be at least 1":                        {"-parallel", "0"},
		"-rate -1: it must be a number of requests, 0 for no limit": {"-rate", "-1"},
		"-max-age -1h0m0s: it must not be negative":                 {"-max-age", "-1h"},
		"-due -1h0m0s: it must not be negative":                     {"-due", "-1h"},
		"-max-age 3 d: jobs are read only since 2026-11-18":         {"-max-age", "3d", "-since", "2d"},
		"-max-age 31 d: jobs are read only in the last 30 days":     {"-max-age", "31d"},
		"-since 40d: AWS keeps jobs for 30 days":                    {"-since", "40d"},
		"for flag -since: it takes a duration, a date or a time":    {"-since", "yesterday"},
		"-protected goes with -live":                                {"-protected"},
		"-rate NaN: it must be a number of requests":                {"-rate", "NaN"},
	} {
		got := program{}.print(t.Context(), append(args, "-o", "-")...)
		require.Equal(t, exitNothing, got.Status, args)
		require.Contains(t, got.Stderr, want)
		require.Equal(t, 1, strings.Count(got.Stderr, "\n"), "one line")
		require.Empty(t, got.Stdout)
	}
}

// The success that cures a failure may be among what was not read. The text names the resource all the same.
func TestAFailureOfAnUnreadRegionIsNamed(t *testing.T) {
	jobs := []types.BackupJob{of("failed", types.BackupJobStateFailed, time.Hour)}
	nowhere := of("nowhere", types.BackupJobStateFailed, time.Hour)
	nowhere.ResourceArn = nil
	for i := range 150 {
		jobs = append(jobs, of("fine", types.BackupJobStateCompleted, time.Duration(i+2)*time.Hour))
	}
	expired := fakeaws.Fault{Operation: "ListBackupJobs", Nth: 2, Do: fakeaws.Error(400, "ExpiredTokenException", "expired")}
	p := over(fakeaws.Data{BackupJobs: append(jobs, nowhere)}, fakeaws.WithPageSize(100), fakeaws.WithFaults(expired))
	got := p.print(t.Context(), "-live", "-region", "us-east-1", "-parallel", "1", "-text")
	require.Contains(t, got.Stdout, "! Failed, not cured      at least 1 of 2 resources with a failed backup, in\n", "nothing cures a job without an ARN")
	require.Contains(t, strings.Join(strings.Fields(got.Stdout), " "), "Of 1 resource that failed, a later backup may be unread.")
	require.Contains(t, got.Stdout, "  A later success may be unread:\n  RESOURCE  TYPE  OUTCOME  CREATED               WHAT THE NEWEST SAID\n  failed    EBS   failed ")
}

// A file that cannot be written is told of before an account is read for minutes.
func TestTheFileIsCheckedBeforeAnythingIsRead(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{})
	p := program{load: clitest.Loads(clitest.WithAccount(s.Config(), "111122223333"), nil), now: func() time.Time { return now }}
	for _, file := range []string{t.TempDir(), filepath.Join(t.TempDir(), "no", "page.html")} {
		got := p.print(t.Context(), "-live", "-region", "us-east-1", "-o", file)
		require.Equal(t, exitNothing, got.Status)
		require.Equal(t, 1, strings.Count(got.Stderr, "\n"), got.Stderr)
	}
	require.Empty(t, s.Requests())
}

func TestAnEmptyAccountInNarrowText(t *testing.T) {
	p := over(fakeaws.Data{})
	p.screen = cli.Screen{Width: 20}
	got := p.print(t.Context(), "-live", "-region", "us-east-1", "-text")
	require.Contains(t, got.Stdout, "\n  Deletes within 3\n  d\n    0 of 0 CloudHSM\n", "a label stays beside its mark")
	require.Contains(t, got.Stdout, "\n  Success rate\n    none as no\n    backup job\n    ended\n")
}
