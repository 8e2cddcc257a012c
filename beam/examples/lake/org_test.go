package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	backupxbeam "github.com/backupx-go/backupx/beam"
	"github.com/backupx-go/backupx/internal/fakeorg"
	"github.com/backupx-go/backupx/internal/testenv"
)

// Of forty accounts ten are suspended. The roles of three are denied, whose shards are dead letters.
func TestAnOrganisationIsListedOnce(t *testing.T) {
	out := t.TempDir()
	flags := []string{"-org", "-fake-jobs", "12", "-list", "backup-jobs", "-window", "0", "-since", "30d", "-out", out}
	status, said := lake(t, append(flags, "-run", "r")...)
	require.Equal(t, incomplete, status, said)
	require.Contains(t, said, "30 accounts, 2 regions: 60 shards")

	var listed, want []string
	ids := map[string]int{}
	for _, rows := range rowsIn(t, out, "ndjson", "backup-jobs") {
		for _, r := range rows {
			require.Equal(t, source(r.AccountID, r.Region), r.Source)
			listed = append(listed, r.Source)
			ids[r.ID]++
		}
	}
	require.Equal(t, 1, lo.Max(lo.Values(ids)), "every job once")
	for _, a := range fakeorg.Forty(nil).Accounts {
		if a.State == "" && !a.Denied {
			want = append(want, source(a.ID, "eu-west-1"), source(a.ID, "us-east-1"))
		}
	}
	listed = lo.Uniq(listed)
	slices.Sort(listed)
	require.Equal(t, want, listed, "with the credentials of the caller in its own account")

	in, err := os.Open(filepath.Join(out, "dead-letters", "r.ndjson"))
	require.NoError(t, err)
	defer in.Close()
	letters, err := backupxbeam.ReadDeadLetters(in)
	require.NoError(t, err)
	refused := lo.Map(letters, func(d backupxbeam.DeadLetter, _ int) string {
		require.Contains(t, d.Reason, "is not authorized to perform: sts:AssumeRole")
		return d.Shard.Source
	})
	slices.Sort(refused)
	require.Equal(t, []string{
		"100000000020/eu-west-1", "100000000020/us-east-1", "100000000021/eu-west-1", "100000000021/us-east-1", "100000000022/eu-west-1", "100000000022/us-east-1",
	}, refused)
}

func TestUnitsAndTagsChooseAccounts(t *testing.T) {
	o := parsed(t, "-org", "-units", "ou-ab12-22222222", "-tag", "team=data", "-regions", "eu-west-1")
	j, err := o.job(time.Now())
	require.NoError(t, err)
	found, err := o.accountsOfOrg(t.Context(), j)
	require.NoError(t, err)
	require.Equal(t, []string{"100000000002", "100000000006", "100000000022", "100000000026", "100000000034", "100000000038"}, found)
}

func TestAnOrganisationThatCannotBeMeant(t *testing.T) {
	for want, args := range map[string][]string{
		"it is an ARN: give the name of the role alone":           {"-role", "arn:aws:iam::{account}:role/backup-reader"},
		"the organisation's partition has no region eu-nowhere-1": {"-regions", "eu-nowhere-1"},
		`-tag "team": a tag has a key and a value`:                {"-tag", "team"},
		`-tag "team=": a tag has a key and a value`:               {"-live", "-role", "backup-reader", "-tag", "team="},
		"no active account is chosen":                             {"-tag", "team=nobody"},
		"-live -org needs -role":                                  {"-live"},
		"-accounts and -accounts-file do not go with it":          {"-accounts", "111122223333"},
		"-faults does not go with -org":                           {"-faults"},
	} {
		var out bytes.Buffer
		status, err := parsed(t, append(args, "-org", "-out", t.TempDir())...).run(t.Context(), &out)
		require.Equal(t, failed, status)
		require.ErrorContains(t, err, want)
		require.Empty(t, out.String())
	}
	_, err := parsed(t, "-tag", "team=data").job(time.Now())
	require.EqualError(t, err, "-units and -tag are for -org")
}

func TestUnitsWithoutAName(t *testing.T) {
	for _, units := range []string{"", ",", " "} {
		var o options
		fs := flag.NewFlagSet("lake", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		o.flags(fs)
		require.ErrorContains(t, fs.Parse([]string{"-org", "-units", units}), "it has no unit: leave it out for the whole organisation")
	}
}

// Dead letters are listed again with the role of their partition, without the organisation.
func TestDeadLettersOfAnOrganisation(t *testing.T) {
	letters := filepath.Join(t.TempDir(), "one.ndjson")
	d := backupxbeam.DeadLetter{Operation: "ListBackupJobs", Shard: backupxbeam.Shard{Source: "111122223333/cn-north-1", Filter: json.RawMessage("{}")}}
	require.NoError(t, os.WriteFile(letters, lo.Must(json.Marshal(d)), 0o600))
	j, err := parsed(t, "-live", "-org", "-role", "reader", "-resume", letters).job(time.Now())
	require.NoError(t, err)
	require.Contains(t, j.clients.Config, `"arn:aws-cn:iam::{account}:role/reader"`)
	_, err = parsed(t, "-live", "-org", "-role", "arn:aws:iam::{account}:role/reader", "-resume", letters).job(time.Now())
	require.ErrorContains(t, err, "it is an ARN: give the name of the role alone")
}

// STS is asked in the worker's region, also for regions that only the account has opted in to; in one that is listed where
// the worker has none.
func TestTheRegionOfSTS(t *testing.T) {
	o := fakeorg.Forty(nil)
	cfg := o.Config("us-east-1")
	l := &live{base: &cfg, credentials: map[string]aws.CredentialsProvider{}}
	for _, region := range []string{"me-south-1", "eu-west-1"} {
		c, err := l.client(t.Context(), "arn:aws:iam::{account}:role/BackupAudit", source(o.Accounts[1].ID, region))
		require.NoError(t, err)
		_, err = c.BackupJobs(backupx.BackupJobFilter{}).Count(t.Context())
		require.NoError(t, err)
	}
	asked := o.Global(o.Caller).Requests()
	require.Len(t, asked, 1, "the regions share credentials")
	require.Equal(t, "us-east-1", asked[0].Region)

	testenv.Clean(t)
	cfg, err := parsed(t, "-live", "-org", "-role", "reader").orgMember(job{regions: []string{"eu-west-1"}}, time.Now()).config(t.Context())
	require.NoError(t, err)
	require.Equal(t, "eu-west-1", cfg.Region)
}

func TestThePartitionOfARole(t *testing.T) {
	for region, want := range map[string]string{
		"eu-west-1": "arn:aws:iam::{account}:role/audit/reader", "cn-north-1": "arn:aws-cn:iam::{account}:role/audit/reader",
		"us-gov-west-1": "arn:aws-us-gov:iam::{account}:role/audit/reader", "eusc-de-east-1": "arn:aws-eusc:iam::{account}:role/audit/reader",
		"us-iso-east-1": "arn:aws-iso:iam::{account}:role/audit/reader", "us-isob-east-1": "arn:aws-iso-b:iam::{account}:role/audit/reader",
	} {
		o := parsed(t, "-live", "-org", "-role", "/audit/reader")
		require.Equal(t, want, o.orgMember(job{regions: []string{region}}, time.Now()).Role)
	}
}
