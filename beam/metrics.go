package backupxbeam

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/backupx-go/backupx"
)

// The names of the metrics, in the namespace MetricNamespace. They count the work that was done: a bundle
// that ran twice counts twice if the runner reports attempts.
const (
	MetricNamespace   = "backupxbeam"
	MetricShards      = "shards"            // shards started
	MetricPages       = "pages"             // pages listed, including empty ones
	MetricItems       = "items"             // items listed, including duplicates
	MetricThrottles   = "throttles"         // attempts that the service throttled, including those that the SDK retried
	MetricDeadLetters = "dead_letters"      // shards that were not listed completely
	MetricDuplicates  = "duplicates"        // items dropped because another has the same source and id
	MetricPageMillis  = "page_milliseconds" // duration of a page, including retries
)

// A Beam counter is only a name. Its value is stored with the bundle that runs.
var (
	shards      = beam.NewCounter(MetricNamespace, MetricShards)
	pages       = beam.NewCounter(MetricNamespace, MetricPages)
	items       = beam.NewCounter(MetricNamespace, MetricItems)
	throttles   = beam.NewCounter(MetricNamespace, MetricThrottles)
	deadLetters = beam.NewCounter(MetricNamespace, MetricDeadLetters)
	duplicates  = beam.NewCounter(MetricNamespace, MetricDuplicates)
	pageMillis  = beam.NewDistribution(MetricNamespace, MetricPageMillis)
)

func countPage(ctx context.Context, p backupx.PageInfo) {
	pages.Inc(ctx, 1)
	pageMillis.Update(ctx, p.Duration.Milliseconds())
}

// Counters returns the package's counters after a run, by name, each summed over the steps of the pipeline.
func Counters(r beam.PipelineResult) map[string]int64 {
	sums := map[string]int64{}
	for _, c := range r.Metrics().AllMetrics().Counters() {
		if c.Namespace() == MetricNamespace {
			sums[c.Name()] += c.Result()
		}
	}
	return sums
}
