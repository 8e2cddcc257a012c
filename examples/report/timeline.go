package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// mark is the drawing of the backups of a state.
type mark struct {
	state, words string
	text         string // the glyph as a character, for the legend
	glyph        draw.GlyphDrawer
	ink          ink
}

// marks returns the marks of the states that occur. States that are not known come last. Marks differ in
// shape, for readers who cannot tell the colours apart.
func (t *hsm) marks() []mark {
	known := []mark{
		{string(hsmtypes.BackupStateReady), "ready", "●", draw.CircleGlyph{}, inkCompleted},
		{string(hsmtypes.BackupStateCreateInProgress), "being created", "○", draw.RingGlyph{}, inkRunning},
		{string(hsmtypes.BackupStatePendingDeletion), "pending deletion", "▲", draw.PyramidGlyph{}, inkFailed},
		{string(hsmtypes.BackupStateDeleted), "deleted", "✕", draw.CrossGlyph{}, inkAborted},
	}
	occur := lo.Uniq(lo.Map(t.backups, func(b hsmBackup, _ int) string { return b.state }))
	unknown := lo.Without(occur, lo.Map(known, func(m mark, _ int) string { return m.state })...)
	slices.Sort(unknown)
	return append(
		lo.Filter(known, func(m mark, _ int) bool { return slices.Contains(occur, m.state) }),
		lo.Map(unknown, func(s string, _ int) mark { return mark{s, spoken(s), "■", draw.BoxGlyph{}, inkFaint} })...,
	)
}

func (t *hsm) legend() []Key {
	keys := lo.Map(t.marks(), func(m mark, _ int) Key { return Key{Label: m.words, Mark: m.text, Ink: m.ink} })
	pending := t.pending()
	if len(pending) == 0 {
		return keys
	}
	return append([]Key{
		{"restorable for less than a day", "━━", inkFailed},
		{"less than three days", "━━", inkPartial},
		{"longer", "━━", inkAccent},
		{"now", "┆", inkText},
		{t.since(pending), "──", inkWaiting},
	}, keys...)
}

// since says where the bars of deadlines start.
func (t *hsm) since(pending []hsmBackup) string {
	pending = pending[:min(len(pending), drawn)]
	first, _ := t.extent(pending)
	if !lo.SomeBy(pending, func(b hsmBackup) bool { return aws.ToTime(b.created).Before(first) }) {
		return "since its creation"
	}
	return "since its creation, or from " + first.Format("Jan 2") + " if it is older"
}

// extent returns the time span of deadlines. It ends at the last deletion, at least a day from now, and starts
// a third of that time before now.
func (t *hsm) extent(pending []hsmBackup) (first, last time.Time) {
	last = t.cal.now.Add(24 * time.Hour)
	for _, b := range pending {
		last = later(last, aws.ToTime(b.deleted))
	}
	return t.cal.now.Add(-last.Sub(t.cal.now) / 3), last
}

// timeline draws one line a cluster, with a mark for each backup at its creation.
func (t *hsm) timeline() (Picture, error) {
	clusters, backups := t.byCluster()
	desc := fmt.Sprintf("%s of %s, each at the time it was created.", plural(len(t.backups), "backup"), plural(len(clusters), "cluster"))
	clusters = clusters[:min(len(clusters), drawn)]
	d := func(p *plot.Plot, s size) error {
		rowNames(p, lo.Map(clusters, func(c string, _ int) string { return cut(c, 20) }))
		oldest, newest := t.created()
		timeAxis(p, t.cal, s, oldest, newest)
		grid(p)
		for _, m := range t.marks() {
			if err := m.plot(p, s, clusters, backups); err != nil {
				return err
			}
		}
		return nil
	}
	height := heightOf(len(clusters), 44, 30)
	return t.picture("hsm-all", "Backups by cluster and creation", desc, d, wide(height), narrow(height))
}

// undrawn says what the pictures leave out.
func (t *hsm) undrawn() (note string) {
	clusters, _ := t.byCluster()
	if len(clusters) > drawn {
		note += fmt.Sprintf(" The picture of clusters has %d of %s.", drawn, plural(len(clusters), "cluster"))
	}
	if len(t.pending()) > drawn {
		note += fmt.Sprintf(" The picture of deadlines has the %d that go first.", drawn)
	}
	if n := lo.CountBy(t.backups, func(b hsmBackup) bool { return b.created == nil }); n > 0 {
		note += fmt.Sprintf(" When %s created is not told.", were(n, "backup"))
	}
	return note
}

// created returns when the oldest backup was created, at least a week ago, and now.
func (t *hsm) created() (oldest, newest time.Time) {
	oldest, newest = t.cal.now.AddDate(0, 0, -week), t.cal.now
	for _, b := range t.backups {
		if b.created != nil && b.created.Before(oldest) {
			oldest = *b.created
		}
	}
	return oldest, newest
}

func (m mark) plot(p *plot.Plot, s size, clusters []string, backups map[string][]hsmBackup) error {
	var points plotter.XYs
	for i, c := range clusters {
		for _, b := range backups[c] {
			if b.created != nil && b.state == m.state {
				points = append(points, plotter.XY{X: seconds(*b.created), Y: row(i, len(clusters))})
			}
		}
	}
	if len(points) == 0 {
		return nil
	}
	dots, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	dots.GlyphStyle = draw.GlyphStyle{Color: m.ink, Radius: lo.Ternary[vg.Length](s.class == "wide", 5, 4), Shape: m.glyph}
	p.Add(dots)
	return nil
}

// deadlines draws one bar for each backup that is pending deletion. The bar is thin from the creation, or from
// the start of the picture, until now, and thick for as long as the backup can be restored.
func (t *hsm) deadlines(pending []hsmBackup) (Picture, error) {
	desc := fmt.Sprintf("%s as bars that end when the backup is deleted, the first to go at the top. %s",
		plural(len(pending), "backup"), pending[0].sentence(t.cal.now))
	pending = pending[:min(len(pending), drawn)]
	first, last := t.extent(pending)
	d := func(p *plot.Plot, s size) error {
		rowNames(p, lo.Map(pending, func(b hsmBackup, _ int) string { return cut(b.id, 20) }))
		timeAxis(p, t.cal, s, first, last.Add(last.Sub(t.cal.now)/lo.Ternary[time.Duration](s.class == "wide", 6, 2)))
		p.Add(spans{pending, first, t.cal.now})
		if err := nowLine(p, t.cal.now, len(pending)); err != nil {
			return err
		}
		return t.remaining(p, s, pending)
	}
	height := heightOf(len(pending), 26, 30)
	return t.picture("hsm-pending", "Pending deletion: how long each can still be restored", desc, d, wide(height), narrow(height))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// remaining writes the time that is left after each bar.
func (t *hsm) remaining(p *plot.Plot, s size, pending []hsmBackup) error {
	gap := (p.X.Max - p.X.Min) / 100
	var points plotter.XYs
	var texts []string
	for i, b := range pending {
		end := seconds(later(t.cal.now, aws.ToTime(b.deleted)))
		points = append(points, plotter.XY{X: end + gap, Y: row(i, len(pending))})
		texts = append(texts, b.leftText(t.cal.now))
	}
	return labels(p, s.fontSize, points, texts, lo.RepeatBy(len(texts), func(int) ink { return inkText }), text.XLeft)
}

// spans draws the bars of deadlines, from first on.
type spans struct {
	pending    []hsmBackup
	first, now time.Time
}

// Plot draws the bars.
func (t spans) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, b := range t.pending {
		at, now := y(row(i, len(t.pending))), x(seconds(t.now))
		born := max(seconds(t.first), min(seconds(aws.ToTime(b.created)), seconds(t.now)))
		c.StrokeLine2(line(inkWaiting, 2), x(born), at, now, at)
		if b.left(t.now) > 0 {
			c.StrokeLine2(line(b.urgency(t.now), 12), now, at, x(seconds(*b.deleted)), at)
		}
	}
}

// nowLine draws a dashed line at now across the rows.
func nowLine(p *plot.Plot, now time.Time, rows int) error {
	return dashed(p, plotter.XY{X: seconds(now), Y: -0.5}, plotter.XY{X: seconds(now), Y: float64(rows) - 0.5})
}

func seconds(t time.Time) float64 { return float64(t.Unix()) }

// timeAxis makes the horizontal axis a time span, with marks at midnights of the zone.
func timeAxis(p *plot.Plot, cal calendar, s size, from, to time.Time) {
	pad := max(to.Sub(from)/50, time.Hour)
	from, to = from.Add(-pad).In(cal.now.Location()), to.Add(pad).In(cal.now.Location())
	p.X.Min, p.X.Max = seconds(from), seconds(to)
	layout := "Jan 2"
	if to.Sub(from) > 300*24*time.Hour {
		layout = "Jan 2006"
	}
	days := int(to.Sub(from)/(24*time.Hour))/fitting(p, s, layout) + 1
	var ticks plot.ConstantTicks
	y, m, d := from.Date()
	for i := 1; ; i += days {
		midnight := time.Date(y, m, d+i, 0, 0, 0, 0, from.Location())
		if midnight.After(to) {
			break
		}
		ticks = append(ticks, plot.Tick{Value: seconds(midnight), Label: midnight.Format(layout)})
	}
	p.X.Tick.Marker = ticks
}

// fitting returns how many labels of a layout fit beside each other, right of the names of the rows.
func fitting(p *plot.Plot, s size, layout string) int {
	names := lo.Map(p.Y.Tick.Marker.Ticks(0, 0), func(t plot.Tick, _ int) vg.Length { return p.Y.Tick.Label.Width(t.Label) })
	room := (s.width - lo.Max(names)) / (p.X.Tick.Label.Width(layout) + 2*s.fontSize)
	return max(1, min(s.labels, int(room)))
}
