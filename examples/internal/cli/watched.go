package cli

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/opsworkscm"
)

// client returns a copy of the client of a source whose calls are watched. A service that it lacks stays missing: it is
// made with the configuration of the source.
func (p *Progress) client(source string, c backupx.Client) backupx.Client {
	w := watched{p, source}
	if c.HSM != nil {
		c.HSM = watchedHSM{c.HSM, w}
	}
	if c.OpsWorks != nil {
		c.OpsWorks = watchedOpsWorks{c.OpsWorks, w}
	}
	if c.Backup != nil {
		c.Backup = watchedBackup{c.Backup, w}
	}
	return c
}

// watched tells of the calls of a source.
type watched struct {
	progress *Progress
	source   string
}

// asking calls an operation of the source.
func asking[In, Options, Out any](
	ctx context.Context, w watched, operation string, call func(context.Context, *In, ...func(*Options)) (*Out, error), in *In, opts []func(*Options),
) (*Out, error) {
	defer w.progress.call(w.source, operation)()
	return call(ctx, in, opts...)
}

type watchedHSM struct {
	backupx.HSMAPI
	watched
}

func (c watchedHSM) DescribeBackups(ctx context.Context, in *cloudhsmv2.DescribeBackupsInput, opts ...func(*cloudhsmv2.Options)) (*cloudhsmv2.DescribeBackupsOutput, error) {
	return asking(ctx, c.watched, "DescribeBackups", c.HSMAPI.DescribeBackups, in, opts)
}

type watchedOpsWorks struct {
	backupx.OpsWorksAPI
	watched
}

func (c watchedOpsWorks) DescribeBackups(ctx context.Context, in *opsworkscm.DescribeBackupsInput, opts ...func(*opsworkscm.Options)) (*opsworkscm.DescribeBackupsOutput, error) {
	return asking(ctx, c.watched, "DescribeBackups", c.OpsWorksAPI.DescribeBackups, in, opts)
}

type watchedBackup struct {
	backupx.BackupAPI
	watched
}

func (c watchedBackup) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	return asking(ctx, c.watched, "ListBackupJobs", c.BackupAPI.ListBackupJobs, in, opts)
}

func (c watchedBackup) ListCopyJobs(ctx context.Context, in *backup.ListCopyJobsInput, opts ...func(*backup.Options)) (*backup.ListCopyJobsOutput, error) {
	return asking(ctx, c.watched, "ListCopyJobs", c.BackupAPI.ListCopyJobs, in, opts)
}
