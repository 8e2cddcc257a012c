package backupx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"weak"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// decodings lists the items of each operation, as they are and as the SDK decodes them.
func decodings(c backupx.Client) map[string][2]backupx.Listing[any] {
	return map[string][2]backupx.Listing[any]{
		"cloudhsm": bothDecodings(c.HSMBackups(backupx.HSMFilter{})),
		"opsworks": bothDecodings(c.OpsWorksBackups(backupx.OpsWorksFilter{})),
		"jobs":     bothDecodings(c.BackupJobs(backupx.BackupJobFilter{})),
		"copies":   bothDecodings(c.CopyJobs(backupx.CopyJobFilter{})),
	}
}

func bothDecodings[T any](l backupx.Listing[T]) [2]backupx.Listing[any] {
	item := func(v T) any { return v }
	return [2]backupx.Listing[any]{backupx.Map(l, item), backupx.Map(l.SDKDecoding(), item)}
}

func TestPagesAreDecodedToTheValuesOfTheSDK(t *testing.T) {
	client := clientOf(fakeaws.New(fakeaws.Generate(1, day, 400), fakeaws.WithPageSize(70)))
	for name, ls := range decodings(client) {
		ours, err := drain(ls[0].Pages(t.Context()))
		require.NoError(t, err)
		theirs, err := drain(ls[1].Pages(t.Context()))
		require.NoError(t, err)
		require.NotEmpty(t, lo.FlatMap(ours, func(p backupx.Page[any], _ int) []any { return p.Items }), name)
		for i := range ours {
			require.NotEmpty(t, ours[i].Metadata, name)
			require.Equal(t, theirs[i].Next == "", ours[i].Next == "", name)
			for _, page := range []*backupx.Page[any]{&ours[i], &theirs[i]} { // what differs from request to request
				page.Metadata, page.Next = middleware.Metadata{}, ""
			}
		}
		require.Equal(t, theirs, ours, name)
	}
}

// readSizes is a body that notes the largest read.
type readSizes struct {
	io.Reader
	most   int
	closed int
}

func (r *readSizes) Read(p []byte) (int, error) {
	r.most = max(r.most, len(p))
	return r.Reader.Read(p)
}

func (r *readSizes) Close() error {
	r.closed++
	return nil
}

// withBodies returns the clients of a service whose answers have the bodies that with returns.
func withBodies(with func() (body *readSizes, length int64), opts ...func(*aws.Config)) backupx.Client {
	cfg := fakeaws.New(fakeaws.Data{}).Config()
	cfg.HTTPClient = answering(func(r *http.Request) (*http.Response, error) {
		body, length := with()
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, ContentLength: length, Body: body, Request: r}, nil
	})
	for _, opt := range opts {
		opt(&cfg)
	}
	return backupx.New(cfg)
}

// However a body arrives, the range is that of the SDK's decoding.
func TestABodyThatArrivesBadlyIsDecodedAsByTheSDK(t *testing.T) {
	broken := errors.New("broken")
	for body, regular := range map[string]bool{
		`{"LIST":[{"ID":"a"},{"ID":"b"}]}`: true, ` { "LIST" : [ ] } `: true, `{"LIST":[{"ID":"a","Unknown":{"x":[1]}}]}`: true,
		`{"LIST":[{"ID":"a"}`: false, `{"LIST":[{"ID":1}]}`: false, `{"LIST":[{"ID":"a","ID":"b"}]}`: false, `{"LIST":[null,{"ID":"é"}]}`: false,
		`{"LIST":[]} {`: false, `{"x":1}`: false, ``: false, `null`: false, `[]`: false, "{\"LIST\":[{\"ID\":\"\xff\"}]}": false,
		`{"LIST":[{"CreationDate":1e300,"CreateTimestamp":1e300,"CreatedAt":1e300}]}`: false,
	} {
		for name, read := range map[string]func(string) io.Reader{
			"whole":             func(s string) io.Reader { return strings.NewReader(s) },
			"byte by byte":      func(s string) io.Reader { return iotest.OneByteReader(strings.NewReader(s)) },
			"data and end":      func(s string) io.Reader { return iotest.DataErrReader(strings.NewReader(s)) },
			"broken at its end": func(s string) io.Reader { return io.MultiReader(strings.NewReader(s), iotest.ErrReader(broken)) },
			"broken in the midst": func(s string) io.Reader {
				return io.MultiReader(strings.NewReader(s[:len(s)/2]), iotest.ErrReader(broken))
			},
		} {
			for _, length := range []int64{-1, 0, 3, int64(len(body)), 1 << 40} {
				for service := range wired {
					text := spelled(body, service)
					var bodies []*readSizes
					client := withBodies(func() (*readSizes, int64) {
						bodies = append(bodies, &readSizes{Reader: read(text)})
						return bodies[len(bodies)-1], length
					}, func(cfg *aws.Config) { cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} } })
					ls := decodings(client)[service]
					ours, err := ls[0].Collect(t.Context())
					theirs, wanted := ls[1].Collect(t.Context())
					what := fmt.Sprintf("%s of %q, %s, length %d", service, text, name, length)
					require.Equal(t, theirs, ours, what)
					require.Equal(t, fmt.Sprint(wanted), fmt.Sprint(err), what)
					require.Len(t, bodies, 2, what)
					require.Equal(t, bodies[1].closed, bodies[0].closed, what)
					if regular && name == "whole" {
						require.NoError(t, err, what)
					}
				}
			}
		}
	}
}

// stepsOf is a configuration whose clients have steps around the decoder, which note what they see.
func stepsOf(seen *[]string) func(*aws.Config) {
	note := func(format string, args ...any) { *seen = append(*seen, fmt.Sprintf(format, args...)) }
	step := func(name string, reads bool) middleware.DeserializeMiddleware {
		return middleware.DeserializeMiddlewareFunc(name, func(
			ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
		) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, md, err := next.HandleDeserialize(ctx, in)
			if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && reads {
				body, readErr := io.ReadAll(resp.Body)
				note("%s: body %q, %v", name, body, readErr)
				resp.Body = io.NopCloser(bytes.NewReader(body))
			}
			if out.Result != nil {
				result, _ := json.Marshal(out.Result)
				note("%s: %T %s", name, out.Result, result)
			}
			return out, md, err
		})
	}
	return func(cfg *aws.Config) {
		cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
			return errors.Join(
				stack.Deserialize.Insert(step("outside", false), "OperationDeserializer", middleware.Before),
				stack.Deserialize.Insert(step("inside", true), "OperationDeserializer", middleware.After),
				stack.Deserialize.Add(step("last", true), middleware.After),
				stack.Deserialize.Add(step("first", false), middleware.Before),
			)
		})
		cfg.ClientLogMode = aws.LogResponseWithBody
		cfg.Logger = logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) { note(format, v...) })
		cfg.Interceptors.AfterDeserialization = append(cfg.Interceptors.AfterDeserialization, afterDeserialization(func(output any) {
			result, _ := json.Marshal(output)
			note("interceptor: %T %s", output, result)
		}))
	}
}

type afterDeserialization func(output any)

func (f afterDeserialization) AfterDeserialization(_ context.Context, in *smithyhttp.InterceptorContext) error {
	f(in.Output)
	return nil
}

func TestStepsAroundTheDecoderSeeWhatTheySawBefore(t *testing.T) {
	for service := range wired {
		var seen []string
		client := withBodies(func() (*readSizes, int64) {
			return &readSizes{Reader: strings.NewReader(spelled(`{"LIST":[{"ID":"a"}],"Unknown":1}`, service))}, -1
		}, stepsOf(&seen))
		ls := decodings(client)[service]
		requireCount(t, 1, ls[0])
		ours := seen
		seen = nil
		requireCount(t, 1, ls[1])
		require.Equal(t, seen, ours, service)
		require.GreaterOrEqual(t, len(seen), 6, service)
		require.Contains(t, strings.Join(ours, "\n"), spelled(`inside: body "{\"LIST\":[{\"ID\":\"a\"}],\"Unknown\":1}", <nil>`, service))
	}
}

// A decoder of the caller decodes the whole body.
func TestADecoderOfTheCallerDecodes(t *testing.T) {
	var read []byte
	client := withBodies(func() (*readSizes, int64) {
		return &readSizes{Reader: strings.NewReader(`{"BackupJobs":[{"BackupJobId":"a"}]}`)}, -1
	}, func(cfg *aws.Config) {
		cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
			_, err := stack.Deserialize.Swap("OperationDeserializer", middleware.DeserializeMiddlewareFunc("OperationDeserializer", func(
				ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
			) (middleware.DeserializeOutput, middleware.Metadata, error) {
				out, md, err := next.HandleDeserialize(ctx, in)
				resp, ok := out.RawResponse.(*smithyhttp.Response)
				require.True(t, ok)
				read, _ = io.ReadAll(resp.Body)
				out.Result = &backup.ListBackupJobsOutput{BackupJobs: []types.BackupJob{{BackupJobId: aws.String("mine")}}}
				return out, md, err
			}))
			return err
		})
	})
	jobs, err := client.BackupJobs(backupx.BackupJobFilter{}).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []types.BackupJob{{BackupJobId: aws.String("mine")}}, jobs)
	require.JSONEq(t, `{"BackupJobs":[{"BackupJobId":"a"}]}`, string(read))
}

// The step of a call may run again once the call is over, with another response.
func TestTheDecodingStepMayRunAgain(t *testing.T) {
	for service := range wired {
		var stack *middleware.Stack
		body := func(ids ...string) *readSizes {
			text := `{"LIST":[` + strings.Join(lo.Map(ids, func(id string, _ int) string { return `{"ID":"` + id + `"}` }), ",") + `]}`
			return &readSizes{Reader: strings.NewReader(spelled(text, service))}
		}
		client := withBodies(func() (*readSizes, int64) { return body("a", "b"), -1 }, func(cfg *aws.Config) {
			cfg.APIOptions = append(cfg.APIOptions, func(s *middleware.Stack) error {
				stack = s
				return nil
			})
		})
		first, err := decodings(client)[service][0].Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, first, 2)
		step, ok := stack.Deserialize.Get("OperationDeserializer")
		require.True(t, ok)
		again := func(ids ...string) string {
			out, _, err := step.HandleDeserialize(t.Context(), middleware.DeserializeInput{}, middleware.DeserializeHandlerFunc(
				func(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
					resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body(ids...)}
					return middleware.DeserializeOutput{RawResponse: &smithyhttp.Response{Response: resp}}, middleware.Metadata{}, nil
				}))
			require.NoError(t, err)
			return asJSON(t, out.Result)
		}
		require.Contains(t, again("c"), `"c"`)
		require.NotContains(t, again(), `"c"`)
		require.Len(t, first, 2)
		require.Contains(t, asJSON(t, first), `"a"`)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// SDKDecoding holds for a listing, and for what is made of it and contains it.
func TestSDKDecodingHoldsWhereverItIsSet(t *testing.T) {
	var bodies []*readSizes
	client := withBodies(func() (*readSizes, int64) {
		bodies = append(bodies, &readSizes{Reader: strings.NewReader(`{"BackupJobs":[]}`)})
		return bodies[len(bodies)-1], 100_000
	})
	jobs := client.BackupJobs(backupx.BackupJobFilter{})
	fleet := backupx.Fleet{{Name: "a", Client: client}}
	list := func(c backupx.Client) backupx.Listing[types.BackupJob] {
		return c.BackupJobs(backupx.BackupJobFilter{})
	}
	everywhere := map[string]func() (int, error){
		"listing":       func() (int, error) { return jobs.SDKDecoding().Count(t.Context()) },
		"mapped before": func() (int, error) { return backupx.Map(jobs.SDKDecoding(), idOf).Count(t.Context()) },
		"mapped":        func() (int, error) { return backupx.Map(jobs, idOf).SDKDecoding().Count(t.Context()) },
		"combined":      func() (int, error) { return backupx.Concat(jobs).SDKDecoding().Count(t.Context()) },
		"part":          func() (int, error) { return backupx.Concat(jobs.SDKDecoding()).Count(t.Context()) },
		"fleet":         func() (int, error) { return backupx.Across(fleet, list).SDKDecoding().Parallel(2).Count(t.Context()) },
		"source": func() (int, error) {
			return backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] { return list(c).SDKDecoding() }).Count(t.Context())
		},
		"inventory": func() (int, error) {
			return client.Inventory(backupx.ServiceBackupJobs).SDKDecoding().Count(t.Context())
		},
		"resumed": func() (int, error) {
			cursor, err := jobs.SDKDecoding().Resume(jobs.Cursor().Checkpoint())
			require.NoError(t, err)
			_, err = drain(cursor.All(t.Context()))
			return 0, err
		},
	}
	for name, count := range everywhere {
		bodies = nil
		_, err := count()
		require.NoError(t, err, name)
		require.Len(t, bodies, 1, name)
		require.Less(t, bodies[0].most, 100_000, "%s: backupx read the body", name)
	}
	bodies = nil
	requireCount(t, 0, jobs)
	require.Greater(t, bodies[0].most, 100_000)
}

// renaming is a protocol of the caller, which changes an identifier.
type renaming struct {
	smithyhttp.ClientProtocol
	read *[]string
}

func (p renaming) DeserializeResponse(
	ctx context.Context, op *smithy.OperationSchema, types *smithy.TypeRegistry, resp *smithyhttp.Response, out smithy.Deserializable,
) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	*p.read = append(*p.read, string(body))
	body = bytes.ReplaceAll(body, []byte(`b"`), []byte(`c"`))
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return p.ClientProtocol.DeserializeResponse(ctx, op, types, resp, out)
}

// A protocol of the caller decodes the whole body, and its result counts.
func TestAProtocolOfTheCallerDecodes(t *testing.T) {
	var read []string
	text := ""
	cfg := fakeaws.New(fakeaws.Data{}).Config()
	cfg.HTTPClient = answering(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
	})
	client := backupx.New(cfg)
	client.Backup = backup.NewFromConfig(cfg, func(o *backup.Options) { o.Protocol = renaming{o.Protocol, &read} })
	client.OpsWorks = backupx.NewOpsWorks(cfg, func(o *backupx.OpsWorksOptions) { o.Protocol = renaming{o.Protocol, &read} })
	for _, service := range []string{"jobs", "copies", "opsworks"} {
		read, text = nil, spelled(`{"LIST":[{"ID":"a"},{"ID":"b"}]}`, service)
		items, err := decodings(client)[service][0].Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{text}, read, service)
		require.Contains(t, asJSON(t, items), `"c"`, service)
	}
}

// summing is a wrapper that sends another request with the options of the call.
type summing struct{ *backup.Client }

func (s summing) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	out, err := s.ListBackupJobSummaries(ctx, &backup.ListBackupJobSummariesInput{}, opts...)
	if err != nil {
		return nil, err
	}
	if len(out.BackupJobSummaries) != 1 {
		return nil, errors.New("no summary")
	}
	return s.Client.ListBackupJobs(ctx, in, opts...)
}

// The pages of other operations are the client's.
func TestOnlyTheListingsOwnOperationIsDecoded(t *testing.T) {
	client := withBodies(func() (*readSizes, int64) {
		return &readSizes{Reader: strings.NewReader(`{"BackupJobs":[{"BackupJobId":"a"}],"BackupJobSummaries":[{"Count":1}]}`)}, -1
	})
	api, ok := client.Backup.(*backup.Client)
	require.True(t, ok)
	requireCount(t, 1, backupx.BackupJobs(summing{api}, backupx.BackupJobFilter{}))
}

// The metadata of a page keep none of its items alive. Those of a client with interceptors do: their context has the output.
func TestTheMetadataOfAPageKeepNoItems(t *testing.T) {
	for _, service := range []string{"cloudhsm", "jobs", "copies"} {
		client := withBodies(func() (*readSizes, int64) {
			return &readSizes{Reader: strings.NewReader(spelled(`{"LIST":[{"ID":"a"}]}`, service))}, -1
		})
		first := func() (weak.Pointer[string], middleware.Metadata) {
			var id *string
			var md middleware.Metadata
			for p, err := range decodings(client)[service][0].Pages(t.Context()) {
				require.NoError(t, err)
				id, _ = reflect.ValueOf(p.Items[0]).FieldByName(wired[service].id).Interface().(*string)
				md = p.Metadata
			}
			return weak.Make(id), md
		}
		id, md := first()
		runtime.GC()
		runtime.GC()
		require.Nil(t, id.Value(), service)
		require.NotNil(t, awsmiddleware.GetRawResponse(md), service)
	}
}

// swapping is a wrapper that sets a decoder of its own for each call.
type swapping struct{ *backup.Client }

func (s swapping) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	return s.Client.ListBackupJobs(ctx, in, append(opts, backup.WithAPIOptions(func(stack *middleware.Stack) error {
		_, err := stack.Deserialize.Swap("OperationDeserializer", middleware.DeserializeMiddlewareFunc("OperationDeserializer", func(
			ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
		) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, md, err := next.HandleDeserialize(ctx, in)
			if resp, ok := out.RawResponse.(*smithyhttp.Response); ok {
				body, _ := io.ReadAll(resp.Body)
				out.Result = &backup.ListBackupJobsOutput{BackupJobs: make([]types.BackupJob, len(body)/10)}
			}
			return out, md, err
		}))
		return err
	}))...)
}

// A response without content is an error, whoever decodes it.
func TestADecoderOfAWrapperIsWatched(t *testing.T) {
	text := ""
	client := withBodies(func() (*readSizes, int64) { return &readSizes{Reader: strings.NewReader(text)}, -1 })
	api, ok := client.Backup.(*backup.Client)
	require.True(t, ok)
	jobs := backupx.BackupJobs(swapping{api}, backupx.BackupJobFilter{})
	_, err := jobs.Collect(t.Context())
	require.ErrorContains(t, err, "empty body")
	text = `{"BackupJobs":[{}]}`
	requireCount(t, 1, jobs)
}
