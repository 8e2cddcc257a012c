package backupx_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// request is what a scripted fetch was asked for.
type request struct {
	Token string `json:"token"`
	Size  int    `json:"size"`
}

// script answers pages in order, whatever is asked, and notes what was.
type script struct {
	pages []struct {
		Items []string `json:"items"`
		Token string   `json:"token"`
		Error string   `json:"error"`
	}
	requests []request
}

func (s *script) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &s.pages) }

var errBoom = errors.New("boom")

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

// drain reads a range to its end, goes on after the error, and expects it to be the end.
func drain[T any](seq func(func(T, error) bool)) ([]T, error) {
	items := []T{}
	var err error
	for v, e := range seq {
		if err != nil {
			return items, errors.New("the range goes on after its error")
		}
		if err = e; e == nil {
			items = append(items, v)
		}
	}
	return items, err
}

func TestFirstSaysWhatItsListingWouldSay(t *testing.T) {
	l := newShelf("item", 3, 2).list()
	for _, wrong := range []backupx.Listing[string]{l.Limit(0), l.Parallel(0), l.Prefetch(-1)} {
		_, ok, err := wrong.First(t.Context())
		require.Error(t, err)
		require.False(t, ok)
	}
	fleet := backupx.Fleet{{Name: "bad"}, {Name: "good"}}
	sources := []backupx.Listing[string]{(&shelf{fails: 1, size: 1}).list(), l}
	first, ok, err := backupx.Across(fleet, func(backupx.Client) backupx.Listing[string] {
		next := sources[0]
		sources = sources[1:]
		return next
	}).First(t.Context())

	require.Equal(t, backupx.Sourced[string]{Source: "good", Item: "item-000"}, first)
	require.True(t, ok)
	require.ErrorIs(t, err, errBoom)
}

func TestFirstHonoursNoSettingThatItsListingCannot(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{HSM: runs(), BackupJobs: dense()})
	_, _, err := clientOf(s).HSMBackups(backupx.HSMFilter{}).Every(time.Hour).First(t.Context())
	require.ErrorContains(t, err, "Every: DescribeBackups has no filter on creation times")
	_, _, err = clientOf(s).BackupJobs(backupx.BackupJobFilter{}).Every(time.Hour).StartAt("token").First(t.Context())
	require.ErrorContains(t, err, "StartAt")
	require.Zero(t, s.RequestCount())
}

func TestSettingsAreCheckedWhereNothingIsRead(t *testing.T) {
	client := clientOf(fakeaws.New(fakeaws.Data{}))
	_, err := client.BackupJobs(backupx.BackupJobFilter{}.States()).PageSize(5000).Count(t.Context())
	require.ErrorContains(t, err, "PageSize: 5000: the service gives 1000 at most")
	_, err = client.HSMBackups(backupx.HSMFilter{}.States()).Every(time.Hour).Count(t.Context())
	require.ErrorContains(t, err, "Every: DescribeBackups has no filter on creation times")
}
