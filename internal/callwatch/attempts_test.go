package callwatch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/internal/callwatch"
)

// attemptLog records what an observer of attempts is called with.
type attemptLog struct {
	mu     sync.Mutex
	events []string
}

// observe is an observer of attempts.
func (l *attemptLog) observe() func(throttled bool) {
	l.add("began")
	return func(throttled bool) {
		if throttled {
			l.add("throttled")
			return
		}
		l.add("ended")
	}
}

func (l *attemptLog) add(event string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, event)
}

// answer is how a service answers one attempt.
type answer func(*http.Request) (*http.Response, error)

// status answers with a status, an error code and a body. An empty code leaves out the header that carries it.
func status(status int, code, body string) answer {
	return func(r *http.Request) (*http.Response, error) {
		header := http.Header{"Content-Type": {"application/json"}}
		if code != "" {
			header.Set("X-Amzn-Errortype", code)
		}
		return &http.Response{
			StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
		}, nil
	}
}

var (
	served  = status(http.StatusOK, "", `{}`)
	refused = status(http.StatusBadRequest, "ThrottlingException", `{"message":"Rate exceeded"}`)
)

// timeout is an error of a connection that the SDK retries.
type timeout struct{}

func (timeout) Error() string   { return "the connection timed out" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

func timesOut(*http.Request) (*http.Response, error) { return nil, timeout{} }

// inTurn is an HTTP client that gives one answer after another, and the last one again and again.
type inTurn struct {
	mu      sync.Mutex
	answers []answer
}

func (c *inTurn) Do(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.answers[0]
	if len(c.answers) > 1 {
		c.answers = c.answers[1:]
	}
	return now(r)
}

// eagerly is the standard retryer, which makes three attempts, without the delays between them.
func eagerly() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

// sdkConfig is a configuration of SDK clients that are answered in process.
func sdkConfig(answers ...answer) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("https://service.invalid"), HTTPClient: &inTurn{answers: answers}, Retryer: eagerly,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "none", SecretAccessKey: "none"}, nil
		}),
	}
}

// observed requests the first page of a listing and returns what an observer saw of it.
func observed[T any](t *testing.T, l backupx.Listing[T]) ([]string, error) {
	t.Helper()
	seen := &attemptLog{}
	_, _, err := l.First(callwatch.WithObserver(t.Context(), seen.observe))
	return seen.events, err
}

// eachOperation requests the first page of each built-in operation from clients of the SDK.
func eachOperation(t *testing.T, cfg func() aws.Config, check func(t *testing.T, seen []string, err error)) {
	t.Helper()
	for name, list := range map[string]func(*testing.T, backupx.Client) ([]string, error){
		"HSMBackups": func(t *testing.T, c backupx.Client) ([]string, error) {
			return observed(t, c.HSMBackups(backupx.HSMFilter{}))
		},
		"OpsWorksBackups": func(t *testing.T, c backupx.Client) ([]string, error) {
			return observed(t, c.OpsWorksBackups(backupx.OpsWorksFilter{}))
		},
		"BackupJobs": func(t *testing.T, c backupx.Client) ([]string, error) {
			return observed(t, c.BackupJobs(backupx.BackupJobFilter{}))
		},
		"CopyJobs": func(t *testing.T, c backupx.Client) ([]string, error) {
			return observed(t, c.CopyJobs(backupx.CopyJobFilter{}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen, err := list(t, backupx.New(cfg()))
			check(t, seen, err)
		})
	}
}

func TestAnObserverSeesEachAttempt(t *testing.T) {
	none := status(http.StatusServiceUnavailable, "", ``)
	for name, c := range map[string]struct {
		answers []answer
		seen    string
		fails   bool
	}{
		"served":                       {[]answer{served}, "began ended", false},
		"refused once":                 {[]answer{refused, served}, "began throttled began ended", false},
		"refused twice":                {[]answer{refused, refused, served}, "began throttled began throttled began ended", false},
		"refused three times":          {[]answer{refused}, "began throttled began throttled began throttled", true},
		"unavailable, then refused":    {[]answer{none, refused, served}, "began ended began throttled began ended", false},
		"unavailable":                  {[]answer{none}, "began ended began ended began ended", true},
		"unavailable, with a code":     {[]answer{status(503, "ServiceUnavailableException", `{}`), served}, "began ended began ended", false},
		"too many, by code":            {[]answer{status(429, "TooManyRequestsException", `{}`), served}, "began throttled began ended", false},
		"too many, by status only":     {[]answer{status(429, "", `slow down`)}, "began ended began ended began ended", true},
		"timeouts":                     {[]answer{timesOut}, "began ended began ended began ended", true},
		"a timeout, then refused":      {[]answer{timesOut, refused, served}, "began ended began throttled began ended", false},
		"an error that is not retried": {[]answer{status(400, "ValidationException", `{}`)}, "began ended", true},
		"an empty body":                {[]answer{status(200, "", "")}, "began ended", true},
	} {
		t.Run(name, func(t *testing.T) {
			eachOperation(t, func() aws.Config { return sdkConfig(c.answers...) }, func(t *testing.T, seen []string, err error) {
				require.Equal(t, c.seen, strings.Join(seen, " "))
				require.Equal(t, c.fails, err != nil, "%v", err)
				require.Equal(t, name == "refused three times", callwatch.Throttled(err), "%v", err)
			})
		})
	}
}

func TestAnObserverSeesTheAttemptOfAClientWithoutRetries(t *testing.T) {
	once := func() aws.Config {
		cfg := sdkConfig(refused)
		cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		return cfg
	}
	without := func() aws.Config {
		cfg := sdkConfig(refused)
		cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
			_, err := stack.Finalize.Remove("Retry")
			return err
		})
		return cfg
	}
	for name, cfg := range map[string]func() aws.Config{"a retryer that makes one attempt": once, "no step that retries": without} {
		t.Run(name, func(t *testing.T) {
			eachOperation(t, cfg, func(t *testing.T, seen []string, err error) {
				require.Equal(t, []string{"began", "throttled"}, seen)
				require.True(t, callwatch.Throttled(err), "%v", err)
			})
		})
	}
}

func TestAnAttemptEndsWhereTheDecoderPanics(t *testing.T) {
	cfg := sdkConfig(status(http.StatusOK, "", `{"BackupJobs":[{"CreationDate":"NaN"}]}`))
	seen, err := observed(t, backupx.New(cfg).BackupJobs(backupx.BackupJobFilter{}))
	require.Error(t, err)
	require.Equal(t, []string{"began", "ended"}, seen)
}

func TestAnAttemptEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cfg := sdkConfig(func(r *http.Request) (*http.Response, error) {
		cancel()
		return nil, r.Context().Err()
	})
	seen := &attemptLog{}
	_, err := backupx.New(cfg).BackupJobs(backupx.BackupJobFilter{}).Count(callwatch.WithObserver(ctx, seen.observe))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"began", "ended"}, seen.events)
}

// jobsFunc is a client of AWS Backup in the form of a function.
type jobsFunc func(context.Context, *backup.ListBackupJobsInput, ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error)

func (f jobsFunc) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	return f(ctx, in, opts...)
}

func TestCallsThatReportNoAttempt(t *testing.T) {
	client := func() *backup.Client { return backup.NewFromConfig(sdkConfig(refused)) }
	stub := jobsFunc(func(context.Context, *backup.ListBackupJobsInput, ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
		return nil, &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}
	})
	dropping := jobsFunc(func(ctx context.Context, in *backup.ListBackupJobsInput, _ ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
		return client().ListBackupJobs(ctx, in)
	})
	for name, l := range map[string]backupx.Listing[struct{}]{
		"a stub":                           backupx.Map(backupx.BackupJobs(stub, backupx.BackupJobFilter{}), nothing),
		"a wrapper that drops its options": backupx.Map(backupx.BackupJobs(dropping, backupx.BackupJobFilter{}), nothing),
		"FromOperation": backupx.FromOperation("ListBackupJobs", client().ListBackupJobs, backup.ListBackupJobsInput{},
			func(*backup.ListBackupJobsInput, *string, *int32) {},
			func(*backup.ListBackupJobsOutput) ([]struct{}, *string) { return nil, nil }),
	} {
		t.Run(name, func(t *testing.T) {
			seen, err := observed(t, l)
			require.Empty(t, seen)
			require.True(t, callwatch.Throttled(err), "%v", err)
		})
	}
}

func nothing[T any](T) struct{} { return struct{}{} }

func TestACallWithoutAnObserverHasNoStepForAttempts(t *testing.T) {
	steps := func(ctx context.Context) (ids []string) {
		looking := jobsFunc(func(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
			look := func(o *backup.Options) {
				o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
					ids = stack.Finalize.List()
					return nil
				})
			}
			return backup.NewFromConfig(sdkConfig(served)).ListBackupJobs(ctx, in, append(opts, look)...)
		})
		_, err := backupx.BackupJobs(looking, backupx.BackupJobFilter{}).Count(ctx)
		require.NoError(t, err)
		return ids
	}
	without := steps(t.Context())
	with := steps(callwatch.WithObserver(t.Context(), (&attemptLog{}).observe))
	require.NotContains(t, without, "backupx.Attempts")
	require.Equal(t, slices.Insert(without, slices.Index(without, "Retry")+1, "backupx.Attempts"), with)
}

func TestAClientMayMakeSeveralCallsForAPageOfAnObserver(t *testing.T) {
	client := backup.NewFromConfig(sdkConfig(refused, served))
	twice := jobsFunc(func(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (out *backup.ListBackupJobsOutput, err error) {
		var calls sync.WaitGroup
		calls.Go(func() { _, _ = client.ListBackupJobs(ctx, in, opts...) })
		out, err = client.ListBackupJobs(ctx, in, opts...)
		calls.Wait()
		return out, err
	})
	seen, err := observed(t, backupx.BackupJobs(twice, backupx.BackupJobFilter{}))
	require.NoError(t, err)
	slices.Sort(seen)
	require.Equal(t, []string{"began", "began", "began", "ended", "ended", "throttled"}, seen)
}

func TestAThrottlingCode(t *testing.T) {
	api := func(code string) error { return &smithy.GenericAPIError{Code: code} }
	operation := func(service string, err error) error {
		return &smithy.OperationError{ServiceID: service, OperationName: "Operation", Err: err}
	}
	response := func(status int, err error) error {
		return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err}
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"no error":                   {nil, false},
		"of the operation":           {operation("Backup", api("ThrottlingException")), true},
		"of STS, by the operation":   {operation("Backup", fmt.Errorf("get credentials: %w", operation("STS", api("Throttling")))), false},
		"of an agent, by its text":   {operation("Backup", fmt.Errorf("get identity: %w", api("ThrottlingException"))), false},
		"another error":              {errors.New("ThrottlingException"), false},
		"ThrottlingException":        {api("ThrottlingException"), true},
		"TooManyRequestsException":   {api("TooManyRequestsException"), true},
		"a status and a code":        {response(400, api("ThrottlingException")), true},
		"a code of a 503":            {response(503, api("SlowDown")), true},
		"wrapped":                    {fmt.Errorf("page: %w", &backupx.ListError{Err: api("Throttling")}), true},
		"after the last attempt":     {&retry.MaxAttemptsError{Attempt: 3, Err: api("ThrottlingException")}, true},
		"with a quota of retries":    {errors.Join(api("ThrottlingException"), errors.New("retry quota exceeded")), true},
		"status 429":                 {response(429, errors.New("too many")), false},
		"status 429, another code":   {response(429, api("QuotaReached")), false},
		"status 503":                 {response(503, api("ServiceUnavailableException")), false},
		"InternalServerError":        {api("InternalServerError"), false},
		"RequestTimeout":             {api("RequestTimeout"), false},
		"a timeout":                  {timeout{}, false},
		"the deadline of the caller": {context.DeadlineExceeded, false},
		"AccessDeniedException":      {api("AccessDeniedException"), false},
	} {
		require.Equal(t, c.want, callwatch.Throttled(c.err), name)
	}
}
