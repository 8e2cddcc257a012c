package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/accounts"
)

// shortest is in README.md of the repository.
func shortest(ctx context.Context, cfg aws.Config) (backupx.Fleet, error) {
	fleet, err := accounts.Fleet(ctx, cfg, "BackupAudit") // the name of a role in each account
	return fleet, err
}

// report is in accounts/README.md.
func report(ctx context.Context, cfg aws.Config, print func(...any)) error {
	fleet, err := accounts.Fleet(ctx, cfg, "BackupAudit")
	if err != nil {
		return err // bad input, or an organisation that could not be listed
	}
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(failed).Rate(15) // 15 requests per second to each source
	})
	for job, err := range jobs.Parallel(16).All(ctx) {
		var sources backupx.SourceErrors
		if errors.As(err, &sources) { // comes last: the other sources are not affected
			for _, s := range sources {
				print(s.Account, s.Region, s.Kind) // denied, if the role could not be assumed
			}
		}
		if err != nil {
			return err
		}
		print(job.Account, job.Region, aws.ToString(job.Item.BackupJobId))
	}
	return nil
}

// chosen is in accounts/README.md.
func chosen(ctx context.Context, cfg aws.Config) (backupx.Fleet, error) {
	fleet, err := accounts.Fleet(ctx, cfg, "/audit/BackupAudit",
		accounts.Units("ou-ab12-11111111"), // the accounts in this unit and in those below it
		accounts.Tagged("team", "data"),    // that have this tag
		accounts.Regions("eu-west-1"),      // in this region
	)
	return fleet, err
}

func TestTheDocumentedPrograms(t *testing.T) {
	cfg := forty().Config("us-east-1")
	fleet, err := shortest(t.Context(), cfg)
	require.NoError(t, err)
	require.Len(t, fleet, 57)

	var lines []string
	err = report(t.Context(), cfg, func(args ...any) { lines = append(lines, strings.TrimSpace(fmt.Sprintln(args...))) })
	require.Equal(t, backupx.KindDenied, backupx.KindOf(err))
	require.Len(t, lines, 57)
	require.Contains(t, lines, id(39)+" eu-west-1 "+id(39)+"/eu-west-1")
	require.Contains(t, lines, id(22)+" us-east-1 denied")

	fleet, err = chosen(t.Context(), tagged().Config("us-east-1"))
	require.NoError(t, err)
	require.Len(t, fleet, 7)
}
