package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// restore prints the backups that the flags choose, and restores them with -yes. It returns the exit status.
func (o options) restore(ctx context.Context, from origin, stdout io.Writer) (int, error) {
	backups, err := from.client.HSMBackups(o.filter(from.now)).Collect(ctx)
	if err != nil {
		return exitNothing, fmt.Errorf("nothing was tried, for the list is incomplete: %s", cli.OneLine(err.Error()))
	}
	slices.SortStableFunc(backups, firstToGo)
	fmt.Fprint(stdout, plan(from, backups))
	switch {
	case len(backups) == 0:
		fmt.Fprintln(stdout, "\nNothing that was asked for is pending deletion.")
		return exitDone, nil
	case !o.yes:
		fmt.Fprintf(stdout, "\n%s would be restored. Nothing was changed; -yes restores.\n", cli.Count(len(backups), "backup"))
		return exitDone, nil
	}
	outcomes := o.save(ctx, from.client, backups)
	fmt.Fprint(stdout, report(outcomes))
	return status(outcomes), nil
}

// firstToGo orders backups by their deletion time. Backups without one come last.
func firstToGo(a, b hsmtypes.Backup) int {
	if a.DeleteTimestamp == nil || b.DeleteTimestamp == nil {
		return cmp.Compare(undated(a), undated(b))
	}
	return cmp.Or(a.DeleteTimestamp.Compare(*b.DeleteTimestamp), cmp.Compare(aws.ToString(a.BackupId), aws.ToString(b.BackupId)))
}

func undated(b hsmtypes.Backup) int {
	if b.DeleteTimestamp == nil {
		return 1
	}
	return 0
}

// outcome is the result of restoring one backup.
type outcome struct {
	id       string
	state    hsmtypes.BackupState // the last one seen; "·" if it may have changed since
	restored bool                 // the service accepted the restore
	err      error
}

// unknown reports that the answer to the restore was lost, and that the backup was not seen READY since.
func (o outcome) unknown() bool { return errors.Is(o.err, backupx.ErrRestoreUnknown) }

// save restores the backups, then waits for each. A failure does not stop the others.
func (o options) save(ctx context.Context, client backupx.Client, backups []hsmtypes.Backup) []outcome {
	results, _ := client.RestoreHSMBackups(ctx, backups) // each result has its own error
	outcomes := make([]outcome, len(results))
	for i, r := range results {
		outcomes[i] = o.confirm(ctx, client, r)
	}
	return outcomes
}

// confirm waits until a restored backup is READY.
func (o options) confirm(ctx context.Context, client backupx.Client, r backupx.Restored) outcome {
	out := outcome{id: aws.ToString(r.Before.BackupId), state: r.Before.BackupState, err: r.Err}
	if out.unknown() {
		out.state = "·"
	}
	if r.Err != nil {
		return out
	}
	out.restored = true
	after, err := client.WaitHSMBackup(ctx, out.id, hsmtypes.BackupStateReady, o.wait)
	out.state, out.err = cmp.Or(after.BackupState, r.After.BackupState), err
	return out
}

func status(outcomes []outcome) int {
	if slices.ContainsFunc(outcomes, func(o outcome) bool { return o.err != nil }) {
		return exitFailures
	}
	return exitDone
}
