package backupxbeam

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/backupx-go/backupx"
)

// The metrics, in the namespace MetricNamespace. They count what was done: a bundle that a runner ran
// twice counts twice where the runner reports attempts.
const (
	MetricNamespace   = "backupxbeam"
	MetricShards      = "shards"            // shards begun
	MetricPages       = "pages"             // pages read, empty ones included
	MetricItems       = "items"             // items found, before duplicates are left out
	MetricThrottles   = "throttles"         // attempts that the service throttled, retried ones included
	MetricDeadLetters = "dead_letters"      // shards that were not listed to their end
	MetricDuplicates  = "duplicates"        // items left out because another has their id
	MetricPageMillis  = "page_milliseconds" // how long pages took, retries included
)

// Beam's counters are handles to a name; the values are the bundle's.
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

// Counters are the sums of the package's counters in the result of a run, by name.
func Counters(r beam.PipelineResult) map[string]int64 {
	sums := map[string]int64{}
	for _, c := range r.Metrics().AllMetrics().Counters() {
		if c.Namespace() == MetricNamespace {
			sums[c.Name()] += c.Result()
		}
	}
	return sums
}
