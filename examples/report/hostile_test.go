package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// evil is text that would be markup, or more, wherever it is not escaped.
const evil = "\"'></title></svg><img src=x onerror=alert(1)><script>document.title='pwned'</script>{{.}}\x1b[31m\x00&lt;"

// hostile is data of which every text that is shown is evil.
func hostile() fakeaws.Data {
	return fakeaws.Data{
		BackupJobs: []types.BackupJob{
			{
				BackupJobId: aws.String("a"), State: types.BackupJobStateFailed, CreationDate: aws.Time(now.Add(-time.Hour)),
				ResourceType: aws.String(evil), MessageCategory: aws.String(evil), StatusMessage: aws.String(evil),
			},
			{
				BackupJobId: aws.String("b"), State: evil, CreationDate: aws.Time(now.Add(-time.Hour)),
			},
			{
				BackupJobId: aws.String("c"), State: types.BackupJobStateCompleted, CreationDate: aws.Time(now.Add(-time.Hour)),
				ResourceType: aws.String(evil), BackupSizeInBytes: aws.Int64(5),
			},
		},
		CopyJobs: []types.CopyJob{
			{CopyJobId: aws.String("d"), State: evil, DestinationBackupVaultArn: aws.String("arn:aws:backup:eu-west-1:" + evil + ":backup-vault:" + evil)},
			{CopyJobId: aws.String("e"), State: evil, DestinationBackupVaultArn: aws.String(evil)},
		},
		HSM: []hsmtypes.Backup{{
			BackupId: aws.String(evil), ClusterId: aws.String(evil), BackupState: hsmtypes.BackupStatePendingDeletion,
			CreateTimestamp: aws.Time(now.Add(-time.Hour)), DeleteTimestamp: aws.Time(now.Add(time.Hour)),
			TagList: []hsmtypes.Tag{{Key: aws.String(evil), Value: aws.String(evil)}},
		}},
	}
}

func TestWhatAServiceSaysIsTextAndNoMarkup(t *testing.T) {
	got := over(hostile()).print(t.Context(), "-live", "-o", "-")
	require.Equal(t, exitWhole, got.status, got.stderr)
	elements := map[string]bool{}
	for _, m := range regexp.MustCompile(`<(/?[a-zA-Z][\w-]*)`).FindAllStringSubmatch(got.stdout, -1) {
		elements[strings.Trim(m[1], "/")] = true
	}
	for _, never := range []string{"script", "img", "iframe", "a-"} {
		require.NotContains(t, elements, never)
	}
	require.NotRegexp(t, `<[^>]*\son\w+=`, got.stdout, "no handler of events")
	require.Contains(t, got.stdout, "&lt;script&gt;document.title=&#39;pwned&#39;&lt;/script&gt;{{.}}")
	require.Equal(t, strings.Count(got.stdout, "<svg "), strings.Count(got.stdout, "</svg>"))
	require.Equal(t, 1, strings.Count(got.stdout, "</title>\n"), "the page has one title")
}

func TestWhatAServiceSaysCannotColourATerminal(t *testing.T) {
	got := over(hostile()).print(t.Context(), "-live", "-text")
	require.Equal(t, exitWhole, got.status, got.stderr)
	require.NotContains(t, got.stdout, "\x1b")
	require.NotContains(t, got.stdout, "\x00")
}

func TestAPictureHasOnlyWhatIsKnown(t *testing.T) {
	for name, c := range map[string]struct{ svg, want string }{
		"an element": {`<svg viewBox="0 0 1 1"><image href="x"/></svg>`, `the element "image" is not known`},
		"a colour":   {`<svg><path style="fill:#123456" d="M0,0"/></svg>`, `the colour "#123456" has no role`},
		"half of it": {`<svg><g>`, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := clean(strings.NewReader(c.svg), frame{id: "x"})
			require.ErrorContains(t, err, c.want)
		})
	}
	got, err := clean(strings.NewReader(`<svg viewBox="0 0 1 1" onload="x()"><g transform="scale(1)" onclick="y()"><text x="1" style="fill:#100001;font-size:9px">&lt;b&gt;</text></g></svg>`),
		frame{id: "x", class: "wide", title: "<T>", desc: "D"})
	require.NoError(t, err)
	require.Equal(t, `<svg viewBox="0 0 1 1" class="wide" role="img" aria-labelledby="x x-desc">`+
		`<title id="x">&lt;T&gt;</title><desc id="x-desc">D</desc><g transform="scale(1)">`+
		`<text x="1" class="f-text" font-size="9">&lt;b&gt;</text></g></svg>`, string(got))
}
