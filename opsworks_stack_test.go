package backupx_test

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

	"github.com/backupx-go/backupx"
)

func TestOpsWorksStackHasTheStepsOfTheSDK(t *testing.T) {
	steps := owSame(t, "Backup", func(t *testing.T, _ string, open func(aws.Config) owCall) []string {
		var steps []string
		cfg := owConfig(t, owPage(`{}`))
		cfg.Interceptors = owInterceptors(new([]string))
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

func TestOpsWorksRunsInterceptors(t *testing.T) {
	var opsworks []string
	owSame(t, "Backup", func(t *testing.T, service string, open func(aws.Config) owCall) []string {
		var seen []string
		cfg := owConfig(t, owAnswers(owReply{status: 500}, owReply{status: 200, body: `{}`}))
		cfg.Interceptors = owInterceptors(&seen)
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

// owIntercepted notes, at one point of a call, what there is to see, and fails where it is told to.
type owIntercepted struct {
	seen *[]string
	fail string
}

func owInterceptors(seen *[]string) smithyhttp.InterceptorRegistry {
	i := &owIntercepted{seen: seen}
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

func (i *owIntercepted) note(point string, c *smithyhttp.InterceptorContext) error {
	if i.fail == point {
		return errors.New("stopped at " + point)
	}
	*i.seen = append(*i.seen, fmt.Sprintf("%s in=%t req=%t out=%t resp=%t",
		point, c.Input != nil, c.Request != nil, c.Output != nil, c.Response != nil))
	return nil
}

func (i *owIntercepted) BeforeExecution(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeExecution", c)
}

func (i *owIntercepted) BeforeSerialization(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeSerialization", c)
}

func (i *owIntercepted) AfterSerialization(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("AfterSerialization", c)
}

func (i *owIntercepted) BeforeRetryLoop(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeRetryLoop", c)
}

func (i *owIntercepted) BeforeAttempt(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeAttempt", c)
}

func (i *owIntercepted) BeforeSigning(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeSigning", c)
}

func (i *owIntercepted) AfterSigning(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("AfterSigning", c)
}

func (i *owIntercepted) BeforeTransmit(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeTransmit", c)
}

func (i *owIntercepted) AfterTransmit(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("AfterTransmit", c)
}

func (i *owIntercepted) BeforeDeserialization(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("BeforeDeserialization", c)
}

func (i *owIntercepted) AfterDeserialization(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("AfterDeserialization", c)
}

func (i *owIntercepted) AfterAttempt(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("AfterAttempt", c)
}

func (i *owIntercepted) AfterExecution(_ context.Context, c *smithyhttp.InterceptorContext) error {
	return i.note("AfterExecution", c)
}

func TestOpsWorksLogsWhatCloudHSMLogs(t *testing.T) {
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
			for service, open := range owClients {
				cfg := owConfig(t, owAnswers(owReply{status: 500}, owReply{status: 200, body: `{}`}))
				cfg.ClientLogMode = mode
				cfg.Logger = logging.LoggerFunc(func(level logging.Classification, format string, v ...any) {
					logs[service] = append(logs[service], string(level)+" "+owShape(fmt.Sprintf(format, v...)))
				})
				_, err := open(cfg)(t.Context())
				require.NoError(t, err)
			}
			require.Equal(t, logs["CloudHSM V2"], logs["OpsWorksCM"])
			require.Equal(t, mode == 0, len(logs["OpsWorksCM"]) == 0)
		})
	}
}

// owShape reduces a logged message to what does not differ from call to call.
func owShape(message string) string {
	var kept []string
	for line := range strings.Lines(message) {
		name, _, header := strings.Cut(strings.TrimSpace(line), ":")
		if header && !strings.EqualFold(name, "X-Amz-Security-Token") { // for its value may be hidden
			line = name
		}
		for _, service := range []string{"OpsWorksCM/", "CloudHSM V2/"} {
			line = strings.ReplaceAll(line, service, "SERVICE/")
		}
		kept = append(kept, owVolatile.ReplaceAllString(strings.TrimSpace(line), "…"))
	}
	return strings.Join(kept, "\n")
}

// owVolatile are the hashes and the scopes in what is signed.
var owVolatile = regexp.MustCompile(`[0-9a-f]{64}|\d{8}(T\d{6}Z|/\S+)`)

func TestOpsWorksIsTracedAndMeasuredAsTheSDKIs(t *testing.T) {
	watched := map[string]*owWatch{}
	for _, service := range []string{"OpsWorksCM", "Backup"} {
		watch := &owWatch{}
		cfg := owConfig(t, owAnswers(owReply{status: 500}, owReply{status: 400}))
		cfg.ServiceOptions = append(cfg.ServiceOptions, func(_ string, o any) {
			switch o := o.(type) {
			case *backupx.OpsWorksOptions:
				o.MeterProvider, o.TracerProvider = watch, watch
			case *backup.Options:
				o.MeterProvider, o.TracerProvider = watch, watch
			}
		})
		_, err := owClients[service](cfg)(t.Context())
		require.Error(t, err)
		watched[service] = watch
	}
	require.Equal(t, watched["Backup"].lines(), watched["OpsWorksCM"].lines())
	require.Contains(t, watched["OpsWorksCM"].lines(), "span SERVICE.OPERATION")
	require.Contains(t, watched["OpsWorksCM"].lines(), "seconds client.call.duration of SERVICE.OPERATION")
}

// owWatch notes spans and measurements.
type owWatch struct {
	metrics.NopMeter
	tracing.NopTracerProvider

	mu   sync.Mutex
	seen []string
}

func (w *owWatch) note(format string, v ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, strings.NewReplacer(
		"OpsWorksCM.DescribeBackups", "SERVICE.OPERATION", "Backup.ListBackupJobs", "SERVICE.OPERATION",
	).Replace(fmt.Sprintf(format, v...)))
}

// lines returns what was noted. The SDK measures everything of a call, and each attempt, in an order of
// its own.
func (w *owWatch) lines() []string { return slices.Sorted(slices.Values(w.seen)) }

func (w *owWatch) Meter(string, ...metrics.MeterOption) metrics.Meter { return w }

func (w *owWatch) Float64Histogram(name string, _ ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	return owSeconds{w, name}, nil
}

type owSeconds struct {
	watch *owWatch
	name  string
}

func (s owSeconds) Record(_ context.Context, _ float64, opts ...metrics.RecordMetricOption) {
	var with metrics.RecordMetricOptions
	for _, set := range opts {
		set(&with)
	}
	s.watch.note("seconds %s of %v.%v", s.name, with.Properties.Get("rpc.service"), with.Properties.Get("rpc.method"))
}

func (w *owWatch) Tracer(string, ...tracing.TracerOption) tracing.Tracer { return owTracer{w} }

type owTracer struct{ watch *owWatch }

func (t owTracer) StartSpan(ctx context.Context, name string, opts ...tracing.SpanOption) (context.Context, tracing.Span) {
	var with tracing.SpanOptions
	for _, set := range opts {
		set(&with)
	}
	t.watch.note("span %s", name)
	t.watch.note("span kind %d, %v %v", with.Kind, with.Properties.Get("rpc.system"), with.Properties.Has("rpc.method"))
	_, nop := (&tracing.NopTracerProvider{}).Tracer("").StartSpan(ctx, name)
	span := owSpan{nop, t.watch}
	return tracing.WithSpan(ctx, span), span
}

type owSpan struct {
	tracing.Span
	watch *owWatch
}

func (s owSpan) SetStatus(status tracing.SpanStatus) { s.watch.note("status %d", status) }

func (s owSpan) SetProperty(name, _ any) { s.watch.note("property %v", name) }
