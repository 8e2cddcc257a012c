//lint:file-ignore SA1019 the deprecated endpoint resolvers still work in the SDK's clients

package opsworkscm

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// EndpointResolver determines the endpoint of a request.
//
// Deprecated: Use BaseEndpoint or [EndpointResolverV2].
type EndpointResolver = backup.EndpointResolver

// EndpointResolverFunc is a function that implements EndpointResolver.
//
// Deprecated: Use BaseEndpoint or [EndpointResolverV2].
type EndpointResolverFunc = backup.EndpointResolverFunc

// NewDefaultEndpointResolver returns a resolver for the endpoints of OpsWorks CM in every partition.
//
// Deprecated: Use [NewDefaultEndpointResolverV2].
func NewDefaultEndpointResolver() EndpointResolver {
	return EndpointResolverFunc(func(region string, options EndpointResolverOptions) (aws.Endpoint, error) {
		if region == "" {
			return aws.Endpoint{}, &aws.MissingRegionError{}
		}
		with := Options{Region: region, EndpointOptions: options}
		setFIPSRegion(&with)
		params, err := endpointParameters(with)
		if err != nil {
			return aws.Endpoint{}, err
		}
		endpoint, err := NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), params)
		if err != nil {
			return aws.Endpoint{}, err
		}
		if options.DisableHTTPS {
			endpoint.URI.Scheme = "http"
		}
		return aws.Endpoint{
			URL: endpoint.URI.String(), SigningName: signingName, SigningRegion: *params.Region,
			Source: aws.EndpointSourceServiceMetadata,
		}, nil
	})
}

// EndpointResolverFromURL returns a resolver for one URL. It signs for the client's region unless optFns set
// another.
//
// Deprecated: Use BaseEndpoint or [EndpointResolverV2].
func EndpointResolverFromURL(url string, optFns ...func(*aws.Endpoint)) EndpointResolver {
	return backup.EndpointResolverFromURL(url, optFns...)
}

// WithEndpointResolver returns an option that sets EndpointResolver.
//
// Deprecated: Use BaseEndpoint or [WithEndpointResolverV2].
func WithEndpointResolver(v EndpointResolver) func(*Options) {
	return convertOption(backup.WithEndpointResolver(v))
}

// setLegacyResolver takes the deprecated endpoint resolver from a configuration.
func setLegacyResolver(options *Options, cfg aws.Config) {
	if r := cfg.EndpointResolverWithOptions; r != nil {
		options.EndpointResolver = EndpointResolverFunc(
			func(region string, with EndpointResolverOptions) (aws.Endpoint, error) {
				return r.ResolveEndpoint(ServiceID, region, with)
			})
		return
	}
	if r := cfg.EndpointResolver; r != nil {
		options.EndpointResolver = EndpointResolverFunc(
			func(region string, _ EndpointResolverOptions) (aws.Endpoint, error) {
				return r.ResolveEndpoint(ServiceID, region)
			})
	}
}

// withLegacyResolver marks ctx where options have a deprecated endpoint resolver, so that the legacy step
// resolves the endpoint.
func withLegacyResolver(ctx context.Context, options Options) context.Context {
	if options.EndpointResolver == nil {
		return ctx
	}
	return awsmiddleware.SetRequiresLegacyEndpoints(ctx, true)
}

// legacyEndpointStep returns the middleware that resolves the endpoint with the deprecated resolver, if options
// have one. Where that resolver finds no endpoint, ResolveEndpointV2 resolves it.
func legacyEndpointStep(options Options) middleware.SerializeMiddleware {
	step := &backup.ResolveEndpoint{Options: options.EndpointOptions}
	if options.EndpointResolver != nil {
		step.Resolver = signedForService{options.EndpointResolver}
	}
	return step
}

// signedForService sets the signing name where a resolver returns none. The middleware of AWS Backup would set
// its own.
type signedForService struct {
	EndpointResolver
}

func (r signedForService) ResolveEndpoint(region string, options EndpointResolverOptions) (aws.Endpoint, error) {
	endpoint, err := r.EndpointResolver.ResolveEndpoint(region, options)
	if endpoint.SigningName == "" {
		endpoint.SigningName = signingName
	}
	return endpoint, err
}

// signAsContextSays takes the signing name and region from the context, where a deprecated endpoint resolver or
// the caller's middleware set them. They take precedence over all others.
func signAsContextSays(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	a, err := authOfAttempt(ctx)
	if err != nil {
		return out, metadata, err
	}
	if name := awsmiddleware.GetSigningName(ctx); name != "" {
		smithyhttp.SetSigV4SigningName(&a.option.SignerProperties, name)
	}
	if region := awsmiddleware.GetSigningRegion(ctx); region != "" {
		smithyhttp.SetSigV4SigningRegion(&a.option.SignerProperties, region)
	}
	return next.HandleFinalize(ctx, in)
}
