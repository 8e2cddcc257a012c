package main

import (
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// of returns a backup job of a volume.
func of(volume string, state types.BackupJobState, ago time.Duration) types.BackupJob {
	j := job("EBS", state, ago, 0)
	j.BackupJobId = aws.String(volume + ago.String())
	j.ResourceArn = aws.String("arn:aws:ec2:us-east-1:111122223333:volume/" + volume)
	j.AccountId = aws.String(fakeaws.ExampleAccount)
	j.CompletionDate = aws.Time(now.Add(-ago))
	return j
}

const days = 24 * time.Hour

// column returns the cells of some columns of a table, by the name of the row.
func column(t Table, columns ...string) map[string][]string {
	out := map[string][]string{}
	for _, row := range t.Rows {
		out[row[0]] = lo.Map(columns, func(name string, _ int) string { return row[lo.IndexOf(t.Head, name)] })
	}
	return out
}

func TestResourcesByTheAgeOfTheirNewestBackup(t *testing.T) {
	data := fakeaws.Data{BackupJobs: []types.BackupJob{
		of("healed", types.BackupJobStateFailed, 20*days), of("healed", types.BackupJobStateCompleted, 3*time.Hour),
		of("edge", types.BackupJobStateCompleted, 24*time.Hour),
		of("stopped", types.BackupJobStateCompleted, 10*days),
		of("broken", types.BackupJobStateCompleted, 50*time.Hour), of("broken", types.BackupJobStateFailed, 2*time.Hour),
		of("new", types.BackupJobStateRunning, time.Hour),
	}}
	r := reported(t, over(data), options{})
	s := lo.KeyBy(r.Sections, func(s Section) string { return s.ID })["ages"]
	require.Equal(t, "3 of 5 resources have no backup within 24 h. The first is EBS new, of which no backup was seen.", s.Lead)
	require.Equal(t, map[string][]string{
		"new":     {"none seen", "no", "·"},
		"stopped": {"10.0 days", "no", "·"},
		"broken":  {"50.0 hours", "no", "failed"},
		"edge":    {"24.0 hours", "yes", "·"},
		"healed":  {"3.0 hours", "yes", "·"},
	}, lo.MapValues(column(s.Tables[0], "Age", "In time", "Newest failure that is not cured"), func(c []string, name string) []string {
		return lo.Ternary(name == "new", []string{"none seen", c[1], c[2]}, c)
	}))
	require.Equal(t, []string{"new", "stopped", "broken"}, lo.Map(s.Briefs[0].Rows, func(r []string, _ int) string { return r[0] }))
	require.Equal(t, []string{"none seen", "14 d – 30 d", "7 d – 14 d", "3 d – 7 d", "48 h – 3 d", "24 h – 48 h", "under 24 h"}, texts(s.Pictures[0])[0:7])
	require.Equal(t, []string{"1", "0", "1", "0", "1", "0", "2"}, texts(s.Pictures[0])[7:])

	require.Equal(t, Figure{Label: "No backup within 24 h", Value: "3", Note: "of 5 resources", Bad: true}, figure(t, r, "No backup"))
	require.Equal(t, Figure{Label: "Failed, not cured", Value: "1", Note: "of 2 resources with a failed backup", Bad: true}, figure(t, r, "Failed"))
}

// texts returns the texts of a picture: a remark if there is one, the rows from the top, and then their counts.
func texts(p Picture) (out []string) {
	for _, part := range strings.Split(string(p.Wide), "<text ")[1:] {
		_, after, _ := strings.Cut(part, ">")
		text, _, _ := strings.Cut(after, "<")
		out = append(out, text)
	}
	return out
}

// The dashed line of -max-age stands between the ranges, wherever it is.
func TestTheTimeThatIsAllowedIsARangeOfItsOwn(t *testing.T) {
	data := fakeaws.Data{BackupJobs: []types.BackupJob{of("a", types.BackupJobStateCompleted, 31*time.Hour), of("b", types.BackupJobStateCompleted, 29*time.Hour)}}
	for allowed, want := range map[string]string{"30h": "1", "25h": "2", "5d": "0", "90m": "2"} {
		got := over(data).print(t.Context(), "-live", "-region", "us-east-1", "-o", "-", "-max-age", allowed)
		require.Equal(t, exitWhole, got.Status, got.Stderr)
		require.Regexp(t, `<dt>No backup within [^<]*</dt><dd><span class="value">`+want+"<", got.Stdout, allowed)
	}
	page := over(data).print(t.Context(), "-live", "-region", "us-east-1", "-o", "-", "-max-age", "30h").Stdout
	_, picture, _ := strings.Cut(page, `<title id="ages-wide">`)
	height := func(of string) float64 {
		found := regexp.MustCompile(of).FindStringSubmatch(picture)
		require.NotNil(t, found, of)
		y, err := strconv.ParseFloat(found[1], 64)
		require.NoError(t, err)
		return math.Abs(y) // text has its from the top of the picture down, with a minus
	}
	require.IsDecreasing(t, []float64{
		height(`y="([^"]*)"[^>]*>30 h – 48 h<`), height(`d="M[\d.]+,([\d.]+)L[^>]*dasharray`), height(`y="([^"]*)"[^>]*>24 h – 30 h<`),
	})
	off := over(data).print(t.Context(), "-live", "-region", "us-east-1", "-text", "-max-age", "0")
	require.Contains(t, off.Stdout, "No backup seen         0 of 2 resources")
	require.Contains(t, off.Stdout, "\n  2 resources.\n")
}

func TestAgesInWords(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"24 h": 24 * time.Hour, "48 h": 48 * time.Hour, "3 d": 72 * time.Hour, "30 d": 30 * days, "36 h": 36 * time.Hour,
		"1h30m": 90 * time.Minute, "10m": 10 * time.Minute, "30s": 30 * time.Second,
	} {
		require.Equal(t, want, ageOf(d))
	}
}

// With -protected, a resource that has no job any more is late, and one that a job does not tell of is not.
func TestProtectedResourcesHaveAnAgeToo(t *testing.T) {
	one := func(name string, last *time.Time) types.ProtectedResource {
		return types.ProtectedResource{ResourceArn: aws.String("arn:aws:s3:::" + name), ResourceType: aws.String("S3"), LastBackupTime: last}
	}
	protecting := fakeaws.WithOperation("backup GET /resources", fakeaws.Pages(fakeaws.Paging{List: "Results"},
		func(*http.Request) ([]types.ProtectedResource, error) {
			return []types.ProtectedResource{
				one("forgotten", aws.Time(now.Add(-90*days))), one("never", nil), one("nested", aws.Time(now.Add(-time.Hour))),
			}, nil
		}))
	data := fakeaws.Data{BackupJobs: []types.BackupJob{of("volume", types.BackupJobStateCompleted, 3*days)}}
	r := reported(t, over(data, protecting), options{protected: true})
	require.Empty(t, r.Missing)
	require.Equal(t, "3", figure(t, r, "No backup").Value)
	s := lo.KeyBy(r.Sections, func(s Section) string { return s.ID })["ages"]
	require.Equal(t, map[string][]string{
		"never": {"none seen"}, "forgotten": {"90.0 days"}, "volume": {"3.0 days"},
	}, column(s.Briefs[0], "Age"))
	require.Equal(t, []string{"none seen", "over 30 d", "14 d – 30 d"}, texts(s.Pictures[0])[0:3])

	denied := fakeaws.WithFaults(fakeaws.Fault{Operation: "GET /resources", Do: fakeaws.AccessDenied()})
	got := over(data, protecting, denied).print(t.Context(), "-live", "-region", "us-east-1", "-protected", "-text")
	require.Equal(t, exitIncomplete, got.Status)
	require.Contains(t, got.Stdout, "! No backup within 24 h  at least 1 of 1 resource, in what was read. Not read:\n"+
		"                         us-east-1: denied (it takes\n                         backup:ListProtectedResources)\n")
	require.Contains(t, got.Stdout, "  Backup jobs            1 in the last 30 days\n", "the jobs were read")
}

// Without all protected resources, the jobs of two days do not tell who was backed up five days ago.
func TestFewerDaysThanTheAgeProveNothing(t *testing.T) {
	none := fakeaws.WithOperation("backup GET /resources", fakeaws.Pages(fakeaws.Paging{List: "Results"},
		func(*http.Request) ([]types.ProtectedResource, error) { return nil, nil }))
	denied := fakeaws.WithFaults(fakeaws.Fault{Operation: "GET /resources", Do: fakeaws.AccessDenied()})
	data := fakeaws.Data{BackupJobs: []types.BackupJob{of("volume", types.BackupJobStateFailed, 5*time.Hour)}}
	for want, opts := range map[string][]fakeaws.Option{"1 of 1": {none}, "not all read: none of 1": {none, denied}} {
		got := over(data, opts...).print(t.Context(), "-live", "-region", "us-east-1", "-text", "-protected", "-since", "2d", "-max-age", "5d")
		require.Contains(t, got.Stdout, "No backup within 5 d   "+want+" resource")
		require.NotContains(t, got.Stdout, "never", "AWS Backup forgets what it has no backup of any more")
	}
}

func TestAFailureThatIsCuredIsNoFinding(t *testing.T) {
	denied := of("cured", types.BackupJobStateFailed, 5*days)
	denied.MessageCategory, denied.StatusMessage = aws.String("AccessDenied"), aws.String("not you")
	data := fakeaws.Data{BackupJobs: []types.BackupJob{denied, of("cured", types.BackupJobStateCompleted, 4*days)}}
	s := collected(t, data, options{})["failures"]
	require.Equal(t, "No failure is known that a later backup did not cure. A later backup cured failures of 1 resource.", s.Lead)
	require.Empty(t, s.Pictures)
	require.Equal(t, []string{"AccessDenied", "2026-11-16 06:00 UTC", "not you"},
		column(s.Tables[1], "Category", "Cured", "What the newest said")["cured"], "it is named")
	s = collected(t, data, options{cured: true})["failures"]
	require.Len(t, s.Pictures, 1)
	require.Equal(t, "cured", s.Briefs[1].Rows[0][0])
}

func TestACopyIsCuredByOneToTheSameVault(t *testing.T) {
	copied := func(vault string, state types.CopyJobState, ago time.Duration) types.CopyJob {
		return types.CopyJob{
			CopyJobId: aws.String(vault + ago.String()), State: state, CreationDate: aws.Time(now.Add(-ago)), ResourceArn: aws.String("arn:aws:s3:::bucket"),
			DestinationBackupVaultArn: aws.String("arn:aws:backup:eu-west-1:111122223333:backup-vault:" + vault),
		}
	}
	data := fakeaws.Data{CopyJobs: []types.CopyJob{
		copied("offsite", types.CopyJobStateFailed, 3*days), copied("offsite", types.CopyJobStateCompleted, 2*days),
		copied("isolated", types.CopyJobStateFailed, 3*days), copied("vaulted", types.CopyJobStateFailed, 3*days),
	}}
	r := reported(t, over(data), options{})
	require.Equal(t, Figure{Label: "Not copied, not cured", Value: "1", Note: "of 1 resource with a failed copy; 4 copy jobs", Bad: true},
		figure(t, r, "Not copied"), "a resource counts once, to however many vaults it is copied")
	s := lo.KeyBy(r.Sections, func(s Section) string { return s.ID })["copies"]
	require.Equal(t, []string{"isolated, eu-west-1 111122223333", "vaulted, eu-west-1 111122223333", "offsite, eu-west-1 111122223333"},
		lo.Map(s.Tables[1].Rows, func(row []string, _ int) string { return row[lo.IndexOf(s.Tables[1].Head, "Vault")] }), "the one that is not cured first")
	require.Len(t, s.Briefs[1].Rows, 2)
}

// What has a deadline comes first, and of that the backups that are deleted soon.
func TestWhatNeedsAttentionComesFirst(t *testing.T) {
	got := program{screen: cli.Screen{Width: 100}}.print(t.Context(), "-text")
	var at []int
	for _, title := range []string{"! Deletes within", "! No backup", "! Failed", "! Not copied", "\nCloudHSM", "\nResources", "\nFailures", "\nCopies", "\nBackup jobs a day", "\nSuccess rate", "\nBytes"} {
		at = append(at, strings.Index(got.Stdout, title))
	}
	require.NotContains(t, at, -1)
	require.IsIncreasing(t, at)
	for line := range strings.Lines(got.Stdout) {
		require.Less(t, cli.Cells(strings.TrimSuffix(line, "\n")), 100)
	}
	later := program{}.print(t.Context(), "-text", "-due", "1h")
	require.Contains(t, later.Stdout, "  Deletes within 1 h     0 of 12 CloudHSM backups that are pending deletion")
}
