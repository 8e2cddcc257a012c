package opsworkscm_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/opsworkscm"
)

func TestStackHasTheStepsOfTheSDK(t *testing.T) {
	steps := requireSameAs(t, "Backup", func(t *testing.T, _ string, open func(aws.Config) operationCall) []string {
		var steps []string
		cfg := testConfig(t, answersPage(`{}`))
		cfg.Interceptors = recordingInterceptors(new([]string))
		cfg.APIOptions = append(cfg.APIOptions, func(s *middleware.Stack) error {
			steps = slices.DeleteFunc(strings.Fields(s.String()), func(id string) bool {
				return id == "setOperationInput" // nothing here depends on the input
			})
			return nil
		})
		_, err := open(cfg)(t.Context())
		require.NoError(t, err)
		return steps
	})
	require.Contains(t, steps, "Signing")
}

func TestRunsInterceptors(t *testing.T) {
	var opsworks []string
	requireSameAs(t, "Backup", func(t *testing.T, service string, open func(aws.Config) operationCall) []string {
		var seen []string
		cfg := testConfig(t, answers(cannedReply{status: 500}, cannedReply{status: 200, body: `{}`}))
		cfg.Interceptors = recordingInterceptors(&seen)
		_, err := open(cfg)(t.Context())
		require.NoError(t, err)
		if service == "OpsWorksCM" {
			opsworks = seen
		}
		return seen
	})
	require.Equal(t, "BeforeExecution in=true req=false out=false resp=false", opsworks[0])
	require.Equal(t, "AfterExecution in=true req=true out=true resp=true", opsworks[len(opsworks)-1])
	require.Len(t, opsworks, 5+8+8, "five around the attempts, eight in each")
}

// recordingInterceptor notes, at one point of a call, what there is to see, and fails where it is told to.
type recordingInterceptor struct {
	seen *[]string
	fail string
}

func recordingInterceptors(seen *[]string) smithyhttp.InterceptorRegistry {
	i := &recordingInterceptor{seen: seen}
	var r smithyhttp.InterceptorRegistry
	r.AddBeforeExecution(i)
	r.AddBeforeSerialization(i)
	r.AddAfterSerialization(i)
	r.AddBeforeRetryLoop(i)
	r.AddBeforeAttempt(i)
	r.AddBeforeSigning(i)
	r.AddAfterSigning(i)
	r.AddBeforeTransmit(i)
	r.AddAfterTransmit(i)
	r.AddBeforeDeserialization(i)
	r.AddAfterDeserialization(i)
	r.AddAfterAttempt(i)
	r.AddAfterExecution(i)
	return r
}

func (i *recordingInterceptor) note(point string, c *smithyhttp.InterceptorContext) error {
	if i.fail == point {
		return errors.New("stopped at " + point)
	}
	*i.seen = append(*i.seen, fmt.Sprintf("%s in=%t req=%t out=%t resp=%t",
		point, c.Input != nil, c.Request != nil, c.Output != nil, c.Response != nil))
	return nil
}

func (i *recordingInterceptor) BeforeExecution(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeExecution", c)
}

func (i *recordingInterceptor) BeforeSerialization(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeSerialization", c)
}

func (i *recordingInterceptor) AfterSerialization(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("AfterSerialization", c)
}

func (i *recordingInterceptor) BeforeRetryLoop(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeRetryLoop", c)
}

func (i *recordingInterceptor) BeforeAttempt(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeAttempt", c)
}

func (i *recordingInterceptor) BeforeSigning(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeSigning", c)
}

func (i *recordingInterceptor) AfterSigning(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("AfterSigning", c)
}

func (i *recordingInterceptor) BeforeTransmit(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeTransmit", c)
}

func (i *recordingInterceptor) AfterTransmit(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("AfterTransmit", c)
}

func (i *recordingInterceptor) BeforeDeserialization(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeDeserialization", c)
}

func (i *recordingInterceptor) AfterDeserialization(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("AfterDeserialization", c)
}

func (i *recordingInterceptor) AfterAttempt(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("AfterAttempt", c)
}

func (i *recordingInterceptor) AfterExecution(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("AfterExecution", c)
}

func TestLogsWhatCloudHSMLogs(t *testing.T) {
	modes := map[string]aws.ClientLogMode{
		"nothing":   0,
		"signing":   aws.LogSigning,
		"retries":   aws.LogRetries,
		"requests":  aws.LogRequest,
		"bodies":    aws.LogRequestWithBody | aws.LogResponseWithBody,
		"responses": aws.LogResponse,
		"all":       aws.LogSigning | aws.LogRetries | aws.LogRequestWithBody | aws.LogResponseWithBody | aws.LogDeprecatedUsage,
	}
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			logs := map[string][]string{}
			for service, open := range comparedClients {
				cfg := testConfig(t, answers(cannedReply{status: 500}, cannedReply{status: 200, body: `{}`}))
				cfg.ClientLogMode = mode
				cfg.Logger = logging.LoggerFunc(func(level logging.Classification, format string, v ...any) {
					logs[service] = append(logs[service], string(level)+" "+shapeOfLog(fmt.Sprintf(format, v...)))
				})
				_, err := open(cfg)(t.Context())
				require.NoError(t, err)
			}
			require.Equal(t, logs["CloudHSM V2"], logs["OpsWorksCM"])
			require.Equal(t, mode == 0, len(logs["OpsWorksCM"]) == 0)
		})
	}
}

// shapeOfLog reduces a logged message to what does not differ from call to call.
func shapeOfLog(message string) string {
	var kept []string
	for line := range strings.Lines(message) {
		name, _, header := strings.Cut(strings.TrimSpace(line), ":")
		if header && !strings.EqualFold(name, "X-Amz-Security-Token") { // for its value may be hidden
			line = name
		}
		for _, service := range []string{"OpsWorksCM/", "CloudHSM V2/"} {
			line = strings.ReplaceAll(line, service, "SERVICE/")
		}
		kept = append(kept, volatileHeaders.ReplaceAllString(strings.TrimSpace(line), "…"))
	}
	return strings.Join(kept, "\n")
}

// volatileHeaders are the hashes and the scopes in what is signed.
var volatileHeaders = regexp.MustCompile(`[0-9a-f]{64}|\d{8}(T\d{6}Z|/\S+)`)

func TestIsTracedAndMeasuredAsTheSDKIs(t *testing.T) {
	watched := map[string]*telemetryWatch{}
	for _, service := range []string{"OpsWorksCM", "Backup"} {
		watch := &telemetryWatch{}
		cfg := testConfig(t, answers(cannedReply{status: 500}, cannedReply{status: 400}))
		cfg.ServiceOptions = append(cfg.ServiceOptions, func(_ string, o any) {
			switch o := o.(type) {
			case *opsworkscm.Options:
				o.MeterProvider, o.TracerProvider = watch, watch
			case *backup.Options:
				o.MeterProvider, o.TracerProvider = watch, watch
			}
		})
		_, err := comparedClients[service](cfg)(t.Context())
		require.Error(t, err)
		watched[service] = watch
	}
	require.Equal(t, watched["Backup"].lines(), watched["OpsWorksCM"].lines())
	require.Contains(t, watched["OpsWorksCM"].lines(), "span SERVICE.OPERATION")
	require.Contains(t, watched["OpsWorksCM"].lines(), "seconds client.call.duration of SERVICE.OPERATION")
}

// telemetryWatch notes spans and measurements.
type telemetryWatch struct {
	metrics.NopMeter
	tracing.NopTracerProvider

	mu   sync.Mutex
	seen []string
}

func (w *telemetryWatch) note(format string, v ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, strings.NewReplacer(
		"OpsWorksCM.DescribeBackups", "SERVICE.OPERATION", "Backup.ListBackupJobs", "SERVICE.OPERATION",
	).Replace(fmt.Sprintf(format, v...)))
}

// lines returns what was noted. The SDK measures everything of a call, and each attempt, in an order of
// its own.
func (w *telemetryWatch) lines() []string { return slices.Sorted(slices.Values(w.seen)) }

func (w *telemetryWatch) Meter(string, ...metrics.MeterOption) metrics.Meter { return w }

func (w *telemetryWatch) Float64Histogram(name string, _ ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	return histogram{w, name}, nil
}

type histogram struct {
	watch *telemetryWatch
	name  string
}

func (s histogram) Record(_ context.Context, _ float64, opts ...metrics.RecordMetricOption) {
	var with metrics.RecordMetricOptions
	for _, set := range opts {
		set(&with)
	}
	s.watch.note("seconds %s of %v.%v", s.name, with.Properties.Get("rpc.service"), with.Properties.Get("rpc.method"))
}

func (w *telemetryWatch) Tracer(string, ...tracing.TracerOption) tracing.Tracer {
	return watchedTracer{w}
}

type watchedTracer struct{ watch *telemetryWatch }

func (t watchedTracer) StartSpan(ctx context.Context, name string, opts ...tracing.SpanOption) (context.Context, tracing.Span) {
	var with tracing.SpanOptions
	for _, set := range opts {
		set(&with)
	}
	t.watch.note("span %s", name)
	t.watch.note("span kind %d, %v %v", with.Kind, with.Properties.Get("rpc.system"), with.Properties.Has("rpc.method"))
	_, nop := (&tracing.NopTracerProvider{}).Tracer("").StartSpan(ctx, name)
	span := watchedSpan{nop, t.watch}
	return tracing.WithSpan(ctx, span), span
}

type watchedSpan struct {
	tracing.Span
	watch *telemetryWatch
}

func (s watchedSpan) SetStatus(status tracing.SpanStatus) { s.watch.note("status %d", status) }

func (s watchedSpan) SetProperty(name, _ any) { s.watch.note("property %v", name) }
