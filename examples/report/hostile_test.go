package main

import (
	"image/color"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"

	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// evil is text that would be markup or a script wherever it is not escaped.
const evil = "\"'></title></svg><img src=x onerror=alert(1)><script>document.title='pwned'</script>{{.}}\x1b[31m\x00&lt;"

// hostile returns data in which every text that the report shows is evil.
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
			{CopyJobId: aws.String("d"), State: evil, CreationDate: aws.Time(now.Add(-time.Hour)), DestinationBackupVaultArn: aws.String("arn:aws:backup:eu-west-1:" + evil + ":backup-vault:" + evil)},
			{CopyJobId: aws.String("e"), State: evil, CreationDate: aws.Time(now.Add(-time.Hour)), DestinationBackupVaultArn: aws.String(evil)},
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
	require.Equal(t, exitWhole, got.Status, got.Stderr)
	elements := map[string]bool{}
	for _, m := range regexp.MustCompile(`<(/?[a-zA-Z][\w-]*)`).FindAllStringSubmatch(got.Stdout, -1) {
		elements[strings.Trim(m[1], "/")] = true
	}
	for _, never := range []string{"script", "img", "iframe", "a-"} {
		require.NotContains(t, elements, never)
	}
	require.NotRegexp(t, `<[^>]*\son\w+=`, got.Stdout, "no handler of events")
	require.Contains(t, got.Stdout, "&lt;script&gt;document.title=&#39;pwned&#39;&lt;/script&gt;{{.}}")
	require.Equal(t, strings.Count(got.Stdout, "<svg "), strings.Count(got.Stdout, "</svg>"))
	require.Equal(t, 1, strings.Count(got.Stdout, "</title>\n"), "the page has one title")
}

func TestWhatAServiceSaysCannotColourATerminal(t *testing.T) {
	got := over(hostile()).print(t.Context(), "-live", "-text")
	require.Equal(t, exitWhole, got.Status, got.Stderr)
	require.NotContains(t, got.Stdout, "\x1b")
	require.NotContains(t, got.Stdout, "\x00")
}

func TestAPictureHasOnlyWhatIsKnown(t *testing.T) {
	for want, draw := range map[string]func(*canvas){
		"svg: an image cannot be drawn": func(c *canvas) { c.DrawImage(vg.Rectangle{}, nil) },
		"svg: a colour has no role":     func(c *canvas) { c.SetColor(color.Black); c.Fill(nil) },
		"svg: a curve cannot be drawn": func(c *canvas) {
			c.SetColor(inkText)
			c.Fill(vg.Path{{Type: vg.CurveComp}})
		},
	} {
		t.Run(want, func(t *testing.T) {
			c := newCanvas(1, 1)
			draw(c)
			_, err := c.svg(frame{id: "x"})
			require.EqualError(t, err, want)
		})
	}
}

func TestAPictureClosesWhatItOpened(t *testing.T) {
	c := newCanvas(20, 10)
	c.Scale(2, 1)
	c.Push()
	c.Rotate(math.Pi)
	got, err := c.svg(frame{id: "x"})
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(got), "<g "))
	require.True(t, strings.HasSuffix(string(got), "</g></g></g></svg>"), got)
}

func TestAPictureIsSVGThatFitsThePage(t *testing.T) {
	c := newCanvas(20, 10)
	c.Push()
	c.SetColor(inkGrid)
	c.Stroke(vg.Path{{Type: vg.MoveComp}}) // no width
	c.SetLineWidth(2)
	c.SetLineDash([]vg.Length{3, 1.5}, 0)
	c.Translate(vg.Point{X: 1, Y: 2})
	c.Rotate(math.Pi / 2)
	c.Scale(2, 1)
	c.Stroke(vg.Path{{Type: vg.MoveComp}, {Type: vg.LineComp, Pos: vg.Point{X: 1, Y: 1.0 / 3}}, {Type: vg.CloseComp}})
	c.Pop()
	c.SetColor(inkText)
	c.Fill(vg.Path{{Type: vg.ArcComp, Pos: vg.Point{X: 5, Y: 5}, Radius: 1, Angle: -2 * math.Pi}})
	c.FillString(font.Face{Font: letters(9)}, vg.Point{X: 1, Y: 2}, "<b>")
	got, err := c.svg(frame{id: "x", class: "wide", title: "<T>", desc: "D"})
	require.NoError(t, err)
	require.Equal(t, `<svg viewBox="0 0 20 10" class="wide" role="img" aria-labelledby="x x-desc">`+
		`<title id="x">&lt;T&gt;</title><desc id="x-desc">D</desc><g transform="scale(1, -1) translate(0, -10)">`+
		`<g transform="translate(1,2)"><g transform="rotate(90)"><g transform="scale(2, 1)">`+
		`<path d="M0,0L1,0.33333Z" class="s-grid" fill="none" stroke-width="2" stroke-dasharray="3 1.5"/></g></g></g>`+
		`<path d="L6,5A1,1 0 0 0 4,5A1,1 0 0 0 6,5" class="f-text"/>`+
		`<text x="1" y="-2" transform="scale(1, -1)" class="f-text" font-size="9" text-anchor="start">&lt;b&gt;</text></g></svg>`, string(got))
}
