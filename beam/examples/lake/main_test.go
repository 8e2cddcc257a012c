package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/parquet-go/parquet-go"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/internal/rows"
	"github.com/backupx-go/backupx/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.SetHostile()
	beam.Init()
	log.SetLogger(&log.Standard{Level: log.SevError})
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

// parsed are the options of some flags.
func parsed(t *testing.T, args ...string) options {
	t.Helper()
	var o options
	fs := flag.NewFlagSet("lake", flag.ContinueOnError)
	o.flags(fs)
	require.NoError(t, fs.Parse(args))
	return o
}

// lake runs the program, and returns its status and what it printed.
func lake(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	status, err := parsed(t, args...).run(t.Context(), &out)
	require.NoError(t, err)
	return status, out.String()
}

// rowsIn are the rows of the files of a listing, by file.
func rowsIn(t *testing.T, out, format, list string) map[string][]row {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(out, format, list, "account=*", "day=*", "*."+format))
	require.NoError(t, err)
	rows := map[string][]row{}
	for _, name := range names {
		within, err := filepath.Rel(filepath.Join(out, format), strings.TrimSuffix(name, "."+format))
		require.NoError(t, err)
		rows[within] = rowsOf(t, name)
	}
	return rows
}

func rowsOf(t *testing.T, name string) (rows []row) {
	t.Helper()
	if strings.HasSuffix(name, ".parquet") {
		rows, err := parquet.ReadFile[row](name)
		require.NoError(t, err)
		return rows
	}
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	for line := range bytes.Lines(text) {
		var r row
		require.NoError(t, json.Unmarshal(line, &r))
		rows = append(rows, r)
	}
	return rows
}

// texts are rows as text, in order.
func texts(t *testing.T, byFile map[string][]row) []string {
	t.Helper()
	var all []string
	for _, rows := range byFile {
		for _, r := range rows {
			text, err := json.Marshal(r)
			require.NoError(t, err)
			all = append(all, string(text))
		}
	}
	slices.Sort(all)
	return all
}

func TestTheLakeHoldsEveryJobOnceThoughSomeOfTheFleetFailed(t *testing.T) {
	whole, parts := t.TempDir(), t.TempDir()
	flags := []string{"-fake-jobs", "120", "-window", "240h", "-list", "backup-jobs,copy-jobs,hsm-backups,opsworks-backups", "-run"}
	status, said := lake(t, append(flags, "first", "-out", whole)...)
	require.Equal(t, complete, status, said)

	status, said = lake(t, append(flags, "first", "-out", parts, "-faults")...)
	require.Equal(t, incomplete, status, said)
	letters := filepath.Join(parts, "dead-letters", "first.ndjson")
	require.Contains(t, said, "lake -resume "+letters)
	_, err := parsed(t, "-run", "first", "-out", parts, "-resume", letters).job(time.Now())
	require.EqualError(t, err, `-run: "first" is the run that left these dead letters, and its files would be replaced`)
	status, said = lake(t, "-fake-jobs", "120", "-run", "second", "-out", parts, "-resume", letters)
	require.Equal(t, complete, status, said)

	for _, list := range []string{"backup-jobs", "copy-jobs", "hsm-backups", "opsworks-backups"} {
		want, got := rowsIn(t, whole, "ndjson", list), rowsIn(t, parts, "ndjson", list)
		require.NotEmpty(t, want, list)
		require.Equal(t, texts(t, want), texts(t, got), list)
		for _, out := range []string{whole, parts} {
			lines, table := rowsIn(t, out, "ndjson", list), rowsIn(t, out, "parquet", list)
			require.ElementsMatch(t, lo.Keys(lines), lo.Keys(table))
			require.Equal(t, texts(t, lines), texts(t, table), "both formats hold the same")
		}
	}
}

func TestFilesArePartitionedByAccountAndDay(t *testing.T) {
	out := t.TempDir()
	status, said := lake(t, "-fake-jobs", "60", "-accounts", "111122223333", "-regions", "eu-west-1,us-east-1", "-list", "backup-jobs", "-out", out, "-window", "0", "-since", "10d", "-run", "r")
	require.Equal(t, complete, status, said)
	require.Contains(t, said, "1 accounts, 2 regions: 2 shards")
	byFile := rowsIn(t, out, "parquet", "backup-jobs")
	require.GreaterOrEqual(t, len(byFile), 9)
	for file, rows := range byFile {
		for _, r := range rows {
			require.Equal(t, "backup-jobs/account="+r.AccountID+"/day="+r.Created.Format(time.DateOnly)+"/r", filepath.ToSlash(file))
		}
		require.True(t, slices.IsSortedFunc(rows, func(a, b row) int { return strings.Compare(a.ID, b.ID) }))
	}
}

// The lake's columns are those that the other programs write, under the same names in both formats.
func TestBothFormatsHaveTheColumnsOfTheSchema(t *testing.T) {
	columns := lo.Map(parquet.SchemaOf(row{}).Columns(), func(path []string, _ int) string { return strings.Join(path, ".") })
	require.ElementsMatch(t, rows.Header(), columns)
	b, bytes := time.Now(), int64(1)
	text, err := json.Marshal(row{
		AccountID: "a", Region: "r", Resource: "r", ResourceType: "t", Vault: "v", Category: "c", Message: "m", Created: b, Completed: b,
		Bytes: &bytes, Item: json.RawMessage("{}"),
	})
	require.NoError(t, err)
	var members map[string]any
	require.NoError(t, json.Unmarshal(text, &members))
	require.ElementsMatch(t, rows.Header(), lo.Keys(members))

	out := t.TempDir()
	status, said := lake(t, "-fake-jobs", "9", "-accounts", "111122223333", "-regions", "eu-west-1", "-list", "copy-jobs", "-out", out, "-run", "r")
	require.Equal(t, complete, status, said)
	for file, rows := range rowsIn(t, out, "parquet", "copy-jobs") {
		for _, r := range rows {
			require.Equal(t, []string{"copy", "111122223333/eu-west-1", "111122223333", "eu-west-1"}, []string{r.Kind, r.Source, r.AccountID, r.Region}, file)
			var j types.CopyJob
			require.NoError(t, json.Unmarshal(r.Item, &j))
			require.Equal(t, []string{r.ID, r.Vault, r.State}, []string{*j.CopyJobId, *j.DestinationBackupVaultArn, string(j.State)})
			require.True(t, r.Created.Equal(*j.CreationDate), "no precision is lost")
		}
	}
}

func TestFlagsThatCannotBeMeant(t *testing.T) {
	for want, args := range map[string][]string{
		`-list: "vaults" is not known`:       {"-list", "vaults"},
		"-formats: csv: ndjson and parquet":  {"-formats", "csv,ndjson"},
		"need a value":                       {"-regions", " , "},
		"-fake-page not below 1":             {"-fake-page", "0"},
		"AWS keeps jobs for 30 days":         {"-since", "31d"},
		`-run: "a/b" is no name of a file`:   {"-run", "a/b"},
		"holds no dead letters":              {"-resume", os.DevNull},
		"-role is for -live":                 {"-role", "arn:aws:iam::{account}:role/backup-reader"},
		"-live needs -accounts":              {"-live", "-role", "arn:aws:iam::{account}:role/backup-reader"},
		"name that one alone":                {"-live", "-accounts", "111122223333,444455556666"},
		"no such file":                       {"-resume", filepath.Join(t.TempDir(), "none")},
		"open " + filepath.Join("none", "a"): {"-accounts-file", filepath.Join("none", "a")},
	} {
		_, err := parsed(t, args...).job(time.Now())
		require.ErrorContains(t, err, want)
	}
}

func TestWhatIsNoFlagIsRefused(t *testing.T) {
	o := parsed(t)
	o.args = []string{"now"}
	_, err := o.job(time.Now())
	require.EqualError(t, err, `"now" is not a flag`)
}

func TestDeadLettersOfAnUnknownOperation(t *testing.T) {
	name := filepath.Join(t.TempDir(), "letters")
	require.NoError(t, os.WriteFile(name, []byte(`{"operation":"ListVaults","shard":{"source":"a","filter":{}},"reason":"","delivered":0}`), 0o600))
	_, err := parsed(t, "-resume", name).job(time.Now())
	require.ErrorContains(t, err, "[ListVaults], some are not known")
}

func TestAccountsFromAFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "accounts")
	require.NoError(t, os.WriteFile(name, []byte("111122223333\n\n444455556666 \n111122223333\n"), 0o600))
	j, err := parsed(t, "-accounts-file", name).job(time.Now())
	require.NoError(t, err)
	require.Equal(t, []string{"111122223333", "444455556666"}, j.accounts)
}

func TestTheRoleOfEachAccountIsAssumedOnce(t *testing.T) {
	testenv.Clean(t, "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
	var l live
	const role = "arn:aws:iam::{account}:role/backup-reader"
	for _, source := range []string{"111122223333/us-east-1", "111122223333/eu-west-1", "444455556666/us-east-1"} {
		c, err := l.client(context.Background(), role, source)
		require.NoError(t, err)
		require.IsType(t, backupx.Client{}, c)
	}
	require.ElementsMatch(t, []string{
		"arn:aws:iam::111122223333:role/backup-reader", "arn:aws:iam::444455556666:role/backup-reader",
	}, lo.Keys(l.credentials))
	_, err := l.client(context.Background(), role, "111122223333")
	require.ErrorContains(t, err, "a source is account/region")
}
