package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	backupxbeam "github.com/backupx-go/backupx/beam"
	"github.com/backupx-go/backupx/internal/fakeorg"
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

func TestThePartitionOfARole(t *testing.T) {
	for region, want := range map[string]string{
		"eu-west-1": "arn:aws:iam::{account}:role/audit/reader", "cn-north-1": "arn:aws-cn:iam::{account}:role/audit/reader",
		"us-gov-west-1": "arn:aws-us-gov:iam::{account}:role/audit/reader",
	} {
		o := parsed(t, "-live", "-org", "-role", "/audit/reader")
		require.Equal(t, want, o.orgMember(job{regions: []string{region}}, time.Now()).Role)
	}
}
