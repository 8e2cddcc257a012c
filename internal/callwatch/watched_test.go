package callwatch

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"
)

func asIs(s string) string { return s }

// watched returns a body that was read to its end.
func watched(t *testing.T, status int, body string) *watchedBody {
	t.Helper()
	resp := &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}}
	b := &watchedBody{source: resp.Body, response: resp, scanner: scanner{shape: Shape{List: "Items", Token: "Token"}}}
	for _, err := b.Read(make([]byte, 3)); !errors.Is(err, io.EOF); _, err = b.Read(make([]byte, 3)) {
		require.NoError(t, err)
	}
	return b
}

func TestWhatABodyIs(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":1,"b":2,"c":3,"d":4}`:             `a JSON object with "a", "b", "c", "d" instead of "Items"`,
		`{"a":1,"b":2,"c":3,"d":4,"e":5}`:       `a JSON object with "a", "b", "c", "d", … instead of "Items"`,
		`{"a":1} {}`:                            `a JSON object with "a" instead of "Items"`,
		`{} {"a":1}`:                            "more than a JSON object",
		`{"` + strings.Repeat("é", 40) + `":1}`: `a JSON object with "` + strings.Repeat("é", 40) + `" instead of "Items"`,
		`{"` + strings.Repeat("é", 41) + `":1}`: `a JSON object with "` + strings.Repeat("é", 40) + `…" instead of "Items"`,
		`[]`:                                    "a JSON array",
		`"a"`:                                   "a JSON string",
		`0`:                                     "no JSON object",
		`9`:                                     "no JSON object",
		`-1`:                                    "no JSON object",
	} {
		require.Equal(t, want, watched(t, 200, body).content(), body)
	}
	for _, body := range []string{"/", ":", "<html>", "{", "o"} {
		require.Empty(t, watched(t, 200, body).otherJSON(), body)
	}
	for body, want := range map[string]bool{"": true, "null": true, " null\n": true, "nu": false, "nulls": false, "0": false} {
		require.Equal(t, want, watched(t, 200, body).holdsNothing(), body)
	}
}

func TestWhetherABodyIsAPage(t *testing.T) {
	for body, want := range map[string]string{
		"":     ErrEmptyBody.Error(),
		" \n ": ErrEmptyBody.Error(),
		"null": ErrEmptyBody.Error(),
		"{}":   "", `{"Items":[]}`: "", `{"Token":"t"}`: "",
		`{"a":1}`: `the service answered with status 200 and a JSON object with "a" instead of "Items" where a page is owed`,
		`{}{}`:    "the service answered with status 200 and more than a JSON object where a page is owed",
	} {
		b := watched(t, 200, body)
		for range 2 { // it can be asked again
			if err := b.failure(false, asIs); want == "" {
				require.NoError(t, err, body)
			} else {
				require.EqualError(t, err, want, body)
			}
		}
		if strings.HasPrefix(body, "{") {
			require.NoError(t, b.failure(true, asIs), "the output has items: %s", body)
		}
	}
	unread := &watchedBody{response: &smithyhttp.Response{Response: &http.Response{Header: http.Header{}}}}
	require.NoError(t, unread.failure(false, asIs), "a body that was not read may have content")
}

// An error of the client keeps its cause, and has the service's error once. Other errors stay as they are.
func TestWhatAnErrorOfTheClientWraps(t *testing.T) {
	cause := errors.New("cannot decode")
	require.Equal(t, cause, watched(t, 200, `{"Items":1}`).explain(cause, asIs))
	require.Equal(t, cause, watched(t, 400, `["no"]`).explain(cause, asIs))
	b := watched(t, 204, `["no"]`)
	for range 2 {
		require.ErrorIs(t, b.explain(cause, asIs), cause)
		require.EqualError(t, b.explain(cause, asIs), "the service answered with status 204 and a JSON array where a page is owed")
	}
	var response *smithyhttp.ResponseError
	require.False(t, errors.As(b.explain(cause, asIs), &response), "the client's error has the response")
	require.ErrorAs(t, b.noPage(nil, asIs), &response)

	b.response.Header.Set("X-Amzn-Errortype", " a#Denied:http://x ")
	var api smithy.APIError
	for _, cause := range []error{cause, nil} {
		err := b.noPage(cause, asIs)
		require.ErrorAs(t, err, &api)
		require.Equal(t, "Denied", api.ErrorCode())
	}
	require.ErrorIs(t, b.noPage(cause, asIs), cause)
}

// A panic of the decoder becomes an error, one before any response stays a panic.
func TestGuardRecoversPanicsOfTheDecoderOnly(t *testing.T) {
	w := &Watch{}
	decode := func() (int, error) { panic("NaN") }
	require.PanicsWithValue(t, "NaN", func() { _, _ = Guard(w, decode) })
	w.last.Store(&watchedBody{})
	_, err := Guard(w, decode)
	require.EqualError(t, err, "the SDK cannot decode the response: NaN")
	n, err := Guard(w, func() (int, error) { return 7, io.EOF })
	require.Equal(t, 7, n)
	require.Equal(t, io.EOF, err)
}

func TestOnlyAResponseIsWatched(t *testing.T) {
	w, md := &Watch{}, middleware.Metadata{}
	s := &step{Watch: w}
	for _, raw := range []any{nil, "x", (*smithyhttp.Response)(nil), &smithyhttp.Response{}} {
		s.watch(raw, &md)
		require.Nil(t, w.last.Load(), "%#v", raw)
	}
	resp := &smithyhttp.Response{Response: &http.Response{}}
	s.watch(resp, &md)
	require.NotNil(t, w.last.Load())
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Empty(t, body)
	require.Equal(t, ErrEmptyBody, w.Failure(md, false, asIs))
}
