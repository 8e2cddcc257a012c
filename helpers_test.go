package backupx_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// day is when the tests' data end.
var day = time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)

// numbers are n items: prefix-000, prefix-001, ….
func numbers(prefix string, n int) []string {
	return lo.Times(n, func(i int) string { return fmt.Sprintf("%s-%03d", prefix, i) })
}

// shelf is a paged API over items that stay as they are.
type shelf struct {
	items []string
	size  int // items a page, at most
	fails int // the request that fails, from 1; 0 for none

	mu       sync.Mutex
	requests []request
}

func newShelf(prefix string, n, size int) *shelf {
	return &shelf{items: numbers(prefix, n), size: size}
}

const shelfToken = "shelf-token-"

func (s *shelf) fetch(_ context.Context, token string, size int) (backupx.Page[string], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request{token, size})
	if len(s.requests) == s.fails {
		return backupx.Page[string]{}, errBoom
	}
	start := 0
	if token != "" {
		start = lo.Must(strconv.Atoi(strings.TrimPrefix(token, shelfToken)))
	}
	end := start + s.size
	if size > 0 {
		end = min(end, start+size)
	}
	if end >= len(s.items) {
		return backupx.Page[string]{Items: s.items[start:]}, nil
	}
	return backupx.Page[string]{Items: s.items[start:end], Next: shelfToken + strconv.Itoa(end)}, nil
}

func (s *shelf) list() backupx.Listing[string] { return backupx.List("ListThings", s.fetch) }

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// take reads n items and breaks.
func take[T any](t testing.TB, seq iter.Seq2[T, error], n int) []T {
	t.Helper()
	items := []T{}
	if n == 0 {
		return items
	}
	for v, err := range seq {
		require.NoError(t, err)
		if items = append(items, v); len(items) == n {
			break
		}
	}
	require.Len(t, items, n)
	return items
}

// throughText stores a checkpoint as text within JSON, as a program does, and reads it back.
func throughText(t testing.TB, cp backupx.Checkpoint) backupx.Checkpoint {
	t.Helper()
	text, err := cp.MarshalText()
	require.NoError(t, err)
	stored, err := json.Marshal(map[string]any{"at": cp, "text": string(text)})
	require.NoError(t, err)
	var read struct {
		At   backupx.Checkpoint `json:"at"`
		Text string             `json:"text"`
	}
	require.NoError(t, json.Unmarshal(stored, &read))
	var same backupx.Checkpoint
	require.NoError(t, same.UnmarshalText([]byte(read.Text)))
	require.Equal(t, same, read.At, "a checkpoint in JSON is its text")
	return same
}

// clientOf is a client of a service in the same process.
func clientOf(s *fakeaws.Service) backupx.Client { return backupx.New(s.Config()) }

// asked are the parameters of each request that the service was sent, the token and the size aside.
func asked(s *fakeaws.Service) []map[string]string {
	return lo.Map(s.Requests(), func(r fakeaws.Request, _ int) map[string]string {
		out := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
			if !slices.Contains([]string{"nextToken", "NextToken", "maxResults", "MaxResults"}, name) {
				out[name] = strings.Join(r.Parameters[name], "|")
			}
		}
		return out
	})
}

// anyToken is the fetch of a shelf that answers foreign tokens as a service does.
func anyToken(s *shelf) backupx.Fetch[string] {
	return func(ctx context.Context, token string, size int) (backupx.Page[string], error) {
		at, err := strconv.Atoi(strings.TrimPrefix(token, shelfToken))
		if token != "" && (err != nil || at < 0 || at > len(s.items)) {
			return backupx.Page[string]{}, errBoom
		}
		return s.fetch(ctx, token, size)
	}
}

// sumOf is the checksum at the end of a checkpoint's text.
func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
