package opsworkscm

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

// scope names the tracer and the meter: the path of the package, as in the SDK.
const scope = "github.com/backupx-go/backupx/opsworkscm"

// The durations that the SDK's clients measure.
const (
	metricCall        = "client.call.duration"
	metricSerialize   = "client.call.serialization_duration"
	metricIdentity    = "client.call.auth.resolve_identity_duration"
	metricEndpoint    = "client.call.resolve_endpoint_duration"
	metricSign        = "client.call.auth.signing_duration"
	metricDeserialize = "client.call.deserialization_duration"
)

// clientSpan sets the kind and the properties of the span around a call.
func clientSpan(operation string) tracing.SpanOption {
	return func(o *tracing.SpanOptions) {
		o.Kind = tracing.SpanKindClient
		o.Properties.Set("rpc.system", "aws-api")
		o.Properties.Set("rpc.service", ServiceID)
		o.Properties.Set("rpc.method", operation)
	}
}

// endSpan sets the status and the error of the span around a call.
func endSpan(span tracing.Span, err error) {
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

// stage runs f under a span and records its duration.
func (c *call) stage(ctx context.Context, name, metric string, f func(context.Context) error) error {
	ctx, span := tracing.StartSpan(ctx, name)
	defer span.End()
	return timed(ctx, c.options, metric, func() error { return f(ctx) })
}

// timed runs f and records its duration in seconds.
func timed(ctx context.Context, options Options, metric string, f func() error) error {
	seconds, err := options.MeterProvider.Meter(scope).Float64Histogram(metric, func(o *metrics.InstrumentOptions) {
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
