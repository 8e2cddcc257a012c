package backupx_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

func withBody(body func() io.ReadCloser, length int64) aws.HTTPClient {
	return answering(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body(), ContentLength: length, Request: r}, nil
	})
}

// bodies are response bodies without a page.
func bodies() map[string]func() io.ReadCloser {
	text := func(s string) func() io.ReadCloser {
		return func() io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
	}
	return map[string]func() io.ReadCloser{
		"no body":  func() io.ReadCloser { return nil },
		"NoBody":   func() io.ReadCloser { return http.NoBody },
		"empty":    text(""),
		"blank":    text(" \r\n\t "),
		"one byte": func() io.ReadCloser { return io.NopCloser(io.MultiReader(bytes.NewReader([]byte{' '}))) },
	}
}

func TestASuccessWithoutAPageIsAnError(t *testing.T) {
	for name, body := range bodies() {
		for _, length := range []int64{0, -1, 5} {
			cfg := fakeaws.New(fakeaws.Data{}).Config()
			cfg.HTTPClient = withBody(body, length)
			client := backupx.New(cfg)
			for op, err := range map[string]error{
				"HSMBackups":      errOf(t, client.HSMBackups(backupx.HSMFilter{})),
				"OpsWorksBackups": errOf(t, client.OpsWorksBackups(backupx.OpsWorksFilter{})),
				"BackupJobs":      errOf(t, client.BackupJobs(backupx.BackupJobFilter{})),
				"CopyJobs":        errOf(t, client.CopyJobs(backupx.CopyJobFilter{})),
			} {
				require.ErrorContains(t, err, ": page 1: ", "%s of %s, length %d, looks complete", name, op, length)
			}
		}
	}
}

func TestABodyOfNullIsNoPage(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{}, fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.Body(" null ")}))
	_, err := clientOf(s).HSMBackups(backupx.HSMFilter{}).Count(t.Context())
	require.ErrorContains(t, err, "empty body")
}

func TestABodyOfUnknownLengthIsRead(t *testing.T) {
	cfg := fakeaws.New(fakeaws.Data{}).Config()
	cfg.HTTPClient = withBody(func() io.ReadCloser {
		return io.NopCloser(strings.NewReader(` {"Backups":[{"BackupId":"b"}],"BackupJobs":[{"BackupJobId":"j"}],"CopyJobs":[{"CopyJobId":"c"}]} `))
	}, 0)
	client := backupx.New(cfg)
	requireCount(t, 1, client.HSMBackups(backupx.HSMFilter{}))
	requireCount(t, 1, client.OpsWorksBackups(backupx.OpsWorksFilter{}))
	requireCount(t, 1, client.BackupJobs(backupx.BackupJobFilter{}))
	requireCount(t, 1, client.CopyJobs(backupx.CopyJobFilter{}))
}

func TestAnEmptyBodyInTheMiddleComesAfterTheItemsBefore(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: dense()}, fakeaws.WithFaults(fakeaws.Fault{Nth: 3, Do: fakeaws.EmptyBody()}))
	listing := clientOf(s).BackupJobs(backupx.BackupJobFilter{}).PageSize(10)
	first, err := drain(listing.All(t.Context()))
	require.EqualError(t, err, "backupx: ListBackupJobs: page 3: the service answered with an empty body where a page is owed")
	require.Len(t, first, 20)
	var list *backupx.ListError
	require.ErrorAs(t, err, &list)
	cursor, err := listing.Resume(list.Checkpoint)
	require.NoError(t, err)
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	require.Len(t, append(first, rest...), len(dense()))
}

// copying returns copies of the outputs, as a wrapper may.
type copying struct{ *backup.Client }

func (c copying) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	out, err := c.Client.ListBackupJobs(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	return &backup.ListBackupJobsOutput{BackupJobs: out.BackupJobs, NextToken: out.NextToken}, nil
}

func TestAnEmptyBodyIsSeenBehindAWrapper(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: dense()}, fakeaws.WithFaults(fakeaws.Fault{Nth: 2, Every: 1, Do: fakeaws.EmptyBody()}))
	jobs, err := backupx.BackupJobs(copying{backup.NewFromConfig(s.Config())}, backupx.BackupJobFilter{}).PageSize(10).Collect(t.Context())
	require.ErrorContains(t, err, "empty body")
	require.Len(t, jobs, 10)
}

// hedged sends each request twice and returns the first answer.
type hedged struct{ *backup.Client }

func (h hedged) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	type answer struct {
		out *backup.ListBackupJobsOutput
		err error
	}
	answers := make(chan answer, 2)
	var calls sync.WaitGroup
	defer calls.Wait()
	for range 2 {
		calls.Go(func() {
			out, err := h.Client.ListBackupJobs(ctx, in, opts...)
			answers <- answer{out, err}
		})
	}
	first := <-answers
	return first.out, first.err
}

func TestAClientMayMakeSeveralCallsForAPage(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{BackupJobs: dense()})
	client := hedged{backup.NewFromConfig(s.Config())}
	requireCount(t, len(dense()), backupx.BackupJobs(client, backupx.BackupJobFilter{}).PageSize(3))

	empty := fakeaws.New(fakeaws.Data{BackupJobs: dense()}, fakeaws.WithFaults(fakeaws.Fault{Nth: 5, Every: 1, Do: fakeaws.EmptyBody()}))
	client = hedged{backup.NewFromConfig(empty.Config())}
	_, err := backupx.BackupJobs(client, backupx.BackupJobFilter{}).PageSize(3).Count(t.Context())
	require.ErrorContains(t, err, "empty body")
}

func TestStubsAndFromOperationMayAnswerWithEmptyBodies(t *testing.T) {
	stub := stubJobs(func(*backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) {
		return &backup.ListBackupJobsOutput{}, nil
	})
	requireCount(t, 0, backupx.BackupJobs(stub, backupx.BackupJobFilter{}))

	cfg := fakeaws.New(fakeaws.Data{}).Config()
	cfg.HTTPClient = withBody(func() io.ReadCloser { return http.NoBody }, 0)
	requireCount(t, 0, jobsByOperation(backup.NewFromConfig(cfg), backup.ListBackupJobsInput{}))
}

func TestAStubThatReturnsNothingIsAnError(t *testing.T) {
	stub := stubJobs(func(*backup.ListBackupJobsInput) (*backup.ListBackupJobsOutput, error) { return nil, nil })
	require.EqualError(t, errOf(t, backupx.BackupJobs(stub, backupx.BackupJobFilter{})),
		"backupx: ListBackupJobs: page 1: the client returned neither an output nor an error")
}
