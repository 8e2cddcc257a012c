package backupx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// FuzzCheckpointText requires that no text causes a panic, that a checkpoint which was read is written
// unchanged, and that resuming from it comes to an end, with or without an error.
func FuzzCheckpointText(f *testing.F) {
	f.Add([]byte(`{"id":{"op":"ListThings"},"opened":true,"chains":{"":{"token":"c2hlbGYtdG9rZW4tMg==","skip":1,"pages":1}}}`), true)
	f.Add([]byte(`{"id":{"op":"ListThings"},"opened":true,"done":true,"chains":{"":{"done":true}}}`), true)
	f.Add([]byte(`{"id":{"op":"ListThings"},"opened":true,"chains":{"":{"skip":9223372036854775807,"pages":9223372036854775807,"loop":false,"seen":"AAAAAAAAAAA=","last":"AAAAAAAAAAA="}}}`), true)
	f.Add([]byte(`{"id":{"op":"ListThings"},"opened":true,"chains":{"":{"skip":-1}}}`), true)
	f.Add([]byte(`{"id":{"op":"ListThings"},"opened":false,"chains":{"x":{}},"seen":{"":"AAAAAAAAAAA="}}`), true)
	f.Add([]byte(`{"id":{"op":"ListThings","filter":{}},"chains":null}`), true)
	for _, id := range []string{
		`{"op":"Across","parts":[{"op":"ListThings","sources":["a","b"],"scopes":["","x"]}],"read":"AAAAAAAAAAAAAAAAAAAAAAAAAAA="}`,
		`{"op":"Across","parts":[{"op":"ListThings","source":"a"},{"source":"b","hash":"AAAAAAAAAAA="}],"done":"AAAAAAAAAAA="}`,
		`{"op":"Concat","parts":[{"op":"Across","parts":[{"op":"ListThings","sources":["a","b"]}]},{"op":"ListThings"}]}`,
		`{"op":"backup:ListBackupJobs","filter":{"states":["FAILED"]}}`,
		`{"op":"backup:ListBackupJobs","filter":{}}`,
		`{"op":"ListThings","input":"00","shown":{"a":1}}`,
	} {
		f.Add([]byte(`{"id":`+id+`,"opened":true,"chains":{"a/":{},"0/a/":{"done":true},"1/":{},"":{}}}`), true)
		f.Add([]byte(`{"id":`+id+`,"opened":true,"windows":{"created=":["2026-03-01T00:00:00Z..","..2026-03-01T00:00:00Z"]}}`), true)
		f.Add([]byte(`{"id":`+id+`,"opened":true,"done":true}`), true)
	}
	f.Add([]byte(`null`), true)
	f.Add([]byte(`{}{}`), true)
	f.Add([]byte(`backupx1.e30.00`), false)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, text []byte, payload bool) {
		if payload {
			text = checksummed(t, text)
		}
		var cp backupx.Checkpoint
		if err := cp.UnmarshalText(text); err != nil {
			require.ErrorIs(t, err, backupx.ErrCheckpoint)
			return
		}
		again := throughText(t, cp)
		require.Equal(t, cp.Done(), again.Done())
		require.Equal(t, textOf(t, cp), textOf(t, again))
		_, _ = cp.CLIToken()
		_ = cp.Filter(new(backupx.BackupJobFilter))
		resumeFuzzed(t, cp)
	})
}

// anyToken is the fetch of a shelf that refuses foreign tokens, as a service does.
func anyToken(s *shelf) backupx.Fetch[string] {
	return func(ctx context.Context, token string, size int) (backupx.Page[string], error) {
		at, err := strconv.Atoi(strings.TrimPrefix(token, shelfToken))
		if token != "" && (err != nil || at < 0 || at > len(s.items)) {
			return backupx.Page[string]{}, errBoom
		}
		return s.fetch(ctx, token, size)
	}
}

// resumeFuzzed resumes listings from a checkpoint that may be another's.
func resumeFuzzed(t *testing.T, cp backupx.Checkpoint) {
	s := newShelf("a", 5, 2)
	things := backupx.List("ListThings", anyToken(s))
	fleet := fleetOf(map[string]backupx.Listing[string]{"a": things, "b": things.Scope("x")}, nil)
	jobs := backupx.Map(backupx.BackupJobs(newStore(), backupx.BackupJobFilter{}), idOf)
	for l, most := range map[*backupx.Listing[string]]int{
		&things: 5, &fleet: 10, lo.ToPtr(backupx.Concat(fleet, things)): 15, &jobs: 24, lo.ToPtr(jobs.Parallel(2)): 24,
	} {
		cursor, err := l.Resume(cp)
		if err != nil {
			require.ErrorIs(t, err, backupx.ErrCheckpoint)
			continue
		}
		items, err := drain(cursor.All(t.Context()))
		require.LessOrEqual(t, len(items), most)
		var list *backupx.ListError
		if err != nil && !errors.As(err, &list) {
			require.NoError(t, err)
		}
		_, err = l.Resume(throughText(t, cursor.Checkpoint()))
		if err != nil {
			require.ErrorIs(t, err, backupx.ErrCheckpoint)
		}
	}
}

// FuzzCLIToken requires that no token causes a panic, and that a listing which starts at a valid token ends.
func FuzzCLIToken(f *testing.F) {
	for _, token := range []string{
		"", cli(`{"NextToken": "shelf-token-2", "boto_truncate_amount": 1}`), cli(`{"NextToken": null}`), cli(`{}`), cli(`null`), cli(`[]`),
		cli(`{"NextToken": 1}`), cli(`{"NextToken": "x", "boto_truncate_amount": 9223372036854775807}`), cli(`{"NextToken":"a","NextToken":"b"}`), "!", "e30",
	} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		s := newShelf("a", 5, 2)
		listing := backupx.List("ListThings", anyToken(s)).StartAtCLI(token)
		cursor := listing.Cursor()
		items, err := drain(cursor.All(t.Context()))
		require.LessOrEqual(t, len(items), len(s.items))
		if err != nil {
			require.True(t, errors.Is(err, backupx.ErrCheckpoint) || errors.Is(err, errBoom), err)
			if errors.Is(err, backupx.ErrCheckpoint) {
				require.Zero(t, s.count(), "nothing is sent")
			}
			return
		}
		again, err := cursor.Checkpoint().CLIToken()
		require.NoError(t, err)
		require.Empty(t, again, "it was read to the end")
	})
}

// response answers each request with the same response.
func response(status int, errorType string, body []byte) answering {
	return func(r *http.Request) (*http.Response, error) {
		header := http.Header{"Content-Type": {"application/json"}}
		if errorType != "" {
			header["X-Amzn-Errortype"] = []string{errorType}
		}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
	}
}

// FuzzResponse requires, for every listing operation, that no response causes a panic, that the listing ends,
// and that it ends without an error only if the response was complete JSON.
func FuzzResponse(f *testing.F) {
	for _, body := range []string{
		"", " ", "\x00", "null", "{}", "[]", `""`, `{"Backups":[{"BackupId":"a"}],"BackupJobs":[{"BackupJobId":"a"}],"CopyJobs":[{"CopyJobId":"a"}]}`,
		`{"NextToken":"t"}`, `{"NextToken":""}`, `{"NextToken":null}`, `{"NextToken":1}`, `{"Backups":[null],"BackupJobs":[null],"CopyJobs":[null]}`,
		`{"Backups":{},"BackupJobs":{},"CopyJobs":{}}`, `{"BackupJobs":[{"CreationDate":1e400}]}`, `{"BackupJobs":[{"CreationDate":"x"}]}`,
		`{"Backups":[{"CreateTimestamp":-1e18,"NeverExpires":"yes"}]}`, `{"Backups":[{"BackupId":`, `{"message":"no"}`, `{"Code":"ERROR_1"}`, `{"__type":"a#b:c"}`,
	} {
		for operation := range uint8(4) {
			f.Add(operation, 200, "", []byte(body))
			f.Add(operation, 204+int(operation)*100, "", []byte(body))
			f.Add(operation, 403, "AccessDeniedException:http://x", []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, operation uint8, status int, errorType string, body []byte) {
		if status < 200 || status > 599 {
			t.Skip("net/http makes no such response")
		}
		cfg := fakeaws.New(fakeaws.Data{}).Config()
		cfg.HTTPClient = response(status, errorType, body)
		cfg.RetryMaxAttempts = 1
		err := listAny(t, backupx.New(cfg), operation)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "backupx: "), err.Error())
			return
		}
		require.Less(t, status, 300)
		requireAPage(t, body)
	})
}

// listAny reads one of the four listings to its end.
func listAny(t *testing.T, client backupx.Client, operation uint8) (err error) {
	switch operation % 4 {
	case 0:
		_, err = drain(client.HSMBackups(backupx.HSMFilter{}.States("READY", "DELETED").HasTag("a")).All(t.Context()))
	case 1:
		_, err = drain(client.OpsWorksBackups(backupx.OpsWorksFilter{}.Types("MANUAL")).All(t.Context()))
	case 2:
		_, err = drain(client.BackupJobs(backupx.BackupJobFilter{}.States("CREATED", "FAILED").CompletedWithIssues().TopLevel()).All(t.Context()))
		if err == nil {
			_, err = drain(client.BackupJobs(backupx.BackupJobFilter{}.States("CREATED", "FAILED").CreatedBetween(day, day.Add(1))).All(t.Context()))
		}
	default:
		_, err = drain(client.CopyJobs(backupx.CopyJobFilter{}.TopLevel()).All(t.Context()))
	}
	return err
}

// requireAPage requires a body that starts with a complete JSON value.
func requireAPage(t *testing.T, body []byte) {
	t.Helper()
	require.NotEmpty(t, bytes.TrimSpace(body), "an empty body looks like the end")
	var page json.RawMessage
	require.NoError(t, json.NewDecoder(bytes.NewReader(body)).Decode(&page), "%q", body)
}

// FuzzFilterJSON requires that no JSON causes a panic, and that a filter which was read and written is the
// same when it is read again.
func FuzzFilterJSON(f *testing.F) {
	for _, text := range []string{
		`{}`, `null`, `{"states":["FAILED"],"topLevel":true}`, `{"states":[]}`, `{"tags":{"a":null,"b":["c"],"d":[]}}`, `{"tags":{}}`,
		`{"createdAfter":"2026-03-14T00:00:00Z","createdTo":"0001-01-01T00:00:00Z"}`, `{"shared":true,"neverExpires":["true","false"]}`, `{"neverExpires":["no"]}`,
		`{"messageCategories":["a","A"]}`, `{"createdBefore":"9999-12-31T23:59:59.999999999+23:59"}`, `{"states":["\ud800"]}`, `{"ids":["a","a"]} `, `{"plans":["p"],"sourceBackupJobs":["b"],"ids":[" "]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fuzzFilter[backupx.BackupJobFilter](t, text)
		fuzzFilter[backupx.CopyJobFilter](t, text)
		fuzzFilter[backupx.HSMFilter](t, text)
		fuzzFilter[backupx.OpsWorksFilter](t, text)
	})
}

func fuzzFilter[F interface {
	json.Marshaler
	String() string
	Validate() error
	Explain() backupx.Explanation
}, P interface {
	*F
	json.Unmarshaler
}](t *testing.T, text []byte) {
	var f, again F
	if err := P(&f).UnmarshalJSON(text); err != nil {
		require.ErrorIs(t, err, backupx.ErrFilter)
		return
	}
	_ = f.Explain().String()
	written, err := f.MarshalJSON()
	if err != nil {
		require.Error(t, f.Validate(), "what cannot be written is not valid")
		return
	}
	require.NoError(t, P(&again).UnmarshalJSON(written), "%s", written)
	require.Equal(t, f.String(), again.String())
	rewritten, err := again.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, string(written), string(rewritten))
}
