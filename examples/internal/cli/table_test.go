package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

func TestATableFits(t *testing.T) {
	columns := []cli.Column{cli.Number, cli.Whole, cli.Short, cli.Whole, cli.Text}
	rows := [][]string{
		{"HOURS", "BACKUP", "STATE", "ARN", "TAGS"},
		{"1.5", "backup-abcdefghijk", "READY", "arn:aws:s3:::b", "owner=payments team=a-team-with-a-name"},
		{"200.0", "", "DELETED", "arn:aws:s3:::ccc", "·"},
	}
	for width, want := range map[int]string{
		120: `
  HOURS  BACKUP              STATE    ARN               TAGS
    1.5  backup-abcdefghijk  READY    arn:aws:s3:::b    owner=payments team=a-team-with-a-name
  200.0                      DELETED  arn:aws:s3:::ccc  ·
`,
		72: `
  HOURS  BACKUP              STATE    ARN               TAGS
    1.5  backup-abcdefghijk  READY    arn:aws:s3:::b    owner=payments…
  200.0                      DELETED  arn:aws:s3:::ccc  ·
`,
		60: `
  HOURS  STATE    ARN               TAGS
    BACKUP
    1.5  READY    arn:aws:s3:::b    owner=payments team=a-t…
    backup-abcdefghijk
  200.0  DELETED  arn:aws:s3:::ccc  ·
`,
		40: `
  HOURS  STATE    TAGS
    BACKUP
    ARN
    1.5  READY    owner=payments team=a…
    backup-abcdefghijk
    arn:aws:s3:::b
  200.0  DELETED  ·
    arn:aws:s3:::ccc
`,
		20: `
  HOURS 1.5
  BACKUP
    backup-abcdefghijk
  STATE READY
  ARN arn:aws:s3:::b
  TAGS
    owner=payments
    team=a-team-with-a-name

  HOURS 200.0
  BACKUP
  STATE DELETED
  ARN
    arn:aws:s3:::ccc
  TAGS ·
`,
	} {
		require.Equal(t, strings.TrimPrefix(want, "\n"), cli.Fit(width, columns, rows), "%d columns", width)
	}
	require.Empty(t, cli.Fit(80, columns, nil))
	for width := range 120 {
		text := cli.Fit(width, columns, rows)
		for _, whole := range []string{"backup-abcdefghijk", "arn:aws:s3:::ccc", "200.0", "DELETED"} {
			require.Contains(t, text, whole, "%d columns", width)
		}
		for line := range strings.Lines(text) {
			if line := strings.TrimSuffix(line, "\n"); width >= 29 {
				require.LessOrEqual(t, cli.Cells(line), width, line)
				require.Equal(t, strings.TrimRight(line, " "), line)
			}
		}
	}
}

func TestATableCutsTheWidestTextFirst(t *testing.T) {
	require.Equal(t, "  VAULT                 MESSAGE\n  in-tokyo-and-osaka-…  no space on the dev…\n", cli.Fit(44, []cli.Column{cli.Text, cli.Text},
		[][]string{{"VAULT", "MESSAGE"}, {"in-tokyo-and-osaka-too", "no space on the device at all, says the agent"}}))
	require.Equal(t, "  VAULT     MESSAGE\n  in-tokyo  no space on t…\n", cli.Fit(26, []cli.Column{cli.Text, cli.Text},
		[][]string{{"VAULT", "MESSAGE"}, {"in-tokyo", "no space on the device"}}))
}

func TestATableCountsCells(t *testing.T) {
	require.Equal(t, "  NAME    N\n  日本語  1\n  Mu\u0308ll    2\n  a [31m  3\n  x y     4\n", cli.Fit(80, []cli.Column{cli.Text, cli.Number},
		[][]string{{"NAME", "N"}, {"日本語", "1"}, {"Mu\u0308ll", "2"}, {"a\x1b[31m", "3"}, {"x\u202ey", "4"}}))
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"backup", 6, "backup"},
		{"backup", 5, "back…"},
		{"backup", 1, "…"},
		{"backup", 0, ""},
		{"backup", -1, ""},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"u\u0308u\u0308u\u0308", 3, "u\u0308u\u0308u\u0308"},
		{"u\u0308u\u0308u\u0308", 2, "u\u0308…"},
		{"a\nb", 3, "a b"},
		{"💾💾", 3, "💾…"},
		{"✅✅", 3, "✅…"},
		{"\xff\xff", 1, "…"},
	} {
		got := cli.Cut(c.text, c.most)
		require.Equal(t, c.want, got, c)
		require.LessOrEqual(t, cli.Cells(got), max(c.most, 0))
	}
}
