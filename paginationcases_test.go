package backupx_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// script answers pages in order, whatever the request, and records the requests.
type script struct {
	pages []struct {
		Items []string `json:"items"`
		Token string   `json:"token"`
		Error string   `json:"error"`
	}
	requests []request
}

func (s *script) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &s.pages) }

func (s *script) fetch(_ context.Context, token string, size int) (backupx.Page[string], error) {
	p := s.pages[len(s.requests)]
	s.requests = append(s.requests, request{token, size})
	if p.Error != "" {
		return backupx.Page[string]{}, errBoom
	}
	return backupx.Page[string]{Items: p.Items, Next: p.Token}, nil
}

type cliToken struct {
	NextToken *string `json:"NextToken"`
	Truncate  int     `json:"boto_truncate_amount,omitempty"`
}

type pagingCase struct {
	Name    string `json:"name"`
	Pages   script `json:"pages"`
	Listing struct {
		PageSize *int            `json:"pageSize"`
		Limit    *int            `json:"limit"`
		StartAt  *string         `json:"startAt"`
		CLIStart json.RawMessage `json:"cliStart"`
		Where    string          `json:"where"`
	} `json:"listing"`
	Expect struct {
		Items    []string        `json:"items"`
		Requests []request       `json:"requests"`
		Error    string          `json:"error"`
		Pages    int             `json:"pages"`
		CLIToken json.RawMessage `json:"cliToken"`
		Resume   *cliToken       `json:"resume"`
	} `json:"expect"`
}

func (c *pagingCase) listing() backupx.Listing[string] {
	l := backupx.List("ListThings", c.Pages.fetch)
	if n := c.Listing.PageSize; n != nil {
		l = l.PageSize(*n)
	}
	if n := c.Listing.Limit; n != nil {
		l = l.Limit(*n)
	}
	if t := c.Listing.StartAt; t != nil {
		l = l.StartAt(*t)
	}
	if t := c.Listing.CLIStart; t != nil {
		l = l.StartAtCLI(base64.StdEncoding.EncodeToString(t))
	}
	if keep := strings.Fields(c.Listing.Where); len(keep) > 0 {
		l = l.Where(func(s string) bool { return strings.Contains(c.Listing.Where, s) })
	}
	return l
}

func pagingCases(t *testing.T) []*pagingCase {
	t.Helper()
	b, err := os.ReadFile("testdata/pagination-cases.json")
	require.NoError(t, err)
	var file struct {
		Cases []*pagingCase `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(b, &file))
	require.NotEmpty(t, file.Cases)
	return file.Cases
}

func TestPaginationCases(t *testing.T) {
	for _, c := range pagingCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			cursor := c.listing().Cursor()
			items, err := drain(cursor.All(t.Context()))

			require.Equal(t, c.Expect.Items, items)
			require.Equal(t, c.Expect.Requests, append([]request{}, c.Pages.requests...))
			requireCaseError(t, c, err)
			if c.Expect.CLIToken != nil {
				requireCLIToken(t, c.Expect.CLIToken, cursor.Checkpoint())
			}
		})
	}
}

func TestPaginationCasesByPage(t *testing.T) {
	for _, c := range pagingCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			items, pages := []string{}, 0
			var err error
			for p, e := range c.listing().Pages(t.Context()) {
				if e != nil {
					err = e
					continue
				}
				pages++
				require.Equal(t, pages, p.Number)
				items = append(items, p.Items...)
			}

			require.Equal(t, c.Expect.Items, items)
			require.Equal(t, c.Expect.Requests, append([]request{}, c.Pages.requests...))
			requireCaseError(t, c, err)
			if c.Expect.Pages > 0 {
				require.Equal(t, c.Expect.Pages, pages)
			}
		})
	}
}

func requireCaseError(t *testing.T, c *pagingCase, err error) {
	t.Helper()
	var list *backupx.ListError
	if c.Expect.Error == "" {
		require.NoError(t, err)
		return
	}
	require.ErrorAs(t, err, &list)
	require.Equal(t, "ListThings", list.Operation)
	require.Equal(t, len(c.Expect.Items), list.Delivered)
	switch c.Expect.Error {
	case "invalid":
		require.Zero(t, list.Page)
	case "boom":
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, len(c.Expect.Requests), list.Page)
	case "ErrTokenLoop":
		require.ErrorIs(t, err, backupx.ErrTokenLoop)
		_, err := c.listing().Resume(list.Checkpoint)
		require.ErrorIs(t, err, backupx.ErrCheckpoint)
	}
	if c.Expect.Resume != nil {
		want, err := json.Marshal(c.Expect.Resume)
		require.NoError(t, err)
		requireCLIToken(t, want, list.Checkpoint)
	}
}

func requireCLIToken(t *testing.T, want json.RawMessage, cp backupx.Checkpoint) {
	t.Helper()
	token, err := cp.CLIToken()
	require.NoError(t, err)
	if string(want) == "null" {
		require.Empty(t, token)
		require.True(t, cp.Done())
		return
	}
	got, err := base64.StdEncoding.DecodeString(token)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))
}
