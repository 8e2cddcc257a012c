package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/testenv"
)

// chromium opens a page in a headless browser, and returns the resulting document and the log of the browser.
// Without a browser it skips the test.
func chromium(t *testing.T, page string, flags ...string) (dom, logged string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	require.NoError(t, os.WriteFile(file, []byte(page), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser(t), append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir=" + t.TempDir(), "--enable-logging=stderr", "--dump-dom",
	}, append(flags, "file://"+file)...)...)
	cmd.Env = testenv.Environ("HOME=" + t.TempDir())
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), "%s", &stderr)
	return stdout.String(), stderr.String()
}

func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium here (Debian's package chromium)")
	return ""
}

// complaints returns what the page wrote to the console: errors, and violations of its policy.
func complaints(logged string) []string {
	return regexp.MustCompile(`(?m)^.*CONSOLE.*$`).FindAllString(logged, -1)
}

func TestABrowserShowsThePageWithoutComplaint(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]struct {
		program program
		args    []string
	}{
		"made up": {program{}, nil},
		"hostile": {over(hostile()), []string{"-live"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := p.program.print(t.Context(), append(p.args, "-o", "-")...).Stdout
			dom, logged := chromium(t, page)
			require.Empty(t, complaints(logged))
			require.Equal(t, strings.Count(page, "<svg "), strings.Count(dom, "<svg "))
			require.Equal(t, 7, strings.Count(dom, `<section class="card"`))
			require.NotContains(t, dom, "<img")
			require.NotContains(t, dom, "<title>pwned")
		})
	}
}

// measured is the sizes of the page in a browser.
type measured struct {
	Pictures []struct {
		ID, Class      string
		Width, Height  float64
		Shapes, Beyond int      // Beyond counts texts that extend beyond the picture
		Crossed        []string // texts that cross another text, or the edge of a shape
	}
	Page, Window float64 // widths
	Background   string
}

const measure = `
const pictures = [...document.querySelectorAll('svg')].filter(s => s.getBoundingClientRect().width > 0).map(s => {
  const box = s.getBoundingClientRect();
  const shapes = [...s.querySelectorAll('path, text')].map(e => e.getBoundingClientRect());
  const beyond = [...s.querySelectorAll('text')].map(e => e.getBoundingClientRect())
    .filter(b => b.left < box.left - 1 || b.right > box.right + 1 || b.top < box.top - 1 || b.bottom > box.bottom + 1);
  const apart = (a, b) => a.right < b.left + 1 || b.right < a.left + 1 || a.bottom < b.top + 2 || b.bottom < a.top + 2;
  const within = (a, b) => a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;
  const texts = [...s.querySelectorAll('text')], filled = [...s.querySelectorAll('path[class^=f-]')].map(e => e.getBoundingClientRect());
  const crossed = texts.filter(e => {
    const box = e.getBoundingClientRect();
    return texts.some(o => o !== e && !apart(box, o.getBoundingClientRect())) || filled.some(f => !apart(box, f) && !within(box, f));
  }).map(e => e.textContent);
  return {crossed, id: s.querySelector('title').id, class: s.getAttribute('class'), width: box.width, height: box.height,
    shapes: shapes.filter(b => b.width > 0 || b.height > 0).length, beyond: beyond.length};
});
document.body.setAttribute('data-measured', JSON.stringify({pictures, page: document.body.scrollWidth,
  window: document.body.clientWidth, background: getComputedStyle(document.body).backgroundColor}));`

// measuredAt opens a page of a width with a script that measures it. It removes the policy, which forbids scripts.
func measuredAt(t *testing.T, page string, width int, flags ...string) (m measured) {
	t.Helper()
	page = regexp.MustCompile(`<meta http-equiv[^>]*>`).ReplaceAllString(page, "")
	page = strings.Replace(page, "</body>", "<script>"+measure+"</script></body>", 1)
	if width < 500 { // the least width of a window
		page = strings.Replace(page, "</head>", fmt.Sprintf("<style>body { width: %dpx }</style></head>", width), 1)
	}
	dom, logged := chromium(t, page, flags...)
	require.Empty(t, complaints(logged))
	found := regexp.MustCompile(`data-measured="([^"]*)"`).FindStringSubmatch(dom)
	require.NotNil(t, found)
	require.NoError(t, json.Unmarshal([]byte(html.UnescapeString(found[1])), &m))
	return m
}

func TestPicturesShowAtEveryWidthAndInBothSchemes(t *testing.T) {
	t.Parallel()
	made := program{}.print(t.Context(), "-o", "-").Stdout
	long := over(longNames(), fakeaws.WithPageSize(150), fakeaws.WithFaults(fakeaws.Fault{
		Operation: "ListBackupJobs", Nth: 2, Do: fakeaws.AccessDenied(),
	})).print(t.Context(), "-live", "-region", "us-east-1", "-parallel", "1", "-o", "-").Stdout
	for name, c := range map[string]struct {
		page, class string
		width       int
		scheme      string // 0 is dark
		background  string
	}{
		"made up, on a phone":            {made, "narrow", 390, "0", "rgb(17, 21, 27)"},
		"made up, on a desk":             {made, "wide", 1200, "1", "rgb(244, 245, 247)"},
		"long names, half read, a phone": {long, "narrow", 390, "1", "rgb(244, 245, 247)"},
		"long names, half read, a desk":  {long, "wide", 1200, "0", "rgb(17, 21, 27)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			window := fmt.Sprintf("--window-size=%d,900", max(c.width, 500))
			m := measuredAt(t, c.page, c.width, window, "--blink-settings=preferredColorScheme="+c.scheme)
			require.Equal(t, c.background, m.Background)
			require.LessOrEqual(t, m.Page, m.Window, "the page scrolls to the side")
			require.GreaterOrEqual(t, len(m.Pictures), 10, "one of the two sizes of each")
			for _, p := range m.Pictures {
				require.Contains(t, []string{c.class, "small"}, p.Class, p.ID)
				require.Greater(t, p.Width, 200.0, p.ID)
				require.Greater(t, p.Height, 50.0, p.ID)
				require.Greater(t, p.Shapes, 5, p.ID)
				require.Zero(t, p.Beyond, "%s: text leaves the picture", p.ID)
				require.Empty(t, p.Crossed, "%s: text on text, or on a shape", p.ID)
			}
		})
	}
}

// longNames returns data whose names are long, and wide in most fonts.
func longNames() fakeaws.Data {
	data := fakeaws.Generate(9, now, 300)
	long := func(i int) *string { return aws.String(fmt.Sprint(i, " ", strings.Repeat("WWMM ttff 漢字 ", 12))) }
	for i := range data.BackupJobs {
		if j := &data.BackupJobs[i]; i%3 == 0 {
			j.ResourceType, j.MessageCategory, j.StatusMessage = long(i%7), long(i%9), long(i)
			j.ResourceArn = aws.String("arn:aws:ec2:us-east-1:111122223333:volume/" + *long(i))
		}
	}
	for i := range data.CopyJobs {
		data.CopyJobs[i].DestinationBackupVaultArn = aws.String("arn:aws:backup:eu-west-1:111122223333:backup-vault:" + *long(i % 30))
	}
	for i := range data.HSM {
		data.HSM[i].BackupId, data.HSM[i].ClusterId = long(i), long(i%4)
	}
	return data
}
