package backupx

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/backupx-go/backupx/internal/callwatch"
	"github.com/backupx-go/backupx/internal/decode"
	"github.com/backupx-go/backupx/internal/filters"
	"github.com/backupx-go/backupx/opsworkscm"
	opsworkstypes "github.com/backupx-go/backupx/opsworkscm/types"
)

// OpsWorksBackups lists backups of OpsWorks CM servers with the operation DescribeBackups of OpsWorks CM. It
// needs the permission opsworks-cm:DescribeBackups. AWS switched the service off for all customers in May
// 2024: this function is for compatible endpoints, archives and recorded data.
//
// The service documents page sizes and tokens as not implemented. A request has no size unless
// [Listing.PageSize] sets one, and a token in a response is followed.
//
// A range ends with a [*ListError] if the filter is invalid ([ErrFilter]), if the client is nil, or if a
// request fails; [OpsWorksClient.DescribeBackups] has the service's errors.
func OpsWorksBackups(api OpsWorksAPI, f OpsWorksFilter) Listing[OpsWorksBackup] {
	return operation[OpsWorksBackup]{
		table:   opsWorksBackups,
		noSize:  true,
		id:      func(b *OpsWorksBackup) *string { return b.BackupId },
		decoder: opsWorksBackupPages,
		fetch: calling(api, OpsWorksAPI.DescribeBackups, fillOpsWorksBackups,
			func(out *OpsWorksDescribeBackupsOutput) ([]OpsWorksBackup, *string) {
				return out.Backups, out.NextToken
			}, watchOpsWorks),
	}.list(f.c, api)
}

// OpsWorksBackups lists backups of OpsWorks CM servers. It calls the function [OpsWorksBackups] with the
// field OpsWorks.
func (c Client) OpsWorksBackups(f OpsWorksFilter) Listing[OpsWorksBackup] {
	return OpsWorksBackups(c.OpsWorks, f).clock(c.Now)
}

var opsWorksBackupPages = decode.New[OpsWorksDescribeBackupsOutput]("Backups")

func watchOpsWorks(o *OpsWorksOptions, w *callwatch.Watch) {
	o.APIOptions = append(o.APIOptions, w.AddFor(&o.Protocol))
}

func fillOpsWorksBackups(q filters.Query, in *OpsWorksDescribeBackupsInput, token *string, size *int32) {
	in.NextToken, in.MaxResults = token, size
	in.BackupId, in.ServerName = q.Value(filters.KeyIDs), q.Value(filters.KeyServers)
}

var opsWorksBackups = &filters.Table[OpsWorksBackup]{
	Name: "OpsWorksFilter", Op: "opsworks-cm:DescribeBackups",
	Live:  texts(OpsWorksBackupStatusInProgress, OpsWorksBackupStatusDeleting),
	Final: texts(OpsWorksBackupStatusOk, OpsWorksBackupStatusFailed),
	Sets: []filters.Member[OpsWorksBackup]{
		{Key: filters.KeyIDs, Send: filters.OneValue, Check: filters.CheckName, Value: func(b *OpsWorksBackup) string { return aws.ToString(b.BackupId) }},
		{Key: filters.KeyServers, Send: filters.OneValueAlone, Check: filters.CheckName, Value: func(b *OpsWorksBackup) string { return aws.ToString(b.ServerName) }},
		{Key: filters.KeyTypes, Value: func(b *OpsWorksBackup) string { return string(b.BackupType) }},
		{Key: filters.KeyEngines, Value: func(b *OpsWorksBackup) string { return aws.ToString(b.Engine) }},
		{Key: filters.KeyStates, Value: func(b *OpsWorksBackup) string { return string(b.Status) }},
	},
	Times: filters.CreatedBounds(false, func(b *OpsWorksBackup) *time.Time { return b.CreatedAt }),
}

// OpsWorksFilter says which backups [OpsWorksBackups] lists. It is an immutable value that goroutines may
// share; the zero value lists all backups of the caller's account.
//
// Each call narrows the filter: several values in one call are alternatives, two calls of one method keep
// only the values that both allow, and a call without values matches no backup, so an empty slice never means
// all. A filter can be stored as JSON and read back unchanged.
//
// DescribeBackups filters by one backup id or by one server. backupx checks the other conditions on the
// backups that the service sends. [OpsWorksFilter.Explain] says what happens to each condition.
type OpsWorksFilter struct{ c filters.Criteria }

// IDs keeps the backups with one of the ids (BackupId). A request takes one id, so several ids are listed as
// one chain of pages each. The service answers an unknown id with [*OpsWorksResourceNotFoundException].
// backupx checks more than 16 ids on each backup instead.
func (f OpsWorksFilter) IDs(ids ...string) OpsWorksFilter { return f.narrow(filters.KeyIDs, ids) }

// Servers keeps the backups of one of the servers, by name (ServerName). A request takes one name, so several
// names are listed as one chain of pages each. The service answers an unknown name with
// [*OpsWorksResourceNotFoundException]. If there are more than 16 names, or if the request has a backup id
// (see [OpsWorksFilter.IDs]), backupx checks the names on each backup instead.
func (f OpsWorksFilter) Servers(names ...string) OpsWorksFilter {
	return f.narrow(filters.KeyServers, names)
}

// Types keeps the backups of one of the types: AUTOMATED for the service's own, MANUAL for those that a
// person made. backupx checks it on each backup.
func (f OpsWorksFilter) Types(types ...OpsWorksBackupType) OpsWorksFilter {
	return f.narrow(filters.KeyTypes, texts(types...))
}

// Engines keeps the backups of servers with one of the engines, ChefAutomate or Puppet. backupx checks it on
// each backup.
func (f OpsWorksFilter) Engines(engines ...string) OpsWorksFilter {
	return f.narrow(filters.KeyEngines, engines)
}

// States keeps the backups with one of the statuses (the field Status). backupx checks it on each backup.
func (f OpsWorksFilter) States(values ...OpsWorksBackupStatus) OpsWorksFilter {
	return f.narrow(filters.KeyStates, texts(values...))
}

// CreatedAfter keeps the backups created strictly after t. backupx checks it on each backup. The zero time is
// an error ([ErrFilter]).
func (f OpsWorksFilter) CreatedAfter(t time.Time) OpsWorksFilter {
	return OpsWorksFilter{opsWorksBackups.Limit(f.c, filters.KeyCreatedAfter, t)}
}

// CreatedBefore keeps the backups created strictly before t. backupx checks it on each backup. The zero time
// is an error ([ErrFilter]).
func (f OpsWorksFilter) CreatedBefore(t time.Time) OpsWorksFilter {
	return OpsWorksFilter{opsWorksBackups.Limit(f.c, filters.KeyCreatedBefore, t)}
}

// CreatedBetween keeps the backups created at from or later and strictly before to. A zero time leaves that
// end open. backupx checks it on each backup. The filter's text and JSON name the two ends createdFrom and
// createdTo.
func (f OpsWorksFilter) CreatedBetween(from, to time.Time) OpsWorksFilter {
	return OpsWorksFilter{opsWorksBackups.Between(f.c, from, to)}
}

func (f OpsWorksFilter) narrow(k filters.Key, values []string) OpsWorksFilter {
	return OpsWorksFilter{opsWorksBackups.Narrow(f.c, k, values)}
}

// Validate returns one error ([ErrFilter]) that names everything that is wrong with the filter: empty values,
// blanks around a value, an ARN where an id or a name is required, reversed times. A listing calls it before
// its first request.
func (f OpsWorksFilter) Validate() error { return validateFilter(opsWorksBackups, f.c) }

// Match reports whether the filter keeps the backup. It sends no request. A backup that lacks the field that
// a condition tests does not match.
func (f OpsWorksFilter) Match(b OpsWorksBackup) bool { return opsWorksBackups.Match(f.c, &b) }

// Explain says which conditions the service answers, which backupx checks on the backups, and how many chains
// of pages are read. It warns of states that are not documented and of everything that
// [OpsWorksFilter.Validate] rejects.
func (f OpsWorksFilter) Explain() Explanation { return explain(opsWorksBackups, f.c, 0) }

// String returns the filter as text for people to read.
func (f OpsWorksFilter) String() string { return opsWorksBackups.Format(f.c) }

// MarshalJSON returns the filter as a JSON object; equal filters give equal bytes. The only error is a time
// that JSON cannot hold, in a year after 9999.
func (f OpsWorksFilter) MarshalJSON() ([]byte, error) { return opsWorksBackups.Marshal(f.c) }

// UnmarshalJSON reads what MarshalJSON wrote. An unknown member is an error ([ErrFilter]), because ignoring
// it would widen the filter. On error the filter is left unchanged.
func (f *OpsWorksFilter) UnmarshalJSON(data []byte) error {
	return unmarshalFilter(opsWorksBackups, data, &f.c)
}

func (f *OpsWorksFilter) operation() string { return opsWorksBackups.Op }

// Short names for package opsworkscm, which has the client.
type (
	// OpsWorksAPI is the operation of OpsWorks CM that backupx calls. [*OpsWorksClient] implements it, and so may a
	// wrapper or a stub.
	OpsWorksAPI = opsworkscm.DescribeBackupsAPIClient

	// OpsWorksClient is a client for OpsWorks CM, see [opsworkscm.Client]. [NewOpsWorks] makes one.
	OpsWorksClient = opsworkscm.Client

	// OpsWorksOptions are the options of an [OpsWorksClient], see [opsworkscm.Options].
	OpsWorksOptions = opsworkscm.Options

	// OpsWorksDescribeBackupsInput is the input of DescribeBackups.
	OpsWorksDescribeBackupsInput = opsworkscm.DescribeBackupsInput

	// OpsWorksDescribeBackupsOutput is one page of DescribeBackups.
	OpsWorksDescribeBackupsOutput = opsworkscm.DescribeBackupsOutput

	// OpsWorksBackup is a backup of an OpsWorks CM server, the item that [OpsWorksBackups] lists.
	OpsWorksBackup = opsworkstypes.Backup

	// OpsWorksBackupStatus is the state of an [OpsWorksBackup].
	OpsWorksBackupStatus = opsworkstypes.BackupStatus

	// OpsWorksBackupType says whether the service or a person started an [OpsWorksBackup].
	OpsWorksBackupType = opsworkstypes.BackupType

	// OpsWorksValidationException is the error for a request with a malformed value.
	OpsWorksValidationException = opsworkstypes.ValidationException

	// OpsWorksResourceNotFoundException is the error for a backup or a server that does not exist.
	OpsWorksResourceNotFoundException = opsworkstypes.ResourceNotFoundException

	// OpsWorksInvalidNextTokenException is the error for a page token that the service does not accept.
	OpsWorksInvalidNextTokenException = opsworkstypes.InvalidNextTokenException
)

// Documented values of [OpsWorksBackupStatus] and [OpsWorksBackupType].
const (
	OpsWorksBackupStatusInProgress = opsworkstypes.BackupStatusInProgress
	OpsWorksBackupStatusOk         = opsworkstypes.BackupStatusOk
	OpsWorksBackupStatusFailed     = opsworkstypes.BackupStatusFailed
	OpsWorksBackupStatusDeleting   = opsworkstypes.BackupStatusDeleting

	OpsWorksBackupTypeAutomated = opsworkstypes.BackupTypeAutomated
	OpsWorksBackupTypeManual    = opsworkstypes.BackupTypeManual
)

// NewOpsWorks returns a client for OpsWorks CM: [opsworkscm.NewFromConfig]. It sends nothing.
func NewOpsWorks(cfg aws.Config, optFns ...func(*OpsWorksOptions)) *OpsWorksClient {
	return opsworkscm.NewFromConfig(cfg, optFns...)
}
