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
)

// HSMRestoreAPI is what [RestoreHSMBackup] needs of CloudHSM v2.
type HSMRestoreAPI interface {
	RestoreBackup(context.Context, *cloudhsmv2.RestoreBackupInput, ...func(*cloudhsmv2.Options)) (*cloudhsmv2.RestoreBackupOutput, error)
}

// HSMAPI is what backupx needs of CloudHSM v2: a [*cloudhsmv2.Client], a wrapper of one, or a stub. It
// is a field of [Client]; the functions take the half that they need.
type HSMAPI interface {
	cloudhsmv2.DescribeBackupsAPIClient
	HSMRestoreAPI
}

// HSMBackups lists CloudHSM backups, by DescribeBackups of CloudHSM v2: 50 a page, in the service's
// order unless [HSMFilter.OldestFirst] or several states ask for that of creation. Needs the permission
// cloudhsm:DescribeBackups. A client that is nil is an error of the range.
//
// Several states are listed side by side and merged by creation: a backup that goes from one to another
// meanwhile comes once at most, and may be missed.
//
// The error of a range is a [*ListError]. It wraps [ErrFilter], where the filter is not valid, or
// what the service answered: a [*hsmtypes.CloudHsmAccessDeniedException],
// [*hsmtypes.CloudHsmInvalidRequestException] or another that DescribeBackups documents.
func HSMBackups(api cloudhsmv2.DescribeBackupsAPIClient, f HSMFilter) Listing[hsmtypes.Backup] {
	return operation[hsmtypes.Backup]{
		table:   hsmBackups,
		maxSize: 50,
		id:      func(b *hsmtypes.Backup) *string { return b.BackupId },
		merge:   byCreation,
		fetch: calling(api, cloudhsmv2.DescribeBackupsAPIClient.DescribeBackups, query.hsmBackups,
			func(out *cloudhsmv2.DescribeBackupsOutput) ([]hsmtypes.Backup, *string) {
				return out.Backups, out.NextToken
			}, watchHSM),
	}.list(f.c, api)
}

func watchHSM(o *cloudhsmv2.Options, w *bodyWatch) { o.APIOptions = append(o.APIOptions, w.add) }

func (q query) hsmBackups(in *cloudhsmv2.DescribeBackupsInput, token *string, size *int32) {
	in.NextToken, in.MaxResults = token, size
	for k, filter := range map[key]string{
		keyIDs: "backupIds", keyClusters: "clusterIds", keySourceBackups: "sourceBackupIds", keyNeverExpires: "neverExpires",
	} {
		if values := q.set(k); values != nil {
			in.Filters = with(in.Filters, filter, slices.Clone(values)) // a client may change its request
		}
	}
	if state := q.value(keyStates); state != nil {
		in.Filters = with(in.Filters, "states", []string{*state})
	}
	if shared := q.value(keyShared); shared != nil {
		in.Shared = aws.Bool(*shared == "true")
	}
	if q.asks(keyOldestFirst) || q.shard != "" {
		in.SortAscending = aws.Bool(q.asks(keyOldestFirst))
	}
}

// byCreation is the order that the chains of a filter are merged in.
func byCreation(c criteria) func(a, b hsmtypes.Backup) int {
	sign := -1
	if c.flags[keyOldestFirst] {
		sign = 1
	}
	return func(a, b hsmtypes.Backup) int {
		return sign * aws.ToTime(a.CreateTimestamp).Compare(aws.ToTime(b.CreateTimestamp))
	}
}

var hsmBackups = &table[hsmtypes.Backup]{
	name: "HSMFilter", op: "cloudhsm:DescribeBackups",
	live:  texts(hsmtypes.BackupStateCreateInProgress, hsmtypes.BackupStateReady, hsmtypes.BackupStatePendingDeletion),
	final: texts(hsmtypes.BackupStateDeleted),
	sets: []member[hsmtypes.Backup]{
		{key: keyIDs, send: many, check: mustBeName, value: func(b *hsmtypes.Backup) string { return aws.ToString(b.BackupId) }},
		{key: keySourceBackups, send: many, check: mustBeName, value: func(b *hsmtypes.Backup) string { return aws.ToString(b.SourceBackup) }},
		{key: keyClusters, send: many, check: mustBeName, value: func(b *hsmtypes.Backup) string { return aws.ToString(b.ClusterId) }},
		{key: keyNeverExpires, send: many, bools: true, value: func(b *hsmtypes.Backup) string {
			return strconv.FormatBool(aws.ToBool(b.NeverExpires))
		}},
		{key: keyShared, send: each, bools: true}, // no item shows it: a request has to
		{key: keyStates, send: one, value: func(b *hsmtypes.Backup) string { return string(b.BackupState) }},
		{key: keyModes, value: func(b *hsmtypes.Backup) string { return string(b.Mode) }},
		{key: keyHSMTypes, value: func(b *hsmtypes.Backup) string { return aws.ToString(b.HsmType) }},
		{key: keySourceRegions, value: func(b *hsmtypes.Backup) string { return aws.ToString(b.SourceRegion) }},
	},
	times: append(createdBounds(false, func(b *hsmtypes.Backup) *time.Time { return b.CreateTimestamp }),
		bound[hsmtypes.Backup]{key: keyDeletionDueBefore, end: before, of: func(b *hsmtypes.Backup) *time.Time { return b.DeleteTimestamp }},
	),
	flags: []flag[hsmtypes.Backup]{{key: keyOldestFirst}},
	tags: func(b *hsmtypes.Backup, key string) (string, bool) {
		tag, ok := lo.Find(b.TagList, func(t hsmtypes.Tag) bool { return aws.ToString(t.Key) == key })
		return aws.ToString(tag.Value), ok
	},
}

// HSMFilter says which backups [HSMBackups] lists. It is a value that may be copied and shared; the
// zero value lists all backups of the caller's account. Each call narrows: several values in one
// call are alternatives, two calls of one method intersect, and a call with no value leaves nothing,
// so that an empty slice never means all. It turns into JSON and back without loss.
//
// What DescribeBackups can filter by is asked of it: the methods name the member of its request or the
// key of its Filters. The rest is checked on items.
type HSMFilter struct{ c criteria }

// IDs keeps the backups with one of the ids, backup-… (backupIds).
func (f HSMFilter) IDs(ids ...string) HSMFilter { return f.narrow(keyIDs, ids) }

// Clusters keeps the backups of one of the clusters, by id, cluster-… (clusterIds).
func (f HSMFilter) Clusters(ids ...string) HSMFilter { return f.narrow(keyClusters, ids) }

// SourceBackups keeps the backups that were copied from one of the backups, by id (sourceBackupIds).
func (f HSMFilter) SourceBackups(ids ...string) HSMFilter { return f.narrow(keySourceBackups, ids) }

// States keeps the backups in one of the states (states). CloudHSM honours one state a request: several
// become several chains of pages, merged by creation time.
func (f HSMFilter) States(values ...hsmtypes.BackupState) HSMFilter {
	return f.narrow(keyStates, texts(values...))
}

// NeverExpires keeps the backups that are exempt from the retention policy (true), or those that
// are not (false), by the filter neverExpires. A backup that does not say is not exempt.
func (f HSMFilter) NeverExpires(exempt bool) HSMFilter {
	return f.narrow(keyNeverExpires, []string{strconv.FormatBool(exempt)})
}

// Shared asks for the backups that other accounts share with this one (true) instead of its own
// (false), by the member Shared. Every backup matches it: no backup shows whose it is. A backup that was
// shared by PutResourcePolicy is among them only once the share was promoted in RAM.
func (f HSMFilter) Shared(shared bool) HSMFilter {
	return f.narrow(keyShared, []string{strconv.FormatBool(shared)})
}

// OldestFirst asks for the oldest backup first (SortAscending). Without it the order of one chain is the
// service's, and several states come newest first. Every backup matches it.
func (f HSMFilter) OldestFirst() HSMFilter { return HSMFilter{hsmBackups.flag(f.c, keyOldestFirst)} }

// HasTag keeps the backups with a tag of that key; two calls ask for both. It is checked on items.
func (f HSMFilter) HasTag(key string) HSMFilter { return HSMFilter{hsmBackups.tag(f.c, key, nil)} }

// Tagged keeps the backups with a tag of that key and one of the values. It is checked on items.
func (f HSMFilter) Tagged(key, value string, more ...string) HSMFilter {
	return HSMFilter{hsmBackups.tag(f.c, key, append([]string{value}, more...))}
}

// Modes keeps the backups of clusters in one of the modes. It is checked on items.
func (f HSMFilter) Modes(modes ...hsmtypes.ClusterMode) HSMFilter {
	return f.narrow(keyModes, texts(modes...))
}

// HSMTypes keeps the backups of one of the types of HSM: hsm1.medium, hsm2m.medium. It is checked on
// items.
func (f HSMFilter) HSMTypes(types ...string) HSMFilter { return f.narrow(keyHSMTypes, types) }

// SourceRegions keeps the backups that were copied from one of the regions. It is checked on items.
func (f HSMFilter) SourceRegions(regions ...string) HSMFilter {
	return f.narrow(keySourceRegions, regions)
}

// DeletionDueBefore keeps the backups that are to be deleted, or were, before a time: those with a
// DeleteTimestamp that is earlier. It is checked on items. The zero time is an error ([ErrFilter]).
func (f HSMFilter) DeletionDueBefore(t time.Time) HSMFilter {
	return HSMFilter{hsmBackups.limit(f.c, keyDeletionDueBefore, t)}
}

// CreatedAfter keeps the backups created after a time, not of it. It is checked on items.
// The zero time is an error ([ErrFilter]).
func (f HSMFilter) CreatedAfter(t time.Time) HSMFilter {
	return HSMFilter{hsmBackups.limit(f.c, keyCreatedAfter, t)}
}

// CreatedBefore keeps the backups created before a time, not of it. It is checked on items.
// The zero time is an error ([ErrFilter]).
func (f HSMFilter) CreatedBefore(t time.Time) HSMFilter {
	return HSMFilter{hsmBackups.limit(f.c, keyCreatedBefore, t)}
}

// CreatedBetween keeps the backups created at from or later, and before to. A zero time leaves that
// end open. It is checked on items.
func (f HSMFilter) CreatedBetween(from, to time.Time) HSMFilter {
	return HSMFilter{f.c.between(from, to)}
}

func (f HSMFilter) narrow(k key, values []string) HSMFilter {
	return HSMFilter{hsmBackups.narrow(f.c, k, values)}
}

// Validate joins all that is wrong with the filter ([ErrFilter]): empty ids, an ARN where an id is
// due, reversed times. A listing calls it before its first request.
func (f HSMFilter) Validate() error { return hsmBackups.valid(f.c) }

// Match reports whether the filter keeps a backup, without a request. [HSMFilter.Shared] and
// [HSMFilter.OldestFirst] keep every backup.
func (f HSMFilter) Match(b hsmtypes.Backup) bool { return hsmBackups.match(f.c, &b) }

// Explain says what the service answers, what is checked on items, and how many chains are read.
func (f HSMFilter) Explain() Explanation { return hsmBackups.explain(f.c, time.Time{}) }

// String is the filter for people to read.
func (f HSMFilter) String() string { return hsmBackups.format(f.c) }

// MarshalJSON is the filter as a JSON object; equal filters give equal bytes. It is an error only for a
// time that JSON cannot hold, of a year after 9999.
func (f HSMFilter) MarshalJSON() ([]byte, error) { return hsmBackups.marshal(f.c) }

// UnmarshalJSON reads what MarshalJSON wrote. A member that it does not know is an error ([ErrFilter]),
// never a wider filter; the filter then stays what it was.
func (f *HSMFilter) UnmarshalJSON(data []byte) error { return hsmBackups.unmarshal(data, &f.c) }

func (f *HSMFilter) operation() string { return hsmBackups.op }
