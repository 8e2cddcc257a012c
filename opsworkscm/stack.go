package opsworkscm

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// call has what the middleware of one call shares. It is read-only once the stack is built.
type call struct {
	operation string
	options   Options
	client    *Client
}

// newStack builds the middleware of one call. Names and order are those of the SDK's clients, because
// functions in APIOptions insert middleware before and after them by name.
func newStack(c *Client, operation string, options Options) (*middleware.Stack, error) {
	call := &call{operation: operation, options: options, client: c}
	stack := middleware.NewStack(operation, smithyhttp.NewStackRequest)
	err := errors.Join(
		call.addSerialize(stack),
		call.addBuild(stack.Build),
		call.addFinalize(stack.Finalize),
		call.addDeserialize(stack.Deserialize),
	)
	if err != nil {
		return nil, fmt.Errorf("backupx: %s: %w", operation, err)
	}
	for _, add := range options.APIOptions {
		if err := add(stack); err != nil {
			return nil, err
		}
	}
	return stack, nil
}

func (c *call) addSerialize(stack *middleware.Stack) error {
	with := c.options.Interceptors
	return errors.Join(
		stack.Initialize.Add(&smithyhttp.InterceptExecution{
			BeforeExecution: with.BeforeExecution,
			AfterExecution:  with.AfterExecution,
		}, middleware.After),
		stack.Serialize.Add(legacyEndpointStep(c.options), middleware.After),
		stack.Serialize.Add(&smithyhttp.InterceptBeforeSerialization{Interceptors: with.BeforeSerialization}, middleware.After),
		stack.Serialize.Add(middleware.SerializeMiddlewareFunc("OperationSerializer", c.serialize), middleware.After),
		stack.Serialize.Add(&smithyhttp.InterceptAfterSerialization{Interceptors: with.AfterSerialization}, middleware.After),
	)
}

func (c *call) addBuild(step *middleware.BuildStep) error {
	return errors.Join(
		step.Add(&awsmiddleware.ClientRequestID{}, middleware.After),
		step.Add(c.userAgent(), middleware.After),
		step.Add(&awsmiddleware.RecursionDetection{}, middleware.After),
	)
}

func (c *call) addFinalize(step *middleware.FinalizeStep) error {
	with := c.options.Interceptors
	return errors.Join(
		step.Add(&smithyhttp.InterceptBeforeRetryLoop{Interceptors: with.BeforeRetryLoop}, middleware.After),
		step.Add(c.attempts(), middleware.After),
		step.Add(&smithyhttp.InterceptAttempt{
			BeforeAttempt: with.BeforeAttempt,
			AfterAttempt:  with.AfterAttempt,
		}, middleware.After),
		step.Add(middleware.FinalizeMiddlewareFunc("ResolveAuthScheme", c.resolveAuthScheme), middleware.After),
		step.Add(middleware.FinalizeMiddlewareFunc("GetIdentity", c.getIdentity), middleware.After),
		step.Add(middleware.FinalizeMiddlewareFunc("ResolveEndpointV2", c.resolveEndpoint), middleware.After),
		step.Add(middleware.FinalizeMiddlewareFunc("disableHTTPS", c.disableHTTPS), middleware.After),
		step.Add(&v4.ComputePayloadSHA256{}, middleware.After),
		step.Add(middleware.FinalizeMiddlewareFunc("setLegacyContextSigningOptions", signAsContextSays), middleware.After),
		step.Add(&smithyhttp.InterceptBeforeSigning{Interceptors: with.BeforeSigning}, middleware.After),
		step.Add(middleware.FinalizeMiddlewareFunc("Signing", c.sign), middleware.After),
		step.Add(&smithyhttp.InterceptAfterSigning{Interceptors: with.AfterSigning}, middleware.After),
	)
}

// addDeserialize adds the middleware that handles the response. The last that is added handles it first.
func (c *call) addDeserialize(step *middleware.DeserializeStep) error {
	with, mode := c.options.Interceptors, c.options.ClientLogMode
	return errors.Join(
		step.Add(&awsmiddleware.AddRawResponse{}, middleware.After),
		step.Add(&awshttp.ResponseErrorWrapper{}, middleware.After),
		step.Add(&awsmiddleware.RequestIDRetriever{}, middleware.After),
		step.Add(&smithyhttp.InterceptAfterDeserialization{Interceptors: with.AfterDeserialization}, middleware.After),
		step.Add(deserializer{c}, middleware.After),
		step.Add(&smithyhttp.InterceptBeforeDeserialization{Interceptors: with.BeforeDeserialization}, middleware.After),
		step.Add(&awsmiddleware.RecordResponseTiming{
			DisableClockSkewCorrection: c.options.DisableClockSkewCorrection,
		}, middleware.After),
		step.Add(&smithyhttp.RequestResponseLogger{
			LogRequest:          mode.IsRequest(),
			LogRequestWithBody:  mode.IsRequestWithBody(),
			LogResponse:         mode.IsResponse(),
			LogResponseWithBody: mode.IsResponseWithBody(),
		}, middleware.After),
		step.Add(&smithyhttp.InterceptTransmit{
			BeforeTransmit: with.BeforeTransmit,
			AfterTransmit:  with.AfterTransmit,
		}, middleware.After),
	)
}

func (c *call) userAgent() *awsmiddleware.RequestUserAgent {
	agent := awsmiddleware.NewRequestUserAgent()
	agent.AddSDKAgentKeyValue(awsmiddleware.APIMetadata, "opsworkscm", ServiceAPIVersion)
	if c.options.AppID != "" {
		agent.AddSDKAgentKey(awsmiddleware.ApplicationIdentifier, c.options.AppID)
	}
	switch c.options.Retryer.(type) {
	case *retry.Standard:
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureRetryModeStandard)
	case *retry.AdaptiveMode:
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureRetryModeAdaptive)
	}
	if p, ok := c.options.Credentials.(aws.CredentialProviderSource); ok {
		for _, source := range p.ProviderSources() {
			agent.AddCredentialsSource(source)
		}
	}
	return agent
}

func (c *call) attempts() *retry.Attempt {
	return retry.NewAttemptMiddleware(c.options.Retryer, smithyhttp.RequestCloner, func(a *retry.Attempt) {
		a.LogAttempts = c.options.ClientLogMode.IsRetries()
		a.OperationMeter = c.options.MeterProvider.Meter(scope)
		a.ClientSkew = c.client.skew
		a.DisableClockSkewCorrection = c.options.DisableClockSkewCorrection
	})
}

func (c *call) serialize(
	ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler,
) (out middleware.SerializeOutput, metadata middleware.Metadata, err error) {
	req, err := httpRequest(in.Request)
	if err != nil {
		return out, metadata, err
	}
	input, ok := in.Parameters.(*DescribeBackupsInput)
	if !ok {
		return out, metadata, fmt.Errorf("unexpected input %T", in.Parameters)
	}
	m := c.client.model
	err = c.stage(ctx, "OperationSerializer", metricSerialize, func(ctx context.Context) error {
		return c.options.Protocol.SerializeRequest(ctx, m.operation, m.request(input), req)
	})
	if err != nil {
		return out, metadata, err
	}
	return next.HandleSerialize(ctx, in)
}

// deserializer is the step that decodes the response of a call.
type deserializer struct{ *call }

// ID returns the name that the step has in the SDK's clients.
func (deserializer) ID() string { return "OperationDeserializer" }

// HandleDeserialize decodes the response.
func (c deserializer) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
	out, metadata, err = next.HandleDeserialize(ctx, in)
	resp, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok && err == nil {
		err = &smithy.DeserializationError{Err: fmt.Errorf("unexpected transport type %T", out.RawResponse)}
	}
	if !ok {
		return out, metadata, err
	}
	// The body is read to its end in any case, so that the connection can be reused.
	defer func() { smithyhttp.CloseResponseBody(ctx, resp, false, err) }()
	if err != nil {
		return out, metadata, err
	}
	page := &DescribeBackupsOutput{}
	err = c.stage(ctx, "OperationDeserializer", metricDeserialize, func(ctx context.Context) error {
		return c.decode(ctx, resp, page)
	})
	out.Result = page
	return out, metadata, err
}

func (c *call) decode(ctx context.Context, resp *smithyhttp.Response, page *DescribeBackupsOutput) error {
	m := c.client.model
	err := c.options.Protocol.DeserializeResponse(ctx, m.operation, m.errors, resp, m.response(page))
	var modelled *modelledError
	if errors.As(err, &modelled) {
		return modelled.error
	}
	return err
}

func httpRequest(request any) (*smithyhttp.Request, error) {
	req, ok := request.(*smithyhttp.Request)
	if !ok {
		return nil, fmt.Errorf("unexpected transport type %T", request)
	}
	return req, nil
}
