package main

import (
	"fmt"
	"io"
	"time"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// progress shows on a terminal, in one line, how far a listing is; elsewhere it prints nothing. It needs no
// lock, because the calls of OnPage never overlap.
type progress struct {
	w        io.Writer
	sources  int
	answered map[string]bool
	pages    int
	jobs     int
	drawn    time.Time
}

// redraw is the shortest time between two drawings of the line.
const redraw = 100 * time.Millisecond

func newProgress(w io.Writer, terminal bool, sources int) *progress {
	if !terminal {
		w = nil
	}
	return &progress{w: w, sources: sources, answered: map[string]bool{}}
}

// page counts a page, and redraws the line if redraw has passed since the last drawing.
func (p *progress) page(page backupx.PageInfo) {
	p.answered[page.Source] = true
	p.pages++
	p.jobs += page.Kept
	if p.w == nil || time.Since(p.drawn) < redraw {
		return
	}
	p.drawn = time.Now()
	fmt.Fprintf(p.w, "\r\x1b[K%d of %s answered · %s · %s", len(p.answered),
		cli.Count(p.sources, "source"), cli.Count(p.pages, "page"), cli.Count(p.jobs, "job"))
}

// clear erases the line, so that the next output starts in its place.
func (p *progress) clear() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
