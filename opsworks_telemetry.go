package backupx

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
)

// opsWorksScope is what spans and metrics are under.
const opsWorksScope = "github.com/backupx-go/backupx"

// The durations that the SDK's clients measure, by the names they give them.
const (
	metricCall        = "client.call.duration"
	metricSerialize   = "client.call.serialization_duration"
	metricIdentity    = "client.call.auth.resolve_identity_duration"
	metricEndpoint    = "client.call.resolve_endpoint_duration"
	metricSign        = "client.call.auth.signing_duration"
	metricDeserialize = "client.call.deserialization_duration"
)

func opsWorksSpan(operation string) tracing.SpanOption {
	return func(o *tracing.SpanOptions) {
		o.Kind = tracing.SpanKindClient
		o.Properties.Set("rpc.system", "aws-api")
		o.Properties.Set("rpc.service", opsWorksServiceID)
		o.Properties.Set("rpc.method", operation)
	}
}

func endOpsWorksSpan(span tracing.Span, err error) {
	span.SetProperty("error", err != nil)
	if err == nil {
		span.SetStatus(tracing.SpanStatusOK)
		return
	}
	span.SetStatus(tracing.SpanStatusError)
	span.SetProperty("exception.type", fmt.Sprintf("%T", err))
	span.SetProperty("exception.message", err.Error())
	var api smithy.APIError
	if errors.As(err, &api) {
		span.SetProperty("api.error_code", api.ErrorCode())
		span.SetProperty("api.error_message", api.ErrorMessage())
		span.SetProperty("api.error_fault", api.ErrorFault().String())
	}
}

// stage runs f, one part of a call, under a span of its own and measures it.
func (c *opsWorksCall) stage(ctx context.Context, name, metric string, f func(context.Context) error) error {
	ctx, span := tracing.StartSpan(ctx, name)
	defer span.End()
	return timedStage(ctx, c.options, metric, func() error { return f(ctx) })
}

// timedStage runs f and records how many seconds it took.
func timedStage(ctx context.Context, options OpsWorksOptions, metric string, f func() error) error {
	seconds, err := options.MeterProvider.Meter(opsWorksScope).Float64Histogram(metric, func(o *metrics.InstrumentOptions) {
		o.UnitLabel = "s"
	})
	if err != nil {
		return err
	}
	start := time.Now()
	err = f()
	seconds.Record(ctx, time.Since(start).Seconds(), func(o *metrics.RecordMetricOptions) {
		o.Properties.Set("rpc.service", middleware.GetServiceID(ctx))
		o.Properties.Set("rpc.method", middleware.GetOperationName(ctx))
	})
	return err
}
