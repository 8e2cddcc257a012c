package opsworkscm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// endpointResolver resolves endpoints with the rules of AWS Backup, which cover every partition with its FIPS
// and dual-stack variants. The hosts of OpsWorks CM differ only in their first label.
type endpointResolver struct {
	backup EndpointResolverV2
}

// NewDefaultEndpointResolverV2 returns the resolver for the endpoints of OpsWorks CM in every partition.
func NewDefaultEndpointResolverV2() EndpointResolverV2 {
	return endpointResolver{backup.NewDefaultEndpointResolverV2()}
}

func (r endpointResolver) ResolveEndpoint(
	ctx context.Context, params EndpointParameters,
) (smithyendpoints.Endpoint, error) {
	endpoint, err := r.backup.ResolveEndpoint(ctx, params)
	if err != nil || params.Endpoint != nil {
		return endpoint, err
	}
	variant, ok := strings.CutPrefix(endpoint.URI.Host, "backup")
	if !ok {
		return endpoint, fmt.Errorf("no OpsWorks CM endpoint follows from %s", endpoint.URI.Host)
	}
	endpoint.URI.Host = "opsworks-cm" + variant
	return endpoint, nil
}

func (c *call) resolveEndpoint(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	if awsmiddleware.GetRequiresLegacyEndpoints(ctx) {
		return next.HandleFinalize(ctx, in)
	}
	req, err := httpRequest(in.Request)
	if err != nil {
		return out, metadata, err
	}
	err = c.stage(ctx, "ResolveEndpoint", metricEndpoint, func(ctx context.Context) error {
		return directRequest(ctx, req, c.options)
	})
	if err != nil {
		return out, metadata, err
	}
	return next.HandleFinalize(ctx, in)
}

func (c *call) disableHTTPS(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	req, err := httpRequest(in.Request)
	if err != nil {
		return out, metadata, err
	}
	if c.options.EndpointOptions.DisableHTTPS && !smithyhttp.GetHostnameImmutable(ctx) {
		req.URL.Scheme = "http"
	}
	return next.HandleFinalize(ctx, in)
}

// directRequest sets the URL and the headers of req to those of the endpoint that options resolve to.
func directRequest(ctx context.Context, req *smithyhttp.Request, options Options) error {
	params, err := endpointParameters(options)
	if err != nil {
		return fmt.Errorf("failed to bind endpoint params, %w", err)
	}
	if options.EndpointResolverV2 == nil {
		return errors.New("expected endpoint resolver to not be nil")
	}
	endpoint, err := options.EndpointResolverV2.ResolveEndpoint(ctx, params)
	if err != nil {
		return fmt.Errorf("failed to resolve service endpoint, %w", err)
	}
	uri := endpoint.URI
	span, _ := tracing.GetSpan(ctx)
	span.SetProperty("client.call.resolved_endpoint", uri.String())
	if uri.RawPath == "" && req.URL.RawPath != "" {
		uri.RawPath = uri.Path
	}
	req.URL.Scheme, req.URL.Host = uri.Scheme, uri.Host
	req.URL.Path = smithyhttp.JoinPath(uri.Path, req.URL.Path)
	req.URL.RawPath = smithyhttp.JoinPath(uri.RawPath, req.URL.RawPath)
	for name := range endpoint.Headers {
		req.Header.Set(name, endpoint.Headers.Get(name))
	}
	return addSignerProperties(ctx, &endpoint.Properties)
}

func endpointParameters(options Options) (EndpointParameters, error) {
	with := options.EndpointOptions
	params := EndpointParameters{
		Endpoint:     options.BaseEndpoint,
		UseDualStack: aws.Bool(with.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		UseFIPS:      aws.Bool(with.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
	}
	if options.Region == "" {
		return params, nil // the endpoint rules require a region unless BaseEndpoint is set
	}
	if !isHostName(options.Region) {
		return params, fmt.Errorf("invalid input region %s", options.Region)
	}
	params.Region = aws.String(withoutFIPS(options.Region))
	return params, nil
}

// isHostName reports whether a region can be part of a host name. A region such as "evil.example/x" could
// otherwise redirect signed requests to another host.
func isHostName(region string) bool {
	for label := range strings.SplitSeq(region, ".") {
		if !smithyhttp.ValidHostLabel(label) || strings.Trim(label, "-") != label {
			return false
		}
	}
	return true
}

// withoutFIPS returns the region that a pseudo region of old configurations, fips-us-east-1 or us-east-1-fips,
// stands for.
func withoutFIPS(region string) string {
	return strings.NewReplacer("-fips-", "-", "fips-", "", "-fips", "").Replace(region)
}

// setFIPSRegion selects FIPS endpoints where the region is a FIPS pseudo region.
func setFIPSRegion(options *Options) {
	with := &options.EndpointOptions
	with.LogDeprecated = options.ClientLogMode.IsDeprecatedUsage()
	region := withoutFIPS(options.Region)
	if with.ResolvedRegion != "" || region == options.Region {
		return
	}
	with.ResolvedRegion = region
	with.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
}

// The values that a source of the shared configuration can have. In the SDK these interfaces are internal.
type (
	fipsSource interface {
		GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
	}
	dualStackSource interface {
		GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
	}
	endpointSource interface {
		GetServiceBaseEndpoint(ctx context.Context, sdkID string) (string, bool, error)
	}
	ignoreEndpointsSource interface {
		GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error)
	}
)

// firstInSources returns the first value that a source of type S has. As in the SDK's clients, a source that
// fails ends the search without a value.
func firstInSources[S, V any](sources []any, get func(S) (V, bool, error)) (V, bool) {
	var none V
	for _, source := range sources {
		s, ok := source.(S)
		if !ok {
			continue
		}
		value, found, err := get(s)
		if err != nil {
			return none, false
		}
		if found {
			return value, true
		}
	}
	return none, false
}

// setEndpointVariant takes the FIPS and dual-stack settings from the sources of the configuration.
func setEndpointVariant(options *Options, sources []any) {
	ctx := context.Background()
	if v, ok := firstInSources(sources, func(s fipsSource) (aws.FIPSEndpointState, bool, error) {
		return s.GetUseFIPSEndpoint(ctx)
	}); ok {
		options.EndpointOptions.UseFIPSEndpoint = v
	}
	if v, ok := firstInSources(sources, func(s dualStackSource) (aws.DualStackEndpointState, bool, error) {
		return s.GetUseDualStackEndpoint(ctx)
	}); ok {
		options.EndpointOptions.UseDualStackEndpoint = v
	}
}

// baseEndpoint returns the endpoint that the configuration has for this service, or else its endpoint for all
// services.
func baseEndpoint(cfg aws.Config) *string {
	ctx := context.Background()
	if ignore, _ := firstInSources(cfg.ConfigSources, func(s ignoreEndpointsSource) (bool, bool, error) {
		return s.GetIgnoreConfiguredEndpoints(ctx)
	}); ignore {
		return cfg.BaseEndpoint
	}
	if own, ok := firstInSources(cfg.ConfigSources, func(s endpointSource) (string, bool, error) {
		return s.GetServiceBaseEndpoint(ctx, ServiceID)
	}); ok {
		return &own
	}
	return cfg.BaseEndpoint
}
