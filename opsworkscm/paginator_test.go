package opsworkscm_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/opsworkscm"
)

func pageOf(ids string, token string) cannedReply {
	body := `{"Backups":[{"BackupId":"` + ids + `"}]}`
	if token != "" {
		body = strings.TrimSuffix(body, "}") + `,"NextToken":"` + token + `"}`
	}
	return cannedReply{status: 200, body: body}
}

func TestPaginatorReadsAllPages(t *testing.T) {
	transport := answers(pageOf("a", "t1"), cannedReply{status: 200, body: `{"Backups":[],"NextToken":"t2"}`}, pageOf("b", ""))
	in := &opsworkscm.DescribeBackupsInput{ServerName: aws.String("chef"), MaxResults: aws.Int32(2)}
	pages := opsworkscm.NewDescribeBackupsPaginator(opsworkscm.NewFromConfig(testConfig(t, transport)), in)

	var ids []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, b := range page.Backups {
			ids = append(ids, *b.BackupId)
		}
	}
	require.Equal(t, []string{"a", "b"}, ids)
	require.Equal(t, []string{
		`{"MaxResults":2,"ServerName":"chef"}`,
		`{"MaxResults":2,"NextToken":"t1","ServerName":"chef"}`,
		`{"MaxResults":2,"NextToken":"t2","ServerName":"chef"}`,
	}, canonical(t, transport.bodies))
	require.Equal(t, &opsworkscm.DescribeBackupsInput{ServerName: aws.String("chef"), MaxResults: aws.Int32(2)}, in)

	_, err := pages.NextPage(t.Context())
	require.EqualError(t, err, "no more pages available")
	require.Len(t, transport.sent, 3)
}

// canonical sorts the members of JSON objects.
func canonical(t *testing.T, bodies []string) []string {
	t.Helper()
	var out []string
	for _, body := range bodies {
		var v any
		require.NoError(t, json.Unmarshal([]byte(body), &v))
		b, err := json.Marshal(v)
		require.NoError(t, err)
		out = append(out, string(b))
	}
	return out
}

func TestPaginatorRequestsAFailedPageAgain(t *testing.T) {
	transport := answers(pageOf("a", "t1"), cannedReply{status: 400, body: `{"__type":"ValidationException"}`}, pageOf("b", ""))
	pages := opsworkscm.NewDescribeBackupsPaginator(opsworkscm.NewFromConfig(testConfig(t, transport)), nil)
	_, err := pages.NextPage(t.Context())
	require.NoError(t, err)
	_, err = pages.NextPage(t.Context())
	require.Error(t, err)
	require.True(t, pages.HasMorePages())
	page, err := pages.NextPage(t.Context())
	require.NoError(t, err)
	require.Equal(t, "b", *page.Backups[0].BackupId)
	require.False(t, pages.HasMorePages())
	require.Equal(t, []string{`{}`, `{"NextToken":"t1"}`, `{"NextToken":"t1"}`}, transport.bodies)
}

func TestPaginatorOptions(t *testing.T) {
	t.Run("the limit is sent as MaxResults", func(t *testing.T) {
		transport := answers(pageOf("a", ""))
		pages := opsworkscm.NewDescribeBackupsPaginator(opsworkscm.NewFromConfig(testConfig(t, transport)),
			&opsworkscm.DescribeBackupsInput{MaxResults: aws.Int32(2)},
			func(o *opsworkscm.DescribeBackupsPaginatorOptions) {
				require.Equal(t, int32(2), o.Limit)
				o.Limit = 7
			})
		_, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{`{"MaxResults":7}`}, transport.bodies)
	})
	t.Run("a repeated token ends the pages if the options say so", func(t *testing.T) {
		for _, stop := range []bool{false, true} {
			transport := answers(pageOf("a", "t"))
			pages := opsworkscm.NewDescribeBackupsPaginator(opsworkscm.NewFromConfig(testConfig(t, transport)), nil,
				func(o *opsworkscm.DescribeBackupsPaginatorOptions) { o.StopOnDuplicateToken = stop })
			for range 2 {
				_, err := pages.NextPage(t.Context())
				require.NoError(t, err)
			}
			require.Equal(t, !stop, pages.HasMorePages())
		}
	})
	t.Run("options of a call reach the client", func(t *testing.T) {
		transport := answers(pageOf("a", ""))
		pages := opsworkscm.NewDescribeBackupsPaginator(opsworkscm.NewFromConfig(testConfig(t, transport)), nil)
		_, err := pages.NextPage(t.Context(), func(o *opsworkscm.Options) { o.Region = "us-west-2" })
		require.NoError(t, err)
		require.Equal(t, "opsworks-cm.us-west-2.amazonaws.com", transport.sent[0].URL.Host)
	})
}

// The service sees in the user agent that a paginator made the request, as it does with the SDK's.
func TestPaginatorMarksTheUserAgent(t *testing.T) {
	own, hsm := answers(pageOf("a", "")), answers(pageOf("a", ""))
	_, err := opsworkscm.NewDescribeBackupsPaginator(opsworkscm.NewFromConfig(testConfig(t, own)), nil).NextPage(t.Context())
	require.NoError(t, err)
	_, err = cloudhsmv2.NewDescribeBackupsPaginator(cloudhsmv2.NewFromConfig(testConfig(t, hsm)), nil).NextPage(t.Context())
	require.NoError(t, err)
	features := func(transport *cannedTransport) string {
		agent := transport.sent[0].Header.Get("User-Agent")
		return agent[strings.LastIndex(agent, "m/"):]
	}
	require.Equal(t, features(hsm), features(own))
	require.Contains(t, features(own), "C") // the paginator feature
}

// stubClient is a client of the caller's own.
type stubClient struct {
	pages []*opsworkscm.DescribeBackupsOutput
}

func (s *stubClient) DescribeBackups(
	context.Context, *opsworkscm.DescribeBackupsInput, ...func(*opsworkscm.Options),
) (*opsworkscm.DescribeBackupsOutput, error) {
	page := s.pages[0]
	s.pages = s.pages[1:]
	return page, nil
}

func TestPaginatorTakesAnyClient(t *testing.T) {
	stub := &stubClient{pages: []*opsworkscm.DescribeBackupsOutput{{NextToken: aws.String("t")}, {NextToken: aws.String("")}}}
	pages := opsworkscm.NewDescribeBackupsPaginator(stub, nil)
	n := 0
	for ; pages.HasMorePages(); n++ {
		_, err := pages.NextPage(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, 2, n)
}
