package opsworkscm

import (
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/smithy-go/auth"
	"github.com/aws/smithy-go/middleware"
)

// Options configure a [Client]. They have the fields that the options of every client of the SDK have,
// documented at [backup.Options]. [NewFromConfig] takes them from an [aws.Config]. Functions given to New or
// NewFromConfig change them for all calls, functions given to a call change them for that call:
//
//   - Region, BaseEndpoint, EndpointOptions and EndpointResolverV2 determine where requests go.
//   - Credentials, HTTPSignerV4, AuthSchemeResolver and AuthSchemePreference determine how requests are
//     signed. Without credentials, requests are sent unsigned.
//   - HTTPClient, Retryer, RetryMode and RetryMaxAttempts determine how requests are sent, and how often.
//   - APIOptions, Interceptors and AppID change requests.
//   - Logger, ClientLogMode, MeterProvider and TracerProvider observe calls.
//
// IdempotencyTokenProvider is not used: the operation has no idempotency token.
type Options backup.Options

// Copy returns a copy with its own APIOptions and Interceptors.
func (o Options) Copy() Options {
	return Options(backup.Options(o).Copy())
}

// GetIdentityResolver returns the identity resolver for an auth scheme, nil if there is none: for SigV4 it
// needs Credentials.
func (o Options) GetIdentityResolver(schemeID string) auth.IdentityResolver {
	return backup.Options(o).GetIdentityResolver(schemeID)
}

// The types of options and resolvers, under the names of the removed package.
type (
	// HTTPClient sends HTTP requests.
	HTTPClient = backup.HTTPClient

	// HTTPSignerV4 signs HTTP requests with Signature Version 4.
	HTTPSignerV4 = backup.HTTPSignerV4

	// EndpointResolverV2 determines the endpoint of a request.
	EndpointResolverV2 = backup.EndpointResolverV2

	// EndpointParameters are what an EndpointResolverV2 decides on: region, FIPS, dual-stack and
	// BaseEndpoint.
	EndpointParameters = backup.EndpointParameters

	// EndpointResolverOptions select FIPS and dual-stack endpoints.
	EndpointResolverOptions = backup.EndpointResolverOptions

	// AuthSchemeResolver determines how a request is signed.
	AuthSchemeResolver = backup.AuthSchemeResolver

	// AuthResolverParameters are what an AuthSchemeResolver decides on: operation and region.
	AuthResolverParameters = backup.AuthResolverParameters
)

// WithAPIOptions returns an option that appends functions to APIOptions.
func WithAPIOptions(optFns ...func(*middleware.Stack) error) func(*Options) {
	return convertOption(backup.WithAPIOptions(optFns...))
}

// WithEndpointResolverV2 returns an option that sets EndpointResolverV2.
func WithEndpointResolverV2(v EndpointResolverV2) func(*Options) {
	return convertOption(backup.WithEndpointResolverV2(v))
}

// WithSigV4SigningName returns an option that sets the signing name. It takes precedence over the names that
// the auth scheme and the endpoint resolve to.
func WithSigV4SigningName(name string) func(*Options) {
	return convertOption(backup.WithSigV4SigningName(name))
}

// WithSigV4SigningRegion returns an option that sets the signing region. It takes precedence over the regions
// that the auth scheme and the endpoint resolve to.
func WithSigV4SigningRegion(region string) func(*Options) {
	return convertOption(backup.WithSigV4SigningRegion(region))
}

func convertOption(set func(*backup.Options)) func(*Options) {
	return func(o *Options) { set((*backup.Options)(o)) }
}
