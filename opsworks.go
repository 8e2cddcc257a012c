package backupx

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// OpsWorksBackups lists backups of OpsWorks CM servers, by DescribeBackups of OpsWorks CM. Needs the
// permission opsworks-cm:DescribeBackups. AWS switched the service off for everybody in May 2024:
// this is for compatible endpoints, archives and recorded data.
//
// The service documents its page size and its tokens as not implemented: no size is asked for unless
// [Listing.PageSize] says so, and a token is followed if one comes. A client that is nil is an error of
// the range.
//
// The error of a range is a [*ListError]. It wraps [ErrFilter], where the filter is not valid, or
// what the service answered: see [OpsWorksClient.DescribeBackups].
func OpsWorksBackups(api OpsWorksAPI, f OpsWorksFilter) Listing[OpsWorksBackup] {
	return operation[OpsWorksBackup]{
		table:  opsWorksBackups,
		noSize: true,
		id:     func(b *OpsWorksBackup) *string { return b.BackupId },
		fetch: calling(api, OpsWorksAPI.DescribeBackups, query.opsWorksBackups,
			func(out *OpsWorksDescribeBackupsOutput) ([]OpsWorksBackup, *string) {
				return out.Backups, out.NextToken
			}, watchOpsWorks),
	}.list(f.c, api)
}

func watchOpsWorks(o *OpsWorksOptions, w *bodyWatch) { o.APIOptions = append(o.APIOptions, w.add) }

func (q query) opsWorksBackups(in *OpsWorksDescribeBackupsInput, token *string, size *int32) {
	in.NextToken, in.MaxResults = token, size
	in.BackupId, in.ServerName = q.value(keyIDs), q.value(keyServers)
}

var opsWorksBackups = &table[OpsWorksBackup]{
	name: "OpsWorksFilter", op: "opsworks-cm:DescribeBackups",
	live:  texts(OpsWorksBackupStatusInProgress, OpsWorksBackupStatusDeleting),
	final: texts(OpsWorksBackupStatusOk, OpsWorksBackupStatusFailed),
	sets: []member[OpsWorksBackup]{
		{key: keyIDs, send: one, check: mustBeName, value: func(b *OpsWorksBackup) string { return aws.ToString(b.BackupId) }},
		{key: keyServers, send: alone, check: mustBeName, value: func(b *OpsWorksBackup) string { return aws.ToString(b.ServerName) }},
		{key: keyTypes, value: func(b *OpsWorksBackup) string { return string(b.BackupType) }},
		{key: keyEngines, value: func(b *OpsWorksBackup) string { return aws.ToString(b.Engine) }},
		{key: keyStates, value: func(b *OpsWorksBackup) string { return string(b.Status) }},
	},
	times: createdBounds(false, func(b *OpsWorksBackup) *time.Time { return b.CreatedAt }),
}

// OpsWorksFilter says which backups [OpsWorksBackups] lists. It is a value that may be copied and
// shared; the zero value lists all. Each call narrows: several values in one call are alternatives,
// two calls of one method intersect, and a call with no value leaves nothing, so that an empty slice
// never means all. It turns into JSON and back without loss. DescribeBackups filters by one id or one
// server; the rest is checked on items.
type OpsWorksFilter struct{ c criteria }

// IDs keeps the backups with one of the ids (BackupId). The service takes one a request, and answers an
// id that it does not know with an [*OpsWorksResourceNotFoundException]. More than 16 are checked on
// items.
func (f OpsWorksFilter) IDs(ids ...string) OpsWorksFilter { return f.narrow(keyIDs, ids) }

// Servers keeps the backups of one of the servers, by name (ServerName). The service takes one a request,
// and answers a name that it does not know with an [*OpsWorksResourceNotFoundException]. More than 16 are
// checked on items, and so are all where ids are asked for.
func (f OpsWorksFilter) Servers(names ...string) OpsWorksFilter { return f.narrow(keyServers, names) }

// Types keeps the backups made in one of the ways, by the service or by a person. It is checked on
// items.
func (f OpsWorksFilter) Types(types ...OpsWorksBackupType) OpsWorksFilter {
	return f.narrow(keyTypes, texts(types...))
}

// Engines keeps the backups of servers with one of the engines: ChefAutomate, Puppet. It is checked on
// items.
func (f OpsWorksFilter) Engines(engines ...string) OpsWorksFilter {
	return f.narrow(keyEngines, engines)
}

// States keeps the backups with one of the statuses. It is checked on items.
func (f OpsWorksFilter) States(values ...OpsWorksBackupStatus) OpsWorksFilter {
	return f.narrow(keyStates, texts(values...))
}

// CreatedAfter keeps the backups created after a time, not of it. It is checked on items.
// The zero time is an error ([ErrFilter]).
func (f OpsWorksFilter) CreatedAfter(t time.Time) OpsWorksFilter {
	return OpsWorksFilter{opsWorksBackups.limit(f.c, keyCreatedAfter, t)}
}

// CreatedBefore keeps the backups created before a time, not of it. It is checked on items.
// The zero time is an error ([ErrFilter]).
func (f OpsWorksFilter) CreatedBefore(t time.Time) OpsWorksFilter {
	return OpsWorksFilter{opsWorksBackups.limit(f.c, keyCreatedBefore, t)}
}

// CreatedBetween keeps the backups created at from or later, and before to. A zero time leaves that
// end open. It is checked on items.
func (f OpsWorksFilter) CreatedBetween(from, to time.Time) OpsWorksFilter {
	return OpsWorksFilter{f.c.between(from, to)}
}

func (f OpsWorksFilter) narrow(k key, values []string) OpsWorksFilter {
	return OpsWorksFilter{opsWorksBackups.narrow(f.c, k, values)}
}

// Validate joins all that is wrong with the filter ([ErrFilter]): empty ids, an ARN where an id is
// due, reversed times. A listing calls it before its first request.
func (f OpsWorksFilter) Validate() error { return opsWorksBackups.valid(f.c) }

// Match reports whether the filter keeps a backup, without a request.
func (f OpsWorksFilter) Match(b OpsWorksBackup) bool { return opsWorksBackups.match(f.c, &b) }

// Explain says what the service answers, what is checked on items, and how many chains are read.
func (f OpsWorksFilter) Explain() Explanation { return opsWorksBackups.explain(f.c, time.Time{}) }

// String is the filter for people to read.
func (f OpsWorksFilter) String() string { return opsWorksBackups.format(f.c) }

// MarshalJSON is the filter as a JSON object; equal filters give equal bytes. It is an error only for a
// time that JSON cannot hold, of a year after 9999.
func (f OpsWorksFilter) MarshalJSON() ([]byte, error) { return opsWorksBackups.marshal(f.c) }

// UnmarshalJSON reads what MarshalJSON wrote. A member that it does not know is an error ([ErrFilter]),
// never a wider filter; the filter then stays what it was.
func (f *OpsWorksFilter) UnmarshalJSON(data []byte) error {
	return opsWorksBackups.unmarshal(data, &f.c)
}

func (f *OpsWorksFilter) operation() string { return opsWorksBackups.op }
