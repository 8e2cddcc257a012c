package opsworkscm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/auth"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// authResolver selects SigV4 for opsworks-cm, and unsigned requests where there are no credentials.
type authResolver struct{}

func (authResolver) ResolveAuthSchemes(_ context.Context, params *AuthResolverParameters) ([]*auth.Option, error) {
	signed := &auth.Option{SchemeID: auth.SchemeIDSigV4}
	smithyhttp.SetSigV4SigningName(&signed.SignerProperties, signingName)
	smithyhttp.SetSigV4SigningRegion(&signed.SignerProperties, params.Region)
	return []*auth.Option{signed, {SchemeID: auth.SchemeIDAnonymous}}, nil
}

// attemptAuth holds the scheme, option and identity that sign one attempt. ResolveAuthScheme puts a new one
// into the context of each attempt, and the middleware up to Signing completes it.
type attemptAuth struct {
	scheme   smithyhttp.AuthScheme
	option   auth.Option
	identity auth.Identity
}

type attemptAuthKey struct{}

// authOfAttempt returns the attemptAuth of the attempt. It fails if the caller removed ResolveAuthScheme from
// the stack.
func authOfAttempt(ctx context.Context) (*attemptAuth, error) {
	a, ok := middleware.GetStackValue(ctx, attemptAuthKey{}).(*attemptAuth)
	if !ok {
		return nil, errors.New("no resolved auth scheme")
	}
	return a, nil
}

func (c *call) resolveAuthScheme(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	chosen, err := c.chooseAuth(ctx)
	if err != nil {
		return out, metadata, err
	}
	return next.HandleFinalize(middleware.WithStackValue(ctx, attemptAuthKey{}, chosen), in)
}

func (c *call) chooseAuth(ctx context.Context) (*attemptAuth, error) {
	ctx, span := tracing.StartSpan(ctx, "ResolveAuthScheme")
	defer span.End()
	options, err := c.options.AuthSchemeResolver.ResolveAuthSchemes(ctx, &AuthResolverParameters{
		Operation: c.operation,
		Region:    c.options.Region,
	})
	if err != nil {
		return nil, fmt.Errorf("resolve auth scheme: %w", err)
	}
	for _, option := range authByPreference(options, c.options.AuthSchemePreference) {
		if scheme := c.schemeFor(option); scheme != nil {
			span.SetProperty("auth.scheme_id", scheme.SchemeID())
			return &attemptAuth{scheme: scheme, option: *option}, nil
		}
	}
	return nil, errors.New("could not select an auth scheme")
}

// schemeFor returns the client's auth scheme for an option. It returns nil if the client has no such scheme, or
// no credentials for it.
func (c *call) schemeFor(option *auth.Option) smithyhttp.AuthScheme {
	if option.SchemeID == auth.SchemeIDAnonymous {
		return smithyhttp.NewAnonymousScheme()
	}
	for _, scheme := range c.options.AuthSchemes {
		id := scheme.SchemeID()
		if (id == option.SchemeID || authSchemeName(id) == option.SchemeID) && scheme.IdentityResolver(backup.Options(c.options)) != nil {
			return scheme
		}
	}
	return nil
}

// authByPreference sorts options by the order of preferred, which names schemes without their namespace. Options
// that are not preferred keep their order and come last.
func authByPreference(options []*auth.Option, preferred []string) []*auth.Option {
	rank := func(o *auth.Option) int {
		if i := slices.Index(preferred, authSchemeName(o.SchemeID)); i >= 0 {
			return i
		}
		return len(preferred)
	}
	return slices.SortedStableFunc(slices.Values(options), func(a, b *auth.Option) int {
		return cmp.Compare(rank(a), rank(b))
	})
}

// authSchemeName cuts the namespace from the id of a scheme: aws.auth#sigv4 becomes sigv4.
func authSchemeName(id string) string {
	return id[strings.LastIndex(id, "#")+1:]
}

func (c *call) getIdentity(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	a, err := authOfAttempt(ctx)
	if err != nil {
		return out, metadata, err
	}
	resolver := a.scheme.IdentityResolver(backup.Options(c.options))
	if resolver == nil {
		return out, metadata, errors.New("no identity resolver")
	}
	err = c.stage(ctx, "GetIdentity", metricIdentity, func(ctx context.Context) (err error) {
		a.identity, err = resolver.GetIdentity(ctx, a.option.IdentityProperties)
		return err
	})
	if err != nil {
		return out, metadata, fmt.Errorf("get identity: %w", err)
	}
	return next.HandleFinalize(ctx, in)
}

func (c *call) sign(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (out middleware.FinalizeOutput, metadata middleware.Metadata, err error) {
	req, err := httpRequest(in.Request)
	if err != nil {
		return out, metadata, err
	}
	a, err := authOfAttempt(ctx)
	if err != nil {
		return out, metadata, err
	}
	signer := a.scheme.Signer()
	if a.identity == nil || signer == nil {
		return out, metadata, errors.New("no identity or no signer")
	}
	err = c.stage(ctx, "SignRequest", metricSign, func(ctx context.Context) error {
		return signer.SignRequest(ctx, req, a.identity, a.option.SignerProperties)
	})
	if err != nil {
		return out, metadata, fmt.Errorf("sign request: %w", err)
	}
	return next.HandleFinalize(ctx, in)
}

// addSignerProperties adds the signing properties that an endpoint requires, its signing region for example.
func addSignerProperties(ctx context.Context, endpoint *smithy.Properties) error {
	a, err := authOfAttempt(ctx)
	if err != nil {
		return err
	}
	options, _ := auth.GetAuthOptions(endpoint)
	for _, option := range options {
		a.option.SignerProperties.SetAll(&option.SignerProperties)
	}
	return nil
}
