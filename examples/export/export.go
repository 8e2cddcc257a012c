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

// final are the states that a job stays in.
var final = []types.BackupJobState{
	types.BackupJobStateAborted, types.BackupJobStateCompleted, types.BackupJobStateExpired,
	types.BackupJobStateFailed, types.BackupJobStatePartial,
}

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

// export writes what is not in the file yet, and returns how many jobs are in it then.
func export(ctx context.Context, o options) (jobs int, err error) {
	client, err := o.client(ctx)
	if err != nil {
		return 0, err
	}
	at, err := load(o.out)
	if err != nil {
		return 0, err
	}
	f, err := filter(at.Checkpoint, o, client.Now())
	if err != nil {
		return at.Jobs, err
	}
	cursor, err := client.BackupJobs(f).Parallel(o.parallel).PageSize(o.pageSize).Ordered().Resume(at.Checkpoint)
	if err != nil {
		return at.Jobs, err
	}
	file, err := open(o.out, at)
	if err != nil {
		return at.Jobs, err
	}
	defer file.Close()
	e := exporter{name: o.out, file: file, buffered: bufio.NewWriter(file), at: at, save: o.save}
	err = e.write(ctx, cursor)
	return e.at.Jobs, err
}

// filter is what to list: the checkpoint's, or where there is none what the flags say.
func filter(cp backupx.Checkpoint, o options, now time.Time) (f backupx.BackupJobFilter, err error) {
	if text, err := cp.MarshalText(); err != nil || len(text) > 0 {
		return f, errors.Join(err, cp.Filter(&f))
	}
	f = f.States(final...)
	if o.completedAfter > 0 {
		f = f.CompletedAfter(now.Add(-o.completedAfter).UTC().Truncate(time.Second))
	}
	return f, nil
}

// exporter writes jobs to a file, and where it is to the checkpoint beside it.
type exporter struct {
	name     string
	file     *os.File
	buffered *bufio.Writer
	at       place // that is saved
	save     int
}

// write exports what the cursor has left. What was exported before a failure is saved.
func (e *exporter) write(ctx context.Context, cursor *backupx.Cursor[types.BackupJob]) error {
	unsaved, lines := 0, json.NewEncoder(e.buffered)
	for job, err := range cursor.All(ctx) {
		if err == nil {
			err = lines.Encode(lineOf(job))
		}
		if err != nil {
			return errors.Join(err, e.commit(cursor.Checkpoint(), unsaved))
		}
		if unsaved++; unsaved < e.save {
			continue
		}
		if err := e.commit(cursor.Checkpoint(), unsaved); err != nil {
			return err
		}
		unsaved = 0
	}
	return e.commit(cursor.Checkpoint(), unsaved)
}

// commit forces the file to the disk, and then says so in the checkpoint: whenever the program is
// killed, all that the checkpoint counts is in the file.
func (e *exporter) commit(cp backupx.Checkpoint, jobs int) error {
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
	at := place{Length: length, Jobs: e.at.Jobs + jobs, Checkpoint: cp}
	if err := at.store(e.name); err != nil {
		return fmt.Errorf("the checkpoint: %w", err)
	}
	e.at = at
	return nil
}
