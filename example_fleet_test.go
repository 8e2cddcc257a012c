package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
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
	failed := backupx.BackupJobFilter{}.States(types.BackupJobStateFailed)
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
	// prod job-2
	// staging job-2
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
