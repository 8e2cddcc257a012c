package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// A fleet has one source for each account and region. No more than four requests are under way to each
// source, and no more than eight to all.
func ExampleFleet() {
	var fleet backupx.Fleet
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		cfg := exampleService().Config() // in a program: config.LoadDefaultConfig(ctx)
		cfg.Region = region
		fleet = append(fleet, backupx.Source{Name: "prod/" + region, Client: backupx.New(cfg), Parallel: 4})
	}
	jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(backupx.BackupJobFilter{})
	})

	bySource, err := backupx.CountBy(jobs.Parallel(8).All(context.Background()),
		func(j backupx.Sourced[types.BackupJob]) string { return j.Source })
	fmt.Println(bySource, err)
	// Output: map[prod/eu-west-1:5 prod/us-east-1:5] <nil>
}

// The failed jobs of two accounts, each with the name of its source.
func ExampleAcross() {
	fleet := backupx.Fleet{{Name: "prod", Client: exampleClient()}, {Name: "staging", Client: exampleClient()}}
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(failed)
	})

	for job, err := range jobs.Parallel(2).Ordered().All(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(job.Source, aws.ToString(job.Item.BackupJobId))
	}
	// Output:
	// prod job-4
	// prod job-2
	// staging job-4
	// staging job-2
}

// The sources have a configuration, an account and a region. The function gets the whole source, and lists with FromOperation
// what backupx has no name for.
func ExampleAcrossSources() {
	var fleet backupx.Fleet
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		cfg := exampleService().Config() // in a program: config.LoadDefaultConfig(ctx)
		cfg.Region = region
		fleet = append(fleet, backupx.Source{Name: "prod/" + region, Account: "111122223333", Region: region, Config: cfg})
	}
	jobs := backupx.AcrossSources(fleet, func(s backupx.Source) backupx.Listing[types.BackupJob] {
		api := backup.NewFromConfig(s.Config)
		return backupx.FromOperation("ListBackupJobs", api.ListBackupJobs, backup.ListBackupJobsInput{ByState: types.BackupJobStateFailed},
			func(in *backup.ListBackupJobsInput, token *string, size *int32) {
				in.NextToken, in.MaxResults = token, size
			},
			func(out *backup.ListBackupJobsOutput) ([]types.BackupJob, *string) {
				return out.BackupJobs, out.NextToken
			})
	})

	for job, err := range jobs.All(context.Background()) {
		fmt.Println(job.Account, job.Region, aws.ToString(job.Item.BackupJobId), err)
	}
	// Output:
	// 111122223333 eu-west-1 job-2 <nil>
	// 111122223333 us-east-1 job-2 <nil>
}

// A source with a Config needs no Client.
func ExampleSource() {
	cfg := exampleService().Config() // in a program: config.LoadDefaultConfig(ctx)
	source := backupx.Source{Name: "prod", Account: "111122223333", Region: cfg.Region, Config: cfg}

	copies := backupx.Across(backupx.Fleet{source}, func(c backupx.Client) backupx.Listing[types.CopyJob] {
		return c.CopyJobs(backupx.CopyJobFilter{})
	})
	n, err := copies.Count(context.Background())
	fmt.Println(n, err)
	// Output: 2 <nil>
}

// Backup jobs and copy jobs of one account. The listing of copy jobs is denied, and does not stop the other.
func ExampleGather() {
	client := exampleClient(fakeaws.WithFaults(fakeaws.Fault{Operation: "ListCopyJobs", Do: fakeaws.AccessDenied()}))
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	all := backupx.Gather(
		backupx.Map(client.CopyJobs(backupx.CopyJobFilter{}), backupx.RecordOf).Named("copies"),
		backupx.Map(client.BackupJobs(failed), backupx.RecordOf).Named("backups"),
	)

	for r, err := range all.Parallel(2).Ordered().All(context.Background()) {
		var sources backupx.SourceErrors
		if errors.As(err, &sources) {
			fmt.Println(sources[0].Source, sources[0].Kind)
			return
		}
		fmt.Println(r.Source, r.Item.ID, r.Item.State, r.Item.Vault)
	}
	// Output:
	// backups job-4 ABORTED daily
	// backups job-2 FAILED daily
	// copies denied
}

// The parts of a Gather may be made in a loop.
func ExamplePart() {
	client := exampleClient()
	var parts []backupx.Part[types.BackupJob]
	for _, vault := range []string{"daily", "weekly"} {
		parts = append(parts, client.BackupJobs(backupx.BackupJobFilter{}.Vaults(vault)).Named(vault))
	}
	counts, err := backupx.CountBy(backupx.Gather(parts...).All(context.Background()),
		func(j backupx.Sourced[types.BackupJob]) string { return j.Source })
	fmt.Println(counts, err)
	// Output: map[daily:5] <nil>
}

// The name of a part is the source of its items.
func ExampleListing_Named() {
	daily := backupx.BackupJobFilter{}.Vaults("daily")
	client := exampleClient()
	var part backupx.Part[types.BackupJob] = client.BackupJobs(daily).Named("daily")

	first, _, err := backupx.Gather(part).First(context.Background())
	fmt.Println(first.Source, aws.ToString(first.Item.BackupJobId), err)
	// Output: daily job-5 <nil>
}

// One source denies access. The jobs of the other are delivered, and the error at the end names the source.
func ExampleSourceErrors() {
	denied := exampleClient(fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.AccessDenied()}))
	fleet := backupx.Fleet{{Name: "prod", Client: exampleClient()}, {Name: "staging", Client: denied}}
	jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(backupx.BackupJobFilter{})
	})

	delivered, err := jobs.Collect(context.Background())
	fmt.Println(len(delivered), "jobs")
	var failed backupx.SourceErrors
	if errors.As(err, &failed) {
		for _, f := range failed {
			fmt.Println(f.Source, f.Kind)
		}
	}
	// Output:
	// 5 jobs
	// staging denied
}

// The newest backups and jobs of all services, as records with the same fields.
func ExampleClient_Inventory() {
	recent := func(r backupx.Record) bool { return r.Created.After(day.Add(2 * time.Hour)) }

	for r, err := range exampleClient().Inventory().Where(recent).All(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Service, r.ID, r.State, r.Created.Format(time.TimeOnly))
	}
	// Output:
	// hsm backup-ccccccccccc READY 03:00:00
	// backup-jobs job-5 RUNNING 05:00:00
	// backup-jobs job-4 ABORTED 04:00:00
	// backup-jobs job-3 COMPLETED 03:00:00
}

// What was created in the last hours, of CloudHSM and AWS Backup.
func ExampleClient_InventorySince() {
	since := day.Add(4 * time.Hour) // in a program: time.Now().Add(-4 * time.Hour)

	for r, err := range exampleClient().InventorySince(since).All(context.Background()) {
		fmt.Println(r.Service, r.ID, r.Created.Format(time.TimeOnly), err)
	}
	// Output:
	// backup-jobs job-5 05:00:00 <nil>
	// backup-jobs job-4 04:00:00 <nil>
}

// Records of the jobs that a filter keeps, for the rows of a report.
func ExampleRecordOf() {
	failed := backupx.BackupJobFilter{}.Unsuccessful()
	rows := backupx.Map(exampleClient().BackupJobs(failed), backupx.RecordOf)

	for r, err := range rows.All(context.Background()) {
		fmt.Println(r.ID, r.Type, r.State, r.Vault, r.Account, err)
	}
	// Output:
	// job-4 EBS ABORTED daily 111122223333 <nil>
	// job-2 S3 FAILED daily 111122223333 <nil>
}
