package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/accounts"
	"github.com/backupx-go/backupx/fixtures"
)

// The configuration is that of a recording. A program uses that of config.LoadDefaultConfig and leaves Parallel out.
func ExampleFleet() {
	ctx := context.Background()
	session, err := fixtures.Load(os.DirFS("testdata"), "organisation")
	if err != nil {
		log.Fatal(err)
	}
	fleet, err := accounts.Fleet(ctx, session.Config(), "BackupAudit", accounts.Parallel(1))
	if err != nil {
		log.Fatal(err) // the organisation could not be listed
	}
	jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(backupx.BackupJobFilter{})
	})
	n, err := jobs.Count(ctx)
	fmt.Println(len(fleet), "sources,", n, "jobs")
	var failed backupx.SourceErrors
	if errors.As(err, &failed) {
		for _, f := range failed {
			fmt.Println(f.Account, f.Kind)
		}
	}
	// Output:
	// 57 sources, 54 jobs
	// 000000000038 denied
	// 000000000039 denied
	// 000000000040 denied
}

// The accounts of a unit and of those below it, of which one team's are listed, in one region.
func ExampleUnits() {
	session, err := fixtures.Load(os.DirFS("testdata"), "production")
	if err != nil {
		log.Fatal(err)
	}
	fleet, err := accounts.Fleet(context.Background(), session.Config(), "BackupAudit",
		accounts.Units("ou-ab12-11111111"), accounts.Tagged("team", "data"), accounts.Regions("eu-west-1"))
	if err != nil {
		log.Fatal(err)
	}
	for _, source := range fleet {
		fmt.Println(source.Name)
	}
	// Output:
	// 000000000001/eu-west-1
	// 000000000002/eu-west-1
	// 000000000003/eu-west-1
	// 000000000004/eu-west-1
	// 000000000005/eu-west-1
	// 000000000006/eu-west-1
	// 000000000007/eu-west-1
}

// A role that is assumed with an external id, for an hour.
func ExampleAssume() {
	ctx := context.Background()
	session, err := fixtures.Load(os.DirFS("testdata"), "production")
	if err != nil {
		log.Fatal(err)
	}
	fleet, err := accounts.Fleet(ctx, session.Config(), "BackupAudit", accounts.Units("ou-ab12-11111111"), accounts.Tagged("team", "data"),
		accounts.Regions("eu-west-1"), accounts.Assume(func(o *stscreds.AssumeRoleOptions) {
			o.ExternalID = aws.String("audit-7")
			o.Duration = time.Hour
		}))
	if err != nil {
		log.Fatal(err)
	}
	jobs, err := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(backupx.BackupJobFilter{})
	}).Count(ctx)
	fmt.Println(jobs, err)
	// Output: 7 <nil>
}
