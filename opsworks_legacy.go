//lint:file-ignore SA1019 the deprecated parts of aws.Config still work in the SDK's clients

//nolint:staticcheck // SA1019, as above
package backupx

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// setLegacyResolver takes over the endpoint resolver of a configuration from before BaseEndpoint.
func setLegacyResolver(options *backup.Options, cfg aws.Config) {
	if r := cfg.EndpointResolverWithOptions; r != nil {
		options.EndpointResolver = backup.EndpointResolverFunc(
			func(region string, with backup.EndpointResolverOptions) (aws.Endpoint, error) {
				return r.ResolveEndpoint(opsWorksServiceID, region, with)
			})
		return
	}
	if r := cfg.EndpointResolver; r != nil {
		options.EndpointResolver = backup.EndpointResolverFunc(
			func(region string, _ backup.EndpointResolverOptions) (aws.Endpoint, error) {
				return r.ResolveEndpoint(opsWorksServiceID, region)
			})
	}
}

func withLegacyResolver(ctx context.Context, options OpsWorksOptions) context.Context {
	if options.EndpointResolver == nil {
		return ctx
	}
	return awsmiddleware.SetRequiresLegacyEndpoints(ctx, true)
}

// legacyEndpointStep asks a resolver of old, if there is one. Where that knows no endpoint, the step
// leaves the request to ResolveEndpointV2.
func legacyEndpointStep(options OpsWorksOptions) middleware.SerializeMiddleware {
	step := &backup.ResolveEndpoint{Options: options.EndpointOptions}
	if options.EndpointResolver != nil {
		step.Resolver = signedForOpsWorks{options.EndpointResolver}
	}
	return step
}

// signedForOpsWorks names the service to sign for where a resolver did not: the step's own default is
// AWS Backup.
type signedForOpsWorks struct {
	backup.EndpointResolver
}

func (r signedForOpsWorks) ResolveEndpoint(region string, options backup.EndpointResolverOptions) (aws.Endpoint, error) {
	endpoint, err := r.EndpointResolver.ResolveEndpoint(region, options)
	if endpoint.SigningName == "" {
		endpoint.SigningName = opsWorksSigningName
	}
	return endpoint, err
}

// signAsContextSays gives the signing name and region of the context, set by a resolver of old or by a
// step that a user added, the last word.
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
