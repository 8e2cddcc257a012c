package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/smithy-go"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/cli/clitest"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/rows"
	"github.com/backupx-go/backupx/internal/testenv"
)

func (p program) print(ctx context.Context, args ...string) clitest.Printed {
	return clitest.Run(ctx, "fleet", p.run, args...)
}

// over returns the program with an in-memory service for every profile.
func over(s *fakeaws.Service) program {
	return program{
		load: clitest.Loads(clitest.WithAccount(s.Config(), "111122223333"), nil),
		now:  sources.MadeUp,
	}
}

func TestOfflineRunIsAsRecorded(t *testing.T) {
	got := program{}.print(t.Context())
	require.Equal(t, exitPartial, got.Status)
	for name, text := range map[string]string{"jobs.ndjson": got.Stdout, "report.txt": got.Stderr} {
		clitest.Golden(t, name, text)
	}
	require.Equal(t, got, program{}.print(t.Context(), "-parallel", "3"))
}

func TestProgressIsForTerminals(t *testing.T) {
	plain := program{}.print(t.Context())
	require.NotContains(t, plain.Stderr, "\r")
	s := fakeaws.New(sources.MadeUpJobs(1, 100), fakeaws.WithLatency(300*time.Millisecond))
	p := over(s)
	p.screen.Line = func() int { return 60 }
	got := p.print(t.Context(), "-live", "-region", "us-east-1,eu-west-1", "-parallel", "1")
	require.Contains(t, got.Stderr, "\r\x1b[K1 of 2 sources · ")
	require.Contains(t, got.Stderr, "\r\x1b[K  source ", "it is gone when the rows come")
	require.NotContains(t, got.Stdout, "\x1b")
}

// The README shows what the first of its commands prints.
func TestTheREADMEIsWhatTheProgramDoes(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "\n"+program{}.print(t.Context()).Stderr)
}

// A job has the columns of the schema, and the whole item.
func TestAJobIsWhole(t *testing.T) {
	var n int
	for line := range strings.Lines(program{}.print(t.Context()).Stdout) {
		var r rows.Row
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		var j types.BackupJob
		require.NoError(t, json.Unmarshal(r.Item, &j))
		want, err := rows.Of(backupx.Sourced[backupx.Record]{Source: r.Source, Account: r.AccountID, Region: r.Region, Item: backupx.RecordOf(j)})
		require.NoError(t, err)
		require.Equal(t, want, r)
		require.Equal(t, r.AccountID+"/"+r.Region, r.Source)
		n++
	}
	require.Positive(t, n)
}

func TestOneSourceIsSingular(t *testing.T) {
	got := over(fakeaws.New(fakeaws.Data{})).print(t.Context(), "-live", "-region", "us-east-1")
	require.Equal(t, exitWhole, got.Status)
	require.Contains(t, got.Stderr, "1 source, 4 states each: 4 requests at least, ")
}

func TestSourcesAreProfilesInRegions(t *testing.T) {
	testenv.Clean(t)
	s := fakeaws.New(sources.MadeUpJobs(1, 100))
	var loaded []string
	p := over(s)
	p.load = func(_ context.Context, profile string) (aws.Config, error) {
		loaded = append(loaded, profile)
		return clitest.WithAccount(s.Config(), "111122223333"), nil
	}
	got := p.print(t.Context(), "-live", "-profile", "prod,test", "-region", "us-east-1", "-region", "eu-west-1", "-since", "30d", "-rate", "1000")
	require.Equal(t, exitWhole, got.Status, got.Stderr)
	require.Equal(t, []string{"prod", "test"}, loaded)
	require.Contains(t, got.Stderr, "4 sources, 4 states each: 16 requests at least")
	require.Contains(t, got.Stderr, "account 111122223333 in us-east-1, eu-west-1; account 111122223333 in us-east-1,\neu-west-1\n", "by profile")
	for _, name := range []string{"prod/us-east-1", "prod/eu-west-1", "test/us-east-1", "test/eu-west-1"} {
		require.Contains(t, got.Stderr, name+"  ok          4    ")
		require.Contains(t, got.Stdout, `"source":"`+name+`"`)
	}
	require.Equal(t, map[string]int{"us-east-1": 8, "eu-west-1": 8}, lo.CountValuesBy(s.Requests(), func(r fakeaws.Request) string { return r.Region }))

	got = p.print(t.Context(), "-live")
	require.Contains(t, got.Stderr, "default/us-east-1  ok ")
	t.Setenv("AWS_PROFILE", "audit")
	require.Contains(t, p.print(t.Context(), "-live").Stderr, "audit/us-east-1  ok ")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	require.Contains(t, p.print(t.Context(), "-live").Stderr, "environment/us-east-1  ok ")
}

// tokens is an HTTP client that answers STS itself, with credentials for each role, and counts the roles.
type tokens struct {
	aws.HTTPClient

	mu    sync.Mutex
	roles map[string]int
}

func (s *tokens) Do(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Host, "sts.") {
		return s.HTTPClient.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	role := form.Get("RoleArn")
	s.roles[role]++
	key := "ASIAIOSFODNN7EXAMPLE" + strings.Split(role, ":")[4]
	text := fmt.Sprintf(`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>`+
		`<AccessKeyId>%s</AccessKeyId><SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY</SecretAccessKey>`+
		`<SessionToken>AQoDYXdzEJr</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
		key, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Header: http.Header{"Content-Type": {"text/xml"}},
		Body: io.NopCloser(strings.NewReader(text)), Request: r,
	}, nil
}

func TestEachAccountHasOneCredentialForAllItsRegions(t *testing.T) {
	s := fakeaws.New(sources.MadeUpJobs(1, 100))
	sts := &tokens{HTTPClient: s.HTTPClient(), roles: map[string]int{}}
	p := over(s)
	p.load = func(context.Context, string) (aws.Config, error) {
		cfg := s.Config()
		cfg.HTTPClient, cfg.BaseEndpoint = sts, nil
		return cfg, nil
	}
	got := p.print(t.Context(), "-live", "-role", "arn:aws:iam::{account}:role/BackupAudit",
		"-accounts", "111122223333,444455556666", "-region", "us-east-1,eu-west-1,eu-central-1", "-rate", "1000")
	require.Equal(t, exitWhole, got.Status, got.Stderr)
	require.Equal(t, map[string]int{
		"arn:aws:iam::111122223333:role/BackupAudit": 1, "arn:aws:iam::444455556666:role/BackupAudit": 1,
	}, sts.roles)
	require.Equal(t, map[string]int{"ASIAIOSFODNN7EXAMPLE111122223333": 12, "ASIAIOSFODNN7EXAMPLE444455556666": 12},
		lo.CountValuesBy(s.Requests(), func(r fakeaws.Request) string { return r.AccessKey }))
	require.Contains(t, got.Stdout, `"source":"444455556666/eu-central-1",`)
}

func TestAnInterruptedRunSaysHowFarItCame(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := program{}.print(ctx)
	require.Equal(t, exitNone, got.Status)
	require.Contains(t, got.Stderr, "111122223333/us-east-1")
	require.Contains(t, got.Stderr, "fleet: context canceled")
}

// full is a writer that fails, as a full disk does.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	status, err := program{}.run(t.Context(), nil, full{}, io.Discard)
	require.Equal(t, exitNone, status)
	require.EqualError(t, err, "writing: no space left on device")
}

func TestFlagsThatCannotBeMeant(t *testing.T) {
	role := "arn:aws:iam::{account}:role/BackupAudit"
	for want, args := range map[string][]string{
		"-profile, -region go with -live":        {"-region", "us-east-1", "-profile", "audit"},
		"-role and -accounts go together":        {"-live", "-role", role},
		"it does not say where the account goes": {"-live", "-role", "arn:aws:iam::111122223333:role/x", "-accounts", "111122223333"},
		`"42" is not an account id`:              {"-live", "-role", role, "-accounts", "42"},
		"-role is assumed from one -profile":     {"-live", "-role", role, "-accounts", "111122223333", "-profile", "a,b"},
		"-since 31d: AWS keeps jobs for 30 days": {"-since", "31d"},
		"no region is configured":                {"-live"},
		"Parallel: 0: it must be at least 1":     {"-parallel", "0"},
		"Rate: -1 a second":                      {"-rate", "-1"},
	} {
		t.Run(want, func(t *testing.T) {
			p := program{load: clitest.Loads(aws.Config{}, nil), now: time.Now}
			got := p.print(t.Context(), args...)
			require.Equal(t, exitNone, got.Status)
			require.Empty(t, got.Stdout)
			require.Contains(t, got.Stderr, want)
			require.Equal(t, 1, strings.Count(got.Stderr, "\n"), got.Stderr)
		})
	}
	help := program{}.print(t.Context(), "-h")
	require.Equal(t, exitWhole, help.Status)
	require.Contains(t, help.Stderr, "Exit status: 0 all sources were listed whole")
}

func TestConfigurationThatCannotBeLoaded(t *testing.T) {
	p := program{load: clitest.Loads(aws.Config{}, errors.New("no such profile"))}
	got := p.print(t.Context(), "-live")
	require.Equal(t, clitest.Printed{Status: exitNone, Stderr: "fleet: no such profile\n"}, got)
}

func TestReasonsAreShort(t *testing.T) {
	denied := &smithy.GenericAPIError{Code: "AccessDenied", Message: "no\nlist"}
	require.Equal(t, "AccessDenied: no list", sources.Reason(&backupx.SourceError{Err: denied}))
	require.Equal(t, "no host", sources.Reason(errors.New("no\rhost")))
	require.Equal(t, "no such host", sources.Reason(&backupx.SourceError{Err: &backupx.ListError{Err: fmt.Errorf("request: %w", errors.New("no such host"))}}))
}
