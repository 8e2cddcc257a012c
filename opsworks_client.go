package backupx

import (
	"context"
	"fmt"
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

const (
	opsWorksServiceID   = "OpsWorksCM"
	opsWorksAPIVersion  = "2016-11-01"
	opsWorksSigningName = "opsworks-cm"
)

// OpsWorksAPI is the operation of AWS OpsWorks CM that backupx lists. [*OpsWorksClient] implements it;
// a wrapper or a stub will do as well.
type OpsWorksAPI interface {
	DescribeBackups(context.Context, *OpsWorksDescribeBackupsInput, ...func(*OpsWorksOptions)) (*OpsWorksDescribeBackupsOutput, error)
}

var _ OpsWorksAPI = (*OpsWorksClient)(nil)

// OpsWorksClient calls AWS OpsWorks CM, whose client the AWS SDK removed in August 2025. [NewOpsWorks]
// makes one; the zero value is of no use. It is safe for use by several goroutines.
//
// AWS switched the service off for all customers in May 2024, so that its own endpoints have nothing
// left to list. The client is for what outlived it: endpoints that speak its protocol, proxies over
// archives, and recorded traffic.
type OpsWorksClient struct {
	options OpsWorksOptions
	wire    opsWorksWire

	// How far the service's clock is ahead, in nanoseconds: what one call learns serves the next.
	skew *atomic.Int64
}

// OpsWorksOptions are the options of an [OpsWorksClient]: the same that every client of the AWS SDK
// has, documented at [backup.Options]. [NewOpsWorks] takes them from an [aws.Config]; functions given to
// NewOpsWorks change them for all calls, functions given to a call change them for that call:
//
//   - Region, BaseEndpoint, EndpointOptions.UseFIPSEndpoint, EndpointOptions.UseDualStackEndpoint
//     and EndpointResolverV2 say where requests go;
//   - Credentials, HTTPSignerV4 and AuthSchemePreference say how they are signed; with no credentials
//     they go out unsigned;
//   - HTTPClient, Retryer, RetryMode and RetryMaxAttempts say how they are sent, and how often;
//   - APIOptions, Interceptors and AppID change the requests;
//   - Logger, ClientLogMode, MeterProvider and TracerProvider watch them.
//
// IdempotencyTokenProvider is not used: nothing here needs a token.
type OpsWorksOptions backup.Options

// Copy returns a copy whose lists of APIOptions and Interceptors can be changed on their own.
func (o OpsWorksOptions) Copy() OpsWorksOptions {
	return OpsWorksOptions(backup.Options(o).Copy())
}

// NewOpsWorks returns a client of AWS OpsWorks CM that treats cfg and optFns as the clients of the AWS
// SDK do, down to retries, endpoints, clock skew, logging and cfg.ServiceOptions, which are called
// with "OpsWorksCM" and [*OpsWorksOptions]. It sends nothing. See [OpsWorksClient] for what the service
// is still good for.
//
// In one thing it differs from the SDK's clients, because it does not read the environment itself: an
// endpoint that the shared configuration has for this very service goes before AWS_ENDPOINT_URL.
func NewOpsWorks(cfg aws.Config, optFns ...func(*OpsWorksOptions)) *OpsWorksClient {
	wire := newOpsWorksWire()
	// A client of AWS Backup fills in what was left out, from the retryer to the transport's timeouts:
	// the SDK does that the same way for every service, and offers no other way to have it done.
	resolved := backup.New(opsWorksOptionsFrom(cfg), func(o *backup.Options) {
		o.Protocol = awsjson.New11(wire.service)
		options := (*OpsWorksOptions)(o)
		for _, set := range cfg.ServiceOptions {
			set(opsWorksServiceID, options)
		}
		for _, set := range optFns {
			set(options)
		}
	})
	return &OpsWorksClient{
		options: OpsWorksOptions(resolved.Options()),
		wire:    wire,
		skew:    new(atomic.Int64),
	}
}

func opsWorksOptionsFrom(cfg aws.Config) backup.Options {
	options := backup.Options{
		APIOptions:                 cfg.APIOptions,
		AppID:                      cfg.AppID,
		AuthSchemePreference:       cfg.AuthSchemePreference,
		AuthSchemeResolver:         opsWorksAuth{},
		BaseEndpoint:               opsWorksBaseEndpoint(cfg),
		ClientLogMode:              cfg.ClientLogMode,
		Credentials:                cfg.Credentials,
		DefaultsMode:               cfg.DefaultsMode,
		DisableClockSkewCorrection: cfg.DisableClockSkewCorrection,
		EndpointResolverV2:         opsWorksEndpoints{backup.NewDefaultEndpointResolverV2()},
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

// Options returns a copy of the client's options, as they stand after defaults were filled in.
func (c *OpsWorksClient) Options() OpsWorksOptions {
	return c.options.Copy()
}

// DescribeBackups sends one DescribeBackups request, retried as the options say. Given a BackupId or
// a ServerName that does not exist, the service answers [*OpsWorksResourceNotFoundException]; given a
// malformed value, [*OpsWorksValidationException]; given a token it does not know,
// [*OpsWorksInvalidNextTokenException]. Errors are wrapped as in every client of the SDK:
// [*smithy.OperationError], and *awshttp.ResponseError with the request id once there was a response.
// For more than one page there is [OpsWorksBackups].
func (c *OpsWorksClient) DescribeBackups(
	ctx context.Context, params *OpsWorksDescribeBackupsInput, optFns ...func(*OpsWorksOptions),
) (*OpsWorksDescribeBackupsOutput, error) {
	if params == nil {
		params = &OpsWorksDescribeBackupsInput{}
	}
	result, metadata, err := c.invoke(ctx, "DescribeBackups", params, optFns)
	if err != nil {
		return nil, err
	}
	out, ok := result.(*OpsWorksDescribeBackupsOutput)
	if !ok { // a step that a user added can end the call with anything
		return nil, fmt.Errorf("backupx: DescribeBackups: unexpected result %T", result)
	}
	out.ResultMetadata = metadata
	return out, nil
}

func (c *OpsWorksClient) invoke(
	ctx context.Context, operation string, input any, optFns []func(*OpsWorksOptions),
) (result any, metadata middleware.Metadata, err error) {
	options := c.callOptions(optFns)
	stack, err := newOpsWorksStack(c, operation, options)
	if err != nil {
		return nil, metadata, err
	}

	tracer := options.TracerProvider.Tracer(opsWorksScope)
	ctx = tracing.WithOperationTracer(opsWorksContext(ctx, operation, options), tracer)
	ctx, span := tracer.StartSpan(ctx, opsWorksServiceID+"."+operation, opsWorksSpan(operation))
	defer span.End()

	send := smithyhttp.NewClientHandlerWithOptions(options.HTTPClient, func(h *smithyhttp.ClientHandler) {
		h.Meter = options.MeterProvider.Meter(opsWorksScope)
	})
	err = timedStage(ctx, options, metricCall, func() (err error) {
		result, metadata, err = middleware.DecorateHandler(send, stack).Handle(ctx, input)
		return err
	})
	endOpsWorksSpan(span, err)
	if err != nil {
		err = &smithy.OperationError{ServiceID: opsWorksServiceID, OperationName: operation, Err: err}
	}
	return result, metadata, err
}

func (c *OpsWorksClient) callOptions(optFns []func(*OpsWorksOptions)) OpsWorksOptions {
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

// opsWorksContext tells the steps of the SDK, and those that a user adds, what is being called.
func opsWorksContext(ctx context.Context, operation string, options OpsWorksOptions) context.Context {
	ctx = middleware.ClearStackValues(ctx)
	ctx = middleware.WithServiceID(ctx, opsWorksServiceID)
	ctx = middleware.WithOperationName(ctx, operation)
	ctx = middleware.SetLogger(ctx, options.Logger)
	ctx = awsmiddleware.SetServiceID(ctx, opsWorksServiceID)
	ctx = awsmiddleware.SetOperationName(ctx, operation)
	if options.Region != "" {
		ctx = awsmiddleware.SetRegion(ctx, options.Region)
	}
	return withLegacyResolver(ctx, options)
}
