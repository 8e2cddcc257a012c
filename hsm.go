package backupx

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx/internal/callwatch"
	"github.com/backupx-go/backupx/internal/decode"
	"github.com/backupx-go/backupx/internal/filters"
)

// HSMRestoreAPI is the part of CloudHSM v2 that [RestoreHSMBackup] calls.
type HSMRestoreAPI interface {
	RestoreBackup(context.Context, *cloudhsmv2.RestoreBackupInput, ...func(*cloudhsmv2.Options)) (*cloudhsmv2.RestoreBackupOutput, error)
}

// HSMAPI is the part of CloudHSM v2 that a [Client] calls. A [*cloudhsmv2.Client], a wrapper around one and a
// stub implement it. The functions of this package take an interface with the one method that they call.
type HSMAPI interface {
	cloudhsmv2.DescribeBackupsAPIClient
	HSMRestoreAPI
}

// HSMBackups lists CloudHSM backups with the operation DescribeBackups of CloudHSM v2. It needs the
// permission cloudhsm:DescribeBackups. A request asks for 50 backups unless [Listing.PageSize] says less. A
// single chain comes in the service's order, or oldest first with [HSMFilter.OldestFirst]. Several states are
// listed as one chain each. These chains are merged by creation time: newest first, or oldest first with
// OldestFirst.
//
// A backup that changes from one listed state to another while the range runs is delivered at most once and
// may be missed. If the pages of a chain shift while a range runs, no backup is delivered twice; if they
// shift between a checkpoint and its resumption, backups may be, unless the filter has several states.
//
// A range ends with a [*ListError] if the filter is invalid ([ErrFilter]), if the client is nil, or if a
// request fails. DescribeBackups documents the errors [*hsmtypes.CloudHsmAccessDeniedException],
// [*hsmtypes.CloudHsmInvalidRequestException] and others.
func HSMBackups(api cloudhsmv2.DescribeBackupsAPIClient, f HSMFilter) Listing[hsmtypes.Backup] {
	return operation[hsmtypes.Backup]{
		table:   hsmBackups,
		maxSize: 50,
		id:      func(b *hsmtypes.Backup) *string { return b.BackupId },
		decoder: hsmBackupPages,
		merge:   byCreation,
		fetch: calling(api, cloudhsmv2.DescribeBackupsAPIClient.DescribeBackups, fillHSMBackups,
			func(out *cloudhsmv2.DescribeBackupsOutput) ([]hsmtypes.Backup, *string) {
				return out.Backups, out.NextToken
			}, watchHSM),
	}.list(f.c, api)
}

// HSMBackups lists CloudHSM backups. It calls the function [HSMBackups] with the field HSM.
func (c Client) HSMBackups(f HSMFilter) Listing[hsmtypes.Backup] {
	return HSMBackups(c.HSM, f).clock(c.Now)
}

var hsmBackupPages = decode.New[cloudhsmv2.DescribeBackupsOutput]("Backups")

// watchHSM watches a call of CloudHSM. The times of backups are checked as they are read, because the client decodes
// numbers that are no time to arbitrary dates.
func watchHSM(o *cloudhsmv2.Options, w *callwatch.Watch) {
	o.APIOptions = append(o.APIOptions, w.AddCheckingTimes("CreateTimestamp", "CopyTimestamp", "DeleteTimestamp"))
}

func fillHSMBackups(q filters.Query, in *cloudhsmv2.DescribeBackupsInput, token *string, size *int32) {
	in.NextToken, in.MaxResults = token, size
	for k, filter := range map[filters.Key]string{
		filters.KeyIDs: "backupIds", filters.KeyClusters: "clusterIds",
		filters.KeySourceBackups: "sourceBackupIds", filters.KeyNeverExpires: "neverExpires",
	} {
		if values := q.Values(k); values != nil {
			// The values are cloned, because a client may change its request.
			in.Filters = lo.Assign(in.Filters, map[string][]string{filter: slices.Clone(values)})
		}
	}
	if state := q.Value(filters.KeyStates); state != nil {
		in.Filters = lo.Assign(in.Filters, map[string][]string{"states": {*state}})
	}
	if shared := q.Value(filters.KeyShared); shared != nil {
		in.Shared = aws.Bool(*shared == "true")
	}
	if q.Asks(filters.KeyOldestFirst) || q.Shard() != "" {
		in.SortAscending = aws.Bool(q.Asks(filters.KeyOldestFirst))
	}
}

// byCreation returns the order in which the chains of a filter are merged: newest first unless the filter
// asks for the oldest first. A backup without a creation time counts as the oldest.
func byCreation(c filters.Criteria) func(a, b hsmtypes.Backup) int {
	sign := -1
	if c.Asks(filters.KeyOldestFirst) {
		sign = 1
	}
	return func(a, b hsmtypes.Backup) int {
		return sign * aws.ToTime(a.CreateTimestamp).Compare(aws.ToTime(b.CreateTimestamp))
	}
}

var hsmBackups = &filters.Table[hsmtypes.Backup]{
	Name: "HSMFilter", Op: "cloudhsm:DescribeBackups",
	Live:  texts(hsmtypes.BackupStateCreateInProgress, hsmtypes.BackupStateReady, hsmtypes.BackupStatePendingDeletion),
	Final: texts(hsmtypes.BackupStateDeleted),
	Sets: []filters.Member[hsmtypes.Backup]{
		{Key: filters.KeyIDs, Send: filters.AllValues, Check: filters.CheckName, Value: func(b *hsmtypes.Backup) string { return aws.ToString(b.BackupId) }},
		{Key: filters.KeySourceBackups, Send: filters.AllValues, Check: filters.CheckName, Value: func(b *hsmtypes.Backup) string { return aws.ToString(b.SourceBackup) }},
		{Key: filters.KeyClusters, Send: filters.AllValues, Check: filters.CheckName, Value: func(b *hsmtypes.Backup) string { return aws.ToString(b.ClusterId) }},
		{Key: filters.KeyNeverExpires, Send: filters.AllValues, Boolean: true, Value: func(b *hsmtypes.Backup) string {
			return strconv.FormatBool(aws.ToBool(b.NeverExpires))
		}},
		{Key: filters.KeyShared, Send: filters.OneValueAlways, Boolean: true}, // always sent, because no item shows it
		{Key: filters.KeyStates, Send: filters.OneValue, Value: func(b *hsmtypes.Backup) string { return string(b.BackupState) }},
		{Key: filters.KeyModes, Value: func(b *hsmtypes.Backup) string { return string(b.Mode) }},
		{Key: filters.KeyHSMTypes, Value: func(b *hsmtypes.Backup) string { return aws.ToString(b.HsmType) }},
		{Key: filters.KeySourceRegions, Value: func(b *hsmtypes.Backup) string { return aws.ToString(b.SourceRegion) }},
	},
	Times: append(filters.CreatedBounds(false, func(b *hsmtypes.Backup) *time.Time { return b.CreateTimestamp }),
		filters.Bound[hsmtypes.Backup]{Key: filters.KeyDeletionDueBefore, End: filters.Before, Time: func(b *hsmtypes.Backup) *time.Time { return b.DeleteTimestamp }},
	),
	Flags: []filters.Flag[hsmtypes.Backup]{{Key: filters.KeyOldestFirst}},
	Tags: func(b *hsmtypes.Backup, key string) (string, bool) {
		tag, ok := lo.Find(b.TagList, func(t hsmtypes.Tag) bool { return aws.ToString(t.Key) == key })
		return aws.ToString(tag.Value), ok
	},
}

// HSMFilter says which backups [HSMBackups] lists. It is an immutable value that goroutines may share; the
// zero value lists all backups of the caller's account.
//
// Each call narrows the filter: several values in one call are alternatives, two calls of one method keep
// only the values that both allow, and a call without values matches no backup, so an empty slice never means
// all. A filter can be stored as JSON and read back unchanged.
//
// DescribeBackups filters by some conditions. Their methods name the parameter of the request, or the key in
// its parameter Filters. backupx checks the other conditions on the backups that the service sends.
// [HSMFilter.Explain] says what happens to each condition.
type HSMFilter struct{ c filters.Criteria }

// IDs keeps the backups with one of the ids, such as backup-abcdefghijk (backupIds).
func (f HSMFilter) IDs(ids ...string) HSMFilter { return f.narrow(filters.KeyIDs, ids) }

// Clusters keeps the backups of one of the clusters, by cluster id, such as cluster-abcdefghijk (clusterIds).
func (f HSMFilter) Clusters(ids ...string) HSMFilter { return f.narrow(filters.KeyClusters, ids) }

// SourceBackups keeps the backups that are copies of one of the backups, by the original's backup id
// (sourceBackupIds).
func (f HSMFilter) SourceBackups(ids ...string) HSMFilter {
	return f.narrow(filters.KeySourceBackups, ids)
}

// States keeps the backups in one of the states (states). CloudHSM applies one state per request, so several
// states are listed as several chains of pages, merged by creation time.
func (f HSMFilter) States(values ...hsmtypes.BackupState) HSMFilter {
	return f.narrow(filters.KeyStates, texts(values...))
}

// NeverExpires keeps the backups that are exempt from the retention policy if exempt is true, and the other
// backups if it is false (neverExpires). A backup without that field is not exempt.
func (f HSMFilter) NeverExpires(exempt bool) HSMFilter {
	return f.narrow(filters.KeyNeverExpires, []string{strconv.FormatBool(exempt)})
}

// Shared lists the backups that other accounts share with the caller's account if shared is true, and the
// account's own backups if it is false (Shared). A backup that was shared with PutResourcePolicy is listed
// only after its share was promoted in AWS RAM. [HSMFilter.Match] ignores this condition, because a backup
// does not show its account.
func (f HSMFilter) Shared(shared bool) HSMFilter {
	return f.narrow(filters.KeyShared, []string{strconv.FormatBool(shared)})
}

// OldestFirst lists the oldest backup first (SortAscending). Without it, a single chain comes in the
// service's order, and several states come newest first. [HSMFilter.Match] ignores it.
func (f HSMFilter) OldestFirst() HSMFilter {
	return HSMFilter{hsmBackups.Flag(f.c, filters.KeyOldestFirst)}
}

// HasTag keeps the backups that have a tag with the key. Two calls keep the backups with both tags. backupx
// checks it on each backup.
func (f HSMFilter) HasTag(key string) HSMFilter { return HSMFilter{hsmBackups.Tag(f.c, key, nil)} }

// Tagged keeps the backups that have a tag with the key and one of the values. Two calls with different keys
// keep the backups with both tags. backupx checks it on each backup.
func (f HSMFilter) Tagged(key, value string, more ...string) HSMFilter {
	return HSMFilter{hsmBackups.Tag(f.c, key, append([]string{value}, more...))}
}

// Modes keeps the backups of clusters in one of the modes, FIPS or NON_FIPS. backupx checks it on each
// backup.
func (f HSMFilter) Modes(modes ...hsmtypes.ClusterMode) HSMFilter {
	return f.narrow(filters.KeyModes, texts(modes...))
}

// HSMTypes keeps the backups of one of the types of HSM, such as hsm1.medium and hsm2m.medium. backupx checks
// it on each backup.
func (f HSMFilter) HSMTypes(types ...string) HSMFilter { return f.narrow(filters.KeyHSMTypes, types) }

// SourceRegions keeps the backups that were copied from one of the regions, such as eu-west-1. backupx checks
// it on each backup.
func (f HSMFilter) SourceRegions(regions ...string) HSMFilter {
	return f.narrow(filters.KeySourceRegions, regions)
}

// DeletionDueBefore keeps the backups with a DeleteTimestamp strictly before t: they were deleted before t
// or, if nobody restores them, will be. backupx checks it on each backup. The zero time is an error
// ([ErrFilter]).
func (f HSMFilter) DeletionDueBefore(t time.Time) HSMFilter {
	return HSMFilter{hsmBackups.Limit(f.c, filters.KeyDeletionDueBefore, t)}
}

// CreatedAfter keeps the backups created strictly after t. backupx checks it on each backup. The zero time is
// an error ([ErrFilter]).
func (f HSMFilter) CreatedAfter(t time.Time) HSMFilter {
	return HSMFilter{hsmBackups.Limit(f.c, filters.KeyCreatedAfter, t)}
}

// CreatedBefore keeps the backups created strictly before t. backupx checks it on each backup. The zero time
// is an error ([ErrFilter]).
func (f HSMFilter) CreatedBefore(t time.Time) HSMFilter {
	return HSMFilter{hsmBackups.Limit(f.c, filters.KeyCreatedBefore, t)}
}

// CreatedBetween keeps the backups created at from or later and strictly before to. A zero time leaves that
// end open. backupx checks it on each backup. The filter's text and JSON name the two ends createdFrom and
// createdTo.
func (f HSMFilter) CreatedBetween(from, to time.Time) HSMFilter {
	return HSMFilter{hsmBackups.Between(f.c, from, to)}
}

func (f HSMFilter) narrow(k filters.Key, values []string) HSMFilter {
	return HSMFilter{hsmBackups.Narrow(f.c, k, values)}
}

// Validate returns one error ([ErrFilter]) that names everything that is wrong with the filter: empty values,
// blanks around a value, an ARN where an id is required, reversed times. A listing calls it before its first
// request.
func (f HSMFilter) Validate() error { return validateFilter(hsmBackups, f.c) }

// Match reports whether the filter keeps the backup. It sends no request. [HSMFilter.Shared] and
// [HSMFilter.OldestFirst] keep every backup. A backup that lacks the field that a condition tests does not
// match; for [HSMFilter.NeverExpires] a missing field is false.
func (f HSMFilter) Match(b hsmtypes.Backup) bool { return hsmBackups.Match(f.c, &b) }

// Explain says which conditions the service answers, which backupx checks on the backups, and how many chains
// of pages are read. It warns of states that are not documented and of everything that [HSMFilter.Validate]
// rejects.
func (f HSMFilter) Explain() Explanation { return explain(hsmBackups, f.c, 0) }

// String returns the filter as text for people to read.
func (f HSMFilter) String() string { return hsmBackups.Format(f.c) }

// MarshalJSON returns the filter as a JSON object; equal filters give equal bytes. The only error is a time
// that JSON cannot hold, in a year after 9999.
func (f HSMFilter) MarshalJSON() ([]byte, error) { return hsmBackups.Marshal(f.c) }

// UnmarshalJSON reads what MarshalJSON wrote. An unknown member is an error ([ErrFilter]), because ignoring
// it would widen the filter. On error the filter is left unchanged.
func (f *HSMFilter) UnmarshalJSON(data []byte) error { return unmarshalFilter(hsmBackups, data, &f.c) }

func (f *HSMFilter) operation() string { return hsmBackups.Op }
