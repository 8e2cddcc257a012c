package backupx_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// listings are the four listing operations as listings of ids: the member that has the items, and a listing.
func listings(c backupx.Client) map[string]backupx.Listing[string] {
	return map[string]backupx.Listing[string]{
		"cloudhsm": backupx.Map(c.HSMBackups(backupx.HSMFilter{}), hsmID),
		"opsworks": backupx.Map(c.OpsWorksBackups(backupx.OpsWorksFilter{}), func(b backupx.OpsWorksBackup) string { return aws.ToString(b.BackupId) }),
		"jobs":     backupx.Map(c.BackupJobs(backupx.BackupJobFilter{}), idOf),
		"copies":   backupx.Map(c.CopyJobs(backupx.CopyJobFilter{}), copyID),
	}
}

// wired are the names of the operations, of their lists and of an item's id as the services spell them.
var wired = map[string]struct{ operation, list, id string }{
	"cloudhsm": {"DescribeBackups", "Backups", "BackupId"},
	"opsworks": {"DescribeBackups", "Backups", "BackupId"},
	"jobs":     {"ListBackupJobs", "BackupJobs", "BackupJobId"},
	"copies":   {"ListCopyJobs", "CopyJobs", "CopyJobId"},
}

// served returns the clients of a server whose answers are those of a function. They send one attempt only.
func served(t *testing.T, answer http.HandlerFunc) backupx.Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	cfg := fakeaws.New(fakeaws.Data{}).Config()
	cfg.HTTPClient = nil
	cfg.BaseEndpoint = aws.String(server.URL)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return backupx.New(cfg)
}

// saying returns the clients of a service with always the same answer, without a network.
func saying(header http.Header, body string) backupx.Client {
	cfg := fakeaws.New(fakeaws.Data{}).Config()
	cfg.HTTPClient = answering(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})
	return backupx.New(cfg)
}

// page returns the body of a page in which LIST stands for the list and ID for an id.
func spelled(body, service string) string {
	w := wired[service]
	return strings.NewReplacer("LIST", w.list, "list", strings.ToLower(w.list[:1])+w.list[1:], "ID", w.id).Replace(body)
}

func TestASuccessThatIsNoPageIsAnError(t *testing.T) {
	huge := strings.Repeat(`{"a":["]}",{"b":"\\\""}]},`, 20_000)
	for name, c := range map[string]struct {
		body   string
		header string // X-Amzn-Errortype
		text   string // in the error
	}{
		"a message":                       {`{"message":"Forbidden"}`, "", `a JSON object with "message" instead of "LIST" where a page is owed: Forbidden`},
		"a type":                          {`{"__type":"com.amazon#AccessDeniedException"}`, "", `with "__type" instead of "LIST" where a page is owed: AccessDeniedException`},
		"a type and a message":            {`{"__type":"ThrottlingException:http://x","Message":"Rate exceeded"}`, "", `: ThrottlingException: Rate exceeded`},
		"a code":                          {`{"code":"Denied","errorMessage":"no"}`, "", `: Denied: no`},
		"members in lower case":           {`{"list":[{"ID":"x"}],"nextToken":"t"}`, "", `with "list", "nextToken" instead of "LIST"`},
		"another case":                    {`{"lIST":[{"ID":"x"}],"NEXTTOKEN":"t"}`, "", `"NEXTTOKEN" instead of`},
		"an envelope":                     {`{"result":{"LIST":[{"ID":"x"}],"NextToken":"t"}}`, "", `with "result" instead of`},
		"the name as a value":             {`{"x":"LIST","y":["NextToken","LIST"],"z":{"LIST":1}}`, "", `with "x", "y", "z" instead of`},
		"white space":                     {" \r\n\t{ \n\"message\" : \t\"no\" } \n", "", ": no"},
		"many members":                    {`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}`, "", `"a", "b", "c", "d", … instead of`},
		"a token of null":                 {`{"NextToken":null,"message":"no"}`, "", `with "message" instead of`},
		"an empty token":                  {`{"message":"no","NextToken":""}`, "", `with "message" instead of`},
		"huge":                            {`{"x":[` + huge + `0],"message":"no"}`, "", `with "x", "message" instead of "LIST" where a page is owed: no`},
		"a huge message":                  {`{"message":"` + strings.Repeat("blah ", 1000) + `"}`, "", "blah blah …"},
		"a message too huge":              {`{"message":"` + strings.Repeat("blah ", 10_000) + `"}`, "", `with "message" instead of "LIST" where a page is owed`},
		"escapes":                         {`{"mess\u0061ge":"a \"b\"\\\n\u00e9 \\"}`, "", `a "b"\ é \`},
		"two objects":                     {`{} {"LIST":[{"ID":"x"}]}`, "", "more than a JSON object"},
		"text behind":                     {"{}<html>", "", "more than a JSON object"},
		"a list":                          {`[{"ID":"x"}]`, "", "a JSON array"},
		"an empty list":                   {` []`, "", "a JSON array"},
		"a string":                        {`"Rate exceeded"`, "", "a JSON string where a page is owed: Rate exceeded"},
		"a number":                        {`12`, "", "no JSON object"},
		"a negative number":               {` -1`, "", "no JSON object"},
		"true":                            {`true`, "", "no JSON object"},
		"false":                           {`false`, "", "no JSON object"},
		"null":                            {` null `, "", ""},
		"null and more":                   {`null {"LIST":[{"ID":"x"}]}`, "", "no JSON object"},
		"null and markup":                 {`null<html>`, "", "no JSON object"},
		"null and a comma":                {"\nnull,", "", "no JSON object"},
		"markup":                          {"<html>no</html>", "", ""},
		"a byte order mark":               {"\ufeff{}", "", ""},
		"an error type":                   {`{}`, "AccessDeniedException", "an error where a page is owed: AccessDeniedException"},
		"an error type and a message":     {`{"message":"no"}`, "a.b#AccessDeniedException:http://x/y", ": AccessDeniedException: no"},
		"an error type beside a page":     {`{"LIST":[{"ID":"x"}]}`, "ThrottlingException", ": ThrottlingException"},
		"an error type beside no JSON":    {`Rate exceeded`, "ThrottlingException", ": ThrottlingException"},
		"an error type of an empty body":  {``, "ThrottlingException", ": ThrottlingException"},
		"an error type beside an array":   {`[]`, "ThrottlingException", ": ThrottlingException"},
		"an error type beside many items": {`{"LIST":[` + strings.Repeat(`{"ID":"x"},`, 999) + `null],"NextToken":"t"}`, "ThrottlingException", ": ThrottlingException"},
	} {
		for service, w := range wired {
			t.Run(name+"/"+service, func(t *testing.T) {
				header := http.Header{"X-Amzn-Requestid": {"id-1"}}
				if c.header != "" {
					header.Set("X-Amzn-ErrorType", c.header)
				}
				client := saying(header, spelled(c.body, service))
				items, err := listings(client)[service].Collect(t.Context())
				require.Empty(t, items)
				require.ErrorContains(t, err, "backupx: "+w.operation+": page 1: ")
				require.Less(t, len(err.Error()), 700)
				var response *smithyhttp.ResponseError
				if c.text != "" {
					require.ErrorContains(t, err, spelled(c.text, service))
					require.ErrorContains(t, err, "the service answered with status 200 and ")
					require.ErrorContains(t, err, " (request id id-1)")
					require.ErrorAs(t, err, &response)
					require.Equal(t, http.StatusOK, response.HTTPStatusCode())
				}
				var api smithy.APIError
				if c.header != "" {
					require.ErrorAs(t, err, &api)
					require.Contains(t, c.header, api.ErrorCode())
				}
			})
		}
	}
}

func TestASuccessThatIsAPageStaysOne(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"nothing":                 {`{}`, nil},
		"white space":             {" \n{ \t} \r\n", nil},
		"null":                    {`{"LIST":null}`, nil},
		"null and more":           {`{"message":"no","LIST":null}`, nil},
		"an empty list":           {`{"LIST":[]}`, nil},
		"no token":                {`{"NextToken":null}`, nil},
		"an empty token":          {`{"NextToken":""}`, nil},
		"an item":                 {`{"LIST":[{"ID":"x"}]}`, []string{"x"}},
		"unknown members":         {`{"message":"hi","LIST":[{"ID":"x"}],"__type":"Page","more":{"LIST":null}}`, []string{"x"}},
		"unknown and empty":       {`{"a":{"b":[{}, "}"]},"LIST":[]}`, nil},
		"late":                    {`{"x":[` + strings.Repeat(`{"a":"]}\\\""},`, 50_000) + `0],"LIST":[]}`, nil},
		"twice":                   {`{"message":"no","LIST":[{"ID":"x"}],"LIST":[{"ID":"y"}]}`, []string{"y"}},
		"an odd item":             {`{"LIST":[{"ID":"x","Unknown":{"a":[1,{"b":null}]}}]}`, []string{"x"}},
		"text behind a page":      {`{"LIST":[{"ID":"x"}]} `, []string{"x"}},
		"names nobody can escape": {`{"\"\\":"\\\"","":{},"LIST":[]}`, nil},
	} {
		for service := range wired {
			for _, size := range []int{1, 7, 1 << 20} { // how much comes at once
				t.Run(fmt.Sprint(name, "/", service, "/", size), func(t *testing.T) {
					if size < 7 && len(c.body) > 10_000 {
						t.Skip("slow")
					}
					cfg := fakeaws.New(fakeaws.Data{}).Config()
					cfg.HTTPClient = withBody(func() io.ReadCloser {
						return io.NopCloser(pieces{strings.NewReader(spelled(c.body, service)), size})
					}, -1)
					items, err := listings(backupx.New(cfg))[service].Collect(t.Context())
					require.NoError(t, err)
					require.Equal(t, c.want, items)
				})
			}
		}
	}
}

func TestAnEscapedNameOfTheListIsThatOfTheList(t *testing.T) {
	cfg := fakeaws.New(fakeaws.Data{}).Config()
	cfg.HTTPClient = withBody(func() io.ReadCloser {
		return io.NopCloser(strings.NewReader(`{"message":"no","\u0042ackups":[],"Backup\u004aobs":[],"Cop\u0079Jobs":[]}`))
	}, -1)
	for service, l := range listings(backupx.New(cfg)) {
		requireCount(t, 0, l)
		require.NotEmpty(t, service)
	}
}

// pieces limits the number of bytes that one call reads.
type pieces struct {
	io.Reader
	size int
}

func (p pieces) Read(b []byte) (int, error) { return p.Reader.Read(b[:min(len(b), p.size)]) }

// The page that was none is read again where the listing is resumed, and everything is delivered once.
func TestAListingGoesOnFromThePageThatWasNone(t *testing.T) {
	for _, bad := range []string{`{"message":"no"}`, `[]`, `{"backupJobs":[]}`} {
		for service := range wired {
			for _, parallel := range []int{1, 4} {
				t.Run(fmt.Sprint(bad, "/", service, "/", parallel), func(t *testing.T) {
					fails := true
					client := served(t, func(rw http.ResponseWriter, r *http.Request) {
						request, _ := io.ReadAll(r.Body)
						asked := string(request) + r.URL.RawQuery
						switch {
						case strings.Contains(asked, "third") && fails:
							_, _ = io.WriteString(rw, bad)
						case strings.Contains(asked, "third"):
							_, _ = io.WriteString(rw, spelled(`{"LIST":[{"ID":"e"}]}`, service))
						case strings.Contains(asked, "second"):
							_, _ = io.WriteString(rw, spelled(`{"LIST":[{"ID":"c"},{"ID":"d"}],"NextToken":"third"}`, service))
						default:
							_, _ = io.WriteString(rw, spelled(`{"LIST":[{"ID":"a"},{"ID":"b"}],"NextToken":"second"}`, service))
						}
					})
					l := listings(client)[service]
					items, err := l.Prefetch(parallel - 1).Collect(t.Context())
					require.Equal(t, []string{"a", "b", "c", "d"}, items)
					require.NotContains(t, err.Error(), "third")
					var list *backupx.ListError
					require.ErrorAs(t, err, &list)
					require.Equal(t, []int{3, 4}, []int{list.Page, list.Delivered})
					fails = false
					require.Equal(t, []string{"e"}, resumeFrom(t, l, list.Checkpoint))
				})
			}
		}
	}
}

func TestTheKindOfASuccessThatIsNoPage(t *testing.T) {
	for code, kind := range map[string]backupx.Kind{
		"AccessDeniedException": backupx.KindDenied, "ThrottlingException": backupx.KindThrottled,
		"UnrecognizedClientException": backupx.KindNotEnabled, "Odd": backupx.KindOther,
	} {
		client := saying(nil, fmt.Sprintf(`{"__type":%q,"message":"no"}`, "x#"+code))
		for service, l := range listings(client) {
			require.Equal(t, kind, backupx.KindOf(errOf(t, l)), "%s of %s", code, service)
		}
	}
}

func TestTheTextOfASuccessThatIsNoPageHasNoSecrets(t *testing.T) {
	const token = "AQICAHh+secret/token=="
	client := served(t, func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(rw, `{"message":%q,"nextToken":%q}`, strings.Repeat("x", 295)+token+" X-Amz-Signature=abc ASIAIOSFODNN7EXAMPLE", token)
	})
	for _, l := range listings(client) {
		err := errOf(t, l.StartAt(token))
		require.ErrorContains(t, err, `with "message", "nextToken" instead of`)
		require.ErrorContains(t, err, "xxx[reda…")
		for _, secret := range []string{"AQI", "secret", "ASIA", "abc"} {
			require.NotContains(t, err.Error(), secret)
		}
	}
}

// replaceBody is a step that replaces the body of the response.
func replaceBody(by string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("replace", func(
			ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
		) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, md, err := next.HandleDeserialize(ctx, in)
			if resp, ok := out.RawResponse.(*smithyhttp.Response); ok {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body = io.NopCloser(strings.NewReader(by))
			}
			return out, md, err
		}), middleware.After)
	}
}

// A step of the caller's may change the body before the client decodes it.
func TestTheBodyIsThatWhichTheClientDecodes(t *testing.T) {
	for name, c := range map[string]struct {
		sent, made string
		want       int
		text       string
	}{
		"an envelope that a step takes off": {`{"result":{"BackupJobs":[]}}`, `{"BackupJobs":[]}`, 0, ""},
		"a page that a step breaks":         {`{"BackupJobs":[]}`, `{"message":"no"}`, 0, `"message" instead of "BackupJobs"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := fakeaws.New(fakeaws.Data{}, fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.Body(c.sent)}))
			client := backup.NewFromConfig(s.Config(), func(o *backup.Options) {
				o.APIOptions = append(o.APIOptions, replaceBody(c.made))
			})
			n, err := backupx.BackupJobs(client, backupx.BackupJobFilter{}).Count(t.Context())
			require.Equal(t, c.want, n)
			if c.text == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.text)
		})
	}
}

func TestStubsAndFromOperationMayAnswerAnything(t *testing.T) {
	client := served(t, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("X-Amzn-Errortype", "ThrottlingException")
		_, _ = io.WriteString(rw, `{"message":"no"}`)
	})
	requireCount(t, 0, jobsByOperation(client.Backup.(*backup.Client), backup.ListBackupJobsInput{}))
	stub := stubJobs(func(*backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
		return &backup.ListBackupJobsOutput{}, nil
	})
	requireCount(t, 0, backupx.BackupJobs(stub, backupx.BackupJobFilter{}))
}

// A page that other pages of a parallel range got throttled is asked for again, with whatever status.
func TestAThrottlingWithTheStatusOfSuccessIsAskedForAgain(t *testing.T) {
	refuse := fakeaws.Fault{Nth: 6, Every: 9, Times: 2, Do: fakeaws.Body(`{"__type":"ThrottlingException","message":"Rate exceeded"}`)}
	all := spread(200, month, day)
	s := fakeaws.New(fakeaws.Data{BackupJobs: all}, fakeaws.WithFaults(refuse), fakeaws.WithLatency(5*time.Millisecond))
	jobs, err := at(s, day).BackupJobs(backupx.BackupJobFilter{}).PageSize(5).Parallel(4).Collect(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, lo.Map(all, jobID), lo.Map(jobs, jobID))
}
