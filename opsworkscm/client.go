package opsworkscm

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

// The names of the service in the SDK.
const (
	ServiceID         = "OpsWorksCM"
	ServiceAPIVersion = "2016-11-01"
)

const signingName = "opsworks-cm"

// Client calls AWS OpsWorks CM. [New] and [NewFromConfig] make one; calls of another client return an error.
// It is safe for use by several goroutines.
type Client struct {
	options Options
	model   *model

	// The offset of the service's clock from the local one, in nanoseconds. Each response updates it, and
	// the next request is signed with it.
	skew *atomic.Int64
}

// NewFromConfig returns a client for a configuration. It sends nothing. As in the SDK's clients, the functions
// in cfg.ServiceOptions run first, with "OpsWorksCM" and a [*Options], then optFns.
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	return New(optionsFrom(cfg), func(o *Options) {
		for _, set := range cfg.ServiceOptions {
			set(ServiceID, o)
		}
		for _, set := range optFns {
			set(o)
		}
	})
}

// New returns a client with the given options. It sends nothing. Fields that are unset get the SDK's
// defaults.
func New(options Options, optFns ...func(*Options)) *Client {
	m := newModel()
	if options.AuthSchemeResolver == nil {
		options.AuthSchemeResolver = authResolver{}
	}
	if options.EndpointResolverV2 == nil {
		options.EndpointResolverV2 = NewDefaultEndpointResolverV2()
	}
	// The defaults of a client, from the retryer to the timeouts of the transport, are internal to the SDK but
	// equal for all services. A client of AWS Backup fills them in.
	resolved := backup.New(backup.Options(options), func(o *backup.Options) {
		o.Protocol = awsjson.New11(m.service)
		for _, set := range optFns {
			set((*Options)(o))
		}
	})
	return &Client{options: Options(resolved.Options()), model: m, skew: new(atomic.Int64)}
}

func optionsFrom(cfg aws.Config) Options {
	options := Options{
		APIOptions:                 cfg.APIOptions,
		AppID:                      cfg.AppID,
		AuthSchemePreference:       cfg.AuthSchemePreference,
		BaseEndpoint:               baseEndpoint(cfg),
		ClientLogMode:              cfg.ClientLogMode,
		Credentials:                cfg.Credentials,
		DefaultsMode:               cfg.DefaultsMode,
		DisableClockSkewCorrection: cfg.DisableClockSkewCorrection,
		HTTPClient:                 cfg.HTTPClient,
		Interceptors:               cfg.Interceptors,
		Logger:                     cfg.Logger,
		Region:                     cfg.Region,
		RetryMaxAttempts:           cfg.RetryMaxAttempts,
		RetryMode:                  cfg.RetryMode,
		RuntimeEnvironment:         cfg.RuntimeEnvironment,
	}
	if cfg.Retryer != nil {
		options.Retryer = cfg.Retryer()
	}
	setEndpointVariant(&options, cfg.ConfigSources)
	setLegacyResolver(&options, cfg)
	return options
}

// Options returns a copy of the client's options, with the defaults that were filled in.
func (c *Client) Options() Options {
	return c.options.Copy()
}

func (c *Client) invoke(
	ctx context.Context, operation string, input any, optFns []func(*Options),
) (result any, metadata middleware.Metadata, err error) {
	if c == nil || c.model == nil {
		return nil, metadata, operationError(operation, errors.New("the client was not made by New or NewFromConfig"))
	}
	options := c.callOptions(optFns)
	stack, err := newStack(c, operation, options)
	if err != nil {
		return nil, metadata, err
	}

	tracer := options.TracerProvider.Tracer(scope)
	ctx = tracing.WithOperationTracer(callContext(ctx, operation, options), tracer)
	ctx, span := tracer.StartSpan(ctx, ServiceID+"."+operation, clientSpan(operation))
	defer span.End()

	send := smithyhttp.NewClientHandlerWithOptions(options.HTTPClient, func(h *smithyhttp.ClientHandler) {
		h.Meter = options.MeterProvider.Meter(scope)
	})
	err = timed(ctx, options, metricCall, func() (err error) {
		result, metadata, err = middleware.DecorateHandler(send, stack).Handle(ctx, input)
		return err
	})
	endSpan(span, err)
	return result, metadata, operationError(operation, err)
}

// operationError wraps err as the SDK does. A nil err stays nil.
func operationError(operation string, err error) error {
	if err == nil {
		return nil
	}
	return &smithy.OperationError{ServiceID: ServiceID, OperationName: operation, Err: err}
}

// callOptions returns the options of one call.
func (c *Client) callOptions(optFns []func(*Options)) Options {
	options := c.options.Copy()
	for _, set := range optFns {
		set(&options)
	}
	if n := options.RetryMaxAttempts; n != 0 && n != c.options.RetryMaxAttempts {
		options.Retryer = retry.AddWithMaxAttempts(options.Retryer, n)
	}
	setFIPSRegion(&options)
	return options
}

// callContext adds the values to ctx that middleware of the SDK, and of the caller, look for.
func callContext(ctx context.Context, operation string, options Options) context.Context {
	ctx = middleware.ClearStackValues(ctx)
	ctx = middleware.WithServiceID(ctx, ServiceID)
	ctx = middleware.WithOperationName(ctx, operation)
	ctx = middleware.SetLogger(ctx, options.Logger)
	ctx = awsmiddleware.SetServiceID(ctx, ServiceID)
	ctx = awsmiddleware.SetOperationName(ctx, operation)
	if options.Region != "" {
		ctx = awsmiddleware.SetRegion(ctx, options.Region)
	}
	return withLegacyResolver(ctx, options)
}
