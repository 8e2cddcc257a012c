package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/internal/rows"
)

// prepare opens the file where an earlier run left it, or at its start. It sends no request. After an error the
// program ends without one: another run would fail in the same way. Nobody else writes the file: it is locked.
func (o options) prepare(fleet backupx.Fleet, now time.Time, onPage func(backupx.PageInfo)) (*exporter, error) {
	at, err := load(o.out)
	if err != nil {
		return nil, err
	}
	if !at.stored() {
		if at, err = o.start(now); err != nil {
			return nil, err
		}
	}
	cursor, err := o.resume(fleet, at, onPage)
	if errors.Is(err, backupx.ErrCheckpoint) && at.Jobs == 0 && !at.complete {
		if at, err = o.start(now); err == nil { // the file has no job yet, so it can take those of another listing
			cursor, err = o.resume(fleet, at, onPage)
		}
	}
	switch {
	case errors.Is(err, backupx.ErrCheckpoint):
		return nil, useless(o.out, fmt.Errorf("%s: %w", o.out+suffix, err))
	case err != nil:
		return nil, err
	}
	at.Checkpoint = cursor.Checkpoint()
	file, err := open(o.out, at)
	if err != nil {
		return nil, err
	}
	return &exporter{name: o.out, file: file, encoder: o.format.encoder(file, at.Length == 0), cursor: cursor, at: at, save: o.save}, nil
}

// start returns the place of a first run.
func (o options) start(now time.Time) (place, error) {
	from, err := o.since.From(now)
	return place{Format: o.format, Since: o.since.String(), From: from}, err
}

// resume returns a cursor over the jobs that follow a place. They ended after the time of the first run, so that the bound
// of -since does not move when the program is started again.
func (o options) resume(fleet backupx.Fleet, at place, onPage func(backupx.PageInfo)) (*backupx.Cursor[listed], error) {
	wrong := ""
	switch {
	case at.Format == "":
		wrong = "it is of an earlier version of this program, whose lines had fewer members"
	case at.Format != o.format:
		wrong = fmt.Sprintf("it was started with -format %s, not %s", at.Format, o.format)
	case at.Since != o.since.String():
		wrong = fmt.Sprintf("it was started with -since %q, not %q", at.Since, o.since.String())
	default:
		return o.listing(fleet, at.From).OnPage(onPage).Resume(at.Checkpoint)
	}
	return nil, fmt.Errorf("%w: %s", backupx.ErrCheckpoint, wrong)
}

// exporter writes jobs to a file, and its place to the checkpoint beside the file.
type exporter struct {
	encoder

	name   string
	file   *os.File
	cursor *backupx.Cursor[listed]
	at     place // the place that is saved
	save   int
}

var errInterrupted = errors.New("interrupted")

// restarts is how often a run reads chains of pages anew whose page tokens have died.
const restarts = 100

// export writes the jobs that are left. A page token that has died, because the program was started again much later, does
// not end the export.
func (e *exporter) export(ctx context.Context) error {
	for range restarts {
		err := e.pass(ctx)
		if !errors.Is(err, backupx.ErrTokenExpired) || e.cursor.Restart() != nil {
			return err
		}
	}
	return e.pass(ctx)
}

// pass writes the jobs that the cursor has left. It saves the jobs that it wrote before the listing failed. After a job that
// it could not write it saves nothing: the cursor has passed that job, and the next run would leave it out.
func (e *exporter) pass(ctx context.Context) error {
	unsaved := 0
	for job, err := range e.cursor.All(ctx) {
		if err != nil {
			if failed := e.commit(unsaved); failed != nil {
				return failed
			}
			if ctx.Err() != nil {
				return errInterrupted
			}
			return err
		}
		if err := e.add(job); err != nil {
			return err
		}
		if unsaved++; unsaved < e.save {
			continue
		}
		if err := e.commit(unsaved); err != nil {
			return err
		}
		unsaved = 0
	}
	return e.commit(unsaved)
}

// add writes the row of a job.
func (e *exporter) add(job listed) error {
	row, err := rows.Of(backupx.Sourced[backupx.Record]{
		Source: job.Source, Account: job.Account, Region: job.Region, Item: job.Item.Item,
	})
	if err != nil {
		return err
	}
	return e.write(row)
}

// commit forces the file to the disk, and then replaces the checkpoint: whenever the program is killed, all
// jobs that the checkpoint counts are in the file.
func (e *exporter) commit(jobs int) error {
	if err := e.flush(); err != nil {
		return err
	}
	if err := e.file.Sync(); err != nil {
		return err
	}
	length, err := e.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	at := e.at
	at.Length, at.Jobs, at.Checkpoint = length, at.Jobs+jobs, e.cursor.Checkpoint()
	if err := at.store(e.name); err != nil {
		return fmt.Errorf("the checkpoint: %w", err)
	}
	e.at = at
	return nil
}
