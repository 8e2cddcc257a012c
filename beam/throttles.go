package backupxbeam

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx"
)

// metered returns a client that counts in n the attempts that the service throttled, including those that the
// SDK retried. A stub runs no middleware, so nothing is counted for it.
func metered(c backupx.Client, n *atomic.Int64) backupx.Client {
	m := meter{n}
	if !lo.IsNil(c.Backup) {
		c.Backup = meteredBackup{c.Backup, m}
	}
	if !lo.IsNil(c.HSM) {
		c.HSM = meteredHSM{c.HSM, m}
	}
	if !lo.IsNil(c.OpsWorks) {
		c.OpsWorks = meteredOpsWorks{c.OpsWorks, m}
	}
	return c
}

type meteredBackup struct {
	backupx.BackupAPI
	meter
}

func (c meteredBackup) ListBackupJobs(
	ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options),
) (*backup.ListBackupJobsOutput, error) {
	return c.BackupAPI.ListBackupJobs(ctx, in, append(opts, c.backup)...)
}

func (c meteredBackup) ListCopyJobs(
	ctx context.Context, in *backup.ListCopyJobsInput, opts ...func(*backup.Options),
) (*backup.ListCopyJobsOutput, error) {
	return c.BackupAPI.ListCopyJobs(ctx, in, append(opts, c.backup)...)
}

type meteredHSM struct {
	backupx.HSMAPI
	meter
}

func (c meteredHSM) DescribeBackups(
	ctx context.Context, in *cloudhsmv2.DescribeBackupsInput, opts ...func(*cloudhsmv2.Options),
) (*cloudhsmv2.DescribeBackupsOutput, error) {
	return c.HSMAPI.DescribeBackups(ctx, in, append(opts, func(o *cloudhsmv2.Options) {
		o.APIOptions = append(o.APIOptions, c.add)
	})...)
}

type meteredOpsWorks struct {
	backupx.OpsWorksAPI
	meter
}

func (c meteredOpsWorks) DescribeBackups(
	ctx context.Context, in *backupx.OpsWorksDescribeBackupsInput, opts ...func(*backupx.OpsWorksOptions),
) (*backupx.OpsWorksDescribeBackupsOutput, error) {
	return c.OpsWorksAPI.DescribeBackups(ctx, in, append(opts, func(o *backupx.OpsWorksOptions) {
		o.APIOptions = append(o.APIOptions, c.add)
	})...)
}

// meter is a middleware below the SDK's retries, so that it sees every attempt.
type meter struct{ n *atomic.Int64 }

func (m meter) backup(o *backup.Options) { o.APIOptions = append(o.APIOptions, m.add) }

func (m meter) add(stack *middleware.Stack) error {
	return stack.Deserialize.Add(m, middleware.Before)
}

// ID returns the name of the middleware.
func (meter) ID() string { return "backupxbeam.Throttles" }

// HandleDeserialize counts the attempt if the service throttled it.
func (m meter) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, md, err := next.HandleDeserialize(ctx, in)
	if err != nil && throttled(err) {
		m.n.Add(1)
	}
	return out, md, err
}

func throttled(err error) bool {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() == http.StatusTooManyRequests {
		return true
	}
	return retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}.IsErrorThrottle(err) == aws.TrueTernary
}
