package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// Progress shows in one line of a terminal how far a program is: the sources that have answered, pages, items, items a
// second, and the request that has waited longest. Where the line cannot be redrawn, it prints nothing. Its methods may
// be called by several goroutines at once.
//
//	progress := screen.Progress(stderr, "job")
//	defer progress.Stop()
//	fleet = progress.Fleet(fleet)
//	jobs := backupx.Across(fleet, …).OnPage(progress.Page)
type Progress struct {
	w     io.Writer
	noun  string
	width func() int // nil: nothing is shown
	start time.Time
	stop  func()

	mu       sync.Mutex      // guards the fields below, and writing
	answered map[string]bool // by the name of the source
	waiting  []*wait         // what is not over, the oldest first
	pages    int
	items    int
	shown    string // the line on the terminal; empty if there is none
}

// wait is what the program waits for: the answer to a call of the SDK, with all its attempts.
type wait struct {
	source, operation string
	since             time.Time
}

const (
	redraw  = 200 * time.Millisecond // the time between two drawings
	tooLong = 500 * time.Millisecond // a wait that takes longer is shown
)

// Progress starts to show progress on stderr. The noun is that of the items: job. [Progress.Stop] ends it.
func (s Screen) Progress(stderr io.Writer, noun string) *Progress {
	p := &Progress{
		w: stderr, noun: noun, width: s.Line, start: time.Now(), stop: func() {},
		answered: map[string]bool{},
	}
	if p.width == nil {
		return p
	}
	done := make(chan struct{})
	var drawing sync.WaitGroup
	drawing.Go(func() { p.drawUntil(done) })
	p.stop = sync.OnceFunc(func() {
		close(done)
		drawing.Wait()
	})
	return p
}

// Stop erases the line and ends the progress. A second call does nothing.
func (p *Progress) Stop() {
	p.stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

// Watch returns a copy of cfg whose requests are those of a source, by its name. A source without an answer counts as
// one that is still to come. The requests for credentials are part of the request that needs them.
func (p *Progress) Watch(source string, cfg aws.Config) aws.Config {
	if p.width == nil {
		return cfg
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.answered[source] {
		p.answered[source] = false // the source is known now
	}
	cfg = cfg.Copy()
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), func(stack *middleware.Stack) error {
		return stack.Initialize.Add(p.watcher(source), middleware.After)
	})
	return cfg
}

// Fleet returns a copy of a fleet whose requests are watched, each under the name of its source: those of its clients, and
// of clients that are made with its configuration.
func (p *Progress) Fleet(fleet backupx.Fleet) backupx.Fleet {
	if p.width == nil {
		return fleet
	}
	return lo.Map(fleet, func(s backupx.Source, _ int) backupx.Source {
		s.Config = p.Watch(s.Name, s.Config)
		s.Client = p.client(s.Name, s.Client)
		return s
	})
}

func (p *Progress) watcher(source string) middleware.InitializeMiddleware {
	return middleware.InitializeMiddlewareFunc("backupx:Progress", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		defer p.call(source, middleware.GetOperationName(ctx))()
		return next.HandleInitialize(ctx, in)
	})
}

// call tells that a call of the SDK begins, until the function that it returns is called.
func (p *Progress) call(source, operation string) (over func()) {
	answered := p.Waiting(source, operation)
	return func() {
		answered()
		p.change(func() { p.answered[source] = true })
	}
}

// Waiting tells that the program waits for something, until the function that it returns is called: a source and its
// operation, or anything else and what is to happen to it.
func (p *Progress) Waiting(source, operation string) (over func()) {
	w := &wait{source, operation, time.Now()}
	p.change(func() { p.waiting = append(p.waiting, w) })
	return func() { p.change(func() { p.waiting = lo.Without(p.waiting, w) }) }
}

// Page counts a page and the items that it delivered, for [backupx.Listing.OnPage].
func (p *Progress) Page(page backupx.PageInfo) {
	p.change(func() {
		p.pages++
		p.items += page.Kept
	})
}

// Item counts an item of a listing that has no OnPage.
func (p *Progress) Item() { p.change(func() { p.items++ }) }

func (p *Progress) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// Above returns a writer for whole lines on the same terminal: it erases the line of progress before it writes.
func (p *Progress) Above(w io.Writer) io.Writer {
	if p.width == nil {
		return w
	}
	return above{p, w}
}

type above struct {
	p *Progress
	w io.Writer
}

func (a above) Write(text []byte) (int, error) {
	a.p.mu.Lock()
	defer a.p.mu.Unlock()
	a.p.erase()
	return a.w.Write(text)
}

// drawUntil draws the line until done is closed.
func (p *Progress) drawUntil(done <-chan struct{}) {
	ticks := time.NewTicker(redraw)
	defer ticks.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticks.C:
			p.draw()
		}
	}
}

// draw draws the line, if it has changed. The last column stays empty: some terminals begin a new line behind it.
func (p *Progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if line := p.line(p.width() - 1); line != p.shown {
		fmt.Fprint(p.w, eraseLine+line)
		p.shown = line
	}
}

const eraseLine = "\r\x1b[K"

func (p *Progress) erase() {
	if p.shown != "" {
		fmt.Fprint(p.w, eraseLine)
		p.shown = ""
	}
}

// line returns the text of the line. Where it is too long, the operation gives way, and then the counts, the last first.
func (p *Progress) line(width int) string {
	waits, operation := p.waits()
	for counts := p.counts(); ; counts = counts[:len(counts)-1] {
		line := strings.Join(slices.Concat(counts, waits), " · ")
		if Cells(line+operation) <= width {
			return line + operation
		}
		if len(counts) == 0 || len(counts)+len(waits) == 1 || Cells(line) <= width {
			return Cut(line, width)
		}
	}
}

func (p *Progress) counts() []string {
	var out []string
	if len(p.answered) > 1 {
		n := lo.CountBy(lo.Values(p.answered), func(answered bool) bool { return answered })
		out = append(out, fmt.Sprintf("%d of %d sources", n, len(p.answered)))
	}
	if p.pages > 0 {
		out = append(out, Count(p.pages, "page"))
	}
	out = append(out, Count(p.items, p.noun))
	if seconds := int(time.Since(p.start).Seconds()); seconds > 0 && p.items >= seconds {
		out = append(out, Count(p.items/seconds, p.noun)+"/s")
	}
	return out
}

// waits says what the program waits for, if it has waited too long: that which it has waited for longest.
func (p *Progress) waits() (source []string, operation string) {
	if len(p.waiting) == 0 {
		return nil, ""
	}
	oldest := p.waiting[0]
	took := time.Since(oldest.since)
	if took < tooLong {
		return nil, ""
	}
	return []string{fmt.Sprintf("waiting %.0f s for %s", took.Seconds(), OneLine(oldest.source))}, " " + oldest.operation
}
