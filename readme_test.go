package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"go/format"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// The code of README.md and of docs is in the functions below, word for word, so that it is compiled
// and run: TestDocumentedCode holds the two together. Whole files are run as they are.

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

func TestDocumentedCode(t *testing.T) {
	var sources []string
	for _, file := range []string{"readme_test.go", "restorejobs_test.go"} {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		sources = append(sources, flat(string(b)))
	}
	for _, file := range []string{"README.md", "docs/adding-an-operation.md"} {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		blocks := goBlock.FindAllStringSubmatch(string(b), -1)
		require.NotEmpty(t, blocks, file)
		for _, block := range blocks {
			formatted, err := format.Source([]byte(block[1]))
			require.NoError(t, err, "%s", block[1])
			require.Equal(t, string(formatted), block[1], "%s: gofmt", file)
			if strings.HasPrefix(block[1], "package ") {
				continue // a whole file: TestTheFirstOfflineTest runs it
			}
			found := lo.SomeBy(sources, func(s string) bool { return strings.Contains(s, flat(block[1])) })
			require.True(t, found, "%s has code that no test compiles:\n%s", file, block[1])
		}
	}
}

// flat is code without its indentation.
func flat(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	return strings.Join(lo.Map(lines, func(l string, _ int) string { return strings.TrimSpace(l) }), "\n")
}

// guide is the data of the examples in README.md.
func guide() (context.Context, backupx.Client, time.Time) {
	at := func(hours int) *time.Time { return aws.Time(day.Add(-time.Duration(hours) * time.Hour)) }
	job := func(id string, state types.BackupJobState, hours int) types.BackupJob {
		return types.BackupJob{
			BackupJobId: aws.String(id), State: state, CreationDate: at(hours), MessageCategory: aws.String("AccessDenied"),
			ResourceArn: aws.String("arn:aws:ec2:us-east-1:111122223333:volume/vol-" + id), ResourceType: aws.String("EBS"),
		}
	}
	svc := fakeaws.New(fakeaws.Data{
		BackupJobs: []types.BackupJob{
			job("a", types.BackupJobStateFailed, 3), job("b", types.BackupJobStateCompleted, 5),
			job("c", types.BackupJobStateAborted, 9), job("d", types.BackupJobStateFailed, 90),
		},
		HSM: []hsmtypes.Backup{
			{BackupId: aws.String("backup-aaaaaaaaaaa"), BackupState: hsmtypes.BackupStatePendingDeletion, CreateTimestamp: at(50), DeleteTimestamp: aws.Time(day.Add(time.Hour))},
			{BackupId: aws.String("backup-bbbbbbbbbbb"), BackupState: hsmtypes.BackupStateReady, CreateTimestamp: at(60)},
		},
	}, fakeaws.WithClock(func() time.Time { return day }))
	client := backupx.New(svc.Config())
	client.Now = func() time.Time { return day }
	return context.Background(), client, day.AddDate(0, 0, -1)
}

// With the SDK alone.
func Example_readmeLoop() {
	ctx, client, yesterday := guide()
	err := func(client backup.ListBackupJobsAPIClient) error {
		for _, state := range []types.BackupJobState{types.BackupJobStateFailed, types.BackupJobStateAborted} {
			pages := backup.NewListBackupJobsPaginator(client, &backup.ListBackupJobsInput{
				ByState:        state,
				ByCreatedAfter: aws.Time(yesterday),
			})
			for pages.HasMorePages() {
				page, err := pages.NextPage(ctx)
				if err != nil {
					return err // and start again from the first page
				}
				for _, job := range page.BackupJobs {
					fmt.Println(*job.BackupJobId, *job.ResourceArn)
				}
			}
		}
		return nil
	}(client.Backup)
	fmt.Println(err)
	// Output:
	// a arn:aws:ec2:us-east-1:111122223333:volume/vol-a
	// c arn:aws:ec2:us-east-1:111122223333:volume/vol-c
	// <nil>
}

// With backupx.
func Example_readme() {
	ctx, client, yesterday := guide()
	err := func() error {
		failed := backupx.BackupJobFilter{}.
			States(types.BackupJobStateFailed, types.BackupJobStateAborted).
			CreatedAfter(yesterday)
		for job, err := range client.BackupJobs(failed).All(ctx) {
			if err != nil {
				return err // with a checkpoint to go on from
			}
			fmt.Println(*job.BackupJobId, *job.ResourceArn)
		}
		return nil
	}()
	fmt.Println(err)
	// Output:
	// c arn:aws:ec2:us-east-1:111122223333:volume/vol-c
	// a arn:aws:ec2:us-east-1:111122223333:volume/vol-a
	// <nil>
}

func Example_readmeFilters() {
	ctx, client, _ := guide()
	now := day
	recent := backupx.BackupJobFilter{}.CreatedBetween(now.AddDate(0, 0, -7), now) // exact: [from, to)
	denied := recent.MessageCategories("AccessDenied").ResourceTypes("EBS", "EFS") // narrower still; recent is unchanged
	n, err := client.BackupJobs(denied.TopLevel()).Count(ctx)
	fmt.Println(n, err)

	fmt.Println(backupx.BackupJobFilter{}.States(types.BackupJobStateFailed, types.BackupJobStateExpired).TopLevel().Explain())
	// Output:
	// 4 <nil>
	// 2 chains; asked of the service: states: EXPIRED|FAILED; checked on items: topLevel
}

func Example_readmeResume() {
	ctx, client, _ := guide()
	process := func(types.BackupJob) {}
	err := func() error {
		jobs := client.BackupJobs(backupx.BackupJobFilter{}).Limit(3)
		cursor := jobs.Cursor()
		for job, err := range cursor.All(ctx) {
			if err != nil {
				return err
			}
			process(job)
		}
		text, err := cursor.Checkpoint().MarshalText() // store it; go on tomorrow, in another process
		if err != nil {
			return err
		}

		var checkpoint backupx.Checkpoint
		if err := checkpoint.UnmarshalText(text); err != nil {
			return err
		}
		cursor, err = jobs.Resume(checkpoint) // refused for another operation, filter or scope
		if err != nil {
			return err
		}
		for job, err := range cursor.All(ctx) {
			if err != nil {
				return err
			}
			fmt.Println("the rest:", *job.BackupJobId)
		}
		return nil
	}()
	fmt.Println(err)
	// Output:
	// the rest: d
	// <nil>
}

// The second request fails.
func Example_readmeError() {
	ctx, client, _ := guide()
	client.Backup = &failingOnce{BackupAPI: client.Backup, at: 2}
	failed := backupx.BackupJobFilter{}.States(types.BackupJobStateFailed, types.BackupJobStateAborted)
	fmt.Println(func() error {
		items, err := client.BackupJobs(failed).Collect(ctx) // what was read, even on an error
		var stopped *backupx.ListError
		if errors.As(err, &stopped) {
			cursor, err := client.BackupJobs(failed).Resume(stopped.Checkpoint)
			if err != nil {
				return err
			}
			for job, err := range cursor.All(ctx) { // what was not read
				if err != nil {
					return err
				}
				items = append(items, job)
			}
		}
		fmt.Println(err)
		fmt.Println(lo.Map(items, func(j types.BackupJob, _ int) string { return *j.BackupJobId }))
		return nil
	}())
	// Output:
	// backupx: ListBackupJobs: page 1 of states=FAILED: no answer
	// [c a d]
	// <nil>
}

// failingOnce fails one request.
type failingOnce struct {
	backupx.BackupAPI

	at, n int
}

func (f *failingOnce) ListBackupJobs(ctx context.Context, in *backup.ListBackupJobsInput, opts ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	if f.n++; f.n == f.at {
		return nil, errors.New("no answer")
	}
	return f.BackupAPI.ListBackupJobs(ctx, in, opts...)
}

func Example_readmeParallel() {
	ctx, client, _ := guide()
	jobs := client.BackupJobs(backupx.BackupJobFilter{}).
		Parallel(8). // requests under way at most
		Rate(15)     // requests a second: AWS's quota is 20
	states, err := backupx.CountBy(jobs.All(ctx), func(j types.BackupJob) types.BackupJobState { return j.State })
	fmt.Println(states, err)
	// Output: map[ABORTED:1 COMPLETED:1 FAILED:2] <nil>
}

func Example_readmeRestore() {
	ctx, client, _ := guide()
	err := func() error {
		pending := backupx.HSMFilter{}.States(hsmtypes.BackupStatePendingDeletion)
		backups, err := client.HSMBackups(pending).Collect(ctx) // first all, then restore: restoring shifts the pages
		if err != nil {
			return err
		}
		results, err := client.RestoreHSMBackups(ctx, backups)
		for _, r := range results {
			fmt.Println(*r.Before.BackupId, r.After.BackupState, r.Err)
		}
		return err
	}()
	fmt.Println(err)
	// Output:
	// backup-aaaaaaaaaaa READY <nil>
	// <nil>
}

func Example_readmeFleet() {
	ctx, a, _ := guide()
	_, b, _ := guide()
	failed := backupx.BackupJobFilter{}.States(types.BackupJobStateFailed)
	err := func() error {
		fleet := backupx.Fleet{{Name: "prod/us-east-1", Client: a}, {Name: "prod/eu-west-1", Client: b}}
		jobs := backupx.Across(fleet, func(c backupx.Client) backupx.Listing[types.BackupJob] {
			return c.BackupJobs(failed).Rate(15)
		})
		for job, err := range jobs.Parallel(16).Ordered().All(ctx) {
			var sources backupx.SourceErrors
			if errors.As(err, &sources) { // at the end: all other sources were delivered
				for _, s := range sources {
					fmt.Println(s.Source, s.Kind) // denied, throttled, not offered, …
				}
			}
			if err != nil {
				return err
			}
			fmt.Println(job.Source, *job.Item.BackupJobId)
		}
		return nil
	}()
	fmt.Println(err)
	// Output:
	// prod/us-east-1 a
	// prod/us-east-1 d
	// prod/eu-west-1 a
	// prod/eu-west-1 d
	// <nil>
}

// The service's own counts, in two pages.
func Example_readmeSummaries() {
	ctx, cfg := context.Background(), recited(
		`{"BackupJobSummaries": [{"State": "FAILED", "Count": 2}, {"State": "COMPLETED", "Count": 40}], "NextToken": "2"}`,
		`{"BackupJobSummaries": [{"State": "FAILED", "Count": 1}]}`)
	fmt.Println(func() error {
		api := backup.NewFromConfig(cfg)
		summaries := backupx.FromOperation("ListBackupJobSummaries", api.ListBackupJobSummaries,
			backup.ListBackupJobSummariesInput{AggregationPeriod: types.AggregationPeriodFourteenDays},
			func(in *backup.ListBackupJobSummariesInput, token *string, size *int32) {
				in.NextToken, in.MaxResults = token, size
			},
			func(out *backup.ListBackupJobSummariesOutput) ([]types.BackupJobSummary, *string) {
				return out.BackupJobSummaries, out.NextToken
			})
		counted := map[types.BackupJobStatus]int{} // by the service, in the last 14 days
		for s, err := range summaries.All(ctx) {
			if err != nil {
				return err
			}
			counted[s.State] += int(s.Count)
		}
		fmt.Println(counted)
		return nil
	}())
	// Output:
	// map[COMPLETED:40 FAILED:3]
	// <nil>
}

// recited is a configuration whose requests are answered with the bodies, one after another.
func recited(bodies ...string) aws.Config {
	return aws.Config{
		Region:      "us-east-1",
		Credentials: aws.AnonymousCredentials{},
		HTTPClient: answering(func(*http.Request) (*http.Response, error) {
			body := bodies[0]
			bodies = bodies[1:]
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
		}),
	}
}

func Example_readmeValues() {
	ctx, client, _ := guide()
	fmt.Println(func() error {
		var err error
		jobs := slices.SortedFunc(backupx.Values(client.BackupJobs(backupx.BackupJobFilter{}).All(ctx), &err),
			func(a, b types.BackupJob) int { return a.CreationDate.Compare(*b.CreationDate) })
		if err != nil {
			return err
		}
		fmt.Println(lo.Map(jobs, func(j types.BackupJob, _ int) string { return *j.BackupJobId }))
		return nil
	}())
	// Output:
	// [d c b a]
	// <nil>
}

var shBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// The program, the test and the commands of README.md's first offline test, in a module of their own.
func TestTheFirstOfflineTest(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(readme), "## Your first offline test\n")
	require.True(t, ok)
	dir := t.TempDir()
	moduleBeside(t, dir)
	files := goBlock.FindAllStringSubmatch(section, 2)
	require.Len(t, files, 2)
	for i, name := range []string{"failed.go", "failed_test.go"} {
		require.Contains(t, section, "`"+name+"`")
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(files[i][1]), 0o600))
	}
	commands := strings.Replace(shBlock.FindStringSubmatch(section)[1], "go mod tidy", "true", 1) // it needs the network
	sh := exec.CommandContext(t.Context(), "sh", "-euc", commands)
	sh.Dir = dir
	sh.Env = append(os.Environ(), "CI=", "BACKUPX_FIXTURES=", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	out, err := sh.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.FileExists(t, filepath.Join(dir, "testdata", "failed.yaml"))
}

// moduleBeside makes dir a module that requires this one, with the same versions of everything.
func moduleBeside(t *testing.T, dir string) {
	t.Helper()
	here, err := os.Getwd()
	require.NoError(t, err)
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	text := strings.Replace(string(mod), "module github.com/backupx-go/backupx\n", "module example.com/audit\n", 1)
	text += "\nrequire github.com/backupx-go/backupx v0.0.0\nreplace github.com/backupx-go/backupx => " + here + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o600))
	sum, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600))
}
