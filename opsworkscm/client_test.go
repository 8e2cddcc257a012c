package opsworkscm_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/testenv"
	"github.com/backupx-go/backupx/opsworkscm"
	"github.com/backupx-go/backupx/opsworkscm/types"
)

// cannedReply is a canned response.
type cannedReply struct {
	status int
	header http.Header
	body   string
	err    error // the transport fails instead
}

// cannedTransport answers each request in turn, the last cannedReply for ever, and keeps what was sent.
type cannedTransport struct {
	replies []cannedReply

	mu     sync.Mutex
	sent   []*http.Request
	bodies []string
}

func answers(replies ...cannedReply) *cannedTransport { return &cannedTransport{replies: replies} }

func answersPage(body string) *cannedTransport { return answers(cannedReply{status: 200, body: body}) }

func (t *cannedTransport) Do(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	body := ""
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	cannedReply := t.replies[min(len(t.sent), len(t.replies)-1)]
	t.sent = append(t.sent, req.Clone(context.Background()))
	t.bodies = append(t.bodies, body)
	if cannedReply.err != nil {
		return nil, cannedReply.err
	}
	header := cannedReply.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode: cannedReply.status, Header: header, Request: req,
		Body: io.NopCloser(strings.NewReader(cannedReply.body)),
	}, nil
}

// testConfig returns a complete configuration over client, with retries that do not wait. It also gives the
// test a clean environment.
func testConfig(t testing.TB, client aws.HTTPClient) aws.Config {
	t.Helper()
	testenv.Clean(t)
	return aws.Config{
		Region:      "eu-west-1",
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "wJalrXUtnFEMI", "session"),
		HTTPClient:  client,
		Retryer:     eagerRetryer,
	}
}

// eagerRetryer is the standard retryer without its pauses.
func eagerRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

func TestSendsTheDocumentedRequest(t *testing.T) {
	cases := map[string]struct {
		input *opsworkscm.DescribeBackupsInput
		body  string
	}{
		"nil stands for everything": {nil, `{}`},
		"an empty input":            {&opsworkscm.DescribeBackupsInput{}, `{}`},
		"all members": {
			&opsworkscm.DescribeBackupsInput{
				BackupId: aws.String("chef-20160729133847520"), MaxResults: aws.Int32(25),
				NextToken: aws.String(`a"b/ü`), ServerName: aws.String("chef"),
			},
			`{"BackupId":"chef-20160729133847520","MaxResults":25,"NextToken":"a\"b/ü","ServerName":"chef"}`,
		},
		"values that are zero but given": {
			&opsworkscm.DescribeBackupsInput{MaxResults: aws.Int32(0), ServerName: aws.String("")},
			`{"MaxResults":0,"ServerName":""}`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			transport := answersPage(`{}`)
			_, err := opsworkscm.NewFromConfig(testConfig(t, transport)).DescribeBackups(foreignCall(t), c.input)
			require.NoError(t, err)
			require.Equal(t, []string{c.body}, transport.bodies)

			sent := transport.sent[0]
			require.Equal(t, "POST https://opsworks-cm.eu-west-1.amazonaws.com/", sent.Method+" "+sent.URL.String())
			require.Equal(t, int64(len(c.body)), sent.ContentLength)
			require.Equal(t, signAgain(t, sent, c.body), sent.Header.Get("Authorization"))
			require.Equal(t, map[string]string{
				"Amz-Sdk-Request":      "attempt=1; max=3",
				"Content-Type":         "application/x-amz-json-1.1",
				"X-Amz-Security-Token": "session",
				"X-Amz-Target":         "OpsWorksCM_V2016_11_01.DescribeBackups",
			}, stableHeaders(t, sent))
		})
	}
}

// signAgain signs what was sent anew and returns the Authorization header that it should have.
func signAgain(t *testing.T, sent *http.Request, body string) string {
	t.Helper()
	at, err := time.Parse("20060102T150405Z", sent.Header.Get("X-Amz-Date"))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)
	again := sent.Clone(t.Context())
	again.Header.Del("Authorization")
	again.Header.Del("X-Amz-Date")
	hash := sha256.Sum256([]byte(body))
	err = v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{
		AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI", SessionToken: "session",
	}, again, hex.EncodeToString(hash[:]), "opsworks-cm", "eu-west-1", at)
	require.NoError(t, err)
	return again.Header.Get("Authorization")
}

// stableHeaders returns the headers that do not differ from run to run, after a look at those that do.
func stableHeaders(t *testing.T, sent *http.Request) map[string]string {
	t.Helper()
	require.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, sent.Header.Get("Amz-Sdk-Invocation-Id"))
	require.Regexp(t, `^aws-sdk-go-v2/\S+ ua/\S+ os/\S+ lang/go#\S+ md/\S+ md/\S+ api/opsworkscm#2016-11-01 m/\S+$`,
		sent.Header.Get("User-Agent"))
	stable := map[string]string{}
	for name, values := range sent.Header {
		stable[name] = strings.Join(values, ", ")
	}
	for _, name := range []string{"Authorization", "Amz-Sdk-Invocation-Id", "User-Agent", "X-Amz-Date"} {
		require.Contains(t, stable, name)
		delete(stable, name)
	}
	return stable
}

func TestReadsEveryMember(t *testing.T) {
	const body = `{"Backups":[{
		"BackupArn":"arn","BackupId":"chef-1","BackupType":"MANUAL","CreatedAt":1469799527.52,
		"Description":"before \u0075pgrade","Engine":"ChefAutomate","EngineModel":"Single","EngineVersion":"12",
		"InstanceProfileArn":"profile","InstanceType":"m4.large","KeyPair":"key","PreferredBackupWindow":"02:00",
		"PreferredMaintenanceWindow":"Mon:08:00","S3DataSize":9,"S3DataUrl":"s3://data","S3LogUrl":"s3://log",
		"SecurityGroupIds":["sg-1","sg-2"],"ServerName":"chef","ServiceRoleArn":"role","Status":"OK",
		"StatusDescription":"fine","SubnetIds":["subnet-1"],"ToolsVersion":"1.0","UserArn":"user"}],
		"NextToken":"more"}`
	out, err := opsworkscm.NewFromConfig(testConfig(t, answersPage(body))).DescribeBackups(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []types.Backup{{
		BackupArn: aws.String("arn"), BackupId: aws.String("chef-1"), BackupType: types.BackupTypeManual,
		CreatedAt:   aws.Time(time.Date(2016, 7, 29, 13, 38, 47, 520_000_000, time.UTC)),
		Description: aws.String("before upgrade"), Engine: aws.String("ChefAutomate"), EngineModel: aws.String("Single"),
		EngineVersion: aws.String("12"), InstanceProfileArn: aws.String("profile"), InstanceType: aws.String("m4.large"),
		KeyPair: aws.String("key"), PreferredBackupWindow: aws.String("02:00"),
		PreferredMaintenanceWindow: aws.String("Mon:08:00"), S3DataSize: aws.Int32(9), S3DataUrl: aws.String("s3://data"),
		S3LogUrl: aws.String("s3://log"), SecurityGroupIds: []string{"sg-1", "sg-2"}, ServerName: aws.String("chef"),
		ServiceRoleArn: aws.String("role"), Status: types.BackupStatusOk, StatusDescription: aws.String("fine"),
		SubnetIds: []string{"subnet-1"}, ToolsVersion: aws.String("1.0"), UserArn: aws.String("user"),
	}}, out.Backups)
	require.Equal(t, "more", *out.NextToken)
}

func TestLivesWithOddResponses(t *testing.T) {
	one := func(b types.Backup) []types.Backup { return []types.Backup{b} }
	cases := map[string]struct {
		body string
		want []types.Backup
	}{
		"no members":            {`{}`, nil},
		"an empty body":         {``, nil},
		"no backups":            {`{"Backups":[]}`, []types.Backup{}},
		"nulls":                 {`{"Backups":null,"NextToken":null}`, nil},
		"a null backup":         {`{"Backups":[null]}`, one(types.Backup{})},
		"null members":          {`{"Backups":[{"BackupId":null,"CreatedAt":null,"SubnetIds":null}]}`, one(types.Backup{})},
		"a null in a list":      {`{"Backups":[{"SubnetIds":[null,"s"]}]}`, one(types.Backup{SubnetIds: []string{"", "s"}})},
		"unknown members":       {`{"New":[1,{"a":[]}],"Backups":[{"New":{"Status":"x"},"Status":"OK"}]}`, one(types.Backup{Status: "OK"})},
		"unknown values":        {`{"Backups":[{"Status":"ASLEEP","BackupType":"LUNAR"}]}`, one(types.Backup{Status: "ASLEEP", BackupType: "LUNAR"})},
		"empty strings":         {`{"Backups":[{"Description":""}]}`, one(types.Backup{Description: aws.String("")})},
		"a whole second":        {`{"Backups":[{"CreatedAt":1}]}`, one(types.Backup{CreatedAt: aws.Time(time.Unix(1, 0).UTC())})},
		"a time in exponents":   {`{"Backups":[{"CreatedAt":1.5e0}]}`, one(types.Backup{CreatedAt: aws.Time(time.UnixMilli(1500).UTC())})},
		"names in another case": {`{"backups":[{}]}`, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			out, err := opsworkscm.NewFromConfig(testConfig(t, answersPage(c.body))).DescribeBackups(t.Context(), nil)
			require.NoError(t, err)
			require.Equal(t, c.want, out.Backups)
			require.Nil(t, out.NextToken)
		})
	}
}

func TestRejectsBrokenResponses(t *testing.T) {
	cases := map[string]struct{ body, want string }{
		"cut short in an object":  {`{"Backups":[{"BackupId":"a"`, "unexpected end"},
		"cut short in a list":     {`{"Backups":[{"BackupId":"a"}`, "unexpected end"},
		"cut short after a comma": {`{"Backups":[{"BackupId":"a"},`, ""},
		"cut short after a list":  {`{"Backups":[{"BackupId":"a"}]`, ""},
		"cut short in a string":   {`{"Backups":[{"BackupId":"a`, ""},
		"garbage in a list":       {`{"Backups":[{} x],"NextToken":"t"}`, "Backups: unexpected token"},
		"only blanks":             {"  \n", "unexpected end"},
		"null":                    {`null`, "expected '{', got null"},
		"a list":                  {`[]`, "expected '{', got ["},
		"a page of HTML":          {`<html>`, ""},
		"backups as an object":    {`{"Backups":{}}`, "Backups: expected '[', got {"},
		"a backup as a number":    {`{"Backups":[1]}`, "Backups: expected '{', got 1"},
		"a text as a number":      {`{"Backups":[{"BackupId":1}]}`, "Backups: BackupId: expected string, got 1"},
		"a number as a text":      {`{"Backups":[{"S3DataSize":"1"}]}`, "Backups: S3DataSize: expected number"},
		"a size as a boolean":     {`{"Backups":[{"S3DataSize":true}]}`, "Backups: S3DataSize: expected number"},
		"a size that is none":     {`{"Backups":[{"S3DataSize":"NaN"}]}`, "Backups: S3DataSize: expected number, got \"NaN\""},
		"a size without end":      {`{"Backups":[{"S3DataSize":"Infinity"}]}`, "Backups: S3DataSize: expected number, got"},
		"a size with a fraction":  {`{"Backups":[{"S3DataSize":1.5}]}`, "Backups: S3DataSize: invalid int: 1.5"},
		"a time as a text":        {`{"Backups":[{"CreatedAt":"2016-07-29T13:38:47Z"}]}`, "Backups: CreatedAt: unexpected string"},
		"a time that is none":     {`{"Backups":[{"CreatedAt":"NaN"}]}`, "Backups: CreatedAt: NaN seconds since 1970 are no time"},
		"a time without end":      {`{"Backups":[{"CreatedAt":"-Infinity"}]}`, "Backups: CreatedAt: -Inf seconds"},
		"a time in milliseconds":  {`{"Backups":[{"CreatedAt":1469799527520}]}`, "Backups: CreatedAt: 1.46979952752e+12 seconds"},
		"a token as a list":       {`{"NextToken":[]}`, "NextToken: expected string, got ["},
		"a status as a boolean":   {`{"Backups":[{"Status":true}]}`, "Backups: Status: expected string, got true"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			transport := answersPage(c.body)
			out, err := opsworkscm.NewFromConfig(testConfig(t, transport)).DescribeBackups(t.Context(), nil)
			require.Nil(t, out)
			require.ErrorContains(t, err, "operation error OpsWorksCM: DescribeBackups, ")
			require.ErrorContains(t, err, c.want)
			var broken *smithy.DeserializationError
			require.ErrorAs(t, err, &broken)
			require.Len(t, transport.sent, 1, "a broken body is not retried")
		})
	}
}

// Archives hold sizes that do not fit into the member's 32 bits. Such a size must not end a listing.
func TestASizeOutOfRangeIsNil(t *testing.T) {
	cases := map[string]*int32{
		"0": aws.Int32(0), "-1": aws.Int32(-1), "1e3": aws.Int32(1000), "7.0": aws.Int32(7),
		"2147483647": aws.Int32(math.MaxInt32), "-2147483648": aws.Int32(math.MinInt32),
		"2147483648": nil, "-2147483649": nil, "4294967297": nil, "9223372036854775808": nil,
		"123456789012345678901234567890": nil, "1e400": nil, "-1e400": nil,
	}
	for size, want := range cases {
		t.Run(size, func(t *testing.T) {
			transport := answersPage(`{"Backups":[{"S3DataSize":` + size + `,"ServerName":"a"},{"S3DataSize":5}],"NextToken":"t"}`)
			out, err := opsworkscm.NewFromConfig(testConfig(t, transport)).DescribeBackups(t.Context(), nil)
			require.NoError(t, err)
			require.Equal(t, []types.Backup{{S3DataSize: want, ServerName: aws.String("a")}, {S3DataSize: aws.Int32(5)}}, out.Backups)
			require.Equal(t, "t", *out.NextToken)
		})
	}
}

// A program that uses a client which no constructor made gets an error of the SDK's form.
func TestAClientThatWasNotConstructedReturnsAnError(t *testing.T) {
	for _, client := range []*opsworkscm.Client{nil, {}} {
		_, err := client.DescribeBackups(t.Context(), nil)
		require.EqualError(t, err, "operation error OpsWorksCM: DescribeBackups, the client was not made by New or NewFromConfig")
	}
}

func TestErrorsAreTyped(t *testing.T) {
	header := func(name string) http.Header { return http.Header{"X-Amzn-Errortype": {name}} }
	validation := &types.ValidationException{Message: aws.String("no")}
	cases := map[string]struct {
		header http.Header
		body   string
		want   smithy.APIError
	}{
		"validation":              {nil, `{"__type":"ValidationException","Message":"no"}`, validation},
		"a name with namespace":   {nil, `{"__type":"com.amazonaws.opsworkscm#ValidationException","message":"no"}`, validation},
		"a name in the header":    {header("ValidationException:http://internal/"), `{"message":"no"}`, validation},
		"a name in code":          {nil, `{"code":"ValidationException","Message":"no"}`, validation},
		"the header goes first":   {header("ValidationException"), `{"__type":"Other","Message":"no"}`, validation},
		"not found":               {nil, `{"__type":"ResourceNotFoundException","Message":"gone"}`, &types.ResourceNotFoundException{Message: aws.String("gone")}},
		"a token nobody knows":    {nil, `{"__type":"InvalidNextTokenException","Message":"?"}`, &types.InvalidNextTokenException{Message: aws.String("?")}},
		"no message":              {nil, `{"__type":"ResourceNotFoundException"}`, &types.ResourceNotFoundException{}},
		"a null message":          {nil, `{"__type":"ResourceNotFoundException","Message":null}`, &types.ResourceNotFoundException{}},
		"a header and no body":    {header("InvalidNextTokenException"), ``, &types.InvalidNextTokenException{}},
		"a header and a null":     {header("InvalidNextTokenException"), `null`, &types.InvalidNextTokenException{}},
		"members beside":          {nil, `{"__type":"ValidationException","Extra":{"Message":"x"},"Message":"no"}`, validation},
		"an error not documented": {nil, `{"__type":"AccessDeniedException","Message":"keep out"}`, &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "keep out"}},
		"nothing at all":          {nil, ``, &smithy.GenericAPIError{Code: "UnknownError", Message: "UnknownError"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			replied := c.header.Clone()
			if replied == nil {
				replied = http.Header{}
			}
			replied.Set("X-Amzn-Requestid", "req-1")
			_, err := opsworkscm.NewFromConfig(testConfig(t, answers(cannedReply{status: 400, header: replied, body: c.body}))).
				DescribeBackups(t.Context(), nil)

			var api smithy.APIError
			require.ErrorAs(t, err, &api)
			require.Equal(t, c.want, api)
			var operation *smithy.OperationError
			require.ErrorAs(t, err, &operation)
			require.Equal(t, "OpsWorksCM DescribeBackups", operation.Service()+" "+operation.Operation())
			var response *awshttp.ResponseError
			require.ErrorAs(t, err, &response)
			require.Equal(t, "req-1", response.ServiceRequestID())
			require.Equal(t, 400, response.HTTPStatusCode())
			require.EqualError(t, err, "operation error OpsWorksCM: DescribeBackups, "+
				"https response error StatusCode: 400, RequestID: req-1, "+textOf(c.want))
		})
	}
}

// textOf is how the response error prints an API error.
func textOf(err smithy.APIError) string {
	var generic *smithy.GenericAPIError
	if errors.As(err, &generic) {
		return "api error " + generic.Code + ": " + generic.Message
	}
	return err.Error()
}

func TestErrorsSayWhatTheyAre(t *testing.T) {
	code, message := aws.String("Overridden"), aws.String("no")
	cases := map[string]struct{ plain, overridden smithy.APIError }{
		"ValidationException": {
			&types.ValidationException{Message: message},
			&types.ValidationException{ErrorCodeOverride: code},
		},
		"ResourceNotFoundException": {
			&types.ResourceNotFoundException{Message: message},
			&types.ResourceNotFoundException{ErrorCodeOverride: code},
		},
		"InvalidNextTokenException": {
			&types.InvalidNextTokenException{Message: message},
			&types.InvalidNextTokenException{ErrorCodeOverride: code},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, name, c.plain.ErrorCode())
			require.Equal(t, "no", c.plain.ErrorMessage())
			require.Equal(t, smithy.FaultClient, c.plain.ErrorFault())
			require.EqualError(t, c.plain, name+": no")
			require.EqualError(t, c.overridden, "Overridden: ")
		})
	}
}

func TestErrorsThatCannotBeReadAreErrorsAllTheSame(t *testing.T) {
	for _, body := range []string{`<html>`, `{"__type":`, `{"__type":"ValidationException","Message":{}}`, `[]`} {
		_, err := opsworkscm.NewFromConfig(testConfig(t, answers(cannedReply{status: 400, body: body}))).
			DescribeBackups(t.Context(), nil)
		var broken *smithy.DeserializationError
		require.ErrorAs(t, err, &broken, body)
	}
}

func TestResultMetadataTellsOfTheCall(t *testing.T) {
	served := time.Now().UTC().Truncate(time.Second)
	transport := answers(
		cannedReply{status: 503, header: http.Header{"X-Amzn-Requestid": {"req-1"}}},
		cannedReply{status: 200, body: `{}`, header: http.Header{
			"X-Amzn-Requestid": {"req-2"}, "Date": {served.Format(http.TimeFormat)},
		}},
	)
	before := time.Now()
	out, err := opsworkscm.NewFromConfig(testConfig(t, transport)).DescribeBackups(t.Context(), nil)
	require.NoError(t, err)

	id, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
	require.Equal(t, "req-2", id)
	require.NotNil(t, awsmiddleware.GetRawResponse(out.ResultMetadata))
	at, _ := awsmiddleware.GetResponseAt(out.ResultMetadata)
	require.WithinRange(t, at, before, time.Now())
	serverTime, _ := awsmiddleware.GetServerTime(out.ResultMetadata)
	require.Equal(t, served, serverTime)
	_, ok := awsmiddleware.GetAttemptSkew(out.ResultMetadata)
	require.True(t, ok)

	attempts, _ := retry.GetAttemptResults(out.ResultMetadata)
	require.Len(t, attempts.Results, 2)
	require.True(t, attempts.Results[0].Retried)
	require.ErrorContains(t, attempts.Results[0].Err, "RequestID: req-1")
	require.NoError(t, attempts.Results[1].Err)
}

func TestStopsWhenTheContextDoes(t *testing.T) {
	t.Run("before the request", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		transport := answersPage(`{}`)
		_, err := opsworkscm.NewFromConfig(testConfig(t, transport)).DescribeBackups(ctx, nil)
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, transport.sent)
	})
	t.Run("while the service thinks", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			cancel()
			<-r.Context().Done()
		}))
		defer server.Close()
		cfg := testConfig(t, nil)
		cfg.BaseEndpoint = &server.URL
		_, err := opsworkscm.NewFromConfig(cfg).DescribeBackups(ctx, nil)
		require.ErrorIs(t, err, context.Canceled)
		var canceled *smithy.CanceledError
		require.ErrorAs(t, err, &canceled)
	})
}

func TestSendsTheBodyAgainOnRetry(t *testing.T) {
	transport := answers(cannedReply{status: 500}, cannedReply{err: io.ErrUnexpectedEOF}, cannedReply{status: 200, body: `{"NextToken":"t"}`})
	out, err := opsworkscm.NewFromConfig(testConfig(t, transport)).
		DescribeBackups(t.Context(), &opsworkscm.DescribeBackupsInput{ServerName: aws.String("chef")})
	require.NoError(t, err)
	require.Equal(t, "t", *out.NextToken)
	require.Equal(t, slices.Repeat([]string{`{"ServerName":"chef"}`}, 3), transport.bodies)
	for _, sent := range transport.sent {
		require.Equal(t, signAgain(t, sent, `{"ServerName":"chef"}`), sent.Header.Get("Authorization"))
	}
}

func TestClientServesManyGoroutines(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(bytes.ReplaceAll(body, []byte("ServerName"), []byte("NextToken")))
	}))
	defer server.Close()
	cfg := testConfig(t, nil)
	cfg.BaseEndpoint = &server.URL
	client := opsworkscm.NewFromConfig(cfg)
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		wg.Go(func() {
			for range 20 {
				out, err := client.DescribeBackups(t.Context(), &opsworkscm.DescribeBackupsInput{ServerName: &name})
				if err != nil || aws.ToString(out.NextToken) != name {
					t.Errorf("asked for %s, got %+v, %v", name, out, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestClosesEveryResponse(t *testing.T) {
	for name, cannedReply := range map[string]cannedReply{
		"a page":   {status: 200, body: `{}`},
		"an error": {status: 400, body: `{"__type":"ValidationException"}`},
		"garbage":  {status: 200, body: `{"Backups":[x` + strings.Repeat("y", 4096)},
	} {
		t.Run(name, func(t *testing.T) {
			watched := &watchedBody{Reader: strings.NewReader(cannedReply.body)}
			cfg := testConfig(t, doFunc(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: cannedReply.status, Header: http.Header{}, Body: watched, Request: r}, nil
			}))
			_, _ = opsworkscm.NewFromConfig(cfg).DescribeBackups(t.Context(), nil)
			require.True(t, watched.closed)
			require.Zero(t, watched.Len(), "read to its end")
		})
	}
}

type watchedBody struct {
	*strings.Reader
	closed bool
}

func (b *watchedBody) Close() error {
	b.closed = true
	return nil
}

// doFunc makes a function an HTTP client.
type doFunc func(*http.Request) (*http.Response, error)

func (f doFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }
