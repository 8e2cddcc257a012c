package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli"
)

// rescue is a run of the program.
type rescue struct {
	options
	origin

	progress *cli.Progress
	stdout   io.Writer
	width    int // the columns of stdout
}

// restore prints the backups that the flags choose, and restores them with -yes. It returns the exit status.
func (r rescue) restore(ctx context.Context) (int, error) {
	backups, err := r.client.HSMBackups(r.filter(r.now)).OnPage(r.progress.Page).Collect(ctx)
	if err != nil {
		return exitNothing, incomplete(err)
	}
	others, err := r.others(ctx, backups)
	if err != nil {
		return exitNothing, err
	}
	slices.SortStableFunc(backups, firstToGo)
	if _, err := fmt.Fprint(r.stdout, r.plan(backups, others)); err != nil {
		return exitNothing, fmt.Errorf("nothing was tried: writing: %w", err)
	}
	switch {
	case len(backups) == 0:
		fmt.Fprintln(r.stdout, "\nNothing that was asked for is pending deletion.")
		return exitDone, nil
	case !r.yes:
		fmt.Fprintf(r.stdout, "\n%s would be restored. Nothing was changed; -yes restores.\n", cli.Count(len(backups), "backup"))
		return exitDone, nil
	}
	outcomes := r.save(ctx, backups)
	fmt.Fprint(r.stdout, r.report(outcomes))
	return status(outcomes), nil
}

func incomplete(err error) error {
	return fmt.Errorf("nothing was tried, for the list is incomplete: %s", cli.OneLine(err.Error()))
}

// others returns the backups of -id that are not among those to restore: they are not pending deletion, or another flag
// does not choose them. An id that no backup has is an error, and so is a cluster without a backup: it is a typo.
func (r rescue) others(ctx context.Context, backups []hsmtypes.Backup) ([]hsmtypes.Backup, error) {
	clusters := lo.Without(r.clusters, lo.Map(backups, clusterOf)...)
	if _, err := r.all(ctx, "cluster", clusters, backupx.HSMFilter{}.Clusters, clusterOf); err != nil {
		return nil, err
	}
	return r.all(ctx, "id", lo.Without(r.ids, lo.Map(backups, idOf)...), backupx.HSMFilter{}.IDs, idOf)
}

// all returns the backups with the ids of a flag. An id without a backup is an error.
func (r rescue) all(
	ctx context.Context, flag string, ids []string, with func(...string) backupx.HSMFilter, of func(hsmtypes.Backup, int) string,
) ([]hsmtypes.Backup, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := r.client.HSMBackups(with(ids...)).Collect(ctx)
	if err != nil {
		return nil, incomplete(err)
	}
	if none := lo.Without(ids, lo.Map(found, of)...); len(none) > 0 {
		return nil, fmt.Errorf("nothing was tried: -%s %s: no backup has it: %s", flag, strings.Join(none, ","), r.note)
	}
	return found, nil
}

func idOf(b hsmtypes.Backup, _ int) string { return aws.ToString(b.BackupId) }

func clusterOf(b hsmtypes.Backup, _ int) string { return aws.ToString(b.ClusterId) }

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
func (r rescue) save(ctx context.Context, backups []hsmtypes.Backup) []outcome {
	results, _ := r.client.RestoreHSMBackups(ctx, backups) // each result has its own error
	return lo.Map(results, func(result backupx.Restored, _ int) outcome { return r.confirm(ctx, result) })
}

// confirm waits until a restored backup is READY.
func (r rescue) confirm(ctx context.Context, result backupx.Restored) outcome {
	out := outcome{id: aws.ToString(result.Before.BackupId), state: result.Before.BackupState, err: result.Err}
	if out.unknown() {
		out.state = "·"
	}
	if result.Err != nil {
		return out
	}
	defer r.progress.Waiting(out.id, "to be READY")()
	out.restored = true
	after, err := r.client.WaitHSMBackup(ctx, out.id, hsmtypes.BackupStateReady, r.wait)
	out.state, out.err = cmp.Or(after.BackupState, result.After.BackupState), err
	return out
}

func status(outcomes []outcome) int {
	if slices.ContainsFunc(outcomes, func(o outcome) bool { return o.err != nil }) {
		return exitFailures
	}
	return exitDone
}
