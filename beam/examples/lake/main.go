// Lake lists the backups of many accounts and regions into newline-delimited JSON and Parquet files,
// partitioned by account and day: an Apache Beam pipeline. Without flags it runs embedded on one machine,
// over accounts that are made up in memory:
//
//	go run ./examples/lake
//
// With -org they are those of an organisation. README.md has the flags for real accounts, Dataflow and Flink.
//
// # Exit status
//
//	0  everything was listed, or the runner was told not to wait for it
//	1  some shards are dead letters: -resume lists what they left
//	2  the run failed, or the flags are wrong
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	backupxbeam "github.com/backupx-go/backupx/beam"
)

// The exit status of the program.
const (
	complete = iota
	incomplete
	failed
)

func main() {
	var o options
	o.flags(flag.CommandLine) // Beam's own flags are there as well
	flag.Parse()
	o.args = flag.Args()
	beam.Init() // on a worker, this is where the program stays
	quiet(o.verbose)
	status, err := o.run(context.Background(), os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "lake:", err)
	}
	os.Exit(status)
}

// quiet keeps what Beam logs to what matters.
func quiet(verbose bool) {
	if verbose {
		return
	}
	log.SetLogger(&log.Standard{Level: log.SevWarn})
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
}

// run lists into the lake, and says on out what came of it.
func (o options) run(ctx context.Context, out io.Writer) (status int, err error) {
	job, err := o.job(time.Now())
	if err == nil && o.org && job.letters == nil {
		job.accounts, err = o.accountsOfOrg(ctx, job)
	}
	if err != nil {
		return failed, err
	}
	p, s := beam.NewPipelineWithRoot()
	job.build(s)
	began := time.Now()
	result, err := beamx.RunWithMetrics(ctx, p)
	if err != nil {
		return failed, err
	}
	if result == nil { // a runner that was told not to wait
		fmt.Fprintln(out, "submitted; the runner tells how it goes")
		return complete, nil
	}
	return job.report(out, result, time.Since(began)), nil
}

// what is what a run lists.
func (j job) what() string {
	if j.letters != nil {
		return fmt.Sprintf("%d dead letters", len(j.letters))
	}
	return fmt.Sprintf("%d accounts, %d regions", len(j.accounts), len(j.regions))
}

// report says what a run came to.
func (j job) report(out io.Writer, result beam.PipelineResult, took time.Duration) (status int) {
	n := backupxbeam.Counters(result)
	fmt.Fprintf(out, "%s: %d shards, %d pages, %d items, %d throttled requests in %s\n",
		j.what(), n[backupxbeam.MetricShards], n[backupxbeam.MetricPages], n[backupxbeam.MetricItems],
		n[backupxbeam.MetricThrottles], took.Round(time.Millisecond))
	fmt.Fprintf(out, "%d files in %s\n", filesWritten(result), j.out)
	dead := n[backupxbeam.MetricDeadLetters]
	if dead == 0 {
		return complete
	}
	fmt.Fprintf(out, "%d shards were not listed to their end. What is left of them:\n\tlake -resume %s …\n", dead, j.deadLetters())
	return incomplete
}
