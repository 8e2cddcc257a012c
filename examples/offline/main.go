// Offline prints the backup jobs that failed in the last 24 hours, one a line. The program itself needs AWS:
// it uses the configuration of the environment. Its tests run offline, from a recording:
//
//	go run ./examples/offline             your account and region
//	go test ./examples/offline            no network, no account
//
// The recording is made with
//
//	BACKUPX_FIXTURES=record go test ./examples/offline
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/backupx-go/backupx"
)

func main() {
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "Usage: offline\n\nAsks AWS, with your configuration, for the backup jobs that failed in the last 24 hours.")
	}
	flag.Parse()
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := report(ctx, os.Stdout, backupx.New(cfg), time.Now()); err != nil {
		log.Fatal(err)
	}
}

// report writes the jobs that failed in the 24 hours before now.
func report(ctx context.Context, w io.Writer, client backupx.Client, now time.Time) error {
	failed := backupx.BackupJobFilter{}.Unsuccessful().CreatedAfter(now.Add(-24 * time.Hour))
	count := 0
	for job, err := range client.BackupJobs(failed).All(ctx) {
		if err != nil {
			return err
		}
		count++
		fmt.Fprintf(w, "%-8s %-10s in %s\n", job.State, aws.ToString(job.ResourceType), aws.ToString(job.BackupVaultName))
	}
	_, err := fmt.Fprintf(w, "%d failed since yesterday\n", count)
	return err
}
