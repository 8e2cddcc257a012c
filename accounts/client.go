package accounts

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/opsworkscm"
)

// source makes the clients of one account and region when they are called. Ten thousand accounts in twenty regions
// have six hundred thousand clients, of 2 KB and more each.
type source struct {
	*identity
	region string
	recent *cache
}

// clientOf returns clients that are made when they are called.
func clientOf(s *source) backupx.Client {
	return backupx.Client{HSM: hsm{s}, OpsWorks: opsWorks{s}, Backup: jobs{s}}
}

// made returns a client of the source, which is made with create if it was not used lately.
func made[C any](s *source, create func(aws.Config) C) C {
	var none C
	return s.recent.get(cacheKey{s, any(none)}, func() any { return create(s.config(s.region)) }).(C)
}

type hsm struct{ *source }

func (c hsm) client() backupx.HSMAPI {
	return made(c.source, func(cfg aws.Config) *cloudhsmv2.Client { return cloudhsmv2.NewFromConfig(cfg) })
}

func (c hsm) DescribeBackups(ctx context.Context, in *cloudhsmv2.DescribeBackupsInput, opts ...func(*cloudhsmv2.Options)) (*cloudhsmv2.DescribeBackupsOutput, error) {
	return c.client().DescribeBackups(ctx, in, opts...)
}

func (c hsm) RestoreBackup(ctx context.Context, in *cloudhsmv2.RestoreBackupInput, opts ...func(*cloudhsmv2.Options)) (*cloudhsmv2.RestoreBackupOutput, error) {
	return c.client().RestoreBackup(ctx, in, opts...)
}

type opsWorks struct{ *source }

func (c opsWorks) DescribeBackups(ctx context.Context, in *opsworkscm.DescribeBackupsInput, opts ...func(*opsworkscm.Options)) (*opsworkscm.DescribeBackupsOutput, error) {
	client := made(c.source, func(cfg aws.Config) *opsworkscm.Client { return opsworkscm.NewFromConfig(cfg) })
	return client.DescribeBackups(ctx, in, opts...)
}

type jobs struct{ *source }

func (c jobs) client() backupx.BackupAPI {
	return made(c.source, func(cfg aws.Config) *backup.Client { return backup.NewFromConfig(cfg) })
}

func (c jobs) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	return c.client().ListBackupJobs(ctx, in, opts...)
}

func (c jobs) ListCopyJobs(ctx context.Context, in *backup.ListCopyJobsInput, opts ...func(*backup.Options)) (*backup.ListCopyJobsOutput, error) {
	return c.client().ListCopyJobs(ctx, in, opts...)
}
