package main

import (
	"fmt"
	"io"
	"time"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// progress is a line on a terminal that says how far a listing is; elsewhere it is silent. Pages tell
// it, and these come one by one.
type progress struct {
	w        io.Writer
	sources  int
	answered map[string]bool
	pages    int
	jobs     int
	drawn    time.Time
}

// redraw is how long a line stays at least.
const redraw = 100 * time.Millisecond

func newProgress(w io.Writer, terminal bool, sources int) *progress {
	if !terminal {
		w = nil
	}
	return &progress{w: w, sources: sources, answered: map[string]bool{}}
}

// page counts a page, and draws the line anew if it was drawn a while ago.
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

// clear wipes the line for what comes after it.
func (p *progress) clear() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
