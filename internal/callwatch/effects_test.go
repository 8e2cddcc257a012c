package callwatch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/callwatch"
)

// fails answers with an error of the connection.
func fails(err error) answer { return func(*http.Request) (*http.Response, error) { return nil, err } }

// breaksOff answers with a body that breaks off.
func breaksOff(r *http.Request) (*http.Response, error) {
	resp, err := status(http.StatusOK, "", `{"Backup":{`)(r)
	resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"Backup":{`), &failingReader{}))
	return resp, err
}

type failingReader struct{}

func (*failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// restores calls RestoreBackup of an SDK client and returns what its effects are.
func restores(ctx context.Context, cfg aws.Config, opts ...func(*cloudhsmv2.Options)) (possible bool, err error) {
	effects := callwatch.NewEffects("RestoreBackup")
	opts = append(opts, func(o *cloudhsmv2.Options) { o.APIOptions = append(o.APIOptions, effects.Add) })
	_, err = cloudhsmv2.NewFromConfig(cfg).RestoreBackup(ctx, &cloudhsmv2.RestoreBackupInput{BackupId: aws.String("backup-a")}, opts...)
	return effects.Possible(err), err
}

func TestEffectsOfAttempts(t *testing.T) {
	invalid := status(400, "CloudHsmInvalidRequestException", `{}`)
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	read := &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	for name, c := range map[string]struct {
		answers []answer
		want    bool
	}{
		"refused":                           {[]answer{invalid}, false},
		"throttled, then refused":           {[]answer{refused, invalid}, false},
		"throttled":                         {[]answer{refused}, false},
		"too many requests, without a code": {[]answer{status(429, "", "")}, false},
		"a 403 of a proxy":                  {[]answer{status(403, "", "<html>")}, false},
		"a redirect":                        {[]answer{status(301, "", "")}, false},
		"an answer":                         {[]answer{served}, true},
		"an answer that is not JSON":        {[]answer{status(200, "", `{"Backup"`)}, true},
		"an answer that breaks off":         {[]answer{breaksOff}, true},
		"a 500":                             {[]answer{status(500, "CloudHsmInternalFailureException", `{}`)}, true},
		"a 500, then refused":               {[]answer{status(500, "", ""), invalid}, true},
		"a 503, then refused":               {[]answer{status(503, "", ""), invalid}, true},
		"a 502, then throttled":             {[]answer{status(502, "", "<html>"), refused}, true},
		"throttled, a 504, then refused":    {[]answer{refused, status(504, "", ""), invalid}, true},
		"no answer":                         {[]answer{fails(read)}, true},
		"no answer, then refused":           {[]answer{fails(read), invalid}, true},
		"the end of the connection":         {[]answer{fails(io.EOF), invalid}, true},
		"a time out, then refused":          {[]answer{timesOut, invalid}, true},
		"no connection":                     {[]answer{fails(dial)}, false},
		"no connection, then refused":       {[]answer{fails(dial), invalid}, false},
		"no address":                        {[]answer{fails(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true})}, false},
		"no answer, then no connection":     {[]answer{fails(read), fails(dial)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := restores(t.Context(), sdkConfig(c.answers...))
			require.Equal(t, c.want, got)
		})
	}
}

func TestEffectsOverTheTransportOfNetHTTP(t *testing.T) {
	release := make(chan struct{})
	mute := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(mute.Close)
	t.Cleanup(func() { close(release) })
	closed := httptest.NewServer(nil)
	closed.Close()
	abort := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(abort.Close)
	tls := httptest.NewUnstartedServer(nil)
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	t.Cleanup(tls.Close)

	neverConnects := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	for name, c := range map[string]struct {
		address   string
		transport http.RoundTripper
		want      bool
	}{
		"no answer before the deadline":     {mute.URL, &http.Transport{}, true},
		"the connection ends":               {abort.URL, &http.Transport{}, true},
		"nobody listens":                    {closed.URL, &http.Transport{}, false},
		"a certificate nobody knows":        {tls.URL, &http.Transport{}, false},
		"no connection before the deadline": {mute.URL, neverConnects, false},
		"a proxy that nobody runs":          {mute.URL, &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(closed.URL) }}, false},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			cfg := sdkConfig(served)
			client := &http.Client{Transport: c.transport}
			defer client.CloseIdleConnections()
			cfg.HTTPClient, cfg.BaseEndpoint = client, aws.String(c.address)
			got, err := restores(ctx, cfg)
			require.Error(t, err)
			require.Equal(t, c.want, got, "%v", err)
		})
	}
}

func TestEffectsOfACallThatSendsNothing(t *testing.T) {
	network := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	cfg := sdkConfig(served)
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, network })
	got, err := restores(t.Context(), cfg)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.False(t, got, "the connection of the credentials")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	got, err = restores(ended, sdkConfig(fails(network)))
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, got)
}

func TestEffectsOfAContextThatEndsBeforeTheAttempt(t *testing.T) {
	for name, c := range map[string]struct {
		answers answer
		want    bool
	}{
		"the transport gives up":              {fails(context.Canceled), false},
		"the transport sends it all the same": {status(500, "", ""), true},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		got, err := restores(ctx, sdkConfig(c.answers), func(o *cloudhsmv2.Options) {
			o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
				return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("cancel", func(
					ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
				) (middleware.FinalizeOutput, middleware.Metadata, error) {
					cancel()
					return next.HandleFinalize(ctx, in)
				}), middleware.After)
			})
		})
		require.ErrorIs(t, err, context.Canceled, name)
		require.Equal(t, c.want, got, name)
	}
}

func TestTheStepForEffectsPassesOnWhatItGets(t *testing.T) {
	boom := errors.New("boom")
	for name, raw := range map[string]any{
		"nothing":          nil,
		"no response":      (*smithyhttp.Response)(nil),
		"no HTTP response": &smithyhttp.Response{},
		"another type":     "raw",
		"a response":       &smithyhttp.Response{Response: &http.Response{StatusCode: 400}},
	} {
		effects := callwatch.NewEffects("RestoreBackup")
		require.NoError(t, effects.Add(middleware.NewStack("RestoreBackup", smithyhttp.NewStackRequest)), name)
		var md middleware.Metadata
		md.Set("key", name)
		want := middleware.DeserializeOutput{RawResponse: raw, Result: name}
		out, gotMD, err := effects.HandleDeserialize(t.Context(), middleware.DeserializeInput{}, middleware.DeserializeHandlerFunc(func(
			context.Context, middleware.DeserializeInput,
		) (middleware.DeserializeOutput, middleware.Metadata, error) {
			return want, md, boom
		}))
		require.Equal(t, []any{want, md, boom}, []any{out, gotMD, err}, name)
		require.Equal(t, name != "a response", effects.Possible(err), name)
	}
}

func TestEffectsOfAContextThatEndsBetweenAttempts(t *testing.T) {
	for name, c := range map[string]struct {
		first answer
		want  bool
	}{"after a 500": {status(500, "", ""), true}, "after a throttled attempt": {refused, false}} {
		ctx, cancel := context.WithCancel(t.Context())
		got, err := restores(ctx, sdkConfig(func(r *http.Request) (*http.Response, error) {
			cancel()
			return c.first(r)
		}))
		require.ErrorIs(t, err, context.Canceled, name)
		require.Equal(t, c.want, got, name)
	}
}

func TestEffectsOfRequestsSideBySide(t *testing.T) {
	effects := callwatch.NewEffects("RestoreBackup")
	watch := func(o *cloudhsmv2.Options) { o.APIOptions = append(o.APIOptions, effects.Add) }
	call := func(answers ...answer) error {
		_, err := cloudhsmv2.NewFromConfig(sdkConfig(answers...)).RestoreBackup(t.Context(), &cloudhsmv2.RestoreBackupInput{BackupId: aws.String("backup-a")}, watch)
		return err
	}
	invalid := status(400, "CloudHsmInvalidRequestException", `{}`)
	started, answered, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- call(func(r *http.Request) (*http.Response, error) {
			close(started)
			<-answered
			return invalid(r)
		})
	}()
	<-started
	err := call(invalid)
	require.True(t, effects.Possible(err), "one attempt is still under way")
	close(answered)
	<-done
	require.False(t, effects.Possible(err))
}

func TestEffectsDoNotCountOtherOperations(t *testing.T) {
	effects := callwatch.NewEffects("RestoreBackup")
	client := cloudhsmv2.NewFromConfig(sdkConfig(served))
	_, err := client.DescribeBackups(t.Context(), nil, func(o *cloudhsmv2.Options) { o.APIOptions = append(o.APIOptions, effects.Add) })
	require.NoError(t, err)
	require.False(t, effects.Possible(errors.New("refused")))
}

func TestTheEffectsOfAnErrorAlone(t *testing.T) {
	response := func(status int, err error) error {
		return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err}
	}
	operation := func(err error) error {
		return &smithy.OperationError{ServiceID: "CloudHSM V2", OperationName: "RestoreBackup", Err: err}
	}
	credentials := &smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: response(503, errors.New("x"))}
	api := &smithy.GenericAPIError{Code: "CloudHsmInvalidRequestException"}
	dial := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"none":                        {nil, false},
		"of the service":              {api, false},
		"of a stub":                   {errors.New("boom"), false},
		"a response with 400":         {operation(response(400, api)), false},
		"a response with 500":         {operation(response(500, api)), true},
		"a response with 200":         {operation(response(200, &smithy.DeserializationError{Err: io.ErrUnexpectedEOF})), true},
		"no response":                 {operation(response(0, &smithyhttp.RequestSendError{Err: io.EOF})), true},
		"not sent":                    {operation(response(0, &smithyhttp.RequestSendError{Err: dial})), false},
		"of the credentials":          {operation(fmt.Errorf("get identity: %w", credentials)), false},
		"of an agent of a container":  {operation(fmt.Errorf("get identity: %w", response(0, &smithyhttp.RequestSendError{Err: io.EOF}))), false},
		"of a signature":              {operation(&v4.SigningError{Err: io.EOF}), false},
		"lost on its way":             {operation(response(0, &smithyhttp.RequestSendError{Err: errors.New("http2: GOAWAY")})), true},
		"ended by its context":        {operation(&smithy.CanceledError{Err: errors.New("stopped")}), true},
		"the end of the context":      {operation(&smithy.CanceledError{Err: context.Canceled}), true},
		"canceled":                    {context.Canceled, true},
		"the deadline":                {fmt.Errorf("x: %w", context.DeadlineExceeded), true},
		"a timeout":                   {timeout{}, true},
		"the connection was reset":    {syscall.ECONNRESET, true},
		"an answer that broke off":    {fmt.Errorf("x: %w", io.ErrUnexpectedEOF), true},
		"nobody listens":              {dial, false},
		"no such host":                {&net.DNSError{IsNotFound: true}, false},
		"an answer about a time out":  {fmt.Errorf("%w: %w", api, context.DeadlineExceeded), false},
		"an answer that has no shape": {&smithy.DeserializationError{Err: errors.New("x")}, true},
	} {
		require.Equal(t, c.want, callwatch.NewEffects("RestoreBackup").Possible(c.err), name)
	}
}

func TestTheStepForEffectsIsNextToTheTransport(t *testing.T) {
	var ids []string
	_, _ = restores(t.Context(), sdkConfig(served), func(o *cloudhsmv2.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("look", func(
				ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
			) (middleware.InitializeOutput, middleware.Metadata, error) {
				ids = stack.Deserialize.List()
				return next.HandleInitialize(ctx, in)
			}), middleware.After)
		})
	})
	require.Equal(t, "backupx.Effects", ids[len(ids)-1])
}
