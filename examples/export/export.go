package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx"
)

// line is one job in the file.
type line struct {
	ID        string     `json:"id"`
	State     string     `json:"state"`
	Account   string     `json:"account,omitempty"`
	Vault     string     `json:"vault,omitempty"`
	Resource  string     `json:"resource,omitempty"`
	Type      string     `json:"type,omitempty"`
	Created   *time.Time `json:"created,omitempty"`
	Completed *time.Time `json:"completed,omitempty"`
	Bytes     *int64     `json:"bytes,omitempty"`
	Message   string     `json:"message,omitempty"`
}

func lineOf(j types.BackupJob) line {
	return line{
		ID: aws.ToString(j.BackupJobId), State: string(j.State), Account: aws.ToString(j.AccountId),
		Vault: aws.ToString(j.BackupVaultName), Resource: aws.ToString(j.ResourceArn), Type: aws.ToString(j.ResourceType),
		Created: j.CreationDate, Completed: j.CompletionDate, Bytes: j.BackupSizeInBytes, Message: aws.ToString(j.StatusMessage),
	}
}

// begin opens the file where an earlier run left it, or at the start. It sends no request. After an error the
// program ends without one: another run would fail in the same way.
func (p program) begin(ctx context.Context, o options) (*exporter, error) {
	s, err := p.source(ctx, o)
	if err != nil {
		return nil, err
	}
	at, err := load(o.out)
	if err != nil {
		return nil, err
	}
	cursor, err := o.goOn(s, at)
	if errors.Is(err, backupx.ErrCheckpoint) && at.Jobs == 0 && !at.Checkpoint.Done() {
		at = place{} // the file has no job yet, so it can take those of another listing
		cursor, err = o.goOn(s, at)
	}
	switch {
	case errors.Is(err, backupx.ErrCheckpoint):
		return nil, useless(o.out, fmt.Errorf("%s: %w", o.out+suffix, err))
	case err != nil:
		return nil, err
	}
	at.CompletedAfter, at.Checkpoint = o.completedAfter, cursor.Checkpoint()
	file, err := open(o.out, at)
	if err != nil {
		return nil, err
	}
	return &exporter{name: o.out, file: file, buffered: bufio.NewWriter(file), cursor: cursor, at: at, save: o.save}, nil
}

// goOn returns a cursor over the jobs that follow a place. Its filter is that of the first run, so that the
// bound of -completed-after does not move when the program is started again.
func (o options) goOn(s source, at place) (*backupx.Cursor[types.BackupJob], error) {
	f := o.filter(s.client.Now())
	if at.begun() {
		if err := at.Checkpoint.Filter(&f); err != nil {
			return nil, err
		}
	}
	jobs := s.client.BackupJobs(f).Scope(s.name).Parallel(o.parallel).PageSize(o.pageSize).Ordered()
	cursor, err := jobs.Resume(at.Checkpoint)
	if err == nil && at.begun() && at.CompletedAfter != o.completedAfter {
		err = fmt.Errorf("%w: it was begun with -completed-after %s, not %s", backupx.ErrCheckpoint, at.CompletedAfter, o.completedAfter)
	}
	return cursor, err
}

// filter returns the filter of a first run.
func (o options) filter(now time.Time) backupx.BackupJobFilter {
	f := backupx.BackupJobFilter{}.Ended()
	if o.completedAfter > 0 {
		f = f.CompletedAfter(now.Add(-o.completedAfter).UTC().Truncate(time.Second))
	}
	return f
}

// exporter writes jobs to a file, and its place to the checkpoint beside the file.
type exporter struct {
	name     string
	file     *os.File
	buffered *bufio.Writer
	cursor   *backupx.Cursor[types.BackupJob]
	at       place // the place that is saved
	save     int
}

var errInterrupted = errors.New("interrupted")

// write exports the jobs that the cursor has left. It saves the jobs that it exported before a failure.
func (e *exporter) write(ctx context.Context) error {
	unsaved, lines := 0, json.NewEncoder(e.buffered)
	for job, err := range e.cursor.All(ctx) {
		switch {
		case err == nil:
			err = lines.Encode(lineOf(job))
		case ctx.Err() != nil:
			err = errInterrupted
		}
		if err != nil {
			return errors.Join(err, e.commit(unsaved))
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

// commit forces the file to the disk, and then replaces the checkpoint: whenever the program is killed, all
// jobs that the checkpoint counts are in the file.
func (e *exporter) commit(jobs int) error {
	if err := e.buffered.Flush(); err != nil {
		return err
	}
	if err := e.file.Sync(); err != nil {
		return err
	}
	length, err := e.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	at := place{Length: length, Jobs: e.at.Jobs + jobs, CompletedAfter: e.at.CompletedAfter, Checkpoint: e.cursor.Checkpoint()}
	if err := at.store(e.name); err != nil {
		return fmt.Errorf("the checkpoint: %w", err)
	}
	e.at = at
	return nil
}
