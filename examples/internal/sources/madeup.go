package sources

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// MadeUp is the time of an offline run, which is the same each time.
func MadeUp() time.Time { return time.Date(2026, time.March, 14, 6, 0, 0, 0, time.UTC) }

// MadeUpJobs returns data with n backup jobs and as many copy jobs, created in the 30 days before [MadeUp]. The same seed
// gives the same data.
func MadeUpJobs(seed uint64, n int) fakeaws.Data {
	from, to := MadeUp().AddDate(0, 0, -30), MadeUp()
	return fakeaws.Data{
		BackupJobs: fakeaws.GenerateBackupJobs(seed, from, to, n),
		CopyJobs:   fakeaws.GenerateCopyJobs(seed, from, to, n),
	}
}

// MadeUpSource returns a source whose clock stands still at [MadeUp]. The configuration is that of an in-memory service.
func MadeUpSource(account, region string, cfg aws.Config) backupx.Source {
	cfg.Region = region
	return source(account, account, cfg, MadeUp)
}

// MadeUpJobsOf is [MadeUpJobs] of one account, that of a [fakeaws.WithAccount].
func MadeUpJobsOf(account string, seed uint64, n int) fakeaws.Data {
	return Of(account, MadeUpJobs(seed, n))
}

// Of returns data whose jobs are of an account.
func Of(account string, data fakeaws.Data) fakeaws.Data {
	for i := range data.BackupJobs {
		data.BackupJobs[i].AccountId = &account
	}
	for i := range data.CopyJobs {
		data.CopyJobs[i].AccountId = &account
	}
	return data
}
