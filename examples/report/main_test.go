package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

var now = time.Date(2026, time.November, 20, 6, 0, 0, 0, time.UTC)

func (p program) print(ctx context.Context, args ...string) clitest.Printed {
	return clitest.Run(ctx, "report", p.run, args...)
}

// over returns the program with an in-memory service for every profile, at now.
func over(data fakeaws.Data, opts ...fakeaws.Option) program {
	s := fakeaws.New(data, opts...)
	return program{
		load: clitest.Loads(clitest.WithAccount(s.Config(), fakeaws.ExampleAccount), nil),
		now:  func() time.Time { return now },
	}
}

func TestTheSummaryForTheTerminal(t *testing.T) {
	got := program{}.print(t.Context(), "-text")
	require.Empty(t, got.Stderr)
	require.Equal(t, exitWhole, got.Status)
	clitest.Golden(t, "offline.txt", got.Stdout)
	for line := range strings.Lines(got.Stdout) {
		require.LessOrEqual(t, cli.Cells(strings.TrimSuffix(line, "\n")), 79, line)
	}
}

// The README shows the start of the text.
func TestTheReadmeShowsWhatIsPrinted(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, block, _ := strings.Cut(string(readme), "```text\n")
	block, _, _ = strings.Cut(block, "```")
	require.NotEmpty(t, block)
	require.Contains(t, program{}.print(t.Context(), "-text").Stdout, block)
}

func TestThePageIsTheSameEachTime(t *testing.T) {
	first := program{}.print(t.Context(), "-o", "-")
	require.Equal(t, exitWhole, first.Status)
	require.Equal(t, first, program{}.print(t.Context(), "-o", "-"))
}

func TestThePageIsOneFileForItsOwner(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.html")
	got := program{}.print(t.Context(), "-o", file)
	require.Equal(t, clitest.Printed{Status: exitWhole, Stderr: "report: wrote " + file + "\n"}, got)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// The page has no script and no address, and its policy allows neither.
func TestThePageNeedsNothing(t *testing.T) {
	html := program{}.print(t.Context(), "-o", "-").Stdout
	require.Contains(t, html, "default-src &#39;none&#39;; style-src &#39;sha256-")
	for _, never := range []string{"<script", "javascript:", "http:", "https:", "src=", "@import", "url(", " style=", " onload="} {
		require.NotContains(t, html, never)
	}
	require.Contains(t, html, "Made-up data.")
}

// A reader who cannot see the pictures has descriptions and tables of the numbers.
func TestThePageCanBeReadAloud(t *testing.T) {
	html := program{}.print(t.Context(), "-o", "-").Stdout
	pictures := regexp.MustCompile(`<svg [^>]*role="img" aria-labelledby="([\w-]+) ([\w-]+)"><title id="([\w-]+)">[^<]+</title><desc id="([\w-]+)">[^<]+</desc>`).
		FindAllStringSubmatch(html, -1)
	require.Len(t, pictures, strings.Count(html, "<svg "))
	for _, p := range pictures {
		require.Equal(t, p[1:3], p[3:5], "labelled by its own title and description")
	}
	ids := regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(html, -1)
	seen := map[string]bool{}
	for _, id := range ids {
		require.False(t, seen[id[1]], "the id %s comes twice", id[1])
		seen[id[1]] = true
	}
	require.Equal(t, 9, strings.Count(html, "<table>"))
	require.Equal(t, 9, strings.Count(html, "<caption>"))
	require.Contains(t, html, `<html lang="en">`)
}

// The keyboard alone reaches every section and table, and scrolls a table that is too wide.
func TestThePageWorksByKeyboard(t *testing.T) {
	html := program{}.print(t.Context(), "-o", "-").Stdout
	links := regexp.MustCompile(`<a [^>]*href="([^"]*)"`).FindAllStringSubmatch(html, -1)
	require.Len(t, links, 8, "the report, and its sections")
	for _, l := range links {
		require.Contains(t, html, ` id="`+strings.TrimPrefix(l[1], "#")+`"`)
	}
	require.Less(t, strings.Index(html, `class="skip"`), strings.Index(html, "<header"), "the way past the header comes first")
	require.Equal(t, 9, strings.Count(html, "<details>\n<summary>The numbers: "))
	require.Equal(t, 9, strings.Count(html, `role="region" tabindex="0" aria-label="Table: `))
	require.Contains(t, pageCSS, ":focus-visible { outline: 3px solid")
}

func TestNothingIsAReportToo(t *testing.T) {
	empty := over(fakeaws.Data{})
	got := empty.print(t.Context(), "-live", "-o", "-")
	require.Equal(t, exitWhole, got.Status, got.Stderr)
	require.Contains(t, got.Stdout, "There are no CloudHSM backups.")
	require.NotContains(t, got.Stdout, "Made-up")
	require.NotContains(t, got.Stdout, "<svg", "no empty pictures")
	require.NotContains(t, got.Stdout, "<table")
	got = empty.print(t.Context(), "-live", "-text")
	require.Equal(t, exitWhole, got.Status, got.Stderr)
	require.Contains(t, got.Stdout, "No backup job ended.")
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	p := over(fakeaws.Generate(3, now, 100), fakeaws.WithFaults(fakeaws.Fault{
		Operation: "ListCopyJobs", Do: fakeaws.Error(400, "AccessDeniedException", "not <b>you</b>"),
	}))
	got := p.print(t.Context(), "-live", "-region", "us-east-1,eu-west-1", "-text")
	require.Equal(t, exitIncomplete, got.Status)
	require.Contains(t, got.Stdout, "INCOMPLETE")
	require.Contains(t, got.Stdout, "Copy jobs in eu-west-1: denied (it takes backup:ListCopyJobs): ")
	require.Contains(t, got.Stdout, "Copy jobs in us-east-1: denied (it takes backup:ListCopyJobs): ")
	require.Contains(t, got.Stdout, "\nCopies, by destination\n  Not read. eu-west-1, us-east-1: denied (it takes backup:ListCopyJobs)\n")
	require.NotContains(t, got.Stdout, "There are no copy jobs")
	page := p.print(t.Context(), "-live", "-o", "-").Stdout
	require.Contains(t, page, "Incomplete: this could not be read")
	require.Contains(t, page, "not &lt;b&gt;you&lt;/b&gt;")
}

func TestAnInterruptionIsIncomplete(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := over(fakeaws.Data{}).print(ctx, "-live", "-text")
	require.Equal(t, exitIncomplete, got.Status)
	require.Contains(t, got.Stdout, "context canceled")
}

func TestNoReport(t *testing.T) {
	for name, c := range map[string]struct {
		p    program
		args []string
		want string
	}{
		"stray flags":      {program{}, []string{"-region", "us-east-1", "-profile", "x"}, "-profile, -region go with -live"},
		"no such zone":     {program{}, []string{"-tz", "Mars/Olympus"}, "unknown time zone Mars/Olympus"},
		"no zone":          {program{}, []string{"-tz", ""}, "the name of the zone is empty"},
		"no such folder":   {program{}, []string{"-o", filepath.Join(t.TempDir(), "no", "page.html")}, "no such file or directory"},
		"no config":        {broken(errors.New("no such profile")), []string{"-live"}, ": no such profile"},
		"no region at all": {broken(nil), []string{"-live"}, "no region is configured"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.p.print(t.Context(), c.args...)
			require.Equal(t, exitNothing, got.Status)
			require.Contains(t, got.Stderr, c.want)
			require.Empty(t, got.Stdout)
		})
	}
}

// broken returns the program without a region, or without a configuration.
func broken(err error) program {
	return program{
		load: clitest.Loads(aws.Config{}, err),
		now:  time.Now,
	}
}

func TestHelp(t *testing.T) {
	got := program{}.print(t.Context(), "-h")
	require.Equal(t, exitWhole, got.Status)
	require.Contains(t, got.Stderr, "Exit status: 0 the report is whole")
}
